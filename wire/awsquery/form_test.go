package awsquery

import (
	"net/url"
	"strings"
	"testing"
)

func form(t *testing.T, query string) params {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	p, err := sorted(values)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParametersAreFoundByTheirName(t *testing.T) {
	p := form(t, "A=1&A.b=2&A.b.c=3&A-x=4&A%2Fx=5&AB=6&Z.y.x=7")
	for name, want := range map[string]struct {
		value string
		below int
	}{"A": {"1", 2}, "A.b": {"2", 1}, "A.b.c": {"3", 0}, "A-x": {"4", 0}, "AB": {"6", 0}, "Z": {"", 1}, "Z.y": {"", 1}, "Z.y.x": {"7", 0}} {
		n := p.at(name)
		if n == nil || n.value != want.value || len(n.below) != want.below || n.set != (want.value != "") {
			t.Errorf("%s: %+v", name, n)
		}
	}
	for _, name := range []string{"", "a", "A.", "A.a", "B", "Z.x", "ZZ"} {
		if n := p.at(name); n != nil {
			t.Errorf("%q: %+v", name, n)
		}
	}
}

func TestChildrenAreFoundBelowTheirParent(t *testing.T) {
	n := form(t, "L.member.1=a&L.member.2.K=b&L=c&M.member.1=d").at("L").child("member")
	if n == nil || n.child("1").value != "a" || n.child("2").child("K").value != "b" || n.child("3") != nil {
		t.Errorf("%+v", n)
	}
}

func TestItemsAreInTheOrderOfTheirNumbers(t *testing.T) {
	for query, want := range map[string]string{
		"L.1=a&L.2=b&L.10=c":        "a b c",
		"L.10=c&L.2=b&L.1=a":        "a b c",
		"L.7=z":                     "z",
		"L.0=x&L.-1=y&L.01=w&L.x=v": "",
		"L.1.a=x&L.1.b=y&L.2=b":     " b",
		"L.1=a&L.1x=b&L.1-=c":       "a",
		"L.99999999999999999999=a":  "",
	} {
		var got []string
		for _, item := range form(t, query).at("L").items() {
			got = append(got, item.value)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func TestNamesOfTooManyPartsAreRefused(t *testing.T) {
	if _, err := sorted(url.Values{strings.Repeat("a.", maxParts-1) + "a": {"x"}}); err != nil {
		t.Error(err)
	}
	if _, err := sorted(url.Values{strings.Repeat("a.", maxParts) + "a": {"x"}}); err == nil {
		t.Error("taken")
	}
}

func TestManyParametersAreDecodedInTime(t *testing.T) {
	// A tree of maps would need gigabytes for a body as large as the edge takes.
	var b strings.Builder
	for i := range 9_000 {
		b.WriteString("&Notes.member.")
		b.WriteString(strings.Repeat("1", 1+i%5))
		b.WriteString(".x=")
	}
	if _, _, err := decode("Name=n" + b.String()); err == nil {
		t.Error("structures in place of strings were taken")
	}
	b.Reset()
	for i := range 9_000 {
		b.WriteString("&Flat.")
		b.WriteString(strings.TrimLeft(strings.Repeat("9", i%6), "0"))
		b.WriteString(string(rune('a' + i%26)))
		b.WriteString("=v")
	}
	if got, _, err := decode("Name=n" + b.String()); err != nil || len(got.Flat) != 0 {
		t.Error(len(got.Flat), err)
	}
}
