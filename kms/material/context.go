package material

import (
	"encoding/binary"
	"maps"
	"slices"
)

// EncodeContext gives the one byte form of an encryption context, for use as
// additional authenticated data: the pairs sorted by name, each name and each
// value behind its length in four big-endian bytes, so that no two contexts
// share a form. Names and values are case-sensitive; an empty context and none
// are the same, nil.
//
// See "Encryption context" in the KMS Developer Guide.
func EncodeContext(context map[string]string) []byte {
	if len(context) == 0 {
		return nil
	}
	return appendContext(make([]byte, 0, contextSize(context)), context)
}

func appendContext(dst []byte, context map[string]string) []byte {
	for _, name := range slices.Sorted(maps.Keys(context)) {
		dst = appendCounted(dst, name)
		dst = appendCounted(dst, context[name])
	}
	return dst
}

func appendCounted(dst []byte, s string) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s)))
	return append(dst, s...)
}

// ContextSize is the length in bytes of EncodeContext's form.
func ContextSize(context map[string]string) int { return contextSize(context) }

func contextSize(context map[string]string) int {
	n := 0
	for name, value := range context {
		n += 8 + len(name) + len(value)
	}
	return n
}
