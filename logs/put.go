package logs

import (
	"context"
	"crypto/cipher"
	"errors"

	"sealstack/api/logsapi"
	"sealstack/storage"
)

// Limits of PutLogEvents:
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
const (
	maxBatch      = 1 << 20 // bytes of a batch, overhead included
	maxEvent      = 1 << 20 // bytes of an event, overhead included
	eventOverhead = 26      // bytes that each event counts beside its message
	maxSpan       = day     // milliseconds from a batch's first event to its last
	tooOld        = 14 * day
	tooNew        = 2 * 60 * 60 * 1000 // milliseconds ahead of now
)

// PutLogEvents stores a batch of events as one segment, sealed under the data
// key of the epoch that is in effect. Events that are too old, too new or
// expired are left out and named in the answer.
func (s *Service) PutLogEvents(ctx context.Context, in *logsapi.PutLogEventsRequest) (*logsapi.PutLogEventsResponse, error) {
	if err := s.authorizeStream(ctx, "PutLogEvents", in.LogGroupName, in.LogStreamName); err != nil {
		return nil, err
	}
	if err := checkBatch(in.LogEvents); err != nil {
		return nil, err
	}
	g, st, err := s.groupAndStream(ctx, in.LogGroupName, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	if g.Class == logsapi.LogGroupClassDelivery {
		return nil, onlyDelivered()
	}
	now := s.clock.Now()
	kept, rejected := sift(in.LogEvents, now.UnixMilli(), g.cutoff(now.UnixMilli()))
	if len(kept) > 0 && kept[len(kept)-1].Timestamp-kept[0].Timestamp > maxSpan {
		return nil, logsapi.InvalidParameterException("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	if len(kept) > 0 {
		t, err := s.treatingNow(ctx, &g)
		if err != nil {
			return nil, err
		}
		found, err := t.audit(placeOf(ctx), &g, now, kept)
		if err != nil {
			return nil, err
		}
		b := batch{kept, t, t.outgoing(kept, metadata(placeOf(ctx), &g, st.Name)), found}
		h := header{Stream: st.Name, Ingested: now.UnixMilli()}
		if h.Sequence, err = s.number(ctx, now); err != nil {
			return nil, err
		}
		if err := s.ingest(ctx, &g, &st, h, b); err != nil {
			return nil, err
		}
		st.Sequence = h.Sequence
		s.tails.show(&g, &h, b.out.events)
		s.deliverFindings(ctx, &g, found)
	}
	token := s.uploadToken(&st)
	return &logsapi.PutLogEventsResponse{
		NextSequenceToken: &token, RejectedLogEventsInfo: rejected, RejectedEntityInfo: rejectedEntity(in.Entity),
	}, nil
}

// onlyDelivered refuses to put events into a group of class DELIVERY.
//
// Unverified: AWS's code and sentence.
func onlyDelivered() error {
	return logsapi.InvalidParameterException("PutLogEvents is not supported for log groups of class DELIVERY.")
}

// checkBatch refuses a batch that breaks a limit, whole.
func checkBatch(events []logsapi.InputLogEvent) error {
	size := 0
	for i, e := range events {
		n := len(e.Message) + eventOverhead
		if n > maxEvent {
			return logsapi.InvalidParameterException("Log event too large: %d bytes exceeds limit of %d", n, maxEvent)
		}
		if i > 0 && e.Timestamp < events[i-1].Timestamp {
			return logsapi.InvalidParameterException("Log events in a single PutLogEvents request must be in chronological order.")
		}
		size += n
	}
	if size > maxBatch {
		return logsapi.InvalidParameterException("Upload too large: %d bytes exceeds limit of %d", size, maxBatch)
	}
	return nil
}

// sift returns the events that are neither too old nor too new nor expired,
// and what is to be said of the others, nil if there are none. The events are
// in order, so what is kept lies between.
func sift(events []logsapi.InputLogEvent, now, cutoff int64) ([]logsapi.InputLogEvent, *logsapi.RejectedLogEventsInfo) {
	info := &logsapi.RejectedLogEventsInfo{}
	from, to := 0, len(events)
	for from < to && events[from].Timestamp < now-tooOld {
		from++
	}
	if from > 0 {
		info.TooOldLogEventEndIndex = index(from)
	}
	expired := from
	for from < to && events[from].Timestamp < cutoff {
		from++
	}
	if from > expired {
		info.ExpiredLogEventEndIndex = index(from)
	}
	for to > from && events[to-1].Timestamp > now+tooNew {
		to--
	}
	if to < len(events) {
		info.TooNewLogEventStartIndex = index(to)
	}
	if *info == (logsapi.RejectedLogEventsInfo{}) {
		info = nil
	}
	return events[from:to], info
}

func index(n int) *int32 {
	i := int32(n)
	return &i
}

// batch is what a call of PutLogEvents brings: events, what is in force for
// them, and what leaves the group of them at once.
type batch struct {
	kept     []logsapi.InputLogEvent
	treating *treating
	out      outgoing
	found    []audited
}

// ingest seals the events and stores them as one segment. Metric filters see
// them before, with sensitive data masked.
func (s *Service) ingest(ctx context.Context, g *group, st *stream, h header, b batch) error {
	key, err := s.sealingKey(ctx, g, &h)
	if err != nil {
		return err
	}
	events := make([]event, len(b.kept))
	for i, e := range b.kept {
		events[i] = event{e.Timestamp, e.Message}
		h.Size += int64(len(e.Message) + eventOverhead)
	}
	h.First, h.Last, h.Count = events[0].timestamp, events[len(events)-1].timestamp, len(events)
	seen, err := s.measure(placeOf(ctx), g, b)
	if err != nil {
		return err
	}
	seen = seen.withFindings(g, h.Ingested, b.found)
	due, err := s.subscribed(ctx, g, st, &h, b)
	if err != nil {
		return err
	}
	blob, err := s.store.Blobs().Append(ctx, sealSegment(key, g.ID, &h, events))
	if err != nil {
		return err
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if err := s.record(ctx, tx, g, st, segment{header: h, treatment: b.treating.treatment, StreamID: st.ID, Blob: blob}); err != nil {
			return err
		}
		if err := b.treating.keep(tx, placeOf(ctx)); err != nil {
			return err
		}
		return errors.Join(seen.note(ctx, tx, g, h.Ingested), queue(tx, due))
	})
	if err != nil {
		return errors.Join(err, s.store.Blobs().Discard(context.WithoutCancel(ctx), blob))
	}
	s.countIncoming(ctx, g, &h)
	if len(due) > 0 {
		s.kick()
	}
	return s.publish(ctx, g, seen)
}

// sealingKey returns the data key of the epoch in effect and names it in h.
func (s *Service) sealingKey(ctx context.Context, g *group, h *header) (key cipher.AEAD, err error) {
	e := g.at(h.Ingested)
	h.Epoch = e.Number
	return s.dataKey(ctx, g, h)
}

// dataKey returns the data key that a header names, ready for use.
func (s *Service) dataKey(ctx context.Context, g *group, h *header) (cipher.AEAD, error) {
	var d dataKey
	id := dataKeyID{g.ID, h.Epoch, h.DataKey}
	if key := s.ring.find(id); key != nil {
		return key, nil
	}
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		d, err = dataKeys.Get(tx, storage.K(g.ID, h.Epoch, h.DataKey))
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil, noSuchGroup() // it was deleted meanwhile
	}
	if err != nil {
		return nil, err
	}
	return s.ring.open(ctx, id, g.arn(placeOf(ctx)), g.Epochs[h.Epoch], d)
}

// record writes a segment into the tables, if its stream is still there.
func (s *Service) record(ctx context.Context, tx storage.Tx, g *group, st *stream, seg segment) error {
	if now, err := findGroup(tx, placeOf(ctx), g.Name); err != nil {
		return err
	} else if now.ID != g.ID {
		return noSuchStream()
	}
	now, err := findStream(tx, g, st.Name)
	if err != nil {
		return err
	}
	if now.ID != st.ID {
		return noSuchStream()
	}
	u, err := findUsage(tx, g)
	if err != nil {
		return err
	}
	now.add(&seg.header)
	u.add(&seg.header)
	return errors.Join(
		tx.KeepBlob(seg.Blob),
		segments.Put(tx, storage.K(st.ID, seg.First, seg.Sequence), seg),
		moments.Put(tx, storage.K(g.ID, seg.First, seg.Sequence), moment{st.ID, st.Name}),
		streams.Put(tx, storage.K(g.ID, st.Name), now),
		usages.Put(tx, storage.K(g.ID), u),
	)
}

// add counts a segment in its stream.
func (st *stream) add(h *header) {
	if st.Sequence == 0 || h.First < st.First {
		st.First = h.First
	}
	st.Last = max(st.Last, h.Last)
	st.Ingested = max(st.Ingested, h.Ingested)
	st.Sequence = max(st.Sequence, h.Sequence)
	st.Span = max(st.Span, h.Last-h.First)
}

// add counts a segment in its group.
func (u *usage) add(h *header) {
	u.Bytes += h.Size
	u.Span = max(u.Span, h.Last-h.First)
	u.Events[h.Epoch] += int64(h.Count)
}

// groupAndStream reads both, or says which one is missing.
func (s *Service) groupAndStream(ctx context.Context, groupName, streamName string) (g group, st stream, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		if g, err = findGroup(tx, placeOf(ctx), groupName); err != nil {
			return err
		}
		st, err = findStream(tx, &g, streamName)
		return err
	})
	return g, st, err
}
