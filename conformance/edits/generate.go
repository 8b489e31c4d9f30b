package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A writer writes a manifest with a comment here and there.
type writer struct {
	*rand.Rand
	lines    []string
	owners   map[string]string
	comments int
	// density is the average number of positions per comment.
	density int
	spaced  bool
	snake   bool
	names   int
	// last is what was written last.
	last string
	// scalar is the line after a block scalar, where a comment could be part of the string.
	scalar int
}

func newCase(id int, random *rand.Rand) testCase {
	w := &writer{Rand: random, owners: map[string]string{}, density: 1 + random.IntN(5)}
	w.spaced = w.one(5)
	w.snake = w.one(4)
	c := testCase{ID: id}
	if w.one(8) {
		w.line(0, "---")
	}
	if w.one(3) {
		w.line(0, w.comment("/"))
		if w.one(2) {
			w.line(0, "")
		}
	}
	anchor := w.one(8)
	w.line(0, "apiVersion: networking.istio.io/v1"+w.trail("/apiVersion"))
	w.head(0, "/kind")
	w.line(0, "kind: Gateway")
	if anchor {
		w.line(0, "x-tls: &tls {mode: SIMPLE, credentialName: shared}"+w.trail("/x-tls"))
	}
	w.line(0, w.pick("metadata: {name: edge}", "metadata:\n  name: edge\n  annotations: {note: 'a # b'}", "metadata:\n  name: \"edge\"\n  labels:\n    größe: \"ü\""))
	w.line(0, "spec:"+w.trail("/spec"))
	indent := 2
	if w.one(4) {
		indent = 4
	}
	selector := w.IntN(4)
	spec := []func(){func() { w.selector(indent, selector) }}
	servers := make([]server, 1+w.IntN(4))
	spec = append(spec, func() { w.servers(indent, servers, anchor) })
	if w.one(2) {
		spec[0], spec[1] = spec[1], spec[0]
	}
	if w.one(6) {
		spec = append(spec, func() { w.line(indent, "newField: {x: 1}"+w.trail("/spec/newField")) })
	}
	for _, f := range spec {
		f()
	}
	switch {
	case w.one(6):
		w.line(0, "status: {}")
	case w.one(6):
		w.line(0, w.comment("/end"))
	case w.one(6):
		w.line(0, "x-text: |")
		w.line(2, "# no comment")
		w.line(2, "text")
	}
	c.YAML = strings.Join(w.lines, "\n")
	if !w.one(6) {
		c.YAML += "\n"
	}
	if w.one(5) {
		c.YAML = strings.ReplaceAll(c.YAML, "\n", "\r\n")
	}
	c.Owners = w.owners
	c.MayRewrite = anchor
	c.Edits = w.edits(servers, selector)
	return c
}

func (w *writer) one(n int) bool { return w.IntN(n) == 0 }

func (w *writer) pick(texts ...string) string { return texts[w.IntN(len(texts))] }

func (w *writer) line(indent int, text string) {
	for _, line := range strings.Split(text, "\n") {
		if line != "" {
			line = strings.Repeat(" ", indent) + line
		}
		w.lines = append(w.lines, line)
	}
}

// comment makes a comment of an owner.
func (w *writer) comment(owner string) string { return w.named("c", owner) }

// named makes a comment with a name that begins so: f for one below its owner.
func (w *writer) named(first, owner string) string {
	w.comments++
	name := fmt.Sprintf("%s%d.", first, w.comments)
	w.owners[name] = owner
	return "#" + w.pick(" ", "", "\t") + name + w.pick("", " a: b", " - 'x", " {", " ü # x", " name: |")
}

// trail is a comment at a line's end, or nothing.
func (w *writer) trail(owner string) string {
	w.last = owner
	if !w.one(w.density) {
		return ""
	}
	return w.pick(" ", "  ", "\t") + w.comment(owner)
}

// head writes comment lines above an owner, or none.
func (w *writer) head(indent int, owner string) {
	for w.one(w.density + 1) {
		w.line(indent, w.comment(owner))
	}
}

// foot writes comment lines that are indented deeper than their owner, or none.
func (w *writer) foot(indent int, owner string) {
	if w.scalar != len(w.lines) && w.one(w.density+3) {
		w.line(indent, w.named("f", owner))
	}
}

// gap writes what stands between two items.
func (w *writer) gap(indent int) {
	if w.spaced || w.one(8) {
		w.line(0, "")
	}
	if w.one(12) {
		w.line(0, "")
		w.line(indent, w.comment(""))
		w.line(0, "")
	}
}

// text is a unique text in one of YAML's styles.
func (w *writer) text(stem string, indent int) (string, bool) {
	w.names++
	name := fmt.Sprintf("%s%d.example", stem, w.names)
	switch w.IntN(10) {
	case 0:
		return "'" + name + "'", true
	case 1:
		return "\"" + name + "\"", true
	case 2:
		return "\"\\u00fc" + name + "\"", true
	case 3:
		return "!!str " + name, true
	case 4:
		return "\"a # " + name + "\n" + strings.Repeat(" ", indent+2) + "b\"", true
	case 5:
		return "|-\n" + strings.Repeat(" ", indent+2) + name + "\n" + strings.Repeat(" ", indent+2) + "# no comment", false
	}
	return name, true
}

func (w *writer) selector(indent, count int) {
	path := "/spec/selector"
	if count == 0 {
		if w.one(2) {
			w.line(indent, "selector: {}"+w.trail(path))
		}
		return
	}
	if w.one(3) {
		w.flow(indent, "selector: {", "}", path, count, func(i int) (string, string) {
			return fmt.Sprintf("key%d", i), fmt.Sprintf("key%d: value%d", i, i)
		})
		return
	}
	w.head(indent, path)
	w.line(indent, "selector:"+w.trail(path))
	for i := range count {
		own := fmt.Sprintf("%s/key%d", path, i)
		w.head(indent+2, own)
		w.line(indent+2, fmt.Sprintf("key%d: %s%s", i, w.pick("value", "'value'", "\"value\""), w.trail(own)))
	}
}

// flow writes a flow collection over one or many lines.
func (w *writer) flow(indent int, open, closing, path string, count int, item func(i int) (key, text string)) {
	if w.one(2) {
		var items []string
		for i := range count {
			_, text := item(i)
			items = append(items, text)
		}
		w.line(indent, open+strings.Join(items, w.pick(", ", ","+" "))+closing+w.trail(path))
		return
	}
	w.line(indent, open+w.trail(path))
	for i := range count {
		key, text := item(i)
		own := path + "/" + key
		w.head(indent+2, own)
		comma := ","
		if i == count-1 && w.one(2) {
			comma = ""
		}
		w.line(indent+2, text+comma+w.trail(own))
	}
	w.line(indent, closing+w.trail(path))
}

// A server is what a server has.
type server struct {
	name, tls, bind bool
	hosts           int
	port            bool
}

func (w *writer) servers(indent int, servers []server, anchor bool) {
	path := "/spec/servers"
	w.head(indent, path)
	w.line(indent, "servers:"+w.trail(path))
	dash := indent
	if w.one(2) {
		dash += 2
	}
	for i := range servers {
		if i > 0 {
			w.gap(dash)
		}
		own := fmt.Sprintf("%s/%d", path, i)
		w.head(dash, own)
		servers[i] = w.server(dash, own, anchor)
	}
}

// server writes one server as an item.
func (w *writer) server(dash int, path string, anchor bool) (s server) {
	s = server{name: true, tls: w.one(2), bind: w.one(3), port: !w.one(6), hosts: 1 + w.IntN(4)}
	fields := []string{"name", "hosts"}
	if s.tls {
		fields = append(fields, "tls")
	}
	if s.bind {
		fields = append(fields, "bind")
	}
	if s.port {
		fields = append(fields, "port")
	}
	if w.one(5) {
		fields = append(fields, "newField")
	}
	w.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	first := len(w.lines)
	indent := dash + 2
	for i, field := range fields {
		own := path + "/" + field
		if i > 0 && w.spaced && w.one(6) {
			w.line(0, "")
		}
		if i > 0 {
			w.head(indent, own)
		}
		w.field(indent, field, own, &s, anchor)
	}
	w.foot(indent+2, w.last)
	line := w.lines[first]
	w.lines[first] = line[:dash] + "-" + line[dash+1:]
	return s
}

func (w *writer) field(indent int, field, own string, s *server, anchor bool) {
	switch field {
	case "name", "bind":
		text, is_one := w.text(field, indent)
		if !is_one {
			header, body, _ := strings.Cut(text, "\n")
			w.line(indent, field+": "+header+w.trail(own))
			w.lines = append(w.lines, strings.Split(body, "\n")...)
			w.scalar = len(w.lines)
			return
		}
		lines := strings.Split(field+": "+text+w.trail(own), "\n")
		w.line(indent, lines[0])
		w.lines = append(w.lines, lines[1:]...)
	case "newField":
		w.line(indent, "newField: [1, {a: b}]"+w.trail(own))
	case "hosts":
		w.hosts(indent, own, s.hosts)
	case "port":
		number := 1 + w.IntN(60000)
		if w.one(2) {
			w.line(indent, fmt.Sprintf("port: {number: %d, name: https, protocol: HTTPS}%s", number, w.trail(own)))
			return
		}
		w.line(indent, "port:"+w.trail(own))
		w.line(indent+2, fmt.Sprintf("number: %s%d%s", w.pick("", "0", "", ""), number&0o7777|0o1000, w.trail(own+"/number")))
		w.head(indent+2, own+"/name")
		w.line(indent+2, "name: https"+w.trail(own+"/name"))
		w.line(indent+2, "protocol: HTTPS"+w.trail(own+"/protocol"))
	case "tls":
		key := "credentialName"
		if w.snake {
			key = "credential_name"
		}
		switch {
		case anchor && w.one(2):
			w.line(indent, w.pick("tls: *tls", "tls: {<<: *tls}", "tls: {<<: *tls, mode: MUTUAL}")+w.trail(own))
		case w.one(3):
			w.flow(indent, "tls: {", "}", own, 2, func(i int) (string, string) {
				return []string{"mode", key}[i], []string{"mode: SIMPLE", key + ": \"c\""}[i]
			})
		default:
			w.line(indent, "tls:"+w.trail(own))
			w.head(indent+2, own+"/mode")
			w.line(indent+2, "mode: SIMPLE"+w.trail(own+"/mode"))
			w.head(indent+2, own+"/"+key)
			w.line(indent+2, key+": c"+w.trail(own+"/"+key))
		}
	}
}

func (w *writer) hosts(indent int, own string, count int) {
	if w.one(3) {
		w.flow(indent, "hosts: [", "]", own, count, func(i int) (string, string) {
			w.names++
			return fmt.Sprint(i), w.pick("h%d.example", "\"h%d.example\"", "'h%d.example'", "\"*.ü%d.example\"")
		})
		// The texts get their numbers now.
		for i := len(w.lines) - 1; i >= 0 && strings.Contains(w.lines[i], "%d"); i-- {
			w.number(i)
		}
		for i := len(w.lines) - 1; i >= 0; i-- {
			if strings.Contains(w.lines[i], "%d") {
				w.number(i)
			} else if strings.Contains(w.lines[i], "hosts:") {
				break
			}
		}
		return
	}
	w.line(indent, "hosts:"+w.trail(own))
	dash := indent
	if w.one(2) {
		dash += 2
	}
	for i := range count {
		item := fmt.Sprintf("%s/%d", own, i)
		w.head(dash, item)
		text, is_one := w.text("h", dash)
		if !is_one {
			header, body, _ := strings.Cut(text, "\n")
			w.line(dash, "- "+header+w.trail(item))
			w.lines = append(w.lines, strings.Split(body, "\n")...)
			w.scalar = len(w.lines)
			continue
		}
		lines := strings.Split("- "+text+w.trail(item), "\n")
		w.line(dash, lines[0])
		w.lines = append(w.lines, lines[1:]...)
		w.foot(dash+2, item)
	}
}

func (w *writer) number(line int) {
	for strings.Contains(w.lines[line], "%d") {
		w.names++
		w.lines[line] = strings.Replace(w.lines[line], "%d", fmt.Sprint(w.names), 1)
	}
}

// edits are some changes that leave no doubt which element is which.
func (w *writer) edits(servers []server, selector int) (edits []edit) {
	i := w.IntN(len(servers))
	s := servers[i]
	other := w.IntN(len(servers))
	scalar := func(server int) edit {
		key := w.pick("bind", "defaultEndpoint", "port.number", "port.name", "tls.credentialName", "tls.mode")
		value := w.pick("new.example", "yes", "a: b", "ünï", "# x", "new")
		switch {
		case key == "port.number":
			value = fmt.Sprint(1 + w.IntN(65535))
		case key == "tls.mode":
			value = w.pick("2", "3", "0")
		case w.one(5):
			value = ""
		}
		return edit{Op: "set", Server: server, Key: key, Value: value}
	}
	switch w.IntN(12) {
	case 0:
		edits = append(edits, edit{Op: "set", Server: i, Key: "name", Value: w.pick("renamed", "on", "")})
	case 1:
		edits = append(edits, edit{Op: "set-host", Server: i, A: w.IntN(s.hosts), Value: w.pick("*", "new.example", "ns/new.example")})
	case 2:
		edits = append(edits, edit{Op: "add-host", Server: i, A: w.IntN(s.hosts + 1), Value: w.pick("*.new.example", "new.example")})
	case 3:
		edits = append(edits, edit{Op: "remove-host", Server: i, A: w.IntN(s.hosts)})
	case 4:
		edits = append(edits, edit{Op: "swap-hosts", Server: i, A: w.IntN(s.hosts), B: w.IntN(s.hosts)})
	case 5:
		edits = append(edits, edit{Op: "add-server", A: w.IntN(len(servers) + 1), Value: "added"})
	case 6:
		edits = append(edits, edit{Op: "remove-server", A: i})
	case 7:
		edits = append(edits, edit{Op: "swap-servers", A: i, B: other})
	case 8:
		edits = append(edits, edit{Op: "set-selector", Key: fmt.Sprintf("key%d", w.IntN(selector+1)), Value: w.pick("new", "off", "")})
	case 9:
		edits = append(edits, edit{Op: "remove-selector", Key: fmt.Sprintf("key%d", w.IntN(selector+1))})
	case 10:
		edits = append(edits, edit{Op: w.pick("add-tls", "remove-tls"), Server: i, Value: "added"})
	}
	if len(edits) == 0 || w.one(4) {
		server := i
		if len(edits) > 0 && edits[0].Op == "remove-server" {
			if len(servers) == 1 {
				return edits
			}
			server = w.IntN(len(servers) - 1)
		}
		set := scalar(server)
		// What comes after the removal of something would be another one.
		if len(edits) == 0 || !strings.HasSuffix(edits[0].Op, "-tls") || !strings.HasPrefix(set.Key, "tls.") {
			edits = append(edits, set)
		}
	}
	return edits
}
