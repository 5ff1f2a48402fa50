// Package storagetest is what every storage engine must pass. Only the tests
// of engines import it.
package storagetest

import (
	"context"
	"errors"
	"testing"

	"sealstack/storage"
)

// Open makes an empty store for one test.
type Open func(t *testing.T) storage.Store

// Run runs the whole suite. After every test the store is checked.
func Run(t *testing.T, open Open) {
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"Transactions", transactionTests},
		{"Scans", scanTests},
		{"Blobs", blobTests},
		{"Slots", slotTests},
		{"Histories", historyTests},
		{"Model", modelTests},
	} {
		for _, tt := range group.tests {
			t.Run(group.name+"/"+tt.name, func(t *testing.T) {
				tt.fn(t, checked(t, open))
			})
		}
	}
}

type test struct {
	name string
	fn   func(t *testing.T, s storage.Store)
}

// checked opens a store that is checked and closed when the test is over.
func checked(t *testing.T, open Open) storage.Store {
	t.Helper()
	s := open(t)
	t.Cleanup(func() {
		if err := s.Check(context.Background()); err != nil && !errors.Is(err, storage.ErrClosed) {
			t.Errorf("check after the test: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close after the test: %v", err)
		}
	})
	return s
}

// note is the row of most tests.
type note struct {
	Text  string
	Count int
}

var notes = storage.NewTable[note]("notes")

func update(t *testing.T, s storage.Store, fn func(tx storage.Tx) error) {
	t.Helper()
	err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error { return fn(tx) })
	if err != nil {
		t.Fatalf("update: %v", err)
	}
}

func view(t *testing.T, s storage.Store, fn func(tx storage.Tx) error) {
	t.Helper()
	err := s.View(t.Context(), func(_ context.Context, tx storage.Tx) error { return fn(tx) })
	if err != nil {
		t.Fatalf("view: %v", err)
	}
}

// put stores a note with that text under each name.
func put(t *testing.T, s storage.Store, names ...string) {
	t.Helper()
	update(t, s, func(tx storage.Tx) error {
		for _, n := range names {
			if err := notes.Put(tx, storage.K(n), note{Text: n}); err != nil {
				return err
			}
		}
		return nil
	})
}

// names lists the first part of each key in the range.
func names(t *testing.T, s storage.Store, r storage.Range) []string {
	t.Helper()
	var out []string
	view(t, s, func(tx storage.Tx) (err error) {
		out, err = namesIn(tx, r)
		return err
	})
	return out
}

func namesIn(tx storage.Tx, r storage.Range) (out []string, err error) {
	for e, err := range notes.Scan(tx, r) {
		if err != nil {
			return nil, err
		}
		out = append(out, e.Key.Strings()[0])
	}
	return out, nil
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
