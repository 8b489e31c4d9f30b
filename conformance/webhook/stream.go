package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// countStream judges a YAML stream document by document and keeps only the counts: the baseline for
// the speed of `istio-gateway check`.
func countStream(judge *Judge, file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	reader := kubeyaml.NewYAMLReader(bufio.NewReaderSize(in, 1<<16))
	var documents, allowed, byCRD, byWebhook, warnings int
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		object, err := yaml.YAMLToJSON(document)
		if err != nil {
			return fmt.Errorf("document %d: %w", documents+1, err)
		}
		verdict, err := judge.Pipeline(object)
		if err != nil {
			return fmt.Errorf("document %d: %w", documents+1, err)
		}
		documents++
		warnings += len(verdict.Warnings)
		switch {
		case verdict.Allowed:
			allowed++
		case verdict.Stage == "crd":
			byCRD++
		default:
			byWebhook++
		}
	}
	fmt.Printf("%d documents: %d allowed, %d refused by the custom resource, %d by the webhook; %d warnings\n", documents, allowed, byCRD, byWebhook, warnings)
	return nil
}

// Pipeline judges as a cluster does, with each judge at most once.
func (j *Judge) Pipeline(object json.RawMessage) (Pipeline, error) {
	crd, stored, err := j.crd(object)
	if err != nil {
		return Pipeline{}, err
	}
	if !crd.OK {
		return Pipeline{Stage: "crd"}, nil
	}
	answer, err := j.review(stored)
	if err != nil {
		return Pipeline{}, err
	}
	if !answer.Allowed {
		return Pipeline{Stage: "webhook"}, nil
	}
	return Pipeline{Allowed: true, Warnings: answer.Warnings}, nil
}

// writeManifests writes random Gateways with unique names: three in four are typical, one in four
// is odd.
func writeManifests(out io.Writer, seed uint64, count int) error {
	buffered := bufio.NewWriter(out)
	r := newSource(seed)
	for i := range count {
		gateway := r.plain(i)
		if i%4 == 3 {
			gateway = r.gateway()
			gateway["metadata"] = object{"name": fmt.Sprintf("edge-%d", i), "namespace": "infra"}
		}
		document, err := yaml.Marshal(gateway)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(buffered, "---\n%s", document); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

// plain is a Gateway with one to three servers; one in ten has a mistake that the webhook rejects.
func (r *source) plain(i int) object {
	team := fmt.Sprintf("team-%d", i%50)
	hosts := func(n int) []any {
		list := []any{}
		for k := range n {
			list = append(list, fmt.Sprintf("app-%d-%d.%s.example.com", i, k, team))
		}
		return list
	}
	servers := []any{object{
		"port":  object{"number": 80, "name": "http", "protocol": "HTTP"},
		"hosts": hosts(1 + i%2),
		"tls":   object{"httpsRedirect": true},
	}}
	for k := range i % 3 {
		tls := object{"mode": r.Pick("SIMPLE", "MUTUAL", "SIMPLE"), "credentialName": fmt.Sprintf("cert-%d-%d", i, k)}
		if r.Chance(10) {
			delete(tls, "credentialName")
		}
		servers = append(servers, object{
			"port":  object{"number": 443 + 8000*k, "name": fmt.Sprintf("https-%d", k), "protocol": "HTTPS"},
			"hosts": hosts(1 + k),
			"tls":   tls,
		})
	}
	return object{
		"apiVersion": "networking.istio.io/v1",
		"kind":       "Gateway",
		"metadata": object{
			"name": fmt.Sprintf("edge-%d", i), "namespace": team,
			"labels": object{"app.kubernetes.io/part-of": "edge", "team": team},
		},
		"spec": object{"selector": object{"istio": "ingressgateway"}, "servers": servers},
	}
}
