// Command dialect generates inputs for Istio's JSON dialect, its wire format and Kubernetes' YAML,
// each with upstream's verdict, or compares the cases of a file with upstream again.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"istio-gateway/conformance/internal/upstream"
)

// limit keeps a case readable, in bytes of input.
const limit = 2000

func main() {
	seed := flag.Uint64("seed", 1, "seed of the generator")
	n := flag.Int("n", 20000, "number of cases")
	kind := flag.String("kind", "json", "json, wire or yaml")
	directed := flag.Bool("directed", false, "write every directed case once, in order, whatever n is")
	file := flag.String("judge", "", "compare the verdicts of this cases `file` with upstream's")
	refresh := flag.String("again", "", "write the cases of this `file` with upstream's verdicts of today")
	flag.Parse()

	if *refresh != "" {
		if err := again(*refresh, os.Stdout); err != nil {
			fail(err)
		}
		return
	}
	if *file != "" {
		ok, err := judge(*file, os.Stdout)
		if err != nil {
			fail(err)
		}
		if !ok {
			os.Exit(1)
		}
		return
	}
	if err := generate(os.Stdout, *kind, *seed, *n, *directed); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}

// source generates the cases of a kind.
type source struct {
	directed []input
	valid    func() input
	random   func() input
	// around puts a directed case into other surroundings.
	around func() input
}

func sourceOf(kind string, g gen) (source, error) {
	switch kind {
	case "json":
		d := distinct(directedJSON())
		return source{d, g.validJSON, g.randomJSON, func() input { return g.wrapUp(g.extraJSON(d), g.wrap) }}, nil
	case "wire":
		d := distinct(directedWire())
		return source{d, g.validWire, g.randomWire, func() input { return g.wrapUp(pick(g, d), g.wrapWire) }}, nil
	case "yaml":
		d := distinct(directedYAML())
		return source{d, g.validYAML, g.randomYAML, func() input { return g.mixedYAML(d) }}, nil
	}
	return source{}, fmt.Errorf("unknown kind %q", kind)
}

// wrapUp goes up no level, one or two.
func (g gen) wrapUp(in input, wrap func(input) input) input {
	for range g.IntN(3) {
		in = wrap(in)
	}
	return in
}

func distinct(in []input) []input {
	seen := map[string]bool{}
	out := in[:0]
	for _, c := range in {
		key := c.typ + "\x00" + string(c.data)
		if len(c.data) <= limit && !seen[key] {
			seen[key] = true
			out = append(out, c)
		}
	}
	return out
}

func generate(out io.Writer, kind string, seed uint64, n int, directedOnly bool) error {
	g := newGen(seed)
	from, err := sourceOf(kind, g)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(out)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	made := map[string]int{}
	write := func(in input) error {
		r, err := answer(kind, in)
		if err != nil {
			return err
		}
		made[in.class]++
		r.ID = fmt.Sprintf("%s-%s-%05d", kind, in.class, made[in.class])
		return enc.Encode(r)
	}

	fit := func(in input) bool {
		return len(in.data) <= limit && (kind != "yaml" || upstream.Settled(in.data))
	}

	if directedOnly {
		for _, in := range from.directed {
			if !fit(in) {
				continue
			}
			if err := write(in); err != nil {
				return err
			}
		}
		return b.Flush()
	}

	queue := from.directed
	g.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
	for done := 0; done < n; {
		var in input
		switch done % 8 {
		case 0, 1:
			in = from.valid()
		case 2, 3, 4:
			if len(queue) == 0 {
				in = from.around()
			} else {
				in, queue = queue[0], queue[1:]
			}
		case 5:
			in = from.around()
		default:
			in = from.random()
		}
		if !fit(in) {
			continue
		}
		if err := write(in); err != nil {
			return err
		}
		done++
	}
	return b.Flush()
}
