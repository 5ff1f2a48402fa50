package insights

import "slices"

// ordering is the sort command.
type ordering struct {
	by   []sortKey
	keep int // rows that are wanted of it; 0: all
}

type sortKey struct {
	of         expression
	descending bool
}

// sort takes expressions with asc or desc.
//
// Unverified: that AWS sorts in ascending order where neither is given.
func (p *parser) sort() (command, error) {
	o := &ordering{}
	for {
		e, _, err := p.expression()
		if err != nil {
			return nil, err
		}
		k := sortKey{of: e, descending: p.take("desc")}
		if !k.descending {
			p.take("asc")
		}
		o.by = append(o.by, k)
		if !p.take(",") {
			return o, nil
		}
	}
}

func (o *ordering) stage(next stage) stage { return &sorting{ordering: o, next: next} }

type sorting struct {
	*ordering
	next stage
	rows []sortable
}

type sortable struct {
	row  *row
	keys []value
}

// push keeps the row; where only the first few are wanted, the others are
// dropped from time to time.
func (s *sorting) push(r *row) {
	keys := make([]value, len(s.by))
	for i, k := range s.by {
		keys[i] = k.of.eval(r)
	}
	s.rows = append(s.rows, sortable{r, keys})
	if s.keep > 0 && len(s.rows) >= 2*s.keep+1000 {
		s.order()
		clear(s.rows[s.keep:])
		s.rows = s.rows[:s.keep]
	}
}

func (s *sorting) order() {
	slices.SortStableFunc(s.rows, func(a, b sortable) int {
		for i, k := range s.by {
			c := natural(a.keys[i], b.keys[i])
			if k.descending {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
}

func (s *sorting) flush() {
	s.order()
	for _, r := range s.rows {
		s.next.push(r.row)
	}
	s.rows = nil
	s.next.flush()
}
