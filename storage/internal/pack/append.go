package pack

import (
	"os"
	"sync"

	"sealstack/storage"
	"sealstack/storage/internal/disk"
)

// smallRecord is written in one call, which takes a copy; a larger one in two.
const smallRecord = 256 << 10

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// Append writes a record and calls placed with its location before any Retire
// can return that pack; placed must be quick. What it wrote survives the end
// of the process; for more, Sync.
func (p *Packs) Append(id storage.BlobID, data []byte, placed func(Location)) error {
	for {
		f, err := p.take()
		if err != nil {
			return err
		}
		l := Location{Pack: f.number, Offset: f.end, Length: uint32(len(data))}
		err = f.write(&l, id, data)
		if p.give(f, l, err, placed) || err != nil {
			return err
		}
		// The pack was removed meanwhile, and the record with it.
	}
}

// take finds a pack to append to, alone: the one used last, so that as few
// are used as can be; a new one while there may be more; or the next that is
// given back.
func (p *Packs) take() (*file, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.closed:
			return nil, storage.ErrClosed
		case len(p.idle) > 0:
			last := len(p.idle) - 1
			f := p.idle[last]
			p.idle = p.idle[:last]
			return f, nil
		case len(p.active) < p.opts.Writers:
			return p.create()
		}
		p.freed.Wait()
	}
}

// create makes a pack; mu is held.
func (p *Packs) create() (*file, error) {
	n := p.next
	o, err := os.OpenFile(p.path(n), os.O_RDWR|os.O_CREATE|os.O_EXCL, disk.FileMode)
	if err != nil {
		return nil, err
	}
	if p.opts.Durable {
		if err := disk.SyncDir(p.dir); err != nil {
			o.Close()
			return nil, err
		}
	}
	p.evict()
	f := &file{File: o, number: n, refs: 1}
	p.files[n], p.sizes[n], p.active[n] = f, 0, true
	p.next++
	return f, nil
}

// give ends the appending to f and says whether the record is there. One that
// failed leaves f.end, so that the next record overwrites what it left.
func (p *Packs) give(f *file, l Location, err error, placed func(Location)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.freed.Signal()
	if f.removed {
		p.deactivate(f)
		return false
	}
	if err == nil {
		f.end += l.Size()
		p.sizes[f.number] = f.end
		placed(l)
	}
	if f.end >= p.opts.Target || p.closed {
		p.deactivate(f)
	} else {
		p.idle = append(p.idle, f)
	}
	return err == nil
}

// write writes the record at l.Offset and sets l.Sum.
func (f *file) write(l *Location, id storage.BlobID, data []byte) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	*buf = l.appendHeader((*buf)[:0], id, data)
	rest, at := data, l.Offset
	if l.Size() <= smallRecord {
		*buf, rest = append(*buf, data...), nil
	}
	defer f.Wrote()
	if _, err := f.WriteAt(*buf, at); err != nil {
		return err
	}
	if len(rest) == 0 {
		return nil
	}
	_, err := f.WriteAt(rest, at+int64(len(*buf)))
	return err
}
