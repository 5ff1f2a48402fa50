package bolt_test

import (
	"testing"

	"sealstack/storage"
	"sealstack/storage/bolt"
	"sealstack/storage/storagetest"
)

func open(t testing.TB, dir string, opts bolt.Options) *bolt.Store {
	t.Helper()
	s, err := bolt.Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheEngineConforms(t *testing.T) {
	for name, opts := range map[string]bolt.Options{
		"Process":    {},
		"Full":       {Durability: bolt.Full},
		"SmallPacks": {PackSize: 100 << 10, PackWriters: 2},
	} {
		t.Run(name, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T) storage.Store { return open(t, t.TempDir(), opts) })
		})
	}
}
