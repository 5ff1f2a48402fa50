package material

import (
	"bytes"
	"fmt"
)

// External is a ciphertext blob of a key in an external key store, taken
// apart: outside what the external key manager made, and inside that, which
// only its key opens, a Blob of the KMS key's own material.
// https://docs.aws.amazon.com/kms/latest/developerguide/keystore-external.html#concept-double-encryption
//
//	01 | 03 | kind | 00 78 | 32-byte tag | length and metadata of the proxy |
//	length and IV | 16-byte authentication tag | ciphertext
type External struct {
	Kind       Kind
	Tag        Tag // of the KMS key's material
	Metadata   []byte
	IV         []byte
	AuthTag    []byte
	Ciphertext []byte
}

const externalVersion = 3

// Marshal writes the blob; ErrBlobMalformed for parts that have no form.
func (e *External) Marshal() ([]byte, error) {
	if !e.Kind.valid() || len(e.Metadata) > 255 || len(e.IV) > 255 || len(e.AuthTag) != gcmTagSize || len(e.Ciphertext) == 0 {
		return nil, fmt.Errorf("%w: parts of %d, %d, %d and %d bytes", ErrBlobMalformed, len(e.Metadata), len(e.IV), len(e.AuthTag), len(e.Ciphertext))
	}
	var b bytes.Buffer
	b.Write([]byte{1, externalVersion, byte(e.Kind), 0, 0x78})
	b.Write(e.Tag[:])
	b.WriteByte(byte(len(e.Metadata)))
	b.Write(e.Metadata)
	b.WriteByte(byte(len(e.IV)))
	b.Write(e.IV)
	b.Write(e.AuthTag)
	b.Write(e.Ciphertext)
	if b.Len() > MaxBlob {
		return nil, fmt.Errorf("%w: %d bytes", ErrBlobMalformed, b.Len())
	}
	return b.Bytes(), nil
}

// ParseExternal reads what Marshal wrote. Its only error is ErrBlobMalformed.
// The parts refer to b. What is read there is authentic only if the key
// manager, and then the material, have opened it.
func ParseExternal(b []byte) (*External, error) {
	e := &External{}
	head := tagAt + len(e.Tag)
	if len(b) < head || len(b) > MaxBlob || b[0] != 1 || b[1] != externalVersion || !Kind(b[2]).valid() || b[3] != 0 || b[4] != 0x78 {
		return nil, fmt.Errorf("%w: no blob of an external key", ErrBlobMalformed)
	}
	e.Kind, e.Tag = Kind(b[2]), Tag(b[tagAt:head])
	rest, ok := b[head:], true
	if e.Metadata, rest, ok = cutPart(rest); !ok {
		return nil, fmt.Errorf("%w: metadata", ErrBlobMalformed)
	}
	if e.IV, rest, ok = cutPart(rest); !ok || len(rest) <= gcmTagSize {
		return nil, fmt.Errorf("%w: cut short", ErrBlobMalformed)
	}
	e.AuthTag, e.Ciphertext = rest[:gcmTagSize], rest[gcmTagSize:]
	return e, nil
}

// cutPart cuts off bytes that stand behind their number.
func cutPart(b []byte) (part, rest []byte, ok bool) {
	if len(b) == 0 || len(b) < 1+int(b[0]) {
		return nil, nil, false
	}
	end := 1 + int(b[0])
	return b[1:end], b[end:], true
}
