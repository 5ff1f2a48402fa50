package insights

import (
	"strconv"
	"strings"
)

// firsts is PPL's dedup: so many rows of each combination. Rows that lack one
// of the fields go, unless keepempty says otherwise.
type firsts struct {
	fields []string
	most   int
	empty  bool
}

func (p *parser) dedupFirst() (command, error) {
	f := &firsts{most: 1}
	var err error
	if p.next.kind == number {
		if f.most, err = p.count(MaxRows); err != nil {
			return nil, err
		}
	}
	if f.fields, err = p.fieldNames(); err != nil {
		return nil, err
	}
	return f, p.options(map[string]func(token) bool{"keepempty": boolOption(&f.empty)})
}

func (f *firsts) stage(next stage) stage { return &firstsStage{f, next, map[string]int{}} }

type firstsStage struct {
	*firsts
	next stage
	seen map[string]int
}

func (s *firstsStage) push(r *row) {
	key, whole := keyOf(r, s.fields)
	if !whole {
		if s.empty {
			s.next.push(r)
		}
		return
	}
	if s.seen[key]++; s.seen[key] <= s.most {
		s.next.push(r)
	}
}

func (s *firstsStage) flush() { s.next.flush() }

// enriching is eventstats: the aggregates of its group stand with each row.
type enriching struct{ grouping }

func (p *parser) eventStatistics() (command, error) {
	chosen, shown := p.chosen, p.shownNow()
	c, err := p.statistics()
	if err != nil {
		return nil, err
	}
	e := &enriching{*c.(*grouping)}
	p.chosen, p.shown = true, shown
	if !chosen {
		p.chosen, p.shown = false, nil
	}
	for _, i := range e.items {
		p.made(i.name)
	}
	return e, nil
}

func (e *enriching) stage(next stage) stage {
	a := &aggregating{grouping: &e.grouping, groups: map[string]*gathered{}}
	return &enrichingStage{a: a, next: next}
}

type enrichingStage struct {
	a    *aggregating
	next stage
	rows []*row
}

func (s *enrichingStage) push(r *row) {
	if len(s.rows) < maxHeld {
		s.rows = append(s.rows, r)
		s.a.push(r)
	}
}

func (s *enrichingStage) flush() {
	for _, r := range s.rows {
		var key strings.Builder
		for _, b := range s.a.by {
			appendKey(&key, b.expression.eval(r))
		}
		g := s.a.groups[key.String()]
		result := &row{run: r.run, aggregates: make([]value, len(s.a.aggregates))}
		for i := range s.a.aggregates {
			result.aggregates[i] = g.sums[i].result(&s.a.aggregates[i])
		}
		for _, i := range s.a.items {
			r.bind(i.name, i.expression.eval(result))
		}
		s.next.push(r)
	}
	s.rows = nil
	s.next.flush()
}

// trend is a moving average of the rows before and this one.
type trend struct {
	field, name string
	rows        int
}

// trendline takes sma(count, field) [as name].
func (p *parser) trendline() (command, error) {
	t := &trend{}
	if p.next.is("wma") {
		return nil, &Unsupported{"weighted moving averages"}
	}
	err := p.expect("sma")
	if err == nil {
		err = p.expect("(")
	}
	if err == nil {
		t.rows, err = p.count(maxLag)
	}
	if err == nil {
		err = p.expect(",")
	}
	if err != nil {
		return nil, err
	}
	if t.field, err = p.fieldName(); err != nil {
		return nil, err
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	t.name = t.field + "_trendline"
	if p.take("as") {
		t.name, err = p.fieldName()
	}
	p.made(t.name)
	return t, err
}

func (t *trend) stage(next stage) stage { return &trendStage{trend: t, next: next} }

type trendStage struct {
	*trend
	next stage
	last []float64
}

// push gives no average before there are rows enough.
func (s *trendStage) push(r *row) {
	if n, ok := r.field(s.field).number(); ok {
		s.last = append(s.last, n)
		if len(s.last) > s.rows {
			s.last = s.last[1:]
		}
		if len(s.last) == s.rows {
			sum := 0.0
			for _, n := range s.last {
				sum += n
			}
			r.bind(s.name, numberOf(sum/float64(s.rows)))
		}
	}
	s.next.push(r)
}

func (s *trendStage) flush() { s.next.flush() }

// pplNames are functions of PPL that are those of Insights under another name.
var pplNames = map[string]string{
	"length": "strlen", "upper": "toupper", "lower": "tolower", "ceiling": "ceil", "ln": "log", "regexp_replace": "regexreplace",
	"json_array_length": "jsonarraysize", "cidrmatch": "isipinsubnet", "ifnull": "coalesce", "isnotnull": "ispresent",
	"c": "count", "dc": "count_distinct", "distinct_count": "count_distinct", "mean": "avg", "stddev_pop": "stddev", "percentile_approx": "pct",
}

// pplFunctions are functions that PPL has, or has otherwise than Insights.
//
// Unverified: beyond what OpenSearch documents of them.
var pplFunctions = map[string]*function{
	"isnull": {least: 1, most: 1, eval: func(r *row, a []expression) value { return boolOf(a[0].eval(r).kind == absent) }},
	"nullif": {least: 2, most: 2, eval: func(r *row, a []expression) value {
		v, other := a[0].eval(r), a[1].eval(r)
		if v.kind != absent && other.kind != absent && compare(v, other) == 0 {
			return value{}
		}
		return v
	}},
	"substring": {least: 2, most: 3, eval: substring},
	"substr":    {least: 2, most: 3, eval: substring},
	"pow":       {least: 2, most: 2, eval: operation('^')},
	"power":     {least: 2, most: 2, eval: operation('^')},
	"mod":       {least: 2, most: 2, eval: operation('%')},
	"json_extract": {least: 2, most: 2, eval: func(r *row, a []expression) value {
		path := strings.TrimPrefix(strings.TrimPrefix(a[1].eval(r).String(), "$"), ".")
		path = strings.NewReplacer("[", ".", "]", "").Replace(path)
		return fromJSON(find(decode(a[0].eval(r).String()), strings.TrimPrefix(path, ".")), true)
	}},
	"json_valid": onText(func(s string) value { return boolOf(decode(s) != nil) }),
	"like": {least: 2, most: 2, eval: func(r *row, a []expression) value {
		v, pattern := a[0].eval(r), a[1].eval(r)
		return boolOf(v.kind != absent && pattern.kind != absent && likePattern(pattern.String()).MatchString(v.String()))
	}},
	"tostring": onText(textOf),
	"span":     {least: 2, most: 2, period: 2, eval: dateFloor},
	"position": onTexts(func(part, s string) value { return numberOf(float64(strings.Index(s, part) + 1)) }),
	"year":     datePart("%Y"), "month": datePart("%m"), "day": datePart("%d"), "hour": datePart("%H"), "minute": datePart("%M"), "second": datePart("%S"),
}

// substring counts characters from 1.
func substring(r *row, a []expression) value {
	shifted := append([]expression{a[0], &arithmetic{'-', a[1], literal{numberOf(1)}}}, a[2:]...)
	return substr(r, shifted)
}

func operation(op byte) func(*row, []expression) value {
	return func(r *row, a []expression) value { return (&arithmetic{op, a[0], a[1]}).eval(r) }
}

func datePart(format string) *function {
	return &function{least: 1, most: 1, eval: func(r *row, a []expression) value {
		v := formatDate(r, []expression{a[0], literal{textOf(format)}})
		n, err := strconv.Atoi(v.String())
		if err != nil {
			return value{}
		}
		return numberOf(float64(n))
	}}
}
