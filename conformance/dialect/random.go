package main

import (
	"math"
	"math/rand/v2"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"istio-gateway/conformance/internal/upstream"
)

const timestamp = protoreflect.FullName("google.protobuf.Timestamp")

// gen is a seeded source of cases.
type gen struct{ *rand.Rand }

func newGen(seed uint64) gen { return gen{rand.New(rand.NewPCG(seed, 0x15710))} }

// in is true with a probability of 1/n.
func (g gen) in(n int) bool { return g.IntN(n) == 0 }

func pick[T any](g gen, from []T) T { return from[g.IntN(len(from))] }

func (g gen) anyType() upstream.Type { return pick(g, upstream.Types) }

var plainTexts = []string{
	"a", "app", "istio", "ingressgateway", "*", "*.example.com", "ns/host.example.com", "./*", "HTTPS", "TLS", "https-443",
	"/etc/certs/tls.crt", "my-credential", "ECDHE-ECDSA-AES128-GCM-SHA256", "spiffe://cluster.local/ns/a/sa/b", "0.0.0.0",
	"::1", "unix:///tmp/s", "P-256", "IST0101", "True", "https://istio.io/latest/docs/",
}

// oddTexts are strings that escaping, number parsing or YAML could get wrong.
var oddTexts = []string{
	"", " ", " a ", "null", "true", "no", "y", "~", "443", "0x1bb", "1e3", ".5", "-", "- a", "a: b", "a #b", "#a", "[", "{}", "&a", "*a",
	"!a", "%a", "@a", "`a`", "'", "''", `"`, `\`, `\n`, `a"b`, "a/b", "<a>&b", "\u2028\u2029", "\u0085", "\x7f", "\x00", "\x1f", "\n", "a\nb\n",
	"a\n\nb", "\t", "a\r\nb", "\r", "é", "漢字", "😀", "\U0010ffff", "\ufeff", "\ufffd", "\ufffe", "e\u0301", "__proto__", "$ref", "2020-01-02",
	"1:20", "0o17", "1_000", "<<", "=", "?", "? a", ": b", "|", ">", "---", "...",
}

func (g gen) text() string {
	switch g.IntN(10) {
	case 0, 1, 2, 3, 4:
		return pick(g, plainTexts)
	case 5, 6:
		return pick(g, oddTexts)
	case 7:
		return pick(g, plainTexts) + pick(g, oddTexts)
	default:
		var b strings.Builder
		for range g.IntN(12) {
			b.WriteRune(g.char())
		}
		return b.String()
	}
}

func (g gen) char() rune {
	switch g.IntN(8) {
	case 0:
		return rune(g.IntN(0x20))
	case 1:
		return rune(0x80 + g.IntN(0x780))
	case 2:
		return rune(0xe000 + g.IntN(0x2000))
	case 3:
		return rune(0x10000 + g.IntN(0x100000))
	default:
		return rune(0x20 + g.IntN(0x60))
	}
}

var corners = []int64{0, 1, 2, 80, 127, 128, 443, 1<<16 - 1, 1 << 16, math.MaxInt32, 1 << 31, math.MaxUint32, 1 << 32, 1 << 53, math.MaxInt64, math.MinInt64}

func (g gen) number() int64 {
	switch g.IntN(4) {
	case 0:
		return int64(g.Uint64()) >> g.IntN(64)
	case 1:
		return -pick(g, corners)
	default:
		return pick(g, corners)
	}
}

// message sets random fields of m.
func (g gen) message(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	often := 1 + g.IntN(4)
	for i := range fields.Len() {
		fd := fields.Get(i)
		if !g.in(often) {
			continue
		}
		switch {
		case fd.IsMap():
			entries := m.Mutable(fd).Map()
			for range g.IntN(4) {
				entries.Set(g.scalar(fd.MapKey()).MapKey(), g.scalar(fd.MapValue()))
			}
		case fd.IsList():
			list := m.Mutable(fd).List()
			for range 1 + g.IntN(max(1, 3-depth)) {
				if fd.Message() != nil {
					g.message(list.AppendMutable().Message(), depth+1)
				} else {
					list.Append(g.scalar(fd))
				}
			}
		case fd.Message() != nil:
			g.message(m.Mutable(fd).Message(), depth+1)
		default:
			m.Set(fd, g.scalar(fd))
		}
	}
	if m.Descriptor().FullName() == timestamp {
		g.instant(m)
	}
}

// instant returns a time that JSON can represent, years 0000 to 9999.
func (g gen) instant(m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	const first, last = -62167219200, 253402300799
	seconds := first + g.Int64N(last-first+1)
	if g.in(3) {
		seconds = pick(g, []int64{0, -1, 1, first, last, 1577934245, 951782400})
	}
	nanos := int32(g.IntN(1_000_000_000))
	if g.in(2) {
		nanos = pick(g, []int32{0, 1, 999_999_999, 500_000_000, 120_000_000, 1_000_000, 1_000, 123_456_000})
	}
	m.Set(fields.ByName("seconds"), protoreflect.ValueOfInt64(seconds))
	m.Set(fields.ByName("nanos"), protoreflect.ValueOfInt32(nanos))
}

func (g gen) scalar(fd protoreflect.FieldDescriptor) protoreflect.Value {
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(g.in(2))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(g.text())
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(uint32(g.number()))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(g.number()))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(g.number())
	case protoreflect.EnumKind:
		if g.in(8) {
			return protoreflect.ValueOfEnum(protoreflect.EnumNumber(g.number()))
		}
		values := fd.Enum().Values()
		return protoreflect.ValueOfEnum(values.Get(g.IntN(values.Len())).Number())
	}
	panic("no generator for kind " + fd.Kind().String())
}

// value is a random message of the type.
func (g gen) value(t upstream.Type) upstream.Message {
	m := t.New()
	g.message(m.ProtoReflect(), 0)
	return m
}

// valueUpTo keeps cases readable: it limits the encoded size of a message.
func (g gen) valueUpTo(t upstream.Type, limit int) upstream.Message {
	for {
		if m := g.value(t); proto.Size(m) <= limit {
			return m
		}
	}
}
