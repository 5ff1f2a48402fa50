package kms

import (
	"fmt"
	"strconv"
	"strings"
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

// The caller has one grant among many on the key, to others (by grantee) or
// to itself, for other resources (by constraint).
func BenchmarkDescribeKeyByGrant(b *testing.B) {
	for _, n := range []int{1, 1000, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) { benchGrants(b, n, func(i int) string { return fmt.Sprint("u", i) }) })
	}
	b.Run("1000 to the caller", func(b *testing.B) { benchGrants(b, 1000, func(int) string { return "bob" }) })
}

func benchGrants(b *testing.B, n int, grantee func(int) string) {
	h := newHarness(b)
	k := h.key(with(gated))
	for i := range n - 1 {
		h.issue(to(k.KeyId, userOf(account, grantee(i)).ARN, encrypt))
	}
	h.issue(to(k.KeyId, bob.ARN, describe))
	in, ctx := &kmsapi.DescribeKeyRequest{KeyId: k.KeyId}, as(bob)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := api.Invoke(ctx, h.client.Endpoint, kmsapi.OpDescribeKey, in); err != nil {
			b.Fatal(err)
		}
	}
}

// Each of a thousand volumes has a grant to one role; the last one is asked
// for.
func BenchmarkEncryptByOneOfManyConstraints(b *testing.B) {
	h := newHarness(b)
	k := h.key(with(strings.Replace(gated, `,"kms:Encrypt"`, "", 1)))
	pairs := func(i int) map[string]string { return map[string]string{"volume": fmt.Sprint(i)} }
	for i := range 1000 {
		in := to(k.KeyId, bob.ARN, encrypt)
		in.Constraints = &kmsapi.GrantConstraints{EncryptionContextEquals: pairs(i)}
		h.issue(in)
	}
	in, ctx := &kmsapi.EncryptRequest{KeyId: k.KeyId, Plaintext: []byte("x"), EncryptionContext: pairs(999)}, as(bob)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := api.Invoke(ctx, h.client.Endpoint, kmsapi.OpEncrypt, in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDescribeKeyWithoutGrants(b *testing.B) {
	h := newHarness(b)
	in := &kmsapi.DescribeKeyRequest{KeyId: h.key().KeyId}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := api.Invoke(h.ctx, h.client.Endpoint, kmsapi.OpDescribeKey, in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCreateGrant(b *testing.B) {
	h := newHarness(b)
	in := to(h.key().KeyId, bob.ARN, encrypt, describe)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%defaultGrants == 0 {
			in.KeyId = h.key().KeyId
		}
		if _, err := api.Invoke(h.ctx, h.client.Endpoint, kmsapi.OpCreateGrant, in); err != nil {
			b.Fatal(err)
		}
	}
}
