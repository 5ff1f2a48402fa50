package logs

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/auth"
	"sealstack/logs/pattern"
)

// Limits of a live tail session:
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html
const (
	maxTailed   = 500           // events in an update; of more, a sample
	tailTimeout = 3 * time.Hour // of the emulator's clock
)

// tails are the live tail sessions that events are shown to as they are put.
type tails struct {
	mu       sync.Mutex
	sessions map[*tail]bool
}

// tail is a live tail session.
type tail struct {
	groups   map[string]string // account:name by id of the group
	names    map[string]bool   // of streams; nil: all
	prefixes []string
	pattern  *pattern.Pattern
	due      chan struct{} // an update is

	mu      sync.Mutex
	events  []logsapi.LiveTailSessionLogEvent
	sampled bool
}

func (t *tails) add(s *tail) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sessions == nil {
		t.sessions = map[*tail]bool{}
	}
	t.sessions[s] = true
}

func (t *tails) remove(s *tail) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.sessions, s)
}

// pulse tells every session that its next update is due.
func (t *tails) pulse() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.sessions {
		select {
		case s.due <- struct{}{}:
		default: // its client has not read the last one yet
		}
	}
}

// show gives events that have been put to the sessions that want them.
func (t *tails) show(g *group, h *header, events []logsapi.InputLogEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.sessions {
		if name, ok := s.groups[g.ID]; ok && s.wants(h.Stream) {
			s.take(name, h, events)
		}
	}
}

func (s *tail) wants(stream string) bool {
	if s.names == nil && s.prefixes == nil {
		return true
	}
	return s.names[stream] || slices.ContainsFunc(s.prefixes, func(p string) bool { return strings.HasPrefix(stream, p) })
}

// take keeps what matches for the next update. Beyond what an update holds,
// the events are left out and the update is called a sample.
//
// Unverified: that AWS names the group of an event as account:name.
func (s *tail) take(group string, h *header, events []logsapi.InputLogEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stream, ingested := h.Stream, h.Ingested
	for _, e := range events {
		if !s.pattern.Match(e.Message) {
			continue
		}
		if len(s.events) == maxTailed {
			s.sampled = true
			return
		}
		message, at := e.Message, e.Timestamp
		s.events = append(s.events, logsapi.LiveTailSessionLogEvent{
			LogGroupIdentifier: &group, LogStreamName: &stream, Message: &message, Timestamp: &at, IngestionTime: &ingested,
		})
	}
}

// update returns what has come since the last one.
func (s *tail) update() *logsapi.LiveTailSessionUpdate {
	s.mu.Lock()
	defer s.mu.Unlock()
	events, sampled := s.events, s.sampled
	s.events, s.sampled = nil, false
	if events == nil {
		events = []logsapi.LiveTailSessionLogEvent{}
	}
	return &logsapi.LiveTailSessionUpdate{SessionMetadata: &logsapi.LiveTailSessionMetadata{Sampled: &sampled}, SessionResults: events}
}

// StartLiveTail streams events as they are put: an update at each [Service.Sweep],
// which the emulator makes once a second as AWS does, be it empty. The
// session ends after three hours, or when the client goes.
func (s *Service) StartLiveTail(ctx context.Context, in *logsapi.StartLiveTailRequest) (*logsapi.StartLiveTailResponse, error) {
	t, err := s.newTail(ctx, in)
	if err != nil {
		return nil, err
	}
	session, request := uuid(), api.CallerOf(ctx).RequestID
	begin := &logsapi.LiveTailSessionStart{
		RequestId: &request, SessionId: &session, LogGroupIdentifiers: in.LogGroupIdentifiers,
		LogStreamNames: in.LogStreamNames, LogStreamNamePrefixes: in.LogStreamNamePrefixes, LogEventFilterPattern: in.LogEventFilterPattern,
	}
	ends := s.clock.Now().Add(tailTimeout)
	return &logsapi.StartLiveTailResponse{ResponseStream: func(yield func(*logsapi.StartLiveTailResponseStream, error) bool) {
		s.tails.add(t)
		defer s.tails.remove(t)
		if yield(&logsapi.StartLiveTailResponseStream{SessionStart: begin}, nil) {
			s.tail(ctx, t, ends, yield)
		}
	}}, nil
}

// tail sends updates until the session ends.
func (s *Service) tail(ctx context.Context, t *tail, ends time.Time, yield func(*logsapi.StartLiveTailResponseStream, error) bool) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.due:
		}
		if !s.clock.Now().Before(ends) {
			yield(nil, logsapi.SessionTimeoutException("The session has timed out.")) // Unverified: AWS's sentence
			return
		}
		if !yield(&logsapi.StartLiveTailResponseStream{SessionUpdate: t.update()}, nil) {
			return
		}
	}
}

// newTail checks what a session is to show. The caller needs the permission
// on each group, and CloudWatch Logs the key that is in effect for it.
func (s *Service) newTail(ctx context.Context, in *logsapi.StartLiveTailRequest) (*tail, error) {
	if err := checkTail(in); err != nil {
		return nil, err
	}
	t := &tail{groups: map[string]string{}, due: make(chan struct{}, 1), prefixes: in.LogStreamNamePrefixes}
	var err error
	if t.pattern, err = pattern.Parse(value(in.LogEventFilterPattern)); err != nil {
		return nil, badPattern(err, pattern.InvalidPattern)
	}
	for _, n := range in.LogStreamNames {
		if t.names == nil {
			t.names = map[string]bool{}
		}
		t.names[n] = true
	}
	for _, id := range in.LogGroupIdentifiers {
		g, err := s.tailed(ctx, id)
		if err != nil {
			return nil, err
		}
		t.groups[g.ID] = placeOf(ctx).account + ":" + g.Name
	}
	return t, nil
}

// checkTail refuses what AWS's reference excludes.
//
// Unverified: AWS's sentences.
func checkTail(in *logsapi.StartLiveTailRequest) error {
	byStream := in.LogStreamNames != nil || in.LogStreamNamePrefixes != nil
	switch {
	case len(in.LogGroupIdentifiers) > 1 && byStream:
		return logsapi.InvalidParameterException("Log streams can be named only if a single log group is.")
	case in.LogStreamNames != nil && in.LogStreamNamePrefixes != nil:
		return logsapi.InvalidParameterException("logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.")
	}
	for _, id := range in.LogGroupIdentifiers {
		if !strings.HasPrefix(id, "arn:") || strings.HasSuffix(id, ":*") {
			return badIdentifier(id)
		}
	}
	return nil
}

// tailed returns a group that a session may show.
func (s *Service) tailed(ctx context.Context, id string) (group, error) {
	name, err := groupName(ctx, id)
	if err != nil {
		return group{}, err
	}
	g, err := s.group(ctx, name)
	if denied := s.authorize(ctx, "StartLiveTail", placeOf(ctx).stream(name, ""), auth.ResourceTags(g.Tags)); denied != nil {
		return g, denied
	}
	if err != nil {
		return g, err
	}
	if err := readable(&g); err != nil {
		return g, err
	}
	_, err = s.dataKey(ctx, &g, &header{Epoch: g.at(s.now()).Number})
	return g, err
}
