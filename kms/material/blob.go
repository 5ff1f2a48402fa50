package material

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// MaxBlob is the largest ciphertext blob in bytes (CiphertextType in the KMS API).
const MaxBlob = 6144

// Kind is what a blob was made for; it shows in the blob's third byte and so in
// its base64 prefix. The zero Kind is invalid.
type Kind byte

// The kinds, with the numbers that AWS's blobs carry.
const (
	KindEncrypt Kind = 2 // Encrypt and ReEncrypt: AQICAH...
	KindDataKey Kind = 3 // the GenerateDataKey operations: AQIDAH...
)

func (k Kind) valid() bool { return k == KindEncrypt || k == KindDataKey }

// Tag names, inside a blob, the key material that made it. It is the same for
// all blobs of one material, and in every Region of a multi-Region key.
type Tag [32]byte

// Blob is a ciphertext blob that ParseBlob found well formed. Well formed does
// not mean authentic: that only Decrypt can say.
//
//	01 | 02 | kind | 00 78 | 32-byte tag | 01 | 16-byte salt | 4-byte length |
//	CMS EncryptedData in DER: aes256-GCM, 12-byte IV, tag length 16, sealed bytes
//
// AWS does not publish the layout of its blobs and calls them opaque; this is
// what they are seen to look like. All bytes before the sealed ones are
// authenticated with them.
type Blob struct {
	raw    []byte
	kind   Kind
	tag    Tag
	salt   [saltSize]byte
	sealed int
}

// Kind is what the blob says it was made for.
func (b Blob) Kind() Kind { return b.kind }

// Tag names the key material that the blob asks for.
func (b Blob) Tag() Tag { return b.tag }

// Bytes are the blob as it was parsed, not a copy.
func (b Blob) Bytes() []byte { return b.raw }

func (b Blob) header() []byte { return b.raw[:len(b.raw)-b.sealed] }
func (b Blob) body() []byte   { return b.raw[len(b.raw)-b.sealed:] }

// The IV is followed by the tag length and the tag and length of the sealed bytes.
func (b Blob) iv() []byte {
	end := len(b.raw) - derSize(b.sealed) - len(derTagLength)
	return b.raw[end-ivSize : end]
}

const (
	saltSize    = 16
	ivSize      = 12
	gcmTagSize  = 16
	tagAt       = 5
	saltAt      = tagAt + len(Tag{}) + 1
	lengthAt    = saltAt + saltSize
	cmsAt       = lengthAt + 4
	maxOverhead = 135 // the longest header
)

// What stands between the variable parts of the CMS structure, RFC 5652 section 8.
var (
	derEncryptedData = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06}
	derVersion0      = []byte{0x02, 0x01, 0x00}
	derData          = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}
	derAES256GCM     = []byte{0x30, 0x1e, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2e, 0x30, 0x11, 0x04, ivSize}
	derTagLength     = []byte{0x02, 0x01, gcmTagSize}
)

const (
	derSequence  = 0x30
	derExplicit0 = 0xa0
	derImplicit0 = 0x80
)

// layout holds the DER content lengths for one length of sealed bytes, from
// the innermost structure to the outermost.
type layout struct {
	sealed, content, encrypted, explicit, cms int
}

func layoutFor(sealed int) layout {
	l := layout{sealed: sealed}
	l.content = len(derData) + len(derAES256GCM) + ivSize + len(derTagLength) + derSize(sealed)
	l.encrypted = len(derVersion0) + derSize(l.content)
	l.explicit = derSize(l.encrypted)
	l.cms = len(derEncryptedData) + derSize(l.explicit)
	return l
}

// blobSize is the length of the whole blob. It grows strictly with sealed.
func (l layout) blobSize() int { return cmsAt + derSize(l.cms) }

// derSize is the length of an element with n content bytes.
func derSize(n int) int {
	switch {
	case n < 0x80:
		return 2 + n
	case n < 0x100:
		return 3 + n
	default:
		return 4 + n
	}
}

// appendDER writes the tag and the shortest length of an element, n < 65536.
func appendDER(dst []byte, tag byte, n int) []byte {
	switch {
	case n < 0x80:
		return append(dst, tag, byte(n))
	case n < 0x100:
		return append(dst, tag, 0x81, byte(n))
	default:
		return append(dst, tag, 0x82, byte(n>>8), byte(n))
	}
}

// appendHeader writes everything before the sealed bytes.
func (l layout) appendHeader(dst []byte, kind Kind, tag, salt, iv []byte) []byte {
	dst = append(dst, 1, 2, byte(kind), 0, 0x78)
	dst = append(dst, tag...)
	dst = append(dst, 1)
	dst = append(dst, salt...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(derSize(l.cms)))
	dst = appendDER(dst, derSequence, l.cms)
	dst = append(dst, derEncryptedData...)
	dst = appendDER(dst, derExplicit0, l.explicit)
	dst = appendDER(dst, derSequence, l.encrypted)
	dst = append(dst, derVersion0...)
	dst = appendDER(dst, derSequence, l.content)
	dst = append(dst, derData...)
	dst = append(dst, derAES256GCM...)
	dst = append(dst, iv...)
	dst = append(dst, derTagLength...)
	return appendDER(dst, derImplicit0, l.sealed)
}

// ParseBlob reads a blob of at most MaxBlob bytes. The length alone decides
// where everything stands; what is read there is written again and must come
// out the same, so each blob has one encoding, with nothing after it. Its only
// error is ErrBlobMalformed, wrapped with what was wrong. The Blob refers to b.
func ParseBlob(b []byte) (Blob, error) {
	l, ok := layoutOf(len(b))
	if !ok {
		return Blob{}, fmt.Errorf("%w: no blob has %d bytes", ErrBlobMalformed, len(b))
	}
	blob := Blob{raw: b, kind: Kind(b[2]), sealed: l.sealed}
	if !blob.kind.valid() {
		return Blob{}, fmt.Errorf("%w: kind %d", ErrBlobMalformed, blob.kind)
	}
	copy(blob.tag[:], b[tagAt:])
	copy(blob.salt[:], b[saltAt:])
	var again [maxOverhead]byte
	header := l.appendHeader(again[:0], blob.kind, blob.tag[:], blob.salt[:], blob.iv())
	if !bytes.Equal(header, blob.header()) {
		return Blob{}, fmt.Errorf("%w: header", ErrBlobMalformed)
	}
	return blob, nil
}

// layoutOf finds the only layout that makes a blob of this size, if there is one.
func layoutOf(size int) (layout, bool) {
	if size > MaxBlob {
		return layout{}, false
	}
	for sealed := max(minSealed, size-maxOverhead); sealed < size; sealed++ {
		l := layoutFor(sealed)
		if n := l.blobSize(); n >= size {
			return l, n == size
		}
	}
	return layout{}, false
}
