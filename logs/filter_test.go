package logs

import (
	"strings"
	"testing"
	"time"

	"sealstack/api/logsapi"
)

func (b *bench) filtered(in *logsapi.FilterLogEventsRequest) string {
	b.t.Helper()
	in.LogGroupName = ptr("g")
	out, err := b.FilterLogEvents(b.ctx, in)
	b.ok(err)
	var list []string
	for _, e := range out.Events {
		list = append(list, *e.LogStreamName+":"+*e.Message)
	}
	return strings.Join(list, "|")
}

func TestFilterLogEventsMergesStreamsInOrderOfTime(t *testing.T) {
	b := streamBench(t)
	b.createStream("g", "t")
	at := b.now()
	b.ok(b.putAt("g", "s", at, "a", "b"))
	b.ok(b.putAt("g", "t", at+1, "c", "d"))
	for _, c := range []struct {
		in   logsapi.FilterLogEventsRequest
		want string
	}{
		{logsapi.FilterLogEventsRequest{}, "s:a|s:b|t:c|t:d"},
		{logsapi.FilterLogEventsRequest{LogStreamNames: []string{"t"}}, "t:c|t:d"},
		{logsapi.FilterLogEventsRequest{LogStreamNamePrefix: ptr("s")}, "s:a|s:b"},
		{logsapi.FilterLogEventsRequest{StartTime: ptr(at + 1), EndTime: ptr(at + 1)}, "s:b|t:c"},
		{logsapi.FilterLogEventsRequest{FilterPattern: ptr("?a ?d")}, "s:a|t:d"},
		{logsapi.FilterLogEventsRequest{FilterPattern: ptr("")}, "s:a|s:b|t:c|t:d"},
		{logsapi.FilterLogEventsRequest{FilterPattern: ptr(`{$.message = "a"}`)}, ""},
	} {
		if got := b.filtered(&c.in); got != c.want {
			t.Errorf("%+v gives %q, want %q", c.in, got, c.want)
		}
	}
}

func TestFilteredEventsHaveIDsOf56DigitsInOrder(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "a", "b", "c")
	out, err := b.FilterLogEvents(b.ctx, &logsapi.FilterLogEventsRequest{LogGroupName: ptr("g")})
	b.ok(err)
	last := ""
	for _, e := range out.Events {
		if len(*e.EventId) != 56 || *e.EventId <= last {
			t.Errorf("event id %s after %s", *e.EventId, last)
		}
		last = *e.EventId
	}
	if out.SearchedLogStreams == nil || len(out.SearchedLogStreams) != 0 || out.NextToken != nil {
		t.Errorf("searchedLogStreams %v, nextToken %v", out.SearchedLogStreams, out.NextToken)
	}
}

func TestFilterLogEventsRefusesWhatItCanNotDo(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "a", "b")
	page, err := b.FilterLogEvents(b.ctx, &logsapi.FilterLogEventsRequest{LogGroupName: ptr("g"), Limit: ptr(int32(1))})
	b.ok(err)
	for _, c := range []struct {
		in            logsapi.FilterLogEventsRequest
		code, message string
	}{
		{logsapi.FilterLogEventsRequest{LogGroupName: ptr("none")}, "ResourceNotFoundException", "The specified log group does not exist."},
		{logsapi.FilterLogEventsRequest{LogGroupName: ptr("g"), LogStreamNames: []string{"s", "none"}}, "ResourceNotFoundException", "The specified log stream does not exist."},
		{logsapi.FilterLogEventsRequest{LogGroupName: ptr("g"), NextToken: ptr("x")}, "InvalidParameterException", "The specified nextToken is invalid."},
		{logsapi.FilterLogEventsRequest{LogGroupName: ptr("g"), NextToken: page.NextToken, FilterPattern: ptr("other")}, "InvalidParameterException", "The specified nextToken is invalid."},
	} {
		_, err := b.FilterLogEvents(b.ctx, &c.in)
		b.fails(err, c.code, c.message)
	}
	_, err = b.FilterLogEvents(b.ctx, &logsapi.FilterLogEventsRequest{LogGroupName: ptr("g"), LogStreamNames: []string{"s"}, LogStreamNamePrefix: ptr("s")})
	if codeOf(err) != "InvalidParameterException" {
		t.Errorf("names and prefix: %v", err)
	}
	_, err = b.FilterLogEvents(b.ctx, &logsapi.FilterLogEventsRequest{LogGroupName: ptr("g"), FilterPattern: ptr(`{ $.a = `)})
	if codeOf(err) != "InvalidParameterException" {
		t.Errorf("a broken pattern: %v", err)
	}
	b.ok(b.clock.Advance(25 * time.Hour))
	_, err = b.FilterLogEvents(b.ctx, &logsapi.FilterLogEventsRequest{LogGroupName: ptr("g"), NextToken: page.NextToken})
	b.fails(err, "InvalidParameterException", "The specified nextToken is invalid.")
}

func TestFilterLogEventsFailsWhenItReachesWhatCanNotBeRead(t *testing.T) {
	b := newBench(t, func(c *Config) { c.DataKeyLifetime = 0 })
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.put("g", "s", "a")
	b.keys.refuse(keyARN)
	_, err := b.FilterLogEvents(b.ctx, &logsapi.FilterLogEventsRequest{LogGroupName: ptr("g")})
	b.fails(err, "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:us-west-2:111122223333:log-group:g'")
	if got := b.filtered(&logsapi.FilterLogEventsRequest{EndTime: ptr(start.UnixMilli() - 1)}); got != "" {
		t.Errorf("a range without events gives %q", got)
	}
}

func TestClassesThatAreNotReadThisWayAreRefused(t *testing.T) {
	b := newBench(t)
	_, err := b.CreateLogGroup(b.ctx, &logsapi.CreateLogGroupRequest{LogGroupName: "g", LogGroupClass: ptr(logsapi.LogGroupClassInfrequentAccess)})
	b.ok(err)
	b.createStream("g", "s")
	b.put("g", "s", "a")
	if _, err := b.read("g", "s"); codeOf(err) != "InvalidOperationException" {
		t.Errorf("GetLogEvents: %v", err)
	}
	if _, err := b.FilterLogEvents(b.ctx, &logsapi.FilterLogEventsRequest{LogGroupName: ptr("g")}); codeOf(err) != "InvalidOperationException" {
		t.Errorf("FilterLogEvents: %v", err)
	}
}
