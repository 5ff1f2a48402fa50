package cloudtrail

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/s2"

	"sealstack/storage"
)

// segment is a batch of events in a store: what is known of it in clear, and
// the blob that holds the events, compressed and then sealed under the data
// key of an epoch.
type segment struct {
	Blob   storage.BlobID `cbor:"1,keyasint"`
	Epoch  int            `cbor:"2,keyasint"`
	Count  int            `cbor:"3,keyasint"`
	Newest time.Time      `cbor:"4,keyasint"` // event time
}

var (
	// segments: store id, segment id.
	segments = storage.NewTable[segment]("cloudtrail.lakesegment")
	// storeLanes: store id, Region: the number of the last event collected.
	storeLanes = storage.NewTable[uint64]("cloudtrail.lakelane")
)

// lakeEvent is an event as a segment holds it.
type lakeEvent struct {
	Time time.Time `cbor:"1,keyasint"`
	Text []byte    `cbor:"2,keyasint"`
}

// sealSegment makes the bytes of a blob. The label binds them to their place.
func sealSegment(key cipher.AEAD, store, id string, list []lakeEvent) ([]byte, error) {
	raw, err := storage.Encode(list)
	if err != nil {
		return nil, fmt.Errorf("cloudtrail: encode events: %w", err)
	}
	return key.Seal(nil, nil, s2.Encode(nil, raw), []byte(store+"/"+id)), nil
}

func openSegment(key cipher.AEAD, store, id string, sealed []byte) ([]lakeEvent, error) {
	packed, err := key.Open(nil, nil, sealed, []byte(store+"/"+id))
	if err != nil {
		return nil, fmt.Errorf("cloudtrail: open events of %s: %w: %w", store, storage.ErrCorrupt, err)
	}
	raw, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, fmt.Errorf("cloudtrail: read events of %s: %w", store, err)
	}
	return storage.Decode[[]lakeEvent](raw)
}

// addSegment seals events and stores them, with what else belongs to that in
// the same transaction.
func (s *Service) addSegment(ctx context.Context, e *eventStore, list []lakeEvent, also func(storage.Tx) error) error {
	key, err := s.ingestionKey(ctx, e)
	if err != nil {
		return err
	}
	id := newID()
	g := segment{Epoch: len(e.Epochs) - 1, Count: len(list)}
	for _, v := range list {
		if v.Time.After(g.Newest) {
			g.Newest = v.Time
		}
	}
	sealed, err := sealSegment(key, e.ID, id, list)
	if err != nil {
		return err
	}
	if g.Blob, err = s.store.Blobs().Append(ctx, sealed); err != nil {
		return fmt.Errorf("cloudtrail: store events of %s: %w", e.arn(), err)
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if there, err := eventStores.Has(tx, e.place()); err != nil || !there {
			return orElse(err, unknownStore())
		}
		return errors.Join(also(tx), segments.Put(tx, storage.K(e.ID, id), g), tx.KeepBlob(g.Blob))
	})
	if err != nil {
		return errors.Join(err, s.store.Blobs().Discard(context.WithoutCancel(ctx), g.Blob))
	}
	return nil
}

// sweepLake collects events for the stores, drops those that are retained no
// more, and what has expired.
func (s *Service) sweepLake(ctx context.Context, now time.Time) error {
	var list []eventStore
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		list, err = listStores(tx, "", "")
		return err
	})
	var failed error
	for i := range list {
		failed = errors.Join(failed, s.serveStore(ctx, &list[i], now))
	}
	return errors.Join(err, failed, s.expireQueries(ctx, now), s.refreshDue(ctx, now), s.resumeImports(ctx))
}

func (s *Service) serveStore(ctx context.Context, e *eventStore, now time.Time) error {
	if e.gone(now) {
		return s.removeStore(ctx, e)
	}
	if err := s.retain(ctx, e, now); err != nil || !e.collects() {
		return err
	}
	whole := e.asTrail()
	shares, err := s.shares(ctx, &whole)
	for i := range shares {
		err = errors.Join(err, s.gather(ctx, e, &shares[i], now))
	}
	return err
}

// gather collects the events of one account.
func (s *Service) gather(ctx context.Context, e *eventStore, t *trail, now time.Time) error {
	regions, err := s.regionsOf(ctx, t)
	for _, region := range regions {
		err = errors.Join(err, s.collect(ctx, e, t, region, now), s.seekInsights(ctx, e, t, region, now))
	}
	return err
}

// collect takes the events of a Region that are due into the store. A KMS key
// that refuses leaves them where they are until it does not.
//
// Unverified: whether AWS collects later what happened while the key was
// unusable.
func (s *Service) collect(ctx context.Context, e *eventStore, t *trail, region string, now time.Time) error {
	for {
		after, b, list, err := s.collectable(ctx, t, region, now)
		if err != nil || len(list) == 0 && b.skipped < maxSkip {
			return err
		}
		forward := func(tx storage.Tx) error { return storeLanes.Put(tx, t.laneKey(region), b.to) }
		if len(list) == 0 {
			return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error { return forward(tx) })
		}
		err = s.addSegment(ctx, e, list, func(tx storage.Tx) error {
			if at, err := storeLanes.Get(tx, t.laneKey(region)); err == nil && at != after {
				return errors.New("cloudtrail: events were collected meanwhile")
			}
			return forward(tx)
		})
		if _, refused := refusal(err); refused {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// collectable are the next events of a store in a Region, if they are due.
func (s *Service) collectable(ctx context.Context, t *trail, region string, now time.Time) (after uint64, b backlog, list []lakeEvent, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		list = nil
		var err error
		if after, err = storeLanes.Get(tx, t.laneKey(region)); errors.Is(err, storage.ErrNotFound) {
			var l lane
			l, err = newLane(tx, t, region)
			after = l.Cursor
		}
		if err != nil {
			return err
		}
		if err := b.read(tx, t, region, after); err != nil || !b.due(t, s.config.DeliveryInterval, now) {
			return err
		}
		return s.eachEvent(tx, t, region, after, b.to, func(e *event) bool {
			list = append(list, lakeEvent{e.at(), e.Text})
			return true
		})
	})
	return after, b, list, err
}

// retain drops the segments whose events are all too old.
func (s *Service) retain(ctx context.Context, e *eventStore, now time.Time) error {
	oldest := e.oldest(now)
	return s.dropSegments(ctx, e, func(g *segment) bool { return g.Newest.Before(oldest) })
}

func (s *Service) dropSegments(ctx context.Context, e *eventStore, drop func(*segment) bool) error {
	var list []storage.Entry[segment]
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		list = nil
		for row, err := range segments.Scan(tx, storage.Range{Prefix: storage.K(e.ID)}) {
			if err != nil {
				return err
			}
			if drop(&row.Value) {
				list = append(list, row)
			}
		}
		return nil
	})
	if err != nil || len(list) == 0 {
		return err
	}
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for _, row := range list {
			if err := errors.Join(segments.Delete(tx, row.Key), tx.DropBlob(row.Value.Blob)); err != nil {
				return err
			}
		}
		return nil
	})
}

// removeStore forgets a store whose week is over, and all that is in it.
func (s *Service) removeStore(ctx context.Context, e *eventStore) error {
	if err := s.dropSegments(ctx, e, func(*segment) bool { return true }); err != nil {
		return err
	}
	if err := s.dropQueries(ctx, func(q *lakeQuery) bool { return q.Store == e.ID }); err != nil {
		return err
	}
	err := s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		_, err := storeLanes.DeletePrefix(tx, storage.K(e.ID))
		_, also := lanes.DeletePrefix(tx, storage.K(e.ID))
		return errors.Join(err, also, eventStores.Delete(tx, e.place()))
	})
	if err != nil {
		return fmt.Errorf("cloudtrail: remove %s: %w", e.arn(), err)
	}
	return s.reload(ctx)
}

// eachLakeEvent calls yield with the retained events of a store, given the
// keys of its epochs.
func (s *Service) eachLakeEvent(ctx context.Context, e *eventStore, keys []cipher.AEAD, now time.Time, yield func(event []byte) error) error {
	var list []storage.Entry[segment]
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		list = nil
		for row, err := range segments.Scan(tx, storage.Range{Prefix: storage.K(e.ID)}) {
			if err != nil {
				return err
			}
			list = append(list, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	oldest := e.oldest(now)
	for _, row := range list {
		if err := s.readSegment(ctx, e, keys, row, oldest, yield); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) readSegment(ctx context.Context, e *eventStore, keys []cipher.AEAD, row storage.Entry[segment], oldest time.Time, yield func([]byte) error) error {
	sealed, err := s.store.Blobs().Read(ctx, row.Value.Blob)
	if errors.Is(err, storage.ErrNotFound) {
		return nil // it was too old meanwhile
	}
	if err != nil {
		return err
	}
	events, err := openSegment(keys[row.Value.Epoch], e.ID, row.Key.Strings()[1], sealed)
	if err != nil {
		return err
	}
	for _, v := range events {
		if v.Time.Before(oldest) {
			continue
		}
		if err := yield(v.Text); err != nil {
			return err
		}
	}
	return nil
}
