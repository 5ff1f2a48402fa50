package bolt

import (
	"testing"

	"go.etcd.io/bbolt"
)

// Commits is the number of commits the database has seen.
func (s *Store) Commits(t *testing.T) (n uint64) {
	t.Helper()
	err := s.db.View(func(tx *bbolt.Tx) error {
		n = uint64(tx.ID())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// BesideDurable says whether all blobs and slots written are on the disk.
func (s *Store) BesideDurable() (blobs, slots bool) {
	return s.packs.Durable(), s.slots.Durable()
}
