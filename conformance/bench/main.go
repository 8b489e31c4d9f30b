// Command bench measures upstream's readers and writers on the given files, for a comparison of
// speed. A .json file has a Gateway's spec, any other file one manifest or a stream.
//
// With -ask it takes a sample whenever a line of stdin names a measurement
// and a file, so that another program can take its own samples in between.
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
	"syscall"
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
	ask := flag.Bool("ask", false, "take one sample for each line of stdin")
	flag.Parse()
	// One thread, as on the Rust side.
	runtime.GOMAXPROCS(1)

	b := bench{*samples, *least, json.NewEncoder(os.Stdout)}
	var all []*measurement
	for _, path := range flag.Args() {
		of, err := measurements(path)
		if err != nil {
			fail(path, err)
		}
		all = append(all, of...)
	}
	if *ask {
		if err := b.answer(all); err != nil {
			fail("stdin", err)
		}
		return
	}
	for _, m := range all {
		if err := b.measure(m); err != nil {
			fail(m.File, err)
		}
	}
}

func fail(where string, err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", where, err)
	os.Exit(2)
}

// A measurement is an operation on a file, and its samples.
type measurement struct {
	result
	op func() error
	// The number of runs in a sample, once it is known.
	times int
}

type bench struct {
	samples int
	least   time.Duration
	out     *json.Encoder
}

func measurements(path string) ([]*measurement, error) {
	in, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(path)
	if filepath.Ext(path) == ".json" {
		return ofJSON(name, in)
	}
	return ofYAML(name, in)
}

func ofJSON(file string, in []byte) ([]*measurement, error) {
	gw := new(networking.Gateway)
	if err := json.Unmarshal(in, gw); err != nil {
		return nil, err
	}
	wire, err := proto.Marshal(gw)
	if err != nil {
		return nil, err
	}
	// Encoders write what was decoded from the same text and wire format.
	discard := protojson.UnmarshalOptions{DiscardUnknown: true}
	of := func(name string, size int, op func() error) *measurement {
		return &measurement{result: result{Name: name, File: file, InputBytes: size}, op: op}
	}
	return []*measurement{
		of("json_decode", len(in), func() error { return json.Unmarshal(in, new(networking.Gateway)) }),
		of("json_encode", len(in), func() error { _, err := json.Marshal(gw); return err }),
		of("protojson_decode", len(in), func() error { return discard.Unmarshal(in, new(networking.Gateway)) }),
		of("protojson_encode", len(in), func() error { _, err := protojson.Marshal(gw); return err }),
		of("wire_decode", len(wire), func() error { return proto.Unmarshal(wire, new(networking.Gateway)) }),
		of("wire_encode", len(wire), func() error { _, err := proto.Marshal(gw); return err }),
	}, nil
}

func ofYAML(file string, in []byte) ([]*measurement, error) {
	documents, err := decodeStream(in)
	if err != nil {
		return nil, err
	}
	var of []*measurement
	if documents <= 1 {
		of = append(of, &measurement{
			result: result{Name: "yaml_decode", File: file, InputBytes: len(in)},
			op:     func() error { return yaml.Unmarshal(in, new(clientv1.Gateway)) },
		})
	}
	return append(of, &measurement{
		result: result{Name: "yaml_stream_decode", File: file, InputBytes: len(in), Documents: documents},
		op: func() error {
			_, err := decodeStream(in)
			return err
		},
	}), nil
}

// decodeStream reads all documents, split as by kubectl.
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

func (b bench) measure(m *measurement) error {
	times := make([]float64, b.samples)
	for i := range times {
		var err error
		if times[i], err = b.sample(m); err != nil {
			return err
		}
	}
	slices.Sort(times)
	m.NsPerOp = times[len(times)/2]
	return b.out.Encode(m.result)
}

// answer takes one sample for each line of stdin, "name file".
func (b bench) answer(all []*measurement) error {
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		i := slices.IndexFunc(all, func(m *measurement) bool { return m.Name+" "+m.File == lines.Text() })
		if i < 0 {
			return fmt.Errorf("%q is no measurement", lines.Text())
		}
		var err error
		if all[i].NsPerOp, err = b.sample(all[i]); err != nil {
			return err
		}
		if err := b.out.Encode(all[i].result); err != nil {
			return err
		}
	}
	return lines.Err()
}

// sample takes one sample: nanoseconds per operation.
func (b bench) sample(m *measurement) (float64, error) {
	run := func(n int) (time.Duration, error) {
		start, err := processorTime()
		if err != nil {
			return 0, err
		}
		for range n {
			if err := m.op(); err != nil {
				return 0, fmt.Errorf("%s: %w", m.Name, err)
			}
		}
		end, err := processorTime()
		return end - start, err
	}
	// The first rounds warm up, and determine the number of runs in a sample.
	for n := 1; m.times == 0; n *= 2 {
		took, err := run(n)
		if err != nil {
			return 0, err
		}
		if took >= b.least {
			m.times = n
		}
	}
	took, err := run(m.times)
	return float64(took.Nanoseconds()) / float64(m.times), err
}

// processorTime is the processor time of this process, including the garbage collector, independent
// of other processes.
func processorTime() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}
