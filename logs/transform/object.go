package transform

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// object is a JSON object that keeps the order of its members.
type object struct {
	names  []string
	values map[string]any
}

func newObject() *object { return &object{values: map[string]any{}} }

func (o *object) set(name string, v any) {
	if _, there := o.values[name]; !there {
		o.names = append(o.names, name)
	}
	o.values[name] = v
}

func (o *object) drop(name string) {
	delete(o.values, name)
	o.names = slices.DeleteFunc(o.names, func(n string) bool { return n == name })
}

// MarshalJSON writes the members in their order.
func (o *object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, name := range o.names {
		if i > 0 {
			b = append(b, ',')
		}
		for j, part := range []any{name, o.values[name]} {
			if j > 0 {
				b = append(b, ':')
			}
			text, err := encode(part)
			if err != nil {
				return nil, err
			}
			b = append(b, text...)
		}
	}
	return append(b, '}'), nil
}

// encode writes a value without making entities of <, > and &.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

var errNotJSON = errors.New("transform: the text is not a JSON document")

// decode reads one JSON value.
func decode(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err := decodeValue(d)
	if err != nil || d.More() {
		return nil, errNotJSON
	}
	return v, nil
}

func decodeValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		o := newObject()
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := decodeValue(d)
			if err != nil {
				return nil, err
			}
			text, _ := name.(string)
			o.set(text, v)
		}
		_, err = d.Token()
		return o, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := decodeValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	}
	return token, nil
}

// copied returns a value that shares nothing with v.
func copied(v any) any {
	switch v := v.(type) {
	case *object:
		o := newObject()
		for _, name := range v.names {
			o.set(name, copied(v.values[name]))
		}
		return o
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = copied(v[i])
		}
		return list
	}
	return v
}

// path is the parts of a key in dot notation.
type path []string

func parsePath(key string) path { return strings.Split(key, ".") }

// parent returns the object that holds the last part of the path, made on the
// way if asked for, and nil if there is none.
func (o *object) parent(p path, make bool) *object {
	for _, name := range p[:len(p)-1] {
		inner, isObject := o.values[name].(*object)
		if !isObject {
			if _, there := o.values[name]; there || !make {
				return nil
			}
			inner = newObject()
			o.set(name, inner)
		}
		o = inner
	}
	return o
}

// get returns the value of a key. A member whose own name has dots counts.
func (o *object) get(key string) (any, bool) {
	if v, ok := o.values[key]; ok {
		return v, true
	}
	p := parsePath(key)
	holder := o.parent(p, false)
	if holder == nil {
		return nil, false
	}
	v, ok := holder.values[p[len(p)-1]]
	return v, ok
}

// put sets the value of a key, unless it has one that is not to be replaced.
func (o *object) put(key string, v any, overwrite bool) {
	p := parsePath(key)
	holder := o.parent(p, true)
	if holder == nil {
		return
	}
	name := p[len(p)-1]
	if _, there := holder.values[name]; !there || overwrite {
		holder.set(name, v)
	}
}

// remove takes a key away.
func (o *object) remove(key string) {
	if _, ok := o.values[key]; ok {
		o.drop(key)
		return
	}
	p := parsePath(key)
	if holder := o.parent(p, false); holder != nil {
		holder.drop(p[len(p)-1])
	}
}
