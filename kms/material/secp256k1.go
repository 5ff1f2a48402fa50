package material

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
)

// Secp256k1 is a key pair of ECC_SECG_P256K1 (SEC 2 section 2.4.1).
type Secp256k1 struct {
	pair
	key private[*secp256k1.PrivateKey]
}

var _ Signer = (*Secp256k1)(nil)

const scalarSize = 32

// id-ecPublicKey with the curve as parameter, RFC 5480 section 2.1.1.
var (
	oidECPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidSecp256k1   = asn1.ObjectIdentifier{1, 3, 132, 0, 10}
	derSecp256k1   = []byte{0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a}
	secp256k1Keys  = pkix.AlgorithmIdentifier{Algorithm: oidECPublicKey, Parameters: asn1.RawValue{FullBytes: derSecp256k1}}
)

// ecPrivateKey is RFC 5915's.
type ecPrivateKey struct {
	Version   int
	Private   []byte
	Curve     asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
	PublicKey asn1.BitString        `asn1:"optional,explicit,tag:1"`
}

// NewSecp256k1 generates a key pair.
func NewSecp256k1() (*Secp256k1, error) {
	key, err := secp256k1.GeneratePrivateKey()
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return newSecp256k1(key, "")
}

// Secp256k1From takes a private key in PKCS #8 on the curve, else ErrKeyFormat.
func Secp256k1From(pkcs8 Secret, keyID string) (*Secp256k1, error) {
	info, err := unmarshalPKCS8(pkcs8)
	if err != nil {
		return nil, err
	}
	defer clear(info.PrivateKey)
	if !info.Algorithm.Algorithm.Equal(oidECPublicKey) || string(info.Algorithm.Parameters.FullBytes) != string(derSecp256k1) {
		return nil, fmt.Errorf("%w: not on secp256k1", ErrKeyFormat)
	}
	var inner ecPrivateKey
	rest, err := asn1.Unmarshal(info.PrivateKey, &inner)
	defer clear(inner.Private)
	if err != nil || len(rest) > 0 || inner.Version != 1 || len(inner.Private) > scalarSize ||
		inner.Curve != nil && !inner.Curve.Equal(oidSecp256k1) {
		return nil, fmt.Errorf("%w: EC private key", ErrKeyFormat)
	}
	var scalar secp256k1.ModNScalar
	if over := scalar.SetByteSlice(inner.Private); over || scalar.IsZero() {
		return nil, fmt.Errorf("%w: scalar out of range", ErrKeyFormat)
	}
	return newSecp256k1(secp256k1.NewPrivateKey(&scalar), keyID)
}

func newSecp256k1(key *secp256k1.PrivateKey, keyID string) (*Secp256k1, error) {
	public := key.PubKey().SerializeUncompressed()
	spki, err := marshalSPKI(secp256k1Keys, public)
	if err != nil {
		return nil, err
	}
	scalar := key.Serialize()
	defer clear(scalar)
	inner, err := asn1.Marshal(ecPrivateKey{
		Version: 1, Private: scalar, PublicKey: asn1.BitString{Bytes: public, BitLength: 8 * len(public)},
	})
	if err != nil {
		return nil, fmt.Errorf("material: private key: %w", err)
	}
	defer clear(inner)
	pkcs8, err := marshalPKCS8(secp256k1Keys, inner)
	if err != nil {
		return nil, err
	}
	p, err := newPair(FamilySecp256k1, keyID, pkcs8, spki)
	return &Secp256k1{p, conceal(key)}, err
}

// Spec is ECC_SECG_P256K1.
func (e *Secp256k1) Spec() string { return "ECC_SECG_P256K1" }

// Wipe destroys the key, which this library has a way for.
func (e *Secp256k1) Wipe() {
	e.pair.Wipe()
	e.key().Zero()
}

func (e *Secp256k1) scheme(algorithm string, form Form, message []byte) (scheme, error) {
	if algorithm != "ECDSA_SHA_256" {
		return scheme{}, fmt.Errorf("%w: %q with secp256k1", ErrAlgorithm, algorithm)
	}
	return schemeFor(algorithm, form, message)
}

// Sign makes an ECDSA signature in DER.
func (e *Secp256k1) Sign(algorithm string, form Form, message []byte) ([]byte, error) {
	s, err := e.scheme(algorithm, form, message)
	if err != nil {
		return nil, err
	}
	return ecdsa.Sign(e.key(), s.digest(form, message)).Serialize(), nil
}

// Verify holds a signature in DER against the message.
func (e *Secp256k1) Verify(algorithm string, form Form, message, signature []byte) error {
	s, err := e.scheme(algorithm, form, message)
	if err != nil {
		return err
	}
	return verifySecp256k1(e.key().PubKey(), s.digest(form, message), signature)
}

func verifySecp256k1(key *secp256k1.PublicKey, digest, signature []byte) error {
	parsed, err := ecdsa.ParseDERSignature(signature)
	return verified(err == nil && parsed.Verify(digest, key))
}
