package kms

import (
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
)

func (h *harness) lastUsageOf(id string) *kmsapi.GetKeyLastUsageResponse {
	h.t.Helper()
	out, err := h.GetKeyLastUsage(h.ctx, &kmsapi.GetKeyLastUsageRequest{KeyId: id})
	must(h.t, err)
	return out
}

func TestANewKeyWasNotUsed(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	out := h.lastUsageOf(*k.Arn)
	if *out.KeyId != *k.Arn || !out.KeyCreationDate.Equal(start) || !out.TrackingStartDate.Equal(start) {
		t.Errorf("GetKeyLastUsage = %+v", out)
	}
	if out.KeyLastUsage == nil || *out.KeyLastUsage != (kmsapi.KeyLastUsageData{}) {
		t.Errorf("KeyLastUsage = %+v", out.KeyLastUsage)
	}
}

func TestEachUseIsTheLastOne(t *testing.T) {
	h := newHarness(t)
	id, other := h.key().KeyId, h.key().KeyId
	signer := h.key(func(in *kmsapi.CreateKeyRequest) {
		in.KeySpec, in.KeyUsage = new(kmsapi.KeySpecEccNistP256), new(signVerify)
	}).KeyId
	mac := h.key(func(in *kmsapi.CreateKeyRequest) {
		in.KeySpec, in.KeyUsage = new(kmsapi.KeySpecHmac256), new(generateMAC)
	}).KeyId
	blob := h.encrypt(id, "x", nil)
	const ecdsa, sum = kmsapi.SigningAlgorithmSpecEcdsaSha256, kmsapi.MacAlgorithmSpecHmacSha256
	signed, err := h.Sign(h.ctx, &kmsapi.SignRequest{KeyId: signer, Message: []byte("m"), SigningAlgorithm: ecdsa})
	must(t, err)
	code, err := h.GenerateMac(h.ctx, &kmsapi.GenerateMacRequest{KeyId: mac, Message: []byte("m"), MacAlgorithm: sum})
	must(t, err)
	reEncrypt := func() error {
		return second(h.ReEncrypt(h.ctx, &kmsapi.ReEncryptRequest{CiphertextBlob: blob, DestinationKeyId: other}))
	}
	for _, row := range []struct {
		key  string
		want kmsapi.KeyLastUsageTrackingOperation
		call func() error
	}{
		{id, "Encrypt", func() error {
			return second(h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: id, Plaintext: []byte("x")}))
		}},
		{id, "Decrypt", func() error { return second(h.Decrypt(h.ctx, &kmsapi.DecryptRequest{CiphertextBlob: blob})) }},
		{id, "GenerateDataKey", func() error {
			return second(h.GenerateDataKey(h.ctx, &kmsapi.GenerateDataKeyRequest{KeyId: id, NumberOfBytes: new(int32(9))}))
		}},
		{id, "GenerateDataKeyWithoutPlaintext", func() error {
			return second(h.GenerateDataKeyWithoutPlaintext(h.ctx, &kmsapi.GenerateDataKeyWithoutPlaintextRequest{KeyId: id, NumberOfBytes: new(int32(9))}))
		}},
		{id, "GenerateDataKeyPair", func() error {
			return second(h.GenerateDataKeyPair(h.ctx, &kmsapi.GenerateDataKeyPairRequest{KeyId: id, KeyPairSpec: kmsapi.DataKeyPairSpecEccNistP256}))
		}},
		{id, "GenerateDataKeyPairWithoutPlaintext", func() error {
			return second(h.GenerateDataKeyPairWithoutPlaintext(h.ctx, &kmsapi.GenerateDataKeyPairWithoutPlaintextRequest{KeyId: id, KeyPairSpec: kmsapi.DataKeyPairSpecEccNistP256}))
		}},
		{id, "ReEncrypt", reEncrypt},
		{other, "ReEncrypt", reEncrypt},
		{signer, "Sign", func() error {
			return second(h.Sign(h.ctx, &kmsapi.SignRequest{KeyId: signer, Message: []byte("m"), SigningAlgorithm: ecdsa}))
		}},
		{signer, "Verify", func() error {
			return second(h.Verify(h.ctx, &kmsapi.VerifyRequest{KeyId: signer, Message: []byte("m"), Signature: signed.Signature, SigningAlgorithm: ecdsa}))
		}},
		{mac, "GenerateMac", func() error {
			return second(h.GenerateMac(h.ctx, &kmsapi.GenerateMacRequest{KeyId: mac, Message: []byte("m"), MacAlgorithm: sum}))
		}},
		{mac, "VerifyMac", func() error {
			return second(h.VerifyMac(h.ctx, &kmsapi.VerifyMacRequest{KeyId: mac, Message: []byte("m"), Mac: code.Mac, MacAlgorithm: sum}))
		}},
	} {
		t.Run(string(row.want), func(t *testing.T) {
			h.advance(time.Minute)
			must(t, row.call())
			u := h.lastUsageOf(row.key).KeyLastUsage
			if *u.Operation != row.want || !u.Timestamp.Equal(h.clock.Now()) || u.CloudTrailEventId != nil {
				t.Errorf("KeyLastUsage = %s at %s", *u.Operation, *u.Timestamp)
			}
		})
	}
}

func TestFailuresAndDryRunsAreNoUse(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	_, err := h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: id, Plaintext: []byte("x"), DryRun: new(true)})
	wantCode(t, err, "DryRunOperationException")
	h.turnOff(id)
	_, err = h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: id, Plaintext: []byte("x")})
	wantCode(t, err, "DisabledException")
	if u := h.lastUsageOf(id).KeyLastUsage; u.Operation != nil {
		t.Errorf("KeyLastUsage = %+v", u)
	}
}

func TestLastUsageTellsTheRequest(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	c := rootUser(account)
	c.RequestID = "0f0e0d0c-1111-4222-8333-444444444444"
	_, err := h.Encrypt(api.WithCaller(h.ctx, c), &kmsapi.EncryptRequest{KeyId: id, Plaintext: []byte("x")})
	must(t, err)
	if u := h.lastUsageOf(id).KeyLastUsage; *u.KmsRequestId != c.RequestID {
		t.Errorf("KmsRequestId = %s", *u.KmsRequestId)
	}
}

func TestRelatedKeysAreTrackedApart(t *testing.T) {
	h := newHarness(t)
	id := h.pair()
	h.encrypt(id, "x", nil)
	h.in(elsewhere, func() {
		if u := h.lastUsageOf(id).KeyLastUsage; u.Operation != nil {
			t.Errorf("KeyLastUsage of the replica = %+v", u)
		}
	})
}

func TestASweptUsageSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	var id string
	restart(t, dir, func(h *harness) {
		id = h.key().KeyId
		h.encrypt(id, "x", nil)
		must(t, h.Sweep(h.ctx, h.clock.Now()))
		if len(h.usages.all()) != 0 {
			t.Error("what is stored is still held")
		}
	})
	restart(t, dir, func(h *harness) {
		if u := h.lastUsageOf(id).KeyLastUsage; u.Operation == nil || *u.Operation != "Encrypt" || !u.Timestamp.Equal(start) {
			t.Errorf("KeyLastUsage = %+v", u)
		}
		h.Reset()
		h.bring(id, "PendingDeletion")
		h.advance(31 * day)
		must(t, h.Sweep(h.ctx, h.clock.Now()))
		must(t, h.store.Check(h.ctx))
	})
}

func TestGetKeyLastUsageRefuses(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	_, err := h.GetKeyLastUsage(h.ctx, &kmsapi.GetKeyLastUsageRequest{KeyId: noKey})
	wantError(t, err, "NotFoundException", "Key '"+keyArn(noKey)+"' does not exist")
	_, err = h.GetKeyLastUsage(h.ctx, &kmsapi.GetKeyLastUsageRequest{KeyId: "alias/x"})
	wantError(t, err, "NotFoundException", "Invalid keyId 'alias/x'")
	_, err = h.GetKeyLastUsage(h.grant(userOf(foreign, "eve"), allowAll), &kmsapi.GetKeyLastUsageRequest{KeyId: *k.Arn})
	wantCode(t, err, "AccessDeniedException")
}
