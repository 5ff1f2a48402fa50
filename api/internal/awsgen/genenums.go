package main

import (
	"bytes"
	"fmt"
)

// enums writes a string type with its constants for each enum.
func (g *generator) enums(b *bytes.Buffer) {
	for _, name := range g.shapesOf(isEnum) {
		typ := goName(name)
		fmt.Fprintf(b, "// %s is an enum of the model.\ntype %s string\n\n", typ, typ)
		fmt.Fprintf(b, "// The values of %s.\nconst (\n", typ)
		for i, value := range g.Shapes[name].Enum {
			fmt.Fprintf(b, "\t%s %s = %q\n", g.consts[name][i], typ, value)
		}
		b.WriteString(")\n\n")
	}
}
