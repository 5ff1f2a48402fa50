package logs

import (
	"container/heap"
	"context"
	"crypto/cipher"
	"errors"
	"math"
	"slices"

	"sealstack/storage"
)

// located is an event with its place and its origin.
type located struct {
	position
	message  string
	stream   string
	ingested int64
	clear    string // the message unmasked, where the walk gives both
	shaped   string // the transformed version, where there is one and the walk gives it
	matches  answer // whether the event matches, where the walk asked in advance
}

// answer is what is known of a question.
type answer int8

const (
	unknown answer = iota
	yes
	no
)

// walk yields the events of a stream or of a whole group in order, from one
// end or the other. It opens a segment, and so asks for its data key, only
// when the segment's time has come: a walk that ends before it never needs
// that key.
type walk struct {
	s       *Service
	g       *group
	source  source
	reverse bool
	after   position // events up to here are left out
	until   int64    // segments that lie whole beyond are left alone
	span    int64    // longest segment

	ahead    []segment // headers read from the store and not opened
	next     storage.Key
	drained  bool
	frontier int64 // first timestamp of the last header read

	open   openSegments
	coming map[uint64]*coming        // segments that are opened in advance, by sequence
	keys   map[dataKeyID]cipher.AEAD // one authorization a call, whatever the lifetime
	opened int64                     // bytes of the segments opened
	views  views
	match  func(message string) bool // what the owner asks of each event, if it may be asked in advance
}

// source lists the headers that a walk goes through.
type source interface {
	// read returns up to n segments whose first timestamp is at or beyond
	// from in the walk's direction, and the key to go on from, nil at the end.
	read(tx storage.Tx, from storage.Key, reverse bool, n int) ([]segment, storage.Key, error)
	// start is the key of the first segment that can hold an event at t.
	start(t int64) storage.Key
}

// headersAtOnce is how many headers a walk reads in one transaction.
const headersAtOnce = 64

// walkFrom returns a walk over the events behind a position and not beyond
// until, or in reverse over those before it.
func (s *Service) walkFrom(g *group, from source, after position, until, span int64, reverse bool) *walk {
	w := &walk{s: s, g: g, source: from, after: after, until: until, span: span, reverse: reverse, keys: map[dataKeyID]cipher.AEAD{}}
	w.open.reverse = reverse
	if reverse {
		w.frontier = math.MaxInt64
		w.next = from.start(saturated(after.timestamp, 1))
	} else {
		w.next = from.start(saturated(after.timestamp, -span))
	}
	return w
}

// saturated adds without wrapping around or going below zero.
func saturated(t, d int64) int64 {
	switch {
	case d > 0 && t > math.MaxInt64-d:
		return math.MaxInt64
	case d < 0 && t < -d:
		return 0
	}
	return t + d
}

// step returns the next event, and false at the end.
func (w *walk) step(ctx context.Context) (located, bool, error) {
	for {
		if err := w.fetch(ctx); err != nil {
			return located{}, false, err
		}
		i, ok := w.nearest()
		if !ok || !w.due(w.edge(i)) {
			break
		}
		if err := w.openAhead(ctx, i); err != nil {
			return located{}, false, err
		}
	}
	if w.open.Len() == 0 {
		return located{}, false, nil
	}
	o := w.open.list[0]
	at := o.current()
	if o.advance(w.reverse) {
		heap.Fix(&w.open, 0)
	} else {
		heap.Pop(&w.open)
	}
	return at, true, nil
}

// fetch reads headers until those that have not been read can't hold an event
// that comes before the nearest one known.
func (w *walk) fetch(ctx context.Context) error {
	for !w.drained && w.unread() {
		var batch []segment
		err := w.s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
			batch, w.next, err = w.source.read(tx, w.next, w.reverse, headersAtOnce)
			return err
		})
		if err != nil {
			return err
		}
		w.drained = w.next == nil
		for _, seg := range batch {
			w.frontier = seg.First
			if w.holds(&seg.header) {
				w.ahead = append(w.ahead, seg)
			}
		}
	}
	return nil
}

// unread reports whether a header not yet read may have to be opened before
// the nearest one that has been.
func (w *walk) unread() bool {
	reach := w.frontier
	if w.reverse {
		reach = saturated(w.frontier, w.span)
	}
	if w.beyond(reach) {
		w.drained = true
		return false
	}
	if i, ok := w.nearest(); ok && !w.meets(reach, w.edge(i)) {
		return false
	}
	return w.due(reach)
}

// meets reports whether the walk meets t no later than u.
func (w *walk) meets(t, u int64) bool {
	if w.reverse {
		return t >= u
	}
	return t <= u
}

// nearest returns the index of the header whose edge comes first.
func (w *walk) nearest() (int, bool) {
	if len(w.ahead) == 0 {
		return 0, false
	}
	best := 0
	for i := range w.ahead {
		if w.reverse && w.edge(i) > w.edge(best) {
			best = i
		}
	}
	return best, true
}

// edge is the timestamp at which a walk meets the header at i.
func (w *walk) edge(i int) int64 {
	if w.reverse {
		return w.ahead[i].Last
	}
	return w.ahead[i].First
}

// beyond reports whether t lies outside the walk's range.
func (w *walk) beyond(t int64) bool {
	return t != w.until && w.meets(w.until, t)
}

// holds reports whether a segment can hold events of the walk's range.
func (w *walk) holds(h *header) bool {
	if w.reverse {
		return position{h.First, h.Sequence, 0}.before(w.after) && h.Last >= w.until
	}
	return w.after.before(position{h.Last, h.Sequence, h.Count - 1}) && h.First <= w.until
}

// due reports whether an event at t would come no later than the next one at
// hand.
func (w *walk) due(t int64) bool {
	if w.open.Len() == 0 {
		return true
	}
	return w.meets(t, w.open.list[0].current().timestamp)
}

// openAhead opens the segment of the header at i.
func (w *walk) openAhead(ctx context.Context, i int) error {
	seg := w.ahead[i]
	w.ahead = slices.Delete(w.ahead, i, i+1)
	key, err := w.key(ctx, &seg.header)
	if err != nil {
		return err
	}
	o, err := w.load(ctx, &seg, key)
	if o == nil || err != nil {
		return err
	}
	w.opened += seg.Size
	w.prefetch(ctx)
	if o.seek(w.after, w.reverse) {
		heap.Push(&w.open, o)
	}
	return nil
}

// unseal reads a segment and opens it; it is nil if it was deleted or has
// expired meanwhile.
func (w *walk) unseal(ctx context.Context, seg *segment, key cipher.AEAD) (*opened, error) {
	body, err := w.s.store.Blobs().Read(ctx, seg.Blob)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	events, err := openSegment(key, w.g.ID, &seg.header, body)
	if err != nil {
		return nil, err
	}
	o := &opened{header: seg.header, events: events}
	if err := w.treat(ctx, seg, o); err != nil {
		return nil, err
	}
	return o, nil
}

// key returns the data key of a segment.
func (w *walk) key(ctx context.Context, h *header) (cipher.AEAD, error) {
	id := dataKeyID{w.g.ID, h.Epoch, h.DataKey}
	if key, ok := w.keys[id]; ok {
		return key, nil
	}
	key, err := w.s.dataKey(ctx, w.g, h)
	if err == nil {
		w.keys[id] = key
	}
	return key, err
}

// opened is a segment whose events are being given.
type opened struct {
	header
	events []event
	clear  []event
	shaped []string
	// matched tells of each event whether it matches; nil if nobody asked yet.
	matched []bool
	index   int
}

func (o *opened) current() located {
	e := o.events[o.index]
	at := located{position: position{e.timestamp, o.Sequence, o.index}, message: e.message, stream: o.Stream, ingested: o.Ingested, clear: e.message}
	if o.clear != nil {
		at.clear = o.clear[o.index].message
	}
	if o.shaped != nil {
		at.shaped = o.shaped[o.index]
	}
	if o.matched != nil {
		at.matches = no
		if o.matched[o.index] {
			at.matches = yes
		}
	}
	return at
}

// seek moves to the first event behind the position, in the direction.
func (o *opened) seek(after position, reverse bool) bool {
	if reverse {
		o.index = len(o.events) - 1
		for o.index >= 0 && !o.current().position.before(after) {
			o.index--
		}
		return o.index >= 0
	}
	for o.index < len(o.events) && !after.before(o.current().position) {
		o.index++
	}
	return o.index < len(o.events)
}

func (o *opened) advance(reverse bool) bool {
	if reverse {
		o.index--
		return o.index >= 0
	}
	o.index++
	return o.index < len(o.events)
}

// openSegments is a heap with the segment of the next event on top.
type openSegments struct {
	list    []*opened
	reverse bool
}

func (h *openSegments) Len() int      { return len(h.list) }
func (h *openSegments) Swap(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] }
func (h *openSegments) Push(x any)    { h.list = append(h.list, x.(*opened)) }

func (h *openSegments) Less(i, j int) bool {
	a, b := h.list[i].current().position, h.list[j].current().position
	if h.reverse {
		return b.before(a)
	}
	return a.before(b)
}

func (h *openSegments) Pop() any {
	last := h.list[len(h.list)-1]
	h.list = h.list[:len(h.list)-1]
	return last
}
