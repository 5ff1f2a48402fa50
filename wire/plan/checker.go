package plan

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Checker collects the constraints that a request breaks. A codec tells it
// where in the request it is (Enter, Index, Key, Leave) and hands over each
// value once it is decoded. The zero Checker is ready; it serves one request.
type Checker struct {
	path  []step
	found []violation
}

// step is one part of the path to a value. order is its place among its
// siblings in the model or in the list.
type step struct {
	kind  stepKind
	order int
	name  string // of a member; a map's key
}

type stepKind uint8

const (
	memberStep stepKind = iota
	indexStep
	keyStep
)

type violation struct {
	path     []step
	echo     string // " '...'" or " null" or nothing
	sentence string
	dropped  bool
}

// maxFound bounds how many violations of one request are kept and reported.
// Only a request made to hurt breaks more constraints.
const maxFound = 10_000

const mustNotBeNull = "Member must not be null"

// Enter goes into a member of the structure that is being decoded.
func (c *Checker) Enter(m *Member) {
	c.path = append(c.path, step{memberStep, m.index, m.Name})
}

// Index goes into the i-th member of a list, counted from 0.
func (c *Checker) Index(i int) { c.path = append(c.path, step{indexStep, i, ""}) }

// Key goes to the value that a map has under key.
func (c *Checker) Key(key string) { c.path = append(c.path, step{keyStep, 0, key}) }

// Leave undoes the last Enter, Index or Key.
func (c *Checker) Leave() { c.path = c.path[:len(c.path)-1] }

// Mark returns the present place in the order of findings, for Forget.
func (c *Checker) Mark() int { return len(c.found) }

// Forget drops what was found between two marks: the member that was decoded
// between them is sent twice, and the last one counts.
func (c *Checker) Forget(from, to int) {
	for i := from; i < to; i++ {
		c.found[i].dropped = true
	}
}

// Missing records that the required member m is absent from the structure at
// the current place.
func (c *Checker) Missing(m *Member) {
	c.Enter(m)
	c.Null()
	c.Leave()
}

// Null records that there is nothing at the current place, where a value must
// be.
func (c *Checker) Null() { c.record(" null", mustNotBeNull) }

// Value checks the decoded value v at the current place: itself and, in a list
// or map, its scalar members, keys and values. hasNull says that a list held a
// null.
func (c *Checker) Value(t *Type, v reflect.Value, hasNull bool) {
	if t.rules == nil && !hasNull {
		return
	}
	for _, sentence := range t.broken(v) {
		c.record(echo(t, v), sentence)
	}
	switch t.Kind {
	case List:
		c.listMembers(t, v, hasNull)
	case Map:
		c.mapEntries(t, v)
	}
}

func (c *Checker) listMembers(t *Type, v reflect.Value, bad bool) {
	if t.rules != nil && t.rules.elem != nil {
		for i := 0; i < v.Len() && !bad; i++ {
			bad = t.Elem.broken(v.Index(i)) != nil
		}
	}
	if bad {
		c.record(echo(t, v), "Member must satisfy constraint: ["+strings.Join(append(t.Elem.rules.all(), mustNotBeNull), ", ")+"]")
	}
}

func (c *Checker) mapEntries(t *Type, v reflect.Value) {
	var badKey, badValue bool
	for entry := v.MapRange(); entry.Next(); {
		badKey = badKey || t.Key.broken(entry.Key()) != nil
		badValue = badValue || t.Elem.Scalar() && t.Elem.broken(entry.Value()) != nil
	}
	if badKey {
		c.record(echo(t, v), "Map keys must satisfy constraint: ["+strings.Join(t.Key.rules.all(), ", ")+"]")
	}
	if badValue {
		c.record(echo(t, v), "Map value must satisfy constraint: ["+strings.Join(t.Elem.rules.all(), ", ")+"]")
	}
}

func (c *Checker) record(echo, sentence string) {
	if len(c.found) < maxFound {
		c.found = append(c.found, violation{path: slices.Clone(c.path), echo: echo, sentence: sentence})
	}
}

// OK reports whether nothing was broken.
func (c *Checker) OK() bool {
	return !slices.ContainsFunc(c.found, func(v violation) bool { return !v.dropped })
}

// Message returns AWS's message for all that was broken, or "". withValues says
// whether the service prints the values that break a constraint: IAM does not.
// The sentences stand in the order of the model, then of the list.
func (c *Checker) Message(withValues bool) string {
	found := slices.DeleteFunc(slices.Clone(c.found), func(v violation) bool { return v.dropped })
	if len(found) == 0 {
		return ""
	}
	slices.SortStableFunc(found, func(a, b violation) int { return slices.CompareFunc(a.path, b.path, compareSteps) })
	var b strings.Builder
	b.WriteString(strconv.Itoa(len(found)))
	b.WriteString(" validation error")
	if len(found) > 1 {
		b.WriteByte('s')
	}
	b.WriteString(" detected: ")
	for i := range found {
		if i > 0 {
			b.WriteString("; ")
		}
		found[i].write(&b, withValues)
	}
	return b.String()
}

func compareSteps(a, b step) int {
	return cmp.Or(cmp.Compare(a.order, b.order), strings.Compare(a.name, b.name))
}

func (v *violation) write(b *strings.Builder, withValues bool) {
	b.WriteString("Value")
	if withValues || v.echo == " null" {
		b.WriteString(v.echo)
	}
	b.WriteString(" at '")
	for i, s := range v.path {
		if i > 0 {
			b.WriteByte('.')
		}
		switch s.kind {
		case indexStep:
			b.WriteString(strconv.Itoa(s.order + 1))
			b.WriteString(".member")
		case keyStep:
			b.WriteString(s.name)
			b.WriteString(".member")
		default:
			b.WriteString(s.name)
		}
	}
	b.WriteString("' failed to satisfy constraint: ")
	b.WriteString(v.sentence)
}
