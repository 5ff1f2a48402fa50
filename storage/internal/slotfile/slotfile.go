// Package slotfile owns the file of destroyable secrets. Each slot is 64 bytes
// at a fixed place, within one sector; a secret is written there, nowhere
// else, and overwritten there.
//
// Only storage engines import it.
package slotfile

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"

	"sealstack/storage"
	"sealstack/storage/internal/disk"
)

// A slot on disk, after a file header of the same size:
//
//	0   8  id
//	8   8  state
//	16  32 secret, zeros once destroyed
//	48  4  CRC-32C of all that
//	52  12 zero
//
// A free slot is all zeros. Anything else without a valid checksum is bad: a
// write cut short by a crash if nobody knows the slot, damage if somebody does.
const (
	slotSize = 64
	magic    = "SEALSLOT"
	version  = 1
)

type state uint64

const (
	free      state = 0
	live      state = 1 // holds a secret
	destroyed state = 2 // overwritten, but the engine may still refer to it
	bad       state = 3 // in memory only
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// File is the open slot file. It is safe for concurrent use.
type File struct {
	f    *os.File
	sync disk.Syncer

	mu    sync.RWMutex
	slots []slot // by index
	free  []int  // indices to use again
}

// slot is what memory knows of one; secrets stay on the disk.
type slot struct {
	id    storage.SlotID
	state state
}

// Open opens or makes the file. storage.ErrFormatNewer, storage.ErrCorrupt.
func Open(path string) (*File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, disk.FileMode)
	if err != nil {
		return nil, err
	}
	s := &File{f: f}
	if err := s.load(); err != nil {
		f.Close()
		return nil, fmt.Errorf("slots: %w", err)
	}
	return s, nil
}

// load reads the file once, through a buffer that it clears.
func (s *File) load() error {
	info, err := s.f.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return s.begin()
	}
	in := bufio.NewReaderSize(s.f, 64<<10)
	var record [slotSize]byte
	if _, err := io.ReadFull(in, record[:]); err != nil || string(record[:8]) != magic {
		return fmt.Errorf("not a slot file: %w", storage.ErrCorrupt)
	}
	if binary.BigEndian.Uint64(record[8:]) > version {
		return storage.ErrFormatNewer
	}
	for err == nil {
		if _, err = io.ReadFull(in, record[:]); err == nil {
			s.learn(record[:])
		}
	}
	in.Reset(nil)
	clear(record[:])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

func (s *File) begin() error {
	header := make([]byte, slotSize)
	copy(header, magic)
	binary.BigEndian.PutUint64(header[8:], version)
	_, err := s.f.WriteAt(header, 0)
	return err
}

// learn notes the next slot of the file.
func (s *File) learn(record []byte) {
	index := len(s.slots)
	known := slot{state: bad}
	if id, st, _, ok := parse(record); ok && indexOf(id) == index {
		known = slot{id, st}
	} else if [slotSize]byte(record) == [slotSize]byte{} {
		known = slot{}
		s.free = append(s.free, index)
	}
	s.slots = append(s.slots, known)
}

// An id is the slot's index plus one, and 32 random bits: one that was
// destroyed does not name what is written there next.
func indexOf(id storage.SlotID) int { return int(id>>32) - 1 }

func newID(index int) storage.SlotID {
	var b [4]byte
	rand.Read(b[:])
	return storage.SlotID(uint64(index+1)<<32 | uint64(binary.BigEndian.Uint32(b[:])))
}

func offset(index int) int64 { return int64(index+1) * slotSize }

func format(id storage.SlotID, st state, secret storage.Secret) [slotSize]byte {
	var b [slotSize]byte
	binary.BigEndian.PutUint64(b[:], uint64(id))
	binary.BigEndian.PutUint64(b[8:], uint64(st))
	copy(b[16:], secret[:])
	binary.BigEndian.PutUint32(b[48:], crc32.Checksum(b[:48], castagnoli))
	return b
}

func parse(b []byte) (id storage.SlotID, st state, secret storage.Secret, ok bool) {
	if crc32.Checksum(b[:48], castagnoli) != binary.BigEndian.Uint32(b[48:]) {
		return 0, 0, secret, false
	}
	copy(secret[:], b[16:48])
	return storage.SlotID(binary.BigEndian.Uint64(b)), state(binary.BigEndian.Uint64(b[8:])), secret, true
}

// Put writes a secret to a free slot. It survives the end of the process; for
// more, Sync.
func (s *File) Put(secret storage.Secret) (storage.SlotID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	index := len(s.slots)
	if n := len(s.free); n > 0 {
		index, s.free = s.free[n-1], s.free[:n-1]
	} else {
		s.slots = append(s.slots, slot{})
	}
	id := newID(index)
	if err := s.write(index, format(id, live, secret)); err != nil {
		s.free = append(s.free, index)
		return 0, err
	}
	s.slots[index] = slot{id, live}
	return id, nil
}

func (s *File) write(index int, record [slotSize]byte) error {
	defer clear(record[:])
	defer s.sync.Wrote()
	_, err := s.f.WriteAt(record[:], offset(index))
	return err
}

// at returns what is known of id; s.mu is held.
func (s *File) at(id storage.SlotID) (index int, st state) {
	index = indexOf(id)
	switch {
	case index < 0 || index >= len(s.slots):
		return index, free
	case s.slots[index].state != bad && s.slots[index].id != id:
		return index, free
	}
	return index, s.slots[index].state
}

// Has says whether the slot holds a secret.
func (s *File) Has(id storage.SlotID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, st := s.at(id)
	return st == live
}

// Destroyed says whether the slot was destroyed and not yet freed.
func (s *File) Destroyed(id storage.SlotID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, st := s.at(id)
	return st == destroyed
}

// Get reads a secret. storage.ErrNotFound, storage.ErrCorrupt.
func (s *File) Get(id storage.SlotID) (secret storage.Secret, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	index, st := s.at(id)
	switch st {
	case bad:
		return secret, corrupt(id)
	case free, destroyed:
		return secret, storage.ErrNotFound
	}
	var b [slotSize]byte
	defer clear(b[:])
	if _, err := s.f.ReadAt(b[:], offset(index)); errors.Is(err, io.EOF) {
		return secret, corrupt(id)
	} else if err != nil {
		return secret, err
	}
	found, st, secret, ok := parse(b[:])
	if !ok || found != id || st != live {
		return storage.Secret{}, corrupt(id)
	}
	return secret, nil
}

func corrupt(id storage.SlotID) error {
	return fmt.Errorf("slot %x: %w", uint64(id), storage.ErrCorrupt)
}

// Destroy overwrites slots and returns when that is on the disk. Those that
// are destroyed or free already are no error. It leaves a note of each, so
// that the engine knows one it still refers to from a damaged one; the slots
// are free again after a Reclaim.
func (s *File) Destroy(ids ...storage.SlotID) error {
	for _, id := range ids {
		if err := s.destroy(id); err != nil {
			return fmt.Errorf("slot %x: %w", uint64(id), err)
		}
	}
	return s.Sync()
}

func (s *File) destroy(id storage.SlotID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	index, st := s.at(id)
	if st == free || st == destroyed {
		return nil
	}
	if err := s.write(index, format(id, destroyed, storage.Secret{})); err != nil {
		return err
	}
	s.slots[index] = slot{id, destroyed}
	return nil
}

// Reclaim overwrites and frees every slot but those kept, and returns when
// that is on the disk.
func (s *File) Reclaim(kept []storage.SlotID) error {
	keep := make(map[int]bool, len(kept))
	for _, id := range kept {
		keep[indexOf(id)] = true
	}
	n, err := s.reclaim(keep)
	if n == 0 || err != nil {
		return err
	}
	return s.Sync()
}

func (s *File) reclaim(keep map[int]bool) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, known := range s.slots {
		if known.state == free || keep[i] {
			continue
		}
		if err := s.write(i, [slotSize]byte{}); err != nil {
			return n, err
		}
		s.slots[i] = slot{}
		s.free = append(s.free, i)
		n++
	}
	return n, nil
}

// Sync returns when everything written is on the disk.
func (s *File) Sync() error { return s.sync.Sync(s.f.Sync) }

// Durable says whether a Sync has covered everything written.
func (s *File) Durable() bool { return s.sync.Durable() }

// Close closes the file.
func (s *File) Close() error { return s.f.Close() }
