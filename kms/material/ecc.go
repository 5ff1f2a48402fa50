package material

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
)

// ErrPeerKey: not a public key in DER, or one of another curve.
var ErrPeerKey = errors.New("material: not a public key of the same curve")

// nist is one of the three curves with the algorithm that its keys sign with.
type nist struct {
	curve     elliptic.Curve
	algorithm string
}

var nists = map[string]nist{
	"ECC_NIST_P256": {elliptic.P256(), "ECDSA_SHA_256"},
	"ECC_NIST_P384": {elliptic.P384(), "ECDSA_SHA_384"},
	"ECC_NIST_P521": {elliptic.P521(), "ECDSA_SHA_512"},
}

// ECC is a key pair of ECC_NIST_P256, ECC_NIST_P384 or ECC_NIST_P521. It signs
// or agrees on secrets; KMS keys do one of the two.
type ECC struct {
	pair
	key  private[*ecdsa.PrivateKey]
	spec string
}

var _ Signer = (*ECC)(nil)

// NewECC generates a key pair of one of the three specs.
func NewECC(spec string) (*ECC, error) {
	n, ok := nists[spec]
	if !ok {
		return nil, fmt.Errorf("material: no curve of %q", spec)
	}
	key, err := ecdsa.GenerateKey(n.curve, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return newECC(key, "")
}

// ECCFrom takes a private key in PKCS #8 on one of the three curves, else
// ErrKeyFormat.
func ECCFrom(pkcs8 Secret, keyID string) (*ECC, error) {
	key, err := parsePKCS8[*ecdsa.PrivateKey](pkcs8)
	if err != nil {
		return nil, err
	}
	return newECC(key, keyID)
}

func newECC(key *ecdsa.PrivateKey, keyID string) (*ECC, error) {
	for spec, n := range nists {
		if n.curve == key.Curve {
			p, err := standardPair(FamilyECC, keyID, key, key.Public())
			return &ECC{p, conceal(key), spec}, err
		}
	}
	return nil, fmt.Errorf("%w: curve %s", ErrKeyFormat, key.Curve.Params().Name)
}

// Spec is ECC_NIST_P256, ECC_NIST_P384 or ECC_NIST_P521.
func (e *ECC) Spec() string { return e.spec }

// scheme is schemeFor with the curve's algorithm only.
func (e *ECC) scheme(algorithm string, form Form, message []byte) (scheme, error) {
	if algorithm != nists[e.spec].algorithm {
		return scheme{}, fmt.Errorf("%w: %q with %s", ErrAlgorithm, algorithm, e.spec)
	}
	return schemeFor(algorithm, form, message)
}

// Sign makes an ECDSA signature in DER (ANSI X9.62).
func (e *ECC) Sign(algorithm string, form Form, message []byte) ([]byte, error) {
	s, err := e.scheme(algorithm, form, message)
	if err != nil {
		return nil, err
	}
	signature, err := ecdsa.SignASN1(rand.Reader, e.key(), s.digest(form, message))
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return signature, nil
}

// Verify holds a signature in DER against the message.
func (e *ECC) Verify(algorithm string, form Form, message, signature []byte) error {
	s, err := e.scheme(algorithm, form, message)
	if err != nil {
		return err
	}
	return verified(ecdsa.VerifyASN1(&e.key().PublicKey, s.digest(form, message), signature))
}

// SharedSecret is the secret that the pair shares with the owner of a public
// key on the same curve, given as SubjectPublicKeyInfo in DER: the X coordinate
// of the product (ECDH of SP 800-56A). ErrPeerKey for any other key.
func (e *ECC) SharedSecret(peer []byte) (Secret, error) {
	public, err := peerKey(peer)
	if err != nil {
		return Secret{}, err
	}
	key, err := e.key().ECDH()
	if err != nil {
		return Secret{}, fmt.Errorf("material: %w", err)
	}
	if public.Curve() != key.Curve() {
		return Secret{}, fmt.Errorf("%w: %s", ErrPeerKey, public.Curve())
	}
	secret, err := key.ECDH(public)
	if err != nil {
		return Secret{}, fmt.Errorf("%w: %w", ErrPeerKey, err)
	}
	return hide(secret), nil
}

func peerKey(der []byte) (*ecdh.PublicKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPeerKey, err)
	}
	public, ok := parsed.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: %T", ErrPeerKey, parsed)
	}
	key, err := public.ECDH()
	if err != nil { // a curve without ECDH, or no point of it
		return nil, fmt.Errorf("%w: %w", ErrPeerKey, err)
	}
	return key, nil
}
