// Package facts reads the facts of a schema from the linked descriptors.
package facts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Field uses the terms of a FileDescriptorSet.
type Field struct {
	Index          int      `json:"index"`
	Name           string   `json:"name"`
	Number         int32    `json:"number"`
	JSONName       string   `json:"json_name"`
	Type           string   `json:"type"`
	Label          string   `json:"label"`
	TypeName       string   `json:"type_name"`
	HasPresence    bool     `json:"has_presence"`
	Proto3Optional bool     `json:"proto3_optional"`
	Oneof          string   `json:"oneof,omitempty"`
	IsMap          bool     `json:"is_map"`
	MapKey         string   `json:"map_key,omitempty"`
	MapValue       string   `json:"map_value,omitempty"`
	Deprecated     bool     `json:"deprecated"`
	FieldBehavior  []string `json:"field_behavior"`
}

type Value struct {
	Index      int    `json:"index"`
	Name       string `json:"name"`
	Number     int32  `json:"number"`
	Deprecated bool   `json:"deprecated"`
}

type Range struct {
	Start int32 `json:"start"`
	End   int32 `json:"end"` // exclusive, or inclusive for an enum
}

type Message struct {
	Name           string   `json:"name"`
	Deprecated     bool     `json:"deprecated"`
	Oneofs         []string `json:"oneofs"`
	ReservedNames  []string `json:"reserved_names"`
	ReservedRanges []Range  `json:"reserved_ranges"`
	Fields         []Field  `json:"fields,omitempty"`
}

type Enum struct {
	Name           string   `json:"name"`
	Deprecated     bool     `json:"deprecated"`
	Closed         bool     `json:"closed"`
	AllowAlias     bool     `json:"allow_alias"`
	ReservedNames  []string `json:"reserved_names"`
	ReservedRanges []Range  `json:"reserved_ranges"`
	Values         []Value  `json:"values,omitempty"`
}

type File struct {
	Path    string `json:"path"`
	Package string `json:"package"`
	Syntax  string `json:"syntax"`
	// Whole means that the file is complete.
	Whole    bool      `json:"whole"`
	Messages []Message `json:"messages,omitempty"`
	Enums    []Enum    `json:"enums,omitempty"`
}

type Schema struct {
	Source map[string]string `json:"source"`
	Files  []File            `json:"files,omitempty"`
}

// Version is the version of a module that this program was built with.
func Version(module string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == module {
				if dep.Replace != nil {
					return dep.Replace.Version
				}
				return dep.Version
			}
		}
	}
	return "unknown"
}

// Read returns the facts of a file, or only of the given top-level messages and enums.
func Read(path string, only ...string) (File, error) {
	fd, err := protoregistry.GlobalFiles.FindFileByPath(path)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", path, err)
	}
	f := File{Path: path, Package: string(fd.Package()), Syntax: fd.Syntax().String(), Whole: len(only) == 0, Messages: []Message{}, Enums: []Enum{}}
	left := len(only)
	wanted := func(d protoreflect.Descriptor) bool {
		for _, name := range only {
			if string(d.Name()) == name {
				left--
				return true
			}
		}
		return f.Whole
	}
	for i := range fd.Enums().Len() {
		if ed := fd.Enums().Get(i); wanted(ed) {
			f.Enums = append(f.Enums, enum(ed))
		}
	}
	for i := range fd.Messages().Len() {
		if md := fd.Messages().Get(i); wanted(md) {
			f.message(md)
		}
	}
	if left != 0 {
		return f, fmt.Errorf("%s: not all of %v are there", path, only)
	}
	return f, nil
}

// message adds md and what is nested in it. Entries of maps are facts of
// their fields.
func (f *File) message(md protoreflect.MessageDescriptor) {
	if md.IsMapEntry() {
		return
	}
	m := Message{
		Name:           string(md.FullName()),
		Deprecated:     md.Options().(*descriptorpb.MessageOptions).GetDeprecated(),
		Oneofs:         []string{},
		ReservedNames:  names(md.ReservedNames()),
		ReservedRanges: []Range{},
		Fields:         []Field{},
	}
	for i := range md.Oneofs().Len() {
		m.Oneofs = append(m.Oneofs, string(md.Oneofs().Get(i).Name()))
	}
	for i := range md.ReservedRanges().Len() {
		r := md.ReservedRanges().Get(i)
		m.ReservedRanges = append(m.ReservedRanges, Range{int32(r[0]), int32(r[1])})
	}
	for i := range md.Fields().Len() {
		m.Fields = append(m.Fields, field(md.Fields().Get(i)))
	}
	f.Messages = append(f.Messages, m)
	for i := range md.Enums().Len() {
		f.Enums = append(f.Enums, enum(md.Enums().Get(i)))
	}
	for i := range md.Messages().Len() {
		f.message(md.Messages().Get(i))
	}
}

func field(fd protoreflect.FieldDescriptor) Field {
	// The proto has the terms of a FileDescriptorSet.
	p := protodesc.ToFieldDescriptorProto(fd)
	options := fd.Options().(*descriptorpb.FieldOptions)
	out := Field{
		Index:          fd.Index(),
		Name:           p.GetName(),
		Number:         p.GetNumber(),
		JSONName:       fd.JSONName(),
		Type:           p.GetType().String(),
		Label:          p.GetLabel().String(),
		TypeName:       p.GetTypeName(),
		HasPresence:    fd.HasPresence(),
		Proto3Optional: p.GetProto3Optional(),
		IsMap:          fd.IsMap(),
		Deprecated:     options.GetDeprecated(),
		FieldBehavior:  []string{},
	}
	if fd.IsMap() {
		entry := func(fd protoreflect.FieldDescriptor) string {
			return protodesc.ToFieldDescriptorProto(fd).GetType().String()
		}
		out.MapKey, out.MapValue = entry(fd.MapKey()), entry(fd.MapValue())
	}
	if od := fd.ContainingOneof(); od != nil {
		out.Oneof = string(od.Name())
	}
	for _, b := range proto.GetExtension(options, annotations.E_FieldBehavior).([]annotations.FieldBehavior) {
		out.FieldBehavior = append(out.FieldBehavior, b.String())
	}
	return out
}

func enum(ed protoreflect.EnumDescriptor) Enum {
	options := ed.Options().(*descriptorpb.EnumOptions)
	e := Enum{
		Name:           string(ed.FullName()),
		Deprecated:     options.GetDeprecated(),
		Closed:         ed.IsClosed(),
		AllowAlias:     options.GetAllowAlias(),
		ReservedNames:  names(ed.ReservedNames()),
		ReservedRanges: []Range{},
		Values:         []Value{},
	}
	for i := range ed.ReservedRanges().Len() {
		r := ed.ReservedRanges().Get(i)
		e.ReservedRanges = append(e.ReservedRanges, Range{int32(r[0]), int32(r[1])})
	}
	for i := range ed.Values().Len() {
		v := ed.Values().Get(i)
		e.Values = append(e.Values, Value{i, string(v.Name()), int32(v.Number()), v.Options().(*descriptorpb.EnumValueOptions).GetDeprecated()})
	}
	return e
}

func names(in protoreflect.Names) []string {
	out := []string{}
	for i := range in.Len() {
		out = append(out, string(in.Get(i)))
	}
	return out
}

// Text writes the schema with one field or enum value per line, so that a diff shows the changes.
func (s Schema) Text() ([]byte, error) {
	var p printer
	p.open("", Schema{Source: s.Source}, "files")
	each(&p, s.Files, func(f File) {
		head := f
		head.Messages, head.Enums = nil, nil
		p.open("  ", head, "messages")
		each(&p, f.Messages, func(m Message) {
			head := m
			head.Fields = nil
			p.open("    ", head, "fields")
			each(&p, m.Fields, func(f Field) { p.line("      ", f) })
			p.text("    ]}")
		})
		p.text("  ],\"enums\":[\n")
		each(&p, f.Enums, func(e Enum) {
			head := e
			head.Values = nil
			p.open("    ", head, "values")
			each(&p, e.Values, func(v Value) { p.line("      ", v) })
			p.text("    ]}")
		})
		p.text("  ]}")
	})
	p.text("]}\n")
	return p.out.Bytes(), p.err
}

type printer struct {
	out bytes.Buffer
	err error
}

func (p *printer) text(s string) { p.out.WriteString(s) }

func (p *printer) line(indent string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		p.err = err
	}
	p.text(indent)
	p.out.Write(b)
}

// open writes an object up to the list in it.
func (p *printer) open(indent string, head any, list string) {
	p.line(indent, head)
	p.out.Truncate(p.out.Len() - 1)
	p.text(",\"" + list + "\":[\n")
}

func each[T any](p *printer, items []T, write func(T)) {
	for i, item := range items {
		write(item)
		if i < len(items)-1 {
			p.text(",")
		}
		p.text("\n")
	}
}
