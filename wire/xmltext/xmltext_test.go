package xmltext

import (
	"encoding/xml"
	"math"
	"testing"
)

func TestWhatIsWrittenReadsBackAsXML(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "",
		"plain":                "plain",
		"a<b>&\"c\"'d'":        "a<b>&\"c\"'d'",
		"line\nline\tcell":     "line\nline\tcell",
		"mac\rwindows\r\n":     "mac\rwindows\r\n",
		"K\u00f6ln \U0001F511": "K\u00f6ln \U0001F511",
		"bell\a nul\x00":       "bell\uFFFD nul\uFFFD",
		"\uFFFE\xFF":           "\uFFFD\uFFFD",
	} {
		var got string
		if err := xml.Unmarshal(Element(nil, "x", text), &got); err != nil || got != want {
			t.Errorf("%q: read %q, want %q: %v", text, got, want, err)
		}
	}
}

func TestFloatsAreThoseOfXMLSchema(t *testing.T) {
	for _, test := range []struct {
		f    float64
		bits int
		want string
	}{
		{1.5, 64, "1.5"}, {float64(float32(0.1)), 32, "0.1"}, {math.Inf(1), 64, "Infinity"},
		{math.Inf(-1), 64, "-Infinity"}, {math.NaN(), 64, "NaN"}, {1e21, 64, "1e+21"},
	} {
		if got := string(Float(nil, test.f, test.bits)); got != test.want {
			t.Errorf("%v: %s, want %s", test.f, got, test.want)
		}
	}
}
