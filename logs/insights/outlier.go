package insights

import (
	"math"
	"slices"
	"strconv"
)

// outliers is the outlier command, by the interquartile range.
//
// Unverified: how AWS estimates quartiles, and the name of the marker, which
// here is the field's with _outlier behind it.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Outlier.html
type outliers struct {
	fields []string
	factor float64
	remove bool
	lower  bool
	mark   bool
}

func (p *parser) outlier() (command, error) {
	o := &outliers{factor: 2.5}
	err := p.options(map[string]func(token) bool{
		"action": func(t token) bool {
			o.remove = t.is("remove")
			return o.remove || t.is("transform")
		},
		"param": func(t token) bool {
			n, err := strconv.ParseFloat(t.value, 64)
			o.factor = n
			return err == nil && t.kind == number
		},
		"uselower": boolOption(&o.lower),
		"mark":     boolOption(&o.mark),
	})
	for err == nil && (len(o.fields) == 0 || p.next.kind == name || p.next.kind == quotedName) {
		var f string
		if f, err = p.fieldName(); err == nil {
			o.fields = append(o.fields, f)
		}
	}
	if o.mark {
		for _, f := range o.fields {
			p.made(f + "_outlier")
		}
	}
	return o, err
}

func (o *outliers) stage(next stage) stage { return &outlying{outliers: o, next: next} }

type outlying struct {
	*outliers
	next stage
	rows []*row
}

func (s *outlying) push(r *row) {
	if len(s.rows) < maxHeld {
		s.rows = append(s.rows, r)
	}
}

func (s *outlying) flush() {
	bounds := make([][2]float64, len(s.fields))
	for i, f := range s.fields {
		bounds[i] = s.bounds(f)
	}
	for _, r := range s.rows {
		if !s.treat(r, bounds) {
			s.next.push(r)
		}
	}
	s.rows = nil
	s.next.flush()
}

// bounds are the least and the most that a field may be.
func (s *outlying) bounds(field string) [2]float64 {
	var t tally
	for _, r := range s.rows {
		if n, ok := r.field(field).number(); ok {
			t.numbers = append(t.numbers, n)
		}
	}
	if len(t.numbers) == 0 {
		return [2]float64{math.Inf(-1), math.Inf(1)}
	}
	slices.Sort(t.numbers)
	low, high := t.percentile(25), t.percentile(75)
	b := [2]float64{math.Inf(-1), high + s.factor*(high-low)}
	if s.lower {
		b[0] = low - s.factor*(high-low)
	}
	return b
}

// treat marks and bounds the fields of a row, and reports whether it goes.
func (s *outlying) treat(r *row, bounds [][2]float64) (gone bool) {
	for i, f := range s.fields {
		n, ok := r.field(f).number()
		out := ok && (n < bounds[i][0] || n > bounds[i][1])
		if s.mark {
			r.bind(f+"_outlier", boolOf(out))
		}
		if out && !s.remove {
			r.bind(f, numberOf(max(bounds[i][0], min(n, bounds[i][1]))))
		}
		gone = gone || out && s.remove
	}
	return gone
}
