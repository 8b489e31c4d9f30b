package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/util/yaml"

	"istio-gateway/conformance/webhook/cases"
)

// The Secrets and ConfigMaps that upstream's test has in addition to its files.
var (
	testSecrets = []string{
		"istio-system/my-cert-http", "ns2/ns2-cert", "ns3/ns3-cert", "ns4/ns4-cert", "istio-system/my-cert",
		"istio-system/my-cert-http2", "cert/cert", "bookinfo/bookinfo-secret", "bookinfo/another-secret",
	}
	testConfigMaps = []cases.Object{
		withData("ConfigMap", "istio-system/malformed", "data", cases.Object{"not-ca.crt": "hello"}),
		withData("ConfigMap", "istio-system/malformed-trustbundle", "data", cases.Object{"ca.crt": "hello"}),
		withData("ConfigMap", "istio-system/my-cert-http", "data", cases.Object{"ca.crt": cases.Object{"$pem": "cert-2"}}),
		withData("ConfigMap", "default/malformed", "data", cases.Object{"not-ca.crt": "hello"}),
		withData("ConfigMap", "default/auth-cert", "data", cases.Object{"ca.crt": cases.Object{"$pem": "cert-2"}}),
	}
)

func withData(kind, name, field string, data cases.Object) cases.Object {
	namespace, name, _ := strings.Cut(name, "/")
	metadata := cases.Object{"namespace": namespace, "name": name}
	return cases.Object{"apiVersion": "v1", "kind": kind, "metadata": metadata, field: data}
}

// writeTestdata writes a case for each Gateway of pilot's test data.
func writeTestdata() error {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "istio.io/istio").Output()
	if err != nil {
		return err
	}
	path := "pilot/pkg/config/kube/gateway/testdata/*.yaml"
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), path))
	if err != nil {
		return err
	}
	pems, err := newPEMs(nil)
	if err != nil {
		return err
	}
	return cases.Write(func(write func(any) error) error {
		for _, file := range files {
			if strings.HasSuffix(file, "benchmark-httproute.yaml") {
				continue
			}
			if err := writeFile(file, pems, write); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		return nil
	})
}

func writeFile(file string, pems PEMs, write func(any) error) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	byKind := map[string][]cases.Object{}
	namespaces := map[string]bool{}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for {
		var object cases.Object
		err := decoder.Decode(&object)
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		if object == nil {
			continue
		}
		kind, _ := object["kind"].(string)
		byKind[kind] = append(byKind[kind], object)
		metadata, _ := object["metadata"].(cases.Object)
		namespace, _ := metadata["namespace"].(string)
		if namespace != "" && !namespaces[namespace] {
			namespaces[namespace] = true
			part, _, _ := strings.Cut(namespace, "-")
			labels := cases.Object{"istio.io/test-name-part": part}
			byKind["Namespace"] = append(byKind["Namespace"], cases.Object{
				"apiVersion": "v1", "kind": "Namespace", "metadata": cases.Object{"name": namespace, "labels": labels},
			})
		}
	}
	for _, name := range testSecrets {
		pair := cases.Object{"tls.crt": cases.Object{"$pem": "cert-2"}, "tls.key": cases.Object{"$pem": "key-2"}}
		if name == "istio-system/my-cert-http" {
			pair["ca.crt"] = cases.Object{"$pem": "cert-2"}
		}
		byKind["Secret"] = append(byKind["Secret"], withData("Secret", name, "stringData", pair))
	}
	malformed := cases.Object{"tls.crt": "SGVsbG8gd29ybGQK", "tls.key": "SGVsbG8gd29ybGQK"}
	byKind["Secret"] = append(byKind["Secret"], withData("Secret", "istio-system/malformed", "stringData", malformed))
	byKind["ConfigMap"] = append(byKind["ConfigMap"], testConfigMaps...)
	all := func(kind string) []json.RawMessage {
		out := []json.RawMessage{}
		for _, object := range byKind[kind] {
			out = append(out, json.RawMessage(cases.Text(object)))
		}
		return out
	}
	for i, gateway := range all("Gateway") {
		input := Input{
			Gateway: gateway, Secrets: all("Secret"), ConfigMaps: all("ConfigMap"),
			ReferenceGrants: all("ReferenceGrant"), Namespaces: all("Namespace"), GatewayClasses: all("GatewayClass"),
		}
		output, err := Judge(input, pems, nil)
		if err != nil {
			return err
		}
		if err := write(Case{fmt.Sprintf("%s/%d", filepath.Base(file), i), input, output}); err != nil {
			return err
		}
	}
	return nil
}
