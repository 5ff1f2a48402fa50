package material

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"strings"
	"testing"

	"filippo.io/mldsa"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// verifyGroup is a group of signatures of one public key.
type verifyGroup struct {
	PublicKeyDER hexBytes
	PublicKey    any
	SHA          string
	Tests        []struct {
		TCID            int
		Comment, Result string
		Flags           []string
		Msg, Sig, Ctx   hexBytes
	}
}

// holdSignatures runs a file of signatures. "acceptable" ones may pass or not.
func holdSignatures(t *testing.T, file string, verify func(g *verifyGroup, message, signature []byte) error) {
	t.Helper()
	holdSome(t, file, 1, verify)
}

// holdSome is holdSignatures with one of so many of the signatures that are
// right: those of the larger curves are slow under the race detector.
func holdSome(t *testing.T, file string, every int, verify func(g *verifyGroup, message, signature []byte) error) {
	t.Helper()
	ran := 0
	for _, g := range loadVectors[verifyGroup](t, file).TestGroups {
		for i, c := range g.Tests {
			if i%every != 0 && c.Result == "valid" {
				continue
			}
			ran++
			err := verify(&g, c.Msg, c.Sig)
			if c.Result != "acceptable" && (err == nil) != (c.Result == "valid") {
				t.Errorf("%s, test %d (%s, %s): err = %v", file, c.TCID, c.Comment, c.Result, err)
			}
		}
	}
	if ran < 40 {
		t.Errorf("%s: ran %d vectors", file, ran)
	}
}

func TestRSASignaturesAgreeWithWycheproof(t *testing.T) {
	for file, algorithm := range map[string]string{
		"rsa_pss_2048_sha256_mgf1_32_test.json": "RSASSA_PSS_SHA_256",
		"rsa_pss_2048_sha384_mgf1_48_test.json": "RSASSA_PSS_SHA_384",
		"rsa_pss_3072_sha256_mgf1_32_test.json": "RSASSA_PSS_SHA_256",
		"rsa_pss_4096_sha256_mgf1_32_test.json": "RSASSA_PSS_SHA_256",
		"rsa_pss_4096_sha384_mgf1_48_test.json": "RSASSA_PSS_SHA_384",
		"rsa_pss_4096_sha512_mgf1_64_test.json": "RSASSA_PSS_SHA_512",
		"rsa_signature_2048_sha256_test.json":   "RSASSA_PKCS1_V1_5_SHA_256",
		"rsa_signature_2048_sha384_test.json":   "RSASSA_PKCS1_V1_5_SHA_384",
		"rsa_signature_2048_sha512_test.json":   "RSASSA_PKCS1_V1_5_SHA_512",
		"rsa_signature_3072_sha256_test.json":   "RSASSA_PKCS1_V1_5_SHA_256",
		"rsa_signature_4096_sha512_test.json":   "RSASSA_PKCS1_V1_5_SHA_512",
	} {
		holdSignatures(t, file, func(g *verifyGroup, message, signature []byte) error {
			key, err := x509.ParsePKIXPublicKey(g.PublicKeyDER)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			s := schemes[algorithm]
			return verifyRSA(key.(*rsa.PublicKey), s, s.digest(Raw, message), signature)
		})
	}
}

// A salt of another length than the digest's is none of ours.
func TestPSSWithAnotherSaltIsRefused(t *testing.T) {
	for _, g := range loadVectors[verifyGroup](t, "rsa_pss_2048_sha256_mgf1_0_test.json").TestGroups {
		key, err := x509.ParsePKIXPublicKey(g.PublicKeyDER)
		if err != nil {
			t.Fatal(err)
		}
		s := schemes["RSASSA_PSS_SHA_256"]
		for _, c := range g.Tests {
			if c.Result == "valid" && verifyRSA(key.(*rsa.PublicKey), s, s.digest(Raw, c.Msg), c.Sig) == nil {
				t.Errorf("test %d verifies", c.TCID)
			}
		}
	}
}

func TestNISTSignaturesAgreeWithWycheproof(t *testing.T) {
	for spec, file := range map[string]string{
		"ECC_NIST_P256": "ecdsa_secp256r1_sha256_test.json",
		"ECC_NIST_P384": "ecdsa_secp384r1_sha384_test.json",
		"ECC_NIST_P521": "ecdsa_secp521r1_sha512_test.json",
	} {
		every := 8
		if spec == "ECC_NIST_P256" {
			every = 1
		}
		holdSome(t, file, every, func(g *verifyGroup, message, signature []byte) error {
			key, err := x509.ParsePKIXPublicKey(g.PublicKeyDER)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			digest := schemes[nists[spec].algorithm].digest(Raw, message)
			return verified(ecdsa.VerifyASN1(key.(*ecdsa.PublicKey), digest, signature))
		})
	}
}

func TestSecp256k1SignaturesAgreeWithWycheproof(t *testing.T) {
	holdSignatures(t, "ecdsa_secp256k1_sha256_test.json", func(g *verifyGroup, message, signature []byte) error {
		der := []byte(g.PublicKeyDER)
		key, err := secp256k1.ParsePubKey(der[len(der)-65:])
		if err != nil {
			t.Fatal(err)
		}
		again, err := marshalSPKI(secp256k1Keys, key.SerializeUncompressed())
		if err != nil || !bytes.Equal(again, der) {
			t.Fatalf("the public key encodes as %x, want %x", again, der)
		}
		return verifySecp256k1(key, schemes["ECDSA_SHA_256"].digest(Raw, message), signature)
	})
}

func TestEd25519SignaturesAgreeWithWycheproof(t *testing.T) {
	holdSignatures(t, "ed25519_test.json", func(g *verifyGroup, message, signature []byte) error {
		key, err := x509.ParsePKIXPublicKey(g.PublicKeyDER)
		if err != nil {
			t.Fatal(err)
		}
		return verifyEd25519(key.(ed25519.PublicKey), message, signature, &ed25519.Options{})
	})
}

func TestMLDSASignaturesAgreeWithWycheproof(t *testing.T) {
	for spec, file := range map[string]string{
		"ML_DSA_44": "mldsa_44_verify_test.json", "ML_DSA_65": "mldsa_65_verify_test.json", "ML_DSA_87": "mldsa_87_verify_test.json",
	} {
		ran := 0
		for _, g := range loadVectors[verifyGroup](t, file).TestGroups {
			public, _ := g.PublicKey.(string)
			var raw hexBytes
			if err := raw.UnmarshalText([]byte(public)); err != nil {
				t.Fatal(err)
			}
			key, err := mldsa.NewPublicKey(mldsas[spec], raw)
			for _, c := range g.Tests {
				if len(c.Ctx) > 0 {
					continue // KMS signs with an empty context
				}
				ran++
				if valid := err == nil && verifyMLDSA(key, c.Msg, c.Sig) == nil; valid != (c.Result == "valid") {
					t.Errorf("%s, test %d (%s, %s): valid = %v", file, c.TCID, c.Comment, c.Result, valid)
				}
			}
		}
		if ran < 40 {
			t.Errorf("%s: ran %d vectors", file, ran)
		}
	}
}

type mldsaSignGroup struct {
	PrivateKeyPKCS8 hexBytes
	PublicKey       hexBytes
	Tests           []struct {
		TCID              int
		Comment, Result   string
		Msg, Mu, Sig, Ctx hexBytes
	}
}

// The private keys of the vectors import, and what stands in them verifies.
func TestMLDSAKeysAgreeWithWycheproof(t *testing.T) {
	for spec, file := range map[string]string{
		"ML_DSA_44": "mldsa_44_sign_seed_test.json", "ML_DSA_65": "mldsa_65_sign_seed_test.json", "ML_DSA_87": "mldsa_87_sign_seed_test.json",
	} {
		ran := 0
		for _, g := range loadVectors[mldsaSignGroup](t, file).TestGroups {
			m, err := Import(spec, NewSecret(g.PrivateKeyPKCS8), "")
			if err != nil {
				continue // a bad key of an invalid test; counted below
			}
			if !bytes.HasSuffix(m.(KeyPair).PublicKey(), g.PublicKey) {
				t.Errorf("%s: another public key", file)
			}
			for _, c := range g.Tests {
				if c.Result != "valid" || len(c.Ctx) > 0 || len(c.Mu) == 0 || len(c.Msg) == 0 {
					continue
				}
				ran++
				if got := mu(spec, m.(KeyPair).PublicKey(), c.Msg); !bytes.Equal(got, c.Mu) {
					t.Errorf("%s, test %d: μ = %x", file, c.TCID, got)
				}
				if err := m.(Signer).Verify("ML_DSA_SHAKE_256", Raw, c.Msg, c.Sig); err != nil {
					t.Errorf("%s, test %d (%s): Verify err = %v", file, c.TCID, c.Comment, err)
				}
			}
		}
		if ran < 5 {
			t.Errorf("%s: ran %d vectors", file, ran)
		}
	}
}

type oaepGroup struct {
	PrivateKeyPKCS8 hexBytes
	Tests           []struct {
		TCID            int
		Comment, Result string
		Flags           []string
		Msg, CT, Label  hexBytes
	}
}

func TestOAEPAgreesWithWycheproof(t *testing.T) {
	for file, algorithm := range map[string]string{
		"rsa_oaep_2048_sha1_mgf1sha1_test.json":     "RSAES_OAEP_SHA_1",
		"rsa_oaep_2048_sha256_mgf1sha256_test.json": "RSAES_OAEP_SHA_256",
		"rsa_oaep_3072_sha256_mgf1sha256_test.json": "RSAES_OAEP_SHA_256",
		"rsa_oaep_4096_sha256_mgf1sha256_test.json": "RSAES_OAEP_SHA_256",
	} {
		ran := 0
		for _, g := range loadVectors[oaepGroup](t, file).TestGroups {
			r, err := RSAFrom(NewSecret(g.PrivateKeyPKCS8), "")
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			for _, c := range g.Tests {
				ran++
				got, err := r.Decrypt(algorithm, c.CT)
				valid := c.Result == "valid" && len(c.Label) == 0 // KMS has no labels
				if valid != (err == nil) || valid && !bytes.Equal(got, c.Msg) {
					t.Errorf("%s, test %d (%s): Decrypt = %x, %v", file, c.TCID, c.Comment, got, err)
				}
			}
		}
		if ran < 20 {
			t.Errorf("%s: ran %d vectors", file, ran)
		}
	}
}

type ecdhGroup struct {
	Tests []struct {
		TCID                    int
		Comment, Result         string
		Flags                   []string
		Public, Private, Shared hexBytes
	}
}

func TestECDHAgreesWithWycheproof(t *testing.T) {
	for file, curve := range map[string]elliptic.Curve{
		"ecdh_secp256r1_test.json": elliptic.P256(), "ecdh_secp384r1_test.json": elliptic.P384(), "ecdh_secp521r1_test.json": elliptic.P521(),
	} {
		ran := 0
		for _, g := range loadVectors[ecdhGroup](t, file).TestGroups {
			for i, c := range g.Tests {
				if curve != elliptic.P256() && i%16 != 0 && c.Result == "valid" {
					continue // the larger curves are slow under the race detector
				}
				scalar := make([]byte, (curve.Params().BitSize+7)/8)
				key, err := ecdsa.ParseRawPrivateKey(curve, new(big.Int).SetBytes(c.Private).FillBytes(scalar))
				if err != nil {
					t.Fatalf("%s, test %d: %v", file, c.TCID, err)
				}
				e := ECC{key: conceal(key)} // all that an agreement needs
				ran++
				got, err := e.SharedSecret(c.Public)
				if c.Result == "acceptable" && err != nil {
					continue
				}
				if valid := c.Result != "invalid"; valid != (err == nil) || valid && !got.Equal(NewSecret(c.Shared)) {
					t.Errorf("%s, test %d (%s, %s): SharedSecret err = %v", file, c.TCID, c.Comment, c.Result, err)
				}
			}
		}
		if ran < 100 {
			t.Errorf("%s: ran %d vectors", file, ran)
		}
	}
}

type macGroup struct {
	KeySize, TagSize int
	Tests            []struct {
		TCID            int
		Comment, Result string
		Key, Msg, Tag   hexBytes
	}
}

func TestHMACAgreesWithWycheproof(t *testing.T) {
	for spec, file := range map[string]string{
		"HMAC_224": "hmac_sha224_test.json", "HMAC_256": "hmac_sha256_test.json", "HMAC_384": "hmac_sha384_test.json", "HMAC_512": "hmac_sha512_test.json",
	} {
		ran := 0
		for _, g := range loadVectors[macGroup](t, file).TestGroups {
			for _, c := range g.Tests {
				m, err := Import(spec, NewSecret(c.Key), "")
				if strings.TrimPrefix(spec, "HMAC_") != big.NewInt(int64(g.KeySize)).String() {
					if err == nil {
						t.Errorf("%s took a key of %d bits", spec, g.KeySize)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				valid := m.(*HMAC).Verify(c.Msg, c.Tag) == nil
				if want := c.Result == "valid" && g.TagSize == g.KeySize; valid != want {
					t.Errorf("%s, test %d (%s): valid = %v, want %v", file, c.TCID, c.Comment, valid, want)
				}
				ran++
			}
		}
		if ran < 40 {
			t.Errorf("%s: ran %d vectors", file, ran)
		}
	}
}

type kemGroup struct {
	ParameterSet string
	Tests        []struct {
		TCID            int
		Comment, Result string
		Seed, EK, C, K  hexBytes
	}
}

func TestMLKEMAgreesWithWycheproof(t *testing.T) {
	for spec, file := range map[string]string{
		"ML_KEM_512": "mlkem_512_test.json", "ML_KEM_768": "mlkem_768_test.json", "ML_KEM_1024": "mlkem_1024_test.json",
	} {
		ran := 0
		for _, g := range loadVectors[kemGroup](t, file).TestGroups {
			for _, c := range g.Tests {
				ran++
				m, err := newMLKEM(spec, c.Seed, "")
				if err != nil {
					if c.Result == "valid" {
						t.Errorf("%s, test %d: %v", file, c.TCID, err)
					}
					continue
				}
				if len(c.EK) > 0 && c.Result == "valid" && !bytes.HasSuffix(m.PublicKey(), c.EK) {
					t.Errorf("%s, test %d: another public key", file, c.TCID)
				}
				got, err := m.Decapsulate(c.C)
				if valid := err == nil && got.Equal(NewSecret(c.K)); valid != (c.Result == "valid") {
					t.Errorf("%s, test %d (%s, %s): valid = %v, %v", file, c.TCID, c.Comment, c.Result, valid, err)
				}
			}
		}
		if ran < 40 {
			t.Errorf("%s: ran %d vectors", file, ran)
		}
	}
}
