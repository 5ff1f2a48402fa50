package s3sim

import (
	"sync"

	"sealstack/policy"
)

// maxCompiled bounds the compiled bucket policies held in memory.
const maxCompiled = 1024

// compiledPolicies holds compiled bucket policies by revision. A revision is
// never used again, so none is ever stale. The zero value is ready.
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
	if c.held == nil || len(c.held) >= maxCompiled {
		c.held = map[string]*policy.Policy{}
	}
	c.held[revision] = p
}

func (c *compiledPolicies) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = nil
}
