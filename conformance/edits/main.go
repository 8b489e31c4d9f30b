// Command edits generates random manifests with edits of their specs, and judges the results of the
// crate:
//
//	edits -seed 1 -n 20000 > cases.ndjson
//	edits -judge edited.ndjson
//
// A case is {"yaml":...,"edits":[...],"comments":{...},"must_keep":...}. Test
// edits_for_go adds "edited" and "rewritten" to it. The values are judged by
// sigs.k8s.io/yaml with istio.io/api, comments by go.yaml.in/yaml/v3: each
// comment whose owner is still there has to be attached to the same owner.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
)

// A testCase is a manifest and the edits of its spec.
type testCase struct {
	ID    int    `json:"id"`
	YAML  string `json:"yaml"`
	Edits []edit `json:"edits"`
	// Owners maps each comment to its owner: a path, or "" for a comment without one, which must
	// always stay.
	Owners map[string]string `json:"owners"`
	// MayRewrite: an anchor or a merge key may prevent an edit in place.
	MayRewrite bool `json:"may_rewrite"`

	Edited    string `json:"edited,omitempty"`
	Rewritten string `json:"rewritten,omitempty"`
}

// An edit is one change of the spec. Servers and hosts are named by index.
type edit struct {
	Op     string `json:"op"`
	Server int    `json:"server"`
	A      int    `json:"a"`
	B      int    `json:"b"`
	Key    string `json:"key"`
	Value  string `json:"value"`
}

func main() {
	seed := flag.Uint64("seed", 1, "the seed of random cases")
	count := flag.Int("n", 1000, "how many cases")
	edited := flag.String("judge", "", "judge the results in this `file`")
	show := flag.Int("show", 10, "how many failures are shown")
	full := flag.Bool("full", false, "show the manifests, too")
	flag.Parse()
	var err error
	if *edited != "" {
		err = judge(*edited, *show, *full)
	} else {
		err = write(*seed, *count)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "edits:", err)
		os.Exit(1)
	}
}

func write(seed uint64, count int) error {
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	for id := range count {
		random := rand.New(rand.NewPCG(seed, uint64(id)))
		if err := encoder.Encode(newCase(id, random)); err != nil {
			return err
		}
	}
	return out.Flush()
}
