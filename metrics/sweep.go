package metrics

import (
	"context"
	"errors"
	"time"

	"sealstack/storage"
)

// Sweep merges points that have become old into coarser ones and drops those
// that are too old, and the metrics without any. Reads tell no difference:
// they take periods as long as the points will be.
func (s *Service) Sweep(ctx context.Context, now time.Time) error {
	if last := s.swept.Load(); last <= now.UnixMilli() && now.UnixMilli()-last < time.Minute.Milliseconds() {
		return nil // it goes through all points
	}
	s.swept.Store(now.UnixMilli())
	due, err := s.due(ctx, now)
	if err != nil || len(due) == 0 {
		return err
	}
	return s.config.Store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for _, k := range due {
			if err := age(tx, k, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// due returns the keys of the points that are finer than their age allows.
func (s *Service) due(ctx context.Context, now time.Time) (due []storage.Key, err error) {
	err = s.config.Store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		due = due[:0]
		for e, err := range points.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			if q := &e.Value; now.Sub(timeOf(q)) >= maxAge || q.Span < coarseness(timeOf(q), now).Milliseconds() {
				due = append(due, append(storage.Key{}, e.Key...))
			}
		}
		return nil
	})
	return due, err
}

// age brings one point to the form of its age.
func age(tx storage.Tx, k storage.Key, now time.Time) error {
	q, err := points.Get(tx, k)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := points.Delete(tx, k); err != nil {
		return err
	}
	parts := k.Parts()
	owner := storage.K(parts[:5]...)
	if now.Sub(timeOf(&q)) >= maxAge {
		return dropEmpty(tx, owner)
	}
	q.Span = coarseness(timeOf(&q), now).Milliseconds()
	q.At -= q.At % q.Span
	coarse := owner.With(q.At, string(q.Unit))
	old, err := points.Get(tx, coarse)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return points.Put(tx, coarse, q)
	case err != nil:
		return err
	}
	old.merge(&q)
	old.Span = q.Span
	return points.Put(tx, coarse, old)
}

// dropEmpty removes a metric without points.
func dropEmpty(tx storage.Tx, k storage.Key) error {
	for range points.Keys(tx, storage.Range{Prefix: k}) {
		return nil
	}
	return metricTable.Delete(tx, k)
}
