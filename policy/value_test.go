package policy

import (
	"testing"
	"time"
)

func TestReadDateTakesTheW3CFormsAndEpochSeconds(t *testing.T) {
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		in   string
		want time.Time
	}{
		{"2024", time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"2024-02", time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)},
		{"2024-02-29", day},
		{"2024-02-29T12:30Z", day.Add(12*time.Hour + 30*time.Minute)},
		{"2024-02-29T12:30+01:00", day.Add(11*time.Hour + 30*time.Minute)},
		{"2024-02-29T12:30:05Z", day.Add(12*time.Hour + 30*time.Minute + 5*time.Second)},
		{"2024-02-29T12:30:05.25Z", day.Add(12*time.Hour + 30*time.Minute + 5250*time.Millisecond)},
		{"2024-02-29T12:30:05-02:00", day.Add(14*time.Hour + 30*time.Minute + 5*time.Second)},
		{"1709164800", day},
		{"1709164800.5", day.Add(500 * time.Millisecond)},
		{"0", time.Unix(0, 0)},
		{"-1", time.Unix(-1, 0)},
		{"123", time.Unix(123, 0)},
		{"9.75", time.Unix(9, 750e6)},
	}
	for _, test := range tests {
		if got, ok := readDate(test.in); !ok || !got.Equal(test.want) {
			t.Errorf("readDate(%q) = %v, %v; want %v", test.in, got, ok, test.want)
		}
	}
	for _, in := range []string{"", "x", "today", "2024-", "2024-13", "2023-02-29", "2024-02-29T", "2024-02-29T12Z",
		"2024-02-29T12:30", "2024-02-29T12:30:05", "2024-02-29 12:30:05Z", "20240229T123005Z", " 2024", "2024-2-29", "29.02.2024"} {
		if got, ok := readDate(in); ok {
			t.Errorf("readDate(%q) = %v", in, got)
		}
	}
}

func TestReadNumberTakesIntegersAndDecimals(t *testing.T) {
	for in, want := range map[string]float64{"0": 0, "10": 10, "-3": -3, "+3": 3, "1.5": 1.5, ".5": .5, "1e3": 1000, "007": 7} {
		if got, ok := readNumber(in); !ok || got != want {
			t.Errorf("readNumber(%q) = %v, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", " 1", "1 ", "one", "0x10", "Inf", "NaN", "1_000", "1,5", "--1", "1e999", "e"} {
		if got, ok := readNumber(in); ok {
			t.Errorf("readNumber(%q) = %v", in, got)
		}
	}
}

func TestReadBoolTakesTrueAndFalseInAnyCase(t *testing.T) {
	for in, want := range map[string]bool{"true": true, "True": true, "TRUE": true, "false": false, "False": false} {
		if got, ok := readBool(in); !ok || got != want {
			t.Errorf("readBool(%q) = %v, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "1", "0", "yes", "t", "truE ", "nope!"} {
		if _, ok := readBool(in); ok {
			t.Errorf("readBool(%q) is good", in)
		}
	}
}

func TestReadRangeTakesAddressesAndNetworks(t *testing.T) {
	for in, want := range map[string]string{
		"203.0.113.7":              "203.0.113.7/32",
		"203.0.113.0/24":           "203.0.113.0/24",
		"203.0.113.9/24":           "203.0.113.9/24",
		"0.0.0.0/0":                "0.0.0.0/0",
		"2001:DB8:1234:5678::/64":  "2001:db8:1234:5678::/64",
		"2001:db8::1":              "2001:db8::1/128",
		"::ffff:203.0.113.7":       "203.0.113.7/32",
		"2001:db8:0:0:0:0:0:1/128": "2001:db8::1/128",
	} {
		if got, ok := readRange(in); !ok || got.String() != want {
			t.Errorf("readRange(%q) = %v, %v; want %s", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "203.0.113", "203.0.113.0/33", "203.0.113.*", "fe80::1%eth0", "host", "1.2.3.4/"} {
		if got, ok := readRange(in); ok {
			t.Errorf("readRange(%q) = %v", in, got)
		}
	}
}

func TestReadBinaryTakesBase64(t *testing.T) {
	if got, ok := readBinary("QmluYXJ5"); !ok || got != "Binary" {
		t.Errorf("readBinary = %q, %v", got, ok)
	}
	for _, in := range []string{"QmluYXJ", "Qm luYXJ5", "_-8="} {
		if got, ok := readBinary(in); ok {
			t.Errorf("readBinary(%q) = %q", in, got)
		}
	}
}
