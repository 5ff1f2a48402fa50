package kms

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"sealstack/api"
	"sealstack/api/kmsapi"
)

const aliasOfS3 = "alias/aws/s3"

// throughS3 is the caller of ctx, whose request S3 passes on.
func throughS3(ctx context.Context) context.Context {
	return api.Forward(ctx, "s3.us-east-1.amazonaws.com")
}

func (h *harness) s3DataKey(ctx context.Context) (*kmsapi.GenerateDataKeyResponse, error) {
	return h.GenerateDataKey(ctx, &kmsapi.GenerateDataKeyRequest{KeyId: aliasOfS3, KeySpec: new(kmsapi.DataKeySpecAes256)})
}

func TestTheFirstUseByS3MakesItsManagedKey(t *testing.T) {
	h := newHarness(t)
	first, err := h.s3DataKey(throughS3(h.ctx))
	must(t, err)
	second, err := h.s3DataKey(throughS3(h.ctx))
	must(t, err)
	k := h.describe(aliasOfS3)
	if *first.KeyId != *k.Arn || *second.KeyId != *k.Arn {
		t.Errorf("keys %s and %s, described %s", *first.KeyId, *second.KeyId, *k.Arn)
	}
	if *k.KeyManager != kmsapi.KeyManagerTypeAws || *k.KeyState != kmsapi.KeyStateEnabled ||
		*k.Description != "Default key that protects my S3 objects when no other key is defined" {
		t.Errorf("DescribeKey = %+v", k)
	}
	out, err := h.Decrypt(throughS3(h.ctx), &kmsapi.DecryptRequest{CiphertextBlob: first.CiphertextBlob})
	if err != nil || string(out.Plaintext) != string(first.Plaintext) {
		t.Errorf("Decrypt through S3: %v", err)
	}
}

func TestDescribeKeyMakesTheManagedKey(t *testing.T) {
	h := newHarness(t)
	k := h.describe(aliasArn(aliasOfS3))
	if again := h.describe(aliasOfS3); again.KeyId != k.KeyId || again.KeyId == "" {
		t.Errorf("keys %s and %s", k.KeyId, again.KeyId)
	}
	list, err := h.ListKeys(h.ctx, &kmsapi.ListKeysRequest{})
	if err != nil || len(list.Keys) != 1 || *list.Keys[0].KeyId != k.KeyId {
		t.Errorf("ListKeys = %+v, %v", list, err)
	}
	if got := h.aliases(&k.KeyId); len(got) != 1 || *got[0].AliasName != aliasOfS3 {
		t.Errorf("ListAliases = %+v", got)
	}
}

func TestOnlyItsServiceAndDescribeKeyMakeAManagedKey(t *testing.T) {
	h := newHarness(t)
	other := as(rootUser(foreign))
	calls := map[string]struct {
		err           error
		code, message string
	}{
		"a user": {
			second(h.s3DataKey(h.ctx)), "NotFoundException", "Alias " + aliasArn(aliasOfS3) + " is not found.",
		},
		"another service": {
			second(h.s3DataKey(api.Forward(h.ctx, "ssm.us-east-1.amazonaws.com"))),
			"NotFoundException", "Alias " + aliasArn(aliasOfS3) + " is not found.",
		},
		"a name that no service has": {
			second(h.DescribeKey(h.ctx, &kmsapi.DescribeKeyRequest{KeyId: "alias/aws/nobody"})),
			"NotFoundException", "Alias " + aliasArn("alias/aws/nobody") + " is not found.",
		},
		"another account": {
			second(h.DescribeKey(other, &kmsapi.DescribeKeyRequest{KeyId: aliasArn(aliasOfS3)})), "AccessDeniedException",
			"User: arn:aws:iam::444455556666:root is not authorized to perform: kms:DescribeKey on resource: " + aliasArn(aliasOfS3) +
				" because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access",
		},
	}
	for name, c := range calls {
		t.Run(name, func(t *testing.T) { wantError(t, c.err, c.code, c.message) })
	}
	if list, err := h.ListKeys(h.ctx, &kmsapi.ListKeysRequest{}); err != nil || len(list.Keys) != 0 {
		t.Errorf("there are keys: %+v, %v", list, err)
	}
}

func TestAManagedKeyIsUsedThroughItsServiceOnly(t *testing.T) {
	h := newHarness(t)
	k := h.describe(aliasOfS3)
	eve := userOf(account, "eve") // no policy of her own: the key's names everybody
	if _, err := h.s3DataKey(throughS3(as(eve))); err != nil {
		t.Errorf("a user of the account through S3: %v", err)
	}
	denied := func(action string) string {
		return "User: arn:aws:iam::111122223333:root is not authorized to perform: kms:" + action + " on resource: " + *k.Arn +
			" because no resource-based policy allows the kms:" + action + " action"
	}
	for action, err := range map[string]error{
		"GenerateDataKey":      second(h.s3DataKey(h.ctx)),
		"Encrypt":              second(h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: k.KeyId, Plaintext: []byte("x")})),
		"PutKeyPolicy":         second(h.PutKeyPolicy(h.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: k.KeyId, Policy: defaultPolicy(region, account)})),
		"DisableKey":           second(h.DisableKey(h.ctx, &kmsapi.DisableKeyRequest{KeyId: k.KeyId})),
		"EnableKey":            second(h.EnableKey(h.ctx, &kmsapi.EnableKeyRequest{KeyId: k.KeyId})),
		"ScheduleKeyDeletion":  second(h.ScheduleKeyDeletion(h.ctx, &kmsapi.ScheduleKeyDeletionRequest{KeyId: k.KeyId})),
		"UpdateKeyDescription": second(h.UpdateKeyDescription(h.ctx, &kmsapi.UpdateKeyDescriptionRequest{KeyId: k.KeyId})),
		"TagResource":          second(h.TagResource(h.ctx, &kmsapi.TagResourceRequest{KeyId: k.KeyId, Tags: []kmsapi.Tag{{TagKey: "a"}}})),
		"CreateAlias":          second(h.CreateAlias(h.ctx, &kmsapi.CreateAliasRequest{AliasName: "alias/x", TargetKeyId: k.KeyId})),
		"CreateGrant": second(h.CreateGrant(h.ctx, &kmsapi.CreateGrantRequest{
			KeyId: k.KeyId, GranteePrincipal: new("arn:aws:iam::111122223333:root"), Operations: []kmsapi.GrantOperation{kmsapi.GrantOperationDecrypt},
		})),
	} {
		t.Run(action, func(t *testing.T) { wantError(t, err, "AccessDeniedException", denied(action)) })
	}
	mallory := throughS3(h.grant(userOf(foreign, "mallory"), allowAll))
	wantCode(t, second(h.Encrypt(mallory, &kmsapi.EncryptRequest{KeyId: *k.Arn, Plaintext: []byte("x")})), "AccessDeniedException")
	wantCode(t, second(h.DeleteAlias(h.ctx, &kmsapi.DeleteAliasRequest{AliasName: aliasOfS3})), "NotAuthorizedException")
}

func TestAManagedKeyShowsItsPolicy(t *testing.T) {
	h := newHarness(t)
	k := h.describe(aliasOfS3)
	out, err := h.GetKeyPolicy(h.ctx, &kmsapi.GetKeyPolicyRequest{KeyId: k.KeyId})
	must(t, err)
	for _, text := range []string{
		`"Id" : "auto-s3-2"`, `"kms:ViaService" : "s3.us-east-1.amazonaws.com"`, `"kms:CallerAccount" : "111122223333"`,
		`"AWS" : "arn:aws:iam::111122223333:root"`,
	} {
		if !strings.Contains(*out.Policy, text) {
			t.Errorf("the policy has no %s:\n%s", text, *out.Policy)
		}
	}
	if *out.Policy != managers["s3"].policy(region, account) {
		t.Errorf("the policy is laid out anew:\n%s", *out.Policy)
	}
}

func TestEveryRegionAndAccountHasItsOwnManagedKey(t *testing.T) {
	h := newHarness(t)
	seen := map[string]bool{}
	for _, ctx := range []context.Context{h.ctx, in("eu-west-1"), as(rootUser(foreign))} {
		out, err := h.s3DataKey(api.Forward(ctx, "s3."+api.CallerOf(ctx).Region+".amazonaws.com"))
		must(t, err)
		seen[*out.KeyId] = true
	}
	if len(seen) != 3 {
		t.Errorf("keys = %v", seen)
	}
}

func TestConcurrentFirstUsesMakeOneManagedKey(t *testing.T) {
	h := newHarness(t)
	var all sync.WaitGroup
	made := make([]string, 16)
	for i := range made {
		all.Go(func() {
			if out, err := h.s3DataKey(throughS3(h.ctx)); err == nil {
				made[i] = *out.KeyId
			}
		})
	}
	all.Wait()
	if slices.Sort(made); made[0] == "" || len(slices.Compact(made)) != 1 {
		t.Errorf("keys = %v", made)
	}
	must(t, h.store.Check(h.ctx))
}

func TestPredefinedAliasesAreListedBeforeTheyHaveAKey(t *testing.T) {
	h := newHarness(t)
	h.alias("alias/a", h.key().KeyId)
	h.alias("alias/z", h.key().KeyId)
	k := h.describe(aliasOfS3)
	for limit := range int32(14) {
		var names []string
		var marker *string
		for {
			out, err := h.ListAliases(h.ctx, &kmsapi.ListAliasesRequest{Limit: new(limit + 1), Marker: marker})
			must(t, err)
			for _, a := range out.Aliases {
				names = append(names, *a.AliasName)
				if has := a.TargetKeyId != nil; has != (!strings.HasPrefix(*a.AliasName, reserved) || *a.AliasName == aliasOfS3 && *a.TargetKeyId == k.KeyId) {
					t.Errorf("%s has a key: %t", *a.AliasName, has)
				}
			}
			if marker = out.NextMarker; marker == nil {
				break
			}
		}
		want := append(append([]string{"alias/a"}, predefined...), "alias/z")
		if !slices.Equal(names, want) {
			t.Fatalf("pages of %d: %v, want %v", limit+1, names, want)
		}
	}
	if again := h.describe("alias/aws/ssm"); *again.KeyManager != kmsapi.KeyManagerTypeAws || again.KeyId == k.KeyId {
		t.Errorf("DescribeKey = %+v", again)
	}
}
