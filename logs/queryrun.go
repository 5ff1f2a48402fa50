package logs

import (
	"context"
	"errors"
	"strconv"

	"sealstack/api/logsapi"
	"sealstack/logs/insights"
	"sealstack/storage"
)

// millisFrom is where times in seconds end: StartQuery takes seconds, and in
// practice milliseconds too.
//
// Unverified: where AWS draws the line.
const millisFrom = 100_000_000_000

// millis returns the first millisecond of a time given in seconds, or the
// time itself if it is in milliseconds.
func millis(t int64) int64 {
	if t < millisFrom {
		return t * 1000
	}
	return t
}

// lastMillis returns the last millisecond of a time given in seconds.
func lastMillis(t int64) int64 {
	if t < millisFrom {
		return t*1000 + 999
	}
	return t
}

// millisText makes milliseconds of seconds by appending digits.
func millisText(t int64, digits string) string {
	text := strconv.FormatInt(t, 10)
	if t < millisFrom {
		text += digits
	}
	return text
}

// run does the work of a query and writes how it ended. Events that cannot be
// read, and results that cannot be sealed, make it fail.
//
// Unverified: AWS documents no status for these.
func (s *Service) run(ctx context.Context, q query, parsed *insights.Query, from []group) {
	began := s.now()
	rows, stats, err := s.evaluate(ctx, &q, parsed, from)
	if err == nil {
		err = s.keepResults(ctx, &q, rows)
	}
	status := logsapi.QueryStatusComplete
	if err != nil {
		status = logsapi.QueryStatusFailed
	}
	// When the query was stopped or the store emptied, nobody waits for this.
	err = s.finish(context.WithoutCancel(ctx), q.ID, func(now *query) {
		now.Status, now.Duration = status, s.now()-began
		now.Matched, now.Scanned, now.Bytes = stats.matched, stats.scanned, stats.bytes
		now.Epoch, now.Results, now.Sealed = q.Epoch, q.Results, q.Sealed
	})
	if err != nil && q.Sealed {
		_ = s.store.Blobs().Discard(context.WithoutCancel(ctx), q.Results) // a sweep takes it otherwise
	}
}

type scanned struct {
	matched, scanned int
	bytes            int64
}

// evaluate runs the query over the events of all groups, newest first.
func (s *Service) evaluate(ctx context.Context, q *query, parsed *insights.Query, from []group) ([][]insights.Field, scanned, error) {
	var stats scanned
	p := placeOf(ctx)
	run := parsed.Start(insights.Options{Now: q.Created, Limit: q.Limit, Pointer: func(e *insights.Event) string {
		return s.pointer(p, &from[e.Place.Group], position{e.Timestamp, e.Place.Sequence, e.Place.Index})
	}})
	m, err := s.mergeNewest(ctx, from, millis(q.Start), lastMillis(q.End), views{both: parsed.Unmasks(), shaped: true})
	if err != nil {
		return nil, stats, err
	}
	for {
		e, group, ok, err := m.step(ctx)
		if err != nil {
			return nil, stats, err
		}
		if !ok {
			break
		}
		if stats.scanned++; stats.scanned%1024 == 0 && ctx.Err() != nil {
			return nil, stats, ctx.Err()
		}
		stats.bytes += int64(len(e.message))
		run.Add(&insights.Event{
			Timestamp: e.timestamp, Ingested: e.ingested, Message: e.message, Clear: e.clear, Transformed: e.shaped, Stream: e.stream,
			Log: p.account + ":" + from[group].Name, Place: insights.Place{Group: group, Sequence: e.sequence, Index: e.index},
		})
	}
	rows := run.Finish()
	stats.matched = run.Matched()
	return rows, stats, ctx.Err()
}

// merge yields the events of several groups, newest first.
type merge struct {
	walks []*walk
	from  []int64
	heads []*located // nil: at the end
}

// mergeNewest begins a merge over [from, to] in milliseconds.
func (s *Service) mergeNewest(ctx context.Context, groups []group, from, to int64, v views) (*merge, error) {
	m := &merge{}
	for i := range groups {
		g := &groups[i]
		var u usage
		err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
			u, err = findUsage(tx, g)
			return err
		})
		if err != nil {
			return nil, err
		}
		begin := max(from, g.cutoff(s.now()))
		w := s.walkFrom(g, wholeGroup{id: g.ID}, head(saturated(to, 1)), begin, u.Span, true)
		w.views = v
		m.walks = append(m.walks, w)
		m.from = append(m.from, begin)
		m.heads = append(m.heads, nil)
		if err := m.advance(ctx, i); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *merge) advance(ctx context.Context, i int) error {
	e, ok, err := m.walks[i].step(ctx)
	if err != nil {
		return err
	}
	m.heads[i] = nil
	if ok && e.timestamp >= m.from[i] {
		m.heads[i] = &e
	}
	return nil
}

// step returns the newest event that is left and the index of its group.
func (m *merge) step(ctx context.Context) (located, int, bool, error) {
	best := -1
	for i, h := range m.heads {
		if h != nil && (best < 0 || m.heads[best].position.before(h.position)) {
			best = i
		}
	}
	if best < 0 {
		return located{}, 0, false, nil
	}
	e := *m.heads[best]
	return e, best, true, m.advance(ctx, best)
}

// keepResults seals the rows under the epoch in effect for results and
// appends them to the blobs.
func (s *Service) keepResults(ctx context.Context, q *query, rows [][]insights.Field) error {
	g, err := s.resultGroup(ctx)
	if err != nil {
		return err
	}
	q.Epoch = g.at(q.Created).Number
	key, err := s.dataKey(ctx, &g, &header{Epoch: q.Epoch})
	if err != nil {
		return err
	}
	body, err := sealResults(key, g.ID, q.ID, rows)
	if err != nil {
		return err
	}
	q.Results, err = s.store.Blobs().Append(ctx, body)
	q.Sealed = err == nil
	return err
}

// GetQueryResults returns the rows of a query that is complete, and of any
// other its status.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetQueryResults.html
func (s *Service) GetQueryResults(ctx context.Context, in *logsapi.GetQueryResultsRequest) (*logsapi.GetQueryResultsResponse, error) {
	if err := s.authorizeAccount(ctx, "GetQueryResults"); err != nil {
		return nil, err
	}
	q, status, err := s.current(ctx, in.QueryId)
	if err != nil {
		return nil, err
	}
	language := logsapi.QueryLanguageCwli
	out := &logsapi.GetQueryResultsResponse{QueryLanguage: &language, Status: &status, Results: [][]logsapi.ResultField{}, Statistics: q.statistics()}
	if status != logsapi.QueryStatusComplete {
		return out, nil
	}
	rows, key, err := s.results(ctx, &q)
	if err != nil {
		return nil, err
	}
	if key != "" {
		out.EncryptionKey = &key
	}
	return out, s.pageOfResults(ctx, in, rows, out)
}

// results opens the rows of a query, and names the KMS key that they are
// sealed under. KMS may refuse, as it may refuse for events.
func (s *Service) results(ctx context.Context, q *query) ([][]insights.Field, string, error) {
	g, err := s.resultGroup(ctx)
	if err != nil {
		return nil, "", err
	}
	key, err := s.dataKey(ctx, &g, &header{Epoch: q.Epoch})
	if err != nil {
		return nil, "", err
	}
	body, err := s.store.Blobs().Read(ctx, q.Results)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, "", noSuchQuery() // it expired meanwhile
	}
	if err != nil {
		return nil, "", err
	}
	rows, err := openResults(key, g.ID, q.ID, body)
	return rows, g.Epochs[q.Epoch].Key, err
}

// pageOfResults writes the rows that the call asks for into the answer.
func (s *Service) pageOfResults(ctx context.Context, in *logsapi.GetQueryResultsRequest, rows [][]insights.Field, out *logsapi.GetQueryResultsResponse) error {
	purpose := s.listing(ctx, "GetQueryResults/"+in.QueryId)
	first := 0
	if in.NextToken != nil {
		k, err := s.root.Tokens().Decode(purpose, *in.NextToken)
		if err != nil {
			return badToken()
		}
		at, _ := k.Parts()[0].(int64)
		first = min(int(at), len(rows))
	}
	last := len(rows)
	if in.MaxItems != nil && first+int(*in.MaxItems) < last {
		last = first + int(*in.MaxItems)
		token := s.root.Tokens().Encode(purpose, storage.K(int64(last)))
		out.NextToken = &token
	}
	for _, row := range rows[first:last] {
		fields := make([]logsapi.ResultField, len(row))
		for i := range row {
			fields[i] = logsapi.ResultField{Field: &row[i].Name, Value: &row[i].Value}
		}
		out.Results = append(out.Results, fields)
	}
	return nil
}

func (q *query) statistics() *logsapi.QueryStatistics {
	number := func(n float64) *float64 { return &n }
	return &logsapi.QueryStatistics{
		RecordsMatched: number(float64(q.Matched)), RecordsScanned: number(float64(q.Scanned)), BytesScanned: number(float64(q.Bytes)),
		EstimatedRecordsSkipped: number(0), EstimatedBytesSkipped: number(0), LogGroupsScanned: number(float64(len(q.Groups))),
	}
}
