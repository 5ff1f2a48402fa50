package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sealstack/storage"
	"sealstack/storage/bolt"
)

var rows = storage.NewTable[string]("rows")

func put(t testing.TB, s storage.Store, k, v string) {
	t.Helper()
	err := s.Update(context.Background(), func(_ context.Context, tx storage.Tx) error {
		return rows.Put(tx, storage.K(k), v)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, s storage.Store, k string) (v string) {
	t.Helper()
	err := s.View(context.Background(), func(_ context.Context, tx storage.Tx) (err error) {
		v, err = rows.Get(tx, storage.K(k))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func done(t testing.TB, s storage.Store) {
	t.Helper()
	if err := errors.Join(s.Check(context.Background()), s.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsWrittenOutlivesTheStore(t *testing.T) {
	for _, opts := range []bolt.Options{{}, {Durability: bolt.Full}} {
		dir := filepath.Join(t.TempDir(), "a", "b")
		s := open(t, dir, opts)
		put(t, s, "k", "v")
		id, err := s.Blobs().Append(t.Context(), []byte("blob"))
		if err != nil {
			t.Fatal(err)
		}
		lost, err := s.Blobs().Append(t.Context(), []byte("never kept"))
		if err != nil {
			t.Fatal(err)
		}
		slot, err := s.Slots().Put(t.Context(), storage.Secret{1})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error {
			return errors.Join(tx.KeepBlob(id), tx.KeepSlot(slot))
		})
		if err != nil {
			t.Fatal(err)
		}
		done(t, s)
		s = open(t, dir, opts)
		if got := get(t, s, "k"); got != "v" {
			t.Errorf("k is %q", got)
		}
		if b, err := s.Blobs().Read(t.Context(), id); err != nil || string(b) != "blob" {
			t.Errorf("the blob is %q, %v", b, err)
		}
		if _, err := s.Blobs().Read(t.Context(), lost); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a blob never kept: %v", err)
		}
		if got, err := s.Slots().Get(t.Context(), slot); err != nil || got != (storage.Secret{1}) {
			t.Errorf("the slot is %v, %v", got, err)
		}
		next, err := s.Blobs().Append(t.Context(), []byte("next"))
		if err != nil || next <= lost {
			t.Errorf("blob id %x after %x, %v", uint64(next), uint64(lost), err)
		}
		done(t, s)
	}
}

func TestNobodyElseCanReadTheFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, dir, bolt.Options{})
	if _, err := s.Blobs().Append(t.Context(), []byte("blob")); err != nil {
		t.Fatal(err)
	}
	defer done(t, s)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := os.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", d.Name(), info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestASecondOpeningNamesTheHolder(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, bolt.Options{})
	_, err := bolt.Open(dir, bolt.Options{})
	var locked storage.ErrLocked
	if !errors.As(err, &locked) || locked.PID != os.Getpid() || locked.Dir != dir {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(err.Error(), fmt.Sprint("process ", os.Getpid())) {
		t.Errorf("the message is %q", err)
	}
	put(t, s, "k", "v") // the first is not disturbed
	done(t, s)
	done(t, open(t, dir, bolt.Options{}))
}

func TestASecondProcessFailsAtOnce(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil { // it has written something
		t.Fatal(err)
	}
	_, err = bolt.Open(dir, bolt.Options{})
	var locked storage.ErrLocked
	if !errors.As(err, &locked) || locked.PID != cmd.Process.Pid {
		t.Errorf("got %v, want process %d", err, cmd.Process.Pid)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	done(t, open(t, dir, bolt.Options{})) // the lock went with the process
}

func TestAnAlteredBlobIsCorrupt(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, bolt.Options{})
	want := bytes.Repeat([]byte("blob data "), 20_000)
	id, err := s.Blobs().Append(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error { return tx.KeepBlob(id) }); err != nil {
		t.Fatal(err)
	}
	file := onlyPack(t, dir)
	for _, at := range []int64{0, 5, 13, 17, 25, 50, 150_000, 200_000} {
		flip(t, file, at)
		if _, err := s.Blobs().Read(t.Context(), id); !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("byte %d altered: read: %v", at, err)
		}
		if err := s.Check(t.Context()); !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("byte %d altered: check: %v", at, err)
		}
		flip(t, file, at)
	}
	b, err := s.Blobs().Open(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	flip(t, file, 150_000)
	if _, err := b.ReadAt(make([]byte, 10), 140_000); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("a range near the altered byte: %v", err)
	}
	if _, err := b.ReadAt(make([]byte, 10), 10); err != nil {
		t.Errorf("a range far from it: %v", err)
	}
	flip(t, file, 150_000)
	if err := errors.Join(b.Close(), os.Truncate(file, 100)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Blobs().Read(t.Context(), id); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("cut short: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAMissingPackIsCorrupt(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, bolt.Options{})
	id, err := s.Blobs().Append(t.Context(), []byte("blob"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error { return tx.KeepBlob(id) }); err != nil {
		t.Fatal(err)
	}
	done(t, s)
	if err := os.Remove(onlyPack(t, dir)); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, bolt.Options{})
	defer s.Close()
	if _, err := s.Blobs().Read(t.Context(), id); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("read: %v", err)
	}
	if err := s.Check(t.Context()); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("check: %v", err)
	}
}

func onlyPack(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "packs", "*.pack"))
	if err != nil || len(files) != 1 {
		t.Fatalf("packs %v, %v", files, err)
	}
	return files[0]
}

func flip(t *testing.T, path string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x10
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedSlotIsCorruptAndNotUsedAgain(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, bolt.Options{})
	id, err := s.Slots().Put(t.Context(), storage.Secret{1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error { return tx.KeepSlot(id) }); err != nil {
		t.Fatal(err)
	}
	flip(t, filepath.Join(dir, "slots"), 64+20)
	for range 2 {
		if _, err := s.Slots().Get(t.Context(), id); !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("get: %v", err)
		}
		if err := s.Check(t.Context()); !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("check: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir, bolt.Options{})
	}
	if err := s.Slots().Destroy(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	done(t, s)
}

func TestALostSlotFileIsNoticed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, bolt.Options{})
	id, err := s.Slots().Put(t.Context(), storage.Secret{1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error { return tx.KeepSlot(id) }); err != nil {
		t.Fatal(err)
	}
	done(t, s)
	if err := os.Remove(filepath.Join(dir, "slots")); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, bolt.Options{})
	defer s.Close()
	if err := s.Check(t.Context()); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("check: %v", err)
	}
}

func TestWhatIsNoDatabaseIsRefused(t *testing.T) {
	for name, file := range map[string]string{"store.db": "database", "slots": "slot file"} {
		dir := t.TempDir()
		done(t, open(t, dir, bolt.Options{}))
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, bytes.Repeat([]byte("no "+file), 10_000), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := bolt.Open(dir, bolt.Options{}); !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConcurrentUpdatesShareCommits(t *testing.T) {
	s := open(t, t.TempDir(), bolt.Options{})
	defer done(t, s)
	const crowd = 50
	var wg sync.WaitGroup
	commits := commitsDuring(t, s, func() {
		err := s.Update(t.Context(), func(context.Context, storage.Tx) error {
			for i := range crowd {
				wg.Go(func() { put(t, s, fmt.Sprint(i), "v") })
			}
			time.Sleep(50 * time.Millisecond) // all of them wait in line now
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
	if commits > crowd/5 {
		t.Errorf("%d commits for %d concurrent updates", commits, crowd)
	}
}

// commitsDuring counts commits by the transaction number of the database.
func commitsDuring(t *testing.T, s *bolt.Store, fn func()) uint64 {
	t.Helper()
	before := s.Commits(t)
	fn()
	return s.Commits(t) - before
}

func TestAnUpdateThatWritesNothingCommitsNothing(t *testing.T) {
	s := open(t, t.TempDir(), bolt.Options{})
	defer done(t, s)
	put(t, s, "k", "v")
	n := commitsDuring(t, s, func() {
		for _, result := range []error{nil, context.Canceled} {
			err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error {
				if result != nil {
					if err := rows.Put(tx, storage.K("k"), "w"); err != nil {
						return err
					}
				}
				return errors.Join(result, rows.Delete(tx, storage.K("none")))
			})
			if !errors.Is(err, result) {
				t.Errorf("got %v, want %v", err, result)
			}
		}
	})
	if n != 0 {
		t.Errorf("%d commits", n)
	}
}

func TestSweepRemovesTheFilesOfDeadBlobs(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, bolt.Options{PackSize: 10_000})
	var ids []storage.BlobID
	for i := range 40 {
		id, err := s.Blobs().Append(t.Context(), bytes.Repeat([]byte{byte(i)}, 3000))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	keep := ids[0]
	if err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error { return tx.KeepBlob(keep) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Blobs().Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := packs(t, dir); n < 10 {
		t.Errorf("%d packs: blobs that may still be kept were swept", n)
	}
	done(t, s) // nobody can keep them now
	s = open(t, dir, bolt.Options{PackSize: 10_000})
	defer done(t, s)
	for range 2 {
		if err := s.Blobs().Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := packs(t, dir); n != 1 {
		t.Errorf("%d packs for one blob", n)
	}
	if b, err := s.Blobs().Read(t.Context(), keep); err != nil || !bytes.Equal(b, make([]byte, 3000)) {
		t.Errorf("the blob that was moved: %d bytes, %v", len(b), err)
	}
}

func packs(t *testing.T, dir string) int {
	t.Helper()
	files, err := os.ReadDir(filepath.Join(dir, "packs"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

func TestSweepLeavesAPackWithADamagedBlob(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, bolt.Options{})
	var ids []storage.BlobID
	for range 4 {
		id, err := s.Blobs().Append(t.Context(), make([]byte, 1000))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error { return tx.KeepBlob(ids[0]) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Blobs().Discard(t.Context(), ids[1:]...); err != nil {
		t.Fatal(err)
	}
	file := onlyPack(t, dir)
	flip(t, file, 500)
	if err := s.Blobs().Sweep(t.Context()); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("sweep: %v", err)
	}
	flip(t, file, 500)
	done(t, s)
}

func TestCloseComesAfterTheUpdatesBeforeIt(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, bolt.Options{})
	closed := make(chan error, 1)
	var wg sync.WaitGroup
	err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error {
		wg.Go(func() { put(t, s, "second", "v") })
		time.Sleep(20 * time.Millisecond) // it is in line
		go func() { closed <- s.Close() }()
		time.Sleep(20 * time.Millisecond) // and so is this
		return rows.Put(tx, storage.K("first"), "v")
	})
	wg.Wait()
	if err := errors.Join(err, <-closed); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, bolt.Options{})
	defer done(t, s)
	if a, b := get(t, s, "first"), get(t, s, "second"); a != "v" || b != "v" {
		t.Errorf("%q and %q after closing", a, b)
	}
}

func TestWhoWaitsWhenTheStoreClosesIsToldSo(t *testing.T) {
	s := open(t, t.TempDir(), bolt.Options{})
	results := make(chan error, 2)
	err := s.Update(t.Context(), func(context.Context, storage.Tx) error {
		go func() { results <- s.Close() }()
		time.Sleep(20 * time.Millisecond)
		go func() {
			results <- s.Update(context.Background(), func(context.Context, storage.Tx) error {
				t.Error("the closure ran")
				return nil
			})
		}()
		time.Sleep(20 * time.Millisecond)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(<-results, <-results); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
