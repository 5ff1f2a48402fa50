package logs

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sealstack/api"
	"sealstack/api/cloudwatchapi"
	"sealstack/api/logsapi"
	"sealstack/logs/pattern"
	"sealstack/storage"
)

// Metrics is where the values of metric filters go: Amazon CloudWatch.
type Metrics interface {
	PutMetricData(context.Context, *cloudwatchapi.PutMetricDataInput) (*api.None, error)
}

const minute = 60 * 1000 // milliseconds

// dataPoint is what metric filters make of events in one minute: the values of
// one metric.
type dataPoint struct {
	Minute     int64 // milliseconds
	Namespace  string
	Metric     string
	Dimensions map[string]string
	Unit       *logsapi.StandardUnit
	Values     map[float64]float64 // value to how often
}

func (d *dataPoint) key() string {
	text := storage.K(d.Minute, d.Namespace, d.Metric, string(value(d.Unit)))
	for _, name := range slices.Sorted(maps.Keys(d.Dimensions)) {
		text = text.With(name, d.Dimensions[name])
	}
	return string(text)
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

// measured is what the metric filters of a group make of a batch. It is nil
// for a group without metric filters.
type measured struct {
	points map[string]*dataPoint // by key
	// quiet tells of the filters with a default value whether something matched
	// in a minute.
	quiet map[quietMinute]bool
	// last is the point that was counted in last, by which filter.
	last       *dataPoint
	lastFilter *metricFilter
	lastValue  float64
}

type quietMinute struct {
	filter string
	minute int64
}

func newMeasured() *measured {
	return &measured{points: map[string]*dataPoint{}, quiet: map[quietMinute]bool{}}
}

// measure lets the group's metric filters see events that are ingested.
func (s *Service) measure(p place, g *group, b batch) (*measured, error) {
	if len(g.MetricFilters) == 0 {
		return nil, nil
	}
	m := newMeasured()
	for i := range g.MetricFilters {
		f := &g.MetricFilters[i]
		if !takes(f.Criteria, p) {
			continue
		}
		parsed, err := s.patterns.get(f.Pattern)
		if err != nil {
			return nil, err
		}
		events := b.out.events
		if f.Transformed {
			events = b.out.transformed
		}
		for j := range events {
			m.see(p, f, parsed, &events[j])
		}
	}
	return m, nil
}

// see takes what a filter makes of an event. An event that matches but whose
// value is no number makes nothing.
func (m *measured) see(p place, f *metricFilter, parsed *pattern.Pattern, e *logsapi.InputLogEvent) {
	at := e.Timestamp - e.Timestamp%minute
	values := f.extract(parsed, e.Message)
	if f.Default != nil {
		k := quietMinute{f.Name, at}
		m.quiet[k] = m.quiet[k] || values != nil
	}
	if values == nil {
		return
	}
	if m.again(f, at) {
		return
	}
	d, v, ok := f.point(values, e.Message)
	if !ok {
		return
	}
	d.Minute = at
	d.place(p, f.System)
	k := d.key()
	if m.points[k] == nil {
		d.Values = map[float64]float64{}
		m.points[k] = &d
	}
	m.points[k].Values[v]++
	m.last, m.lastFilter, m.lastValue = m.points[k], f, v
}

// matched stands for what a message matched that nobody asks the fields of.
var matched = map[string]string{}

// fixed reports whether the filter makes the same of every event that matches.
func (f *metricFilter) fixed() bool {
	return len(f.Dimensions) == 0 && !strings.HasPrefix(f.Value, "$")
}

// extract returns the fields of a message that matches, if the filter needs
// them; nil for one that does not match.
func (f *metricFilter) extract(parsed *pattern.Pattern, message string) map[string]string {
	switch {
	case !f.fixed():
		return parsed.Extract(message)
	case parsed.Match(message):
		return matched
	}
	return nil
}

// again counts a match of the filter that was seen last in the same minute, if
// it makes the same of every event: batches are mostly of one minute.
func (m *measured) again(f *metricFilter, at int64) bool {
	if m.last == nil || m.lastFilter != f || m.last.Minute != at || !f.fixed() {
		return false
	}
	m.last.Values[m.lastValue]++
	return true
}

// point returns the metric and the value that a message has. A dimension that
// the message does not have leaves the point out.
func (f *metricFilter) point(values map[string]string, message string) (d dataPoint, v float64, ok bool) {
	d = dataPoint{Namespace: f.Namespace, Metric: f.Metric, Unit: f.Unit}
	text, there := fieldOf(f.Value, values, message)
	v, numeric := finite(text)
	if !there || !numeric {
		return d, 0, false
	}
	for name, field := range f.Dimensions {
		text, there := fieldOf(field, values, message)
		if !there || text == "" {
			return d, 0, false
		}
		if d.Dimensions == nil {
			d.Dimensions = map[string]string{}
		}
		d.Dimensions[name] = text
	}
	return d, v, true
}

// place adds system fields to a point's dimensions.
//
// Unverified: that the dimensions have the names of the fields.
func (d *dataPoint) place(p place, fields []string) {
	for _, name := range fields {
		if d.Dimensions == nil {
			d.Dimensions = map[string]string{}
		}
		d.Dimensions[name] = p.systemField(name)
	}
}

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

// emit sends data points to CloudWatch, as the service that it is.
func (s *Service) emit(ctx context.Context, source string, points []*dataPoint) error {
	if s.metrics == nil {
		return nil
	}
	byNamespace := map[string][]cloudwatchapi.MetricDatum{}
	for _, d := range points {
		byNamespace[d.Namespace] = append(byNamespace[d.Namespace], d.data()...)
	}
	as := asLogs(context.WithoutCancel(ctx), source)
	var failures []error
	for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
		for chunk := range slices.Chunk(byNamespace[namespace], 1000) { // as many as CloudWatch takes at once
			_, err := s.metrics.PutMetricData(as, &cloudwatchapi.PutMetricDataInput{Namespace: namespace, MetricData: chunk})
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// data returns a point as CloudWatch takes it: as many values at once as it
// does.
func (d *dataPoint) data() (all []cloudwatchapi.MetricDatum) {
	at := time.UnixMilli(d.Minute).UTC()
	one := cloudwatchapi.MetricDatum{MetricName: d.Metric, Timestamp: &at}
	if d.Unit != nil {
		unit := cloudwatchapi.StandardUnit(*d.Unit)
		one.Unit = &unit
	}
	for _, name := range slices.Sorted(maps.Keys(d.Dimensions)) {
		one.Dimensions = append(one.Dimensions, cloudwatchapi.Dimension{Name: name, Value: d.Dimensions[name]})
	}
	for values := range slices.Chunk(slices.Sorted(maps.Keys(d.Values)), 150) {
		part := one
		part.Values = values
		for _, v := range values {
			part.Counts = append(part.Counts, d.Values[v])
		}
		all = append(all, part)
	}
	return all
}

// publish emits what a batch was found to hold, once the batch is stored.
func (s *Service) publish(ctx context.Context, g *group, m *measured) error {
	if m == nil || len(m.points) == 0 {
		return nil
	}
	points := make([]*dataPoint, 0, len(m.points))
	for _, k := range slices.Sorted(maps.Keys(m.points)) {
		points = append(points, m.points[k])
	}
	return s.emit(ctx, placeOf(ctx).group(g.Name), points)
}
