package kms

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
	"strings"
	"testing"

	"sealstack/api/kmsapi"
)

type algorithm = kmsapi.SigningAlgorithmSpec

// hashed is the digest of a message as the algorithm makes it, and the hash.
func hashed(a algorithm, message []byte) ([]byte, crypto.Hash) {
	switch {
	case strings.HasSuffix(string(a), "_256"):
		d := sha256.Sum256(message)
		return d[:], crypto.SHA256
	case strings.HasSuffix(string(a), "_384"):
		d := sha512.Sum384(message)
		return d[:], crypto.SHA384
	}
	d := sha512.Sum512(message)
	return d[:], crypto.SHA512
}

func (h *harness) sign(id string, a algorithm, kind *kmsapi.MessageType, message []byte) []byte {
	h.t.Helper()
	out, err := h.Sign(h.ctx, &kmsapi.SignRequest{KeyId: id, Message: message, MessageType: kind, SigningAlgorithm: a})
	must(h.t, err)
	if *out.KeyId != keyArn(id) || *out.SigningAlgorithm != a {
		h.t.Errorf("Sign = %s, %s", *out.KeyId, *out.SigningAlgorithm)
	}
	return out.Signature
}

func (h *harness) verifies(id string, a algorithm, kind *kmsapi.MessageType, message, signature []byte) error {
	out, err := h.Verify(h.ctx, &kmsapi.VerifyRequest{KeyId: id, Message: message, MessageType: kind, SigningAlgorithm: a, Signature: signature})
	if err == nil && (!*out.SignatureValid || *out.KeyId != keyArn(id) || *out.SigningAlgorithm != a) {
		h.t.Errorf("Verify = %+v", out)
	}
	return err
}

var (
	raw        = new(kmsapi.MessageTypeRaw)
	digest     = new(kmsapi.MessageTypeDigest)
	externalMu = new(kmsapi.MessageTypeExternalMu)
)

func TestEveryKeySignsAndVerifiesWithEachOfItsAlgorithms(t *testing.T) {
	h := newHarness(t)
	message := []byte("a message")
	for spec, set := range algorithms {
		if len(set.signing) == 0 || spec == kmsapi.KeySpecRsa3072 || spec == kmsapi.KeySpecRsa4096 || spec == sm2 {
			continue // RSA differs in size alone, and SM2 has tests of its own, in China
		}
		k := h.key(of(spec, signVerify))
		for _, a := range set.signing {
			t.Run(string(spec)+" "+string(a), func(t *testing.T) {
				kind, signed := (*kmsapi.MessageType)(nil), message
				if a == kmsapi.SigningAlgorithmSpecEd25519PhSha512 {
					kind = digest
					signed, _ = hashed(a, message)
				}
				signature := h.sign(k.KeyId, a, kind, signed)
				must(t, h.verifies(k.KeyId, a, kind, signed, signature))
				bad := bytes.Clone(signature)
				bad[len(bad)/2] ^= 1
				wantError(t, h.verifies(k.KeyId, a, kind, signed, bad), "KMSInvalidSignatureException", "")
				wantError(t, h.verifies(k.KeyId, a, kind, signed, []byte("x")), "KMSInvalidSignatureException", "")
				other := bytes.Clone(signed)
				other[0] ^= 1
				wantError(t, h.verifies(k.KeyId, a, kind, other, signature), "KMSInvalidSignatureException", "")
			})
		}
	}
}

func TestADigestIsTheSameMessage(t *testing.T) {
	h := newHarness(t)
	message := []byte("a message")
	for _, spec := range []kmsapi.KeySpec{"RSA_2048", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1"} {
		k := h.key(of(spec, signVerify))
		for _, a := range algorithms[spec].signing {
			d, _ := hashed(a, message)
			must(t, h.verifies(k.KeyId, a, digest, d, h.sign(k.KeyId, a, raw, message)))
			must(t, h.verifies(k.KeyId, a, nil, message, h.sign(k.KeyId, a, digest, d)))
		}
	}
}

// Anyone can verify with the public key.
func TestSignaturesVerifyOutsideOfKMS(t *testing.T) {
	h := newHarness(t)
	message := []byte("a message")
	for _, spec := range []kmsapi.KeySpec{"RSA_2048", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_NIST_EDWARDS25519"} {
		k := h.key(of(spec, signVerify))
		public, err := x509.ParsePKIXPublicKey(h.publicKey(k.KeyId))
		must(t, err)
		for _, a := range algorithms[spec].signing {
			if a == kmsapi.SigningAlgorithmSpecEd25519PhSha512 {
				continue
			}
			signature := h.sign(k.KeyId, a, nil, message)
			d, hash := hashed(a, message)
			ok := false
			switch p := public.(type) {
			case *ecdsa.PublicKey:
				ok = ecdsa.VerifyASN1(p, d, signature)
			case ed25519.PublicKey:
				ok = ed25519.Verify(p, message, signature)
			case *rsa.PublicKey:
				if strings.HasPrefix(string(a), "RSASSA_PSS") {
					ok = rsa.VerifyPSS(p, hash, d, signature, &rsa.PSSOptions{SaltLength: len(d)}) == nil
				} else {
					ok = rsa.VerifyPKCS1v15(p, hash, d, signature) == nil
				}
			}
			if !ok {
				t.Errorf("%s with %s does not verify", spec, a)
			}
		}
	}
}

// KMS hashes the digest again, as Ed25519ph does with every message.
func TestEd25519phHashesTheDigestAgain(t *testing.T) {
	h := newHarness(t)
	k := h.key(of(kmsapi.KeySpecEccNistEdwards25519, signVerify))
	const a = kmsapi.SigningAlgorithmSpecEd25519PhSha512
	d, _ := hashed(a, []byte("a message"))
	public, err := x509.ParsePKIXPublicKey(h.publicKey(k.KeyId))
	must(t, err)
	twice, _ := hashed(a, d)
	must(t, ed25519.VerifyWithOptions(public.(ed25519.PublicKey), twice, h.sign(k.KeyId, a, digest, d), &ed25519.Options{Hash: crypto.SHA512}))
}

func TestASignatureOfMuVerifiesWithTheMessage(t *testing.T) {
	h := newHarness(t)
	k := h.key(of(kmsapi.KeySpecMlDsa44, signVerify))
	const a = kmsapi.SigningAlgorithmSpecMlDsaShake256
	public := h.publicKey(k.KeyId)
	tr := sha3.SumSHAKE256(public[len(public)-1312:], 64)
	mu := sha3.SumSHAKE256(append(append(tr, 0, 0), "a message"...), 64)
	signature := h.sign(k.KeyId, a, externalMu, mu)
	must(t, h.verifies(k.KeyId, a, raw, []byte("a message"), signature))
	wantError(t, h.verifies(k.KeyId, a, externalMu, mu, signature), "NotImplemented", "kms:Verify with MessageType EXTERNAL_MU is not implemented by Sealstack.")
}

func TestSignAndVerifyRefuse(t *testing.T) {
	h := newHarness(t)
	ids := map[kmsapi.KeySpec]string{}
	for _, spec := range []kmsapi.KeySpec{"RSA_2048", "ECC_NIST_P256", "ECC_NIST_EDWARDS25519", "ML_DSA_44"} {
		ids[spec] = h.key(of(spec, signVerify)).KeyId
	}
	bytesOf := func(n int) []byte { return make([]byte, n) }
	for name, row := range map[string]struct {
		spec       kmsapi.KeySpec
		a          algorithm
		kind       *kmsapi.MessageType
		message    []byte
		code, text string
	}{
		"ECDSA with RSA":           {"RSA_2048", "ECDSA_SHA_256", raw, bytesOf(1), "InvalidKeyUsageException", "Algorithm ECDSA_SHA_256 is incompatible with key spec RSA_2048."},
		"RSA with ECC":             {"ECC_NIST_P256", "RSASSA_PSS_SHA_256", raw, bytesOf(1), "InvalidKeyUsageException", "Algorithm RSASSA_PSS_SHA_256 is incompatible with key spec ECC_NIST_P256."},
		"another curve's ECDSA":    {"ECC_NIST_P256", "ECDSA_SHA_384", digest, bytesOf(48), "InvalidKeyUsageException", "Algorithm ECDSA_SHA_384 is incompatible with key spec ECC_NIST_P256."},
		"SM2":                      {"ECC_NIST_P256", "SM2DSA", raw, bytesOf(1), "InvalidKeyUsageException", "Algorithm SM2DSA is incompatible with key spec ECC_NIST_P256."},
		"a short digest":           {"RSA_2048", "RSASSA_PSS_SHA_256", digest, bytesOf(31), "ValidationException", "Digest is invalid length for algorithm RSASSA_PSS_SHA_256."},
		"a long digest":            {"RSA_2048", "RSASSA_PKCS1_V1_5_SHA_384", digest, bytesOf(64), "ValidationException", "Digest is invalid length for algorithm RSASSA_PKCS1_V1_5_SHA_384."},
		"a digest for ECDSA":       {"ECC_NIST_P256", "ECDSA_SHA_256", digest, bytesOf(1), "ValidationException", "Digest is invalid length for algorithm ECDSA_SHA_256."},
		"a digest for Ed25519ph":   {"ECC_NIST_EDWARDS25519", "ED25519_PH_SHA_512", digest, bytesOf(32), "ValidationException", "Digest is invalid length for algorithm ED25519_PH_SHA_512."},
		"a digest for Ed25519":     {"ECC_NIST_EDWARDS25519", "ED25519_SHA_512", digest, bytesOf(64), "ValidationException", "MessageType DIGEST is not compatible with algorithm ED25519_SHA_512."},
		"a message for Ed25519ph":  {"ECC_NIST_EDWARDS25519", "ED25519_PH_SHA_512", nil, bytesOf(64), "ValidationException", "MessageType RAW is not compatible with algorithm ED25519_PH_SHA_512."},
		"a short μ":                {"ML_DSA_44", "ML_DSA_SHAKE_256", externalMu, bytesOf(63), "ValidationException", "Digest is invalid length for algorithm ML_DSA_SHAKE_256."},
		"a digest for ML-DSA":      {"ML_DSA_44", "ML_DSA_SHAKE_256", digest, bytesOf(64), "ValidationException", "MessageType DIGEST is not compatible with algorithm ML_DSA_SHAKE_256."},
		"μ for anything but MLDSA": {"RSA_2048", "RSASSA_PSS_SHA_512", externalMu, bytesOf(64), "ValidationException", "MessageType EXTERNAL_MU is not compatible with algorithm RSASSA_PSS_SHA_512."},
	} {
		t.Run(name, func(t *testing.T) {
			for _, dry := range []*bool{nil, new(true)} {
				_, err := h.Sign(h.ctx, &kmsapi.SignRequest{KeyId: ids[row.spec], Message: row.message, MessageType: row.kind, SigningAlgorithm: row.a, DryRun: dry})
				wantError(t, err, row.code, row.text)
				_, err = h.Verify(h.ctx, &kmsapi.VerifyRequest{KeyId: ids[row.spec], Message: row.message, MessageType: row.kind, SigningAlgorithm: row.a, Signature: []byte("x"), DryRun: dry})
				wantError(t, err, row.code, row.text)
			}
		})
	}
}

// AWS was seen to look at the usage before the algorithm.
func TestUsageComesBeforeTheAlgorithm(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	_, err := h.Verify(h.ctx, &kmsapi.VerifyRequest{KeyId: k.KeyId, Message: []byte("m"), Signature: []byte("x"), SigningAlgorithm: "ECDSA_SHA_256"})
	wantError(t, err, "InvalidKeyUsageException", *k.Arn+" key usage is ENCRYPT_DECRYPT which is not valid for Verify.")
}

func TestAKeyVerifiesNoSignatureOfAnother(t *testing.T) {
	h := newHarness(t)
	a, b := h.key(of(kmsapi.KeySpecEccSecgP256k1, signVerify)), h.key(of(kmsapi.KeySpecEccSecgP256k1, signVerify))
	signature := h.sign(a.KeyId, "ECDSA_SHA_256", nil, []byte("m"))
	wantError(t, h.verifies(b.KeyId, "ECDSA_SHA_256", nil, []byte("m"), signature), "KMSInvalidSignatureException", "")
	_, err := h.Verify(h.ctx, &kmsapi.VerifyRequest{KeyId: b.KeyId, Message: []byte("m"), Signature: signature, SigningAlgorithm: "ECDSA_SHA_256", DryRun: new(true)})
	wantError(t, err, "KMSInvalidSignatureException", "")
}
