package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// member is a named member of a structure.
type member struct {
	Name string
	ref
}

// members keeps the model's order, in which AWS lists violations and which
// Go's maps would lose. In JSON it is an object.
type members []member

// UnmarshalJSON merges an object into m: members that m has are overridden in
// their place, others appended, and null removes one.
func (m *members) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("members: not an object")
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := m.merge(key.(string), value); err != nil {
			return fmt.Errorf("member %s: %w", key, err)
		}
	}
	return nil
}

func (m *members) merge(name string, value json.RawMessage) error {
	i := slices.IndexFunc(*m, func(x member) bool { return x.Name == name })
	if string(value) == "null" {
		if i >= 0 {
			*m = slices.Delete(*m, i, i+1)
		}
		return nil
	}
	if i < 0 {
		*m = append(*m, member{Name: name})
		i = len(*m) - 1
	}
	return decodeStrict(value, &(*m)[i].ref)
}

// MarshalJSON writes an object in m's order.
func (m members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, x := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := encode(x.ref)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", x.Name, value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode writes v as JSON on one line, with <, > and & as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}
