package logs

import (
	"context"
	"errors"
	"strconv"
	"time"

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
func (s *Service) run(ctx context.Context, q query, work *plan) {
	began := s.now()
	limited, cancel := context.WithTimeout(ctx, maxRuntime)
	defer cancel()
	rows, stats, err := s.evaluate(limited, &q, work)
	if err == nil {
		err = s.keepResults(ctx, &q, rows)
	}
	status := endOf(err)
	// When the query was stopped or the store emptied, nobody waits for this.
	err = s.finish(context.WithoutCancel(ctx), q.ID, func(now *query) {
		now.Status, now.Duration = status, s.now()-began
		now.Matched, now.Scanned, now.Bytes, now.Read = stats.matched, stats.scanned, stats.bytes, stats.groups
		now.Epoch, now.Results, now.Sealed = q.Epoch, q.Results, q.Sealed
	})
	if err != nil && q.Sealed {
		_ = s.store.Blobs().Discard(context.WithoutCancel(ctx), q.Results) // a sweep takes it otherwise
	}
}

// Queries time out after 60 minutes, those within them after 30 seconds:
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Subqueries.html
const (
	maxRuntime      = time.Hour
	maxInnerRuntime = 30 * time.Second
)

// endOf is the status of a query that ended so.
func endOf(err error) logsapi.QueryStatus {
	switch {
	case err == nil:
		return logsapi.QueryStatusComplete
	case errors.Is(err, context.DeadlineExceeded):
		return logsapi.QueryStatusTimeout
	}
	return logsapi.QueryStatusFailed
}

type scanned struct {
	matched, scanned, groups int
	bytes                    int64
}

// evaluate runs the query over the events of all groups, newest first, after
// those that stand within it.
func (s *Service) evaluate(ctx context.Context, q *query, work *plan) ([][]insights.Field, scanned, error) {
	var stats scanned
	inner, err := s.evaluateInner(ctx, q, work, &stats)
	if err != nil {
		return nil, stats, err
	}
	run := work.start(ctx, s, q, insights.Options{Limit: q.Limit, Subqueries: inner})
	if err := s.feed(ctx, q, work, run, &stats); err != nil {
		return nil, stats, err
	}
	rows := run.Finish()
	stats.matched = run.Matched()
	return rows, stats, ctx.Err()
}

// evaluateInner runs the queries within a query.
func (s *Service) evaluateInner(ctx context.Context, q *query, work *plan, stats *scanned) (found []*insights.Rows, err error) {
	if len(work.inner) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, maxInnerRuntime)
	defer cancel()
	for _, p := range work.inner {
		run := p.start(ctx, s, q, insights.Options{Keep: true})
		if err := s.feed(ctx, q, p, run, stats); err != nil {
			return nil, err
		}
		found = append(found, run.Rows())
	}
	return found, nil
}

// feed gives a run its events, and those of the period that it compares with.
func (s *Service) feed(ctx context.Context, q *query, work *plan, run *insights.Run, stats *scanned) error {
	from, to := work.period(q)
	read, err := s.indexed(ctx, work)
	if err != nil {
		return err
	}
	stats.groups += len(read)
	if err := s.each(ctx, work, read, from, to, stats, func(e *insights.Event) bool { run.Add(e); return !run.Done() }); err != nil {
		return err
	}
	shift := work.parsed.Compared()
	if shift == nil {
		return nil
	}
	from, to = shift.Range(from, to)
	return s.each(ctx, work, read, from, to, stats, func(e *insights.Event) bool { run.AddBefore(e); return true })
}

// each gives the events of groups in [from, to] to fn until it wants no more,
// the newest first.
func (s *Service) each(ctx context.Context, work *plan, groups []group, from, to int64, stats *scanned, fn func(*insights.Event) bool) error {
	account := placeOf(ctx).account
	m, err := s.mergeNewest(ctx, groups, from, to, views{both: work.unmasks(), shaped: true})
	if err != nil {
		return err
	}
	for {
		e, group, ok, err := m.step(ctx)
		if err != nil || !ok {
			return err
		}
		if stats.scanned++; stats.scanned%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		stats.bytes += int64(len(e.message))
		more := fn(&insights.Event{
			Timestamp: e.timestamp, Ingested: e.ingested, Message: e.message, Clear: e.clear, Transformed: e.shaped, Stream: e.stream,
			Log: account + ":" + groups[group].Name, Place: insights.Place{Group: work.indexOf(groups[group].Name), Sequence: e.sequence, Index: e.index},
		})
		if !more {
			return nil
		}
	}
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
	language := q.language()
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
		EstimatedRecordsSkipped: number(0), EstimatedBytesSkipped: number(0), LogGroupsScanned: number(float64(q.Read)),
	}
}
