package logs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sealstack/api/logsapi"
	"sealstack/logs/pattern"
)

const tailedARN = "arn:aws:logs:us-west-2:111122223333:log-group:g"

// tailUntil ranges over a session until stop says so, and gives what it saw:
// each event as group/stream:message.
func (b *bench) tailUntil(ctx context.Context, in *logsapi.StartLiveTailRequest, stop func(updates int) bool) (seen []string, end error) {
	b.t.Helper()
	out, err := b.StartLiveTail(ctx, in)
	b.ok(err)
	updates := 0
	for e, err := range out.ResponseStream {
		switch {
		case err != nil:
			return seen, err
		case e.SessionStart != nil:
			seen = append(seen, fmt.Sprint("start ", e.SessionStart.LogGroupIdentifiers))
			b.advance(time.Second)
			continue
		}
		for _, r := range e.SessionUpdate.SessionResults {
			seen = append(seen, *r.LogGroupIdentifier+"/"+*r.LogStreamName+":"+*r.Message)
		}
		if updates++; stop(updates) {
			break
		}
		if ctx.Err() == nil {
			b.advance(time.Second)
		}
	}
	return seen, nil
}

func TestALiveTailShowsEventsAsTheyArePut(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", keyARN)
	b.createGroup("other", "")
	for _, g := range []string{"g", "other"} {
		b.createStream(g, "s")
		b.createStream(g, "t")
	}
	for _, c := range []struct {
		name string
		in   logsapi.StartLiveTailRequest
		want string
	}{
		{"a group", logsapi.StartLiveTailRequest{}, "[111122223333:g/s:new 111122223333:g/t:more]"},
		{"a stream", logsapi.StartLiveTailRequest{LogStreamNames: []string{"t"}}, "[111122223333:g/t:more]"},
		{"a prefix", logsapi.StartLiveTailRequest{LogStreamNamePrefixes: []string{"s"}}, "[111122223333:g/s:new]"},
		{"a pattern", logsapi.StartLiveTailRequest{LogEventFilterPattern: ptr("more")}, "[111122223333:g/t:more]"},
	} {
		c.in.LogGroupIdentifiers = []string{tailedARN}
		seen, err := b.tailUntil(b.ctx, &c.in, func(n int) bool {
			if n == 1 { // the first update is empty
				b.put("g", "s", "new")
				b.put("other", "s", "not here")
				b.put("g", "t", "more")
			}
			return n == 2
		})
		if got := fmt.Sprint(seen[1:]); err != nil || seen[0] != "start ["+tailedARN+"]" || got != c.want {
			t.Errorf("%s: %v, %v", c.name, seen, err)
		}
	}
	if len(b.tails.sessions) != 0 {
		t.Error("sessions outlive their clients")
	}
}

func TestALiveTailSamplesWhatIsTooMuch(t *testing.T) {
	s := &tail{groups: map[string]string{"id": tailedARN}}
	var err error
	if s.pattern, err = pattern.Parse(""); err != nil {
		t.Fatal(err)
	}
	s.take("111122223333:g", &header{Stream: "s"}, inputs(0, repeat("m", 501)...))
	u := s.update()
	if len(u.SessionResults) != 500 || !*u.SessionMetadata.Sampled {
		t.Errorf("%d events, sampled %t", len(u.SessionResults), *u.SessionMetadata.Sampled)
	}
	if u = s.update(); u.SessionResults == nil || len(u.SessionResults) != 0 || *u.SessionMetadata.Sampled {
		t.Errorf("the update after: %+v", u)
	}
}

func TestALiveTailEndsAfterThreeHoursOrWithItsClient(t *testing.T) {
	b := streamBench(t)
	in := &logsapi.StartLiveTailRequest{LogGroupIdentifiers: []string{tailedARN}}
	_, err := b.tailUntil(b.ctx, in, func(int) bool {
		b.ok(b.clock.Advance(time.Hour))
		return false
	})
	if codeOf(err) != "SessionTimeoutException" || b.now() < start.UnixMilli()+3*60*60*1000 {
		t.Errorf("after three hours: %v", err)
	}
	ctx, cancel := context.WithCancel(b.ctx)
	if _, err := b.tailUntil(ctx, in, func(int) bool { cancel(); return false }); err != nil {
		t.Errorf("after the client has gone: %v", err)
	}
}

func TestStartLiveTailRefuses(t *testing.T) {
	b := newBench(t, func(c *Config) { c.DataKeyLifetime = 0 })
	b.createGroup("g", keyARN)
	for _, c := range []struct {
		name string
		in   logsapi.StartLiveTailRequest
		code string
	}{
		{"a name", logsapi.StartLiveTailRequest{LogGroupIdentifiers: []string{"g"}}, "InvalidParameterException"},
		{"an ARN with an asterisk", logsapi.StartLiveTailRequest{LogGroupIdentifiers: []string{tailedARN + ":*"}}, "InvalidParameterException"},
		{"streams of two groups", logsapi.StartLiveTailRequest{LogGroupIdentifiers: []string{tailedARN, tailedARN}, LogStreamNames: []string{"s"}}, "InvalidParameterException"},
		{"streams and prefixes", logsapi.StartLiveTailRequest{LogGroupIdentifiers: []string{tailedARN}, LogStreamNames: []string{"s"}, LogStreamNamePrefixes: []string{"s"}}, "InvalidParameterException"},
		{"a broken pattern", logsapi.StartLiveTailRequest{LogGroupIdentifiers: []string{tailedARN}, LogEventFilterPattern: ptr("{")}, "InvalidParameterException"},
		{"a missing group", logsapi.StartLiveTailRequest{LogGroupIdentifiers: []string{tailedARN + "x"}}, "ResourceNotFoundException"},
	} {
		if _, err := b.StartLiveTail(b.ctx, &c.in); codeOf(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	in := &logsapi.StartLiveTailRequest{LogGroupIdentifiers: []string{tailedARN}}
	b.keys.refuse(keyARN)
	_, err := b.StartLiveTail(b.ctx, in)
	b.fails(err, "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn '"+tailedARN+"'")
	b.auth.deny = map[string]bool{"logs:StartLiveTail": true}
	_, err = b.StartLiveTail(b.ctx, in)
	b.fails(err, "AccessDeniedException", "denied logs:StartLiveTail")
}
