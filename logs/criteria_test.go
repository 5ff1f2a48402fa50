package logs

import (
	"strings"
	"testing"

	"sealstack/api/logsapi"
)

func TestFieldCriteriaCompareTheAccountAndTheRegion(t *testing.T) {
	here := place{"aws", "us-west-2", "111122223333"}
	for text, want := range map[string]bool{
		`@aws.region = "us-west-2"`:                                                         true,
		`@aws.region="us-west-2"`:                                                           true,
		`@aws.region != "us-west-2"`:                                                        false,
		`@aws.account IN ["111122223333", "444455556666"]`:                                  true,
		`@aws.account NOT IN ["111122223333"]`:                                              false,
		`@aws.account not in ["444455556666"]`:                                              true,
		`@aws.region NOT IN ["cn-north-1"] or @aws.account = "1" AND @aws.region = "x"`:     true,
		`@aws.account = "1" AND @aws.region = "us-west-2" OR @aws.account = "111122223333"`: true,
		`@aws.account = "1" AND (@aws.region = "us-west-2")`:                                false,
		`@aws.account = "111122223333" AND @aws.region = "x" or @aws.region != "us-west-2"`: false,
		`@aws.account = "111122223333" and @aws.region = "us-west-2"`:                       true,
	} {
		parsed, err := parseCriteria(text)
		if strings.Contains(text, "(") {
			if err == nil {
				t.Errorf("%s is taken", text)
			}
			continue
		}
		if err != nil || parsed.take(here) != want {
			t.Errorf("%s: %v, %v, want %v", text, parsed, err, want)
		}
	}
}

func TestFieldCriteriaThatDoNotParseAreRefused(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	for _, text := range []string{`x = "y"`, `@aws.region`, `@aws.region = us-west-2`, `@aws.region IN []`, `@aws.region IN "a"`, `@aws.region = "a" AND`, `@aws.region = "a" XOR @aws.region = "b"`, `@aws.region = "a"AND @aws.region = "b"`} {
		in := metricFilterOf("f", "", "1")
		in.FieldSelectionCriteria = &text
		if _, err := b.PutMetricFilter(b.ctx, in); codeOf(err) != "InvalidParameterException" {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAMetricFilterTakesEventsByTheirOrigin(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	b.createStream("g", "s")
	for metric, text := range map[string]string{"here": `@aws.region = "us-west-2"`, "elsewhere": `@aws.region != "us-west-2"`} {
		in := metricFilterOf("f", "", "1")
		in.FilterName, in.MetricTransformations[0].MetricName, in.FieldSelectionCriteria = metric, metric, &text
		in.EmitSystemFieldDimensions = []string{"@aws.account"}
		_, err := b.PutMetricFilter(b.ctx, in)
		b.ok(err)
	}
	b.put("g", "s", "a", "b")
	got := b.told.text("n")
	if !strings.Contains(got, "here") || strings.Contains(got, "elsewhere") || !strings.Contains(got, "111122223333") {
		t.Errorf("CloudWatch was told %q", got)
	}
	out, err := b.DescribeMetricFilters(b.ctx, &logsapi.DescribeMetricFiltersRequest{LogGroupName: ptr("g"), FilterNamePrefix: ptr("here")})
	b.ok(err)
	f := out.MetricFilters[0]
	if *f.FieldSelectionCriteria != `@aws.region = "us-west-2"` || len(f.EmitSystemFieldDimensions) != 1 {
		t.Errorf("described as %+v", f)
	}
}

func TestASubscriptionTakesEventsByTheirOrigin(t *testing.T) {
	b, r := subscribed(t, "")
	for name, text := range map[string]string{"here": `@aws.account = "111122223333"`, "elsewhere": `@aws.account != "111122223333"`} {
		in := filterTo(function, "")
		in.FilterName, in.FieldSelectionCriteria = name, &text
		b.subscribe(in)
	}
	b.put("g", "s", "a")
	b.forwardDue(b.ctx)
	b.forwarder.waiting.Wait()
	if got := r.text(); !strings.Contains(got, "here") || strings.Contains(got, "elsewhere") {
		t.Errorf("delivered %q", got)
	}
	out, err := b.DescribeSubscriptionFilters(b.ctx, &logsapi.DescribeSubscriptionFiltersRequest{LogGroupName: "g"})
	b.ok(err)
	if *out.SubscriptionFilters[1].FieldSelectionCriteria != `@aws.account = "111122223333"` {
		t.Errorf("described as %+v", out.SubscriptionFilters[1])
	}
	in := filterTo(function, "")
	in.FieldSelectionCriteria = ptr("x")
	_, err = b.PutSubscriptionFilter(b.ctx, in)
	b.fails(err, "InvalidParameterException", "Invalid field selection criteria: x")
}
