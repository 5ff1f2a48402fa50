package storage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// Key is a tuple of parts encoded so that comparing bytes compares tuples,
// part by part, and so that each part ends where it says: K("a") is a prefix
// of K("a", "b") and not of K("ab"). Parts of different types order as bytes,
// string, uint64, int64, time.
type Key []byte

// The first byte of each part. Strings and bytes end with 0x00; within them
// 0x00 is written 0x01 0x01 and 0x01 is written 0x01 0x02, so that an end is
// found nowhere else and sorts before anything that goes on.
const (
	tagBytes  = 0x01
	tagString = 0x02
	tagUint   = 0x03
	tagInt    = 0x04
	tagTime   = 0x05

	endMark = 0x00
	escape  = 0x01
)

// K encodes parts, each one of string, []byte, uint64, int64, time.Time or a
// type made of a string or an integer. A Key among the parts stands for all
// its parts. Integers keep their order, signed ones (int among them) apart
// from unsigned ones. A time keeps its instant to the nanosecond and comes
// back in UTC. Any other type is a mistake in the program and panics.
func K(parts ...any) Key {
	return Key(nil).With(parts...)
}

// With returns a new key of k's parts and then these.
func (k Key) With(parts ...any) Key {
	out := make(Key, len(k), len(k)+sizeOf(parts))
	copy(out, k)
	for _, p := range parts {
		out = appendPart(out, p)
	}
	return out
}

// sizeOf is room for parts, exact but for bytes that need an escape.
func sizeOf(parts []any) int {
	n := 0
	for _, p := range parts {
		switch v := p.(type) {
		case string:
			n += len(v) + 2
		case []byte:
			n += len(v) + 2
		case Key:
			n += len(v)
		default:
			n += 13
		}
	}
	return n
}

func appendPart(k Key, part any) Key {
	switch v := part.(type) {
	case string:
		return appendText(append(k, tagString), v)
	case []byte:
		return appendText(append(k, tagBytes), v)
	case uint64:
		return appendUint(k, v)
	case int64:
		return appendInt(k, v)
	case int:
		return appendInt(k, int64(v))
	case time.Time:
		return appendTime(k, v)
	case Key:
		return append(k, v...)
	}
	return appendKind(k, reflect.ValueOf(part))
}

// appendKind encodes types made of a string or an integer.
func appendKind(k Key, v reflect.Value) Key {
	switch {
	case v.Kind() == reflect.String:
		return appendText(append(k, tagString), v.String())
	case v.CanInt():
		return appendInt(k, v.Int())
	case v.CanUint():
		return appendUint(k, v.Uint())
	}
	panic(fmt.Sprintf("storage: %v cannot be a part of a key", v))
}

func appendText[T string | []byte](k Key, s T) Key {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= escape {
			k = append(k, escape, c+1)
		} else {
			k = append(k, c)
		}
	}
	return append(k, endMark)
}

func appendUint(k Key, v uint64) Key {
	return binary.BigEndian.AppendUint64(append(k, tagUint), v)
}

// appendInt flips the sign bit, so that negative numbers sort first.
func appendInt(k Key, v int64) Key {
	return binary.BigEndian.AppendUint64(append(k, tagInt), uint64(v)^1<<63)
}

// appendTime writes seconds and nanoseconds apart: years 1 and 9999 are both
// possible, which nanoseconds alone in 64 bits would not allow.
func appendTime(k Key, t time.Time) Key {
	k = binary.BigEndian.AppendUint64(append(k, tagTime), uint64(t.Unix())^1<<63)
	return binary.BigEndian.AppendUint32(k, uint32(t.Nanosecond()))
}

// End is the first key behind every key that starts with k: as Range.To it
// ends after k's descendants, as Range.From it starts after them. It is nil,
// which bounds nothing, when there is none.
func (k Key) End() Key {
	for i := len(k) - 1; i >= 0; i-- {
		if k[i] != 0xff {
			end := bytes.Clone(k[:i+1])
			end[i]++
			return end
		}
	}
	return nil
}

// Compare orders keys: negative when k comes first.
func (k Key) Compare(other Key) int { return bytes.Compare(k, other) }

// HasPrefix says whether k starts with the parts of prefix.
func (k Key) HasPrefix(prefix Key) bool { return bytes.HasPrefix(k, prefix) }

// Parts decodes k to string, []byte, uint64, int64 and time.Time (UTC); nil
// when k is not a whole key.
func (k Key) Parts() []any {
	parts := make([]any, 0, 4)
	for len(k) > 0 {
		part, rest, ok := cutPart(k)
		if !ok {
			return nil
		}
		parts, k = append(parts, part), rest
	}
	return parts
}

// Strings decodes k as Parts does and writes each part as text: strings and
// bytes as they are, integers in decimal, times in RFC 3339.
func (k Key) Strings() []string {
	parts := k.Parts()
	if parts == nil {
		return nil
	}
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = partText(p)
	}
	return out
}

// String is for messages.
func (k Key) String() string {
	if k.Parts() == nil {
		return fmt.Sprintf("%x", []byte(k))
	}
	return fmt.Sprintf("%q", k.Strings())
}

func partText(part any) string {
	switch v := part.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case uint64:
		return strconv.FormatUint(v, 10)
	case int64:
		return strconv.FormatInt(v, 10)
	default:
		return v.(time.Time).Format(time.RFC3339Nano)
	}
}

// cutPart decodes the first part of a key that is not empty.
func cutPart(k Key) (part any, rest Key, ok bool) {
	tag, k := k[0], k[1:]
	switch tag {
	case tagString, tagBytes:
		text, rest, ok := cutText(k)
		if tag == tagString {
			return string(text), rest, ok
		}
		return text, rest, ok
	case tagUint, tagInt, tagTime:
		return cutNumber(tag, k)
	}
	return nil, nil, false
}

func cutNumber(tag byte, k Key) (part any, rest Key, ok bool) {
	size := 8
	if tag == tagTime {
		size = 12
	}
	if len(k) < size {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint64(k)
	switch tag {
	case tagUint:
		return n, k[size:], true
	case tagInt:
		return int64(n ^ 1<<63), k[size:], true
	}
	nanos := binary.BigEndian.Uint32(k[8:])
	return time.Unix(int64(n^1<<63), int64(nanos)).UTC(), k[size:], nanos < 1e9
}

func cutText(k Key) (text []byte, rest Key, ok bool) {
	end := bytes.IndexByte(k, endMark)
	if end < 0 {
		return nil, nil, false
	}
	text = make([]byte, 0, end)
	for i := 0; i < end; i++ {
		c := k[i]
		if c == escape {
			if i++; k[i] != 1 && k[i] != 2 {
				return nil, nil, false
			}
			c = k[i] - 1
		}
		text = append(text, c)
	}
	return text, k[end+1:], true
}
