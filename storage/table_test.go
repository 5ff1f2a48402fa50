package storage_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"sealstack/storage"
	"sealstack/storage/memory"
)

// newStore is checked when the test is over.
func newStore(t *testing.T) storage.Store {
	t.Helper()
	s := memory.New()
	t.Cleanup(func() {
		if err := errors.Join(s.Check(context.Background()), s.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func update(t *testing.T, s storage.Store, fn func(tx storage.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error { return fn(tx) }); err != nil {
		t.Fatal(err)
	}
}

type inner struct {
	At   time.Time
	Tags map[string]string
}

type outer struct {
	Name    string            `cbor:"1,keyasint"`
	Raw     []byte            `cbor:"2,keyasint,omitempty"`
	Count   *int64            `cbor:"3,keyasint,omitempty"`
	Inner   inner             `cbor:"4,keyasint"`
	List    []inner           `cbor:"5,keyasint"`
	Numbers map[int64]float64 `cbor:"6,keyasint"`
	Any     any               `cbor:"7,keyasint"`
	Blob    storage.BlobID    `cbor:"8,keyasint"`
}

func TestValuesComeBackAsTheyWerePut(t *testing.T) {
	n := int64(math.MinInt64)
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)
	for _, v := range []outer{
		{},
		{Name: "n", Raw: []byte{0, 1}, Count: &n, Blob: 1 << 63},
		{Inner: inner{At: at, Tags: map[string]string{"a": "1", "": ""}}},
		{List: []inner{{At: at}, {}}, Numbers: map[int64]float64{-1: 1.5, 2: 1e300}},
		{List: []inner{}, Inner: inner{Tags: map[string]string{}}},
		{Name: "not UTF-8: \xff\xfe\x80"},
		{Any: map[string]any{"k": []any{"a", uint64(1)}}},
	} {
		if got := roundTrip(t, v); !reflect.DeepEqual(got, v) {
			t.Errorf("got %#v\nwant %#v", got, v)
		}
	}
}

func roundTrip[T any](t *testing.T, v T) (got T) {
	t.Helper()
	table := storage.NewTable[T]("values")
	update(t, newStore(t), func(tx storage.Tx) (err error) {
		if err := table.Put(tx, storage.K("k"), v); err != nil {
			return err
		}
		got, err = table.Get(tx, storage.K("k"))
		return err
	})
	return got
}

func TestTimesKeepTheirInstant(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 1, time.FixedZone("east", 3600))
	if got := roundTrip(t, inner{At: at}).At; !got.Equal(at) || got.Location() != time.UTC {
		t.Errorf("%v became %v", at, got)
	}
	if got := roundTrip(t, at); !got.Equal(at) {
		t.Errorf("%v became %v", at, got)
	}
}

func TestPlainTypesAreValuesToo(t *testing.T) {
	if got := roundTrip(t, "text"); got != "text" {
		t.Errorf("got %q", got)
	}
	if got := roundTrip(t, []byte{1, 2}); string(got) != "\x01\x02" {
		t.Errorf("got %q", got)
	}
	if got := roundTrip(t, uint64(math.MaxUint64)); got != math.MaxUint64 {
		t.Errorf("got %d", got)
	}
	if got := roundTrip(t, struct{}{}); got != struct{}{} {
		t.Errorf("got %v", got)
	}
}

func TestTheSameValueIsTheSameBytes(t *testing.T) {
	table := storage.NewTable[map[string]int]("maps")
	update(t, newStore(t), func(tx storage.Tx) error {
		var first string
		for i := range 20 {
			m := map[string]int{}
			for j := range 20 {
				m[fmt.Sprint((i+j)%20)] = 1
			}
			if err := table.Put(tx, storage.K("k"), m); err != nil {
				return err
			}
			b, err := tx.Get(table.Name(), storage.K("k"))
			if err != nil {
				return err
			}
			if first == "" {
				first = string(b)
			}
			if string(b) != first {
				t.Errorf("%x and %x", b, first)
			}
		}
		return nil
	})
}

// celsius stores itself.
type celsius struct{ degrees byte }

func (c celsius) MarshalBinary() ([]byte, error) {
	if c.degrees == 255 {
		return nil, errors.New("too hot")
	}
	return []byte{'C', c.degrees}, nil
}

func (c *celsius) UnmarshalBinary(b []byte) error {
	if len(b) != 2 || b[0] != 'C' {
		return errors.New("no temperature")
	}
	c.degrees = b[1]
	return nil
}

func TestATypeMayStoreItself(t *testing.T) {
	table := storage.NewTable[celsius]("temperatures")
	update(t, newStore(t), func(tx storage.Tx) error {
		k := storage.K("k")
		if err := table.Put(tx, k, celsius{20}); err != nil {
			return err
		}
		if b, err := tx.Get("temperatures", k); err != nil || string(b) != "C\x14" {
			t.Errorf("stored %q, %v", b, err)
		}
		if v, err := table.Get(tx, k); err != nil || v.degrees != 20 {
			t.Errorf("got %v, %v", v, err)
		}
		if err := table.Put(tx, k, celsius{255}); err == nil {
			t.Error("stored what cannot be")
		}
		return nil
	})
}

func TestWhatIsNoValueIsCorrupt(t *testing.T) {
	temperatures, notes := storage.NewTable[celsius]("values"), storage.NewTable[outer]("values")
	update(t, newStore(t), func(tx storage.Tx) error {
		for _, b := range []string{"", "x", "\xa1\x01", "\xff"} {
			if err := tx.Put("values", storage.K("k"), []byte(b)); err != nil {
				return err
			}
			_, err1 := temperatures.Get(tx, storage.K("k"))
			_, err2 := notes.Get(tx, storage.K("k"))
			if !errors.Is(err1, storage.ErrCorrupt) || !errors.Is(err2, storage.ErrCorrupt) {
				t.Errorf("%q: %v and %v", b, err1, err2)
			}
			n := 0
			for e, err := range notes.Scan(tx, storage.Range{}) {
				n++
				if !errors.Is(err, storage.ErrCorrupt) || e.Key != nil {
					t.Errorf("%q: scan gives %v, %v", b, e, err)
				}
			}
			if n != 1 {
				t.Errorf("%q: scan gives %d", b, n)
			}
		}
		return nil
	})
}

func TestWhatAScanGivesIsTheCallers(t *testing.T) {
	table := storage.NewTable[string]("t")
	s := newStore(t)
	var keys []storage.Key
	update(t, s, func(tx storage.Tx) error {
		for i := range 100 {
			if err := table.Put(tx, storage.K(i), "v"); err != nil {
				return err
			}
		}
		for e, err := range table.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			keys = append(keys, e.Key)
		}
		return nil
	})
	for i := range keys {
		_ = append(keys[i], "spill"...)
		clear(keys[i][:1])
	}
	update(t, s, func(tx storage.Tx) error {
		i := 0
		for k, err := range table.Keys(tx, storage.Range{}) {
			if want := storage.K(i); err != nil || k.Compare(want) != 0 {
				t.Errorf("key %d is %v, %v", i, k, err)
			}
			if keys[i][0] = k[0]; keys[i].Compare(k) != 0 {
				t.Errorf("key %d: a neighbour wrote over it: %v", i, keys[i])
			}
			i++
		}
		return nil
	})
}

func TestTableNamesAreChecked(t *testing.T) {
	for name, ok := range map[string]bool{
		"kms/keys": true, "s3.objects-v2_a": true,
		"": false, "!blob": false, "a\x00b": false, "a b": false, "\xff": false, "é": false,
	} {
		func() {
			defer func() {
				if (recover() == nil) != ok {
					t.Errorf("%q: want %v", name, ok)
				}
			}()
			storage.NewTable[int](name)
		}()
	}
}

func TestALockNamesItsHolder(t *testing.T) {
	var err error = storage.ErrLocked{Dir: "data", PID: 7}
	if got := fmt.Sprint(err, "; ", storage.ErrLocked{Dir: "data"}); got != "storage: data is in use by process 7; storage: data is in use by another process" {
		t.Error(got)
	}
	var locked storage.ErrLocked
	if !errors.As(fmt.Errorf("open: %w", err), &locked) || locked.PID != 7 {
		t.Errorf("got %v", locked)
	}
}
