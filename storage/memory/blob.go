package memory

import (
	"bytes"
	"context"
	"errors"

	"sealstack/storage"
)

// blobs keeps appended bytes in a map until an Update keeps them, which puts
// them into the tree: so snapshots hold what they refer to, and the garbage
// collector does the rest.
type blobs struct{ *Store }

func (b blobs) Append(ctx context.Context, data []byte) (storage.BlobID, error) {
	if storage.InWrite(ctx) {
		return 0, storage.ErrNested
	}
	if len(data) > storage.MaxBlob {
		return 0, storage.ErrTooLarge
	}
	if err := b.open(ctx); err != nil {
		return 0, err
	}
	id := storage.BlobID(b.lastID.Add(1))
	own := append(make([]byte, 0, len(data)), data...)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending[id] = own
	return id, nil
}

// open says whether the store can be used.
func (s *Store) open(ctx context.Context) error {
	if s.tree.Load() == nil {
		return storage.ErrClosed
	}
	return ctx.Err()
}

func (b blobs) Discard(ctx context.Context, ids ...storage.BlobID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range ids {
		delete(b.pending, id)
	}
	return b.open(ctx)
}

func (b blobs) Read(ctx context.Context, id storage.BlobID) ([]byte, error) {
	data, err := b.find(ctx, id)
	if err != nil {
		return nil, err
	}
	return append(make([]byte, 0, len(data)), data...), nil
}

// find returns the bytes that are stored, as of the transaction in ctx.
func (b blobs) find(ctx context.Context, id storage.BlobID) ([]byte, error) {
	if x, ok := storage.Current(ctx).(*tx); ok && x.store == b.Store {
		return x.blob(id)
	}
	// First the blobs not yet kept: one that is kept between two looks is
	// found by the second.
	if data, ok := b.isPending(id); ok {
		return data, b.open(ctx)
	}
	var data []byte
	err := b.View(context.WithoutCancel(ctx), func(_ context.Context, t storage.Tx) (err error) {
		data, err = t.(*tx).blob(id)
		return err
	})
	return data, err
}

func (x *tx) blob(id storage.BlobID) ([]byte, error) {
	data, err := x.Get(blobTable, storage.K(id))
	if !errors.Is(err, storage.ErrNotFound) {
		return data, err
	}
	if data, ok := x.store.isPending(id); ok {
		return data, nil
	}
	return nil, storage.ErrNotFound
}

func (s *Store) isPending(id storage.BlobID) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.pending[id]
	return data, ok
}

// reader is an open blob.
type reader struct{ *bytes.Reader }

func (reader) Close() error { return nil }

func (b blobs) Open(ctx context.Context, id storage.BlobID) (storage.Blob, error) {
	data, err := b.find(ctx, id)
	if err != nil {
		return nil, err
	}
	return reader{bytes.NewReader(data)}, nil
}

// Sweep has nothing to do: what no tree refers to is garbage already.
func (b blobs) Sweep(ctx context.Context) error {
	if err := enter(ctx); err != nil {
		return err
	}
	return b.open(ctx)
}

func (b blobs) Usage(ctx context.Context) (u storage.BlobUsage, err error) {
	err = b.View(ctx, func(_ context.Context, t storage.Tx) error {
		c, err := t.Cursor(blobTable)
		if err != nil {
			return err
		}
		for _, v, ok := c.Seek(nil); ok; _, v, ok = c.Next() {
			u.Live++
			u.LiveBytes += int64(len(v))
		}
		return nil
	})
	return u, err
}

func (x *tx) KeepBlob(id storage.BlobID) error {
	if err := x.mayWrite(); err != nil {
		return err
	}
	data, err := x.blob(id)
	if err != nil {
		return err
	}
	x.kept = append(x.kept, id)
	return x.Put(blobTable, storage.K(id), data)
}

func (x *tx) DropBlob(id storage.BlobID) error {
	if err := x.mayWrite(); err != nil {
		return err
	}
	if _, err := x.Get(blobTable, storage.K(id)); err != nil {
		return err
	}
	return x.Delete(blobTable, storage.K(id))
}
