package kms

import (
	"sync"

	"sealstack/policy"
)

// maxCompiled bounds the compiled key policies held in memory.
const maxCompiled = 4096

// compiledPolicies holds compiled key policies by revision. A revision is
// never used again, so what is held can't be stale. The zero value is ready.
type compiledPolicies struct {
	mu   sync.RWMutex
	held map[string]*policy.Policy
}

// get returns nil for a revision that is not held.
func (c *compiledPolicies) get(revision string) *policy.Policy {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.held[revision]
}

func (c *compiledPolicies) put(revision string, p *policy.Policy) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil {
		c.held = map[string]*policy.Policy{}
	}
	for old := range c.held {
		if len(c.held) < maxCompiled {
			break
		}
		delete(c.held, old)
	}
	c.held[revision] = p
}

func (c *compiledPolicies) drop(revision string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.held, revision)
}

func (c *compiledPolicies) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.held)
}
