package storage

import (
	"context"
	"io"
)

// MaxBlob is the largest blob, in bytes. Larger bodies are several blobs.
const MaxBlob = 64 << 20

// BlobID names one blob of one store, for ever: ids are not used again, nor
// do they change when the bytes move. Zero is no blob. It may be stored in a
// table and used as a part of a key.
type BlobID uint64

// Blobs holds bulk data, already sealed by whoever appends it. A blob is
// appended outside a transaction and becomes part of the store when an Update
// keeps it (Tx.KeepBlob). One that is never kept is gone after a restart.
type Blobs interface {
	// Append stores a copy of data. Many may append at once. ErrTooLarge
	// over MaxBlob, ErrNested inside an Update.
	Append(ctx context.Context, data []byte) (BlobID, error)
	// Discard gives up blobs that were appended and will not be kept, so
	// that Sweep may have their bytes. Kept and unknown ones are left alone.
	Discard(ctx context.Context, ids ...BlobID) error
	// Read returns all bytes of a blob, the caller's to change. Under a
	// transaction's context it reads as of that transaction. ErrNotFound
	// once it is dropped; ErrCorrupt when the bytes are not those appended.
	Read(ctx context.Context, id BlobID) ([]byte, error)
	// Open is Read for ranges: each ReadAt verifies what it reads. An open
	// blob stays readable when it is dropped meanwhile. Close it.
	Open(ctx context.Context, id BlobID) (Blob, error)
	// Sweep gives back the room of dropped, discarded and lost blobs. Reads
	// and writes go on meanwhile. ErrNested inside a transaction.
	Sweep(ctx context.Context) error
	// Usage counts what Sweep works on.
	Usage(ctx context.Context) (BlobUsage, error)
}

// Blob is one blob opened for reading ranges.
type Blob interface {
	io.ReaderAt
	io.Closer
	// Size is the length in bytes.
	Size() int64
}

// BlobUsage counts blobs and bytes.
type BlobUsage struct {
	Live      int   // blobs kept
	LiveBytes int64 // bytes of them, with what surrounds them in a file
	Packs     int   // files; 0 in memory
	PackBytes int64 // bytes in those files, dead ones included
}
