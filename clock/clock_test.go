package clock

import (
	"errors"
	"math"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

func TestRealTimeIsUTCAndEqualsItselfWhenStored(t *testing.T) {
	before := time.Now()
	now := Real().Now()
	after := time.Now()
	if now.Before(before.Round(0)) || now.After(after.Round(0)) {
		t.Errorf("now is %v, not between %v and %v", now, before, after)
	}
	if now.Location() != time.UTC {
		t.Errorf("location is %v", now.Location())
	}
	if stored := time.Unix(0, now.UnixNano()).UTC(); stored != now {
		t.Errorf("%#v is not what it was before it was stored, %#v", stored, now)
	}
}

func TestAFixedClockStandsStill(t *testing.T) {
	c := Fixed(noon.In(time.FixedZone("east", 3600)))
	for range 2 {
		if now := c.Now(); now != noon {
			t.Errorf("now is %v, want %v", now, noon)
		}
	}
}

func TestAMovableClockAddsUpItsAdvances(t *testing.T) {
	m := NewMovable(Fixed(noon))
	steps := []struct {
		by   time.Duration
		want time.Time
		err  error
	}{
		{0, noon, nil},
		{time.Hour, noon.Add(time.Hour), nil},
		{-time.Nanosecond, noon.Add(time.Hour), ErrBackwards},
		{math.MinInt64, noon.Add(time.Hour), ErrBackwards},
		{30 * 24 * time.Hour, noon.Add(30*24*time.Hour + time.Hour), nil},
		{math.MaxInt64, noon.Add(30*24*time.Hour + time.Hour), ErrTooFar},
	}
	for _, s := range steps {
		if err := m.Advance(s.by); !errors.Is(err, s.err) {
			t.Errorf("advance by %v: %v, want %v", s.by, err, s.err)
		}
		if got := m.Now(); got != s.want {
			t.Errorf("after %v it is %v, want %v", s.by, got, s.want)
		}
	}
}

func TestAMovableClockFollowsItsBase(t *testing.T) {
	base := NewMovable(Fixed(noon))
	m := NewMovable(base)
	if err := m.Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := base.Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	if got, want := m.Now(), noon.Add(time.Hour+time.Minute); got != want {
		t.Errorf("it is %v, want %v", got, want)
	}
}

func TestAnOffsetOutlivesItsRun(t *testing.T) {
	first := NewMovable(Fixed(noon))
	if err := first.Advance(48 * time.Hour); err != nil {
		t.Fatal(err)
	}
	second := NewMovable(Fixed(noon))
	if err := second.SetOffset(first.Offset()); err != nil {
		t.Fatal(err)
	}
	if first.Now() != second.Now() {
		t.Errorf("%v became %v", first.Now(), second.Now())
	}
	if err := second.SetOffset(-1); !errors.Is(err, ErrBackwards) {
		t.Errorf("a negative offset: %v", err)
	}
	if err := second.SetOffset(0); err != nil || second.Now() != noon {
		t.Errorf("without offset it is %v (%v)", second.Now(), err)
	}
}

func TestConcurrentAdvancesAllCount(t *testing.T) {
	m := NewMovable(Fixed(noon))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			last := m.Now()
			for range 1000 {
				if err := m.Advance(time.Millisecond); err != nil {
					t.Error(err)
				}
				now := m.Now()
				if !now.After(last) {
					t.Errorf("%v does not come after %v", now, last)
				}
				last = now
			}
		})
	}
	wg.Wait()
	if got := m.Offset(); got != 8*time.Second {
		t.Errorf("offset is %v, want 8s", got)
	}
}
