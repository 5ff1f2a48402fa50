package policy

import "strings"

// quantifier says how a condition deals with the values of a key.
type quantifier uint8

const (
	single quantifier = iota
	forAll
	forAny
)

// condition is one key of one operator in a Condition element.
type condition struct {
	operator string // as written
	key      string // as written
	wanted   []string

	lookup     string // the key in lower case
	quantifier quantifier
	ifExists   bool
	null       bool // the operator Null, with its wanted values in absent
	absent     []bool
	negated    bool
	variables  bool
	test       test
}

// holds evaluates the condition.
func (c *condition) holds(ctx Context) bool {
	values, present := lookup(ctx, c.lookup)
	switch {
	case c.null:
		return c.holdsNull(len(values) == 0)
	case !present && c.ifExists:
		return true
	case c.quantifier == forAll:
		return c.holdsForAll(values, ctx)
	case c.quantifier == forAny:
		return c.holdsForAny(values, ctx)
	}
	return c.holdsSingle(values, ctx)
}

// holdsSingle: a condition without ForAllValues or ForAnyValue. A missing key
// fails it, or fulfils it if it is negated.
//
// Unverified: AWS asks for single-valued keys here; of several values one is
// enough, and for a negated operator none may match.
func (c *condition) holdsSingle(values []string, ctx Context) bool {
	for _, value := range values {
		if c.test.any(value, ctx) {
			return !c.negated
		}
	}
	return c.negated
}

// holdsForAll: every value of the request fulfils the operator; true without
// values.
func (c *condition) holdsForAll(values []string, ctx Context) bool {
	if isEmpty(values) {
		return true
	}
	for _, value := range values {
		if c.test.any(value, ctx) == c.negated {
			return false
		}
	}
	return true
}

// holdsForAny: one value of the request fulfils the operator; false without
// values, be the operator negated or not.
func (c *condition) holdsForAny(values []string, ctx Context) bool {
	if isEmpty(values) {
		return false
	}
	for _, value := range values {
		if c.test.any(value, ctx) != c.negated {
			return true
		}
	}
	return false
}

// holdsNull: Null asks whether the key is absent or has no values.
//
// Unverified: an empty string is a value; Null takes neither IfExists, which AWS
// excludes, nor ForAllValues and ForAnyValue.
func (c *condition) holdsNull(absent bool) bool {
	for _, wanted := range c.absent {
		if wanted == absent {
			return true
		}
	}
	return false
}

// isEmpty: to ForAllValues and ForAnyValue a lone empty string is an empty data
// set (IAM User Guide, reference_policies_multi-value-conditions).
func isEmpty(values []string) bool {
	return len(values) == 0 || len(values) == 1 && values[0] == ""
}

// readOperator takes an operator's name apart; false if there is none such.
//
// Unverified: operator names are read without regard to case.
func (c *condition) readOperator(name string) bool {
	c.operator = name
	name = strings.ToLower(name)
	if name == "null" {
		c.null = true
		return true
	}
	if rest, found := strings.CutPrefix(name, "forallvalues:"); found {
		c.quantifier, name = forAll, rest
	} else if rest, found := strings.CutPrefix(name, "foranyvalue:"); found {
		c.quantifier, name = forAny, rest
	}
	name, c.ifExists = strings.CutSuffix(name, "ifexists")
	op, known := operators[name]
	if known {
		c.negated, c.variables, c.test = op.negated, op.variables, op.test()
	}
	return known
}

// add takes one more wanted value; false if it is not of the operator's type.
func (c *condition) add(text string, variables bool) bool {
	c.wanted = append(c.wanted, text)
	if !c.null {
		return c.test.add(text, variables)
	}
	absent, ok := readBool(text)
	c.absent = append(c.absent, absent)
	return ok
}

// conditions reads a Condition element.
//
// Unverified: keys that differ only in case make two conditions; a key with an
// empty list of values is accepted, and nothing matches it.
func (c *compiler) conditions(n *node) []condition {
	if !c.is(n, objectNode) {
		return nil
	}
	var all []condition
	for _, op := range n.members {
		if !new(condition).readOperator(op.name) {
			c.fail(op.value, BadOperator, op.name)
			return nil
		}
		if !c.is(op.value, objectNode) {
			return nil
		}
		for _, key := range op.value.members {
			all = append(all, c.condition(op.name, key))
		}
	}
	return all
}

// condition reads one key of an operator.
func (c *compiler) condition(op string, m member) condition {
	cond := condition{key: m.name, lookup: strings.ToLower(m.name)}
	cond.readOperator(op) // conditions has seen that it exists
	if c.kind.saved() && !strings.Contains(m.name, ":") {
		c.fail(m.value, BadConditionKey, m.name)
	}
	for _, item := range c.scalars(m.value) {
		if !cond.add(item.text, c.variables) {
			c.fail(item, BadConditionValue, item.text)
		}
	}
	cond.variables = cond.variables && c.variables
	return cond
}
