// Package checksum is what S3 counts over the bytes of an object: its checksum
// algorithms by AWS's names, and how the checksums of parts make that of the
// whole.
//
// It is pure; s3sim imports it, and it imports none of ours. AWS documents it
// in the S3 User Guide, "Checking object integrity in Amazon S3"
// (checking-object-integrity).
package checksum

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/zeebo/xxh3"
)

// Algorithm is an algorithm by AWS's name.
type Algorithm string

// The algorithms that S3 has.
const (
	CRC32     Algorithm = "CRC32"
	CRC32C    Algorithm = "CRC32C"
	CRC64NVME Algorithm = "CRC64NVME"
	SHA1      Algorithm = "SHA1"
	SHA256    Algorithm = "SHA256"
	SHA512    Algorithm = "SHA512"
	MD5       Algorithm = "MD5"
	XXHASH64  Algorithm = "XXHASH64"
	XXHASH3   Algorithm = "XXHASH3"
	XXHASH128 Algorithm = "XXHASH128"
)

// The types of a checksum of a multipart object.
const (
	FullObject = "FULL_OBJECT" // of the whole content
	Composite  = "COMPOSITE"   // of the checksums of the parts
)

// polynomialNVME is the CRC-64 polynomial of the NVM Express specification,
// lowest term first.
const polynomialNVME = 0x9a6c9329ac4bc9b5

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	nvme       = crc64.MakeTable(polynomialNVME)
)

type kind struct {
	make       func() hash.Hash
	size       int
	polynomial uint64 // of a CRC, lowest term first; 0 for the others
}

var kinds = map[Algorithm]kind{
	CRC32:     {func() hash.Hash { return crc32.NewIEEE() }, 4, crc32.IEEE},
	CRC32C:    {func() hash.Hash { return crc32.New(castagnoli) }, 4, crc32.Castagnoli},
	CRC64NVME: {func() hash.Hash { return crc64.New(nvme) }, 8, polynomialNVME},
	SHA1:      {sha1.New, sha1.Size, 0},
	SHA256:    {sha256.New, sha256.Size, 0},
	SHA512:    {sha512.New, sha512.Size, 0},
	MD5:       {md5.New, md5.Size, 0},
	XXHASH64:  {func() hash.Hash { return xxhash.New() }, 8, 0},
	XXHASH3:   {func() hash.Hash { return xxh3.New() }, 8, 0},
	XXHASH128: {func() hash.Hash { return wide{xxh3.New()} }, 16, 0},
}

// wide is XXH3 with its 128 bits, in the canonical order: the highest first.
type wide struct{ *xxh3.Hasher }

func (w wide) Sum(b []byte) []byte {
	sum := w.Sum128().Bytes()
	return append(b, sum[:]...)
}

func (w wide) Size() int { return 16 }

// Known reports whether the algorithm can be counted here.
func (a Algorithm) Known() bool { return kinds[a].make != nil }

// New returns a hash of an algorithm that is [Algorithm.Known].
func (a Algorithm) New() hash.Hash { return kinds[a].make() }

// Size is the length of a checksum, in bytes.
func (a Algorithm) Size() int { return kinds[a].size }

// Lower is the name in lower case, as header names and some of AWS's
// sentences have it.
func (a Algorithm) Lower() string { return strings.ToLower(string(a)) }

// Takes reports whether a multipart upload may have a checksum of that type:
// CRCs are of the whole object or, save for CRC64NVME, of the parts; all others
// are of the parts, for theirs can't be made one.
func (a Algorithm) Takes(kind string) bool {
	switch kind {
	case FullObject:
		return kinds[a].polynomial != 0
	case Composite:
		return a != CRC64NVME
	}
	return false
}

// Parse decodes a checksum in base64; false if it is none of this algorithm.
func (a Algorithm) Parse(text string) ([]byte, bool) {
	sum, err := base64.StdEncoding.DecodeString(text)
	return sum, err == nil && len(sum) == a.Size()
}

// Format encodes a checksum in base64, as S3 shows it.
func Format(sum []byte) string { return base64.StdEncoding.EncodeToString(sum) }

// Combine returns the CRC of a content whose first part has the CRC first and
// whose rest, of n bytes, has the CRC second. The algorithm must be one that
// takes [FullObject].
func (a Algorithm) Combine(first, second []byte, n int64) []byte {
	f := field{kinds[a].polynomial, uint(8 * a.Size())}
	sum := f.multiply(f.shift(n), number(first)) ^ number(second)
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], sum)
	return b[8-a.Size():]
}

func number(sum []byte) uint64 {
	var b [8]byte
	copy(b[8-len(sum):], sum)
	return binary.BigEndian.Uint64(b[:])
}

// field is the polynomials over GF(2) modulo that of a CRC, written lowest
// term first: the highest of the width bits stands for 1.
type field struct {
	polynomial uint64
	width      uint
}

func (f field) multiply(a, b uint64) uint64 {
	var product uint64
	for m := uint64(1) << (f.width - 1); m != 0; m >>= 1 {
		if a&m != 0 {
			product ^= b
		}
		carry := b & 1
		b >>= 1
		if carry != 0 {
			b ^= f.polynomial
		}
	}
	return product
}

// shift returns x to the power of 8n, by which a CRC is multiplied when n
// bytes follow.
func (f field) shift(n int64) uint64 {
	power, square := uint64(1)<<(f.width-1), uint64(1)<<(f.width-9)
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			power = f.multiply(power, square)
		}
		square = f.multiply(square, square)
	}
	return power
}
