// Command stream generates streams of documents, each with the documents that apimachinery's
// YAMLOrJSONDecoder reads, or compares the streams of a file with it again.
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

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// A stream is a case: its bytes, and the documents before the first error.
type stream struct {
	ID        string            `json:"id"`
	B64       []byte            `json:"b64"`
	Documents []json.RawMessage `json:"documents"`
	Err       string            `json:"err,omitempty"`
}

// ask reads as kubectl's StreamVisitor does; a byte order mark as its
// FileVisitor does. A document without a value is null.
func ask(id string, text []byte) stream {
	out := stream{ID: id, B64: text, Documents: []json.RawMessage{}}
	var in io.Reader = bytes.NewReader(text)
	if hasMark(text) {
		in = transform.NewReader(in, unicode.BOMOverride(unicode.UTF8.NewDecoder()))
	}
	decoder := yaml.NewYAMLOrJSONDecoder(in, 4096)
	for {
		var ext runtime.RawExtension
		err := decoder.Decode(&ext)
		if errors.Is(err, io.EOF) && err == io.EOF {
			return out
		}
		if err != nil {
			out.Err = err.Error()
			return out
		}
		raw := bytes.TrimSpace(ext.Raw)
		if len(raw) == 0 {
			raw = []byte("null")
		}
		value, err := normal(raw)
		if err != nil {
			out.Err = err.Error()
			return out
		}
		out.Documents = append(out.Documents, value)
	}
}

// normal is a value without the details of its notation.
func normal(raw []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSpace(out.Bytes()), err
}

func hasMark(text []byte) bool {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(text, []byte(mark)) {
			return true
		}
	}
	return false
}

func main() {
	seed := flag.Uint64("seed", 1, "seed of the generator")
	n := flag.Int("n", 20000, "number of streams")
	directed := flag.Bool("directed", false, "write every directed stream once, whatever n is")
	file := flag.String("judge", "", "compare the verdicts of this `file` with the decoder's of today")
	flag.Parse()

	if *file != "" {
		ok, err := judge(*file)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		if !ok {
			os.Exit(1)
		}
		return
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	write := func(s stream) {
		if err := lines.Encode(s); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	if *directed {
		for i, text := range directedStreams() {
			write(ask(fmt.Sprintf("directed-%d", i), []byte(text)))
		}
		return
	}
	g := newGen(*seed)
	for i := range *n {
		write(ask(fmt.Sprintf("%d-%d", *seed, i), g.stream()))
	}
}

func judge(file string) (bool, error) {
	in, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer in.Close()
	asked, different := 0, 0
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var was stream
		if err := json.Unmarshal(lines.Bytes(), &was); err != nil {
			return false, err
		}
		is := ask(was.ID, was.B64)
		asked++
		old, _ := json.Marshal(was.Documents)
		now, _ := json.Marshal(is.Documents)
		if !bytes.Equal(old, now) || (was.Err == "") != (is.Err == "") {
			different++
			fmt.Printf("%s: was %s %q, is %s %q\n", was.ID, old, was.Err, now, is.Err)
		}
	}
	fmt.Printf("%s: asked %d, differences %d\n", file, asked, different)
	return different == 0, lines.Err()
}
