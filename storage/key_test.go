package storage

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/quick"
	"time"
)

type region string

type serial uint32

func TestKeysComeApartAsTheyWerePut(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)
	for _, tt := range []struct {
		name    string
		key     Key
		parts   []any
		strings []string
	}{
		{"nothing", K(), []any{}, []string{}},
		{"strings", K("a", "", "b\x00c\x00\xff"), []any{"a", "", "b\x00c\x00\xff"}, []string{"a", "", "b\x00c\x00\xff"}},
		{"bytes", K([]byte{0, 1, 0xff}, []byte{}), []any{[]byte{0, 1, 0xff}, []byte{}}, []string{"\x00\x01\xff", ""}},
		{"numbers", K(uint64(math.MaxUint64), int64(math.MinInt64), -7), []any{uint64(math.MaxUint64), int64(math.MinInt64), int64(-7)},
			[]string{"18446744073709551615", "-9223372036854775808", "-7"}},
		{"named types", K(region("us-east-1"), serial(7), BlobID(8), time.Second), []any{"us-east-1", uint64(7), uint64(8), int64(1e9)},
			[]string{"us-east-1", "7", "8", "1000000000"}},
		{"times", K(noon.In(time.FixedZone("east", 7200)), time.Time{}), []any{noon, time.Time{}},
			[]string{"2026-03-01T12:00:00.123456789Z", "0001-01-01T00:00:00Z"}},
		{"keys", K(K("a", 1), "b"), []any{"a", int64(1), "b"}, []string{"a", "1", "b"}},
	} {
		if got := tt.key.Parts(); fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", tt.parts) {
			t.Errorf("%s: parts %#v, want %#v", tt.name, got, tt.parts)
		}
		if got := tt.key.Strings(); !slices.Equal(got, tt.strings) {
			t.Errorf("%s: strings %q, want %q", tt.name, got, tt.strings)
		}
	}
}

func TestWhatIsNoKeyHasNoParts(t *testing.T) {
	whole := K("a", []byte("b"), uint64(1), int64(2), time.Unix(3, 4))
	if len(whole.Parts()) != 5 {
		t.Fatalf("parts %v", whole.Parts())
	}
	ends := map[int]bool{0: true, 3: true, 6: true, 15: true, 24: true}
	for i := range len(whole) {
		if got := whole[:i].Parts(); (got != nil) != ends[i] {
			t.Errorf("the first %d bytes have parts %v", i, got)
		}
	}
	for _, k := range []Key{{0}, {9, 1}, {tagTime, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}} {
		if k.Parts() != nil || k.Strings() != nil {
			t.Errorf("%x has parts %v", []byte(k), k.Parts())
		}
	}
	if got, want := fmt.Sprint(Key{9, 1}, K("a", 1)), `0901 ["a" "1"]`; got != want {
		t.Errorf("printed %s, want %s", got, want)
	}
}

func TestAPartOfAnyOtherTypePanics(t *testing.T) {
	for _, part := range []any{nil, 1.5, true, struct{}{}, &struct{}{}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v is a key", part)
				}
			}()
			K(part)
		}()
	}
}

func TestAPrefixIsWholeParts(t *testing.T) {
	for _, tt := range []struct {
		key, prefix Key
		want        bool
	}{
		{K("a", "b"), K("a"), true},
		{K("a"), K("a"), true},
		{K("a"), nil, true},
		{K("ab"), K("a"), false},
		{K("a\x00"), K("a"), false},
		{K("a"), K("a", "b"), false},
		{K([]byte("a")), K("a"), false},
	} {
		if got := tt.key.HasPrefix(tt.prefix); got != tt.want {
			t.Errorf("%v has prefix %v: %v", tt.key, tt.prefix, got)
		}
		if end := tt.prefix.End(); tt.want && end != nil && tt.key.Compare(end) >= 0 {
			t.Errorf("%v does not lie before the end of %v", tt.key, tt.prefix)
		} else if !tt.want && tt.key.Compare(tt.prefix) >= 0 && tt.key.Compare(end) < 0 {
			t.Errorf("%v lies among those of %v", tt.key, tt.prefix)
		}
	}
}

func TestTheEndOfAPrefix(t *testing.T) {
	for _, tt := range []struct{ key, want Key }{
		{nil, nil}, {Key{1}, Key{2}}, {Key{1, 0xff}, Key{2}}, {Key{0xff, 0xff}, nil}, {Key{1, 0xff, 3}, Key{1, 0xff, 4}},
	} {
		before := bytes.Clone(tt.key)
		if got := tt.key.End(); !bytes.Equal(got, tt.want) || (got == nil) != (tt.want == nil) {
			t.Errorf("end of %x is %x, want %x", []byte(tt.key), []byte(got), []byte(tt.want))
		}
		if !bytes.Equal(before, tt.key) {
			t.Errorf("%x has become %x", before, []byte(tt.key))
		}
	}
}

func TestWithLeavesItsKeyAlone(t *testing.T) {
	base := K("a").With("b")
	x, y := base.With("x"), base.With("y")
	if !slices.Equal(x.Strings(), []string{"a", "b", "x"}) || !slices.Equal(y.Strings(), []string{"a", "b", "y"}) {
		t.Errorf("%v and %v", x, y)
	}
}

// tuple is some parts, of the types in an order of their own.
type tuple []any

// compareParts is what Key promises, said without bytes.
func compareParts(a, b any) int {
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	switch v := a.(type) {
	case string:
		return cmp.Compare(v, b.(string))
	case []byte:
		return bytes.Compare(v, b.([]byte))
	case uint64:
		return cmp.Compare(v, b.(uint64))
	case int64:
		return cmp.Compare(v, b.(int64))
	default:
		return v.(time.Time).Compare(b.(time.Time))
	}
}

func rank(part any) int {
	switch part.(type) {
	case []byte:
		return 1
	case string:
		return 2
	case uint64:
		return 3
	case int64:
		return 4
	}
	return 5
}

func randomTuple(r *rand.Rand) tuple {
	t := make(tuple, r.IntN(4))
	for i := range t {
		text := make([]byte, r.IntN(3))
		for j := range text {
			text[j] = []byte{0, 1, 'a', 0xfe, 0xff}[r.IntN(5)]
		}
		t[i] = []any{
			text, string(text), r.Uint64() >> r.IntN(64), int64(r.Uint64()) >> r.IntN(64),
			time.Unix(int64(r.Uint64())>>(20+r.IntN(44)), r.Int64N(1e9)).UTC(),
		}[r.IntN(5)]
	}
	return t
}

func TestKeysCompareAsTheirPartsDo(t *testing.T) {
	property := func(seed uint64) bool {
		r := rand.New(rand.NewPCG(seed, 1))
		a, b := randomTuple(r), randomTuple(r)
		if r.IntN(2) == 0 {
			b = append(slices.Clone(a), b...)
		}
		ka, kb := K(a...), K(b...)
		isPrefix := len(a) <= len(b) && slices.CompareFunc(a, b[:len(a)], compareParts) == 0
		return cmp.Compare(ka.Compare(kb), 0) == slices.CompareFunc(a, b, compareParts) &&
			kb.HasPrefix(ka) == isPrefix &&
			slices.CompareFunc(ka.Parts(), a, compareParts) == 0
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 20_000}); err != nil {
		t.Error(err)
	}
}

func FuzzKeysNeverPanicAndComeBack(f *testing.F) {
	f.Add([]byte(K("a", uint64(1), -1, []byte{0}, time.Unix(1, 2))))
	f.Add([]byte{tagString, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		parts := Key(b).Parts()
		_ = Key(b).String()
		if parts != nil && !bytes.Equal(K(parts...), b) {
			t.Errorf("%x decodes to %#v, which encodes to %x", b, parts, []byte(K(parts...)))
		}
	})
}
