package kms

import (
	"context"
	"sync"
	"time"

	"sealstack/api"
	"sealstack/clock"
)

// Throttle refuses requests beyond the request quotas. It stands before the
// service, as api.Limiter. It is safe for concurrent use.
//
// Unverified: that a request is counted before its permission is checked, and
// that a quota is a bucket of one second's requests.
type Throttle struct {
	clock clock.Clock
	all   bool
	set   map[string]int

	mu      sync.Mutex
	buckets map[bucketAt]*bucket
}

var _ api.Limiter = (*Throttle)(nil)

// maxBuckets is how many buckets are kept before the full ones are dropped.
const maxBuckets = 4096

type bucketAt struct{ account, region, name string }

// bucket holds the requests that are left at an instant.
type bucket struct {
	left float64
	at   time.Time
}

// NewThrottle returns a Throttle that holds requests to the quotas that set
// names (see RateNames, requests per second), and to AWS's defaults for the
// others if all says so.
func NewThrottle(c clock.Clock, all bool, set map[string]int) *Throttle {
	return &Throttle{clock: c, all: all, set: set, buckets: map[bucketAt]*bucket{}}
}

// Reset fills every bucket.
func (t *Throttle) Reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.buckets)
}

// Admit counts a request to the account that makes it, whoever owns the key,
// or for which a service makes it. ThrottlingException beyond a quota, and
// then nothing is counted.
// https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html
func (t *Throttle) Admit(ctx context.Context, op *api.Operation, in any) error {
	c := api.CallerOf(ctx)
	account := c.Account
	if account == "" {
		account = c.SourceAccount
	}
	if account == "" {
		return nil // an AWS owned key, or nobody: no account pays
	}
	list := charges(c, op.Name, in)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, one := range list {
		if b, rate := t.bucket(account, one); b != nil && b.left < min(one.requests, max(rate, 1)) {
			return throttled()
		}
	}
	for _, one := range list {
		if b, _ := t.bucket(account, one); b != nil {
			b.left -= one.requests
		}
	}
	return nil
}

// bucket is the bucket of a quota, filled up to now; nil where there is no
// limit.
func (t *Throttle) bucket(account string, c charge) (*bucket, float64) {
	rate := float64(t.set[c.name])
	if rate == 0 && t.all {
		rate = rateOf(c.region, c.name)
	}
	if rate == 0 {
		return nil, 0
	}
	now, most, at := t.clock.Now(), max(rate, 1), bucketAt{account, c.region, c.name}
	b := t.buckets[at]
	if b == nil {
		t.makeRoom(now)
		b = &bucket{left: most, at: now}
		t.buckets[at] = b
	}
	if past := now.Sub(b.at).Seconds(); past > 0 {
		b.left, b.at = min(most, b.left+past*rate), now
	}
	return b, rate
}

// makeRoom drops the buckets that nobody used for longer than the slowest
// takes to fill up.
func (t *Throttle) makeRoom(now time.Time) {
	if len(t.buckets) < maxBuckets {
		return
	}
	for at, b := range t.buckets {
		if now.Sub(b.at) > time.Minute {
			delete(t.buckets, at)
		}
	}
}
