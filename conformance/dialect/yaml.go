package main

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"istio-gateway/conformance/internal/upstream"
)

// scalars are put at every field. A line break inside one is followed by the
// field's own indentation.
var scalars = []string{
	// nothing, in its spellings
	"", "~", "null", "Null", "NULL", "nULL", "!!null ''", "!!null x", "# c", "'~'", `""`, "''",
	// bools
	"true", "True", "TRUE", "tRue", "false", "False", "FALSE", "yes", "Yes", "YES", "yEs", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "y", "Y", "n", "N", "t", "f", "'yes'", `"true"`,
	"!!bool yes", "!!bool 'no'", "!!bool 1", "!!bool x", "!!str yes", "! yes", "!!str", "!!str ~",
	// integers
	"0", "-0", "+0", "00", "1", "-1", "+1", "443", "+443", "-443", "0443", "0673", "0o673", "-0o673", "0O673", "0x1bb", "0X1BB", "-0x1bb", "+0x1bb", "0x", "0b110111011", "-0b11", "0b2", "0x1g", "0o8", "08", "089", "1_000", "_1", "1_", "1__0", "0x1_bb", "0_7", "1,000",
	"2147483647", "2147483648", "4294967295", "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "0xffffffffffffffff", "0x10000000000000000", "123456789012345678901234567890",
	"!!int 443", "!!int '443'", "!!int 0x1bb", "!!int 443.0", "!!int x", "!!str 443", "'443'", `"443"`, "' 443 '", "443 ", "443 # c", "443#c", "443 x", "443:", "443: 1", "443-", "443.",
	// floats
	"443.0", "443.5", "4.43e2", "4.43E+2", "4430e-1", "1e3", "1e+3", "1E3", "1e-3", "1e", "e1", ".5", "-.5", "+.5", "5.", ".", "..", "...", "0.0", "-0.0", "1e400", "-1e400", "1e-400", "1e21", "1e20", "1e6", "123456789.0", "16777217.0", "0.1", "3.14159265358979", "1_0.5", "1e1_0", "0x1p3", "0x1.8p1",
	".inf", ".Inf", ".INF", "-.inf", "+.inf", ".iNf", "inf", "Infinity", ".nan", ".NaN", ".NAN", "nan", "!!float 443", "!!float '1'", "!!float x", "!!float .inf", "!!str 1e3", "!!str .nan",
	// sexagesimal and dates
	"1:20", "1:20:30", "190:20:30", "-1:20", "1:60", "01:02", "1:2.5", "22:22",
	"2020-01-02", "2020-1-2", "2020-13-01", "2020-01-02T03:04:05Z", "2020-01-02t03:04:05z", "2020-01-02 03:04:05", "2020-01-02 03:04:05 +1", "2020-01-02T03:04:05.5+01:00", "2020-01-02T3:04:05Z", "'2020-01-02T03:04:05Z'", "!!timestamp 2020-01-02", "!!timestamp '2020-01-02T03:04:05Z'", "!!timestamp x", "!!str 2020-01-02",
	// texts
	"a", "'a'", `"a"`, "a b", "a  b", "a:b", "a: b", "a #b", "a#b", "a,b", "[a", "a]", "{a", "a}", "'a", `"a`, "a'", "it's", "'it''s'", `"\x41\u00e9\U0001F600"`, `"\ud83d\ude00"`, `"\ud800"`, `"\/\e\_\N\L\P\a\b\v\0"`, `"\q"`, `"\x4"`, `"a\`, "é漢😀", "\u0085", "a\u2028b", "\u00a0", "\ufeff", "a\tb", "\ta", "\x00", "\x07", "\x7f", "\u0080", "<a>&b", `"<a>&b"`, "'\t'",
	"- a", "-", "-a", "- ", "? a", "?", "?a", ": a", ":", ":a", "*", "*a", "* a", "&a", "&a b", "&a", "!a", "!", "!!", "!<tag:yaml.org,2002:str> 1", "!local 1", "!e!x 1", "%a", "@a", "`a`", "|a", ">a", "<<", "=", "*.example.com", "'*.example.com'", "$VAR", "${VAR}", "{{ .Values.x }}", "'{{ x }}'",
	"SIMPLE", "simple", "'SIMPLE'", "!!str SIMPLE", "TLSV1_2", "HTTPS",
	"!!binary YQ==", "!!binary '/w=='", "!!binary x", "!!binary ''",
	// blocks and lines
	"|\n  a\n  b", "|-\n  a", "|+\n  a\n", ">\n  a\n  b\n\n  c", ">-\n  a\n   b\n  c", "|2\n   a", "|1\n  a", "|9\n a", "|0\n a", "|-2\n   a", "|\n", "|", ">", "|\n a\n  b", "|\n  443", "| # c\n  a", "|x\n  a", "|\n  # a", "|\n\t a", "a\n  b", "a\n b\n\n c", "'a\n  b'", "\"a\n  b\"", "\"a\\\n   b\"", "\"a\n\n\n  b  \n  c\"", "'a\n\n  b'", "a # c\n  b", "a\n# c\n  b",
	// collections
	"[]", "{}", "[a]", "[a, b]", "[a,b,]", "[,]", "[a,,b]", "[1, yes, ~]", "[[]]", "[a: b]", "[a b]", "[a", "[]]", "{a: b}", "{a}", "{a, b}", "{a: }", "{a:b}", "{'a':b}", `{"a":1}`, "{a: b,}", "{a: b, a: c}", "{a: 1, a: c}", "{? a : b}", "{: b}", "{[a]: b}", "{{a: b}: c}", "{a: b", "{}}", "{1: 2}", "{1.5: v}", "{yes: v}", "{~: v}", "{<<: {a: b}}", "{<<: [{a: b}, {a: c}]}", "{<<: a}", "{<<: ~}", "!!map {a: b}", "!!map [a]", "!!seq [a]", "!!seq {}", "!!set {a}", "!!omap [a: b]", "[a, # c\n  b]", "{value: true}",
	"\n  a", "\n  - a", "\n- a", "\n  a: b", "\n  a: b\n  a: c", "\n  - a: b\n    c: d\n  - ~", "\n  - - a", "\n\ta: b", "\n  ? a\n  : b", "\n  - a\n - b", "\n  a: b\n   c: d", "&x\n  a: b", "!!str\n  a", "&x !!str a", "!!str &x a", "&x &y a",
}

// oddKeys are keys of a mapping, with a value of "v".
var oddKeys = []string{
	"a", "'a'", `"a"`, "1", "01", "0x1", "0o7", "1_0", "+1", "-0", "1.0", "1.5", "-1.5", "1e3", "1e21", "1e-7", "123456.789", "16777217.0", "0.1", ".inf", "-.inf", ".nan", "true", "True", "yes", "y", "no", "n", "on", "off", "~", "null", "Null", "", "''", "2020-01-02", "2020-01-02T03:04:05Z", "1:20", "18446744073709551615", "18446744073709551616", "9223372036854775808", "-9223372036854775808", "0xffffffffffffffff",
	"!!str 1", "!!int '1'", "!!bool yes", "!!float 1", "!!null x", "!!binary YQ==", "!!timestamp 2020-01-02", "! a", "!x a", "&k a", "*k", "<<", "'<<'", "=", "? a\n  ", "? |\n    a\n  ", "? [a]\n  ", "? {a: b}\n  ", "[a]", "{a: b}", "[]", "{}", "a b", "a:b", "a#b", "- a", "? a", "-", "?", ":", "*", "é", "😀", `"\ud800"`, `"\u0000"`, `"<&>"`, "\ta", "a\t", "a ", " a", "servers", "SIMPLE",
}

// fieldPaths are all ways from a message to the fields below it.
func fieldPaths(md protoreflect.MessageDescriptor) [][]protoreflect.FieldDescriptor {
	var out [][]protoreflect.FieldDescriptor
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		out = append(out, []protoreflect.FieldDescriptor{fd})
		if fd.IsMap() || fd.Message() == nil || strings.HasPrefix(string(fd.Message().FullName()), "google.protobuf.") {
			continue
		}
		for _, rest := range fieldPaths(fd.Message()) {
			out = append(out, append([]protoreflect.FieldDescriptor{fd}, rest...))
		}
	}
	return out
}

func head(root string) string {
	return "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata:\n  name: g\n" + root + ":\n"
}

// place writes a manifest with only one field. A line break in value gets the field's indentation.
func place(root string, path []protoreflect.FieldDescriptor, key, value string) string {
	var b strings.Builder
	b.WriteString(head(root))
	pad, dash := "  ", ""
	for _, fd := range path[:len(path)-1] {
		line := pad
		if dash != "" {
			line = pad[:len(pad)-2] + dash
		}
		b.WriteString(line + fd.JSONName() + ":\n")
		pad, dash = pad+"  ", ""
		if fd.IsList() {
			dash = "- "
			pad += "  "
		}
	}
	line := pad
	if dash != "" {
		line = pad[:len(pad)-2] + dash
	}
	b.WriteString(line + key + strings.ReplaceAll(value, "\n", "\n"+pad) + "\n")
	return b.String()
}

// placeFlow writes the same field in a flow collection.
func placeFlow(root string, path []protoreflect.FieldDescriptor, value string) string {
	text := value
	for i := len(path) - 1; i >= 0; i-- {
		if i < len(path)-1 && path[i].IsList() {
			text = "[" + text + "]"
		}
		text = "{" + path[i].JSONName() + ": " + text + "}"
	}
	return root + ": " + strings.ReplaceAll(text, "\n", "\n    ") + "\n"
}

func directedYAML() []input {
	var out []input
	add := func(class, doc string) { out = append(out, input{class: class, data: []byte(doc)}) }

	for _, root := range []struct{ key, typ string }{{"spec", "Gateway"}, {"status", "IstioStatus"}} {
		t, _ := upstream.Find(root.typ)
		for _, path := range fieldPaths(t.Descriptor()) {
			fd := path[len(path)-1]
			name := fd.JSONName()
			class := root.key
			for _, s := range scalars {
				add(class+"-value", place(root.key, path, name+":", " "+s))
				add(class+"-flow", placeFlow(root.key, path, s))
				switch {
				case fd.IsMap():
					add(class+"-map-value", place(root.key, path, name+":", "\n  k: "+s))
					add(class+"-map-value", place(root.key, path, name+":", " {k: "+s+"}"))
				case fd.IsList():
					add(class+"-item", place(root.key, path, name+":", "\n- "+s))
					add(class+"-item", place(root.key, path, name+":", " ["+s+"]"))
					add(class+"-item", place(root.key, path, name+":", "\n  -   "+s+"\n  - a"))
				default:
					add(class+"-value", place(root.key, path, name+" :", "   "+s+"\nzzz: 1"))
				}
			}
			for _, k := range oddKeys {
				if fd.IsMap() || fd.Message() != nil && !fd.IsList() {
					add(class+"-key", place(root.key, path, name+":", "\n  "+k+": v"))
					add(class+"-key", place(root.key, path, name+":", " {"+k+": v}"))
					add(class+"-key", place(root.key, path, name+":", "\n  b: w\n  "+k+": v\n  b: x"))
				}
			}
			names := []string{name, string(fd.Name()), `"` + name + `"`}
			good := goods(fd)
			for _, first := range names {
				for _, second := range names {
					for _, v := range []string{good[1], "~", "[[]]", "yes", "1.5", "a"} {
						add(class+"-dup", place(root.key, path, "", first+": "+good[0]+"\n"+second+": "+v))
						add(class+"-dup", place(root.key, path, "", first+": "+v+"\n"+second+": "+good[0]))
						add(class+"-merge", place(root.key, path, "", "<<: {"+first+": "+v+"}\n"+second+": "+good[0]))
						add(class+"-merge", place(root.key, path, "", first+": "+good[0]+"\n<<: {"+second+": "+v+"}"))
						add(class+"-merge", place(root.key, path, "", "<<: [{"+first+": "+v+"}, {"+second+": "+good[0]+"}]"))
					}
				}
			}
		}
	}

	spec := "spec:\n  selector: {a: b}\n"
	for _, k := range oddKeys {
		add("envelope-key", k+": v\n"+spec)
		add("envelope-key", spec+k+": v\n")
		add("unknown-key", "spec:\n  unknown:\n    "+k+": v\n")
		add("metadata-key", "metadata:\n  labels:\n    "+k+": v\n"+spec)
		add("metadata-key", "metadata:\n  "+k+": v\n"+spec)
	}
	for _, s := range scalars {
		add("whole", s)
		add("whole", s+"\n"+spec)
		for _, key := range []string{"apiVersion", "kind", "metadata", "spec", "status", "unknown"} {
			add("envelope", key+": "+strings.ReplaceAll(s, "\n", "\n  ")+"\n")
		}
		for _, key := range []string{"name", "namespace", "labels", "annotations", "generation", "creationTimestamp", "resourceVersion", "finalizers", "unknown"} {
			add("metadata", "metadata:\n  "+key+": "+strings.ReplaceAll(s, "\n", "\n    ")+"\n"+spec)
		}
		for _, key := range []string{"labels", "annotations", "Labels"} {
			add("metadata", "metadata:\n  "+key+":\n    k: "+strings.ReplaceAll(s, "\n", "\n      ")+"\n"+spec)
		}
		add("metadata", "metadata:\n  NAME: a\n  name: "+strings.ReplaceAll(s, "\n", "\n    ")+"\n"+spec)
		add("metadata", "Metadata: {name: a, labels: {k: a}}\nmetadata:\n  labels: "+strings.ReplaceAll(s, "\n", "\n    ")+"\n"+spec)
		add("unknown", "spec:\n  unknown: "+strings.ReplaceAll(s, "\n", "\n    ")+"\n")
	}
	for _, name := range []string{"spec", "Spec", "SPEC", "sPeC", "ſpec", "spec ", "'spec'", `"\x73pec"`, "!!str spec", "specs", "kind", "Kind", "\u212aind", "apiversion", "APIVERSION", "Metadata", "STATUS"} {
		for _, other := range []string{"spec", "Spec", "kind", "metadata", "status"} {
			add("envelope-case", fmt.Sprintf("%s: {selector: {a: b}, name: x}\n%s: {servers: [{}], namespace: y}\n", name, other))
			add("envelope-case", fmt.Sprintf("%s: a\n%s: b\n", name, other))
			add("envelope-case", fmt.Sprintf("%s: ~\n%s: {selector: {c: d}}\n", name, other))
		}
	}
	for _, doc := range documents {
		add("document", doc)
		add("document", strings.ReplaceAll(doc, "\n", "\r\n"))
		add("document", "\ufeff"+doc)
	}
	for _, depth := range []int{1, 10, 100, 500} {
		add("depth", "spec: {x: "+strings.Repeat("[", depth)+strings.Repeat("]", depth)+"}\n")
		add("depth", "spec: {x: "+strings.Repeat("{a: ", depth)+strings.Repeat("}", depth)+"}\n")
		add("depth", "spec: {x: "+strings.Repeat("[", depth)+"}\n")
		add("depth", "spec:\n  x:\n    "+strings.Repeat("- ", depth)+"a\n")
		add("depth", "spec: {x: "+strings.Repeat("!!seq [", depth/5+1)+strings.Repeat("]", depth/5+1)+"}\n")
	}
	for _, count := range []int{1, 5, 20, 50} {
		var b strings.Builder
		b.WriteString("x0: &x0 [a, a]\n")
		for i := range count {
			fmt.Fprintf(&b, "x%d: &x%d [*x%d, *x%d]\n", i+1, i+1, i, i)
		}
		add("aliases", b.String()+spec)
	}
	return out
}

// documents are whole streams.
var documents = []string{
	"", "\n", "#\n", "---\n", "---", "...\n", "--- ~\n", "---\n---\nspec: {selector: {a: b}}\n", "---\n...\nspec: {selector: {a: b}}\n", "spec: {selector: {a: b}}\n---\nspec: [\n", "spec: {selector: {a: b}}\n...\n{\n", "spec: {selector: {a: b}}\n--- x\n",
	"spec: {selector: {a: b}}\n---\n\x00\n", "spec: {selector: {a: b}}\n--- *a\n", "%YAML 1.1\n---\nspec: {}\n", "%YAML 1.2\n---\nspec: {}\n", "%YAML 2.0\n---\nspec: {}\n", "%YAML 1.1\nspec: {}\n", "%TAG ! tag:yaml.org,2002:\n---\nspec: {selector: {a: !str 1}}\n", "%TAG !y! tag:yaml.org,2002:\n---\nspec: {selector: {a: !y!str 1}}\n", "%FOO bar\n---\nspec: {}\n", "%\n", "%YAML 1.1\n%YAML 1.1\n---\nspec: {}\n",
	"{\"spec\":{\"selector\":{\"a\":\"b\"}}}", "{\"spec\":{\"selector\":{\"a\":\"b\"}}}\n{\"spec\":{}}\n", "{\"spec\":{\"selector\":{\"a\":\"b\",}}}", "{\"spec\":{\"selector\":{\"a\":\"\\/\"}}}", "{\"spec\":{\"selector\":{\"a\":\"\\ud83d\\ude00\"}}}", "{\"spec\":\t{\"selector\":\t{\"a\":\"b\"}}}", "{\"spec\":{\"selector\":{\"a\":\"b\"}}}}", "[{\"spec\":{}}]",
	"- spec: {}\n", "spec\n", "'spec'\n", "443\n", "~\n", "null\n", "[]\n", "{}\n", "spec: {}\n spec: {}\n", "  spec:\n    selector: {a: b}\n", "  spec: {}\nkind: Gateway\n", "\tspec: {}\n", "spec:\n\tselector: {}\n", "spec:\n  selector:\n\t a: b\n", "spec:\n  selector:\n    a:\tb\n", "spec:\n  selector:\t\n    a: b\t\n", "spec:\t{}\n", "spec: {\tselector: {a: b}\t}\n",
	"spec:\n  selector:\n    a: &x b\n    c: *x\n", "spec:\n  selector:\n    a: *x\n    c: &x b\n", "spec:\n  selector: &x\n    a: b\n  unknown: *x\n", "spec: &x\n  unknown: *x\n", "spec: &x {unknown: [*x]}\n", "a: &x 1\nb: &x v\nspec: {selector: {k: *x}}\n", "a: &x v\nspec: {selector: {*x : w}}\n", "a: &x v\nspec: {selector: {*x: w}}\n", "a: &x v\nspec: {selector: {k: *x, l: *y}}\n", "a: &é v\nspec: {selector: {k: *é}}\n", "a: &x-1_y v\nspec: {selector: {k: *x-1_y}}\n", "a: &x.y v\nspec: {selector: {k: *x.y}}\n", "a: &x\nspec: {selector: {k: *x}}\n",
	"a: &m {k: v, l: w}\nspec: {selector: {<<: *m}}\n", "a: &m {k: v, l: w}\nspec: {selector: {k: z, <<: *m}}\n", "a: &m {k: v, l: w}\nspec: {selector: {<<: *m, k: z}}\n", "a: &m {k: v}\nb: &n {k: w, m: x}\nspec: {selector: {<<: [*m, *n]}}\n", "a: &m {k: v}\nb: &n {<<: *m, m: x}\nspec: {selector: {<<: *n}}\n", "a: &m {k: v}\nspec: {selector: {<<: *m, <<: {k: w}}}\n", "a: &m [{k: v}]\nspec: {selector: {<<: *m}}\n", "a: &m v\nspec: {selector: {<<: *m}}\n", "a: &m [v]\nspec: {selector: {<<: *m}}\n", "spec: {selector: {'<<': {k: v}}}\n", "spec: {selector: {!!merge <<: {k: v}}}\n", "spec: {selector: {!!str <<: v}}\n", "<<: {spec: {selector: {a: b}}}\n", "<<: {spec: {selector: {a: b}}}\nspec: {}\n", "a: &m {1: v, yes: w}\nspec: {selector: {<<: *m}}\n", "spec: {selector: {<<: {a: b}, a: 1}}\n", "spec: {selector: {<<: {a: 1}, a: b}}\n",
	"apiVersion: v1\nkind: List\nitems:\n- kind: Gateway\n  spec: {}\n", "kind: Gateway\nspec: {selector: {a: b}}\n", "kind: Service\nspec: {selector: {a: b}, ports: [{port: 1}]}\n", "spec: {selector: {a: b}}\nspec: {servers: [{}]}\n", "spec: {selector: {a: b}}\nSpec: {servers: [{}]}\n", "status: {observedGeneration: abc}\n", "status: {observedGeneration: 7}\n", "status: ~\n", "status: []\n", "metadata: ~\n", "metadata: []\n", "metadata: {name: 443}\n", "metadata: {name: yes}\n", "metadata: {labels: {a: 1, b: yes, c: 1.50, d: ~}}\n",
	"? spec\n: selector: {a: b}\n", "? spec\n", "? spec: {}\n", "spec: ! {}\n", "spec: !!map\n  selector: {a: b}\n", "!!map\nspec: {selector: {a: b}}\n", "!x\nspec: {selector: {a: b}}\n", "&x\nspec: {selector: {a: b}}\n", "--- !!map\nspec: {selector: {a: b}}\n", "--- &x\nspec: {selector: {a: b}}\n", "--- spec: {}\n", "--- {spec: {}}\n", "---\tspec\n", "---x\n", "spec: {}\n---x: y\n", "spec: {}\n...x\n", "spec: {}\n... x\n", "spec: {}\n---\n",
	"spec:\n  servers:\n  - hosts:\n    - a\n  -\n    hosts: [b]\n  - # c\n    hosts: [c]\n  - {}\n  -\n", "spec:\n  servers:\n  -hosts: []\n", "spec:\n servers:\n - hosts: [a]\n   port: {number: 1}\n  name: x\n", "spec:\n  servers:\n    - hosts: [a]\n   - hosts: [b]\n", "spec: {selector: {a: b}\n}\n", "spec: {selector:\n{a: b}}\n", "spec: {\n selector: {a: b}\n }\n", "spec: [\n]\n", "spec:\n  selector:\n    a: b # c\n    # d\n  # e\n# f\n", "spec:\n  selector:\n    a: 'b' # c\n    c: \"d\"# e\n", "spec:\n  selector:\n    a: |\n      b\n    c: d\n", "spec:\n  selector:\n    a: |\n     b\n      c\n\n\n    d: >-\n      e\n      f\n\n      g\n",
}

func (g gen) validYAML() input {
	if g.in(3) {
		return input{class: "valid", data: []byte(g.manifest(g.object(), 1000))}
	}
	// Some of these styles are beyond what upstream's reader takes.
	return input{class: "styled", data: []byte(g.manifest(g.object(), pick(g, []int{3, 10, 30})))}
}

var yamlTokens = append([]string{
	"- ", ": ", ":", "? ", "#", " #", "&a ", "*a", "!!str ", "!!int ", "! ", "|", ">", "|-\n", "'", `"`, `\`, `\u`, "{", "}", "[", "]", ",", "%", "@", "`", "---\n", "...\n", "\n", "\n\n", "\r", "\r\n", "\t", " ", "  ", "\n  ", "\n- ", "<<: ", "\ufeff", "\u0085", "\u2028", "\x00", "\xff", "é", "😀",
	"spec:", "servers:", "hosts:", "port:", "tls:", "mode:", "name:", "number:", "selector:",
}, scalars...)

func (g gen) randomYAML() input {
	return input{class: "random", data: g.mutate(g.validYAML().data, yamlTokens)}
}

// mixedYAML is two directed cases in one manifest, or a damaged one.
func (g gen) mixedYAML(directed []input) input {
	one, two := pick(g, directed), pick(g, directed)
	for _, root := range []string{"spec", "status"} {
		head := head(root)
		rest, ok := strings.CutPrefix(string(two.data), head)
		if ok && strings.HasPrefix(string(one.data), head) && g.in(2) {
			return input{class: root + "-pair", data: append(one.data[:len(one.data):len(one.data)], rest...)}
		}
	}
	return input{class: one.class + "-mutated", data: g.mutate(one.data, yamlTokens)}
}
