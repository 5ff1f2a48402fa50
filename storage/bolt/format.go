package bolt

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"sealstack/storage"
)

// The bucket of facts about the file itself.
var (
	metaBucket = []byte("meta")
	formatKey  = []byte("format") // the version that wrote it, uint64
	opensKey   = []byte("opens")  // how often it has been opened, uint64
)

// format is a version of the file and the way to it: steps[v] makes version
// v+1 of version v.
type format struct {
	version uint64
	steps   map[uint64]func(*bbolt.Tx) error
}

// current is what this program writes. A change of what is stored, in any
// table, adds a step.
var current = format{version: 1, steps: map[uint64]func(*bbolt.Tx) error{}}

// migrate makes a new database, or brings one up to date in a transaction per
// step. storage.ErrFormatNewer.
func (f format) migrate(db *bbolt.DB) error {
	for {
		have, err := readFormat(db)
		switch {
		case err != nil:
			return err
		case have == f.version:
			return nil
		case have > f.version:
			return fmt.Errorf("format %d, known up to %d: %w", have, f.version, storage.ErrFormatNewer)
		}
		if err := db.Update(func(tx *bbolt.Tx) error { return f.step(tx, have) }); err != nil {
			return fmt.Errorf("migrate from format %d: %w", have, err)
		}
	}
}

// readFormat returns 0 for a database just made.
func readFormat(db *bbolt.DB) (version uint64, err error) {
	err = db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(metaBucket)
		if b == nil {
			return nil
		}
		version = number(b.Get(formatKey))
		if version == 0 || tx.Bucket(dataBucket) == nil {
			return fmt.Errorf("no format: %w", storage.ErrCorrupt)
		}
		return nil
	})
	return version, err
}

func (f format) step(tx *bbolt.Tx, have uint64) error {
	if have == 0 {
		return f.create(tx)
	}
	step := f.steps[have]
	if step == nil {
		return fmt.Errorf("no way from format %d to %d", have, have+1)
	}
	if err := step(tx); err != nil {
		return err
	}
	return putNumber(tx.Bucket(metaBucket), formatKey, have+1)
}

func (f format) create(tx *bbolt.Tx) error {
	b, err := tx.CreateBucket(metaBucket)
	if err != nil {
		return err
	}
	if err := putNumber(b, formatKey, f.version); err != nil {
		return err
	}
	return makeData(tx)
}

// makeData makes the bucket of tables with a key at either end, where no
// table can be.
func makeData(tx *bbolt.Tx) error {
	b, err := tx.CreateBucket(dataBucket)
	if err != nil {
		return err
	}
	for _, k := range [][]byte{firstKey, lastKey} {
		if err := b.Put(k, []byte{}); err != nil {
			return err
		}
	}
	return nil
}

// countOpening returns how often the database has been opened, this time
// included.
func countOpening(db *bbolt.DB) (n uint64, err error) {
	err = db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(metaBucket)
		n = number(b.Get(opensKey)) + 1
		return putNumber(b, opensKey, n)
	})
	return n, err
}

func number(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func putNumber(b *bbolt.Bucket, key []byte, n uint64) error {
	return b.Put(key, binary.BigEndian.AppendUint64(nil, n))
}
