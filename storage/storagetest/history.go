package storagetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"sealstack/storage"
)

var historyTests = []test{
	{"WhatWorkersSawIsOneHistory", oneHistory},
	{"MoneyIsNeitherMadeNorLost", moneyIsKept},
	{"ALostUpdateWouldShow", countersAdd},
}

// version is what a worker wrote: each Update takes the next number of the
// whole store and writes it to some keys at once.
type version struct{ Number, Writer uint64 }

var versions = storage.NewTable[version]("versions")

var numberKey = storage.K("number")

// event is what one transaction did, by the clock of the test: begun and
// ended are ticks of a counter that all workers share.
type event struct {
	begun, ended uint64
	number       uint64         // written, or seen as the last one
	write        bool           //
	keys         map[int]uint64 // written, or seen
}

const historyKeys = 12

// oneHistory lets workers read and write and then proves from their notes
// that each transaction happened at one instant between begun and ended.
func oneHistory(t *testing.T, s storage.Store) {
	var tick atomic.Uint64
	var mu sync.Mutex
	var history []event
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(w), 1))
			for range 80 {
				e, err := act(s, rnd, &tick, uint64(w), w%2 == 0)
				if err != nil {
					t.Errorf("worker %d: %v", w, err)
					return
				}
				mu.Lock()
				history = append(history, e)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for _, fault := range faults(history) {
		t.Error(fault)
	}
}

func act(s storage.Store, rnd *rand.Rand, tick *atomic.Uint64, w uint64, write bool) (e event, err error) {
	e.begun, e.write = tick.Add(1), write
	if write {
		keys := rnd.Perm(historyKeys)[:1+rnd.IntN(4)]
		err = s.Update(context.Background(), func(_ context.Context, tx storage.Tx) error {
			return e.writeTo(tx, keys, w)
		})
	} else {
		err = s.View(context.Background(), func(_ context.Context, tx storage.Tx) error {
			return e.readFrom(tx)
		})
	}
	e.ended = tick.Add(1)
	return e, err
}

func (e *event) writeTo(tx storage.Tx, keys []int, w uint64) error {
	last, err := versions.Get(tx, numberKey)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	e.number, e.keys = last.Number+1, map[int]uint64{}
	v := version{e.number, w}
	if err := versions.Put(tx, numberKey, v); err != nil {
		return err
	}
	for _, k := range keys {
		e.keys[k] = e.number
		if err := versions.Put(tx, storage.K("key", k), v); err != nil {
			return err
		}
	}
	return nil
}

// readFrom reads everything twice: a repeated read must repeat.
func (e *event) readFrom(tx storage.Tx) error {
	first, err := readAll(tx)
	if err != nil {
		return err
	}
	second, err := readAll(tx)
	if err != nil {
		return err
	}
	if fmt.Sprint(first) != fmt.Sprint(second) {
		return fmt.Errorf("one view read %v and then %v", first, second)
	}
	last, err := versions.Get(tx, numberKey)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	e.number, e.keys = last.Number, first
	return nil
}

func readAll(tx storage.Tx) (map[int]uint64, error) {
	seen := map[int]uint64{}
	for row, err := range versions.Scan(tx, storage.Range{Prefix: storage.K("key")}) {
		if err != nil {
			return nil, err
		}
		seen[int(row.Key.Parts()[1].(int64))] = row.Value.Number
	}
	return seen, nil
}

// faults checks a history. The numbers that the writers took put all writes
// in an order; a reader says which of them it saw last.
func faults(history []event) (out []string) {
	byNumber := map[uint64]event{}
	for _, e := range history {
		if !e.write {
			continue
		}
		if other, twice := byNumber[e.number]; twice {
			out = append(out, fmt.Sprintf("two updates took number %d: %v and %v", e.number, e, other))
		}
		byNumber[e.number] = e
	}
	states := make([]map[int]uint64, len(byNumber)+1)
	states[0] = map[int]uint64{}
	for n := 1; n <= len(byNumber); n++ {
		states[n] = map[int]uint64{}
		for k, v := range states[n-1] {
			states[n][k] = v
		}
		for k, v := range byNumber[uint64(n)].keys {
			states[n][k] = v
		}
	}
	for _, e := range history {
		out = append(out, e.faults(history, states)...)
	}
	return out
}

func (e event) faults(history []event, states []map[int]uint64) (out []string) {
	if e.number >= uint64(len(states)) {
		return []string{fmt.Sprintf("%v knows a number that nobody took", e)}
	}
	if want := states[e.number]; !e.write && fmt.Sprint(e.keys) != fmt.Sprint(want) {
		out = append(out, fmt.Sprintf("a view at %d saw %v, not %v", e.number, e.keys, want))
	}
	for _, other := range history {
		// What had returned before e began must be seen by e.
		if other.ended < e.begun && other.number > e.number {
			out = append(out, fmt.Sprintf("%v began after %v had ended and did not see it", e, other))
		}
	}
	return out
}

// moneyIsKept moves money between accounts: no view may see it on its way.
func moneyIsKept(t *testing.T, s storage.Store) {
	const accounts, each = 10, 100
	update(t, s, func(tx storage.Tx) error {
		for i := range accounts {
			if err := notes.Put(tx, storage.K("account", i), note{Count: each}); err != nil {
				return err
			}
		}
		return nil
	})
	var wg sync.WaitGroup
	for w := range 6 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(w), 2))
			for range 60 {
				do := func(_ context.Context, tx storage.Tx) error { return transfer(tx, rnd.Perm(accounts)) }
				if err := s.Update(context.Background(), do); err != nil && !errors.Is(err, errPoor) {
					t.Error(err)
				}
				err := s.View(context.Background(), func(_ context.Context, tx storage.Tx) error {
					return wantTotal(tx, accounts*each)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

var errPoor = errors.New("not enough money")

// transfer takes before it looks whether it may: the error must undo that.
func transfer(tx storage.Tx, order []int) error {
	from, to := storage.K("account", order[0]), storage.K("account", order[1])
	a, err := notes.Get(tx, from)
	if err != nil {
		return err
	}
	a.Count -= 30
	if err := notes.Put(tx, from, a); err != nil {
		return err
	}
	b, err := notes.Get(tx, to)
	if err != nil {
		return err
	}
	b.Count += 30
	if err := notes.Put(tx, to, b); err != nil {
		return err
	}
	if a.Count < 0 {
		return errPoor
	}
	return nil
}

func wantTotal(tx storage.Tx, want int) error {
	total := 0
	for e, err := range notes.Scan(tx, storage.Range{Prefix: storage.K("account")}) {
		if err != nil {
			return err
		}
		if e.Value.Count < 0 {
			return fmt.Errorf("%v has %d", e.Key, e.Value.Count)
		}
		total += e.Value.Count
	}
	if total != want {
		return fmt.Errorf("a view saw %d in all, not %d", total, want)
	}
	return nil
}

func countersAdd(t *testing.T, s storage.Store) {
	const workers, rounds = 16, 50
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range rounds {
				err := s.Update(context.Background(), func(_ context.Context, tx storage.Tx) error {
					n, err := notes.Get(tx, storage.K("n"))
					if err != nil && !errors.Is(err, storage.ErrNotFound) {
						return err
					}
					n.Count++
					return notes.Put(tx, storage.K("n"), n)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	view(t, s, func(tx storage.Tx) error {
		n, err := notes.Get(tx, storage.K("n"))
		if n.Count != workers*rounds {
			t.Errorf("counted %d, want %d", n.Count, workers*rounds)
		}
		return err
	})
}
