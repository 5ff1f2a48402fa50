// Package pack owns the files that hold blobs: records one behind the other in
// packs of some 64 MiB. A pack is only appended to; a record never moves and
// never changes, it can only be written again elsewhere. Where each record is
// and whether anybody needs it is the engine's to know.
//
// Only storage engines import it.
package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"sealstack/storage"
	"sealstack/storage/internal/disk"
)

// Options of a set of packs; zero fields get the default.
type Options struct {
	Target  int64 // a pack that reached this many bytes is full; 64 MiB
	Writers int   // packs written to at once; 4
	Durable bool  // make new names durable, as Sync makes the bytes
}

// maxOpen is how many packs stay open for reading.
const maxOpen = 128

// Packs is a directory of packs. It is safe for concurrent use.
type Packs struct {
	dir  string
	opts Options

	mu     sync.Mutex
	freed  sync.Cond        // an appender has given its pack back
	files  map[uint32]*file // open ones
	sizes  map[uint32]int64 // all packs that exist, as of the last append
	active map[uint32]bool  // may be appended to
	idle   []*file          // active and nobody's at the moment
	next   uint32           // number of the next pack
	closed bool
}

// file is an open pack.
type file struct {
	*os.File
	disk.Syncer
	number  uint32
	end     int64 // owned by whoever appends
	refs    int   // readers and the set of active packs; under Packs.mu
	removed bool  // under Packs.mu
}

// Open finds the packs in dir, which it makes if it is not there.
func Open(dir string, opts Options) (*Packs, error) {
	if opts.Target == 0 {
		opts.Target = 64 << 20
	}
	if opts.Writers == 0 {
		opts.Writers = 4
	}
	p := &Packs{dir: dir, opts: opts, next: 1,
		files: map[uint32]*file{}, sizes: map[uint32]int64{}, active: map[uint32]bool{}}
	p.freed.L = &p.mu
	if err := os.MkdirAll(dir, disk.DirMode); err != nil {
		return nil, err
	}
	if err := p.find(); err != nil {
		return nil, fmt.Errorf("packs: %w", err)
	}
	return p, nil
}

// find lists the packs and opens those that still have room. Whatever follows
// the last whole record of one is dead room.
func (p *Packs) find() error {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		var n uint32
		if _, err := fmt.Sscanf(e.Name(), "%08x.pack", &n); err != nil || p.path(n) != filepath.Join(p.dir, e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		p.sizes[n] = info.Size()
		p.next = max(p.next, n+1)
	}
	return p.reactivate()
}

// reactivate goes on with the packs that have room, the smallest first.
func (p *Packs) reactivate() error {
	for _, n := range p.Numbers() {
		if p.sizes[n] < p.opts.Target && len(p.active) < p.opts.Writers {
			f, err := p.get(n)
			if err != nil {
				return err
			}
			f.end = p.sizes[n]
			p.active[n] = true
			p.idle = append(p.idle, f)
		}
	}
	return nil
}

func (p *Packs) path(n uint32) string { return filepath.Join(p.dir, fmt.Sprintf("%08x.pack", n)) }

// Numbers lists the packs that exist.
func (p *Packs) Numbers() []uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]uint32, 0, len(p.sizes))
	for n := range p.sizes {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// get returns an open pack with one more reference. storage.ErrCorrupt when
// there is no such file: somebody needs it.
func (p *Packs) get(n uint32) (*file, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, storage.ErrClosed
	}
	f := p.files[n]
	if f == nil {
		o, err := os.OpenFile(p.path(n), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("pack %d is missing: %w", n, storage.ErrCorrupt)
		} else if err != nil {
			return nil, err
		}
		p.evict()
		f = &file{File: o, number: n}
		p.files[n] = f
	}
	f.refs++
	return f, nil
}

// evict closes packs that nobody holds when there are many.
func (p *Packs) evict() {
	for n, f := range p.files {
		if len(p.files) < maxOpen {
			return
		}
		if f.refs == 0 {
			delete(p.files, n)
			f.Close()
		}
	}
}

// put gives a reference back.
func (p *Packs) put(f *file) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release(f)
}

// release is put with mu held.
func (p *Packs) release(f *file) {
	f.refs--
	if f.refs == 0 && (f.removed || p.closed) {
		f.Close()
	}
}

// Sync returns when the records at these locations are on the disk.
func (p *Packs) Sync(numbers []uint32) error {
	for _, n := range numbers {
		f, err := p.get(n)
		if err != nil {
			return err
		}
		err = f.Syncer.Sync(f.File.Sync)
		p.put(f)
		if err != nil {
			return err
		}
	}
	return nil
}

// Durable says whether a Sync has covered everything appended to the packs
// that are open.
func (p *Packs) Durable() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.files {
		if !f.Syncer.Durable() {
			return false
		}
	}
	return true
}

// Retire takes these packs out of use for appending and returns those that
// nothing is appended to from now on. The others have an appender at work.
func (p *Packs) Retire(numbers []uint32) []uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = slices.DeleteFunc(p.idle, func(f *file) bool {
		if !slices.Contains(numbers, f.number) {
			return false
		}
		p.deactivate(f)
		return true
	})
	var out []uint32
	for _, n := range numbers {
		if !p.active[n] {
			out = append(out, n)
		}
	}
	return out
}

func (p *Packs) deactivate(f *file) {
	delete(p.active, f.number)
	p.release(f)
}

// Remove deletes packs. Whoever is reading one can go on doing so; whoever is
// appending to one will begin again in another.
func (p *Packs) Remove(numbers []uint32) error {
	p.Retire(numbers)
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, n := range numbers {
		if f := p.files[n]; f != nil {
			delete(p.files, n)
			f.removed = true
			if f.refs == 0 {
				f.Close()
			}
		}
		delete(p.sizes, n)
		if err := os.Remove(p.path(n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Sizes returns the bytes in each pack.
func (p *Packs) Sizes() map[uint32]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make(map[uint32]int64, len(p.sizes))
	for n, size := range p.sizes {
		out[n] = size
	}
	return out
}

// Close closes every pack once its last reader is done.
func (p *Packs) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	p.freed.Broadcast()
	var errs []error
	for _, f := range p.idle {
		f.refs--
	}
	for _, f := range p.files {
		if f.refs == 0 {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}
