package bolt

import (
	"context"
	"errors"
	"fmt"

	"sealstack/storage"
	"sealstack/storage/internal/pack"
)

// Check implements storage.Store. Writers wait while the tables and slots are
// checked, not while blobs are read.
func (s *Store) Check(ctx context.Context) error {
	return errors.Join(s.checkTables(ctx), s.checkBlobs(ctx))
}

func (s *Store) checkTables(ctx context.Context) error {
	return s.update(ctx, true, func(_ context.Context, t storage.Tx) error {
		x := t.(*tx)
		var errs []error
		for err := range x.bolt.Check() {
			errs = append(errs, fmt.Errorf("storage: %w: %w", storage.ErrCorrupt, err))
		}
		errs = append(errs, x.eachSlot(s.checkSlot))
		return errors.Join(errs...)
	}, nil)
}

func (s *Store) checkSlot(id storage.SlotID) error {
	if s.slots.Destroyed(id) {
		return nil
	}
	_, err := s.slots.Get(id)
	if errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("storage: kept slot %x is free: %w", uint64(id), storage.ErrCorrupt)
	}
	return err
}

// checkBlobs reads every kept blob and sees that no two share a place.
func (s *Store) checkBlobs(ctx context.Context) error {
	if err := enter(ctx); err != nil {
		return err
	}
	var errs []error
	places := map[place]storage.BlobID{}
	err := s.view(func(x *tx) error {
		return x.each(func(id storage.BlobID, at pack.Location) error {
			here := place{at.Pack, at.Offset}
			if other, taken := places[here]; taken {
				errs = append(errs, fmt.Errorf("storage: blobs %x and %x in one place: %w",
					uint64(id), uint64(other), storage.ErrCorrupt))
			}
			places[here] = id
			if _, err := s.packs.Read(id, at); err != nil {
				errs = append(errs, fmt.Errorf("storage: %w", err))
			}
			return ctx.Err()
		})
	})
	return errors.Join(append(errs, err)...)
}

type place struct {
	pack   uint32
	offset int64
}
