package body

import (
	"errors"
	"fmt"
	"io"
)

// Reader reads a range of a body. It holds one chunk. It is for one goroutine.
type Reader struct {
	key    *Key
	size   int64
	source func(group int) (io.ReaderAt, error)

	next  int64 // where in the content the next chunk or piece of one begins
	end   int64
	room  *[ChunkSize + 4*tagSize]byte
	ready []byte // content that has been opened and not yet read
	err   error
}

// NewReader reads length bytes from offset on of a content of size bytes;
// source gives the groups that these lie in (see [GroupsOf]). The range must
// lie in the content. Reading fails with [ErrDamaged] before it gives out a
// byte that was not written. Close it.
func NewReader(key *Key, size, offset, length int64, source func(group int) (io.ReaderAt, error)) *Reader {
	if offset < 0 || length < 0 || offset+length > size {
		panic(fmt.Sprintf("body: range %d+%d of %d", offset, length, size))
	}
	return &Reader{key: key, size: size, source: source, next: offset, end: offset + length}
}

// Read reads at most a chunk.
func (r *Reader) Read(p []byte) (int, error) {
	if err := r.Prime(); err != nil {
		return 0, err
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// Prime opens the next chunk, if none is waiting, so that damage shows before
// anything is read. io.EOF at the end of the range, which for an empty content
// comes after its one chunk has been verified.
func (r *Reader) Prime() error {
	if len(r.ready) > 0 {
		return nil
	}
	if r.err == nil {
		r.err = r.load()
	}
	return r.err
}

func (r *Reader) load() error {
	empty := r.size == 0 && r.room == nil
	if r.next >= r.end && !empty {
		return io.EOF
	}
	index := r.next / ChunkSize
	chunk, err := r.chunk(index)
	if err != nil {
		return err
	}
	begin := index * ChunkSize
	r.ready = chunk[r.next-begin : min(r.end-begin, int64(len(chunk)))]
	r.next = begin + int64(len(chunk))
	if empty {
		return io.EOF
	}
	return nil
}

// chunk reads and opens one chunk.
func (r *Reader) chunk(index int64) ([]byte, error) {
	if r.room == nil {
		r.room = chunkRoom.Get().(*[ChunkSize + 4*tagSize]byte)
	}
	last := index == chunks(r.size)-1
	sealed := r.room[:ChunkSize+r.key.overhead()]
	if last {
		sealed = sealed[:int(r.size-index*ChunkSize)+r.key.overhead()]
	}
	group, err := r.source(int(index / GroupChunks))
	if err != nil {
		return nil, err
	}
	at := (index % GroupChunks) * int64(ChunkSize+r.key.overhead())
	if n, err := group.ReadAt(sealed, at); n < len(sealed) {
		return nil, short(err)
	}
	return r.key.open(sealed, index, last)
}

// short says why fewer bytes could be read than a chunk has.
func short(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: a group is too short", ErrDamaged)
	}
	return err
}

// Close wipes what the reader holds.
func (r *Reader) Close() error {
	if r.room != nil {
		clear(r.room[:min(r.size, ChunkSize)])
		chunkRoom.Put(r.room)
		r.room, r.ready = nil, nil
	}
	if r.err == nil {
		r.err = io.ErrClosedPipe
	}
	return nil
}
