package cloudtrail

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/kmsapi"
	"sealstack/cloudtrail/lakesql"
	"sealstack/storage"
)

// openQuery authorizes an action on the store of a query, and finds the query.
func (s *Service) openQuery(ctx context.Context, store *string, id, owner, action string) (lakeQuery, eventStore, error) {
	c := api.CallerOf(ctx)
	account := c.Account
	if owner != "" {
		account = owner
	}
	var q lakeQuery
	missing := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		q, err = lakeQueries.Get(tx, storage.K(account, c.Region, id))
		return err
	})
	if st, err := s.standing(ctx, c.Account); errors.Is(missing, storage.ErrNotFound) && owner == "" && err == nil && st != nil && st.Delegated {
		missing = s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
			q, err = lakeQueries.Get(tx, storage.K(st.Management, c.Region, id))
			return err
		})
	}
	name := q.Store
	if store != nil {
		name = *store
	}
	if name == "" {
		if err := s.authorize(ctx, action, storeARN(c.Partition, c.Region, account, "*"), nil); err != nil {
			return q, eventStore{}, err
		}
		return q, eventStore{}, unknownQuery()
	}
	e, err := s.activeStore(ctx, name, owner, action)
	if err == nil && missing != nil {
		err = unknownQuery()
	}
	if q.active() && !s.lake.runs(id) && err == nil {
		q = s.settle(ctx, q)
	}
	return q, e, err
}

// settle reads a query again that seemed to run. One that ran when the
// program ended has failed.
func (s *Service) settle(ctx context.Context, q lakeQuery) lakeQuery {
	_ = s.finishQuery(ctx, &q, func(now *lakeQuery) {
		now.Status, now.Error = cloudtrailapi.QueryStatusFailed, "The query was interrupted."
	}) // it has ended in the meantime
	_ = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		if now, err := lakeQueries.Get(tx, q.place()); err == nil {
			q = now
		}
		return nil
	})
	return q
}

// DescribeQuery tells how a query goes.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeQuery.html
func (s *Service) DescribeQuery(ctx context.Context, in *cloudtrailapi.DescribeQueryRequest) (*cloudtrailapi.DescribeQueryResponse, error) {
	id, err := s.describedQuery(ctx, in)
	if err != nil {
		return nil, err
	}
	q, _, err := s.openQuery(ctx, in.EventDataStore, id, deref(in.EventDataStoreOwnerAccountId), "DescribeQuery")
	if err != nil {
		return nil, err
	}
	out := &cloudtrailapi.DescribeQueryResponse{
		QueryId: &q.ID, QueryString: &q.Statement, QueryStatus: &q.Status, ErrorMessage: some(q.Error), DeliveryS3Uri: some(q.URI),
		EventDataStoreOwnerAccountId: in.EventDataStoreOwnerAccountId,
		QueryStatistics: &cloudtrailapi.QueryStatisticsForDescribeQuery{
			EventsMatched: &q.Matched, EventsScanned: &q.Scanned, BytesScanned: &q.Bytes, ExecutionTimeInMillis: new(int32(q.Duration)),
			CreationTime: &q.Created,
		},
	}
	if q.URI != "" {
		out.DeliveryStatus = &q.Delivery
	}
	return out, nil
}

// CancelQuery stops a query that has not ended.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CancelQuery.html
func (s *Service) CancelQuery(ctx context.Context, in *cloudtrailapi.CancelQueryRequest) (*cloudtrailapi.CancelQueryResponse, error) {
	q, _, err := s.openQuery(ctx, in.EventDataStore, in.QueryId, deref(in.EventDataStoreOwnerAccountId), "CancelQuery")
	if err != nil {
		return nil, err
	}
	err = s.finishQuery(ctx, &q, func(now *lakeQuery) {
		if now.Status = cloudtrailapi.QueryStatusCancelled; now.URI != "" {
			now.Delivery = cloudtrailapi.DeliveryStatusCancelled
		}
	})
	if err != nil {
		return nil, cloudtrailapi.InactiveQueryException("The query is in a terminal state.") // Unverified: the sentence
	}
	s.lake.stop(q.ID)
	return &cloudtrailapi.CancelQueryResponse{
		QueryId: q.ID, QueryStatus: cloudtrailapi.QueryStatusCancelled, EventDataStoreOwnerAccountId: in.EventDataStoreOwnerAccountId,
	}, nil
}

// ListQueries lists the queries of a store of the last seven days, newest
// first.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListQueries.html
func (s *Service) ListQueries(ctx context.Context, in *cloudtrailapi.ListQueriesRequest) (*cloudtrailapi.ListQueriesResponse, error) {
	e, err := s.activeStore(ctx, in.EventDataStore, "", "ListQueries")
	if err != nil {
		return nil, err
	}
	if in.StartTime != nil && in.EndTime != nil && in.EndTime.Before(*in.StartTime) {
		return nil, cloudtrailapi.InvalidDateRangeException("The end time must be later than the start time.") // Unverified: the sentence
	}
	purpose := "ListQueries/" + e.ID
	r := storage.Range{Prefix: storage.K(e.ID), Reverse: true}
	if in.NextToken != nil {
		if r.To, err = s.tokens.Decode(purpose, *in.NextToken); err != nil {
			return nil, badStoreToken()
		}
	}
	size := int32(1000)
	set(&size, in.MaxResults)
	out := &cloudtrailapi.ListQueriesResponse{Queries: []cloudtrailapi.Query{}}
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		out.Queries, out.NextToken = []cloudtrailapi.Query{}, nil
		var last storage.Key
		for row, err := range lakeQueryOrder.Scan(tx, r) {
			if err != nil {
				return err
			}
			q, err := lakeQueries.Get(tx, storage.K(e.Account, e.Region, row.Value))
			if err != nil {
				return err
			}
			if !q.listed(in) {
				continue
			}
			if len(out.Queries) == int(size) {
				out.NextToken = new(s.tokens.Encode(purpose, last))
				return nil
			}
			last = row.Key
			out.Queries = append(out.Queries, cloudtrailapi.Query{QueryId: &q.ID, QueryStatus: &q.Status, CreationTime: &q.Created})
		}
		return nil
	})
	return out, err
}

func (q *lakeQuery) listed(in *cloudtrailapi.ListQueriesRequest) bool {
	return (in.QueryStatus == nil || *in.QueryStatus == q.Status) && (in.StartTime == nil || !q.Created.Before(*in.StartTime)) &&
		(in.EndTime == nil || !q.Created.After(*in.EndTime))
}

// GetQueryResults returns rows of a query that has finished, and of any other
// its status.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetQueryResults.html
func (s *Service) GetQueryResults(ctx context.Context, in *cloudtrailapi.GetQueryResultsRequest) (*cloudtrailapi.GetQueryResultsResponse, error) {
	q, e, err := s.openQuery(ctx, in.EventDataStore, in.QueryId, deref(in.EventDataStoreOwnerAccountId), "GetQueryResults")
	if err != nil {
		return nil, err
	}
	out := &cloudtrailapi.GetQueryResultsResponse{QueryStatus: &q.Status, ErrorMessage: some(q.Error), QueryResultRows: [][]map[string]string{}}
	out.QueryStatistics = &cloudtrailapi.QueryStatistics{ResultsCount: new(int32(0)), TotalResultsCount: new(int32(0)), BytesScanned: &q.Bytes}
	if q.Status != cloudtrailapi.QueryStatusFinished {
		return out, nil
	}
	r, err := s.openRows(ctx, &q, &e)
	if err != nil {
		return nil, err
	}
	first, purpose := 0, "GetQueryResults/"+q.ID
	if in.NextToken != nil {
		k, err := s.tokens.Decode(purpose, *in.NextToken)
		if err != nil {
			return nil, badStoreToken()
		}
		at, _ := k.Parts()[0].(int64)
		first = min(int(at), len(r.Rows))
	}
	size := int32(1000)
	set(&size, in.MaxQueryResults)
	last := min(first+int(size), len(r.Rows))
	if last < len(r.Rows) {
		out.NextToken = new(s.tokens.Encode(purpose, storage.K(int64(last))))
	}
	for _, row := range r.Rows[first:last] {
		out.QueryResultRows = append(out.QueryResultRows, shownRow(r.Columns, row))
	}
	out.QueryStatistics.ResultsCount, out.QueryStatistics.TotalResultsCount = new(int32(last-first)), new(int32(len(r.Rows)))
	return out, nil
}

func shownRow(columns, row []string) []map[string]string {
	var out []map[string]string
	for i, v := range row {
		out = append(out, map[string]string{columns[i]: v})
	}
	return out
}

// openRows opens the results of a query, as the caller.
func (s *Service) openRows(ctx context.Context, q *lakeQuery, e *eventStore) (*lakesql.Result, error) {
	var plain []byte
	var err error
	if q.Epoch.Key == "" {
		plain, err = s.root.Open(q.label(), q.Epoch.Wrapped)
	} else {
		var out *kmsapi.DecryptResponse
		out, err = s.config.Keys.Decrypt(e.asReader(ctx), &kmsapi.DecryptRequest{
			KeyId: &q.Epoch.Key, CiphertextBlob: q.Epoch.Wrapped, EncryptionContext: q.sealContext(),
		})
		if _, refused := refusal(err); refused {
			return nil, queryKeyDenied(q.Epoch.Key)
		}
		if err == nil {
			plain = out.Plaintext
		}
	}
	if err != nil {
		return nil, err
	}
	sealed, err := s.store.Blobs().Read(ctx, q.Results)
	if err != nil {
		return nil, err
	}
	raw, err := sealer(plain).Open(nil, nil, sealed, []byte(q.label()))
	if err != nil {
		return nil, err
	}
	r, err := storage.Decode[lakesql.Result](raw)
	return &r, err
}

// checkDelivery tries whether CloudTrail may write to the bucket of the
// results.
func (s *Service) checkDelivery(ctx context.Context, q *lakeQuery, e *eventStore) error {
	if q.URI == "" {
		return nil
	}
	q.Delivery = cloudtrailapi.DeliveryStatusPending
	t := e.deliverer(q.URI)
	if err := checkPrefix(t.Prefix); err != nil {
		return err
	}
	if err := checkBucketName(t.Bucket); err != nil {
		return err
	}
	return s.checkBucket(ctx, &t)
}

// deliverer is the store as what writes to a bucket.
func (e *eventStore) deliverer(uri string) trail {
	t := e.asTrail()
	t.Bucket, t.Prefix = bucketAndPrefix(uri)
	t.BucketRegion = e.Region
	return t
}

// deliverResults writes the rows as a compressed file of comma-separated
// values, and a file that signs it.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-lake-query-results-validation.html
func (s *Service) deliverResults(ctx context.Context, q *lakeQuery, e *eventStore, r *lakesql.Result) cloudtrailapi.DeliveryStatus {
	t := e.deliverer(q.URI)
	folder := t.folder() + "CloudTrail-Lake/Query/" + q.Created.UTC().Format("2006/01/02") + "/" + q.ID + "/"
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(append([][]string{r.Columns}, r.Rows...)); err != nil {
		return cloudtrailapi.DeliveryStatusFailed
	}
	file := squeeze(b.Bytes())
	if err := s.put(ctx, &t, &object{Bucket: t.Bucket, Key: folder + "result_1.csv.gz", body: file}); err != nil {
		return deliveryStatus(err)
	}
	sign, err := s.signResults(ctx, q, hashOf(file))
	if err != nil {
		return cloudtrailapi.DeliveryStatusFailedSigningFile
	}
	if err := s.put(ctx, &t, &object{Bucket: t.Bucket, Key: folder + "result_sign.json", body: sign}); err != nil {
		if deliveryStatus(err) == cloudtrailapi.DeliveryStatusAccessDenied {
			return cloudtrailapi.DeliveryStatusAccessDeniedSigningFile
		}
		return cloudtrailapi.DeliveryStatusFailedSigningFile
	}
	return cloudtrailapi.DeliveryStatusSuccess
}

func deliveryStatus(err error) cloudtrailapi.DeliveryStatus {
	e, ok := refusal(err)
	switch {
	case ok && e.Code == "NoSuchBucket":
		return cloudtrailapi.DeliveryStatusResourceNotFound
	case ok && (e.Code == "AccessDenied" || strings.HasPrefix(e.Code, "KMS.")):
		return cloudtrailapi.DeliveryStatusAccessDenied
	}
	return cloudtrailapi.DeliveryStatusFailed
}

// signedResults is the file that signs the results.
type signedResults struct {
	Version            string       `json:"version"`
	Region             string       `json:"region"`
	Files              []resultFile `json:"files"`
	HashAlgorithm      string       `json:"hashAlgorithm"`
	SignatureAlgorithm string       `json:"signatureAlgorithm"`
	Completed          string       `json:"queryCompleteTime"`
	Signature          string       `json:"hashSignature"`
	Fingerprint        string       `json:"publicKeyFingerprint"`
}

type resultFile struct {
	Hash string `json:"fileHashValue"`
	Name string `json:"fileName"`
}

// signResults signs the hashes of the files, with blanks between them.
func (s *Service) signResults(ctx context.Context, q *lakeQuery, hashes ...string) ([]byte, error) {
	now := s.clock.Now()
	key, err := s.signingKey(ctx, q.Region, now)
	if err != nil {
		return nil, err
	}
	signature, err := s.signText(q.Region, key, strings.Join(hashes, " "))
	if err != nil {
		return nil, err
	}
	out := signedResults{
		Version: "1.0", Region: q.Region, HashAlgorithm: "SHA-256", SignatureAlgorithm: signatureAlgorithm, Completed: stamp(now),
		Signature: signature, Fingerprint: key.Fingerprint, Files: []resultFile{{hashes[0], "result_1.csv.gz"}},
	}
	return json.Marshal(out)
}
