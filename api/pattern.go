package api

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
)

// Compile returns the test whether a whole string matches a pattern of AWS's
// models. They are regular expressions of Java, so \uXXXX, \s and . mean what
// java.util.regex.Pattern says. Tests are kept: compiling a pattern twice
// costs one look-up. Compile panics on a pattern that it can't express; the
// tests compile every pattern of the models.
func Compile(pattern string) (match func(string) bool) {
	if known, ok := compiled.Load(pattern); ok {
		return known.(func(string) bool)
	}
	match = compile(pattern)
	compiled.Store(pattern, match)
	return match
}

var compiled sync.Map // pattern: func(string) bool

// accountAliasPattern looks ahead, which Go's regular expressions cannot.
const accountAliasPattern = `^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`

func compile(pattern string) func(string) bool {
	if pattern == accountAliasPattern {
		return matchAccountAlias
	}
	expression := `^(?:` + fromJava(pattern) + `)$`
	if runes, ok := asRunes(expression); ok {
		return runes.match
	}
	r, err := regexp.Compile(expression)
	if err != nil {
		panic(fmt.Sprintf("api: pattern %q: %v", pattern, err))
	}
	return r.MatchString
}

// matchAccountAlias is [accountAliasPattern]: 3 to 63 lower-case letters,
// digits and hyphens; no hyphen at either end, no two in a row.
func matchAccountAlias(s string) bool {
	if len(s) < 3 || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' || strings.Contains(s, "--") {
		return false
	}
	return !strings.ContainsFunc(s, notInAlias)
}

func notInAlias(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
}

// fromJava rewrites a regular expression of Java as one of Go.
func fromJava(pattern string) string {
	j := javaPattern{rest: pattern, dotAll: strings.HasPrefix(pattern, "(?s)")}
	for j.rest != "" {
		j.step()
	}
	return j.out.String()
}

// javaPattern is a pattern on its way from Java to Go.
type javaPattern struct {
	out     strings.Builder
	rest    string
	inClass bool
	dotAll  bool
}

// Java's line terminators, which . does not match, and its white space.
const (
	lineTerminators = `\n\r\x{85}\x{2028}\x{2029}`
	whiteSpace      = `\t\n\x0B\f\r `
)

func (j *javaPattern) step() {
	c := j.rest[0]
	if c == '\\' && len(j.rest) > 1 {
		j.escape()
		return
	}
	j.rest = j.rest[1:]
	switch {
	case c == '.' && !j.inClass && !j.dotAll:
		j.out.WriteString("[^" + lineTerminators + "]")
		return
	case c == '[':
		j.inClass = true
	case c == ']':
		j.inClass = false
	}
	j.out.WriteByte(c)
}

// escape rewrites one escape sequence.
func (j *javaPattern) escape() {
	switch c := j.rest[1]; {
	case c == 'u':
		fmt.Fprintf(&j.out, `\x{%X}`, j.codePoint())
		return
	case c == 's' && j.inClass:
		j.out.WriteString(whiteSpace)
	case c == 's':
		j.out.WriteString("[" + whiteSpace + "]")
	case c == 'S' && !j.inClass:
		j.out.WriteString("[^" + whiteSpace + "]")
	default:
		j.out.WriteString(j.rest[:2])
	}
	j.rest = j.rest[2:]
}

// codePoint reads \uXXXX, or the two of a surrogate pair.
func (j *javaPattern) codePoint() rune {
	r := j.unit()
	if utf16.IsSurrogate(r) && strings.HasPrefix(j.rest, `\u`) {
		r = utf16.DecodeRune(r, j.unit())
	}
	return r
}

func (j *javaPattern) unit() rune {
	if len(j.rest) >= 6 {
		if n, err := strconv.ParseUint(j.rest[2:6], 16, 16); err == nil {
			j.rest = j.rest[6:]
			return rune(n)
		}
	}
	panic(fmt.Sprintf("api: bad escape at %q in a pattern", j.rest))
}
