package metrics

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"sealstack/api"
	"sealstack/api/cloudwatchapi"
	"sealstack/storage"
)

// Limits of GetMetricData:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
const (
	maxQueries    = 500
	maxPageOfData = 100800
)

var queryID = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]*$`)

// GetMetricData returns statistics of many metrics, newest first unless the
// caller wants them the other way. Metric math is not here.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
func (s *Service) GetMetricData(ctx context.Context, in *cloudwatchapi.GetMetricDataInput) (*cloudwatchapi.GetMetricDataOutput, error) {
	if err := s.authorize(ctx, "GetMetricData", nil); err != nil {
		return nil, err
	}
	if err := checkQueries(ctx, in); err != nil {
		return nil, err
	}
	skip, err := s.readDataToken(ctx, in.NextToken)
	if err != nil {
		return nil, err
	}
	room := maxPageOfData
	if n := value(in.MaxDatapoints); n > 0 {
		room = min(room, int(n))
	}
	return s.data(ctx, in, skip, room)
}

// data answers the queries from a number of points on, as many as there is
// room for.
func (s *Service) data(ctx context.Context, in *cloudwatchapi.GetMetricDataInput, skip int64, room int) (*cloudwatchapi.GetMetricDataOutput, error) {
	out := &cloudwatchapi.GetMetricDataOutput{MetricDataResults: []cloudwatchapi.MetricDataResult{}, Messages: []cloudwatchapi.MessageData{}}
	passed := int64(0)
	for i := range in.MetricDataQueries {
		q := &in.MetricDataQueries[i]
		if q.ReturnData != nil && !*q.ReturnData {
			continue
		}
		r, err := s.answer(ctx, in, q)
		if err != nil {
			return nil, err
		}
		from := min(max(skip-passed, 0), int64(len(r.Values)))
		to := min(from+int64(room), int64(len(r.Values)))
		passed += to
		room -= int(to - from)
		partial := to < int64(len(r.Values))
		r.Timestamps, r.Values = r.Timestamps[from:to], r.Values[from:to]
		if partial {
			r.StatusCode = status(cloudwatchapi.StatusCodePartialData)
		}
		out.MetricDataResults = append(out.MetricDataResults, r)
		if partial {
			token := s.config.Root.Tokens().Encode(dataTokens(ctx), storage.K(passed))
			out.NextToken = &token
			break
		}
	}
	return out, nil
}

func status(s cloudwatchapi.StatusCode) *cloudwatchapi.StatusCode { return &s }

// answer returns the points of one query.
func (s *Service) answer(ctx context.Context, in *cloudwatchapi.GetMetricDataInput, q *cloudwatchapi.MetricDataQuery) (cloudwatchapi.MetricDataResult, error) {
	m := q.MetricStat
	label := value(m.Metric.MetricName)
	if q.Label != nil {
		label = *q.Label
	}
	r := cloudwatchapi.MetricDataResult{
		Id: &q.Id, Label: &label, StatusCode: status(cloudwatchapi.StatusCodeComplete), Timestamps: []time.Time{}, Values: []float64{},
	}
	pick, err := parseStatistic(m.Stat, "Stat")
	if err != nil {
		return r, err
	}
	found, err := s.ask(ctx, question{
		metric: newMetric(value(m.Metric.Namespace), value(m.Metric.MetricName), m.Metric.Dimensions),
		from:   in.StartTime, to: in.EndTime, period: time.Duration(m.Period) * time.Second, unit: m.Unit,
	}.aligned(s.now()))
	if err != nil {
		return r, err
	}
	for i := range found {
		if v, ok := pick(&found[i]); ok {
			r.Timestamps, r.Values = append(r.Timestamps, timeOf(&found[i])), append(r.Values, v)
		}
	}
	if in.ScanBy == nil || *in.ScanBy == cloudwatchapi.ScanByTimestampDescending {
		slices.Reverse(r.Timestamps)
		slices.Reverse(r.Values)
	}
	return r, nil
}

// checkQueries refuses queries that can't be answered.
//
// Unverified: AWS's codes and sentences.
func checkQueries(ctx context.Context, in *cloudwatchapi.GetMetricDataInput) error {
	if !in.StartTime.Before(in.EndTime) {
		return invalid("The parameter StartTime must be less than the parameter EndTime.")
	}
	if n := len(in.MetricDataQueries); n == 0 || n > maxQueries {
		return invalid(fmt.Sprintf("The collection MetricDataQueries must have between 1 and %d members.", maxQueries))
	}
	seen := map[string]bool{}
	for i := range in.MetricDataQueries {
		q := &in.MetricDataQueries[i]
		if !queryID.MatchString(q.Id) {
			return invalid("The value " + q.Id + " is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$ for parameter Id.")
		}
		if seen[q.Id] {
			return invalid("The values for parameter id in MetricDataQueries are not unique.")
		}
		seen[q.Id] = true
		if err := checkQuery(ctx, q, fmt.Sprintf("MetricDataQueries.member.%d.", i+1)); err != nil {
			return err
		}
	}
	return nil
}

func checkQuery(ctx context.Context, q *cloudwatchapi.MetricDataQuery, path string) error {
	switch {
	case (q.MetricStat == nil) == (q.Expression == nil):
		return invalid("Exactly one of the parameters " + path + "MetricStat and " + path + "Expression must be specified.")
	case q.Expression != nil:
		return api.NotImplemented("cloudwatch", "GetMetricData with an expression")
	case q.AccountId != nil && *q.AccountId != placeOf(ctx).account:
		return api.NotImplemented("cloudwatch", "GetMetricData of another account")
	}
	return checkPeriod(q.MetricStat.Period, path+"MetricStat.Period")
}

func invalid(message string) error {
	return api.NewError("ValidationException", "ValidationError", 400, "%s", message)
}

func dataTokens(ctx context.Context) string {
	p := placeOf(ctx)
	return "GetMetricData/" + p.account + "/" + p.region
}

// readDataToken returns how many points have been shown.
func (s *Service) readDataToken(ctx context.Context, token *string) (int64, error) {
	if token == nil {
		return 0, nil
	}
	k, err := s.config.Root.Tokens().Decode(dataTokens(ctx), *token)
	if err != nil {
		return 0, cloudwatchapi.InvalidNextToken("The next token is invalid.") // Unverified: AWS's sentence
	}
	shown, _ := k.Parts()[0].(int64)
	return shown, nil
}
