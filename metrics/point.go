package metrics

import (
	"errors"
	"slices"
	"strings"
	"time"

	"sealstack/api/cloudwatchapi"
	"sealstack/storage"
)

// metric is kept under (account, Region, namespace, name, dimensions).
type metric struct {
	Namespace  string
	Name       string
	Dimensions []dimension // by name
	// Latest is when the metric got its latest data, in milliseconds.
	Latest int64
}

type dimension struct{ Name, Value string }

// point is one of a metric's points, under the metric's key followed by its
// instant in milliseconds and its unit.
type point struct {
	At    int64
	Unit  cloudwatchapi.StandardUnit
	Count float64
	Sum   float64
	Min   float64
	Max   float64
	// Values are the single values, ascending; nil if only the statistics are
	// known or there are too many: then the point has no percentiles.
	Values []sample
	// Span is what the point covers, in milliseconds: 1000 or 60000, more with
	// age.
	Span int64
}

// sample is a value and how often it was put.
type sample struct{ Value, Count float64 }

// maxSamples bounds the values that a point keeps.
const maxSamples = 1000

var (
	metricTable = storage.NewTable[metric]("metrics.metric")
	points      = storage.NewTable[point]("metrics.point")
)

func (m *metric) key(p place) storage.Key {
	var text strings.Builder
	for _, d := range m.Dimensions {
		text.WriteString(d.Name + "\x00" + d.Value + "\x00")
	}
	return p.key(m.Namespace, m.Name, text.String())
}

// newMetric sorts the dimensions: their order means nothing.
func newMetric(namespace, name string, dimensions []cloudwatchapi.Dimension) metric {
	m := metric{Namespace: namespace, Name: name}
	for _, d := range dimensions {
		m.Dimensions = append(m.Dimensions, dimension{d.Name, d.Value})
	}
	slices.SortFunc(m.Dimensions, func(a, b dimension) int { return strings.Compare(a.Name, b.Name) })
	return m
}

// merge adds another point's values to q's. Values that one of both does not
// know are unknown in the sum.
func (q *point) merge(o *point) {
	if q.Count == 0 {
		at, span := q.At, q.Span
		*q = *o
		q.At, q.Span = at, span
		return
	}
	q.Count, q.Sum = q.Count+o.Count, q.Sum+o.Sum
	q.Min, q.Max = min(q.Min, o.Min), max(q.Max, o.Max)
	q.Values = mergeSamples(q.Values, o.Values)
}

func mergeSamples(a, b []sample) []sample {
	if a == nil || b == nil {
		return nil
	}
	all := make([]sample, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].Value < b[0].Value:
			all, a = append(all, a[0]), a[1:]
		case len(a) == 0 || b[0].Value < a[0].Value:
			all, b = append(all, b[0]), b[1:]
		default:
			all, a, b = append(all, sample{a[0].Value, a[0].Count + b[0].Count}), a[1:], b[1:]
		}
	}
	if len(all) > maxSamples {
		return nil
	}
	return all
}

// store merges a point into what the metric has at its instant.
func (q *point) store(tx storage.Tx, metricKey storage.Key) error {
	k := metricKey.With(q.At, string(q.Unit))
	old, err := points.Get(tx, k)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return points.Put(tx, k, *q)
	case err != nil:
		return err
	}
	old.merge(q)
	old.Span = min(old.Span, q.Span)
	return points.Put(tx, k, old)
}

// ages say how coarse points are at least by their age.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
var ages = []struct {
	age  time.Duration
	span time.Duration
}{
	{63 * 24 * time.Hour, time.Hour},
	{15 * 24 * time.Hour, 5 * time.Minute},
	{3 * time.Hour, time.Minute},
}

// maxAge is how long points are kept.
const maxAge = 455 * 24 * time.Hour

// coarseness is the shortest period for which there are points that are as old
// as at.
func coarseness(at, now time.Time) time.Duration {
	for _, a := range ages {
		if now.Sub(at) >= a.age {
			return a.span
		}
	}
	return time.Second
}
