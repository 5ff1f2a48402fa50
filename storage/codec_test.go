package storage

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestDecodeReadsWhatEncodeWrote(t *testing.T) {
	type row struct {
		Text string
		At   time.Time
		N    map[string]int
	}
	want := []row{{"a\xff", time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), map[string]int{"x": 1}}, {}}
	data, err := Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode[[]row](data)
	if err != nil || !slices.EqualFunc(got, want, func(a, b row) bool { return a.Text == b.Text && a.At.Equal(b.At) && a.N["x"] == b.N["x"] }) {
		t.Errorf("Decode = %v, %v, want %v", got, err, want)
	}
	if _, err := Decode[[]row](data[:len(data)-1]); !errors.Is(err, ErrCorrupt) {
		t.Errorf("cut short: %v, want ErrCorrupt", err)
	}
}
