// Command gatewayapi judges Gateways of Gateway API by pilot's own conversion, and key pairs by Go's
// crypto/tls.
//
//	go run ./gatewayapi -judge ../../tests/golden/gateway_api.ndjson  # asks again, exits with 1 on another answer
//	go run ./gatewayapi -judge-pairs ../../tests/golden/key_pairs.ndjson
//	go run ./gatewayapi -seed 1 -n 5000 > gateways.ndjson             # random Gateways with pilot's answers
//	go run ./gatewayapi -pairs -seed 1 -n 5000 > pairs.ndjson         # random key pairs with Go's answers
//	go run ./gatewayapi -pairs -directed > pairs.ndjson               # one of each kind
//
// The first line of a file of Gateways names the PEM texts that the others speak of.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"

	istiolog "istio.io/istio/pkg/log"
)

func main() {
	gateways := flag.String("judge", "", "judge the Gateways of this file again")
	keyPairs := flag.String("judge-pairs", "", "judge the key pairs of this file again")
	pairs := flag.Bool("pairs", false, "key pairs instead of Gateways")
	directed := flag.Bool("directed", false, "key pairs of each kind instead of random ones")
	seed := flag.Uint64("seed", 1, "for random cases")
	count := flag.Int("n", 1000, "how many random cases")
	flag.Parse()
	for _, scope := range istiolog.Scopes() {
		scope.SetOutputLevel(istiolog.NoneLevel)
	}
	var err error
	switch {
	case *gateways != "":
		err = judgeGateways(*gateways)
	case *keyPairs != "":
		err = judgePairs(*keyPairs)
	case *pairs:
		err = writePairs(*seed, *count, *directed)
	default:
		err = writeGateways(*seed, *count)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Case is a line of tests/golden/gateway_api.ndjson. Output is left as it is where it is compared.
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
	return eachLine(name, func(line []byte) (string, error) {
		var c Case
		if err := json.Unmarshal(line, &c); err != nil {
			return "", err
		}
		output, err := Judge(c.Input, pems)
		if err != nil {
			return "", fmt.Errorf("%s: %w", c.ID, err)
		}
		// What the file holds of the answer is compared: it may hold the listeners alone.
		got, want := output.asJSON().(map[string]any), c.Output.(map[string]any)
		for key := range got {
			if _, held := want[key]; !held {
				delete(got, key)
			}
		}
		return differs(c.ID, got, want), nil
	})
}

func judgePairs(name string) error {
	return eachLine(name, func(line []byte) (string, error) {
		var c Pair
		if err := json.Unmarshal(line, &c); err != nil {
			return "", err
		}
		answer := c
		answer.judge()
		return differs(c.ID, answer, c), nil
	})
}

// eachLine counts the lines that differ, of each of which it is told how.
func eachLine(name string, judge func([]byte) (string, error)) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	same, other := 0, 0
	for _, line := range bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		difference, err := judge(line)
		if err != nil {
			return err
		}
		if difference == "" {
			same++
			continue
		}
		other++
		fmt.Fprintln(os.Stderr, difference)
	}
	fmt.Printf("%s: %d cases, %d differ\n", name, same+other, other)
	if other > 0 || same == 0 {
		return fmt.Errorf("%s is not what upstream says", name)
	}
	return nil
}

func differs(id string, got, want any) string {
	if reflect.DeepEqual(got, want) {
		return ""
	}
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	return fmt.Sprintf("%s:\n  now  %s\n  file %s", id, g, w)
}

func writeGateways(seed uint64, count int) error {
	r := newSource(seed)
	pems, err := newPEMs(r)
	if err != nil {
		return err
	}
	return writeLines(func(write func(any) error) error {
		if err := write(map[string]any{"pems": pems}); err != nil {
			return err
		}
		for i := range count {
			// Read again, as the file is.
			data, err := json.Marshal(r.input())
			if err != nil {
				return err
			}
			var input Input
			if err := json.Unmarshal(data, &input); err != nil {
				return err
			}
			output, err := Judge(input, pems)
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

func writePairs(seed uint64, count int, directed bool) error {
	r := newSource(seed)
	return writeLines(func(write func(any) error) error {
		all, err := directedPairs()
		if err != nil {
			return err
		}
		if !directed {
			all = r.pairs(all, count, seed)
		}
		for _, pair := range all {
			pair.judge()
			if err := write(pair); err != nil {
				return err
			}
		}
		return nil
	})
}

func writeLines(lines func(write func(any) error) error) error {
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := lines(encoder.Encode); err != nil {
		return err
	}
	return out.Flush()
}
