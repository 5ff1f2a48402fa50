package kms

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/mlkem"
	"crypto/rand"
	"crypto/x509"
	"testing"

	"sealstack/api/kmsapi"
)

const (
	ecdhAlgorithm = kmsapi.KeyAgreementAlgorithmSpecEcdh
	kemAlgorithm  = kmsapi.EncapsulationAlgorithmSpecMlKem
)

func (h *harness) derive(id string, peer []byte) (*kmsapi.DeriveSharedSecretResponse, error) {
	return h.DeriveSharedSecret(h.ctx, &kmsapi.DeriveSharedSecretRequest{KeyId: id, PublicKey: peer, KeyAgreementAlgorithm: ecdhAlgorithm})
}

func TestBothSidesDeriveTheSameSecret(t *testing.T) {
	h := newHarness(t)
	for spec, curve := range map[kmsapi.KeySpec]ecdh.Curve{"ECC_NIST_P256": ecdh.P256(), "ECC_NIST_P384": ecdh.P384(), "ECC_NIST_P521": ecdh.P521()} {
		t.Run(string(spec), func(t *testing.T) {
			a, b := h.key(of(spec, keyAgreement)), h.key(of(spec, keyAgreement))
			ab, err := h.derive(a.KeyId, h.publicKey(b.KeyId))
			must(t, err)
			ba, err := h.derive(b.KeyId, h.publicKey(a.KeyId))
			must(t, err)
			if !bytes.Equal(ab.SharedSecret, ba.SharedSecret) || *ab.KeyId != *a.Arn || *ab.KeyAgreementAlgorithm != ecdhAlgorithm || *ab.KeyOrigin != kmsapi.OriginTypeAwsKms {
				t.Errorf("DeriveSharedSecret = %+v", ab)
			}
			// The other side may be outside of KMS.
			private, err := curve.GenerateKey(rand.Reader)
			must(t, err)
			mine, err := x509.MarshalPKIXPublicKey(private.Public())
			must(t, err)
			out, err := h.derive(a.KeyId, mine)
			must(t, err)
			parsed, err := x509.ParsePKIXPublicKey(h.publicKey(a.KeyId))
			must(t, err)
			public, err := parsed.(*ecdsa.PublicKey).ECDH()
			must(t, err)
			want, err := private.ECDH(public)
			must(t, err)
			if !bytes.Equal(out.SharedSecret, want) {
				t.Error("the standard library derives another secret")
			}
		})
	}
}

func TestDeriveSharedSecretRefusesOtherPublicKeys(t *testing.T) {
	h := newHarness(t)
	k := h.key(of(kmsapi.KeySpecEccNistP256, keyAgreement))
	for name, peer := range map[string][]byte{
		"text":          []byte("no key"),
		"P-384":         h.publicKey(h.key(of(kmsapi.KeySpecEccNistP384, keyAgreement)).KeyId),
		"secp256k1":     h.publicKey(h.key(of(kmsapi.KeySpecEccSecgP256k1, signVerify)).KeyId),
		"Ed25519":       h.publicKey(h.key(of(kmsapi.KeySpecEccNistEdwards25519, signVerify)).KeyId),
		"half of a key": h.publicKey(k.KeyId)[:50],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.derive(k.KeyId, peer)
			wantError(t, err, "ValidationException", "")
			_, err = h.DeriveSharedSecret(h.ctx, &kmsapi.DeriveSharedSecretRequest{KeyId: k.KeyId, PublicKey: peer, KeyAgreementAlgorithm: ecdhAlgorithm, DryRun: new(true)})
			wantError(t, err, "ValidationException", "")
		})
	}
	_, err := h.DeriveSharedSecret(h.ctx, &kmsapi.DeriveSharedSecretRequest{KeyId: k.KeyId, Recipient: &kmsapi.RecipientInfo{}})
	wantError(t, err, "ValidationException", "1 validation error detected: Value null at 'recipient.attestationDocument' failed to satisfy constraint: Member must not be null")
	sign := h.key(of(kmsapi.KeySpecEccNistP256, signVerify))
	_, err = h.derive(sign.KeyId, h.publicKey(k.KeyId))
	wantError(t, err, "InvalidKeyUsageException", *sign.Arn+" key usage is SIGN_VERIFY which is not valid for DeriveSharedSecret.")
}

func (h *harness) decapsulate(id string, ciphertext []byte) ([]byte, error) {
	out, err := h.Decapsulate(h.ctx, &kmsapi.DecapsulateRequest{KeyId: id, SharedSecretCiphertextBlob: ciphertext, EncapsulationAlgorithm: kemAlgorithm})
	if err != nil {
		return nil, err
	}
	if *out.KeyId != keyArn(id) || *out.EncapsulationAlgorithm != kemAlgorithm {
		h.t.Errorf("Decapsulate = %+v", out)
	}
	return out.SharedSecret, nil
}

func TestDecapsulateGivesTheSecretOfEncapsulate(t *testing.T) {
	h := newHarness(t)
	for spec, size := range map[kmsapi.KeySpec]int{"ML_KEM_512": 768, "ML_KEM_768": 1088, "ML_KEM_1024": 1568} {
		t.Run(string(spec), func(t *testing.T) {
			k, other := h.key(of(spec, encapsulate)), h.key(of(spec, encapsulate))
			out, err := h.Encapsulate(h.ctx, &kmsapi.EncapsulateRequest{KeyId: k.KeyId, EncapsulationAlgorithm: kemAlgorithm})
			must(t, err)
			if len(out.SharedSecret) != 32 || len(out.SharedSecretCiphertextBlob) != size || *out.KeyId != *k.Arn || *out.EncapsulationAlgorithm != kemAlgorithm {
				t.Errorf("Encapsulate = %+v", out)
			}
			got, err := h.decapsulate(k.KeyId, out.SharedSecretCiphertextBlob)
			if err != nil || !bytes.Equal(got, out.SharedSecret) {
				t.Errorf("Decapsulate gives another secret, %v", err)
			}
			// Implicit rejection: no error tells a wrong key or ciphertext.
			for name, id := range map[string]string{"another key": other.KeyId, "another ciphertext": k.KeyId} {
				bad := bytes.Clone(out.SharedSecretCiphertextBlob)
				if name == "another ciphertext" {
					bad[0] ^= 1
				}
				got, err := h.decapsulate(id, bad)
				if err != nil || len(got) != 32 || bytes.Equal(got, out.SharedSecret) {
					t.Errorf("%s: Decapsulate = %x, %v", name, got, err)
				}
			}
			for _, n := range []int{1, size - 1} {
				_, err := h.decapsulate(k.KeyId, out.SharedSecretCiphertextBlob[:n])
				wantError(t, err, "InvalidCiphertextException", "")
			}
			_, err = h.Decapsulate(h.ctx, &kmsapi.DecapsulateRequest{KeyId: k.KeyId, SharedSecretCiphertextBlob: []byte("x"), EncapsulationAlgorithm: kemAlgorithm, DryRun: new(true)})
			wantError(t, err, "InvalidCiphertextException", "")
		})
	}
}

// Anyone can encapsulate with the public key, without KMS.
func TestDecapsulateOpensWhatOthersEncapsulated(t *testing.T) {
	h := newHarness(t)
	k := h.key(of(kmsapi.KeySpecMlKem1024, encapsulate))
	der := h.publicKey(k.KeyId)
	public, err := mlkem.NewEncapsulationKey1024(der[len(der)-mlkem.EncapsulationKeySize1024:])
	must(t, err)
	secret, ciphertext := public.Encapsulate()
	if got, err := h.decapsulate(k.KeyId, ciphertext); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("Decapsulate gives another secret, %v", err)
	}
}
