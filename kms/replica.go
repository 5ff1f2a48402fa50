package kms

import (
	"context"
	"errors"

	"sealstack/storage"
)

// multiRegion is what a multi-Region key shares with its related keys.
// https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
type multiRegion struct {
	Primary string   `cbor:"1,keyasint"` // Region of the primary key
	Regions []string `cbor:"2,keyasint"` // of all related keys, ascending
}

// regions lists the Regions of the key and of the keys related to it.
func (r *record) regions() []string {
	if r.Multi == nil {
		return []string{r.Region}
	}
	return r.Multi.Regions
}

// primary says that the key is no replica.
func (r *record) primary() bool { return r.Multi == nil || r.Multi.Primary == r.Region }

// spread does fn with the key and every key related to it, and stores those;
// the caller stores r.
func spread(tx storage.Tx, r *record, fn func(*record) error) error {
	for _, region := range r.regions() {
		if region == r.Region {
			continue
		}
		other, err := keys.Get(tx, storage.K(r.Account, region, r.ID))
		if err != nil {
			return err
		}
		if err := errors.Join(fn(&other), keys.Put(tx, other.place(), other)); err != nil {
			return err
		}
	}
	return fn(r)
}

// primaryOf reads the primary key of a key, which may be the key itself; nil
// if it is gone.
func (s *Service) primaryOf(ctx context.Context, r *record) (*record, error) {
	if r.primary() {
		return r, nil
	}
	var p record
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		p, err = keys.Get(tx, storage.K(r.Account, r.Multi.Primary, r.ID))
		p.seen = s.clock.Now()
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	return &p, err
}
