// Command descriptor compares the golden facts of the schema with upstream's
// linked descriptors, or writes them.
package main

import (
	"flag"
	"fmt"
	"os"

	_ "istio.io/api/analysis/v1alpha1"
	_ "istio.io/api/mesh/v1alpha1"
	_ "istio.io/api/meta/v1alpha1"
	_ "istio.io/api/networking/v1alpha3"

	"istio-gateway/conformance/internal/facts"
	"istio-gateway/conformance/internal/golden"
)

// parts of a file, or all of it.
var parts = []struct {
	path string
	only []string
}{
	{"networking/v1alpha3/gateway.proto", nil},
	{"networking/v1alpha3/destination_rule.proto", []string{"ClientTLSSettings"}},
	{"mesh/v1alpha1/proxy.proto", []string{"Topology", "ForwardClientCertDetails"}},
	{"meta/v1alpha1/status.proto", nil},
	{"analysis/v1alpha1/message.proto", []string{"AnalysisMessageBase"}},
}

func main() {
	write := flag.Bool("write", false, "write the golden file instead of comparing it")
	out := flag.String("golden", "../tests/golden", "`directory` of the golden files")
	flag.Parse()

	text, err := schemaText()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	golden.Files{"descriptor.json": text}.Main(*out, *write)
}

func schemaText() ([]byte, error) {
	schema := facts.Schema{Source: map[string]string{"istio.io/api": facts.Version("istio.io/api")}}
	for _, part := range parts {
		file, err := facts.Read(part.path, part.only...)
		if err != nil {
			return nil, err
		}
		schema.Files = append(schema.Files, file)
	}
	return schema.Text()
}
