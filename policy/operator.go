package policy

import (
	"cmp"
	"net/netip"
	"strings"
	"time"
)

// test holds the values that a condition wants and compares one value of the
// request with them.
type test interface {
	// add takes one more wanted value; false if it is not of the operator's
	// type. Policy variables in it are replaced only if variables is set.
	add(text string, variables bool) bool
	// any reports whether value matches one of the wanted values.
	any(value string, ctx Context) bool
}

// operator is a condition operator without its ForAllValues, ForAnyValue and
// IfExists.
type operator struct {
	negated   bool // holds when the test fails
	variables bool // takes policy variables
	test      func() test
}

// operators by name in lower case, as the page "Condition operators" of the IAM
// User Guide lists them. Null is not among them: it looks at no value.
var operators = map[string]operator{
	"stringequals":              {test: text(plain, false), variables: true},
	"stringnotequals":           {test: text(plain, false), variables: true, negated: true},
	"stringequalsignorecase":    {test: ignoringCase, variables: true},
	"stringnotequalsignorecase": {test: ignoringCase, variables: true, negated: true},
	"stringlike":                {test: text(plain, true), variables: true},
	"stringnotlike":             {test: text(plain, true), variables: true, negated: true},
	"arnequals":                 {test: text(byPart, true), variables: true},
	"arnnotequals":              {test: text(byPart, true), variables: true, negated: true},
	"arnlike":                   {test: text(byPart, true), variables: true},
	"arnnotlike":                {test: text(byPart, true), variables: true, negated: true},
	"bool":                      {test: boolean, variables: true},
	"binaryequals":              {test: typed(readBinary, readBinary, func(v, w string) bool { return v == w })},
	"ipaddress":                 {test: typed(readAddress, readRange, inRange)},
	"notipaddress":              {test: typed(readAddress, readRange, inRange), negated: true},
	"numericequals":             {test: number(func(order int) bool { return order == 0 })},
	"numericnotequals":          {test: number(func(order int) bool { return order == 0 }), negated: true},
	"numericlessthan":           {test: number(func(order int) bool { return order < 0 })},
	"numericlessthanequals":     {test: number(func(order int) bool { return order <= 0 })},
	"numericgreaterthan":        {test: number(func(order int) bool { return order > 0 })},
	"numericgreaterthanequals":  {test: number(func(order int) bool { return order >= 0 })},
	"dateequals":                {test: date(func(order int) bool { return order == 0 })},
	"datenotequals":             {test: date(func(order int) bool { return order == 0 }), negated: true},
	"datelessthan":              {test: date(func(order int) bool { return order < 0 })},
	"datelessthanequals":        {test: date(func(order int) bool { return order <= 0 })},
	"dategreaterthan":           {test: date(func(order int) bool { return order > 0 })},
	"dategreaterthanequals":     {test: date(func(order int) bool { return order >= 0 })},
}

// textTest compares text with patterns.
type textTest struct {
	mode      mode
	wildcards bool
	patterns  []pattern
}

func text(m mode, wildcards bool) func() test {
	return func() test { return &textTest{mode: m, wildcards: wildcards} }
}

func (t *textTest) add(text string, variables bool) bool {
	t.patterns = append(t.patterns, compilePattern(text, syntax{t.wildcards, variables}, t.mode))
	return true
}

func (t *textTest) any(value string, ctx Context) bool {
	for i := range t.patterns {
		if t.patterns[i].match(value, ctx) {
			return true
		}
	}
	return false
}

// expandTest compares values with what the wanted texts stand for.
type expandTest struct {
	wanted []pattern
	valid  func(text string) bool
	equal  func(value, wanted string) bool
}

func ignoringCase() test {
	return &expandTest{valid: func(string) bool { return true }, equal: strings.EqualFold}
}

// boolean compares true and false.
//
// Unverified: a Bool value that is neither is refused when the policy is saved,
// unless it holds a policy variable.
func boolean() test {
	return &expandTest{
		valid: func(text string) bool { _, ok := readBool(text); return ok },
		equal: func(value, wanted string) bool {
			v, ok := readBool(value)
			w, good := readBool(wanted)
			return ok && good && v == w
		},
	}
}

func (t *expandTest) add(text string, variables bool) bool {
	p := compilePattern(text, syntax{variables: variables}, plain)
	t.wanted = append(t.wanted, p)
	return p.variables || t.valid(text)
}

func (t *expandTest) any(value string, ctx Context) bool {
	for i := range t.wanted {
		if wanted, ok := t.wanted[i].expand(ctx); ok && t.equal(value, wanted) {
			return true
		}
	}
	return false
}

// typedTest compares values of type V with wanted values of type W.
type typedTest[V, W any] struct {
	readValue  func(string) (V, bool)
	readWanted func(string) (W, bool)
	holds      func(value V, wanted W) bool
	wanted     []W
}

// typed makes a test of values that are read first. A request value that cannot
// be read matches nothing.
//
// Unverified: a wanted value that cannot be read is refused when the policy is
// saved.
func typed[V, W any](value func(string) (V, bool), wanted func(string) (W, bool), holds func(V, W) bool) func() test {
	return func() test { return &typedTest[V, W]{readValue: value, readWanted: wanted, holds: holds} }
}

func number(keep func(order int) bool) func() test {
	return typed(readNumber, readNumber, func(v, w float64) bool { return keep(cmp.Compare(v, w)) })
}

func date(keep func(order int) bool) func() test {
	return typed(readDate, readDate, func(v, w time.Time) bool { return keep(v.Compare(w)) })
}

func inRange(a netip.Addr, p netip.Prefix) bool { return p.Contains(a) }

func (t *typedTest[V, W]) add(text string, _ bool) bool {
	wanted, ok := t.readWanted(text)
	t.wanted = append(t.wanted, wanted)
	return ok
}

func (t *typedTest[V, W]) any(value string, _ Context) bool {
	v, ok := t.readValue(value)
	if !ok {
		return false
	}
	for _, w := range t.wanted {
		if t.holds(v, w) {
			return true
		}
	}
	return false
}
