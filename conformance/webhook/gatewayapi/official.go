package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"istio-gateway/conformance/webhook/cases"
)

// writeOfficial writes a case for each manifest of Gateway API's conformance tests, together with their base
// manifests, of the release with which pilot is built.
func writeOfficial() error {
	version, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "sigs.k8s.io/gateway-api").Output()
	if err != nil {
		return err
	}
	data, err := exec.Command("go", "mod", "download", "-json", "sigs.k8s.io/gateway-api/conformance@"+strings.TrimSpace(string(version))).Output()
	if err != nil {
		return err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(data, &module); err != nil {
		return err
	}
	definitions, err := definitionsOfModule()
	if err != nil {
		return err
	}
	base, err := officialObjects(filepath.Join(module.Dir, "base", "manifests.yaml"))
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(module.Dir, "tests", "*.yaml"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s has no manifests", module.Dir)
	}
	pems, err := newPEMs(nil)
	if err != nil {
		return err
	}
	asUpstreamsTest()
	return cases.Write(func(write func(any) error) error {
		for _, file := range files {
			own, err := officialObjects(file)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			if len(own) == 0 {
				continue
			}
			c := &FileCase{ID: filepath.Base(file)}
			defaulted, services, err := c.add(append(append([]cases.Object{}, base...), own...), definitions)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			if err := c.judge(pems); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			objects, err := decoded(append(defaulted, services...))
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			all, err := generate(objects, nil)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			if c.Output.Configs, err = results(all); err != nil {
				return err
			}
			text := strings.ReplaceAll(cases.Text(c), "domain.suffix", "cluster.local")
			if err := write(json.RawMessage(text)); err != nil {
				return err
			}
		}
		return nil
	})
}

// add adds the objects that an API server accepts. It returns them with the defaults of their definitions, and the
// Services, which are not a part of the case.
func (c *FileCase) add(objects []cases.Object, definitions Definitions) (defaulted, services []json.RawMessage, err error) {
	for _, object := range objects {
		data := json.RawMessage(cases.Text(object))
		kind, _ := object["kind"].(string)
		schema, err := definitions[kind].judge(data)
		if err != nil {
			return nil, nil, err
		}
		if schema != nil && len(schema.Errors)+len(schema.Unknown) > 0 {
			continue
		}
		if kind == "Service" {
			services = append(services, data)
			continue
		}
		content, err := definitions[kind].defaults(data)
		if err != nil {
			return nil, nil, err
		}
		c.Input.Objects = append(c.Input.Objects, data)
		defaulted = append(defaulted, content)
	}
	return defaulted, services, nil
}

// officialObjects are the objects of a file that matter, of the class of Istio. ReferenceGrants have the version that
// pilot watches.
func officialObjects(file string) ([]cases.Object, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	all, err := objectsIn([]byte(strings.ReplaceAll(string(data), "{GATEWAY_CLASS_NAME}", "istio")))
	if err != nil {
		return nil, err
	}
	out := []cases.Object{}
	for _, object := range all {
		switch object["kind"] {
		case "ReferenceGrant":
			object["apiVersion"] = "gateway.networking.k8s.io/v1beta1"
			out = append(out, object)
		case "Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "Namespace", "Secret", "ConfigMap", "Service":
			if version, _ := object["apiVersion"].(string); strings.HasPrefix(version, "gateway.networking.k8s.io/") {
				object["apiVersion"] = "gateway.networking.k8s.io/v1"
			}
			out = append(out, object)
		}
	}
	return out, nil
}
