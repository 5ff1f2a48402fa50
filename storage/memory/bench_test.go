package memory_test

import (
	"testing"

	"sealstack/storage"
	"sealstack/storage/memory"
	"sealstack/storage/storagetest"
)

func BenchmarkEngine(b *testing.B) {
	storagetest.Bench(b, func(b *testing.B) storage.Store { return open(b) })
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = memory.New()
	}
}
