package restxml

import (
	"cmp"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"

	"sealstack/api"
	"sealstack/wire/plan"
	"sealstack/wire/xmltext"
)

// Answer is what an output is on the wire beside its headers.
type Answer struct {
	Status int
	Type   string        // Content-Type, where the output says none: "" with a stream or without a body
	Body   []byte        // what was appended, or nil if there is no body
	Stream io.ReadCloser // the body, instead of Body; the caller closes it
}

// Encode sets the headers of the output out, a pointer to t.Go, in h and
// appends its body to b. A nil t stands for an operation without output.
func Encode(b []byte, s *api.Service, op *api.Operation, t *plan.Type, out any, h http.Header) Answer {
	a := Answer{Status: cmp.Or(op.HTTP.Status, http.StatusOK)}
	if t == nil {
		return a
	}
	v := reflect.Indirect(reflect.ValueOf(out))
	body := false
	for i := range t.Members {
		m := &t.Members[i]
		switch m.Place {
		case api.Body:
			body = true
		case api.Payload:
			a.payload(b, s, m, v.Field(m.Field))
		default:
			a.head(m, v.Field(m.Field), h)
		}
	}
	if body {
		a.document(xmltext.Declaration, b, root{cmp.Or(t.Element, t.Shape), s.XMLNamespace}, t, v)
	}
	if a.Status == http.StatusOK && h["Content-Range"] != nil {
		a.Status = http.StatusPartialContent // the model has no member for it
	}
	return a
}

// head writes a member that is a header, several, or the status.
func (a *Answer) head(m *plan.Member, field reflect.Value, h http.Header) {
	if m.Absent(field) {
		return
	}
	if m.Pointer {
		field = field.Elem()
	}
	switch m.Place {
	case api.Header:
		h[m.Header] = []string{headerText(m.Type, field)}
	case api.HeaderPrefix:
		for entry := field.MapRange(); entry.Next(); {
			// In lower case, as S3 sends it: clients read the rest of the name
			// as it comes, and "signature" is not "Signature" to them.
			h[strings.ToLower(m.Wire+entry.Key().String())] = []string{encodeWords(entry.Value().String())}
		}
	case api.StatusCode:
		a.Status = int(field.Int())
	}
}

func headerText(t *plan.Type, v reflect.Value) string {
	switch t.Kind {
	case plan.String:
		return v.String()
	case plan.List:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = headerText(t.Elem, v.Index(i))
		}
		return strings.Join(items, ",")
	}
	return string(appendScalar(nil, t, v, httpDate))
}

// encodeWords writes text beyond ASCII as RFC 2047 says, as S3 does with
// metadata.
func encodeWords(s string) string { return mime.BEncoding.Encode("UTF-8", s) }

// payload writes the member that is the body.
func (a *Answer) payload(b []byte, s *api.Service, m *plan.Member, field reflect.Value) {
	if m.Type.Kind == plan.Opaque {
		a.Stream, _ = field.Interface().(io.ReadCloser)
		return
	}
	if m.Absent(field) {
		return
	}
	if m.Pointer {
		field = field.Elem()
	}
	if m.Type.Kind == plan.Struct {
		a.document(xmltext.Declaration, b, root{m.Wire, s.XMLNamespace}, m.Type, field)
		return
	}
	a.Type, a.Body = "application/json", appendScalar(b, m.Type, field, "") // a bucket policy
}

// root is the outermost element of a document.
type root struct{ name, namespace string }

func (a *Answer) document(declaration string, b []byte, r root, t *plan.Type, v reflect.Value) {
	b = append(b, declaration...)
	b = append(append(append(b, '<'), r.name...), ` xmlns="`...)
	b = append(append(b, r.namespace...), `">`...)
	if t.Unwrapped {
		b = appendUnwrapped(b, t, v)
	} else {
		b = appendMembers(b, t, v)
	}
	a.Type, a.Body = "application/xml", xmltext.Close(b, r.name)
}

// appendUnwrapped writes the text of the only member, if there is one.
func appendUnwrapped(b []byte, t *plan.Type, v reflect.Value) []byte {
	m := &t.Members[0]
	field := v.Field(m.Field)
	if m.Absent(field) {
		return b
	}
	return xmltext.Append(b, headerText(m.Type, reflect.Indirect(field)))
}

// appendMembers writes the members that are elements.
func appendMembers(b []byte, t *plan.Type, v reflect.Value) []byte {
	for i := range t.Members {
		m := &t.Members[i]
		field := v.Field(m.Field)
		if m.Place != api.Body || m.Absent(field) {
			continue
		}
		if m.Pointer {
			field = field.Elem()
		}
		b = appendNamed(b, m.Wire, m.Type, field)
	}
	return b
}

// appendNamed appends a value under an element, or under several if it is a
// flattened list.
func appendNamed(b []byte, name string, t *plan.Type, v reflect.Value) []byte {
	if t.Kind == plan.List && t.Flattened {
		return appendItems(b, name, t, v)
	}
	b = append(append(b, '<'), name...)
	if t.Namespace != "" {
		b = append(append(append(b, ` xmlns:`...), t.Prefix...), `="`...)
		b = append(append(b, t.Namespace...), '"')
	}
	if t.Kind == plan.Struct {
		b = appendAttributes(b, t, v)
	}
	b = append(b, '>')
	switch t.Kind {
	case plan.Struct:
		b = appendMembers(b, t, v)
	case plan.List:
		b = appendItems(b, cmp.Or(t.ItemName, "member"), t, v)
	case plan.String:
		b = xmltext.Append(b, v.String())
	default:
		b = appendScalar(b, t, v, iso8601)
	}
	return xmltext.Close(b, name)
}

func appendItems(b []byte, name string, t *plan.Type, v reflect.Value) []byte {
	for i := range v.Len() {
		b = appendNamed(b, name, t.Elem, v.Index(i))
	}
	return b
}

// appendAttributes writes the members that are attributes.
func appendAttributes(b []byte, t *plan.Type, v reflect.Value) []byte {
	for i := range t.Members {
		m := &t.Members[i]
		if field := v.Field(m.Field); m.Place == api.Attribute && !m.Absent(field) {
			b = append(append(append(b, ' '), m.Wire...), `="`...)
			b = append(xmltext.Append(b, headerText(m.Type, reflect.Indirect(field))), '"')
		}
	}
	return b
}
