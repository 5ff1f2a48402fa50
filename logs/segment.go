package logs

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"github.com/klauspost/compress/s2"
)

// event is one log event as it was put.
type event struct {
	timestamp int64 // milliseconds
	message   string
}

// header describes a segment in clear. It is stored beside the sealed body
// and authenticated with it: a body opens only under the header that it was
// sealed with.
type header struct {
	Stream   string // log stream name
	Sequence uint64 // order of ingestion in the process's life, across restarts
	First    int64  // timestamp of the earliest event, milliseconds
	Last     int64  // timestamp of the latest event
	Ingested int64  // ingestion time, milliseconds
	Count    int    // events
	Size     int64  // bytes of the events as PutLogEvents counts them
	Epoch    int    // encryption epoch of the group
	DataKey  int    // data key of that epoch
}

// maxBody bounds the memory that opening a body may ask for: a batch holds at
// most 1 MiB of messages, with a few bytes an event of framing.
const maxBody = 4 << 20

var errSegment = errors.New("logs: damaged segment")

// associated returns h in the form that is authenticated with the body: every
// field with its length or in fixed width, so that no two headers share one.
func (h *header) associated(group string) []byte {
	b := make([]byte, 0, 128+len(group)+len(h.Stream))
	b = append(b, "sealstack/segment/1"...)
	for _, s := range []string{group, h.Stream} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	for _, n := range []int64{int64(h.Sequence), h.First, h.Last, h.Ingested, int64(h.Count), h.Size, int64(h.Epoch), int64(h.DataKey)} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return b
}

// sealSegment compresses the events and seals them under the data key,
// bound to the group's id and the header.
func sealSegment(key cipher.AEAD, group string, h *header, events []event) []byte {
	plain := appendEvents(make([]byte, 0, int(h.Size)+8*len(events)), h.First, events)
	packed := s2.Encode(nil, plain)
	out := make([]byte, key.NonceSize(), key.NonceSize()+len(packed)+key.Overhead())
	rand.Read(out)
	return key.Seal(out, out, packed, h.associated(group))
}

// openSegment reverses [sealSegment]. A body, header or group other than the
// sealed one is an error. The body is overwritten.
func openSegment(key cipher.AEAD, group string, h *header, body []byte) ([]event, error) {
	if len(body) < key.NonceSize() {
		return nil, errSegment
	}
	nonce, sealed := body[:key.NonceSize()], body[key.NonceSize():]
	packed, err := key.Open(sealed[:0], nonce, sealed, h.associated(group))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSegment, err)
	}
	if n, err := s2.DecodedLen(packed); err != nil || n > maxBody {
		return nil, errSegment
	}
	plain, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSegment, err)
	}
	return parseEvents(plain, h)
}

// appendEvents writes the events, each as the distance of its timestamp from
// the one before, its length and its message.
func appendEvents(b []byte, first int64, events []event) []byte {
	at := first
	for _, e := range events {
		b = binary.AppendVarint(b, e.timestamp-at)
		b = binary.AppendUvarint(b, uint64(len(e.message)))
		b = append(b, e.message...)
		at = e.timestamp
	}
	return b
}

// parseEvents reads what [appendEvents] wrote. The messages are parts of
// plain, which must not change afterwards.
func parseEvents(plain []byte, h *header) ([]event, error) {
	text := unsafe.String(unsafe.SliceData(plain), len(plain)) // spares a copy of every message read
	events := make([]event, 0, h.Count)
	at := h.First
	for len(plain) > 0 {
		delta, n := binary.Varint(plain)
		if n <= 0 {
			return nil, errSegment
		}
		plain = plain[n:]
		size, n := binary.Uvarint(plain)
		if n <= 0 || size > uint64(len(plain)-n) {
			return nil, errSegment
		}
		start := len(text) - len(plain) + n
		plain = plain[n+int(size):]
		at += delta
		events = append(events, event{at, text[start : start+int(size)]})
	}
	if len(events) != h.Count {
		return nil, errSegment
	}
	return events, nil
}
