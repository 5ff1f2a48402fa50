package logs

import (
	"strings"
	"testing"
	"time"

	"sealstack/api/logsapi"
)

func streamBench(t testing.TB, change ...func(*Config)) *bench {
	b := newBench(t, change...)
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	return b
}

func TestPutLogEventsRefusesABatchThatBreaksALimit(t *testing.T) {
	kib := strings.Repeat("x", 1<<10-eventOverhead)
	for _, c := range []struct {
		name    string
		events  []logsapi.InputLogEvent
		message string
	}{
		{"out of order", []logsapi.InputLogEvent{{Timestamp: 2, Message: "a"}, {Timestamp: 1, Message: "b"}}, "Log events in a single PutLogEvents request must be in chronological order."},
		{"one byte over 1 MiB", append(inputs(start.UnixMilli(), repeat(kib, 1023)...), inputs(start.UnixMilli()+2000, kib+"y")...), "Upload too large: 1048577 bytes exceeds limit of 1048576"},
		{"one event over 1 MiB", inputs(start.UnixMilli(), strings.Repeat("x", 1<<20)), "Log event too large: 1048602 bytes exceeds limit of 1048576"},
		{"more than 24 hours", []logsapi.InputLogEvent{{Timestamp: start.UnixMilli() - day - 1, Message: "a"}, {Timestamp: start.UnixMilli(), Message: "b"}}, "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := streamBench(t)
			_, err := b.PutLogEvents(b.ctx, &logsapi.PutLogEventsRequest{LogGroupName: "g", LogStreamName: "s", LogEvents: c.events})
			b.fails(err, "InvalidParameterException", c.message)
			b.reads("g", "s", "")
		})
	}
}

func repeat(s string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = s
	}
	return list
}

func TestPutLogEventsTakesABatchAtTheLimit(t *testing.T) {
	b := streamBench(t)
	b.ok(b.putAt("g", "s", b.now(), repeat(strings.Repeat("x", 1<<10-eventOverhead), 1024)...))
	b.ok(b.putAt("g", "s", b.now(), strings.Repeat("y", 1<<20-eventOverhead)))
	if got := b.describe("g"); *got.StoredBytes != 2<<20 {
		t.Errorf("storedBytes = %d, want %d", *got.StoredBytes, 2<<20)
	}
}

func TestEventsOutsideTheTimeWindowAreRejectedAndTheRestKept(t *testing.T) {
	now := start.UnixMilli()
	old, older, future := now-tooOld-1, now-tooOld-2, now+tooNew+1
	for _, c := range []struct {
		name      string
		times     []int64
		retention int32
		info      *logsapi.RejectedLogEventsInfo
		kept      string
	}{
		{"all in time", []int64{now - tooOld, now - tooOld + 1}, 0, nil, "0|1"},
		{"too old", []int64{older, old, now - tooOld}, 0, &logsapi.RejectedLogEventsInfo{TooOldLogEventEndIndex: ptr(int32(2))}, "2"},
		{"only too old", []int64{older, old}, 0, &logsapi.RejectedLogEventsInfo{TooOldLogEventEndIndex: ptr(int32(2))}, ""},
		{"too new", []int64{now, now + tooNew, future}, 0, &logsapi.RejectedLogEventsInfo{TooNewLogEventStartIndex: ptr(int32(2))}, "0|1"},
		{"expired", []int64{now - 2*day, now}, 1, &logsapi.RejectedLogEventsInfo{ExpiredLogEventEndIndex: ptr(int32(1))}, "1"},
		{"all three", []int64{old, now - 2*day, now, future}, 1, &logsapi.RejectedLogEventsInfo{TooOldLogEventEndIndex: ptr(int32(1)), ExpiredLogEventEndIndex: ptr(int32(2)), TooNewLogEventStartIndex: ptr(int32(3))}, "2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := streamBench(t)
			if c.retention > 0 {
				_, err := b.PutRetentionPolicy(b.ctx, &logsapi.PutRetentionPolicyRequest{LogGroupName: "g", RetentionInDays: c.retention})
				b.ok(err)
			}
			in := &logsapi.PutLogEventsRequest{LogGroupName: "g", LogStreamName: "s"}
			for i, at := range c.times {
				in.LogEvents = append(in.LogEvents, logsapi.InputLogEvent{Timestamp: at, Message: string(rune('0' + i))})
			}
			out, err := b.PutLogEvents(b.ctx, in)
			b.ok(err)
			if !sameInfo(out.RejectedLogEventsInfo, c.info) {
				t.Errorf("rejectedLogEventsInfo = %v", out.RejectedLogEventsInfo)
			}
			if len(*out.NextSequenceToken) != 56 {
				t.Errorf("nextSequenceToken %q has not 56 digits", *out.NextSequenceToken)
			}
			b.reads("g", "s", c.kept)
		})
	}
}

func sameInfo(a, b *logsapi.RejectedLogEventsInfo) bool {
	if a == nil || b == nil {
		return a == b
	}
	same := func(x, y *int32) bool { return value(x) == value(y) && (x == nil) == (y == nil) }
	return same(a.TooNewLogEventStartIndex, b.TooNewLogEventStartIndex) && same(a.TooOldLogEventEndIndex, b.TooOldLogEventEndIndex) &&
		same(a.ExpiredLogEventEndIndex, b.ExpiredLogEventEndIndex)
}

func TestPutLogEventsNeedsItsGroupAndItsStream(t *testing.T) {
	b := streamBench(t)
	b.fails(b.putAt("none", "s", b.now(), "x"), "ResourceNotFoundException", "The specified log group does not exist.")
	b.fails(b.putAt("g", "none", b.now(), "x"), "ResourceNotFoundException", "The specified log stream does not exist.")
}

func TestPutLogEventsIsAuthorizedOnTheStream(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "x")
	last := b.auth.asked[len(b.auth.asked)-1]
	if last.Action != "logs:PutLogEvents" || last.Resource != "arn:aws:logs:us-west-2:111122223333:log-group:g:log-stream:s" {
		t.Errorf("asked for %s on %s", last.Action, last.Resource)
	}
	b.auth.deny = map[string]bool{"logs:PutLogEvents": true}
	b.fails(b.putAt("g", "s", b.now(), "x"), "AccessDeniedException", "denied logs:PutLogEvents")
	b.fails(b.putAt("none", "s", b.now(), "x"), "AccessDeniedException", "denied logs:PutLogEvents")
	b.reads("g", "s", "x")
}

func TestAStreamTellsOfItsEvents(t *testing.T) {
	b := streamBench(t)
	out, err := b.DescribeLogStreams(b.ctx, &logsapi.DescribeLogStreamsRequest{LogGroupName: ptr("g")})
	b.ok(err)
	if s := out.LogStreams[0]; s.FirstEventTimestamp != nil || s.UploadSequenceToken != nil || *s.StoredBytes != 0 {
		t.Errorf("a new stream shows %+v", s)
	}
	b.ok(b.clock.Advance(time.Hour))
	put, err := b.PutLogEvents(b.ctx, &logsapi.PutLogEventsRequest{LogGroupName: "g", LogStreamName: "s", LogEvents: inputs(start.UnixMilli(), "a", "b")})
	b.ok(err)
	out, err = b.DescribeLogStreams(b.ctx, &logsapi.DescribeLogStreamsRequest{LogGroupName: ptr("g")})
	b.ok(err)
	s := out.LogStreams[0]
	if *s.FirstEventTimestamp != start.UnixMilli() || *s.LastEventTimestamp != start.UnixMilli()+1 || *s.LastIngestionTime != b.now() || *s.UploadSequenceToken != *put.NextSequenceToken {
		t.Errorf("a stream with events shows %+v", s)
	}
}

func TestAnEntityThatIsWrongIsNamedAndTheEventsKept(t *testing.T) {
	for _, c := range []struct {
		entity *logsapi.Entity
		want   logsapi.EntityRejectionErrorType
	}{
		{&logsapi.Entity{KeyAttributes: map[string]string{"Type": "Service", "Name": "shop"}}, ""},
		{&logsapi.Entity{Attributes: map[string]string{"a": "b"}}, logsapi.EntityRejectionErrorTypeMissingRequiredFields},
		{&logsapi.Entity{KeyAttributes: map[string]string{"Name": "shop"}}, logsapi.EntityRejectionErrorTypeInvalidTypeValue},
		{&logsapi.Entity{KeyAttributes: map[string]string{"Type": "Service", "Colour": "red"}}, logsapi.EntityRejectionErrorTypeInvalidKeyAttributes},
		{&logsapi.Entity{KeyAttributes: map[string]string{"Type": strings.Repeat("x", 5000)}}, logsapi.EntityRejectionErrorTypeEntitySizeTooLarge},
	} {
		b := streamBench(t)
		out, err := b.PutLogEvents(b.ctx, &logsapi.PutLogEventsRequest{LogGroupName: "g", LogStreamName: "s", LogEvents: inputs(b.now(), "x"), Entity: c.entity})
		b.ok(err)
		if got := out.RejectedEntityInfo; (got == nil) != (c.want == "") || got != nil && got.ErrorType != c.want {
			t.Errorf("entity %v: rejectedEntityInfo = %v, want %s", c.entity, got, c.want)
		}
		b.reads("g", "s", "x")
	}
}

func TestAGroupOfClassDeliveryTakesNoEvents(t *testing.T) {
	b := newBench(t)
	_, err := b.CreateLogGroup(b.ctx, &logsapi.CreateLogGroupRequest{LogGroupName: "g", LogGroupClass: ptr(logsapi.LogGroupClassDelivery)})
	b.ok(err)
	b.createStream("g", "s")
	if err := b.putAt("g", "s", b.now(), "x"); codeOf(err) != "InvalidParameterException" {
		t.Errorf("PutLogEvents = %v", err)
	}
}

// A stream that is deleted while its batch is being sealed takes nothing.
func TestAStreamMadeAnewDoesNotTakeTheOldOnesBatch(t *testing.T) {
	b := streamBench(t)
	g, st, err := b.groupAndStream(b.ctx, "g", "s")
	b.ok(err)
	_, err = b.DeleteLogStream(b.ctx, &logsapi.DeleteLogStreamRequest{LogGroupName: "g", LogStreamName: "s"})
	b.ok(err)
	b.createStream("g", "s")
	err = b.ingest(b.ctx, &g, &st, header{Stream: "s", Sequence: 1, Ingested: b.now()}, batch{kept: inputs(b.now(), "late"), treating: &treating{}})
	b.fails(err, "ResourceNotFoundException", "The specified log stream does not exist.")
	b.reads("g", "s", "")
}
