package pack

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"sealstack/storage"
)

// A record is a header, a checksum for each block of data, and the data:
//
//	0   4  "SPK1"
//	4   8  the blob's id
//	12  4  length of the data
//	16  4  checksum of the header (with this field zero) and the block checksums
//	20  4  zero
//	24     a CRC-32C for each block of the data, the last one may be short
//	       the data
//
// All numbers are big-endian.
const (
	recordMagic = "SPK1"
	headerSize  = 24
	blockSize   = 64 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Location is where a record stands and what it must be.
type Location struct {
	Pack   uint32
	Length uint32 // of the data
	Sum    uint32 // the header's checksum, which covers the blocks' checksums
	Offset int64
}

// locationSize is the length of an encoded location.
const locationSize = 20

// Encode returns l as bytes for a table.
func (l Location) Encode() []byte {
	b := make([]byte, locationSize)
	binary.BigEndian.PutUint32(b, l.Pack)
	binary.BigEndian.PutUint32(b[4:], l.Length)
	binary.BigEndian.PutUint32(b[8:], l.Sum)
	binary.BigEndian.PutUint64(b[12:], uint64(l.Offset))
	return b
}

// DecodeLocation is the reverse of Encode. storage.ErrCorrupt.
func DecodeLocation(b []byte) (Location, error) {
	if len(b) != locationSize {
		return Location{}, fmt.Errorf("location of %d bytes: %w", len(b), storage.ErrCorrupt)
	}
	return Location{
		Pack:   binary.BigEndian.Uint32(b),
		Length: binary.BigEndian.Uint32(b[4:]),
		Sum:    binary.BigEndian.Uint32(b[8:]),
		Offset: int64(binary.BigEndian.Uint64(b[12:])),
	}, nil
}

// Size is the length of the whole record.
func (l Location) Size() int64 { return int64(l.prefix()) + int64(l.Length) }

// prefix is what stands before the data.
func (l Location) prefix() int { return headerSize + 4*l.blocks() }

func (l Location) blocks() int { return (int(l.Length) + blockSize - 1) / blockSize }

// block returns where the i-th block of the data begins and ends in it.
func (l Location) block(i int) (from, to int) {
	return i * blockSize, min((i+1)*blockSize, int(l.Length))
}

// appendHeader appends everything but the data and sets l.Sum.
func (l *Location) appendHeader(b []byte, id storage.BlobID, data []byte) []byte {
	start := len(b)
	b = append(b, recordMagic...)
	b = binary.BigEndian.AppendUint64(b, uint64(id))
	b = binary.BigEndian.AppendUint32(b, l.Length)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	for i := range l.blocks() {
		from, to := l.block(i)
		b = binary.BigEndian.AppendUint32(b, crc32.Checksum(data[from:to], castagnoli))
	}
	l.Sum = crc32.Checksum(b[start:], castagnoli)
	binary.BigEndian.PutUint32(b[start+16:], l.Sum)
	return b
}

// verifyHeader checks what stands before the data; it clears the checksum
// field on its way.
func (l Location) verifyHeader(b []byte, id storage.BlobID) error {
	sum := binary.BigEndian.Uint32(b[16:])
	clear(b[16:20])
	switch {
	case string(b[:4]) != recordMagic,
		binary.BigEndian.Uint64(b[4:]) != uint64(id),
		binary.BigEndian.Uint32(b[12:]) != l.Length,
		sum != l.Sum,
		crc32.Checksum(b, castagnoli) != sum:
		return l.corrupt(id, "header")
	}
	return nil
}

// verifyBlock checks the i-th block against the verified header.
func (l Location) verifyBlock(header []byte, i int, data []byte, id storage.BlobID) error {
	if crc32.Checksum(data, castagnoli) != binary.BigEndian.Uint32(header[headerSize+4*i:]) {
		return l.corrupt(id, "data")
	}
	return nil
}

func (l Location) corrupt(id storage.BlobID, what string) error {
	return fmt.Errorf("blob %x: %s at %d in pack %d: %w", uint64(id), what, l.Offset, l.Pack, storage.ErrCorrupt)
}
