package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"sealstack/api"
)

// rules are the constraints of a shape, with their sentences ready.
type rules struct {
	min, max           *int64
	minError, maxError string
	match              matcher
	matchError         string
	enum               []string
	enumError          string

	elem, key *rules // of a List's scalar members, of a Map's keys and scalar values
}

func rulesOf(t *Type, facts api.Shape) *rules {
	r := &rules{min: facts.Min, max: facts.Max, enum: facts.Enum}
	noun := "length"
	if t.Kind == Int || t.Kind == Float {
		noun = "value"
	}
	if r.min != nil {
		r.minError = fmt.Sprintf("Member must have %s greater than or equal to %d", noun, *r.min)
	}
	if r.max != nil {
		r.maxError = fmt.Sprintf("Member must have %s less than or equal to %d", noun, *r.max)
	}
	if facts.Pattern != "" {
		r.match, r.matchError = compilePattern(facts.Pattern), "Member must satisfy regular expression pattern: "+facts.Pattern
	}
	if len(r.enum) > 0 {
		r.enumError = "Member must satisfy enum value set: [" + strings.Join(EnumOrder(r.enum), ", ") + "]"
	}
	if t.Elem != nil && t.Elem.Scalar() {
		r.elem = t.Elem.rules
	}
	if t.Key != nil {
		r.key = t.Key.rules
	}
	if r.min == nil && r.max == nil && r.match == nil && len(r.enum) == 0 && r.elem == nil && r.key == nil {
		return nil
	}
	return r
}

// Fits reports whether v keeps the constraints of its shape, those of its
// members, keys and values aside.
func (t *Type) Fits(v reflect.Value) bool { return t.broken(v) == nil }

// Enum reports whether t has a closed set of values.
func (t *Type) Enum() bool { return t.rules != nil && len(t.rules.enum) > 0 }

// broken lists what v breaks, in the order in which AWS reports it.
func (t *Type) broken(v reflect.Value) []string {
	r := t.rules
	if r == nil {
		return nil
	}
	switch t.Kind {
	case String:
		return r.brokenString(v.String())
	case Int:
		return r.brokenSize(nil, v.Int())
	case Blob, List, Map:
		return r.brokenSize(nil, int64(v.Len()))
	}
	return nil
}

func (r *rules) brokenString(s string) (out []string) {
	if len(r.enum) > 0 && !slices.Contains(r.enum, s) {
		out = append(out, r.enumError)
	}
	if r.match != nil && !r.match(s) {
		out = append(out, r.matchError)
	}
	if r.min == nil && r.max == nil {
		return out
	}
	n := int64(len(s))
	// A string has at most as many UTF-16 units as bytes and at least a third
	// of them, so most lengths need no counting.
	if r.max != nil && n > *r.max || r.min != nil && n < 3**r.min {
		n = utf16Length(s)
	}
	return r.brokenSize(out, n)
}

func (r *rules) brokenSize(out []string, n int64) []string {
	if r.max != nil && n > *r.max {
		out = append(out, r.maxError)
	}
	if r.min != nil && n < *r.min {
		out = append(out, r.minError)
	}
	return out
}

// all lists every constraint, which is how AWS reports a bad list member, map
// key or map value: it names the whole list of what those must satisfy.
func (r *rules) all() (out []string) {
	if r == nil {
		return nil
	}
	for _, sentence := range []string{r.maxError, r.minError, r.matchError, r.enumError} {
		if sentence != "" {
			out = append(out, sentence)
		}
	}
	return out
}

// utf16Length counts as Java's String.length does.
func utf16Length(s string) (n int64) {
	for _, c := range s {
		n++
		if c > 0xFFFF && c <= utf8.MaxRune {
			n++
		}
	}
	return n
}
