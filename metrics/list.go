package metrics

import (
	"context"
	"slices"
	"time"

	"sealstack/api"
	"sealstack/api/cloudwatchapi"
	"sealstack/storage"
)

const (
	pageOfMetrics = 500
	// listed is how long a metric is listed after its latest data, active how
	// long it counts as recently active.
	listed = 14 * 24 * time.Hour
	active = 3 * time.Hour
)

// ListMetrics lists the metrics that got data in the last two weeks.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html
func (s *Service) ListMetrics(ctx context.Context, in *cloudwatchapi.ListMetricsInput) (*cloudwatchapi.ListMetricsOutput, error) {
	if err := s.authorize(ctx, "ListMetrics", nil); err != nil {
		return nil, err
	}
	p := placeOf(ctx)
	if value(in.IncludeLinkedAccounts) || in.OwningAccount != nil && *in.OwningAccount != p.account {
		return nil, api.NotImplemented("cloudwatch", "ListMetrics of linked accounts")
	}
	window := storage.Range{Prefix: p.key()}
	purpose := "ListMetrics/" + p.account + "/" + p.region
	if in.NextToken != nil {
		last, err := s.config.Root.Tokens().Decode(purpose, *in.NextToken)
		if err != nil {
			return nil, cloudwatchapi.InvalidParameterValueException("The next token is invalid.") // Unverified: AWS's sentence
		}
		window.From = append(last, 0)
	}
	out := &cloudwatchapi.ListMetricsOutput{Metrics: []cloudwatchapi.Metric{}}
	err := s.config.Store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		out.Metrics, out.NextToken = out.Metrics[:0], nil
		var last storage.Key
		for e, err := range metricTable.Scan(tx, window) {
			if err != nil {
				return err
			}
			if !s.wants(in, &e.Value) {
				continue
			}
			if len(out.Metrics) == pageOfMetrics {
				token := s.config.Root.Tokens().Encode(purpose, last)
				out.NextToken = &token
				return nil
			}
			last = append(last[:0], e.Key...)
			out.Metrics = append(out.Metrics, describe(&e.Value))
		}
		return nil
	})
	return out, err
}

// wants reports whether the caller asks for a metric.
func (s *Service) wants(in *cloudwatchapi.ListMetricsInput, m *metric) bool {
	age := s.now().Sub(time.UnixMilli(m.Latest))
	if age > listed || in.RecentlyActive != nil && age > active ||
		in.Namespace != nil && *in.Namespace != m.Namespace || in.MetricName != nil && *in.MetricName != m.Name {
		return false
	}
	for _, f := range in.Dimensions {
		if !slices.ContainsFunc(m.Dimensions, func(d dimension) bool {
			return d.Name == f.Name && (f.Value == nil || *f.Value == d.Value)
		}) {
			return false
		}
	}
	return true
}

func describe(m *metric) cloudwatchapi.Metric {
	out := cloudwatchapi.Metric{Namespace: &m.Namespace, MetricName: &m.Name, Dimensions: []cloudwatchapi.Dimension{}}
	for _, d := range m.Dimensions {
		out.Dimensions = append(out.Dimensions, cloudwatchapi.Dimension{Name: d.Name, Value: d.Value})
	}
	return out
}
