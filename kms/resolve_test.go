package kms

import (
	"testing"

	"sealstack/api"
	"sealstack/api/kmsapi"
)

const hiddenBecause = " because the resource does not exist in this Region, no resource-based policies allow access, " +
	"or a resource-based policy explicitly denies access"

func TestIdentifiersThatNameNoKey(t *testing.T) {
	h := newHarness(t)
	other, err := h.CreateKey(in("eu-west-1"), &kmsapi.CreateKeyRequest{})
	must(t, err)
	there := other.KeyMetadata
	for id, row := range map[string]struct{ code, message string }{
		"fake-key-id":                      {"NotFoundException", "Invalid keyId 'fake-key-id'"},
		"mrk-fake-key-id":                  {"NotFoundException", "Invalid keyId 'mrk-fake-key-id'"},
		"0123456789abcdef0123456789abcdef": {"NotFoundException", "Invalid keyId '0123456789abcdef0123456789abcdef'"},
		noKey:                              {"NotFoundException", "Key '" + keyArn(noKey) + "' does not exist"},
		keyArn(noKey):                      {"NotFoundException", "Key '" + keyArn(noKey) + "' does not exist"},
		"mrk-0123456789abcdef0123456789abcdef": {
			"NotFoundException", "Key '" + keyArn("mrk-0123456789abcdef0123456789abcdef") + "' does not exist",
		},
		there.KeyId:             {"NotFoundException", "Key '" + keyArn(there.KeyId) + "' does not exist"},
		*there.Arn:              {"NotFoundException", "Invalid arn eu-west-1"},
		"alias/none":            {"NotFoundException", "Alias " + aliasArn("alias/none") + " is not found."},
		aliasArn("alias/none"):  {"NotFoundException", "Alias " + aliasArn("alias/none") + " is not found."},
		"arn:aws:s3:::b":        {"NotFoundException", "Invalid keyId 'arn:aws:s3:::b'"},
		"arn:aws:kms":           {"NotFoundException", "Invalid keyId 'arn:aws:kms'"},
		"key/" + noKey:          {"NotFoundException", "Invalid keyId 'key/" + noKey + "'"},
		kmsARN(region, "", "x"): {"NotFoundException", "Invalid keyId 'arn:aws:kms:us-east-1::x'"},
		"arn:aws:kms:us-east-1:" + foreign + ":key/" + noKey: {
			"AccessDeniedException", "User: arn:aws:iam::111122223333:root is not authorized to perform: kms:DescribeKey on resource: " +
				"arn:aws:kms:us-east-1:" + foreign + ":key/" + noKey + hiddenBecause,
		},
		"arn:aws:kms:us-east-1:" + foreign + ":alias/a": {
			"AccessDeniedException", "User: arn:aws:iam::111122223333:root is not authorized to perform: kms:DescribeKey on resource: " +
				"arn:aws:kms:us-east-1:" + foreign + ":alias/a" + hiddenBecause,
		},
	} {
		t.Run(id, func(t *testing.T) {
			_, err := h.DescribeKey(h.ctx, &kmsapi.DescribeKeyRequest{KeyId: id})
			wantError(t, err, row.code, row.message)
		})
	}
}

func TestAForeignKeyIsRefusedAsOneThatDoesNotExist(t *testing.T) {
	h := newHarness(t)
	other, err := h.CreateKey(as(rootUser(foreign)), &kmsapi.CreateKeyRequest{})
	must(t, err)
	_, err = h.DescribeKey(h.ctx, &kmsapi.DescribeKeyRequest{KeyId: *other.KeyMetadata.Arn})
	wantError(t, err, "AccessDeniedException", "User: arn:aws:iam::111122223333:root is not authorized to perform: kms:DescribeKey on resource: "+
		*other.KeyMetadata.Arn+hiddenBecause)
	_, err = h.CreateAlias(as(rootUser(foreign)), &kmsapi.CreateAliasRequest{AliasName: "alias/a", TargetKeyId: other.KeyMetadata.KeyId})
	must(t, err)
	for _, name := range []string{"alias/a", "alias/none"} {
		there := "arn:aws:kms:us-east-1:" + foreign + ":" + name
		_, err = h.DescribeKey(h.ctx, &kmsapi.DescribeKeyRequest{KeyId: there})
		wantError(t, err, "AccessDeniedException", "User: arn:aws:iam::111122223333:root is not authorized to perform: kms:DescribeKey on resource: "+
			there+hiddenBecause)
	}
}

func TestOperationsThatTakeNoAlias(t *testing.T) {
	h := newHarness(t)
	h.alias("alias/a", h.key().KeyId)
	for _, id := range []string{"alias/a", aliasArn("alias/a")} {
		for name, err := range map[string]error{
			"DisableKey":       second(h.DisableKey(h.ctx, &kmsapi.DisableKeyRequest{KeyId: id})),
			"GetKeyPolicy":     second(h.GetKeyPolicy(h.ctx, &kmsapi.GetKeyPolicyRequest{KeyId: id})),
			"ListResourceTags": second(h.ListResourceTags(h.ctx, &kmsapi.ListResourceTagsRequest{KeyId: id})),
			"ListAliases":      second(h.ListAliases(h.ctx, &kmsapi.ListAliasesRequest{KeyId: &id})),
		} {
			t.Run(name, func(t *testing.T) { wantError(t, err, "NotFoundException", "Invalid keyId '"+id+"'") })
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAServicePrincipalNamesKeysByARN(t *testing.T) {
	h := newHarness(t)
	k := h.key(with(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}}`))
	ctx := service(h.ctx)
	if _, err := h.DescribeKey(ctx, &kmsapi.DescribeKeyRequest{KeyId: *k.Arn}); err != nil {
		t.Error(err)
	}
	_, err := h.DescribeKey(ctx, &kmsapi.DescribeKeyRequest{KeyId: k.KeyId})
	wantError(t, err, "NotFoundException", "Invalid keyId '"+k.KeyId+"'")
	_, err = h.DescribeKey(ctx, &kmsapi.DescribeKeyRequest{KeyId: keyArn(noKey)})
	wantCode(t, err, "AccessDeniedException")
}

func TestKeysOfOtherPartitionsHaveTheirARN(t *testing.T) {
	h := newHarness(t)
	c := rootUser(account)
	c.Partition, c.Region = "aws-cn", "cn-north-1"
	out, err := h.CreateKey(as(c), &kmsapi.CreateKeyRequest{})
	must(t, err)
	if want := "arn:aws-cn:kms:cn-north-1:" + account + ":key/" + out.KeyMetadata.KeyId; *out.KeyMetadata.Arn != want {
		t.Errorf("Arn = %s, want %s", *out.KeyMetadata.Arn, want)
	}
	if _, err := h.DescribeKey(as(c), &kmsapi.DescribeKeyRequest{KeyId: *out.KeyMetadata.Arn}); err != nil {
		t.Error(err)
	}
}

func FuzzNameOfNeverPanics(f *testing.F) {
	for _, seed := range []string{noKey, keyArn(noKey), "alias/a", "arn:", "mrk-", ":::::", "arn:aws:kms:us-east-1:1:alias/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := nameOf(&api.Caller{Region: region, Principal: api.Principal{Account: account}}, text, allForms)
		if err == nil && (n.id == "") == (n.alias == "") {
			t.Errorf("%q is read as %+v", text, n)
		}
	})
}
