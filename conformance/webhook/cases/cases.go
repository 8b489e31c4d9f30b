// Package cases has what the programs here share: cases as lines of JSON, judged again or generated
// at random.
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

// Again judges each line of a file, and fails if one differs from upstream's current answer. A
// judge returns the difference, or "".
func Again(file string, judge func(line []byte) (string, error)) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	count, wrong := 0, 0
	// Strings may contain other line separators.
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

// Difference describes upstream's current answer and the recorded one; "" if they are equal.
func Difference(id string, now, file any) string {
	if reflect.DeepEqual(now, file) {
		return ""
	}
	return fmt.Sprintf("%s:\n  now  %s\n  file %s", id, Text(now), Text(file))
}

// Text is JSON on one line.
func Text(value any) string {
	var buffer bytes.Buffer
	if err := encoder(&buffer)(value); err != nil {
		panic(err)
	}
	return string(bytes.TrimSpace(buffer.Bytes()))
}

// Write writes its arguments to standard output, one per line.
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

// Object is a JSON object.
type Object = map[string]any

// Source makes the same choices for the same seed.
type Source struct{ *rand.Rand }

// NewSource is a source of a seed.
func NewSource(seed uint64) Source { return Source{rand.New(rand.NewPCG(seed, 0))} }

// Pick is one of the values.
func (s Source) Pick(values ...any) any { return values[s.IntN(len(values))] }

// Chance is true with this probability in percent.
func (s Source) Chance(percent int) bool { return s.IntN(100) < percent }
