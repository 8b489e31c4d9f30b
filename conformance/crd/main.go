// Command crd writes the CustomResourceDefinition of Gateway of each available release, without
// descriptions, one per line: tests/golden/crd.ndjson. Without -write it compares, and exits with 1
// if something differs.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"istio-gateway/conformance/internal/crd"
	"istio-gateway/conformance/internal/golden"

	"sigs.k8s.io/yaml"
)

func main() {
	dir := flag.String("golden", "../tests/golden", "the directory of the file")
	write := flag.Bool("write", false, "write the file")
	flag.Parse()
	same, err := run(*dir, *write)
	if err != nil {
		fmt.Fprintln(os.Stderr, "crd:", err)
		os.Exit(2)
	}
	if !same {
		os.Exit(1)
	}
}

func run(dir string, write bool) (bool, error) {
	var lines bytes.Buffer
	out := json.NewEncoder(&lines)
	out.SetEscapeHTML(false)
	for _, release := range crd.Releases() {
		document, err := crd.Gateway(release)
		if err != nil {
			return false, err
		}
		var definition any
		if err := yaml.UnmarshalStrict(document, &definition); err != nil {
			return false, err
		}
		line := map[string]any{"module": crd.Module(release), "crd": undescribed(definition, false)}
		if err := out.Encode(line); err != nil {
			return false, err
		}
	}
	files := golden.Files{"crd.ndjson": lines.Bytes()}
	if write {
		return true, files.Write(dir)
	}
	return files.Check(dir, os.Stdout)
}

// undescribed is a value without its descriptions. Within properties, a key is the name of a field,
// also "description".
func undescribed(value any, names bool) any {
	switch value := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, inner := range value {
			if _, text := inner.(string); key == "description" && text && !names {
				continue
			}
			out[key] = undescribed(inner, key == "properties" && !names)
		}
		return out
	case []any:
		out := []any{}
		for _, inner := range value {
			out = append(out, undescribed(inner, false))
		}
		return out
	}
	return value
}
