package integration

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sequence is a life of log groups and their keys.
type sequence struct {
	seed     uint64
	lifetime time.Duration // of plaintext data keys
	external bool          // the first key's material is imported
	disk     bool          // restarts close a data directory and open it again
	moves    []move
}

// newSequence makes a sequence of its seed alone.
func newSequence(seed uint64) sequence {
	r := rand.New(rand.NewPCG(seed, 7))
	s := sequence{seed: seed, external: seed%40 == 3, disk: seed%50 == 4}
	if seed%2 == 1 {
		s.lifetime = delayOfKeys
	}
	for g := range modelGroups {
		s.moves = append(s.moves, move{"createGroup", g, r.IntN(3), 0}, move{"createStream", g, 0, 0}, move{"createStream", g, 1, 0})
	}
	kinds, total := moveKinds(), 0
	for _, k := range kinds {
		total += k.weight
	}
	for range 20 + r.IntN(30) {
		n := r.IntN(total)
		for _, k := range kinds {
			if n -= k.weight; n < 0 {
				s.moves = append(s.moves, move{k.what, r.IntN(1 << 16), r.IntN(1 << 16), r.IntN(1 << 30)})
				break
			}
		}
	}
	return s
}

// last are the reads that every sequence ends with.
func last() (moves []move) {
	for g := range modelGroups {
		for st := range modelStreams {
			moves = append(moves, move{"getLogEvents", g, st, 0}, move{"getLogEvents", g, st, 1})
		}
		moves = append(moves, move{"filterLogEvents", g, 0, 0}, move{"filterLogEvents", g, 0, 8}, move{"query", g, 0, 0}, move{"record", g, 0, 0}, move{"export", g, 0, 0})
	}
	return moves
}

// run plays the sequence and returns the first thing that differs from the
// model, with the number of the move.
func (s *sequence) run(t *testing.T) error {
	dir := ""
	if s.disk {
		dir = t.TempDir()
	}
	w, err := newLogWorld(dir, s.lifetime, s.external)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	}()
	do := map[string]func(*logWorld, move) error{}
	for _, k := range moveKinds() {
		do[k.what] = k.do
	}
	for i, m := range append(s.moves[:len(s.moves):len(s.moves)], last()...) {
		if err := do[m.what](w, m); err != nil {
			return fmt.Errorf("move %d %s: %w", i, m, err)
		}
		w.model.observe()
	}
	return w.store.Check(w.ctx)
}

// shrink leaves out moves as long as the sequence still fails.
func (s sequence) shrink(t *testing.T) sequence {
	for size := len(s.moves) / 2; size > 0; {
		shorter := false
		for at := 0; at+size <= len(s.moves); {
			fewer := s
			fewer.moves = append(append([]move(nil), s.moves[:at]...), s.moves[at+size:]...)
			if fewer.run(t) == nil {
				at += size
				continue
			}
			s, shorter = fewer, true
		}
		if !shorter {
			size /= 2
		}
	}
	return s
}

// number reads a number from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRandomLivesOfLogGroupsAgreeWithAModel plays random sequences of what can
// happen to log groups, their keys and the time, and compares every read with
// a plain model. SEALSTACK_SEQUENCES is how many, SEALSTACK_SEED the first
// one's seed.
func TestRandomLivesOfLogGroupsAgreeWithAModel(t *testing.T) {
	t.Parallel()
	first, count := number(t, "SEALSTACK_SEED", 1), number(t, "SEALSTACK_SEQUENCES", 1500)
	for seed := first; seed < first+count; seed++ {
		s := newSequence(seed)
		if err := s.run(t); err != nil {
			small := s.shrink(t)
			var moves []string
			for _, m := range small.moves {
				moves = append(moves, m.String())
			}
			t.Fatalf("seed %d: %v\nshrunk to %d moves (lifetime %s, imported %t, on disk %t): %v\n%s", seed, err,
				len(small.moves), small.lifetime, small.external, small.disk, small.run(t), strings.Join(moves, "\n"))
		}
	}
}
