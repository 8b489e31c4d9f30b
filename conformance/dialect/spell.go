package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// respell writes a valid message as MarshalJSON would not, but every reader of the dialect must
// accept it.
func (g gen) respell(m protoreflect.Message) string {
	var b strings.Builder
	g.spellMessage(&b, m)
	return b.String()
}

func (g gen) spellMessage(b *strings.Builder, m protoreflect.Message) {
	switch m.Descriptor().FullName() {
	case timestamp:
		b.WriteString(g.spellInstant(m))
		return
	case "google.protobuf.BoolValue":
		fmt.Fprint(b, m.Get(m.Descriptor().Fields().ByNumber(1)).Bool())
		return
	}
	var pairs []string
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		var v strings.Builder
		if m.Has(fd) {
			g.spellField(&v, fd, m.Get(fd))
		} else if g.in(12) {
			v.WriteString("null")
		} else {
			continue
		}
		name := fd.JSONName()
		if g.in(4) {
			name = string(fd.Name())
		}
		pairs = append(pairs, g.pair(name, v.String()))
	}
	if g.in(6) {
		pairs = append(pairs, g.pair(g.unknownName(), pick(g, oddValues)))
	}
	if g.in(2) {
		g.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	}
	g.spellList(b, "{", pairs, "}")
}

func (g gen) unknownName() string {
	return pick(g, []string{"unknown", "", "x", "Servers", "HOSTS", "@type", "$schema", "[foo.bar]", "[a", "number ", "apiVersion", "__proto__"})
}

func (g gen) pair(name, value string) string {
	return g.quote(name) + g.blank() + ":" + g.blank() + value
}

func (g gen) spellList(b *strings.Builder, open string, items []string, end string) {
	b.WriteString(open + g.blank())
	for i, item := range items {
		if i > 0 {
			b.WriteString("," + g.blank())
		}
		b.WriteString(item + g.blank())
	}
	b.WriteString(end)
}

func (g gen) blank() string {
	if !g.in(8) {
		return ""
	}
	return pick(g, []string{" ", "\n", "\t", "\r\n", "  \n "})
}

func (g gen) spellField(b *strings.Builder, fd protoreflect.FieldDescriptor, v protoreflect.Value) {
	switch {
	case fd.IsMap():
		var pairs []string
		v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			pairs = append(pairs, g.canonical(k.String())+":"+g.canonical(v.String()))
			return true
		})
		// The output must not depend on Go's map order: a seed gives one text.
		slices.Sort(pairs)
		g.spellList(b, "{", pairs, "}")
	case fd.IsList():
		var items []string
		for i := range v.List().Len() {
			var item strings.Builder
			g.spellSingle(&item, fd, v.List().Get(i))
			items = append(items, item.String())
		}
		g.spellList(b, "[", items, "]")
	default:
		g.spellSingle(b, fd, v)
	}
}

func (g gen) spellSingle(b *strings.Builder, fd protoreflect.FieldDescriptor, v protoreflect.Value) {
	switch fd.Kind() {
	case protoreflect.MessageKind:
		g.spellMessage(b, v.Message())
	case protoreflect.StringKind:
		b.WriteString(g.quote(v.String()))
	case protoreflect.EnumKind:
		value := fd.Enum().Values().ByNumber(v.Enum())
		if value == nil || g.in(3) {
			fmt.Fprint(b, v.Enum())
		} else {
			b.WriteString(`"` + string(value.Name()) + `"`)
		}
	case protoreflect.BoolKind:
		fmt.Fprint(b, v.Bool())
	default:
		s := fmt.Sprint(v.Interface())
		switch g.IntN(4) {
		case 0:
			s = `"` + s + `"`
		case 1:
			s = `" ` + s + ` "`
		}
		b.WriteString(s)
	}
}

func (g gen) canonical(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// quote writes a string with unnecessary escapes.
func (g gen) quote(s string) string {
	if !g.in(4) {
		return g.canonical(s)
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '/' && g.in(2):
			b.WriteString(`\/`)
		case r < 0x20 || r == '"' || r == '\\' || g.in(3):
			for _, unit := range utf16.Encode([]rune{r}) {
				format := `\u%04x`
				if g.in(2) {
					format = `\u%04X`
				}
				fmt.Fprintf(&b, format, unit)
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// spellInstant writes a time in one of the forms that Go's reader accepts.
func (g gen) spellInstant(m protoreflect.Message) string {
	fields := m.Descriptor().Fields()
	t := time.Unix(m.Get(fields.ByName("seconds")).Int(), m.Get(fields.ByName("nanos")).Int()).UTC()
	zone := "Z"
	if g.in(3) {
		hours, minutes := g.IntN(25), g.IntN(61)
		offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
		sign := "+"
		if g.in(2) {
			sign, offset = "-", -offset
		}
		// The year must stay within its four digits.
		if moved := t.Add(offset); moved.Year() >= 0 && moved.Year() <= 9999 {
			t, zone = moved, fmt.Sprintf("%s%02d:%02d", sign, hours, minutes)
		}
	}
	hour := fmt.Sprintf("%02d", t.Hour())
	if g.in(4) {
		hour = strconv.Itoa(t.Hour())
	}
	fraction := fmt.Sprintf("%09d", t.Nanosecond())
	if g.in(2) {
		fraction = strings.TrimRight(fraction, "0")
	} else if g.in(3) {
		fraction += strconv.Itoa(g.IntN(1000))
	}
	if fraction != "" {
		fraction = pick(g, []string{".", ".", ","}) + fraction
	}
	return g.quote(fmt.Sprintf("%04d-%02d-%02dT%s:%02d:%02d%s%s",
		t.Year(), t.Month(), t.Day(), hour, t.Minute(), t.Second(), fraction, zone))
}
