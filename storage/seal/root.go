// Package seal wraps what is secret before it reaches the store: key material,
// SigV4 secrets, tokens that must come back as they were given out. It owns
// the root key of a data directory and everything derived of it.
//
// Any room that stores a secret may import it. The primitives are
// XChaCha20-Poly1305, HKDF-SHA256, HMAC-SHA256 and argon2id, from the standard
// library and golang.org/x/crypto.
package seal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// KeySize is the length of the root key and of every key derived, in bytes.
const KeySize = chacha20poly1305.KeySize

// Overhead is how much longer a sealed text is than what was sealed.
const Overhead = 1 + chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead

// version is the first byte of everything sealed.
const version = 1

// ErrNotAuthentic: what is to be opened was sealed under another root key or
// label, or has been altered.
var ErrNotAuthentic = errors.New("seal: does not open: another key, another label, or altered")

// Root is the root key of a data directory. It is safe for concurrent use.
type Root struct {
	key    [KeySize]byte
	sealer cipher.AEAD
}

// NewEphemeral returns a root key that nobody else has and nothing stores.
func NewEphemeral() *Root {
	var key [KeySize]byte
	rand.Read(key[:])
	return newRoot(key)
}

func newRoot(key [KeySize]byte) *Root {
	r := &Root{key: key}
	r.sealer = newAEAD(r.Subkey("seal"))
	return r
}

// String keeps the key out of messages.
func (*Root) String() string { return "seal.Root" }

// GoString keeps the key out of messages.
func (*Root) GoString() string { return "seal.Root" }

// Subkey derives the key for one purpose by HKDF (RFC 5869). Different
// purposes give unrelated keys.
func (r *Root) Subkey(purpose string) [KeySize]byte {
	return derive(r.key[:], nil, "sealstack/"+purpose)
}

// derive is HKDF-SHA256; it fails only for lengths that are not asked for.
func derive(secret, salt []byte, info string) (key [KeySize]byte) {
	b, err := hkdf.Key(sha256.New, secret, salt, info, KeySize)
	if err != nil {
		panic(fmt.Sprintf("seal: hkdf: %v", err))
	}
	copy(key[:], b)
	clear(b)
	return key
}

func newAEAD(key [KeySize]byte) cipher.AEAD {
	a, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		panic(fmt.Sprintf("seal: %v", err)) // only for another length of key
	}
	return a
}

// Seal encrypts plaintext under the root key and binds it to label: only Open
// with the same label returns it. The result is Overhead bytes longer, and
// another each time.
func (r *Root) Seal(label string, plaintext []byte) []byte {
	return sealWith(r.sealer, label, plaintext)
}

// Open returns what Seal was given. ErrNotAuthentic.
func (r *Root) Open(label string, sealed []byte) ([]byte, error) {
	return openWith(r.sealer, label, sealed)
}

// sealWith writes version, nonce, ciphertext and tag.
func sealWith(a cipher.AEAD, label string, plaintext []byte) []byte {
	out := make([]byte, 1+chacha20poly1305.NonceSizeX, len(plaintext)+Overhead)
	out[0] = version
	rand.Read(out[1:])
	return a.Seal(out, out[1:], plaintext, []byte(label))
}

func openWith(a cipher.AEAD, label string, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return nil, ErrNotAuthentic
	}
	nonce, box := sealed[1:1+chacha20poly1305.NonceSizeX], sealed[1+chacha20poly1305.NonceSizeX:]
	plaintext, err := a.Open(nil, nonce, box, []byte(label))
	if err != nil {
		return nil, ErrNotAuthentic
	}
	return plaintext, nil
}
