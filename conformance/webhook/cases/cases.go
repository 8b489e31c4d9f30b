// Package cases is what the programs here do alike: cases as lines of JSON, judged again or made at
// random.
package cases

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
)

// Again judges each line of a file, and fails where one is not what upstream says now. A judge tells how
// a line differs, or nothing.
func Again(file string, judge func(line []byte) (string, error)) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	count, wrong := 0, 0
	// Texts hold other line separators.
	for line := range bytes.SplitSeq(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		difference, err := judge(line)
		if err != nil {
			return err
		}
		count++
		if difference != "" {
			wrong++
			fmt.Fprintln(os.Stderr, difference)
		}
	}
	fmt.Printf("%s: %d cases, %d differ\n", file, count, wrong)
	if wrong > 0 || count == 0 {
		return fmt.Errorf("%s is not what upstream says", file)
	}
	return nil
}

// Difference tells what upstream says now and what the file has; nothing where they are the same.
func Difference(id string, now, file any) string {
	if reflect.DeepEqual(now, file) {
		return ""
	}
	return fmt.Sprintf("%s:\n  now  %s\n  file %s", id, Text(now), Text(file))
}

// Text is JSON in a line.
func Text(value any) string {
	var buffer bytes.Buffer
	if err := encoder(&buffer)(value); err != nil {
		panic(err)
	}
	return string(bytes.TrimSpace(buffer.Bytes()))
}

// Write writes what it is given to standard output, a line each.
func Write(lines func(write func(any) error) error) error {
	out := bufio.NewWriter(os.Stdout)
	if err := lines(encoder(out)); err != nil {
		return err
	}
	return out.Flush()
}

func encoder(out io.Writer) func(any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode
}

// Object is a map of JSON.
type Object = map[string]any

// Source makes the same choices for the same seed.
type Source struct{ *rand.Rand }

// NewSource is a source of a seed.
func NewSource(seed uint64) Source { return Source{rand.New(rand.NewPCG(seed, 0))} }

// Pick is one of the values.
func (s Source) Pick(values ...any) any { return values[s.IntN(len(values))] }

// Chance is true so many times of a hundred.
func (s Source) Chance(percent int) bool { return s.IntN(100) < percent }
