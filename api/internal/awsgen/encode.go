package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
)

// encode writes the model as JSON with one operation or shape a line, by
// name: a change of a shape is a change of one line.
func (m *model) encode() ([]byte, error) {
	var b bytes.Buffer
	head, err := encode(m.Metadata)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&b, "{\n\"metadata\":%s,\n", head)
	if err := encodeLines(&b, "operations", m.Operations); err != nil {
		return nil, err
	}
	if len(m.Omitted) > 0 {
		b.WriteString(",\n")
		if err := encodeLines(&b, "omitted", m.Omitted); err != nil {
			return nil, err
		}
	}
	b.WriteString(",\n")
	if err := encodeLines(&b, "shapes", m.Shapes); err != nil {
		return nil, err
	}
	b.WriteString("\n}\n")
	return b.Bytes(), nil
}

func encodeLines[T any](b *bytes.Buffer, title string, entries map[string]T) error {
	fmt.Fprintf(b, "%q:{", title)
	separator := "\n"
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		line, err := encode(entries[name])
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "%s%q:%s", separator, name, line)
		separator = ",\n"
	}
	b.WriteString("\n}")
	return nil
}
