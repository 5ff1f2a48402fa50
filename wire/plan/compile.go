package plan

import (
	"fmt"
	"net/textproto"
	"reflect"
	"strconv"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"sealstack/api"
)

// Planner compiles and keeps the plans of one service. It is safe for
// concurrent use.
type Planner struct {
	service *api.Service
	mu      sync.Mutex
	types   map[typeKey]*Type
}

// typeKey tells two shapes apart that one Go type holds: every constrained
// string is a Go string.
type typeKey struct {
	goType reflect.Type
	shape  string
}

// New returns a planner for the shapes of s.
func New(s *api.Service) *Planner {
	return &Planner{service: s, types: map[typeKey]*Type{}}
}

// Of returns the plan of a structure or value of type t. It panics if t can't
// be the Go form of a shape: the generated code would then be broken.
func (p *Planner) Of(t reflect.Type) *Type {
	p.mu.Lock()
	defer p.mu.Unlock()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return p.compile(t, t.Name())
}

func (p *Planner) compile(t reflect.Type, shape string) *Type {
	key := typeKey{t, shape}
	if known, ok := p.types[key]; ok {
		return known
	}
	facts := p.service.Shapes[shape]
	out := &Type{
		Kind: kindOf(t), Shape: shape, Go: t,
		Flattened: facts.Flattened, ItemName: facts.ItemName, KeyName: facts.KeyName, ValueName: facts.ValueName,
		TimeFormat: facts.TimeFormat, Union: facts.Union, Sensitive: facts.Sensitive,
		Element: facts.Element, Unwrapped: facts.Unwrapped, Namespace: facts.Namespace, Prefix: facts.Prefix,
	}
	p.types[key] = out // before the members: shapes may hold themselves
	switch out.Kind {
	case List:
		out.Elem = p.compile(t.Elem(), facts.Elem)
	case Map:
		out.Key, out.Elem = p.compile(t.Key(), facts.Key), p.compile(t.Elem(), facts.Elem)
	case Struct:
		p.compileMembers(out)
	}
	out.rules = rulesOf(out, facts)
	return out
}

func (p *Planner) compileMembers(t *Type) {
	if t.Go.NumField() > maxMembers {
		panic(fmt.Sprintf("plan: %s has more than %d members", t.Go, maxMembers))
	}
	t.Members = make([]Member, 0, t.Go.NumField())
	t.members = make(map[string]int, t.Go.NumField())
	for i := range t.Go.NumField() {
		field := t.Go.Field(i)
		tag, err := api.ParseTag(field)
		if err != nil {
			panic(fmt.Sprintf("plan: %s: %v", t.Go, err))
		}
		m := Member{Name: lowerFirst(tag.Name), Wire: tag.Name, JSON: strconv.Quote(tag.Name) + ":", Field: i, Required: tag.Required, Place: tag.Place, index: i}
		if tag.Place == api.Header || tag.Place == api.HeaderPrefix {
			m.Header = textproto.CanonicalMIMEHeaderKey(tag.Name)
		}
		goType := field.Type
		if goType.Kind() == reflect.Pointer {
			goType, m.Pointer = goType.Elem(), true
		}
		m.Type = p.compile(goType, tag.Shape)
		if tag.Flattened && !m.Type.Flattened { // here, though not everywhere
			flat := *m.Type
			flat.Flattened = true
			m.Type = &flat
		}
		t.Members = append(t.Members, m)
		t.members[tag.Name] = i
	}
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	bytesType = reflect.TypeFor[[]byte]()
)

func kindOf(t reflect.Type) Kind {
	switch t.Kind() {
	case reflect.String:
		return String
	case reflect.Bool:
		return Bool
	case reflect.Int, reflect.Int32, reflect.Int64: // models have no int, but further members of errors may be one
		return Int
	case reflect.Float32, reflect.Float64:
		return Float
	case reflect.Slice:
		if t == bytesType {
			return Blob
		}
		return List
	case reflect.Map:
		return Map
	case reflect.Struct:
		if t == timeType {
			return Time
		}
		return Struct
	case reflect.Interface, reflect.Func, reflect.Chan:
		return Opaque
	}
	panic(fmt.Sprintf("plan: no shape has the Go type %s", t))
}

// lowerFirst turns a wire name into the one that the sentences use.
func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}
