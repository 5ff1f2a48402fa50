package lakesql

import (
	"regexp"
	"strings"
)

type tokenKind int

const (
	end    tokenKind = iota
	word             // an identifier or a keyword
	quoted           // an identifier in double quotes
	text             // a literal in single quotes
	number
	store // the id of an event data store
	symbol
)

// token is a part of a statement, with its place.
type token struct {
	kind         tokenKind
	text         string // without quotes
	source       string // as it stands in the statement
	line, column int
}

// is says whether the token is that keyword or symbol.
func (t token) is(words ...string) bool {
	if t.kind != word && t.kind != symbol {
		return false
	}
	for _, w := range words {
		if strings.EqualFold(t.text, w) {
			return true
		}
	}
	return false
}

func (t token) names() bool { return t.kind == word || t.kind == quoted }

// Each kind of token begins where the one before ends. The longest symbols
// come first.
var shapes = []struct {
	kind    tokenKind
	pattern *regexp.Regexp
}{
	{store, regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b`)},
	{word, regexp.MustCompile(`^[\pL_$][\pL\pN_$]*`)},
	{quoted, regexp.MustCompile(`^"(?:[^"]|"")*"`)},
	{text, regexp.MustCompile(`^'(?:[^']|'')*'`)},
	{number, regexp.MustCompile(`^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?`)},
	{symbol, regexp.MustCompile(`^(?:<>|!=|<=|>=|\|\||->|=>|[-+*/%<>=(),.;\[\]?])`)},
}

var blank = regexp.MustCompile(`^(?:\s+|--[^\n]*|/\*(?s:.*?)\*/)+`)

// tokens cuts a statement up. The last token is the end.
func tokens(statement string) ([]token, error) {
	var list []token
	at := token{line: 1, column: 1}
	for rest := statement; ; {
		gap := blank.FindString(rest)
		at.advance(gap)
		if rest = rest[len(gap):]; rest == "" {
			at.kind = end
			return append(list, at), nil
		}
		t, ok := first(rest)
		t.line, t.column = at.line, at.column
		if !ok {
			return nil, wrongAt(t, "mismatched input '%s'", t.source)
		}
		at.advance(t.source)
		rest = rest[len(t.source):]
		list = append(list, t)
	}
}

func first(rest string) (token, bool) {
	for _, s := range shapes {
		m := s.pattern.FindString(rest)
		if m == "" {
			continue
		}
		t := token{kind: s.kind, text: m, source: m}
		switch s.kind {
		case quoted:
			t.text = strings.ReplaceAll(m[1:len(m)-1], `""`, `"`)
		case text:
			t.text = strings.ReplaceAll(m[1:len(m)-1], `''`, `'`)
		case store:
			t.text = strings.ToLower(m)
		}
		return t, true
	}
	return token{source: string([]rune(rest)[0])}, false
}

func (t *token) advance(over string) {
	if n := strings.Count(over, "\n"); n > 0 {
		t.line += n
		t.column = 1
		over = over[strings.LastIndexByte(over, '\n')+1:]
	}
	t.column += len([]rune(over))
}
