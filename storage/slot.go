package storage

import "context"

// SlotID names one slot of one store. Zero is no slot. It may be stored in a
// table and used as a part of a key.
type SlotID uint64

// Secret is what a slot holds: 32 random bytes.
type Secret = [32]byte

// Slots holds secrets that can be destroyed for good. A slot's bytes stand in
// one place on disk, are never copied to another, and are overwritten there.
// Whatever is encrypted under such a secret dies with it, although pages that
// the database has freed keep old bytes.
//
// The file system has its part in the promise: one that copies on write
// (btrfs, ZFS, a snapshot) or a drive that remaps sectors may keep what was
// overwritten.
type Slots interface {
	// Put writes a secret to a free slot. It becomes part of the store when
	// an Update keeps it (Tx.KeepSlot); otherwise the next opening reclaims
	// it. ErrNested inside an Update.
	Put(ctx context.Context, secret Secret) (SlotID, error)
	// Get reads a secret. ErrNotFound when it is destroyed, ErrCorrupt when
	// the slot is not what was written.
	Get(ctx context.Context, id SlotID) (Secret, error)
	// Destroy overwrites a slot, kept or not, and returns when the disk has
	// it. It cannot be undone and may be repeated. ErrNested inside a
	// transaction; there it is Tx.DropSlot.
	Destroy(ctx context.Context, id SlotID) error
}
