package cloudtrail

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"sealstack/clock"
)

const (
	maxQueue = 1 << 16 // records that may wait to be written
	maxBatch = 1 << 11 // records that are written together
	// retryDelay is how long the writer waits, in real time, after the store
	// has refused a batch.
	retryDelay = 100 * time.Millisecond
)

// item is a record on its way to the store.
type item struct {
	record   *record
	user     string // as LookupEvents names the caller
	key      string // access key id
	sequence uint64
	roster   *roster // the trails when the call was answered
	global   bool    // of a service that has no Regions
}

// queue holds records until its writer has stored them, in order. It numbers
// them by nanoseconds of the clock, made unique and ascending, and stamps them
// with that time.
type queue struct {
	clock clock.Clock
	write func([]item) error

	mu    sync.Mutex
	room  sync.Cond // there is room, or the queue is closed
	work  sync.Cond // there is work, or the queue is closed
	items []item
	last  uint64
	taken bool // the writer is at work
	// inflight is the last number of the batch that it works on.
	inflight uint64
	closed   bool
	failed   error
	waiting  []waiter
	done     chan struct{}
}

// waiter waits until the record of that number has been stored.
type waiter struct {
	sequence uint64
	done     chan error
}

func newQueue(c clock.Clock, write func([]item) error) *queue {
	q := &queue{clock: c, write: write, done: make(chan struct{})}
	q.room.L, q.work.L = &q.mu, &q.mu
	go q.run()
	return q
}

// put queues a record. It waits for room; once the queue is closed the record
// is dropped.
func (q *queue) put(i item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) >= maxQueue && !q.closed {
		q.room.Wait()
	}
	if q.closed {
		return
	}
	now := q.clock.Now()
	q.last = max(q.last+1, uint64(now.UnixNano()))
	i.sequence, i.record.Time = q.last, stamp(now)
	q.items = append(q.items, i)
	q.work.Signal()
}

// resume goes on numbering behind last.
func (q *queue) resume(last uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last = max(q.last, last)
}

// next takes a batch; nil when the queue is closed and empty.
func (q *queue) next() []item {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.closed {
		q.work.Wait()
	}
	n := min(len(q.items), maxBatch)
	batch := q.items[:n:n]
	if q.items = q.items[n:]; len(q.items) == 0 {
		q.items = nil
	}
	if q.taken = n > 0; q.taken {
		q.inflight = batch[n-1].sequence
	}
	q.room.Broadcast()
	return batch
}

// run is the writer. A batch that the store refuses is kept and tried again,
// so that nothing is lost; a closed queue tries once more.
func (q *queue) run() {
	defer close(q.done)
	for batch := q.next(); len(batch) > 0; batch = q.next() {
		for !q.wrote(batch[len(batch)-1].sequence, q.write(batch)) {
			time.Sleep(retryDelay)
		}
	}
}

// wrote notes the outcome of a batch that ends with the number last, and says
// whether the writer goes on to the next.
func (q *queue) wrote(last uint64, err error) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.failed = err
	if err != nil {
		last = math.MaxUint64 // whoever waits hears of it
	}
	q.answer(last, err)
	if err != nil && !q.closed {
		return false
	}
	q.taken = false
	return true
}

// answer tells those who wait for a record up to last.
func (q *queue) answer(last uint64, err error) {
	q.waiting = slices.DeleteFunc(q.waiting, func(w waiter) bool {
		if w.sequence <= last {
			w.done <- err
		}
		return w.sequence <= last
	})
}

// flush returns when everything queued before has been stored, or with the
// error that keeps it from being so.
func (q *queue) flush(ctx context.Context) error {
	q.mu.Lock()
	if len(q.items) == 0 && !q.taken {
		defer q.mu.Unlock()
		return nil
	}
	w := waiter{q.inflight, make(chan error, 1)}
	if n := len(q.items); n > 0 {
		w.sequence = q.items[n-1].sequence
	}
	q.waiting = append(q.waiting, w)
	q.mu.Unlock()
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reset drops what is queued, waits for a batch at work, calls fn, and starts
// numbering anew.
func (q *queue) reset(fn func()) {
	q.mu.Lock()
	q.items = nil
	q.answer(math.MaxUint64, nil)
	q.room.Broadcast()
	q.mu.Unlock()
	_ = q.flush(context.Background()) // a batch that cannot be written is dropped with the rest
	fn()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last = 0
}

// close stops the writer when it has stored what is queued.
func (q *queue) close() error {
	q.mu.Lock()
	q.closed = true
	q.work.Broadcast()
	q.room.Broadcast()
	q.mu.Unlock()
	<-q.done
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.failed != nil {
		return errors.Join(errors.New("cloudtrail: records were not written"), q.failed)
	}
	return nil
}
