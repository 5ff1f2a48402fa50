package material

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // of RSAES_OAEP_SHA_1
	"errors"
	"fmt"
)

// ErrPublicKeySize: more bytes than the RSA key can encrypt at once.
var ErrPublicKeySize = errors.New("material: plaintext too long for the public key")

// RSA is a key pair of RSA_2048, RSA_3072 or RSA_4096.
type RSA struct {
	pair
	key private[*rsa.PrivateKey]
}

var _ Signer = (*RSA)(nil)

// NewRSA generates a key pair of so many bits. It takes up to some seconds.
func NewRSA(bits int) (*RSA, error) {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return newRSA(key, "")
}

// RSAFrom takes a private key in PKCS #8, of 2048, 3072 or 4096 bits and two
// primes, else ErrKeyFormat.
func RSAFrom(pkcs8 Secret, keyID string) (*RSA, error) {
	key, err := parsePKCS8[*rsa.PrivateKey](pkcs8)
	if err != nil {
		return nil, err
	}
	return newRSA(key, keyID)
}

func newRSA(key *rsa.PrivateKey, keyID string) (*RSA, error) {
	switch bits := key.N.BitLen(); {
	case bits != 2048 && bits != 3072 && bits != 4096:
		return nil, fmt.Errorf("%w: RSA of %d bits", ErrKeyFormat, bits)
	case len(key.Primes) != 2:
		return nil, fmt.Errorf("%w: RSA with %d primes", ErrKeyFormat, len(key.Primes))
	}
	p, err := standardPair(FamilyRSA, keyID, key, key.Public())
	return &RSA{p, conceal(key)}, err
}

// Spec is RSA_2048, RSA_3072 or RSA_4096.
func (r *RSA) Spec() string { return fmt.Sprintf("RSA_%d", r.key().N.BitLen()) }

// oaep has the encryption algorithms of the KMS API for RSA. The mask is made
// with the same hash.
var oaep = map[string]crypto.Hash{"RSAES_OAEP_SHA_1": crypto.SHA1, "RSAES_OAEP_SHA_256": crypto.SHA256}

// OAEPLimit is how many bytes a modulus of so many bits can encrypt with one of
// the two algorithms: ErrAlgorithm for any other.
func OAEPLimit(bits int, algorithm string) (int, error) {
	hash, ok := oaep[algorithm]
	if !ok {
		return 0, fmt.Errorf("%w: %q", ErrAlgorithm, algorithm)
	}
	return bits/8 - 2*hash.Size() - 2, nil
}

// Encrypt encrypts with the public key. ErrAlgorithm, ErrPublicKeySize.
func (r *RSA) Encrypt(algorithm string, plaintext []byte) ([]byte, error) {
	limit, err := OAEPLimit(r.key().N.BitLen(), algorithm)
	if err != nil {
		return nil, err
	}
	if len(plaintext) > limit {
		return nil, fmt.Errorf("%w: %d bytes, not %d", ErrPublicKeySize, len(plaintext), limit)
	}
	sealed, err := rsa.EncryptOAEP(oaep[algorithm].New(), rand.Reader, &r.key().PublicKey, plaintext, nil)
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return sealed, nil
}

// Decrypt opens what was encrypted with the public key, by whomever.
// ErrAlgorithm, ErrAuthentication.
func (r *RSA) Decrypt(algorithm string, sealed []byte) ([]byte, error) {
	hash, ok := oaep[algorithm]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrAlgorithm, algorithm)
	}
	plaintext, err := rsa.DecryptOAEP(hash.New(), nil, r.key(), sealed, nil)
	if err != nil {
		return nil, ErrAuthentication
	}
	return plaintext, nil
}

// scheme is schemeFor with RSA's algorithms only.
func (r *RSA) scheme(algorithm string, form Form, message []byte) (scheme, error) {
	s, err := schemeFor(algorithm, form, message)
	if err == nil && s.padding == noPadding {
		err = fmt.Errorf("%w: %s with RSA", ErrAlgorithm, algorithm)
	}
	return s, err
}

// The salt of a PSS signature is as long as the digest.
var saltLength = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}

// Sign makes an RSASSA-PSS or RSASSA-PKCS1-v1_5 signature (RFC 8017).
func (r *RSA) Sign(algorithm string, form Form, message []byte) (signature []byte, err error) {
	s, err := r.scheme(algorithm, form, message)
	if err != nil {
		return nil, err
	}
	digest := s.digest(form, message)
	if s.padding == pss {
		signature, err = rsa.SignPSS(rand.Reader, r.key(), s.hash, digest, saltLength)
	} else {
		signature, err = rsa.SignPKCS1v15(nil, r.key(), s.hash, digest)
	}
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return signature, nil
}

// Verify holds a signature against the message. A PSS salt of another length
// than the digest's is refused.
//
// Unverified: the latter.
func (r *RSA) Verify(algorithm string, form Form, message, signature []byte) error {
	s, err := r.scheme(algorithm, form, message)
	if err != nil {
		return err
	}
	return verifyRSA(&r.key().PublicKey, s, s.digest(form, message), signature)
}

func verifyRSA(key *rsa.PublicKey, s scheme, digest, signature []byte) error {
	if s.padding == pss {
		return verified(rsa.VerifyPSS(key, s.hash, digest, signature, saltLength) == nil)
	}
	return verified(rsa.VerifyPKCS1v15(key, s.hash, digest, signature) == nil)
}
