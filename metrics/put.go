package metrics

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/cloudwatchapi"
	"sealstack/auth"
	"sealstack/storage"
)

// Limits of PutMetricData:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
const (
	maxData   = 1000
	maxValues = 150
	oldest    = 14 * 24 * time.Hour
	newest    = 2 * time.Hour
)

// PutMetricData adds data to metrics, which come into being with it.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
func (s *Service) PutMetricData(ctx context.Context, in *cloudwatchapi.PutMetricDataInput) (*api.None, error) {
	if err := s.authorize(ctx, "PutMetricData", auth.Keys{"cloudwatch:namespace": {in.Namespace}}); err != nil {
		return nil, err
	}
	if len(in.EntityMetricData) > 0 {
		return nil, api.NotImplemented("cloudwatch", "PutMetricData with EntityMetricData")
	}
	if strings.HasPrefix(in.Namespace, "AWS/") && !byItself(ctx) {
		return nil, badValue(in.Namespace, "Namespace")
	}
	if len(in.MetricData) == 0 {
		return nil, cloudwatchapi.MissingRequiredParameterException("The parameter MetricData is required.")
	}
	if len(in.MetricData) > maxData {
		return nil, cloudwatchapi.InvalidParameterValueException("The collection MetricData must not have a size greater than %d.", maxData)
	}
	return nil, s.put(ctx, in)
}

func (s *Service) put(ctx context.Context, in *cloudwatchapi.PutMetricDataInput) error {
	now := s.now()
	put := make([]point, len(in.MetricData))
	for i := range in.MetricData {
		var err error
		if put[i], err = newPoint(&in.MetricData[i], fmt.Sprintf("MetricData.member.%d.", i+1), now); err != nil {
			return err
		}
	}
	p := placeOf(ctx)
	return s.config.Store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for i := range put {
			m := newMetric(in.Namespace, in.MetricData[i].MetricName, in.MetricData[i].Dimensions)
			m.Latest = now.UnixMilli()
			k := m.key(p)
			if err := metricTable.Put(tx, k, m); err != nil {
				return err
			}
			if err := put[i].store(tx, k); err != nil {
				return err
			}
		}
		return nil
	})
}

// newPoint checks a datum and makes a point of it.
//
// Unverified: the sentences about counts and time.
func newPoint(d *cloudwatchapi.MetricDatum, path string, now time.Time) (point, error) {
	span := time.Minute
	switch value(d.StorageResolution) {
	case 0, 60:
	case 1:
		span = time.Second
	default:
		return point{}, badValue(fmt.Sprint(*d.StorageResolution), path+"StorageResolution")
	}
	at := now
	if d.Timestamp != nil {
		at = *d.Timestamp
	}
	if at.Before(now.Add(-oldest)) || at.After(now.Add(newest)) {
		return point{}, cloudwatchapi.InvalidParameterValueException("The parameter %sTimestamp must specify a time no more than two weeks in the past and no more than two hours in the future.", path)
	}
	q := point{At: at.Truncate(span).UnixMilli(), Unit: cloudwatchapi.StandardUnitNone, Span: span.Milliseconds()}
	if d.Unit != nil {
		q.Unit = *d.Unit
	}
	return q, q.fill(d, path)
}

// fill takes the values of a datum, which must be given in exactly one way.
func (q *point) fill(d *cloudwatchapi.MetricDatum, path string) error {
	given := 0
	for _, there := range []bool{d.Value != nil, d.StatisticValues != nil, d.Values != nil} {
		if there {
			given++
		}
	}
	switch {
	case given == 0:
		return cloudwatchapi.MissingRequiredParameterException("At least one of the parameters must be specified: %[1]sValue, %[1]sStatisticValues, %[1]sValues.", path) // Unverified: AWS's sentence
	case given > 1:
		return cloudwatchapi.InvalidParameterCombinationException("The parameters %[1]sValue, %[1]sStatisticValues and %[1]sValues are mutually exclusive and you have specified more than one.", path) // Unverified: AWS's sentence
	case d.Value != nil:
		return q.samples([]float64{*d.Value}, nil, path+"Value")
	case d.Values != nil:
		return q.samples(d.Values, d.Counts, path+"Values")
	}
	return q.statistics(d.StatisticValues, path+"StatisticValues")
}

// samples takes single values and how often each was seen, once by default.
func (q *point) samples(values, counts []float64, path string) error {
	if len(values) == 0 || len(values) > maxValues || counts != nil && len(counts) != len(values) {
		return cloudwatchapi.InvalidParameterValueException("The parameters %s and Counts must be of the same size, between 1 and %d.", path, maxValues) // Unverified: AWS's sentence
	}
	all := make([]sample, len(values))
	for i, v := range values {
		all[i] = sample{v, 1}
		if counts != nil {
			all[i].Count = counts[i]
		}
		if !sane(v) || !sane(all[i].Count) || all[i].Count <= 0 {
			return badValue(fmt.Sprint(v), path)
		}
	}
	slices.SortFunc(all, func(a, b sample) int { return cmp.Compare(a.Value, b.Value) })
	q.Min, q.Max = all[0].Value, all[len(all)-1].Value
	for _, one := range all {
		q.Count += one.Count
		q.Sum += one.Value * one.Count
		q.Values = mergeSamples(append([]sample{}, q.Values...), []sample{one})
	}
	return nil
}

// statistics takes a statistic set. One whose values are all the same has
// percentiles all the same.
func (q *point) statistics(set *cloudwatchapi.StatisticSet, path string) error {
	for _, n := range []float64{set.SampleCount, set.Sum, set.Minimum, set.Maximum} {
		if !sane(n) {
			return badValue(fmt.Sprint(n), path)
		}
	}
	if set.SampleCount <= 0 || set.Minimum > set.Maximum {
		return badValue(fmt.Sprint(set.SampleCount), path+".SampleCount")
	}
	q.Count, q.Sum, q.Min, q.Max = set.SampleCount, set.Sum, set.Minimum, set.Maximum
	if set.Minimum == set.Maximum {
		q.Values = []sample{{set.Minimum, set.SampleCount}}
	}
	return nil
}

// sane reports whether CloudWatch takes a number: between -2^360 and 2^360.
func sane(v float64) bool { return !math.IsNaN(v) && math.Abs(v) <= math.Ldexp(1, 360) }

func badValue(v, path string) error {
	return cloudwatchapi.InvalidParameterValueException("The value %s for parameter %s is invalid.", v, path)
}
