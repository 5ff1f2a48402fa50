package auth

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Decisions remembers what an [Authorizer] decided last, in memory, to explain
// it when asked. A decision is recorded by copying what it depended on; the
// explanation is made on demand, from the policies as they were. It is safe for
// concurrent use.
type Decisions struct {
	last  atomic.Uint64 // number of the last decision; the first is 1
	slots []slot
}

// slot holds one decision.
type slot struct {
	mu      sync.Mutex
	number  uint64 // 0 if nothing was recorded yet
	outcome Decision
	facts   facts
	keys    []keyValues // request.Keys, which the service may change afterwards
}

type keyValues struct {
	key    string
	values []string
}

// NewDecisions returns a record of the last size decisions, at least one.
func NewDecisions(size int) *Decisions {
	return &Decisions{slots: make([]slot, max(1, size))}
}

// record keeps a decision in place of the oldest, and returns the ID of a
// denial.
func (d *Decisions) record(q *question, outcome Decision) (id string) {
	q.now()
	number := d.last.Add(1)
	s := &d.slots[number%uint64(len(d.slots))]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.number > number {
		return "" // overtaken by a whole round
	}
	s.number, s.outcome, s.facts = number, outcome, q.facts
	s.facts.request.Keys, s.facts.request.Granted = nil, nil
	s.keys = s.keys[:0]
	for key, values := range q.request.Keys {
		s.keys = append(s.keys, keyValues{key, values})
	}
	if outcome.Allowed {
		return "" // nobody asks, so no text is made
	}
	return strconv.FormatUint(number, 10)
}

// Clear forgets all decisions. Numbers go on, so that no ID comes twice.
func (d *Decisions) Clear() {
	for i := range d.slots {
		s := &d.slots[i]
		s.mu.Lock()
		s.number, s.outcome, s.facts, s.keys = 0, Decision{}, facts{}, nil
		s.mu.Unlock()
	}
}

// Find explains the decision with that ID. It is not found if it was never
// made, or too many came after it.
func (d *Decisions) Find(id string) (*Explanation, bool) {
	number, err := strconv.ParseUint(id, 10, 64)
	if err != nil || number == 0 || strconv.FormatUint(number, 10) != id {
		return nil, false
	}
	f, ok := d.slots[number%uint64(len(d.slots))].load(number)
	if !ok {
		return nil, false
	}
	e := ponder(f).explain()
	e.ID = id
	return e, true
}

// load returns what the decision depended on, with a map of its own.
func (s *slot) load(number uint64) (facts, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.number != number {
		return facts{}, false
	}
	f := s.facts
	f.request.Keys = make(Keys, len(s.keys))
	for _, k := range s.keys {
		f.request.Keys[k.key] = k.values
	}
	return f, true
}

// Entry is a decision in a list.
type Entry struct {
	ID        string    `json:"id"` // for Find
	Time      time.Time `json:"time"`
	RequestID string    `json:"requestId,omitempty"`
	Principal string    `json:"principal"` // ARN, name of a service, or empty
	Action    string    `json:"action"`
	Resource  string    `json:"resource"`
	Allowed   bool      `json:"allowed"`
	Reason    Reason    `json:"reason,omitempty"`
	Sentence  string    `json:"sentence,omitempty"`
}

// Filter chooses decisions. Principal, Action and Resource are looked for
// anywhere in the text, whatever the case of letters; empty fields choose all.
type Filter struct {
	Principal, Action, Resource string
	RequestID                   string // of one call; a call can need several decisions
	Denied                      bool   // denials only
	Limit                       int    // at most so many; 0 for all
}

// List returns the decisions that the filter chooses, newest first.
func (d *Decisions) List(f Filter) []Entry {
	chosen := []Entry{}
	last, size := d.last.Load(), uint64(len(d.slots))
	for i := range min(size, last) {
		number := last - i
		e, ok := d.slots[number%size].entry(number, f)
		if ok {
			chosen = append(chosen, e)
		}
		if f.Limit > 0 && len(chosen) == f.Limit {
			break
		}
	}
	return chosen
}

// entry returns the decision if it is still there and the filter chooses it.
func (s *slot) entry(number uint64, f Filter) (Entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.number != number || !f.chooses(s) {
		return Entry{}, false
	}
	c, r := s.facts.caller, &s.facts.request
	e := Entry{
		ID: strconv.FormatUint(number, 10), Time: s.facts.at, RequestID: c.RequestID,
		Principal: c.ARN, Action: r.Action, Resource: r.Resource,
		Allowed: s.outcome.Allowed, Reason: s.outcome.Reason,
	}
	if !e.Allowed {
		e.Sentence = s.outcome.sentence(c, r)
	}
	return e, true
}

func (f *Filter) chooses(s *slot) bool {
	c, r := s.facts.caller, &s.facts.request
	return !(f.Denied && s.outcome.Allowed) &&
		(f.RequestID == "" || f.RequestID == c.RequestID) &&
		holds(c.ARN, f.Principal) && holds(r.Action, f.Action) && holds(r.Resource, f.Resource)
}

func holds(text, part string) bool { return part == "" || strings.Contains(lower(text), lower(part)) }
