package main

import (
	"math/rand/v2"
	"strings"
	"unicode/utf16"
)

// gen is a seeded source of streams.
type gen struct{ *rand.Rand }

func newGen(seed uint64) gen { return gen{rand.New(rand.NewPCG(seed, 0x57e4))} }

func (g gen) in(n int) bool { return g.IntN(n) == 0 }

func pick[T any](g gen, from []T) T { return from[g.IntN(len(from))] }

const (
	mark   = "\ufeff"
	object = `{"apiVersion":"networking.istio.io/v1","kind":"Gateway","metadata":{"name":"edge"},"spec":{"selector":{"a":"b"}}}`
	block  = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata:\n  name: edge\nspec:\n  selector:\n    a: b\n"
)

var jsonTexts = []string{
	object, `{}`, `{"a":1}`, "{\n  \"a\": [\n    1,\n    2\n  ]\n}", `{"a":"\ud83d\ude00"}`, `{"a":"b\/c"}`, `{"a":"---\n"}`, "{\"a\":\n\"---\"}",
	`{"a":{"b":{"c":[null,true,-0.5e3]}}}`, `{"a":1,"a":2}`, `{"kind":"List","items":[{"kind":"A"},{}]}`, "{\"a\":\t1}", `{"é":"漢字"}`,
	`{"a":"# no comment"}`, `{"a":12345678901}`,
}

var brokenJSON = []string{
	`{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a":"b`, `{a: 1}`, `{a: 1, b: [}`, `{'a': 'b'}`, `{"a":1}}`, `{"a":1}]`, `{"a":1},`,
	`{"a" 1}`, `{"a":01}`, `{"a":tru}`, "{\"a\":\"\x01\"}", `{{ .Values.a }}`, `{"a":1} # comment`, `{"a":1}x`, "{\"a\":\x00}", "{\"a\":\"\xff\"}", `{"a":"\ud800"}`,
	`{"a":1}// no comment`, "{\"a\":1,\n---\n\"b\":2}",
}

var yamlTexts = []string{
	block, "a: 1\n", "a: 1\nb:\n- x\n- y\n", "- a\n- b\n", "text\n", "12\n", "null\n", "~\n", "{a: 1}\n", "[a, b]\n", "a: |\n  x\n  --- y\n  z\n",
	"a: |\n  x", "a: >-\n  x\n\n  y\n", "a: \"x\n  y\"\n", "a: &x {b: 1}\nc: *x\n", "<<: {a: 1}\n", "# comment\na: 1\n", "a: 1 # comment\n", "\n\na: 1\n",
	"a: yes\nb: 0o17\nc: 1_000\n", "é: 漢字\n", "? a\n: b\n", "a:\n  b:\n    c: d\n", "a: '---'\n", "kind: List\nitems:\n- a: 1\n", "a: 1\n\n\n# end\n", "\"a\": \"b\"\n",
}

var brokenYAML = []string{
	"a: [1\n", "a: {b\n", "a: 'b\n", "a: \"b\n", "a:\tb\n\tc: 1\n", "a: b: c\n", "- a\nb\n", "a: *x\n", "a: 1\n b: 2\n", "%YAML 1.1\n", "%TAG ! x\n", "a: \x00\n", "a: \x01\n",
	"a: \xff\n", "\xc3\n", "a: @b\n", "]\n", "}\n", "a: &x\n  b: *x\n", ": [broken\n", "!!\n", "a: !!int b\n",
}

var emptyTexts = []string{"", "\n", " \n", "\t\n", "# comment\n", "# a\n\n# b\n", "   # c\n", "\r\n", "\u00a0\n", "\u2028", "#", "# c", "  ", "\n\n\n"}

var separators = []string{
	"---\n", "---\n", "---\n", "---\n", "--- \n", "---\t\n", "--- # comment\n", "---#\n", "---# c\n", "---\r\n", "--- {\"a\":1}\n", "--- a\n", "----\n", "---a\n", "--- |\n", "--- !!map\n",
	"--- &x\n", "---\n---\n", "---\n---\n---\n", " ---\n", "\n---\n", "...\n", "...\n---\n", "...\n...\n", "... # c\n", "... a\n", "---\u00a0\n", "---\u00a0#\n", "--\n", "---", mark + "---\n",
	"---\n" + mark, "---\v\n", "---\f# c\n", "---\n%YAML 1.1\n---\n",
}

var glue = []string{"", "", "\n", " ", "\n\n", "\t", " \n", "\n \n", "\r\n", "  ", ",", "\u00a0", "\u2003\n", ",\n", "\n,", "\n---\n", "\n---\n", "\n--- # c\n", " # c\n", "\n# c\n", "\n#\n---\n", "---\n", "\n...\n", "\n--- {}\n", "\x00"}

func (g gen) document() string {
	switch g.IntN(20) {
	case 0, 1, 2, 3, 4:
		return pick(g, jsonTexts)
	case 5, 6:
		return pick(g, brokenJSON)
	case 7, 8, 9, 10, 11, 12, 13:
		return pick(g, yamlTexts)
	case 14, 15:
		return pick(g, brokenYAML)
	case 16:
		return g.damage(pick(g, append(yamlTexts, jsonTexts...)))
	case 17:
		return g.garbage()
	default:
		return pick(g, emptyTexts)
	}
}

// damage cuts a text, or changes a byte of it.
func (g gen) damage(text string) string {
	at := g.IntN(len(text))
	switch g.IntN(4) {
	case 0:
		return text[:at]
	case 1:
		return text[:at] + text[at+1:]
	case 2:
		return text[:at] + string(pick(g, []byte("{}[]:,-#\n\r\t\" '|>&*!%@\\.0a"))) + text[at:]
	default:
		return text[:at] + string(pick(g, []byte("{}[]:,-#\n\r\t\" '|>&*!%@\\.0a"))) + text[at+1:]
	}
}

func (g gen) garbage() string {
	var b strings.Builder
	for range g.IntN(40) {
		if g.in(2) {
			b.WriteByte(pick(g, []byte("{}[]:,-#\n\r\t\" '|>&*!%@\\.0a")))
		} else {
			b.WriteByte(byte(g.IntN(256)))
		}
	}
	return b.String()
}

func (g gen) stream() []byte {
	var b strings.Builder
	switch g.IntN(8) {
	case 0:
		b.WriteString(pick(g, []string{mark, mark + mark, " ", "\n", "\n\n\n", "\t", "# c\n", "\u00a0", "---\n", "--- # c\n", "...\n", "\r\n"}))
	case 1:
		if g.in(20) {
			b.WriteString(strings.Repeat(pick(g, []string{" ", "\n", "# c\n"}), 4090+g.IntN(12)))
		}
	}
	isJSON := g.in(3)
	for range 1 + g.IntN(5) {
		switch {
		case isJSON && !g.in(8):
			b.WriteString(pick(g, jsonTexts))
			b.WriteString(pick(g, glue))
		case isJSON:
			b.WriteString(g.document())
			b.WriteString(pick(g, glue))
		default:
			b.WriteString(g.document())
			if !g.in(10) {
				b.WriteString(pick(g, separators))
			} else {
				b.WriteString(pick(g, glue))
			}
		}
	}
	text := b.String()
	if g.in(12) {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	}
	if g.in(12) {
		text = strings.TrimRight(text, "\n")
	}
	if g.in(300) {
		text = strings.Repeat(pick(g, []string{"a: 1\n", "# c\n", "{\"a\":1}", "---\n", "a: 1\n---\n"}), 1000+g.IntN(1000)) + text
	}
	if g.in(16) {
		return utf16Of(text, g.in(2))
	}
	return []byte(text)
}

func utf16Of(text string, bigEndian bool) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(mark + strings.TrimPrefix(text, mark))) {
		if bigEndian {
			out = append(out, byte(unit>>8), byte(unit))
		} else {
			out = append(out, byte(unit), byte(unit>>8))
		}
	}
	return out
}

// directedStreams are all of the texts, with all separators between two of
// them, and with all that JSON can be followed by.
func directedStreams() []string {
	var out []string
	for _, texts := range [][]string{jsonTexts, brokenJSON, yamlTexts, brokenYAML, emptyTexts} {
		for _, text := range texts {
			out = append(out, text, mark+text, mark+mark+text, "---\n"+text, object+"\n---\n"+text, block+"---\n"+text, object+object+text)
		}
	}
	for _, separator := range append(separators, glue...) {
		for _, pair := range [][2]string{{block, block}, {object, object}, {object, block}, {block, object}, {object + object, object}, {"a: 1\n", ""}, {"", "a: 1\n"}, {object, ""}, {object, "# c"}} {
			out = append(out, pair[0]+separator+pair[1])
		}
	}
	for _, bigEndian := range []bool{false, true} {
		for _, text := range []string{block, object, block + "---\n" + object, object + object, "é: 漢字😀\n", ""} {
			out = append(out, string(utf16Of(text, bigEndian)), string(utf16Of(text, bigEndian))+"x")
		}
	}
	return out
}
