package cloudtrail

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/kmsapi"
	"sealstack/cloudtrail/lakesql"
	"sealstack/storage"
)

// lakeQuery is a query as it is stored. Its rows are a blob, sealed under a
// data key of its own.
type lakeQuery struct {
	ID        string                    `cbor:"1,keyasint"`
	Account   string                    `cbor:"2,keyasint"` // owner of the stores
	Region    string                    `cbor:"3,keyasint"`
	Store     string                    `cbor:"4,keyasint"` // the first that it names
	Statement string                    `cbor:"5,keyasint"`
	Created   time.Time                 `cbor:"6,keyasint"`
	Status    cloudtrailapi.QueryStatus `cbor:"7,keyasint"`
	Error     string                    `cbor:"8,keyasint,omitempty"`
	Duration  int64                     `cbor:"9,keyasint,omitempty"` // milliseconds
	Matched   int64                     `cbor:"10,keyasint,omitempty"`
	Scanned   int64                     `cbor:"11,keyasint,omitempty"`
	Bytes     int64                     `cbor:"12,keyasint,omitempty"`

	Epoch   storeEpoch     `cbor:"13,keyasint"` // of the results
	Results storage.BlobID `cbor:"14,keyasint,omitempty"`

	URI      string                       `cbor:"15,keyasint,omitempty"` // where the results are delivered
	Delivery cloudtrailapi.DeliveryStatus `cbor:"16,keyasint,omitempty"`
	Alias    string                       `cbor:"17,keyasint,omitempty"`

	Partition string `cbor:"18,keyasint"`
	Refresh   string `cbor:"19,keyasint,omitempty"` // of a dashboard
}

var (
	// lakeQueries: owner, Region, id.
	lakeQueries = storage.NewTable[lakeQuery]("cloudtrail.lakequery")
	// lakeQueryOrder: store id, time of creation, query id.
	lakeQueryOrder = storage.NewTable[string]("cloudtrail.lakequeryorder")
)

// Limits of queries.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-run-query.html
const (
	maxRunning   = 10
	queryLife    = 7 * 24 * time.Hour
	queryTimeout = time.Hour
)

func (q *lakeQuery) place() storage.Key { return storage.K(q.Account, q.Region, q.ID) }

func (q *lakeQuery) turn() storage.Key { return storage.K(q.Store, q.Created, q.ID) }

func (q *lakeQuery) active() bool {
	return q.Status == cloudtrailapi.QueryStatusQueued || q.Status == cloudtrailapi.QueryStatusRunning
}

// label binds a data key and the results to their query.
func (q *lakeQuery) label() string { return "cloudtrail.lakequery/" + q.ID }

// Sentences of queries. Unverified: all of them.

func badStatement(why string) *api.Error {
	return cloudtrailapi.InvalidQueryStatementException("%s", why)
}

func unknownQuery() *api.Error {
	return cloudtrailapi.QueryIdNotFoundException("The query ID does not exist or does not map to a query.")
}

func tooManyQueries() *api.Error {
	return cloudtrailapi.MaxConcurrentQueriesException("You are already running the maximum number of concurrent queries: %d.", maxRunning)
}

func queryKeyDenied(key string) *api.Error {
	return cloudtrailapi.InsufficientEncryptionPolicyException("Insufficient permissions to access KMS key %s.", key)
}

// queried is a store of a query, with its data keys.
type queried struct {
	eventStore
	keys []cipher.AEAD
}

// StartQuery starts a query over one or more stores of an account. The caller
// needs cloudtrail:StartQuery on each, and kms:Decrypt and
// kms:GenerateDataKey for a KMS key.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartQuery.html
func (s *Service) StartQuery(ctx context.Context, in *cloudtrailapi.StartQueryRequest) (*cloudtrailapi.StartQueryResponse, error) {
	statement, err := s.statementOf(ctx, in)
	if err != nil {
		return nil, err
	}
	q := s.newQuery(ctx, statement)
	q.URI, q.Alias = deref(in.DeliveryS3Uri), deref(in.QueryAlias)
	if err := s.begin(ctx, q, deref(in.EventDataStoreOwnerAccountId)); err != nil {
		return nil, err
	}
	return &cloudtrailapi.StartQueryResponse{QueryId: &q.ID, EventDataStoreOwnerAccountId: in.EventDataStoreOwnerAccountId}, nil
}

func (s *Service) newQuery(ctx context.Context, statement string) *lakeQuery {
	c := api.CallerOf(ctx)
	return &lakeQuery{
		ID: newID(), Account: c.Account, Partition: c.Partition, Region: c.Region, Statement: statement, Created: s.clock.Now(),
		Status: cloudtrailapi.QueryStatusQueued,
	}
}

// begin starts a query as the caller, who must be allowed to.
func (s *Service) begin(ctx context.Context, q *lakeQuery, owner string) error {
	compiled, stores, err := s.prepareQuery(ctx, q.Statement, owner)
	if err != nil {
		return err
	}
	q.Store, q.Account = stores[0].ID, stores[0].Account
	if err := s.checkDelivery(ctx, q, &stores[0].eventStore); err != nil {
		return err
	}
	key, err := s.queryKeys(ctx, q, stores)
	if err != nil {
		return err
	}
	if err := s.admit(ctx, q); err != nil {
		return err
	}
	s.lake.run(ctx, q.ID, func(ctx context.Context) { s.runQuery(ctx, *q, compiled, stores, key) })
	return nil
}

// statementOf is the statement of a request, or that of the widget which has
// the alias, its parameters filled in.
func (s *Service) statementOf(ctx context.Context, in *cloudtrailapi.StartQueryRequest) (string, error) {
	if in.QueryAlias != nil {
		w, err := s.widgetOf(ctx, *in.QueryAlias)
		return w.filled(in.QueryParameters), err
	}
	if in.QueryStatement == nil {
		return "", badParameter("QueryStatement or QueryAlias must be specified.")
	}
	return lakesql.Fill(*in.QueryStatement, in.QueryParameters), nil
}

// prepareQuery reads a statement and finds its stores.
func (s *Service) prepareQuery(ctx context.Context, statement, owner string) (*lakesql.Query, []queried, error) {
	read, err := lakesql.Read(statement)
	if err != nil {
		return nil, nil, badStatement(err.Error())
	}
	if len(read.Stores()) == 0 {
		return nil, nil, badStatement("The query names no event data store.")
	}
	var stores []queried
	schemas := map[string]*lakesql.Schema{}
	for _, id := range read.Stores() {
		e, err := s.activeStore(ctx, id, owner, "StartQuery")
		if err != nil {
			return nil, nil, err
		}
		stores = append(stores, queried{eventStore: e})
		schemas[id] = e.schema()
	}
	q, err := read.Compile(schemas)
	if refused, ok := errors.AsType[*lakesql.Error](err); ok {
		return nil, nil, badStatement(refused.Error())
	}
	return q, stores, err
}

// asReader is the context in which CloudTrail calls AWS KMS for the caller.
//
// Unverified: the service's name in kms:ViaService.
func (e *eventStore) asReader(ctx context.Context) context.Context {
	if c := api.CallerOf(ctx); c != nil && c.Type == api.AWSService {
		return e.asLake(ctx) // a refresh of a dashboard
	}
	return api.Forward(ctx, "cloudtrail."+e.Region+".amazonaws.com")
}

// queryKeys opens the data keys of the stores and makes that of the results,
// as the caller.
func (s *Service) queryKeys(ctx context.Context, q *lakeQuery, stores []queried) (cipher.AEAD, error) {
	for i := range stores {
		st := &stores[i]
		for n := range st.Epochs {
			key, err := s.openEpoch(st.asReader(ctx), &st.eventStore, n)
			if _, refused := refusal(err); refused {
				return nil, queryKeyDenied(st.Epochs[n].Key)
			}
			if err != nil {
				return nil, err
			}
			st.keys = append(st.keys, key)
		}
		if q.Epoch.Key == "" && st.key() != "" {
			q.Store, q.Epoch.Key = st.ID, st.key()
		}
	}
	if q.Epoch.Key == "" {
		plain := make([]byte, 32)
		rand.Read(plain)
		q.Epoch.Wrapped = s.root.Seal(q.label(), plain)
		return sealer(plain), nil
	}
	first := &stores[0].eventStore
	out, err := s.config.Keys.GenerateDataKey(first.asReader(ctx), &kmsapi.GenerateDataKeyRequest{
		KeyId: q.Epoch.Key, KeySpec: new(kmsapi.DataKeySpecAes256), EncryptionContext: q.sealContext(),
	})
	if _, refused := refusal(err); refused {
		return nil, queryKeyDenied(q.Epoch.Key)
	}
	if err != nil {
		return nil, err
	}
	q.Epoch.Wrapped = out.CiphertextBlob
	return sealer(out.Plaintext), nil
}

// sealContext is the encryption context of the results' data key.
func (q *lakeQuery) sealContext() map[string]string {
	return map[string]string{trailContext: storeARN(q.Partition, q.Region, q.Account, q.Store)}
}

// admit stores a query unless too many run.
func (s *Service) admit(ctx context.Context, q *lakeQuery) error {
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		n := 0
		for row, err := range lakeQueries.Scan(tx, storage.Range{Prefix: storage.K(q.Account, q.Region)}) {
			if err != nil {
				return err
			}
			if row.Value.active() && s.lake.runs(row.Value.ID) {
				n++
			}
		}
		if n >= maxRunning {
			return tooManyQueries()
		}
		return errors.Join(lakeQueries.Put(tx, q.place(), *q), lakeQueryOrder.Put(tx, q.turn(), q.ID))
	})
}

// runQuery does the work of a query and writes how it ended.
func (s *Service) runQuery(ctx context.Context, q lakeQuery, compiled *lakesql.Query, stores []queried, key cipher.AEAD) {
	ctx, cancel := context.WithTimeout(ctx, s.queryTimeout)
	defer cancel()
	began := s.clock.Now()
	_ = s.finishQuery(ctx, &q, func(now *lakeQuery) { now.Status = cloudtrailapi.QueryStatusRunning })
	r, err := compiled.Run(ctx, q.Created, func(store string, yield func([]byte) error) error {
		for i := range stores {
			if stores[i].ID == store {
				return s.eachLakeEvent(ctx, &stores[i].eventStore, stores[i].keys, q.Created, yield)
			}
		}
		return fmt.Errorf("cloudtrail: a query over %s, which it does not name", store)
	})
	if err == nil {
		q.Results, err = s.keepRows(ctx, &q, key, r)
	}
	if err == nil && q.URI != "" {
		q.Delivery = s.deliverResults(ctx, &q, &stores[0].eventStore, r)
	}
	end := context.WithoutCancel(ctx)
	err = s.finishQuery(end, &q, func(now *lakeQuery) { now.conclude(ctx, &q, r, err, s.clock.Now().Sub(began)) })
	if err != nil && q.Results != 0 {
		_ = s.store.Blobs().Discard(end, q.Results) // a sweep takes it otherwise
	}
}

// conclude notes how a query ended.
//
// Unverified: what EventsMatched counts; here it is the rows of the result.
func (now *lakeQuery) conclude(ctx context.Context, q *lakeQuery, r *lakesql.Result, err error, took time.Duration) {
	now.Duration = took.Milliseconds()
	if r != nil {
		now.Matched, now.Scanned, now.Bytes = int64(len(r.Rows)), r.Scanned, r.Bytes
	}
	if q.URI != "" {
		now.Delivery = q.Delivery
	}
	switch refused, ok := errors.AsType[*lakesql.Error](err); {
	case err == nil:
		now.Status, now.Results = cloudtrailapi.QueryStatusFinished, q.Results
		return
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		now.Status = cloudtrailapi.QueryStatusTimedOut
	case ctx.Err() != nil:
		now.Status = cloudtrailapi.QueryStatusCancelled
	case ok:
		now.Status, now.Error = cloudtrailapi.QueryStatusFailed, refused.Error()
	default:
		now.Status, now.Error = cloudtrailapi.QueryStatusFailed, "The query failed because of an internal error."
	}
	if now.Delivery = ""; q.URI != "" {
		now.Delivery = cloudtrailapi.DeliveryStatusCancelled
	}
}

// keepRows seals the rows and appends them to the blobs.
func (s *Service) keepRows(ctx context.Context, q *lakeQuery, key cipher.AEAD, r *lakesql.Result) (storage.BlobID, error) {
	raw, err := storage.Encode(*r)
	if err != nil {
		return 0, fmt.Errorf("cloudtrail: encode results: %w", err)
	}
	sealed := key.Seal(nil, nil, raw, []byte(q.label()))
	if len(sealed) > storage.MaxBlob {
		return 0, &lakesql.Error{Message: "The results are too large."}
	}
	return s.store.Blobs().Append(ctx, sealed)
}

// finishQuery changes a query that has not ended.
func (s *Service) finishQuery(ctx context.Context, q *lakeQuery, fn func(*lakeQuery)) error {
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		now, err := lakeQueries.Get(tx, q.place())
		if err != nil {
			return err
		}
		if !now.active() {
			return errors.New("cloudtrail: the query has ended")
		}
		if fn(&now); now.Results != 0 {
			if err := tx.KeepBlob(now.Results); err != nil {
				return err
			}
		}
		return lakeQueries.Put(tx, now.place(), now)
	})
}

// expireQueries drops the queries of more than a week ago, with their results.
func (s *Service) expireQueries(ctx context.Context, now time.Time) error {
	return s.dropQueries(ctx, func(q *lakeQuery) bool { return now.Sub(q.Created) >= queryLife })
}

func (s *Service) dropQueries(ctx context.Context, drop func(*lakeQuery) bool) error {
	var list []lakeQuery
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		list = nil
		for row, err := range lakeQueries.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			if drop(&row.Value) {
				list = append(list, row.Value)
			}
		}
		return nil
	})
	if err != nil || len(list) == 0 {
		return err
	}
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for i := range list {
			q, err := lakeQueries.Get(tx, list[i].place())
			if err != nil {
				return err
			}
			if q.Results != 0 {
				err = tx.DropBlob(q.Results)
			}
			if err := errors.Join(err, lakeQueries.Delete(tx, q.place()), lakeQueryOrder.Delete(tx, q.turn())); err != nil {
				return err
			}
		}
		return nil
	})
}

// bucketAndPrefix are those of s3://bucket/prefix.
func bucketAndPrefix(uri string) (bucket, prefix string) {
	bucket, prefix, _ = strings.Cut(strings.TrimPrefix(uri, "s3://"), "/")
	return bucket, strings.TrimSuffix(prefix, "/")
}
