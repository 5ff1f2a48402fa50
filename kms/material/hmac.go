package material

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
)

// ErrMAC: the MAC is not one of the message by this key.
var ErrMAC = errors.New("material: the MAC does not verify")

// HMAC is a key of HMAC_224, HMAC_256, HMAC_384 or HMAC_512: as many bits as
// its hash has.
type HMAC struct{ stored }

// hashes by the length of the key in bytes.
var hashes = map[int]func() hash.Hash{
	sha256.Size224: sha256.New224, sha256.Size: sha256.New, sha512.Size384: sha512.New384, sha512.Size: sha512.New,
}

// NewHMAC generates a key of 28, 32, 48 or 64 bytes, else ErrKeySize.
func NewHMAC(size int) (*HMAC, error) {
	key := RandomSecret(size)
	defer key.Wipe()
	return HMACFrom(key, "")
}

// HMACFrom takes a key of 28, 32, 48 or 64 bytes, else ErrKeySize.
func HMACFrom(key Secret, keyID string) (*HMAC, error) {
	if hashes[key.Len()] == nil {
		return nil, fmt.Errorf("%w: HMAC with %d bytes", ErrKeySize, key.Len())
	}
	own := append([]byte(nil), key.Bytes()...)
	s, err := keep(FamilyHMAC, keyID, own)
	return &HMAC{s}, err
}

// Spec is HMAC_224, HMAC_256, HMAC_384 or HMAC_512.
func (h *HMAC) Spec() string { return fmt.Sprintf("HMAC_%d", 8*h.body.Len()) }

// Sum is the MAC of the message (RFC 2104), as long as the key.
func (h *HMAC) Sum(message []byte) []byte {
	mac := hmac.New(hashes[h.body.Len()], h.body.Bytes())
	mac.Write(message)
	return mac.Sum(nil)
}

// Verify compares in constant time: ErrMAC.
func (h *HMAC) Verify(message, mac []byte) error {
	if subtle.ConstantTimeCompare(h.Sum(message), mac) != 1 {
		return ErrMAC
	}
	return nil
}
