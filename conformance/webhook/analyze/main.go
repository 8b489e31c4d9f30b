// Command analyze runs istioctl's analyzers on sets of objects, and keeps their messages about Gateways, the
// VirtualServices of Gateways, and Secrets.
//
//	go run ./analyze > ../../tests/golden/analyze.ndjson         # upstream's test data in which there are Gateways
//	go run ./analyze -judge ../../tests/golden/analyze.ndjson    # analyzes again, exits with 1 on another answer
//	go run ./analyze -seed 1 -n 500 > analyze.ndjson             # random sets
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/util/yaml"

	"istio-gateway/conformance/webhook/cases"

	"istio.io/istio/pkg/config/analysis"
	"istio.io/istio/pkg/config/analysis/analyzers"
	"istio.io/istio/pkg/config/analysis/local"
	"istio.io/istio/pkg/log"
)

// Case is a set of objects and what is reported of them.
type Case struct {
	ID       string         `json:"id"`
	Objects  []cases.Object `json:"objects"`
	Messages []Message      `json:"messages"`
}

// Message is a message of an analyzer.
type Message struct {
	Analyzer string `json:"analyzer"`
	Code     string `json:"code"`
	// Object is its kind, namespace and name.
	Object string `json:"object"`
	Text   string `json:"text"`
}

// about has the analyzers of Gateways and of the VirtualServices of Gateways; those of schemas are added.
var about = map[string]bool{
	"gateway.IngressGatewayPortAnalyzer": true,
	"gateway.CertificateAnalyzer":        true,
	"gateway.SecretAnalyzer":             true,
	"gateway.ConflictingGatewayAnalyzer": true,
	"virtualservice.GatewayAnalyzer":     true,
}

func (c *Case) analyze() error {
	c.Messages = []Message{}
	var text bytes.Buffer
	for _, object := range c.Objects {
		text.WriteString("---\n" + cases.Text(object) + "\n")
	}
	for _, analyzer := range analyzers.All() {
		name := analyzer.Metadata().Name
		if !about[name] && !strings.HasPrefix(name, "schema.ValidationAnalyzer.Gateway") {
			continue
		}
		source := local.NewSourceAnalyzer(analysis.Combine(name, analyzer), "", "istio-system", nil)
		files := []local.ReaderSource{{Name: "case.yaml", Reader: bytes.NewReader(text.Bytes())}}
		if err := source.AddTestReaderKubeSource(files); err != nil {
			return fmt.Errorf("%s: %w", c.ID, err)
		}
		result, err := source.Analyze(make(chan struct{}))
		if err != nil {
			return err
		}
		for _, found := range result.Messages {
			message := Message{Analyzer: name, Code: found.Type.Code()}
			if found.Resource != nil {
				message.Object = found.Resource.Origin.FriendlyName()
			}
			message.Text = fmt.Sprintf(found.Type.Template(), found.Parameters...)
			c.Messages = append(c.Messages, message)
		}
	}
	sort.Slice(c.Messages, func(i, j int) bool {
		return cases.Text(c.Messages[i]) < cases.Text(c.Messages[j])
	})
	return nil
}

func objects(file string) ([]cases.Object, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []cases.Object
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for {
		var object cases.Object
		err := decoder.Decode(&object)
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", file, err)
		case object != nil:
			out = append(out, object)
		}
	}
}

// ingress is the pod and the Service that istioctl adds to files (AddDefaultResources).
func ingress() []cases.Object {
	labels := cases.Object{"istio": "ingressgateway"}
	meta := func(name string) cases.Object { return cases.Object{"name": name, "namespace": "istio-system"} }
	pod, service := meta("istio-ingressgateway-dummypod"), meta("istio-ingressgateway")
	pod["labels"] = labels
	var ports []any
	for _, port := range []int{80, 443, 31400, 15443} {
		name := fmt.Sprintf("p%d", port)
		ports = append(ports, cases.Object{"name": name, "port": port, "protocol": "TCP", "targetPort": port})
	}
	return []cases.Object{
		{"apiVersion": "v1", "kind": "Pod", "metadata": pod, "spec": cases.Object{}},
		{"apiVersion": "v1", "kind": "Service", "metadata": service, "spec": cases.Object{"ports": ports, "selector": labels}},
	}
}

func isGateway(object cases.Object) bool {
	version, _ := object["apiVersion"].(string)
	return object["kind"] == "Gateway" && strings.HasPrefix(version, "networking.istio.io/")
}

// golden are the cases of upstream's test data.
func golden() error {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "istio.io/istio").Output()
	if err != nil {
		return err
	}
	path := "pkg/config/analysis/analyzers/testdata/*.yaml"
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), path))
	if err != nil {
		return err
	}
	return cases.Write(func(write func(any) error) error {
		for _, file := range files {
			c := Case{ID: filepath.Base(file)}
			if c.Objects, err = objects(file); err != nil {
				return err
			}
			has := false
			for _, object := range c.Objects {
				has = has || isGateway(object)
			}
			if !has {
				continue
			}
			c.Objects = append(c.Objects, ingress()...)
			if err := c.analyze(); err != nil {
				return err
			}
			if err := write(c); err != nil {
				return err
			}
		}
		return nil
	})
}

func main() {
	file := flag.String("judge", "", "analyze the sets of this file again")
	seed := flag.Uint64("seed", 0, "for random sets; without it, upstream's test data")
	count := flag.Int("n", 500, "how many random sets")
	flag.Parse()
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	err := error(nil)
	switch {
	case *file != "":
		err = cases.Again(*file, func(line []byte) (string, error) {
			var c Case
			if err := json.Unmarshal(line, &c); err != nil {
				return "", err
			}
			answer := c
			if err := answer.analyze(); err != nil {
				return "", err
			}
			return cases.Difference(c.ID, answer, c), nil
		})
	case *seed != 0:
		err = random(*seed, *count)
	default:
		err = golden()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
