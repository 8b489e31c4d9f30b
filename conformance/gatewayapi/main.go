// Command gatewayapi writes the fields of Gateway API's custom resources that
// the translation reads, with what their schemas require:
// src/gateway_api/schema/fields.rs. Without -write it compares, and exits with
// 1 if something differs.
//
// It reads the definitions of both channels from the module's files, and so works with an older Go
// than the module requires.
package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"

	"istio-gateway/conformance/internal/golden"

	"sigs.k8s.io/yaml"
)

// The releases, oldest first: the last one has the requirements, the others show when a field was
// added.
var releases = []string{"v1.6.0", "v1.7.0"}

// A kind that the translation reads, and the name of its table.
var kinds = []struct{ plural, table string }{
	{"gateways", "GATEWAY"},
	{"listenersets", "LISTENER_SET"},
	{"gatewayclasses", "GATEWAY_CLASS"},
	{"referencegrants", "REFERENCE_GRANT"},
}

func main() {
	write := flag.Bool("write", false, "write the file")
	root := flag.String("root", "..", "the root of the project")
	show := flag.String("show", "", "print the newest definition of CHANNEL/KINDS instead, such as standard/gateways")
	flag.Parse()
	if channel, plural, ok := strings.Cut(*show, "/"); ok {
		data, err := file(releases[len(releases)-1], definition(channel, plural))
		if err != nil {
			fmt.Fprintln(os.Stderr, "gatewayapi:", err)
			os.Exit(2)
		}
		os.Stdout.Write(data)
		return
	}
	text, err := tables()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gatewayapi:", err)
		os.Exit(2)
	}
	golden.Files{"src/gateway_api/schema/fields.rs": text}.Main(*root, *write)
}

// Schema is the supported part of a structural schema.
type Schema struct {
	Type        string             `json:"type"`
	Properties  map[string]*Schema `json:"properties"`
	Required    []string           `json:"required"`
	Items       *Schema            `json:"items"`
	Values      *Schema            `json:"additionalProperties"`
	Enum        []string           `json:"enum"`
	Pattern     string             `json:"pattern"`
	MinLength   *int64             `json:"minLength"`
	MaxLength   *int64             `json:"maxLength"`
	MinItems    *int64             `json:"minItems"`
	MaxItems    *int64             `json:"maxItems"`
	MaxEntries  *int64             `json:"maxProperties"`
	Minimum     *int64             `json:"minimum"`
	Maximum     *int64             `json:"maximum"`
	Format      string             `json:"format"`
	Default     any                `json:"default"`
	Keys        []string           `json:"x-kubernetes-list-map-keys"`
	ListType    string             `json:"x-kubernetes-list-type"`
	MapType     string             `json:"x-kubernetes-map-type"`
	Description string             `json:"description"`
	OneOf       []any              `json:"oneOf"`
	Rules       []Rule             `json:"x-kubernetes-validations"`
}

// Rule is a CEL rule. Only the API server's own program evaluates it.
type Rule struct {
	Message string `json:"message"`
	Rule    string `json:"rule"`
}

// read returns the schema of a kind's first version, and checks that the other versions have the
// same.
func read(release, channel, plural string) (*Schema, []string, error) {
	data, err := file(release, definition(channel, plural))
	if err != nil {
		return nil, nil, err
	}
	var read struct {
		Spec struct {
			Versions []struct {
				Name   string `json:"name"`
				Served bool   `json:"served"`
				Schema struct {
					Root map[string]any `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(data, &read); err != nil {
		return nil, nil, err
	}
	var first map[string]any
	var served []string
	for _, version := range read.Spec.Versions {
		if !version.Served {
			continue
		}
		served = append(served, version.Name)
		undescribe(version.Schema.Root)
		if first == nil {
			first = version.Schema.Root
		} else if !reflect.DeepEqual(first, version.Schema.Root) {
			return nil, nil, fmt.Errorf("%s %s: %s differs between its versions", release, channel, plural)
		}
	}
	data, err = json.Marshal(first)
	if err != nil {
		return nil, nil, err
	}
	// An unknown keyword might matter.
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	schema := new(Schema)
	return schema, served, decoder.Decode(schema)
}

func definition(channel, plural string) string {
	return "config/crd/" + channel + "/gateway.networking.k8s.io_" + plural + ".yaml"
}

// file reads a file from a release's zip. If the module requires a newer Go, `go mod download`
// fails after the download, and reports the path of the zip.
func file(release, name string) ([]byte, error) {
	module := "sigs.k8s.io/gateway-api@" + release
	out, failed := exec.Command("go", "mod", "download", "-json", module).Output()
	var answer struct{ Zip, Error string }
	if err := json.Unmarshal(out, &answer); err != nil {
		return nil, errors.Join(failed, err)
	}
	if answer.Zip == "" {
		return nil, errors.Join(failed, errors.New(answer.Error))
	}
	archive, err := zip.OpenReader(answer.Zip)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	return fs.ReadFile(archive, module+"/"+name)
}

// undescribe removes the descriptions of schemas. A field of this name stays.
func undescribe(schema map[string]any) {
	delete(schema, "description")
	for _, key := range []string{"items", "additionalProperties"} {
		if inner, ok := schema[key].(map[string]any); ok {
			undescribe(inner)
		}
	}
	properties, _ := schema["properties"].(map[string]any)
	for _, inner := range properties {
		undescribe(inner.(map[string]any))
	}
}

func tables() ([]byte, error) {
	w := &writer{}
	newest := releases[len(releases)-1]
	w.line("//! The fields of Gateway API's custom resources, and what their schemas require.")
	w.line("//!")
	w.line("//! Written by conformance/gatewayapi from sigs.k8s.io/gateway-api %s. Do not edit.", strings.Join(releases, " and "))
	w.line("")
	w.line("use super::table::{Field, Kind, Rule, Schema};")
	for _, kind := range kinds {
		var standard, experimental []*Schema
		var served []string
		for _, release := range releases {
			for _, channel := range []string{"standard", "experimental"} {
				schema, versions, err := read(release, channel, kind.plural)
				if err != nil {
					return nil, fmt.Errorf("%s %s %s: %w", release, channel, kind.plural, err)
				}
				served = versions
				if channel == "standard" {
					standard = append(standard, schema)
				} else {
					experimental = append(experimental, schema)
				}
			}
		}
		w.line("")
		w.line("/// The versions of %s that %s serves.", kind.plural, newest)
		w.line("pub(super) static %s_VERSIONS: &[&str] = &%s;", kind.table, texts(served))
		w.line("")
		w.line("/// The schema of %s.", kind.plural)
		w.begin("pub(super) static %s: Schema = ", kind.table)
		if err := w.schema(standard, experimental, ""); err != nil {
			return nil, fmt.Errorf("%s%w", kind.plural, err)
		}
		w.end(";")
	}
	return w.text.Bytes(), nil
}

type writer struct {
	text     bytes.Buffer
	depth    int
	isWithin bool
}

func (w *writer) line(format string, args ...any) {
	w.begin(format+"\n", args...)
	w.isWithin = false
}

// begin writes the beginning of a line.
func (w *writer) begin(format string, args ...any) *writer {
	if !w.isWithin && format != "\n" {
		w.text.WriteString(strings.Repeat("  ", w.depth))
	}
	fmt.Fprintf(&w.text, format, args...)
	w.isWithin = true
	return w
}

// end replaces the comma at the end of what was written.
func (w *writer) end(text string) {
	w.text.Truncate(w.text.Len() - 2)
	w.text.WriteString(text + "\n")
}

// schema writes the newest schema of the experimental channel. The standard channel may only lack
// fields and rules. A release before a field has no schema for it.
func (w *writer) schema(standard, experimental []*Schema, path string) error {
	s := experimental[len(experimental)-1]
	same := standard[len(standard)-1]
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	bounds := func(name string, min, max *int64) {
		if min != nil && *min != 0 || max != nil {
			low, high := int64(0), "u32::MAX"
			if min != nil {
				low = *min
			}
			if max != nil {
				high = fmt.Sprint(*max)
			}
			add("%s: Some((%d, %s))", name, low, high)
		}
	}
	if same != nil {
		for _, pair := range [][2]any{
			{s.Type, same.Type}, {s.Required, same.Required}, {s.Enum, same.Enum}, {s.Pattern, same.Pattern},
			{s.MinLength, same.MinLength}, {s.MaxLength, same.MaxLength}, {s.MinItems, same.MinItems},
			{s.MaxItems, same.MaxItems}, {s.MaxEntries, same.MaxEntries}, {s.Minimum, same.Minimum},
			{s.Maximum, same.Maximum}, {s.Format, same.Format}, {s.Default, same.Default}, {s.Keys, same.Keys},
			{s.OneOf, same.OneOf},
		} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				return fmt.Errorf("%s: the channels differ: %v, %v", path, pair[0], pair[1])
			}
		}
	}
	kind := map[string]string{"string": "Text", "integer": "Integer", "boolean": "Boolean"}[s.Type]
	switch {
	case s.Type == "object" && s.Values != nil:
		kind = "Map"
	case s.Type == "object" && s.Properties != nil:
		kind = "Object"
	case s.Type == "object":
		kind = "Any"
	case s.Type == "array":
		kind = "List"
	case kind == "":
		return fmt.Errorf("%s: type %q", path, s.Type)
	}
	add("kind: Kind::%s", kind)
	if s.Enum != nil {
		add("names: &%s", texts(s.Enum))
	}
	if s.Pattern != "" {
		add("pattern: Some(%s)", text(s.Pattern))
	}
	bounds("length", s.MinLength, s.MaxLength)
	bounds("items", s.MinItems, s.MaxItems)
	bounds("entries", nil, s.MaxEntries)
	bounds("range", s.Minimum, s.Maximum)
	if s.Keys != nil {
		if len(s.Keys) != 1 {
			return fmt.Errorf("%s: several keys", path)
		}
		add("key: Some(%s)", text(s.Keys[0]))
	}
	if s.ListType == "set" {
		add("is_set: true")
	}
	if s.OneOf != nil {
		add("is_address: true")
	}
	if s.Default != nil {
		if _, ok := s.Default.(string); ok {
			add("default: Some(%s)", text(s.Default.(string)))
		}
	}
	rules := []string{}
	for _, rule := range s.Rules {
		in := same != nil && slices.Contains(same.Rules, rule)
		rules = append(rules, fmt.Sprintf("Rule { message: %s, is_standard: %v }", text(rule.Message), in))
	}
	if len(rules) > 0 {
		add("rules: &[%s]", strings.Join(rules, ", "))
	}
	below := func(get func(*Schema) *Schema) (a, b []*Schema) {
		of := func(s *Schema) *Schema {
			if s == nil {
				return nil
			}
			return get(s)
		}
		for i := range standard {
			a, b = append(a, of(standard[i])), append(b, of(experimental[i]))
		}
		return a, b
	}
	if !slices.Contains([]string{"List", "Map", "Object"}, kind) {
		w.line("Schema { %s, ..Schema::NEW },", strings.Join(parts, ", "))
		return nil
	}
	w.line("Schema { %s,", strings.Join(parts, ", "))
	w.depth++
	switch kind {
	case "List", "Map":
		a, b := below(func(s *Schema) *Schema {
			if kind == "List" {
				return s.Items
			}
			return s.Values
		})
		if err := w.begin("of: Some(&").schema(a, b, path+"[]"); err != nil {
			return err
		}
		w.end("),")
	case "Object":
		w.line("fields: &[")
		w.depth++
		names := []string{}
		for name := range s.Properties {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			a, b := below(func(s *Schema) *Schema { return s.Properties[name] })
			since := 0
			for b[since] == nil {
				since++
			}
			w.begin("Field { name: %s, is_required: %v, is_standard: %v, since: %s, schema: ", text(name),
				slices.Contains(s.Required, name), a[len(a)-1] != nil, strings.Split(releases[since], ".")[1])
			if name == "status" && path == "" {
				w.line("Schema { kind: Kind::Any, ..Schema::NEW },")
			} else if err := w.schema(a, b, path+"."+name); err != nil {
				return err
			}
			w.end(" },")
		}
		w.depth--
		w.line("],")
	}
	w.line("..Schema::NEW },")
	w.depth--
	return nil
}

// text is a Rust string literal without escapes.
func text(s string) string {
	hashes := "#"
	for strings.Contains(s, "\""+hashes) {
		hashes += "#"
	}
	if !strings.ContainsAny(s, "\"\\") {
		return "\"" + s + "\""
	}
	return "r" + hashes + "\"" + s + "\"" + hashes
}

func texts(all []string) string {
	out := []string{}
	for _, s := range all {
		out = append(out, text(s))
	}
	return "[" + strings.Join(out, ", ") + "]"
}
