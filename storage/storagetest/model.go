package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"sealstack/storage"
)

var modelTests = []test{
	{"RandomTransactionsMatchAMap", matchesMap},
}

// model is the simplest store there is: what each table holds, by key.
type model struct {
	rows  map[string][]byte // table, zero byte, key -> value
	blobs map[storage.BlobID][]byte
}

func (m model) clone() model { return model{maps.Clone(m.rows), maps.Clone(m.blobs)} }

var modelTables = []string{"a", "b"}

// simulation does the same to a store and to a model.
type simulation struct {
	t   *testing.T
	s   storage.Store
	rnd *rand.Rand
	m   model
}

// matchesMap runs random transactions, some of which fail, and compares after
// each; a seed that fails is in the message.
func matchesMap(t *testing.T, s storage.Store) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	sim := &simulation{t, s, rand.New(rand.NewPCG(seed, 3)), model{map[string][]byte{}, map[storage.BlobID][]byte{}}}
	for range 150 {
		switch sim.rnd.IntN(20) {
		case 0:
			sweep(t, s)
		case 1:
			sim.reset()
		default:
			sim.transaction()
		}
		if t.Failed() {
			return
		}
	}
}

func (sim *simulation) reset() {
	if sim.rnd.IntN(4) > 0 {
		return
	}
	if err := sim.s.Reset(sim.t.Context()); err != nil {
		sim.t.Error(err)
	}
	sim.m = model{map[string][]byte{}, map[storage.BlobID][]byte{}}
}

// transaction appends blobs, then runs some steps, then compares within the
// transaction and, committed or not, outside.
func (sim *simulation) transaction() {
	appended := map[storage.BlobID][]byte{}
	for range sim.rnd.IntN(3) {
		b := data(sim.rnd.Uint64(), sim.rnd.IntN(3000))
		appended[appendBlob(sim.t, sim.s, b)] = b
	}
	fail := sim.rnd.IntN(4) == 0
	next := sim.m.clone()
	err := sim.s.Update(sim.t.Context(), func(_ context.Context, tx storage.Tx) error {
		for range sim.rnd.IntN(60) {
			if err := sim.step(tx, next); err != nil {
				return err
			}
		}
		if err := sim.blobStep(tx, next, appended); err != nil {
			return err
		}
		if err := sim.compare(tx, next); err != nil {
			return err
		}
		if fail {
			return context.Canceled
		}
		return nil
	})
	if !fail {
		sim.m = next
	} else if errors.Is(err, context.Canceled) {
		err = sim.s.Blobs().Discard(sim.t.Context(), slices.Collect(maps.Keys(appended))...)
	}
	if err == nil {
		err = sim.s.View(sim.t.Context(), func(ctx context.Context, tx storage.Tx) error {
			return errors.Join(sim.compare(tx, sim.m), sim.compareBlobs(ctx))
		})
	}
	if err != nil {
		sim.t.Error(err)
	}
}

// key is one of few, so that steps meet; some are long, so that they take
// pages.
func (sim *simulation) key() storage.Key {
	k := storage.K(sim.rnd.IntN(8), fmt.Sprint(sim.rnd.IntN(40)))
	if sim.rnd.IntN(4) == 0 {
		k = k.With(bytes.Repeat([]byte{0}, 200))
	}
	return k
}

func (sim *simulation) step(tx storage.Tx, m model) error {
	table, k := modelTables[sim.rnd.IntN(len(modelTables))], sim.key()
	row := table + "\x00" + string(k)
	switch sim.rnd.IntN(12) {
	case 0, 1, 2, 3, 4, 5, 6:
		v := data(sim.rnd.Uint64(), sim.rnd.IntN(400))
		m.rows[row] = bytes.Clone(v)
		return tx.Put(table, k, v)
	case 7, 8, 9:
		delete(m.rows, row)
		return tx.Delete(table, k)
	case 10:
		return sim.deletePrefix(tx, m, table)
	}
	v, err := tx.Get(table, k)
	want, has := m.rows[row]
	if has != (err == nil) || !bytes.Equal(v, want) {
		return fmt.Errorf("get %s %v: %x, %v, want %x", table, k, v, err, want)
	}
	return nil
}

func (sim *simulation) deletePrefix(tx storage.Tx, m model, table string) error {
	prefix := storage.K(sim.rnd.IntN(8))
	want := 0
	for row := range m.rows {
		if name, k, _ := bytes.Cut([]byte(row), []byte{0}); string(name) == table && storage.Key(k).HasPrefix(prefix) {
			delete(m.rows, row)
			want++
		}
	}
	n, err := storage.NewTable[[]byte](table).DeletePrefix(tx, prefix)
	if err == nil && n != want {
		err = fmt.Errorf("deleted %d, want %d", n, want)
	}
	return err
}

// blobStep keeps what was appended and drops some of what was kept.
func (sim *simulation) blobStep(tx storage.Tx, m model, appended map[storage.BlobID][]byte) error {
	for _, id := range slices.Sorted(maps.Keys(m.blobs)) {
		if sim.rnd.IntN(8) == 0 {
			delete(m.blobs, id)
			if err := tx.DropBlob(id); err != nil {
				return err
			}
		}
	}
	for id, b := range appended {
		m.blobs[id] = b
		if err := tx.KeepBlob(id); err != nil {
			return err
		}
	}
	return nil
}

// compare walks each table both ways, and between two keys.
func (sim *simulation) compare(tx storage.Tx, m model) error {
	for _, table := range modelTables {
		for _, r := range []storage.Range{{}, {Reverse: true}, sim.someRange()} {
			if err := compareRange(tx, m, table, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (sim *simulation) someRange() storage.Range {
	r := storage.Range{Reverse: sim.rnd.IntN(2) == 0}
	for _, bound := range []*storage.Key{&r.From, &r.After, &r.To} {
		if sim.rnd.IntN(2) == 0 {
			*bound = sim.key()
		}
	}
	if sim.rnd.IntN(2) == 0 {
		r.Prefix = storage.K(sim.rnd.IntN(8))
	}
	return r
}

func compareRange(tx storage.Tx, m model, table string, r storage.Range) error {
	var want []string
	for row := range m.rows {
		if name, key, _ := bytes.Cut([]byte(row), []byte{0}); string(name) == table && inRange(key, r) {
			want = append(want, string(key))
		}
	}
	slices.Sort(want)
	if r.Reverse {
		slices.Reverse(want)
	}
	var got []string
	for k, err := range storage.NewTable[[]byte](table).Keys(tx, r) {
		if err != nil {
			return err
		}
		got = append(got, string(k))
		if v, err := tx.Get(table, k); err != nil || !bytes.Equal(v, m.rows[table+"\x00"+string(k)]) {
			return fmt.Errorf("%s %v is %x, %v", table, k, v, err)
		}
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("table %s, range %+v:\n got %q\nwant %q", table, r, got, want)
	}
	return nil
}

// inRange says bound by bound what Range promises.
func inRange(k storage.Key, r storage.Range) bool {
	return k.HasPrefix(r.Prefix) &&
		(r.From == nil || k.Compare(r.From) >= 0) &&
		(r.After == nil || k.Compare(r.After) > 0) &&
		(r.To == nil || k.Compare(r.To) < 0)
}

func (sim *simulation) compareBlobs(ctx context.Context) error {
	for id, want := range sim.m.blobs {
		got, err := sim.s.Blobs().Read(ctx, id)
		if err != nil || !bytes.Equal(got, want) {
			return fmt.Errorf("blob %x: %d bytes, %v, want %d", uint64(id), len(got), err, len(want))
		}
	}
	return nil
}
