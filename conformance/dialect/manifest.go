package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"istio-gateway/conformance/internal/upstream"
)

// node is a YAML value before its style is chosen: a text, another scalar as
// JSON spells it, a mapping or a sequence.
type node struct {
	kind   byte // 's', 'j', 'm' or 'l'
	text   string
	keys   []string
	values []node
}

func text(s string) node { return node{kind: 's', text: s} }

func mapping(pairs ...any) node {
	n := node{kind: 'm'}
	for i := 0; i < len(pairs); i += 2 {
		n.keys = append(n.keys, pairs[i].(string))
		n.values = append(n.values, pairs[i+1].(node))
	}
	return n
}

// fromJSON keeps the order of keys.
func fromJSON(doc []byte) node {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var value func() node
	next := func() json.Token {
		t, err := d.Token()
		if err != nil {
			panic(err) // the text is MarshalJSON's own
		}
		return t
	}
	value = func() node {
		switch t := next().(type) {
		case json.Delim:
			if t == '[' {
				n := node{kind: 'l'}
				for d.More() {
					n.values = append(n.values, value())
				}
				next()
				return n
			}
			n := node{kind: 'm'}
			for d.More() {
				n.keys = append(n.keys, next().(string))
				n.values = append(n.values, value())
			}
			next()
			return n
		case string:
			return text(t)
		case nil:
			return node{kind: 'j', text: "null"}
		default:
			return node{kind: 'j', text: fmt.Sprint(t)}
		}
	}
	return value()
}

// writer writes one document in random styles.
type writer struct {
	gen
	b       strings.Builder
	step    int      // how far a level is indented
	wild    int      // one style in so many is an unusual one
	anchors []string // of mappings that are complete
	made    int
	// forced makes every collection a flow one, as in a JSON text.
	forced bool
}

func (g gen) manifest(object node, wild int) string {
	w := &writer{gen: g, step: 2, wild: wild}
	if g.in(4) {
		w.step = 1 + g.IntN(6)
	}
	w.forced = g.in(12)
	if g.in(10) {
		w.b.WriteString(pick(g, []string{"# a comment\n", "\n\n", "#\n", "%YAML 1.1\n---\n", "--- # c\n", "\ufeff", "  # c\n"}))
	} else if g.in(4) {
		w.b.WriteString("---\n")
	}
	if w.forced {
		w.flow(object)
		w.b.WriteString("\n")
	} else {
		w.block(object, 0, false)
	}
	if g.in(8) {
		w.b.WriteString(pick(g, []string{"---\n", "...\n", "...\n---\n", "---\nspec: {selector: {second: document}}\n", "---\n[", "# end", "---\n---\n", "... # c\n", "--- \n# nothing\n", "...\n%YAML 1.1\n---\na: b\n"}))
	}
	s := w.b.String()
	switch {
	case g.in(12):
		s = strings.ReplaceAll(s, "\n", "\r\n")
	case g.in(40):
		s = strings.ReplaceAll(s, "\n", "\r")
	case g.in(12):
		s = strings.TrimRight(s, "\n")
	}
	return s
}

func (w *writer) unusual() bool { return w.in(w.wild) }

func (w *writer) comment() {
	if w.unusual() {
		w.b.WriteString(pick(w.gen, []string{" # c", "  # it's \"c\"", " #", "   ", " # é: - ["}))
	}
	w.b.WriteString("\n")
	if w.unusual() && w.in(3) {
		w.b.WriteString(pick(w.gen, []string{"\n", "# c\n", "        # c\n", "   \n"}))
	}
}

// anchor gives a finished mapping a name that later ones can refer to.
func (w *writer) anchor() string {
	if !w.unusual() {
		return ""
	}
	w.made++
	return "a" + strconv.Itoa(w.made)
}

// block writes n after "key:" or "-"; started means that the line has begun and that n's first line
// may continue it.
func (w *writer) block(n node, indent int, started bool) {
	empty := len(n.values) == 0
	if n.kind == 's' || n.kind == 'j' || empty || w.unusual() && w.in(2) {
		if started {
			w.b.WriteString(" ")
		}
		w.inline(n, indent)
		return
	}
	name := w.anchor()
	if name != "" {
		if started {
			w.b.WriteString(" ")
		}
		w.b.WriteString("&" + name)
		w.comment()
		started = false
	}
	switch n.kind {
	case 'm':
		w.blockMapping(n, indent, started)
	case 'l':
		w.blockSequence(n, indent, started)
	}
	if name != "" && n.kind == 'm' {
		w.anchors = append(w.anchors, name)
	}
}

func (w *writer) blockMapping(n node, indent int, started bool) {
	pad := strings.Repeat(" ", indent)
	merge := -1
	if len(w.anchors) > 0 && w.unusual() {
		merge = w.IntN(len(n.keys) + 1)
	}
	for i := 0; i <= len(n.keys); i++ {
		if i == merge {
			if !started {
				w.b.WriteString(pad)
			} else {
				w.b.WriteString(" ")
			}
			started = false
			if a := pick(w.gen, w.anchors); w.in(2) {
				fmt.Fprintf(&w.b, "<<: *%s\n", a)
			} else {
				fmt.Fprintf(&w.b, "<<: [*%s, *%s]\n", a, pick(w.gen, w.anchors))
			}
		}
		if i == len(n.keys) {
			return
		}
		if started {
			w.b.WriteString(" ")
		} else {
			w.b.WriteString(pad)
		}
		started = false
		explicit := w.unusual() && w.in(6)
		if explicit {
			w.b.WriteString("? ")
		}
		w.scalar(n.keys[i], -1)
		if explicit {
			w.b.WriteString("\n" + pad)
		}
		w.b.WriteString(":")
		child := n.values[i]
		if len(child.values) == 0 {
			w.block(child, indent, true)
			continue
		}
		if child.kind == 'l' && w.in(2) {
			// A sequence may have the indentation of its key.
			w.collection(child, indent)
		} else {
			w.collection(child, indent+w.step)
		}
	}
}

func (w *writer) collection(n node, indent int) {
	if w.unusual() && w.in(2) {
		w.b.WriteString(" ")
		w.inline(n, indent)
		return
	}
	if name := w.anchor(); name != "" {
		w.b.WriteString(" &" + name)
		if n.kind == 'm' {
			defer func() { w.anchors = append(w.anchors, name) }()
		}
	}
	w.comment()
	if n.kind == 'm' {
		w.blockMapping(n, indent, false)
	} else {
		w.blockSequence(n, indent, false)
	}
}

func (w *writer) blockSequence(n node, indent int, started bool) {
	pad := strings.Repeat(" ", indent)
	for _, item := range n.values {
		if started {
			w.b.WriteString(" -")
		} else {
			w.b.WriteString(pad + "-")
		}
		started = false
		if len(w.anchors) > 0 && w.unusual() && w.in(3) {
			w.b.WriteString(" *" + pick(w.gen, w.anchors) + "\n")
			continue
		}
		// One blank after the dash: the mapping's keys line up at indent+2.
		w.block(item, indent+2, true)
	}
}

// inline writes n as the rest of the line.
func (w *writer) inline(n node, indent int) {
	switch n.kind {
	case 's':
		w.scalar(n.text, indent)
	case 'j':
		w.b.WriteString(w.json(n.text))
	default:
		w.flow(n)
	}
	w.comment()
}

func (w *writer) flow(n node) {
	open, end := "{", "}"
	switch n.kind {
	case 's':
		w.scalar(n.text, -1)
		return
	case 'j':
		w.b.WriteString(w.json(n.text))
		return
	case 'l':
		open, end = "[", "]"
	}
	gap := func() string {
		if w.unusual() {
			return pick(w.gen, []string{"\n        ", " ", "  ", " # c\n        ", "\n\n        "})
		}
		return ""
	}
	w.b.WriteString(open + gap())
	for i, v := range n.values {
		if i > 0 {
			w.b.WriteString("," + gap())
			if !w.forced || w.in(2) {
				w.b.WriteString(" ")
			}
		}
		if n.kind == 'm' {
			w.scalar(n.keys[i], -1)
			w.b.WriteString(": " + gap())
		}
		w.flow(v)
		w.b.WriteString(gap())
	}
	if len(n.values) > 0 && w.unusual() && w.in(3) {
		w.b.WriteString(",")
	}
	w.b.WriteString(end)
}

// json respells a number or a bool as YAML 1.1 allows.
func (w *writer) json(s string) string {
	if !w.unusual() {
		return s
	}
	switch s {
	case "true":
		return pick(w.gen, []string{"True", "TRUE", "yes", "Yes", "on", "y", "!!bool yes", "!!bool \"true\""})
	case "false":
		return pick(w.gen, []string{"False", "no", "NO", "off", "n", "!!bool no"})
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return s
	}
	return pick(w.gen, []string{
		fmt.Sprintf("%#x", n), fmt.Sprintf("0o%o", n), fmt.Sprintf("0%o", n), fmt.Sprintf("0b%b", n), s + ".0", "+" + s, s + "e0", "!!int " + s, "!!int \"" + s + "\"", "'" + s + "'", s + "_", "!!float " + s,
	})
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == '\ufeff' })
}

func simple(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '/')
	}) && !slices.Contains([]string{"y", "n", "Y", "N", "on", "off", "yes", "no", "true", "false", "null"}, strings.ToLower(s))
}

// scalar writes a string; indent is -1 if it must stay on its line.
func (w *writer) scalar(s string, indent int) {
	switch {
	case simple(s) && !w.unusual():
		w.b.WriteString(s)
	case printable(s) && s != "" && w.unusual() && w.in(2):
		// A string that a reader may not read as a string.
		w.b.WriteString(s)
	case printable(s) && w.in(2):
		w.b.WriteString("'" + strings.ReplaceAll(s, "'", "''") + "'")
	case indent >= 0 && strings.HasSuffix(s, "\n") && printable(strings.ReplaceAll(s, "\n", "")) || indent >= 0 && s != "" && printable(s) && w.unusual():
		w.blockScalar(s, indent)
	default:
		w.double(s)
	}
}

func (w *writer) blockScalar(s string, indent int) {
	head := pick(w.gen, []string{"|", "|", ">", "|-", "|+", ">-"})
	pad := strings.Repeat(" ", indent+1+w.IntN(3))
	w.b.WriteString(head)
	for _, line := range strings.Split(strings.TrimSuffix(s, "\n"), "\n") {
		w.b.WriteString("\n" + pad + line)
	}
}

func (w *writer) double(s string) {
	w.b.WriteString(`"`)
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.b.WriteString(`\` + string(r))
		case w.unusual() && r <= 0xff:
			fmt.Fprintf(&w.b, `\x%02x`, r)
		case r < 0x20 || r == 0x7f || !unicode.IsPrint(r) || w.unusual():
			switch {
			case r == '\n':
				w.b.WriteString(`\n`)
			case r == 0 && w.in(2):
				w.b.WriteString(`\0`)
			case r == 0x85:
				w.b.WriteString(`\N`)
			case r > 0xffff:
				fmt.Fprintf(&w.b, `\U%08x`, r)
			default:
				fmt.Fprintf(&w.b, `\u%04x`, r)
			}
		default:
			w.b.WriteRune(r)
		}
	}
	w.b.WriteString(`"`)
}

// object is a random Gateway resource.
func (g gen) object() node {
	encode := func(name string) node {
		t, _ := upstream.Find(name)
		doc, err := g.valueUpTo(t, 350).MarshalJSON()
		if err != nil {
			panic(err)
		}
		return fromJSON(doc)
	}
	meta := mapping("name", text("gw"))
	if g.in(3) {
		meta.keys, meta.values = append(meta.keys, "namespace"), append(meta.values, text("ns"))
	}
	if g.in(6) {
		meta.keys = append(meta.keys, "labels")
		meta.values = append(meta.values, mapping("app", text(g.text()), "team", text("a")))
	}
	if g.in(6) {
		odd := func() node {
			if g.in(2) {
				return text(g.text())
			}
			return node{kind: 'j', text: pick(g, []string{"1e6", "0.1", "-0.0", "1e-7", "16777217.0", "3.14159265358979", "16777217", "12345678901234567890", "1e21", "true", "null", "-5"})}
		}
		for range 1 + g.IntN(4) {
			key := pick(g, []string{"Name", "NAME", "nAmespace", "Labels", "LABELS", "annotations", "Annotations"})
			value := odd()
			if strings.HasSuffix(strings.ToLower(key), "s") && !g.in(8) {
				value = mapping("app", odd(), "b", odd())
			}
			if !slices.Contains(meta.keys, key) {
				meta.keys, meta.values = append(meta.keys, key), append(meta.values, value)
			}
		}
		meta.values[0] = odd()
	}
	n := mapping("apiVersion", text(pick(g, []string{"networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"})),
		"kind", text("Gateway"), "metadata", meta, "spec", encode("Gateway"))
	if g.in(6) {
		n.keys, n.values = append(n.keys, "status"), append(n.values, encode("IstioStatus"))
	}
	if g.in(8) {
		swap := func(i, j int) {
			n.keys[i], n.keys[j] = n.keys[j], n.keys[i]
			n.values[i], n.values[j] = n.values[j], n.values[i]
		}
		g.Shuffle(len(n.keys), swap)
	}
	return n
}
