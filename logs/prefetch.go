package logs

import (
	"context"
	"crypto/cipher"
	"runtime"
)

// prefetchFrom is how many bytes a walk goes through before it opens segments
// in advance: a page from a stream's end needs no more than one or two.
const prefetchFrom = 2 << 20

// maxPrefetched is how many segments a walk opens in advance at most. They
// bound its memory: each is of a megabyte or less.
const maxPrefetched = 4

// coming is a segment that is being opened in advance.
type coming struct {
	done chan struct{}
	o    *opened
	err  error
}

// prefetch begins to open the segments that come next, on other cores. It
// takes only those whose data key the walk has been given already: none is
// asked for before its time.
func (w *walk) prefetch(ctx context.Context) {
	most := min(runtime.GOMAXPROCS(0), maxPrefetched)
	if w.opened < prefetchFrom || most < 2 {
		return
	}
	for i := range w.ahead {
		n := i
		if w.reverse {
			n = len(w.ahead) - 1 - i
		}
		if len(w.coming) >= most {
			return
		}
		seg := w.ahead[n]
		key := w.keys[dataKeyID{w.g.ID, seg.Epoch, seg.DataKey}]
		if key == nil || w.coming[seg.Sequence] != nil {
			continue
		}
		w.begin(ctx, seg, key)
	}
}

// begin opens a segment beside the walk. [Service.Settle] waits for it.
func (w *walk) begin(ctx context.Context, seg segment, key cipher.AEAD) {
	c := &coming{done: make(chan struct{})}
	if w.coming == nil {
		w.coming = map[uint64]*coming{}
	}
	w.coming[seg.Sequence] = c
	w.s.tasks.waiting.Go(func() {
		defer close(c.done)
		if c.o, c.err = w.unseal(ctx, &seg, key); c.o != nil && w.match != nil {
			c.o.matched = w.matching(c.o.events)
		}
	})
}

// matching asks of all events at once what the walk's owner would ask.
func (w *walk) matching(events []event) []bool {
	list := make([]bool, len(events))
	for i := range events {
		list[i] = w.match(events[i].message)
	}
	return list
}

// load returns an opened segment: one that was opened in advance, or else by
// itself.
func (w *walk) load(ctx context.Context, seg *segment, key cipher.AEAD) (*opened, error) {
	c := w.coming[seg.Sequence]
	if c == nil {
		return w.unseal(ctx, seg, key)
	}
	delete(w.coming, seg.Sequence)
	<-c.done
	return c.o, c.err
}
