package policy

import "strings"

// mode is how a pattern is compared.
type mode uint8

const (
	plain  mode = iota // byte for byte
	folded             // without regard to the case of ASCII letters
	byPart             // as ArnLike: wildcards stop at the first five colons
)

// pieceKind is what a piece of a pattern stands for.
type pieceKind uint8

const (
	literal  pieceKind = iota // itself
	anyRun                    // *
	anyOne                    // ?
	variable                  // ${key}
)

// piece is a run of literal text, a wildcard or a policy variable.
type piece struct {
	kind        pieceKind
	text        string // the literal text, or the variable's key in lower case
	source      string // the variable as written
	fallback    string // the variable's default
	hasFallback bool
}

// shape names the patterns that need no walk.
type shape uint8

const (
	general shape = iota
	everything
	exact
	prefix
)

// pattern is a compiled policy string: an action, a resource or a condition
// value.
type pattern struct {
	shape     shape
	mode      mode
	variables bool
	text      string // for exact and prefix
	pieces    []piece
}

// syntax says what is special in a policy string.
type syntax struct {
	wildcards bool // * and ?
	variables bool // ${...}
}

// compilePattern takes a policy string apart.
func compilePattern(text string, s syntax, m mode) pattern {
	p := pattern{mode: m}
	for text != "" {
		next, width := firstPiece(text, s)
		p.add(next)
		text = text[width:]
	}
	p.shape, p.text = p.simplify()
	return p
}

// firstPiece reads the piece that text begins with and its width in bytes.
func firstPiece(text string, s syntax) (piece, int) {
	if s.variables && strings.HasPrefix(text, "${") {
		if v, width := readVariable(text); width > 0 {
			return v, width
		}
	}
	if s.wildcards && text[0] == '*' {
		return piece{kind: anyRun}, 1
	}
	if s.wildcards && text[0] == '?' {
		return piece{kind: anyOne}, 1
	}
	return piece{kind: literal, text: text[:1]}, 1
}

// add appends a piece; adjacent literals become one, and so do adjacent stars.
func (p *pattern) add(next piece) {
	p.variables = p.variables || next.kind == variable
	if n := len(p.pieces); n > 0 && p.pieces[n-1].kind == next.kind {
		switch next.kind {
		case literal:
			p.pieces[n-1].text += next.text
			return
		case anyRun:
			return
		}
	}
	p.pieces = append(p.pieces, next)
}

// simplify finds the shapes that can be compared without a walk.
func (p *pattern) simplify() (shape, string) {
	switch {
	case len(p.pieces) == 1 && p.pieces[0].kind == anyRun:
		return everything, ""
	case p.variables || p.mode == byPart:
		return general, ""
	case len(p.pieces) == 0:
		return exact, ""
	case len(p.pieces) == 1 && p.pieces[0].kind == literal:
		return exact, p.pieces[0].text
	case len(p.pieces) == 2 && p.pieces[0].kind == literal && p.pieces[1].kind == anyRun:
		return prefix, p.pieces[0].text
	}
	return general, ""
}

// match compares s with the pattern, its variables replaced from ctx. A
// variable without a value matches nothing. What a variable stands for is
// literal text, even if it holds a wildcard.
func (p *pattern) match(s string, ctx Context) bool {
	switch p.shape {
	case everything:
		return true
	case exact:
		return len(s) == len(p.text) && p.equal(s, p.text)
	case prefix:
		return len(s) >= len(p.text) && p.equal(s[:len(p.text)], p.text)
	}
	var buffer [4]string
	values, ok := p.resolve(ctx, buffer[:0])
	if !ok {
		return false
	}
	w := walk{pattern: p, values: values, s: s}
	return w.run()
}

// equal compares two strings of the same length.
func (p *pattern) equal(a, b string) bool {
	return a == b || p.mode == folded && equalFold(a, b)
}

// resolve appends the values of the pattern's variables, in their order.
func (p *pattern) resolve(ctx Context, values []string) ([]string, bool) {
	if !p.variables {
		return values, true
	}
	for i := range p.pieces {
		if p.pieces[i].kind != variable {
			continue
		}
		value, ok := p.pieces[i].value(ctx)
		if !ok {
			return nil, false
		}
		values = append(values, value)
	}
	return values, true
}

// expand gives the text that the pattern stands for, for comparisons without
// wildcards.
func (p *pattern) expand(ctx Context) (string, bool) {
	if !p.variables {
		return p.text, true
	}
	var text strings.Builder
	for i := range p.pieces {
		part := p.pieces[i].text
		if p.pieces[i].kind == variable {
			value, ok := p.pieces[i].value(ctx)
			if !ok {
				return "", false
			}
			part = value
		}
		text.WriteString(part)
	}
	return text.String(), true
}

// equalFold compares two strings of the same length without regard to the case
// of ASCII letters.
func equalFold(a, b string) bool {
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// colons counts the colons of the pattern's literal text.
func (p *pattern) colons() int {
	n := 0
	for i := range p.pieces {
		if p.pieces[i].kind == literal {
			n += strings.Count(p.pieces[i].text, ":")
		}
	}
	return n
}
