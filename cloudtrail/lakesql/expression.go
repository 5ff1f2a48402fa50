package lakesql

import (
	"strconv"
	"strings"
)

// operators are the words between or before operands.
var operators = map[string]bool{"AND": true, "OR": true, "IN": true, "LIKE": true, "BETWEEN": true, "ESCAPE": true}

var signs = map[string]bool{
	"+": true, "-": true, "*": true, "/": true, "%": true, "<": true, ">": true, "=": true, "<>": true, "!=": true, "<=": true,
	">=": true, "||": true,
}

// list reads expressions with commas between them.
func (p *parser) list() string {
	var items []string
	for i := 0; i == 0 || p.accept(","); i++ {
		items = append(items, p.expression())
	}
	return strings.Join(items, ", ")
}

// expression reads operands and operators up to what can be neither.
func (p *parser) expression() string {
	var out []string
	for {
		out = append(out, p.prefixes()...)
		out = append(out, p.operand())
		more, done := p.infix(out)
		if out = more; done {
			p.alone = len(out) == 1
			return strings.Join(out, " ")
		}
	}
}

// prefixes reads what stands before an operand.
func (p *parser) prefixes() (out []string) {
	for p.peek().is("NOT", "-", "+") {
		out = append(out, strings.ToUpper(p.next().text))
	}
	return out
}

// infix reads what stands behind an operand: an operator, or nothing more.
func (p *parser) infix(out []string) (more []string, done bool) {
	for {
		t := p.peek()
		switch {
		case t.is("IS"):
			out = append(out, p.is())
		case t.is("+", "-") && p.ahead(1).is("INTERVAL"):
			out[len(out)-1] = p.shifted(out[len(out)-1])
		case t.is("NOT") && p.ahead(1).is("IN", "LIKE", "BETWEEN"):
			p.next()
			return append(out, "NOT", strings.ToUpper(p.next().text)), false
		case t.kind == word && operators[strings.ToUpper(t.text)], t.kind == symbol && signs[t.text]:
			p.next()
			return append(out, strings.ToUpper(t.text)), false
		case t.is("->"):
			panic(notCarried(t, "A lambda expression"))
		case t.is("["), t.is("."):
			panic(mismatched(t))
		case t.kind == text || t.kind == number || t.kind == store || t.is("("):
			panic(mismatched(t))
		default:
			return out, true
		}
	}
}

// is reads IS [NOT] NULL, and IS [NOT] DISTINCT FROM with its operand.
func (p *parser) is() string {
	p.next()
	text := "IS "
	if p.accept("NOT") {
		text += "NOT "
	}
	t := p.next()
	switch {
	case t.is("NULL", "TRUE", "FALSE"):
		return text + strings.ToUpper(t.text)
	case t.is("DISTINCT"):
		p.expect("FROM")
		return text + "DISTINCT FROM " + strings.Join(p.prefixes(), " ") + p.operand()
	}
	panic(mismatched(t))
}

// shifted is a timestamp plus or minus an interval.
func (p *parser) shifted(operand string) string {
	sign := p.next().text
	p.next()
	amount, unit := p.next(), p.next()
	n, err := strconv.ParseInt(strings.TrimSpace(amount.text), 10, 64)
	if err != nil || amount.kind != text || !units[strings.ToLower(unit.text)] {
		panic(mismatched(amount))
	}
	return "lake_shift(" + operand + ", " + sign + strconv.FormatInt(n, 10) + ", '" + strings.ToLower(unit.text) + "')"
}

// operand reads one operand with its subscripts and fields.
func (p *parser) operand() string {
	t := p.peek()
	switch {
	case t.kind == text:
		p.next()
		return literal(t.text)
	case t.kind == number:
		p.next()
		return t.text
	case t.is("*") || t.is("?"):
		if t.is("*") {
			panic(mismatched(t))
		}
		panic(wrongAt(t, "Incorrect number of parameters: expected %d but found 0", 1))
	case t.is("("):
		return p.subscripts(p.parenthesis())
	case t.is("CASE"):
		return p.subscripts(p.choice())
	case t.is("EXISTS"):
		p.next()
		return "EXISTS " + p.parenthesis()
	case t.is("NULL", "TRUE", "FALSE"):
		return strings.ToUpper(p.next().text)
	case t.is("TIMESTAMP", "DATE") && p.ahead(1).kind == text:
		return p.instant()
	case t.is("ARRAY") && p.ahead(1).is("["):
		return p.subscripts(p.array())
	case t.is("CAST", "TRY_CAST") && p.ahead(1).is("("):
		return p.subscripts(p.cast())
	case t.kind == store, t.names() && !(t.kind == word && reserved[strings.ToUpper(t.text)]):
		return p.subscripts(p.reference())
	}
	panic(mismatched(t))
}

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// parenthesis reads a subquery, or expressions.
func (p *parser) parenthesis() string {
	p.expect("(")
	var inner string
	if p.peek().is("SELECT", "WITH") {
		inner = p.query(false)
	} else {
		inner = p.list()
	}
	p.expect(")")
	return "(" + inner + ")"
}

func (p *parser) choice() string {
	p.next()
	text := "CASE"
	if !p.peek().is("WHEN") {
		text += " " + p.expression()
	}
	for p.accept("WHEN") {
		text += " WHEN " + p.expression()
		p.expect("THEN")
		text += " THEN " + p.expression()
	}
	if p.accept("ELSE") {
		text += " ELSE " + p.expression()
	}
	p.expect("END")
	return text + " END"
}

// instant reads TIMESTAMP '...' and DATE '...'.
func (p *parser) instant() string {
	kind, value := p.next(), p.next()
	at, ok := parseTime(value.text)
	if !ok {
		panic(wrongAt(kind, "'%s' is not a valid %s literal", value.text, strings.ToUpper(kind.text)))
	}
	if kind.is("DATE") {
		return literal(at.Format("2006-01-02"))
	}
	return literal(at.Format(timeLayout))
}

func (p *parser) array() string {
	p.next()
	p.expect("[")
	inner := ""
	if !p.peek().is("]") {
		inner = p.list()
	}
	p.expect("]")
	return "lake_array(" + inner + ")"
}

// types are those of CAST.
var types = map[string]string{
	"VARCHAR": "varchar", "CHAR": "varchar", "BIGINT": "bigint", "INTEGER": "bigint", "INT": "bigint", "SMALLINT": "bigint",
	"TINYINT": "bigint", "DOUBLE": "double", "REAL": "double", "DECIMAL": "double", "BOOLEAN": "boolean", "TIMESTAMP": "timestamp", "DATE": "date",
	"JSON": "json",
}

func (p *parser) cast() string {
	lenient := p.next().is("TRY_CAST") || p.lenient > 0
	p.expect("(")
	inner := p.expression()
	p.expect("AS")
	t := p.next()
	to, ok := types[strings.ToUpper(t.text)]
	if !ok || t.kind != word {
		panic(wrongAt(t, "Unknown type: %s", t.text))
	}
	for depth := 0; !p.peek().is(")") || depth > 0; { // varchar(10)
		switch n := p.next(); {
		case n.kind == end:
			panic(mismatched(n))
		case n.is("("):
			depth++
		case n.is(")"):
			depth--
		}
	}
	p.expect(")")
	name := "lake_cast"
	if lenient {
		name = "lake_try_cast"
	}
	return name + "(" + inner + ", '" + to + "')"
}

// subscripts reads [key] and .field behind an operand.
func (p *parser) subscripts(operand string) string {
	for {
		switch {
		case p.accept("["):
			name := "lake_subscript"
			if p.lenient > 0 {
				name = "lake_element"
			}
			operand = name + "(" + operand + ", " + p.expression() + ")"
			p.expect("]")
		case p.peek().is(".") && p.ahead(1).names():
			p.next()
			operand = "lake_field(" + operand + ", " + literal(strings.ToLower(p.next().text)) + ")"
		default:
			return operand
		}
	}
}

// reference reads a column with its fields, or a call.
func (p *parser) reference() string {
	t := p.next()
	if p.peek().is("(") && t.kind == word {
		return p.call(t)
	}
	if f, ok := bare[strings.ToLower(t.text)]; ok && t.kind == word {
		return f
	}
	relation := ""
	if p.peek().is(".") && p.tables[strings.ToLower(t.text)] {
		p.next()
		relation = bracket(t.text) + "."
		if t = p.peek(); !t.names() {
			panic(mismatched(t))
		}
		p.next()
	} else if t.kind == store {
		panic(mismatched(t))
	}
	return p.column(t, relation)
}

// bare are the functions that are called without parentheses.
var bare = map[string]string{
	"current_timestamp": ":now", "localtimestamp": ":now", "current_date": "substr(:now, 1, 10)",
}

// column writes a column and its fields, which must be in the schema if the
// column is.
func (p *parser) column(t token, relation string) string {
	name := strings.ToLower(t.text)
	if made, ok := p.unnested[name]; ok && relation == "" {
		return made
	}
	p.named[name] = true
	s, known := p.shapeOf(name)
	text := relation + bracket(t.text)
	if !known || !p.peek().is(".") {
		return text
	}
	var path []string
	full := t.text
	for p.peek().is(".") && p.ahead(1).names() {
		p.next()
		f := p.next()
		full += "." + f.text
		path = append(path, strings.ToLower(f.text))
	}
	if _, ok := s.at(path); !ok {
		panic(unresolved(t, full))
	}
	for _, f := range path {
		text = "lake_field(" + text + ", " + literal(f) + ")"
	}
	return text
}

// shapeOf finds a column of any of the stores.
func (p *parser) shapeOf(name string) (shape, bool) {
	for _, s := range p.schemas {
		if c, ok := s.byName[name]; ok {
			return c, true
		}
	}
	return shape{}, false
}

// call reads a call of a function.
func (p *parser) call(t token) string {
	name := strings.ToLower(t.text)
	p.expect("(")
	switch name {
	case "try":
		p.lenient++
		inner := p.expression()
		p.lenient--
		p.expect(")")
		return "(" + inner + ")"
	case "extract":
		unit := p.next()
		p.expect("FROM")
		return p.windowed(functionNamed(unit).sqlite + "(" + p.expression() + p.expect(")").text)
	}
	f := functionNamed(t)
	arguments, n := p.arguments(f)
	if n < f.least || f.most >= 0 && n > f.most {
		panic(wrongAt(t, "Unexpected parameters for function %s", name))
	}
	if f.write != nil {
		return p.windowed(f.write(arguments))
	}
	return p.windowed(f.sqlite + "(" + strings.Join(arguments, ", ") + ")")
}

func (p *parser) arguments(f function) (list []string, n int) {
	if p.accept(")") {
		return nil, 0
	}
	if p.peek().is("*") && f.sqlite == "count" {
		p.next()
		p.expect(")")
		return []string{"*"}, 1
	}
	distinct := p.accept("DISTINCT")
	for i := 0; i == 0 || p.accept(","); i++ {
		list = append(list, p.expression())
	}
	if p.accept("ORDER") {
		p.expect("BY")
		list[len(list)-1] += " ORDER BY " + p.ordering()
	}
	p.expect(")")
	if distinct {
		list[0] = "DISTINCT " + list[0]
	}
	return list, len(list)
}

// windowed reads FILTER (...) and OVER (...) behind a call.
func (p *parser) windowed(call string) string {
	if p.accept("FILTER") {
		p.expect("(")
		p.expect("WHERE")
		call += " FILTER (WHERE " + p.expression() + ")"
		p.expect(")")
	}
	if !p.accept("OVER") {
		return call
	}
	p.expect("(")
	call += " OVER ("
	if p.accept("PARTITION") {
		p.expect("BY")
		call += "PARTITION BY " + p.list() + " "
	}
	if p.accept("ORDER") {
		p.expect("BY")
		call += "ORDER BY " + p.ordering() + " "
	}
	for p.peek().is("ROWS", "RANGE", "BETWEEN", "AND", "UNBOUNDED", "PRECEDING", "FOLLOWING", "CURRENT", "ROW") || p.peek().kind == number {
		call += strings.ToUpper(p.next().text) + " "
	}
	p.expect(")")
	return call + ")"
}
