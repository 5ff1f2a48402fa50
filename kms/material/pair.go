package material

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
)

// KeyPair is key material with a public half.
type KeyPair interface {
	Material

	// PublicKey is the public key as SubjectPublicKeyInfo in DER (RFC 5280).
	// Don't write to it.
	PublicKey() []byte

	// PKCS8 is the private key as PrivateKeyInfo in DER (RFC 5958). It is
	// wiped with the material.
	PKCS8() Secret
}

// pair is the common part of the families of key pairs. The body of what is
// stored is PKCS #8.
type pair struct {
	stored
	spki []byte
}

// PublicKey is the public key as SubjectPublicKeyInfo in DER.
func (p *pair) PublicKey() []byte { return p.spki }

// PKCS8 is the private key as PrivateKeyInfo in DER.
func (p *pair) PKCS8() Secret { return p.body }

func newPair(family Family, keyID string, pkcs8, spki []byte) (pair, error) {
	s, err := keep(family, keyID, pkcs8)
	return pair{stored: s, spki: spki}, err
}

// standardPair is newPair for the keys that crypto/x509 can write.
func standardPair(family Family, keyID string, private, public any) (pair, error) {
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return pair{}, fmt.Errorf("material: %w", err)
	}
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return pair{}, fmt.Errorf("material: %w", err)
	}
	return newPair(family, keyID, pkcs8, spki)
}

// parsePKCS8 reads a key that crypto/x509 knows and that is of type K.
func parsePKCS8[K any](pkcs8 Secret) (k K, err error) {
	if _, err := unmarshalPKCS8(pkcs8); err != nil { // crypto/x509 does not mind bytes after it
		return k, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8.Bytes())
	if err != nil {
		return k, fmt.Errorf("%w: %w", ErrKeyFormat, err)
	}
	k, ok := parsed.(K)
	if !ok {
		return k, fmt.Errorf("%w: %T", ErrKeyFormat, parsed)
	}
	return k, nil
}

// private hides a key of another package from fmt, as Secret hides bytes.
type private[K any] func() K

func conceal[K any](k K) private[K] { return func() K { return k } }

// What crypto/x509 does not write for every algorithm: RFC 5280 section 4.1 and
// RFC 5958 section 2.
type publicKeyInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	PublicKey asn1.BitString
}

type privateKeyInfo struct {
	Version    int
	Algorithm  pkix.AlgorithmIdentifier
	PrivateKey []byte
	// What may follow, attributes and the public key, is passed over.
}

func marshalSPKI(algorithm pkix.AlgorithmIdentifier, key []byte) ([]byte, error) {
	der, err := asn1.Marshal(publicKeyInfo{algorithm, asn1.BitString{Bytes: key, BitLength: 8 * len(key)}})
	if err != nil {
		return nil, fmt.Errorf("material: public key: %w", err)
	}
	return der, nil
}

func marshalPKCS8(algorithm pkix.AlgorithmIdentifier, key []byte) ([]byte, error) {
	der, err := asn1.Marshal(privateKeyInfo{Algorithm: algorithm, PrivateKey: key})
	if err != nil {
		return nil, fmt.Errorf("material: private key: %w", err)
	}
	return der, nil
}

// unmarshalPKCS8 reads a PrivateKeyInfo of any algorithm. ErrKeyFormat.
func unmarshalPKCS8(pkcs8 Secret) (*privateKeyInfo, error) {
	var info privateKeyInfo
	rest, err := asn1.Unmarshal(pkcs8.Bytes(), &info)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFormat, err)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes after it", ErrKeyFormat, len(rest))
	}
	return &info, nil
}
