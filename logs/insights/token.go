package insights

import (
	"strings"
	"unicode/utf8"
)

// tokenKind tells tokens apart.
type tokenKind uint8

const (
	end tokenKind = iota
	name
	quotedName // between backticks
	text       // between quotes
	number
	period // a number with a unit of time: 5m
	symbol
	broken // a quote that is not closed, or a character that has no place
)

// token is a piece of the query. value is its meaning where text, as it was
// written, is not.
type token struct {
	kind  tokenKind
	text  string
	value string
	start int
}

// is reports whether t is the symbol, or the word in any case.
func (t token) is(word string) bool {
	return (t.kind == symbol || t.kind == name) && strings.EqualFold(t.text, word)
}

// symbols of two characters stand before those of one.
var symbols = []string{"!=", "<=", ">=", "=~", "=", "<", ">", "(", ")", "[", "]", ",", "|", "+", "-", "*", "/", "%", "^", ".", ":"}

// scan returns the token at or behind an offset.
func scan(query string, at int) token {
	at = skipBlanks(query, at)
	if at == len(query) {
		return token{kind: end, start: at}
	}
	switch c := query[at]; {
	case isNameStart(c):
		return cutWhile(query, at, name, isNamePart)
	case isDigit(c):
		return scanNumber(query, at)
	case c == '"' || c == '\'':
		return scanQuoted(query, at, text)
	case c == '`':
		return scanQuoted(query, at, quotedName)
	}
	for _, s := range symbols {
		if strings.HasPrefix(query[at:], s) {
			return token{symbol, s, s, at}
		}
	}
	_, size := utf8.DecodeRuneInString(query[at:])
	return token{broken, query[at : at+size], "", at}
}

// skipBlanks skips white space and comments, which go from # to the line's end.
func skipBlanks(query string, at int) int {
	for at < len(query) {
		switch query[at] {
		case ' ', '\t', '\r', '\n':
			at++
		case '#':
			line := strings.IndexByte(query[at:], '\n')
			if line < 0 {
				return len(query)
			}
			at += line
		default:
			return at
		}
	}
	return at
}

func cutWhile(query string, at int, kind tokenKind, part func(byte) bool) token {
	stop := at
	for stop < len(query) && part(query[stop]) {
		stop++
	}
	return token{kind, query[at:stop], query[at:stop], at}
}

// scanNumber takes 12, 1.5, or with a unit 5m.
func scanNumber(query string, at int) token {
	t := cutWhile(query, at, number, isDigit)
	stop := at + len(t.text)
	if stop+1 < len(query) && query[stop] == '.' && isDigit(query[stop+1]) {
		stop += 1 + len(cutWhile(query, stop+1, number, isDigit).text)
	}
	if unit := cutWhile(query, stop, name, isLetter).text; unit != "" {
		t.kind, stop = period, stop+len(unit)
	}
	t.text = query[at:stop]
	t.value = t.text
	return t
}

// scanQuoted takes what stands between quotes or backticks. A backslash
// escapes the quote and itself; before anything else it is a character.
func scanQuoted(query string, at int, kind tokenKind) token {
	quote := query[at]
	var value strings.Builder
	for i := at + 1; i < len(query); i++ {
		switch c := query[i]; {
		case c == quote:
			return token{kind, query[at : i+1], value.String(), at}
		case c == '\\' && i+1 < len(query) && (query[i+1] == quote || query[i+1] == '\\'):
			i++
			value.WriteByte(query[i])
		default:
			value.WriteByte(c)
		}
	}
	return token{broken, query[at:], "", at}
}

func isDigit(c byte) bool     { return '0' <= c && c <= '9' }
func isLetter(c byte) bool    { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isNameStart(c byte) bool { return isLetter(c) || c == '_' || c == '@' || c == '$' || c >= 0x80 }
func isNamePart(c byte) bool  { return isNameStart(c) || isDigit(c) }
