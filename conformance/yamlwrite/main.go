// Command yamlwrite reads the YAML of the crate's writer, as Kubernetes does, and compares it with
// the original JSON. A line of the file is {"yaml":...,"json":...}; test yaml_for_go writes it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// show is how many differences are printed.
const show = 20

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: yamlwrite FILE")
		os.Exit(2)
	}
	count, wrong, err := compare(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "yamlwrite:", err)
		os.Exit(2)
	}
	fmt.Printf("%d documents, %d read as something else\n", count, wrong)
	if wrong > 0 || count == 0 {
		os.Exit(1)
	}
}

func compare(path string) (count, wrong int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	lines := bufio.NewReader(file)
	for decoder := json.NewDecoder(lines); decoder.More(); count++ {
		var c struct{ YAML, JSON string }
		if err := decoder.Decode(&c); err != nil {
			return count, wrong, fmt.Errorf("case %d: %w", count+1, err)
		}
		if difference := differs(c.YAML, c.JSON); difference != "" {
			wrong++
			if wrong <= show {
				fmt.Printf("case %d: %s\n%q\n%s\n", count+1, difference, c.YAML, c.JSON)
			}
		}
	}
	return count, wrong, nil
}

// differs describes how the YAML differs from the JSON, or returns "".
func differs(text, want string) string {
	converted, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return err.Error()
	}
	got, err := value(string(converted))
	if err != nil {
		return err.Error()
	}
	wanted, err := value(want)
	if err != nil {
		return err.Error()
	}
	if !equal(got, wanted) {
		return "read as " + string(converted)
	}
	return ""
}

// value decodes JSON.
func value(text string) (v any, err error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&v)
	return v, err
}

// equal compares values. A float without a fraction may be read as an integer, of which only a
// float's digits count.
func equal(got, want any) bool {
	switch want := want.(type) {
	case json.Number:
		got, ok := got.(json.Number)
		if !ok || got == want || !strings.ContainsAny(want.String(), ".eE") {
			return ok && got == want
		}
		a, errA := got.Float64()
		b, errB := want.Float64()
		return errA == nil && errB == nil && a == b
	case []any:
		got, ok := got.([]any)
		return ok && slices.EqualFunc(got, want, equal)
	case map[string]any:
		got, ok := got.(map[string]any)
		return ok && maps.EqualFunc(got, want, equal)
	}
	return got == want
}
