package pack

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"sealstack/storage"
)

// Read returns the data of the record at l, verified. storage.ErrCorrupt.
func (p *Packs) Read(id storage.BlobID, l Location) ([]byte, error) {
	f, err := p.get(l.Pack)
	if err != nil {
		return nil, err
	}
	defer p.put(f)
	buf := make([]byte, l.Size())
	if err := f.readFull(buf, l.Offset, id, l); err != nil {
		return nil, err
	}
	header, data := buf[:l.prefix()], buf[l.prefix():]
	if err := l.verifyHeader(header, id); err != nil {
		return nil, err
	}
	for i := range l.blocks() {
		from, to := l.block(i)
		if err := l.verifyBlock(header, i, data[from:to], id); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// readFull reads what the location says must be there.
func (f *file) readFull(buf []byte, at int64, id storage.BlobID, l Location) error {
	_, err := f.ReadAt(buf, at)
	if errors.Is(err, io.EOF) {
		return l.corrupt(id, "end of file")
	}
	return err
}

// Reader reads ranges of one record. It implements storage.Blob.
type Reader struct {
	packs  *Packs
	file   *file
	id     storage.BlobID
	at     Location
	header []byte
	once   sync.Once
}

// OpenBlob verifies the header of the record at l. storage.ErrCorrupt.
func (p *Packs) OpenBlob(id storage.BlobID, l Location) (*Reader, error) {
	f, err := p.get(l.Pack)
	if err != nil {
		return nil, err
	}
	r := &Reader{packs: p, file: f, id: id, at: l, header: make([]byte, l.prefix())}
	if err := f.readFull(r.header, l.Offset, id, l); err != nil {
		r.Close()
		return nil, err
	}
	if err := l.verifyHeader(r.header, id); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Size is the length of the data.
func (r *Reader) Size() int64 { return int64(r.at.Length) }

// Close lets go of the pack. No ReadAt may follow.
func (r *Reader) Close() error {
	r.once.Do(func() { r.packs.put(r.file) })
	return nil
}

var blocks = sync.Pool{New: func() any { return new([blockSize]byte) }}

// ReadAt implements io.ReaderAt; it reads and verifies whole blocks.
func (r *Reader) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("storage: read at %d", off)
	}
	for len(p) > n {
		if off+int64(n) >= r.Size() {
			return n, io.EOF
		}
		m, err := r.readBlock(p[n:], int(off)+n)
		if err != nil {
			return n, err
		}
		n += m
	}
	return n, nil
}

// readBlock fills p from the block in which off lies, by way of a buffer
// unless all of the block is wanted.
func (r *Reader) readBlock(p []byte, off int) (int, error) {
	i := off / blockSize
	from, to := r.at.block(i)
	whole := off == from && len(p) >= to-from
	buf := p
	if !whole {
		b := blocks.Get().(*[blockSize]byte)
		defer blocks.Put(b)
		buf = b[:]
	}
	buf = buf[:to-from]
	at := r.at.Offset + int64(r.at.prefix()+from)
	if err := r.file.readFull(buf, at, r.id, r.at); err != nil {
		return 0, err
	}
	if err := r.at.verifyBlock(r.header, i, buf, r.id); err != nil {
		return 0, err
	}
	if whole {
		return len(buf), nil
	}
	return copy(p, buf[off-from:]), nil
}
