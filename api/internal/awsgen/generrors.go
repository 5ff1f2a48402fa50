package main

import (
	"bytes"
	"fmt"
)

// errors writes a constructor for each error.
func (g *generator) errors(b *bytes.Buffer) {
	for _, name := range g.shapesOf(isException) {
		code, status := g.codeOf(name), g.statusOf(name)
		fmt.Fprintf(b, "// %s returns the error with code %s and status %d.\n", goName(name), code, status)
		fmt.Fprintf(b, "func %s(format string, args ...any) *api.Error {\n", goName(name))
		fmt.Fprintf(b, "\treturn api.NewError(%q, %q, %d, format, args...)\n}\n\n", name, code, status)
	}
}

// codeOf returns the code that clients read: the name of the shape, but where
// an XML protocol's model gives another.
func (g *generator) codeOf(name string) string {
	if e := g.Shapes[name].Error; e != nil && e.Code != "" && g.Metadata.Protocol != "json" {
		return e.Code
	}
	return name
}

func (g *generator) statusOf(name string) int {
	s := g.Shapes[name]
	switch {
	case s.Error != nil && s.Error.HTTPStatusCode != 0:
		return s.Error.HTTPStatusCode
	case s.Fault:
		return 500
	}
	return 400
}
