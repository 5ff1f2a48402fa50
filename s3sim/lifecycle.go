package s3sim

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/storage"
)

// lifecycle is what happens to the objects of a bucket with time.
type lifecycle struct {
	Rules []s3api.LifecycleRule
	Least s3api.TransitionDefaultMinimumObjectSize
	// Revision is another one each time that the rules are put.
	Revision string
}

const maxRules = 1000

// GetBucketLifecycleConfiguration returns the rules.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html
func (s *Service) GetBucketLifecycleConfiguration(ctx context.Context, in *s3api.GetBucketLifecycleConfigurationRequest) (*s3api.GetBucketLifecycleConfigurationOutput, error) {
	b, v, ok, err := lifecycles.open(ctx, s, in.Bucket, in.ExpectedBucketOwner, "GetLifecycleConfiguration")
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, notConfigured("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", b.Name)
	}
	return &s3api.GetBucketLifecycleConfigurationOutput{Rules: v.Rules, TransitionDefaultMinimumObjectSize: &v.Least}, nil
}

// PutBucketLifecycleConfiguration replaces the rules. Expiration follows the
// emulator's clock; transitions are kept and change nothing.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
func (s *Service) PutBucketLifecycleConfiguration(ctx context.Context, in *s3api.PutBucketLifecycleConfigurationRequest) (*s3api.PutBucketLifecycleConfigurationOutput, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutLifecycleConfiguration")
	if err != nil {
		return nil, err
	}
	c := in.LifecycleConfiguration
	if c == nil || len(c.Rules) == 0 || len(c.Rules) > maxRules {
		return nil, malformedXML()
	}
	l := lifecycle{Revision: rand.Text(), Rules: slices.Clone(c.Rules), Least: s3api.TransitionDefaultMinimumObjectSizeAllStorageClasses128k}
	if in.TransitionDefaultMinimumObjectSize != nil {
		l.Least = *in.TransitionDefaultMinimumObjectSize
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	if err := lifecycles.put(ctx, s, b, l); err != nil {
		return nil, err
	}
	return &s3api.PutBucketLifecycleConfigurationOutput{TransitionDefaultMinimumObjectSize: &l.Least}, nil
}

// DeleteBucketLifecycle forgets the rules.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketLifecycle.html
func (s *Service) DeleteBucketLifecycle(ctx context.Context, in *s3api.DeleteBucketLifecycleRequest) (*api.None, error) {
	return lifecycles.drop(ctx, s, in.Bucket, in.ExpectedBucketOwner, "PutLifecycleConfiguration")
}

// about reports whether a rule is on and covers an object.
func about(r *s3api.LifecycleRule, v *version) bool {
	if r.Status != s3api.ExpirationStatusEnabled || !strings.HasPrefix(v.Key, value(r.Prefix)) {
		return false
	}
	and := criteria(r)
	for _, t := range and.Tags {
		if got, ok := v.Tags[t.Key]; !ok || got != t.Value {
			return false
		}
	}
	return strings.HasPrefix(v.Key, value(and.Prefix)) && (and.ObjectSizeGreaterThan == nil || v.Size > *and.ObjectSizeGreaterThan) &&
		(and.ObjectSizeLessThan == nil || v.Size < *and.ObjectSizeLessThan)
}

// midnight is when something that happens days after an instant happens: at
// the midnight that follows.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
func midnight(t time.Time, days int32) time.Time {
	at := t.AddDate(0, 0, int(days))
	day := at.Truncate(24 * time.Hour)
	if day.Equal(at) {
		return day
	}
	return day.Add(24 * time.Hour)
}

// due is when a rule expires a current version; false for never.
func due(r *s3api.LifecycleRule, v *version) (time.Time, bool) {
	e := r.Expiration
	switch {
	case e == nil || v.Marker || !about(r, v):
		return time.Time{}, false
	case e.Days != nil:
		return midnight(v.Modified, *e.Days), true
	case e.Date != nil:
		return *e.Date, true
	}
	return time.Time{}, false
}

// expiration is the header x-amz-expiration of an object, nil for one that no
// rule expires.
func (s *Service) expiration(ctx context.Context, b *bucket, v *version) (*string, error) {
	l, ok, err := lifecycles.get(ctx, s, b)
	if err != nil || !ok {
		return nil, err
	}
	var first *s3api.LifecycleRule
	var at time.Time
	for i := range l.Rules {
		if t, ok := due(&l.Rules[i], v); ok && (first == nil || t.Before(at)) {
			first, at = &l.Rules[i], t
		}
	}
	if first == nil {
		return nil, nil
	}
	return new(fmt.Sprintf("expiry-date=%q, rule-id=%q", at.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"), url.QueryEscape(*first.ID))), nil
}

// abortion is when a rule aborts an upload, and which one.
func (s *Service) abortion(ctx context.Context, b *bucket, u *upload) (*time.Time, *string, error) {
	l, ok, err := lifecycles.get(ctx, s, b)
	if err != nil || !ok {
		return nil, nil, err
	}
	for i := range l.Rules {
		r := &l.Rules[i]
		if at, ok := abortDue(r, u); ok {
			return &at, r.ID, nil
		}
	}
	return nil, nil, nil
}

func abortDue(r *s3api.LifecycleRule, u *upload) (time.Time, bool) {
	a := r.AbortIncompleteMultipartUpload
	if a == nil || a.DaysAfterInitiation == nil || !about(r, &version{Key: u.Key, Tags: u.Tags}) {
		return time.Time{}, false
	}
	return midnight(u.Initiated, *a.DaysAfterInitiation), true
}

// Sweep does what rules have made due: it expires objects and aborts uploads.
// Everything is due at a midnight, so a bucket is looked through once a day,
// and when its rules are new. It also drops bucket keys from memory that have
// outlived their time.
func (s *Service) Sweep(ctx context.Context, now time.Time) error {
	s.ring.sweep(now)
	var list []bucketRecord
	var turns []string
	err := s.view(ctx, func(tx storage.Tx) error {
		list, turns = nil, nil
		for e, err := range buckets.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			l, err := lifecycles.table.Get(tx, e.Value.at())
			if errors.Is(err, storage.ErrNotFound) {
				continue
			} else if err != nil {
				return err
			}
			list, turns = append(list, e.Value), append(turns, l.Revision+now.UTC().Format(time.DateOnly))
		}
		return nil
	})
	for i := range list {
		if s.swept.done(list[i].ID, turns[i]) {
			continue
		}
		failed := s.sweepBucket(ctx, &list[i], now)
		if failed == nil {
			s.swept.note(list[i].ID, turns[i])
		}
		err = errors.Join(err, failed)
	}
	return err
}

// turns remembers for which day and rules a bucket has been swept. The zero
// value is ready.
type turns struct {
	mu   sync.Mutex
	last map[string]string
}

func (t *turns) done(bucket, turn string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last[bucket] == turn
}

func (t *turns) note(bucket, turn string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = map[string]string{}
	}
	t.last[bucket] = turn
}

func (t *turns) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = nil
}

// sweepBucket looks for what is due without holding up writers, and then does
// it, a version at a time.
func (s *Service) sweepBucket(ctx context.Context, b *bucketRecord, now time.Time) error {
	w := &sweeper{bucket: b, now: now}
	err := s.view(ctx, func(tx storage.Tx) error {
		l, err := lifecycles.table.Get(tx, b.at())
		if err != nil {
			return err
		}
		w.rules, w.work = l.Rules, nil
		return w.look(tx)
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	for _, do := range w.work {
		if err != nil {
			return err
		}
		err = s.update(ctx, func(tx storage.Tx) error {
			now, err := load(tx, b.Partition, b.Name)
			if isError(err, "NoSuchBucket") || err == nil && now.ID != b.ID {
				return nil
			} else if err != nil {
				return err
			}
			*b = now
			return do(tx)
		})
	}
	return err
}

// sweeper collects what is due in a bucket.
type sweeper struct {
	bucket *bucketRecord
	rules  []s3api.LifecycleRule
	now    time.Time
	work   []func(tx storage.Tx) error
}

func (w *sweeper) look(tx storage.Tx) error {
	var newer []*version // of the same key, the latest first
	for e, err := range versions.Scan(tx, storage.Range{Prefix: w.bucket.at()}) {
		if err != nil {
			return err
		}
		v := &e.Value
		if len(newer) > 0 && newer[0].Key != v.Key {
			w.loneMarker(newer)
			newer = nil
		}
		w.lookAt(v, newer)
		newer = append(newer, v)
	}
	w.loneMarker(newer)
	for e, err := range uploads.Scan(tx, storage.Range{Prefix: w.bucket.at()}) {
		if err != nil {
			return err
		}
		w.lookAtUpload(&e.Value)
	}
	return nil
}

// lookAt decides about one version; newer are those after it.
func (w *sweeper) lookAt(v *version, newer []*version) {
	for i := range w.rules {
		r := &w.rules[i]
		if len(newer) == 0 {
			if at, ok := due(r, v); ok && !at.After(w.now) {
				w.expire(v)
				return
			}
			continue
		}
		n := r.NoncurrentVersionExpiration
		if n == nil || n.NoncurrentDays == nil || !about(r, v) || len(newer)-1 < int(value(n.NewerNoncurrentVersions)) {
			continue
		}
		if !midnight(newer[len(newer)-1].Modified, *n.NoncurrentDays).After(w.now) {
			w.removeVersion(v)
			return
		}
	}
}

// loneMarker removes a delete marker that has nothing behind it any more.
func (w *sweeper) loneMarker(all []*version) {
	if len(all) != 1 || !all[0].Marker {
		return
	}
	for i := range w.rules {
		e := w.rules[i].Expiration
		if e != nil && (value(e.ExpiredObjectDeleteMarker) || e.Days != nil && !midnight(all[0].Modified, *e.Days).After(w.now)) && about(&w.rules[i], all[0]) {
			w.removeVersion(all[0])
			return
		}
	}
}

// expire puts a delete marker before a version, or removes it where no
// versions are kept.
func (w *sweeper) expire(v *version) {
	if w.bucket.Versioning == "" {
		w.removeVersion(v)
		return
	}
	w.work = append(w.work, func(tx storage.Tx) error {
		was, err := w.bucket.current(tx, v.Key)
		if err != nil || was == nil || was.Order != v.Order || w.bucket.Versioning != s3api.BucketVersioningStatusEnabled && v.Lock.holds(w.now, false) {
			return err
		}
		marker := &version{Key: v.Key, Modified: w.now.Truncate(time.Second), Marker: true, Owner: w.bucket.Account}
		return w.bucket.insert(tx, marker, was, content{}, w.now.UnixNano())
	})
}

// removeVersion removes a version that is still there and not locked.
func (w *sweeper) removeVersion(v *version) {
	w.work = append(w.work, func(tx storage.Tx) error {
		now, err := versions.Get(tx, w.bucket.version(v.Key, v.Order))
		if errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		if err != nil || now.Lock.holds(w.now, false) {
			return err
		}
		return w.bucket.remove(tx, &now)
	})
}

func (w *sweeper) lookAtUpload(u *upload) {
	for i := range w.rules {
		if at, ok := abortDue(&w.rules[i], u); ok && !at.After(w.now) {
			w.work = append(w.work, func(tx storage.Tx) error {
				up, err := w.bucket.findUpload(tx, u.Key, u.ID)
				if isError(err, "NoSuchUpload") {
					return nil
				} else if err != nil {
					return err
				}
				return dropUpload(tx, w.bucket, &up)
			})
			return
		}
	}
}
