package emulator

import (
	"context"
	"sync"
	"time"

	"sealstack/api"
)

// gate keeps calls and sweeps out while everything is emptied: what a call has
// half done would else lack its beginning, or outlive the reset in memory. It
// is for doors whose calls do nothing over the network: a body that streams in
// would hold up the reset, and the reset everybody else.
type gate struct{ sync.RWMutex }

// around returns a door whose calls wait while the gate is shut.
func (g *gate) around(d api.Door) api.Door { return guarded{d, g} }

type guarded struct {
	api.Door
	gate *gate
}

// Call implements api.Door.
func (d guarded) Call(ctx context.Context, op *api.Operation, in any) (any, error) {
	d.gate.RLock()
	defer d.gate.RUnlock()
	return d.Door.Call(ctx, op, in)
}

// sweep returns a sweep that waits while the gate is shut.
func (g *gate) sweep(fn func(context.Context, time.Time) error) func(context.Context, time.Time) error {
	return func(ctx context.Context, now time.Time) error {
		g.RLock()
		defer g.RUnlock()
		return fn(ctx, now)
	}
}
