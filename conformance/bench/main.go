// Command bench measures upstream's readers and writers on the given files,
// for a comparison of speed. A .json file holds a Gateway's spec, any other
// file one manifest or a stream of them.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
	clientv1 "istio.io/client-go/pkg/apis/networking/v1"
	stream "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

type result struct {
	Name       string  `json:"name"`
	File       string  `json:"file"`
	InputBytes int     `json:"input_bytes"`
	Documents  int     `json:"documents,omitempty"`
	NsPerOp    float64 `json:"ns_per_op"`
}

func main() {
	samples := flag.Int("samples", 31, "samples of each measurement, the median counts")
	least := flag.Duration("time", 10*time.Millisecond, "the least time of a sample")
	flag.Parse()
	// One thread, as the other side has it.
	runtime.GOMAXPROCS(1)

	b := bench{*samples, *least, json.NewEncoder(os.Stdout)}
	for _, path := range flag.Args() {
		if err := b.file(path); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			os.Exit(2)
		}
	}
}

type bench struct {
	samples int
	least   time.Duration
	out     *json.Encoder
}

func (b bench) file(path string) error {
	in, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	name := filepath.Base(path)
	if filepath.Ext(path) == ".json" {
		return b.json(name, in)
	}
	return b.yaml(name, in)
}

func (b bench) json(file string, in []byte) error {
	gw := new(networking.Gateway)
	if err := json.Unmarshal(in, gw); err != nil {
		return err
	}
	wire, err := proto.Marshal(gw)
	if err != nil {
		return err
	}
	// Encoders are measured by what they read too: the same text and wire.
	discard := protojson.UnmarshalOptions{DiscardUnknown: true}
	for _, m := range []struct {
		name string
		size int
		op   func() error
	}{
		{"json_decode", len(in), func() error { return json.Unmarshal(in, new(networking.Gateway)) }},
		{"json_encode", len(in), func() error { _, err := json.Marshal(gw); return err }},
		{"protojson_decode", len(in), func() error { return discard.Unmarshal(in, new(networking.Gateway)) }},
		{"protojson_encode", len(in), func() error { _, err := protojson.Marshal(gw); return err }},
		{"wire_decode", len(wire), func() error { return proto.Unmarshal(wire, new(networking.Gateway)) }},
		{"wire_encode", len(wire), func() error { _, err := proto.Marshal(gw); return err }},
	} {
		if err := b.measure(result{Name: m.name, File: file, InputBytes: m.size}, m.op); err != nil {
			return err
		}
	}
	return nil
}

func (b bench) yaml(file string, in []byte) error {
	documents, err := decodeStream(in)
	if err != nil {
		return err
	}
	if documents <= 1 {
		err = b.measure(result{Name: "yaml_decode", File: file, InputBytes: len(in)}, func() error {
			return yaml.Unmarshal(in, new(clientv1.Gateway))
		})
		if err != nil {
			return err
		}
	}
	return b.measure(result{Name: "yaml_stream_decode", File: file, InputBytes: len(in), Documents: documents}, func() error {
		_, err := decodeStream(in)
		return err
	})
}

// decodeStream reads all documents, as kubectl cuts them.
func decodeStream(in []byte) (int, error) {
	reader := stream.NewYAMLReader(bufio.NewReader(bytes.NewReader(in)))
	for n := 0; ; n++ {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if err := yaml.Unmarshal(document, new(clientv1.Gateway)); err != nil {
			return n, fmt.Errorf("document %d: %w", n+1, err)
		}
	}
}

func (b bench) measure(r result, op func() error) error {
	run := func(n int) (time.Duration, error) {
		start := time.Now()
		for range n {
			if err := op(); err != nil {
				return 0, err
			}
		}
		return time.Since(start), nil
	}
	// The first rounds warm up and find how many make a sample.
	n := 1
	for {
		took, err := run(n)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
		if took >= b.least {
			break
		}
		n *= 2
	}
	times := make([]float64, b.samples)
	for i := range times {
		took, err := run(n)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
		times[i] = float64(took.Nanoseconds()) / float64(n)
	}
	slices.Sort(times)
	r.NsPerOp = times[len(times)/2]
	return b.out.Encode(r)
}
