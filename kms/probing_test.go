package kms

import (
	"context"
	"strings"
	"testing"

	"sealstack/api/kmsapi"
)

// probers are the IAM policies of a caller who has no business with the other
// account's keys.
var probers = map[string]string{
	"nothing":               `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`,
	"everything":            allowAll,
	"keys only":             `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"arn:aws:kms:*:*:key/*"}}`,
	"aliases only":          `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"arn:aws:kms:*:*:alias/*"}}`,
	"a deny on keys":        `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"},{"Effect":"Deny","Action":"kms:*","Resource":"arn:aws:kms:*:*:key/*"}]}`,
	"a deny on aliases":     `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"},{"Effect":"Deny","Action":"kms:*","Resource":"arn:aws:kms:*:*:alias/*"}]}`,
	"by the key's spec":     `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"StringLike":{"kms:KeySpec":"*"}}}}`,
	"not by the key's spec": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"},{"Effect":"Deny","Action":"kms:*","Resource":"*","Condition":{"Null":{"kms:KeySpec":"false"}}}]}`,
	"by the key's tags":     `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"},{"Effect":"Deny","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/a":"b"}}}]}`,
	"by the key's aliases":  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"},{"Effect":"Deny","Action":"kms:*","Resource":"*","Condition":{"ForAnyValue:StringLike":{"kms:ResourceAliases":"alias/*"}}}]}`,
	"by the request":        `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"},{"Effect":"Deny","Action":"kms:*","Resource":"*","Condition":{"StringLike":{"kms:RequestAlias":"alias/*"}}}]}`,
}

// An unauthorised caller gets one and the same answer whether another
// account's key or alias exists, is disabled, or never was.
func TestNobodyLearnsWhetherAnotherAccountsKeyExists(t *testing.T) {
	const name = "alias/secret"
	for operation, row := range addressed {
		if row.alias != takesAlias {
			continue
		}
		t.Run(operation, func(t *testing.T) {
			h := newHarness(t)
			s := h.subjectOf(specimens[operation])
			must(t, h.tag(s.id, kmsapi.Tag{TagKey: "a", TagValue: "b"}))
			in := specimens[operation].request(s)
			for who, policy := range probers {
				ctx := h.grant(userOf(foreign, "prober"), policy)
				answer := func(text string) string { return h.refusal(ctx, operation, in, text) }
				no := answer(aliasArn(name))
				h.alias(name, s.id)
				if yes := answer(aliasArn(name)); yes != no {
					t.Errorf("%s: with the alias %s\n\twithout it %s", who, yes, no)
				}
				h.put(s.id, func(r *record) { r.Disabled = true })
				if off := answer(aliasArn(name)); off != no {
					t.Errorf("%s: of a disabled key %s\n\twithout it %s", who, off, no)
				}
				h.put(s.id, func(r *record) { r.Disabled = false })
				must(t, second(h.DeleteAlias(h.ctx, &kmsapi.DeleteAliasRequest{AliasName: name})))
			}
		})
	}
}

// Nor does the ARN of a key tell whether there is such a key, or what it is.
func TestNobodyLearnsWhetherAnotherAccountsKeyIDExists(t *testing.T) {
	for operation := range addressed {
		t.Run(operation, func(t *testing.T) {
			h := newHarness(t)
			s := h.subjectOf(specimens[operation])
			must(t, h.tag(s.id, kmsapi.Tag{TagKey: "a", TagValue: "b"}))
			h.alias("alias/secret", s.id)
			in := specimens[operation].request(s)
			for who, policy := range probers {
				ctx := h.grant(userOf(foreign, "prober"), policy)
				yes, no := h.refusal(ctx, operation, in, keyArn(s.id)), h.refusal(ctx, operation, in, keyArn(noKey))
				if no = strings.ReplaceAll(no, noKey, s.id); yes != no {
					t.Errorf("%s: of a key %s\n\tof none %s", who, yes, no)
				}
			}
		})
	}
}

// refusal is the answer to a request with another text for its key, which must
// not succeed.
func (h *harness) refusal(ctx context.Context, operation string, in any, text string) string {
	h.t.Helper()
	member := "KeyId"
	switch operation {
	case "CreateAlias", "UpdateAlias to":
		member = "TargetKeyId"
	case "ReEncrypt to":
		member = "DestinationKeyId"
	case "ReEncrypt from":
		member = "SourceKeyId"
	}
	set(in, member, text)
	err := h.perform(ctx, in)
	if err == nil {
		h.t.Fatalf("%s of %s is allowed", operation, text)
	}
	return err.Error()
}

// Resource control policies do not limit AWS managed keys.
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html
func TestManagedKeysAreMarkedForResourceControlPolicies(t *testing.T) {
	h := newHarness(t)
	for id, managed := range map[string]bool{h.key().KeyId: false, "alias/aws/s3": true} {
		h.describe(id) // makes the managed key
		ask, err := h.Question(h.ctx, "Decrypt", id, nil, nil)
		must(t, err)
		if ask.Managed != managed {
			t.Errorf("%s: Managed = %t", id, ask.Managed)
		}
	}
}
