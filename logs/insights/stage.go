package insights

import (
	"strconv"
	"strings"
)

// stage is a command at work: rows are pushed through it, and flush tells
// that there are no more.
type stage interface {
	push(r *row)
	flush()
}

// rowwise commands treat each row by itself: what has passed all of them at
// the start of a query is what its statistics call matched.
type rowwise interface{ rowwise() }

func (*compute) rowwise() {}
func (*filter) rowwise()  {}
func (*extract) rowwise() {}

type filter struct{ condition expression }

// filterIndex takes a condition on an indexed field, by = or in. Log groups
// without an index of the field are not read: Query.Indexed.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-FilterIndex.html
func (p *parser) filterIndex() (command, error) {
	t := p.next
	e, _, err := p.expression()
	if err != nil {
		return nil, err
	}
	if !p.index(e) {
		return nil, p.wrong(t, "filterIndex needs a field and = or in")
	}
	p.query.standard = "filterIndex"
	return &filter{e}, nil
}

// index notes the fields of a condition as indexed, if it can be looked up.
func (p *parser) index(e expression) bool {
	var of expression
	switch e := e.(type) {
	case *logic:
		return !e.or && p.index(e.a) && p.index(e.b)
	case *comparison:
		if of = e.a; e.op != "=" {
			return false
		}
	case *membership:
		if of = e.of; e.not {
			return false
		}
	}
	f, ok := of.(fieldRef)
	if ok {
		p.query.indexed = append(p.query.indexed, f.name)
	}
	return ok
}

func (p *parser) filter() (command, error) {
	e, _, err := p.expression()
	return &filter{e}, err
}

func (f *filter) stage(next stage) stage { return &filtering{f.condition, next} }

type filtering struct {
	condition expression
	next      stage
}

func (s *filtering) push(r *row) {
	if s.condition.eval(r).holds() {
		s.next.push(r)
	}
}

func (s *filtering) flush() { s.next.flush() }

type limit struct{ rows int }

// MaxRows is the most that a limit may ask for.
const MaxRows = 100000

func (p *parser) limit() (command, error) {
	if p.take("any") {
		p.query.any = true
	}
	t := p.next
	n, err := strconv.Atoi(t.value)
	if t.kind != number || err != nil {
		return nil, p.unexpected(t)
	}
	if n < 1 || n > MaxRows {
		return nil, p.wrong(t, "invalid limit "+t.text)
	}
	p.advance()
	p.query.limited = true
	return &limit{n}, nil
}

func (l *limit) stage(next stage) stage { return &limiting{left: l.rows, next: next} }

type limiting struct {
	left int
	next stage
	run  *Run
}

func (s *limiting) push(r *row) {
	if s.left > 0 {
		s.left--
		s.next.push(r)
	}
	if s.left == 0 && s.run != nil {
		s.run.full = true
	}
}

func (s *limiting) flush() { s.next.flush() }

// dedup keeps the first row of those that agree in all its fields. Rows that
// lack one of them are kept. Only limit may follow.
type dedup struct{ fields []string }

func (p *parser) dedup() (command, error) {
	d := &dedup{}
	for {
		f, err := p.fieldName()
		if err != nil {
			return nil, err
		}
		d.fields = append(d.fields, f)
		if !p.take(",") {
			p.sealed = "dedup"
			return d, nil
		}
	}
}

func (d *dedup) stage(next stage) stage {
	return &deduplicating{d.fields, map[string]bool{}, next}
}

type deduplicating struct {
	fields []string
	seen   map[string]bool
	next   stage
}

func (s *deduplicating) push(r *row) {
	key, whole := keyOf(r, s.fields)
	if whole && s.seen[key] {
		return
	}
	s.seen[key] = true
	s.next.push(r)
}

func (s *deduplicating) flush() { s.next.flush() }

// keyOf returns the values of fields as one text that no other values share,
// and whether all are there.
func keyOf(r *row, fields []string) (string, bool) {
	var b strings.Builder
	whole := true
	for _, f := range fields {
		v := r.field(f)
		whole = whole && v.kind != absent
		appendKey(&b, v)
	}
	return b.String(), whole
}

func appendKey(b *strings.Builder, v value) {
	if v.kind == absent {
		b.WriteString("-;")
		return
	}
	s := v.String()
	b.WriteString(strconv.Itoa(len(s)))
	b.WriteByte(':')
	b.WriteString(s)
}
