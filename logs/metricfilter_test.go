package logs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sealstack/api/logsapi"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

func metricFilterOf(name, pattern, metricValue string) *logsapi.PutMetricFilterRequest {
	return &logsapi.PutMetricFilterRequest{LogGroupName: "g", FilterName: name, FilterPattern: pattern, MetricTransformations: []logsapi.MetricTransformation{
		{MetricName: "m", MetricNamespace: "n", MetricValue: metricValue},
	}}
}

func (b *bench) putMetric(in *logsapi.PutMetricFilterRequest) {
	b.t.Helper()
	_, err := b.PutMetricFilter(b.ctx, in)
	b.ok(err)
}

func TestAMetricFilterIsDescribedAsItWasPut(t *testing.T) {
	b := streamBench(t)
	in := metricFilterOf("f", " ", "1")
	in.MetricTransformations[0].DefaultValue = ptr(0.0)
	b.putMetric(in)
	out, err := b.DescribeMetricFilters(b.ctx, &logsapi.DescribeMetricFiltersRequest{LogGroupName: ptr("g")})
	b.ok(err)
	f := out.MetricFilters[0]
	m := f.MetricTransformations[0]
	if *f.FilterName != "f" || *f.FilterPattern != " " || *f.LogGroupName != "g" || *f.ApplyOnTransformedLogs || *f.CreationTime != b.now() {
		t.Errorf("filter %+v", f)
	}
	if m.MetricName != "m" || m.MetricNamespace != "n" || m.MetricValue != "1" || *m.DefaultValue != 0 || m.Dimensions != nil || m.Unit != nil {
		t.Errorf("transformation %+v", m)
	}
	groups, err := b.DescribeLogGroups(b.ctx, &logsapi.DescribeLogGroupsRequest{})
	b.ok(err)
	if *groups.LogGroups[0].MetricFilterCount != 1 {
		t.Errorf("metricFilterCount %d", *groups.LogGroups[0].MetricFilterCount)
	}
}

func TestMetricFiltersAreFoundByGroupPrefixAndMetric(t *testing.T) {
	b := streamBench(t)
	b.createGroup("h", "")
	b.putMetric(metricFilterOf("fa", "x", "1"))
	b.putMetric(metricFilterOf("fb", "x", "1"))
	other := metricFilterOf("fc", "x", "1")
	other.LogGroupName, other.MetricTransformations[0].MetricName = "h", "other"
	b.putMetric(other)
	for _, c := range []struct {
		in   logsapi.DescribeMetricFiltersRequest
		want string
	}{
		{logsapi.DescribeMetricFiltersRequest{}, "[g/fa g/fb h/fc]"},
		{logsapi.DescribeMetricFiltersRequest{LogGroupName: ptr("h")}, "[h/fc]"},
		{logsapi.DescribeMetricFiltersRequest{LogGroupName: ptr("g"), FilterNamePrefix: ptr("fb")}, "[g/fb]"},
		{logsapi.DescribeMetricFiltersRequest{MetricName: ptr("other"), MetricNamespace: ptr("n")}, "[h/fc]"},
		{logsapi.DescribeMetricFiltersRequest{MetricName: ptr("m"), MetricNamespace: ptr("none")}, "[]"},
	} {
		out, err := b.DescribeMetricFilters(b.ctx, &c.in)
		b.ok(err)
		names := []string{}
		for _, f := range out.MetricFilters {
			names = append(names, *f.LogGroupName+"/"+*f.FilterName)
		}
		if got := fmt.Sprint(names); got != c.want {
			t.Errorf("%+v finds %s, want %s", c.in, got, c.want)
		}
	}
}

func TestMetricFiltersRefuse(t *testing.T) {
	b := streamBench(t)
	both := metricFilterOf("f", "{$.a = *}", "1")
	both.MetricTransformations[0].Dimensions, both.MetricTransformations[0].DefaultValue = map[string]string{"d": "$.a"}, ptr(1.0)
	plain := metricFilterOf("f", "word", "1")
	plain.MetricTransformations[0].Dimensions = map[string]string{"d": "$.a"}
	constant := metricFilterOf("f", "{$.a = *}", "1")
	constant.MetricTransformations[0].Dimensions = map[string]string{"d": "a"}
	many := metricFilterOf("f", "{$.a = *}", "1")
	many.MetricTransformations[0].Dimensions = map[string]string{"a": "$.a", "b": "$.b", "c": "$.c", "d": "$.d"}
	none := metricFilterOf("f", "x", "1")
	none.LogGroupName = "none"
	for name, in := range map[string]*logsapi.PutMetricFilterRequest{
		"a default beside dimensions": both, "dimensions of words": plain, "a constant dimension": constant, "four dimensions": many,
		"a value of letters": metricFilterOf("f", "x", "abc"), "a broken pattern": metricFilterOf("f", "{", "1"), "an infinite value": metricFilterOf("f", "x", "Inf"),
	} {
		if _, err := b.PutMetricFilter(b.ctx, in); codeOf(err) != "InvalidParameterException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := b.PutMetricFilter(b.ctx, none)
	b.fails(err, "ResourceNotFoundException", "The specified log group does not exist.")
	_, err = b.DeleteMetricFilter(b.ctx, &logsapi.DeleteMetricFilterRequest{LogGroupName: "g", FilterName: "none"})
	b.fails(err, "ResourceNotFoundException", "The specified metric filter does not exist.")
	_, err = b.DescribeMetricFilters(b.ctx, &logsapi.DescribeMetricFiltersRequest{MetricName: ptr("m")})
	if codeOf(err) != "InvalidParameterException" {
		t.Errorf("a metric without namespace: %v", err)
	}
}

func TestALogGroupHasNoMoreThanAHundredMetricFiltersAndFiveWithARegex(t *testing.T) {
	b := streamBench(t)
	for i := range 100 {
		text := "x"
		if i < 5 {
			text = "%x%"
		}
		b.putMetric(metricFilterOf(fmt.Sprintf("f%03d", i), text, "1"))
	}
	_, err := b.PutMetricFilter(b.ctx, metricFilterOf("more", "x", "1"))
	b.fails(err, "LimitExceededException", "Resource limit exceeded.")
	_, err = b.PutMetricFilter(b.ctx, metricFilterOf("f050", "%y%", "1"))
	b.fails(err, "LimitExceededException", "Resource limit exceeded.")
	b.putMetric(metricFilterOf("f000", "y", "1"))
	_, err = b.DeleteMetricFilter(b.ctx, &logsapi.DeleteMetricFilterRequest{LogGroupName: "g", FilterName: "f001"})
	b.ok(err)
	b.putMetric(metricFilterOf("more", "%y%", "1"))
}

func TestTestMetricFilterExtractsReally(t *testing.T) {
	b := newBench(t)
	out, err := b.TestMetricFilter(b.ctx, &logsapi.TestMetricFilterRequest{
		FilterPattern: "[ip, status=4*]", LogEventMessages: []string{"a 200", "b 404", "c 403"},
	})
	b.ok(err)
	if len(out.Matches) != 2 || *out.Matches[0].EventNumber != 2 || *out.Matches[0].EventMessage != "b 404" || out.Matches[1].ExtractedValues["$status"] != "403" {
		t.Errorf("matches %+v", out.Matches)
	}
	_, err = b.TestMetricFilter(b.ctx, &logsapi.TestMetricFilterRequest{FilterPattern: "{", LogEventMessages: []string{"a"}})
	if codeOf(err) != "InvalidParameterException" {
		t.Errorf("a broken pattern: %v", err)
	}
}

func (b *bench) points() string {
	b.t.Helper()
	return b.told.text("n")
}

func TestIngestedEventsBecomeDataPointsByTheMinute(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	f := metricFilterOf("f", "{$.latency = *}", "$.latency")
	f.MetricTransformations[0].Dimensions = map[string]string{"route": "$.route"}
	b.putMetric(f)
	b.put("g", "s", `{"latency":3,"route":"a"}`, `{"latency":5,"route":"a"}`, `{"latency":7,"route":"b"}`, `{"latency":"slow","route":"a"}`, `{"latency":1}`, `plain`)
	b.put("g", "s", `{"latency":0.5,"route":"a"}`)
	b.advance(time.Minute)
	b.put("g", "s", `{"latency":1,"route":"a"}`)
	want := "12:00 n/mmap[route:a] n=3 sum=8.5 min=0.5 max=5\n12:00 n/mmap[route:b] n=1 sum=7 min=7 max=7\n12:01 n/mmap[route:a] n=1 sum=1 min=1 max=1\n"
	if got := b.points(); got != want {
		t.Errorf("points\n%swant\n%s", got, want)
	}
}

func TestADefaultValueStandsInForAMinuteWithoutMatch(t *testing.T) {
	b := streamBench(t)
	f := metricFilterOf("f", "ERROR", "1")
	f.MetricTransformations[0].DefaultValue = ptr(0.0)
	b.putMetric(f)
	b.put("g", "s", "fine", "fine")
	if got := b.points(); got != "" {
		t.Errorf("points before the minute is over: %q", got)
	}
	b.advance(time.Minute)
	want := "12:00 n/mmap[] n=1 sum=0 min=0 max=0\n"
	if got := b.points(); got != want {
		t.Errorf("points %q, want %q", got, want)
	}
	b.advance(time.Minute)
	b.put("g", "s", "fine")
	b.put("g", "s", "ERROR", "fine", "ERROR")
	b.advance(time.Minute)
	want += "12:02 n/mmap[] n=2 sum=2 min=1 max=1\n"
	if got := b.points(); got != want {
		t.Errorf("points %q, want %q", got, want)
	}
	b.advance(4 * time.Hour)
	if got := b.points(); got != want {
		t.Errorf("points came again: %q", got)
	}
}

func TestADefaultValueIsStillDueAfterARestart(t *testing.T) {
	store, root := memory.New(), seal.NewEphemeral()
	defer store.Close()
	b := newBenchOver(t, store, root)
	b.createGroup("g", "")
	b.createStream("g", "s")
	f := metricFilterOf("f", "ERROR", "1")
	f.MetricTransformations[0].DefaultValue = ptr(5.0)
	b.putMetric(f)
	b.put("g", "s", "fine")
	again := newBenchOver(t, store, root)
	again.advance(2 * time.Minute)
	if got, want := again.points(), "12:00 n/mmap[] n=1 sum=5 min=5 max=5\n"; got != want {
		t.Errorf("points %q, want %q", got, want)
	}
}

func TestTheServiceTellsOfItsTraffic(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "a", "bc")
	b.put("g", "s", "d")
	b.ok(b.Sweep(b.ctx, b.clock.Now()))
	want := "12:00 AWS/Logs/IncomingBytesmap[LogGroupName:g] n=2 sum=82 min=27 max=55\n" +
		"12:00 AWS/Logs/IncomingBytesmap[] n=2 sum=82 min=27 max=55\n" +
		"12:00 AWS/Logs/IncomingLogEventsmap[LogGroupName:g] n=2 sum=3 min=1 max=2\n" +
		"12:00 AWS/Logs/IncomingLogEventsmap[] n=2 sum=3 min=1 max=2\n"
	if got := b.told.text("AWS/Logs"); got != want {
		t.Errorf("points\n%swant\n%s", got, want)
	}
	if as := b.told.callers[0]; as != "logs.us-west-2.amazonaws.com for 111122223333" {
		t.Errorf("put as %s", as)
	}
}

func TestWhatIsNotIngestedIsNotMeasured(t *testing.T) {
	b := newBench(t, func(c *Config) { c.DataKeyLifetime = 0 })
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.putMetric(metricFilterOf("f", "", "2"))
	b.keys.refuse(keyARN)
	if err := b.putAt("g", "s", b.now(), "a"); err == nil || b.points() != "" {
		t.Errorf("%v, points %s", err, b.points())
	}
}

func TestAFixedValueIsCountedByTheMinuteAsFieldsAre(t *testing.T) {
	b := streamBench(t)
	for name, v := range map[string]string{"fixed": "2", "field": "$n"} {
		in := metricFilterOf(name, "[word=a*, n]", v)
		in.MetricTransformations[0].MetricName = name
		b.putMetric(in)
	}
	_, err := b.PutLogEvents(b.ctx, &logsapi.PutLogEventsRequest{LogGroupName: "g", LogStreamName: "s", LogEvents: []logsapi.InputLogEvent{
		{Timestamp: b.now() - 60000, Message: "a 2"}, {Timestamp: b.now() - 60000, Message: "b 2"}, {Timestamp: b.now(), Message: "a 2"}, {Timestamp: b.now(), Message: "a 2"},
	}})
	b.ok(err)
	want := "11:59 n/field{} n=1 sum=2 min=2 max=2\n11:59 n/fixed{} n=1 sum=2 min=2 max=2\n12:00 n/field{} n=2 sum=4 min=2 max=2\n12:00 n/fixed{} n=2 sum=4 min=2 max=2\n"
	if got := strings.ReplaceAll(b.told.text("n"), "map[]", "{}"); got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}
