package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"

	"sealstack/storage"
	"sealstack/storage/seal"
)

// Events are stored in chunks: what is known of a chunk apart from what is in
// it, so that a sweep passes over the chunks that no trail wants.

// event is a record as it is stored.
type event struct {
	Sequence uint64   `cbor:"1,keyasint"` // nanoseconds of its time, unique
	ID       string   `cbor:"2,keyasint"`
	Name     string   `cbor:"3,keyasint"`
	Source   string   `cbor:"4,keyasint"`
	User     string   `cbor:"5,keyasint,omitempty"`
	Key      string   `cbor:"6,keyasint,omitempty"`
	ReadOnly bool     `cbor:"7,keyasint,omitempty"`
	Data     bool     `cbor:"8,keyasint,omitempty"`
	Named    []named  `cbor:"9,keyasint,omitempty"`
	Trails   []string `cbor:"10,keyasint,omitempty"` // ids of the trails that take it
	Text     []byte   `cbor:"11,keyasint"`           // the record
}

// at is the event's time, as its record says it: to the second.
func (e *event) at() time.Time { return time.Unix(0, int64(e.Sequence)).UTC().Truncate(time.Second) }

// chunk says what is in the body beside it.
type chunk struct {
	First      uint64         `cbor:"1,keyasint"`
	Last       uint64         `cbor:"2,keyasint"`
	Management int            `cbor:"3,keyasint,omitempty"` // management events
	Trails     map[string]int `cbor:"4,keyasint,omitempty"` // events by trail
	// Loud counts the events of Trails that are not of deliveries: those
	// alone make a delivery due.
	Loud map[string]int `cbor:"5,keyasint,omitempty"`
	Size int            `cbor:"6,keyasint"` // bytes of the records
}

var (
	// chunks and bodies: account, Region, sequence of the first event. A body
	// is sealed under the root key, for records say who did what with what.
	chunks = storage.NewTable[chunk]("cloudtrail.chunk")
	bodies = storage.NewTable[[]byte]("cloudtrail.body")
	// places: account, Region: where events have been recorded.
	places = storage.NewTable[struct{}]("cloudtrail.place")
	// sequences: the last number that was given out, under one key.
	sequences = storage.NewTable[uint64]("cloudtrail.sequence")
)

var sequenceKey = storage.K("last")

const (
	maxChunkEvents = 512
	maxChunkBytes  = 1 << 20
)

// place is an account and a Region.
type place struct{ account, region string }

func (p place) key(parts ...any) storage.Key { return storage.K(p.account, p.region).With(parts...) }

// knownPlaces are those that the places table has.
type knownPlaces struct {
	mu   sync.Mutex
	seen map[place]bool
}

func (k *knownPlaces) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen = map[place]bool{}
}

func (k *knownPlaces) has(p place) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.seen[p]
}

func (k *knownPlaces) add(list []place) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range list {
		k.seen[p] = true
	}
}

// packed is a chunk ready to be stored.
type packed struct {
	place place
	chunk chunk
	body  []byte
}

// write stores a batch of records; it is what the queue's writer calls.
func (s *Service) write(batch []item) error {
	ctx := context.Background()
	ready, err := s.pack(ctx, batch)
	if err != nil {
		return err
	}
	last := batch[len(batch)-1].sequence
	var fresh []place
	for _, p := range ready {
		if !s.places.has(p.place) {
			fresh = append(fresh, p.place)
		}
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		return store(tx, ready, fresh, last)
	})
	if err != nil {
		return fmt.Errorf("cloudtrail: store %d records: %w", len(batch), err)
	}
	s.places.add(fresh)
	return nil
}

func store(tx storage.Tx, ready []packed, fresh []place, last uint64) error {
	for _, p := range ready {
		k := p.place.key(p.chunk.First)
		if err := chunks.Put(tx, k, p.chunk); err != nil {
			return err
		}
		if err := bodies.Put(tx, k, p.body); err != nil {
			return err
		}
	}
	for _, p := range fresh {
		if err := places.Put(tx, p.key(), struct{}{}); err != nil {
			return err
		}
	}
	return sequences.Put(tx, sequenceKey, last)
}

// pack makes chunks of a batch, each of one place, in order.
func (s *Service) pack(ctx context.Context, batch []item) ([]packed, error) {
	open, organizations := map[place]*packing{}, map[string]string{}
	var ready []packed
	for i := range batch {
		if batch[i].roster == nil {
			if err := s.reload(ctx); err != nil {
				return nil, err
			}
			batch[i].roster = s.roster.Load()
		}
		if err := s.place(ctx, &batch[i], organizations); err != nil {
			return nil, err
		}
		e := batch[i].event(organizations[batch[i].record.Recipient])
		p := place{batch[i].record.Recipient, batch[i].record.Region}
		b := open[p]
		if b == nil {
			b = &packing{place: p}
			open[p] = b
		}
		b.add(e, batch[i].record.mine)
		if b.full() {
			ready = append(ready, b.pack(s.root))
			delete(open, p)
		}
	}
	for _, b := range open {
		ready = append(ready, b.pack(s.root))
	}
	return ready, nil
}

// event is the item as it is stored, with the trails that take it.
func (i *item) event(organization string) event {
	r := i.record
	return event{
		Sequence: i.sequence, ID: r.EventID, Name: r.Name, Source: r.Source, User: i.user, Key: i.key,
		ReadOnly: r.ReadOnly, Data: !r.Management, Named: r.named, Trails: i.roster.takers(i, organization), Text: r.text(),
	}
}

// packing is a chunk that is being filled.
type packing struct {
	place  place
	chunk  chunk
	events []event
}

func (b *packing) full() bool {
	return len(b.events) >= maxChunkEvents || b.chunk.Size >= maxChunkBytes
}

func (b *packing) add(e event, mine bool) {
	c := &b.chunk
	if len(b.events) == 0 {
		c.First = e.Sequence
	}
	c.Last = e.Sequence
	c.Size += len(e.Text)
	if !e.Data {
		c.Management++
	}
	for _, id := range e.Trails {
		if c.Trails == nil {
			c.Trails, c.Loud = map[string]int{}, map[string]int{}
		}
		c.Trails[id]++
		if !mine {
			c.Loud[id]++
		}
	}
	b.events = append(b.events, e)
}

func (b *packing) pack(root *seal.Root) packed {
	body, err := storage.Encode(b.events)
	if err != nil {
		panic("cloudtrail: events that cannot be written: " + err.Error()) // they are text and numbers
	}
	return packed{b.place, b.chunk, root.Seal(bodyLabel(b.place.key(b.chunk.First)), s2.Encode(nil, body))}
}

// bodyLabel binds a body to its place in the store.
func bodyLabel(at storage.Key) string { return "cloudtrail.body/" + string(at) }

// eventsAt reads the body of a chunk.
func (s *Service) eventsAt(tx storage.Tx, at storage.Key) ([]event, error) {
	sealed, err := bodies.Get(tx, at)
	if err != nil {
		return nil, err
	}
	packed, err := s.root.Open(bodyLabel(at), sealed)
	if err != nil {
		return nil, fmt.Errorf("cloudtrail: open events: %w: %w", storage.ErrCorrupt, err)
	}
	raw, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, fmt.Errorf("cloudtrail: read events: %w: %w", storage.ErrCorrupt, err)
	}
	list, err := storage.Decode[[]event](raw)
	if err != nil {
		return nil, fmt.Errorf("cloudtrail: read events: %w", err)
	}
	return list, nil
}

// lastSequence is the last number given out before this start; 0 at first.
func (s *Service) lastSequence(ctx context.Context) (last uint64, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		last, err = sequences.Get(tx, sequenceKey)
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = nil
	}
	return last, err
}

// wipe removes what a batch at work, or a sweep, has written after the store
// was emptied.
func (s *Service) wipe() {
	_ = s.store.Update(context.Background(), func(_ context.Context, tx storage.Tx) error {
		_, a := chunks.DeletePrefix(tx, nil)
		_, b := bodies.DeletePrefix(tx, nil)
		_, c := places.DeletePrefix(tx, nil)
		_, d := lanes.DeletePrefix(tx, nil)
		return errors.Join(a, b, c, d, sequences.Delete(tx, sequenceKey))
	}) // a store that fails here fails whoever uses it next
}
