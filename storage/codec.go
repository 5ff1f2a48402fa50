package storage

import (
	"encoding"
	"fmt"
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

// Values are CBOR (RFC 8949), core deterministic: the same value is the same
// bytes. Times keep their nanoseconds. Strings that are not UTF-8 come back
// as they were: AWS accepts some (S3 keys, log messages).
var (
	encoder = must(encOptions().EncMode())
	decoder = must(cbor.DecOptions{
		UTF8:             cbor.UTF8DecodeInvalid,
		MaxArrayElements: 1<<31 - 1,
		MaxMapPairs:      1<<31 - 1,
		DefaultMapType:   reflect.TypeFor[map[string]any](),
	}.DecMode())
)

func encOptions() cbor.EncOptions {
	o := cbor.CoreDetEncOptions()
	o.Time = cbor.TimeRFC3339NanoUTC
	return o
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// selfStored is a type that says itself how it is stored.
type selfStored interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// Encode returns v as a [Table] stores it, for values that are kept in blobs.
func Encode[T any](v T) ([]byte, error) { return encode(&v) }

// Decode reads what [Encode] wrote. ErrCorrupt.
func Decode[T any](data []byte) (v T, err error) {
	err = decode(data, &v)
	return v, err
}

func encode[T any](v *T) ([]byte, error) {
	if b, ok := any(v).(selfStored); ok {
		return b.MarshalBinary()
	}
	return encoder.Marshal(v)
}

func decode[T any](data []byte, v *T) error {
	var err error
	if b, ok := any(v).(selfStored); ok {
		err = b.UnmarshalBinary(data)
	} else {
		err = decoder.Unmarshal(data, v)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return nil
}
