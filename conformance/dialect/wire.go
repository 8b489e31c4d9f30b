package main

import (
	"bytes"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"istio-gateway/conformance/internal/upstream"
)

func (g gen) wireBytes(m proto.Message) []byte {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		panic(err) // the generator makes valid texts only
	}
	return b
}

func (g gen) validWire() input {
	t := g.anyType()
	data := g.wireBytes(g.valueUpTo(t, 400))
	switch g.IntN(4) {
	case 0:
		return input{"valid-shuffled", t.Name, g.shuffleFields(data)}
	case 1:
		// Two messages one after the other are one message, merged.
		return input{"valid-merged", t.Name, append(data, g.wireBytes(g.valueUpTo(t, 300))...)}
	case 2:
		return input{"valid-unknown", t.Name, g.insertField(data, g.unknownField())}
	}
	return input{"valid", t.Name, data}
}

// splitFields splits an encoded message into its fields.
func splitFields(data []byte) [][]byte {
	var out [][]byte
	for len(data) > 0 {
		_, _, n := protowire.ConsumeField(data)
		if n < 0 {
			return append(out, data)
		}
		out, data = append(out, data[:n:n]), data[n:]
	}
	return out
}

func (g gen) shuffleFields(data []byte) []byte {
	fields := splitFields(data)
	g.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return bytes.Join(fields, nil)
}

func (g gen) insertField(data, field []byte) []byte {
	fields := splitFields(data)
	return bytes.Join(slices.Insert(fields, g.IntN(len(fields)+1), field), nil)
}

func tag(n protowire.Number, t protowire.Type) []byte {
	// AppendTag would reject the numbers and types that are tested here.
	return protowire.AppendVarint(nil, uint64(n)<<3|uint64(t))
}

func field(n protowire.Number, payload []byte) []byte {
	return append(tag(n, protowire.BytesType), protowire.AppendBytes(nil, payload)...)
}

func varint(n protowire.Number, v uint64) []byte {
	return append(tag(n, protowire.VarintType), protowire.AppendVarint(nil, v)...)
}

func (g gen) unknownField() []byte {
	n := pick(g, []protowire.Number{19, 100, 1000, 19000, 20000, 1<<29 - 1})
	switch g.IntN(6) {
	case 0:
		return append(tag(n, protowire.Fixed32Type), 1, 2, 3, 4)
	case 1:
		return append(tag(n, protowire.Fixed64Type), 1, 2, 3, 4, 5, 6, 7, 8)
	case 2:
		return field(n, []byte(g.text()))
	case 3:
		return slices.Concat(tag(n, protowire.StartGroupType), g.unknownField(), tag(n, protowire.EndGroupType))
	}
	return varint(n, uint64(g.number()))
}

// overlong encodes a number with more bytes than it needs.
func overlong(v uint64, size int) []byte {
	out := make([]byte, size)
	for i := range out {
		out[i] = byte(v&0x7f) | 0x80
		v >>= 7
	}
	out[size-1] &= 0x7f
	return out
}

var varints = func() [][]byte {
	var out [][]byte
	for _, v := range []uint64{0, 1, 2, 5, 6, 127, 128, 443, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 + 443, 1<<53 + 1, 1<<63 - 1, 1 << 63, math.MaxUint64, math.MaxUint64 - 1, 999_999_999, 1_000_000_000} {
		out = append(out, protowire.AppendVarint(nil, v))
	}
	for size := 2; size <= 11; size++ {
		out = append(out, overlong(0, size), overlong(1, size), overlong(443, size))
	}
	for last := range byte(4) {
		// The tenth byte holds one bit only.
		out = append(out, append(bytes.Repeat([]byte{0xff}, 9), last))
	}
	return append(out, nil, []byte{0x80}, bytes.Repeat([]byte{0x80}, 9), bytes.Repeat([]byte{0xff}, 10), bytes.Repeat([]byte{0xff}, 20))
}()

var payloads = [][]byte{
	nil, []byte("a"), []byte("ab"), []byte("é漢😀"), {0}, {0xff}, {0xc3}, {0xed, 0xa0, 0x80}, {0xf4, 0x90, 0x80, 0x80}, {0xc0, 0x80}, []byte("a\xffb"), {0xef, 0xbf, 0xbd},
	{0x08, 0x00}, {0x08, 0x01}, {0x08, 0x02}, {0x08, 0x80, 0x01}, {0x08}, {0x0a}, {0x0a, 0x00}, {0x0a, 0x01, 'a'}, {0x0a, 0x05, 'a'}, {0x12, 0x00}, {0x12, 0x01, 'v'}, {0x0a, 0x01, 'k', 0x12, 0x01, 'v'},
	{0x12, 0x01, 'v', 0x0a, 0x01, 'k'}, {0x0a, 0x01, 'k', 0x0a, 0x01, 'l', 0x12, 0x01, 'v'}, {0x0a, 0x01, 'k', 0x12, 0x01, 'v', 0x12, 0x00}, {0x0a, 0x01, 'k', 0x1a, 0x01, 'x'}, {0x0a, 0x01, 'k', 0x18, 0x07},
	{0x08, 0x01, 0x12, 0x01, 'v'}, {0x0a, 0x01, 'k', 0x10, 0x01}, {0x0a, 0x01, 0xff, 0x12, 0x01, 'v'}, {0x0a, 0x01, 'k', 0x12, 0x01, 0xff}, {0x0a, 0x01, 'k', 0x0b, 0x0c}, {0x0b, 0x0c}, {0x0b}, {0x0c}, {0x00}, {0x07},
	{0x10, 0x01}, {0x10, 0x80, 0x94, 0xeb, 0xdc, 0x03}, {0x10, 0xff, 0x93, 0xeb, 0xdc, 0x03}, {0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
	{0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, {0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0xa2, 0x06, 0x01, 'u'}, {0xa0, 0x06, 0x01, 0xa2, 0x06, 0x00},
}

// directedWire is every field number with every wire type and odd payload.
func directedWire() []input {
	var out []input
	for _, t := range upstream.Types {
		add := func(class string, parts ...[]byte) {
			out = append(out, input{class, t.Name, slices.Concat(parts...)})
		}
		numbers := []protowire.Number{0, 15, 19, 100, 19000, 1<<29 - 1, 1 << 29}
		fields := t.Descriptor().Fields()
		for i := range fields.Len() {
			numbers = append(numbers, fields.Get(i).Number())
		}
		for _, n := range numbers {
			fd := fields.ByNumber(n)
			class := "field"
			if fd == nil {
				class = "unknown"
			} else if fd.IsMap() {
				class = "map"
			}
			for _, v := range varints {
				add(class+"-varint", tag(n, protowire.VarintType), v)
				add(class+"-varint-twice", varint(n, 1), tag(n, protowire.VarintType), v)
				// Packed or not, a list of numbers is not a list of strings.
				add(class+"-length", tag(n, protowire.BytesType), v)
				add(class+"-length", tag(n, protowire.BytesType), v, []byte("abc"))
			}
			for _, p := range payloads {
				add(class+"-bytes", field(n, p))
				add(class+"-bytes-twice", field(n, []byte("a")), field(n, p))
				add(class+"-bytes-twice", field(n, p), field(n, nil))
				add(class+"-group", tag(n, protowire.StartGroupType), p, tag(n, protowire.EndGroupType))
			}
			for size := range 9 {
				raw := bytes.Repeat([]byte{1}, size)
				add(class+"-fixed32", tag(n, protowire.Fixed32Type), raw)
				add(class+"-fixed64", tag(n, protowire.Fixed64Type), raw)
			}
			for _, wt := range []protowire.Type{protowire.StartGroupType, protowire.EndGroupType, 6, 7} {
				add(class+"-type", tag(n, wt))
				add(class+"-type", tag(n, wt), []byte{0})
				add(class+"-type", varint(100, 1), tag(n, wt), tag(n, protowire.EndGroupType))
			}
			add(class+"-group", tag(n, protowire.StartGroupType), tag(n+1, protowire.EndGroupType))
			for size := 2; size <= 11; size++ {
				add(class+"-tag", overlong(uint64(n)<<3|2, size), []byte{0})
			}
			for _, depth := range []int{2, 50, 98, 99, 100, 101, 102, 150, 200} {
				nest := slices.Concat(bytes.Repeat(tag(n, protowire.StartGroupType), depth), bytes.Repeat(tag(n, protowire.EndGroupType), depth))
				add(class+"-depth", nest)
				add(class+"-depth", nest[:len(nest)-1])
			}
		}
		add("tag", []byte{0x80, 0x80, 0x80, 0x80, 0x10, 0})
		add("tag", []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0})
		add("tag", []byte{0xff})
		add("empty")
	}
	return out
}

// wrapWire puts an encoded message where another one holds such a message.
func (g gen) wrapWire(in input) input {
	inner, _ := upstream.Find(in.typ)
	for _, t := range upstream.Types {
		fields := t.Descriptor().Fields()
		for i := range fields.Len() {
			fd := fields.Get(i)
			if fd.IsMap() || fd.Message() == nil || fd.Message() != inner.Descriptor() {
				continue
			}
			data := field(fd.Number(), in.data)
			if g.in(2) {
				data = append(data, field(fd.Number(), g.wireBytes(g.valueUpTo(inner, 100)))...)
			}
			return input{in.class, t.Name, data}
		}
	}
	return in
}

func (g gen) randomWire() input {
	in := g.validWire()
	data := in.data
	for range 1 + g.IntN(3) {
		switch g.IntN(9) {
		case 0:
			data = data[:g.IntN(len(data)+1)]
		case 1, 2:
			if len(data) > 0 {
				data = slices.Clone(data)
				data[g.IntN(len(data))] ^= 1 << g.IntN(8)
			}
		case 3:
			if len(data) > 0 {
				data = slices.Clone(data)
				data[g.IntN(len(data))] = byte(g.Uint32())
			}
		case 4:
			i := g.IntN(len(data) + 1)
			data = slices.Insert(slices.Clone(data), i, byte(g.Uint32()))
		case 5:
			i := g.IntN(len(data) + 1)
			data = slices.Delete(slices.Clone(data), i, min(len(data), i+1+g.IntN(3)))
		case 6:
			data = g.insertField(data, g.oddField(in.typ))
		case 7:
			data = append(slices.Clone(data), pick(g, varints)...)
		case 8:
			fields := splitFields(data)
			if len(fields) > 0 {
				data = slices.Concat(data, pick(g, fields))
			}
		}
	}
	return input{"random", in.typ, data}
}

// oddField is a known field with a wire type or payload of chance.
func (g gen) oddField(typ string) []byte {
	t, _ := upstream.Find(typ)
	var known []protoreflect.FieldDescriptor
	fields := t.Descriptor().Fields()
	for i := range fields.Len() {
		known = append(known, fields.Get(i))
	}
	n := pick(g, known).Number()
	switch g.IntN(4) {
	case 0:
		return slices.Concat(tag(n, protowire.VarintType), pick(g, varints))
	case 1:
		return slices.Concat(tag(n, protowire.Type(g.IntN(8))), pick(g, payloads))
	}
	return field(n, pick(g, payloads))
}
