package kms

import (
	"bytes"
	"testing"

	"sealstack/api/kmsapi"
)

func TestDataKeysHaveTheSizeAskedFor(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	for name, row := range map[string]struct {
		in   kmsapi.GenerateDataKeyRequest
		size int
	}{
		"AES_128":    {kmsapi.GenerateDataKeyRequest{KeySpec: new(kmsapi.DataKeySpecAes128)}, 16},
		"AES_256":    {kmsapi.GenerateDataKeyRequest{KeySpec: new(kmsapi.DataKeySpecAes256)}, 32},
		"1 byte":     {kmsapi.GenerateDataKeyRequest{NumberOfBytes: new(int32(1))}, 1},
		"1024 bytes": {kmsapi.GenerateDataKeyRequest{NumberOfBytes: new(int32(1024))}, 1024},
	} {
		t.Run(name, func(t *testing.T) {
			row.in.KeyId, row.in.EncryptionContext = k.KeyId, map[string]string{"a": "b"}
			out, err := h.GenerateDataKey(h.ctx, &row.in)
			must(t, err)
			if len(out.Plaintext) != row.size || *out.KeyId != *k.Arn || *out.KeyMaterialId != *k.CurrentKeyMaterialId {
				t.Errorf("GenerateDataKey = %d bytes, %+v", len(out.Plaintext), out)
			}
			got, err := h.decrypt(out.CiphertextBlob, row.in.EncryptionContext)
			if err != nil || got != string(out.Plaintext) {
				t.Errorf("Decrypt gives another key, or %v", err)
			}
			_, err = h.decrypt(out.CiphertextBlob, nil)
			wantError(t, err, "InvalidCiphertextException", "")
		})
	}
}

func TestGenerateDataKeyWithoutPlaintextShowsItOnlyToDecrypt(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	out, err := h.GenerateDataKeyWithoutPlaintext(h.ctx, &kmsapi.GenerateDataKeyWithoutPlaintextRequest{KeyId: k.KeyId, KeySpec: new(kmsapi.DataKeySpecAes256)})
	must(t, err)
	got, err := h.decrypt(out.CiphertextBlob, nil)
	if err != nil || len(got) != 32 || bytes.Equal([]byte(got), make([]byte, 32)) {
		t.Errorf("Decrypt = %x, %v", got, err)
	}
	if *out.KeyId != *k.Arn || *out.KeyMaterialId != *k.CurrentKeyMaterialId {
		t.Errorf("answer = %+v", out)
	}
}

func TestDataKeyErrors(t *testing.T) {
	h := newHarness(t)
	k, mac := h.key(), h.key()
	h.put(mac.KeyId, func(r *record) { r.Usage, r.Spec = generateMAC, kmsapi.KeySpecHmac256 })
	rsa := h.key()
	h.put(rsa.KeyId, func(r *record) { r.Spec = kmsapi.KeySpecRsa2048 })
	aes := new(kmsapi.DataKeySpecAes256)
	const size = "Please specify either number of bytes or key spec."
	type request = kmsapi.GenerateDataKeyWithoutPlaintextRequest
	for name, row := range map[string]struct {
		in            request
		code, message string
	}{
		"no size":       {request{KeyId: k.KeyId}, "ValidationException", size},
		"two sizes":     {request{KeyId: k.KeyId, KeySpec: aes, NumberOfBytes: new(int32(32))}, "ValidationException", size},
		"no such key":   {request{KeyId: noKey, KeySpec: aes}, "NotFoundException", "Key '" + keyArn(noKey) + "' does not exist"},
		"a dry run":     {request{KeyId: k.KeyId, KeySpec: aes, DryRun: new(true)}, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."},
		"a MAC key":     {request{KeyId: mac.KeyId, KeySpec: aes}, "InvalidKeyUsageException", *mac.Arn + " key usage is GENERATE_VERIFY_MAC which is not valid for GenerateDataKeyWithoutPlaintext."},
		"an RSA key":    {request{KeyId: rsa.KeyId, KeySpec: aes}, "InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."},
		"a grant token": {request{KeyId: k.KeyId, KeySpec: aes, GrantTokens: []string{"x"}}, "InvalidGrantTokenException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.GenerateDataKeyWithoutPlaintext(h.ctx, &row.in)
			wantError(t, err, row.code, row.message)
		})
	}
	_, err := h.GenerateDataKey(h.ctx, &kmsapi.GenerateDataKeyRequest{KeyId: mac.KeyId, KeySpec: aes})
	wantError(t, err, "InvalidKeyUsageException", *mac.Arn+" key usage is GENERATE_VERIFY_MAC which is not valid for GenerateDataKey.")
	_, err = h.GenerateDataKey(h.ctx, &kmsapi.GenerateDataKeyRequest{KeyId: k.KeyId, KeySpec: aes, Recipient: &kmsapi.RecipientInfo{}})
	wantError(t, err, "ValidationException", "1 validation error detected: Value null at 'recipient.attestationDocument' failed to satisfy constraint: Member must not be null")
}
