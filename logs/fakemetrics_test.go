package logs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"sealstack/api"
	"sealstack/api/cloudwatchapi"
)

// fakeMetrics stands for CloudWatch: it adds up what it is told.
type fakeMetrics struct {
	mu      sync.Mutex
	sets    map[string]*cloudwatchapi.StatisticSet // by namespace, minute, name and dimensions
	callers []string
	fail    error
}

func (f *fakeMetrics) PutMetricData(ctx context.Context, in *cloudwatchapi.PutMetricDataInput) (*api.None, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := api.CallerOf(ctx)
	f.callers = append(f.callers, c.ARN+" for "+c.SourceAccount)
	if f.fail != nil {
		return nil, f.fail
	}
	for i := range in.MetricData {
		f.add(in.Namespace, &in.MetricData[i])
	}
	return nil, nil
}

func (f *fakeMetrics) add(namespace string, d *cloudwatchapi.MetricDatum) {
	dimensions := map[string]string{}
	for _, one := range d.Dimensions {
		dimensions[one.Name] = one.Value
	}
	k := namespace + "|" + fmt.Sprintf("%s %s/%s%v", d.Timestamp.Format("15:04"), namespace, d.MetricName, dimensions)
	if f.sets == nil {
		f.sets = map[string]*cloudwatchapi.StatisticSet{}
	}
	set := f.sets[k]
	if set == nil {
		set = &cloudwatchapi.StatisticSet{Minimum: 1e300, Maximum: -1e300}
		f.sets[k] = set
	}
	if v := d.StatisticValues; v != nil {
		set.SampleCount, set.Sum = set.SampleCount+v.SampleCount, set.Sum+v.Sum
		set.Minimum, set.Maximum = min(set.Minimum, v.Minimum), max(set.Maximum, v.Maximum)
	}
	for i, v := range d.Values {
		set.SampleCount, set.Sum = set.SampleCount+d.Counts[i], set.Sum+v*d.Counts[i]
		set.Minimum, set.Maximum = min(set.Minimum, v), max(set.Maximum, v)
	}
}

// text tells what a namespace holds, a line for each metric and minute.
func (f *fakeMetrics) text(namespace string) (text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range slices.Sorted(maps.Keys(f.sets)) {
		if rest, ok := cutNamespace(k, namespace); ok {
			s := f.sets[k]
			text += fmt.Sprintf("%s n=%g sum=%g min=%g max=%g\n", rest, s.SampleCount, s.Sum, s.Minimum, s.Maximum)
		}
	}
	return text
}

func cutNamespace(k, namespace string) (string, bool) {
	if len(k) <= len(namespace) || k[:len(namespace)+1] != namespace+"|" {
		return "", false
	}
	return k[len(namespace)+1:], true
}
