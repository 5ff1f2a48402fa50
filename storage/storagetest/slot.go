package storagetest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"sealstack/storage"
)

var slotTests = []test{
	{"ASecretIsReadBack", secretIsReadBack},
	{"ADestroyedSlotIsGone", destroyedIsGone},
	{"DropSlotDestroysWithTheCommit", dropSlotDestroys},
	{"AFailedUpdateDestroysNothing", failedDestroysNothing},
	{"DestroyReachesRunningViews", destroyReachesViews},
	{"ResetDestroysSlots", resetDestroysSlots},
	{"ManySlotsAtOnce", manySlots},
}

func secret(n int) (s storage.Secret) {
	copy(s[:], data(uint64(n), len(s)))
	return s
}

func putSlot(t *testing.T, s storage.Store, n int) storage.SlotID {
	t.Helper()
	id, err := s.Slots().Put(t.Context(), secret(n))
	if err != nil || id == 0 {
		t.Fatalf("put slot: %d, %v", id, err)
	}
	return id
}

func keepSlot(t *testing.T, s storage.Store, n int) storage.SlotID {
	t.Helper()
	id := putSlot(t, s, n)
	update(t, s, func(tx storage.Tx) error { return tx.KeepSlot(id) })
	return id
}

func wantSlot(t *testing.T, s storage.Store, id storage.SlotID, n int) {
	t.Helper()
	if got, err := s.Slots().Get(t.Context(), id); err != nil || got != secret(n) {
		t.Errorf("slot %x: %v, want secret %d", uint64(id), err, n)
	}
}

func wantNoSlot(t *testing.T, s storage.Store, id storage.SlotID) {
	t.Helper()
	got, err := s.Slots().Get(t.Context(), id)
	wantErr(t, "get slot", err, storage.ErrNotFound)
	if got != (storage.Secret{}) {
		t.Error("bytes of a slot that is not there")
	}
}

func secretIsReadBack(t *testing.T, s storage.Store) {
	a, b := keepSlot(t, s, 1), keepSlot(t, s, 2)
	pending := putSlot(t, s, 3)
	wantSlot(t, s, a, 1)
	wantSlot(t, s, b, 2)
	wantSlot(t, s, pending, 3)
	wantNoSlot(t, s, 0)
	none := a ^ 1<<50
	wantNoSlot(t, s, none)
	update(t, s, func(tx storage.Tx) error {
		wantErr(t, "keep of no slot", tx.KeepSlot(none), storage.ErrNotFound)
		return tx.KeepSlot(a)
	})
}

func destroyedIsGone(t *testing.T, s storage.Store) {
	kept, pending, other := keepSlot(t, s, 1), putSlot(t, s, 2), keepSlot(t, s, 3)
	for _, id := range []storage.SlotID{kept, pending, kept, 0, 12345} {
		if err := s.Slots().Destroy(t.Context(), id); err != nil {
			t.Errorf("destroy %x: %v", uint64(id), err)
		}
	}
	wantNoSlot(t, s, kept)
	wantNoSlot(t, s, pending)
	wantSlot(t, s, other, 3)
	update(t, s, func(tx storage.Tx) error {
		wantErr(t, "keep", tx.KeepSlot(pending), storage.ErrNotFound)
		return tx.DropSlot(kept)
	})
	for i := range 10 {
		if id := keepSlot(t, s, 10+i); id == kept || id == pending {
			t.Errorf("id %x is used again", uint64(id))
		}
	}
	wantNoSlot(t, s, kept)
}

func dropSlotDestroys(t *testing.T, s storage.Store) {
	id := keepSlot(t, s, 1)
	update(t, s, func(tx storage.Tx) error {
		if err := tx.DropSlot(id); err != nil {
			return err
		}
		wantSlot(t, s, id, 1)
		return nil
	})
	wantNoSlot(t, s, id)
}

func failedDestroysNothing(t *testing.T, s storage.Store) {
	id := keepSlot(t, s, 1)
	err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error {
		return errors.Join(tx.DropSlot(id), context.Canceled)
	})
	wantErr(t, "update", err, context.Canceled)
	wantSlot(t, s, id, 1)
}

func destroyReachesViews(t *testing.T, s storage.Store) {
	id := keepSlot(t, s, 1)
	err := s.View(t.Context(), func(ctx context.Context, _ storage.Tx) error {
		done := make(chan error)
		go func() { done <- s.Slots().Destroy(context.Background(), id) }()
		if err := <-done; err != nil {
			return err
		}
		_, err := s.Slots().Get(ctx, id)
		wantErr(t, "get", err, storage.ErrNotFound)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func resetDestroysSlots(t *testing.T, s storage.Store) {
	kept, pending := keepSlot(t, s, 1), putSlot(t, s, 2)
	if err := s.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantNoSlot(t, s, kept)
	wantNoSlot(t, s, pending)
	wantSlot(t, s, keepSlot(t, s, 3), 3)
}

func manySlots(t *testing.T, s storage.Store) {
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 10 {
				n := w*100 + i
				id := keepSlot(t, s, n)
				wantSlot(t, s, id, n)
				if i%2 == 0 {
					if err := s.Slots().Destroy(context.Background(), id); err != nil {
						t.Error(err)
					}
					wantNoSlot(t, s, id)
				}
			}
		})
	}
	wg.Wait()
}
