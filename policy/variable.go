package policy

import "strings"

// readVariable reads the policy variable that text, which starts with "${",
// begins with: a key, a key with a default in quotes behind a comma, or one of
// the escapes ${*}, ${?} and ${$}. The width is 0 if it is none of these.
//
// Unverified: text that only looks like a variable ("${", "${}", an unclosed
// quote) is taken literally; the policy validation of IAM Access Analyzer
// reports it, but no page says what the evaluation makes of it.
func readVariable(text string) (v piece, width int) {
	name, _, closed := strings.Cut(text[2:], "}")
	if !closed || name == "" {
		return piece{}, 0
	}
	switch name {
	case "*", "?", "$":
		return piece{kind: literal, text: name}, len("${*}")
	}
	if key, fallback, width := readDefault(text); width > 0 {
		return piece{variable, strings.ToLower(key), text[:width], fallback, true}, width
	}
	if strings.Contains(name, "'") {
		return piece{}, 0
	}
	width = len("${") + len(name) + len("}")
	return piece{kind: variable, text: strings.ToLower(name), source: text[:width]}, width
}

// readDefault reads a variable with a default value: ${key, 'text'}. The text
// ends at the first quote with a brace behind it.
func readDefault(text string) (key, fallback string, width int) {
	key, rest, found := strings.Cut(text[2:], ",")
	if !found || key == "" || strings.Contains(key, "}") {
		return "", "", 0
	}
	quoted, ok := strings.CutPrefix(strings.TrimLeft(rest, " "), "'")
	if !ok {
		return "", "", 0
	}
	fallback, after, closed := strings.Cut(quoted, "'}")
	if !closed {
		return "", "", 0
	}
	return key, fallback, len(text) - len(after)
}

// value gives what a variable stands for: the one value of its key, else its
// default.
//
// Unverified: a key with several values has no single one to put in, and counts
// as absent.
func (v *piece) value(ctx Context) (string, bool) {
	if values, _ := lookup(ctx, v.text); len(values) == 1 {
		return values[0], true
	}
	return v.fallback, v.hasFallback
}

// show prints a policy string with its variables replaced. One without a value
// stays as it is written.
func show(text string, ctx Context) string {
	p := compilePattern(text, syntax{variables: true}, plain)
	var shown strings.Builder
	for i := range p.pieces {
		part := p.pieces[i].text
		if p.pieces[i].kind == variable {
			part = p.pieces[i].source
			if value, ok := p.pieces[i].value(ctx); ok {
				part = value
			}
		}
		shown.WriteString(part)
	}
	return shown.String()
}
