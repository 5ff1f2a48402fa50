package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// MinChunk is the least size in bytes of every chunk but the last.
const MinChunk = 8 << 10

// Chain signs the chunks of an upload, each over the signature before it, for
// senders and receivers alike. AWS documents it in "Signature Calculations for
// the Authorization Header: Transferring Payload in Multiple Chunks".
type Chain struct {
	Key      *Key
	Time     time.Time // of the request
	Scope    Scope
	Previous string // signature: at first that of the request, the seed
}

// NextChunk returns the string to sign of a chunk with the SHA-256 sum.
func (c *Chain) NextChunk(sum []byte) []byte {
	return hex.AppendEncode(append(append(c.head("-PAYLOAD"), EmptyPayload...), '\n'), sum)
}

// NextTrailer returns the string to sign of the trailer, given as "name:value\n"
// for each header.
func (c *Chain) NextTrailer(trailer []byte) []byte {
	sum := sha256.Sum256(trailer)
	return hex.AppendEncode(c.head("-TRAILER"), sum[:])
}

func (c *Chain) head(suffix string) []byte {
	b := append(append(make([]byte, 0, 384), Algorithm...), suffix...)
	b = append(c.Time.AppendFormat(append(b, '\n'), TimeFormat), '\n')
	b = append(c.Scope.append(b), '\n')
	return append(append(b, c.Previous...), '\n')
}

// Sign signs a string to sign and makes its signature the previous one.
func (c *Chain) Sign(stringToSign []byte) string {
	c.Previous = c.Key.Sign(stringToSign)
	return c.Previous
}

// verify checks a signature and makes it the previous one. Without a key
// every signature passes.
func (c *Chain) verify(stringToSign []byte, signature string) bool {
	c.Previous = signature
	return c.Key == nil || c.Key.Verify(stringToSign, signature)
}

// trailer is what follows the last chunk.
type trailer struct {
	header    http.Header
	text      []byte // "name:value\n" for each header, as it is signed
	signature string
}

// add reads a line of the trailer.
func (t *trailer) add(line string) bool {
	name, value, ok := strings.Cut(line, ":")
	name, value = strings.ToLower(strings.Trim(name, " \t")), strings.Trim(value, " \t")
	switch {
	case !ok || name == "" || len(t.text)+len(line) > maxTrailer:
		return false
	case name == "x-amz-trailer-signature":
		t.signature = value
	case t.signature != "":
		return false // nothing follows the signature
	default:
		t.header.Add(name, value)
		t.text = append(append(append(append(t.text, name...), ':'), value...), '\n')
	}
	return true
}

// hasExactly reports whether the trailer's headers are those announced in
// X-Amz-Trailer.
func (t *trailer) hasExactly(announced []string) bool {
	if len(t.header) != len(announced) {
		return false
	}
	return !slices.ContainsFunc(announced, func(name string) bool { return len(t.header.Values(name)) != 1 })
}
