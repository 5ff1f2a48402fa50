package pattern

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxRegexes is what one pattern may hold.
const maxRegexes = 2

// scanner walks a pattern's text. Its methods leave pos behind what they took.
type scanner struct {
	text    string
	pos     int
	regexes int
}

func (s *scanner) rest() string { return s.text[s.pos:] }
func (s *scanner) done() bool   { return s.pos == len(s.text) }

// peek is the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.done() {
		return 0
	}
	return s.text[s.pos]
}

func (s *scanner) skipBlanks() {
	for isBlank(s.peek()) {
		s.pos++
	}
}

// take steps over token if it comes next.
func (s *scanner) take(token string) bool {
	if !strings.HasPrefix(s.rest(), token) {
		return false
	}
	s.pos += len(token)
	return true
}

// takeToken is take with blanks around.
func (s *scanner) takeToken(token string) bool {
	s.skipBlanks()
	if !s.take(token) {
		return false
	}
	s.skipBlanks()
	return true
}

// run takes the longest run of bytes that belong.
func (s *scanner) run(belongs func(byte) bool) string {
	start := s.pos
	for !s.done() && belongs(s.text[s.pos]) {
		s.pos++
	}
	return s.text[start:s.pos]
}

// unexpected refuses what comes next.
func (s *scanner) unexpected() error {
	if s.done() {
		return invalid("ends too early")
	}
	_, size := utf8.DecodeRuneInString(s.rest())
	return badTerm(s.text[s.pos : s.pos+size])
}

// quoted takes a string in quotes of the given kind. Inside, \" and \\ stand
// for the second character; a backslash before anything else is itself.
func (s *scanner) quoted(quote byte) (string, error) {
	start := s.pos
	s.pos++
	var b strings.Builder
	for ; !s.done(); s.pos++ {
		c := s.text[s.pos]
		if c == quote {
			s.pos++
			return b.String(), nil
		}
		if c == '\\' && s.pos+1 < len(s.text) && (s.text[s.pos+1] == quote || s.text[s.pos+1] == '\\') {
			s.pos++
			c = s.text[s.pos]
		}
		b.WriteByte(c)
	}
	s.pos = start
	return "", s.unexpected()
}

// regex takes a regular expression between percent signs.
func (s *scanner) regex() (*regexp.Regexp, error) {
	source, _, closed := strings.Cut(s.text[s.pos+1:], "%")
	if !closed {
		return nil, s.unexpected()
	}
	if s.regexes++; s.regexes > maxRegexes {
		return nil, invalid("more than two regular expressions")
	}
	re, err := compileRegex(source)
	if err != nil {
		return nil, err
	}
	s.pos += len(source) + 2
	return re, nil
}

// trim takes the blanks off both ends.
func trim(text string) string {
	for text != "" && isBlank(text[0]) {
		text = text[1:]
	}
	for text != "" && isBlank(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isName(c byte) bool { return isWord(c) || c == '-' }
