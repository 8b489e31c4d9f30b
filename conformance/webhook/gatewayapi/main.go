// Command gatewayapi judges Gateways of Gateway API by pilot's own conversion, and key pairs by Go's
// crypto/tls.
//
//	go run ./gatewayapi -judge ../../tests/golden/gateway_api.ndjson  # asks again, exits with 1 on another answer
//	go run ./gatewayapi -testdata > ../../tests/golden/gateway_api_testdata.ndjson # pilot's test data
//	go run ./gatewayapi -judge-pairs ../../tests/golden/key_pairs.ndjson
//	go run ./gatewayapi -seed 1 -n 5000 > gateways.ndjson             # random Gateways with pilot's answers
//	go run ./gatewayapi -crd DIR -n 5000 > gateways.ndjson           # ... and an API server's, by the definitions there
//	go run ./gatewayapi -official > official.ndjson                   # the manifests of Gateway API's conformance tests
//	go run ./gatewayapi -routes -seed 1 -n 100 > routes.ndjson        # random routes with pilot's VirtualServices
//	go run ./gatewayapi -pairs -seed 1 -n 5000 > pairs.ndjson         # random key pairs with Go's answers
//	go run ./gatewayapi -pairs -directed > pairs.ndjson               # one of each kind
//
// The first line of a file of Gateways defines the PEM texts that the others refer to.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"istio-gateway/conformance/webhook/cases"

	istiolog "istio.io/istio/pkg/log"
)

func main() {
	gateways := flag.String("judge", "", "judge the Gateways of this file again")
	keyPairs := flag.String("judge-pairs", "", "judge the key pairs of this file again")
	pairs := flag.Bool("pairs", false, "key pairs instead of Gateways")
	ofEnvoy := flag.Bool("envoy", false, "with -pairs: also what Envoy's own rules are about, and what istiod reports")
	directed := flag.Bool("directed", false, "key pairs of each kind instead of random ones")
	seed := flag.Uint64("seed", 1, "for random cases")
	crd := flag.String("crd", "", "the directory with gateways.yaml and listenersets.yaml to ask about random cases")
	count := flag.Int("n", 1000, "how many random cases")
	testdata := flag.Bool("testdata", false, "the files of pilot's test data")
	official := flag.Bool("official", false, "the manifests of Gateway API's conformance tests")
	routes := flag.Bool("routes", false, "routes instead of Gateways")
	flag.Parse()
	for _, scope := range istiolog.Scopes() {
		scope.SetOutputLevel(istiolog.NoneLevel)
	}
	var err error
	switch {
	case *gateways != "":
		err = judgeGateways(*gateways)
	case *testdata:
		err = writeTestdata()
	case *official:
		err = writeOfficial()
	case *routes:
		err = writeRoutes(*seed, *count)
	case *keyPairs != "":
		err = judgePairs(*keyPairs)
	case *pairs:
		err = writePairs(*seed, *count, *directed, *ofEnvoy)
	default:
		err = writeGateways(*seed, *count, *crd)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Case is a line of tests/golden/gateway_api.ndjson.
type Case struct {
	ID     string `json:"id"`
	Input  Input  `json:"input"`
	Output any    `json:"output"`
}

func judgeGateways(name string) error {
	pems, err := newPEMs(nil)
	if err != nil {
		return err
	}
	return cases.Again(name, func(line []byte) (string, error) {
		var c Case
		if err := json.Unmarshal(line, &c); err != nil {
			return "", err
		}
		output, err := Judge(c.Input, pems, nil)
		if err != nil {
			return "", fmt.Errorf("%s: %w", c.ID, err)
		}
		// Only what the file has is compared: it may have only the listeners.
		got, want := output.asJSON().(map[string]any), c.Output.(map[string]any)
		for key := range got {
			if _, held := want[key]; !held {
				delete(got, key)
			}
		}
		return cases.Difference(c.ID, got, want), nil
	})
}

func judgePairs(name string) error {
	return cases.Again(name, func(line []byte) (string, error) {
		var c Pair
		if err := json.Unmarshal(line, &c); err != nil {
			return "", err
		}
		answer := c
		answer.judge()
		return cases.Difference(c.ID, answer, c), nil
	})
}

func writeGateways(seed uint64, count int, crd string) error {
	definitions := Definitions{}
	if crd != "" {
		for kind, name := range map[string]string{"Gateway": "gateways.yaml", "ListenerSet": "listenersets.yaml"} {
			var err error
			if definitions[kind], err = newDefinition(filepath.Join(crd, name)); err != nil {
				return err
			}
		}
	}
	r := newSource(seed)
	pems, err := newPEMs(r)
	if err != nil {
		return err
	}
	return cases.Write(func(write func(any) error) error {
		if err := write(map[string]any{"pems": pems}); err != nil {
			return err
		}
		for i := range count {
			// Read again, as the file would be.
			data, err := json.Marshal(r.input())
			if err != nil {
				return err
			}
			var input Input
			if err := json.Unmarshal(data, &input); err != nil {
				return err
			}
			output, err := Judge(input, pems, definitions)
			if err != nil {
				return err
			}
			if err := write(Case{fmt.Sprintf("random/%d/%d", seed, i), input, output}); err != nil {
				return err
			}
		}
		return nil
	})
}

func writePairs(seed uint64, count int, directed, ofEnvoy bool) error {
	r := newSource(seed)
	return cases.Write(func(write func(any) error) error {
		all, err := directedPairs()
		if err != nil {
			return err
		}
		var own []Pair
		if ofEnvoy {
			if own, err = envoyPairs(); err != nil {
				return err
			}
			all = append(all, own...)
		}
		if !directed {
			all = append(own, r.pairs(all, count, seed)...)
		}
		for _, pair := range all {
			pair.judge()
			if ofEnvoy {
				pair.judgeByIstiod()
			}
			if err := write(pair); err != nil {
				return err
			}
		}
		return nil
	})
}
