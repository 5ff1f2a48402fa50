package restxml

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"

	"sealstack/api"
	"sealstack/wire/plan"
)

// maxDepth bounds how deep elements may nest; no document of the model needs
// half of it, and none refers to itself.
const maxDepth = 32

// errDocument says that a document is not what its operation takes; which of
// the many faults it has S3 does not tell.
var errDocument = errors.New("restxml: not the document that the operation takes")

// documentReader reads one XML document.
type documentReader struct {
	*xml.Decoder
	depth int
}

// decodeDocument reads the document that holds the member m.
func decodeDocument(m *plan.Member, body []byte, v reflect.Value) error {
	d := &documentReader{Decoder: xml.NewDecoder(bytes.NewReader(body))}
	root, err := d.child()
	if err != nil {
		return err
	}
	if root == nil || root.Name.Local != m.Wire && root.Name.Local != m.Type.Element {
		return errDocument
	}
	if err := d.value(m.Type, root, v); err != nil {
		return err
	}
	return d.end()
}

// next returns the next token that counts. Declarations of entities and
// document types are refused: S3 takes none.
func (d *documentReader) next() (xml.Token, error) {
	for {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch token.(type) {
		case xml.Directive:
			return nil, errDocument
		case xml.StartElement:
			if d.depth++; d.depth > maxDepth {
				return nil, errDocument
			}
			return token, nil
		case xml.EndElement:
			d.depth--
			return token, nil
		case xml.CharData:
			return token, nil
		}
	}
}

// child returns the next element inside the present one, or nil at its end.
func (d *documentReader) child() (*xml.StartElement, error) {
	for {
		token, err := d.next()
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			return &token, nil
		case xml.EndElement:
			return nil, nil
		case xml.CharData:
			if len(bytes.TrimSpace(token)) > 0 {
				return nil, errDocument
			}
		}
	}
}

// end checks that nothing follows the root element.
func (d *documentReader) end() error {
	switch token, err := d.child(); {
	case err == io.EOF:
		return nil
	case err != nil:
		return err
	case token != nil:
		return errDocument
	}
	return errDocument
}

// value decodes the element that has been started.
func (d *documentReader) value(t *plan.Type, at *xml.StartElement, v reflect.Value) error {
	switch t.Kind {
	case plan.Struct:
		return d.structure(t, at, v)
	case plan.List:
		return d.items(t, v)
	}
	text, err := d.text()
	if err != nil {
		return err
	}
	return scalar(t, text, v)
}

// scalar decodes and checks a scalar. Blanks around it count in strings that
// may have any value only.
func scalar(t *plan.Type, text string, v reflect.Value) error {
	if t.Kind != plan.String || t.Enum() {
		text = strings.TrimSpace(text)
	}
	if parse(t, text, v) != nil || !ignored[t.Shape] && !t.Fits(v) {
		return errDocument
	}
	return nil
}

// text returns what is in the present element, which has no elements in it.
func (d *documentReader) text() (string, error) {
	var b strings.Builder
	for {
		token, err := d.next()
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.CharData:
			b.Write(token)
		case xml.EndElement:
			return b.String(), nil
		default:
			return "", errDocument
		}
	}
}

// structure decodes the members of a structure. S3 validates against a schema:
// what it does not have, and what comes twice, is refused; the order is free.
// Unverified: that an unknown element is refused in every document.
func (d *documentReader) structure(t *plan.Type, at *xml.StartElement, v reflect.Value) error {
	var seen plan.Set
	if err := attributes(t, at, v, &seen); err != nil {
		return err
	}
	for expect := 0; ; expect++ {
		child, err := d.child()
		if err != nil {
			return err
		}
		if child == nil {
			return complete(t, &seen)
		}
		m := t.Member(child.Name.Local, expect)
		if m == nil || m.Place != api.Body || seen.Has(m) && !m.Type.Flattened {
			return errDocument
		}
		seen.Add(m)
		expect = m.Index()
		if err := d.member(m, child, v.Field(m.Field)); err != nil {
			return err
		}
	}
}

// member decodes the element of a member; one of a flattened list is one of
// many.
func (d *documentReader) member(m *plan.Member, at *xml.StartElement, field reflect.Value) error {
	switch {
	case m.Type.Kind == plan.List && m.Type.Flattened:
		return d.item(m.Type.Elem, at, field)
	case m.Pointer:
		field.Set(reflect.New(m.Type.Go))
		field = field.Elem()
	}
	return d.value(m.Type, at, field)
}

// items decodes the members of a list that has an element of its own.
func (d *documentReader) items(t *plan.Type, v reflect.Value) error {
	v.Set(reflect.MakeSlice(v.Type(), 0, 4))
	for {
		child, err := d.child()
		if err != nil || child == nil {
			return err
		}
		if child.Name.Local != cmp.Or(t.ItemName, "member") {
			return errDocument
		}
		if err := d.item(t.Elem, child, v); err != nil {
			return err
		}
	}
}

// item appends one member to a list.
func (d *documentReader) item(t *plan.Type, at *xml.StartElement, list reflect.Value) error {
	v := reflect.New(t.Go).Elem()
	if err := d.value(t, at, v); err != nil {
		return err
	}
	list.Set(reflect.Append(list, v))
	return nil
}

// attributes decodes the members that are attributes, such as a grantee's
// xsi:type.
func attributes(t *plan.Type, at *xml.StartElement, v reflect.Value, seen *plan.Set) error {
	for i := range t.Members {
		m := &t.Members[i]
		if m.Place != api.Attribute {
			continue
		}
		prefix, local, _ := strings.Cut(m.Wire, ":")
		for _, a := range at.Attr {
			if a.Name.Local != local || a.Name.Space != t.Namespace && a.Name.Space != prefix {
				continue
			}
			seen.Add(m)
			if err := scalar(m.Type, a.Value, v.Field(m.Field)); err != nil {
				return err
			}
		}
	}
	return nil
}

// complete checks that what is required is there, and of a union one member.
func complete(t *plan.Type, seen *plan.Set) error {
	members := 0
	for i := range t.Members {
		m := &t.Members[i]
		switch {
		case seen.Has(m):
			members++
		case m.Required && (m.Place == api.Body || m.Place == api.Attribute):
			return errDocument
		}
	}
	if t.Union && members != 1 {
		return errDocument
	}
	return nil
}
