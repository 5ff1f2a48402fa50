package metrics

import (
	"regexp"
	"strconv"

	"sealstack/api"
	"sealstack/api/cloudwatchapi"
)

// statistic turns a point into the number that is asked for. ok is false where
// the point does not have it.
type statistic func(q *point) (v float64, ok bool)

var plain = map[string]statistic{
	"SampleCount": func(q *point) (float64, bool) { return q.Count, true },
	"Sum":         func(q *point) (float64, bool) { return q.Sum, true },
	"Average":     func(q *point) (float64, bool) { return q.Sum / q.Count, true },
	"Minimum":     func(q *point) (float64, bool) { return q.Min, true },
	"Maximum":     func(q *point) (float64, bool) { return q.Max, true },
}

var (
	percentile = regexp.MustCompile(`^p(\d{1,2}(?:\.\d{0,10})?|100)$`)
	trimmed    = regexp.MustCompile(`^(?:(?:tm|wm|tc|ts)(?:\d{1,2}(?:\.\d{0,10})?|100)|IQM|(?:TM|WM|TC|TS|PR)\(.*\))$`)
)

// parseStatistic reads the name of a statistic.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
func parseStatistic(name, parameter string) (statistic, error) {
	if s := plain[name]; s != nil {
		return s, nil
	}
	if found := percentile.FindStringSubmatch(name); found != nil {
		n, err := strconv.ParseFloat(found[1], 64)
		return func(q *point) (float64, bool) { return q.percentile(n) }, err
	}
	if trimmed.MatchString(name) {
		return nil, api.NotImplemented("cloudwatch", "the statistic "+name)
	}
	return nil, cloudwatchapi.InvalidParameterValueException("The value %s for parameter %s is not supported.", name, parameter)
}

// percentile returns the value below which n percent of the values lie,
// between two values in proportion.
//
// Unverified: how CloudWatch interpolates. Points with negative values have no
// percentiles, as it documents.
func (q *point) percentile(n float64) (float64, bool) {
	if q.Values == nil || q.Min < 0 {
		return 0, false
	}
	rank := n / 100 * (q.Count - 1)
	seen := 0.0
	for i, one := range q.Values {
		if rank <= seen+one.Count-1 || i == len(q.Values)-1 {
			return one.Value, true
		}
		if rank < seen+one.Count {
			part := rank - (seen + one.Count - 1)
			return one.Value + part*(q.Values[i+1].Value-one.Value), true
		}
		seen += one.Count
	}
	return 0, false
}
