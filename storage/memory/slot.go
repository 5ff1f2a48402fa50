package memory

import (
	"context"
	"fmt"

	"sealstack/storage"
)

// slots live outside the tree: destroying one must reach every snapshot.
type slots struct{ *Store }

func (s slots) Put(ctx context.Context, secret storage.Secret) (storage.SlotID, error) {
	if storage.InWrite(ctx) {
		return 0, storage.ErrNested
	}
	if err := s.open(ctx); err != nil {
		return 0, err
	}
	id := storage.SlotID(s.lastID.Add(1))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slots[id] = &secret
	return id, nil
}

func (s slots) Get(ctx context.Context, id storage.SlotID) (storage.Secret, error) {
	if err := s.open(ctx); err != nil {
		return storage.Secret{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if secret := s.slots[id]; secret != nil {
		return *secret, nil
	}
	return storage.Secret{}, storage.ErrNotFound
}

func (s slots) Destroy(ctx context.Context, id storage.SlotID) error {
	return s.Update(ctx, func(_ context.Context, t storage.Tx) error {
		x := t.(*tx)
		x.dropped = append(x.dropped, id)
		return x.Delete(slotTable, storage.K(id))
	})
}

func (x *tx) KeepSlot(id storage.SlotID) error {
	if err := x.mayWrite(); err != nil {
		return err
	}
	if !x.store.hasSlot(id) {
		return storage.ErrNotFound
	}
	return x.Put(slotTable, storage.K(id), nil)
}

func (x *tx) DropSlot(id storage.SlotID) error {
	if err := x.mayWrite(); err != nil {
		return err
	}
	x.dropped = append(x.dropped, id)
	return x.Delete(slotTable, storage.K(id))
}

func (s *Store) hasSlot(id storage.SlotID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slots[id] != nil
}

// Check implements storage.Store: every kept slot must be there. It takes the
// writer's turn, since slots can be destroyed under a View.
func (s *Store) Check(ctx context.Context) error {
	return s.Update(ctx, func(_ context.Context, t storage.Tx) error {
		c, err := t.Cursor(slotTable)
		if err != nil {
			return err
		}
		for k, _, ok := c.Seek(nil); ok; k, _, ok = c.Next() {
			id := storage.SlotID(k.Parts()[0].(uint64))
			if !s.hasSlot(id) {
				return fmt.Errorf("storage: slot %d: %w", id, storage.ErrCorrupt)
			}
		}
		return nil
	})
}
