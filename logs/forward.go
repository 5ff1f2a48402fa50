package logs

import (
	"context"
	"errors"
	"sync"
	"time"

	"sealstack/storage"
)

// forward is a delivery that is due: which events of a segment go where. The
// events themselves stay in the segment, under its key; who may not use the
// key any more gets nothing delivered. It is kept under (group id, filter,
// stream id, sequence), and so in the order of a stream.
type forward struct {
	Where        scope
	GroupID      string
	Group        string
	StreamID     string
	Stream       string
	First        int64 // with Sequence, it names the segment
	Sequence     uint64
	Events       []int // which of the segment's
	Subscription subscription
	Since        int64
	Attempts     int
	Next         int64 // when to try, in milliseconds
}

var forwards = storage.NewTable[forward]("logs.forward")

func (f *forward) key() storage.Key {
	return storage.K(f.GroupID, f.Subscription.lane(), f.StreamID, f.Sequence)
}

// lane keeps a group's own filters and the account's apart.
func (f *subscription) lane() string {
	if f.Policy {
		return "account/" + f.Name
	}
	return "group/" + f.Name
}

// How deliveries are repeated:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
const (
	giveUp      = 24 * time.Hour   // from the first try
	disabledFor = 10 * time.Minute // a subscription whose destination refused
	firstWait   = time.Second
	longestWait = 5 * time.Minute
)

// subscribed returns what of a batch is to be delivered where; nothing without
// subscriptions.
func (s *Service) subscribed(ctx context.Context, g *group, st *stream, h *header, b batch) (due []forward, err error) {
	list, err := s.subscriptions(ctx, g)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if !takes(list[i].Criteria, placeOf(ctx)) {
			continue
		}
		parsed, err := s.patterns.get(list[i].Pattern)
		if err != nil {
			return nil, err
		}
		f := forward{
			Where: scopeOf(ctx), GroupID: g.ID, Group: g.Name, StreamID: st.ID, Stream: st.Name,
			First: h.First, Sequence: h.Sequence, Subscription: list[i], Since: h.Ingested, Next: h.Ingested,
		}
		events := b.out.events
		if list[i].Transformed {
			events = b.out.transformed
		}
		for j := range events {
			if parsed.Match(events[j].Message) {
				f.Events = append(f.Events, j)
			}
		}
		if len(f.Events) > 0 {
			due = append(due, f)
		}
	}
	return due, nil
}

// queue stores what is due, with the batch that it is of.
func queue(tx storage.Tx, due []forward) error {
	for i := range due {
		if err := forwards.Put(tx, due[i].key(), due[i]); err != nil {
			return err
		}
	}
	return nil
}

// forwarder delivers behind the calls that made deliveries due.
type forwarder struct {
	mu      sync.Mutex
	running bool
	again   bool
	stop    context.CancelFunc
	waiting sync.WaitGroup
	// disabled are lanes whose destination refused, and until when.
	disabled map[string]int64
}

// kick has what is due delivered, soon.
func (s *Service) kick() {
	w := &s.forwarder
	w.mu.Lock()
	defer w.mu.Unlock()
	w.again = true
	if w.running {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	w.running, w.stop = true, stop
	w.waiting.Add(1)
	go func() {
		defer w.waiting.Done()
		defer stop()
		for w.more() {
			s.forwardDue(ctx)
		}
	}()
}

// more reports whether there was a kick since the last time.
func (w *forwarder) more() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running, w.again = w.again, false
	return w.running
}

// cancel ends what is under way and forgets what was refused.
func (w *forwarder) cancel() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disabled = nil
	if w.stop != nil {
		w.stop()
	}
}

// atOnce is how many lanes are delivered at the same time.
const atOnce = 8

// forwardDue delivers all that is due: each stream's events to each subscriber
// in their order, different ones side by side.
func (s *Service) forwardDue(ctx context.Context) {
	lanes, err := s.lanes(ctx)
	if err != nil {
		return // the next sweep comes again
	}
	var all sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, lane := range lanes {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			for s.forwardHead(ctx, lane) {
			}
		})
	}
	all.Wait()
}

// lanes returns the prefixes of the lanes whose first delivery is due.
func (s *Service) lanes(ctx context.Context) (lanes []storage.Key, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		lanes = lanes[:0]
		for e, err := range forwards.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			lane := storage.K(e.Key.Parts()[:3]...)
			if n := len(lanes); n > 0 && lanes[n-1].Compare(lane) == 0 {
				continue
			}
			lanes = append(lanes, lane)
		}
		return nil
	})
	return lanes, err
}

// forwardHead delivers the first of a lane, and reports whether the next may
// follow.
func (s *Service) forwardHead(ctx context.Context, lane storage.Key) bool {
	if ctx.Err() != nil {
		return false
	}
	f, err := s.head(ctx, lane)
	if err != nil || f == nil || f.Next > s.now() {
		return false
	}
	var outcome error
	if s.isDisabled(f) {
		outcome = refusal{errors.New("the subscription filter is disabled, for its destination refused events")}
	} else {
		outcome = s.deliver(f.Where.within(ctx), f)
	}
	if ctx.Err() != nil {
		return false // no outcome at all
	}
	return s.settle(ctx, f, outcome) == nil && (outcome == nil || f.Next == 0)
}

func (s *Service) head(ctx context.Context, lane storage.Key) (first *forward, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		first = nil
		for e, err := range forwards.Scan(tx, storage.Range{Prefix: lane}) {
			if err != nil {
				return err
			}
			first = &e.Value
			break
		}
		return nil
	})
	return first, err
}

// deliver opens the segment and sends the events. A group or a segment that is
// gone leaves nothing to deliver.
func (s *Service) deliver(ctx context.Context, f *forward) error {
	var g group
	var seg segment
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		if g, err = groups.Get(tx, placeOf(ctx).key(f.Group)); err == nil {
			seg, err = segments.Get(tx, storage.K(f.StreamID, f.First, f.Sequence))
		}
		return err
	})
	if errors.Is(err, storage.ErrNotFound) || err == nil && g.ID != f.GroupID {
		return nil
	}
	if err != nil {
		return err
	}
	events, err := s.eventsOf(ctx, &g, &seg, f.Subscription.Transformed)
	if err != nil || events == nil {
		return err
	}
	parsed, err := s.patterns.get(f.Subscription.Pattern)
	if err != nil {
		return refusal{err}
	}
	t, err := s.present(ctx, &f.Subscription)
	if err != nil {
		return err
	}
	payload := f.message(parsed, events).zipped()
	if err := s.send(ctx, t, payload, f.partition()); err != nil {
		return err
	}
	s.countForwarded(f, t.vendor, len(f.Events), len(payload))
	return nil
}

// eventsOf opens a segment, with sensitive data masked and, if that is wanted,
// transformed; nil if it is gone.
func (s *Service) eventsOf(ctx context.Context, g *group, seg *segment, transformed bool) ([]event, error) {
	key, err := s.dataKey(ctx, g, &seg.header)
	if err != nil {
		return nil, err
	}
	body, err := s.store.Blobs().Read(ctx, seg.Blob)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	events, err := openSegment(key, g.ID, &seg.header, body)
	if err != nil {
		return nil, err
	}
	t, err := s.recall(ctx, seg.treatment)
	if err != nil {
		return nil, err
	}
	m := metadata(placeOf(ctx), g, seg.Stream)
	for i := range events {
		events[i].message = t.mask(events[i].message)
		if text := t.transformed(events[i].message, m); transformed && text != "" {
			events[i].message = text
		}
	}
	return events, nil
}

// settle records the outcome of a delivery. A nil outcome is success.
func (s *Service) settle(ctx context.Context, f *forward, outcome error) error {
	now := s.now()
	final, refused := errors.AsType[refusal](outcome)
	if refused && !s.isDisabled(f) {
		s.disable(f)
	}
	dead := refused || outcome != nil && now-f.Since >= giveUp.Milliseconds()
	if refused {
		outcome = final.error
	}
	if outcome != nil {
		s.countFailed(f)
	}
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if there, err := forwards.Has(tx, f.key()); !there || err != nil {
			return err // everything was emptied, or the group is gone
		}
		if outcome != nil && !dead {
			f.Attempts++
			f.Next = now + wait(f.Attempts).Milliseconds()
			return forwards.Put(tx, f.key(), *f)
		}
		if dead {
			if err := bury(tx, f, now, outcome); err != nil {
				return err
			}
		}
		f.Next = 0
		return forwards.Delete(tx, f.key())
	})
}

// wait is how long the n-th failure is followed by nothing: twice as long each
// time.
//
// Unverified: AWS says that it tries for 24 hours, and not when.
func wait(n int) time.Duration {
	if n > 9 {
		return longestWait
	}
	return min(firstWait<<(n-1), longestWait)
}

func (s *Service) isDisabled(f *forward) bool {
	w := &s.forwarder
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.disabled[f.GroupID+"/"+f.Subscription.lane()] > s.now()
}

func (s *Service) disable(f *forward) {
	w := &s.forwarder
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.disabled == nil {
		w.disabled = map[string]int64{}
	}
	w.disabled[f.GroupID+"/"+f.Subscription.lane()] = s.now() + disabledFor.Milliseconds()
}
