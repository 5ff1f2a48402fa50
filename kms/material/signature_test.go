package material

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
)

// signing has the algorithms of every spec that signs.
var signing = map[string][]string{
	"RSA_2048":              rsaSigning,
	"RSA_3072":              rsaSigning,
	"RSA_4096":              rsaSigning,
	"ECC_NIST_P256":         {"ECDSA_SHA_256"},
	"ECC_NIST_P384":         {"ECDSA_SHA_384"},
	"ECC_NIST_P521":         {"ECDSA_SHA_512"},
	"ECC_SECG_P256K1":       {"ECDSA_SHA_256"},
	"ECC_NIST_EDWARDS25519": {"ED25519_SHA_512", "ED25519_PH_SHA_512"},
	"ML_DSA_44":             {"ML_DSA_SHAKE_256"},
	"ML_DSA_65":             {"ML_DSA_SHAKE_256"},
	"ML_DSA_87":             {"ML_DSA_SHAKE_256"},
}

var rsaSigning = []string{
	"RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512",
	"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
}

// hashOf computes the digest by the algorithm's name.
func hashOf(algorithm string, message []byte) []byte {
	switch {
	case strings.HasSuffix(algorithm, "_256"):
		d := sha256.Sum256(message)
		return d[:]
	case strings.HasSuffix(algorithm, "_384"):
		d := sha512.Sum384(message)
		return d[:]
	}
	d := sha512.Sum512(message)
	return d[:]
}

// mu is the representative of a message, FIPS 204 section 6.2, with an empty
// context. The public key ends the SubjectPublicKeyInfo.
func mu(spec string, spki, message []byte) []byte {
	size := map[string]int{"ML_DSA_44": 1312, "ML_DSA_65": 1952, "ML_DSA_87": 2592}[spec]
	tr := sha3.SumSHAKE256(spki[len(spki)-size:], 64)
	return sha3.SumSHAKE256(append(append(tr, 0, 0), message...), 64)
}

func TestEverySignatureVerifiesAndNoOtherDoes(t *testing.T) {
	message := []byte("a message")
	for spec, algorithms := range signing {
		s := newMaterial(t, spec).(Signer)
		for _, algorithm := range algorithms {
			for form, signed := range map[Form][]byte{Raw: message, Digest: hashOf(algorithm, message), ExternalMu: bytes.Repeat([]byte{7}, 64)} {
				if schemes[algorithm].forms&form == 0 {
					if _, err := s.Sign(algorithm, form, signed); !errors.Is(err, ErrMessageForm) {
						t.Errorf("%s in form %d: Sign err = %v, want ErrMessageForm", algorithm, form, err)
					}
					continue
				}
				signature, err := s.Sign(algorithm, form, signed)
				if err != nil {
					t.Fatalf("%s with %s: Sign err = %v", spec, algorithm, err)
				}
				if form == ExternalMu {
					continue // verified below
				}
				if err := s.Verify(algorithm, form, signed, signature); err != nil {
					t.Errorf("%s with %s: Verify err = %v", spec, algorithm, err)
				}
				other := bytes.Clone(signed)
				other[0] ^= 1
				if err := s.Verify(algorithm, form, other, signature); !errors.Is(err, ErrSignature) {
					t.Errorf("%s with %s: Verify of another message err = %v", spec, algorithm, err)
				}
				for _, bad := range mutations(signature) {
					if err := s.Verify(algorithm, form, signed, bad); !errors.Is(err, ErrSignature) {
						t.Errorf("%s with %s: Verify of another signature err = %v", spec, algorithm, err)
					}
				}
			}
		}
	}
}

// mutations changes, shortens and lengthens.
func mutations(signature []byte) (bad [][]byte) {
	for _, at := range []int{0, len(signature) / 2, len(signature) - 1} {
		b := bytes.Clone(signature)
		b[at] ^= 1
		bad = append(bad, b)
	}
	return append(bad, nil, signature[:len(signature)-1], append(bytes.Clone(signature), 0), make([]byte, len(signature)))
}

func TestRawAndDigestSignTheSame(t *testing.T) {
	message := []byte("a message")
	for spec, algorithms := range signing {
		s := newMaterial(t, spec).(Signer)
		for _, algorithm := range algorithms {
			if schemes[algorithm].forms != Raw|Digest {
				continue
			}
			signature, err := s.Sign(algorithm, Raw, message)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Verify(algorithm, Digest, hashOf(algorithm, message), signature); err != nil {
				t.Errorf("%s with %s: Verify of the digest err = %v", spec, algorithm, err)
			}
		}
	}
}

func TestSignaturesVerifyWithTheStandardLibrary(t *testing.T) {
	message := []byte("a message")
	for spec, algorithms := range signing {
		if strings.HasPrefix(spec, "ML_") || spec == "ECC_SECG_P256K1" {
			continue // not in the standard library; held against vectors
		}
		s := newMaterial(t, spec).(Signer)
		public, err := x509.ParsePKIXPublicKey(s.PublicKey())
		if err != nil {
			t.Fatalf("%s: ParsePKIXPublicKey err = %v", spec, err)
		}
		for _, algorithm := range algorithms {
			form, signed := Raw, message
			if algorithm == "ED25519_PH_SHA_512" {
				form, signed = Digest, hashOf(algorithm, message)
			}
			signature, err := s.Sign(algorithm, form, signed)
			if err != nil {
				t.Fatal(err)
			}
			if !standardVerify(public, algorithm, signed, signature) {
				t.Errorf("%s with %s does not verify", spec, algorithm)
			}
		}
	}
}

func standardVerify(public any, algorithm string, message, signature []byte) bool {
	digest := hashOf(algorithm, message)
	hash := map[int]crypto.Hash{32: crypto.SHA256, 48: crypto.SHA384, 64: crypto.SHA512}[len(digest)]
	switch k := public.(type) {
	case *rsa.PublicKey:
		if strings.Contains(algorithm, "PSS") {
			return rsa.VerifyPSS(k, hash, digest, signature, &rsa.PSSOptions{SaltLength: len(digest)}) == nil
		}
		return rsa.VerifyPKCS1v15(k, hash, digest, signature) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, digest, signature)
	case ed25519.PublicKey:
		if algorithm == "ED25519_SHA_512" {
			return ed25519.Verify(k, message, signature)
		}
		return ed25519.VerifyWithOptions(k, digest, signature, &ed25519.Options{Hash: crypto.SHA512}) == nil
	}
	return false
}

func TestKeysRefuseTheAlgorithmsOfOthers(t *testing.T) {
	for spec, own := range signing {
		s := newMaterial(t, spec).(Signer)
		for algorithm, scheme := range schemes {
			form, message := Raw, []byte("m")
			if scheme.forms == Digest {
				form, message = Digest, make([]byte, 64)
			}
			_, err := s.Sign(algorithm, form, message)
			if known := strings.Contains(strings.Join(own, " ")+" ", algorithm+" "); known != (err == nil) || !known && !errors.Is(err, ErrAlgorithm) {
				t.Errorf("%s with %s: Sign err = %v", spec, algorithm, err)
			}
		}
		for _, algorithm := range []string{"", "SM2DSA", "RSAES_OAEP_SHA_1"} {
			if err := s.Verify(algorithm, Raw, nil, nil); !errors.Is(err, ErrAlgorithm) {
				t.Errorf("%s with %q: Verify err = %v, want ErrAlgorithm", spec, algorithm, err)
			}
		}
	}
}

func TestDigestsHaveTheLengthOfTheAlgorithm(t *testing.T) {
	for algorithm, scheme := range schemes {
		for _, form := range []Form{Digest, ExternalMu} {
			for _, size := range []int{0, 31, 32, 33, 48, 63, 64, 65} {
				err := CheckMessage(algorithm, form, make([]byte, size))
				switch {
				case scheme.forms&form == 0:
					if !errors.Is(err, ErrMessageForm) {
						t.Errorf("%s, form %d: err = %v, want ErrMessageForm", algorithm, form, err)
					}
				case (size == scheme.size) != (err == nil) || err != nil && !errors.Is(err, ErrDigestSize):
					t.Errorf("%s, form %d of %d bytes: err = %v", algorithm, form, size, err)
				}
			}
		}
	}
}

func TestASignatureOfMuVerifiesWithTheMessage(t *testing.T) {
	message := []byte("a message")
	for _, spec := range []string{"ML_DSA_44", "ML_DSA_65", "ML_DSA_87"} {
		s := newMaterial(t, spec).(Signer)
		signed := mu(spec, s.PublicKey(), message)
		signature, err := s.Sign("ML_DSA_SHAKE_256", ExternalMu, signed)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Verify("ML_DSA_SHAKE_256", Raw, message, signature); err != nil {
			t.Errorf("%s: Verify of the message err = %v", spec, err)
		}
		if err := s.Verify("ML_DSA_SHAKE_256", Raw, signed, signature); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: Verify of μ as message err = %v, want ErrSignature", spec, err)
		}
		if err := s.Verify("ML_DSA_SHAKE_256", ExternalMu, signed, signature); !errors.Is(err, ErrVerifyMu) {
			t.Errorf("%s: Verify of μ err = %v, want ErrVerifyMu", spec, err)
		}
	}
}
