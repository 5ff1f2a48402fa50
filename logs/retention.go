package logs

import (
	"context"
	"errors"
	"slices"
	"time"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/storage"
)

// retentions are the days for which a group can keep its events.
var retentions = []int32{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// PutRetentionPolicy sets for how many days a group keeps its events. Older
// ones are gone from reads at once.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
func (s *Service) PutRetentionPolicy(ctx context.Context, in *logsapi.PutRetentionPolicyRequest) (*api.None, error) {
	return nil, s.change(ctx, "PutRetentionPolicy", in.LogGroupName, func(g *group) error {
		if !slices.Contains(retentions, in.RetentionInDays) {
			return logsapi.InvalidParameterException("Invalid retention value: %d", in.RetentionInDays) // Unverified: AWS's sentence
		}
		g.Retention = in.RetentionInDays
		return nil
	})
}

// DeleteRetentionPolicy lets a group keep its events for ever.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteRetentionPolicy.html
func (s *Service) DeleteRetentionPolicy(ctx context.Context, in *logsapi.DeleteRetentionPolicyRequest) (*api.None, error) {
	return nil, s.change(ctx, "DeleteRetentionPolicy", in.LogGroupName, func(g *group) error {
		g.Retention = 0
		return nil
	})
}

// Sweep removes the segments that have expired whole, gives their room back,
// drops the data keys that have outlived their time and old queries, tells
// CloudWatch what the passing of time makes known, and lets live tails send
// their updates.
func (s *Service) Sweep(ctx context.Context, now time.Time) error {
	at := now.UnixMilli()
	s.ring.sweep(now)
	s.tails.pulse()
	// What one of them can't do keeps none of the others from its work.
	return errors.Join(
		s.forwardAgain(ctx), s.tell(ctx, at), s.expireRecords(ctx, at), s.expireEvents(ctx, at),
		s.evaluateAnomalies(ctx, at), s.runScheduled(ctx, at), s.store.Blobs().Sweep(ctx),
	)
}

// expireEvents removes what has outlived its retention.
func (s *Service) expireEvents(ctx context.Context, now int64) error {
	expiring, err := s.expiring(ctx)
	for _, k := range expiring {
		err = errors.Join(err, s.expire(ctx, k, now))
	}
	return err
}

// forwardAgain has deliveries that are due delivered: those that failed, and
// those that a former process left.
func (s *Service) forwardAgain(ctx context.Context) error {
	lanes, err := s.lanes(ctx)
	if err == nil && len(lanes) > 0 {
		s.kick()
	}
	return err
}

// tell puts the metrics that are due.
func (s *Service) tell(ctx context.Context, now int64) error {
	return errors.Join(s.emitDefaults(ctx, now), s.tellTraffic(ctx))
}

// expireRecords removes old queries. It goes through all of
// them, so it does so once a minute of the emulator's time.
func (s *Service) expireRecords(ctx context.Context, now int64) error {
	if last := s.expired.Load(); last <= now && now-last < minute {
		return nil
	}
	s.expired.Store(now)
	return s.expireQueries(ctx, now)
}

// expiring returns the keys of the groups that have a retention.
func (s *Service) expiring(ctx context.Context) (keys []storage.Key, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		keys = keys[:0]
		for e, err := range groups.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			if e.Value.Retention > 0 {
				keys = append(keys, e.Key)
			}
		}
		return nil
	})
	return keys, err
}

// expire removes what has expired in one group.
func (s *Service) expire(ctx context.Context, k storage.Key, now int64) error {
	due, err := s.anyBefore(ctx, k, now)
	if err != nil || !due {
		return err
	}
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		g, err := groups.Get(tx, k)
		if err != nil {
			return ignoreNotFound(err)
		}
		cutoff := g.cutoff(now)
		for e, err := range streams.Scan(tx, storage.Range{Prefix: storage.K(g.ID)}) {
			if err != nil {
				return err
			}
			if err := dropBefore(tx, &g, &e.Value, &cutoff); err != nil {
				return err
			}
		}
		return nil
	})
}

// anyBefore reports whether the group may hold a segment that has expired:
// its earliest one begins before the cutoff.
func (s *Service) anyBefore(ctx context.Context, k storage.Key, now int64) (due bool, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		due = false
		g, err := groups.Get(tx, k)
		if err != nil {
			return ignoreNotFound(err)
		}
		for range moments.Keys(tx, storage.Range{Prefix: storage.K(g.ID), To: storage.K(g.ID, g.cutoff(now))}) {
			due = true
			break
		}
		return nil
	})
	return due, err
}
