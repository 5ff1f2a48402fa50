package material

import (
	"errors"
	"fmt"

	"filippo.io/mldsa"
	"filippo.io/mldsa/mldsacrypto"
	"filippo.io/mldsa/x509"
)

// ErrVerifyMu: no library that this package trusts verifies an ML-DSA signature
// against μ; the message itself can be verified.
var ErrVerifyMu = errors.New("material: signatures are not verified against μ")

var mldsas = map[string]mldsa.Parameters{
	"ML_DSA_44": mldsa.MLDSA44(), "ML_DSA_65": mldsa.MLDSA65(), "ML_DSA_87": mldsa.MLDSA87(),
}

// MLDSA is a key pair of ML_DSA_44, ML_DSA_65 or ML_DSA_87 (FIPS 204). It signs
// with an empty context.
type MLDSA struct {
	pair
	key  private[*mldsa.PrivateKey]
	spec string
}

var _ Signer = (*MLDSA)(nil)

// NewMLDSA generates a key pair of one of the three specs.
func NewMLDSA(spec string) (*MLDSA, error) {
	parameters, ok := mldsas[spec]
	if !ok {
		return nil, fmt.Errorf("material: no parameters of %q", spec)
	}
	key, err := mldsa.GenerateKey(parameters)
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return newMLDSA(key, "")
}

// MLDSAFrom takes a private key in PKCS #8 that holds a seed (RFC 9881), else
// ErrKeyFormat.
func MLDSAFrom(pkcs8 Secret, keyID string) (*MLDSA, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFormat, err)
	}
	key, ok := parsed.(*mldsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%w: %T", ErrKeyFormat, parsed)
	}
	return newMLDSA(key, keyID)
}

func newMLDSA(key *mldsa.PrivateKey, keyID string) (*MLDSA, error) {
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	spki, err := x509.MarshalPKIXPublicKey(key.PublicKey())
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	p, err := newPair(FamilyMLDSA, keyID, pkcs8, spki)
	m := &MLDSA{pair: p, key: conceal(key)}
	for spec, parameters := range mldsas {
		if parameters == key.PublicKey().Parameters() {
			m.spec = spec
		}
	}
	return m, err
}

// Spec is ML_DSA_44, ML_DSA_65 or ML_DSA_87.
func (m *MLDSA) Spec() string { return m.spec }

// check says whether the key takes the message.
func (m *MLDSA) check(algorithm string, form Form, message []byte) error {
	if algorithm != "ML_DSA_SHAKE_256" {
		return fmt.Errorf("%w: %q with ML-DSA", ErrAlgorithm, algorithm)
	}
	return CheckMessage(algorithm, form, message)
}

// Sign makes a hedged signature of 2420, 3309 or 4627 bytes.
func (m *MLDSA) Sign(algorithm string, form Form, message []byte) (signature []byte, err error) {
	if err := m.check(algorithm, form, message); err != nil {
		return nil, err
	}
	if form == ExternalMu {
		signature, err = m.key().Sign(nil, message, mldsacrypto.MLDSAMu)
	} else {
		signature, err = m.key().Sign(nil, message, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return signature, nil
}

// Verify holds a signature against a raw message. ErrVerifyMu for μ.
func (m *MLDSA) Verify(algorithm string, form Form, message, signature []byte) error {
	if err := m.check(algorithm, form, message); err != nil {
		return err
	}
	if form == ExternalMu {
		return ErrVerifyMu
	}
	return verifyMLDSA(m.key().PublicKey(), message, signature)
}

func verifyMLDSA(key *mldsa.PublicKey, message, signature []byte) error {
	return verified(mldsa.Verify(key, message, signature, nil) == nil)
}
