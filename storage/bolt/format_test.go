package bolt

import (
	"context"
	"errors"
	"testing"

	"go.etcd.io/bbolt"

	"sealstack/storage"
)

var words = storage.NewTable[string]("words")

func openAs(t *testing.T, dir string, f format) (*Store, error) {
	t.Helper()
	s, err := openFormat(dir, Options{}, f)
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, err
}

func writeWord(t *testing.T, dir string, f format, word string) {
	t.Helper()
	s, err := openAs(t, dir, f)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error {
		return words.Put(tx, storage.K("k"), word)
	})
	if err := errors.Join(err, s.Check(t.Context()), s.Close()); err != nil {
		t.Fatal(err)
	}
}

func readWord(t *testing.T, s *Store) (word string) {
	t.Helper()
	err := s.View(t.Context(), func(_ context.Context, tx storage.Tx) (err error) {
		word, err = words.Get(tx, storage.K("k"))
		return err
	})
	if err := errors.Join(err, s.Check(t.Context()), s.Close()); err != nil {
		t.Fatal(err)
	}
	return word
}

// appending returns a step that appends a letter to the stored word, which is
// CBOR text of less than 24 bytes.
func appending(letter byte) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		b := tx.Bucket(dataBucket)
		k := appendKey(nil, "words", storage.K("k"))
		v := append([]byte{}, b.Get(k)...)
		v[0]++
		return b.Put(k, append(v, letter))
	}
}

func TestANewerFormatIsRefusedUntouched(t *testing.T) {
	dir := t.TempDir()
	newer := format{version: current.version + 1}
	writeWord(t, dir, newer, "new")
	if _, err := openAs(t, dir, current); !errors.Is(err, storage.ErrFormatNewer) {
		t.Errorf("got %v", err)
	}
	s, err := openAs(t, dir, newer)
	if err != nil {
		t.Fatal(err)
	}
	if got := readWord(t, s); got != "new" {
		t.Errorf("the word is %q", got)
	}
}

func TestAnOlderFormatIsMigratedStepByStep(t *testing.T) {
	dir := t.TempDir()
	writeWord(t, dir, format{version: 1}, "w")
	third := format{version: 3, steps: map[uint64]func(*bbolt.Tx) error{1: appending('a'), 2: appending('b')}}
	for range 2 { // the second time there is nothing to do
		s, err := openAs(t, dir, third)
		if err != nil {
			t.Fatal(err)
		}
		if got := readWord(t, s); got != "wab" {
			t.Errorf("the word is %q", got)
		}
	}
}

func TestAFailedStepIsRepeatedNextTime(t *testing.T) {
	dir := t.TempDir()
	writeWord(t, dir, format{version: 1}, "w")
	failure := errors.New("disk full")
	half := func(tx *bbolt.Tx) error {
		if err := appending('x')(tx); err != nil {
			return err
		}
		return failure
	}
	third := format{version: 3, steps: map[uint64]func(*bbolt.Tx) error{1: appending('a'), 2: half}}
	if _, err := openAs(t, dir, third); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
	third.steps[2] = appending('b')
	s, err := openAs(t, dir, third)
	if err != nil {
		t.Fatal(err)
	}
	if got := readWord(t, s); got != "wab" {
		t.Errorf("the word is %q", got)
	}
}

func TestAFormatWithoutAWayIsRefused(t *testing.T) {
	dir := t.TempDir()
	writeWord(t, dir, format{version: 1}, "w")
	if _, err := openAs(t, dir, format{version: 2}); err == nil {
		t.Error("opened")
	}
}

func TestTheMigrationTableReachesTheCurrentFormat(t *testing.T) {
	for v := uint64(1); v < current.version; v++ {
		if current.steps[v] == nil {
			t.Errorf("no step from format %d", v)
		}
	}
	if current.steps[current.version] != nil {
		t.Error("a step beyond the current format")
	}
}
