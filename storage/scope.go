package storage

import (
	"context"
	"sync/atomic"
)

type scopeKey struct{}

// Scope is the context of a running transaction. Engines embed one in their
// Tx; nobody else needs it.
type Scope struct {
	context.Context
	tx    Tx
	write bool
	done  atomic.Bool
}

// Begin ties the scope to the caller's context and to tx.
func (s *Scope) Begin(ctx context.Context, tx Tx) {
	s.Context, s.tx, s.write = ctx, tx, tx.Writable()
}

// End says that the closure has returned.
func (s *Scope) End() { s.done.Store(true) }

// Ended says whether End was called: the engine then answers ErrTxDone.
func (s *Scope) Ended() bool { return s.done.Load() }

// Value makes the scope findable from contexts derived of it.
func (s *Scope) Value(key any) any {
	if _, ok := key.(scopeKey); ok {
		return s
	}
	return s.Context.Value(key)
}

// Current returns the transaction whose closure ctx was handed to, or nil.
// Engines use it to refuse nesting and to read blobs as of a transaction.
func Current(ctx context.Context) Tx {
	if s := scopeOf(ctx); s != nil {
		return s.tx
	}
	return nil
}

// InWrite says whether ctx belongs to an Update that is still running. No
// endpoint may be called then: a writer keeps all others waiting, and its
// closure may run again.
func InWrite(ctx context.Context) bool {
	s := scopeOf(ctx)
	return s != nil && s.write
}

// scopeOf returns the scope still running under ctx, or nil.
func scopeOf(ctx context.Context) *Scope {
	s, _ := ctx.Value(scopeKey{}).(*Scope)
	if s == nil || s.Ended() {
		return nil
	}
	return s
}
