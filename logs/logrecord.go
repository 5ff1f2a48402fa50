package logs

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"strconv"

	"sealstack/api/logsapi"
	"sealstack/logs/insights"
	"sealstack/storage"
)

const pointerPurpose = "@ptr"

// pointer returns the @ptr of an event in the results of queries.
func (s *Service) pointer(p place, g *group, at position) string {
	return s.root.Tokens().Encode(pointerPurpose, p.key(g.Name, g.ID, at.timestamp, at.sequence, at.index))
}

// GetLogRecord returns the event that the @ptr of a query's result points at,
// with all its fields.
//
// Unverified: that times are given in milliseconds, and that the permission
// is asked for on the log group.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogRecord.html
func (s *Service) GetLogRecord(ctx context.Context, in *logsapi.GetLogRecordRequest) (*logsapi.GetLogRecordResponse, error) {
	g, e, err := s.pointed(ctx, "GetLogRecord", in.LogRecordPointer, value(in.Unmask))
	if err != nil {
		return nil, err
	}
	record := map[string]string{
		"@timestamp": strconv.FormatInt(e.timestamp, 10), "@ingestionTime": strconv.FormatInt(e.ingested, 10),
		"@message": e.message, "@logStream": e.stream, "@log": placeOf(ctx).account + ":" + g.Name, "@ptr": in.LogRecordPointer,
	}
	maps.Copy(record, insights.Discover(cmp.Or(e.shaped, e.message)))
	return &logsapi.GetLogRecordResponse{LogRecord: record}, nil
}

// pointed returns the event that a pointer leads to, if the caller may have
// it by the action.
func (s *Service) pointed(ctx context.Context, action, pointer string, unmask bool) (g group, e located, err error) {
	k, err := s.root.Tokens().Decode(pointerPurpose, pointer)
	if err != nil || !k.HasPrefix(placeOf(ctx).key()) {
		return g, e, badPointer()
	}
	parts := k.Parts()[2:]
	name, at := parts[0].(string), position{parts[2].(int64), parts[3].(uint64), int(parts[4].(int64))}
	if err := s.authorizeRead(ctx, action, name, "", unmask); err != nil {
		return g, e, err
	}
	if g, err = s.group(ctx, name); err != nil {
		return g, e, err
	}
	if g.ID != parts[1].(string) || at.timestamp < g.cutoff(s.now()) {
		return g, e, noSuchRecord()
	}
	e, err = s.eventAt(ctx, &g, at, views{clear: unmask, shaped: true})
	return g, e, err
}

// eventAt reads the event at a position of the group. It opens the segment of
// that event and no other: what lies beside it, maybe under a key that can't
// be used, does not matter.
func (s *Service) eventAt(ctx context.Context, g *group, at position, v views) (located, error) {
	seg, err := s.segmentOf(ctx, g, at)
	if errors.Is(err, storage.ErrNotFound) {
		return located{}, noSuchRecord()
	}
	if err != nil {
		return located{}, err
	}
	before := at
	before.index--
	w := s.walkFrom(g, oneStream{seg.StreamID}, before, at.timestamp, 0, false)
	w.views, w.ahead, w.drained = v, []segment{seg}, true
	e, ok, err := w.step(ctx)
	if err != nil {
		return located{}, err
	}
	if !ok || e.position != at {
		return located{}, noSuchRecord()
	}
	return e, nil
}

// segmentOf returns the segment that holds an event, or [storage.ErrNotFound].
func (s *Service) segmentOf(ctx context.Context, g *group, at position) (seg segment, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		u, err := findUsage(tx, g)
		if err != nil {
			return err
		}
		seg, err = findSegment(tx, g, at, u.Span)
		return err
	})
	return seg, err
}

// findSegment looks among the segments that begin in the span before an event.
func findSegment(tx storage.Tx, g *group, at position, span int64) (segment, error) {
	within := storage.Range{
		Prefix: storage.K(g.ID), From: storage.K(g.ID, saturated(at.timestamp, -span)), To: storage.K(g.ID, at.timestamp+1),
	}
	for e, err := range moments.Scan(tx, within) {
		if err != nil {
			return segment{}, err
		}
		if parts := e.Key.Parts(); parts[2].(uint64) == at.sequence {
			return segments.Get(tx, storage.K(e.Value.StreamID, parts[1], at.sequence))
		}
	}
	return segment{}, storage.ErrNotFound
}

// Unverified: AWS's sentence.
func badPointer() error {
	return logsapi.InvalidParameterException("The specified log record pointer is invalid.")
}

// Unverified: AWS's sentence.
func noSuchRecord() error {
	return logsapi.ResourceNotFoundException("The specified log record does not exist.")
}
