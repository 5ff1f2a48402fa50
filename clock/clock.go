// Package clock owns the time of the whole program: what AWS does "within
// five minutes", "after 30 days" or "hourly" follows one clock that a test can
// move, and the sweeps that make it happen run when the clock says so.
//
// Every room may import it; it imports none. It alone calls time.Now.
package clock

import (
	"errors"
	"math"
	"sync"
	"time"
)

// Clock tells the time, in UTC and without a monotonic reading, so that an
// instant equals itself after it was stored.
type Clock interface {
	Now() time.Time
}

type realClock struct{}

// Real is the machine's clock.
func Real() Clock { return realClock{} }

// Now returns the machine's time.
func (realClock) Now() time.Time { return time.Now().UTC().Round(0) }

type fixed struct{ at time.Time }

// Fixed is a clock that stands at one instant: the base of a Movable in a
// test that wants to know every instant.
func Fixed(at time.Time) Clock { return fixed{at.UTC().Round(0)} }

// Now returns the instant.
func (f fixed) Now() time.Time { return f.at }

// Errors of a Movable. Either way the clock stays as it was.
var (
	// ErrBackwards: AWS's time never goes back, so stored instants never lie
	// in the future by our doing.
	ErrBackwards = errors.New("clock: time does not go backwards")
	// ErrTooFar: the offset would pass the 292 years that a time.Duration
	// can say.
	ErrTooFar = errors.New("clock: the offset is too large")
)

// Movable is a base clock plus an offset that grows. It is safe for
// concurrent use.
type Movable struct {
	base   Clock
	mu     sync.RWMutex
	offset time.Duration
}

// NewMovable starts with no offset.
func NewMovable(base Clock) *Movable { return &Movable{base: base} }

// Now returns the base's time plus the offset, in UTC.
func (m *Movable) Now() time.Time { return m.base.Now().Add(m.Offset()).UTC() }

// Advance moves the clock forward by d. ErrBackwards when d is negative,
// ErrTooFar.
func (m *Movable) Advance(d time.Duration) error {
	if d < 0 {
		return ErrBackwards
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if d > math.MaxInt64-m.offset {
		return ErrTooFar
	}
	m.offset += d
	return nil
}

// Offset says how far the clock is ahead of its base.
func (m *Movable) Offset() time.Duration {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.offset
}

// SetOffset is for taking up the offset of an earlier run, and for dropping
// it when everything else is reset too. ErrBackwards when d is negative.
func (m *Movable) SetOffset(d time.Duration) error {
	if d < 0 {
		return ErrBackwards
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.offset = d
	return nil
}
