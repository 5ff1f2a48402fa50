package material

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha512"
	"fmt"
)

// Ed25519 is a key pair of ECC_NIST_EDWARDS25519 (RFC 8032, FIPS 186-5).
type Ed25519 struct {
	pair
	key private[ed25519.PrivateKey]
}

var _ Signer = (*Ed25519)(nil)

// NewEd25519 generates a key pair.
func NewEd25519() (*Ed25519, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return newEd25519(key, "")
}

// Ed25519From takes a private key in PKCS #8, else ErrKeyFormat.
func Ed25519From(pkcs8 Secret, keyID string) (*Ed25519, error) {
	key, err := parsePKCS8[ed25519.PrivateKey](pkcs8)
	if err != nil {
		return nil, err
	}
	return newEd25519(key, keyID)
}

func newEd25519(key ed25519.PrivateKey, keyID string) (*Ed25519, error) {
	p, err := standardPair(FamilyEd25519, keyID, key, key.Public())
	return &Ed25519{p, conceal(key)}, err
}

// Spec is ECC_NIST_EDWARDS25519.
func (e *Ed25519) Spec() string { return "ECC_NIST_EDWARDS25519" }

// Wipe destroys the key.
func (e *Ed25519) Wipe() {
	e.pair.Wipe()
	clear(e.key())
}

// prepare returns what Ed25519 or Ed25519ph signs. The latter hashes what it is
// given, though that is a digest already:
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
func (e *Ed25519) prepare(algorithm string, form Form, message []byte) ([]byte, *ed25519.Options, error) {
	if algorithm != "ED25519_SHA_512" && algorithm != "ED25519_PH_SHA_512" {
		return nil, nil, fmt.Errorf("%w: %q with Ed25519", ErrAlgorithm, algorithm)
	}
	if err := CheckMessage(algorithm, form, message); err != nil {
		return nil, nil, err
	}
	if algorithm == "ED25519_SHA_512" {
		return message, &ed25519.Options{}, nil
	}
	digest := sha512.Sum512(message)
	return digest[:], &ed25519.Options{Hash: crypto.SHA512}, nil
}

// Sign makes a signature of 64 bytes.
func (e *Ed25519) Sign(algorithm string, form Form, message []byte) ([]byte, error) {
	signed, options, err := e.prepare(algorithm, form, message)
	if err != nil {
		return nil, err
	}
	signature, err := e.key().Sign(nil, signed, options)
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return signature, nil
}

// Verify holds a signature of 64 bytes against the message.
func (e *Ed25519) Verify(algorithm string, form Form, message, signature []byte) error {
	signed, options, err := e.prepare(algorithm, form, message)
	if err != nil {
		return err
	}
	return verifyEd25519(e.key().Public().(ed25519.PublicKey), signed, signature, options)
}

func verifyEd25519(key ed25519.PublicKey, signed, signature []byte, options *ed25519.Options) error {
	return verified(ed25519.VerifyWithOptions(key, signed, signature, options) == nil)
}
