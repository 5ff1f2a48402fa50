package kms

import (
	"reflect"
	"testing"

	"sealstack/api/kmsapi"
)

func TestReEncryptMovesACiphertextToAnotherKeyAndContext(t *testing.T) {
	h := newHarness(t)
	a, b := h.key(), h.key()
	from, to := map[string]string{"a": "1"}, map[string]string{"b": "2"}
	out, err := h.ReEncrypt(h.ctx, &kmsapi.ReEncryptRequest{
		CiphertextBlob: h.encrypt(a.KeyId, "x", from), SourceEncryptionContext: from,
		DestinationKeyId: b.KeyId, DestinationEncryptionContext: to,
	})
	must(t, err)
	if got, err := h.decrypt(out.CiphertextBlob, to); err != nil || got != "x" {
		t.Errorf("Decrypt = %q, %v", got, err)
	}
	out.CiphertextBlob = nil
	want := &kmsapi.ReEncryptResponse{
		SourceKeyId: a.Arn, KeyId: b.Arn,
		SourceEncryptionAlgorithm: new(symmetricDefault), DestinationEncryptionAlgorithm: new(symmetricDefault),
		SourceKeyMaterialId: a.CurrentKeyMaterialId, DestinationKeyMaterialId: b.CurrentKeyMaterialId,
	}
	if !reflect.DeepEqual(out, want) {
		t.Errorf("ReEncrypt = %+v", out)
	}
}

func TestReEncryptRefuses(t *testing.T) {
	h := newHarness(t)
	a, b, sign := h.key(), h.key(), h.key()
	h.put(sign.KeyId, func(r *record) { r.Usage, r.Spec = signVerify, kmsapi.KeySpecRsa2048 })
	rsa := h.key()
	h.put(rsa.KeyId, func(r *record) { r.Spec = kmsapi.KeySpecRsa2048 })
	blob := h.encrypt(a.KeyId, "x", nil)
	type request = kmsapi.ReEncryptRequest
	for name, row := range map[string]struct {
		in            request
		code, message string
	}{
		"no ciphertext":           {request{DestinationKeyId: b.KeyId}, "ValidationException", "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null"},
		"garbage":                 {request{CiphertextBlob: []byte("x"), DestinationKeyId: b.KeyId}, "InvalidCiphertextException", ""},
		"another source":          {request{CiphertextBlob: blob, SourceKeyId: &b.KeyId, DestinationKeyId: b.KeyId}, "IncorrectKeyException", incorrect},
		"another context":         {request{CiphertextBlob: blob, DestinationKeyId: b.KeyId, SourceEncryptionContext: map[string]string{"a": "b"}}, "InvalidCiphertextException", ""},
		"no such destination":     {request{CiphertextBlob: blob, DestinationKeyId: noKey}, "NotFoundException", "Key '" + keyArn(noKey) + "' does not exist"},
		"a key that signs":        {request{CiphertextBlob: blob, DestinationKeyId: sign.KeyId}, "InvalidKeyUsageException", *sign.Arn + " key usage is SIGN_VERIFY which is not valid for ReEncrypt."},
		"a key of other spec":     {request{CiphertextBlob: blob, DestinationKeyId: rsa.KeyId}, "InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."},
		"a dry run":               {request{CiphertextBlob: blob, DestinationKeyId: b.KeyId, DryRun: new(true)}, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."},
		"a modifier, no source":   {request{DestinationKeyId: b.KeyId, DryRun: new(true), DryRunModifiers: []kmsapi.DryRunModifierType{kmsapi.DryRunModifierTypeIgnoreCiphertext}}, "ValidationException", "SourceKeyId is required when DryRunModifiers contains IGNORE_CIPHERTEXT."},
		"a modifier and a source": {request{SourceKeyId: a.Arn, DestinationKeyId: b.KeyId, DryRun: new(true), DryRunModifiers: []kmsapi.DryRunModifierType{kmsapi.DryRunModifierTypeIgnoreCiphertext}}, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."},
		"a grant token":           {request{CiphertextBlob: blob, DestinationKeyId: b.KeyId, GrantTokens: []string{"x"}}, "InvalidGrantTokenException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.ReEncrypt(h.ctx, &row.in)
			wantError(t, err, row.code, row.message)
		})
	}
}

func TestReEncryptNeedsFromOnTheSourceAndToOnTheDestination(t *testing.T) {
	h := newHarness(t)
	a, b := h.key(), h.key()
	blob := h.encrypt(a.KeyId, "x", nil)
	statement := func(action, key string) string {
		return `{"Effect":"Allow","Action":"kms:` + action + `","Resource":"` + key + `"}`
	}
	both := statement("ReEncryptFrom", *a.Arn) + "," + statement("ReEncryptTo", *b.Arn)
	for name, row := range map[string]struct{ allow, message string }{
		"both":    {both, ""},
		"no from": {statement("ReEncryptTo", "*"), "kms:ReEncryptFrom on the resource associated with this ciphertext because no identity-based policy allows the kms:ReEncryptFrom action"},
		"no to":   {statement("ReEncryptFrom", "*"), "kms:ReEncryptTo on resource: " + *b.Arn + " because no identity-based policy allows the kms:ReEncryptTo action"},
		"swapped": {statement("ReEncryptFrom", *b.Arn) + "," + statement("ReEncryptTo", *a.Arn), "kms:ReEncryptFrom on the resource associated with this ciphertext because no identity-based policy allows the kms:ReEncryptFrom action"},
		"others":  {statement("Decrypt", "*") + "," + statement("Encrypt", "*"), "kms:ReEncryptFrom on the resource associated with this ciphertext because no identity-based policy allows the kms:ReEncryptFrom action"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := h.grant(userOf(account, "bob"), `{"Version":"2012-10-17","Statement":[`+row.allow+`]}`)
			_, err := h.ReEncrypt(ctx, &kmsapi.ReEncryptRequest{CiphertextBlob: blob, DestinationKeyId: b.KeyId})
			if row.message == "" {
				must(t, err)
				return
			}
			wantError(t, err, "AccessDeniedException", "User: arn:aws:iam::111122223333:user/bob is not authorized to perform: "+row.message)
		})
	}
}

func TestReEncryptOnSameKeyIsACondition(t *testing.T) {
	h := newHarness(t)
	a, b := h.key(), h.key()
	ctx := h.grant(userOf(account, "bob"), `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:ReEncrypt*","Resource":"*",
		"Condition":{"Bool":{"kms:ReEncryptOnSameKey":"true"}}}]}`)
	blob := h.encrypt(a.KeyId, "x", nil)
	_, err := h.ReEncrypt(ctx, &kmsapi.ReEncryptRequest{CiphertextBlob: blob, DestinationKeyId: *a.Arn})
	must(t, err)
	_, err = h.ReEncrypt(ctx, &kmsapi.ReEncryptRequest{CiphertextBlob: blob, DestinationKeyId: b.KeyId})
	wantCode(t, err, "AccessDeniedException")
}
