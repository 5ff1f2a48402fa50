package clock

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Sweeps runs the work that the passing of time makes due: it destroys key
// material whose waiting period is over, delivers log files, gives back room.
// Whether something is due is for each sweep to compute from stored instants.
type Sweeps struct {
	clock   Clock
	onError func(name string, err error)

	running chan struct{} // holds a token while a Run is at work

	mu     sync.Mutex
	sweeps []sweep
}

type sweep struct {
	name string
	fn   func(ctx context.Context, now time.Time) error
}

// NewSweeps returns an empty set. onError hears of every sweep that fails or
// panics; nil ignores them.
func NewSweeps(c Clock, onError func(name string, err error)) *Sweeps {
	if onError == nil {
		onError = func(string, error) {}
	}
	return &Sweeps{clock: c, onError: onError, running: make(chan struct{}, 1)}
}

// Register adds a sweep behind those registered before. fn does everything
// that is due at now, and nothing twice.
func (s *Sweeps) Register(name string, fn func(ctx context.Context, now time.Time) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweeps = append(s.sweeps, sweep{name, fn})
}

// Run runs every sweep once, in the order of registration, each with the time
// at which it starts, and returns when all have returned. One that fails does
// not keep the next from running. Runs wait for one another; a context that
// ends ends the waiting and skips the sweeps not begun.
func (s *Sweeps) Run(ctx context.Context) {
	select {
	case s.running <- struct{}{}:
	case <-ctx.Done():
		return
	}
	defer func() { <-s.running }()
	for _, w := range s.registered() {
		if ctx.Err() != nil {
			return
		}
		if err := w.run(ctx, s.clock.Now()); err != nil {
			s.onError(w.name, err)
		}
	}
}

func (s *Sweeps) registered() []sweep {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sweeps[:len(s.sweeps):len(s.sweeps)]
}

// run makes an error of a panic: a sweep has no caller who could do so.
func (w sweep) run(ctx context.Context, now time.Time) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return w.fn(ctx, now)
}

// Start runs the sweeps every interval of real time until stop is called.
// Stop cancels the context of a Run at work and waits for it; it may be
// called again.
func (s *Sweeps) Start(interval time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.tick(ctx, interval)
	}()
	return func() {
		cancel()
		<-done
	}
}

func (s *Sweeps) tick(ctx context.Context, interval time.Duration) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			s.Run(ctx)
		case <-ctx.Done():
			return
		}
	}
}
