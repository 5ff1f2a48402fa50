package insights

import (
	"math"
	"regexp"
	"slices"
	"strings"
)

// expression computes a value of a row. Where a field that it needs is
// absent, so is mostly the value.
type expression interface {
	eval(r *row) value
}

type literal struct{ value value }

func (l literal) eval(*row) value { return l.value }

type fieldRef struct{ name string }

func (f fieldRef) eval(r *row) value { return r.field(f.name) }

// duration is the period of bin and its like. It has no value of its own.
type duration struct{ period span }

func (duration) eval(*row) value { return value{} }

type logic struct {
	or   bool
	a, b expression
}

func (l *logic) eval(r *row) value {
	if l.a.eval(r).holds() == l.or {
		return boolOf(l.or)
	}
	return boolOf(l.b.eval(r).holds())
}

type negation struct{ of expression }

func (n negation) eval(r *row) value { return boolOf(!n.of.eval(r).holds()) }

// comparison is false where one of its sides is absent, != included.
//
// Unverified: how AWS compares a field that an event does not have.
type comparison struct {
	op   string
	a, b expression
}

func (c *comparison) eval(r *row) value {
	a, b := c.a.eval(r), c.b.eval(r)
	if a.kind == absent || b.kind == absent || a.kind == structure || b.kind == structure {
		return boolOf(false)
	}
	order := compare(a, b)
	switch c.op {
	case "=":
		return boolOf(order == 0)
	case "!=":
		return boolOf(order != 0)
	case "<":
		return boolOf(order < 0)
	case "<=":
		return boolOf(order <= 0)
	case ">":
		return boolOf(order > 0)
	default:
		return boolOf(order >= 0)
	}
}

// likeness looks for a text or a regular expression anywhere in a value.
type likeness struct {
	of   expression
	re   *regexp.Regexp // or else
	part expression
	not  bool
}

func (l *likeness) eval(r *row) value {
	v := l.of.eval(r)
	if v.kind == absent {
		return boolOf(false)
	}
	if l.re != nil {
		return boolOf(l.re.MatchString(v.String()) != l.not)
	}
	part := l.part.eval(r)
	if part.kind == absent {
		return boolOf(false)
	}
	return boolOf(strings.Contains(v.String(), part.String()) != l.not)
}

// membership looks for a value in a list.
type membership struct {
	of   expression
	list []expression
	not  bool
}

func (m *membership) eval(r *row) value {
	v := m.of.eval(r)
	if v.kind == absent {
		return boolOf(false)
	}
	in := slices.ContainsFunc(m.list, func(e expression) bool {
		other := e.eval(r)
		return other.kind != absent && other.kind != structure && compare(v, other) == 0
	})
	return boolOf(in != m.not)
}

type arithmetic struct {
	op   byte
	a, b expression
}

// eval gives nothing where a side is no number, or where it divides by zero.
func (o *arithmetic) eval(r *row) value {
	a, isA := o.a.eval(r).number()
	b, isB := o.b.eval(r).number()
	if !isA || !isB {
		return value{}
	}
	n := math.NaN()
	switch o.op {
	case '+':
		n = a + b
	case '-':
		n = a - b
	case '*':
		n = a * b
	case '/':
		n = a / b
	case '%':
		n = math.Mod(a, b)
	case '^':
		n = math.Pow(a, b)
	}
	if math.IsInf(n, 0) || math.IsNaN(n) {
		return value{}
	}
	return numberOf(n)
}

// aggregateRef is what an aggregate of stats came to for a group of rows.
type aggregateRef struct{ index int }

func (a aggregateRef) eval(r *row) value { return r.aggregates[a.index] }

type call struct {
	fn        *function
	arguments []expression
}

func (c *call) eval(r *row) value { return c.fn.eval(r, c.arguments) }
