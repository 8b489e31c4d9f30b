// Command webhook judges Gateways as a cluster does: the API server's pruning, schema and CEL
// rules, then istiod's own webhook.
//
//	go run . -judge ../../tests/golden/validate.ndjson   # asks again, exits with 1 on another answer
//	go run . -seed 1 -n 5000 > cases.ndjson              # random Gateways with their verdicts
//	go run . -seed 1 -n 10000 -manifests > stream.yaml   # the same as YAML, with names of their own
//	go run . -stream stream.yaml                         # judges a YAML stream, prints the counts
//
// The first build takes ten minutes or more, because istio.io/istio is large.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"

	"istio-gateway/conformance/webhook/cases"
)

// Case is a line of tests/golden/validate.ndjson.
type Case struct {
	ID       string          `json:"id"`
	Object   json.RawMessage `json:"object"`
	Pipeline Pipeline        `json:"pipeline"`
	CRD      CRD             `json:"crd"`
	Webhook  *Webhook        `json:"webhook"`
	Raw      *Webhook        `json:"raw,omitempty"`
}

// Pipeline is the verdict of the whole cluster.
type Pipeline struct {
	Allowed  bool     `json:"allowed"`
	Stage    string   `json:"stage"`
	Warnings []string `json:"warnings"`
}

func main() {
	file := flag.String("judge", "", "judge the cases of this file again")
	seed := flag.Uint64("seed", 1, "for random cases")
	count := flag.Int("n", 1000, "how many random cases")
	stream := flag.String("stream", "", "judge the documents of this YAML file, one after the other, and count the verdicts")
	manifests := flag.Bool("manifests", false, "random Gateways as a YAML stream, without their verdicts")
	flag.Parse()
	if *manifests {
		if err := writeManifests(os.Stdout, *seed, *count); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	judge, err := NewJudge()
	if err == nil {
		switch {
		case *file != "":
			err = again(judge, *file)
		case *stream != "":
			err = countStream(judge, *stream)
		default:
			err = random(judge, *seed, *count)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func random(judge *Judge, seed uint64, count int) error {
	return cases.Write(func(write func(any) error) error {
		for i, object := range Gateways(seed, count) {
			answer, err := judge.Case(fmt.Sprintf("rnd/%d/%d", seed, i), object)
			if err != nil {
				return err
			}
			if err := write(answer); err != nil {
				return err
			}
		}
		return nil
	})
}

func again(judge *Judge, file string) error {
	return cases.Again(file, func(line []byte) (string, error) {
		var want Case
		if err := json.Unmarshal(line, &want); err != nil {
			return "", err
		}
		got, err := judge.Case(want.ID, want.Object)
		if err != nil {
			return "", fmt.Errorf("%s: %w", want.ID, err)
		}
		return cases.Difference(want.ID, folded(got), folded(want)), nil
	})
}

// folded removes what varies: spaces in protobuf's messages.
func folded(c Case) any {
	var out any
	if err := json.Unmarshal([]byte(strings.Join(strings.Fields(cases.Text(c)), " ")), &out); err != nil {
		panic(err)
	}
	return out
}
