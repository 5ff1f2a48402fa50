package insights

import (
	"slices"
	"strconv"
	"strings"
)

// Rows are what a query within another one found.
type Rows struct {
	rows    []*row
	columns []column
}

// Len is the number of rows.
func (r *Rows) Len() int { return len(r.rows) }

// subquery takes a query in parentheses, whose opening one has been taken. It
// returns the index of its results.
func (p *parser) subquery(opening token, closing string) (int, error) {
	if p.inner {
		return 0, p.wrong(opening, "nested subqueries are not supported")
	}
	outer := p.scope
	p.scope = newScope()
	p.inner, p.ppl = true, outer.ppl
	err := p.pipeline(closing)
	inner := p.query
	p.scope = outer
	if err != nil {
		return 0, err
	}
	p.query.subqueries = append(p.query.subqueries, inner)
	return len(p.query.subqueries) - 1, p.expect(closing)
}

// inSubquery takes the query behind in, of which a value must be found.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Subqueries.html
func (p *parser) inSubquery(of expression, not bool) (expression, error) {
	t, closing := p.next, ")"
	if t.text == "[" {
		closing = "]"
	}
	p.advance()
	i, err := p.subquery(t, closing)
	return &foundIn{of, i, not}, err
}

// foundIn looks for a value among those that a subquery found: in its column
// of the same name, or else its first.
//
// Unverified: which column counts where there are several.
type foundIn struct {
	of    expression
	index int
	not   bool
}

func (f *foundIn) eval(r *row) value {
	v := f.of.eval(r)
	if v.kind == absent || v.kind == structure {
		return boolOf(false)
	}
	return boolOf(r.run.valuesOf(f)[v.key()] != f.not)
}

// key is the same for values that compare as equal.
func (v value) key() string {
	if n, ok := v.number(); ok {
		return "n" + strconv.FormatFloat(n, 'g', -1, 64)
	}
	return "t" + v.String()
}

// valuesOf gathers the values of a subquery, once in a run.
func (r *Run) valuesOf(f *foundIn) map[string]bool {
	if set := r.sets[f]; set != nil {
		return set
	}
	found, set := r.subquery(f.index), map[string]bool{}
	column := ""
	if len(found.columns) > 0 {
		column = found.columns[0].name
	}
	if field, ok := f.of.(fieldRef); ok && slices.Contains(found.columns, columnOf(field)) {
		column = field.name
	}
	for _, row := range found.rows {
		if v := row.field(column); v.kind != absent && v.kind != structure {
			set[v.key()] = true
		}
	}
	if r.sets == nil {
		r.sets = map[*foundIn]map[string]bool{}
	}
	r.sets[f] = set
	return set
}

func columnOf(f fieldRef) column { return column(f) }

func (r *Run) subquery(i int) *Rows {
	if i < len(r.subqueries) {
		return r.subqueries[i]
	}
	return &Rows{}
}

// join puts rows together with those of another source that agree in fields.
// What is found has the fields of both, under their aliases too.
type join struct {
	index                   int
	left, right             string
	leftFields, rightFields []string
	outer                   bool // rows of the left stay that find none
}

// join takes type, aliases, the fields, and the other source.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Join.html
func (p *parser) join() (command, error) {
	j := &join{}
	err := p.options(map[string]func(token) bool{
		"type": func(t token) bool {
			j.outer = t.is("left")
			return j.outer || t.is("inner")
		},
		"left":  func(t token) bool { j.left = t.value; return t.kind == name },
		"right": func(t token) bool { j.right = t.value; return t.kind == name },
	})
	if err != nil {
		return nil, err
	}
	if j.left == "" || j.right == "" {
		return nil, p.wrong(p.next, "join needs the aliases left and right")
	}
	if err := p.expect("where"); err != nil {
		return nil, err
	}
	if err := p.joinFields(j); err != nil {
		return nil, err
	}
	t := p.next
	if err := p.expect("("); err != nil {
		return nil, err
	}
	j.index, err = p.subquery(t, ")")
	return j, err
}

// joinFields takes a.x = b.y, and further ones behind and.
func (p *parser) joinFields(j *join) error {
	for {
		t := p.next
		a, err := p.fieldName()
		if err == nil {
			err = p.expect("=")
		}
		if err != nil {
			return err
		}
		b, err := p.fieldName()
		if err != nil {
			return err
		}
		left, isLeft := strings.CutPrefix(a, j.left+".")
		right, isRight := strings.CutPrefix(b, j.right+".")
		if !isLeft || !isRight {
			left, isLeft = strings.CutPrefix(b, j.left+".")
			right, isRight = strings.CutPrefix(a, j.right+".")
		}
		if !isLeft || !isRight {
			return p.wrong(t, "a join compares a field of each source")
		}
		j.leftFields, j.rightFields = append(j.leftFields, left), append(j.rightFields, right)
		if !p.take("and") {
			return nil
		}
	}
}

// options takes words of the form name=value, as long as they are known.
func (p *parser) options(known map[string]func(token) bool) error {
	for p.next.kind == name {
		set := known[strings.ToLower(p.next.text)]
		if set == nil || !scan(p.text, p.next.start+len(p.next.text)).is("=") {
			return nil
		}
		p.advance()
		p.advance()
		if !set(p.next) {
			return p.unexpected(p.next)
		}
		p.advance()
	}
	return nil
}

func (j *join) stage(next stage) stage { return &joining{join: j, next: next} }

type joining struct {
	*join
	next  stage
	found map[string][]*row
}

// push looks the row up among those of the right side, which are sorted into
// a table when the first row comes.
func (s *joining) push(r *row) {
	if s.found == nil {
		s.found = map[string][]*row{}
		for _, other := range r.run.subquery(s.index).rows {
			if key, whole := joinKey(other, s.rightFields); whole {
				s.found[key] = append(s.found[key], other)
			}
		}
	}
	key, whole := joinKey(r, s.leftFields)
	others := s.found[key]
	if !whole {
		others = nil
	}
	for _, other := range others {
		s.next.push(&row{run: r.run, sides: []side{{s.left, r}, {s.right, other}}})
	}
	if len(others) == 0 && s.outer {
		s.next.push(&row{run: r.run, sides: []side{{s.left, r}}})
	}
}

func (s *joining) flush() { s.next.flush() }

// joinKey is of values that compare as equal, of all the fields.
func joinKey(r *row, fields []string) (string, bool) {
	var b strings.Builder
	for _, f := range fields {
		v := r.field(f)
		if v.kind == absent || v.kind == structure {
			return "", false
		}
		appendKey(&b, textOf(v.key()))
	}
	return b.String(), true
}

// side is one of the rows that a join put together.
type side struct {
	alias string
	row   *row
}

// appendColumns puts the columns of a subquery beside those of the rows, the
// first row beside the first.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Appendcols.html
type appendColumns struct {
	index    int
	override bool
	most     int
}

func (p *parser) appendColumns() (command, error) {
	a := &appendColumns{most: DefaultRows}
	err := p.options(map[string]func(token) bool{
		"override": boolOption(&a.override),
		"max": func(t token) bool {
			n, err := strconv.Atoi(t.value)
			a.most = n
			return err == nil && t.kind == number && 1 <= n && n <= MaxRows
		},
	})
	if err != nil {
		return nil, err
	}
	t := p.next
	if err := p.expect("("); err != nil {
		return nil, err
	}
	if a.index, err = p.subquery(t, ")"); err != nil {
		return nil, err
	}
	for _, c := range p.query.subqueries[a.index].columns {
		p.made(c.name)
	}
	return a, nil
}

func boolOption(at *bool) func(token) bool {
	return func(t token) bool {
		*at = t.is("true")
		return *at || t.is("false")
	}
}

func (a *appendColumns) stage(next stage) stage { return &appending{appendColumns: a, next: next} }

type appending struct {
	*appendColumns
	next stage
	row  int
}

func (s *appending) push(r *row) {
	found := r.run.subquery(s.index)
	if s.row < min(len(found.rows), s.most) {
		for _, c := range found.columns {
			v := found.rows[s.row].field(c.name)
			if v.kind != absent && (s.override || r.field(c.name).kind == absent) {
				r.bind(c.name, v)
			}
		}
	}
	s.row++
	s.next.push(r)
}

func (s *appending) flush() { s.next.flush() }
