package bolt

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"

	"sealstack/storage"
)

// A body can lie in the store in two ways: as values of a table, in the
// database file, or as blobs, in packs beside it.
// docs/decisions/2026-11-22-object-bodies.md has the figures.
type bodies interface {
	put(ctx context.Context, n int, chunks [][]byte) error
	get(ctx context.Context, n int, chunks int) error
	remove(ctx context.Context, n int, chunks int) error
}

var (
	bodyChunks = storage.NewTable[[]byte]("bench.chunk")
	bodyBlobs  = storage.NewTable[[]storage.BlobID]("bench.blobs")
)

// inTable keeps a chunk of at most 1 MiB in each row, one transaction for each,
// for a transaction of 64 MiB is held in memory.
type inTable struct{ storage.Store }

func (b inTable) put(ctx context.Context, n int, chunks [][]byte) error {
	for i, c := range chunks {
		err := b.Update(ctx, func(_ context.Context, tx storage.Tx) error { return bodyChunks.Put(tx, storage.K(n, i), c) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (b inTable) get(ctx context.Context, n int, chunks int) error {
	for i := range chunks {
		err := b.View(ctx, func(_ context.Context, tx storage.Tx) error {
			_, err := bodyChunks.Get(tx, storage.K(n, i))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b inTable) remove(ctx context.Context, n int, chunks int) error {
	return b.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		_, err := bodyChunks.DeletePrefix(tx, storage.K(n))
		return err
	})
}

// inPacks appends blobs and keeps them in one transaction.
type inPacks struct{ storage.Store }

func (b inPacks) put(ctx context.Context, n int, chunks [][]byte) error {
	var ids []storage.BlobID
	for _, c := range chunks {
		id, err := b.Blobs().Append(ctx, c)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	return b.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for _, id := range ids {
			if err := tx.KeepBlob(id); err != nil {
				return err
			}
		}
		return bodyBlobs.Put(tx, storage.K(n), ids)
	})
}

func (b inPacks) ids(ctx context.Context, n int) (ids []storage.BlobID, err error) {
	err = b.View(ctx, func(_ context.Context, tx storage.Tx) error {
		ids, err = bodyBlobs.Get(tx, storage.K(n))
		return err
	})
	return ids, err
}

func (b inPacks) get(ctx context.Context, n int, _ int) error {
	ids, err := b.ids(ctx, n)
	for _, id := range ids {
		if _, err := b.Blobs().Read(ctx, id); err != nil {
			return err
		}
	}
	return err
}

func (b inPacks) remove(ctx context.Context, n int, _ int) error {
	ids, err := b.ids(ctx, n)
	if err != nil {
		return err
	}
	err = b.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for _, id := range ids {
			if err := tx.DropBlob(id); err != nil {
				return err
			}
		}
		return bodyBlobs.Delete(tx, storage.K(n))
	})
	if err != nil {
		return err
	}
	return b.Blobs().Sweep(ctx)
}

func bytesIn(dir string) (n int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

func chunksOf(size int) (list [][]byte) {
	for ; size > 0; size -= 1 << 20 {
		c := make([]byte, min(size, 1<<20))
		rand.Read(c)
		list = append(list, c)
	}
	return list
}

// TestDeletedBodiesGiveTheirRoomBack puts and deletes the same amount five
// times: packs may not grow with it.
func TestDeletedBodiesGiveTheirRoomBack(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	form, chunks := inPacks{s}, chunksOf(24<<20)
	for n := range 5 {
		if err := form.put(t.Context(), n, chunks); err != nil {
			t.Fatal(err)
		}
		if got := bytesIn(dir); got > 40<<20 {
			t.Errorf("%d MiB after the body was put %d times", got>>20, n+1)
		}
		if err := form.remove(t.Context(), n, len(chunks)); err != nil {
			t.Fatal(err)
		}
		if err := s.Blobs().Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := bytesIn(dir); got > 8<<20 {
		t.Errorf("%d MiB are left of nothing", got>>20)
	}
}

func BenchmarkObjectBodies(b *testing.B) {
	for _, size := range []int{64 << 20, 1 << 10} {
		chunks := chunksOf(size)
		for _, name := range []string{"table", "packs"} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) { benchmarkBodies(b, name, size, chunks) })
		}
	}
}

func benchmarkBodies(b *testing.B, name string, size int, chunks [][]byte) {
	dir := b.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var form bodies = inPacks{s}
	if name == "table" {
		form = inTable{s}
	}
	ctx, count := b.Context(), 0
	b.Run("put", func(b *testing.B) {
		b.SetBytes(int64(size))
		for b.Loop() {
			if err := form.put(ctx, count, chunks); err != nil {
				b.Fatal(err)
			}
			count++
		}
		b.ReportMetric(float64(bytesIn(dir))/float64(size*count), "disk-B/B")
	})
	b.Run("get", func(b *testing.B) {
		b.SetBytes(int64(size))
		for i := 0; b.Loop(); i++ {
			if err := form.get(ctx, i%count, len(chunks)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("delete", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			if err := form.remove(ctx, n%count, len(chunks)); n < count && err != nil {
				b.Fatal(err)
			}
		}
		for n := range count {
			_ = form.remove(ctx, n, len(chunks)) // those left
		}
		if err := s.Blobs().Sweep(ctx); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(bytesIn(dir))/float64(size*count), "left-B/B")
	})
}
