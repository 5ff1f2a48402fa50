package pattern

import "strings"

// jsonPattern matches JSON messages by an expression on their values.
type jsonPattern struct {
	root      expression
	selectors []Selector
}

func (p *jsonPattern) match(message string) bool {
	doc := trim(message)
	return isDocument(doc) && p.root.holds(doc)
}

func (p *jsonPattern) extract(message string) map[string]string {
	doc := trim(message)
	values := map[string]string{}
	for i := range p.selectors {
		if value, ok := p.selectors[i].first(doc); ok {
			values[p.selectors[i].text] = value
		}
	}
	return values
}

// expression is a condition on a document or several joined.
type expression interface {
	holds(doc string) bool
}

type allOf []expression

func (a allOf) holds(doc string) bool {
	for _, e := range a {
		if !e.holds(doc) {
			return false
		}
	}
	return true
}

type anyOf []expression

func (a anyOf) holds(doc string) bool {
	for _, e := range a {
		if e.holds(doc) {
			return true
		}
	}
	return false
}

// comparison holds for a string, number or boolean. A value that is missing,
// null, an object or an array matches neither = nor != ("Property selector":
// selectors point to value nodes). A wildcard asks for one value that fits.
//
// Unverified: that booleans compare as the words true and false, and that a
// number and a string of the same characters are equal.
type comparison struct {
	selector  Selector
	condition condition
}

func (c *comparison) holds(doc string) bool {
	return c.selector.some(doc, func(value string) bool {
		text, scientific, ok := scalar(value)
		return ok && c.condition.holds(text, scientific)
	})
}

// is holds for null, true or false themselves.
type is struct {
	selector Selector
	literal  string
}

func (i *is) holds(doc string) bool {
	return i.selector.some(doc, func(value string) bool { return value == i.literal })
}

type notExists struct{ selector Selector }

func (n *notExists) holds(doc string) bool {
	return !n.selector.some(doc, func(string) bool { return true })
}

// maxWildcards is what the selectors of one pattern may hold together.
const maxWildcards = 3

func parseExpression(s *scanner) (matcher, error) {
	if s.text[len(s.text)-1] != '}' {
		return nil, notClosed("{", "}")
	}
	s.text, s.pos = s.text[:len(s.text)-1], 1
	p := new(jsonPattern)
	root, err := p.parseAny(s)
	if err != nil {
		return nil, err
	}
	if !s.done() {
		return nil, s.unexpected()
	}
	wildcards := 0
	for i := range p.selectors {
		wildcards += p.selectors[i].wildcards()
	}
	if wildcards > maxWildcards {
		return nil, invalid("more than three wildcard selectors")
	}
	p.root = root
	return p, nil
}

// Precedence: parentheses, then &&, then ||.
func (p *jsonPattern) parseAny(s *scanner) (expression, error) {
	var choices anyOf
	for {
		e, err := p.parseAll(s)
		if err != nil {
			return nil, err
		}
		choices = append(choices, e)
		if !s.takeToken("||") {
			return choices, nil
		}
	}
}

func (p *jsonPattern) parseAll(s *scanner) (expression, error) {
	var parts allOf
	for {
		e, err := p.parseOne(s)
		if err != nil {
			return nil, err
		}
		parts = append(parts, e)
		if !s.takeToken("&&") {
			return parts, nil
		}
	}
}

func (p *jsonPattern) parseOne(s *scanner) (expression, error) {
	if !s.takeToken("(") {
		return p.parseTest(s)
	}
	e, err := p.parseAny(s)
	if err != nil {
		return nil, err
	}
	if !s.takeToken(")") {
		return nil, s.unexpected()
	}
	return e, nil
}

func (p *jsonPattern) parseTest(s *scanner) (expression, error) {
	selector, err := parseSelector(s)
	if err != nil {
		return nil, err
	}
	p.selectors = append(p.selectors, selector)
	s.skipBlanks()
	if isWord(s.peek()) {
		return parseWords(s, selector)
	}
	c, err := parseCondition(s)
	if err != nil {
		return nil, err
	}
	return &comparison{selector, c}, nil
}

// parseWords takes IS NULL, IS TRUE, IS FALSE or NOT EXISTS. AWS says that
// IS NOT and EXISTS are not supported.
func parseWords(s *scanner, selector Selector) (expression, error) {
	first := s.run(isWord)
	s.skipBlanks()
	switch test := first + " " + s.run(isWord); test {
	case "IS NULL", "IS TRUE", "IS FALSE":
		return &is{selector, strings.ToLower(test[len("IS "):])}, nil
	case "NOT EXISTS":
		return &notExists{selector}, nil
	default:
		return nil, invalid("no such test: " + test)
	}
}
