package insights

import (
	"cmp"
	"regexp"
	"strings"
)

// Precedence, weakest first: or; and; not; comparison, like, in; + -; * / %;
// ^; a sign.

// maxDepth of parentheses and the like in a query.
const maxDepth = 200

// expression takes an expression and the text that it was written as.
func (p *parser) expression() (e expression, written string, err error) {
	start := p.next.start
	e, err = p.or()
	return e, strings.TrimSpace(p.text[start:max(start, p.stop)]), err
}

func (p *parser) or() (expression, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.wrong(p.next, "too many nested expressions")
	}
	defer func() { p.depth-- }()
	return p.logic("or", func() (expression, error) { return p.logic("and", p.not) })
}

func (p *parser) logic(word string, operand func() (expression, error)) (expression, error) {
	e, err := operand()
	for err == nil && p.take(word) {
		var b expression
		b, err = operand()
		e = &logic{word == "or", e, b}
	}
	return e, err
}

func (p *parser) not() (expression, error) {
	negated := false
	for p.take("not") {
		negated = !negated
	}
	e, err := p.comparison()
	if negated && err == nil {
		e = negation{e}
	}
	return e, err
}

func (p *parser) comparison() (expression, error) {
	a, err := p.sum()
	if err != nil {
		return nil, err
	}
	for _, op := range []string{"=", "!=", "<", "<=", ">", ">="} {
		if p.take(op) {
			b, err := p.sum()
			return &comparison{op, a, b}, err
		}
	}
	not := p.take("not")
	switch {
	case p.take("like"), !not && p.take("=~"):
		return p.likeness(a, not)
	case p.take("in"):
		if p.next.is("(") && !p.ppl || p.next.is("[") && p.ppl {
			return p.inSubquery(a, not)
		}
		list, err := p.list()
		return &membership{a, list, not}, err
	case not:
		return nil, p.unexpected(p.next)
	}
	return a, nil
}

func (p *parser) likeness(of expression, not bool) (expression, error) {
	if p.next.is("/") {
		re, err := p.regex()
		return &likeness{of: of, re: re, not: not}, err
	}
	if p.ppl && p.next.kind == text {
		re := likePattern(p.next.value)
		p.advance()
		return &likeness{of: of, re: re, not: not}, nil
	}
	part, err := p.sum()
	return &likeness{of: of, part: part, not: not}, err
}

// list takes a list in brackets.
func (p *parser) list() ([]expression, error) {
	opening, closing := "[", "]"
	if p.ppl {
		opening, closing = "(", ")"
	}
	if err := p.expect(opening); err != nil {
		return nil, err
	}
	return p.until(closing)
}

// until takes expressions divided by commas up to a closing symbol.
func (p *parser) until(closing string) (list []expression, err error) {
	if p.take(closing) {
		return nil, nil
	}
	for {
		e, err := p.or()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		if p.take(closing) {
			return list, nil
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
	}
}

func (p *parser) sum() (expression, error) { return p.arithmetic("+-", p.product) }

func (p *parser) product() (expression, error) { return p.arithmetic("*/%", p.power) }

func (p *parser) arithmetic(ops string, operand func() (expression, error)) (expression, error) {
	e, err := operand()
	for err == nil && p.next.kind == symbol && strings.Contains(ops, p.next.text) && len(p.next.text) == 1 {
		op := p.next.text[0]
		p.advance()
		var b expression
		b, err = operand()
		e = &arithmetic{op, e, b}
	}
	return e, err
}

func (p *parser) power() (expression, error) { return p.arithmetic("^", p.signed) }

func (p *parser) signed() (expression, error) {
	negative := false
	for p.next.is("-") || p.next.is("+") {
		negative = negative != p.next.is("-")
		p.advance()
	}
	e, err := p.primary()
	if negative && err == nil {
		e = &arithmetic{'-', literal{numberOf(0)}, e}
	}
	return e, err
}

func (p *parser) primary() (expression, error) {
	switch t := p.next; t.kind {
	case text:
		p.advance()
		return literal{textOf(t.value)}, nil
	case number:
		p.advance()
		n, _ := readNumber(t.value)
		return literal{numberOf(n)}, nil
	case period:
		p.advance()
		d, ok := cappedSpan(t.value)
		if !ok {
			return nil, p.wrong(t, "unknown period "+t.text)
		}
		return duration{d}, nil
	case name, quotedName:
		return p.fieldOrCall()
	}
	if p.take("(") {
		e, err := p.or()
		if err != nil {
			return nil, err
		}
		return e, p.expect(")")
	}
	return nil, p.unexpected(p.next)
}

// reserved words are no names of fields unless in backticks.
var reserved = map[string]bool{"and": true, "or": true, "not": true, "like": true, "in": true, "as": true, "by": true}

func (p *parser) fieldOrCall() (expression, error) {
	t := p.next
	if t.kind == name && reserved[strings.ToLower(t.text)] {
		return nil, p.unexpected(t)
	}
	if t.kind == name && scan(p.text, t.start+len(t.text)).is("(") {
		p.advance()
		p.advance()
		return p.call(t)
	}
	f, err := p.fieldName()
	if t.kind == name && (f == "true" || f == "false") {
		return literal{boolOf(f == "true")}, err
	}
	return fieldRef{f}, err
}

// fieldName takes a name with all that stands behind its dots and in its
// brackets, as one dotted name.
func (p *parser) fieldName() (string, error) {
	t := p.next
	if t.kind != name && t.kind != quotedName {
		return "", p.unexpected(t)
	}
	p.advance()
	full := t.value
	for {
		switch {
		case p.next.is(".") && p.next.start == p.stop:
			p.advance()
			part := p.next
			if part.start != p.stop || part.kind != name && part.kind != quotedName && part.kind != number && part.kind != period {
				return "", p.unexpected(part)
			}
			p.advance()
			full += "." + part.value
		case p.next.is("[") && p.next.start == p.stop:
			p.advance()
			index := p.next
			if index.kind != number && index.kind != text {
				return "", p.unexpected(index)
			}
			p.advance()
			full += "." + index.value
			if err := p.expect("]"); err != nil {
				return "", err
			}
		default:
			return full, nil
		}
	}
}

// call takes the arguments of a function or of an aggregate. A column of an
// earlier command that is named as a call looks, such as count(*), is that
// column.
func (p *parser) call(fn token) (expression, error) {
	if p.collected != nil {
		if e, ok, err := p.aggregate(fn); ok || err != nil {
			return e, err
		}
	}
	if closing := strings.IndexByte(p.text[fn.start:], ')'); closing >= 0 {
		if written := p.text[fn.start : fn.start+closing+1]; p.columns[written] {
			for p.next.kind != end && p.next.start < fn.start+closing {
				p.advance()
			}
			return fieldRef{written}, p.expect(")")
		}
	}
	f := p.function(fn.text)
	if f == nil {
		return nil, p.wrong(fn, "unknown function "+fn.text)
	}
	arguments, err := p.until(")")
	if err != nil {
		return nil, err
	}
	if !f.takes(arguments) {
		return nil, p.wrong(fn, "invalid arguments of function "+fn.text)
	}
	if f == functions["regexreplace"] {
		if l, ok := arguments[1].(literal); ok {
			re, err := p.compile(token{text, fn.text, l.value.String(), fn.start})
			if err != nil {
				return nil, err
			}
			arguments[1] = &literalRegex{l, re}
		}
	}
	return &call{f, arguments}, nil
}

// function finds a function by its name in the language.
func (p *parser) function(name string) *function {
	lower := strings.ToLower(name)
	if !p.ppl {
		return functions[lower]
	}
	if f := pplFunctions[lower]; f != nil {
		return f
	}
	return functions[cmp.Or(pplNames[lower], lower)]
}

// regex takes a regular expression between slashes; the slash is the next
// token. The syntax is RE2's, without lookaround and back references.
func (p *parser) regex() (*regexp.Regexp, error) {
	start := p.next.start
	for i := start + 1; i < len(p.text); i++ {
		switch p.text[i] {
		case '\\':
			i++
		case '/':
			source := strings.ReplaceAll(p.text[start+1:i], `\/`, "/")
			p.stop = i + 1
			p.next = scan(p.text, p.stop)
			return p.compile(token{symbol, p.text[start : i+1], source, start})
		}
	}
	return nil, p.wrong(token{broken, p.text[start:], "", start}, "unexpected symbol found /")
}

func (p *parser) compile(t token) (*regexp.Regexp, error) {
	for _, beyond := range []string{"(?=", "(?!", "(?<=", "(?<!", "(?>"} {
		if strings.Contains(t.value, beyond) {
			return nil, &Unsupported{"lookaround in regular expressions"}
		}
	}
	re, err := regexp.Compile(t.value)
	if err != nil {
		return nil, p.wrong(t, "invalid regular expression "+t.text)
	}
	return re, nil
}
