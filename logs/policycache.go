package logs

import (
	"context"
	"sync"

	"sealstack/api/logsapi"
	"sealstack/storage"
)

// policyCache remembers which account policies concern events that are
// ingested, so that a batch need not read them. A place is forgotten when one
// of its policies changes.
type policyCache struct {
	mu      sync.Mutex
	changes uint64 // counts what has been forgotten
	known   map[place]*ingestPolicies
}

// ingestPolicies are the account policies that ingestion asks for, by name.
// They are shared and not changed.
type ingestPolicies struct {
	protection, transformer, subscription []accountPolicy
}

const maxKnownPlaces = 1000

func (c *policyCache) find(p place) (found *ingestPolicies, changes uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[p], c.changes
}

// keep remembers what was read, unless something changed since the reader
// looked for it: then it may be outdated.
func (c *policyCache) keep(p place, read *ingestPolicies, changes uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes != changes {
		return
	}
	if c.known == nil || len(c.known) >= maxKnownPlaces {
		c.known = map[place]*ingestPolicies{}
	}
	c.known[p] = read
}

// forget is called when policies have changed, before the change is answered.
func (c *policyCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	c.known = nil
}

// ingestPolicies returns the account policies of the caller's place.
func (s *Service) ingestPolicies(ctx context.Context) (*ingestPolicies, error) {
	p := placeOf(ctx)
	found, changes := s.policies.find(p)
	if found != nil {
		return found, nil
	}
	var read ingestPolicies
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		if read.protection, err = policiesInForce(tx, p, logsapi.PolicyTypeDataProtectionPolicy); err != nil {
			return err
		}
		if read.transformer, err = policiesInForce(tx, p, logsapi.PolicyTypeTransformerPolicy); err != nil {
			return err
		}
		read.subscription, err = policiesInForce(tx, p, logsapi.PolicyTypeSubscriptionFilterPolicy)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.policies.keep(p, &read, changes)
	return &read, nil
}
