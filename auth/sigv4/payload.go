package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strings"
)

// Words that stand in X-Amz-Content-Sha256 in place of a hash.
const (
	UnsignedPayload          = "UNSIGNED-PAYLOAD"
	StreamingSigned          = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	StreamingSignedTrailer   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	StreamingUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

	// EmptyPayload is the SHA-256 of no bytes.
	EmptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// Payload says how the body of a request to S3 is covered by its signature.
type Payload struct {
	Hash     string // hexadecimal SHA-256, or "" where there is none
	Chunked  bool   // in the form aws-chunked
	Signed   bool   // each chunk carries a signature
	Trailing bool   // a trailer follows the last chunk
}

// ParsePayload reads a value of X-Amz-Content-Sha256.
func ParsePayload(value string) (Payload, error) {
	switch value {
	case UnsignedPayload:
		return Payload{}, nil
	case StreamingSigned:
		return Payload{Chunked: true, Signed: true}, nil
	case StreamingSignedTrailer:
		return Payload{Chunked: true, Signed: true, Trailing: true}, nil
	case StreamingUnsignedTrailer:
		return Payload{Chunked: true, Trailing: true}, nil
	}
	if len(value) != hexSize || strings.ContainsFunc(value, func(c rune) bool { return c > 'f' || !isHex(byte(c)) }) {
		return Payload{}, &Error{Problem: BadPayloadHash, Value: value}
	}
	return Payload{Hash: value}, nil
}

// HashPayload returns the hexadecimal SHA-256 of a body.
func HashPayload(body []byte) string {
	if len(body) == 0 {
		return EmptyPayload
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// hashReader checks the hash of all that passes through it.
type hashReader struct {
	r    io.Reader
	hash hash.Hash
	want string
}

// NewHashReader returns a reader of r that ends in an [*Error] (PayloadMismatch
// with the hash calculated) instead of io.EOF if the bytes read do not have
// the hexadecimal SHA-256 want. What was read is not to be trusted before
// io.EOF.
func NewHashReader(r io.Reader, want string) io.Reader {
	return &hashReader{r, sha256.New(), want}
}

func (h *hashReader) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.hash.Write(p[:n])
	if err == io.EOF {
		if got := hex.EncodeToString(h.hash.Sum(nil)); !strings.EqualFold(got, h.want) {
			return n, &Error{Problem: PayloadMismatch, Value: got}
		}
	}
	return n, err
}
