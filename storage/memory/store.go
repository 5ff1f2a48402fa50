// Package memory is the storage engine without files: copy-on-write snapshots
// of one ordered tree. It serves ephemeral runs and tests, opens in
// microseconds and forgets everything at Close.
//
// Only the wiring and tests import it.
package memory

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"

	"github.com/tidwall/btree"

	"sealstack/storage"
)

// Store keeps everything in one tree; a table is a prefix of its keys.
type Store struct {
	tree   atomic.Pointer[tree] // what the next transaction starts from; nil when closed
	writer chan struct{}        // holds one token: whoever has it may publish a tree

	lastID atomic.Uint64 // blobs and slots

	mu      sync.Mutex
	pending map[storage.BlobID][]byte    // appended, not kept
	slots   map[storage.SlotID]*[32]byte // alive, kept or not
}

type item struct{ key, value []byte }

type tree = btree.BTreeG[item]

var _ storage.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	s := &Store{writer: make(chan struct{}, 1)}
	s.empty()
	s.tree.Store(newTree())
	return s
}

func newTree() *tree {
	less := func(a, b item) bool { return bytes.Compare(a.key, b.key) < 0 }
	return btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})
}

func (s *Store) empty() {
	s.pending = map[storage.BlobID][]byte{}
	s.slots = map[storage.SlotID]*[32]byte{}
}

// View implements storage.Store.
func (s *Store) View(ctx context.Context, fn func(context.Context, storage.Tx) error) error {
	if err := enter(ctx); err != nil {
		return err
	}
	t := s.tree.Load()
	if t == nil {
		return storage.ErrClosed
	}
	x := &tx{store: s, tree: t}
	x.Begin(ctx, x)
	defer x.End()
	return fn(x, x)
}

// Update implements storage.Store.
func (s *Store) Update(ctx context.Context, fn func(context.Context, storage.Tx) error) error {
	if err := enter(ctx); err != nil {
		return err
	}
	base, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer s.unlock()
	x := &tx{store: s, tree: base.Copy(), writable: true}
	if err := x.run(ctx, fn); err != nil {
		return err
	}
	if x.changes > 0 {
		s.tree.Store(x.tree)
		s.settle(x)
	}
	return nil
}

// enter refuses what no transaction may begin with.
func enter(ctx context.Context) error {
	if storage.Current(ctx) != nil {
		return storage.ErrNested
	}
	return ctx.Err()
}

// lock waits for the writer's turn and returns the tree to start from.
func (s *Store) lock(ctx context.Context) (*tree, error) {
	select {
	case s.writer <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	t := s.tree.Load()
	if t == nil {
		s.unlock()
		return nil, storage.ErrClosed
	}
	return t, nil
}

func (s *Store) unlock() { <-s.writer }

// settle does what a committed transaction decided about blobs and slots.
func (s *Store) settle(x *tx) {
	if len(x.kept) == 0 && len(x.dropped) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range x.kept {
		delete(s.pending, id)
	}
	for _, id := range x.dropped {
		s.wipe(id)
	}
}

// wipe overwrites a slot; s.mu is held.
func (s *Store) wipe(id storage.SlotID) {
	if secret := s.slots[id]; secret != nil {
		clear(secret[:])
		delete(s.slots, id)
	}
}

// Blobs implements storage.Store.
func (s *Store) Blobs() storage.Blobs { return blobs{s} }

// Slots implements storage.Store.
func (s *Store) Slots() storage.Slots { return slots{s} }

// Reset implements storage.Store.
func (s *Store) Reset(ctx context.Context) error {
	if err := enter(ctx); err != nil {
		return err
	}
	if _, err := s.lock(ctx); err != nil {
		return err
	}
	defer s.unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.slots {
		s.wipe(id)
	}
	s.empty()
	s.tree.Store(newTree())
	return nil
}

// Close implements storage.Store. Running Views keep their snapshot.
func (s *Store) Close() error {
	s.writer <- struct{}{}
	defer s.unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tree.Store(nil)
	s.empty()
	return nil
}
