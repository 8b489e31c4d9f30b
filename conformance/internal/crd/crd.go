// Package crd reads the CRD of Gateway from the modules of istio.io/api.
package crd

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed releases.txt
var releases string

// Releases has one release of each available minor version. Other releases have no modules:
// istio.io/api has few tags.
func Releases() []string { return strings.Fields(releases) }

// Module is the name of a release's module.
func Module(release string) string { return "istio.io/api@" + release }

// Gateway is the definition of a release, as YAML.
func Gateway(release string) ([]byte, error) {
	out, err := exec.Command("go", "mod", "download", "-json", Module(release)).Output()
	if err != nil {
		return nil, err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return nil, err
	}
	var data []byte
	for _, name := range []string{"customresourcedefinitions.gen.yaml", "crd-all.gen.yaml"} {
		if data, err = os.ReadFile(filepath.Join(module.Dir, "kubernetes", name)); err == nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	for document := range bytes.SplitSeq(data, []byte("\n---\n")) {
		var d struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		}
		if err := yaml.Unmarshal(document, &d); err != nil {
			return nil, err
		}
		if d.Metadata.Name == "gateways.networking.istio.io" {
			return document, nil
		}
	}
	return nil, fmt.Errorf("%s: no Gateway", Module(release))
}
