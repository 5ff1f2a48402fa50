// Package jwt verifies the tokens of OpenID Connect providers: signed JSON Web
// Tokens (RFC 7519) against the keys that the provider publishes (RFC 7517).
// It is pure, all cryptography is the standard library's, and only package iam
// imports it.
//
// What AWS asks of tokens and keys:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes of RS256 and ES256
	_ "crypto/sha512" // and those of the longer ones
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
)

// Errors of Parse and Verify.
var (
	ErrMalformed = errors.New("jwt: not a signed JSON Web Token")
	ErrAlgorithm = errors.New("jwt: an algorithm that AWS does not take")
	ErrNoKey     = errors.New("jwt: none of the provider's keys signed it")
	ErrSignature = errors.New("jwt: the signature does not match")
)

// Token is a token taken apart. Nothing of it is to be trusted before Verify.
type Token struct {
	Claims Claims

	algorithm, keyID string
	signed           string
	signature        []byte
}

// Claims are the claims that STS looks at. Times are in seconds since 1970; 0
// stands for an absent one.
type Claims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  audience `json:"aud"`
	Party     string   `json:"azp"`
	Methods   []string `json:"amr"`
	Expires   number   `json:"exp"`
	NotBefore number   `json:"nbf"`
	IssuedAt  number   `json:"iat"`

	Tags struct {
		Principal  map[string][]string `json:"principal_tags"`
		Transitive []string            `json:"transitive_tag_keys"`
	} `json:"https://aws.amazon.com/tags"`
	SourceIdentity string `json:"https://aws.amazon.com/source_identity"`
}

// number takes fractions of a second too, and drops them.
type number int64

// UnmarshalJSON reads a NumericDate (RFC 7519, 2).
func (n *number) UnmarshalJSON(text []byte) error {
	var f float64
	if err := json.Unmarshal(text, &f); err != nil {
		return err
	}
	*n = number(f)
	return nil
}

// audience is one string or a list of them.
type audience []string

// UnmarshalJSON reads either form (RFC 7519, 4.1.3).
func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if err := json.Unmarshal(text, &one); err == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}

// Parse takes a token apart. ErrMalformed.
func Parse(text string) (*Token, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, ErrMalformed
	}
	var header struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
	}
	t := &Token{signed: parts[0] + "." + parts[1]}
	if decode(parts[0], &header) != nil || decode(parts[1], &t.Claims) != nil {
		return nil, ErrMalformed
	}
	var err error
	if t.signature, err = base64.RawURLEncoding.DecodeString(parts[2]); err != nil {
		return nil, ErrMalformed
	}
	t.algorithm, t.keyID = header.Algorithm, header.KeyID
	return t, nil
}

func decode(part string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// KeySet is what a provider publishes at its jwks_uri.
type KeySet struct {
	Keys []Key `json:"keys"`
}

// Key is one public key.
type Key struct {
	Type  string `json:"kty"`
	ID    string `json:"kid"`
	Use   string `json:"use"`
	N     string `json:"n"`
	E     string `json:"e"`
	Curve string `json:"crv"`
	X     string `json:"x"`
	Y     string `json:"y"`
}

// algorithm is how a token is signed: with RSA PKCS #1 v1.5 or ECDSA.
type algorithm struct {
	hash  crypto.Hash
	curve elliptic.Curve // nil for RSA
}

// algorithms are those that AWS takes. "none" and shared secrets are not among
// them.
var algorithms = map[string]algorithm{
	"RS256": {crypto.SHA256, nil}, "RS384": {crypto.SHA384, nil}, "RS512": {crypto.SHA512, nil},
	"ES256": {crypto.SHA256, elliptic.P256()}, "ES384": {crypto.SHA384, elliptic.P384()}, "ES512": {crypto.SHA512, elliptic.P521()},
}

// Verify checks the signature with the key that the token names, or with each
// if it names none. ErrAlgorithm, ErrNoKey, ErrSignature.
func (t *Token) Verify(keys KeySet) error {
	how, ok := algorithms[t.algorithm]
	if !ok {
		return ErrAlgorithm
	}
	h := how.hash.New()
	h.Write([]byte(t.signed))
	digest, err := h.Sum(nil), ErrNoKey
	for _, k := range keys.Keys {
		if t.keyID != "" && k.ID != t.keyID || k.Use != "" && k.Use != "sig" {
			continue
		}
		if how.verify(k, digest, t.signature) {
			return nil
		}
		err = ErrSignature
	}
	return err
}

func (a algorithm) verify(k Key, digest, signature []byte) bool {
	if a.curve != nil {
		key := k.ecdsa(a.curve)
		size := (a.curve.Params().BitSize + 7) / 8
		if key == nil || len(signature) != 2*size {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(key, digest, r, s)
	}
	key := k.rsa()
	return key != nil && rsa.VerifyPKCS1v15(key, a.hash, digest, signature) == nil
}

// rsa returns the key if it is one of RSA, else nil.
func (k Key) rsa() *rsa.PublicKey {
	n, e := bytesOf(k.N), bytesOf(k.E)
	if k.Type != "RSA" || len(n) == 0 || len(e) == 0 || len(e) > 4 {
		return nil
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
}

// ecdsa returns the key if it is one on the curve, else nil.
func (k Key) ecdsa(curve elliptic.Curve) *ecdsa.PublicKey {
	size := (curve.Params().BitSize + 7) / 8
	x, y := bytesOf(k.X), bytesOf(k.Y)
	if k.Type != "EC" || k.Curve != curve.Params().Name || len(x) != size || len(y) != size {
		return nil
	}
	point := append(append([]byte{4}, x...), y...)
	key, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil
	}
	return key
}

func bytesOf(text string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil
	}
	return b
}
