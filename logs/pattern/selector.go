package pattern

import (
	"strconv"
	"unicode/utf8"
)

// Selector points at values of a JSON message: $.user.roles[0], $.items[*].id,
// $.['cluster.name'], $.*. A metric filter takes its value and its dimensions
// from selectors.
type Selector struct {
	text  string
	steps []step
}

// step goes from a value to one or, by a wildcard, all that it holds.
type step struct {
	kind stepKind
	key  string
	at   int
}

type stepKind int

const (
	toField stepKind = iota + 1
	toElement
	toAnyField
	toAnyElement
)

func (s step) wildcard() bool { return s.kind == toAnyField || s.kind == toAnyElement }

// ParseSelector reads a selector that stands alone, as in a metricValue. Every
// error is an *Error.
func ParseSelector(text string) (*Selector, error) {
	s := &scanner{text: text}
	selector, err := parseSelector(s)
	if err != nil {
		return nil, err
	}
	if !s.done() {
		return nil, s.unexpected()
	}
	return &selector, nil
}

// String is the selector as it was written.
func (s *Selector) String() string { return s.text }

// Value gives the string, number or boolean that the selector points at in a
// JSON message, with a wildcard the first one.
func (s *Selector) Value(message string) (string, bool) {
	doc := trim(message)
	if !isDocument(doc) {
		return "", false
	}
	return s.first(doc)
}

func (s *Selector) first(doc string) (found string, ok bool) {
	s.some(doc, func(value string) bool {
		found, _, ok = scalar(value)
		return ok
	})
	return found, ok
}

// some tells whether the test holds for a value that the selector points at.
func (s *Selector) some(doc string, test func(value string) bool) bool {
	return some(doc, s.steps, test)
}

func some(value string, steps []step, test func(value string) bool) bool {
	if len(steps) == 0 {
		return test(value)
	}
	switch value[0] {
	case '{':
		return someField(value, steps, test)
	case '[':
		return someElement(value, steps, test)
	}
	return false
}

func someField(object string, steps []step, test func(value string) bool) bool {
	found := ""
	fields := membersOf(object)
	for {
		name, value, ok := fields.next(true)
		if !ok {
			break
		}
		switch {
		case steps[0].kind == toAnyField:
			if some(value, steps[1:], test) {
				return true
			}
		case steps[0].kind == toField && unquote(name) == steps[0].key:
			found = value // of two with one name the last counts
		}
	}
	return found != "" && some(found, steps[1:], test)
}

func someElement(array string, steps []step, test func(value string) bool) bool {
	if steps[0].kind != toElement && steps[0].kind != toAnyElement {
		return false
	}
	elements := membersOf(array)
	for i := 0; ; i++ {
		_, value, ok := elements.next(false)
		if !ok {
			return false
		}
		if steps[0].kind == toElement && i == steps[0].at {
			return some(value, steps[1:], test)
		}
		if steps[0].kind == toAnyElement && some(value, steps[1:], test) {
			return true
		}
	}
}

// parseSelector takes a selector. One of its steps may be a wildcard.
func parseSelector(s *scanner) (Selector, error) {
	start := s.pos
	if !s.take("$") {
		return Selector{}, s.unexpected()
	}
	if s.peek() != '.' {
		return Selector{}, s.badSelector(start)
	}
	selector := Selector{}
	for s.peek() == '.' || s.peek() == '[' {
		step, ok := s.step()
		if !ok {
			return Selector{}, s.badSelector(start)
		}
		selector.steps = append(selector.steps, step)
	}
	selector.text = s.text[start:s.pos]
	if selector.wildcards() > 1 {
		return Selector{}, invalid("two wildcards in " + selector.text)
	}
	return selector, nil
}

func (s *Selector) wildcards() int {
	n := 0
	for _, step := range s.steps {
		if step.wildcard() {
			n++
		}
	}
	return n
}

// badSelector refuses what comes next, and shows the selector up to there.
func (s *scanner) badSelector(start int) error {
	if s.done() {
		return invalid("a selector that ends too early")
	}
	_, size := utf8.DecodeRuneInString(s.rest())
	return badTerm(s.text[start : s.pos+size])
}

// step takes ".name", ".*", "[0]", "[*]" or "['name']", the last three also
// behind a dot.
func (s *scanner) step() (step, bool) {
	if s.take(".") && s.peek() != '[' {
		if s.take("*") {
			return step{kind: toAnyField}, true
		}
		name := s.run(isName)
		return step{kind: toField, key: name}, name != ""
	}
	s.take("[")
	inner, ok := s.bracketed()
	return inner, ok && s.take("]")
}

func (s *scanner) bracketed() (step, bool) {
	switch quote := s.peek(); quote {
	case '*':
		s.pos++
		return step{kind: toAnyElement}, true
	case '\'', '"':
		name, err := s.quoted(quote)
		return step{kind: toField, key: name}, err == nil
	}
	index, err := strconv.Atoi(s.run(func(c byte) bool { return '0' <= c && c <= '9' }))
	return step{kind: toElement, at: index}, err == nil
}
