package kms

import (
	"context"
	"testing"

	"sealstack/api/kmsapi"
)

// of makes a key of the spec and usage.
func of(spec kmsapi.KeySpec, usage kmsapi.KeyUsageType) func(*kmsapi.CreateKeyRequest) {
	return func(in *kmsapi.CreateKeyRequest) { in.KeySpec, in.KeyUsage = &spec, &usage }
}

// use is a request that succeeds with its key.
type use struct {
	operation kmsapi.GrantOperation
	key       kmsapi.KeyMetadata
	usage     string // other than the key's
	do        func(ctx context.Context, keyID string, dryRun *bool) error
}

// uses has one request for each operation with keys other than symmetric ones,
// and the data key pairs.
func (h *harness) uses() []use {
	h.t.Helper()
	sign := h.key(of(kmsapi.KeySpecEccNistP256, signVerify))
	mac := h.key(of(kmsapi.KeySpecHmac256, generateMAC))
	agree := h.key(of(kmsapi.KeySpecEccNistP256, keyAgreement))
	kem := h.key(of(kmsapi.KeySpecMlKem512, encapsulate))
	plain := h.key()
	message := []byte("m")
	signature, err := h.Sign(h.ctx, &kmsapi.SignRequest{KeyId: sign.KeyId, Message: message, SigningAlgorithm: kmsapi.SigningAlgorithmSpecEcdsaSha256})
	must(h.t, err)
	sum, err := h.GenerateMac(h.ctx, &kmsapi.GenerateMacRequest{KeyId: mac.KeyId, Message: message, MacAlgorithm: kmsapi.MacAlgorithmSpecHmacSha256})
	must(h.t, err)
	peer := h.publicKey(agree.KeyId)
	capsule, err := h.Encapsulate(h.ctx, &kmsapi.EncapsulateRequest{KeyId: kem.KeyId, EncapsulationAlgorithm: kmsapi.EncapsulationAlgorithmSpecMlKem})
	must(h.t, err)
	return []use{
		{"Sign", sign, "ENCRYPT_DECRYPT", func(ctx context.Context, id string, dry *bool) error {
			return second(h.Sign(ctx, &kmsapi.SignRequest{KeyId: id, Message: message, SigningAlgorithm: kmsapi.SigningAlgorithmSpecEcdsaSha256, DryRun: dry}))
		}},
		{"Verify", sign, "GENERATE_VERIFY_MAC", func(ctx context.Context, id string, dry *bool) error {
			return second(h.Verify(ctx, &kmsapi.VerifyRequest{KeyId: id, Message: message, Signature: signature.Signature, SigningAlgorithm: kmsapi.SigningAlgorithmSpecEcdsaSha256, DryRun: dry}))
		}},
		{"GenerateMac", mac, "ENCRYPT_DECRYPT", func(ctx context.Context, id string, dry *bool) error {
			return second(h.GenerateMac(ctx, &kmsapi.GenerateMacRequest{KeyId: id, Message: message, MacAlgorithm: kmsapi.MacAlgorithmSpecHmacSha256, DryRun: dry}))
		}},
		{"VerifyMac", mac, "SIGN_VERIFY", func(ctx context.Context, id string, dry *bool) error {
			return second(h.VerifyMac(ctx, &kmsapi.VerifyMacRequest{KeyId: id, Message: message, Mac: sum.Mac, MacAlgorithm: kmsapi.MacAlgorithmSpecHmacSha256, DryRun: dry}))
		}},
		{"DeriveSharedSecret", agree, "SIGN_VERIFY", func(ctx context.Context, id string, dry *bool) error {
			return second(h.DeriveSharedSecret(ctx, &kmsapi.DeriveSharedSecretRequest{KeyId: id, PublicKey: peer, KeyAgreementAlgorithm: kmsapi.KeyAgreementAlgorithmSpecEcdh, DryRun: dry}))
		}},
		{"Encapsulate", kem, "SIGN_VERIFY", func(ctx context.Context, id string, dry *bool) error {
			return second(h.Encapsulate(ctx, &kmsapi.EncapsulateRequest{KeyId: id, EncapsulationAlgorithm: kmsapi.EncapsulationAlgorithmSpecMlKem, DryRun: dry}))
		}},
		{"Decapsulate", kem, "KEY_AGREEMENT", func(ctx context.Context, id string, dry *bool) error {
			return second(h.Decapsulate(ctx, &kmsapi.DecapsulateRequest{KeyId: id, SharedSecretCiphertextBlob: capsule.SharedSecretCiphertextBlob, EncapsulationAlgorithm: kmsapi.EncapsulationAlgorithmSpecMlKem, DryRun: dry}))
		}},
		{"GenerateDataKeyPair", plain, "SIGN_VERIFY", func(ctx context.Context, id string, dry *bool) error {
			return second(h.GenerateDataKeyPair(ctx, &kmsapi.GenerateDataKeyPairRequest{KeyId: id, KeyPairSpec: kmsapi.DataKeyPairSpecEccNistP256, DryRun: dry}))
		}},
		{"GenerateDataKeyPairWithoutPlaintext", plain, "SIGN_VERIFY", func(ctx context.Context, id string, dry *bool) error {
			return second(h.GenerateDataKeyPairWithoutPlaintext(ctx, &kmsapi.GenerateDataKeyPairWithoutPlaintextRequest{KeyId: id, KeyPairSpec: kmsapi.DataKeyPairSpecEccNistP256, DryRun: dry}))
		}},
		{"GetPublicKey", sign, "", func(ctx context.Context, id string, dry *bool) error {
			err := second(h.GetPublicKey(ctx, &kmsapi.GetPublicKeyRequest{KeyId: id}))
			if err == nil && value(dry) {
				err = dryRun() // it has no such parameter
			}
			return err
		}},
	}
}

func (h *harness) publicKey(id string) []byte {
	h.t.Helper()
	out, err := h.GetPublicKey(h.ctx, &kmsapi.GetPublicKeyRequest{KeyId: id})
	must(h.t, err)
	return out.PublicKey
}

func TestUsesTakeEveryFormOfIdentifier(t *testing.T) {
	h := newHarness(t)
	for _, u := range h.uses() {
		name := "alias/" + string(u.operation)
		h.alias(name, u.key.KeyId)
		for _, id := range []string{u.key.KeyId, *u.key.Arn, name, aliasArn(name)} {
			if err := u.do(h.ctx, id, nil); err != nil {
				t.Errorf("%s with %s: %v", u.operation, id, err)
			}
		}
		wantError(t, u.do(h.ctx, noKey, nil), "NotFoundException", "Key '"+keyArn(noKey)+"' does not exist")
		wantError(t, u.do(h.ctx, noKey, new(true)), "NotFoundException", "Key '"+keyArn(noKey)+"' does not exist")
	}
}

func TestDryRunsOfUsesSaveTheResult(t *testing.T) {
	h := newHarness(t)
	for _, u := range h.uses() {
		t.Run(string(u.operation), func(t *testing.T) {
			wantError(t, u.do(h.ctx, u.key.KeyId, new(true)), "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
			must(t, u.do(h.ctx, u.key.KeyId, new(false)))
		})
	}
}

func TestUsesNeedAnEnabledKey(t *testing.T) {
	h := newHarness(t)
	uses := h.uses()
	for name, row := range map[string]struct {
		change        func(*record)
		code, message string
	}{
		"disabled":         {func(r *record) { r.Disabled = true }, "DisabledException", " is disabled."},
		"pending deletion": {func(r *record) { r.Deletion = start.Add(7 * day) }, "KMSInvalidStateException", " is pending deletion."},
		"pending import":   {func(r *record) { r.Material = "" }, "KMSInvalidStateException", " is pending import."},
	} {
		for _, u := range uses {
			t.Run(name+" "+string(u.operation), func(t *testing.T) {
				var was record
				h.put(u.key.KeyId, func(r *record) { was = *r; row.change(r) })
				for _, dry := range []*bool{nil, new(true)} {
					wantError(t, u.do(h.ctx, u.key.KeyId, dry), row.code, *u.key.Arn+row.message)
				}
				h.put(u.key.KeyId, func(r *record) { *r = was })
				must(t, u.do(h.ctx, u.key.KeyId, nil))
			})
		}
	}
}

func TestUsesNeedAKeyOfTheUsage(t *testing.T) {
	h := newHarness(t)
	for _, u := range h.uses() {
		if u.usage == "" {
			continue
		}
		t.Run(string(u.operation), func(t *testing.T) {
			h.put(u.key.KeyId, func(r *record) { r.Usage = kmsapi.KeyUsageType(u.usage) })
			defer h.put(u.key.KeyId, func(r *record) { r.Usage = *u.key.KeyUsage })
			for _, dry := range []*bool{nil, new(true)} {
				wantError(t, u.do(h.ctx, u.key.KeyId, dry), "InvalidKeyUsageException",
					*u.key.Arn+" key usage is "+u.usage+" which is not valid for "+string(u.operation)+".")
			}
		})
	}
}

func TestUsesNeedAPermission(t *testing.T) {
	h := newHarness(t)
	for _, u := range h.uses() {
		t.Run(string(u.operation), func(t *testing.T) {
			bob := userOf(account, "bob")
			other := h.grant(bob, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"kms:`+string(u.operation)+`","Resource":"*"}}`)
			for _, dry := range []*bool{nil, new(true)} {
				wantError(t, u.do(other, u.key.KeyId, dry), "AccessDeniedException", "User: "+bob.ARN+" is not authorized to perform: kms:"+
					string(u.operation)+" on resource: "+*u.key.Arn+" because no identity-based policy allows the kms:"+string(u.operation)+" action")
			}
			must(t, u.do(h.grant(bob, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:`+string(u.operation)+`","Resource":"*"}}`), u.key.KeyId, nil))
		})
	}
}

func TestUsesWorkByGrant(t *testing.T) {
	h := newHarness(t)
	for _, u := range h.uses() {
		t.Run(string(u.operation), func(t *testing.T) {
			eve := userOf(account, "eve"+string(u.operation))
			wantCode(t, u.do(as(eve), u.key.KeyId, nil), "AccessDeniedException")
			_, err := h.CreateGrant(h.ctx, &kmsapi.CreateGrantRequest{KeyId: u.key.KeyId, GranteePrincipal: &eve.ARN, Operations: []kmsapi.GrantOperation{u.operation}})
			must(t, err)
			must(t, u.do(as(eve), u.key.KeyId, nil))
		})
	}
}

func TestUsesWorkAcrossAccounts(t *testing.T) {
	h := newHarness(t)
	for _, u := range h.uses() {
		t.Run(string(u.operation), func(t *testing.T) {
			wantCode(t, u.do(as(rootUser(foreign)), *u.key.Arn, nil), "AccessDeniedException")
			put := func(document string) {
				must(t, second(h.PutKeyPolicy(h.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: u.key.KeyId, Policy: document, BypassPolicyLockoutSafetyCheck: new(true)})))
			}
			put(byAnyone)
			must(t, u.do(as(rootUser(foreign)), *u.key.Arn, nil))
			put(defaultPolicy(region, account))
		})
	}
}

// Each row's condition allows its operation, and nothing that has not the key.
func TestConditionKeysOfUses(t *testing.T) {
	h := newHarness(t)
	uses := map[kmsapi.GrantOperation]use{}
	for _, u := range h.uses() {
		uses[u.operation] = u
	}
	for _, row := range []struct {
		condition, value, other string
		operations              []kmsapi.GrantOperation
	}{
		{"kms:SigningAlgorithm", "ECDSA_SHA_256", "ECDSA_SHA_384", []kmsapi.GrantOperation{"Sign", "Verify"}},
		{"kms:MessageType", "RAW", "DIGEST", []kmsapi.GrantOperation{"Sign", "Verify"}},
		{"kms:MacAlgorithm", "HMAC_SHA_256", "HMAC_SHA_512", []kmsapi.GrantOperation{"GenerateMac", "VerifyMac"}},
		{"kms:KeyAgreementAlgorithm", "ECDH", "X", []kmsapi.GrantOperation{"DeriveSharedSecret"}},
		{"kms:EncapsulationAlgorithm", "ML_KEM", "X", []kmsapi.GrantOperation{"Encapsulate", "Decapsulate"}},
		{"kms:DataKeyPairSpec", "ECC_NIST_P256", "RSA_2048", []kmsapi.GrantOperation{"GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"}},
		{"kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_256", []kmsapi.GrantOperation{"GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"}},
	} {
		allowing := func(v string) context.Context {
			return h.grant(userOf(account, "bob"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*",
				"Condition":{"StringEquals":{"`+row.condition+`":"`+v+`"}}}}`)
		}
		for operation, u := range uses {
			has := false
			for _, o := range row.operations {
				has = has || o == operation
			}
			if err := u.do(allowing(row.value), u.key.KeyId, nil); has && err != nil {
				t.Errorf("%s on %s: %v", row.condition, operation, err)
			} else if !has {
				wantCode(t, err, "AccessDeniedException")
			}
			wantCode(t, u.do(allowing(row.other), u.key.KeyId, nil), "AccessDeniedException")
		}
	}
}

func TestUsesRefuseForgedGrantTokens(t *testing.T) {
	h := newHarness(t)
	id, tokens := h.key(of(kmsapi.KeySpecEccNistP256, signVerify)).KeyId, []string{"x"}
	ecdh, kem := kmsapi.KeyAgreementAlgorithmSpecEcdh, kmsapi.EncapsulationAlgorithmSpecMlKem
	for name, err := range map[string]error{
		"Sign":                second(h.Sign(h.ctx, &kmsapi.SignRequest{KeyId: id, GrantTokens: tokens})),
		"Verify":              second(h.Verify(h.ctx, &kmsapi.VerifyRequest{KeyId: id, GrantTokens: tokens})),
		"GenerateMac":         second(h.GenerateMac(h.ctx, &kmsapi.GenerateMacRequest{KeyId: id, GrantTokens: tokens})),
		"VerifyMac":           second(h.VerifyMac(h.ctx, &kmsapi.VerifyMacRequest{KeyId: id, GrantTokens: tokens})),
		"GetPublicKey":        second(h.GetPublicKey(h.ctx, &kmsapi.GetPublicKeyRequest{KeyId: id, GrantTokens: tokens})),
		"DeriveSharedSecret":  second(h.DeriveSharedSecret(h.ctx, &kmsapi.DeriveSharedSecretRequest{KeyId: id, KeyAgreementAlgorithm: ecdh, GrantTokens: tokens})),
		"Encapsulate":         second(h.Encapsulate(h.ctx, &kmsapi.EncapsulateRequest{KeyId: id, EncapsulationAlgorithm: kem, GrantTokens: tokens})),
		"Decapsulate":         second(h.Decapsulate(h.ctx, &kmsapi.DecapsulateRequest{KeyId: id, EncapsulationAlgorithm: kem, GrantTokens: tokens})),
		"GenerateDataKeyPair": second(h.GenerateDataKeyPair(h.ctx, &kmsapi.GenerateDataKeyPairRequest{KeyId: id, GrantTokens: tokens})),
	} {
		t.Run(name, func(t *testing.T) { wantError(t, err, "InvalidGrantTokenException", "") })
	}
}
