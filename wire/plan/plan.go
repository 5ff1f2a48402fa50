// Package plan compiles the Go types of a service's inputs and outputs, with
// what the service's model says of their shapes, into plans that the codecs
// walk. It also owns AWS's constraint sentences: [Checker] collects what a
// request breaks while a codec decodes it, for only the decoder knows a member
// that is absent from one that is empty.
//
// Only wire and the packages below it may import it. The constraints are the
// traits of Smithy (https://smithy.io/2.0/spec/constraint-traits.html); the
// sentences are those of the services themselves.
package plan

import (
	"reflect"

	"sealstack/api"
)

// Kind is what a shape is on the wire.
type Kind uint8

// The kinds. Opaque stands for what is neither decoded nor encoded as a
// value: streams of bytes and of events.
const (
	Opaque Kind = iota
	String
	Blob
	Bool
	Int
	Float
	Time
	List
	Map
	Struct
)

// Type is the plan of one shape as one Go type holds it.
type Type struct {
	Kind  Kind
	Shape string       // name in the model; empty if the model gives it none
	Go    reflect.Type // never a pointer

	Members []Member // of a Struct, in the model's order
	Elem    *Type    // of a List's members or a Map's values
	Key     *Type    // of a Map's keys

	Flattened  bool   // list or map without a wrapping element
	ItemName   string // wire name of a list's members in XML and query
	KeyName    string // wire names of a map's keys and values there
	ValueName  string
	TimeFormat string // where the protocol's default does not hold
	Union      bool   // exactly one member may be set
	Sensitive  bool   // never echoed

	Element   string // RESTXML: name of the element, where the shape has one of its own
	Unwrapped bool   // RESTXML: the element holds the text of the only member
	Namespace string // RESTXML: XML namespace that the element declares, under Prefix
	Prefix    string

	rules   *rules // nil if neither the shape nor its scalar elements have any
	members map[string]int
}

// Member is one member of a structure.
type Member struct {
	Name     string // as the sentences name it: "keyId"
	Wire     string // as the wire names it: "KeyId"
	JSON     string // the wire name quoted, with its colon: "\"KeyId\":"
	Field    int    // of the Go struct
	Type     *Type
	Pointer  bool // the Go field is a pointer to Type.Go
	Required bool
	Place    api.Place
	Header   string // the wire name as Go's net/http writes header names, of a Header or HeaderPrefix
	index    int    // in Members
}

// Index returns the member's place among its structure's members.
func (m *Member) Index() int { return m.index }

// Absent reports whether the member's field holds nothing to encode.
func (m *Member) Absent(field reflect.Value) bool {
	switch m.Type.Kind {
	case Opaque:
		return true
	case Blob, List, Map:
		return field.IsNil()
	}
	return m.Pointer && field.IsNil()
}

// Member returns the member that the wire calls name, or nil. Clients send
// members in one order mostly, so the caller passes the index at which it
// expects the member: the one behind the last it met.
func (t *Type) Member(name string, expect int) *Member {
	if expect < len(t.Members) && t.Members[expect].Wire == name {
		return &t.Members[expect]
	}
	if i, ok := t.members[name]; ok {
		return &t.Members[i]
	}
	return nil
}

// Scalar reports whether t is neither a structure nor a list nor a map.
func (t *Type) Scalar() bool { return t.Kind < List }

// Set is a set of a structure's members, by index.
type Set [setWords]uint64

const setWords = 2

// maxMembers is how many members a structure may have.
const maxMembers = setWords * 64

// Has reports whether the set holds m.
func (s *Set) Has(m *Member) bool { return s[m.index>>6]&(1<<(m.index&63)) != 0 }

// Add puts m into the set.
func (s *Set) Add(m *Member) { s[m.index>>6] |= 1 << (m.index & 63) }

// Remove takes m out of the set.
func (s *Set) Remove(m *Member) { s[m.index>>6] &^= 1 << (m.index & 63) }
