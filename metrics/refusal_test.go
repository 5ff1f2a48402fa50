package metrics

import (
	"math"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/cloudwatchapi"
)

func TestBadDataIsRefusedWhole(t *testing.T) {
	b := newBench(t)
	value := ptr(1.0)
	for name, c := range map[string]struct {
		namespace     string
		datum         cloudwatchapi.MetricDatum
		code, message string
	}{
		"AWS's namespace":   {"AWS/Logs", cloudwatchapi.MetricDatum{Value: value}, "InvalidParameterValue", "The value AWS/Logs for parameter Namespace is invalid."},
		"no value":          {"n", cloudwatchapi.MetricDatum{}, "MissingParameter", "At least one of the parameters must be specified: MetricData.member.2.Value, MetricData.member.2.StatisticValues, MetricData.member.2.Values."},
		"two ways":          {"n", cloudwatchapi.MetricDatum{Value: value, Values: []float64{1}}, "InvalidParameterCombination", "The parameters MetricData.member.2.Value, MetricData.member.2.StatisticValues and MetricData.member.2.Values are mutually exclusive and you have specified more than one."},
		"not a number":      {"n", cloudwatchapi.MetricDatum{Value: ptr(math.NaN())}, "InvalidParameterValue", "The value NaN for parameter MetricData.member.2.Value is invalid."},
		"too large":         {"n", cloudwatchapi.MetricDatum{Value: ptr(math.Inf(1))}, "InvalidParameterValue", "The value +Inf for parameter MetricData.member.2.Value is invalid."},
		"too few counts":    {"n", cloudwatchapi.MetricDatum{Values: []float64{1, 2}, Counts: []float64{1}}, "InvalidParameterValue", "The parameters MetricData.member.2.Values and Counts must be of the same size, between 1 and 150."},
		"too many values":   {"n", cloudwatchapi.MetricDatum{Values: make([]float64, 151)}, "InvalidParameterValue", "The parameters MetricData.member.2.Values and Counts must be of the same size, between 1 and 150."},
		"no samples":        {"n", cloudwatchapi.MetricDatum{StatisticValues: &cloudwatchapi.StatisticSet{}}, "InvalidParameterValue", "The value 0 for parameter MetricData.member.2.StatisticValues.SampleCount is invalid."},
		"an odd resolution": {"n", cloudwatchapi.MetricDatum{Value: value, StorageResolution: ptr(int32(7))}, "InvalidParameterValue", "The value 7 for parameter MetricData.member.2.StorageResolution is invalid."},
		"too old":           {"n", cloudwatchapi.MetricDatum{Value: value, Timestamp: ptr(start.Add(-15 * 24 * time.Hour))}, "InvalidParameterValue", "The parameter MetricData.member.2.Timestamp must specify a time no more than two weeks in the past and no more than two hours in the future."},
		"too new":           {"n", cloudwatchapi.MetricDatum{Value: value, Timestamp: ptr(start.Add(3 * time.Hour))}, "InvalidParameterValue", "The parameter MetricData.member.2.Timestamp must specify a time no more than two weeks in the past and no more than two hours in the future."},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			c.datum.MetricName = "bad"
			_, err := b.PutMetricData(b.ctx, &cloudwatchapi.PutMetricDataInput{Namespace: c.namespace, MetricData: []cloudwatchapi.MetricDatum{{MetricName: "m", Value: value}, c.datum}})
			b.fails(err, c.code, c.message)
		})
	}
	b.t = t
	if got := b.statistics(0, time.Hour, 60); got != "" {
		t.Errorf("half of it was kept: %s", got)
	}
	_, err := b.PutMetricData(b.ctx, &cloudwatchapi.PutMetricDataInput{Namespace: "n"})
	b.fails(err, "MissingParameter", "The parameter MetricData is required.")
	_, err = b.PutMetricData(b.ctx, &cloudwatchapi.PutMetricDataInput{Namespace: "n", MetricData: make([]cloudwatchapi.MetricDatum, 1001)})
	b.fails(err, "InvalidParameterValue", "The collection MetricData must not have a size greater than 1000.")
	_, err = b.PutMetricData(b.ctx, &cloudwatchapi.PutMetricDataInput{Namespace: "n", EntityMetricData: make([]cloudwatchapi.EntityMetricData, 1)})
	b.fails(err, "NotImplemented", "cloudwatch:PutMetricData with EntityMetricData is not implemented by Sealstack.")
}

func TestBadQuestionsAreRefused(t *testing.T) {
	b := newBench(t)
	good := func() *cloudwatchapi.GetMetricStatisticsInput {
		return &cloudwatchapi.GetMetricStatisticsInput{
			Namespace: "n", MetricName: "m", StartTime: start, EndTime: start.Add(time.Hour), Period: 60, Statistics: []cloudwatchapi.Statistic{"Sum"},
		}
	}
	for name, c := range map[string]struct {
		change        func(*cloudwatchapi.GetMetricStatisticsInput)
		code, message string
	}{
		"no statistic":    {func(in *cloudwatchapi.GetMetricStatisticsInput) { in.Statistics = nil }, "InvalidParameterCombination", "At least one of the parameters Statistics and ExtendedStatistics must be specified."},
		"both kinds":      {func(in *cloudwatchapi.GetMetricStatisticsInput) { in.ExtendedStatistics = []string{"p1"} }, "InvalidParameterCombination", "The parameters Statistics and ExtendedStatistics are mutually exclusive."},
		"no time":         {func(in *cloudwatchapi.GetMetricStatisticsInput) { in.EndTime = start }, "InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime."},
		"an odd period":   {func(in *cloudwatchapi.GetMetricStatisticsInput) { in.Period = 61 }, "InvalidParameterValue", "The parameter Period must be a value of 1, 5, 10, 20, 30 or a multiple of 60."},
		"too many points": {func(in *cloudwatchapi.GetMetricStatisticsInput) { in.EndTime = start.Add(25 * time.Hour) }, "InvalidParameterCombination", "You have requested up to 1500 datapoints, which exceeds the limit of 1440. You may reduce the datapoints requested by increasing Period, or decreasing the time range."},
		"an odd statistic": {func(in *cloudwatchapi.GetMetricStatisticsInput) {
			in.Statistics, in.ExtendedStatistics = nil, []string{"p101"}
		}, "InvalidParameterValue", "The value p101 for parameter ExtendedStatistics is not supported."},
		"a trimmed mean": {func(in *cloudwatchapi.GetMetricStatisticsInput) {
			in.Statistics, in.ExtendedStatistics = nil, []string{"tm90"}
		}, "NotImplemented", "cloudwatch:the statistic tm90 is not implemented by Sealstack."},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			in := good()
			c.change(in)
			_, err := b.GetMetricStatistics(b.ctx, in)
			b.fails(err, c.code, c.message)
		})
	}
}

func TestBadQueriesAreRefused(t *testing.T) {
	b := newBench(t)
	expression := cloudwatchapi.MetricDataQuery{Id: "e", Expression: ptr("a*2")}
	foreign := query("a", "Sum", 60)
	foreign.AccountId = ptr("444455556666")
	for name, c := range map[string]struct {
		queries       []cloudwatchapi.MetricDataQuery
		code, message string
	}{
		"none":            {nil, "ValidationError", "The collection MetricDataQueries must have between 1 and 500 members."},
		"a bad id":        {[]cloudwatchapi.MetricDataQuery{query("A", "Sum", 60)}, "ValidationError", "The value A is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$ for parameter Id."},
		"the same id":     {[]cloudwatchapi.MetricDataQuery{query("a", "Sum", 60), query("a", "Sum", 60)}, "ValidationError", "The values for parameter id in MetricDataQueries are not unique."},
		"nothing asked":   {[]cloudwatchapi.MetricDataQuery{{Id: "a"}}, "ValidationError", "Exactly one of the parameters MetricDataQueries.member.1.MetricStat and MetricDataQueries.member.1.Expression must be specified."},
		"metric math":     {[]cloudwatchapi.MetricDataQuery{expression}, "NotImplemented", "cloudwatch:GetMetricData with an expression is not implemented by Sealstack."},
		"another account": {[]cloudwatchapi.MetricDataQuery{foreign}, "NotImplemented", "cloudwatch:GetMetricData of another account is not implemented by Sealstack."},
		"an odd period":   {[]cloudwatchapi.MetricDataQuery{query("a", "Sum", 61)}, "InvalidParameterValue", "The parameter MetricDataQueries.member.1.MetricStat.Period must be a value of 1, 5, 10, 20, 30 or a multiple of 60."},
		"an odd stat":     {[]cloudwatchapi.MetricDataQuery{query("a", "Most", 60)}, "InvalidParameterValue", "The value Most for parameter Stat is not supported."},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			_, err := b.GetMetricData(b.ctx, &cloudwatchapi.GetMetricDataInput{MetricDataQueries: c.queries, StartTime: start, EndTime: start.Add(time.Hour)})
			b.fails(err, c.code, c.message)
		})
	}
	b.t = t
	in := &cloudwatchapi.GetMetricDataInput{MetricDataQueries: []cloudwatchapi.MetricDataQuery{query("a", "Sum", 60)}, StartTime: start, EndTime: start.Add(time.Hour), NextToken: ptr("x")}
	_, err := b.GetMetricData(b.ctx, in)
	b.fails(err, "InvalidNextToken", "The next token is invalid.")
}

func TestEveryOperationNeedsItsPermission(t *testing.T) {
	b := newBench(t)
	for action, call := range map[string]func() error{
		"PutMetricData": func() error {
			_, err := b.PutMetricData(b.ctx, &cloudwatchapi.PutMetricDataInput{Namespace: "n"})
			return err
		},
		"GetMetricData": func() error { _, err := b.GetMetricData(b.ctx, &cloudwatchapi.GetMetricDataInput{}); return err },
		"GetMetricStatistics": func() error {
			_, err := b.GetMetricStatistics(b.ctx, &cloudwatchapi.GetMetricStatisticsInput{})
			return err
		},
		"ListMetrics": func() error { _, err := b.ListMetrics(b.ctx, &cloudwatchapi.ListMetricsInput{}); return err },
	} {
		b.deny = map[string]bool{"cloudwatch:" + action: true}
		b.fails(call(), "AccessDenied", "denied cloudwatch:"+action)
		r := b.asked[len(b.asked)-1]
		if r.Resource != "*" || action == "PutMetricData" && r.Keys["cloudwatch:namespace"][0] != "n" {
			t.Errorf("%s asked %+v", action, r)
		}
	}
}

func TestAServiceNeedsNoPermissionForItsOwnMetrics(t *testing.T) {
	b := newBench(t)
	b.deny["cloudwatch:PutMetricData"] = true
	as := api.AsService(b.ctx, "logs.us-west-2.amazonaws.com", "arn:aws:logs:us-west-2:111122223333:log-group:g", "111122223333")
	_, err := b.PutMetricData(as, &cloudwatchapi.PutMetricDataInput{Namespace: "AWS/Logs", MetricData: []cloudwatchapi.MetricDatum{{MetricName: "m", Value: ptr(1.0)}}})
	b.ok(err)
	out, err := b.ListMetrics(b.ctx, &cloudwatchapi.ListMetricsInput{})
	b.ok(err)
	if len(out.Metrics) != 1 || *out.Metrics[0].Namespace != "AWS/Logs" {
		t.Errorf("the account has %+v", out.Metrics)
	}
}
