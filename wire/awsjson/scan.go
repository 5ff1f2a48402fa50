package awsjson

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep objects and arrays may nest; it bounds the stack. The
// deepest request of the services here has eight levels.
const maxDepth = 128

// arenaSize is how much room for strings with escapes is made at a time.
const arenaSize = 64 << 10

// scanner reads JSON tokens from a body that is valid UTF-8.
type scanner struct {
	src   string
	pos   int
	depth int
	arena strings.Builder // text of strings that had escapes
}

// SyntaxError says why a body can't be read as the input: it is not JSON, or
// a value has the wrong type. Message is what AWS would say of it.
type SyntaxError struct{ Message string }

// Error returns the message.
func (e *SyntaxError) Error() string { return e.Message }

func syntaxError(format string, args ...any) error {
	return &SyntaxError{Message: fmt.Sprintf(format, args...)}
}

// unexpected reports that the token at the present position can't be there.
func (s *scanner) unexpected() error {
	if s.pos >= len(s.src) {
		return syntaxError("Unexpected end-of-input")
	}
	r, _ := utf8.DecodeRuneInString(s.src[s.pos:])
	return syntaxError("Unexpected token: character %q (code %d) at offset %d", r, r, s.pos)
}

// peek skips blanks and returns the byte that comes next; 0 stands for the
// end, which no token begins with either.
func (s *scanner) peek() byte {
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// open enters an object or array.
func (s *scanner) open() error {
	if s.depth++; s.depth > maxDepth {
		return syntaxError("Document nesting depth exceeds the maximum of %d", maxDepth)
	}
	s.pos++
	return nil
}

// more reports whether another entry follows in the object or array that ends
// with closer; first says that none was read yet. It leaves the object or
// array at its end.
func (s *scanner) more(closer byte, first bool) (bool, error) {
	switch c := s.peek(); {
	case c == closer:
		s.pos++
		s.depth--
		return false, nil
	case first:
		return true, nil
	case c == ',':
		s.pos++
		return true, nil
	}
	return false, s.unexpected()
}

// name reads a member's name and its colon.
func (s *scanner) name() (string, error) {
	if s.peek() != '"' {
		return "", s.unexpected()
	}
	name, err := s.text()
	if err != nil {
		return "", err
	}
	if s.peek() != ':' {
		return "", s.unexpected()
	}
	s.pos++
	return name, nil
}

// text reads a string whose opening quote comes next. The result shares the
// memory of the body, or of the arena if there were escapes.
func (s *scanner) text() (string, error) {
	start := s.pos + 1
	s.pos = plainEnd(s.src, start)
	switch s.at() {
	case '"':
		s.pos++
		return s.src[start : s.pos-1], nil
	case '\\':
		return s.escapedText(start)
	}
	return "", s.unexpected()
}

// plainEnd returns where the text of a string that goes on at i is no longer
// plain: at a quote, a backslash, a control character or the end. It takes
// eight bytes at a time: messages of log events are most of all traffic.
func plainEnd(src string, i int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for i+8 <= len(src) {
		x := load(src, i)
		quote, slash := x^(ones*'"'), x^(ones*'\\')
		if ((x-ones*' ')&^x|(quote-ones)&^quote|(slash-ones)&^slash)&high != 0 {
			break
		}
		i += 8
	}
	for i < len(src) && src[i] != '"' && src[i] != '\\' && src[i] >= ' ' {
		i++
	}
	return i
}

// load returns the eight bytes from i on as one word.
func load(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// escapedText reads on a string from its first backslash.
func (s *scanner) escapedText(start int) (string, error) {
	if length := s.pos - start; s.arena.Cap()-s.arena.Len() < length {
		s.arena.Grow(min(len(s.src)-start, max(length, arenaSize)))
	}
	from := s.arena.Len()
	s.arena.WriteString(s.src[start:s.pos])
	for {
		switch s.at() {
		case '"':
			s.pos++
			return s.arena.String()[from:], nil
		case '\\':
			if err := s.escape(); err != nil {
				return "", err
			}
		default:
			return "", s.unexpected()
		}
		start := s.pos
		s.pos = plainEnd(s.src, start)
		s.arena.WriteString(s.src[start:s.pos])
	}
}

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads one escape sequence into the arena.
func (s *scanner) escape() error {
	if s.pos+1 >= len(s.src) {
		s.pos = len(s.src)
		return s.unexpected()
	}
	c := s.src[s.pos+1]
	if c == 'u' {
		return s.unicodeEscape()
	}
	if escapes[c] == 0 {
		return s.unexpected()
	}
	s.arena.WriteByte(escapes[c])
	s.pos += 2
	return nil
}

// unicodeEscape reads \uXXXX, or two of them that form one character. A half
// of a pair alone becomes U+FFFD, as Go has no other form for it.
func (s *scanner) unicodeEscape() error {
	r, ok := s.hexEscape(s.pos)
	if !ok {
		return s.unexpected()
	}
	s.pos += 6
	if utf16.IsSurrogate(r) {
		low, ok := s.hexEscape(s.pos)
		if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
			r = pair
			s.pos += 6
		}
	}
	s.arena.WriteRune(r) // writes U+FFFD for half a pair
	return nil
}

// hexEscape reads the four digits of a \uXXXX that begins at.
func (s *scanner) hexEscape(at int) (rune, bool) {
	if at+6 > len(s.src) || s.src[at] != '\\' || s.src[at+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s.src[at+2 : at+6]) {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// number reads a number and reports whether it has no fraction and exponent.
func (s *scanner) number() (text string, integral bool, err error) {
	start := s.pos
	if s.at() == '-' {
		s.pos++
	}
	switch c := s.at(); {
	case c == '0':
		s.pos++
	case '1' <= c && c <= '9':
		s.digits()
	default:
		return "", false, s.unexpected()
	}
	integral = true
	if s.at() == '.' {
		integral = false
		s.pos++
		if !s.digits() {
			return "", false, s.unexpected()
		}
	}
	if s.at()|0x20 == 'e' {
		integral = false
		if s.pos++; s.at() == '+' || s.at() == '-' {
			s.pos++
		}
		if !s.digits() {
			return "", false, s.unexpected()
		}
	}
	return s.src[start:s.pos], integral, nil
}

// at returns the byte at the present position, 0 at the end.
func (s *scanner) at() byte {
	if s.pos < len(s.src) {
		return s.src[s.pos]
	}
	return 0
}

// digits skips digits and reports whether there were any.
func (s *scanner) digits() (any bool) {
	for c := s.at(); '0' <= c && c <= '9'; c = s.at() {
		s.pos++
		any = true
	}
	return any
}

// literal reads true, false or null.
func (s *scanner) literal(word string) error {
	if !strings.HasPrefix(s.src[s.pos:], word) {
		return s.unexpected()
	}
	s.pos += len(word)
	return nil
}

// null reads a null if one comes next.
func (s *scanner) null() (bool, error) {
	if s.peek() != 'n' {
		return false, nil
	}
	return true, s.literal("null")
}

// skip reads a value of any type and drops it.
func (s *scanner) skip() error {
	var err error
	switch c := s.peek(); c {
	case '"':
		_, err = s.text()
	case '{', '[':
		err = s.skipEntries(c)
	case 't':
		err = s.literal("true")
	case 'f':
		err = s.literal("false")
	case 'n':
		err = s.literal("null")
	default:
		_, _, err = s.number()
	}
	return err
}

func (s *scanner) skipEntries(opener byte) error {
	closer := opener + 2 // in ASCII, of both kinds of bracket
	if err := s.open(); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.more(closer, first)
		if err != nil || !more {
			return err
		}
		if opener == '{' {
			if _, err := s.name(); err != nil {
				return err
			}
		}
		if err := s.skip(); err != nil {
			return err
		}
	}
}
