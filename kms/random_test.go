package kms

import (
	"bytes"
	"testing"

	"sealstack/api/kmsapi"
)

func TestGenerateRandomGivesOtherBytesEachTime(t *testing.T) {
	h := newHarness(t)
	for _, n := range []int32{16, 1024} {
		a, err := h.GenerateRandom(h.ctx, &kmsapi.GenerateRandomRequest{NumberOfBytes: &n})
		must(t, err)
		b, err := h.GenerateRandom(h.ctx, &kmsapi.GenerateRandomRequest{NumberOfBytes: &n})
		must(t, err)
		if len(a.Plaintext) != int(n) || bytes.Equal(a.Plaintext, b.Plaintext) {
			t.Errorf("%d bytes: %x, %x", n, a.Plaintext, b.Plaintext)
		}
	}
}

func TestGenerateRandomRefuses(t *testing.T) {
	h := newHarness(t)
	for name, row := range map[string]struct {
		in            kmsapi.GenerateRandomRequest
		code, message string
	}{
		"no number":  {kmsapi.GenerateRandomRequest{}, "ValidationException", "NumberOfBytes is required."},
		"a store":    {kmsapi.GenerateRandomRequest{NumberOfBytes: new(int32(1)), CustomKeyStoreId: new("cks-1")}, "CustomKeyStoreNotFoundException", ""},
		"an enclave": {kmsapi.GenerateRandomRequest{NumberOfBytes: new(int32(1)), Recipient: &kmsapi.RecipientInfo{}}, "ValidationException", "1 validation error detected: Value null at 'recipient.attestationDocument' failed to satisfy constraint: Member must not be null"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.GenerateRandom(h.ctx, &row.in)
			wantError(t, err, row.code, row.message)
		})
	}
	_, err := h.GenerateRandom(as(userOf(account, "eve")), &kmsapi.GenerateRandomRequest{NumberOfBytes: new(int32(1))})
	wantError(t, err, "AccessDeniedException", "User: arn:aws:iam::111122223333:user/eve is not authorized to perform: kms:GenerateRandom "+
		"on resource: * because no identity-based policy allows the kms:GenerateRandom action")
}
