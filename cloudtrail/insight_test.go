package cloudtrail

import (
	"encoding/json"
	"testing"
	"time"

	"sealstack/api/cloudtrailapi"
	"sealstack/api/kmsapi"
)

// insightsOf returns the Insights events of the history, newest first.
func (b *bench) insightsOf() (list []map[string]any) {
	b.t.Helper()
	out, err := b.LookupEvents(b.ctx, &cloudtrailapi.LookupEventsRequest{EventCategory: new(cloudtrailapi.EventCategoryInsight)})
	b.ok(err)
	for _, e := range out.Events {
		var r map[string]any
		b.ok(json.Unmarshal([]byte(*e.CloudTrailEvent), &r))
		list = append(list, r)
	}
	return list
}

func (b *bench) burst(n int) {
	b.t.Helper()
	for range n {
		_, err := b.kms.CreateKey(b.ctx, &kmsapi.CreateKeyRequest{})
		b.ok(err)
		_, err = b.kms.Decrypt(b.ctx, &kmsapi.DecryptRequest{KeyId: new("denied"), CiphertextBlob: []byte("x")})
		b.fails(err, "AccessDeniedException", "")
	}
}

func (b *bench) wantInsights(types ...string) {
	b.t.Helper()
	list := []cloudtrailapi.InsightSelector{}
	for _, x := range types {
		list = append(list, cloudtrailapi.InsightSelector{InsightType: new(cloudtrailapi.InsightType(x))})
	}
	_, err := b.PutInsightSelectors(b.ctx, &cloudtrailapi.PutInsightSelectorsRequest{TrailName: new("main"), InsightSelectors: list})
	b.ok(err)
}

func TestUnusualRatesBeginAndEnd(t *testing.T) {
	b := newBench(t)
	b.trail("main", validated)
	b.wantInsights("ApiCallRateInsight", "ApiErrorRateInsight")
	b.advance(time.Minute)
	b.burst(30)
	b.advance(2 * time.Minute)
	if got := b.insightsOf(); len(got) != 0 {
		t.Fatalf("insights while rates are learnt: %v", got)
	}
	b.advance(40 * time.Hour)
	b.burst(3)
	b.advance(2 * time.Minute)
	if got := b.insightsOf(); len(got) != 0 {
		t.Fatalf("a usual rate is an insight: %v", got)
	}
	b.burst(30)
	b.advance(time.Minute)
	b.restart()
	b.advance(5 * time.Minute)
	got := b.insightsOf()
	states := map[string]int{}
	for _, e := range got {
		d := e["insightDetails"].(map[string]any)
		states[d["insightType"].(string)+" "+d["eventName"].(string)+" "+d["state"].(string)]++
		if e["eventType"] != "AwsCloudTrailInsight" || e["eventCategory"] != "Insight" || e["recipientAccountId"] != account {
			t.Errorf("%v", e)
		}
	}
	for _, want := range []string{"ApiCallRateInsight CreateKey Start", "ApiCallRateInsight CreateKey End", "ApiErrorRateInsight Decrypt Start", "ApiErrorRateInsight Decrypt End"} {
		if states[want] != 1 {
			t.Errorf("%s: %d of %v", want, states[want], states)
		}
	}
	if len(states) != 4 {
		t.Errorf("there are others: %v", states)
	}
	n := 0
	for _, f := range b.s3.files("/CloudTrail-Insight/") {
		var file struct{ Records []map[string]any }
		b.ok(json.Unmarshal(b.s3.plain(t, f), &file))
		n += len(file.Records)
	}
	if n != 4 {
		t.Errorf("%d insights are in files", n)
	}
}

func TestInsightSelectorsAreKept(t *testing.T) {
	b := newBench(t)
	b.trail("main")
	get := func() (*cloudtrailapi.GetInsightSelectorsResponse, error) {
		return b.GetInsightSelectors(b.ctx, &cloudtrailapi.GetInsightSelectorsRequest{TrailName: new("main")})
	}
	_, err := get()
	b.fails(err, "InsightNotEnabledException", "")
	b.wantInsights("ApiErrorRateInsight")
	out, err := get()
	b.ok(err)
	same(t, "the selectors", out.InsightSelectors, `[{"InsightType":"ApiErrorRateInsight","EventCategories":null}]`)
	twice := []cloudtrailapi.InsightSelector{{InsightType: new(cloudtrailapi.InsightTypeApiCallRateInsight)}, {InsightType: new(cloudtrailapi.InsightTypeApiCallRateInsight)}}
	_, err = b.PutInsightSelectors(b.ctx, &cloudtrailapi.PutInsightSelectorsRequest{TrailName: new("main"), InsightSelectors: twice})
	b.fails(err, "InvalidInsightSelectorsException", "")
	_, err = b.PutInsightSelectors(b.ctx, &cloudtrailapi.PutInsightSelectorsRequest{TrailName: new("none"), InsightSelectors: twice})
	b.fails(err, "TrailNotFoundException", "")
	b.wantInsights()
	_, err = get()
	b.fails(err, "InsightNotEnabledException", "")
}
