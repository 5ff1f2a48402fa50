package bolt_test

import (
	"context"
	"path/filepath"
	"strconv"
	"testing"

	"sealstack/storage"
	"sealstack/storage/bolt"
	"sealstack/storage/storagetest"
)

func BenchmarkEngine(b *testing.B) {
	for name, opts := range map[string]bolt.Options{"Process": {}, "Full": {Durability: bolt.Full}} {
		b.Run(name, func(b *testing.B) {
			storagetest.Bench(b, func(b *testing.B) storage.Store { return open(b, b.TempDir(), opts) })
		})
	}
}

func BenchmarkOpenNew(b *testing.B) {
	dir := b.TempDir()
	n := 0
	for b.Loop() {
		n++
		if err := open(b, filepath.Join(dir, strconv.Itoa(n)), bolt.Options{}).Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// The list of free pages is found by walking the tree, which takes time.
func BenchmarkOpen100000Rows(b *testing.B) {
	dir := b.TempDir()
	s := open(b, dir, bolt.Options{})
	err := s.Update(context.Background(), func(_ context.Context, tx storage.Tx) error {
		for i := range 100_000 {
			if err := rows.Put(tx, storage.K("123456789012", i), string(make([]byte, 100))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	done(b, s)
	for b.Loop() {
		if err := open(b, dir, bolt.Options{}).Close(); err != nil {
			b.Fatal(err)
		}
	}
}
