package kms

import (
	"testing"

	"sealstack/api/kmsapi"
)

const incorrect = "The key ID in the request does not identify a CMK that can perform this operation."

func TestDecryptRefuses(t *testing.T) {
	h := newHarness(t)
	k, other := h.key(), h.key()
	mac := h.key()
	h.put(mac.KeyId, func(r *record) { r.Usage, r.Spec = generateMAC, kmsapi.KeySpecHmac256 })
	blob := h.encrypt(k.KeyId, "x", nil)
	ignore := []kmsapi.DryRunModifierType{kmsapi.DryRunModifierTypeIgnoreCiphertext}
	rsa := new(kmsapi.EncryptionAlgorithmSpecRsaesOaepSha256)
	type request = kmsapi.DecryptRequest
	for name, row := range map[string]struct {
		in            request
		code, message string
	}{
		"no ciphertext":         {request{}, "ValidationException", "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null"},
		"garbage":               {request{CiphertextBlob: []byte("garbage")}, "InvalidCiphertextException", ""},
		"garbage with a key":    {request{CiphertextBlob: []byte("garbage"), KeyId: &k.KeyId}, "InvalidCiphertextException", ""},
		"garbage, no such key":  {request{CiphertextBlob: []byte("garbage"), KeyId: new(noKey)}, "NotFoundException", "Key '" + keyArn(noKey) + "' does not exist"},
		"another key":           {request{CiphertextBlob: blob, KeyId: &other.KeyId}, "IncorrectKeyException", incorrect},
		"a key for MACs":        {request{CiphertextBlob: blob, KeyId: mac.Arn}, "IncorrectKeyException", incorrect},
		"another context":       {request{CiphertextBlob: blob, EncryptionContext: map[string]string{"a": "b"}}, "InvalidCiphertextException", ""},
		"another algorithm":     {request{CiphertextBlob: blob, KeyId: &k.KeyId, EncryptionAlgorithm: rsa}, "InvalidKeyUsageException", "Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT."},
		"RSA without a key":     {request{CiphertextBlob: blob, EncryptionAlgorithm: rsa}, "ValidationException", "KeyId is required for algorithm RSAES_OAEP_SHA_256."},
		"a dry run":             {request{CiphertextBlob: blob, DryRun: new(true)}, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."},
		"a dry run of garbage":  {request{CiphertextBlob: []byte("x"), DryRun: new(true)}, "InvalidCiphertextException", ""},
		"a dry run without":     {request{KeyId: &k.KeyId, DryRun: new(true), DryRunModifiers: ignore}, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."},
		"a modifier, no run":    {request{KeyId: &k.KeyId, DryRunModifiers: ignore}, "ValidationException", "DryRunModifiers can only be specified when DryRun is true."},
		"a modifier, no key":    {request{DryRun: new(true), DryRunModifiers: ignore}, "ValidationException", "KeyId is required when DryRunModifiers contains IGNORE_CIPHERTEXT."},
		"a modifier, wrong key": {request{KeyId: mac.Arn, DryRun: new(true), DryRunModifiers: ignore}, "InvalidKeyUsageException", *mac.Arn + " key usage is GENERATE_VERIFY_MAC which is not valid for Decrypt."},
		"a grant token":         {request{CiphertextBlob: blob, GrantTokens: []string{"x"}}, "InvalidGrantTokenException", ""},
		"an enclave":            {request{CiphertextBlob: blob, Recipient: &kmsapi.RecipientInfo{}}, "ValidationException", "1 validation error detected: Value null at 'recipient.attestationDocument' failed to satisfy constraint: Member must not be null"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.Decrypt(h.ctx, &row.in)
			wantError(t, err, row.code, row.message)
		})
	}
}

func TestDecryptTakesTheKeyThatMadeTheCiphertext(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	h.alias("alias/a", k.KeyId)
	blob := h.encrypt(k.KeyId, "x", nil)
	for _, id := range []string{k.KeyId, *k.Arn, "alias/a", aliasArn("alias/a")} {
		_, err := h.Decrypt(h.ctx, &kmsapi.DecryptRequest{CiphertextBlob: blob, KeyId: &id})
		must(t, err)
	}
}

func TestACiphertextOfAnotherRegionIsNotVisible(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	blob := h.encrypt(k.KeyId, "x", nil)
	there := in("eu-west-1")
	_, err := h.Decrypt(there, &kmsapi.DecryptRequest{CiphertextBlob: blob})
	wantError(t, err, "AccessDeniedException",
		"User: arn:aws:iam::111122223333:root is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext"+hiddenBecause)
	local, err := h.CreateKey(there, &kmsapi.CreateKeyRequest{})
	must(t, err)
	_, err = h.Decrypt(there, &kmsapi.DecryptRequest{CiphertextBlob: blob, KeyId: &local.KeyMetadata.KeyId})
	wantError(t, err, "IncorrectKeyException", incorrect)
}

func TestADeniedCiphertextDoesNotNameItsKey(t *testing.T) {
	h := newHarness(t)
	blob := h.encrypt(h.key().KeyId, "x", nil)
	_, err := h.Decrypt(as(userOf(account, "eve")), &kmsapi.DecryptRequest{CiphertextBlob: blob})
	wantError(t, err, "AccessDeniedException", "User: arn:aws:iam::111122223333:user/eve is not authorized to perform: kms:Decrypt "+
		"on the resource associated with this ciphertext because no identity-based policy allows the kms:Decrypt action")
	_, err = h.Decrypt(as(rootUser(foreign)), &kmsapi.DecryptRequest{CiphertextBlob: blob})
	wantError(t, err, "AccessDeniedException", "User: arn:aws:iam::444455556666:root is not authorized to perform: kms:Decrypt "+
		"on the resource associated with this ciphertext"+hiddenBecause)
}

// A bare key id is enough for a ciphertext of another account's key.
func TestAnotherAccountsCiphertextOpensWithTheBareKeyID(t *testing.T) {
	h := newHarness(t)
	k := h.key(with(byAnyone))
	blob := h.encrypt(k.KeyId, "x", nil)
	for _, id := range []*string{nil, &k.KeyId, k.Arn} {
		out, err := h.Decrypt(as(rootUser(foreign)), &kmsapi.DecryptRequest{CiphertextBlob: blob, KeyId: id})
		must(t, err)
		if *out.KeyId != *k.Arn {
			t.Errorf("KeyId = %s", *out.KeyId)
		}
	}
	_, err := h.Encrypt(as(rootUser(foreign)), &kmsapi.EncryptRequest{KeyId: k.KeyId, Plaintext: []byte("x")})
	wantCode(t, err, "NotFoundException")
}
