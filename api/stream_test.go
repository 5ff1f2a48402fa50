package api_test

import (
	"errors"
	"testing"

	"sealstack/api"
)

type event struct{ N *int }

var errGone = errors.New("session timed out")

// counting returns a stream of n events, then an error; made counts them.
func counting(n int, made *int) api.Stream[event] {
	return func(yield func(*event, error) bool) {
		for i := range n {
			*made++
			if !yield(&event{&i}, nil) {
				return
			}
		}
		yield(nil, errGone)
	}
}

func TestAStreamKeepsItsEventsAndEndsWithItsError(t *testing.T) {
	var made int
	var erased api.EventStream = counting(3, &made)
	var got []int
	var end error
	for e, err := range erased.Events() {
		if err != nil {
			end = err
			break
		}
		got = append(got, *e.(*event).N)
	}
	if len(got) != 3 || got[2] != 2 || end != errGone {
		t.Errorf("got %v, %v", got, end)
	}
}

func TestAStreamStopsWhenItsReaderDoes(t *testing.T) {
	var made int
	for range counting(100, &made).Events() {
		break
	}
	if made != 1 {
		t.Errorf("%d events were made for a reader of one", made)
	}
}
