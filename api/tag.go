package api

import (
	"fmt"
	"reflect"
	"strings"
)

// Place says where on the wire a member stands.
type Place uint8

// The places of a member. All but Body occur in RESTXML and RESTJSON only.
const (
	Body         Place = iota
	Header             // an HTTP header
	HeaderPrefix       // a map: headers with a common prefix
	Label              // a label of the path
	Parameter          // a parameter of the query string
	StatusCode         // the HTTP status of the answer
	Payload            // the whole body
	Attribute          // an attribute of the enclosing XML element
)

// Tag is what the `aws` tag of a field says; the package comment has the
// grammar.
type Tag struct {
	Shape     string // name of the member's shape in the model
	Name      string // wire name: of the member, header, label, parameter; of HeaderPrefix the prefix
	Place     Place
	Namespace string // XML namespace that the member's element declares
	Required  bool
	Flattened bool
	Token     bool // idempotency token
}

// ParseTag reads the `aws` tag of a field of a generated struct. It fails on
// a field without one, and on what the grammar does not have.
func ParseTag(f reflect.StructField) (Tag, error) {
	text, ok := f.Tag.Lookup("aws")
	if !ok {
		return Tag{}, fmt.Errorf("api: field %s has no aws tag", f.Name)
	}
	shape, options, more := strings.Cut(text, ",")
	if shape == "" {
		return Tag{}, fmt.Errorf("api: field %s: tag %q names no shape", f.Name, text)
	}
	t := Tag{Shape: shape, Name: f.Name}
	if !more {
		return t, nil
	}
	for option := range strings.SplitSeq(options, ",") {
		if !t.set(option) {
			return Tag{}, fmt.Errorf("api: field %s: tag %q has unknown option %q", f.Name, text, option)
		}
	}
	return t, nil
}

// set applies one option and reports whether the grammar has it.
func (t *Tag) set(option string) bool {
	key, value, valued := strings.Cut(option, "=")
	if valued {
		return value != "" && t.setValue(key, value)
	}
	return t.setFlag(key)
}

func (t *Tag) setFlag(key string) bool {
	switch key {
	case "required":
		t.Required = true
	case "flattened":
		t.Flattened = true
	case "token":
		t.Token = true
	case "status":
		t.Place = StatusCode
	case "payload":
		t.Place = Payload
	case "attr":
		t.Place = Attribute
	default:
		return false
	}
	return true
}

var namedPlaces = map[string]Place{"header": Header, "headers": HeaderPrefix, "uri": Label, "query": Parameter}

func (t *Tag) setValue(key, value string) bool {
	if place, ok := namedPlaces[key]; ok {
		t.Place, t.Name = place, value
		return true
	}
	switch key {
	case "name":
		t.Name = value
	case "ns":
		t.Namespace = value
	default:
		return false
	}
	return true
}
