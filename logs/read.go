package logs

import (
	"context"
	"slices"

	"sealstack/api/logsapi"
	"sealstack/storage"
)

// Sizes of a page of events.
const (
	maxPage   = 10000
	pageBytes = 1 << 20
)

// GetLogEvents returns a page of a stream's events: the newest, the oldest,
// or those next to a token.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
func (s *Service) GetLogEvents(ctx context.Context, in *logsapi.GetLogEventsRequest) (*logsapi.GetLogEventsResponse, error) {
	name, err := named(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if err := s.authorizeRead(ctx, "GetLogEvents", name, in.LogStreamName, value(in.Unmask)); err != nil {
		return nil, err
	}
	g, st, err := s.groupAndStream(ctx, name, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	if err := readable(&g); err != nil {
		return nil, err
	}
	r, err := s.stretch(&g, &st, in)
	if err != nil {
		return nil, err
	}
	events, err := s.page(ctx, &g, &st, r, limitOf(in.Limit))
	if err != nil {
		return nil, err
	}
	return s.answer(&st, r, in.NextToken, events), nil
}

// stretch is the part of a stream that a call asks for.
type stretch struct {
	from, to int64    // [from, to) in milliseconds
	at       position // where the page begins, exclusive
	forward  bool
	unmask   bool
}

// stretch returns the part of the stream that a call asks for: its time range
// without what has expired, from where its token left off.
func (s *Service) stretch(g *group, st *stream, in *logsapi.GetLogEventsRequest) (stretch, error) {
	r := stretch{from: max(value(in.StartTime), g.cutoff(s.now())), to: maxTime, forward: value(in.StartFromHead), unmask: value(in.Unmask)}
	if in.EndTime != nil {
		r.to = min(*in.EndTime, maxTime)
	}
	var token position
	if in.NextToken != nil {
		var err error
		if token, r.forward, err = s.readToken(st, *in.NextToken); err != nil {
			return r, err
		}
	}
	r.at = head(r.to)
	if r.forward {
		r.at = head(r.from)
	}
	if in.NextToken != nil && r.forward == r.at.before(token) {
		r.at = token
	}
	return r, nil
}

// maxTime is the latest timestamp that a token can hold, in the year 2527.
const maxTime = 1<<timeBits - 1

// head is the position before every event of timestamp t.
func head(t int64) position { return position{timestamp: min(t, maxTime)} }

// page collects the events of a stretch, oldest first.
func (s *Service) page(ctx context.Context, g *group, st *stream, r stretch, limit int) ([]located, error) {
	until := r.to - 1
	if !r.forward {
		until = r.from
	}
	w := s.walkFrom(g, oneStream{st.ID}, r.at, until, st.Span, !r.forward)
	w.views.clear = r.unmask
	var events []located
	for size := 0; len(events) < limit; {
		e, ok, err := w.step(ctx)
		if err != nil {
			return nil, err
		}
		size += len(e.message) + eventOverhead
		if !ok || e.timestamp < r.from || e.timestamp >= r.to || size > pageBytes && len(events) > 0 {
			break
		}
		events = append(events, e)
	}
	if !r.forward {
		slices.Reverse(events)
	}
	return events, nil
}

// answer returns the page with its tokens. A page without events gives back
// the token that led to it: so a caller knows the end.
func (s *Service) answer(st *stream, r stretch, token *string, events []located) *logsapi.GetLogEventsResponse {
	first, last := head(r.from), head(r.from)
	if token != nil {
		first, last = r.at, r.at
	}
	out := &logsapi.GetLogEventsResponse{Events: make([]logsapi.OutputLogEvent, len(events))}
	for i := range events {
		e := &events[i]
		out.Events[i] = logsapi.OutputLogEvent{Timestamp: &e.timestamp, Message: &e.message, IngestionTime: &e.ingested}
	}
	if len(events) > 0 {
		first, last = events[0].position, events[len(events)-1].position
	}
	forward, backward := s.pageToken(st, true, last), s.pageToken(st, false, first)
	if len(events) == 0 && token != nil {
		if r.forward {
			forward = *token
		} else {
			backward = *token
		}
	}
	out.NextForwardToken, out.NextBackwardToken = &forward, &backward
	return out
}

// authorizeRead asks for the action on a stream, and for logs:Unmask where
// masked data is asked for in clear.
func (s *Service) authorizeRead(ctx context.Context, action, group, stream string, unmask bool) error {
	if err := s.authorizeStream(ctx, action, group, stream); err != nil || !unmask {
		return err
	}
	return s.authorizeStream(ctx, "Unmask", group, stream)
}

// readable refuses to read from classes of log groups whose events are not
// read this way.
//
// Unverified: AWS's code and sentence.
func readable(g *group) error {
	if g.Class == logsapi.LogGroupClassInfrequentAccess || g.Class == logsapi.LogGroupClassDelivery {
		return logsapi.InvalidOperationException("The operation is not supported for log groups of class %s.", g.Class)
	}
	return nil
}

func limitOf(limit *int32) int {
	if limit == nil {
		return maxPage
	}
	return int(*limit)
}

// streamNamed reports whether the group has every stream that is named.
func streamNamed(tx storage.Tx, g *group, names []string) error {
	for _, n := range names {
		if _, err := findStream(tx, g, n); err != nil {
			return err
		}
	}
	return nil
}
