package kms

import (
	"context"
	"strings"
	"testing"

	"sealstack/api/kmsapi"
)

func (h *harness) policyOf(id string) string {
	h.t.Helper()
	out, err := h.GetKeyPolicy(h.ctx, &kmsapi.GetKeyPolicyRequest{KeyId: id, PolicyName: new("default")})
	must(h.t, err)
	if *out.PolicyName != "default" {
		h.t.Errorf("PolicyName = %s", *out.PolicyName)
	}
	return *out.Policy
}

func TestANewKeyHasTheDefaultPolicy(t *testing.T) {
	h := newHarness(t)
	const want = `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::111122223333:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`
	if got := h.policyOf(h.key().KeyId); got != want {
		t.Errorf("policy = %s", got)
	}
}

const byAnyone = `{"Version":"2012-10-17","Statement":[{"Sid":"a","Resource":"*","Effect":"Allow","Principal":"*","Action":"kms:*"}]}`

func TestPutKeyPolicyReplacesThePolicyAtOnce(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	user := as(userOf(account, "eve"))
	_, err := h.DescribeKey(user, &kmsapi.DescribeKeyRequest{KeyId: id})
	wantCode(t, err, "AccessDeniedException")
	_, err = h.PutKeyPolicy(h.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: id, Policy: byAnyone})
	must(t, err)
	_, err = h.DescribeKey(user, &kmsapi.DescribeKeyRequest{KeyId: id})
	must(t, err)
	if got := h.policyOf(id); got != layOut(byAnyone) {
		t.Errorf("policy = %s", got)
	}
}

func TestKeyPoliciesThatAreRefused(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	const locked = "The new key policy will not allow you to update the key policy in the future."
	const principals = "Policy contains a statement with one or more invalid principals."
	statement := func(rest string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*",` + rest + `}]}`
	}
	for name, row := range map[string]struct{ policy, code, message string }{
		"not JSON":               {"not a policy", "MalformedPolicyDocumentException", ""},
		"too long":               {statement(`"Sid":"` + strings.Repeat("x", 32768) + `"`), "LimitExceededException", "The key policy exceeds the maximum size of 32768 bytes."},
		"another account only":   {statement(`"Principal":{"AWS":"` + foreign + `"}`), "MalformedPolicyDocumentException", locked},
		"another user only":      {statement(`"Principal":{"AWS":"arn:aws:iam::111122223333:user/bob"}`), "MalformedPolicyDocumentException", locked},
		"a wildcard in a user":   {statement(`"Principal":{"AWS":"arn:aws:iam::111122223333:user/*"}`), "MalformedPolicyDocumentException", principals},
		"a group":                {statement(`"Principal":{"AWS":"arn:aws:iam::111122223333:group/g"}`), "MalformedPolicyDocumentException", principals},
		"other actions":          {`{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:Encrypt","Resource":"*"}}`, "MalformedPolicyDocumentException", locked},
		"another key's resource": {`{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"arn:aws:kms:us-east-1:111122223333:key/x"}}`, "MalformedPolicyDocumentException", locked},
		"no action":              {`{"Statement":{"Effect":"Allow","Principal":"*","Resource":"*"}}`, "MalformedPolicyDocumentException", locked},
		"denied again": {
			`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"},{"Effect":"Deny","Principal":"*","Action":"kms:Put*","Resource":"*"}]}`,
			"MalformedPolicyDocumentException", locked,
		},
		"ForAllValues on a context": {
			statement(`"Principal":"*","Condition":{"ForAllValues:StringEquals":{"kms:EncryptionContext:a":"b"}}`), "MalformedPolicyDocumentException",
			"OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key matches requests without the specified encryption context or with an unspecified encryption context. To fix, remove ForAllValues.",
		},
		"ForAllValues on a tag": {
			statement(`"Principal":"*","Condition":{"ForAllValues:StringLike":{"aws:RequestTag/a":"b"}}`), "MalformedPolicyDocumentException",
			"OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key matches requests without the specified tag or with an unspecified tag. To fix, remove ForAllValues.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.PutKeyPolicy(h.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: id, Policy: row.policy})
			wantError(t, err, row.code, row.message)
			_, err = h.CreateKey(h.ctx, &kmsapi.CreateKeyRequest{Policy: &row.policy})
			wantError(t, err, row.code, row.message)
			_, err = h.PutKeyPolicy(h.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: id, Policy: row.policy, BypassPolicyLockoutSafetyCheck: new(true)})
			if row.message == locked {
				must(t, err)
				_, err = h.PutKeyPolicy(h.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: id, Policy: byAnyone})
				wantCode(t, err, "AccessDeniedException")
				id = h.key().KeyId
				return
			}
			wantError(t, err, row.code, row.message)
		})
	}
	if got := h.policyOf(id); got != defaultPolicy(region, account) {
		t.Errorf("a refused policy was stored: %s", got)
	}
}

func TestMissingPrincipalIsMalformed(t *testing.T) {
	h := newHarness(t)
	_, err := h.CreateKey(h.ctx, &kmsapi.CreateKeyRequest{Policy: new(`{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}`)})
	wantCode(t, err, "MalformedPolicyDocumentException")
}

// The caller must be able to put the next policy: by the new policy alone, or
// by his IAM policies if it trusts the account.
func TestTheLockoutCheckIsAboutTheCaller(t *testing.T) {
	statement := func(principal string) string {
		return `{"Statement":{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"kms:PutKeyPolicy","Resource":"*"}}`
	}
	const (
		trust   = "111122223333"
		creates = `{"Effect":"Allow","Action":["kms:CreateKey","kms:ReplicateKey"],"Resource":"*"}`
		puts    = `{"Effect":"Allow","Action":"kms:PutKeyPolicy","Resource":"*"}`
		forbids = `{"Effect":"Deny","Action":"kms:PutKeyPolicy","Resource":"*"}`
	)
	for name, row := range map[string]struct {
		iam, policy string
		locked      bool
	}{
		"the account is trusted, and IAM allows":         {creates + "," + puts, defaultPolicy(region, account), false},
		"the account is trusted, and IAM is silent":      {creates, defaultPolicy(region, account), true},
		"the account is trusted, and IAM forbids":        {creates + "," + puts + "," + forbids, statement(trust), true},
		"the caller is named":                            {creates, statement(bob.ARN), false},
		"the caller is named, and IAM forbids":           {creates + "," + forbids, statement(bob.ARN), true},
		"everybody is":                                   {creates, byAnyone, false},
		"somebody else is":                               {creates + "," + puts, statement(eve.ARN), true},
		"another account is":                             {creates + "," + puts, statement(foreign), true},
		"the account is trusted with other things":       {creates + "," + puts, strings.ReplaceAll(statement(trust), "PutKeyPolicy", "Get*"), true},
		"the account is trusted under another condition": {creates + "," + puts, strings.Replace(statement(trust), `"Resource"`, `"Condition":{"Bool":{"kms:MultiRegion":"true"}},"Resource"`, 1), true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			ctx := h.grant(bob, `{"Version":"2012-10-17","Statement":[`+row.iam+`]}`)
			_, err := h.CreateKey(ctx, &kmsapi.CreateKeyRequest{Policy: &row.policy})
			if !row.locked {
				must(t, err)
				return
			}
			wantError(t, err, "MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
			_, err = h.CreateKey(ctx, &kmsapi.CreateKeyRequest{Policy: &row.policy, BypassPolicyLockoutSafetyCheck: new(false)})
			wantCode(t, err, "MalformedPolicyDocumentException")
			_, err = h.CreateKey(ctx, &kmsapi.CreateKeyRequest{Policy: &row.policy, BypassPolicyLockoutSafetyCheck: new(true)})
			must(t, err)
		})
	}
}

// Nobody is asked about the default policy, which the caller did not write.
func TestTheDefaultPolicyIsNotHeldAgainstTheCaller(t *testing.T) {
	h := newHarness(t)
	ctx := h.grant(bob, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:CreateKey","Resource":"*"}}`)
	must(t, second(h.CreateKey(ctx, &kmsapi.CreateKeyRequest{})))
}

func TestThereIsOnePolicyNamedDefault(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	out, err := h.ListKeyPolicies(h.ctx, &kmsapi.ListKeyPoliciesRequest{KeyId: id})
	must(t, err)
	if len(out.PolicyNames) != 1 || out.PolicyNames[0] != "default" || *out.Truncated || out.NextMarker != nil {
		t.Errorf("ListKeyPolicies = %+v", out)
	}
	_, err = h.ListKeyPolicies(h.ctx, &kmsapi.ListKeyPoliciesRequest{KeyId: id, Marker: new("x")})
	wantError(t, err, "InvalidMarkerException", "")
	_, err = h.GetKeyPolicy(h.ctx, &kmsapi.GetKeyPolicyRequest{KeyId: id, PolicyName: new("other")})
	wantError(t, err, "NotFoundException", "No such policy exists")
	_, err = h.PutKeyPolicy(h.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: id, PolicyName: new("other"), Policy: byAnyone})
	wantError(t, err, "NotFoundException", "No such policy exists")
	_, err = h.GetKeyPolicy(h.ctx, &kmsapi.GetKeyPolicyRequest{KeyId: id})
	must(t, err)
}

// people maps ARNs to unique ids.
type people map[string]string

func (p people) UniqueID(_ context.Context, arn string) (string, error) { return p[arn], nil }

func (p people) ARN(_ context.Context, id string) (string, error) {
	for arn, have := range p {
		if have == id {
			return arn, nil
		}
	}
	return "", nil
}

func TestKeyPoliciesKeepPrincipalsByUniqueID(t *testing.T) {
	h := newHarness(t)
	bob := userOf(account, "bob")
	bob.ID = "AIDAAAAAAAAAAAAAAAAAA"
	there := people{bob.ARN: bob.ID}
	h.principals = there
	text := `{"Statement":[{"Effect":"Allow","Principal":{"AWS":["111122223333","` + bob.ARN + `"]},"Action":"kms:*","Resource":"*"}]}`
	k := h.key(with(text))
	if got := h.policyOf(k.KeyId); got != layOut(text) {
		t.Errorf("policy = %s", got)
	}
	_, err := h.DescribeKey(as(bob), &kmsapi.DescribeKeyRequest{KeyId: k.KeyId})
	must(t, err)

	delete(there, bob.ARN)
	if got := h.policyOf(k.KeyId); !strings.Contains(got, `"`+bob.ID+`"`) || strings.Contains(got, bob.ARN) {
		t.Errorf("policy of a user who was deleted = %s", got)
	}
	_, err = h.PutKeyPolicy(h.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: k.KeyId, Policy: h.policyOf(k.KeyId)})
	wantError(t, err, "MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals.")
	_, err = h.PutKeyPolicy(h.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: k.KeyId, Policy: text})
	wantError(t, err, "MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals.")

	bob.ID = "AIDABBBBBBBBBBBBBBBBB"
	there[bob.ARN] = bob.ID
	_, err = h.DescribeKey(as(bob), &kmsapi.DescribeKeyRequest{KeyId: k.KeyId})
	wantCode(t, err, "AccessDeniedException")
}

func TestAPolicyMayNameAccountsThatNobodyKnows(t *testing.T) {
	h := newHarness(t)
	h.principals = people{}
	h.key(with(`{"Statement":{"Effect":"Allow","Principal":{"AWS":["999999999999","arn:aws:iam::888888888888:root"]},"Action":"kms:*","Resource":"*"}}`))
}
