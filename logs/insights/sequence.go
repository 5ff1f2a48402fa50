package insights

import (
	"path"
	"slices"
	"strconv"
)

// lagging is the autoregress command: values of the rows before.
//
// Unverified: that lags of an alias are numbered as those of a field are.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Autoregress.html
type lagging struct {
	field       string
	first, last int
	names       []string
}

// maxLag bounds how far back a row sees.
const maxLag = 1000

func (p *parser) autoregress() (command, error) {
	f, err := p.fieldName()
	if err != nil {
		return nil, err
	}
	l := &lagging{field: f, first: 1, last: 1}
	alias := ""
	if p.take("as") {
		if alias, err = p.fieldName(); err != nil {
			return nil, err
		}
	}
	if p.next.is("p") {
		if err := p.lags(l); err != nil {
			return nil, err
		}
	}
	for i := l.first; i <= l.last; i++ {
		n := f + "_p" + strconv.Itoa(i)
		if alias != "" {
			n = alias + "_p" + strconv.Itoa(i)
		}
		if alias != "" && l.first == l.last {
			n = alias
		}
		l.names = append(l.names, n)
		p.made(n)
	}
	return l, nil
}

// lags takes p=1 or p=1-4.
func (p *parser) lags(l *lagging) (err error) {
	p.advance()
	if err := p.expect("="); err != nil {
		return err
	}
	if l.first, err = p.count(maxLag); err != nil {
		return err
	}
	l.last = l.first
	if p.take("-") {
		t := p.next
		if l.last, err = p.count(maxLag); err == nil && l.last < l.first {
			err = p.wrong(t, "invalid range of lags")
		}
	}
	return err
}

// count takes a whole number from 1 on.
func (p *parser) count(most int) (int, error) {
	t := p.next
	n, err := strconv.Atoi(t.value)
	if t.kind != number || err != nil || n < 1 || n > most {
		return 0, p.unexpected(t)
	}
	p.advance()
	return n, nil
}

func (l *lagging) stage(next stage) stage { return &laggingStage{lagging: l, next: next} }

type laggingStage struct {
	*lagging
	next stage
	past []value // the newest last
}

func (s *laggingStage) push(r *row) {
	v := r.field(s.field)
	for i, n := range s.names {
		if at := len(s.past) - s.first - i; at >= 0 {
			r.bind(n, s.past[at])
		}
	}
	s.past = append(s.past, v)
	if len(s.past) > 2*s.last+16 {
		s.past = slices.Clone(s.past[len(s.past)-s.last:])
	}
	s.next.push(r)
}

func (s *laggingStage) flush() { s.next.flush() }

// carrying is the filldown command: the last value stands in for those that
// are missing.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Filldown.html
type carrying struct{ fields []string }

func (p *parser) fillDown() (command, error) {
	c, shown := &carrying{}, p.shownNow()
	for p.next.kind == name || p.next.kind == quotedName || p.next.is("*") {
		f := ""
		if !p.next.is("*") {
			var err error
			if f, err = p.fieldName(); err != nil {
				return nil, err
			}
		}
		if !p.next.is("*") {
			c.fields = append(c.fields, f)
			continue
		}
		p.advance()
		for _, s := range shown {
			if ok, _ := path.Match(f+"*", s.name); ok {
				c.fields = append(c.fields, s.name)
			}
		}
	}
	if len(c.fields) == 0 {
		for _, s := range shown {
			c.fields = append(c.fields, s.name)
		}
	}
	return c, nil
}

func (c *carrying) stage(next stage) stage {
	return &carryingStage{c, next, make([]value, len(c.fields))}
}

type carryingStage struct {
	*carrying
	next stage
	last []value
}

func (s *carryingStage) push(r *row) {
	for i, f := range s.fields {
		if v := r.field(f); v.kind != absent && v.String() != "" {
			s.last[i] = v
		} else if s.last[i].kind != absent {
			r.bind(f, s.last[i])
		}
	}
	s.next.push(r)
}

func (s *carryingStage) flush() { s.next.flush() }

// sessions is the sessionize command.
//
// Unverified: what session identifiers look like; here they number the
// sessions in the order of time.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Sessionize.html
type sessions struct {
	fields []string
	gap    span
	name   string
}

func (p *parser) sessionize() (command, error) {
	c := &sessions{gap: span{millis: 30 * 60 * 1000}, name: "session_id"}
	var err error
	if c.fields, err = p.fieldNames(); err != nil {
		return nil, err
	}
	if p.take("maxspan") {
		if c.gap, err = p.span(); err != nil {
			return nil, err
		}
	}
	if p.take("as") {
		c.name, err = p.fieldName()
	}
	p.made(c.name)
	return c, err
}

func (c *sessions) stage(next stage) stage { return &sessionizing{sessions: c, next: next} }

// maxHeld bounds the rows that a command keeps until the last has come.
const maxHeld = MaxRows

type sessionizing struct {
	*sessions
	next stage
	rows []*row
}

func (s *sessionizing) push(r *row) {
	if len(s.rows) < maxHeld {
		s.rows = append(s.rows, r)
	}
}

// flush numbers sessions from the oldest event on, and gives rows on as they
// came.
func (s *sessionizing) flush() {
	order := slices.Clone(s.rows)
	slices.SortStableFunc(order, func(a, b *row) int { return natural(a.field("@timestamp"), b.field("@timestamp")) })
	type session struct {
		id   string
		last int64
	}
	open, n := map[string]*session{}, 0
	for _, r := range order {
		key, _ := keyOf(r, s.fields)
		at, ok := r.field("@timestamp").time()
		now := open[key]
		if now == nil || ok && at > s.gap.from(now.last) {
			n++
			now = &session{id: strconv.Itoa(n)}
			open[key] = now
		}
		now.last = at
		r.bind(s.name, textOf(now.id))
	}
	for _, r := range s.rows {
		s.next.push(r)
	}
	s.rows = nil
	s.next.flush()
}

// from is a time so much after another.
func (d span) from(ms int64) int64 { return ms + d.millis + int64(d.months)*30*24*60*60*1000 }
