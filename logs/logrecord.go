package logs

import (
	"cmp"
	"context"
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

// eventAt reads the event at a position of the group.
func (s *Service) eventAt(ctx context.Context, g *group, at position, v views) (located, error) {
	var u usage
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		u, err = findUsage(tx, g)
		return err
	})
	if err != nil {
		return located{}, err
	}
	before := at
	before.index--
	w := s.walkFrom(g, wholeGroup{id: g.ID}, before, at.timestamp, u.Span, false)
	w.views = v
	e, ok, err := w.step(ctx)
	if err != nil {
		return located{}, err
	}
	if !ok || e.position != at {
		return located{}, noSuchRecord()
	}
	return e, nil
}

// Unverified: AWS's sentence.
func badPointer() error {
	return logsapi.InvalidParameterException("The specified log record pointer is invalid.")
}

// Unverified: AWS's sentence.
func noSuchRecord() error {
	return logsapi.ResourceNotFoundException("The specified log record does not exist.")
}
