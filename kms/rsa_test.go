package kms

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"hash"
	"testing"

	"sealstack/api/kmsapi"
)

var (
	oaep1   = kmsapi.EncryptionAlgorithmSpecRsaesOaepSha1
	oaep256 = kmsapi.EncryptionAlgorithmSpecRsaesOaepSha256
)

func (h *harness) rsaKey() kmsapi.KeyMetadata {
	return h.key(of(kmsapi.KeySpecRsa2048, encryptDecrypt))
}

func (h *harness) encryptRSA(id string, a kmsapi.EncryptionAlgorithmSpec, plaintext []byte) []byte {
	h.t.Helper()
	out, err := h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: id, Plaintext: plaintext, EncryptionAlgorithm: &a})
	must(h.t, err)
	if *out.EncryptionAlgorithm != a || *out.KeyId != keyArn(id) {
		h.t.Errorf("Encrypt = %s, %s", *out.KeyId, *out.EncryptionAlgorithm)
	}
	return out.CiphertextBlob
}

func TestRSAKeysDecryptWhatTheyEncrypt(t *testing.T) {
	h := newHarness(t)
	k := h.rsaKey()
	for _, a := range []kmsapi.EncryptionAlgorithmSpec{oaep1, oaep256} {
		blob := h.encryptRSA(k.KeyId, a, []byte("hello"))
		if len(blob) != 256 {
			t.Errorf("%s: ciphertext of %d bytes, want one without envelope", a, len(blob))
		}
		out, err := h.Decrypt(h.ctx, &kmsapi.DecryptRequest{KeyId: &k.KeyId, CiphertextBlob: blob, EncryptionAlgorithm: &a})
		must(t, err)
		if string(out.Plaintext) != "hello" || *out.KeyId != *k.Arn || *out.EncryptionAlgorithm != a || out.KeyMaterialId != nil {
			t.Errorf("Decrypt = %+v", out)
		}
	}
}

func TestRSAKeysDecryptWhatWasEncryptedOutsideOfKMS(t *testing.T) {
	h := newHarness(t)
	k := h.rsaKey()
	public, err := x509.ParsePKIXPublicKey(h.publicKey(k.KeyId))
	must(t, err)
	for a, sum := range map[kmsapi.EncryptionAlgorithmSpec]func() hash.Hash{oaep1: sha1.New, oaep256: sha256.New} {
		blob, err := rsa.EncryptOAEP(sum(), rand.Reader, public.(*rsa.PublicKey), []byte("hello"), nil)
		must(t, err)
		out, err := h.Decrypt(h.ctx, &kmsapi.DecryptRequest{KeyId: k.Arn, CiphertextBlob: blob, EncryptionAlgorithm: &a})
		must(t, err)
		if string(out.Plaintext) != "hello" {
			t.Errorf("Decrypt = %q", out.Plaintext)
		}
	}
}

func TestRSALimits(t *testing.T) {
	h := newHarness(t)
	for spec, limits := range map[kmsapi.KeySpec][2]int{"RSA_2048": {214, 190}, "RSA_3072": {342, 318}, "RSA_4096": {470, 446}} {
		k := h.key(of(spec, encryptDecrypt))
		for i, a := range []kmsapi.EncryptionAlgorithmSpec{oaep1, oaep256} {
			h.encryptRSA(k.KeyId, a, make([]byte, limits[i]))
			for _, dry := range []*bool{nil, new(true)} {
				_, err := h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: k.KeyId, Plaintext: make([]byte, limits[i]+1), EncryptionAlgorithm: &a, DryRun: dry})
				wantError(t, err, "ValidationException", fmt.Sprintf("Algorithm %s and key spec %s cannot encrypt data larger than %d bytes.", a, spec, limits[i]))
			}
		}
	}
}

func TestEncryptWithRSARefuses(t *testing.T) {
	h := newHarness(t)
	k, sign := h.rsaKey(), h.key(of(kmsapi.KeySpecRsa2048, signVerify))
	type request = kmsapi.EncryptRequest
	for name, row := range map[string]struct {
		in            request
		code, message string
	}{
		"no algorithm":     {request{KeyId: k.KeyId}, "InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."},
		"SM2":              {request{KeyId: k.KeyId, EncryptionAlgorithm: new(kmsapi.EncryptionAlgorithmSpecSm2pke)}, "InvalidKeyUsageException", "Algorithm SM2PKE is incompatible with key spec RSA_2048."},
		"a key that signs": {request{KeyId: sign.KeyId, EncryptionAlgorithm: &oaep1}, "InvalidKeyUsageException", *sign.Arn + " key usage is SIGN_VERIFY which is not valid for Encrypt."},
		"a context":        {request{KeyId: k.KeyId, EncryptionAlgorithm: &oaep1, EncryptionContext: map[string]string{"a": "b"}}, "ValidationException", "EncryptionContext is not supported for key spec RSA_2048."},
		"a dry run":        {request{KeyId: k.KeyId, EncryptionAlgorithm: &oaep1, DryRun: new(true)}, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."},
	} {
		t.Run(name, func(t *testing.T) {
			row.in.Plaintext = []byte("x")
			_, err := h.Encrypt(h.ctx, &row.in)
			wantError(t, err, row.code, row.message)
		})
	}
}

func TestDecryptWithRSARefuses(t *testing.T) {
	h := newHarness(t)
	k, other, plain := h.rsaKey(), h.rsaKey(), h.key()
	sign := h.key(of(kmsapi.KeySpecRsa2048, signVerify))
	blob := h.encryptRSA(k.KeyId, oaep256, []byte("x"))
	bad := bytes.Clone(blob)
	bad[100] ^= 1
	symmetric := h.encrypt(plain.KeyId, "x", nil)
	type request = kmsapi.DecryptRequest
	for name, row := range map[string]struct {
		in            request
		code, message string
	}{
		"no key":                 {request{CiphertextBlob: blob, EncryptionAlgorithm: &oaep256}, "ValidationException", "KeyId is required for algorithm RSAES_OAEP_SHA_256."},
		"no algorithm":           {request{KeyId: &k.KeyId, CiphertextBlob: blob}, "InvalidCiphertextException", ""},
		"the other algorithm":    {request{KeyId: &k.KeyId, CiphertextBlob: blob, EncryptionAlgorithm: &oaep1}, "InvalidCiphertextException", ""},
		"another key":            {request{KeyId: &other.KeyId, CiphertextBlob: blob, EncryptionAlgorithm: &oaep256}, "InvalidCiphertextException", ""},
		"a changed ciphertext":   {request{KeyId: &k.KeyId, CiphertextBlob: bad, EncryptionAlgorithm: &oaep256}, "InvalidCiphertextException", ""},
		"a changed one, dry":     {request{KeyId: &k.KeyId, CiphertextBlob: bad, EncryptionAlgorithm: &oaep256, DryRun: new(true)}, "InvalidCiphertextException", ""},
		"a symmetric ciphertext": {request{KeyId: &k.KeyId, CiphertextBlob: symmetric, EncryptionAlgorithm: &oaep256}, "InvalidCiphertextException", ""},
		"a symmetric one's own":  {request{KeyId: &k.KeyId, CiphertextBlob: symmetric}, "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation."},
		"a context":              {request{KeyId: &k.KeyId, CiphertextBlob: blob, EncryptionAlgorithm: &oaep256, EncryptionContext: map[string]string{"a": "b"}}, "ValidationException", "EncryptionContext is not supported for key spec RSA_2048."},
		"a key that signs":       {request{KeyId: &sign.KeyId, CiphertextBlob: blob, EncryptionAlgorithm: &oaep256}, "InvalidKeyUsageException", *sign.Arn + " key usage is SIGN_VERIFY which is not valid for Decrypt."},
		"a dry run":              {request{KeyId: &k.KeyId, CiphertextBlob: blob, EncryptionAlgorithm: &oaep256, DryRun: new(true)}, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."},
		"no ciphertext, dry": {request{KeyId: &k.KeyId, EncryptionAlgorithm: &oaep256, DryRun: new(true), DryRunModifiers: []kmsapi.DryRunModifierType{"IGNORE_CIPHERTEXT"}},
			"DryRunOperationException", "The request would have succeeded, but the DryRun option is set."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.Decrypt(h.ctx, &row.in)
			wantError(t, err, row.code, row.message)
		})
	}
}

func TestReEncryptAcrossKindsOfKeys(t *testing.T) {
	h := newHarness(t)
	type end struct {
		k         kmsapi.KeyMetadata
		algorithm kmsapi.EncryptionAlgorithmSpec
		context   map[string]string
	}
	ends := []end{
		{h.rsaKey(), oaep1, nil},
		{h.rsaKey(), oaep256, nil},
		{h.key(), symmetricDefault, map[string]string{"a": "b"}},
	}
	for _, from := range ends {
		for _, to := range ends {
			t.Run(string(from.algorithm)+" to "+string(to.algorithm), func(t *testing.T) {
				enc, err := h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: from.k.KeyId, Plaintext: []byte("x"), EncryptionAlgorithm: &from.algorithm, EncryptionContext: from.context})
				must(t, err)
				out, err := h.ReEncrypt(h.ctx, &kmsapi.ReEncryptRequest{
					CiphertextBlob: enc.CiphertextBlob, SourceKeyId: &from.k.KeyId, SourceEncryptionAlgorithm: &from.algorithm, SourceEncryptionContext: from.context,
					DestinationKeyId: to.k.KeyId, DestinationEncryptionAlgorithm: &to.algorithm, DestinationEncryptionContext: to.context,
				})
				must(t, err)
				if *out.SourceKeyId != *from.k.Arn || *out.KeyId != *to.k.Arn || *out.SourceEncryptionAlgorithm != from.algorithm || *out.DestinationEncryptionAlgorithm != to.algorithm {
					t.Errorf("ReEncrypt = %+v", out)
				}
				if value(out.SourceKeyMaterialId) != value(from.k.CurrentKeyMaterialId) || value(out.DestinationKeyMaterialId) != value(to.k.CurrentKeyMaterialId) {
					t.Errorf("material of source %q, of destination %q", value(out.SourceKeyMaterialId), value(out.DestinationKeyMaterialId))
				}
				dec, err := h.Decrypt(h.ctx, &kmsapi.DecryptRequest{KeyId: &to.k.KeyId, CiphertextBlob: out.CiphertextBlob, EncryptionAlgorithm: &to.algorithm, EncryptionContext: to.context})
				must(t, err)
				if string(dec.Plaintext) != "x" {
					t.Errorf("Decrypt = %q", dec.Plaintext)
				}
			})
		}
	}
}

func TestReEncryptAcrossKindsRefuses(t *testing.T) {
	h := newHarness(t)
	rsaKey, plain, sign := h.rsaKey(), h.key(), h.key(of(kmsapi.KeySpecRsa2048, signVerify))
	short, long := h.encrypt(plain.KeyId, "x", nil), h.encrypt(plain.KeyId, string(make([]byte, 191)), nil)
	public, err := x509.ParsePKIXPublicKey(h.publicKey(rsaKey.KeyId))
	must(t, err)
	empty, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public.(*rsa.PublicKey), nil, nil)
	must(t, err)
	type request = kmsapi.ReEncryptRequest
	for name, row := range map[string]struct {
		in            request
		code, message string
	}{
		"no source key": {request{CiphertextBlob: empty, SourceEncryptionAlgorithm: &oaep256, DestinationKeyId: plain.KeyId}, "ValidationException",
			"KeyId is required for algorithm RSAES_OAEP_SHA_256."},
		"a plaintext too long": {request{CiphertextBlob: long, DestinationKeyId: rsaKey.KeyId, DestinationEncryptionAlgorithm: &oaep256}, "ValidationException",
			"Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data larger than 190 bytes."},
		"no plaintext": {request{CiphertextBlob: empty, SourceKeyId: &rsaKey.KeyId, SourceEncryptionAlgorithm: &oaep256, DestinationKeyId: plain.KeyId}, "InvalidCiphertextException", ""},
		"a context": {request{CiphertextBlob: short, DestinationKeyId: rsaKey.KeyId, DestinationEncryptionAlgorithm: &oaep256, DestinationEncryptionContext: map[string]string{"a": "b"}},
			"ValidationException", "EncryptionContext is not supported for key spec RSA_2048."},
		"a key that signs": {request{CiphertextBlob: short, DestinationKeyId: sign.KeyId, DestinationEncryptionAlgorithm: &oaep256}, "InvalidKeyUsageException",
			*sign.Arn + " key usage is SIGN_VERIFY which is not valid for ReEncrypt."},
		"a dry run": {request{CiphertextBlob: short, DestinationKeyId: rsaKey.KeyId, DestinationEncryptionAlgorithm: &oaep256, DryRun: new(true)}, "DryRunOperationException",
			"The request would have succeeded, but the DryRun option is set."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.ReEncrypt(h.ctx, &row.in)
			wantError(t, err, row.code, row.message)
		})
	}
}

// The algorithm of the request counts, not only the default.
func TestEncryptionAlgorithmIsAConditionOfRSA(t *testing.T) {
	h := newHarness(t)
	k := h.rsaKey()
	encrypt := func(ctx context.Context, a kmsapi.EncryptionAlgorithmSpec) error {
		return second(h.Encrypt(ctx, &kmsapi.EncryptRequest{KeyId: k.KeyId, Plaintext: []byte("x"), EncryptionAlgorithm: &a}))
	}
	bob := h.grant(userOf(account, "bob"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*",
		"Condition":{"StringEquals":{"kms:EncryptionAlgorithm":"RSAES_OAEP_SHA_256"}}}}`)
	must(t, encrypt(bob, oaep256))
	wantCode(t, encrypt(bob, oaep1), "AccessDeniedException")
}
