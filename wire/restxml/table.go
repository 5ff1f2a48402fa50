package restxml

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sealstack/api"
)

// level is what an operation is about.
type level uint8

const (
	ofService level = iota
	ofBucket
	ofObject
)

// Table finds operations by the bindings of the model.
type Table struct {
	bindings map[request][]binding
	// sub lists the subresources of each level, such as acl: a method that a
	// subresource does not have is refused, not taken for one on the bucket or
	// object itself.
	sub     map[level]map[string]bool
	literal map[string]string // path without labels: the operation omitted there
}

// request is what always decides about an operation.
type request struct {
	method string
	level  level
}

// binding is one operation with what else must be in a request for it.
type binding struct {
	name  string
	op    *api.Operation // nil: this program does not carry it
	query []parameter
	copy  bool // x-amz-copy-source must be there
}

// parameter of a query. Any value counts if value is empty.
type parameter struct{ name, value string }

// copySource tells a copy from an upload.
const copySource = "x-amz-copy-source"

// NewTable returns the table of a service's operations.
func NewTable(s *api.Service) *Table {
	t := &Table{map[request][]binding{}, map[level]map[string]bool{ofBucket: {}, ofObject: {}, ofService: {}}, map[string]string{}}
	for _, op := range s.Operations {
		t.add(binding{name: op.Name, op: op}, op.HTTP)
	}
	for _, o := range s.Omitted {
		t.add(binding{name: o.Name}, o.HTTP)
	}
	for _, list := range t.bindings {
		slices.SortStableFunc(list, func(a, b binding) int { return cmp.Compare(b.weight(), a.weight()) })
	}
	return t
}

// add enters a binding. Its conditions are the query of its URI and what is
// required in the query.
func (t *Table) add(b binding, at api.HTTP) {
	path, query, _ := strings.Cut(at.URI, "?")
	of, ok := map[string]level{"/": ofService, "/{Bucket}": ofBucket, "/{Bucket}/{Key+}": ofObject}[path]
	if !ok {
		t.literal[path] = b.name
		return
	}
	for part := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(part, "="); name != "" {
			b.query = append(b.query, parameter{name, value})
			t.sub[of][name] = t.sub[of][name] || value == ""
		}
	}
	b.require()
	key := request{at.Method, of}
	t.bindings[key] = append(t.bindings[key], b)
}

// require adds the conditions that stand in the input's tags.
func (b *binding) require() {
	if b.op == nil {
		return
	}
	for i := range b.op.Input.NumField() {
		tag, err := api.ParseTag(b.op.Input.Field(i))
		switch {
		case err != nil || !tag.Required:
		case tag.Place == api.Parameter:
			b.query = append(b.query, parameter{name: tag.Name})
		case tag.Place == api.Header && tag.Name == copySource:
			b.copy = true
		}
	}
}

// weight orders bindings: the one with most conditions first, of two that are
// alike the carried one, and of two that are not the list before the one for
// a single configuration.
func (b *binding) weight() int {
	w := 8 * len(b.query)
	if b.copy {
		w += 4
	}
	if b.op != nil {
		w += 2
	}
	if b.omittedList() {
		w++
	}
	return w
}

// omittedList reports whether b lists configurations of which another binding,
// with the same subresource, is for one.
func (b *binding) omittedList() bool { return b.op == nil && strings.HasPrefix(b.name, "List") }

func (b *binding) matches(query url.Values, h http.Header) bool {
	for _, p := range b.query {
		if !query.Has(p.name) || p.value != "" && query.Get(p.name) != p.value {
			return false
		}
	}
	return (!b.copy || h.Get(copySource) != "") && !(b.omittedList() && query.Has("id"))
}

// Find returns the operation that a request is for. Its error is S3's: there
// is none, or this program does not carry it.
func (t *Table) Find(method string, a Address, query url.Values, h http.Header) (*api.Operation, error) {
	at := request{method, a.level()}
	for _, b := range t.bindings[at] {
		switch {
		case !b.matches(query, h):
		case b.op == nil:
			return nil, api.NotImplemented("s3", b.name)
		case len(b.query) == 0 && method != http.MethodHead && t.subresource(at.level, query) != "":
			return nil, t.notAllowed(at, query)
		default:
			return b.op, nil
		}
	}
	if name, ok := t.literal["/"+a.Bucket]; ok && a.Key == "" {
		return nil, api.NotImplemented("s3", name)
	}
	return nil, t.notAllowed(at, query)
}

// notAllowed refuses a method.
func (t *Table) notAllowed(at request, query url.Values) error {
	switch sub := t.subresource(at.level, query); {
	case sub != "":
		return methodNotAllowed(at.method, strings.ToUpper(sub))
	case at == request{http.MethodPost, ofBucket}:
		return notAForm()
	}
	return methodNotAllowed(at.method, [...]string{"SERVICE", "BUCKET", "OBJECT"}[at.level])
}

// subresource returns the subresource that a query names, or "".
func (t *Table) subresource(of level, query url.Values) string {
	for name := range query {
		if t.sub[of][name] {
			return name
		}
	}
	return ""
}

func (a Address) level() level {
	switch {
	case a.Key != "":
		return ofObject
	case a.Bucket != "":
		return ofBucket
	}
	return ofService
}
