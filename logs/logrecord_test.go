package logs

import (
	"testing"
	"time"

	"sealstack/api/logsapi"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

// pointers returns the @ptr of each event of a group by its message.
func (b *bench) pointers(group string) map[string]string {
	b.t.Helper()
	out, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{
		LogGroupName: &group, QueryString: "fields @message", StartTime: 0, EndTime: b.now() + day,
	})
	b.ok(err)
	b.Settle()
	got, err := b.GetQueryResults(b.ctx, &logsapi.GetQueryResultsRequest{QueryId: *out.QueryId})
	b.ok(err)
	found := map[string]string{}
	for _, row := range got.Results {
		found[*row[0].Value] = *row[1].Value
	}
	return found
}

// What lies at the same time under a key that can't be used is not touched.
func TestAPointerNeedsTheKeyOfItsEventAlone(t *testing.T) {
	b := newBench(t, func(c *Config) { c.DataKeyLifetime, c.AssociationDelay = 0, 0 })
	b.createGroup("g", "")
	b.createStream("g", "s")
	b.createStream("g", "t")
	b.ok(b.putAt("g", "s", start.UnixMilli(), "free", "free too"))
	b.ok(b.associate(b.ctx, "AssociateKmsKey", "g", keyARN))
	b.ok(b.putAt("g", "s", start.UnixMilli(), "bound", "bound too"))
	b.ok(b.putAt("g", "t", start.UnixMilli()-1, "bound three", "bound four", "bound five"))
	pointers := b.pointers("g")
	b.keys.refuse(keyARN)
	for message, free := range map[string]bool{"free": true, "free too": true, "bound": false, "bound too": false, "bound four": false} {
		out, err := b.GetLogRecord(b.ctx, &logsapi.GetLogRecordRequest{LogRecordPointer: pointers[message]})
		if !free {
			b.fails(err, "AccessDeniedException", keyNotAllowed("arn:aws:logs:us-west-2:111122223333:log-group:g").Error()[len("AccessDeniedException: "):])
		} else if err != nil || out.LogRecord["@message"] != message {
			t.Errorf("%s: %v, %v", message, out, err)
		}
	}
}

func TestAPointerToWhatIsGoneLeadsNowhere(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "a")
	pointer := b.pointers("g")["a"]
	_, err := b.DeleteLogStream(b.ctx, &logsapi.DeleteLogStreamRequest{LogGroupName: "g", LogStreamName: "s"})
	b.ok(err)
	b.createStream("g", "s")
	b.put("g", "s", "b")
	_, err = b.GetLogRecord(b.ctx, &logsapi.GetLogRecordRequest{LogRecordPointer: pointer})
	b.fails(err, "ResourceNotFoundException", "The specified log record does not exist.")
}

// Two batches of one instant, before and after a restart, also where the
// machine's clock went back in between.
func TestARestartPutsNoBatchInAnothersPlace(t *testing.T) {
	store, root := memory.New(), seal.NewEphemeral()
	first := newBenchOver(t, store, root)
	first.createGroup("g", "")
	for _, stream := range []string{"s", "t"} {
		first.createStream("g", stream)
		first.ok(first.clock.Advance(time.Minute))
		first.ok(first.putAt("g", stream, start.UnixMilli(), "first in "+stream))
	}
	again := newBenchOver(t, store, root) // at the start of time
	for _, stream := range []string{"t", "s"} {
		again.ok(again.putAt("g", stream, start.UnixMilli(), "then in "+stream))
	}
	again.reads("g", "s", "first in s|then in s")
	again.reads("g", "t", "first in t|then in t")
	out, err := again.FilterLogEvents(again.ctx, &logsapi.FilterLogEventsRequest{LogGroupName: ptr("g")})
	again.ok(err)
	if len(out.Events) != 4 {
		t.Errorf("the group has %d events, want 4", len(out.Events))
	}
}
