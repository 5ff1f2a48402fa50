package insights

import (
	"encoding/json"
	"slices"
	"strconv"
)

// takesSeries sets the arguments of a time-series function:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-timeseries-functions.html
func (a *aggregate) takesSeries(arguments []expression) bool {
	want := 2
	switch a.name {
	case "countovertime":
		a.name, want = "count", 1
	case "sumovertime":
		a.name, want = "sum", 1
	}
	if len(arguments) != want {
		return false
	}
	a.of = arguments[0]
	switch a.name {
	case "rate":
		d, ok := arguments[1].(duration)
		a.per = d.period
		return ok && d.period.months == 0
	case "histogram":
		l, ok := arguments[1].(literal)
		a.buckets = int(l.value.num)
		return ok && l.value.kind == numeric && 1 <= a.buckets && a.buckets <= maxBuckets
	}
	return true
}

// maxBuckets bounds a histogram.
const maxBuckets = 1000

// span notes the value at a time, for the rate between the first and last.
func (t *tally) span(r *row, recent float64) {
	at := r.field("@timestamp").num
	if t.count == 1 || at < t.from {
		t.from, t.first = at, recent
	}
	if t.count == 1 || at >= t.to {
		t.to, t.last = at, recent
	}
}

// rate is by how much the value changed in a period.
//
// Unverified: that AWS takes the first and the last value.
func (t *tally) rate(per span) value {
	if t.to == t.from {
		return value{}
	}
	return numberOf((t.last - t.first) / (t.to - t.from) * float64(per.millis))
}

// histogram counts numbers in ranges of equal width.
//
// Unverified: the names of the ranges.
func (t *tally) histogram(buckets int) value {
	low, high := slices.Min(t.numbers), slices.Max(t.numbers)
	width := (high - low) / float64(buckets)
	counts := make([]int, buckets)
	for _, n := range t.numbers {
		i := 0
		if width > 0 {
			i = min(int((n-low)/width), buckets-1)
		}
		counts[i]++
	}
	found := map[string]any{}
	for i, n := range counts {
		from := showNumber(low + float64(i)*width)
		found[from+"-"+showNumber(low+float64(i+1)*width)] = json.Number(strconv.Itoa(n))
	}
	return value{kind: structure, data: found}
}

// offset takes the duration that bins are moved on by.
func (p *parser) offset(g *grouping) error {
	if len(g.by) == 0 || !p.take("offset") {
		return nil
	}
	t := p.next
	d, err := p.span()
	if err == nil && d.months != 0 {
		err = p.wrong(t, "unknown period "+t.text)
	}
	g.shift = d
	return err
}
