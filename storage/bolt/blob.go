package bolt

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"

	"sealstack/storage"
	"sealstack/storage/internal/pack"
)

// blobs are records in packs, and a table that says which of them are kept
// and where they are. The locations of those not yet kept are in memory only.
type blobs struct {
	store *Store
	last  atomic.Uint64 // the id given last

	mu      sync.Mutex
	pending map[storage.BlobID]pack.Location

	untidy   atomic.Bool // there may be something to sweep
	sweeping sync.Mutex
	doomed   map[uint32]bool // packs that only Views still running can refer to
}

// An id is the number of this opening of the store and a count within it.
const idCountBits = 40

func (s *Store) openBlobs() error {
	opens, err := countOpening(s.db)
	if err != nil {
		return err
	}
	s.packs, err = pack.Open(filepath.Join(s.dir, "packs"), pack.Options{
		Target:  s.opts.PackSize,
		Writers: s.opts.PackWriters,
		Durable: s.opts.Durability == Full,
	})
	s.blobs = &blobs{store: s, pending: map[storage.BlobID]pack.Location{}, doomed: map[uint32]bool{}}
	s.blobs.last.Store(opens << idCountBits)
	s.blobs.untidy.Store(true)
	return err
}

// Append implements storage.Blobs.
func (b *blobs) Append(ctx context.Context, data []byte) (storage.BlobID, error) {
	if storage.InWrite(ctx) {
		return 0, storage.ErrNested
	}
	if err := b.store.usable(ctx); err != nil {
		return 0, err
	}
	if len(data) > storage.MaxBlob {
		return 0, storage.ErrTooLarge
	}
	id := storage.BlobID(b.last.Add(1))
	err := b.store.packs.Append(id, data, func(at pack.Location) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.pending[id] = at
	})
	return id, err
}

func (b *blobs) isPending(id storage.BlobID) (pack.Location, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at, ok := b.pending[id]
	return at, ok
}

// settle forgets the places of blobs that the table knows now.
func (b *blobs) settle(kept []storage.BlobID) {
	if len(kept) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range kept {
		delete(b.pending, id)
	}
}

// Discard implements storage.Blobs.
func (b *blobs) Discard(ctx context.Context, ids ...storage.BlobID) error {
	if err := b.store.usable(ctx); err != nil {
		return err
	}
	b.settle(ids)
	b.untidy.Store(true)
	return nil
}

// Read implements storage.Blobs.
func (b *blobs) Read(ctx context.Context, id storage.BlobID) (data []byte, err error) {
	err = b.locate(ctx, id, func(at pack.Location) error {
		data, err = b.store.packs.Read(id, at)
		return err
	})
	return data, err
}

// Open implements storage.Blobs.
func (b *blobs) Open(ctx context.Context, id storage.BlobID) (blob storage.Blob, err error) {
	err = b.locate(ctx, id, func(at pack.Location) error {
		r, err := b.store.packs.OpenBlob(id, at)
		if err == nil {
			blob = r
		}
		return err
	})
	return blob, err
}

// locate calls fn with the place of a blob, as of the transaction in ctx if
// there is one, and sees to it that the pack stays until fn returns.
func (b *blobs) locate(ctx context.Context, id storage.BlobID, fn func(pack.Location) error) error {
	if x, ok := storage.Current(ctx).(*tx); ok && x.store == b.store {
		at, err := x.location(id)
		if err != nil {
			return err
		}
		return fn(at)
	}
	if err := b.store.usable(ctx); err != nil {
		return err
	}
	defer b.store.grace.leave(b.store.grace.enter())
	// First the blobs not yet kept: one that is kept between two looks is
	// found by the second.
	at, ok := b.isPending(id)
	if !ok {
		var err error
		if at, err = b.lookUp(id); err != nil {
			return err
		}
	}
	return fn(at)
}

func (b *blobs) lookUp(id storage.BlobID) (at pack.Location, err error) {
	err = b.store.view(func(x *tx) error {
		v, err := x.Get(blobTable, storage.K(id))
		if err != nil {
			return err
		}
		at, err = pack.DecodeLocation(v)
		return err
	})
	return at, err
}

// each calls fn with every kept blob.
func (x *tx) each(fn func(id storage.BlobID, at pack.Location) error) error {
	c, err := x.Cursor(blobTable)
	if err != nil {
		return err
	}
	for k, v, ok := c.Seek(nil); ok; k, v, ok = c.Next() {
		id, err := idIn(k)
		if err != nil {
			return err
		}
		at, err := pack.DecodeLocation(v)
		if err != nil {
			return err
		}
		if err := fn(storage.BlobID(id), at); err != nil {
			return err
		}
	}
	return nil
}

// idIn is the one part of a key of the engine's tables.
func idIn(k storage.Key) (uint64, error) {
	if parts := k.Parts(); len(parts) == 1 {
		if id, ok := parts[0].(uint64); ok {
			return id, nil
		}
	}
	return 0, storage.ErrCorrupt
}

// Usage implements storage.Blobs.
func (b *blobs) Usage(ctx context.Context) (u storage.BlobUsage, err error) {
	if err := enter(ctx); err != nil {
		return u, err
	}
	err = b.store.view(func(x *tx) error {
		return x.each(func(_ storage.BlobID, at pack.Location) error {
			u.Live++
			u.LiveBytes += at.Size()
			return nil
		})
	})
	for _, size := range b.store.packs.Sizes() {
		u.Packs++
		u.PackBytes += size
	}
	return u, err
}
