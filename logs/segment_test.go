package logs

import (
	"crypto/aes"
	"crypto/cipher"
	"slices"
	"strings"
	"testing"
)

func newAEAD(t testing.TB) cipher.AEAD {
	block, err := aes.NewCipher(randomKey())
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return aead
}

var sampleEvents = []event{{1000, "first"}, {1000, ""}, {1005, "third é \x00"}, {99999, strings.Repeat("long ", 1000)}}

func sampleHeader() header {
	return header{Stream: "s", Sequence: 7, First: 1000, Last: 99999, Ingested: 5, Count: 4, Size: 5000, Epoch: 1, DataKey: 2}
}

func TestASegmentOpensToWhatWasSealed(t *testing.T) {
	key, h := newAEAD(t), sampleHeader()
	got, err := openSegment(key, "group", &h, sealSegment(key, "group", &h, sampleEvents))
	if err != nil || !slices.Equal(got, sampleEvents) {
		t.Fatalf("openSegment = %v, %v", got, err)
	}
}

func TestASegmentOpensUnderItsOwnHeaderOnly(t *testing.T) {
	key, h := newAEAD(t), sampleHeader()
	body := sealSegment(key, "group", &h, sampleEvents)
	changes := map[string]func(*header){
		"stream":   func(h *header) { h.Stream = "t" },
		"sequence": func(h *header) { h.Sequence++ },
		"first":    func(h *header) { h.First++ },
		"last":     func(h *header) { h.Last++ },
		"ingested": func(h *header) { h.Ingested++ },
		"count":    func(h *header) { h.Count++ },
		"size":     func(h *header) { h.Size++ },
		"epoch":    func(h *header) { h.Epoch++ },
		"data key": func(h *header) { h.DataKey++ },
	}
	for name, change := range changes {
		other := sampleHeader()
		change(&other)
		if _, err := openSegment(key, "group", &other, body); err == nil {
			t.Errorf("it opens under another %s", name)
		}
	}
	if _, err := openSegment(key, "another", &h, body); err == nil {
		t.Error("it opens in another group")
	}
	if _, err := openSegment(newAEAD(t), "group", &h, body); err == nil {
		t.Error("it opens under another key")
	}
}

func TestEveryByteMutationAndTruncationOfASegmentFails(t *testing.T) {
	key, h := newAEAD(t), sampleHeader()
	body := sealSegment(key, "group", &h, sampleEvents)
	for i := range body {
		changed := slices.Clone(body)
		changed[i] ^= 1
		if _, err := openSegment(key, "group", &h, changed); err == nil {
			t.Fatalf("it opens with byte %d changed", i)
		}
		if _, err := openSegment(key, "group", &h, body[:i]); err == nil {
			t.Fatalf("it opens cut to %d bytes", i)
		}
	}
}

func TestASegmentHoldsNoTextInClear(t *testing.T) {
	key, h := newAEAD(t), sampleHeader()
	if body := sealSegment(key, "group", &h, sampleEvents); strings.Contains(string(body), "first") {
		t.Error("the body holds a message")
	}
}

func FuzzParseEvents(f *testing.F) {
	f.Add(appendEvents(nil, 1000, sampleEvents), int64(1000), 4)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, int64(0), 1)
	f.Fuzz(func(t *testing.T, plain []byte, first int64, count int) {
		if count < 0 || count > 10000 {
			return
		}
		events, err := parseEvents(plain, &header{First: first, Count: count})
		if err == nil && len(events) != count {
			t.Fatalf("%d events, want %d", len(events), count)
		}
	})
}
