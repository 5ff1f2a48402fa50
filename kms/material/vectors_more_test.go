package material

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

// hashNames are the digests of KMS's RSA algorithms, by Wycheproof's names.
var hashNames = map[string]string{"SHA-256": "SHA_256", "SHA-384": "SHA_384", "SHA-512": "SHA_512"}

func TestMoreRSASignaturesAgreeWithWycheproof(t *testing.T) {
	for _, file := range []string{"rsa_signature_3072_sha384_test.json", "rsa_signature_3072_sha512_test.json", "rsa_signature_4096_sha256_test.json", "rsa_signature_4096_sha384_test.json"} {
		holdSignatures(t, file, func(g *verifyGroup, message, signature []byte) error {
			key, err := x509.ParsePKIXPublicKey(g.PublicKeyDER)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			s := schemes["RSASSA_PKCS1_V1_5_"+hashNames[g.SHA]]
			return verifyRSA(key.(*rsa.PublicKey), s, s.digest(Raw, message), signature)
		})
	}
}

type signGroup struct {
	KeySize         int
	PrivateKeyPKCS8 hexBytes
	SHA             string
	Tests           []struct {
		TCID     int
		Msg, Sig hexBytes
		Result   string
	}
}

// PKCS #1 v1.5 signatures have no randomness: there is one right answer.
func TestPKCS1SignaturesAreThoseOfWycheproof(t *testing.T) {
	ran := 0
	for _, bits := range []int{2048, 3072, 4096} {
		for _, g := range loadVectors[signGroup](t, fmt.Sprintf("rsa_pkcs1_%d_sig_gen_test.json", bits)).TestGroups {
			if hashNames[g.SHA] == "" {
				continue
			}
			r, err := RSAFrom(NewSecret(g.PrivateKeyPKCS8), "")
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range g.Tests {
				ran++
				got, err := r.Sign("RSASSA_PKCS1_V1_5_"+hashNames[g.SHA], Raw, c.Msg)
				if err != nil || bytes.Equal(got, c.Sig) != (c.Result != "invalid") {
					t.Errorf("%d bits, test %d (%s): Sign = %x, %v", bits, c.TCID, c.Result, got, err)
				}
			}
		}
	}
	if ran < 20 {
		t.Errorf("ran %d vectors", ran)
	}
}

type pssGroup struct {
	SHA, MGFSHA  string
	SLen         int
	PublicKeyDER hexBytes
	Tests        []struct {
		TCID            int
		Comment, Result string
		Msg, Sig        hexBytes
	}
}

// Of the PSS signatures with all sorts of salts and masks only those verify
// whose mask has the hash of the digest, and whose salt has its length.
func TestPSSHasOneSaltAndOneMask(t *testing.T) {
	lengths := map[string]int{"SHA-256": 32, "SHA-384": 48, "SHA-512": 64}
	taken, refused := 0, 0
	for _, file := range []string{
		"rsa_pss_misc_test.json", "rsa_pss_2048_sha256_mgf1_0_test.json", "rsa_pss_2048_sha256_mgf1sha1_20_test.json",
		"rsa_pss_4096_sha512_mgf1_32_test.json", "rsa_pss_2048_sha256_mgf1_32_test.json",
	} {
		for _, g := range loadVectors[pssGroup](t, file).TestGroups {
			key, err := x509.ParsePKIXPublicKey(g.PublicKeyDER)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			s, ok := schemes["RSASSA_PSS_"+hashNames[g.SHA]]
			if !ok {
				continue
			}
			ours := g.SHA == g.MGFSHA && g.SLen == lengths[g.SHA]
			for _, c := range g.Tests {
				if c.Result != "valid" {
					continue
				}
				err := verifyRSA(key.(*rsa.PublicKey), s, s.digest(Raw, c.Msg), c.Sig)
				if (err == nil) != ours {
					t.Errorf("%s, test %d (%s, mask %s, salt of %d): err = %v", file, c.TCID, g.SHA, g.MGFSHA, g.SLen, err)
				}
				if ours {
					taken++
				} else {
					refused++
				}
			}
		}
	}
	if taken < 20 || refused < 40 {
		t.Errorf("%d taken, %d refused", taken, refused)
	}
}

type oaepMiscGroup struct {
	KeySize     int
	SHA, MGFSHA string
	oaepGroup
}

// Only OAEP whose mask has the hash of the label opens, and no key of another
// size is taken.
func TestOAEPHasOneMask(t *testing.T) {
	opened, refused := 0, 0
	for _, file := range []string{
		"rsa_oaep_misc_test.json", "rsa_oaep_2048_sha256_mgf1sha1_test.json", "rsa_oaep_3072_sha256_mgf1sha1_test.json",
		"rsa_oaep_4096_sha256_mgf1sha1_test.json", "rsa_oaep_2048_sha512_mgf1sha512_test.json",
	} {
		for _, g := range loadVectors[oaepMiscGroup](t, file).TestGroups {
			r, err := RSAFrom(NewSecret(g.PrivateKeyPKCS8), "")
			if known := g.KeySize == 2048 || g.KeySize == 3072 || g.KeySize == 4096; known != (err == nil) {
				t.Fatalf("%s: a key of %d bits: %v", file, g.KeySize, err)
			} else if !known {
				continue
			}
			for i, c := range g.Tests {
				if g.KeySize > 2048 && i%4 != 0 && c.Result != "valid" {
					continue // the larger keys are slow, and refuse for the same reasons
				}
				for name, sha := range map[string]string{"RSAES_OAEP_SHA_1": "SHA-1", "RSAES_OAEP_SHA_256": "SHA-256"} {
					want := c.Result == "valid" && len(c.Label) == 0 && g.SHA == sha && g.MGFSHA == sha
					got, err := r.Decrypt(name, c.CT)
					if want != (err == nil) || want && !bytes.Equal(got, c.Msg) {
						t.Errorf("%s, test %d with %s: Decrypt = %x, %v", file, c.TCID, name, got, err)
					}
					if want {
						opened++
					} else {
						refused++
					}
				}
			}
		}
	}
	if opened < 10 || refused < 500 {
		t.Errorf("%d opened, %d refused", opened, refused)
	}
}

// An ECDSA signature over another digest than the curve's is none of KMS's.
func TestNISTSignaturesHaveTheDigestOfTheirCurve(t *testing.T) {
	for spec, file := range map[string]string{
		"ECC_NIST_P256": "ecdsa_secp256r1_sha512_test.json", "ECC_NIST_P384": "ecdsa_secp384r1_sha512_test.json", "ECC_NIST_P384 ": "ecdsa_secp384r1_sha256_test.json",
	} {
		ran := 0
		for _, g := range loadVectors[verifyGroup](t, file).TestGroups {
			key, err := x509.ParsePKIXPublicKey(g.PublicKeyDER)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range g.Tests {
				if c.Result != "valid" || ran == 40 {
					continue
				}
				ran++
				digest := schemes[nists[strings.TrimSpace(spec)].algorithm].digest(Raw, c.Msg)
				if ecdsa.VerifyASN1(key.(*ecdsa.PublicKey), digest, c.Sig) {
					t.Errorf("%s, test %d verifies", file, c.TCID)
				}
			}
		}
		if ran < 20 {
			t.Errorf("%s: ran %d vectors", file, ran)
		}
	}
}

// Keys on other curves, and P-256 keys in compressed form or with explicit
// parameters, are no peers.
func TestECDHRefusesKeysOfOtherCurves(t *testing.T) {
	e, err := NewECC("ECC_NIST_P256")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, file := range []string{
		"ecdh_secp224r1_test.json", "ecdh_secp384r1_test.json", "ecdh_secp521r1_test.json", "ecdh_secp256k1_test.json", "ecdh_brainpoolP256r1_test.json",
	} {
		for _, g := range loadVectors[ecdhGroup](t, file).TestGroups {
			for _, c := range g.Tests {
				if c.Result != "valid" || strings.Contains(strings.Join(c.Flags, " "), "Unnamed") {
					continue
				}
				ran++
				if _, err := e.SharedSecret(c.Public); err == nil {
					t.Errorf("%s, test %d (%s) is taken", file, c.TCID, c.Comment)
				}
			}
		}
	}
	if ran < 500 {
		t.Errorf("ran %d vectors", ran)
	}
}

// The bare points of the other file of P-256 agree with the encoded keys.
func TestECDHOfBarePointsAgreesWithWycheproof(t *testing.T) {
	ran := 0
	for _, g := range loadVectors[ecdhGroup](t, "ecdh_secp256r1_ecpoint_test.json").TestGroups {
		for _, c := range g.Tests {
			if len(c.Public) != 65 { // compressed, which the encoding of KMS has not
				continue
			}
			key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), new(big.Int).SetBytes(c.Private).FillBytes(make([]byte, 32)))
			if err != nil {
				t.Fatal(err)
			}
			ran++
			spki := append(unhex("3059301306072a8648ce3d020106082a8648ce3d030107034200"), c.Public...)
			got, err := (&ECC{key: conceal(key)}).SharedSecret(spki)
			if valid := c.Result == "valid"; valid != (err == nil) || valid && !got.Equal(NewSecret(c.Shared)) {
				t.Errorf("test %d (%s, %s): %v", c.TCID, c.Comment, c.Result, err)
			}
		}
	}
	if ran < 100 {
		t.Errorf("ran %d vectors", ran)
	}
}

type seedGroup struct {
	Tests []struct {
		TCID     int
		Result   string
		Seed, EK hexBytes
	}
}

func TestMLKEMSeedsAgreeWithWycheproof(t *testing.T) {
	for spec, file := range map[string]string{
		"ML_KEM_512": "mlkem_512_keygen_seed_test.json", "ML_KEM_768": "mlkem_768_keygen_seed_test.json", "ML_KEM_1024": "mlkem_1024_keygen_seed_test.json",
	} {
		ran := 0
		for _, g := range loadVectors[seedGroup](t, file).TestGroups {
			for _, c := range g.Tests {
				ran++
				m, err := newMLKEM(spec, c.Seed, "")
				if valid := err == nil && bytes.HasSuffix(m.PublicKey(), c.EK); valid != (c.Result == "valid") {
					t.Errorf("%s, test %d (%s): %v", file, c.TCID, c.Result, err)
				}
			}
		}
		if ran < 50 {
			t.Errorf("%s: ran %d vectors", file, ran)
		}
	}
}

// The vectors of RFC 8032, sections 7.1 (TEST 3) and 7.3 (TEST abc).
func TestEd25519AgreesWithItsRFC(t *testing.T) {
	e, err := newEd25519(ed25519.NewKeyFromSeed(unhex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")), "")
	if err != nil {
		t.Fatal(err)
	}
	want := unhex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")
	if got, err := e.Sign("ED25519_SHA_512", Raw, unhex("af82")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("Sign = %x, %v", got, err)
	}
	key := ed25519.NewKeyFromSeed(unhex("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42"))
	digest := sha512.Sum512([]byte("abc"))
	signature := unhex("98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406")
	if err := verifyEd25519(key.Public().(ed25519.PublicKey), digest[:], signature, &ed25519.Options{Hash: crypto.SHA512}); err != nil {
		t.Errorf("Ed25519ph: %v", err)
	}
}

func unhex(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}
