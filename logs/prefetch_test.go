package logs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sealstack/api/logsapi"
)

// long is a group with twelve batches of half a mebibyte, the last four of
// them under a key; "12.0" is the first event of the last batch.
func long(t *testing.T) *bench {
	b := newBench(t, func(c *Config) { c.DataKeyLifetime, c.AssociationDelay = 0, 0 })
	b.createGroup("g", "")
	b.createStream("g", "s")
	for batch := range 12 {
		if batch == 8 {
			b.ok(b.associate(b.ctx, "AssociateKmsKey", "g", keyARN))
		}
		var messages []string
		for i := range 50 {
			messages = append(messages, fmt.Sprintf("%d.%d %s", batch+1, i, strings.Repeat("x", 10_000)))
		}
		b.put("g", "s", messages...)
		b.ok(b.clock.Advance(time.Second))
	}
	b.keys.calls = nil
	return b
}

// names are the beginnings of messages.
func names(messages []string) (list []string) {
	for _, m := range messages {
		name, _, _ := strings.Cut(m, " ")
		list = append(list, name)
	}
	return list
}

// everyName is what a long group holds, in order.
func everyName(batches int) (list []string) {
	for batch := range batches {
		for i := range 50 {
			list = append(list, fmt.Sprintf("%d.%d", batch+1, i))
		}
	}
	return list
}

// allMatching reads all pages of FilterLogEvents.
func (b *bench) allMatching(pattern string, to int64) (messages []string, err error) {
	in := &logsapi.FilterLogEventsRequest{LogGroupName: ptr("g"), FilterPattern: &pattern, EndTime: &to}
	for {
		out, err := b.FilterLogEvents(b.ctx, in)
		if err != nil {
			return messages, err
		}
		for _, e := range out.Events {
			messages = append(messages, *e.Message)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return messages, nil
		}
	}
}

func TestWhatIsOpenedInAdvanceComesInItsOrder(t *testing.T) {
	b := long(t)
	for pattern, want := range map[string][]string{
		"":         everyName(12),
		`"12.0 "`:  {"12.0"},
		`"11.49 "`: {"11.49"},
		`"9.7 "`:   {"9.7"},
		"missing":  nil,
	} {
		got, err := b.allMatching(pattern, b.now())
		b.ok(err)
		if !slices.Equal(names(got), want) {
			t.Errorf("%q gives %d events, want %d", pattern, len(got), len(want))
		}
	}
}

// Nobody is asked for a key that the read may never need.
func TestNoKeyIsAskedForInAdvance(t *testing.T) {
	b := long(t)
	b.keys.refuse(keyARN)
	got, err := b.allMatching("", start.Add(8*time.Second).UnixMilli()-1)
	b.ok(err)
	if !slices.Equal(names(got), everyName(8)) || len(b.keys.calls) != 0 {
		t.Errorf("%d events and %d calls of KMS, want %d and none", len(got), len(b.keys.calls), 8*50)
	}
	got, err = b.allMatching(`"8.49 "`, b.now())
	b.fails(err, "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:us-west-2:111122223333:log-group:g'")
	if len(got) != 0 || len(b.keys.calls) != 1 {
		t.Errorf("%d events and calls %v", len(got), b.keys.calls)
	}
}
