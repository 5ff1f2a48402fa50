package clock

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// diary notes what happened, in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) want(t *testing.T, lines ...string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.lines, lines) {
		t.Errorf("got %q\nwant %q", d.lines, lines)
	}
}

func TestSweepsRunInOrderWithTheClocksTime(t *testing.T) {
	var d diary
	m := NewMovable(Fixed(noon))
	s := NewSweeps(m, nil)
	for _, name := range []string{"keys", "logs", "trails"} {
		s.Register(name, func(_ context.Context, now time.Time) error {
			d.note("%s %v", name, now.Sub(noon))
			return nil
		})
	}
	s.Run(t.Context())
	if err := m.Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	s.Run(t.Context())
	d.want(t, "keys 0s", "logs 0s", "trails 0s", "keys 1h0m0s", "logs 1h0m0s", "trails 1h0m0s")
}

func TestAFailingSweepDoesNotStopTheNext(t *testing.T) {
	var d diary
	s := NewSweeps(Fixed(noon), func(name string, err error) {
		first, _, _ := strings.Cut(err.Error(), "\n")
		d.note("%s: %s", name, first)
	})
	s.Register("fails", func(context.Context, time.Time) error { return errors.New("disk full") })
	s.Register("panics", func(context.Context, time.Time) error { panic("no") })
	s.Register("works", func(context.Context, time.Time) error { d.note("worked"); return nil })
	s.Run(t.Context())
	d.want(t, "fails: disk full", "panics: panic: no", "worked")
}

func TestAFailureWithoutListenerIsIgnored(t *testing.T) {
	s := NewSweeps(Fixed(noon), nil)
	s.Register("fails", func(context.Context, time.Time) error { return errors.New("disk full") })
	s.Run(t.Context())
}

func TestRunsWaitForOneAnother(t *testing.T) {
	var at, runs atomic.Int32
	s := NewSweeps(Fixed(noon), nil)
	s.Register("alone", func(context.Context, time.Time) error {
		if at.Add(1) != 1 {
			t.Error("two runs at once")
		}
		time.Sleep(time.Millisecond)
		at.Add(-1)
		runs.Add(1)
		return nil
	})
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() { s.Run(t.Context()) })
	}
	wg.Wait()
	if runs.Load() != 5 {
		t.Errorf("%d runs, want 5", runs.Load())
	}
}

func TestAnEndedContextSkipsTheRest(t *testing.T) {
	var d diary
	ctx, cancel := context.WithCancel(t.Context())
	s := NewSweeps(Fixed(noon), nil)
	s.Register("first", func(context.Context, time.Time) error { d.note("first"); cancel(); return nil })
	s.Register("second", func(context.Context, time.Time) error { d.note("second"); return nil })
	s.Run(ctx)
	s.Run(ctx)
	d.want(t, "first")
}

func TestAnEndedContextEndsTheWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		s := NewSweeps(Fixed(noon), nil)
		s.Register("slow", func(context.Context, time.Time) error { <-release; return nil })
		go s.Run(t.Context())
		synctest.Wait()
		returned := make(chan struct{})
		go func() { s.Run(ctx); close(returned) }()
		synctest.Wait()
		cancel()
		<-returned
		close(release)
	})
}

func TestStartRunsAtEachTickUntilStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs int
		s := NewSweeps(Real(), nil)
		s.Register("count", func(context.Context, time.Time) error { runs++; return nil })
		stop := s.Start(time.Second)
		time.Sleep(3500 * time.Millisecond)
		stop()
		stop()
		time.Sleep(time.Minute)
		if runs != 3 {
			t.Errorf("%d runs in 3.5 s, want 3", runs)
		}
	})
}

func TestStopWaitsForTheRunAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var finished atomic.Bool
		s := NewSweeps(Real(), nil)
		s.Register("slow", func(ctx context.Context, _ time.Time) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			finished.Store(true)
			return ctx.Err()
		})
		stop := s.Start(time.Second)
		time.Sleep(1500 * time.Millisecond)
		stop()
		if !finished.Load() {
			t.Error("stop returned before the sweep did")
		}
	})
}
