package storagetest

import (
	"strings"
	"testing"
)

// The checker must find what is wrong with a history, or it proves nothing.
func TestTheCheckerFindsFaults(t *testing.T) {
	write := func(begun, ended, number uint64, keys map[int]uint64) event {
		return event{begun, ended, number, true, keys}
	}
	read := func(begun, ended, number uint64, keys map[int]uint64) event {
		return event{begun, ended, number, false, keys}
	}
	type seen = map[int]uint64
	first, second := write(1, 2, 1, seen{0: 1, 1: 1}), write(3, 4, 2, seen{1: 2})
	for _, tt := range []struct {
		name    string
		history []event
		want    string // part of the first fault
	}{
		{"nothing", nil, ""},
		{"one after the other", []event{first, second, read(5, 6, 2, seen{0: 1, 1: 2})}, ""},
		{"a reader meanwhile, before", []event{first, second, read(3, 6, 1, seen{0: 1, 1: 1})}, ""},
		{"a reader meanwhile, after", []event{first, second, read(1, 6, 2, seen{0: 1, 1: 2})}, ""},
		{"a stale reader", []event{first, second, read(5, 6, 1, seen{0: 1, 1: 1})}, "did not see it"},
		{"a torn read", []event{first, second, read(5, 6, 2, seen{0: 1, 1: 1})}, "not map[0:1 1:2]"},
		{"a half-seen write", []event{first, read(1, 6, 1, seen{0: 1})}, "not map[0:1 1:1]"},
		{"a read of what was never written", []event{first, read(1, 6, 2, seen{})}, "nobody took"},
		{"a lost update", []event{first, write(1, 4, 1, seen{2: 1})}, "two updates took number 1"},
		{"a writer that did not see its elder", []event{write(1, 2, 2, seen{0: 2}), write(3, 4, 1, seen{1: 1})}, "did not see it"},
	} {
		got := strings.Join(faults(tt.history), "\n")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: found %q, want %q", tt.name, got, tt.want)
		}
	}
}
