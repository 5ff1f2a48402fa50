package material

import (
	"crypto/mlkem"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"

	"github.com/cloudflare/circl/kem/mlkem/mlkem512"
)

// ErrCiphertextSize: a ciphertext whose length is not that of the key spec's.
var ErrCiphertextSize = errors.New("material: wrong ciphertext length")

// decapsulator is one parameter set of FIPS 203 with a private key.
type decapsulator interface {
	public() []byte
	encapsulate() (shared, ciphertext []byte)
	decapsulate(ciphertext []byte) (shared []byte, err error)
}

// parameters is one parameter set of FIPS 203.
type parameters struct {
	oid  asn1.ObjectIdentifier // RFC 9935 section 3
	size int                   // of a ciphertext
	from func(seed []byte) (decapsulator, error)
}

var mlkems = map[string]parameters{
	"ML_KEM_512":  {asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 4, 1}, mlkem512.CiphertextSize, newKEM512},
	"ML_KEM_768":  {asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 4, 2}, mlkem.CiphertextSize768, newKEM768},
	"ML_KEM_1024": {asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 4, 3}, mlkem.CiphertextSize1024, newKEM1024},
}

// MLKEM is a key pair of ML_KEM_512, ML_KEM_768 or ML_KEM_1024 (FIPS 203).
//
// Unverified: that the private keys of data key pairs hold the seed alone, the
// shortest of the three forms that RFC 9935 has.
type MLKEM struct {
	pair
	key  private[decapsulator]
	spec string
}

var _ KeyPair = (*MLKEM)(nil)

// NewMLKEM generates a key pair of one of the three specs.
func NewMLKEM(spec string) (*MLKEM, error) {
	seed := RandomSecret(mlkem.SeedSize)
	defer seed.Wipe()
	return newMLKEM(spec, seed.Bytes(), "")
}

// MLKEMFrom takes a private key in PKCS #8 that holds a seed alone (RFC 9935
// section 6), else ErrKeyFormat.
func MLKEMFrom(pkcs8 Secret, keyID string) (*MLKEM, error) {
	info, err := unmarshalPKCS8(pkcs8)
	if err != nil {
		return nil, err
	}
	defer clear(info.PrivateKey)
	for spec, p := range mlkems {
		if p.oid.Equal(info.Algorithm.Algorithm) {
			var seed []byte
			rest, err := asn1.UnmarshalWithParams(info.PrivateKey, &seed, "tag:0")
			defer clear(seed)
			if err != nil || len(rest) > 0 || len(seed) != mlkem.SeedSize {
				return nil, fmt.Errorf("%w: not an ML-KEM seed", ErrKeyFormat)
			}
			return newMLKEM(spec, seed, keyID)
		}
	}
	return nil, fmt.Errorf("%w: not ML-KEM", ErrKeyFormat)
}

func newMLKEM(spec string, seed []byte, keyID string) (*MLKEM, error) {
	p, ok := mlkems[spec]
	if !ok {
		return nil, fmt.Errorf("material: no parameters of %q", spec)
	}
	key, err := p.from(seed)
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	algorithm := pkix.AlgorithmIdentifier{Algorithm: p.oid}
	spki, err := marshalSPKI(algorithm, key.public())
	if err != nil {
		return nil, err
	}
	inner, err := asn1.MarshalWithParams(seed, "tag:0")
	if err != nil {
		return nil, fmt.Errorf("material: private key: %w", err)
	}
	defer clear(inner)
	pkcs8, err := marshalPKCS8(algorithm, inner)
	if err != nil {
		return nil, err
	}
	both, err := newPair(FamilyMLKEM, keyID, pkcs8, spki)
	return &MLKEM{both, conceal(key), spec}, err
}

// Spec is ML_KEM_512, ML_KEM_768 or ML_KEM_1024.
func (m *MLKEM) Spec() string { return m.spec }

// Encapsulate makes a shared secret of 32 bytes and a ciphertext of it for the
// holder of the private key.
func (m *MLKEM) Encapsulate() (shared Secret, ciphertext []byte) {
	secret, ciphertext := m.key().encapsulate()
	return hide(secret), ciphertext
}

// Decapsulate returns the shared secret of a ciphertext. One that was changed
// or made for another key gives another secret, not an error (FIPS 203 section
// 6.3); one of the wrong length ErrCiphertextSize.
func (m *MLKEM) Decapsulate(ciphertext []byte) (Secret, error) {
	if want := mlkems[m.spec].size; len(ciphertext) != want {
		return Secret{}, fmt.Errorf("%w: %d bytes, not %d", ErrCiphertextSize, len(ciphertext), want)
	}
	shared, err := m.key().decapsulate(ciphertext)
	if err != nil {
		return Secret{}, fmt.Errorf("material: %w", err)
	}
	return hide(shared), nil
}

// kem512 is by another library: the standard one leaves it out.
type kem512 struct {
	sk *mlkem512.PrivateKey
	pk *mlkem512.PublicKey
}

func newKEM512(seed []byte) (decapsulator, error) {
	if len(seed) != mlkem512.KeySeedSize {
		return nil, ErrKeyFormat
	}
	pk, sk := mlkem512.NewKeyFromSeed(seed)
	return kem512{sk, pk}, nil
}

func (k kem512) public() []byte {
	b := make([]byte, mlkem512.PublicKeySize)
	k.pk.Pack(b)
	return b
}

func (k kem512) encapsulate() (shared, ciphertext []byte) {
	shared, ciphertext = make([]byte, mlkem512.SharedKeySize), make([]byte, mlkem512.CiphertextSize)
	k.pk.EncapsulateTo(ciphertext, shared, nil) // nil: a random seed
	return shared, ciphertext
}

func (k kem512) decapsulate(ciphertext []byte) ([]byte, error) {
	shared := make([]byte, mlkem512.SharedKeySize)
	k.sk.DecapsulateTo(shared, ciphertext)
	return shared, nil
}

type kem768 struct{ *mlkem.DecapsulationKey768 }

func newKEM768(seed []byte) (decapsulator, error) {
	k, err := mlkem.NewDecapsulationKey768(seed)
	return kem768{k}, err
}

func (k kem768) public() []byte { return k.EncapsulationKey().Bytes() }

func (k kem768) encapsulate() (shared, ciphertext []byte) { return k.EncapsulationKey().Encapsulate() }

func (k kem768) decapsulate(ciphertext []byte) ([]byte, error) { return k.Decapsulate(ciphertext) }

type kem1024 struct{ *mlkem.DecapsulationKey1024 }

func newKEM1024(seed []byte) (decapsulator, error) {
	k, err := mlkem.NewDecapsulationKey1024(seed)
	return kem1024{k}, err
}

func (k kem1024) public() []byte { return k.EncapsulationKey().Bytes() }

func (k kem1024) encapsulate() (shared, ciphertext []byte) { return k.EncapsulationKey().Encapsulate() }

func (k kem1024) decapsulate(ciphertext []byte) ([]byte, error) { return k.Decapsulate(ciphertext) }
