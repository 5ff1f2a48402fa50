package cloudtrail

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sealstack/storage"
)

// An account that leaves an organization loses the organization's trail, which
// logs no further events of it. The files that there are stay.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html

// departed returns the shares of accounts that the trail has delivered of and
// that are not among its shares any more. Such a share is as one that was
// stopped: what was logged before is delivered, and its chain of digests ends.
//
// Unverified: that AWS delivers what happened shortly before.
func (s *Service) departed(ctx context.Context, t *trail, shares []trail, now time.Time) (gone []trail, err error) {
	if t.Organization == "" {
		return nil, nil
	}
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		gone = gone[:0]
		for k, err := range lanes.Keys(tx, storage.Range{Prefix: storage.K(t.ID)}) {
			if err != nil {
				return err
			}
			_, account, shared := strings.Cut(k.Strings()[1], " ")
			of := func(o trail) bool { return o.For == account }
			if shared && !slices.ContainsFunc(shares, of) && !slices.ContainsFunc(gone, of) {
				gone = append(gone, t.without(account, now))
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cloudtrail: accounts that left %s: %w", t.arn(), err)
	}
	return gone, nil
}

// without is the share of an account that has left.
func (t trail) without(account string, now time.Time) trail {
	if t.For, t.Away = account, true; t.Logging {
		t.Logging, t.Stopped = false, now
	}
	return t
}

// attend notes whether the account of the share is away. When it comes back a
// chain begins with that, not with the trail.
func (d *digests) attend(t *trail, now time.Time) {
	if d.Away && !t.Away {
		d.Joined = now
	}
	d.Away = t.Away
}
