package kms

import (
	"context"
	"testing"

	"sealstack/api"
	"sealstack/api/kmsapi"
)

// keyWith is a key whose policy trusts the account and has one more statement.
func (h *harness) keyWith(statement string) kmsapi.KeyMetadata {
	h.t.Helper()
	return h.key(with(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},` + statement + `]}`))
}

func TestTheKeyPolicyIsTheGate(t *testing.T) {
	h := newHarness(t)
	admin := h.grant(userOf(account, "admin"), allowAll)
	const direct = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/eve"},"Action":"kms:DescribeKey","Resource":"*"}}`
	for name, row := range map[string]struct {
		policy, message string
		ctx             context.Context
	}{
		"delegated to the account":        {defaultPolicy(region, account), "", admin},
		"delegated, but nothing in IAM":   {defaultPolicy(region, account), "eve because no identity-based policy allows the kms:DescribeKey action", as(userOf(account, "eve"))},
		"direct, and nothing in IAM":      {direct, "", as(userOf(account, "eve"))},
		"IAM alone is not enough":         {direct, "admin because no resource-based policy allows the kms:DescribeKey action", admin},
		"not even for the root user":      {direct, "root because no resource-based policy allows the kms:DescribeKey action", h.ctx},
		"a Deny beats everything":         {`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"},{"Effect":"Deny","Principal":"*","Action":"kms:DescribeKey","Resource":"*"}]}`, "admin with an explicit deny in a resource-based policy", admin},
		"a statement on another resource": {`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"arn:aws:kms:*:*:alias/*"}]}`, "admin because no resource-based policy allows the kms:DescribeKey action", admin},
	} {
		t.Run(name, func(t *testing.T) {
			k := h.key(with(row.policy))
			_, err := h.DescribeKey(row.ctx, &kmsapi.DescribeKeyRequest{KeyId: k.KeyId})
			if row.message == "" {
				must(t, err)
				return
			}
			who, because := cutWord(row.message)
			if who != "root" {
				who = "user/" + who
			}
			wantError(t, err, "AccessDeniedException",
				"User: arn:aws:iam::111122223333:"+who+" is not authorized to perform: kms:DescribeKey on resource: "+*k.Arn+" "+because)
		})
	}
}

func cutWord(text string) (word, rest string) {
	for i, c := range text {
		if c == ' ' {
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

// CloudWatch Logs uses a key by the statement that its documentation shows.
func TestAServiceUsesAKeyForItsEncryptionContext(t *testing.T) {
	h := newHarness(t)
	const group = "arn:aws:logs:us-east-1:111122223333:log-group:g"
	k := h.keyWith(`{"Effect":"Allow","Principal":{"Service":"logs.us-east-1.amazonaws.com"},
		"Action":["kms:Encrypt*","kms:Decrypt*","kms:ReEncrypt*","kms:GenerateDataKey*","kms:Describe*"],"Resource":"*",
		"Condition":{"ArnEquals":{"kms:EncryptionContext:aws:logs:arn":"` + group + `"}}}`)
	generate := func(ctx context.Context, context map[string]string) ([]byte, error) {
		out, err := h.GenerateDataKey(ctx, &kmsapi.GenerateDataKeyRequest{
			KeyId: *k.Arn, KeySpec: new(kmsapi.DataKeySpecAes256), EncryptionContext: context,
		})
		if err != nil {
			return nil, err
		}
		return out.CiphertextBlob, nil
	}
	right := map[string]string{"aws:logs:arn": group}
	blob, err := generate(service(h.ctx), right)
	must(t, err)
	_, err = h.Decrypt(service(h.ctx), &kmsapi.DecryptRequest{CiphertextBlob: blob, EncryptionContext: right})
	must(t, err)
	for name, err := range map[string]error{
		"another group":   second(generate(service(h.ctx), map[string]string{"aws:logs:arn": group + "2"})),
		"no context":      second(generate(service(h.ctx), nil)),
		"another service": second(generate(api.AsService(h.ctx, "logs.eu-west-1.amazonaws.com", group, account), right)),
		"describing":      second(h.DescribeKey(service(h.ctx), &kmsapi.DescribeKeyRequest{KeyId: *k.Arn})),
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, err, "AccessDeniedException") })
	}
}

// S3 passes a user's request on: the user's rights count, and kms:ViaService.
func TestViaServiceIsTheServiceThatPassesTheRequestOn(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	ctx := h.grant(userOf(account, "bob"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*",
		"Condition":{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com","kms:CallerAccount":"111122223333"}}}}`)
	describe := func(ctx context.Context) error {
		return second(h.DescribeKey(ctx, &kmsapi.DescribeKeyRequest{KeyId: k.KeyId}))
	}
	must(t, describe(api.Forward(ctx, "s3.amazonaws.com")))
	must(t, describe(api.Forward(ctx, "s3.us-east-1.amazonaws.com")))
	wantCode(t, describe(ctx), "AccessDeniedException")
	wantCode(t, describe(api.Forward(ctx, "sqs.amazonaws.com")), "AccessDeniedException")
}

// Each row's condition allows the first call and not the second.
func TestConditionKeys(t *testing.T) {
	h := newHarness(t)
	k := h.key(func(in *kmsapi.CreateKeyRequest) { in.Tags = []kmsapi.Tag{{TagKey: "Team", TagValue: "red"}} })
	h.alias("alias/red", k.KeyId)
	other := h.key()
	h.alias("alias/blue", other.KeyId)
	h.put(other.KeyId, func(r *record) {
		r.Spec, r.Usage, r.Origin = kmsapi.KeySpecHmac256, generateMAC, kmsapi.OriginTypeExternal
	})
	type call func(context.Context) error
	encrypt := func(id string, pairs map[string]string) call {
		return func(ctx context.Context) error {
			return second(h.Encrypt(ctx, &kmsapi.EncryptRequest{KeyId: id, Plaintext: []byte("x"), EncryptionContext: pairs}))
		}
	}
	describe := func(id string) call {
		return func(ctx context.Context) error {
			return second(h.DescribeKey(ctx, &kmsapi.DescribeKeyRequest{KeyId: id}))
		}
	}
	create := func(in kmsapi.CreateKeyRequest) call {
		return func(ctx context.Context) error { return second(h.CreateKey(ctx, &in)) }
	}
	schedule := func(days int32) call {
		return func(ctx context.Context) error {
			return second(h.ScheduleKeyDeletion(ctx, &kmsapi.ScheduleKeyDeletionRequest{KeyId: h.key().KeyId, PendingWindowInDays: &days}))
		}
	}
	tag := func(name, value string) call {
		return func(ctx context.Context) error {
			return second(h.TagResource(ctx, &kmsapi.TagResourceRequest{KeyId: k.KeyId, Tags: []kmsapi.Tag{{TagKey: name, TagValue: value}}}))
		}
	}
	untag := func(name string) call {
		return func(ctx context.Context) error {
			return second(h.UntagResource(ctx, &kmsapi.UntagResourceRequest{KeyId: k.KeyId, TagKeys: []string{name}}))
		}
	}
	put := func(bypass *bool) call {
		return func(ctx context.Context) error {
			return second(h.PutKeyPolicy(ctx, &kmsapi.PutKeyPolicyRequest{KeyId: h.key().KeyId, Policy: defaultPolicy(region, account), BypassPolicyLockoutSafetyCheck: bypass}))
		}
	}
	for condition, row := range map[string]struct{ yes, no call }{
		`"StringEquals":{"kms:EncryptionContext:App":"A"}`:                   {encrypt(k.KeyId, map[string]string{"app": "A"}), encrypt(k.KeyId, map[string]string{"app": "a"})},
		`"Null":{"kms:EncryptionContext:app":"false"}`:                       {encrypt(k.KeyId, map[string]string{"app": "A"}), encrypt(k.KeyId, nil)},
		`"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"b"}`:       {encrypt(k.KeyId, map[string]string{"a": "1", "b": "2"}), encrypt(k.KeyId, map[string]string{"B": "2"})},
		`"Null":{"kms:EncryptionContextKeys":"true"}`:                        {encrypt(k.KeyId, nil), encrypt(k.KeyId, map[string]string{"B": "2"})},
		`"StringEquals":{"kms:EncryptionAlgorithm":"SYMMETRIC_DEFAULT"}`:     {encrypt(k.KeyId, nil), describe(k.KeyId)},
		`"StringEquals":{"kms:RequestAlias":"alias/red"}`:                    {describe(aliasArn("alias/red")), describe(k.KeyId)},
		`"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/red"}`:     {describe(k.KeyId), describe(other.KeyId)},
		`"StringEquals":{"kms:KeySpec":"SYMMETRIC_DEFAULT"}`:                 {describe(k.KeyId), describe(other.KeyId)},
		`"StringEquals":{"kms:KeyUsage":"ENCRYPT_DECRYPT"}`:                  {describe(k.KeyId), describe(other.KeyId)},
		`"StringEquals":{"kms:KeyOrigin":"AWS_KMS"}`:                         {describe(k.KeyId), describe(other.KeyId)},
		`"StringEquals":{"kms:CustomerMasterKeySpec":"SYMMETRIC_DEFAULT"}`:   {describe(k.KeyId), describe(other.KeyId)},
		`"StringEquals":{"kms:CustomerMasterKeyUsage":"ENCRYPT_DECRYPT"}`:    {create(kmsapi.CreateKeyRequest{}), describe(other.KeyId)},
		`"StringEquals":{"aws:ResourceTag/team":"red"}`:                      {describe(k.KeyId), describe(other.KeyId)},
		`"StringEquals":{"kms:CallerAccount":"111122223333"}`:                {describe(k.KeyId), describeAs(h, foreign, *k.Arn)},
		`"Bool":{"kms:MultiRegion":"false"}`:                                 {create(kmsapi.CreateKeyRequest{}), create(kmsapi.CreateKeyRequest{MultiRegion: new(true)})},
		`"StringEquals":{"aws:RequestTag/a":"1"}`:                            {create(kmsapi.CreateKeyRequest{Tags: []kmsapi.Tag{{TagKey: "a", TagValue: "1"}}}), create(kmsapi.CreateKeyRequest{})},
		`"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}`:                     {tag("a", "1"), tag("b", "1")},
		`"ForAnyValue:StringEquals":{"aws:TagKeys":"z"}`:                     {untag("z"), untag("b")},
		`"NumericLessThan":{"kms:ScheduleKeyDeletionPendingWindowInDays":8}`: {schedule(7), schedule(8)},
		`"Bool":{"kms:BypassPolicyLockoutSafetyCheck":"false"}`:              {put(new(false)), put(new(true))},
		`"Null":{"kms:BypassPolicyLockoutSafetyCheck":"true"}`:               {put(nil), put(new(false))},
		`"Null":{"kms:ViaService":"true"}`:                                   {describe(k.KeyId), func(ctx context.Context) error { return describe(k.KeyId)(api.Forward(ctx, "s3.amazonaws.com")) }},
	} {
		t.Run(condition, func(t *testing.T) {
			ctx := h.grant(userOf(account, "bob"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{`+condition+`}}}`)
			must(t, row.yes(ctx))
			wantCode(t, row.no(ctx), "AccessDeniedException")
		})
	}
}

func describeAs(h *harness, account, id string) func(context.Context) error {
	return func(context.Context) error {
		return second(h.DescribeKey(as(rootUser(account)), &kmsapi.DescribeKeyRequest{KeyId: id}))
	}
}

func TestAliasOperationsNeedTheAliasAndTheKeys(t *testing.T) {
	h := newHarness(t)
	a, b := h.key(), h.key()
	x := aliasArn("alias/x")
	type call func(context.Context) error
	create := func(ctx context.Context) error {
		return second(h.CreateAlias(ctx, &kmsapi.CreateAliasRequest{AliasName: "alias/x", TargetKeyId: a.KeyId}))
	}
	update := func(ctx context.Context) error {
		return second(h.UpdateAlias(ctx, &kmsapi.UpdateAliasRequest{AliasName: "alias/x", TargetKeyId: b.KeyId}))
	}
	remove := func(ctx context.Context) error {
		return second(h.DeleteAlias(ctx, &kmsapi.DeleteAliasRequest{AliasName: "alias/x"}))
	}
	for _, step := range []struct {
		call  call
		need  []string // without any one of them it fails
		named string
	}{
		{create, []string{x, *a.Arn}, "kms:CreateAlias"},
		{update, []string{x, *a.Arn, *b.Arn}, "kms:UpdateAlias"},
		{remove, []string{x, *b.Arn}, "kms:DeleteAlias"},
	} {
		for i, lacking := range step.need {
			list := ""
			for j, need := range step.need {
				if i != j {
					list += `"` + need + `",`
				}
			}
			ctx := h.grant(userOf(account, "bob"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*Alias","Resource":[`+list+`"arn:aws:kms:::none"]}}`)
			wantError(t, step.call(ctx), "AccessDeniedException", "User: arn:aws:iam::111122223333:user/bob is not authorized to perform: "+
				step.named+" on resource: "+lacking+" because no identity-based policy allows the "+step.named+" action")
		}
		must(t, step.call(h.grant(userOf(account, "bob"), allowAll)))
	}
}

func TestCreatingAKeyWithTagsNeedsTagResource(t *testing.T) {
	h := newHarness(t)
	ctx := h.grant(userOf(account, "bob"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:CreateKey","Resource":"*"}}`)
	must(t, second(h.CreateKey(ctx, &kmsapi.CreateKeyRequest{})))
	wantError(t, second(h.CreateKey(ctx, &kmsapi.CreateKeyRequest{Tags: []kmsapi.Tag{{TagKey: "a"}}})), "AccessDeniedException",
		"User: arn:aws:iam::111122223333:user/bob is not authorized to perform: kms:TagResource because no identity-based policy allows the kms:TagResource action")
	ctx = h.grant(userOf(account, "bob"), `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:CreateKey","Resource":"*"},
		{"Effect":"Allow","Action":"kms:TagResource","Resource":"arn:aws:kms:us-east-1:111122223333:key/*"}]}`)
	must(t, second(h.CreateKey(ctx, &kmsapi.CreateKeyRequest{Tags: []kmsapi.Tag{{TagKey: "a"}}})))
}

// Operations without a key ask IAM alone.
func TestOperationsWithoutAKeyAskIAM(t *testing.T) {
	h := newHarness(t)
	eve := as(userOf(account, "eve"))
	for name, err := range map[string]error{
		"CreateKey":      second(h.CreateKey(eve, &kmsapi.CreateKeyRequest{})),
		"ListKeys":       second(h.ListKeys(eve, &kmsapi.ListKeysRequest{})),
		"ListAliases":    second(h.ListAliases(eve, &kmsapi.ListAliasesRequest{})),
		"GenerateRandom": second(h.GenerateRandom(eve, &kmsapi.GenerateRandomRequest{NumberOfBytes: new(int32(1))})),
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, err, "AccessDeniedException", "User: arn:aws:iam::111122223333:user/eve is not authorized to perform: kms:"+name+
				" on resource: * because no identity-based policy allows the kms:"+name+" action")
		})
	}
	_, err := h.CreateKey(context.Background(), &kmsapi.CreateKeyRequest{})
	wantCode(t, err, "AccessDeniedException")
}
