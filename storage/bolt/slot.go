package bolt

import (
	"context"
	"path/filepath"

	"sealstack/storage"
	"sealstack/storage/internal/slotfile"
)

type slots struct{ *Store }

// openSlots opens the slot file and brings it and the table of kept slots
// together: a slot that was destroyed without the table knowing leaves the
// table, one that the table does not know is overwritten.
func (s *Store) openSlots() (err error) {
	if s.slots, err = slotfile.Open(filepath.Join(s.dir, "slots")); err != nil {
		return err
	}
	var alive, gone []storage.SlotID
	err = s.view(func(x *tx) error {
		return x.eachSlot(func(id storage.SlotID) error {
			if s.slots.Destroyed(id) {
				gone = append(gone, id)
			} else {
				alive = append(alive, id)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	if err := s.forgetSlots(context.Background(), gone...); err != nil {
		return err
	}
	return s.slots.Reclaim(alive)
}

// forgetSlots removes slots from the table.
func (s *Store) forgetSlots(ctx context.Context, ids ...storage.SlotID) error {
	if len(ids) == 0 {
		return nil
	}
	return s.Update(ctx, func(_ context.Context, t storage.Tx) error {
		for _, id := range ids {
			if err := t.Delete(slotTable, storage.K(id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachSlot calls fn with every kept slot.
func (x *tx) eachSlot(fn func(id storage.SlotID) error) error {
	c, err := x.Cursor(slotTable)
	if err != nil {
		return err
	}
	for k, _, ok := c.Seek(nil); ok; k, _, ok = c.Next() {
		id, err := idIn(k)
		if err != nil {
			return err
		}
		if err := fn(storage.SlotID(id)); err != nil {
			return err
		}
	}
	return nil
}

// Put implements storage.Slots.
func (s slots) Put(ctx context.Context, secret storage.Secret) (storage.SlotID, error) {
	if storage.InWrite(ctx) {
		return 0, storage.ErrNested
	}
	if err := s.usable(ctx); err != nil {
		return 0, err
	}
	return s.slots.Put(secret)
}

// Get implements storage.Slots.
func (s slots) Get(ctx context.Context, id storage.SlotID) (storage.Secret, error) {
	if err := s.usable(ctx); err != nil {
		return storage.Secret{}, err
	}
	return s.slots.Get(id)
}

// Destroy implements storage.Slots. First the secret goes: that is what
// cannot wait.
func (s slots) Destroy(ctx context.Context, id storage.SlotID) error {
	if err := enter(ctx); err != nil {
		return err
	}
	if err := s.usable(ctx); err != nil {
		return err
	}
	if err := s.slots.Destroy(id); err != nil {
		return err
	}
	return s.forgetSlots(ctx, id)
}
