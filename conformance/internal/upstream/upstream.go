// Package upstream returns the verdict of Istio's own Go types on an input.
package upstream

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	goyaml "go.yaml.in/yaml/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	analysis "istio.io/api/analysis/v1alpha1"
	mesh "istio.io/api/mesh/v1alpha1"
	meta "istio.io/api/meta/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	clientv1 "istio.io/client-go/pkg/apis/networking/v1"
	"sigs.k8s.io/yaml"
)

// Verdict is an answer: canonical JSON and deterministic wire, or an error. Object (a whole
// Kubernetes object), Known (wire without unknown fields, only where different) and JSONErr
// (decoded, but there is no JSON for it) are absent if they do not apply.
type Verdict struct {
	OK      bool    `json:"ok"`
	JSON    *string `json:"json,omitempty"`
	JSONErr string  `json:"json_err,omitempty"`
	Hex     *string `json:"hex,omitempty"`
	Known   *string `json:"known,omitempty"`
	Object  *string `json:"object,omitempty"`
	Err     string  `json:"err,omitempty"`
}

// Message is the interface of every type of the API: jsonpb called by encoding/json.
type Message interface {
	proto.Message
	json.Marshaler
	json.Unmarshaler
}

// Type is a message that cases are made of.
type Type struct {
	Name string
	New  func() Message
}

// Types is every message with cases, in the order of generation.
var Types = []Type{
	{"Gateway", func() Message { return new(networking.Gateway) }},
	{"Server", func() Message { return new(networking.Server) }},
	{"Port", func() Message { return new(networking.Port) }},
	{"ServerTLSSettings", func() Message { return new(networking.ServerTLSSettings) }},
	{"TLSCertificate", func() Message { return new(networking.ServerTLSSettings_TLSCertificate) }},
	{"ClientTLSSettings", func() Message { return new(networking.ClientTLSSettings) }},
	{"Topology", func() Message { return new(mesh.Topology) }},
	{"IstioStatus", func() Message { return new(meta.IstioStatus) }},
	{"IstioCondition", func() Message { return new(meta.IstioCondition) }},
	{"AnalysisMessageBase", func() Message { return new(analysis.AnalysisMessageBase) }},
}

// Find returns the type of that name.
func Find(name string) (Type, bool) {
	for _, t := range Types {
		if t.Name == name {
			return t, true
		}
	}
	return Type{}, false
}

// Descriptor is the linked descriptor of the type.
func (t Type) Descriptor() protoreflect.MessageDescriptor {
	return t.New().ProtoReflect().Descriptor()
}

// JSON reads the text through encoding/json, as a Go controller does.
func (t Type) JSON(in []byte) Verdict {
	return guard(func() (Verdict, error) {
		m := t.New()
		if err := json.Unmarshal(in, m); err != nil {
			return Verdict{}, err
		}
		return written(m)
	})
}

// Direct reads the text with the type's own UnmarshalJSON, which also receives text that
// encoding/json would reject.
func (t Type) Direct(in []byte) Verdict {
	return guard(func() (Verdict, error) {
		m := t.New()
		if err := m.UnmarshalJSON(in); err != nil {
			return Verdict{}, err
		}
		return written(m)
	})
}

// Wire reads the bytes and writes them again, with and without unknown fields.
func (t Type) Wire(in []byte) Verdict {
	return guard(func() (Verdict, error) {
		m := t.New()
		if err := proto.Unmarshal(in, m); err != nil {
			return Verdict{}, err
		}
		v, err := written(m)
		if err != nil {
			return Verdict{}, err
		}
		dropUnknown(m.ProtoReflect())
		known, err := wireHex(m)
		if err != nil {
			return Verdict{}, err
		}
		if known != *v.Hex {
			v.Known = &known
		}
		return v, nil
	})
}

// YAML reads a manifest as a Kubernetes client reads it.
func YAML(in []byte) Verdict {
	return guard(func() (Verdict, error) {
		gw := new(clientv1.Gateway)
		if err := yaml.Unmarshal(in, gw); err != nil {
			return Verdict{}, err
		}
		v, err := written(&gw.Spec)
		if err != nil {
			return Verdict{}, err
		}
		object, err := json.Marshal(gw)
		if err != nil {
			return Verdict{}, err
		}
		text := string(object)
		v.Object = &text
		return v, nil
	})
}

// Settled reports whether upstream always gives the same answer for a manifest. Keys that are equal
// only as strings, such as 1 and "1", collide in a Go map, and a random one wins.
func Settled(in []byte) bool {
	var tree, read any
	if goyaml.Unmarshal(in, &tree) != nil {
		return true
	}
	text, err := yaml.YAMLToJSON(in)
	if err != nil || json.Unmarshal(text, &read) != nil {
		return true
	}
	return keys(tree) == keys(read)
}

func keys(tree any) int {
	n := 0
	switch t := tree.(type) {
	case map[any]any:
		for _, v := range t {
			n += 1 + keys(v)
		}
	case map[string]any:
		for _, v := range t {
			n += 1 + keys(v)
		}
	case []any:
		for _, v := range t {
			n += keys(v)
		}
	}
	return n
}

// guard converts errors and panics to verdicts, so that a run of many inputs continues.
func guard(ask func() (Verdict, error)) (v Verdict) {
	defer func() {
		if r := recover(); r != nil {
			v = Verdict{Err: fmt.Sprint("panic: ", r)}
		}
	}()
	v, err := ask()
	if err != nil {
		// Go's protobuf randomly writes one or two spaces, to be unpredictable.
		return Verdict{Err: strings.ReplaceAll(err.Error(), "\u00a0", " ")}
	}
	v.OK = true
	return v
}

func written(m Message) (Verdict, error) {
	var v Verdict
	// Not json.Marshal: it would check and escape the bytes once more.
	if text, err := m.MarshalJSON(); err != nil {
		v.JSONErr = err.Error()
	} else {
		s := string(text)
		v.JSON = &s
	}
	wire, err := wireHex(m)
	v.Hex = &wire
	return v, err
}

func wireHex(m proto.Message) (string, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	return hex.EncodeToString(b), err
}

// dropUnknown forgets unknown fields at every level.
func dropUnknown(m protoreflect.Message) {
	m.SetUnknown(nil)
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.IsMap() && fd.MapValue().Message() != nil:
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				dropUnknown(v.Message())
				return true
			})
		case fd.IsMap() || fd.Message() == nil:
		case fd.IsList():
			for i := range v.List().Len() {
				dropUnknown(v.List().Get(i).Message())
			}
		default:
			dropUnknown(v.Message())
		}
		return true
	})
}
