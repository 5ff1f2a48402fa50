package main

import (
	"bytes"
	"fmt"
	"strings"
)

// shapeTable writes the facts of shapes that a Go type can't carry.
func (g *generator) shapeTable(b *bytes.Buffer) {
	b.WriteString("// Shapes holds the facts of the model's shapes, by name.\nvar Shapes = map[string]api.Shape{\n")
	for _, name := range g.shapesOf(func(s *shape) bool { return !s.Exception }) {
		if facts := g.facts(name); facts != "" {
			fmt.Fprintf(b, "\t%q: {%s},\n", name, facts)
		}
	}
	b.WriteString("}\n")
}

// facts returns the fields of an [api.Shape] literal.
func (g *generator) facts(name string) string {
	s := g.Shapes[name]
	var f fields
	f.add(s.Min != nil, "Min", "api.At(%d)", value(s.Min))
	f.add(s.Max != nil, "Max", "api.At(%d)", value(s.Max))
	f.add(s.Pattern != "", "Pattern", "%q", s.Pattern)
	f.add(isEnum(s), "Enum", "[]string{%s}", quoted(s.Enum))
	f.add(s.Sensitive, "Sensitive", "true")
	f.add(s.Flattened, "Flattened", "true")
	f.element(s)
	f.add(s.TimestampFormat != "", "TimeFormat", "%q", s.TimestampFormat)
	f.add(s.Union, "Union", "true")
	f.add(s.LocationName != "", "Element", "%q", s.LocationName)
	f.add(s.Unwrapped, "Unwrapped", "true")
	if ns := s.XMLNamespace; ns != nil {
		f.add(true, "Namespace", "%q", ns.URI)
		f.add(ns.Prefix != "", "Prefix", "%q", ns.Prefix)
	}
	return strings.Join(f, ", ")
}

// fields are the fields of a Go literal.
type fields []string

func (f *fields) add(yes bool, name, format string, args ...any) {
	if yes {
		*f = append(*f, name+": "+fmt.Sprintf(format, args...))
	}
}

// element adds what a list or map holds.
func (f *fields) element(s *shape) {
	if m := s.Member; m != nil {
		f.add(true, "Elem", "%q", m.Shape)
		f.add(m.LocationName != "", "ItemName", "%q", m.LocationName)
	}
	if s.Value == nil {
		return
	}
	f.add(true, "Elem", "%q", s.Value.Shape)
	f.add(true, "Key", "%q", s.Key.Shape)
	f.add(s.Key.LocationName != "", "KeyName", "%q", s.Key.LocationName)
	f.add(s.Value.LocationName != "", "ValueName", "%q", s.Value.LocationName)
}

func value(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func quoted(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(quoted, ", ")
}
