package kms

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"sealstack/api/kmsapi"
)

func (h *harness) alias(name, target string) {
	h.t.Helper()
	_, err := h.CreateAlias(h.ctx, &kmsapi.CreateAliasRequest{AliasName: name, TargetKeyId: target})
	must(h.t, err)
}

func (h *harness) aliases(key *string) []kmsapi.AliasListEntry {
	h.t.Helper()
	out, err := h.ListAliases(h.ctx, &kmsapi.ListAliasesRequest{KeyId: key})
	must(h.t, err)
	return slices.DeleteFunc(out.Aliases, func(a kmsapi.AliasListEntry) bool { return a.TargetKeyId == nil }) // AWS's
}

func TestAliasesAreListedWithTheirKey(t *testing.T) {
	h := newHarness(t)
	a, b := h.key(), h.key()
	h.alias("alias/two", *b.Arn)
	h.alias("alias/a/one", a.KeyId)
	entry := func(name, key string) kmsapi.AliasListEntry {
		return kmsapi.AliasListEntry{
			AliasName: &name, AliasArn: new(aliasArn(name)), TargetKeyId: &key, CreationDate: new(start), LastUpdatedDate: new(start),
		}
	}
	one, two := entry("alias/a/one", a.KeyId), entry("alias/two", b.KeyId)
	if got := h.aliases(nil); !reflect.DeepEqual(got, []kmsapi.AliasListEntry{one, two}) {
		t.Errorf("ListAliases = %+v", got)
	}
	for _, id := range []string{b.KeyId, *b.Arn} {
		if got := h.aliases(&id); !reflect.DeepEqual(got, []kmsapi.AliasListEntry{two}) {
			t.Errorf("ListAliases of %s = %+v", id, got)
		}
	}
	if got := h.aliases(&h.newKey().KeyId); got == nil || len(got) != 0 {
		t.Errorf("ListAliases of a key without = %v", got)
	}
}

func (h *harness) newKey() *kmsapi.KeyMetadata { return new(h.key()) }

func TestUpdateAliasMovesTheNameToAnotherKey(t *testing.T) {
	h := newHarness(t)
	a, b := h.key(), h.key()
	h.alias("alias/x", a.KeyId)
	h.advance(time.Hour)
	for range 2 { // to the key it has is no error
		_, err := h.UpdateAlias(h.ctx, &kmsapi.UpdateAliasRequest{AliasName: "alias/x", TargetKeyId: b.KeyId})
		must(t, err)
	}
	if got := h.describe("alias/x").KeyId; got != b.KeyId {
		t.Errorf("alias/x is %s, want %s", got, b.KeyId)
	}
	entries := h.aliases(nil)
	if len(entries) != 1 || !entries[0].CreationDate.Equal(start) || !entries[0].LastUpdatedDate.Equal(start.Add(time.Hour)) {
		t.Errorf("ListAliases = %+v", entries)
	}
	if left := h.aliases(&a.KeyId); len(left) != 0 {
		t.Errorf("the first key still has %v", left)
	}
	// kms:ResourceAliases goes with it.
	ctx := h.grant(userOf(account, "bob"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*",
		"Condition":{"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/x"}}}}`)
	must(t, second(h.DescribeKey(ctx, &kmsapi.DescribeKeyRequest{KeyId: b.KeyId})))
	wantCode(t, second(h.DescribeKey(ctx, &kmsapi.DescribeKeyRequest{KeyId: a.KeyId})), "AccessDeniedException")
}

func TestDeleteAliasFreesTheName(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	h.alias("alias/x", k.KeyId)
	_, err := h.DeleteAlias(h.ctx, &kmsapi.DeleteAliasRequest{AliasName: "alias/x"})
	must(t, err)
	_, err = h.DescribeKey(h.ctx, &kmsapi.DescribeKeyRequest{KeyId: "alias/x"})
	wantCode(t, err, "NotFoundException")
	h.alias("alias/x", h.key().KeyId)
}

func TestAliasErrors(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	h.alias("alias/x", k.KeyId)
	const prefix = `Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html`
	create := func(name, key string) error {
		return second(h.CreateAlias(h.ctx, &kmsapi.CreateAliasRequest{AliasName: name, TargetKeyId: key}))
	}
	update := func(name, key string) error {
		return second(h.UpdateAlias(h.ctx, &kmsapi.UpdateAliasRequest{AliasName: name, TargetKeyId: key}))
	}
	remove := func(name string) error {
		return second(h.DeleteAlias(h.ctx, &kmsapi.DeleteAliasRequest{AliasName: name}))
	}
	for name, row := range map[string]struct {
		err           error
		code, message string
	}{
		"create without prefix":   {create("x", k.KeyId), "ValidationException", prefix},
		"update without prefix":   {update("x", k.KeyId), "ValidationException", prefix},
		"delete without prefix":   {remove("x"), "ValidationException", "Invalid identifier"},
		"create a reserved one":   {create("alias/aws/s3", k.KeyId), "NotAuthorizedException", ""},
		"update a reserved one":   {update("alias/aws/s3", k.KeyId), "NotAuthorizedException", ""},
		"delete a reserved one":   {remove("alias/aws/s3"), "NotAuthorizedException", ""},
		"the prefix alone":        {create("alias/", k.KeyId), "ValidationException", "alias/ contains invalid characters for an alias"},
		"a colon":                 {create("alias/x:y", k.KeyId), "ValidationException", "alias/x:y contains invalid characters for an alias"},
		"create it again":         {create("alias/x", k.KeyId), "AlreadyExistsException", "An alias with the name " + aliasArn("alias/x") + " already exists"},
		"of an alias":             {create("alias/y", "alias/x"), "ValidationException", "Aliases must refer to keys. Not aliases"},
		"of an alias by ARN":      {update("alias/x", aliasArn("alias/x")), "ValidationException", "Aliases must refer to keys. Not aliases"},
		"of a key that is none":   {create("alias/y", noKey), "NotFoundException", "Key '" + keyArn(noKey) + "' does not exist"},
		"update what is not":      {update("alias/none", k.KeyId), "NotFoundException", "Alias " + aliasArn("alias/none") + " is not found."},
		"delete what is not":      {remove("alias/none"), "NotFoundException", "Alias " + aliasArn("alias/none") + " is not found."},
		"update to none":          {update("alias/x", noKey), "NotFoundException", "Key '" + keyArn(noKey) + "' does not exist"},
		"of a key in a far place": {create("alias/y", "arn:aws:kms:eu-west-1:"+account+":key/"+noKey), "NotFoundException", "Invalid arn eu-west-1"},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, row.err, row.code, row.message) })
	}
}

func TestUpdateAliasNeedsKeysOfOneUsage(t *testing.T) {
	h := newHarness(t)
	a, b := h.key(), h.key()
	h.put(b.KeyId, func(r *record) { r.Usage = signVerify })
	h.alias("alias/x", a.KeyId)
	_, err := h.UpdateAlias(h.ctx, &kmsapi.UpdateAliasRequest{AliasName: "alias/x", TargetKeyId: b.KeyId})
	wantError(t, err, "ValidationException", "Alias alias/x cannot be changed from a CMK with key usage ENCRYPT_DECRYPT to a CMK "+
		"with key usage SIGN_VERIFY. The key usage of the current CMK and the new CMK must be the same.")
	if got := h.describe("alias/x").KeyId; got != a.KeyId {
		t.Error("the alias has moved all the same")
	}
}

func TestAKeyHasAtMostFiftyAliases(t *testing.T) {
	h := newHarness(t)
	k, other := h.key(), h.key()
	for i := range defaultAliases {
		h.alias(fmt.Sprintf("alias/%d", i), k.KeyId)
	}
	const message = "Aliases per key quota for this account in this region is 50, current usage is 50."
	_, err := h.CreateAlias(h.ctx, &kmsapi.CreateAliasRequest{AliasName: "alias/more", TargetKeyId: k.KeyId})
	wantError(t, err, "LimitExceededException", message)
	h.alias("alias/more", other.KeyId)
	_, err = h.UpdateAlias(h.ctx, &kmsapi.UpdateAliasRequest{AliasName: "alias/more", TargetKeyId: k.KeyId})
	wantError(t, err, "LimitExceededException", message)
	if got := h.describe("alias/more").KeyId; got != other.KeyId {
		t.Error("the alias has moved all the same")
	}
}

func TestAliasesBelongToAccountAndRegion(t *testing.T) {
	h := newHarness(t)
	h.alias("alias/x", h.key().KeyId)
	there := in("eu-west-1")
	k, err := h.CreateKey(there, &kmsapi.CreateKeyRequest{})
	must(t, err)
	_, err = h.CreateAlias(there, &kmsapi.CreateAliasRequest{AliasName: "alias/x", TargetKeyId: k.KeyMetadata.KeyId})
	must(t, err)
	if n := len(h.aliases(nil)); n != 1 {
		t.Errorf("there are %d aliases in the first Region", n)
	}
}
