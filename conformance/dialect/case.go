package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"istio-gateway/conformance/internal/upstream"
)

// record is one line of a cases file. Std and Direct belong to JSON inputs,
// Want to the others.
type record struct {
	ID     string            `json:"id"`
	Class  string            `json:"class"`
	Type   string            `json:"type,omitempty"`
	JSON   *string           `json:"json,omitempty"`
	Hex    *string           `json:"hex,omitempty"`
	YAML   *string           `json:"yaml,omitempty"`
	B64    *string           `json:"b64,omitempty"`
	Std    *upstream.Verdict `json:"std,omitempty"`
	Direct *upstream.Verdict `json:"direct,omitempty"`
	Want   *upstream.Verdict `json:"want,omitempty"`
}

// input is a case without its verdict; typ is empty for YAML.
type input struct {
	class string
	typ   string
	data  []byte
}

// answer returns upstream's verdict on the input.
func answer(kind string, in input) (record, error) {
	r := record{Class: in.class, Type: in.typ}
	var text **string
	switch kind {
	case "json":
		t, ok := upstream.Find(in.typ)
		if !ok {
			return r, fmt.Errorf("unknown type %q", in.typ)
		}
		std, direct := t.JSON(in.data), t.Direct(in.data)
		r.Std = &std
		if !same(std, direct) || std.Err != direct.Err {
			r.Direct = &direct
		}
		text = &r.JSON
	case "wire":
		t, ok := upstream.Find(in.typ)
		if !ok {
			return r, fmt.Errorf("unknown type %q", in.typ)
		}
		want, digits := t.Wire(in.data), hex.EncodeToString(in.data)
		r.Want, r.Hex = &want, &digits
		return r, nil
	case "yaml":
		want := upstream.YAML(in.data)
		r.Want = &want
		text = &r.YAML
	default:
		return r, fmt.Errorf("unknown kind %q", kind)
	}
	s := string(in.data)
	if !utf8.ValidString(s) {
		s = base64.StdEncoding.EncodeToString(in.data)
		text = &r.B64
	}
	*text = &s
	return r, nil
}

// same reports whether two answers are equal. It ignores the words of errors, some of which depend
// on Go's map order.
func same(a, b upstream.Verdict) bool {
	eq := func(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }
	return a.OK == b.OK && eq(a.JSON, b.JSON) && eq(a.Hex, b.Hex) && eq(a.Known, b.Known) &&
		eq(a.Object, b.Object) && (a.JSONErr == "") == (b.JSONErr == "")
}

// parse is the reverse of answer: it returns the input and its kind.
func (r record) parse() (kind string, in input, err error) {
	in = input{class: r.Class, typ: r.Type}
	switch {
	case r.B64 != nil:
		in.data, err = base64.StdEncoding.DecodeString(*r.B64)
		if r.Std != nil {
			return "json", in, err
		}
		return "yaml", in, err
	case r.JSON != nil:
		in.data = []byte(*r.JSON)
		return "json", in, nil
	case r.Hex != nil:
		in.data, err = hex.DecodeString(*r.Hex)
		return "wire", in, err
	case r.YAML != nil:
		in.data = []byte(*r.YAML)
		return "yaml", in, nil
	}
	return "", in, fmt.Errorf("%s: no input", r.ID)
}

// examples are the cases in a list of known differences, one per line.
func examples(list []byte) ([]byte, error) {
	var entries []struct{ Examples []json.RawMessage }
	if err := json.Unmarshal(list, &entries); err != nil {
		return nil, err
	}
	var cases bytes.Buffer
	for _, entry := range entries {
		for _, example := range entry.Examples {
			if err := json.Compact(&cases, example); err != nil {
				return nil, err
			}
			cases.WriteByte('\n')
		}
	}
	return cases.Bytes(), nil
}

// again writes the cases of a file with current verdicts. A line whose verdict has not changed
// stays unchanged.
func again(path string, out io.Writer) error {
	recorded, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(recorded) {
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		kind, in, err := r.parse()
		if err != nil {
			return err
		}
		now, err := answer(kind, in)
		if err != nil {
			return err
		}
		now.ID = r.ID
		isSame := true
		for _, pair := range [][2]*upstream.Verdict{{r.Std, now.Std}, {r.Want, now.Want}, {r.Direct, now.Direct}} {
			was, is := pair[0], pair[1]
			isSame = isSame && (was == nil || is == nil || same(*was, *is))
		}
		if !isSame {
			var text bytes.Buffer
			enc := json.NewEncoder(&text)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(now); err != nil {
				return err
			}
			line = text.Bytes()
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// judge compares every case of a file with upstream again, and reports each verdict that differs
// from the recorded one.
func judge(path string, out io.Writer) (agree bool, err error) {
	recorded, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	if strings.HasSuffix(path, ".json") {
		if recorded, err = examples(recorded); err != nil {
			return false, err
		}
	}
	lines := bufio.NewReader(bytes.NewReader(recorded))
	asked, words, differ, unsettled := 0, 0, 0, 0
	for last := false; !last; {
		line, err := lines.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return false, err
		}
		last = err == io.EOF
		if len(line) > 0 {
			var r record
			if err := json.Unmarshal(line, &r); err != nil {
				return false, err
			}
			kind, in, err := r.parse()
			if err != nil {
				return false, err
			}
			now, err := answer(kind, in)
			if err != nil {
				return false, err
			}
			asked++
			if kind == "yaml" && !upstream.Settled(in.data) {
				unsettled++
				continue
			}
			sameWords := true
			for _, pair := range [][2]*upstream.Verdict{{r.Std, now.Std}, {r.Want, now.Want}, {r.Direct, now.Direct}} {
				was, is := pair[0], pair[1]
				if was == nil || is == nil {
					// Direct is recorded only if it differs, including its words.
					continue
				}
				if !same(*was, *is) {
					differ++
					fmt.Fprintf(out, "%s\n  recorded %s\n  upstream %s\n", r.ID, show(*was), show(*is))
				} else if was.Err != is.Err {
					sameWords = false
				}
			}
			if (r.Direct == nil) != (now.Direct == nil) {
				sameWords = false
			}
			if !sameWords {
				words++
			}
		}
	}
	fmt.Fprintf(out, "%s: asked %d, differences %d, other words for the same error %d, without a settled answer %d\n", path, asked, differ, words, unsettled)
	return differ == 0, nil
}

func show(v upstream.Verdict) string {
	b, _ := json.Marshal(v)
	return string(b)
}
