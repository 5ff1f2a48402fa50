package storagetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"sealstack/storage"
)

var blobTests = []test{
	{"AKeptBlobIsReadBack", keptBlobIsReadBack},
	{"RangesOfABlob", rangesOfABlob},
	{"ABlobIsKeptOnlyByACommit", keptByCommit},
	{"ADroppedBlobIsGone", droppedIsGone},
	{"AViewKeepsTheBlobsItSees", viewKeepsBlobs},
	{"AnOpenBlobOutlivesItsRow", openOutlives},
	{"SweepGivesRoomBack", sweepGivesBack},
	{"SweepLeavesWhatMayStillBeKept", sweepLeavesPending},
	{"ManyAppendAtOnceWhileSweeping", manyAppend},
	{"ResetForgetsBlobs", resetForgetsBlobs},
}

// data returns bytes that differ by seed.
func data(seed uint64, size int) []byte {
	var key [32]byte
	key[0], key[1], key[2] = byte(seed), byte(seed>>8), byte(seed>>16)
	b := make([]byte, size)
	_, _ = rand.NewChaCha8(key).Read(b)
	return b
}

func appendBlob(t *testing.T, s storage.Store, b []byte) storage.BlobID {
	t.Helper()
	id, err := s.Blobs().Append(t.Context(), b)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	if id == 0 {
		t.Fatal("a blob has id 0")
	}
	return id
}

func keepBlob(t *testing.T, s storage.Store, b []byte) storage.BlobID {
	t.Helper()
	id := appendBlob(t, s, b)
	update(t, s, func(tx storage.Tx) error { return tx.KeepBlob(id) })
	return id
}

func wantBlob(t *testing.T, s storage.Store, id storage.BlobID, want []byte) {
	t.Helper()
	got, err := s.Blobs().Read(t.Context(), id)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("blob %x: %d bytes that are not the %d appended", uint64(id), len(got), len(want))
	}
}

func wantNoBlob(t *testing.T, s storage.Store, id storage.BlobID) {
	t.Helper()
	_, err := s.Blobs().Read(t.Context(), id)
	wantErr(t, "read", err, storage.ErrNotFound)
	_, err = s.Blobs().Open(t.Context(), id)
	wantErr(t, "open", err, storage.ErrNotFound)
}

var blobSizes = []int{0, 1, 1000, 64<<10 - 1, 64 << 10, 64<<10 + 1, 255 << 10, 1 << 20, 3<<20 + 17}

func keptBlobIsReadBack(t *testing.T, s storage.Store) {
	for i, size := range blobSizes {
		b := data(uint64(i), size)
		id := appendBlob(t, s, b)
		own := bytes.Clone(b)
		clear(b) // the store has its own copy
		wantBlob(t, s, id, own)
		update(t, s, func(tx storage.Tx) error { return errors.Join(tx.KeepBlob(id), tx.KeepBlob(id)) })
		update(t, s, func(tx storage.Tx) error { return tx.KeepBlob(id) })
		got, err := s.Blobs().Read(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		clear(got) // and so has the reader
		wantBlob(t, s, id, own)
	}
	_, err := s.Blobs().Append(t.Context(), make([]byte, storage.MaxBlob+1))
	wantErr(t, "too large", err, storage.ErrTooLarge)
}

func rangesOfABlob(t *testing.T, s storage.Store) {
	for i, size := range blobSizes {
		want := data(uint64(i), size)
		id := keepBlob(t, s, want)
		b, err := s.Blobs().Open(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if b.Size() != int64(size) {
			t.Errorf("size %d, want %d", b.Size(), size)
		}
		for _, cut := range [][2]int{{0, size}, {0, 1}, {1, 10}, {65530, 20}, {65536, 65536}, {60000, 200000}, {size - 1, 1}, {size - 1, 2}, {size, 1}} {
			wantRange(t, b, want, cut[0], cut[1])
		}
		all, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
		if err != nil || !bytes.Equal(all, want) {
			t.Errorf("reading all: %d bytes, %v", len(all), err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

// wantRange compares with what a bytes.Reader would answer.
func wantRange(t *testing.T, b storage.Blob, want []byte, off, n int) {
	t.Helper()
	if off < 0 || n == 0 {
		return
	}
	got, ref := make([]byte, n), make([]byte, n)
	m, err := b.ReadAt(got, int64(off))
	wantN, wantErr := bytes.NewReader(want).ReadAt(ref, int64(off))
	if m != wantN || err != wantErr || !bytes.Equal(got[:m], ref[:m]) {
		t.Errorf("read %d at %d of %d: %d, %v; want %d, %v", n, off, len(want), m, err, wantN, wantErr)
	}
}

func keptByCommit(t *testing.T, s storage.Store) {
	id := appendBlob(t, s, []byte("b"))
	failure := errors.New("no")
	err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error {
		return errors.Join(tx.KeepBlob(id), failure)
	})
	wantErr(t, "update", err, failure)
	wantBlob(t, s, id, []byte("b")) // not kept, but not given up either
	update(t, s, func(tx storage.Tx) error {
		wantErr(t, "drop of one not kept", tx.DropBlob(id), storage.ErrNotFound)
		wantErr(t, "keep of one never appended", tx.KeepBlob(id+1000), storage.ErrNotFound)
		return nil
	})
	if err := s.Blobs().Discard(t.Context(), id, id+1000); err != nil {
		t.Fatal(err)
	}
	wantNoBlob(t, s, id)
	update(t, s, func(tx storage.Tx) error {
		wantErr(t, "keep of one discarded", tx.KeepBlob(id), storage.ErrNotFound)
		return nil
	})
	kept := keepBlob(t, s, []byte("kept"))
	if err := s.Blobs().Discard(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	wantBlob(t, s, kept, []byte("kept"))
}

func droppedIsGone(t *testing.T, s storage.Store) {
	id := keepBlob(t, s, []byte("b"))
	err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error {
		return errors.Join(tx.DropBlob(id), context.Canceled)
	})
	wantErr(t, "update", err, context.Canceled)
	wantBlob(t, s, id, []byte("b"))
	update(t, s, func(tx storage.Tx) error { return tx.DropBlob(id) })
	wantNoBlob(t, s, id)
	update(t, s, func(tx storage.Tx) error {
		wantErr(t, "second drop", tx.DropBlob(id), storage.ErrNotFound)
		wantErr(t, "keep after drop", tx.KeepBlob(id), storage.ErrNotFound)
		return nil
	})
}

func viewKeepsBlobs(t *testing.T, s storage.Store) {
	want := data(1, 1000)
	id := keepBlob(t, s, want)
	err := s.View(t.Context(), func(ctx context.Context, _ storage.Tx) error {
		done := make(chan struct{})
		go func() {
			defer close(done)
			update(t, s, func(tx storage.Tx) error { return tx.DropBlob(id) })
			sweep(t, s)
			sweep(t, s)
		}()
		<-done
		got, err := s.Blobs().Read(ctx, id)
		if !bytes.Equal(got, want) {
			t.Errorf("the view reads %d bytes, %v", len(got), err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wantNoBlob(t, s, id)
}

func sweep(t *testing.T, s storage.Store) {
	t.Helper()
	if err := s.Blobs().Sweep(context.Background()); err != nil {
		t.Errorf("sweep: %v", err)
	}
}

func openOutlives(t *testing.T, s storage.Store) {
	want := data(1, 200<<10)
	id := keepBlob(t, s, want)
	b, err := s.Blobs().Open(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	update(t, s, func(tx storage.Tx) error { return tx.DropBlob(id) })
	sweep(t, s)
	wantRange(t, b, want, 0, len(want))
}

func usage(t *testing.T, s storage.Store) storage.BlobUsage {
	t.Helper()
	u, err := s.Blobs().Usage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func sweepGivesBack(t *testing.T, s storage.Store) {
	const n, size = 64, 10_000
	ids := make([]storage.BlobID, n)
	for i := range ids {
		ids[i] = keepBlob(t, s, data(uint64(i), size))
	}
	if err := s.Blobs().Discard(t.Context(), appendBlob(t, s, data(99, size))); err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx storage.Tx) error {
		for i, id := range ids {
			if i%8 != 0 {
				if err := tx.DropBlob(id); err != nil {
					return err
				}
			}
		}
		return nil
	})
	sweep(t, s)
	sweep(t, s)
	u := usage(t, s)
	if u.Live != n/8 || u.LiveBytes < n/8*size {
		t.Errorf("usage %+v, want %d blobs", u, n/8)
	}
	if u.PackBytes > 3*u.LiveBytes {
		t.Errorf("usage %+v: the dead still take room", u)
	}
	for i, id := range ids {
		if i%8 == 0 {
			wantBlob(t, s, id, data(uint64(i), size))
		}
	}
}

func sweepLeavesPending(t *testing.T, s storage.Store) {
	id := appendBlob(t, s, data(1, 1000))
	for range 3 {
		sweep(t, s)
	}
	update(t, s, func(tx storage.Tx) error { return tx.KeepBlob(id) })
	sweep(t, s)
	wantBlob(t, s, id, data(1, 1000))
}

func manyAppend(t *testing.T, s storage.Store) {
	done := make(chan struct{})
	var sweeper, writers sync.WaitGroup
	sweeper.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				sweep(t, s)
			}
		}
	})
	for w := range 8 {
		writers.Go(func() { churn(t, s, uint64(w)) })
	}
	writers.Wait()
	close(done)
	sweeper.Wait()
	if u := usage(t, s); u.Live != 8*10 {
		t.Errorf("%d blobs, want 80", u.Live)
	}
}

// churn keeps 40 blobs and drops 30 of them, reading in between.
func churn(t *testing.T, s storage.Store, w uint64) {
	ctx := context.Background()
	var ids []storage.BlobID
	for i := range uint64(40) {
		size := int(i*1777) % 100_000
		id, err := s.Blobs().Append(ctx, data(w<<8|i, size))
		if err != nil {
			t.Error(err)
			return
		}
		ids = append(ids, id)
		err = s.Update(ctx, func(_ context.Context, tx storage.Tx) error {
			if i >= 10 {
				if err := tx.DropBlob(ids[i-10]); err != nil {
					return err
				}
			}
			return tx.KeepBlob(id)
		})
		if err != nil {
			t.Error(err)
			return
		}
		from := max(0, int(i)-9)
		at := from + int(i*7)%(int(i)+1-from)
		got, err := s.Blobs().Read(ctx, ids[at])
		if err != nil || !bytes.Equal(got, data(w<<8|uint64(at), at*1777%100_000)) {
			t.Errorf("writer %d blob %d: %d bytes, %v", w, at, len(got), err)
			return
		}
	}
}

func resetForgetsBlobs(t *testing.T, s storage.Store) {
	kept, pending := keepBlob(t, s, []byte("kept")), appendBlob(t, s, []byte("pending"))
	if err := s.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantNoBlob(t, s, kept)
	wantNoBlob(t, s, pending)
	update(t, s, func(tx storage.Tx) error {
		wantErr(t, "keep of one from before", tx.KeepBlob(pending), storage.ErrNotFound)
		return nil
	})
	if u := usage(t, s); u != (storage.BlobUsage{}) {
		t.Errorf("usage after reset: %+v", u)
	}
	again := keepBlob(t, s, []byte("again"))
	if again == kept || again == pending {
		t.Errorf("id %x is used again", uint64(again))
	}
	wantBlob(t, s, again, []byte("again"))
}
