package kms

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // AWS offers RSAES_OAEP_SHA_1; OAEP does not rest on collisions
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"hash"
	"time"

	"github.com/tink-crypto/tink-go/v2/kwp/subtle"

	"sealstack/api/kmsapi"
	"sealstack/kms/material"
)

// parametersLife is how long a wrapping key and its import token are good.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GetParametersForImport.html
const parametersLife = 24 * time.Hour

// wrapping is an algorithm under which key material is brought.
// https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-get-public-key-and-token.html
type wrapping struct {
	hash   func() hash.Hash // of OAEP and its mask
	hybrid bool             // OAEP has wrapped an AES key, and that the material
}

var wrappings = map[kmsapi.AlgorithmSpec]wrapping{
	kmsapi.AlgorithmSpecRsaesOaepSha1:       {sha1.New, false},
	kmsapi.AlgorithmSpecRsaesOaepSha256:     {sha256.New, false},
	kmsapi.AlgorithmSpecRsaAesKeyWrapSha1:   {sha1.New, true},
	kmsapi.AlgorithmSpecRsaAesKeyWrapSha256: {sha256.New, true},
}

var wrappingBits = map[kmsapi.WrappingKeySpec]int{
	kmsapi.WrappingKeySpecRsa2048: 2048,
	kmsapi.WrappingKeySpecRsa3072: 3072,
	kmsapi.WrappingKeySpecRsa4096: 4096,
}

// importToken is what an import token says, sealed under the root key. The
// private key is nowhere else, so that nothing is left of an import that is
// not made.
type importToken struct {
	Algorithm kmsapi.AlgorithmSpec
	Until     time.Time
	Private   []byte // PKCS #1, of SM2 PKCS #8
}

// tokenLabel binds a token to its key.
func tokenLabel(r *record) string { return "kms.import " + r.arn() }

// newWrappingKey generates a key pair that one import is wrapped under.
func newWrappingKey(bits int) (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, bits) }

// wraps says whether a Region has a wrapping key of the kind and whether it
// goes with the algorithm. RSAES_PKCS1_V1_5 goes with none any more.
func wraps(region string, algorithm kmsapi.AlgorithmSpec, spec kmsapi.WrappingKeySpec) bool {
	if spec == kmsapi.WrappingKeySpecSm2 {
		return algorithm == kmsapi.AlgorithmSpecSm2pke && inChina(region)
	}
	_, ok := wrappings[algorithm]
	return ok && wrappingBits[spec] != 0
}

// newParameters makes a wrapping key for r. It returns the public key as
// SubjectPublicKeyInfo in DER, and the token.
func (s *Service) newParameters(r *record, algorithm kmsapi.AlgorithmSpec, spec kmsapi.WrappingKeySpec, until time.Time) (public, token []byte, err error) {
	t := importToken{Algorithm: algorithm, Until: until}
	if public, t.Private, err = s.wrappingPair(spec); err != nil {
		return nil, nil, err
	}
	defer clear(t.Private)
	text, err := json.Marshal(t)
	if err != nil {
		return nil, nil, err
	}
	defer clear(text)
	return public, s.root.Seal(tokenLabel(r), text), nil
}

// wrappingPair generates a wrapping key as the answer and the token hold it.
func (s *Service) wrappingPair(spec kmsapi.WrappingKeySpec) (public, private []byte, err error) {
	if spec == kmsapi.WrappingKeySpecSm2 {
		m, err := material.NewSM2()
		if err != nil {
			return nil, nil, err
		}
		defer m.Wipe()
		return m.PublicKey(), bytes.Clone(m.PKCS8().Bytes()), nil
	}
	key, err := s.wrappingKey(wrappingBits[spec])
	if err != nil {
		return nil, nil, err
	}
	public, err = x509.MarshalPKIXPublicKey(&key.PublicKey)
	return public, x509.MarshalPKCS1PrivateKey(key), err
}

// openToken reads a token that was made for r.
func (s *Service) openToken(r *record, sealed []byte) (*importToken, error) {
	text, err := s.root.Open(tokenLabel(r), sealed)
	if err != nil {
		return nil, invalidImportToken()
	}
	defer clear(text)
	t := &importToken{}
	if err := json.Unmarshal(text, t); err != nil {
		return nil, fmt.Errorf("kms: import token: %w", err)
	}
	if !s.clock.Now().Before(t.Until) {
		return nil, expiredImportToken()
	}
	return t, nil
}

// unwrap opens key material that was encrypted under the public key of the
// token. InvalidCiphertextException if it does not open.
func (t *importToken) unwrap(sealed []byte) (material.Secret, error) {
	defer clear(t.Private)
	if t.Algorithm == kmsapi.AlgorithmSpecSm2pke {
		return unwrapSM2(t.Private, sealed)
	}
	private, err := x509.ParsePKCS1PrivateKey(t.Private)
	if err != nil {
		return material.Secret{}, fmt.Errorf("kms: import token: %w", err)
	}
	w := wrappings[t.Algorithm]
	direct, rest := sealed, []byte(nil)
	if w.hybrid && len(sealed) > private.Size() {
		direct, rest = sealed[:private.Size()], sealed[private.Size():]
	}
	plain, err := rsa.DecryptOAEP(w.hash(), nil, private, direct, nil)
	if err != nil {
		return material.Secret{}, invalidCiphertext()
	}
	defer clear(plain)
	if !w.hybrid {
		return material.NewSecret(plain), nil
	}
	return unwrapAES(plain, rest)
}

// unwrapSM2 opens what was encrypted with SM2PKE, in DER.
func unwrapSM2(private, sealed []byte) (material.Secret, error) {
	secret := material.NewSecret(private)
	defer secret.Wipe()
	m, err := material.SM2From(secret, "")
	if err != nil {
		return material.Secret{}, fmt.Errorf("kms: import token: %w", err)
	}
	defer m.Wipe()
	plain, err := m.Decrypt("SM2PKE", sealed)
	if err != nil {
		return material.Secret{}, invalidCiphertext()
	}
	defer clear(plain)
	return material.NewSecret(plain), nil
}

// unwrapAES opens what AES key wrap with padding (RFC 5649) has wrapped.
func unwrapAES(key, sealed []byte) (material.Secret, error) {
	wrap, err := subtle.NewKWP(key)
	if err != nil {
		return material.Secret{}, invalidCiphertext()
	}
	plain, err := wrap.Unwrap(sealed)
	if err != nil {
		return material.Secret{}, invalidCiphertext()
	}
	defer clear(plain)
	return material.NewSecret(plain), nil
}
