package storage

import "context"

// MaxKey is the longest encoded key, table name included, in bytes.
const MaxKey = 32 << 10

// Store holds ordered keys in transactions, and beside them blobs and slots.
// All methods are safe for concurrent use.
type Store interface {
	// View runs fn over one unchanging snapshot that contains every Update
	// which had returned before View was called. It returns what fn returns.
	// Errors of its own: ErrNested, ErrClosed, ctx.Err() before fn starts.
	View(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error

	// Update runs fn alone among writers and commits what it wrote when it
	// returns nil; when it returns an error or panics nothing of it remains.
	// fn may run more than once. When Update returns nil the writes survive
	// what the engine's durability promises. Errors of its own: ErrNested,
	// ErrClosed, ctx.Err() while waiting for its turn, and the engine's when
	// the commit fails.
	Update(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error

	// Blobs is the bulk data of this store.
	Blobs() Blobs

	// Slots is where this store keeps secrets that can be destroyed.
	Slots() Slots

	// Reset empties tables, blobs and slots, in milliseconds. A transaction
	// that is running finishes first or sees the store as it was.
	Reset(ctx context.Context) error

	// Check reads everything and verifies it: the engine's own structure,
	// each blob's place and checksum, each slot. A fault wraps ErrCorrupt.
	Check(ctx context.Context) error

	// Close waits for running transactions and releases the files. Calls
	// after it, a second Close excepted, answer ErrClosed.
	Close() error
}

// Tx is one transaction over named tables, as engines implement it; services
// use a [Table]. It belongs to one goroutine and to the closure that received
// it: afterwards every method answers ErrTxDone.
//
// Byte slices that it returns are read-only and end with the closure. Value
// slices handed to Put belong to the transaction from then on; keys are
// copied.
type Tx interface {
	// Writable says whether this is an Update.
	Writable() bool
	// Get returns the value at key, or ErrNotFound.
	Get(table string, key Key) ([]byte, error)
	// Put sets the value at key. ErrReadOnly in a View, ErrTooLarge.
	Put(table string, key Key, value []byte) error
	// Delete removes key; a key that is not there is no error. ErrReadOnly
	// in a View.
	Delete(table string, key Key) error
	// Cursor returns a cursor over one table, not yet on a key.
	Cursor(table string) (Cursor, error)

	// KeepBlob makes an appended blob part of the store when the
	// transaction commits; a blob already kept is no error. ErrNotFound for
	// one never appended, discarded or dropped before.
	KeepBlob(id BlobID) error
	// DropBlob frees a kept blob when the transaction commits; the bytes go
	// with a later Sweep. ErrNotFound for one that is not kept.
	DropBlob(id BlobID) error

	// KeepSlot makes a slot part of the store when the transaction commits.
	// ErrNotFound for one that does not exist.
	KeepSlot(id SlotID) error
	// DropSlot destroys a kept slot once the transaction has committed, and
	// before Update returns. One that is gone already is no error.
	DropSlot(id SlotID) error
}

// Cursor walks the keys of one table in order. It sees the writes of its own
// transaction, also those made while it is in use. The boolean is false
// beyond either end. It panics with ErrTxDone after its closure.
type Cursor interface {
	// Seek moves to the first key at or after key; nil is the first of all.
	Seek(key Key) (Key, []byte, bool)
	// Before moves to the last key before key; nil is the last of all.
	Before(key Key) (Key, []byte, bool)
	// Next moves to the key after the current one.
	Next() (Key, []byte, bool)
	// Prev moves to the key before the current one.
	Prev() (Key, []byte, bool)
}
