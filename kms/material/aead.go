package material

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
)

const aesKeySize = 32

// seal appends the AES-256-GCM ciphertext and its 16-byte tag to dst. The key
// must have 32 bytes and the IV 12, fresh for each call under one key.
func seal(dst, key, iv, plaintext, aad []byte) ([]byte, error) {
	gcm, err := newGCM(key, iv)
	if err != nil {
		return nil, err
	}
	return gcm.Seal(dst, iv, plaintext, aad), nil
}

// open is the inverse of seal. It returns ErrAuthentication when anything
// differs from what was sealed.
func open(key, iv, sealed, aad []byte) ([]byte, error) {
	gcm, err := newGCM(key, iv)
	if err != nil {
		return nil, err
	}
	plaintext, err := gcm.Open(nil, iv, sealed, aad)
	if err != nil {
		return nil, ErrAuthentication
	}
	return plaintext, nil
}

func newGCM(key, iv []byte) (cipher.AEAD, error) {
	if len(key) != aesKeySize || len(iv) != ivSize {
		return nil, fmt.Errorf("material: AES-256-GCM with a key of %d and an IV of %d bytes", len(key), len(iv))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return cipher.NewGCM(block)
}
