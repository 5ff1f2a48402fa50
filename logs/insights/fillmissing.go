package insights

import "slices"

// filling is the fillmissing command: rows for periods without any.
//
// Unverified: that only periods between the first and the last that there is
// are filled.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Fillmissing.html
type filling struct {
	bin    string // column
	period span
	others []string // the other columns of the group
	values []item
}

func (p *parser) fillMissing() (command, error) {
	f := &filling{}
	if !p.binned(f) {
		return nil, p.wrong(p.next, "fillmissing needs stats by bin")
	}
	if !p.take("with") {
		return f, nil
	}
	for {
		e, err := p.sum()
		if err == nil {
			err = p.expect("for")
		}
		if err != nil {
			return nil, err
		}
		n, err := p.fieldOrColumn()
		if err != nil {
			return nil, err
		}
		f.values = append(f.values, item{n, e})
		if !p.take(",") {
			return f, nil
		}
		p.take("with")
	}
}

// fieldOrColumn takes a field, or a column that is named as a call looks.
func (p *parser) fieldOrColumn() (string, error) {
	e, err := p.fieldOrCall()
	if err != nil {
		return "", err
	}
	f, ok := e.(fieldRef)
	if !ok {
		return "", p.unexpected(p.next)
	}
	return f.name, nil
}

// binned finds the stats command whose bins are filled.
func (p *parser) binned(f *filling) bool {
	for _, c := range slices.Backward(p.query.commands) {
		g, ok := c.(*grouping)
		if !ok {
			continue
		}
		for _, b := range g.by {
			if c, ok := b.expression.(*call); ok && c.fn == functions["bin"] {
				f.bin, f.period = b.name, c.arguments[0].(duration).period
			} else {
				f.others = append(f.others, b.name)
			}
		}
		return f.bin != ""
	}
	return false
}

func (f *filling) stage(next stage) stage { return &fillingStage{filling: f, next: next} }

type fillingStage struct {
	*filling
	next stage
	rows []*row
}

func (s *fillingStage) push(r *row) {
	if len(s.rows) < maxHeld {
		s.rows = append(s.rows, r)
	}
}

// series are the rows of one group in the order of time.
type series struct {
	sample *row
	at     map[int64]*row
}

func (s *fillingStage) flush() {
	groups, order := map[string]*series{}, []*series{}
	first, last := int64(maxMillis), int64(-maxMillis)
	for _, r := range s.rows {
		key, _ := keyOf(r, s.others)
		g := groups[key]
		if g == nil {
			g = &series{r, map[int64]*row{}}
			groups[key], order = g, append(order, g)
		}
		if at, ok := r.field(s.bin).time(); ok {
			g.at[at] = r
			first, last = min(first, at), max(last, at)
		}
	}
	for _, g := range order {
		s.fill(g, first, last)
	}
	s.rows = nil
	s.next.flush()
}

// fill gives the rows of a group, with those that are missing, the newest
// first as events are.
func (s *fillingStage) fill(g *series, first, last int64) {
	given := 0
	for at := last; at >= first && given < maxHeld; given++ {
		r := g.at[at]
		if r == nil {
			r = s.missing(g, at)
		}
		s.next.push(r)
		before := s.period.floor(at - 1)
		if before >= at {
			return
		}
		at = before
	}
}

func (s *fillingStage) missing(g *series, at int64) *row {
	r := &row{run: g.sample.run}
	r.bind(s.bin, timeOf(float64(at)))
	for _, o := range s.others {
		r.bind(o, g.sample.field(o))
	}
	for _, v := range s.values {
		r.bind(v.name, v.expression.eval(r))
	}
	return r
}
