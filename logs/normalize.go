package logs

import (
	"bytes"
	"encoding/json"
	"strings"

	"sealstack/policy"
)

// normalizePolicy returns a policy document as DescribeResourcePolicies gives
// it: a principal that is a list of one becomes a plain string, and a document
// without Version gets the one that is then assumed, put first. The order of
// members stays.
//
// Unverified: that white space between tokens is dropped.
func normalizePolicy(document string) string {
	d := json.NewDecoder(strings.NewReader(document))
	d.UseNumber()
	root, err := readOrdered(d)
	object, ok := root.(*orderedObject)
	if err != nil || !ok {
		return document // PutResourcePolicy lets no such document in
	}
	if object.find("Version") == nil {
		object.members = append([]orderedMember{{"Version", policy.OldVersion}}, object.members...)
	}
	object.each("Statement", func(statement *orderedObject) {
		for _, name := range []string{"Principal", "NotPrincipal"} {
			statement.each(name, (*orderedObject).unwrap)
		}
	})
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(root); err != nil {
		return document
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// orderedObject is a JSON object that keeps the order of its members.
type orderedObject struct{ members []orderedMember }

type orderedMember struct {
	name  string
	value any
}

func (o *orderedObject) find(name string) *orderedMember {
	for i := range o.members {
		if o.members[i].name == name {
			return &o.members[i]
		}
	}
	return nil
}

// each applies fn to the object that a member is, or to those in its list.
func (o *orderedObject) each(name string, fn func(*orderedObject)) {
	m := o.find(name)
	if m == nil {
		return
	}
	items, isList := m.value.([]any)
	if !isList {
		items = []any{m.value}
	}
	for _, item := range items {
		if object, ok := item.(*orderedObject); ok {
			fn(object)
		}
	}
}

// unwrap makes members that are lists of one plain values.
func (o *orderedObject) unwrap() {
	for i := range o.members {
		if items, ok := o.members[i].value.([]any); ok && len(items) == 1 {
			o.members[i].value = items[0]
		}
	}
}

// MarshalJSON writes the members in their order.
func (o *orderedObject) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, m := range o.members {
		if i > 0 {
			b = append(b, ',')
		}
		for j, part := range []any{m.name, m.value} {
			if j > 0 {
				b = append(b, ':')
			}
			var text bytes.Buffer
			e := json.NewEncoder(&text)
			e.SetEscapeHTML(false)
			if err := e.Encode(part); err != nil {
				return nil, err
			}
			b = append(b, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...)
		}
	}
	return append(b, '}'), nil
}

// readOrdered reads one value.
func readOrdered(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return readObject(d)
	case json.Delim('['):
		return readList(d)
	}
	return token, nil
}

func readObject(d *json.Decoder) (any, error) {
	o := &orderedObject{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := readOrdered(d)
		if err != nil {
			return nil, err
		}
		text, _ := name.(string)
		o.members = append(o.members, orderedMember{text, v})
	}
	_, err := d.Token()
	return o, err
}

func readList(d *json.Decoder) (any, error) {
	items := []any{}
	for d.More() {
		v, err := readOrdered(d)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	_, err := d.Token()
	return items, err
}
