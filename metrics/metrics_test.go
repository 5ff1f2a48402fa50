package metrics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/cloudwatchapi"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/storage"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// bench is a service with everything around it in a test's hands.
type bench struct {
	*Service
	t     *testing.T
	ctx   context.Context
	clock *clock.Movable
	deny  map[string]bool // actions
	asked []auth.Request
}

func (b *bench) Authorize(_ context.Context, r *auth.Request) error {
	b.asked = append(b.asked, *r)
	if b.deny[r.Action] {
		return r.Service.AccessDenied("denied " + r.Action)
	}
	return nil
}

func newBench(t *testing.T) *bench {
	store := memory.New()
	t.Cleanup(func() { store.Close() })
	return newBenchOver(t, store, seal.NewEphemeral())
}

func newBenchOver(t *testing.T, store storage.Store, root *seal.Root) *bench {
	b := &bench{t: t, clock: clock.NewMovable(clock.Fixed(start)), deny: map[string]bool{}}
	b.Service = New(Config{Store: store, Root: root, Clock: b.clock, Authorizer: b})
	b.ctx = api.WithCaller(context.Background(), &api.Caller{
		Principal: api.Principal{Type: api.Root, Account: "111122223333"}, Partition: "aws", Region: "us-west-2",
	})
	return b
}

func (b *bench) ok(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) fails(err error, code, message string) {
	b.t.Helper()
	e, ok := errors.AsType[*api.Error](err)
	if !ok || e.Code != code || e.Message != message {
		b.t.Fatalf("error = %v, want %s: %s", err, code, message)
	}
}

// put puts values at an instant after the start.
func (b *bench) put(after time.Duration, values ...float64) {
	b.t.Helper()
	at := start.Add(after)
	_, err := b.PutMetricData(b.ctx, &cloudwatchapi.PutMetricDataInput{Namespace: "n", MetricData: []cloudwatchapi.MetricDatum{
		{MetricName: "m", Timestamp: &at, Values: values},
	}})
	b.ok(err)
}

func ptr[T any](v T) *T { return &v }

// statistics returns "minute:sum" of the metric m by period in seconds.
func (b *bench) statistics(from, to time.Duration, period int32) string {
	b.t.Helper()
	out, err := b.GetMetricStatistics(b.ctx, &cloudwatchapi.GetMetricStatisticsInput{
		Namespace: "n", MetricName: "m", StartTime: start.Add(from), EndTime: start.Add(to), Period: period,
		Statistics: []cloudwatchapi.Statistic{cloudwatchapi.StatisticSum},
	})
	b.ok(err)
	var list []string
	for _, d := range out.Datapoints {
		list = append(list, fmt.Sprintf("%s:%g", d.Timestamp.Format("15:04:05"), *d.Sum))
	}
	return strings.Join(list, " ")
}

func TestStatisticsAreMadeByPeriod(t *testing.T) {
	b := newBench(t)
	b.put(0, 1, 2)
	b.put(30*time.Second, 4)
	b.put(time.Minute, 8)
	b.put(6*time.Minute, 16)
	for _, c := range []struct {
		from, to time.Duration
		period   int32
		want     string
	}{
		{0, time.Hour, 60, "12:00:00:7 12:01:00:8 12:06:00:16"},
		{0, time.Hour, 300, "12:00:00:15 12:05:00:16"},
		{0, time.Hour, 3600, "12:00:00:31"},
		{time.Minute, 6 * time.Minute, 60, "12:01:00:8"},
		{30 * time.Second, 6 * time.Minute, 60, "12:00:00:7 12:01:00:8"},
		{time.Hour, 2 * time.Hour, 60, ""},
	} {
		if got := b.statistics(c.from, c.to, c.period); got != c.want {
			t.Errorf("%v to %v by %d: %q, want %q", c.from, c.to, c.period, got, c.want)
		}
	}
}

func TestEachStatisticIsWhatItsNameSays(t *testing.T) {
	b := newBench(t)
	b.put(0, 5, 1, 3, 3)
	out, err := b.GetMetricStatistics(b.ctx, &cloudwatchapi.GetMetricStatisticsInput{
		Namespace: "n", MetricName: "m", StartTime: start, EndTime: start.Add(time.Minute), Period: 60,
		Statistics: []cloudwatchapi.Statistic{"SampleCount", "Average", "Sum", "Minimum", "Maximum"},
	})
	b.ok(err)
	d := out.Datapoints[0]
	if *d.SampleCount != 4 || *d.Average != 3 || *d.Sum != 12 || *d.Minimum != 1 || *d.Maximum != 5 || *d.Unit != "None" || !d.Timestamp.Equal(start) || *out.Label != "m" {
		t.Errorf("datapoint %+v", d)
	}
	out, err = b.GetMetricStatistics(b.ctx, &cloudwatchapi.GetMetricStatisticsInput{
		Namespace: "n", MetricName: "m", StartTime: start, EndTime: start.Add(time.Minute), Period: 60,
		ExtendedStatistics: []string{"p0", "p50", "p100", "p83.5"},
	})
	b.ok(err)
	got := out.Datapoints[0].ExtendedStatistics
	if got["p0"] != 1 || got["p50"] != 3 || got["p100"] != 5 || math.Abs(got["p83.5"]-4.01) > 1e-9 {
		t.Errorf("percentiles %v", got)
	}
}

func TestPercentilesNeedTheValues(t *testing.T) {
	b := newBench(t)
	set := &cloudwatchapi.StatisticSet{SampleCount: 2, Sum: 3, Minimum: 1, Maximum: 2}
	_, err := b.PutMetricData(b.ctx, &cloudwatchapi.PutMetricDataInput{Namespace: "n", MetricData: []cloudwatchapi.MetricDatum{
		{MetricName: "m", StatisticValues: set},
		{MetricName: "same", StatisticValues: &cloudwatchapi.StatisticSet{SampleCount: 2, Sum: 4, Minimum: 2, Maximum: 2}},
		{MetricName: "negative", Value: ptr(-1.0)},
	}})
	b.ok(err)
	for name, want := range map[string]int{"m": 0, "same": 1, "negative": 0} {
		out, err := b.GetMetricStatistics(b.ctx, &cloudwatchapi.GetMetricStatisticsInput{
			Namespace: "n", MetricName: name, StartTime: start, EndTime: start.Add(time.Minute), Period: 60, ExtendedStatistics: []string{"p90"},
		})
		b.ok(err)
		if len(out.Datapoints) != want {
			t.Errorf("%s: %+v", name, out.Datapoints)
		}
	}
}

func TestUnitsAndDimensionsStayApart(t *testing.T) {
	b := newBench(t)
	dimensions := []cloudwatchapi.Dimension{{Name: "b", Value: "2"}, {Name: "a", Value: "1"}}
	_, err := b.PutMetricData(b.ctx, &cloudwatchapi.PutMetricDataInput{Namespace: "n", MetricData: []cloudwatchapi.MetricDatum{
		{MetricName: "m", Value: ptr(1.0), Unit: ptr(cloudwatchapi.StandardUnitCount)},
		{MetricName: "m", Value: ptr(2.0), Unit: ptr(cloudwatchapi.StandardUnitSeconds)},
		{MetricName: "m", Value: ptr(4.0), Dimensions: dimensions},
	}})
	b.ok(err)
	ask := func(unit *cloudwatchapi.StandardUnit, d []cloudwatchapi.Dimension) (list []float64) {
		out, err := b.GetMetricStatistics(b.ctx, &cloudwatchapi.GetMetricStatisticsInput{
			Namespace: "n", MetricName: "m", StartTime: start, EndTime: start.Add(time.Minute), Period: 60, Unit: unit, Dimensions: d,
			Statistics: []cloudwatchapi.Statistic{"Sum"},
		})
		b.ok(err)
		for _, d := range out.Datapoints {
			list = append(list, *d.Sum)
		}
		return list
	}
	if got := ask(nil, nil); !slices.Equal(got, []float64{1, 2}) {
		t.Errorf("any unit: %v", got)
	}
	if got := ask(ptr(cloudwatchapi.StandardUnitSeconds), nil); !slices.Equal(got, []float64{2}) {
		t.Errorf("seconds: %v", got)
	}
	slices.Reverse(dimensions)
	if got := ask(nil, dimensions); !slices.Equal(got, []float64{4}) {
		t.Errorf("with dimensions in another order: %v", got)
	}
	if got := ask(nil, dimensions[:1]); got != nil {
		t.Errorf("with some of the dimensions: %v", got)
	}
}

func query(id, stat string, period int32) cloudwatchapi.MetricDataQuery {
	return cloudwatchapi.MetricDataQuery{Id: id, MetricStat: &cloudwatchapi.MetricStat{
		Metric: cloudwatchapi.Metric{Namespace: ptr("n"), MetricName: ptr("m")}, Period: period, Stat: stat,
	}}
}

func TestMetricDataComesInPagesNewestFirst(t *testing.T) {
	b := newBench(t)
	for i := range 5 {
		b.put(time.Duration(i)*time.Minute, float64(i))
	}
	in := &cloudwatchapi.GetMetricDataInput{
		MetricDataQueries: []cloudwatchapi.MetricDataQuery{query("a", "Sum", 60), query("b", "Maximum", 300)},
		StartTime:         start, EndTime: start.Add(time.Hour), MaxDatapoints: ptr(int32(2)),
	}
	var pages []string
	for {
		out, err := b.GetMetricData(b.ctx, in)
		b.ok(err)
		page := ""
		for _, r := range out.MetricDataResults {
			page += fmt.Sprintf("%s%v%s ", *r.Id, r.Values, *r.StatusCode)
			if len(r.Timestamps) != len(r.Values) {
				t.Errorf("%d times for %d values", len(r.Timestamps), len(r.Values))
			}
		}
		pages = append(pages, page)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	want := []string{"a[4 3]PartialData ", "a[2 1]PartialData ", "a[0]Complete b[4]Complete "}
	if !slices.Equal(pages, want) {
		t.Errorf("pages %q, want %q", pages, want)
	}
	in = &cloudwatchapi.GetMetricDataInput{
		MetricDataQueries: []cloudwatchapi.MetricDataQuery{query("a", "Sum", 60)}, StartTime: start, EndTime: start.Add(time.Hour),
		ScanBy: ptr(cloudwatchapi.ScanByTimestampAscending),
	}
	out, err := b.GetMetricData(b.ctx, in)
	b.ok(err)
	if r := out.MetricDataResults[0]; !slices.Equal(r.Values, []float64{0, 1, 2, 3, 4}) || !r.Timestamps[0].Equal(start) || *r.Label != "m" {
		t.Errorf("ascending %+v", r)
	}
}

func TestMetricsAreListedWhileTheyGetData(t *testing.T) {
	b := newBench(t)
	for i := range 501 {
		_, err := b.PutMetricData(b.ctx, &cloudwatchapi.PutMetricDataInput{Namespace: "n", MetricData: []cloudwatchapi.MetricDatum{
			{MetricName: "m", Value: ptr(1.0), Dimensions: []cloudwatchapi.Dimension{{Name: "i", Value: fmt.Sprintf("%03d", i)}}},
		}})
		b.ok(err)
	}
	list := func(in cloudwatchapi.ListMetricsInput) (n int, token *string) {
		out, err := b.ListMetrics(b.ctx, &in)
		b.ok(err)
		return len(out.Metrics), out.NextToken
	}
	n, token := list(cloudwatchapi.ListMetricsInput{})
	if n != 500 || token == nil {
		t.Fatalf("first page: %d, %v", n, token)
	}
	if n, token = list(cloudwatchapi.ListMetricsInput{NextToken: token}); n != 1 || token != nil {
		t.Errorf("second page: %d, %v", n, token)
	}
	for i, c := range []struct {
		in   cloudwatchapi.ListMetricsInput
		want int
	}{
		{cloudwatchapi.ListMetricsInput{Namespace: ptr("other")}, 0},
		{cloudwatchapi.ListMetricsInput{MetricName: ptr("other")}, 0},
		{cloudwatchapi.ListMetricsInput{Dimensions: []cloudwatchapi.DimensionFilter{{Name: "i", Value: ptr("007")}}}, 1},
		{cloudwatchapi.ListMetricsInput{Dimensions: []cloudwatchapi.DimensionFilter{{Name: "j"}}}, 0},
	} {
		if n, _ := list(c.in); n != c.want {
			t.Errorf("case %d: %d, want %d", i, n, c.want)
		}
	}
	b.ok(b.clock.Advance(4 * time.Hour))
	if n, _ := list(cloudwatchapi.ListMetricsInput{RecentlyActive: ptr(cloudwatchapi.RecentlyActivePt3h)}); n != 0 {
		t.Errorf("recently active: %d", n)
	}
	b.ok(b.clock.Advance(14 * 24 * time.Hour))
	if n, _ := list(cloudwatchapi.ListMetricsInput{}); n != 0 {
		t.Errorf("listed after two weeks: %d", n)
	}
	_, err := b.ListMetrics(b.ctx, &cloudwatchapi.ListMetricsInput{NextToken: ptr("x")})
	b.fails(err, "InvalidParameterValue", "The next token is invalid.")
}

func TestPointsGrowCoarseWithAgeAndGo(t *testing.T) {
	b := newBench(t)
	b.put(0, 1)
	b.put(time.Minute, 2)
	b.put(7*time.Minute, 4)
	for _, c := range []struct {
		age  time.Duration
		want string
	}{
		{14 * 24 * time.Hour, "12:00:00:1 12:01:00:2 12:07:00:4"},
		{16 * 24 * time.Hour, "12:00:00:3 12:05:00:4"},
		{64 * 24 * time.Hour, "12:00:00:7"},
		{456 * 24 * time.Hour, ""},
	} {
		b.ok(b.clock.Advance(start.Add(c.age).Sub(b.now())))
		before := b.statistics(0, 24*time.Hour-time.Minute, 60)
		b.ok(b.Sweep(b.ctx, b.now()))
		if after := b.statistics(0, 24*time.Hour-time.Minute, 60); before != c.want || after != c.want {
			t.Errorf("after %v: %q, swept %q, want %q", c.age, before, after, c.want)
		}
	}
	err := b.config.Store.View(b.ctx, func(_ context.Context, tx storage.Tx) error {
		for k := range metricTable.Keys(tx, storage.Range{}) {
			t.Errorf("left: %v", k)
		}
		return nil
	})
	b.ok(err)
}

func TestMetricsOutliveARestart(t *testing.T) {
	store, root := memory.New(), seal.NewEphemeral()
	defer store.Close()
	newBenchOver(t, store, root).put(0, 3)
	if got := newBenchOver(t, store, root).statistics(0, time.Hour, 60); got != "12:00:00:3" {
		t.Errorf("holds %q", got)
	}
}

func TestAnotherAccountOrRegionSeesNothing(t *testing.T) {
	b := newBench(t)
	b.put(0, 3)
	for _, c := range []api.Caller{
		{Principal: api.Principal{Type: api.Root, Account: "444455556666"}, Region: "us-west-2"},
		{Principal: api.Principal{Type: api.Root, Account: "111122223333"}, Region: "us-east-1"},
	} {
		b.ctx = api.WithCaller(b.ctx, &c)
		if got := b.statistics(0, time.Hour, 60); got != "" {
			t.Errorf("%s in %s sees %s", c.Account, c.Region, got)
		}
	}
}
