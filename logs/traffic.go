package logs

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"sealstack/api/cloudwatchapi"
)

// traffic counts what CloudWatch Logs tells CloudWatch of itself, in the
// namespace AWS/Logs. Counts wait in memory for the next sweep: what is counted
// when the process dies is not told.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
type traffic struct {
	mu     sync.Mutex
	counts map[trafficKey]*cloudwatchapi.StatisticSet
}

// trafficKey is a metric of a log group in a minute. The last two are those of
// a subscription filter's metrics.
type trafficKey struct {
	scope
	minute      int64
	metric      string
	group       string
	destination string // type: "Lambda"
	filter      string
}

// The metrics.
const (
	incomingEvents  = "IncomingLogEvents"
	incomingBytes   = "IncomingBytes"
	forwardedEvents = "ForwardedLogEvents"
	forwardedBytes  = "ForwardedBytes"
	deliveryErrors  = "DeliveryErrors"
)

// count adds a sample.
func (t *traffic) count(k trafficKey, now int64, v float64) {
	k.minute = now - now%minute
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[trafficKey]*cloudwatchapi.StatisticSet{}
	}
	set := t.counts[k]
	if set == nil {
		t.counts[k] = &cloudwatchapi.StatisticSet{SampleCount: 1, Sum: v, Minimum: v, Maximum: v}
		return
	}
	set.SampleCount, set.Sum = set.SampleCount+1, set.Sum+v
	set.Minimum, set.Maximum = min(set.Minimum, v), max(set.Maximum, v)
}

// take empties the counts.
func (t *traffic) take() map[trafficKey]*cloudwatchapi.StatisticSet {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := t.counts
	t.counts = nil
	return counts
}

// countIncoming counts a batch that was stored.
func (s *Service) countIncoming(ctx context.Context, g *group, h *header) {
	if s.metrics == nil {
		return
	}
	k := trafficKey{scope: scopeOf(ctx), group: g.Name, metric: incomingEvents}
	s.traffic.count(k, h.Ingested, float64(h.Count))
	k.metric = incomingBytes
	s.traffic.count(k, h.Ingested, float64(h.Size))
}

// tellTraffic tells CloudWatch what was counted: each metric of the log group
// and of the account.
func (s *Service) tellTraffic(ctx context.Context) error {
	byScope := map[scope][]cloudwatchapi.MetricDatum{}
	for k, set := range s.traffic.take() {
		byScope[k.scope] = append(byScope[k.scope], k.datum(set, true))
		if k.filter == "" {
			byScope[k.scope] = append(byScope[k.scope], k.datum(set, false))
		}
	}
	var failures []error
	for c := range maps.Keys(byScope) {
		as := asLogs(c.within(ctx), place{c.Partition, c.Region, c.Account}.group("*"))
		for data := byScope[c]; len(data) > 0; {
			n := min(len(data), 1000)
			_, err := s.metrics.PutMetricData(as, &cloudwatchapi.PutMetricDataInput{Namespace: "AWS/Logs", MetricData: data[:n]})
			failures, data = append(failures, err), data[n:]
		}
	}
	return errors.Join(failures...)
}

func (k *trafficKey) datum(set *cloudwatchapi.StatisticSet, ofGroup bool) cloudwatchapi.MetricDatum {
	at, unit := time.UnixMilli(k.minute).UTC(), cloudwatchapi.StandardUnitNone
	if k.metric == incomingBytes || k.metric == forwardedBytes {
		unit = cloudwatchapi.StandardUnitBytes
	}
	d := cloudwatchapi.MetricDatum{MetricName: k.metric, Timestamp: &at, StatisticValues: set, Unit: &unit}
	if !ofGroup {
		return d
	}
	d.Dimensions = []cloudwatchapi.Dimension{{Name: "LogGroupName", Value: k.group}}
	if k.filter != "" {
		d.Dimensions = append(d.Dimensions, cloudwatchapi.Dimension{Name: "DestinationType", Value: k.destination}, cloudwatchapi.Dimension{Name: "FilterName", Value: k.filter})
	}
	return d
}
