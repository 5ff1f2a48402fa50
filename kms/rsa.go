package kms

import (
	"context"
	"errors"

	"sealstack/api/kmsapi"
	"sealstack/kms/material"
)

// symmetric says that the key is a symmetric encryption key: all others have
// no encryption context and no KeyMaterialId, and make ciphertexts that do not
// say whose they are.
func (r *record) symmetric() bool { return r.Spec == kmsapi.KeySpecSymmetricDefault }

// sealedBy is the KeyMaterialId of an answer, which only symmetric keys have.
//
// Unverified: that those in custom key stores have none, as in the metadata.
func (r *record) sealedBy() *string {
	if !r.symmetric() || r.stored() {
		return nil
	}
	return &r.Material
}

// takes holds a key against an operation that encrypts or decrypts: its state,
// usage and spec.
func (k *key) takes(operation string, algorithm kmsapi.EncryptionAlgorithmSpec, context map[string]string) error {
	if err := k.usable(operation, encryptDecrypt); err != nil {
		return err
	}
	switch {
	case !encrypts(k.Spec, algorithm):
		return wrongAlgorithm(algorithm, k.Spec)
	case !k.symmetric() && len(context) > 0:
		return contextNotAllowed(k.Spec)
	}
	return nil
}

// enciphering is the material of asymmetric keys that encrypt.
type enciphering interface {
	material.Material
	Encrypt(algorithm string, plaintext []byte) ([]byte, error)
	Decrypt(algorithm string, ciphertext []byte) ([]byte, error)
}

var rsaBits = map[kmsapi.KeySpec]int{kmsapi.KeySpecRsa2048: 2048, kmsapi.KeySpecRsa3072: 3072, kmsapi.KeySpecRsa4096: 4096}

// fits holds the size of a plaintext against what an RSA key can encrypt at
// once.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
func fits(size int, algorithm kmsapi.EncryptionAlgorithmSpec, spec kmsapi.KeySpec) error {
	if spec == sm2 && size > material.MaxSM2Plaintext {
		return tooLong(algorithm, spec, material.MaxSM2Plaintext)
	}
	bits, ok := rsaBits[spec]
	if !ok {
		return nil
	}
	limit, err := material.OAEPLimit(bits, string(algorithm))
	if err == nil && size > limit {
		err = tooLong(algorithm, spec, limit)
	}
	return err
}

// encipher encrypts under the key's current material, of whatever family.
//
// Unverified: RSA can carry an empty plaintext, which only others than KMS
// make; it cannot be re-encrypted under a symmetric key.
func (s *Service) encipher(ctx context.Context, k *key, operation string, algorithm kmsapi.EncryptionAlgorithmSpec, plaintext []byte, context map[string]string) ([]byte, error) {
	if k.symmetric() {
		blob, err := s.seal(ctx, k, operation, material.KindEncrypt, plaintext, context)
		if errors.Is(err, material.ErrPlaintextSize) {
			err = invalidCiphertext()
		}
		return blob, err
	}
	m, release, err := unsealAs[enciphering](ctx, s, &k.record, k.Material)
	if err != nil {
		return nil, err
	}
	defer release()
	blob, err := m.Encrypt(string(algorithm), plaintext)
	if errors.Is(err, material.ErrPlaintextSize) {
		err = invalidCiphertext()
	}
	return blob, err
}

// decipher opens what was encrypted with the public key of an RSA key, inside
// of KMS or outside.
func (s *Service) decipher(ctx context.Context, k *key, c *ciphertext) ([]byte, error) {
	m, release, err := unsealAs[enciphering](ctx, s, &k.record, k.Material)
	if err != nil {
		return nil, err
	}
	defer release()
	plaintext, err := m.Decrypt(string(c.algorithm), c.blob)
	if errors.Is(err, material.ErrAuthentication) {
		err = invalidCiphertext()
	}
	return plaintext, err
}
