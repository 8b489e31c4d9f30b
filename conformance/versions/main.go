// Command versions reads the custom resource of Gateway from one release of
// istio.io/api for each minor version that can be asked for, and writes what
// each of them knows: tests/golden/versions.json.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"

	"istio-gateway/conformance/internal/crd"

	"sigs.k8s.io/yaml"
)

// Facts are what a release's custom resource knows.
type Facts struct {
	Module string   `json:"module"`
	Served []string `json:"served"`
	Fields []string `json:"fields"`
	Modes  []any    `json:"modes"`
	// Whether numbers are bounded.
	Bounds bool `json:"bounds"`
	Rules  int  `json:"rules"`
}

type schema struct {
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
	Enum       []any             `json:"enum"`
	Maximum    *float64          `json:"maximum"`
	Rules      []any             `json:"x-kubernetes-validations"`
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
	flag.Parse()
	var all []Facts
	for _, release := range crd.Releases {
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
	facts := Facts{Module: crd.Module(release)}
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
	return facts, nil
}

func (s schema) walk(path string, facts *Facts) {
	facts.Bounds = facts.Bounds || s.Maximum != nil
	facts.Rules += len(s.Rules)
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
