package material

import (
	"crypto"
	_ "crypto/sha256" // hashes of the algorithms
	_ "crypto/sha512"
	"errors"
	"fmt"
)

var (
	// ErrAlgorithm: the key has no such algorithm.
	ErrAlgorithm = errors.New("material: the key does not know the algorithm")

	// ErrSignature: the signature is not one of the message by this key.
	ErrSignature = errors.New("material: the signature does not verify")

	// ErrMessageForm: the algorithm does not take messages of the form.
	ErrMessageForm = errors.New("material: the algorithm does not take this form of message")

	// ErrDigestSize: a digest whose length is not that of the algorithm's.
	ErrDigestSize = errors.New("material: wrong digest length")
)

// Form says what stands for the message in a signature, the MessageType of the
// KMS API.
type Form byte

// The forms.
const (
	Raw        Form = 1 << iota // the message itself
	Digest                      // its hash
	ExternalMu                  // ML-DSA's μ, FIPS 204 section 6.2
)

// Signer is a key pair that signs.
type Signer interface {
	KeyPair

	// Sign signs a message with an algorithm of the KMS API. ErrAlgorithm,
	// ErrMessageForm, ErrDigestSize.
	Sign(algorithm string, form Form, message []byte) ([]byte, error)

	// Verify holds a signature against a message: the errors of Sign, and
	// ErrSignature.
	Verify(algorithm string, form Form, message, signature []byte) error
}

// scheme is a signing algorithm.
type scheme struct {
	padding padding
	hash    crypto.Hash // of the message, 0 if the algorithm has its own way
	forms   Form
	size    int // of a message that is no raw one
}

// padding tells the algorithms of RSA apart.
type padding byte

const (
	noPadding padding = iota
	pss
	pkcs1v15
)

// schemes has the signing algorithms of the KMS API.
// https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
var schemes = map[string]scheme{
	"RSASSA_PSS_SHA_256":        {pss, crypto.SHA256, Raw | Digest, 32},
	"RSASSA_PSS_SHA_384":        {pss, crypto.SHA384, Raw | Digest, 48},
	"RSASSA_PSS_SHA_512":        {pss, crypto.SHA512, Raw | Digest, 64},
	"RSASSA_PKCS1_V1_5_SHA_256": {pkcs1v15, crypto.SHA256, Raw | Digest, 32},
	"RSASSA_PKCS1_V1_5_SHA_384": {pkcs1v15, crypto.SHA384, Raw | Digest, 48},
	"RSASSA_PKCS1_V1_5_SHA_512": {pkcs1v15, crypto.SHA512, Raw | Digest, 64},
	"ECDSA_SHA_256":             {noPadding, crypto.SHA256, Raw | Digest, 32},
	"ECDSA_SHA_384":             {noPadding, crypto.SHA384, Raw | Digest, 48},
	"ECDSA_SHA_512":             {noPadding, crypto.SHA512, Raw | Digest, 64},
	"ED25519_SHA_512":           {noPadding, 0, Raw, 0},
	"ED25519_PH_SHA_512":        {noPadding, 0, Digest, 64},
	"SM2DSA":                    {noPadding, 0, Raw | Digest, 32},
	"ML_DSA_SHAKE_256":          {noPadding, 0, Raw | ExternalMu, 64},
}

// CheckMessage says whether a signing algorithm takes the message in the form:
// ErrAlgorithm, ErrMessageForm or ErrDigestSize if not.
func CheckMessage(algorithm string, form Form, message []byte) error {
	_, err := schemeFor(algorithm, form, message)
	return err
}

func schemeFor(algorithm string, form Form, message []byte) (scheme, error) {
	s, ok := schemes[algorithm]
	switch {
	case !ok:
		return s, fmt.Errorf("%w: %q", ErrAlgorithm, algorithm)
	case s.forms&form == 0:
		return s, fmt.Errorf("%w: %s", ErrMessageForm, algorithm)
	case form != Raw && len(message) != s.size:
		return s, fmt.Errorf("%w: %d bytes, not %d", ErrDigestSize, len(message), s.size)
	}
	return s, nil
}

// digest is the hash of the message.
func (s scheme) digest(form Form, message []byte) []byte {
	if form == Digest {
		return message
	}
	h := s.hash.New()
	h.Write(message)
	return h.Sum(nil)
}

// verified is ErrSignature unless ok.
func verified(ok bool) error {
	if !ok {
		return ErrSignature
	}
	return nil
}
