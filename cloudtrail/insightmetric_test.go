package cloudtrail

import (
	"encoding/json"
	"testing"
	"time"

	"sealstack/api/cloudtrailapi"
)

// unusual makes a trail with Insights in whose history one has begun and ended.
func unusual(t *testing.T) *bench {
	b := newBench(t)
	b.trail("main")
	b.wantInsights("ApiCallRateInsight", "ApiErrorRateInsight")
	b.advance(time.Minute)
	b.burst(2)
	b.advance(40 * time.Hour)
	b.burst(30)
	b.advance(time.Minute)
	b.advance(5 * time.Minute)
	return b
}

func TestAnInsightTellsWhoCalled(t *testing.T) {
	b := unusual(t)
	ends := 0
	for _, e := range b.insightsOf() {
		d := e["insightDetails"].(map[string]any)
		about := d["insightContext"].(map[string]any)
		if d["state"] == "End" {
			ends++
		}
		code := "null"
		if d["insightType"] == "ApiErrorRateInsight" {
			code = "AccessDenied"
		}
		average := about["statistics"].(map[string]any)["baseline"].(map[string]any)["average"].(float64)
		text, err := json.Marshal(average)
		b.ok(err)
		both := func(name, value string) string {
			return `{"attribute":"` + name + `","insight":[{"value":"` + value + `","average":30}],"baseline":[{"value":"` + value + `","average":` + string(text) + `}]}`
		}
		same(t, "attributions", about["attributions"], `[`+both("userIdentityArn", "arn:aws:iam::111122223333:root")+`,`+both("userAgent", "aws-cli/2.0")+`,`+both("errorCode", code)+`]`)
	}
	if ends != 2 {
		t.Errorf("%d insights have ended", ends)
	}
}

func TestTheBaselineIsThatOfSevenDays(t *testing.T) {
	x := &series{Minute: 60 * 24 * 60}
	since := time.Unix(0, 0)
	x.Hours = map[int64]*hour{2: {Count: 1000, Who: tally{}}, 59 * 24: {Count: 10, Who: tally{}}}
	total, _, minutes := x.usual(x.Minute, since)
	if total != 10 || minutes != 7*24*60 || len(x.Hours) != 1 {
		t.Errorf("%d calls in %d minutes, %d hours kept", total, minutes, len(x.Hours))
	}
	if _, _, minutes := x.usual(x.Minute, time.Unix(60*(x.Minute-90), 0)); minutes != 90 {
		t.Errorf("a series that is 90 minutes old has %d", minutes)
	}
}

func TestAtMostFiveValuesAreAttributed(t *testing.T) {
	counts := map[string]int{"a": 1, "b": 7, "c": 3, "d": 4, "e": 5, "f": 6}
	same(t, "averages", averages(counts, 2), `[{"value":"b","average":3.5},{"value":"f","average":3},{"value":"e","average":2.5},{"value":"d","average":2},{"value":"c","average":1.5}]`)
	full := tally{}
	for i := range 2 * maxTallied {
		full.add("userAgent", string(rune('a'+i)), 1)
	}
	full.add("userAgent", "a", 1)
	if n := len(full["userAgent"]); n != maxTallied || full["userAgent"]["a"] != 2 {
		t.Errorf("%d values are counted, %v", n, full)
	}
}

func TestMetricsOfInsights(t *testing.T) {
	b := unusual(t)
	zeros := new(cloudtrailapi.InsightsMetricDataTypeFillWithZeros)
	list := func(change func(*cloudtrailapi.ListInsightsMetricDataRequest)) (*cloudtrailapi.ListInsightsMetricDataResponse, error) {
		in := &cloudtrailapi.ListInsightsMetricDataRequest{EventSource: "kms.amazonaws.com", EventName: "CreateKey", InsightType: "ApiCallRateInsight"}
		change(in)
		return b.ListInsightsMetricData(b.ctx, in)
	}
	day := time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		change func(*cloudtrailapi.ListInsightsMetricDataRequest)
		values string
		code   string
	}{
		"minutes":          {func(*cloudtrailapi.ListInsightsMetricDataRequest) {}, `[2,30]`, ""},
		"of a trail":       {func(in *cloudtrailapi.ListInsightsMetricDataRequest) { in.TrailName = new("main") }, `[2,30]`, ""},
		"hours":            {func(in *cloudtrailapi.ListInsightsMetricDataRequest) { in.Period = new(int32(3600)) }, `[2,30]`, ""},
		"from an instant":  {func(in *cloudtrailapi.ListInsightsMetricDataRequest) { in.StartTime = &day }, `[30]`, ""},
		"up to an instant": {func(in *cloudtrailapi.ListInsightsMetricDataRequest) { in.EndTime = &day }, `[2]`, ""},
		"with zeros": {func(in *cloudtrailapi.ListInsightsMetricDataRequest) {
			in.DataType, in.StartTime, in.EndTime = zeros, new(start), new(start.Add(3*time.Minute))
		}, `[0,2,0]`, ""},
		"of nothing": {func(in *cloudtrailapi.ListInsightsMetricDataRequest) { in.EventName = "DeleteAlias" }, `[]`, ""},
		"errors": {func(in *cloudtrailapi.ListInsightsMetricDataRequest) {
			in.EventName, in.InsightType, in.ErrorCode = "Decrypt", "ApiErrorRateInsight", new("AccessDenied")
		}, `[2,30]`, ""},
		"errors of no code": {func(in *cloudtrailapi.ListInsightsMetricDataRequest) { in.InsightType = "ApiErrorRateInsight" }, "", "InvalidParameterCombinationException"},
		"a strange period":  {func(in *cloudtrailapi.ListInsightsMetricDataRequest) { in.Period = new(int32(61)) }, "", "InvalidParameterException"},
		"an unknown trail":  {func(in *cloudtrailapi.ListInsightsMetricDataRequest) { in.TrailName = new("none") }, "", "TrailNotFoundException"},
		"a strange token":   {func(in *cloudtrailapi.ListInsightsMetricDataRequest) { in.NextToken = new("x") }, "", "InvalidNextTokenException"},
		"a reversed range":  {func(in *cloudtrailapi.ListInsightsMetricDataRequest) { in.StartTime, in.EndTime = &day, new(start) }, "", "InvalidTimeRangeException"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := list(test.change)
			if test.code != "" {
				b.fails(err, test.code, "")
				return
			}
			b.ok(err)
			same(t, "values", out.Values, test.values)
			if len(out.Timestamps) != len(out.Values) || out.NextToken != nil {
				t.Errorf("%d timestamps, token %v", len(out.Timestamps), out.NextToken)
			}
		})
	}
	page, err := list(func(in *cloudtrailapi.ListInsightsMetricDataRequest) { in.MaxResults = new(int32(1)) })
	b.ok(err)
	same(t, "the first page", page.Values, `[2]`)
	page, err = list(func(in *cloudtrailapi.ListInsightsMetricDataRequest) { in.NextToken = page.NextToken })
	b.ok(err)
	same(t, "the second page", page.Values, `[30]`)
	b.advance(16 * 24 * time.Hour)
	for period, want := range map[int32]string{60: `[]`, 300: `[2,30]`} {
		out, err := list(func(in *cloudtrailapi.ListInsightsMetricDataRequest) { in.Period = &period })
		b.ok(err)
		same(t, "points of two weeks ago", out.Values, want)
	}
	b.auth.deny = map[string]bool{"cloudtrail:LookupEvents": true}
	_, err = list(func(*cloudtrailapi.ListInsightsMetricDataRequest) {})
	b.fails(err, "AccessDeniedException", "")
}

func TestInsightsOfATrailAreListed(t *testing.T) {
	b := unusual(t)
	list := func(source string, dimensions map[string]string) (*cloudtrailapi.ListInsightsDataResponse, error) {
		return b.ListInsightsData(b.ctx, &cloudtrailapi.ListInsightsDataRequest{InsightSource: source, DataType: "InsightsEvents", Dimensions: dimensions})
	}
	const name = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"
	for dimension, want := range map[string]int{"": 4, "EventName": 2} {
		dimensions := map[string]string{}
		if dimension != "" {
			dimensions[dimension] = "CreateKey"
		}
		out, err := list(name, dimensions)
		b.ok(err)
		if len(out.Events) != want {
			t.Errorf("by %q there are %d insights", dimension, len(out.Events))
		}
	}
	_, err := list("arn:aws:cloudtrail:us-east-1:111122223333:trail/none", nil)
	b.fails(err, "TrailNotFoundException", "")
	b.wantInsights()
	_, err = list(name, nil)
	b.fails(err, "InsightNotEnabledException", "")
}
