package pattern

import (
	"math"
	"testing"
)

func TestNumbersAreIntegersDecimalsAndScientific(t *testing.T) {
	for _, c := range []struct {
		text       string
		scientific bool
		want       float64
		ok         bool
	}{
		{"0", false, 0, true},
		{"-0", false, 0, true},
		{"+7", false, 7, true},
		{"-7", false, -7, true},
		{"007", false, 7, true},
		{"1.50", false, 1.5, true},
		{"-1.5", false, -1.5, true},
		{"1e3", true, 1000, true},
		{"1E+3", true, 1000, true},
		{"-1.5e-1", true, -0.15, true},
		{"1e999", true, math.Inf(1), true},
		{"-1e999", true, math.Inf(-1), true},
		{"1e-999", true, 0, true},
		{"99999999999999999999", false, 1e20, true},
		{"1e3", false, 0, false},
		{"", true, 0, false},
		{"+", true, 0, false},
		{"--1", true, 0, false},
		{"+-1", true, 0, false},
		{".5", true, 0, false},
		{"5.", true, 0, false},
		{"5.e1", true, 0, false},
		{"1.2.3", true, 0, false},
		{"1e", true, 0, false},
		{"1e+", true, 0, false},
		{"1e1e1", true, 0, false},
		{"1_000", true, 0, false},
		{"0x10", true, 0, false},
		{"NaN", true, 0, false},
		{"Inf", true, 0, false},
		{"infinity", true, 0, false},
		{" 1", true, 0, false},
		{"1 ", true, 0, false},
		{"4*", true, 0, false},
		{"٣", true, 0, false},
	} {
		got, ok := parseNumber(c.text, c.scientific)
		if ok != c.ok || ok && got.float != c.want {
			t.Errorf("parseNumber(%q, %v) = %v, %v, want %v, %v", c.text, c.scientific, got.float, ok, c.want, c.ok)
		}
	}
}

func TestNumbersCompareExactlyWhereTheyAreIntegers(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"1", "2", -1}, {"2", "1", 1}, {"2", "2.0", 0}, {"2e0", "2", 0}, {"-2", "-1", -1}, {"+1", "1", 0},
		{"9007199254740992", "9007199254740993", -1},
		{"9223372036854775807", "9223372036854775806", 1},
		{"9223372036854775808", "9223372036854775807", 0}, // the first is no int64: both as floats
		{"1e999", "1e998", 0}, {"1e999", "1", 1},
	} {
		a, _ := parseNumber(c.a, true)
		b, _ := parseNumber(c.b, true)
		if got := a.compare(b); got != c.want {
			t.Errorf("%s compared with %s = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestGlobsHaveTheirAsterisksAtTheEnds(t *testing.T) {
	for _, c := range []struct {
		glob    string
		matches []string
		others  []string
	}{
		{"Event", []string{"Event"}, []string{"", "Events", "PutEvent", "event"}},
		{"Event*", []string{"Event", "EventId", "EventName"}, []string{"PutEvent"}},
		{"*Event", []string{"Event", "PutEvent", "GetEvent"}, []string{"EventId"}},
		{"*Event*", []string{"Event", "PutEvents"}, []string{"Even"}},
		{"Ev*ent", []string{"Ev*ent"}, []string{"Event", "Ev--ent"}},
		{"*v*e*", []string{"Ev*ent"}, []string{"Event"}},
		{"*", []string{"", "x", "*"}, nil},
		{"**", []string{"", "x"}, nil},
		{"***", []string{"*", "a*b"}, []string{"", "x"}},
		{"", []string{""}, []string{"x"}},
	} {
		g := newGlob(c.glob)
		for _, text := range c.matches {
			if !g.match(text) {
				t.Errorf("%q does not match %q", c.glob, text)
			}
		}
		for _, text := range c.others {
			if g.match(text) {
				t.Errorf("%q matches %q", c.glob, text)
			}
		}
	}
}

func TestOperatorsAreReadLongestFirst(t *testing.T) {
	for text, want := range map[string]operator{
		"=1": equal, "!=1": notEqual, "<1": less, "<=1": lessEqual, ">1": greater, ">=1": greaterEqual, " \t>= 1": greaterEqual,
		"!1": 0, "1": 0, "": 0, "~1": 0, "==1": equal, // the second sign is refused as a value
	} {
		s := &scanner{text: text}
		if got, ok := s.operator(); got != want || ok != (want != 0) {
			t.Errorf("operator of %q = %d, %v, want %d", text, got, ok, want)
		}
	}
}

// What is written in quotes is text, also where it looks like a number.
func TestQuotesMakeText(t *testing.T) {
	for _, c := range []struct {
		condition, value string
		want             bool
	}{
		{`= 5`, "5.0", true}, {`= "5"`, "5.0", false}, {`= "5"`, "5", true},
		{`!= 5`, "5.0", false}, {`!= "5"`, "5.0", true},
		{`= "a b, c"`, "a b, c", true}, {`= "%x%"`, "%x%", true}, {`= "%x%"`, "x", false},
		{`= "\\"`, `\`, true}, {`= "\""`, `"`, true}, {`= "\n"`, `\n`, true}, {`= "*\"*"`, `say "hi"`, true},
	} {
		condition, err := parseCondition(&scanner{text: c.condition})
		if err != nil {
			t.Errorf("%s: %v", c.condition, err)
			continue
		}
		if got := condition.holds(c.value, true); got != c.want {
			t.Errorf("%q %s = %v, want %v", c.value, c.condition, got, c.want)
		}
	}
}
