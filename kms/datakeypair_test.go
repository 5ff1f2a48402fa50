package kms

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"testing"

	"sealstack/api/kmsapi"
	"sealstack/kms/material"
)

var pairSpecs = []kmsapi.DataKeyPairSpec{
	"RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1",
	"ECC_NIST_EDWARDS25519", "ML_KEM_512", "ML_KEM_768", "ML_KEM_1024",
}

// belongs says whether the private key in PKCS #8 is of the public one.
func belongs(t *testing.T, spec kmsapi.DataKeyPairSpec, private, public []byte) bool {
	t.Helper()
	m, err := material.Import(string(spec), material.NewSecret(private), "")
	must(t, err)
	return bytes.Equal(m.(material.KeyPair).PublicKey(), public)
}

func TestDataKeyPairsOfEverySpec(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	context := map[string]string{"a": "b"}
	for _, spec := range pairSpecs {
		t.Run(string(spec), func(t *testing.T) {
			out, err := h.GenerateDataKeyPair(h.ctx, &kmsapi.GenerateDataKeyPairRequest{KeyId: k.KeyId, KeyPairSpec: spec, EncryptionContext: context})
			must(t, err)
			if *out.KeyId != *k.Arn || *out.KeyPairSpec != spec || *out.KeyMaterialId != *k.CurrentKeyMaterialId || out.CiphertextForRecipient != nil {
				t.Errorf("GenerateDataKeyPair = %s, %s", *out.KeyId, *out.KeyPairSpec)
			}
			if !belongs(t, spec, out.PrivateKeyPlaintext, out.PublicKey) {
				t.Error("the private key is not of the public one")
			}
			if got, err := h.decrypt(out.PrivateKeyCiphertextBlob, context); err != nil || got != string(out.PrivateKeyPlaintext) {
				t.Errorf("Decrypt gives another private key, or %v", err)
			}
			_, err = h.decrypt(out.PrivateKeyCiphertextBlob, nil)
			wantError(t, err, "InvalidCiphertextException", "")
			if len(out.PrivateKeyCiphertextBlob) > 6144 || !bytes.HasPrefix(out.PrivateKeyCiphertextBlob, []byte{1, 2, 3, 0, 0x78}) {
				t.Errorf("blob of %d bytes", len(out.PrivateKeyCiphertextBlob))
			}
		})
	}
}

func TestDataKeyPairsWithoutPlaintext(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	in := kmsapi.GenerateDataKeyPairWithoutPlaintextRequest{KeyId: k.KeyId, KeyPairSpec: "ECC_NIST_P256", EncryptionContext: map[string]string{"a": "b"}}
	out, err := h.GenerateDataKeyPairWithoutPlaintext(h.ctx, &in)
	must(t, err)
	private, err := h.decrypt(out.PrivateKeyCiphertextBlob, in.EncryptionContext)
	must(t, err)
	if !belongs(t, in.KeyPairSpec, []byte(private), out.PublicKey) || *out.KeyId != *k.Arn || *out.KeyPairSpec != in.KeyPairSpec || *out.KeyMaterialId != *k.CurrentKeyMaterialId {
		t.Errorf("answer = %+v", out)
	}
	again, err := h.GenerateDataKeyPairWithoutPlaintext(h.ctx, &in)
	must(t, err)
	if bytes.Equal(again.PublicKey, out.PublicKey) {
		t.Error("the same pair twice")
	}
	_, err = h.decrypt(out.PrivateKeyCiphertextBlob, nil)
	wantError(t, err, "InvalidCiphertextException", "")
}

// What comes out is what crypto/x509 reads.
func TestDataKeyPairsAreInStandardForm(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	for _, spec := range []kmsapi.DataKeyPairSpec{"RSA_2048", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_NIST_EDWARDS25519"} {
		out, err := h.GenerateDataKeyPair(h.ctx, &kmsapi.GenerateDataKeyPairRequest{KeyId: k.KeyId, KeyPairSpec: spec})
		must(t, err)
		private, err := x509.ParsePKCS8PrivateKey(out.PrivateKeyPlaintext)
		must(t, err)
		public, err := x509.ParsePKIXPublicKey(out.PublicKey)
		must(t, err)
		type comparable interface{ Equal(crypto.PublicKey) bool }
		if !private.(crypto.Signer).Public().(comparable).Equal(public) {
			t.Errorf("%s: the private key is not of the public one", spec)
		}
	}
}

func TestDataKeyPairsRefuse(t *testing.T) {
	h := newHarness(t)
	k, rsa := h.key(), h.key(of(kmsapi.KeySpecRsa2048, encryptDecrypt))
	type request = kmsapi.GenerateDataKeyPairRequest
	for name, row := range map[string]struct {
		in            request
		code, message string
	}{
		"an RSA key": {request{KeyId: rsa.KeyId, KeyPairSpec: "RSA_2048"}, "InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."},
		"a pair of China": {request{KeyId: k.KeyId, KeyPairSpec: "SM2"}, "ValidationException",
			"1 validation error detected: Value 'SM2' at 'keyPairSpec' failed to satisfy constraint: Member must satisfy enum value set: [RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, ECC_SECG_P256K1, ECC_NIST_EDWARDS25519, ML_KEM_512, ML_KEM_768, ML_KEM_1024]"},
		"an enclave":            {request{KeyId: k.KeyId, KeyPairSpec: "RSA_2048", Recipient: &kmsapi.RecipientInfo{}}, "ValidationException", "1 validation error detected: Value null at 'recipient.attestationDocument' failed to satisfy constraint: Member must not be null"},
		"a dry run":             {request{KeyId: k.KeyId, KeyPairSpec: "RSA_4096", DryRun: new(true)}, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."},
		"a dry run that can't":  {request{KeyId: rsa.KeyId, KeyPairSpec: "RSA_4096", DryRun: new(true)}, "InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."},
		"a key that is no more": {request{KeyId: noKey, KeyPairSpec: "RSA_2048"}, "NotFoundException", "Key '" + keyArn(noKey) + "' does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.GenerateDataKeyPair(h.ctx, &row.in)
			wantError(t, err, row.code, row.message)
		})
	}
}
