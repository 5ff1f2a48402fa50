package logs

import (
	"context"
	"fmt"

	"sealstack/api/logsapi"
	"sealstack/logs/pattern"
	"sealstack/storage"
)

// maxScan is how many bytes of events one FilterLogEvents call goes through
// before it answers with what it has and a token.
const maxScan = 64 << 20

// FilterLogEvents returns the events of a group, or of some of its streams,
// that match a filter pattern.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
func (s *Service) FilterLogEvents(ctx context.Context, in *logsapi.FilterLogEventsRequest) (*logsapi.FilterLogEventsResponse, error) {
	name, err := named(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if err := s.authorizeRead(ctx, "FilterLogEvents", name, "", value(in.Unmask)); err != nil {
		return nil, err
	}
	f, err := s.filter(ctx, name, in)
	if err != nil {
		return nil, err
	}
	out := &logsapi.FilterLogEventsResponse{Events: []logsapi.FilteredLogEvent{}, SearchedLogStreams: []logsapi.SearchedLogStream{}}
	w := s.walkFrom(&f.group, f.source, f.after, f.to, f.span, false)
	w.views.clear, w.match = value(in.Unmask), f.pattern.Match
	last := f.after
	for size := 0; ; {
		e, ok, err := w.step(ctx)
		if err != nil {
			return nil, err
		}
		if !ok || e.timestamp > f.to {
			return out, nil
		}
		if f.full(len(out.Events), size, w.opened) {
			token := s.filterToken(f.purpose, last)
			out.NextToken = &token
			return out, nil
		}
		last = e.position
		if e.matches == yes || e.matches == unknown && f.pattern.Match(e.message) {
			size += len(e.message) + eventOverhead
			out.Events = append(out.Events, describeEvent(e))
		}
	}
}

func describeEvent(e located) logsapi.FilteredLogEvent {
	id := eventID(e.position)
	return logsapi.FilteredLogEvent{
		LogStreamName: &e.stream, Timestamp: &e.timestamp, Message: &e.message, IngestionTime: &e.ingested, EventId: &id,
	}
}

// filtering is what a FilterLogEvents call asks for.
type filtering struct {
	group   group
	source  wholeGroup
	pattern *pattern.Pattern
	after   position
	to      int64 // inclusive
	span    int64
	limit   int
	purpose string // of the token: it goes on with the same question only
}

// full reports whether a page is to end.
func (f *filtering) full(events, size int, scanned int64) bool {
	return events >= f.limit || size >= pageBytes || scanned > maxScan
}

// filter reads and checks what the call asks for.
func (s *Service) filter(ctx context.Context, name string, in *logsapi.FilterLogEventsRequest) (*filtering, error) {
	if in.LogStreamNames != nil && in.LogStreamNamePrefix != nil {
		return nil, logsapi.InvalidParameterException("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.") // Unverified: AWS's sentence
	}
	parsed, err := pattern.Parse(value(in.FilterPattern))
	if err != nil {
		return nil, logsapi.InvalidParameterException("%s", err.Error())
	}
	f := &filtering{pattern: parsed, limit: limitOf(in.Limit), to: maxTime}
	if in.EndTime != nil {
		f.to = min(*in.EndTime, maxTime)
	}
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		if f.group, err = findGroup(tx, placeOf(ctx), name); err != nil {
			return err
		}
		u, err := findUsage(tx, &f.group)
		if err != nil {
			return err
		}
		f.span = u.Span
		return streamNamed(tx, &f.group, in.LogStreamNames)
	})
	if err != nil {
		return nil, err
	}
	if err := readable(&f.group); err != nil {
		return nil, err
	}
	return f, s.begin(f, in)
}

// begin sets where the call begins, and which streams it goes through.
func (s *Service) begin(f *filtering, in *logsapi.FilterLogEventsRequest) error {
	f.source = wholeGroup{id: f.group.ID, prefix: value(in.LogStreamNamePrefix)}
	if in.LogStreamNames != nil {
		f.source.names = map[string]bool{}
	}
	for _, n := range in.LogStreamNames {
		f.source.names[n] = true
	}
	f.purpose = fmt.Sprintf("FilterLogEvents/%s/%q/%q/%q", f.group.ID, in.LogStreamNames, f.source.prefix, value(in.FilterPattern))
	f.after = head(max(value(in.StartTime), f.group.cutoff(s.now())))
	if in.NextToken == nil {
		return nil
	}
	at, err := s.readFilterToken(f.purpose, *in.NextToken)
	if err == nil && f.after.before(at) {
		f.after = at
	}
	return err
}
