package awsjson

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestPlainTextEndsAtWhatIsNotPlain(t *testing.T) {
	// The stop stands at every place around the words of eight bytes, among
	// characters whose bits come close to it.
	for _, filler := range []string{"x", " ", "!", "#", "[", "]", "\x7f", "é", "\U0001F511", "\u0080"} {
		for length := range 40 {
			text := strings.Repeat(filler, length)
			for _, stop := range []string{`"`, `\`, "\x00", "\x1f", "\n", ""} {
				src := text + stop
				if stop != "" {
					src += strings.Repeat("y", 20)
				}
				if got := plainEnd(src, 0); got != len(text) {
					t.Errorf("%q: ends at %d, want %d", src, got, len(text))
				}
			}
		}
	}
}

func TestPlainTextMayBeginAnywhere(t *testing.T) {
	src := strings.Repeat("ab", 20) + `"` + strings.Repeat("c", 9)
	for start := range 41 {
		if got := plainEnd(src, start); got != 40 {
			t.Errorf("from %d: %d", start, got)
		}
	}
	if got := plainEnd(src, 41); got != len(src) {
		t.Error(got)
	}
}

func TestNumbersAreThoseOfJSON(t *testing.T) {
	for text, want := range map[string]struct {
		taken    string
		integral bool
		ok       bool
	}{
		"0": {"0", true, true}, "-0": {"-0", true, true}, "10": {"10", true, true}, "1,": {"1", true, true}, "01": {"0", true, true}, "1.5e+3}": {"1.5e+3", false, true}, "1E5": {"1E5", false, true},
		"0.10": {"0.10", false, true}, "-": {}, "": {}, "+1": {}, ".1": {}, "1.": {}, "1e": {}, "1e+": {}, "--1": {}, "a": {},
	} {
		s := scanner{src: text}
		taken, integral, err := s.number()
		if (err == nil) != want.ok || taken != want.taken || integral != want.integral {
			t.Errorf("%q: %q %v %v", text, taken, integral, err)
		}
	}
}

func TestStringsOfTheArenaStayAsTheyAre(t *testing.T) {
	long := strings.Repeat(`\n`, arenaSize)
	s := scanner{src: `"a\tb" "` + long + `" "c\\d" "` + strings.Repeat("z", 100) + `\u00e9"`}
	var got []string
	for range 4 {
		s.peek()
		text, err := s.text()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, text)
	}
	want := []string{"a\tb", strings.Repeat("\n", arenaSize), `c\d`, strings.Repeat("z", 100) + "é"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("string %d is %.20q (%d bytes)", i, got[i], len(got[i]))
		}
	}
}

func TestSkippingEndsBehindTheValue(t *testing.T) {
	for _, value := range []string{`1`, `-1.5e3`, `"a\"b"`, `true`, `false`, `null`, `{}`, `[]`, `{"a":[1,{"b":"]"}],"c":{}}`, `[[],[[]],{"x":[]}]`} {
		s := scanner{src: value + "|rest"}
		if err := s.skip(); err != nil || s.src[s.pos:] != "|rest" || s.depth != 0 {
			t.Errorf("%s: %v at %q, depth %d", value, err, s.src[s.pos:], s.depth)
		}
		if !json.Valid([]byte(value)) {
			t.Fatalf("%s: the test is wrong", value)
		}
	}
}

func TestErrorsSayWhere(t *testing.T) {
	for body, want := range map[string]string{
		`{"a" 1}`:        `Unexpected token: character '1' (code 49) at offset 5`,
		`{"a":é}`:        `Unexpected token: character 'é' (code 233) at offset 5`,
		"{\"a\":\"\n\"}": `Unexpected token: character '\n' (code 10) at offset 6`,
		`{"a":`:          `Unexpected end-of-input`,
		`{"a":"`:         `Unexpected end-of-input`,
		`{"a":"\`:        `Unexpected end-of-input`,
		`{} 1`:           `Unexpected token: character '1' (code 49) at offset 3`,
	} {
		if _, _, err := decode(body); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}
