package storagetest

import (
	"fmt"
	"slices"
	"testing"

	"sealstack/storage"
)

var scanTests = []test{
	{"RangesAreCutAsTheySay", rangesAreCut},
	{"TablesDoNotMix", tablesDoNotMix},
	{"AScanSeesWhatItsBodyWrites", scanSeesWrites},
	{"AScanSurvivesDeletionAroundIt", scanSurvivesDeletion},
	{"DeletePrefixDeletesThatAndNoMore", deletePrefix},
	{"LargeDeletionsLeaveNoHolesInAScan", largeDeletions},
	{"AScanThatIsLeftEarlyLeavesNothingBehind", scanLeftEarly},
}

func rangesAreCut(t *testing.T, s storage.Store) {
	update(t, s, func(tx storage.Tx) error {
		for _, k := range []storage.Key{
			storage.K("a"), storage.K("a", "1"), storage.K("a", "2"), storage.K("a", "2", "x"),
			storage.K("a", "3"), storage.K("ab"), storage.K("b", "1"),
		} {
			if err := notes.Put(tx, k, note{Text: fmt.Sprint(k.Strings())}); err != nil {
				return err
			}
		}
		return nil
	})
	a, a2 := storage.K("a"), storage.K("a", "2")
	for _, tt := range []struct {
		name string
		r    storage.Range
		want []string
	}{
		{"everything", storage.Range{}, []string{"[a]", "[a 1]", "[a 2]", "[a 2 x]", "[a 3]", "[ab]", "[b 1]"}},
		{"prefix", storage.Range{Prefix: a}, []string{"[a]", "[a 1]", "[a 2]", "[a 2 x]", "[a 3]"}},
		{"prefix without keys", storage.Range{Prefix: storage.K("aa")}, nil},
		{"from", storage.Range{Prefix: a, From: a2}, []string{"[a 2]", "[a 2 x]", "[a 3]"}},
		{"after", storage.Range{Prefix: a, After: a2}, []string{"[a 2 x]", "[a 3]"}},
		{"after its descendants", storage.Range{Prefix: a, From: a2.End()}, []string{"[a 3]"}},
		{"to", storage.Range{Prefix: a, To: a2}, []string{"[a]", "[a 1]"}},
		{"from and to", storage.Range{From: storage.K("a", "1"), To: storage.K("ab")}, []string{"[a 1]", "[a 2]", "[a 2 x]", "[a 3]"}},
		{"from and after", storage.Range{From: a, After: a2, To: storage.K("b")}, []string{"[a 2 x]", "[a 3]", "[ab]"}},
		{"from before the prefix", storage.Range{Prefix: storage.K("b"), From: a}, []string{"[b 1]"}},
		{"to behind the prefix", storage.Range{Prefix: a2, To: storage.K("z")}, []string{"[a 2]", "[a 2 x]"}},
		{"to before from", storage.Range{From: storage.K("b"), To: a}, nil},
		{"from a key that is not there", storage.Range{From: storage.K("a", "25"), To: storage.K("b")}, []string{"[a 3]", "[ab]"}},
	} {
		for _, reverse := range []bool{false, true} {
			tt.r.Reverse = reverse
			want := slices.Clone(tt.want)
			if reverse {
				slices.Reverse(want)
			}
			if got := texts(t, s, tt.r); !slices.Equal(got, want) {
				t.Errorf("%s, reverse %v:\n got %v\nwant %v", tt.name, reverse, got, want)
			}
		}
	}
}

func texts(t *testing.T, s storage.Store, r storage.Range) (out []string) {
	t.Helper()
	view(t, s, func(tx storage.Tx) error {
		for e, err := range notes.Scan(tx, r) {
			if err != nil {
				return err
			}
			out = append(out, e.Value.Text)
		}
		return nil
	})
	return out
}

func tablesDoNotMix(t *testing.T, s storage.Store) {
	before, after := storage.NewTable[note]("note"), storage.NewTable[note]("notes-2")
	update(t, s, func(tx storage.Tx) error {
		for _, table := range []storage.Table[note]{before, after} {
			if err := table.Put(tx, storage.K("other"), note{}); err != nil {
				return err
			}
		}
		return nil
	})
	if got := names(t, s, storage.Range{}); got != nil {
		t.Errorf("an empty table has %q", got)
	}
	put(t, s, "a", "b")
	for _, reverse := range []bool{false, true} {
		if got := names(t, s, storage.Range{Reverse: reverse}); len(got) != 2 {
			t.Errorf("got %q", got)
		}
	}
}

func scanSeesWrites(t *testing.T, s storage.Store) {
	put(t, s, "a", "c", "e")
	update(t, s, func(tx storage.Tx) error {
		var seen []string
		for e, err := range notes.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			name := e.Key.Strings()[0]
			seen = append(seen, name)
			if name == "a" {
				for _, n := range []string{"A", "b", "d"} {
					if err := notes.Put(tx, storage.K(n), note{}); err != nil {
						return err
					}
				}
				if err := notes.Delete(tx, storage.K("c")); err != nil {
					return err
				}
			}
		}
		if want := []string{"a", "b", "d", "e"}; !slices.Equal(seen, want) {
			t.Errorf("saw %q, want %q", seen, want)
		}
		return nil
	})
}

func scanSurvivesDeletion(t *testing.T, s storage.Store) {
	for _, reverse := range []bool{false, true} {
		fill(t, s, 500)
		update(t, s, func(tx storage.Tx) error {
			seen := 0
			for k, err := range notes.Keys(tx, storage.Range{Reverse: reverse}) {
				if err != nil {
					return err
				}
				seen++
				if err := notes.Delete(tx, k); err != nil {
					return err
				}
			}
			if seen != 500 {
				t.Errorf("reverse %v: saw %d of 500 while deleting", reverse, seen)
			}
			return nil
		})
		if got := names(t, s, storage.Range{}); len(got) != 0 {
			t.Errorf("%d left", len(got))
		}
	}
}

// fill puts n notes of some size, so that they take several pages.
func fill(t *testing.T, s storage.Store, n int) {
	t.Helper()
	update(t, s, func(tx storage.Tx) error {
		for i := range n {
			v := note{Text: fmt.Sprintf("%0100d", i), Count: i}
			if err := notes.Put(tx, storage.K(fmt.Sprintf("%05d", i)), v); err != nil {
				return err
			}
		}
		return nil
	})
}

func deletePrefix(t *testing.T, s storage.Store) {
	update(t, s, func(tx storage.Tx) error {
		for _, k := range []storage.Key{
			storage.K("a", "1"), storage.K("a", "2"), storage.K("a", "2", "x"), storage.K("ab"), storage.K("b"),
		} {
			if err := notes.Put(tx, k, note{}); err != nil {
				return err
			}
		}
		n, err := notes.DeletePrefix(tx, storage.K("a"))
		if n != 3 {
			t.Errorf("deleted %d, want 3", n)
		}
		return err
	})
	if got := names(t, s, storage.Range{}); !slices.Equal(got, []string{"ab", "b"}) {
		t.Errorf("left %q", got)
	}
	update(t, s, func(tx storage.Tx) error {
		n, err := notes.DeletePrefix(tx, nil)
		if n != 2 {
			t.Errorf("deleted %d, want 2", n)
		}
		return err
	})
}

func largeDeletions(t *testing.T, s storage.Store) {
	const n = 2000
	fill(t, s, n)
	update(t, s, func(tx storage.Tx) error {
		for i := range n {
			if i >= 50 && i < n-50 {
				if err := notes.Delete(tx, storage.K(fmt.Sprintf("%05d", i))); err != nil {
					return err
				}
			}
		}
		for _, reverse := range []bool{false, true} {
			got, err := namesIn(tx, storage.Range{Reverse: reverse})
			if err != nil || len(got) != 100 {
				t.Errorf("reverse %v: %d keys, %v, want 100", reverse, len(got), err)
			}
			got, err = namesIn(tx, storage.Range{Reverse: reverse, From: storage.K("00040"), To: storage.K("01960")})
			if err != nil || len(got) != 20 {
				t.Errorf("reverse %v: %d keys within, %v, want 20", reverse, len(got), err)
			}
		}
		if _, err := notes.DeletePrefix(tx, nil); err != nil {
			return err
		}
		got, err := namesIn(tx, storage.Range{Reverse: true})
		if len(got) != 0 {
			t.Errorf("%d keys after all were deleted", len(got))
		}
		return err
	})
}

func scanLeftEarly(t *testing.T, s storage.Store) {
	fill(t, s, 300)
	for _, reverse := range []bool{false, true} {
		view(t, s, func(tx storage.Tx) error {
			for range notes.Scan(tx, storage.Range{Reverse: reverse}) {
				break
			}
			return nil
		})
	}
	put(t, s, "a")
}
