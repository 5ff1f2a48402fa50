package pattern

import (
	"regexp"
	"slices"
	"strings"
)

// terms matches unstructured messages: each included term must be there, in
// any order, and no excluded one. Optional terms ("?a ?b": one of them must be
// there) count only where they stand alone; beside other terms AWS ignores
// them ("Match optional terms").
type terms struct {
	include, exclude, optional []term
}

// term is a text to be found anywhere in the message, also within a word, or a
// regular expression.
type term struct {
	text string
	re   *regexp.Regexp
}

func (t term) in(message string) bool {
	if t.re != nil {
		return t.re.MatchString(message)
	}
	return strings.Contains(message, t.text)
}

func (t *terms) match(message string) bool {
	for _, term := range t.include {
		if !term.in(message) {
			return false
		}
	}
	for _, term := range t.exclude {
		if term.in(message) {
			return false
		}
	}
	return len(t.optional) == 0 || slices.ContainsFunc(t.optional, func(t term) bool { return t.in(message) })
}

func (t *terms) extract(string) map[string]string { return map[string]string{} }

func parseTerms(s *scanner) (matcher, error) {
	t := new(terms)
	for !s.done() {
		list := &t.include
		if s.takeToken("-") {
			list = &t.exclude
		} else if s.takeToken("?") {
			list = &t.optional
		}
		term, err := parseTerm(s)
		if err != nil {
			return nil, err
		}
		*list = append(*list, term)
	}
	if len(t.include)+len(t.exclude) > 0 {
		t.optional = nil
	}
	return t, nil
}

// parseTerm takes a term and the blanks behind it, which must be there.
func parseTerm(s *scanner) (term, error) {
	t, err := parseBareTerm(s)
	if err != nil {
		return term{}, err
	}
	if !s.done() && !isBlank(s.peek()) {
		return term{}, s.unexpected()
	}
	s.skipBlanks()
	return t, nil
}

func parseBareTerm(s *scanner) (term, error) {
	switch s.peek() {
	case '"':
		return parsePhrase(s)
	case '%':
		re, err := s.regex()
		return term{re: re}, err
	}
	if word := s.run(isWord); word != "" {
		return term{text: word}, nil
	}
	return term{}, s.unexpected()
}

// A phrase of blanks matches every message ("Match everything"), one of
// nothing at all is refused.
func parsePhrase(s *scanner) (term, error) {
	phrase, err := s.quoted('"')
	if err != nil {
		return term{}, err
	}
	if phrase == "" {
		return term{}, badTerm(`""`)
	}
	if trim(phrase) == "" {
		phrase = ""
	}
	return term{text: phrase}, nil
}
