package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"

	"istio-gateway/conformance/webhook/cases"

	"istio.io/istio/pilot/pkg/features"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config"
)

// The Secrets and ConfigMaps that upstream's test has in addition to its files.
var (
	testSecrets = []string{
		"istio-system/my-cert-http", "ns2/ns2-cert", "ns3/ns3-cert", "ns4/ns4-cert", "istio-system/my-cert",
		"istio-system/my-cert-http2", "cert/cert", "bookinfo/bookinfo-secret", "bookinfo/another-secret",
	}
	testConfigMaps = []cases.Object{
		withData("ConfigMap", "istio-system/malformed", "data", cases.Object{"not-ca.crt": "hello"}),
		withData("ConfigMap", "istio-system/malformed-trustbundle", "data", cases.Object{"ca.crt": "hello"}),
		withData("ConfigMap", "istio-system/my-cert-http", "data", cases.Object{"ca.crt": cases.Object{"$pem": "cert-2"}}),
		withData("ConfigMap", "default/malformed", "data", cases.Object{"not-ca.crt": "hello"}),
		withData("ConfigMap", "default/auth-cert", "data", cases.Object{"ca.crt": cases.Object{"$pem": "cert-2"}}),
	}
)

func withData(kind, name, field string, data cases.Object) cases.Object {
	namespace, name, _ := strings.Cut(name, "/")
	metadata := cases.Object{"namespace": namespace, "name": name}
	return cases.Object{"apiVersion": "v1", "kind": kind, "metadata": metadata, field: data}
}

// FileCase is a file of pilot's test data.
type FileCase struct {
	ID    string `json:"id"`
	Input struct {
		Objects []json.RawMessage `json:"objects"`
	} `json:"input"`
	Output struct {
		// Gateways are the answers for each Gateway, as for a random one.
		Gateways []Output `json:"gateways"`
		// Configs are what pilot generates from the objects as an API server stores them, with the defaults of
		// their definitions. Without these, it generates the golden file.
		Configs []Result `json:"configs"`
		// Statuses are those of Gateways and ListenerSets in the golden file.
		Statuses []json.RawMessage `json:"statuses"`
	} `json:"output"`
}

// module is the directory of a module.
func module(name string) (string, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", name).Output()
	return strings.TrimSpace(string(dir)), err
}

// definitionsOfModule are the definitions of the release of Gateway API with which pilot is built.
func definitionsOfModule() (Definitions, error) {
	dir, err := module("sigs.k8s.io/gateway-api")
	if err != nil {
		return nil, err
	}
	definitions := Definitions{}
	for _, kind := range []string{"Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"} {
		name := "config/crd/standard/gateway.networking.k8s.io_" + strings.ToLower(kind) + "s.yaml"
		if definitions[kind], err = newDefinition(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return definitions, nil
}

// writeTestdata writes a case for each file of pilot's test data.
func writeTestdata() error {
	dir, err := module("istio.io/istio")
	if err != nil {
		return err
	}
	dir = filepath.Join(dir, "pilot/pkg/config/kube/gateway/testdata")
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return err
	}
	definitions, err := definitionsOfModule()
	if err != nil {
		return err
	}
	pems, err := newPEMs(nil)
	if err != nil {
		return err
	}
	asUpstreamsTest()
	services, more, err := testServices(dir)
	if err != nil {
		return err
	}
	return cases.Write(func(write func(any) error) error {
		for _, file := range files {
			if strings.HasSuffix(file, ".status.yaml") || strings.HasSuffix(file, "benchmark-httproute.yaml") {
				continue
			}
			c, err := fileCase(file, pems, definitions, services, more)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			text := cases.Text(c)
			if err := write(json.RawMessage(strings.ReplaceAll(text, "domain.suffix", "cluster.local"))); err != nil {
				return err
			}
		}
		return nil
	})
}

func fileCase(file string, pems PEMs, definitions Definitions, services []*model.Service, more []runtime.Object) (*FileCase, error) {
	c := &FileCase{ID: filepath.Base(file)}
	objects, err := objectsOf(file)
	if err != nil {
		return nil, err
	}
	defaulted, written := []json.RawMessage{}, []json.RawMessage{}
	for _, object := range append(objects, testObjects(objects)...) {
		kind := object["kind"].(string)
		data := json.RawMessage(cases.Text(object))
		c.Input.Objects = append(c.Input.Objects, data)
		var tree any
		if err := json.Unmarshal(data, &tree); err != nil {
			return nil, err
		}
		filled := cases.Text(pems.fill(tree))
		written = append(written, json.RawMessage(filled))
		content, err := definitions[kind].defaults(json.RawMessage(filled))
		if err != nil {
			return nil, err
		}
		defaulted = append(defaulted, content)
	}
	if err := c.judge(pems); err != nil {
		return nil, err
	}
	run := func(objects []json.RawMessage) ([]config.Config, error) {
		read, err := decoded(objects)
		if err != nil {
			return nil, err
		}
		return generate(append(read, more...), services)
	}
	features.EnableGatewayAPIInferenceExtension = true
	all, err := run(written)
	if err != nil {
		return nil, err
	}
	if err := equalsGolden(all, file+".golden"); err != nil {
		return nil, err
	}
	features.EnableGatewayAPIInferenceExtension = false
	if all, err = run(defaulted); err != nil {
		return nil, err
	}
	if c.Output.Configs, err = results(all); err != nil {
		return nil, err
	}
	statuses, err := objectsOf(strings.TrimSuffix(file, ".yaml") + ".status.yaml.golden")
	if err != nil {
		return nil, err
	}
	for _, status := range statuses {
		if kind := status["kind"]; kind == "Gateway" || kind == "ListenerSet" {
			c.Output.Statuses = append(c.Output.Statuses, json.RawMessage(cases.Text(status)))
		}
	}
	return c, nil
}

// judge asks about each Gateway.
func (c *FileCase) judge(pems PEMs) error {
	byKind := map[string][]json.RawMessage{}
	for _, data := range c.Input.Objects {
		var object struct{ Kind string }
		if err := json.Unmarshal(data, &object); err != nil {
			return err
		}
		byKind[object.Kind] = append(byKind[object.Kind], data)
	}
	for _, gateway := range byKind["Gateway"] {
		output, err := Judge(Input{
			Gateway: gateway, Secrets: byKind["Secret"], ConfigMaps: byKind["ConfigMap"],
			ReferenceGrants: byKind["ReferenceGrant"], Namespaces: byKind["Namespace"],
			GatewayClasses: byKind["GatewayClass"], ListenerSets: byKind["ListenerSet"],
		}, pems, nil)
		if err != nil {
			return err
		}
		c.Output.Gateways = append(c.Output.Gateways, output)
	}
	return nil
}

func objectsOf(file string) ([]cases.Object, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return objectsIn(data)
}

func objectsIn(data []byte) ([]cases.Object, error) {
	objects := []cases.Object{}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for {
		var object cases.Object
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, err
		}
		if object != nil {
			objects = append(objects, object)
		}
	}
}

// testObjects are the objects that upstream's test has in addition to those of a file.
func testObjects(objects []cases.Object) []cases.Object {
	out := []cases.Object{}
	namespaces := map[string]bool{}
	for _, object := range objects {
		metadata, _ := object["metadata"].(cases.Object)
		namespace, _ := metadata["namespace"].(string)
		if namespace != "" && !namespaces[namespace] {
			namespaces[namespace] = true
			part, _, _ := strings.Cut(namespace, "-")
			labels := cases.Object{"istio.io/test-name-part": part}
			out = append(out, cases.Object{
				"apiVersion": "v1", "kind": "Namespace", "metadata": cases.Object{"name": namespace, "labels": labels},
			})
		}
	}
	for _, name := range testSecrets {
		pair := cases.Object{"tls.crt": cases.Object{"$pem": "cert-2"}, "tls.key": cases.Object{"$pem": "key-2"}}
		if name == "istio-system/my-cert-http" {
			pair["ca.crt"] = cases.Object{"$pem": "cert-2"}
		}
		out = append(out, withData("Secret", name, "stringData", pair))
	}
	malformed := cases.Object{"tls.crt": "SGVsbG8gd29ybGQK", "tls.key": "SGVsbG8gd29ybGQK"}
	out = append(out, withData("Secret", "istio-system/malformed", "stringData", malformed))
	return append(out, testConfigMaps...)
}
