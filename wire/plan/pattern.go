package plan

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
)

// matcher reports whether a whole string matches a model's pattern.
type matcher func(string) bool

// lookarounds are the patterns that RE2 can't express, each with a function
// that decides the same.
var lookarounds = map[string]matcher{
	// An IAM account alias: lower-case letters, digits and single hyphens inside.
	`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`: func(s string) bool {
		return !strings.Contains(s, "--") && accountAlias().MatchString(s)
	},
}

var accountAlias = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
})

// compilePattern returns the matcher of a pattern as a model writes it: a Java
// regular expression that the whole string must match. It is compiled at its
// first use.
func compilePattern(pattern string) matcher {
	if m, ok := lookarounds[pattern]; ok {
		return m
	}
	re := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(anchored(pattern)) })
	return func(s string) bool { return re().MatchString(s) }
}

func anchored(pattern string) string { return `^(?:` + rewriteEscapes(pattern) + `)$` }

var unicodeEscapes = regexp.MustCompile(`(?:\\u[0-9A-Fa-f]{4})+`)

// rewriteEscapes turns Java's \uXXXX into RE2's \x{X}; two that form a
// surrogate pair are one character to Java's regular expressions.
func rewriteEscapes(pattern string) string {
	return unicodeEscapes.ReplaceAllStringFunc(pattern, func(run string) string {
		var units []uint16
		for i := 0; i < len(run); i += 6 {
			n, _ := strconv.ParseUint(run[i+2:i+6], 16, 16) // the expression admits only hexadecimal digits
			units = append(units, uint16(n))
		}
		var b strings.Builder
		for _, r := range utf16.Decode(units) {
			fmt.Fprintf(&b, `\x{%X}`, r)
		}
		return b.String()
	})
}
