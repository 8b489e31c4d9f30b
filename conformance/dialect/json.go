package main

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"istio-gateway/conformance/internal/upstream"
)

// oddValues are used for every field of any type.
var oddValues = []string{
	`null`, `true`, `false`, `[]`, `{}`, `""`, `"a"`, `0`, `-0`, `1`, `-1`, `5`, `443`,
	`443.0`, `44.5`, `4.43e2`, `1e2`, `1E2`, `1e+2`, `1e-2`, `0.0`, `-0.0`, `0e0`, `1e400`, `-1e400`, `1e-400`,
	`2147483647`, `2147483648`, `-2147483648`, `-2147483649`, `4294967295`, `4294967296`, `9007199254740993`,
	`9223372036854775807`, `9223372036854775808`, `-9223372036854775808`, `-9223372036854775809`, `18446744073709551616`,
	`123456789012345678901234567890`,
	`"443"`, `" 443 "`, `"443 "`, `"0443"`, `"+443"`, `"-443"`, `"00"`, `"-0"`, `"0"`, `"443.0"`, `"1e2"`, `"0x1bb"`, `"4\u0034"`, `"443\n"`, `"4294967296"`,
	`" "`, `"null"`, `" null "`, `"nul"`, `"true"`, `"false"`, `"[]"`, `"{}"`, `"\"5\""`, `"NaN"`, `"Infinity"`,
	`"\u0061\n\t\"\\\/\b\f\r"`, `"\u0000"`, `"\ud800"`, `"\udc00"`, `"\ud800\ud800"`, `"\ud83d\ude00"`, `"\ude00\ud83d"`, `"\ud800\u0061"`, `"\uD800\\u0061"`,
	`"é漢😀"`, "\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xc0\x80\"", "\"a\xffb\xfe\"", "\"\x7f\u2028\ufeff\"", `"<>&"`,
	`[null]`, `[[]]`, `[{}]`, `[""]`, `["a",null]`, `["a",1]`, `[1,2]`, `[true]`, `["a","a"]`, `[null,null]`, `[{},null]`, `[{"a":1},[]]`,
	`{"a":null}`, `{"a":"b"}`, `{"a":1}`, `{"a":{}}`, `{"a":[]}`, `{"":""}`, `{"a":"b","a":"c"}`, `{"a":1,"a":"c"}`, `{"a":"c","a":1}`, `{"value":true}`, `{"\ud800":"v"}`, "{\"\xff\":\"v\"}",
	`{"\u0061":"b","a":"c"}`, `{"seconds":1}`, `{"name":null,"name":"a"}`, `{"<&>":"\u2028"}`,
}

// badSyntax is rejected everywhere.
var badSyntax = []string{
	``, `nul`, `True`, `NaN`, `Infinity`, `-`, `+1`, `01`, `-01`, `1.`, `.5`, `1e`, `1e+`, `0x1`, `1_000`, `'a'`, `a`, `"a`, `"\x"`, `"\u12"`, `"\u12g4"`, "\"\n\"", "\"\t\"", "\"\x00\"",
	`[1,]`, `[,1]`, `[1 2]`, `[`, `]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{a:1}`, `{1:1}`, `{null:1}`, `{"a" 1}`, `{`, `}`, `/* c */ 1`, `1 // c`, `# c`, `1 1`, "\ufeff1", "\u00a01", "\x001", "1\x00",
}

var oddEnums = []string{`"SIMPL\u0045"`, `"simple"`, `"Simple"`, `" SIMPLE"`, `"SIMPLE "`, `"TLSmode_SIMPLE"`, `"ServerTLSSettings.SIMPLE"`, `"NOPE"`, `"1"`, `"0"`, `6`, `99`, `1.0`, `1e0`, `-0.0`, `-0e5`}

var oddInstants = func() []string {
	var out []string
	for _, s := range []string{
		"2020-01-02T03:04:05Z", "2020-01-02T03:04:05z", "2020-01-02t03:04:05Z", "2020-01-02 03:04:05Z", "2020-01-02_03:04:05Z", "2020-01-02T03:04:05", "2020-01-02", "2020-01-02T03:04Z", "03:04:05Z",
		" 2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z ", "2020-01-02T03:04:05 Z", "2020-01-02T03:04:05ZZ", "2020-01-02T03:04:05UTC", "2020-01-02T03:04:05Z+01:00",
		"2020-01-02T3:04:05Z", "2020-01-02T003:04:05Z", "2020-01-02T03:4:05Z", "2020-01-02T03:04:5Z", "2020-1-02T03:04:05Z", "2020-01-2T03:04:05Z", "20-01-02T03:04:05Z", "02020-01-02T03:04:05Z",
		"+2020-01-02T03:04:05Z", "-001-01-02T03:04:05Z", "2020-001T03:04:05Z", "20200102T030405Z", "2020-W01-1T03:04:05Z", "2020/01/02T03:04:05Z", "2020-01-02T03.04.05Z",
		"0000-01-01T00:00:00Z", "0000-00-00T00:00:00Z", "0000-02-29T00:00:00Z", "0001-01-01T00:00:00Z", "0099-12-31T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "10000-01-01T00:00:00Z",
		"2020-00-01T00:00:00Z", "2020-13-01T00:00:00Z", "2020-01-00T00:00:00Z", "2020-01-32T00:00:00Z", "2020-04-30T00:00:00Z", "2020-04-31T00:00:00Z", "2020-02-29T00:00:00Z", "2020-02-30T00:00:00Z", "2021-02-29T00:00:00Z",
		"1900-02-28T23:59:59Z", "1900-02-29T00:00:00Z", "2000-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
		"2020-01-02T24:00:00Z", "2020-01-02T23:59:59Z", "2020-01-02T23:60:00Z", "2020-01-02T23:59:60Z", "2016-12-31T23:59:60Z", "2020-01-02T25:00:00Z", "2020-01-02T99:99:99Z",
		"1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.5Z", "1970-01-01T00:00:00.000000001Z", "2038-01-19T03:14:08Z",
		"２０２０-01-02T03:04:05Z", "2020-01-02T03:04:05.٥Z", "2020-01-02T03:04:05Ｚ", "2020-01-02T03:04:05\u0000Z",
	} {
		out = append(out, `"`+strings.ReplaceAll(s, "\x00", `\u0000`)+`"`)
	}
	for _, zone := range []string{"+00:00", "-00:00", "+01:00", "-01:00", "+05:30", "+23:59", "+24:00", "-24:00", "+24:60", "-24:60", "+25:00", "+00:60", "+00:61", "+99:00",
		"+0100", "+01", "+1:00", "+01:0", "+01:00:00", " +01:00", "\u221201:00", "01:00", "++1:00", "+0a:00", "+00:0a", "+:0100", "z07:00", "Z07:00", "-"} {
		out = append(out, `"2020-01-02T03:04:05`+zone+`"`, `"0000-01-01T00:00:00`+zone+`"`, `"9999-12-31T23:59:59.999999999`+zone+`"`)
	}
	for _, digits := range []string{"", "0", "1", "5", "12", "123", "1234", "12345", "123456", "1234567", "12345678", "123456789", "1234567891", "9999999999", "12345678912345678901234567890",
		"000", "000000", "000000000", "0000000000", "0000000001", "000000001", "000001", "001", "100", "100000", "100000000", "999999999", "5,5", "5.5", "-5", "+5", " 5", "5 ", "5e1", "a", "0x1"} {
		out = append(out, `"2020-01-02T03:04:05.`+digits+`Z"`, `"2020-01-02T03:04:05,`+digits+`Z"`, `"1969-12-31T3:04:05.`+digits+`+01:00"`)
	}
	return append(out, `"2020-01-02T03:04:05\u005a"`, `"\u0032020-01-02T03:04:05Z"`, `"2020-01-02T03:04:05\n"`, `"2020-01-02T03:04:05Z\ud800"`, `1577934245`, `{"seconds":"1","nanos":5}`, `"1577934245"`, `"now"`)
}()

// goods are accepted values of the field with different results.
func goods(fd protoreflect.FieldDescriptor) [2]string {
	single := [2]string{}
	switch fd.Kind() {
	case protoreflect.BoolKind:
		single = [2]string{`true`, `false`}
	case protoreflect.StringKind:
		single = [2]string{`"a"`, `"b"`}
	case protoreflect.EnumKind:
		values := fd.Enum().Values()
		single = [2]string{`"` + string(values.Get(1).Name()) + `"`, strconv.Itoa(int(values.Get(values.Len() - 1).Number()))}
	case protoreflect.MessageKind:
		switch fd.Message().FullName() {
		case timestamp:
			single = [2]string{`"2020-01-02T03:04:05.5Z"`, `"1970-01-01T00:00:00Z"`}
		case "google.protobuf.BoolValue":
			single = [2]string{`true`, `false`}
		default:
			single[0] = `{}`
			if fields := fd.Message().Fields(); fields.Len() > 0 && !fd.IsMap() {
				inner := fields.Get(fields.Len() - 1)
				single[1] = `{"` + inner.JSONName() + `":` + goods(inner)[0] + `}`
			} else {
				single[1] = `{"x":"y"}`
			}
		}
	default:
		single = [2]string{`443`, `"8443"`}
	}
	if fd.IsList() {
		return [2]string{"[" + single[0] + "]", "[" + single[1] + "," + single[0] + "]"}
	}
	return single
}

// fitting are the odd values that belong to the kind of the field.
func fitting(fd protoreflect.FieldDescriptor) []string {
	if e := fd.Enum(); e != nil {
		out := slices.Clone(oddEnums)
		for i := range e.Values().Len() {
			v := e.Values().Get(i)
			out = append(out, `"`+string(v.Name())+`"`, strconv.Itoa(int(v.Number())), `"`+strings.ToLower(string(v.Name()))+`"`, `"`+strconv.Itoa(int(v.Number()))+`"`)
		}
		return out
	}
	if fd.Message() != nil && fd.Message().FullName() == timestamp {
		return oddInstants
	}
	return nil
}

// directedJSON is every field of every type in every odd situation.
func directedJSON() []input {
	var out []input
	add := func(t upstream.Type, class, text string) {
		out = append(out, input{class, t.Name, []byte(text)})
	}
	for _, t := range upstream.Types {
		fields := t.Descriptor().Fields()
		for i := range fields.Len() {
			fd := fields.Get(i)
			camel, snake := fd.JSONName(), string(fd.Name())
			good := goods(fd)
			set := func(class string, values ...string) {
				var pairs []string
				for j := 0; j < len(values); j += 2 {
					pairs = append(pairs, `"`+values[j]+`":`+values[j+1])
				}
				add(t, class, "{"+strings.Join(pairs, ",")+"}")
			}

			for _, v := range slices.Concat(oddValues, fitting(fd)) {
				set("field", camel, v)
				switch {
				case fd.IsMap():
					set("map-value", camel, `{"k":`+v+`}`)
					set("map-value", camel, `{"k":`+v+`,"k":"w"}`)
					if strings.HasPrefix(v, `"`) {
						set("map-key", camel, `{`+v+`:"v"}`)
					}
				case fd.IsList():
					set("element", camel, `[`+v+`]`)
					set("element", camel, strings.Replace(good[0], "]", ","+v+"]", 1))
				}
				if fd.Message() != nil && !fd.IsMap() {
					set("inside", camel, `{"unknown":`+v+`}`)
				}
			}
			for _, v := range badSyntax {
				set("syntax", camel, v)
				set("syntax", camel, `[`+v+`]`)
			}

			names := []string{camel, snake}
			odd := []string{`null`, `1.5`, `{"a":[]}`, `"\ud800"`, `[]`, `""`}
			for _, first := range names {
				for _, second := range names {
					set("dup", first, good[0], second, good[1])
					for _, v := range odd {
						set("dup", first, good[0], second, v)
						set("dup", first, v, second, good[0])
						set("dup", first, v, second, `null`)
						set("dup", first, v, second, good[0], first, good[1])
					}
				}
			}
			escaped := `\u00` + strconv.FormatInt(int64(camel[0]), 16) + camel[1:]
			set("dup", escaped, good[0], camel, `null`)
			set("dup", camel, `[1,`, escaped, good[0])
			for _, name := range []string{
				snake, escaped, strings.ToUpper(camel), strings.ToUpper(snake), strings.ToUpper(camel[:1]) + camel[1:], strings.ToLower(camel), strings.ReplaceAll(snake, "_", "-"),
				" " + camel, camel + " ", camel + `\u0000`, camel + `\ud800`, camel + "\xff", "_" + camel, camel + "_", "[" + camel + "]", "[" + string(fd.FullName()) + "]", string(fd.FullName()),
				strconv.Itoa(int(fd.Number())),
			} {
				set("name", name, good[0])
				set("name", name, `1.5`, camel, good[0])
			}
		}

		for _, v := range slices.Concat(oddValues, badSyntax) {
			add(t, "whole", v)
			add(t, "whole", " "+v+"\n")
			add(t, "unknown", `{"x":`+v+`}`)
			add(t, "unknown", `{"[foo.bar]":`+v+`}`)
		}
		for _, name := range []string{"", " ", "[]", "[", "]", "[a", "[foo.bar]", "[google.api.field_behavior]", "[google.api.nope]", "[google.protobuf.BoolValue]", `[google.api.field\u005fbehavior]`, "[ google.api.field_behavior]", "@type", "null", `\u0000`, `\ud800`, "\xff"} {
			for _, v := range []string{`null`, `1`, `"a"`, `[1]`, `{}`, `01`} {
				add(t, "unknown-name", `{"`+name+`":`+v+`}`)
			}
		}
		for _, doc := range []string{"\ufeff{}", "{}\ufeff", "{} {}", "{}{}", "{},", "{}]", "{}\x00", "\x00{}", "{}\n\n", "\u00a0{}", "{}\u2028", "\v{}", "\f{}", "// c\n{}", "{}// c", "/**/{}", "{}#", `{"a":1,}`, "{'a':1}", "[", "{", `{"a":[}`, `{"a":{]}`, "\xff{}", "{}\xff", "\xff\xfe{\x00}\x00", ""} {
			add(t, "document", doc)
		}
		for _, depth := range []int{1, 10, 127, 128, 129, 500, 900} {
			add(t, "depth", `{"x":`+strings.Repeat("[", depth)+strings.Repeat("]", depth)+`}`)
			add(t, "depth", `{"x":`+strings.Repeat("[", depth)+`}`)
			add(t, "depth", strings.Repeat(`{"x":`, depth/5+1)+"1"+strings.Repeat("}", depth/5+1))
		}
	}
	return out
}

// wrap puts the JSON of one type into a message that has a field of this type, to test the same at
// a deeper level.
func (g gen) wrap(in input) input {
	for _, t := range upstream.Types {
		fields := t.Descriptor().Fields()
		for i := range fields.Len() {
			fd := fields.Get(i)
			inner, _ := upstream.Find(in.typ)
			if fd.IsMap() || fd.Message() == nil || fd.Message() != inner.Descriptor() {
				continue
			}
			name := fd.JSONName()
			if g.in(4) {
				name = string(fd.Name())
			}
			open, end := "", ""
			if fd.IsList() {
				open, end = "[", "]"
				if g.in(3) {
					open = "[{},"
				}
				if g.in(3) {
					end = ",null]"
				}
			}
			text := `{"` + name + `":` + open + string(in.data) + end + `}`
			return input{in.class, t.Name, []byte(text)}
		}
	}
	return in
}

func (g gen) validJSON() input {
	t := g.anyType()
	m := g.valueUpTo(t, 500)
	if g.in(3) {
		text, err := m.MarshalJSON()
		if err != nil {
			panic(err) // a valid message always has JSON
		}
		return input{"valid", t.Name, text}
	}
	return input{"valid-respelled", t.Name, []byte(g.respell(m.ProtoReflect()))}
}

var jsonTokens = slices.Concat(oddValues, badSyntax, []string{
	`{`, `}`, `[`, `]`, `,`, `:`, `"`, `\`, `\u`, `\ud800`, `\ud83d\ude00`, "\n", " ", `"servers":`, `"hosts":`, `"port":`, `"tls":`, `"mode":`, `"name":`, `"observedGeneration":`, `"lastProbeTime":`, `,"x":1`, `-`, `.`, `e`, `0`, "\xff", "\x00", "\ufeff",
})

func (g gen) randomJSON() input {
	in := g.validJSON()
	return input{"random", in.typ, g.mutate(in.data, jsonTokens)}
}

// mutate damages a text: bytes, tokens, pieces.
func (g gen) mutate(data []byte, tokens []string) []byte {
	data = slices.Clone(data)
	for range 1 + g.IntN(4) {
		at := func() int { return g.IntN(len(data) + 1) }
		i, j := at(), at()
		if i > j {
			i, j = j, i
		}
		// A short piece keeps more of the document alive than a long one.
		if g.in(2) {
			j = min(j, i+1+g.IntN(8))
		}
		switch g.IntN(8) {
		case 0:
			data = slices.Delete(data, i, min(j, i+1+g.IntN(3)))
		case 1:
			data = slices.Insert(data, i, byte(g.IntN(256)))
		case 2:
			if len(data) > 0 {
				data[g.IntN(len(data))] = byte(0x20 + g.IntN(0x60))
			}
		case 3:
			data = slices.Insert(data, i, []byte(pick(g, tokens))...)
		case 4:
			data = slices.Replace(data, i, min(j, i+6), []byte(pick(g, tokens))...)
		case 5:
			data = slices.Insert(data, at(), slices.Clone(data[i:j])...)
		case 6:
			if len(data) > 1 {
				k := g.IntN(len(data) - 1)
				data[k], data[k+1] = data[k+1], data[k]
			}
		case 7:
			if g.in(3) {
				data = data[:j]
			} else {
				data = slices.Delete(data, i, j)
			}
		}
	}
	return data
}

// extras are fields with odd values for an object that is valid otherwise.
func (g gen) extraJSON(directed []input) input {
	in := pick(g, directed)
	t, _ := upstream.Find(in.typ)
	text := string(in.data)
	if !strings.HasPrefix(text, "{") || len(text) < 3 {
		return in
	}
	other := g.respell(g.valueUpTo(t, 300).ProtoReflect())
	if inside := strings.TrimSpace(other[1 : len(other)-1]); inside != "" {
		if g.in(2) {
			text = "{" + inside + "," + text[1:]
		} else if end := strings.LastIndexByte(text, '}'); end > 0 {
			text = text[:end] + "," + inside + text[end:]
		}
	}
	return input{in.class, in.typ, []byte(text)}
}
