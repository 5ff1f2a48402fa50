package body

import (
	"io"
	"sync"
)

// chunkRoom holds buffers of one chunk with its tags.
var chunkRoom = sync.Pool{New: func() any { return new([ChunkSize + 4*tagSize]byte) }}

// groupRoom holds buffers that have grown to what bodies need, at most a
// group.
var groupRoom = sync.Pool{New: func() any { return new([]byte) }}

// Writer seals a content as it comes. It holds one chunk in clear and at most
// one sealed group. It is for one goroutine.
type Writer struct {
	key   *Key
	flush func(group []byte) error

	room    *[ChunkSize + 4*tagSize]byte
	chunk   []byte // content not yet sealed
	scratch *[ChunkSize + 4*tagSize]byte
	sealed  *[]byte
	group   []byte
	index   int64
	size    int64
	err     error
}

// NewWriter returns a writer that hands each group of sealed chunks to flush,
// in order. flush must not keep the bytes. Call Close at the end, or Abandon.
func NewWriter(key *Key, flush func(group []byte) error) *Writer {
	w := &Writer{key: key, flush: flush, sealed: groupRoom.Get().(*[]byte)}
	w.room = chunkRoom.Get().(*[ChunkSize + 4*tagSize]byte)
	w.scratch = chunkRoom.Get().(*[ChunkSize + 4*tagSize]byte)
	w.chunk, w.group = w.room[:0], (*w.sealed)[:0]
	return w
}

// Size is how many bytes have been written.
func (w *Writer) Size() int64 { return w.size }

// Write takes a piece of the content. An error is flush's.
func (w *Writer) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if err := w.makeRoom(); err != nil {
			return n, err
		}
		m := copy(w.chunk[len(w.chunk):ChunkSize], p)
		w.took(m)
		n, p = n+m, p[m:]
	}
	return n, nil
}

// ReadFrom takes the content to its end, almost without a copy in between. An
// error is the reader's or flush's.
func (w *Writer) ReadFrom(r io.Reader) (n int64, err error) {
	var ahead [512]byte // behind a full chunk, which may be the last one
	for {
		into := w.chunk[len(w.chunk):ChunkSize]
		if len(into) == 0 {
			into = ahead[:]
		}
		m, err := r.Read(into)
		if failed := w.keep(into[:m]); failed != nil {
			return n, failed
		}
		n += int64(m)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// keep takes what was read, be it in the chunk's room already or not.
func (w *Writer) keep(p []byte) error {
	if len(w.chunk) == ChunkSize {
		_, err := w.Write(p)
		return err
	}
	w.took(len(p))
	return w.err
}

func (w *Writer) took(n int) {
	w.chunk = w.chunk[:len(w.chunk)+n]
	w.size += int64(n)
}

// makeRoom seals a chunk that is full. That waits for more content, or for
// Close: the last chunk is sealed as such.
func (w *Writer) makeRoom() error {
	if w.err == nil && len(w.chunk) == ChunkSize {
		w.seal(false)
	}
	return w.err
}

func (w *Writer) seal(last bool) {
	w.grow(len(w.chunk) + w.key.overhead())
	w.group = w.key.seal(w.group, w.scratch[:], w.chunk, w.index, last)
	w.chunk = w.chunk[:0]
	w.index++
	if w.index%GroupChunks == 0 || last {
		w.err = w.flush(w.group)
		w.group = w.group[:0]
	}
}

// grow makes room for n more sealed bytes, in steps that double up to a whole
// group.
func (w *Writer) grow(n int) {
	need := len(w.group) + n
	if need <= cap(w.group) {
		return
	}
	whole := GroupChunks * (ChunkSize + w.key.overhead())
	w.group = append(make([]byte, 0, max(need, min(2*cap(w.group), whole))), w.group...)
}

// Close seals what is left and hands out the last group. An error is flush's,
// of now or of before.
func (w *Writer) Close() error {
	if w.err == nil {
		w.seal(true)
	}
	err := w.err
	w.Abandon()
	return err
}

// Abandon gives up a body that will not be finished; after Close it does
// nothing. Nothing may be written after it.
func (w *Writer) Abandon() {
	if w.room == nil {
		return
	}
	clear(w.room[:min(w.size, ChunkSize)])
	chunkRoom.Put(w.room)
	chunkRoom.Put(w.scratch) // its layers are sealed
	*w.sealed = w.group[:0]
	groupRoom.Put(w.sealed)
	w.room, w.scratch, w.sealed, w.chunk, w.group = nil, nil, nil, nil, nil
	if w.err == nil {
		w.err = io.ErrClosedPipe
	}
}
