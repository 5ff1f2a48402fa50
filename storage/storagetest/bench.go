package storagetest

import (
	"context"
	"sync/atomic"
	"testing"

	"sealstack/storage"
)

// Bench measures a store that open makes empty.
func Bench(b *testing.B, open func(b *testing.B) storage.Store) {
	for _, m := range []struct {
		name string
		fn   func(b *testing.B, s storage.Store)
	}{
		{"Update1", func(b *testing.B, s storage.Store) { benchUpdate(b, s, 1) }},
		{"Update16", func(b *testing.B, s storage.Store) { benchUpdate(b, s, 16) }},
		{"ViewGet", benchGet},
		{"Scan1000", benchScan},
		{"Append1KiB", func(b *testing.B, s storage.Store) { benchAppend(b, s, 1<<10) }},
		{"Append64KiB", func(b *testing.B, s storage.Store) { benchAppend(b, s, 64<<10) }},
		{"AppendKeep64KiB16", benchAppendKeep},
		{"Read1KiB", func(b *testing.B, s storage.Store) { benchRead(b, s, 1<<10) }},
		{"Read64KiB", func(b *testing.B, s storage.Store) { benchRead(b, s, 64<<10) }},
		{"SlotGet", benchSlotGet},
		{"Fill1000AndReset", benchReset},
	} {
		b.Run(m.name, func(b *testing.B) {
			s := open(b)
			defer s.Close()
			b.ReportAllocs()
			m.fn(b, s)
		})
	}
}

var benchNote = note{Text: "a row of about a hundred bytes, as most rows of this program are: names, instants, counts", Count: 7}

func fillBench(b *testing.B, s storage.Store, n int) {
	b.Helper()
	err := s.Update(context.Background(), func(_ context.Context, tx storage.Tx) error {
		for i := range n {
			if err := notes.Put(tx, storage.K("123456789012", "us-east-1", i), benchNote); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// parallel runs fn b.N times in all, by so many goroutines.
func parallel(b *testing.B, goroutines int, fn func(i int64) error) {
	b.Helper()
	var next atomic.Int64
	b.ResetTimer()
	errs := make(chan error, goroutines)
	for range goroutines {
		go func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				if err := fn(i); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range goroutines {
		if err := <-errs; err != nil {
			b.Fatal(err)
		}
	}
}

func benchUpdate(b *testing.B, s storage.Store, writers int) {
	fillBench(b, s, 10_000)
	parallel(b, writers, func(i int64) error {
		return s.Update(context.Background(), func(_ context.Context, tx storage.Tx) error {
			return notes.Put(tx, storage.K("123456789012", "us-east-1", i*7919%10_000), benchNote)
		})
	})
}

func benchGet(b *testing.B, s storage.Store) {
	fillBench(b, s, 10_000)
	parallel(b, 2, func(i int64) error {
		return s.View(context.Background(), func(_ context.Context, tx storage.Tx) error {
			_, err := notes.Get(tx, storage.K("123456789012", "us-east-1", i*7919%10_000))
			return err
		})
	})
}

func benchScan(b *testing.B, s storage.Store) {
	fillBench(b, s, 1000)
	for b.Loop() {
		n := 0
		err := s.View(context.Background(), func(_ context.Context, tx storage.Tx) error {
			for _, err := range notes.Scan(tx, storage.Range{Prefix: storage.K("123456789012")}) {
				if err != nil {
					return err
				}
				n++
			}
			return nil
		})
		if err != nil || n != 1000 {
			b.Fatal(n, err)
		}
	}
}

// benchAppend gives each blob up, so that memory holds few.
func benchAppend(b *testing.B, s storage.Store, size int) {
	body := data(1, size)
	b.SetBytes(int64(size))
	parallel(b, 4, func(int64) error {
		id, err := s.Blobs().Append(context.Background(), body)
		if err != nil {
			return err
		}
		return s.Blobs().Discard(context.Background(), id)
	})
}

func benchAppendKeep(b *testing.B, s storage.Store) {
	body := data(1, 64<<10)
	b.SetBytes(int64(len(body)))
	parallel(b, 16, func(i int64) error {
		id, err := s.Blobs().Append(context.Background(), body)
		if err != nil {
			return err
		}
		return s.Update(context.Background(), func(_ context.Context, tx storage.Tx) error {
			if err := tx.KeepBlob(id); err != nil {
				return err
			}
			return notes.Put(tx, storage.K("segment", i), benchNote)
		})
	})
}

func benchRead(b *testing.B, s storage.Store, size int) {
	ids := make([]storage.BlobID, 100)
	for i := range ids {
		id, err := s.Blobs().Append(context.Background(), data(uint64(i), size))
		if err != nil {
			b.Fatal(err)
		}
		ids[i] = id
	}
	err := s.Update(context.Background(), func(_ context.Context, tx storage.Tx) error {
		for _, id := range ids {
			if err := tx.KeepBlob(id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size))
	parallel(b, 2, func(i int64) error {
		_, err := s.Blobs().Read(context.Background(), ids[i%int64(len(ids))])
		return err
	})
}

func benchSlotGet(b *testing.B, s storage.Store) {
	id, err := s.Slots().Put(context.Background(), storage.Secret{1})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Slots().Get(context.Background(), id); err != nil {
			b.Fatal(err)
		}
	}
}

func benchReset(b *testing.B, s storage.Store) {
	for b.Loop() {
		fillBench(b, s, 1000)
		if err := s.Reset(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
