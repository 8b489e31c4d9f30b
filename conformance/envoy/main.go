// Command envoy compares the golden facts of Envoy's messages with those of
// the module that control planes in Go use, or writes them.
//
// The crate has a subset of these messages: the golden file has all fields of each, and a test of
// the crate compares its own with them.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime/debug"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	_ "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

const module = "github.com/envoyproxy/go-control-plane/envoy"

var messages = []protoreflect.FullName{
	"envoy.config.core.v3.AggregatedConfigSource",
	"envoy.config.core.v3.ApiConfigSource",
	"envoy.config.core.v3.ConfigSource",
	"envoy.config.core.v3.DataSource",
	"envoy.config.core.v3.GrpcService",
	"envoy.config.core.v3.GrpcService.EnvoyGrpc",
	"envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
	"envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.SetCurrentClientCertDetails",
	"envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext",
	"envoy.extensions.transport_sockets.tls.v3.CommonTlsContext",
	"envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext",
	"envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
	"envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig",
	"envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher",
	"envoy.extensions.transport_sockets.tls.v3.TlsParameters",
	"envoy.extensions.transport_sockets.tls.v3.TlsSessionTicketKeys",
	"envoy.type.matcher.v3.StringMatcher",
}

var enums = []protoreflect.FullName{
	"envoy.config.core.v3.ApiConfigSource.ApiType",
	"envoy.config.core.v3.ApiVersion",
	"envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertDetails",
	"envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.TrustChainVerification",
	"envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType",
	"envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol",
}

type field struct {
	Name       string `json:"name"`
	Number     int    `json:"number"`
	JSONName   string `json:"json_name"`
	Type       string `json:"type"`
	Label      string `json:"label"`
	TypeName   string `json:"type_name,omitempty"`
	Oneof      string `json:"oneof,omitempty"`
	Deprecated bool   `json:"deprecated,omitempty"`
}

type value struct {
	Name   string `json:"name"`
	Number int    `json:"number"`
}

type facts struct {
	Source   map[string]string  `json:"source"`
	Messages map[string][]field `json:"messages"`
	Enums    map[string][]value `json:"enums"`
}

func main() {
	write := flag.Bool("write", false, "write the golden file instead of comparing it")
	path := flag.String("golden", "../../tests/golden/envoy_descriptor.json", "the golden `file`")
	flag.Parse()
	if err := run(*path, *write); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path string, write bool) error {
	found, err := read()
	if err != nil {
		return err
	}
	text, err := found.text()
	if err != nil {
		return err
	}
	if write {
		return os.WriteFile(path, text, 0o644)
	}
	is, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(is, text) {
		return fmt.Errorf("%s is not what %s %s says; -write makes it so", path, module, found.Source[module])
	}
	fmt.Printf("%s is what %s says\n", path, found.Source[module])
	return nil
}

func read() (facts, error) {
	found := facts{map[string]string{module: version()}, map[string][]field{}, map[string][]value{}}
	for _, name := range messages {
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
		if err != nil {
			return found, fmt.Errorf("%s: %w", name, err)
		}
		fields := d.(protoreflect.MessageDescriptor).Fields()
		list := []field{}
		for i := range fields.Len() {
			list = append(list, factsOf(fields.Get(i)))
		}
		found.Messages[string(name)] = list
	}
	for _, name := range enums {
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
		if err != nil {
			return found, fmt.Errorf("%s: %w", name, err)
		}
		values := d.(protoreflect.EnumDescriptor).Values()
		for i := range values.Len() {
			v := values.Get(i)
			found.Enums[string(name)] = append(found.Enums[string(name)], value{string(v.Name()), int(v.Number())})
		}
	}
	return found, nil
}

func factsOf(f protoreflect.FieldDescriptor) field {
	out := field{
		Name:     string(f.Name()),
		Number:   int(f.Number()),
		JSONName: f.JSONName(),
		Type:     f.Kind().String(),
		Label:    f.Cardinality().String(),
	}
	if m := f.Message(); m != nil {
		out.TypeName = string(m.FullName())
	}
	if e := f.Enum(); e != nil {
		out.TypeName = string(e.FullName())
	}
	if o := f.ContainingOneof(); o != nil {
		out.Oneof = string(o.Name())
	}
	if options, ok := f.Options().(*descriptorpb.FieldOptions); ok {
		out.Deprecated = options.GetDeprecated()
	}
	return out
}

// text has a line for each field, for readable differences.
func (f facts) text() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetIndent("", " ")
	err := encoder.Encode(f)
	return out.Bytes(), err
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if m.Path == module {
			return m.Version
		}
	}
	return ""
}
