package logs

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"sealstack/api/logsapi"
)

// get returns a page and its messages.
func (b *bench) get(in *logsapi.GetLogEventsRequest) (*logsapi.GetLogEventsResponse, string) {
	b.t.Helper()
	if in.LogGroupIdentifier == nil {
		in.LogGroupName = ptr("g")
	}
	in.LogStreamName = "s"
	out, err := b.GetLogEvents(b.ctx, in)
	b.ok(err)
	return out, texts(out.Events)
}

func TestGetLogEventsPagesForwardAndBackward(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "a", "b", "c")
	b.ok(b.clock.Advance(time.Second))
	b.put("g", "s", "d", "e")

	tail, got := b.get(&logsapi.GetLogEventsRequest{Limit: ptr(int32(2))})
	if got != "d|e" {
		t.Fatalf("the newest page holds %s", got)
	}
	older, got := b.get(&logsapi.GetLogEventsRequest{Limit: ptr(int32(2)), NextToken: tail.NextBackwardToken})
	if got != "b|c" {
		t.Fatalf("the page before holds %s", got)
	}
	oldest, got := b.get(&logsapi.GetLogEventsRequest{Limit: ptr(int32(2)), NextToken: older.NextBackwardToken})
	if got != "a" {
		t.Fatalf("the oldest page holds %s", got)
	}
	end, got := b.get(&logsapi.GetLogEventsRequest{NextToken: oldest.NextBackwardToken})
	if got != "" || *end.NextBackwardToken != *oldest.NextBackwardToken {
		t.Errorf("behind the oldest there is %q and another token", got)
	}
	forward, got := b.get(&logsapi.GetLogEventsRequest{NextToken: oldest.NextForwardToken, StartFromHead: ptr(true)})
	if got != "b|c|d|e" {
		t.Errorf("forward from the oldest: %s", got)
	}
	end, got = b.get(&logsapi.GetLogEventsRequest{NextToken: forward.NextForwardToken, StartFromHead: ptr(true)})
	if got != "" || *end.NextForwardToken != *forward.NextForwardToken {
		t.Errorf("at the end there is %q and another token", got)
	}
	b.ok(b.clock.Advance(time.Second))
	b.put("g", "s", "f")
	if _, got = b.get(&logsapi.GetLogEventsRequest{NextToken: forward.NextForwardToken, StartFromHead: ptr(true)}); got != "f" {
		t.Errorf("what came later: %q", got)
	}
}

// The end is told by the same token, also when the hour changes meanwhile.
func TestAnEmptyPageGivesBackTheTokenThatLedToIt(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "a")
	first, _ := b.get(&logsapi.GetLogEventsRequest{StartFromHead: ptr(true)})
	b.ok(b.clock.Advance(3 * time.Hour))
	again, got := b.get(&logsapi.GetLogEventsRequest{StartFromHead: ptr(true), NextToken: first.NextForwardToken})
	if got != "" || *again.NextForwardToken != *first.NextForwardToken {
		t.Errorf("page %q, token %s, want the one passed", got, *again.NextForwardToken)
	}
}

func TestAnEmptyStreamGivesTokensThatFindWhatComesLater(t *testing.T) {
	for _, head := range []bool{true, false} {
		b := streamBench(t)
		out, got := b.get(&logsapi.GetLogEventsRequest{StartFromHead: &head})
		if got != "" || out.Events == nil {
			t.Fatalf("an empty stream holds %q (%v)", got, out.Events)
		}
		b.put("g", "s", "a")
		if _, got := b.get(&logsapi.GetLogEventsRequest{StartFromHead: ptr(true), NextToken: out.NextForwardToken}); got != "a" {
			t.Errorf("with startFromHead %t, then: %q", head, got)
		}
	}
}

func TestGetLogEventsTakesAHalfOpenTimeRange(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "a", "b", "c", "d")
	at := start.UnixMilli()
	for _, c := range []struct {
		from, to *int64
		want     string
	}{
		{nil, nil, "a|b|c|d"},
		{ptr(at + 1), nil, "b|c|d"},
		{nil, ptr(at + 2), "a|b"},
		{ptr(at + 1), ptr(at + 3), "b|c"},
		{ptr(at + 2), ptr(at + 2), ""},
		{ptr(at + 3), ptr(at + 1), ""},
		{ptr(int64(1) << 62), nil, ""},
		{nil, ptr(int64(1) << 62), "a|b|c|d"},
	} {
		for _, head := range []bool{true, false} {
			if _, got := b.get(&logsapi.GetLogEventsRequest{StartTime: c.from, EndTime: c.to, StartFromHead: &head}); got != c.want {
				t.Errorf("[%v, %v) holds %q, want %q", value(c.from), value(c.to), got, c.want)
			}
		}
	}
}

func TestGetLogEventsRefusesTokensThatItDidNotMake(t *testing.T) {
	b := streamBench(t)
	b.createStream("g", "other")
	b.put("g", "s", "a")
	b.put("g", "other", "b")
	good, _ := b.get(&logsapi.GetLogEventsRequest{})
	other, err := b.GetLogEvents(b.ctx, &logsapi.GetLogEventsRequest{LogGroupName: ptr("g"), LogStreamName: "other"})
	b.ok(err)
	token := *good.NextForwardToken
	bad := []string{"x", "f/", "f/1", strings.Replace(token, "f/", "b/", 1), "f/" + strings.Repeat("9", 56), "f/-" + token[3:], token + "0", *other.NextForwardToken}
	for i := 2; i < len(token); i++ {
		digit := (token[i]-'0'+1)%10 + '0'
		bad = append(bad, token[:i]+string(digit)+token[i+1:])
	}
	for _, token := range bad {
		_, err := b.GetLogEvents(b.ctx, &logsapi.GetLogEventsRequest{LogGroupName: ptr("g"), LogStreamName: "s", NextToken: &token})
		b.fails(err, "InvalidParameterException", "The specified nextToken is invalid.")
	}
	b.ok(b.clock.Advance(25 * time.Hour))
	_, err = b.GetLogEvents(b.ctx, &logsapi.GetLogEventsRequest{LogGroupName: ptr("g"), LogStreamName: "s", NextToken: &token})
	b.fails(err, "InvalidParameterException", "The specified nextToken is invalid.")
}

func TestReadingNamesWhatIsMissing(t *testing.T) {
	b := streamBench(t)
	for _, c := range []struct {
		in            logsapi.GetLogEventsRequest
		code, message string
	}{
		{logsapi.GetLogEventsRequest{LogGroupName: ptr("none"), LogStreamName: "s"}, "ResourceNotFoundException", "The specified log group does not exist."},
		{logsapi.GetLogEventsRequest{LogGroupName: ptr("g"), LogStreamName: "none"}, "ResourceNotFoundException", "The specified log stream does not exist."},
		{logsapi.GetLogEventsRequest{LogGroupName: ptr("g"), LogGroupIdentifier: ptr("g"), LogStreamName: "s"}, "ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters."},
	} {
		_, err := b.GetLogEvents(b.ctx, &c.in)
		b.fails(err, c.code, c.message)
	}
	if _, err := b.GetLogEvents(b.ctx, &logsapi.GetLogEventsRequest{LogStreamName: "s"}); codeOf(err) != "InvalidParameterException" {
		t.Errorf("without a group: %v", err)
	}
}

func TestAGroupIsNamedByItsARNToo(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "a")
	for _, id := range []string{"g", "arn:aws:logs:us-west-2:111122223333:log-group:g", "arn:aws:logs:us-west-2:111122223333:log-group:g:*"} {
		if _, got := b.get(&logsapi.GetLogEventsRequest{LogGroupIdentifier: &id}); got != "a" {
			t.Errorf("%s holds %q", id, got)
		}
	}
}

func TestUnmaskNeedsItsOwnPermission(t *testing.T) {
	b := streamBench(t)
	b.auth.deny = map[string]bool{"logs:Unmask": true}
	_, err := b.GetLogEvents(b.ctx, &logsapi.GetLogEventsRequest{LogGroupName: ptr("g"), LogStreamName: "s", Unmask: ptr(true)})
	b.fails(err, "AccessDeniedException", "denied logs:Unmask")
}

func TestAPageEndsAtOneMebibyte(t *testing.T) {
	b := streamBench(t)
	for range 3 {
		b.put("g", "s", repeat(strings.Repeat("x", 1<<10-eventOverhead), 1000)...)
		b.ok(b.clock.Advance(time.Minute))
	}
	out, _ := b.get(&logsapi.GetLogEventsRequest{StartFromHead: ptr(true)})
	if len(out.Events) != 1024 {
		t.Errorf("the page has %d events of 1 KiB, want 1024", len(out.Events))
	}
}

// A range that touches no segment under a revoked key stays readable, also
// where such segments lie beside it.
func TestAReadAsksOnlyForTheKeysOfItsRange(t *testing.T) {
	b := newBench(t, func(c *Config) { c.DataKeyLifetime, c.AssociationDelay = 0, 0 })
	b.createGroup("g", "")
	b.createStream("g", "s")
	times := make([]int64, 3)
	for i, key := range []string{"", keyARN, ""} {
		if i > 0 {
			b.ok(b.associate(b.ctx, "AssociateKmsKey", "g", key))
		}
		times[i] = b.now()
		b.put("g", "s", fmt.Sprint("m", i))
		b.ok(b.clock.Advance(time.Minute))
	}
	b.keys.refuse(keyARN)
	b.refuses("g", "s")
	for _, c := range []struct {
		in   logsapi.GetLogEventsRequest
		want string
	}{
		{logsapi.GetLogEventsRequest{EndTime: &times[1], StartFromHead: ptr(true)}, "m0"},
		{logsapi.GetLogEventsRequest{EndTime: &times[1]}, "m0"},
		{logsapi.GetLogEventsRequest{StartTime: ptr(times[1] + 1)}, "m2"},
		{logsapi.GetLogEventsRequest{StartTime: ptr(times[1] + 1), StartFromHead: ptr(true)}, "m2"},
		{logsapi.GetLogEventsRequest{Limit: ptr(int32(1))}, "m2"},
		{logsapi.GetLogEventsRequest{Limit: ptr(int32(1)), StartFromHead: ptr(true)}, "m0"},
	} {
		if _, got := b.get(&c.in); got != c.want {
			t.Errorf("%+v holds %q, want %q", c.in, got, c.want)
		}
	}
}

// stored is an event as the model of the property test keeps it.
type stored struct {
	at     int64
	batch  int
	index  int
	stream string
	text   string
}

// TestReadingAgreesWithAPlainList puts random batches that overlap in time
// into several streams and holds every way of reading against a sorted list.
func TestReadingAgreesWithAPlainList(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) { readAgainstModel(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func readAgainstModel(t *testing.T, r *rand.Rand) {
	b := newBench(t)
	b.createGroup("g", keyARN)
	names := []string{"s", "t", "u"}
	for _, n := range names {
		b.createStream("g", n)
	}
	var model []stored
	for batch := range 1 + r.IntN(150) {
		stream := names[r.IntN(len(names))]
		at := start.UnixMilli() - r.Int64N(10000)
		var in []logsapi.InputLogEvent
		for i := range 1 + r.IntN(20) {
			text := fmt.Sprintf("%d.%d", batch, i)
			model = append(model, stored{at, batch, i, stream, text})
			in = append(in, logsapi.InputLogEvent{Timestamp: at, Message: text})
			at += r.Int64N(3) * r.Int64N(400)
		}
		_, err := b.PutLogEvents(b.ctx, &logsapi.PutLogEventsRequest{LogGroupName: "g", LogStreamName: stream, LogEvents: in})
		b.ok(err)
	}
	slices.SortFunc(model, func(x, y stored) int {
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.batch, y.batch), cmp.Compare(x.index, y.index))
	})
	from, to := start.UnixMilli()-r.Int64N(12000), start.UnixMilli()-r.Int64N(9000)
	limit := int32(1 + r.IntN(40))
	for _, head := range []bool{true, false} {
		if got, want := b.allPages(head, from, to, limit), expected(model, from, to-1, "s"); got != want {
			t.Errorf("GetLogEvents startFromHead=%t [%d,%d) limit %d\n got %s\nwant %s", head, from, to, limit, got, want)
		}
	}
	if got, want := b.allFiltered(from, to, limit, nil), expected(model, from, to, names...); got != want {
		t.Errorf("FilterLogEvents [%d,%d] limit %d\n got %s\nwant %s", from, to, limit, got, want)
	}
	if got, want := b.allFiltered(from, to, limit, []string{"t", "s"}), expected(model, from, to, "s", "t"); got != want {
		t.Errorf("FilterLogEvents of two streams\n got %s\nwant %s", got, want)
	}
}

// expected returns the texts of the model in a closed range.
func expected(model []stored, from, to int64, streams ...string) string {
	var list []string
	for _, e := range model {
		if e.at >= from && e.at <= to && slices.Contains(streams, e.stream) {
			list = append(list, e.text)
		}
	}
	return strings.Join(list, "|")
}

// allPages reads [from, to) page by page and returns it in order of time.
func (b *bench) allPages(head bool, from, to int64, limit int32) string {
	b.t.Helper()
	var pages []string
	in := &logsapi.GetLogEventsRequest{StartTime: &from, EndTime: &to, Limit: &limit, StartFromHead: &head}
	for {
		out, got := b.get(in)
		token := out.NextForwardToken
		if !head {
			token = out.NextBackwardToken
		}
		if got != "" {
			pages = append(pages, got)
		}
		if in.NextToken != nil && *in.NextToken == *token {
			break
		}
		in.NextToken = token
	}
	if !head {
		slices.Reverse(pages)
	}
	return strings.Join(pages, "|")
}

// allFiltered reads [from, to] with FilterLogEvents page by page.
func (b *bench) allFiltered(from, to int64, limit int32, streams []string) string {
	b.t.Helper()
	var list []string
	in := &logsapi.FilterLogEventsRequest{LogGroupName: ptr("g"), LogStreamNames: streams, StartTime: &from, EndTime: &to, Limit: &limit}
	for {
		out, err := b.FilterLogEvents(b.ctx, in)
		b.ok(err)
		if len(out.Events) > int(limit) {
			b.t.Fatalf("a page has %d events, more than %d", len(out.Events), limit)
		}
		for _, e := range out.Events {
			list = append(list, *e.Message)
		}
		if out.NextToken == nil {
			return strings.Join(list, "|")
		}
		in.NextToken = out.NextToken
	}
}
