package insights

import (
	"regexp"
	"strings"
)

// ParsePPL reads a query in OpenSearch's Piped Processing Language, as
// CloudWatch Logs takes it, into the same commands. Its errors are
// *CompileError and *Unsupported.
//
// Unverified: that rows without a fields command show @timestamp and @message.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData_PPL.html
func ParsePPL(query string) (*Query, error) {
	p := &parser{text: query, scope: newScope()}
	p.ppl, p.query.standard = true, "PPL"
	p.next = scan(query, 0)
	return p.query, p.pipeline("")
}

// pplCommands by name in lower case.
var pplCommands map[string]func(*parser) (command, error)

// pplBeyond are commands that AWS has and this package does not.
var pplBeyond = map[string]bool{"grok": true, "flatten": true, "fieldsummary": true, "lookup": true, "appendcol": true, "patterns": true, "ad": true, "ml": true}

func init() {
	pplCommands = map[string]func(*parser) (command, error){
		"where": (*parser).filter, "fields": (*parser).project, "eval": (*parser).evaluate, "rename": (*parser).rename,
		"stats": (*parser).statistics, "eventstats": (*parser).eventStatistics, "sort": (*parser).sortBySign, "head": (*parser).head,
		"parse": (*parser).parseNamed, "dedup": (*parser).dedupFirst, "top": (*parser).top, "rare": (*parser).rare,
		"fillnull": (*parser).fillNull, "expand": (*parser).expandAs, "trendline": (*parser).trendline,
		"join": (*parser).joinPPL, "inner": (*parser).joinPPL, "left": (*parser).leftJoinPPL,
	}
}

// sourcePPL takes source=`group`, or a list of groups and indexed values:
// source=[lg:`a`, `aws:fieldIndex`="region", `region`="us-west-2"].
func (p *parser) sourcePPL() error {
	p.take("search")
	if err := p.expect("source"); err != nil {
		return err
	}
	if err := p.expect("="); err != nil {
		return err
	}
	p.query.source = &Source{Class: "STANDARD"}
	if !p.take("[") {
		return p.groupNames(p.query.source)
	}
	for !p.take("]") {
		if err := p.selector(p.query.source); err != nil {
			return err
		}
		if !p.take(",") && !p.next.is("]") {
			return p.unexpected(p.next)
		}
	}
	p.query.source.Selected = len(p.query.source.Names) == 0
	return nil
}

func (p *parser) selector(s *Source) error {
	switch {
	case p.next.is("ds"):
		return &Unsupported{"data sources"}
	case p.take("lg"):
		if err := p.expect(":"); err != nil {
			return err
		}
		n, err := p.groupName()
		s.Names = append(s.Names, n)
		return err
	}
	t := p.next
	e, _, err := p.expression()
	if err != nil {
		return err
	}
	if t.value != "aws:fieldIndex" {
		p.query.commands = append(p.query.commands, &filter{e})
		return nil
	}
	switch e := e.(type) {
	case *comparison:
		p.query.indexed = append(p.query.indexed, e.b.eval(&row{}).String())
	case *membership:
		for _, one := range e.list {
			p.query.indexed = append(p.query.indexed, one.eval(&row{}).String())
		}
	}
	return nil
}

// project takes the columns to show, or behind a minus those to hide.
func (p *parser) project() (command, error) {
	hide := p.take("-")
	p.take("+")
	names, err := p.fieldNames()
	if err != nil {
		return nil, err
	}
	if !hide {
		p.chosen, p.shown = true, nil
		for _, n := range names {
			p.show(n)
		}
		return &compute{}, nil
	}
	shown := p.shownNow()
	p.chosen, p.shown = true, nil
	for _, c := range shown {
		if !contains(names, c.name) {
			p.show(c.name)
		}
	}
	return &compute{}, nil
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// evaluate takes field = expression, and more of them.
func (p *parser) evaluate() (command, error) {
	c := &compute{}
	for {
		n, err := p.fieldName()
		if err == nil {
			err = p.expect("=")
		}
		if err != nil {
			return nil, err
		}
		e, _, err := p.expression()
		if err != nil {
			return nil, err
		}
		c.items = append(c.items, item{n, e})
		p.made(n)
		if !p.take(",") {
			return c, nil
		}
	}
}

// rename takes old as new.
func (p *parser) rename() (command, error) {
	c := &compute{}
	pairs, err := p.pairs()
	if err != nil {
		return nil, err
	}
	shown := p.shownNow()
	for _, one := range pairs {
		c.items = append(c.items, item{one.field, fieldRef{one.column}})
		for i := range shown {
			if shown[i].name == one.column {
				shown[i].name = one.field
			}
		}
	}
	p.chosen, p.shown = true, shown
	for _, one := range pairs {
		p.show(one.field)
	}
	return c, nil
}

// sortBySign takes [count] and fields with + or - before them.
func (p *parser) sortBySign() (command, error) {
	if p.next.kind == number {
		p.advance()
	}
	o := &ordering{}
	for {
		down := p.take("-")
		p.take("+")
		f, err := p.fieldOrColumn()
		if err != nil {
			return nil, err
		}
		k := sortKey{fieldRef{f}, down}
		if p.take("desc") || p.take("d") {
			k.descending = true
		} else if !p.take("asc") {
			p.take("a")
		}
		o.by = append(o.by, k)
		if !p.take(",") {
			return o, nil
		}
	}
}

// head takes how many rows, ten if it is not said.
func (p *parser) head() (command, error) {
	n := 10
	if p.next.kind == number {
		var err error
		if n, err = p.count(MaxRows); err != nil {
			return nil, err
		}
	}
	p.query.limited = true
	return &limit{n}, nil
}

// parseNamed takes a field and a regular expression with named groups.
func (p *parser) parseNamed() (command, error) {
	f, err := p.fieldName()
	if err != nil {
		return nil, err
	}
	t := p.next
	if t.kind != text {
		return nil, p.unexpected(t)
	}
	p.advance()
	x := &extract{from: fieldRef{f}}
	if x.re, err = p.compile(t); err != nil {
		return nil, err
	}
	for i, n := range x.re.SubexpNames() {
		if n != "" {
			x.names, x.groups = append(x.names, n), append(x.groups, i)
			p.made(n)
		}
	}
	if len(x.names) == 0 {
		return nil, p.wrong(t, "parse needs a named group for each field")
	}
	return x, nil
}

func (p *parser) top() (command, error) { return p.frequent(false) }

func (p *parser) rare() (command, error) { return p.frequent(true) }

// frequent takes [count] fields [by fields].
//
// Unverified: that the count is shown, and its name.
func (p *parser) frequent(least bool) (command, error) {
	f := &frequency{name: "count", least: least, most: 10}
	var err error
	if p.next.kind == number {
		if f.most, err = p.count(MaxRows); err != nil {
			return nil, err
		}
	}
	if f.fields, err = p.fieldNames(); err != nil {
		return nil, err
	}
	if p.take("by") {
		if f.by, err = p.fieldNames(); err != nil {
			return nil, err
		}
	}
	p.restart(append(append(append([]string{}, f.by...), f.fields...), f.name)...)
	return f, nil
}

// fillNull takes "with value in fields" or "using field = value".
func (p *parser) fillNull() (command, error) {
	if p.take("using") {
		c, err := p.evaluate()
		if err != nil {
			return nil, err
		}
		items := c.(*compute).items
		for i := range items {
			items[i] = filled(items[i].name, items[i].expression)
		}
		return c, nil
	}
	if err := p.expect("with"); err != nil {
		return nil, err
	}
	e, err := p.sum()
	if err == nil {
		err = p.expect("in")
	}
	if err != nil {
		return nil, err
	}
	names, err := p.fieldNames()
	c := &compute{}
	for _, n := range names {
		c.items = append(c.items, filled(n, e))
	}
	return c, err
}

func filled(field string, e expression) item {
	return item{field, &call{functions["coalesce"], []expression{fieldRef{field}, e}}}
}

// expandAs takes an array, with a name for its elements.
func (p *parser) expandAs() (command, error) {
	f, err := p.fieldName()
	if err != nil {
		return nil, err
	}
	u := &unnest{rawField{f}, f, true}
	if p.take("as") {
		u.into, err = p.fieldName()
		p.made(u.into)
	}
	return u, err
}

func (p *parser) leftJoinPPL() (command, error) {
	if p.next.is("outer") {
		p.advance()
	}
	c, err := p.joinPPL()
	if err != nil {
		return nil, err
	}
	c.(*join).outer = true
	return c, nil
}

// joinPPL takes left=l, right=r on l.a = r.b `group`.
func (p *parser) joinPPL() (command, error) {
	p.take("join")
	j := &join{}
	known := map[string]func(token) bool{
		"left":  func(t token) bool { j.left = t.value; return t.kind == name },
		"right": func(t token) bool { j.right = t.value; return t.kind == name },
	}
	for range known {
		if err := p.options(known); err != nil {
			return nil, err
		}
		p.take(",")
	}
	if j.left == "" || j.right == "" {
		return nil, p.wrong(p.next, "join needs the aliases left and right")
	}
	if err := p.expect("on"); err != nil {
		return nil, err
	}
	if err := p.joinFields(j); err != nil {
		return nil, err
	}
	if p.inner {
		return nil, p.wrong(p.next, "nested subqueries are not supported")
	}
	n, err := p.groupName()
	right := &Query{source: &Source{Class: "STANDARD", Names: []string{n}}, standard: "PPL"}
	p.query.subqueries = append(p.query.subqueries, right)
	j.index = len(p.query.subqueries) - 1
	return j, err
}

// likePattern writes a pattern of LIKE, with % and _, as a regular expression.
func likePattern(pattern string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(pattern)
	quoted = strings.ReplaceAll(strings.ReplaceAll(quoted, "%", ".*"), "_", ".")
	return regexp.MustCompile("(?s)^" + quoted + "$")
}
