package logs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/storage"
)

// Limits of queries:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
const (
	maxQueries     = 100 // at once in an account and Region
	queryRetention = 7 * day
)

// query is one of StartQuery, under (account, Region, id).
type query struct {
	ID       string
	Created  int64
	Groups   []string // names
	Text     string
	Start    int64 // as it was given: seconds or milliseconds
	End      int64
	Limit    int
	Language logsapi.QueryLanguage // empty: CWLI
	Sourced  bool                  // the text names its log groups itself
	Caller   string                // the ARN of who began it
	Status   logsapi.QueryStatus
	Epoch    int // of the results
	Results  storage.BlobID
	Sealed   bool // there are Results
	Matched  int
	Scanned  int
	Read     int // log groups
	Bytes    int64
	Duration int64 // milliseconds
}

var queries = storage.NewTable[query]("logs.query")

// StartQuery begins a query over log groups and answers at once.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html
func (s *Service) StartQuery(ctx context.Context, in *logsapi.StartQueryRequest) (*logsapi.StartQueryResponse, error) {
	q, work, err := s.prepare(ctx, in)
	if err != nil {
		return nil, err
	}
	s.tasks.begin(ctx, q.ID, func(ctx context.Context) { s.run(ctx, q, work) })
	return &logsapi.StartQueryResponse{QueryId: &q.ID}, nil
}

// prepare checks and records a query that is then to be run.
func (s *Service) prepare(ctx context.Context, in *logsapi.StartQueryRequest) (q query, work *plan, err error) {
	if work, err = s.planned(ctx, in); err != nil {
		return q, nil, err
	}
	if s.queriesAtWork(ctx) >= maxQueries {
		return q, nil, logsapi.LimitExceededException("Account maximum query concurrency limit of [%d] reached.", maxQueries) // Unverified: AWS's sentence
	}
	q = query{
		ID: uuid(), Created: s.now(), Text: in.QueryString, Start: in.StartTime, End: in.EndTime, Groups: work.names(),
		Limit: int(value(in.Limit)), Status: logsapi.QueryStatusScheduled, Language: value(in.QueryLanguage), Sourced: work.sourced,
	}
	q.Caller = api.CallerOf(ctx).Principal.ARN
	return q, work, s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		return queries.Put(tx, placeOf(ctx).key(q.ID), q)
	})
}

// queriesAtWork counts the queries of the caller's place that go on; it may
// count too many while there are few.
func (s *Service) queriesAtWork(ctx context.Context) (n int) {
	active := s.tasks.list()
	if len(active) < maxQueries {
		return len(active)
	}
	all, err := list(ctx, s, queries, placeOf(ctx).key())
	if err != nil {
		return 0
	}
	for i := range all {
		if _, ok := active[all[i].ID]; ok {
			n++
		}
	}
	return n
}

// noGroupToQuery passes on the text of an inner call, as AWS does.
func noGroupToQuery(name, account string) error {
	return logsapi.ResourceNotFoundException("Log group '%s' does not exist for account ID '%s' (Service: AWSLogs; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: %s; Proxy: null)", name, account, uuid())
}

// status returns how a query stands, given the tasks that were active before
// its record was read. One that was at work when the program ended has failed.
func (q *query) status(active map[string]bool) logsapi.QueryStatus {
	running, isActive := active[q.ID]
	switch {
	case q.Status != logsapi.QueryStatusScheduled:
		return q.Status
	case running:
		return logsapi.QueryStatusRunning
	case isActive:
		return logsapi.QueryStatusScheduled
	}
	return logsapi.QueryStatusFailed
}

// current returns a query as it stands.
func (s *Service) current(ctx context.Context, id string) (query, logsapi.QueryStatus, error) {
	active := s.tasks.list()
	q, err := lookup(ctx, s, queries, placeOf(ctx).key(id), noSuchQuery)
	return q, q.status(active), err
}

// Unverified: AWS's sentence for a query that it does not know.
func noSuchQuery() error {
	return logsapi.ResourceNotFoundException("The specified query does not exist.")
}

// StopQuery ends a query that goes on.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StopQuery.html
func (s *Service) StopQuery(ctx context.Context, in *logsapi.StopQueryRequest) (*logsapi.StopQueryResponse, error) {
	if err := s.authorizeAccount(ctx, "StopQuery"); err != nil {
		return nil, err
	}
	if _, _, err := s.current(ctx, in.QueryId); err != nil {
		return nil, err
	}
	err := s.finish(ctx, in.QueryId, func(q *query) { q.Status = logsapi.QueryStatusCancelled })
	if errors.Is(err, errEnded) || err == nil && !s.tasks.stop(in.QueryId) {
		return nil, logsapi.InvalidParameterException("The specified query is not running.") // Unverified: AWS's sentence
	}
	if err != nil {
		return nil, err
	}
	success := true
	return &logsapi.StopQueryResponse{Success: &success}, nil
}

var errEnded = errors.New("logs: the query has ended")

// finish writes the end of a query, once.
func (s *Service) finish(ctx context.Context, id string, fn func(*query)) error {
	k := placeOf(ctx).key(id)
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		q, err := queries.Get(tx, k)
		if errors.Is(err, storage.ErrNotFound) || err == nil && q.Status != logsapi.QueryStatusScheduled {
			return errEnded
		}
		if err != nil {
			return err
		}
		fn(&q)
		if q.Sealed {
			if err := tx.KeepBlob(q.Results); err != nil {
				return err
			}
		}
		return queries.Put(tx, k, q)
	})
}

// DescribeQueries lists the queries of the last week, newest first.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeQueries.html
func (s *Service) DescribeQueries(ctx context.Context, in *logsapi.DescribeQueriesRequest) (*logsapi.DescribeQueriesResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeQueries"); err != nil {
		return nil, err
	}
	active := s.tasks.list()
	all, err := list(ctx, s, queries, placeOf(ctx).key())
	if err != nil {
		return nil, err
	}
	order := func(q query) storage.Key { return storage.K(q.Created, q.ID) }
	slices.SortFunc(all, func(a, b query) int { return order(b).Compare(order(a)) })
	all = slices.DeleteFunc(all, func(q query) bool {
		return in.LogGroupName != nil && !slices.Contains(q.Groups, *in.LogGroupName) ||
			in.Status != nil && *in.Status != q.status(active) ||
			in.QueryLanguage != nil && *in.QueryLanguage != q.language()
	})
	page, next, err := cut(s.root, pageOf(in.MaxResults), s.listing(ctx, "DescribeQueries"), in.NextToken, all, order, true)
	if err != nil {
		return nil, err
	}
	out := &logsapi.DescribeQueriesResponse{Queries: []logsapi.QueryInfo{}, NextToken: next}
	for i := range page {
		out.Queries = append(out.Queries, describeQuery(&page[i], page[i].status(active)))
	}
	return out, nil
}

func describeQuery(q *query, status logsapi.QueryStatus) logsapi.QueryInfo {
	language, shown := q.language(), q.shown()
	info := logsapi.QueryInfo{QueryLanguage: &language, QueryId: &q.ID, QueryString: &shown, Status: &status, CreateTime: &q.Created}
	if len(q.Groups) == 1 {
		info.LogGroupName = &q.Groups[0]
	}
	if q.Caller != "" {
		info.UserIdentity = &q.Caller
	}
	if status == logsapi.QueryStatusComplete {
		bytes := float64(q.Bytes)
		info.QueryDuration, info.BytesScanned = &q.Duration, &bytes
	}
	return info
}

// language is that of the query.
func (q *query) language() logsapi.QueryLanguage {
	return cmp.Or(q.Language, logsapi.QueryLanguageCwli)
}

// shown returns the query with its source, as AWS lists it.
//
// Unverified: the form for more than one log group.
func (q *query) shown() string {
	if q.Sourced {
		return q.Text
	}
	var b strings.Builder
	b.WriteString("SOURCE")
	for _, name := range q.Groups {
		b.WriteString(` "` + name + `"`)
	}
	b.WriteString(" START=" + millisText(q.Start, "000") + " END=" + millisText(q.End, "999") + " | " + q.Text)
	return b.String()
}

// ListLogGroupsForQuery names the log groups that a query is over.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListLogGroupsForQuery.html
func (s *Service) ListLogGroupsForQuery(ctx context.Context, in *logsapi.ListLogGroupsForQueryRequest) (*logsapi.ListLogGroupsForQueryResponse, error) {
	if err := s.authorizeAccount(ctx, "ListLogGroupsForQuery"); err != nil {
		return nil, err
	}
	q, _, err := s.current(ctx, in.QueryId)
	if err != nil {
		return nil, err
	}
	page, next, err := cut(s.root, pageOf(in.MaxResults), s.listing(ctx, "ListLogGroupsForQuery/"+q.ID), in.NextToken, q.Groups,
		func(name string) storage.Key { return storage.K(name) }, false)
	return &logsapi.ListLogGroupsForQueryResponse{LogGroupIdentifiers: page, NextToken: next}, err
}

// expireQueries removes queries and their results after seven days.
func (s *Service) expireQueries(ctx context.Context, now int64) error {
	var due []storage.Entry[query]
	active := s.tasks.list()
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		due = due[:0]
		for e, err := range queries.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			if _, ok := active[e.Value.ID]; !ok && e.Value.Created < now-queryRetention {
				due = append(due, e)
			}
		}
		return nil
	})
	if err != nil || len(due) == 0 {
		return err
	}
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for _, e := range due {
			if e.Value.Sealed {
				if err := tx.DropBlob(e.Value.Results); err != nil {
					return err
				}
			}
			if err := queries.Delete(tx, e.Key); err != nil {
				return err
			}
		}
		return nil
	})
}
