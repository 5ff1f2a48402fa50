package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"sealstack/storage"
)

// Tokens makes the page tokens that operations give out (Marker, NextToken):
// the key to go on from, authenticated, as URL-safe text. The same purpose and
// key give the same token, in this run and the next ones, as callers that
// compare tokens expect. A token is not secret.
type Tokens struct{ key [KeySize]byte }

// Tokens returns the maker of page tokens under this root key.
func (r *Root) Tokens() Tokens { return Tokens{r.Subkey("tokens")} }

// tagSize is how much of the HMAC a token carries.
const tagSize = 16

// Encode returns the token for a key. The purpose names the operation and
// whatever else the token must not be carried across, such as the account and
// the filter of the request.
func (t Tokens) Encode(purpose string, key storage.Key) string {
	return base64.RawURLEncoding.EncodeToString(append(t.tag(purpose, key), key...))
}

// Decode returns the key of a token that Encode made for the same purpose
// under the same root key; storage.ErrBadToken for any other text.
func (t Tokens) Decode(purpose, token string) (storage.Key, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	// The decoder passes over line breaks: only the very text that was given counts.
	if err != nil || len(raw) < tagSize || strings.ContainsAny(token, "\r\n") {
		return nil, storage.ErrBadToken
	}
	key := storage.Key(raw[tagSize:])
	if !hmac.Equal(raw[:tagSize], t.tag(purpose, key)) {
		return nil, storage.ErrBadToken
	}
	return key, nil
}

// tag authenticates purpose and key, each with its length known.
func (t Tokens) tag(purpose string, key storage.Key) []byte {
	h := hmac.New(sha256.New, t.key[:])
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(purpose)))
	h.Write(n[:])
	h.Write([]byte(purpose))
	h.Write(key)
	return h.Sum(nil)[:tagSize]
}
