// Command versions reads the CRD of Gateway from one release of istio.io/api for each available
// minor version, and writes the fields and values of each: tests/golden/versions.json.
package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"sort"

	"istio-gateway/conformance/internal/crd"

	"sigs.k8s.io/yaml"
)

// Facts are the fields and values of a release's CRD.
type Facts struct {
	Module string   `json:"module"`
	Served []string `json:"served"`
	Fields []string `json:"fields"`
	Modes  []any    `json:"modes"`
	// Whether numbers are bounded.
	Bounds bool `json:"bounds"`
	// The CEL rules, each with its location.
	Rules []Rule `json:"rules"`
}

// Rule is a CEL rule of the schema.
type Rule struct {
	Path    string `json:"path"`
	Rule    string `json:"rule"`
	Message string `json:"message"`
}

type schema struct {
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
	Enum       []any             `json:"enum"`
	Maximum    *float64          `json:"maximum"`
	Rules      []Rule            `json:"x-kubernetes-validations"`
}

type definition struct {
	Spec struct {
		Versions []struct {
			Name   string `json:"name"`
			Served bool   `json:"served"`
			Schema struct {
				Root schema `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

func main() {
	write := flag.String("o", "", "the file to write; standard output without it")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: versions [-o FILE] [RELEASE...], by default one of each minor version")
		flag.PrintDefaults()
	}
	flag.Parse()
	wanted := flag.Args()
	if len(wanted) == 0 {
		wanted = crd.Releases()
	}
	var all []Facts
	for _, release := range wanted {
		facts, err := read(release)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", release, err)
			os.Exit(2)
		}
		all = append(all, facts)
	}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		panic(err)
	}
	text = append(text, '\n')
	if *write == "" {
		os.Stdout.Write(text)
	} else if err := os.WriteFile(*write, text, 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func read(release string) (Facts, error) {
	facts := Facts{Module: crd.Module(release), Rules: []Rule{}}
	document, err := crd.Gateway(release)
	if err != nil {
		return facts, err
	}
	var d definition
	if err := yaml.Unmarshal(document, &d); err != nil {
		return facts, err
	}
	for _, v := range d.Spec.Versions {
		if v.Served {
			facts.Served = append(facts.Served, v.Name)
		}
	}
	spec := d.Spec.Versions[0].Schema.Root.Properties["spec"]
	spec.walk("", &facts)
	sort.Strings(facts.Served)
	sort.Strings(facts.Fields)
	slices.SortFunc(facts.Rules, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Rule, b.Rule))
	})
	return facts, nil
}

func (s schema) walk(path string, facts *Facts) {
	facts.Bounds = facts.Bounds || s.Maximum != nil
	for _, rule := range s.Rules {
		rule.Path = path
		facts.Rules = append(facts.Rules, rule)
	}
	if path == "servers[].tls.mode" {
		facts.Modes = s.Enum
	}
	if s.Items != nil {
		s.Items.walk(path+"[]", facts)
	}
	for name, field := range s.Properties {
		at := name
		if path != "" {
			at = path + "." + name
		}
		facts.Fields = append(facts.Fields, at)
		field.walk(at, facts)
	}
}
