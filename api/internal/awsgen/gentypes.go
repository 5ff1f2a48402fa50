package main

import (
	"bytes"
	"fmt"
	"strings"
)

// goTypes are the Go types of the scalar types of the models.
var goTypes = map[string]string{
	"string": "string", "character": "string", "blob": "[]byte", "boolean": "bool",
	"integer": "int32", "long": "int64", "float": "float32", "double": "float64", "timestamp": "time.Time",
}

// types writes a struct for each structure.
func (g *generator) types(b *bytes.Buffer) {
	for _, name := range g.shapesOf(isStruct) {
		g.structType(b, name)
	}
}

func (g *generator) structType(b *bytes.Buffer, name string) {
	s := g.Shapes[name]
	fmt.Fprintf(b, "// %s is %s.\ntype %s struct {\n", goName(name), g.role(name), goName(name))
	for _, m := range s.Members {
		if g.Shapes[m.Shape].Exception {
			fmt.Fprintf(b, "\t// %s ends the stream: it is an error of the stream.\n", goName(m.Name))
			continue
		}
		fmt.Fprintf(b, "\t%s %s `aws:%q`\n", goName(m.Name), g.fieldType(s, m), g.tag(s, m))
	}
	b.WriteString("}\n\n")
}

// role says what a structure is for.
func (g *generator) role(name string) string {
	var uses []string
	for _, op := range g.operationNames() {
		o := g.Operations[op]
		if o.Input != nil && o.Input.Shape == name {
			uses = append(uses, "the input of "+op)
		}
		if o.Output != nil && o.Output.Shape == name {
			uses = append(uses, "the output of "+op)
		}
	}
	switch {
	case len(uses) > 0:
		return strings.Join(uses, " and ")
	case g.Shapes[name].EventStream:
		return "an event of a stream: exactly one member is set"
	case g.Shapes[name].Union:
		return "a union: exactly one member is set"
	}
	return "a structure of the model"
}

// fieldType returns the Go type of a member: a pointer where an optional
// value would not show its absence.
func (g *generator) fieldType(s *shape, m member) string {
	target := g.Shapes[m.Shape]
	switch {
	case m.Streaming:
		return "io.ReadCloser"
	case target.EventStream:
		return "api.Stream[" + goName(m.Shape) + "]"
	case target.Type == "list", target.Type == "map", target.Type == "blob", s.requires(m.Name):
		return g.goType(m.Shape)
	}
	return "*" + g.goType(m.Shape)
}

// goType returns the Go type of a shape's values.
func (g *generator) goType(name string) string {
	s := g.Shapes[name]
	switch s.Type {
	case "structure":
		return goName(name)
	case "list":
		return "[]" + g.goType(s.Member.Shape)
	case "map":
		return "map[string]" + g.goType(s.Value.Shape)
	}
	if isEnum(s) {
		return goName(name)
	}
	return goTypes[s.Type]
}

// tag returns the content of a member's tag; package api has the grammar.
func (g *generator) tag(s *shape, m member) string {
	tag := []string{m.Shape}
	add := func(yes bool, option string) {
		if yes {
			tag = append(tag, option)
		}
	}
	add(s.requires(m.Name), "required")
	tag = append(tag, place(s, m)...)
	if ns := m.XMLNamespace; ns != nil {
		add(true, "ns="+ns.URI)
	}
	add(m.Flattened, "flattened")
	add(m.IdempotencyToken, "token")
	return strings.Join(tag, ",")
}

var locations = map[string]string{"header": "header=", "headers": "headers=", "uri": "uri=", "querystring": "query="}

// place returns the options that say where a member stands and its name there.
func place(s *shape, m member) []string {
	wire := m.LocationName
	if wire == "" {
		wire = m.Name
	}
	if m.Location == "statusCode" {
		return []string{"status"}
	}
	if at := locations[m.Location]; at != "" {
		return []string{at + wire}
	}
	var options []string
	if wire != goName(m.Name) {
		options = append(options, "name="+wire)
	}
	if s.Payload == m.Name {
		options = append(options, "payload")
	}
	if m.XMLAttribute {
		options = append(options, "attr")
	}
	return options
}
