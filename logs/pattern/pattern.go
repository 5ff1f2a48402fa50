package pattern

import (
	"unicode/utf16"
)

// MaxLength is the longest pattern, in UTF-16 units as the API counts them.
const MaxLength = 1024

// Kind tells which of the forms a pattern has.
type Kind int

// The forms. Metric filters take dimensions only with the last two.
const (
	Everything Kind = iota + 1
	Terms
	SpaceDelimited
	JSON
)

// Pattern is a parsed filter pattern, immutable and safe for use from several
// goroutines.
type Pattern struct {
	text    string
	kind    Kind
	regexes int
	matcher matcher
}

// matcher is what each form implements. extract is asked only for a message
// that matched.
type matcher interface {
	match(message string) bool
	extract(message string) map[string]string
}

// Parse reads a filter pattern; every error is an *Error with the reason that
// AWS would give in its InvalidParameterException.
func Parse(text string) (*Pattern, error) {
	if len(utf16.Encode([]rune(text))) > MaxLength {
		return nil, invalid("longer than 1024 characters")
	}
	s := &scanner{text: trim(text)}
	p := &Pattern{text: text}
	if err := p.parse(s); err != nil {
		return nil, err
	}
	p.regexes = s.regexes
	return p, nil
}

func (p *Pattern) parse(s *scanner) (err error) {
	switch {
	case s.text == "":
		p.kind, p.matcher = Everything, everything{}
	case s.text[0] == '[':
		p.kind = SpaceDelimited
		p.matcher, err = parseFields(s)
	case s.text[0] == '{':
		p.kind = JSON
		p.matcher, err = parseExpression(s)
	default:
		p.kind = Terms
		p.matcher, err = parseTerms(s)
	}
	return err
}

// String is the text that was parsed, unchanged.
func (p *Pattern) String() string { return p.text }

// Kind is the form of the pattern.
func (p *Pattern) Kind() Kind { return p.kind }

// HasRegex tells whether the pattern holds a regular expression: a log group
// has room for five such metric and subscription filters.
func (p *Pattern) HasRegex() bool { return p.regexes > 0 }

// Match tells whether the message matches. Letters are case-sensitive. A JSON
// pattern matches no message that is not JSON.
func (p *Pattern) Match(message string) bool { return p.matcher.match(message) }

// Extract gives what TestMetricFilter calls extractedValues, or nil when the
// message does not match. A space-delimited pattern gives each field under its
// name ("$status"), or under its position from 1 where it has none ("$3"). A
// JSON pattern gives the string, number or boolean of each selector under the
// selector as written ("$.latency"). Other patterns give an empty map.
func (p *Pattern) Extract(message string) map[string]string {
	if !p.matcher.match(message) {
		return nil
	}
	return p.matcher.extract(message)
}

type everything struct{}

func (everything) match(string) bool                { return true }
func (everything) extract(string) map[string]string { return map[string]string{} }
