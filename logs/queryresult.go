package logs

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"

	"github.com/klauspost/compress/s2"

	"sealstack/api/logsapi"
	"sealstack/logs/insights"
	"sealstack/storage"
)

// queryResults is the resource under which the results of queries are sealed:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatchLogs-Insights-Query-Encrypt.html
const queryResults = "query-result:*"

// resultGroups holds, under (account, Region), the encryption epochs of the
// results of queries, in the form of a log group's.
var resultGroups = storage.NewTable[group]("logs.resultgroup")

// resultGroup returns the epochs of results, which begin with one under the
// key that the service owns.
func (s *Service) resultGroup(ctx context.Context) (g group, err error) {
	p := placeOf(ctx)
	g, err = lookup(ctx, s, resultGroups, p.key(), func() error { return storage.ErrNotFound })
	if !errors.Is(err, storage.ErrNotFound) {
		return g, err
	}
	fresh := group{ID: rand.Text(), Name: queryResults, Created: s.now(), Results: true}
	e, d, err := s.newEpoch(ctx, &fresh, "", fresh.Created)
	if err != nil {
		return g, err
	}
	fresh.Epochs = []epoch{e}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		if g, err = resultGroups.Get(tx, p.key()); !errors.Is(err, storage.ErrNotFound) {
			return err // another call was first
		}
		g = fresh
		if err := dataKeys.Put(tx, storage.K(g.ID, 0, 0), d); err != nil {
			return err
		}
		return resultGroups.Put(tx, p.key(), g)
	})
	return g, err
}

// associateResults begins a new epoch for the results of later queries: key
// is the ARN of a KMS key or empty.
func (s *Service) associateResults(ctx context.Context, action, key string) error {
	p := placeOf(ctx)
	if err := s.authorize(ctx, action, p.arn(queryResults), nil); err != nil {
		return err
	}
	g, err := s.resultGroup(ctx)
	if err != nil || key == "" && g.latest().Key == "" {
		return err
	}
	e, d, err := s.newEpoch(ctx, &g, key, s.now()+s.delay.Milliseconds())
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		now, err := resultGroups.Get(tx, p.key())
		if err != nil {
			return err
		}
		if now.ID != g.ID || now.latest().Number != g.latest().Number {
			return conflicting()
		}
		now.Epochs = append(now.Epochs, e)
		if err := dataKeys.Put(tx, storage.K(g.ID, e.Number, 0), d); err != nil {
			return err
		}
		return resultGroups.Put(tx, p.key(), now)
	})
}

// conflicting says that another call changed the same resource.
func conflicting() error {
	return logsapi.OperationAbortedException("A conflicting operation is currently in progress against this resource. Please try again.")
}

// sealResults compresses the rows of a query and seals them, bound to it.
func sealResults(key cipher.AEAD, group, query string, rows [][]insights.Field) ([]byte, error) {
	plain, err := json.Marshal(rows)
	if err != nil {
		return nil, err
	}
	out := make([]byte, key.NonceSize())
	rand.Read(out)
	return key.Seal(out, out, s2.Encode(nil, plain), resultLabel(group, query)), nil
}

// openResults reverses [sealResults].
func openResults(key cipher.AEAD, group, query string, body []byte) (rows [][]insights.Field, err error) {
	if len(body) < key.NonceSize() {
		return nil, errSegment
	}
	packed, err := key.Open(nil, body[:key.NonceSize()], body[key.NonceSize():], resultLabel(group, query))
	if err != nil {
		return nil, err
	}
	plain, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, err
	}
	return rows, json.Unmarshal(plain, &rows)
}

func resultLabel(group, query string) []byte {
	return []byte("sealstack/results/1/" + group + "/" + query)
}
