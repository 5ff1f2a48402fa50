package pattern

import (
	"regexp"
	"strings"
)

// What a regular expression may hold beside letters, digits and the two
// characters of an escape ("Supported regular expressions (regex) syntax").
// The blank stands in AWS's own examples, though not in its list.
const (
	regexSymbols   = ":_#=@/;,- "
	regexOperators = "^$?[]{}|*+."
	regexClasses   = "dDsSwW"
)

// compileRegex checks an expression against the part of the usual syntax that
// AWS takes and compiles it. Matches are unanchored.
func compileRegex(source string) (*regexp.Regexp, error) {
	if source == "" {
		return nil, badTerm("%%")
	}
	for i := 0; i < len(source); i++ {
		c := source[i]
		switch {
		case c == '\\':
			n := escapeLength(source[i:])
			if n == 0 {
				return nil, badTerm(`\`)
			}
			i += n - 1
		case c >= 0x80: // the character, not the byte
			return nil, (&scanner{text: source, pos: i}).unexpected()
		case !isWord(c) && !strings.ContainsRune(regexSymbols+regexOperators, rune(c)):
			return nil, badTerm(string(c))
		}
	}
	re, err := regexp.Compile(lowerBounds(source))
	if err != nil {
		return nil, invalid(err.Error())
	}
	return re, nil
}

// escapeLength is the length of the escape at the start of s, 0 if AWS has no
// such escape: a class, a hexadecimal character, or an escaped symbol.
func escapeLength(s string) int {
	if len(s) < 2 {
		return 0
	}
	c := s[1]
	switch {
	case strings.IndexByte(regexClasses, c) >= 0:
		return 2
	case c == 'x':
		if len(s) >= 4 && isHex(s[2]) && isHex(s[3]) {
			return 4
		}
		return 0
	case c == '\\' || strings.IndexByte(regexSymbols+regexOperators, c) >= 0:
		return 2
	}
	return 0
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// lowerBounds writes {,n} as {0,n}: AWS lets either bound be left out, Go only
// the upper one.
func lowerBounds(source string) string {
	var b strings.Builder
	class := false // between brackets, where a brace is a brace
	for i := 0; i < len(source); i++ {
		b.WriteByte(source[i])
		switch c := source[i]; {
		case c == '\\': // something follows, as was checked
			i++
			b.WriteByte(source[i])
		case c == '[' || c == ']':
			class = c == '['
		case c == '{' && !class && strings.HasPrefix(source[i+1:], ","):
			b.WriteByte('0')
		}
	}
	return b.String()
}
