package material

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/mlkem"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"hash"
	"testing"
)

func TestOAEPLimitsAreAWSs(t *testing.T) {
	for _, c := range []struct {
		bits, sha1, sha256 int
	}{{2048, 214, 190}, {3072, 342, 318}, {4096, 470, 446}} {
		one, err1 := OAEPLimit(c.bits, "RSAES_OAEP_SHA_1")
		two, err2 := OAEPLimit(c.bits, "RSAES_OAEP_SHA_256")
		if one != c.sha1 || two != c.sha256 || err1 != nil || err2 != nil {
			t.Errorf("%d bits: %d, %d, %v, %v", c.bits, one, two, err1, err2)
		}
	}
	if _, err := OAEPLimit(2048, "SYMMETRIC_DEFAULT"); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("err = %v, want ErrAlgorithm", err)
	}
}

func TestRSAEncryptsUpToItsLimit(t *testing.T) {
	for _, spec := range []string{"RSA_2048", "RSA_3072", "RSA_4096"} {
		r := newMaterial(t, spec).(*RSA)
		for algorithm := range oaep {
			limit, _ := OAEPLimit(r.key().N.BitLen(), algorithm)
			for _, size := range []int{0, 1, limit} {
				plaintext := bytes.Repeat([]byte{0xff}, size)
				sealed, err := r.Encrypt(algorithm, plaintext)
				if err != nil || len(sealed) != r.key().Size() {
					t.Fatalf("%s, %s: Encrypt of %d bytes = %d bytes, %v", spec, algorithm, size, len(sealed), err)
				}
				got, err := r.Decrypt(algorithm, sealed)
				if err != nil || !bytes.Equal(got, plaintext) {
					t.Errorf("%s, %s: Decrypt of %d bytes err = %v", spec, algorithm, size, err)
				}
			}
			if _, err := r.Encrypt(algorithm, make([]byte, limit+1)); !errors.Is(err, ErrPublicKeySize) {
				t.Errorf("%s, %s: Encrypt of %d bytes err = %v, want ErrPublicKeySize", spec, algorithm, limit+1, err)
			}
		}
	}
}

func TestRSADecryptsWhatOthersEncrypted(t *testing.T) {
	r := newMaterial(t, "RSA_2048").(*RSA)
	parsed, err := x509.ParsePKIXPublicKey(r.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	for algorithm, h := range map[string]func() hash.Hash{"RSAES_OAEP_SHA_1": sha1.New, "RSAES_OAEP_SHA_256": sha256.New} {
		sealed, err := rsa.EncryptOAEP(h(), rand.Reader, parsed.(*rsa.PublicKey), []byte("hello"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Decrypt(algorithm, sealed); err != nil || string(got) != "hello" {
			t.Errorf("%s: Decrypt = %q, %v", algorithm, got, err)
		}
	}
}

func TestRSADecryptRefuses(t *testing.T) {
	r := newMaterial(t, "RSA_2048").(*RSA)
	sealed, err := r.Encrypt("RSAES_OAEP_SHA_256", []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range append(mutations(sealed), []byte("x")) {
		if _, err := r.Decrypt("RSAES_OAEP_SHA_256", bad); !errors.Is(err, ErrAuthentication) {
			t.Errorf("a changed ciphertext: err = %v, want ErrAuthentication", err)
		}
	}
	if _, err := r.Decrypt("RSAES_OAEP_SHA_1", sealed); !errors.Is(err, ErrAuthentication) {
		t.Errorf("the other algorithm: err = %v, want ErrAuthentication", err)
	}
	if _, err := r.Decrypt("SYMMETRIC_DEFAULT", sealed); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("no algorithm of RSA: err = %v, want ErrAlgorithm", err)
	}
	if _, err := r.Encrypt("SYMMETRIC_DEFAULT", sealed); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("no algorithm of RSA: err = %v, want ErrAlgorithm", err)
	}
}

func TestBothSidesDeriveTheSameSecret(t *testing.T) {
	for spec, n := range nists {
		a, b := newMaterial(t, spec).(*ECC), newMaterial(t, spec).(*ECC)
		ab, err1 := a.SharedSecret(b.PublicKey())
		ba, err2 := b.SharedSecret(a.PublicKey())
		if err1 != nil || err2 != nil || !ab.Equal(ba) || ab.Len() != (n.curve.Params().BitSize+7)/8 {
			t.Errorf("%s: secrets of %d bytes, equal %v, %v, %v", spec, ab.Len(), ab.Equal(ba), err1, err2)
		}
		parsed, err := x509.ParsePKCS8PrivateKey(b.PKCS8().Bytes())
		if err != nil {
			t.Fatal(err)
		}
		private, _ := parsed.(*ecdsa.PrivateKey).ECDH()
		peer, _ := a.key().PublicKey.ECDH()
		if want, err := private.ECDH(peer); err != nil || !ab.Equal(NewSecret(want)) {
			t.Errorf("%s: the standard library derives another secret", spec)
		}
	}
}

func TestSharedSecretRefuses(t *testing.T) {
	e := newMaterial(t, "ECC_NIST_P256").(*ECC)
	x, _ := ecdh.X25519().GenerateKey(rand.Reader)
	x25519, _ := x509.MarshalPKIXPublicKey(x.Public())
	off := bytes.Clone(newMaterial(t, "ECC_NIST_P256").(*ECC).PublicKey())
	off[len(off)-1] ^= 1
	for name, peer := range map[string][]byte{
		"nothing": nil, "text": []byte("no key"), "X25519": x25519, "a point beside the curve": off,
		"a private key": e.PKCS8().Bytes(), "RSA": newMaterial(t, "RSA_2048").(KeyPair).PublicKey(),
		"P-384": newMaterial(t, "ECC_NIST_P384").(KeyPair).PublicKey(), "secp256k1": newMaterial(t, "ECC_SECG_P256K1").(KeyPair).PublicKey(),
	} {
		if _, err := e.SharedSecret(peer); !errors.Is(err, ErrPeerKey) {
			t.Errorf("SharedSecret(%s) err = %v, want ErrPeerKey", name, err)
		}
	}
}

func TestDecapsulateGivesTheSecretOfEncapsulate(t *testing.T) {
	sizes := map[string]int{"ML_KEM_512": 768, "ML_KEM_768": 1088, "ML_KEM_1024": 1568}
	for spec, size := range sizes {
		m, other := newMaterial(t, spec).(*MLKEM), newMaterial(t, spec).(*MLKEM)
		shared, ciphertext := m.Encapsulate()
		again, second := m.Encapsulate()
		if shared.Len() != 32 || len(ciphertext) != size || shared.Equal(again) || bytes.Equal(ciphertext, second) {
			t.Errorf("%s: Encapsulate = %d and %d bytes, or twice the same", spec, shared.Len(), len(ciphertext))
		}
		if got, err := m.Decapsulate(ciphertext); err != nil || !got.Equal(shared) {
			t.Errorf("%s: Decapsulate gives another secret, %v", spec, err)
		}
		if got, err := other.Decapsulate(ciphertext); err != nil || got.Equal(shared) || got.Len() != 32 {
			t.Errorf("%s: Decapsulate with another key: %v", spec, err)
		}
		changed := bytes.Clone(ciphertext)
		changed[0] ^= 1
		if got, err := m.Decapsulate(changed); err != nil || got.Equal(shared) || got.Len() != 32 {
			t.Errorf("%s: Decapsulate of a changed ciphertext: %v", spec, err)
		}
		for _, bad := range [][]byte{nil, ciphertext[1:], append(changed, 0), make([]byte, 32)} {
			if _, err := m.Decapsulate(bad); !errors.Is(err, ErrCiphertextSize) {
				t.Errorf("%s: Decapsulate of %d bytes err = %v, want ErrCiphertextSize", spec, len(bad), err)
			}
		}
	}
}

// Others encapsulate to the public key that KMS shows.
func TestMLKEMPublicKeyIsTheStandardOnes(t *testing.T) {
	m := newMaterial(t, "ML_KEM_768").(*MLKEM)
	var info publicKeyInfo
	if _, err := asn1.Unmarshal(m.PublicKey(), &info); err != nil {
		t.Fatal(err)
	}
	public, err := mlkem.NewEncapsulationKey768(info.PublicKey.Bytes)
	if err != nil || info.Algorithm.Algorithm.String() != "2.16.840.1.101.3.4.4.2" || info.Algorithm.Parameters.FullBytes != nil {
		t.Fatalf("%v, %+v", err, info.Algorithm)
	}
	shared, ciphertext := public.Encapsulate()
	if got, err := m.Decapsulate(ciphertext); err != nil || !got.Equal(NewSecret(shared)) {
		t.Errorf("Decapsulate gives another secret, %v", err)
	}
}

func TestHMACIsAsLongAsItsKey(t *testing.T) {
	for spec, size := range map[string]int{"HMAC_224": 28, "HMAC_256": 32, "HMAC_384": 48, "HMAC_512": 64} {
		h := newMaterial(t, spec).(*HMAC)
		mac := h.Sum([]byte("m"))
		if len(mac) != size || h.Verify([]byte("m"), mac) != nil {
			t.Errorf("%s: Sum = %d bytes, Verify err = %v", spec, len(mac), h.Verify([]byte("m"), mac))
		}
		if err := h.Verify([]byte("n"), mac); !errors.Is(err, ErrMAC) {
			t.Errorf("%s: another message: err = %v, want ErrMAC", spec, err)
		}
		for _, bad := range mutations(mac) {
			if err := h.Verify([]byte("m"), bad); !errors.Is(err, ErrMAC) {
				t.Errorf("%s: another MAC: err = %v, want ErrMAC", spec, err)
			}
		}
	}
}

func TestConstructorsRefuseOtherSpecs(t *testing.T) {
	for name, err := range map[string]error{
		"ECC":          errorOf(NewECC("ECC_SECG_P256K1")),
		"ML-DSA":       errorOf(NewMLDSA("ML_KEM_512")),
		"ML-KEM":       errorOf(NewMLKEM("ML_DSA_44")),
		"HMAC":         errorOf(NewHMAC(31)),
		"RSA of 1024":  errorOf(NewRSA(1024)),
		"RSA of 2050":  errorOf(NewRSA(2050)),
		"a short seed": errorOf(newMLKEM("ML_KEM_512", make([]byte, 63), "")),
	} {
		if err == nil {
			t.Errorf("%s: err = nil", name)
		}
	}
}

func errorOf[T any](_ T, err error) error { return err }
