package s3sim

import (
	"context"
	"errors"
	"fmt"
	"io"

	"sealstack/s3sim/body"
	"sealstack/storage"
)

// ingest seals a content into blobs as it comes, and counts its checksums. On
// an error nothing is left.
func (s *Service) ingest(ctx context.Context, r io.Reader, keys secrets, d digests) (piece, error) {
	p := piece{ID: body.NewID()}
	w := body.NewWriter(keys.body(p.ID), func(group []byte) error {
		id, err := s.store.Blobs().Append(ctx, group)
		if err == nil {
			p.Blobs = append(p.Blobs, id)
		}
		return err
	})
	defer w.Abandon()
	_, err := w.ReadFrom(&limitedReader{r: io.TeeReader(r, d), left: maxUpload})
	if err == nil {
		err = w.Close()
	}
	p.Size = w.Size()
	if err != nil {
		s.discard(ctx, p)
		return piece{}, err
	}
	return p, nil
}

// limitedReader fails when more comes than one upload may have.
type limitedReader struct {
	r    io.Reader
	left int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n, entityTooLarge(maxUpload - l.left)
	}
	return n, err
}

// discard gives up pieces that will not be kept. What can't be given up now is
// swept when the store is next opened.
func (s *Service) discard(ctx context.Context, pieces ...piece) {
	for _, p := range pieces {
		_ = s.store.Blobs().Discard(context.WithoutCancel(ctx), p.Blobs...)
	}
}

// keep makes pieces part of the store.
func keep(tx storage.Tx, pieces []piece) error {
	for _, p := range pieces {
		for _, id := range p.Blobs {
			if err := tx.KeepBlob(id); err != nil {
				return err
			}
		}
	}
	return nil
}

// drop frees pieces.
func drop(tx storage.Tx, pieces []piece) error {
	for _, p := range pieces {
		for _, id := range p.Blobs {
			if err := tx.DropBlob(id); err != nil {
				return err
			}
		}
	}
	return nil
}

// errGone: the content was replaced between finding and opening it.
var errGone = errors.New("s3: the content has been replaced")

// maxTries is how often a read begins anew because writers were faster.
const maxTries = 100

// retry repeats what finds an object and opens it, while the object is being
// replaced.
func retry[T any](fn func() (T, error)) (T, error) {
	for range maxTries {
		if v, err := fn(); !errors.Is(err, errGone) {
			return v, err
		}
	}
	var none T
	return none, fmt.Errorf("%w %d times, or is lost", errGone, maxTries)
}

// openContent opens a range of a version's content. The first bytes have been
// verified when it returns, and what follows stays readable whatever becomes of
// the object. errGone if the version is no longer there.
func (s *Service) openContent(ctx context.Context, b *bucket, v *version, keys secrets, part span) (io.ReadCloser, error) {
	r := &contentReader{}
	err := s.store.View(ctx, func(ctx context.Context, tx storage.Tx) error {
		r.Close()
		*r = contentReader{}
		c, err := contents.Get(tx, b.version(v.Key, v.Order))
		if err != nil {
			return err
		}
		if err := s.checkBound(&b.bucketRecord, v, &c); err != nil {
			return err
		}
		return r.open(ctx, s.store.Blobs(), c.Pieces, keys, part)
	})
	if err == nil {
		err = r.prime()
	}
	if err != nil {
		r.Close()
		if errors.Is(err, storage.ErrNotFound) {
			err = errGone
		}
		return nil, err
	}
	return r, nil
}

// contentReader reads the pieces of a content one after the other.
type contentReader struct {
	readers []*body.Reader
	blobs   []storage.Blob
}

// open opens the blobs of a range.
func (r *contentReader) open(ctx context.Context, blobs storage.Blobs, pieces []piece, keys secrets, part span) error {
	for _, p := range pieces {
		if part.offset >= p.Size && p.Size > 0 {
			part.offset -= p.Size
			continue
		}
		n := min(part.length, p.Size-part.offset)
		if n == 0 && len(pieces) > 1 {
			break
		}
		if err := r.openPiece(ctx, blobs, p, keys, span{part.offset, n}); err != nil {
			return err
		}
		part = span{0, part.length - n}
	}
	return nil
}

func (r *contentReader) openPiece(ctx context.Context, blobs storage.Blobs, p piece, keys secrets, part span) error {
	first, end := body.GroupsOf(part.offset, part.length)
	opened := make([]storage.Blob, 0, end-first)
	for _, id := range p.Blobs[first:end] {
		blob, err := blobs.Open(ctx, id)
		if err != nil {
			return err
		}
		opened = append(opened, blob)
		r.blobs = append(r.blobs, blob)
	}
	r.readers = append(r.readers, body.NewReader(keys.body(p.ID), p.Size, part.offset, part.length, func(group int) (io.ReaderAt, error) {
		return opened[group-first], nil
	}))
	return nil
}

// prime verifies the first bytes.
func (r *contentReader) prime() error {
	if len(r.readers) == 0 {
		return nil
	}
	if err := r.readers[0].Prime(); err != io.EOF {
		return err
	}
	return nil
}

// Read reads on, from one piece to the next.
func (r *contentReader) Read(p []byte) (int, error) {
	for len(r.readers) > 0 {
		n, err := r.readers[0].Read(p)
		if err != io.EOF {
			return n, err
		}
		r.readers[0].Close()
		r.readers = r.readers[1:]
	}
	return 0, io.EOF
}

// Close gives the blobs back.
func (r *contentReader) Close() error {
	for _, reader := range r.readers {
		reader.Close()
	}
	var err error
	for _, blob := range r.blobs {
		err = errors.Join(err, blob.Close())
	}
	r.readers, r.blobs = nil, nil
	return err
}
