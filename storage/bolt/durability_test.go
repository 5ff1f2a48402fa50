package bolt_test

import (
	"context"
	"errors"
	"testing"

	"sealstack/storage"
	"sealstack/storage/bolt"
)

// What a committed row refers to must be on the disk with full durability,
// and need not be without, where a sync would only cost time.
func TestFullDurabilitySyncsWhatARowRefersTo(t *testing.T) {
	for _, durability := range []bolt.Durability{bolt.Process, bolt.Full} {
		s := open(t, t.TempDir(), bolt.Options{Durability: durability})
		blob, err := s.Blobs().Append(t.Context(), []byte("blob"))
		if err != nil {
			t.Fatal(err)
		}
		slot, err := s.Slots().Put(t.Context(), storage.Secret{1})
		if err != nil {
			t.Fatal(err)
		}
		if blobs, slots := s.BesideDurable(); blobs || slots {
			t.Errorf("durable before the update: blobs %v, slots %v", blobs, slots)
		}
		err = s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error {
			return errors.Join(tx.KeepBlob(blob), tx.KeepSlot(slot))
		})
		if err != nil {
			t.Fatal(err)
		}
		want := durability == bolt.Full
		if blobs, slots := s.BesideDurable(); blobs != want || slots != want {
			t.Errorf("durable after the update: blobs %v, slots %v, want %v", blobs, slots, want)
		}
		done(t, s)
	}
}

// A destruction is on the disk before it is acknowledged, whatever the
// durability of the rest.
func TestDestructionIsAlwaysSynced(t *testing.T) {
	s := open(t, t.TempDir(), bolt.Options{})
	defer done(t, s)
	for name, destroy := range map[string]func(storage.SlotID) error{
		"destroy": func(id storage.SlotID) error { return s.Slots().Destroy(t.Context(), id) },
		"drop": func(id storage.SlotID) error {
			return s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error { return tx.DropSlot(id) })
		},
		"reset": func(storage.SlotID) error { return s.Reset(t.Context()) },
	} {
		id, err := s.Slots().Put(t.Context(), storage.Secret{1})
		if err != nil {
			t.Fatal(err)
		}
		if err := destroy(id); err != nil {
			t.Fatal(err)
		}
		if _, slots := s.BesideDurable(); !slots {
			t.Errorf("%s: acknowledged before it was on the disk", name)
		}
	}
}
