package insights

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// grouping is the stats command.
type grouping struct {
	by         []item
	items      []item // of aggregates
	aggregates []aggregate
	shift      span // that bins are moved on by: offset
}

// aggregate is a function over the rows of a group.
type aggregate struct {
	name    string
	of      expression // nil for count(*)
	percent float64
	per     span // of rate
	buckets int  // of histogram
}

// aggregateNames are the functions that stats has, in lower case.
var aggregateNames = map[string]bool{
	"avg": true, "count": true, "count_distinct": true, "max": true, "min": true, "pct": true, "percentile": true,
	"median": true, "stddev": true, "sum": true, "earliest": true, "latest": true, "sortsfirst": true, "sortslast": true,
	"rate": true, "countovertime": true, "sumovertime": true, "histogram": true,
}

// stats takes aggregates and what they are grouped by. The columns of its
// results are the groups and then the aggregates; events are gone.
//
// Unverified: that order of columns, and that groups come as they were met.
func (p *parser) statistics() (command, error) {
	start := p.next
	g := &grouping{}
	p.collected = &g.aggregates
	items, err := p.items()
	p.collected = nil
	if err != nil {
		return nil, err
	}
	if len(g.aggregates) == 0 {
		return nil, p.wrong(start, "stats needs an aggregation function")
	}
	g.items = items.items
	if p.take("by") {
		by, err := p.items()
		if err != nil {
			return nil, err
		}
		g.by = by.items
	}
	if err := p.offset(g); err != nil {
		return nil, err
	}
	p.restart(namesOf(slices.Concat(g.by, g.items))...)
	return g, nil
}

func namesOf(items []item) (names []string) {
	for _, i := range items {
		names = append(names, i.name)
	}
	return names
}

// aggregate takes the arguments of an aggregate, if fn is one.
func (p *parser) aggregate(fn token) (expression, bool, error) {
	a := aggregate{name: strings.ToLower(fn.text)}
	if p.ppl {
		a.name = cmp.Or(pplNames[a.name], a.name)
	}
	if !aggregateNames[a.name] {
		return nil, false, nil
	}
	outer := p.collected
	p.collected = nil // none stands in another
	defer func() { p.collected = outer }()
	var arguments []expression
	var err error
	if a.name == "count" && p.take("*") {
		err = p.expect(")")
	} else {
		arguments, err = p.until(")")
	}
	if err != nil {
		return nil, false, err
	}
	if !a.takes(arguments) {
		return nil, false, p.wrong(fn, "invalid arguments of function "+fn.text)
	}
	*outer = append(*outer, a)
	return aggregateRef{len(*outer) - 1}, true, nil
}

// takes sets the arguments, if the aggregate can have them.
func (a *aggregate) takes(arguments []expression) bool {
	want := 1
	switch a.name {
	case "rate", "histogram", "countovertime", "sumovertime":
		return a.takesSeries(arguments)
	case "count":
		want = len(arguments)
	case "pct", "percentile":
		want = 2
	case "median":
		a.name, a.percent = "pct", 50
	}
	if len(arguments) != want || want > 2 || a.name == "count" && want > 1 {
		return false
	}
	if want == 2 {
		l, ok := arguments[1].(literal)
		if !ok || l.value.kind != numeric || l.value.num < 0 || l.value.num > 100 {
			return false
		}
		a.name, a.percent = "pct", l.value.num
	}
	if want > 0 {
		a.of = arguments[0]
	}
	return true
}

func (g *grouping) stage(next stage) stage {
	return &aggregating{grouping: g, groups: map[string]*gathered{}, next: next}
}

type aggregating struct {
	*grouping
	groups map[string]*gathered
	order  []*gathered // as they were met
	run    *Run
	next   stage
}

// gathered is a group of rows.
type gathered struct {
	values []value // of the group's columns
	sums   []tally
}

func (s *aggregating) push(r *row) {
	s.run = r.run
	var key strings.Builder
	values := make([]value, len(s.by))
	for i, b := range s.by {
		values[i] = b.expression.eval(r)
		if s.shift.millis != 0 && values[i].kind == instant {
			values[i] = timeOf(values[i].num + float64(s.shift.millis))
		}
		appendKey(&key, values[i])
	}
	g := s.groups[key.String()]
	if g == nil {
		g = &gathered{values: values, sums: make([]tally, len(s.aggregates))}
		s.groups[key.String()] = g
		s.order = append(s.order, g)
	}
	for i := range s.aggregates {
		g.sums[i].add(&s.aggregates[i], r)
	}
}

func (s *aggregating) flush() {
	for _, g := range s.order {
		r := &row{run: s.run, aggregates: make([]value, len(s.aggregates))}
		for i := range s.aggregates {
			r.aggregates[i] = g.sums[i].result(&s.aggregates[i])
		}
		for i, b := range s.by {
			r.bind(b.name, g.values[i])
		}
		for _, i := range s.items {
			r.bind(i.name, i.expression.eval(r))
		}
		s.next.push(r)
	}
	s.groups, s.order = nil, nil
	s.next.flush()
}

// tally is an aggregate at work.
type tally struct {
	count       int
	sum, square float64
	best        value // of min, max, sortsFirst, sortsLast, earliest, latest
	at          float64
	numbers     []float64       // of pct and histogram
	from, to    float64         // times, of rate
	first, last float64         // values then
	distinct    map[string]bool // of count_distinct
}

func (t *tally) add(a *aggregate, r *row) {
	if a.of == nil {
		t.count++
		return
	}
	v := a.of.eval(r)
	if v.kind == absent {
		return
	}
	switch a.name {
	case "count":
		t.count++
	case "count_distinct":
		if t.distinct == nil {
			t.distinct = map[string]bool{}
		}
		t.distinct[v.String()] = true
	case "earliest", "latest", "sortsfirst", "sortslast":
		t.pick(a, r, v)
	default:
		t.addNumber(a, r, v)
	}
}

func (t *tally) pick(a *aggregate, r *row, v value) {
	at := r.field("@timestamp").num
	better := t.count == 0
	switch a.name {
	case "earliest":
		better = better || at < t.at
	case "latest":
		better = better || at > t.at
	case "sortsfirst":
		better = better || natural(v, t.best) < 0
	case "sortslast":
		better = better || natural(v, t.best) > 0
	}
	t.count++
	if better {
		t.best, t.at = v, at
	}
}

// addNumber leaves out what is no number.
func (t *tally) addNumber(a *aggregate, r *row, v value) {
	n, ok := v.number()
	if !ok {
		return
	}
	t.count++
	t.sum += n
	t.square += n * n
	if t.count == 1 || a.name == "min" && n < t.best.num || a.name == "max" && n > t.best.num {
		t.best = numberOf(n)
		if v.kind == instant {
			t.best = v
		}
	}
	switch a.name {
	case "rate":
		t.span(r, n)
	case "pct", "histogram":
		t.numbers = append(t.numbers, n)
	}
}

func (t *tally) result(a *aggregate) value {
	switch {
	case a.name == "count":
		return numberOf(float64(t.count))
	case a.name == "count_distinct":
		return numberOf(float64(len(t.distinct)))
	case t.count == 0:
		return value{}
	}
	switch n := float64(t.count); a.name {
	case "sum":
		return numberOf(t.sum)
	case "avg":
		return numberOf(t.sum / n)
	case "stddev":
		return numberOf(math.Sqrt(max(0, t.square/n-(t.sum/n)*(t.sum/n))))
	case "pct":
		slices.Sort(t.numbers)
		return numberOf(t.percentile(a.percent))
	case "rate":
		return t.rate(a.per)
	case "histogram":
		return t.histogram(a.buckets)
	}
	return t.best
}

// percentile gives the nearest rank of the numbers, which are sorted.
//
// Unverified: AWS does not say how it estimates percentiles, nor whether
// stddev is that of a sample; here it is that of a population.
func (t *tally) percentile(percent float64) float64 {
	rank := int(math.Ceil(percent / 100 * float64(len(t.numbers))))
	return t.numbers[max(rank, 1)-1]
}
