package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sealstack/storage"
)

// lane is what a trail has delivered of one Region, and what it is about to.
type lane struct {
	Cursor uint64 `cbor:"1,keyasint"` // the events up to it are in files
	// Intent is the file that is being delivered. It is stored before the
	// file is written, and gone when that has succeeded: a crash in between
	// writes the same file again.
	Intent *file `cbor:"2,keyasint,omitempty"`
	attempts
	Attempted time.Time `cbor:"4,keyasint,omitzero"`
	Digest    digests   `cbor:"5,keyasint"`
	Stream    stream    `cbor:"6,keyasint"`
	Notices   notices   `cbor:"7,keyasint,omitzero"`
	Insights  insights  `cbor:"8,keyasint,omitzero"`
}

// attempts is how deliveries of one kind went.
type attempts struct {
	Delivered time.Time `cbor:"10,keyasint,omitzero"` // of the last one
	Error     string    `cbor:"11,keyasint,omitempty"`
	Failures  int       `cbor:"12,keyasint,omitempty"` // in a row
	Retry     time.Time `cbor:"13,keyasint,omitzero"`  // not before
}

// file is the extent and the place of a log file.
type file struct {
	Bucket string    `cbor:"1,keyasint"`
	Folder string    `cbor:"2,keyasint"` // "prefix/AWSLogs/ACCOUNT/"
	Path   string    `cbor:"3,keyasint"` // behind the folder
	From   uint64    `cbor:"4,keyasint"` // events after this number
	To     uint64    `cbor:"5,keyasint"` // up to this one
	Time   time.Time `cbor:"6,keyasint"`
	Failed bool      `cbor:"7,keyasint,omitempty"` // it has surely not been written
}

// lanes: trail id, Region.
var lanes = storage.NewTable[lane]("cloudtrail.lane")

// laneOf returns the lane of a trail in a Region, a new one if it has none.
func (s *Service) laneOf(ctx context.Context, t *trail, region string) (l lane, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		l, err = lanes.Get(tx, t.laneKey(region))
		if errors.Is(err, storage.ErrNotFound) {
			l, err = newLane(tx, t, region)
		}
		return err
	})
	if err != nil {
		err = fmt.Errorf("cloudtrail: deliveries of %s in %s: %w", t.arn(), region, err)
	}
	return l, err
}

// newLane begins with the chunk that was being filled when the trail was made.
func newLane(tx storage.Tx, t *trail, region string) (lane, error) {
	made := uint64(t.Created.UnixNano())
	p := place{t.logged(), region}
	for k, err := range chunks.Keys(tx, storage.Range{Prefix: p.key(), To: p.key(made), Reverse: true}) {
		if err != nil {
			return lane{}, err
		}
		first, _ := k.Parts()[2].(uint64)
		return lane{Cursor: first - 1}, nil
	}
	return lane{Cursor: made - 1}, nil
}

func (s *Service) saveLane(ctx context.Context, t *trail, region string, l *lane) error {
	err := s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		return lanes.Put(tx, t.laneKey(region), *l)
	})
	if err != nil {
		return fmt.Errorf("cloudtrail: deliveries of %s in %s: %w", t.arn(), region, err)
	}
	return nil
}

// Sweep delivers what is due at now: log files, digest files, events for
// CloudWatch Logs; and forgets the events that have left the history. A
// delivery that fails is in the trail's status, not in the error.
func (s *Service) Sweep(ctx context.Context, now time.Time) error {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	if err := s.queue.flush(ctx); err != nil {
		return err
	}
	list, err := s.everyTrail(ctx)
	if err != nil {
		return err
	}
	var failed error
	for i := range list {
		failed = errors.Join(failed, s.serve(ctx, &list[i], now))
	}
	return errors.Join(failed, s.sweepLake(ctx, now), s.forget(ctx, now))
}

// everyTrail lists all trails, those that are leaving too.
func (s *Service) everyTrail(ctx context.Context) (list []trail, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		if list, err = listTrails(tx, ""); err != nil {
			return err
		}
		for row, err := range leaving.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			list = append(list, row.Value)
		}
		return nil
	})
	return list, err
}

// serve delivers what is due of one trail. A trail that was deleted goes when
// nothing of it is left.
func (s *Service) serve(ctx context.Context, t *trail, now time.Time) error {
	shares, err := s.shares(ctx, t)
	if err != nil {
		return err
	}
	gone, err := s.departed(ctx, t, shares, now)
	if err != nil {
		return err
	}
	shares = append(shares, gone...)
	done := true
	var failed error
	for i := range shares {
		through, err := s.serveShare(ctx, &shares[i], now)
		failed, done = errors.Join(failed, err), done && through
	}
	if failed == nil && !t.Deleted.IsZero() && (done || now.Sub(t.Deleted) > giveUp) {
		return s.part(ctx, t)
	}
	return failed
}

// serveShare delivers what is due of one account, and says whether nothing is
// left.
func (s *Service) serveShare(ctx context.Context, t *trail, now time.Time) (done bool, failed error) {
	regions, err := s.regionsOf(ctx, t)
	if err != nil {
		return false, err
	}
	done = true
	for _, region := range regions {
		l, err := s.laneOf(ctx, t, region)
		if err == nil {
			err = s.serveLane(ctx, t, region, &l, now)
		}
		failed = errors.Join(failed, err)
		done = done && err == nil && l.Intent == nil && !l.Digest.Open && len(l.Digest.Files) == 0
	}
	return done, failed
}

// giveUp is how long the last files of a trail that was deleted are tried.
const giveUp = 30 * 24 * time.Hour

func (s *Service) serveLane(ctx context.Context, t *trail, region string, l *lane, now time.Time) error {
	if s.config.S3 == nil {
		return nil
	}
	l.Digest.attend(t, now)
	l.Digest.begin(t) // what is delivered now is in its first digest
	if err := s.deliver(ctx, t, region, l, now); err != nil {
		return err
	}
	if err := s.analyze(ctx, t, region, l, now); err != nil {
		return err
	}
	if err := s.deliverInsights(ctx, t, region, l, now); err != nil {
		return err
	}
	if err := s.digest(ctx, t, region, l, now); err != nil {
		return err
	}
	if err := s.notify(ctx, t, region, l, now); err != nil {
		return err
	}
	return s.stream(ctx, t, region, l, now)
}

// regionsOf are the Regions of which a trail delivers: its own, and for a
// trail of all Regions those where something has happened.
//
// A trail of all Regions delivers digests on AWS of every Region, here of
// those.
func (s *Service) regionsOf(ctx context.Context, t *trail) ([]string, error) {
	regions := []string{t.Region}
	if !t.MultiRegion {
		return regions, nil
	}
	list, err := s.listPlaces(ctx, t.logged())
	for _, p := range list {
		if !slices.Contains(regions, p.region) {
			regions = append(regions, p.region)
		}
	}
	return regions, err
}

// part forgets a trail that was deleted.
func (s *Service) part(ctx context.Context, t *trail) error {
	err := s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		_, err := lanes.DeletePrefix(tx, storage.K(t.ID))
		return errors.Join(err, leaving.Delete(tx, storage.K(t.ID)))
	})
	if err != nil {
		return fmt.Errorf("cloudtrail: forget %s: %w", t.arn(), err)
	}
	return s.reload(ctx)
}

// succeed and fail note the outcome of an attempt.
func (a *attempts) succeed(now time.Time) {
	a.Delivered, a.Error, a.Failures, a.Retry = now, "", 0, time.Time{}
}

// patience is the longest that a failed delivery waits, where deliveries are
// made faster than on AWS.
const patience = 30 * time.Second

func (a *attempts) fail(err error, interval time.Duration, now time.Time) {
	a.Error = deliveryError(err)
	wait := interval << min(a.Failures, 10)
	a.Failures++
	a.Retry = now.Add(min(wait, max(interval, patience)))
}

// deliveryError is an error as GetTrailStatus tells it: Amazon S3's code.
func deliveryError(err error) string {
	if e, ok := refusal(err); ok {
		return e.Code
	}
	return "InternalError"
}
