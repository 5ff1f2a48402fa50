package cloudtrail

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sealstack/api/cloudtrailapi"
	"sealstack/api/kmsapi"
)

func lookup(change ...func(*cloudtrailapi.LookupEventsRequest)) *cloudtrailapi.LookupEventsRequest {
	in := &cloudtrailapi.LookupEventsRequest{}
	for _, fn := range change {
		fn(in)
	}
	return in
}

func by(name cloudtrailapi.LookupAttributeKey, value string) func(*cloudtrailapi.LookupEventsRequest) {
	return func(in *cloudtrailapi.LookupEventsRequest) {
		in.LookupAttributes = append(in.LookupAttributes, cloudtrailapi.LookupAttribute{AttributeKey: name, AttributeValue: value})
	}
}

func TestLookupFindsByEachAttribute(t *testing.T) {
	b := newBench(t)
	b.call(1)
	_, err := b.kms.DisableKey(as(userOf(account, "Alice")), &kmsapi.DisableKeyRequest{KeyId: keyID})
	b.ok(err)
	out, err := b.LookupEvents(b.ctx, lookup())
	b.ok(err)
	if len(out.Events) != 2 || *out.Events[0].EventName != "DisableKey" {
		t.Fatalf("the history is %+v, want the newest first", out.Events)
	}
	id := *out.Events[0].EventId
	for name, value := range map[cloudtrailapi.LookupAttributeKey]string{
		"EventId": id, "EventName": "DisableKey", "ReadOnly": "false", "Username": "Alice", "AccessKeyId": "AKIAEXAMPLE",
	} {
		out, err := b.LookupEvents(b.ctx, lookup(by(name, value)))
		b.ok(err)
		if len(out.Events) != 1 || *out.Events[0].EventId != id {
			t.Errorf("%s %s finds %d events", name, value, len(out.Events))
		}
	}
	for name, value := range map[cloudtrailapi.LookupAttributeKey]string{
		"EventSource": "kms.amazonaws.com", "ResourceName": key, "ResourceType": "AWS::KMS::Key",
	} {
		out, err := b.LookupEvents(b.ctx, lookup(by(name, value)))
		b.ok(err)
		if len(out.Events) != 2 {
			t.Errorf("%s %s finds %d events", name, value, len(out.Events))
		}
	}
	out, err = b.LookupEvents(b.ctx, lookup(by("EventName", "CreateKey")))
	b.ok(err)
	if len(out.Events) != 0 || out.NextToken != nil {
		t.Errorf("another name finds %+v", out)
	}
}

func TestLookupRefuses(t *testing.T) {
	b := newBench(t)
	b.call(3)
	first, err := b.LookupEvents(b.ctx, lookup(func(in *cloudtrailapi.LookupEventsRequest) { in.MaxResults = new(int32(1)) }))
	b.ok(err)
	for name, test := range map[string]struct {
		change func(*cloudtrailapi.LookupEventsRequest)
		code   string
	}{
		"two attributes":         {func(in *cloudtrailapi.LookupEventsRequest) { by("EventName", "a")(in); by("EventId", "b")(in) }, "InvalidLookupAttributesException"},
		"an unknown attribute":   {by("Colour", "red"), "InvalidLookupAttributesException"},
		"no results":             {func(in *cloudtrailapi.LookupEventsRequest) { in.MaxResults = new(int32(0)) }, "InvalidMaxResultsException"},
		"too many results":       {func(in *cloudtrailapi.LookupEventsRequest) { in.MaxResults = new(int32(51)) }, "InvalidMaxResultsException"},
		"a range that goes back": {func(in *cloudtrailapi.LookupEventsRequest) { in.StartTime, in.EndTime = new(start), new(start.Add(-1)) }, "InvalidTimeRangeException"},
		"a made-up token":        {func(in *cloudtrailapi.LookupEventsRequest) { in.NextToken = new("none") }, "InvalidNextTokenException"},
		"a token of another search": {func(in *cloudtrailapi.LookupEventsRequest) {
			by("EventName", "DescribeKey")(in)
			in.NextToken = first.NextToken
		}, "InvalidNextTokenException"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.LookupEvents(b.ctx, lookup(test.change))
			b.fails(err, test.code, "")
		})
	}
	b.auth.deny = map[string]bool{"cloudtrail:LookupEvents": true}
	_, err = b.LookupEvents(b.ctx, lookup())
	b.fails(err, "AccessDeniedException", "denied cloudtrail:LookupEvents")
}

func TestLookupPagesThroughEveryEventOnce(t *testing.T) {
	for _, size := range []int32{1, 7, 50} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			b := newBench(t)
			for range 8 {
				b.call(15)
				b.ok(b.queue.flush(b.ctx)) // several chunks
			}
			seen := map[string]bool{}
			in := lookup(func(in *cloudtrailapi.LookupEventsRequest) { in.MaxResults = &size })
			pages := 0
			for {
				out, err := b.LookupEvents(b.ctx, in)
				b.ok(err)
				for _, e := range out.Events {
					if seen[*e.EventId] {
						t.Fatalf("%s is on two pages", *e.EventId)
					}
					seen[*e.EventId] = true
				}
				if pages++; out.NextToken == nil {
					break
				}
				in.NextToken = out.NextToken
			}
			if len(seen) != 120 || pages < 120/int(size) {
				t.Errorf("%d events on %d pages", len(seen), pages)
			}
		})
	}
}

func TestHistoryEndsAfterNinetyDays(t *testing.T) {
	b := newBench(t)
	b.call(1)
	b.ok(b.queue.flush(b.ctx))
	b.ok(b.clock.Advance(history))
	b.call(1)
	count := func() int {
		out, err := b.LookupEvents(b.ctx, lookup())
		b.ok(err)
		return len(out.Events)
	}
	if n := count(); n != 2 {
		t.Errorf("after 90 days there are %d events, want both", n)
	}
	b.advance(time.Second)
	if n := count(); n != 1 {
		t.Errorf("a second later there are %d events, want the later one", n)
	}
	list, err := b.listPlaces(context.Background(), account)
	b.ok(err)
	if n, err := b.forgetSome(context.Background(), list[0], uint64(b.clock.Now().Add(-history).UnixNano())); n != 0 || err != nil {
		t.Errorf("the sweep has left %d chunks, %v", n, err)
	}
}

func TestLookupTakesARangeOfTime(t *testing.T) {
	b := newBench(t)
	for range 4 {
		b.call(1)
		b.ok(b.clock.Advance(time.Hour))
	}
	out, err := b.LookupEvents(b.ctx, lookup(func(in *cloudtrailapi.LookupEventsRequest) {
		in.StartTime, in.EndTime = new(start.Add(time.Hour)), new(start.Add(2*time.Hour))
	}))
	b.ok(err)
	if len(out.Events) != 2 || !out.Events[0].EventTime.Equal(start.Add(2*time.Hour)) || !out.Events[1].EventTime.Equal(start.Add(time.Hour)) {
		t.Errorf("the range has %+v", out.Events)
	}
}

func TestHistoryIsOfTheAccountAndTheRegion(t *testing.T) {
	b := newBench(t)
	b.call(1)
	for _, c := range []string{"eu-west-1"} {
		out, err := b.LookupEvents(b.in(c), lookup())
		b.ok(err)
		if len(out.Events) != 0 {
			t.Errorf("%s has %d events", c, len(out.Events))
		}
	}
	out, err := b.LookupEvents(as(rootUser(foreign)), lookup())
	b.ok(err)
	if len(out.Events) != 0 {
		t.Errorf("another account sees %d events", len(out.Events))
	}
}
