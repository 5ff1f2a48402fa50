package insights

import (
	"maps"
	"math"
	"slices"
	"testing"
)

func TestNaturalOrder(t *testing.T) {
	inOrder := []value{{}, textOf(""), textOf("a"), textOf("a2"), textOf("a2b"), textOf("a10"), textOf("b"), numberOf(-1), textOf("2"), numberOf(10)}
	for i := range inOrder {
		for j := range inOrder {
			if got, want := natural(inOrder[i], inOrder[j]), cmpInt(i, j); got != want {
				t.Errorf("natural(%q, %q) = %d, want %d", inOrder[i], inOrder[j], got, want)
			}
		}
	}
}

func cmpInt(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func TestNumbersAreShownWithFourDecimalsAtMost(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 1: "1", -0.00001: "0", 0.5: "0.5", 1.0 / 3: "0.3333", 123456789012: "123456789012", -2.25: "-2.25", math.Inf(1): "+Inf"} {
		if got := numberOf(n).String(); got != want {
			t.Errorf("%g is shown as %s, want %s", n, got, want)
		}
	}
}

func TestTextThatLooksLikeANumberIsOneForComparisons(t *testing.T) {
	for text, want := range map[string]bool{"1": true, "-1.5": true, "1e3": true, "": false, "0x10": false, "Inf": false, "NaN": false, "1_000": false, "1m": false} {
		if _, ok := textOf(text).number(); ok != want {
			t.Errorf("%q: %t", text, ok)
		}
	}
}

func TestDiscoveryFindsLeavesByTheirDottedNames(t *testing.T) {
	for _, c := range []struct {
		message string
		want    map[string]string
	}{
		{`{"a":{"b.c":1.50,"d":[true,null,"x",{"e":2}]},"f":{}}`, map[string]string{"a.b.c": "1.50", "a.d.0": "1", "a.d.2": "x", "a.d.3.e": "2"}},
		{`[1]`, map[string]string{"0": "1"}},
		{` {"a":"b"} `, map[string]string{"a": "b"}},
		{`{"a":1} tail`, nil}, {`plain`, nil}, {``, nil}, {`{"a":`, nil}, {`"text"`, nil},
	} {
		if got := Discover(c.message); !maps.Equal(got, c.want) {
			t.Errorf("%s has %v, want %v", c.message, got, c.want)
		}
	}
}

func TestWhatIsDiscoveredIsFoundByItsName(t *testing.T) {
	const message = `{"a":{"b.c":1,"d":[true,{"e":2}]},"x.y":{"z":"q"},"x":{"y":{"w":3}}}`
	document := decode(message)
	for name, want := range Discover(message) {
		if got := fromJSON(find(document, name), false).String(); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"", "a", "a.d", "a.d.9", "a.d.-1", "a.d.x", "a..b", "x.y"} {
		if v := fromJSON(find(document, name), false); v.kind != absent {
			t.Errorf("%q is %v", name, v)
		}
	}
}

func TestPeriods(t *testing.T) {
	for text, want := range map[string]span{"5m": {millis: 300000}, "1h": {millis: 3600000}, "30s": {millis: 30000}, "2days": {millis: 172800000}, "3mo": {months: 3}, "1q": {months: 3}, "1Y": {months: 12}, "250ms": {millis: 250}} {
		if got, ok := readSpan(text); !ok || got != want {
			t.Errorf("%s is %v, %t", text, got, ok)
		}
	}
	for _, text := range []string{"0m", "1x", "m", "1.5h", "99999999999999999999m", ""} {
		if d, ok := readSpan(text); ok {
			t.Errorf("%q is %v", text, d)
		}
	}
}

func TestFloorsOfPeriodsAreNeverBehindTheirTime(t *testing.T) {
	for _, u := range units {
		for n := range 5 {
			d := span{u.span.millis * int64(n+1), u.span.months * (n + 1)}
			for _, ms := range []int64{0, -1, 1, start, start + 12345, -start} {
				at := d.floor(ms)
				if next := d.after(at); at > ms || next <= ms || d.floor(at) != at {
					t.Errorf("%v: floor(%d) = %d, then %d", d, ms, at, next)
				}
			}
		}
	}
}

func TestTokensCoverTheQueryButBlanksAndComments(t *testing.T) {
	query := "fields @a.b, `x y` # c\n| filter n>=1.5 and s='it''s' =~ 5m"
	var texts []string
	for t := scan(query, 0); t.kind != end; t = scan(query, t.start+len(t.text)) {
		texts = append(texts, t.text)
	}
	want := []string{"fields", "@a", ".", "b", ",", "`x y`", "|", "filter", "n", ">=", "1.5", "and", "s", "=", "'it'", "'s'", "=~", "5m"}
	if !slices.Equal(texts, want) {
		t.Errorf("tokens %q", texts)
	}
}
