// Package bolt is the storage engine of a data directory: bbolt for the
// tables, packs beside it for blobs, a slot file for secrets that can be
// destroyed. The directory holds
//
//	store.db   the tables
//	packs/     the blobs
//	slots      the secrets
//	holder     the process that has it open
//
// Only the wiring and tests import it.
package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"sealstack/storage"
	"sealstack/storage/internal/disk"
	"sealstack/storage/internal/pack"
	"sealstack/storage/internal/slotfile"
)

// Durability says what an acknowledged write survives.
type Durability int

const (
	// Process: the end of the process, kill -9 included. A power cut may
	// lose what was written last, or damage the database.
	Process Durability = iota
	// Full: a power cut too. Everything is synced to the disk before the
	// answer.
	Full
)

// Options of a store; the zero value is the default.
type Options struct {
	Durability  Durability
	PackSize    int64 // bytes after which a file of blobs is full; 64 MiB
	PackWriters int   // files of blobs written to at once; 4
}

// Store is an open data directory.
type Store struct {
	dir    string
	opts   Options
	db     *bbolt.DB
	packs  *pack.Packs
	slots  *slotfile.File
	blobs  *blobs
	turn   turn
	grace  grace
	closed atomic.Bool
}

var _ storage.Store = (*Store)(nil)

// Open opens a data directory, which it makes if it is not there, and brings
// what an earlier version wrote up to date. Errors: storage.ErrLocked when
// another process has it open, storage.ErrFormatNewer, storage.ErrCorrupt.
func Open(dir string, opts Options) (*Store, error) {
	return openFormat(dir, opts, current)
}

func openFormat(dir string, opts Options, f format) (*Store, error) {
	s := &Store{dir: dir, opts: opts}
	if err := os.MkdirAll(dir, disk.DirMode); err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		s.openDB,
		s.writeHolder,
		func() error { return f.migrate(s.db) },
		s.openBlobs,
		s.openSlots,
	} {
		if err := step(); err != nil {
			s.release()
			return nil, fmt.Errorf("storage: open %s: %w", dir, err)
		}
	}
	return s, nil
}

// openDB opens the database, which also takes the lock. The list of free
// pages is not written but found again when opening: after a large deletion
// it would be long, and part of every commit.
func (s *Store) openDB() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", storage.ErrCorrupt, p)
		}
	}()
	s.db, err = bbolt.Open(filepath.Join(s.dir, "store.db"), disk.FileMode, &bbolt.Options{
		Timeout:         1, // nanosecond: do not wait for the lock
		NoSync:          s.opts.Durability != Full,
		NoGrowSync:      s.opts.Durability != Full,
		NoFreelistSync:  true,
		FreelistType:    bbolt.FreelistMapType,
		NoStatistics:    true,
		InitialMmapSize: mmapSize(),
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return storage.ErrLocked{Dir: s.dir, PID: s.holder()}
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum),
		errors.Is(err, bolterrors.ErrVersionMismatch):
		return fmt.Errorf("%w: %w", storage.ErrCorrupt, err)
	}
	return err
}

// mmapSize is address space, not memory: while the database is smaller, a
// commit never has to wait for Views in order to map the file anew.
func mmapSize() int {
	if strconv.IntSize < 64 || runtime.GOOS == "windows" {
		return 0
	}
	return 1 << 30
}

func (s *Store) holderPath() string { return filepath.Join(s.dir, "holder") }

func (s *Store) writeHolder() error {
	return os.WriteFile(s.holderPath(), []byte(strconv.Itoa(os.Getpid())+"\n"), disk.FileMode)
}

// holder is the process that said last that it has the directory open.
func (s *Store) holder() int {
	text, err := os.ReadFile(s.holderPath())
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

// enter refuses what no transaction may begin with.
func enter(ctx context.Context) error {
	if storage.Current(ctx) != nil {
		return storage.ErrNested
	}
	return ctx.Err()
}

// closedError translates the database's word for it.
func closedError(err error) error {
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return storage.ErrClosed
	}
	return err
}

// usable says whether the store can be used at all.
func (s *Store) usable(ctx context.Context) error {
	if s.closed.Load() {
		return storage.ErrClosed
	}
	return ctx.Err()
}

// View implements storage.Store.
func (s *Store) View(ctx context.Context, fn func(context.Context, storage.Tx) error) error {
	if err := enter(ctx); err != nil {
		return err
	}
	return s.view(func(x *tx) error {
		x.Begin(ctx, x)
		defer x.End()
		return fn(x, x)
	})
}

// view runs fn over a snapshot, and keeps the packs that it refers to.
func (s *Store) view(fn func(x *tx) error) error {
	defer s.grace.leave(s.grace.enter())
	t, err := s.db.Begin(false)
	if err != nil {
		return closedError(err)
	}
	defer t.Rollback()
	return fn(&tx{store: s, bolt: t, data: t.Bucket(dataBucket)})
}

// Blobs implements storage.Store.
func (s *Store) Blobs() storage.Blobs { return s.blobs }

// Slots implements storage.Store.
func (s *Store) Slots() storage.Slots { return slots{s} }

// Reset implements storage.Store. A View that goes on for more than a moment
// may find blobs missing.
func (s *Store) Reset(ctx context.Context) error {
	if err := enter(ctx); err != nil {
		return err
	}
	s.blobs.sweeping.Lock()
	defer s.blobs.sweeping.Unlock()
	return s.update(ctx, true, func(_ context.Context, t storage.Tx) error {
		x := t.(*tx)
		x.changes++
		if err := x.bolt.DeleteBucket(dataBucket); err != nil {
			return err
		}
		return makeData(x.bolt)
	}, s.emptyBeside)
}

// emptyBeside removes what the tables do not refer to any more.
func (s *Store) emptyBeside() error {
	return errors.Join(s.slots.Reclaim(nil), s.blobs.empty())
}

// Close implements storage.Store. With Process durability, too, everything
// is on the disk when it returns nil.
func (s *Store) Close() error {
	b, err := s.turn.take(context.Background(), true)
	if errors.Is(err, storage.ErrClosed) {
		return nil
	}
	s.closed.Store(true)
	s.turn.close()
	close(b.done)
	err = errors.Join(s.packs.Sync(s.packs.Numbers()), s.slots.Sync(), s.db.Sync())
	return errors.Join(err, s.release())
}

// release closes what is open, the lock last.
func (s *Store) release() error {
	var errs []error
	if s.packs != nil {
		errs = append(errs, s.packs.Close())
	}
	if s.slots != nil {
		errs = append(errs, s.slots.Close())
	}
	if s.db != nil {
		errs = append(errs, os.Remove(s.holderPath()), s.db.Close())
	}
	return errors.Join(errs...)
}
