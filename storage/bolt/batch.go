package bolt

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"sealstack/storage"
)

// batch is one database transaction and the Updates that run in it, one after
// another.
type batch struct {
	tx     *bbolt.Tx // nil until somebody needs it
	data   *bbolt.Bucket
	size   int             // Updates that ran in it
	writes int             // writes of those that succeeded
	packs  map[uint32]bool // hold blobs that the batch keeps
	slots  bool            // the batch keeps slots
	kept   []storage.BlobID
	broken error // an Update could not be undone

	done chan struct{} // closed when the outcome is known
	err  error         // the outcome
}

func newBatch() *batch { return &batch{done: make(chan struct{})} }

// Update implements storage.Store.
func (s *Store) Update(ctx context.Context, fn func(context.Context, storage.Tx) error) error {
	return s.update(ctx, false, fn, nil)
}

// update runs fn in a batch, of its own if alone. after runs when that has
// committed, before anybody else's turn; only with alone.
func (s *Store) update(ctx context.Context, alone bool, fn func(context.Context, storage.Tx) error, after func() error) error {
	if err := enter(ctx); err != nil {
		return err
	}
	b, err := s.turn.take(ctx, alone)
	if err != nil {
		return err
	}
	x, err := s.runIn(ctx, b, alone, fn, after)
	if err != nil {
		return err
	}
	if len(x.dropped) > 0 {
		return s.slots.Destroy(x.dropped...)
	}
	return nil
}

// runIn runs fn and sees the batch to its end, even when fn panics. An error
// of fn is returned no sooner than the outcome: fn may have decided upon what
// others wrote before it in the same batch.
func (s *Store) runIn(ctx context.Context, b *batch, alone bool, fn func(context.Context, storage.Tx) error, after func() error) (x *tx, err error) {
	defer func() {
		if outcome := s.finish(b, alone, after); outcome != nil {
			err = outcome
		}
	}()
	if err := s.join(b); err != nil {
		return nil, err
	}
	x = &tx{store: s, bolt: b.tx, data: b.data, writable: true}
	return x, b.run(ctx, x, fn)
}

// join opens the database transaction for the first in the batch.
func (s *Store) join(b *batch) (err error) {
	b.size++
	if b.tx == nil {
		if b.tx, err = s.db.Begin(true); err != nil {
			return closedError(err)
		}
		b.data = b.tx.Bucket(dataBucket)
	}
	return b.broken
}

// run runs one closure and takes its writes into the batch, or undoes them.
func (b *batch) run(ctx context.Context, x *tx, fn func(context.Context, storage.Tx) error) error {
	succeeded := false
	defer func() {
		x.End()
		if !succeeded {
			b.undo(x)
		}
	}()
	x.Begin(ctx, x)
	if err := fn(x, x); err != nil {
		return err
	}
	succeeded = true
	b.accept(x)
	return nil
}

func (b *batch) accept(x *tx) {
	b.writes += x.changes
	b.kept = append(b.kept, x.kept...)
	b.slots = b.slots || x.keptSlots
	for _, n := range x.packs {
		if b.packs == nil {
			b.packs = map[uint32]bool{}
		}
		b.packs[n] = true
	}
}

// undo takes back the writes of one Update, last first. Should that fail, the
// whole batch fails.
func (b *batch) undo(x *tx) {
	defer func() {
		if p := recover(); p != nil {
			b.broken = fmt.Errorf("undo: %v", p)
		}
	}()
	for i := len(x.before) - 1; i >= 0; i-- {
		if err := x.before[i].restore(x.data); err != nil {
			b.broken = fmt.Errorf("undo: %w", err)
			return
		}
	}
}

// finish passes the batch on, or commits it, and waits for the outcome.
func (s *Store) finish(b *batch, alone bool, after func() error) error {
	if s.turn.pass(b, alone) {
		<-b.done
		return b.err
	}
	defer s.turn.end()
	defer close(b.done)
	b.err = errors.New("storage: commit panicked")
	b.err = s.commit(b)
	if b.err == nil && after != nil {
		return after()
	}
	return b.err
}

// commit ends the database transaction. With full durability the blobs and
// slots that it refers to reach the disk before it does.
func (s *Store) commit(b *batch) error {
	switch {
	case b.tx == nil:
		return nil
	case b.broken != nil:
		return errors.Join(b.broken, b.tx.Rollback())
	case b.writes == 0:
		return b.tx.Rollback()
	}
	if err := s.syncBeside(b); err != nil {
		return errors.Join(fmt.Errorf("storage: before commit: %w", err), b.tx.Rollback())
	}
	if err := b.tx.Commit(); err != nil {
		return fmt.Errorf("storage: commit: %w", err)
	}
	s.blobs.settle(b.kept)
	return nil
}

func (s *Store) syncBeside(b *batch) error {
	if s.opts.Durability != Full {
		return nil
	}
	numbers := make([]uint32, 0, len(b.packs))
	for n := range b.packs {
		numbers = append(numbers, n)
	}
	if err := s.packs.Sync(numbers); err != nil {
		return err
	}
	if b.slots {
		return s.slots.Sync()
	}
	return nil
}
