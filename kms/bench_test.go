package kms

import (
	"testing"

	"sealstack/api"
	"sealstack/api/kmsapi"
)

// bench gives the endpoint, a key and a context as CloudWatch Logs would use.
func bench(b *testing.B) (*harness, string, map[string]string) {
	h := newHarness(b)
	b.ReportAllocs()
	return h, h.key().KeyId, map[string]string{"aws:logs:arn": "arn:aws:logs:us-east-1:111122223333:log-group:g"}
}

func BenchmarkEncrypt(b *testing.B) {
	h, id, context := bench(b)
	in := &kmsapi.EncryptRequest{KeyId: id, Plaintext: make([]byte, 32), EncryptionContext: context}
	for b.Loop() {
		if _, err := api.Invoke(h.ctx, h.client.Endpoint, kmsapi.OpEncrypt, in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecrypt(b *testing.B) {
	h, id, context := bench(b)
	in := &kmsapi.DecryptRequest{CiphertextBlob: h.encrypt(id, "0123456789abcdef0123456789abcdef", context), EncryptionContext: context}
	for b.Loop() {
		if _, err := api.Invoke(h.ctx, h.client.Endpoint, kmsapi.OpDecrypt, in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGenerateDataKey(b *testing.B) {
	h, id, context := bench(b)
	in := &kmsapi.GenerateDataKeyRequest{KeyId: id, KeySpec: new(kmsapi.DataKeySpecAes256), EncryptionContext: context}
	for b.Loop() {
		if _, err := api.Invoke(h.ctx, h.client.Endpoint, kmsapi.OpGenerateDataKey, in); err != nil {
			b.Fatal(err)
		}
	}
}
