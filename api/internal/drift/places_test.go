package drift

import (
	"reflect"
	"strings"
	"time"

	"sealstack/api"
)

// place is where a value stands on the wire; its name is the key of a map.
type place struct {
	kind     string // "string", "number", "bool" or "empty" (a structure without members); "" in XML and forms
	optional bool   // below a union, of which a snapshot fills one member
}

// mapKey is the key of every map in the snapshots.
const mapKey = "key0"

// collector gathers the places of one input or output.
type collector struct {
	*api.Service
	found map[string]place
	open  []reflect.Type // structs around the current place: a recursive one is not entered again
}

// places returns the places of a generated struct, as its tags say.
func places(s *api.Service, typ reflect.Type) map[string]place {
	c := collector{Service: s, found: map[string]place{}}
	for i := range typ.NumField() {
		c.top(typ.Field(i))
	}
	if s.Protocol == api.JSON && typ.NumField() == 0 {
		c.found["body"] = place{kind: "empty"}
	}
	return c.found
}

// top collects a member of the input or output itself.
func (c *collector) top(f reflect.StructField) {
	tag, err := api.ParseTag(f)
	if err != nil {
		panic(err)
	}
	switch tag.Place {
	case api.Header:
		c.leaf("header "+strings.ToLower(tag.Name), "", tag.Name == "Content-Length")
	case api.HeaderPrefix:
		c.leaf("header "+strings.ToLower(tag.Name)+mapKey, "", false)
	case api.Label:
		c.leaf("label "+tag.Name, "", false)
	case api.Parameter:
		c.leaf("parameter "+tag.Name, "", false)
	case api.Payload:
		c.payload(f, tag)
	default:
		c.member("body", f, tag, false)
	}
}

func (c *collector) payload(f reflect.StructField, tag api.Tag) {
	t := deref(f.Type)
	if t.Kind() != reflect.Struct {
		c.leaf("body", "", false)
		return
	}
	root := tag.Name
	c.walk("body/"+root, t, tag.Shape, false)
}

func (c *collector) leaf(name, kind string, optional bool) {
	c.found[name] = place{kind, optional}
}

// member collects a member of a structure at path.
func (c *collector) member(path string, f reflect.StructField, tag api.Tag, optional bool) {
	switch {
	case f.Type.Kind() == reflect.Func: // event streams are not part of the body
	case tag.Place == api.Attribute:
		c.leaf(path+"@"+tag.Name, "", optional)
	case tag.Flattened:
		shape := c.Shapes[tag.Shape]
		c.walk(path+"/"+tag.Name, f.Type.Elem(), shape.Elem, optional)
	default:
		c.walk(path+"/"+tag.Name, f.Type, tag.Shape, optional)
	}
}

// walk collects what stands below path, a value of type t and a named shape.
func (c *collector) walk(path string, t reflect.Type, shape string, optional bool) {
	t = deref(t)
	facts := c.Shapes[shape]
	switch {
	case t.Kind() == reflect.Map:
		c.walkMap(path, t, facts, optional)
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		c.walk(path+c.listStep(facts), t.Elem(), facts.Elem, optional)
	case t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]():
		c.walkStruct(path, t, optional || facts.Union)
	default:
		c.leaf(path, c.kind(t), optional)
	}
}

func (c *collector) walkStruct(path string, t reflect.Type, optional bool) {
	for _, around := range c.open {
		if around == t { // a snapshot breaks off here, with an empty one
			c.leaf(path, c.emptyKind(), true)
			return
		}
	}
	c.open = append(c.open, t)
	defer func() { c.open = c.open[:len(c.open)-1] }()
	if t.NumField() == 0 {
		c.leaf(path, c.emptyKind(), optional)
	}
	for i := range t.NumField() {
		tag, err := api.ParseTag(t.Field(i))
		if err != nil {
			panic(err)
		}
		c.member(path, t.Field(i), tag, optional)
	}
}

// listStep is what stands between a list and its element.
func (c *collector) listStep(facts api.Shape) string {
	item := facts.ItemName
	if item == "" {
		item = "member"
	}
	switch {
	case c.Protocol == api.JSON:
		return "[]"
	case facts.Flattened:
		return ""
	}
	return "/" + item
}

func (c *collector) walkMap(path string, t reflect.Type, facts api.Shape, optional bool) {
	if c.Protocol == api.JSON {
		c.walk(path+"/"+mapKey, t.Elem(), facts.Elem, optional)
		return
	}
	c.leaf(path+"/entry/key", "", optional)
	c.walk(path+"/entry/value", t.Elem(), facts.Elem, optional)
}

// kind returns the JSON kind of a scalar; in other protocols all are text.
func (c *collector) kind(t reflect.Type) string {
	if c.Protocol != api.JSON {
		return ""
	}
	switch t.Kind() {
	case reflect.String, reflect.Slice, reflect.Interface:
		return "string"
	case reflect.Bool:
		return "bool"
	}
	return "number"
}

func (c *collector) emptyKind() string {
	if c.Protocol == api.JSON {
		return "empty"
	}
	return ""
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}
