package lakesql

import (
	"slices"
	"strconv"
	"strings"
)

// Statement is a SELECT statement that has been read.
type Statement struct {
	tokens []token
	stores []string
}

// Read reads a statement as far as its words go. *Error for what is no SELECT.
func Read(statement string) (*Statement, error) {
	list, err := tokens(statement)
	if err != nil {
		return nil, err
	}
	if n := len(list); n > 1 && list[n-2].is(";") {
		list = slices.Delete(list, n-2, n-1)
	}
	if !list[0].is("SELECT", "WITH", "(") {
		return nil, wrongAt(list[0], "Only SELECT statements are allowed.") // Unverified: the sentence
	}
	s := &Statement{tokens: list}
	for _, t := range list {
		if t.kind == store && !slices.Contains(s.stores, t.text) {
			s.stores = append(s.stores, t.text)
		}
	}
	return s, nil
}

// Stores are the ids of the event data stores that the statement names, in
// order.
func (s *Statement) Stores() []string { return slices.Clone(s.stores) }

// Query is a statement written for SQLite.
type Query struct {
	sql     string
	schemas map[string]*Schema
	wanted  map[string][]column // by store
}

// Compile holds a statement against the schemas of its stores. *Error.
func (s *Statement) Compile(schemas map[string]*Schema) (q *Query, err error) {
	p := &parser{tokens: s.tokens, schemas: schemas, named: map[string]bool{}, tables: map[string]bool{}, unnested: map[string]string{}}
	defer func() {
		if r := recover(); r != nil {
			refused, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			q, err = nil, refused
		}
	}()
	p.survey()
	text := p.query(true)
	if p.peek().kind != end {
		panic(mismatched(p.peek()))
	}
	q = &Query{sql: text, schemas: schemas, wanted: map[string][]column{}}
	for _, id := range s.stores {
		q.wanted[id] = p.columnsOf(schemas[id])
	}
	return q, q.check(s.tokens)
}

// columnsOf are the columns of a store that the statement names. One is left
// if it names none.
func (p *parser) columnsOf(s *Schema) []column {
	var list []column
	for _, c := range s.columns {
		if p.all && c.name != "eventjsonchecksum" || p.named[c.name] {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return s.columns[:1]
	}
	return list
}

// parser writes a statement anew as it reads it. It panics with an *Error.
type parser struct {
	tokens   []token
	at       int
	schemas  map[string]*Schema
	named    map[string]bool // columns that are named, lower case
	all      bool            // "*" is
	tables   map[string]bool // names of relations, lower case
	unnested map[string]string
	lenient  int  // depth of TRY
	alone    bool // the last expression was one operand
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) ahead(n int) token { return p.tokens[min(p.at+n, len(p.tokens)-1)] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != end {
		p.at++
	}
	return t
}

func (p *parser) accept(words ...string) bool {
	if p.peek().is(words...) {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(words ...string) token {
	if t := p.peek(); !t.is(words...) {
		panic(mismatched(t))
	}
	return p.next()
}

func (p *parser) name() string {
	if t := p.peek(); !t.names() || t.kind == word && reserved[strings.ToUpper(t.text)] {
		panic(mismatched(t))
	}
	return p.next().text
}

// survey learns the names that are used before they are given: those of
// relations, and of what UNNEST makes.
func (p *parser) survey() {
	for i, t := range p.tokens {
		if t.kind == store {
			p.tables[t.text] = true
		}
		// "UNNEST(...) AS t (a, b)" and "store AS t": a name behind what ends a relation.
		if i+1 < len(p.tokens) && t.is("AS") && i > 0 && (p.tokens[i-1].kind == store || p.tokens[i-1].is(")")) && !p.tokens[i+1].is("(") {
			p.tables[strings.ToLower(p.tokens[i+1].text)] = true
		}
		if i > 0 && p.tokens[i-1].kind == store && t.names() && !reserved[strings.ToUpper(t.text)] {
			p.tables[strings.ToLower(t.text)] = true
		}
		if t.is("UNNEST") {
			p.surveyUnnest(i + 1)
		}
	}
}

// surveyUnnest reads the alias behind UNNEST(...).
func (p *parser) surveyUnnest(i int) {
	depth := 0
	for ; i < len(p.tokens)-1; i++ {
		if p.tokens[i].is("(") {
			depth++
		} else if p.tokens[i].is(")") {
			if depth--; depth == 0 {
				break
			}
		}
	}
	get := func(n int) token { return p.tokens[min(i+n, len(p.tokens)-1)] }
	if get(1).is("AS") {
		i++
	}
	alias := get(1)
	if !get(2).is("(") || !alias.names() {
		return
	}
	p.tables[strings.ToLower(alias.text)] = true
	first, second := get(3), get(5)
	if get(4).is(",") {
		p.unnested[strings.ToLower(first.text)] = bracket(alias.text) + ".[key]"
		p.unnested[strings.ToLower(second.text)] = wrapped(alias.text)
		return
	}
	p.unnested[strings.ToLower(first.text)] = wrapped(alias.text)
}

func wrapped(alias string) string {
	a := bracket(alias)
	return "lake_wrap(" + a + ".[value]," + a + ".[type])"
}

// bracket quotes an identifier so that SQLite takes it for nothing else.
func bracket(name string) string { return "[" + strings.ReplaceAll(name, "]", "_") + "]" }

// reserved are the words that cannot name anything.
var reserved = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`SELECT FROM WHERE GROUP HAVING ORDER LIMIT OFFSET FETCH UNION INTERSECT EXCEPT AS ON JOIN
		INNER LEFT RIGHT FULL CROSS NATURAL USING AND OR NOT IN IS LIKE BETWEEN CASE WHEN THEN ELSE END BY DISTINCT WITH ASC DESC
		NULLS ESCAPE EXISTS NULL OUTER UNNEST CAST`) {
		m[w] = true
	}
	return m
}()

// query reads [WITH ...] body [ORDER BY ...] [OFFSET n] [LIMIT n].
func (p *parser) query(outermost bool) string {
	var b strings.Builder
	if p.accept("WITH") {
		b.WriteString("WITH ")
		for i := 0; i == 0 || p.accept(","); i++ {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(p.cte())
		}
		b.WriteByte(' ')
	}
	b.WriteString(p.term(outermost))
	for p.peek().is("UNION", "INTERSECT", "EXCEPT") {
		b.WriteString(" " + strings.ToUpper(p.next().text))
		if p.accept("ALL") {
			b.WriteString(" ALL")
		} else {
			p.accept("DISTINCT")
		}
		b.WriteString(" " + p.term(outermost))
	}
	if p.accept("ORDER") {
		p.expect("BY")
		b.WriteString(" ORDER BY " + p.ordering())
	}
	return b.String() + p.bounds()
}

func (p *parser) cte() string {
	name := p.name()
	p.tables[strings.ToLower(name)] = true
	text := bracket(name) + p.columnList()
	p.expect("AS")
	p.expect("(")
	text += " AS (" + p.query(false) + ")"
	p.expect(")")
	return text
}

// columnList reads "(a, b)" behind an alias.
func (p *parser) columnList() string {
	if !p.accept("(") {
		return ""
	}
	var names []string
	for i := 0; i == 0 || p.accept(","); i++ {
		names = append(names, bracket(p.name()))
	}
	p.expect(")")
	return "(" + strings.Join(names, ",") + ")"
}

// bounds reads OFFSET and LIMIT, which SQLite wants the other way round.
func (p *parser) bounds() string {
	offset, limit := "", "-1"
	if p.accept("OFFSET") {
		offset = p.count()
		p.accept("ROW", "ROWS")
	}
	bounded := p.accept("LIMIT")
	if bounded && !p.accept("ALL") {
		limit = p.count()
	}
	if !bounded && offset == "" {
		return ""
	}
	if offset != "" {
		return " LIMIT " + limit + " OFFSET " + offset
	}
	return " LIMIT " + limit
}

func (p *parser) count() string {
	t := p.peek()
	if _, err := strconv.Atoi(t.text); err != nil || t.kind != number {
		panic(mismatched(t))
	}
	return p.next().text
}

// ordering reads what is behind ORDER BY. Nulls are last in Trino, whatever
// the order.
func (p *parser) ordering() string {
	var items []string
	for i := 0; i == 0 || p.accept(","); i++ {
		item := p.expression()
		switch {
		case p.accept("DESC"):
			item += " DESC"
		default:
			p.accept("ASC")
		}
		if p.accept("NULLS") {
			item += " NULLS " + strings.ToUpper(p.expect("FIRST", "LAST").text)
		} else {
			item += " NULLS LAST"
		}
		items = append(items, item)
	}
	return strings.Join(items, ", ")
}

// term is a SELECT, or a query in parentheses.
func (p *parser) term(outermost bool) string {
	if p.accept("(") {
		text := p.query(outermost)
		p.expect(")")
		return "SELECT * FROM (" + text + ")"
	}
	p.expect("SELECT")
	var b strings.Builder
	b.WriteString("SELECT ")
	if p.accept("DISTINCT") {
		b.WriteString("DISTINCT ")
	} else {
		p.accept("ALL")
	}
	b.WriteString(p.items(outermost))
	if p.accept("FROM") {
		b.WriteString(" FROM " + p.relations())
	}
	if p.accept("WHERE") {
		b.WriteString(" WHERE " + p.expression())
	}
	if p.accept("GROUP") {
		p.expect("BY")
		b.WriteString(" GROUP BY " + p.list())
	}
	if p.accept("HAVING") {
		b.WriteString(" HAVING " + p.expression())
	}
	return b.String()
}

// items reads what is selected. A column that is given no name has that of
// the field it is, or none: then Trino numbers it.
func (p *parser) items(outermost bool) string {
	var items []string
	for i := 0; i == 0 || p.accept(","); i++ {
		if p.accept("*") {
			p.all = true
			items = append(items, "*")
			continue
		}
		if p.ahead(1).is(".") && p.ahead(2).is("*") {
			items = append(items, bracket(p.next().text)+".*")
			p.at += 2
			p.all = true
			continue
		}
		begin := p.at
		item := p.expression()
		name := "_col" + strconv.Itoa(i)
		if t := p.tokens[p.at-1]; t.names() && p.alone && (p.at-begin == 1 || p.tokens[p.at-2].is(".")) {
			name = t.text
		}
		if p.accept("AS") || p.peek().names() && !reserved[strings.ToUpper(p.peek().text)] {
			name = p.name()
		}
		items = append(items, item+" AS "+bracket(name))
	}
	return strings.Join(items, ", ")
}

var joins = []string{"JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS"}

// relations reads what is behind FROM.
func (p *parser) relations() string {
	text := p.relation()
	for {
		switch {
		case p.accept(","):
			text += ", " + p.relation()
		case p.peek().is(joins...):
			for !p.peek().is("JOIN") {
				text += " " + strings.ToUpper(p.expect("INNER", "LEFT", "RIGHT", "FULL", "CROSS", "OUTER").text)
			}
			p.next()
			text += " JOIN " + p.relation()
			if p.accept("ON") {
				text += " ON " + p.expression()
			} else if p.accept("USING") {
				text += " USING" + p.columnNames()
			}
		default:
			return text
		}
	}
}

func (p *parser) columnNames() string {
	from := p.at
	text := p.columnList()
	for _, t := range p.tokens[from:p.at] {
		p.named[strings.ToLower(t.text)] = true
	}
	return text
}

func (p *parser) relation() string {
	t := p.peek()
	var text string
	switch {
	case t.kind == store:
		p.next()
		text = bracket(t.text)
	case t.is("("):
		p.next()
		if p.peek().is("SELECT", "WITH", "(") {
			text = "(" + p.query(false) + ")"
		} else {
			text = "(" + p.relations() + ")"
		}
		p.expect(")")
	case t.is("UNNEST"):
		return p.unnest()
	default:
		name := p.name()
		if !p.tables[strings.ToLower(name)] {
			panic(wrongAt(t, "Table '%s' does not exist", name))
		}
		text = bracket(name)
	}
	if p.accept("AS") || p.peek().names() && !reserved[strings.ToUpper(p.peek().text)] {
		name := p.name()
		p.tables[strings.ToLower(name)] = true
		text += " AS " + bracket(name)
	}
	return text
}

func (p *parser) unnest() string {
	p.next()
	p.expect("(")
	text := "json_each(lake_json(" + p.expression() + "))"
	p.expect(")")
	p.accept("AS")
	text += " AS " + bracket(p.name())
	p.columnList()
	return text
}

// Fill puts parameters where the question marks of a statement are, as
// literals. Parameters without a question mark are left out.
func Fill(statement string, parameters []string) string {
	list, err := tokens(statement)
	if err != nil || len(parameters) == 0 {
		return statement
	}
	lines := strings.Split(statement, "\n")
	for i := len(list) - 1; i >= 0; i-- {
		if !list[i].is("?") {
			continue
		}
		n := 0
		for _, t := range list[:i] {
			if t.is("?") {
				n++
			}
		}
		if n < len(parameters) {
			r := []rune(lines[list[i].line-1])
			at := list[i].column - 1
			lines[list[i].line-1] = string(r[:at]) + literal(parameters[n]) + string(r[at+1:])
		}
	}
	return strings.Join(lines, "\n")
}
