package bolt

import (
	"context"
	"slices"
	"sync"

	"sealstack/storage"
)

// maxBatch is how many Updates share a commit at most, so that the first of
// them need not wait for a stream of others without end.
const maxBatch = 512

// turn passes the right to write from one Update to the next. Each runs its
// closure itself, in its own goroutine: a panic or a t.FailNow in one is its
// own affair. The database transaction goes along as long as somebody is
// waiting; the last in line commits for all who ran in it. So a lone writer
// commits at once, and a crowd shares commits, without a timer.
type turn struct {
	mu     sync.Mutex
	busy   bool
	closed bool
	line   []*waiter
}

type waiter struct {
	alone bool        // wants a batch of its own
	ready chan *batch // nil when the store has been closed
}

// take waits for the turn and returns the batch to write in.
func (t *turn) take(ctx context.Context, alone bool) (*batch, error) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil, storage.ErrClosed
	}
	if !t.busy {
		t.busy = true
		t.mu.Unlock()
		return newBatch(), nil
	}
	w := &waiter{alone, make(chan *batch, 1)}
	t.line = append(t.line, w)
	t.mu.Unlock()
	select {
	case b := <-w.ready:
		return b, closedIfNil(b)
	case <-ctx.Done():
		return t.abandon(ctx, w)
	}
}

func closedIfNil(b *batch) error {
	if b == nil {
		return storage.ErrClosed
	}
	return nil
}

// abandon leaves the line. If the turn has come in that very moment it is
// taken after all: somebody has to.
func (t *turn) abandon(ctx context.Context, w *waiter) (*batch, error) {
	t.mu.Lock()
	i := slices.Index(t.line, w)
	if i >= 0 {
		t.line = slices.Delete(t.line, i, i+1)
		t.mu.Unlock()
		return nil, ctx.Err()
	}
	t.mu.Unlock()
	b := <-w.ready
	return b, closedIfNil(b)
}

// pass hands the batch on and says whether it could: not when nobody waits,
// the batch is full, or either side wants to be alone.
func (t *turn) pass(b *batch, alone bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if alone || b.size >= maxBatch || len(t.line) == 0 || t.line[0].alone {
		return false
	}
	t.next(b)
	return true
}

// end gives the turn, with a new batch, to the next in line.
func (t *turn) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.line) == 0 {
		t.busy = false
		return
	}
	t.next(newBatch())
}

// next wakes the first in line; mu is held.
func (t *turn) next(b *batch) {
	w := t.line[0]
	t.line = slices.Delete(t.line, 0, 1)
	w.ready <- b
}

// close sends everybody in line away; the caller has the turn.
func (t *turn) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, w := range t.line {
		w.ready <- nil
	}
	t.line = nil
}
