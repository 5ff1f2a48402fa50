package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/storage"
)

const (
	maxLookup = 50 // events on a page
	// history is how long the event history goes back.
	// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
	history = 90 * 24 * time.Hour
	// maxScan bounds the chunks that one page reads. A page that finds nothing
	// in them is empty and has a token, as AWS's can be.
	maxScan = 4096
)

// LookupEvents searches the management events of the last 90 days in the
// caller's account and Region, newest first.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
func (s *Service) LookupEvents(ctx context.Context, in *cloudtrailapi.LookupEventsRequest) (*cloudtrailapi.LookupEventsResponse, error) {
	if err := s.authorize(ctx, "LookupEvents", "*", nil); err != nil {
		return nil, err
	}
	q, err := s.searchOf(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := s.queue.flush(ctx); err != nil {
		return nil, err
	}
	if in.EventCategory != nil {
		err = s.lookupInsights(ctx, q)
	} else if err = s.store.View(ctx, q.run); err != nil {
		err = fmt.Errorf("cloudtrail: look up events: %w", err)
	}
	if err != nil {
		return nil, err
	}
	out := &cloudtrailapi.LookupEventsResponse{Events: q.found}
	if q.next != nil {
		out.NextToken = new(s.tokens.Encode(q.purpose, q.next))
	}
	return out, nil
}

// search is a request for events on its way through the chunks.
type search struct {
	place    place
	events   func(storage.Tx, storage.Key) ([]event, error) // of a chunk
	from, to time.Time                                      // both may match
	wants    func(*event) bool
	size     int
	purpose  string // of the tokens
	before   storage.Key
	skip     uint64 // events of this number and later are on earlier pages; 0 none

	found []cloudtrailapi.Event
	next  storage.Key
}

func (s *Service) searchOf(ctx context.Context, in *cloudtrailapi.LookupEventsRequest) (*search, error) {
	c := api.CallerOf(ctx)
	now := s.clock.Now()
	q := &search{
		place: place{c.Account, c.Region}, events: s.eventsAt, from: now.Add(-history), to: now, size: maxLookup,
		found: []cloudtrailapi.Event{},
	}
	if in.MaxResults != nil {
		if q.size = int(*in.MaxResults); q.size < 1 || q.size > maxLookup {
			return nil, badMaxResults()
		}
	}
	if in.StartTime != nil && in.EndTime != nil && in.StartTime.After(*in.EndTime) {
		return nil, badTimeRange()
	}
	if in.StartTime != nil && in.StartTime.After(q.from) {
		q.from = *in.StartTime
	}
	if in.EndTime != nil {
		q.to = *in.EndTime
	}
	if err := q.filter(in.LookupAttributes); err != nil {
		return nil, err
	}
	q.purpose = fmt.Sprint("LookupEvents ", c.Account, c.Region, in.LookupAttributes, in.EventCategory != nil, nanos(in.StartTime), nanos(in.EndTime))
	return q, q.resume(s, in.NextToken)
}

func nanos(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.UnixNano()
}

// resume goes on where the page before ended.
func (q *search) resume(s *Service, token *string) error {
	if token == nil {
		return nil
	}
	at, err := s.tokens.Decode(q.purpose, *token)
	if err != nil {
		return badNextToken()
	}
	parts := at.Parts()
	if len(parts) != 2 {
		return badNextToken()
	}
	first, _ := parts[0].(uint64)
	q.skip, _ = parts[1].(uint64)
	q.before = q.place.key(first + 1)
	return nil
}

// filter takes one attribute, or none.
func (q *search) filter(attributes []cloudtrailapi.LookupAttribute) error {
	switch len(attributes) {
	case 0:
		q.wants = func(*event) bool { return true }
		return nil
	case 1:
	default:
		return badLookupAttributes("Only one lookup attribute can be specified.")
	}
	value := attributes[0].AttributeValue
	switch attributes[0].AttributeKey {
	case cloudtrailapi.LookupAttributeKeyEventId:
		q.wants = func(e *event) bool { return e.ID == value }
	case cloudtrailapi.LookupAttributeKeyEventName:
		q.wants = func(e *event) bool { return e.Name == value }
	case cloudtrailapi.LookupAttributeKeyReadOnly:
		q.wants = func(e *event) bool { return strconv.FormatBool(e.ReadOnly) == value }
	case cloudtrailapi.LookupAttributeKeyUsername:
		q.wants = func(e *event) bool { return e.User == value }
	case cloudtrailapi.LookupAttributeKeyResourceType:
		q.wants = func(e *event) bool { return e.about(func(n named) bool { return n.Type == value }) }
	case cloudtrailapi.LookupAttributeKeyResourceName:
		q.wants = func(e *event) bool { return e.about(func(n named) bool { return n.Name == value }) }
	case cloudtrailapi.LookupAttributeKeyEventSource:
		q.wants = func(e *event) bool { return e.Source == value }
	case cloudtrailapi.LookupAttributeKeyAccessKeyId:
		q.wants = func(e *event) bool { return e.Key == value }
	default:
		return badLookupAttributes("The lookup attribute key is not valid.")
	}
	return nil
}

func (e *event) about(is func(named) bool) bool { return slices.ContainsFunc(e.Named, is) }

var errPageFull = errors.New("cloudtrail: the page is full")

// run fills the page, chunk by chunk from the newest. It can run again.
func (q *search) run(_ context.Context, tx storage.Tx) error {
	q.found, q.next = q.found[:0], nil
	n := 0
	r := storage.Range{Prefix: q.place.key(), To: q.before, Reverse: true}
	for row, err := range chunks.Scan(tx, r) {
		if err != nil {
			return err
		}
		if q.older(row.Value.Last) {
			return nil
		}
		if n++; n > maxScan {
			q.next = storage.K(row.Value.First, uint64(0))
			return nil
		}
		if row.Value.Management == 0 || q.younger(row.Value.First) {
			continue
		}
		if err := q.read(tx, row.Key); err == errPageFull {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// older says that an event of this number is before the range, younger that
// it is behind it. Records tell their time to the second.
func (q *search) older(sequence uint64) bool {
	return (&event{Sequence: sequence}).at().Before(q.from.Truncate(time.Second))
}

func (q *search) younger(sequence uint64) bool { return (&event{Sequence: sequence}).at().After(q.to) }

// read takes what the page wants of one chunk, newest first.
func (q *search) read(tx storage.Tx, at storage.Key) error {
	list, err := q.events(tx, at)
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(list) {
		if q.skip != 0 && e.Sequence >= q.skip || e.Data || q.older(e.Sequence) || q.younger(e.Sequence) || !q.wants(&e) {
			continue
		}
		if len(q.found) == q.size {
			q.next = storage.K(list[0].Sequence, e.Sequence+1)
			return errPageFull
		}
		q.found = append(q.found, e.shown())
	}
	return nil
}

// shown is the event as LookupEvents answers it.
func (e *event) shown() cloudtrailapi.Event {
	out := cloudtrailapi.Event{
		EventId: &e.ID, EventName: &e.Name, ReadOnly: new(strconv.FormatBool(e.ReadOnly)), EventTime: new(e.at()),
		EventSource: &e.Source, Resources: []cloudtrailapi.Resource{}, CloudTrailEvent: new(string(e.Text)),
	}
	if e.User != "" {
		out.Username = &e.User
	}
	if e.Key != "" {
		out.AccessKeyId = &e.Key
	}
	for _, n := range e.Named {
		out.Resources = append(out.Resources, cloudtrailapi.Resource{ResourceType: &n.Type, ResourceName: &n.Name})
	}
	return out
}

// forget removes the events that have left the history. Those that a trail
// still waits for are younger: a delivery is tried for 30 days.
func (s *Service) forget(ctx context.Context, now time.Time) error {
	old := uint64(now.Add(-history).UnixNano())
	list, err := s.listPlaces(ctx, "")
	if err != nil {
		return err
	}
	for _, p := range list {
		for {
			n, err := s.forgetSome(ctx, p, old)
			if err != nil {
				return fmt.Errorf("cloudtrail: forget old events: %w", err)
			}
			if n < maxForget {
				break
			}
		}
	}
	return nil
}

// maxForget bounds the chunks that one transaction removes.
const maxForget = 1000

func (s *Service) forgetSome(ctx context.Context, p place, old uint64) (int, error) {
	var gone []storage.Key
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		gone = gone[:0]
		for row, err := range chunks.Scan(tx, storage.Range{Prefix: p.key()}) {
			if err != nil {
				return err
			}
			if row.Value.Last >= old || len(gone) == maxForget {
				return nil
			}
			gone = append(gone, row.Key)
		}
		return nil
	})
	if err != nil || len(gone) == 0 {
		return 0, err
	}
	return len(gone), s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for _, k := range gone {
			if err := errors.Join(chunks.Delete(tx, k), bodies.Delete(tx, k)); err != nil {
				return err
			}
		}
		return nil
	})
}

// listPlaces returns where events of an account have been recorded; with an
// empty account all places.
func (s *Service) listPlaces(ctx context.Context, account string) (list []place, err error) {
	var r storage.Range
	if account != "" {
		r.Prefix = storage.K(account)
	}
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		list = list[:0]
		for k, err := range places.Keys(tx, r) {
			if err != nil {
				return err
			}
			at := k.Strings()
			list = append(list, place{at[0], at[1]})
		}
		return nil
	})
	return list, err
}
