package iam

import (
	"sync"
	"sync/atomic"

	"sealstack/auth"
	"sealstack/policy"
)

// cacheSize bounds each kind of thing that is kept in memory.
const cacheSize = 1 << 14

// cache keeps what is asked on every call. All of it is forgotten at each
// write to IAM. Who fills it takes the snapshot before reading the store: what
// was read before a write then lands in a snapshot that nobody asks any more.
type cache struct {
	now    atomic.Pointer[snapshot]
	docs   documents // of identities
	passed documents // along with sessions
	trusts documents // of roles
}

// snapshot is what has been read since the last write.
type snapshot struct {
	credentials bounded[*found]
	attached    bounded[*auth.Attached] // by unique id, or access key id of a session
}

// found is what is known of an access key id: nil stands for one that was
// never issued.
type found struct{ auth.Credential }

func (c *cache) clear() { c.now.Store(&snapshot{}) }

// bounded is a map for many readers that starts anew when it is full.
type bounded[V any] struct {
	values sync.Map
	count  atomic.Int32
}

func (b *bounded[V]) get(key string) (V, bool) {
	v, ok := b.values.Load(key)
	if !ok {
		var none V
		return none, false
	}
	return v.(V), true
}

func (b *bounded[V]) put(key string, v V) {
	if _, had := b.values.Swap(key, v); had {
		return
	}
	if b.count.Add(1) > cacheSize {
		b.values.Clear()
		b.count.Store(0)
	}
}

// documents keeps compiled policies by their text. A text means the same for
// ever, so writes don't touch it.
type documents struct {
	bounded[*policy.Policy]
	kind policy.Kind
}

// compile returns the compiled document.
func (d *documents) compile(text string) (*policy.Policy, error) {
	if p, ok := d.get(text); ok {
		return p, nil
	}
	p, err := policy.Parse(d.kind, []byte(text))
	if err != nil {
		return nil, err
	}
	d.put(text, p)
	return p, nil
}
