package insights

import "slices"

// totals is the addtotals command.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Addtotals.html
type totals struct {
	name    string
	rows    bool
	columns bool
	fields  []string // those that are added up
}

func (p *parser) addTotals() (command, error) {
	c := &totals{name: "Total", rows: true}
	err := p.options(map[string]func(token) bool{
		"fieldname": func(t token) bool { c.name = t.value; return t.kind == name || t.kind == quotedName || t.kind == text },
		"row":       boolOption(&c.rows),
		"col":       boolOption(&c.columns),
	})
	if err != nil {
		return nil, err
	}
	if p.next.kind == name || p.next.kind == quotedName {
		if c.fields, err = p.fieldNames(); err != nil {
			return nil, err
		}
	} else {
		for _, s := range p.shownNow() {
			c.fields = append(c.fields, s.name)
		}
	}
	if c.rows {
		p.made(c.name)
	}
	return c, nil
}

// fieldNames takes names divided by commas.
func (p *parser) fieldNames() (list []string, err error) {
	for {
		f, err := p.fieldName()
		if err != nil {
			return nil, err
		}
		list = append(list, f)
		if !p.take(",") {
			return list, nil
		}
	}
}

func (c *totals) stage(next stage) stage {
	return &totalling{totals: c, next: next, sums: make([]float64, len(c.fields)), any: make([]bool, len(c.fields))}
}

type totalling struct {
	*totals
	next stage
	sums []float64
	any  []bool
	run  *Run
}

func (s *totalling) push(r *row) {
	s.run = r.run
	sum, any := 0.0, false
	for i, f := range s.fields {
		v := r.field(f)
		if n, ok := v.number(); ok && v.kind != instant {
			sum, any = sum+n, true
			s.sums[i], s.any[i] = s.sums[i]+n, true
		}
	}
	if s.rows && any {
		r.bind(s.name, numberOf(sum))
	}
	s.next.push(r)
}

// flush gives the row of the columns' sums behind all others.
func (s *totalling) flush() {
	if s.totals.columns && slices.Contains(s.any, true) {
		r := &row{run: s.run}
		for i, f := range s.fields {
			if s.any[i] {
				r.bind(f, numberOf(s.sums[i]))
			}
		}
		s.next.push(r)
	}
	s.next.flush()
}

// accumulation is the accum command: a running sum.
//
// Unverified: that without an alias it stands in the field's place.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Accum.html
type accumulation struct{ field, name string }

func (p *parser) accumulate() (command, error) {
	f, err := p.fieldName()
	if err != nil {
		return nil, err
	}
	a := &accumulation{f, f}
	if p.take("as") {
		a.name, err = p.fieldName()
	}
	p.made(a.name)
	return a, err
}

func (a *accumulation) stage(next stage) stage { return &accumulating{accumulation: a, next: next} }

type accumulating struct {
	*accumulation
	next stage
	sum  float64
}

func (s *accumulating) push(r *row) {
	if n, ok := r.field(s.field).number(); ok {
		s.sum += n
		r.bind(s.name, numberOf(s.sum))
	}
	s.next.push(r)
}

func (s *accumulating) flush() { s.next.flush() }
