// Command golden compares the golden Gateways of tests/golden/tls with upstream's encoding, or
// writes them: each mode, with insecureSkipVerify absent, false and true.
package main

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1alpha3"
	clientv1 "istio.io/client-go/pkg/apis/networking/v1"
	"sigs.k8s.io/yaml"

	"istio-gateway/conformance/internal/golden"
)

const dir = "tls"

func main() {
	write := flag.Bool("write", false, "write the golden files instead of comparing them")
	out := flag.String("golden", "../tests/golden", "`directory` of the golden files")
	flag.Parse()

	files := golden.Files{}
	values := networking.ServerTLSSettings_TLSmode(0).Descriptor().Values()
	for i := range values.Len() {
		mode := networking.ServerTLSSettings_TLSmode(values.Get(i).Number())
		for _, skip := range []struct {
			name  string
			value *wrapperspb.BoolValue
		}{{"unset", nil}, {"false", wrapperspb.Bool(false)}, {"true", wrapperspb.Bool(true)}} {
			name := mode.String() + "-" + skip.name
			if err := add(files, path.Join(dir, name), gateway(mode, skip.value)); err != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
				os.Exit(2)
			}
		}
	}
	files.Main(*out, *write, dir)
}

func gateway(mode networking.ServerTLSSettings_TLSmode, skip *wrapperspb.BoolValue) *clientv1.Gateway {
	protocol, tls := "HTTPS", &networking.ServerTLSSettings{Mode: mode, InsecureSkipVerify: skip}
	switch mode {
	case networking.ServerTLSSettings_PASSTHROUGH, networking.ServerTLSSettings_AUTO_PASSTHROUGH:
		protocol = "TLS"
	case networking.ServerTLSSettings_ISTIO_MUTUAL:
	default:
		tls.CredentialName = "example-credential"
	}
	gw := &clientv1.Gateway{Spec: networking.Gateway{
		Selector: map[string]string{"istio": "ingressgateway"},
		Servers: []*networking.Server{{
			Port:  &networking.Port{Number: 443, Name: "tls", Protocol: protocol},
			Hosts: []string{"example.com"},
			Tls:   tls,
		}},
	}}
	gw.APIVersion, gw.Kind, gw.Name = "networking.istio.io/v1", "Gateway", "example"
	return gw
}

// add generates the three files of one Gateway, and checks that upstream reads the same Gateway
// from each.
func add(files golden.Files, name string, gw *clientv1.Gateway) error {
	text, err := gw.Spec.MarshalJSON()
	if err != nil {
		return err
	}
	wire, err := proto.MarshalOptions{Deterministic: true}.Marshal(&gw.Spec)
	if err != nil {
		return err
	}
	manifest, err := yaml.Marshal(gw)
	if err != nil {
		return err
	}

	var fromJSON, fromWire networking.Gateway
	var fromYAML clientv1.Gateway
	for _, err := range []error{json.Unmarshal(text, &fromJSON), proto.Unmarshal(wire, &fromWire), yaml.Unmarshal(manifest, &fromYAML)} {
		if err != nil {
			return err
		}
	}
	for _, back := range []*networking.Gateway{&fromJSON, &fromWire, &fromYAML.Spec} {
		if !proto.Equal(&gw.Spec, back) {
			return fmt.Errorf("does not survive: %v", back)
		}
	}

	files[name+".json"] = append(text, '\n')
	files[name+".yaml"] = manifest
	files[name+".hex"] = dump(wire)
	return nil
}

// dump writes 16 bytes per line.
func dump(b []byte) []byte {
	var out strings.Builder
	for len(b) > 0 {
		n := min(len(b), 16)
		for i, c := range b[:n] {
			if i > 0 {
				out.WriteByte(' ')
			}
			out.WriteString(hex.EncodeToString([]byte{c}))
		}
		out.WriteByte('\n')
		b = b[n:]
	}
	return []byte(out.String())
}
