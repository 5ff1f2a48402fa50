package logs

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sealstack/logs/pattern"
	"sealstack/storage"
)

// Metrics are CloudWatch's, which this program does not have. What metric
// filters emit is kept here, as CloudWatch keeps it: one statistic set a
// minute, for 15 days, see "Metrics retention" in
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
const (
	minute          = 60 * 1000 // milliseconds
	pointRetention  = 15 * day
	maxPointsListed = 10000
	// maxPoints bounds the statistic sets of an account in a Region; the
	// oldest go first.
	maxPoints = 100000
)

// DataPoint is the statistic set of one metric in one minute.
type DataPoint struct {
	Minute     time.Time         `json:"minute"`
	Namespace  string            `json:"namespace"`
	Metric     string            `json:"metric"`
	Dimensions map[string]string `json:"dimensions,omitempty"`
	Unit       string            `json:"unit,omitempty"`
	Count      int64             `json:"count"`
	Sum        float64           `json:"sum"`
	Min        float64           `json:"min"`
	Max        float64           `json:"max"`
	// Default tells that no event matched in that minute, so that the
	// filter's default value stands in.
	Default bool `json:"default,omitempty"`
}

// dataPoints is kept under (account, Region, minute, namespace, metric,
// dimensions).
var dataPoints = storage.NewTable[DataPoint]("logs.datapoint")

func (d *DataPoint) key(p place) storage.Key {
	var dimensions strings.Builder
	for _, name := range slices.Sorted(maps.Keys(d.Dimensions)) {
		dimensions.WriteString(name + "\x00" + d.Dimensions[name] + "\x00")
	}
	return p.key(d.Minute.UnixMilli(), d.Namespace, d.Metric, dimensions.String())
}

// add merges what was measured later into d. A default gives way to a value.
func (d *DataPoint) add(e DataPoint) {
	switch {
	case e.Default:
	case d.Default:
		*d = e
	default:
		d.Count, d.Sum = d.Count+e.Count, d.Sum+e.Sum
		d.Min, d.Max = min(d.Min, e.Min), max(d.Max, e.Max)
	}
}

// DataPoints returns what metric filters have emitted in the account and
// Region of the caller in ctx, oldest first, at most 10000.
func (s *Service) DataPoints(ctx context.Context) ([]DataPoint, error) {
	all, err := list(ctx, s, dataPoints, placeOf(ctx).key())
	return all[:min(len(all), maxPointsListed)], err
}

// patterns keeps parsed filter patterns, so that a batch need not parse them.
type patterns struct {
	mu     sync.Mutex
	parsed map[string]*pattern.Pattern
}

const maxPatterns = 1000

// get returns the pattern of a text that has been parsed before.
func (c *patterns) get(text string) (*pattern.Pattern, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.parsed[text]; p != nil {
		return p, nil
	}
	p, err := pattern.Parse(text)
	if err != nil {
		return nil, err
	}
	if c.parsed == nil || len(c.parsed) >= maxPatterns {
		c.parsed = map[string]*pattern.Pattern{}
	}
	c.parsed[text] = p
	return p, nil
}

// measure returns the data points that the group's metric filters make of
// events that are ingested, one for each minute, metric and set of dimensions.
func (s *Service) measure(p place, g *group, b batch) ([]DataPoint, error) {
	if len(g.MetricFilters) == 0 {
		return nil, nil
	}
	points := map[string]*DataPoint{}
	for i := range g.MetricFilters {
		f := &g.MetricFilters[i]
		parsed, err := s.patterns.get(f.Pattern)
		if err != nil {
			return nil, err
		}
		events := b.out.events
		if f.Transformed {
			events = b.out.transformed
		}
		for _, e := range events {
			d, ok := f.point(parsed, e.Message)
			if !ok {
				continue
			}
			d.Minute = time.UnixMilli(e.Timestamp - e.Timestamp%minute).UTC()
			if k := string(d.key(p)); points[k] == nil {
				points[k] = &d
			} else {
				points[k].add(d)
			}
		}
	}
	merged := make([]DataPoint, 0, len(points))
	for _, k := range slices.Sorted(maps.Keys(points)) {
		merged = append(merged, *points[k])
	}
	return merged, nil
}

// point returns what the filter makes of a message. A message that matches
// but whose value is no number makes nothing, and one that does not match
// the default value, if there is one.
func (f *metricFilter) point(parsed *pattern.Pattern, message string) (DataPoint, bool) {
	d := DataPoint{Namespace: f.Namespace, Metric: f.Metric, Count: 1}
	if f.Unit != nil {
		d.Unit = string(*f.Unit)
	}
	values := parsed.Extract(message)
	if values == nil {
		if f.Default == nil {
			return d, false
		}
		d.Default = true
		d.set(*f.Default)
		return d, true
	}
	text, ok := fieldOf(f.Value, values, message)
	n, numeric := finite(text)
	if !ok || !numeric {
		return d, false
	}
	d.set(n)
	for name, field := range f.Dimensions {
		// A dimension that the message does not have leaves the point out.
		v, ok := fieldOf(field, values, message)
		if !ok || v == "" {
			return d, false
		}
		if d.Dimensions == nil {
			d.Dimensions = map[string]string{}
		}
		d.Dimensions[name] = v
	}
	return d, true
}

func (d *DataPoint) set(n float64) { d.Sum, d.Min, d.Max = n, n, n }

// fieldOf returns what a metric value or a dimension stands for: itself, or
// the field of the message that it names.
func fieldOf(text string, values map[string]string, message string) (string, bool) {
	if !strings.HasPrefix(text, "$") {
		return text, true
	}
	if v, ok := values[text]; ok {
		return v, true
	}
	selector, err := pattern.ParseSelector(text)
	if err != nil {
		return "", false
	}
	return selector.Value(message)
}

// putPoints merges data points into those that are kept.
func putPoints(tx storage.Tx, p place, points []DataPoint) error {
	for _, d := range points {
		k := d.key(p)
		old, err := dataPoints.Get(tx, k)
		switch {
		case err == nil:
			old.add(d)
			d = old
		case !errors.Is(err, storage.ErrNotFound):
			return err
		}
		if err := dataPoints.Put(tx, k, d); err != nil {
			return err
		}
	}
	return nil
}

// expirePoints drops the data points that CloudWatch would no longer have,
// and of any account's points in a Region the oldest beyond the bound.
func (s *Service) expirePoints(ctx context.Context, now int64) error {
	due, err := s.duePoints(ctx, now)
	if err != nil || len(due) == 0 {
		return err
	}
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for _, k := range due {
			if err := ignoreNotFound(dataPoints.Delete(tx, k)); err != nil {
				return err
			}
		}
		return nil
	})
}

// duePoints walks from the newest point of each place to its oldest.
func (s *Service) duePoints(ctx context.Context, now int64) (due []storage.Key, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		due = due[:0]
		seen, last := 0, ""
		for k := range dataPoints.Keys(tx, storage.Range{Reverse: true}) {
			parts := k.Parts()
			if here := parts[0].(string) + "/" + parts[1].(string); here != last {
				seen, last = 0, here
			}
			if seen++; seen > maxPoints || parts[2].(int64) < now-pointRetention {
				due = append(due, k)
			}
		}
		return nil
	})
	return due, err
}
