//go:build yamltokens

// Command yamltokens scans texts with go-yaml's scanner, which run makes public in a copy, and compares the
// tokens with those of the crate kubernetes-yaml. A line of the file is {"yaml":...,"tokens":[...]} or
// {"yaml":...,"error":...}; test tokens_for_go writes it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v2"
)

// reworded are the messages for which the crate has its own words: the texts of go-yaml that they stand for.
var reworded = map[string][]string{
	"unclosed quote":    {"found unexpected end of stream"},
	"nested too deeply": {"exceeded max depth of 10000"},
}

// show is how many differences are printed.
const show = 20

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: yamltokens FILE")
		os.Exit(2)
	}
	file, err := os.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "yamltokens:", err)
		os.Exit(2)
	}
	var count, errors, wrong int
	for decoder := json.NewDecoder(file); decoder.More(); count++ {
		var c struct {
			YAML, Error string
			Tokens      []json.RawMessage
		}
		if err := decoder.Decode(&c); err != nil {
			fmt.Fprintf(os.Stderr, "yamltokens: case %d: %v\n", count+1, err)
			os.Exit(2)
		}
		tokens, problem := yaml.Scan(c.YAML)
		if problem != "" {
			errors++
		}
		if difference := differs(c.YAML, tokens, problem, c.Tokens, c.Error); difference != "" {
			wrong++
			if wrong <= show {
				fmt.Printf("case %d: %s\n%q\n", count+1, difference, c.YAML)
			}
		}
	}
	fmt.Printf("%d texts, %d of them rejected, %d scanned otherwise\n", count, errors, wrong)
	if wrong > 0 || count == 0 {
		os.Exit(1)
	}
}

// differs says how the crate scanned a text otherwise, or "".
func differs(text string, tokens [][]any, problem string, theirs []json.RawMessage, theirProblem string) string {
	if problem != theirProblem && !slices.Contains(reworded[theirProblem], problem) {
		return fmt.Sprintf("go-yaml's error is %q, the crate's %q", problem, theirProblem)
	}
	// go-yaml counts one character too many after a byte order mark that is not the first character.
	hasMark := strings.Contains(strings.TrimPrefix(text, "\ufeff"), "\ufeff")
	for i, token := range tokens {
		var shown strings.Builder
		encoder := json.NewEncoder(&shown)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(token); err != nil {
			return err.Error()
		}
		want := strings.TrimSpace(shown.String())
		if i >= len(theirs) {
			return fmt.Sprintf("token %d is missing: %s", i+1, want)
		}
		var a, b []any
		if json.Unmarshal([]byte(want), &a) != nil || json.Unmarshal(theirs[i], &b) != nil || len(b) < 3 {
			return fmt.Sprintf("token %d cannot be read: %s", i+1, theirs[i])
		}
		if hasMark {
			copy(b[1:3], a[1:3])
		}
		if !slices.Equal(a, b) {
			return fmt.Sprintf("token %d is %s in go-yaml, %s in the crate", i+1, want, theirs[i])
		}
	}
	// How far the reader looks ahead for them decides how many tokens come before.
	if len(theirs) > len(tokens) && problem != "control characters are not allowed" {
		return fmt.Sprintf("token %d is one too many: %s", len(tokens)+1, theirs[len(tokens)])
	}
	return ""
}
