package metrics

import (
	"context"
	"time"

	"sealstack/api/cloudwatchapi"
)

// maxDatapoints is how many points GetMetricStatistics returns at most.
const maxDatapoints = 1440

// GetMetricStatistics returns statistics of one metric by period.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
func (s *Service) GetMetricStatistics(ctx context.Context, in *cloudwatchapi.GetMetricStatisticsInput) (*cloudwatchapi.GetMetricStatisticsOutput, error) {
	if err := s.authorize(ctx, "GetMetricStatistics", nil); err != nil {
		return nil, err
	}
	wanted, err := checkStatistics(in)
	if err != nil {
		return nil, err
	}
	q := question{
		metric: newMetric(in.Namespace, in.MetricName, in.Dimensions), from: in.StartTime, to: in.EndTime,
		period: time.Duration(in.Period) * time.Second, unit: in.Unit, perUnit: true,
	}.aligned(s.now())
	if n := int64(q.to.Sub(q.from) / q.period); n > maxDatapoints {
		return nil, cloudwatchapi.InvalidParameterCombinationException("You have requested up to %d datapoints, which exceeds the limit of %d. You may reduce the datapoints requested by increasing Period, or decreasing the time range.", n, maxDatapoints)
	}
	found, err := s.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &cloudwatchapi.GetMetricStatisticsOutput{Label: &in.MetricName, Datapoints: []cloudwatchapi.Datapoint{}}
	for i := range found {
		if d, ok := datapoint(&found[i], wanted); ok {
			out.Datapoints = append(out.Datapoints, d)
		}
	}
	return out, nil
}

// checkStatistics returns the statistics that are asked for, by name.
func checkStatistics(in *cloudwatchapi.GetMetricStatisticsInput) (map[string]statistic, error) {
	switch {
	case len(in.Statistics)+len(in.ExtendedStatistics) == 0:
		return nil, cloudwatchapi.InvalidParameterCombinationException("At least one of the parameters Statistics and ExtendedStatistics must be specified.")
	case len(in.Statistics) > 0 && len(in.ExtendedStatistics) > 0:
		return nil, cloudwatchapi.InvalidParameterCombinationException("The parameters Statistics and ExtendedStatistics are mutually exclusive.") // Unverified: AWS's sentence
	case !in.StartTime.Before(in.EndTime):
		return nil, cloudwatchapi.InvalidParameterValueException("The parameter StartTime must be less than the parameter EndTime.")
	}
	if err := checkPeriod(in.Period, "Period"); err != nil {
		return nil, err
	}
	wanted := map[string]statistic{}
	for _, name := range in.Statistics {
		wanted[string(name)] = plain[string(name)]
	}
	for _, name := range in.ExtendedStatistics {
		one, err := parseStatistic(name, "ExtendedStatistics")
		if err != nil {
			return nil, err
		}
		wanted[name] = one
	}
	return wanted, nil
}

// checkPeriod takes 1, 5, 10, 20, 30 and multiples of 60 seconds.
func checkPeriod(seconds int32, parameter string) error {
	switch {
	case seconds >= 60 && seconds%60 == 0 && seconds <= 86400*365,
		seconds == 1, seconds == 5, seconds == 10, seconds == 20, seconds == 30:
		return nil
	}
	return cloudwatchapi.InvalidParameterValueException("The parameter %s must be a value of 1, 5, 10, 20, 30 or a multiple of 60.", parameter) // Unverified: AWS's sentence
}

// datapoint returns the statistics of a point; ok is false if it has none of
// those that are wanted.
func datapoint(q *point, wanted map[string]statistic) (d cloudwatchapi.Datapoint, ok bool) {
	at := timeOf(q)
	d.Timestamp, d.Unit = &at, &q.Unit
	for name, one := range wanted {
		v, has := one(q)
		if !has {
			continue
		}
		ok = true
		switch name {
		case "SampleCount":
			d.SampleCount = &v
		case "Sum":
			d.Sum = &v
		case "Average":
			d.Average = &v
		case "Minimum":
			d.Minimum = &v
		case "Maximum":
			d.Maximum = &v
		default:
			if d.ExtendedStatistics == nil {
				d.ExtendedStatistics = map[string]float64{}
			}
			d.ExtendedStatistics[name] = v
		}
	}
	return d, ok
}
