package material

import (
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// SM2 is a key pair of SM2, which AWS has in China Regions (GB/T 32918). It
// signs, encrypts or agrees on secrets; KMS keys do one of the three.
type SM2 struct {
	pair
	key private[*sm2.PrivateKey]
}

var _ Signer = (*SM2)(nil)

// MaxSM2Plaintext is the most that SM2PKE encrypts in KMS, in bytes.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
const MaxSM2Plaintext = 1024

// NewSM2 generates a key pair.
func NewSM2() (*SM2, error) {
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return newSM2(key, "")
}

// SM2From takes a private key in PKCS #8 on the curve, else ErrKeyFormat.
func SM2From(pkcs8 Secret, keyID string) (*SM2, error) {
	if _, err := unmarshalPKCS8(pkcs8); err != nil {
		return nil, err
	}
	parsed, err := smx509.ParsePKCS8PrivateKey(pkcs8.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFormat, err)
	}
	key, ok := parsed.(*sm2.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%w: %T", ErrKeyFormat, parsed)
	}
	return newSM2(key, keyID)
}

func newSM2(key *sm2.PrivateKey, keyID string) (*SM2, error) {
	pkcs8, err := smx509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	spki, err := smx509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	p, err := newPair(FamilySM2, keyID, pkcs8, spki)
	return &SM2{p, conceal(key)}, err
}

// Spec is SM2.
func (m *SM2) Spec() string { return "SM2" }

func (m *SM2) check(algorithm string, form Form, message []byte) error {
	if algorithm != "SM2DSA" {
		return fmt.Errorf("%w: %q with SM2", ErrAlgorithm, algorithm)
	}
	return CheckMessage(algorithm, form, message)
}

// Sign makes a signature in DER. A raw message is hashed with SM3 behind the
// hash over the default identity and the key; a digest is that hash.
func (m *SM2) Sign(algorithm string, form Form, message []byte) ([]byte, error) {
	if err := m.check(algorithm, form, message); err != nil {
		return nil, err
	}
	signature, err := sm2.SignASN1(rand.Reader, m.key(), message, sm2.NewSM2SignerOption(form == Raw, nil))
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return signature, nil
}

// Verify holds a signature in DER against the message.
func (m *SM2) Verify(algorithm string, form Form, message, signature []byte) error {
	if err := m.check(algorithm, form, message); err != nil {
		return err
	}
	if form == Raw {
		return verified(sm2.VerifyASN1WithSM2(&m.key().PublicKey, nil, message, signature))
	}
	return verified(sm2.VerifyASN1(&m.key().PublicKey, message, signature))
}

// Encrypt makes a ciphertext in DER. ErrPlaintextSize for none or too many
// bytes, ErrAlgorithm for another algorithm than SM2PKE.
func (m *SM2) Encrypt(algorithm string, plaintext []byte) ([]byte, error) {
	if algorithm != "SM2PKE" {
		return nil, fmt.Errorf("%w: %q with SM2", ErrAlgorithm, algorithm)
	}
	if len(plaintext) == 0 || len(plaintext) > MaxSM2Plaintext {
		return nil, fmt.Errorf("%w: %d bytes", ErrPlaintextSize, len(plaintext))
	}
	ciphertext, err := sm2.EncryptASN1(rand.Reader, &m.key().PublicKey, plaintext)
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return ciphertext, nil
}

// Decrypt opens what was encrypted with the public key: ErrAuthentication if
// it was not.
func (m *SM2) Decrypt(algorithm string, ciphertext []byte) ([]byte, error) {
	if algorithm != "SM2PKE" {
		return nil, fmt.Errorf("%w: %q with SM2", ErrAlgorithm, algorithm)
	}
	plaintext, err := sm2.Decrypt(m.key(), ciphertext)
	if err != nil {
		return nil, ErrAuthentication
	}
	return plaintext, nil
}

var errNotSM2 = errors.New("not on the curve of SM2")

// SharedSecret is the secret that the pair shares with the owner of a public
// key on the same curve: the X coordinate of the product. ErrPeerKey for any
// other key.
func (m *SM2) SharedSecret(peer []byte) (Secret, error) {
	parsed, err := smx509.ParsePKIXPublicKey(peer)
	if err != nil {
		return Secret{}, fmt.Errorf("%w: %w", ErrPeerKey, err)
	}
	public, ok := parsed.(*ecdsa.PublicKey)
	if !ok || !sm2.IsSM2PublicKey(public) {
		return Secret{}, fmt.Errorf("%w: %w", ErrPeerKey, errNotSM2)
	}
	theirs, err := sm2.PublicKeyToECDH(public)
	if err != nil {
		return Secret{}, fmt.Errorf("%w: %w", ErrPeerKey, err)
	}
	mine, err := m.key().ECDH()
	if err != nil {
		return Secret{}, fmt.Errorf("material: %w", err)
	}
	secret, err := mine.ECDH(theirs)
	if err != nil {
		return Secret{}, fmt.Errorf("%w: %w", ErrPeerKey, err)
	}
	return hide(secret), nil
}
