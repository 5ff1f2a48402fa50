package bolt

import (
	"sync/atomic"
	"time"
)

// grace tells when every View that was running at some instant has ended, so
// that a pack which only those could refer to may go. Views count themselves
// in one of two counters; to ask, one switches to the other counter and waits
// until the first has come to zero.
type grace struct {
	phase  atomic.Uint32
	inside [2]atomic.Int64
}

// enter counts a View in; leave takes what it returns.
func (g *grace) enter() *atomic.Int64 {
	for {
		phase := g.phase.Load()
		n := &g.inside[phase&1]
		n.Add(1)
		if g.phase.Load() == phase {
			return n
		}
		n.Add(-1)
	}
}

func (g *grace) leave(n *atomic.Int64) { n.Add(-1) }

// patience is how often passed looks again, a millisecond apart.
const patience = 50

// passed waits a moment for the Views running now to end and says whether
// they did. One caller at a time.
func (g *grace) passed() bool {
	phase := g.phase.Load()
	if g.inside[(phase+1)&1].Load() != 0 {
		return false
	}
	g.phase.Store(phase + 1)
	for range patience {
		if g.inside[phase&1].Load() == 0 {
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return false
}
