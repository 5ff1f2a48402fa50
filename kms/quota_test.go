package kms

import (
	"context"
	"strings"
	"testing"

	"sealstack/api/kmsapi"
	"sealstack/storage"
)

func TestAnAccountHasAsManyKeysAsItsQuota(t *testing.T) {
	h := newHarness(t)
	first := h.key()
	must(t, h.store.Update(h.ctx, func(_ context.Context, tx storage.Tx) error { // as an earlier version left it
		return keyCounts.Delete(tx, storage.K(account, region))
	}))
	h.quotas.Keys = 2
	h.key()
	_, err := h.CreateKey(h.ctx, &kmsapi.CreateKeyRequest{})
	wantError(t, err, "LimitExceededException", "Customer master keys quota for this account in this region is 2, current usage is 2.")
	if _, err := h.CreateKey(in("eu-west-1"), &kmsapi.CreateKeyRequest{}); err != nil {
		t.Errorf("another Region: %v", err)
	}
	_, err = h.ScheduleKeyDeletion(h.ctx, &kmsapi.ScheduleKeyDeletionRequest{KeyId: first.KeyId, PendingWindowInDays: new(int32(7))})
	must(t, err)
	_, err = h.CreateKey(h.ctx, &kmsapi.CreateKeyRequest{})
	wantCode(t, err, "LimitExceededException") // whatever their state
	h.advance(7 * day)
	must(t, h.Sweep(h.ctx, h.clock.Now()))
	h.key()
}

func TestQuotasCanBeSet(t *testing.T) {
	h := newHarness(t)
	h.quotas = Quotas{Aliases: 1, Grants: 1, OnDemandRotations: 1, PolicyBytes: 2000}.filled()
	k := h.key()
	alias := func(name string) error {
		_, err := h.CreateAlias(h.ctx, &kmsapi.CreateAliasRequest{AliasName: name, TargetKeyId: k.KeyId})
		return err
	}
	grant := func() error {
		_, err := h.CreateGrant(h.ctx, &kmsapi.CreateGrantRequest{KeyId: k.KeyId, GranteePrincipal: new(rootUser(foreign).ARN), Operations: []kmsapi.GrantOperation{"Decrypt"}})
		return err
	}
	rotate := func() error {
		_, err := h.RotateKeyOnDemand(h.ctx, &kmsapi.RotateKeyOnDemandRequest{KeyId: k.KeyId})
		return err
	}
	policy := func(document string) error {
		_, err := h.PutKeyPolicy(h.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: k.KeyId, Policy: document})
		return err
	}
	fits := defaultPolicy(region, account)
	must(t, alias("alias/a"))
	wantError(t, alias("alias/b"), "LimitExceededException", "Aliases per key quota for this account in this region is 1, current usage is 1.")
	must(t, grant())
	wantError(t, grant(), "LimitExceededException", "Grants per key quota for this account in this region is 1, current usage is 1.")
	must(t, rotate())
	wantCode(t, rotate(), "LimitExceededException")
	must(t, policy(fits))
	wantError(t, policy(fits+strings.Repeat(" ", 2001-len(fits))), "LimitExceededException", "The key policy exceeds the maximum size of 2000 bytes.")
}

func TestAnEncryptionContextHasALargestSize(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	most := map[string]string{"name": strings.Repeat("v", maxContext-4-4-4)}
	over := map[string]string{"name": strings.Repeat("v", maxContext-4-4-3)}
	blob := h.encrypt(k.KeyId, "text", most)
	if got, err := h.decrypt(blob, most); err != nil || got != "text" {
		t.Errorf("the largest: %q, %v", got, err)
	}
	for name, call := range map[string]func() error{
		"Encrypt": func() error {
			_, err := h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: k.KeyId, Plaintext: []byte("x"), EncryptionContext: over})
			return err
		},
		"Decrypt": func() error { _, err := h.decrypt(blob, over); return err },
		"GenerateDataKey": func() error {
			_, err := h.GenerateDataKey(h.ctx, &kmsapi.GenerateDataKeyRequest{KeyId: k.KeyId, NumberOfBytes: new(int32(1)), EncryptionContext: over})
			return err
		},
		"GenerateDataKeyPair": func() error {
			_, err := h.GenerateDataKeyPair(h.ctx, &kmsapi.GenerateDataKeyPairRequest{KeyId: k.KeyId, KeyPairSpec: "ECC_NIST_P256", EncryptionContext: over})
			return err
		},
		"ReEncrypt": func() error {
			_, err := h.ReEncrypt(h.ctx, &kmsapi.ReEncryptRequest{CiphertextBlob: blob, SourceEncryptionContext: most, DestinationKeyId: k.KeyId, DestinationEncryptionContext: over})
			return err
		},
	} {
		t.Log(name)
		wantError(t, call(), "ValidationException", "The encryption context exceeds the maximum size of 8192 bytes.")
	}
}
