package material

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"
)

func TestEncodeContextHasOneFormAContext(t *testing.T) {
	for _, c := range []struct {
		context map[string]string
		want    string
	}{
		{nil, ""},
		{map[string]string{}, ""},
		{map[string]string{"": ""}, "0000000000000000"},
		{map[string]string{"ab": "c"}, "00000002616200000001" + "63"},
		{map[string]string{"b": "2", "a": "1"}, "0000000161" + "0000000131" + "0000000162" + "0000000132"},
		{map[string]string{"é": "ü"}, "00000002c3a9" + "00000002c3bc"},
	} {
		if got := hex.EncodeToString(EncodeContext(c.context)); got != c.want {
			t.Errorf("EncodeContext(%v) = %s, want %s", c.context, got, c.want)
		}
	}
	if EncodeContext(map[string]string{}) != nil {
		t.Error("EncodeContext of an empty map is not nil")
	}
}

func TestDifferentContextsNeverEncodeAlike(t *testing.T) {
	contexts := []map[string]string{
		nil,
		{"": ""},
		{"ab": "c"}, {"a": "bc"}, {"abc": ""}, {"": "abc"},
		{"AB": "c"}, {"ab": "C"}, {"ab": "c "}, {"ab": " c"},
		{"a": "1", "b": "2"}, {"a": "1b2"}, {"a": "2", "b": "1"},
		{"a": "\x00\x00\x00\x01b"}, {"a": "", "b": ""},
		{"aws:logs:arn": "arn:a"}, {"aws:logs:arn": "arn:b"},
	}
	seen := map[string]string{}
	for _, context := range contexts {
		form := string(EncodeContext(context))
		if other, taken := seen[form]; taken {
			t.Errorf("%v and %s encode alike", context, other)
		}
		seen[form] = fmt.Sprint(context)
	}
}

func TestEncodeContextIgnoresTheOrderOfInsertion(t *testing.T) {
	up, down := map[string]string{}, map[string]string{}
	for i := range 50 {
		up[fmt.Sprint("k", i)] = fmt.Sprint(i)
		down[fmt.Sprint("k", 49-i)] = fmt.Sprint(49 - i)
	}
	if !bytes.Equal(EncodeContext(up), EncodeContext(down)) {
		t.Error("the same pairs encode differently")
	}
}

// FuzzEncodeContext reads the form back: what can be decoded is unambiguous.
func FuzzEncodeContext(f *testing.F) {
	f.Add("ab", "c", "a", "bc")
	f.Add("", "", "x", "\x00\x00\x00\x00")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		context := map[string]string{name1: value1, name2: value2}
		form := EncodeContext(context)
		back := map[string]string{}
		for rest := form; len(rest) > 0; {
			var name, value string
			name, rest = cutCounted(t, rest)
			value, rest = cutCounted(t, rest)
			back[name] = value
		}
		if fmt.Sprint(back) != fmt.Sprint(context) {
			t.Errorf("EncodeContext(%q) reads back as %q", context, back)
		}
	})
}

func cutCounted(t *testing.T, b []byte) (string, []byte) {
	if len(b) < 4 {
		t.Fatalf("length cut short: %x", b)
	}
	n := int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	if len(b)-4 < n {
		t.Fatalf("%d bytes announced, %d there", n, len(b)-4)
	}
	return string(b[4 : 4+n]), b[4+n:]
}
