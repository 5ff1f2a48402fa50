package insights

import (
	"slices"
	"strings"
)

// frequency counts the combinations of fields: the countFrequent command of
// Insights, and top and rare of PPL.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-CountFrequent.html
type frequency struct {
	fields []string
	by     []string
	name   string // of the count
	least  bool   // the rarest first
	most   int    // rows of each group; 0: all
}

func (p *parser) countFrequent() (command, error) {
	f := &frequency{name: "_approxcount"}
	var err error
	if f.fields, err = p.fieldNames(); err != nil {
		return nil, err
	}
	p.restart(append(slices.Clone(f.fields), f.name)...)
	return f, nil
}

func (f *frequency) stage(next stage) stage {
	return &counts{frequency: f, next: next, found: map[string]*combination{}}
}

type counts struct {
	*frequency
	next  stage
	run   *Run
	found map[string]*combination
	order []*combination
}

type combination struct {
	group  string
	values []value
	count  int
}

// push counts the row. Beyond as many combinations as a result has rows, new
// ones are left out, which is why the count is an approximate one.
func (s *counts) push(r *row) {
	s.run = r.run
	var b strings.Builder
	values := make([]value, 0, len(s.by)+len(s.fields))
	group := ""
	for i, f := range slices.Concat(s.by, s.fields) {
		if i == len(s.by) {
			group = b.String()
		}
		v := r.field(f)
		values = append(values, v)
		appendKey(&b, v)
	}
	c := s.found[b.String()]
	if c == nil {
		if len(s.found) == maxHeld {
			return
		}
		c = &combination{group: group, values: values}
		s.found[b.String()], s.order = c, append(s.order, c)
	}
	c.count++
}

func (s *counts) flush() {
	slices.SortStableFunc(s.order, func(a, b *combination) int {
		if g := strings.Compare(a.group, b.group); g != 0 {
			return g
		}
		if s.least {
			return a.count - b.count
		}
		return b.count - a.count
	})
	given := map[string]int{}
	for _, c := range s.order {
		if given[c.group]++; s.most > 0 && given[c.group] > s.most {
			continue
		}
		r := &row{run: s.run}
		for i, f := range slices.Concat(s.by, s.fields) {
			r.bind(f, c.values[i])
		}
		if s.name != "" {
			r.bind(s.name, numberOf(float64(c.count)))
		}
		s.next.push(r)
	}
	s.next.flush()
}
