// Command descriptor compares the golden facts of the schema with upstream's
// linked descriptors, or writes them.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"

	_ "istio.io/api/analysis/v1alpha1"
	_ "istio.io/api/mesh/v1alpha1"
	_ "istio.io/api/meta/v1alpha1"
	_ "istio.io/api/networking/v1alpha3"

	"istio-gateway/conformance/internal/golden"
	"istio-gateway/conformance/next/facts"
)

// nextRelease is the first one with what only module next has.
const nextRelease = "1.32"

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
	dir := flag.String("next", "next", "`directory` of module next")
	flag.Parse()

	text, err := schemaText(*dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	golden.Files{"descriptor.json": text}.Main(*out, *write)
}

func schemaText(dir string) ([]byte, error) {
	next, err := askNext(dir)
	if err != nil {
		return nil, err
	}
	schema := facts.Schema{Source: map[string]string{
		"istio.io/api": facts.Version("istio.io/api"),
		"next":         next.Source["istio.io/api"],
	}}
	for _, part := range parts {
		file, err := facts.Read(part.path, part.only...)
		if err != nil {
			return nil, err
		}
		for _, later := range next.Files {
			if later.Path == file.Path {
				addNext(&file, later)
			}
		}
		schema.Files = append(schema.Files, file)
	}
	return schema.Text()
}

// askNext runs the program of module next: one program cannot be linked with
// two versions of istio.io/api.
func askNext(dir string) (facts.Schema, error) {
	var out bytes.Buffer
	cmd := exec.Command("go", "run", ".")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return facts.Schema{}, fmt.Errorf("module next: %w", err)
	}
	var schema facts.Schema
	return schema, json.Unmarshal(out.Bytes(), &schema)
}

// addNext adds the fields that the pinned release does not have yet, each at
// its place in the declaration order to come.
func addNext(file *facts.File, later facts.File) {
	for i := range file.Messages {
		m := &file.Messages[i]
		at := slices.IndexFunc(later.Messages, func(l facts.Message) bool { return l.Name == m.Name })
		if at < 0 {
			continue
		}
		for _, f := range later.Messages[at].Fields {
			if slices.ContainsFunc(m.Fields, func(old facts.Field) bool { return old.Number == f.Number }) {
				continue
			}
			f.Since = nextRelease
			m.Fields = slices.Insert(m.Fields, min(f.Index, len(m.Fields)), f)
		}
		for j := range m.Fields {
			m.Fields[j].Index = j
		}
	}
}
