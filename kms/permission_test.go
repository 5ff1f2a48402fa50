package kms

import (
	"testing"

	"sealstack/api/kmsapi"
)

// rootOnly is a key policy that trusts nobody but the account's root user.
const rootOnly = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},
	"Action":"kms:*","Resource":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:root"}}}}`

// barred is a key policy that trusts the account, but for a user.
const barred = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"},
	{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/eve"},"Action":"kms:*","Resource":"*"}]}`

// asked are the questions that are not "kms:OPERATION on resource: KEY": the
// action, and the resource with %s for the key's id.
var asked = map[string]struct{ action, on string }{
	"CreateAlias":         {"", "resource: " + aliasArn("alias/new-")},
	"CreateKey":           {"", "resource: *"},
	"Decrypt unnamed":     {"", associated},
	"DeleteAlias":         {"", "resource: " + aliasArn("alias/of-")},
	"GenerateRandom":      {"", "resource: *"},
	"ListAliases":         {"", "resource: *"},
	"ListKeys":            {"", "resource: *"},
	"ListRetirableGrants": {"", "resource: " + bob.ARN},
	"ReEncrypt from":      {"ReEncryptFrom", ""},
	"ReEncrypt to":        {"ReEncryptTo", ""},
	"UpdateAlias from":    {"", "resource: " + aliasArn("alias/from-")},
	"UpdateAlias to":      {"", "resource: " + aliasArn("alias/to-")},
}

// aliased are the specimens whose first question is about an alias, to whose
// name the key's id is added.
var aliased = map[string]bool{"CreateAlias": true, "DeleteAlias": true, "UpdateAlias from": true, "UpdateAlias to": true}

// denial is the sentence about eve's call of a specimen, without its reason,
// and the action that was asked for.
func denial(name, id string) (sentence, action string) {
	q := asked[name]
	if action = "kms:" + word(name); q.action != "" {
		action = "kms:" + q.action
	}
	on := q.on
	switch {
	case on == "":
		on = "resource: " + keyArn(id)
	case aliased[name]:
		on += id
	}
	return "User: " + eve.ARN + " is not authorized to perform: " + action + " on " + on, action
}

// Who may nothing by IAM is told so, in AWS's sentence; and the same with
// DryRun.
func TestEveryOperationNeedsItsPermission(t *testing.T) {
	for name, sp := range specimens {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			s := h.subjectOf(sp)
			in := sp.request(s)
			s.ready(name)
			sentence, action := denial(name, s.id)
			want := sentence + " because no identity-based policy allows the " + action + " action"
			wantError(t, h.perform(as(eve), in), "AccessDeniedException", want)
			if set(in, "DryRun", true) {
				wantError(t, h.perform(as(eve), in), "AccessDeniedException", want)
			}
			// With the permission the same request succeeds.
			set(in, "DryRun", false)
			must(t, h.perform(h.grant(eve, allowAll), in))
		})
	}
}

// A Deny in an IAM policy beats whatever else allows.
func TestEveryOperationHeedsADenyInIAM(t *testing.T) {
	for name, sp := range specimens {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			s := h.subjectOf(sp)
			in := sp.request(s)
			s.ready(name)
			sentence, action := denial(name, s.id)
			ctx := h.grant(eve, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"},
				{"Effect":"Deny","Action":"`+action+`","Resource":"*"}]}`)
			wantError(t, h.perform(ctx, in), "AccessDeniedException", sentence+" with an explicit deny in an identity-based policy")
		})
	}
}

// The policy of the key is the gate, whatever IAM allows.
func TestEveryOperationOnAKeyHeedsItsPolicy(t *testing.T) {
	for name, sp := range specimens {
		if sp.kind == nil || name == "ListAliases" || word(name) == "RetireGrant" {
			continue // their resource is no key, or the grant decides
		}
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			ctx := h.grant(eve, allowAll)
			for document, why := range map[string]string{
				rootOnly: " because no resource-based policy allows the ",
				barred:   " with an explicit deny in a resource-based policy",
			} {
				s := h.subjectOf(sp, with(document))
				in := sp.request(s)
				s.ready(name)
				sentence, action := denial(name, s.id)
				if aliased[name] { // IAM allows it on the alias
					sentence = "User: " + eve.ARN + " is not authorized to perform: " + action + " on resource: " + keyArn(s.id)
				}
				if document == rootOnly {
					why += action + " action"
				}
				wantError(t, h.perform(ctx, in), "AccessDeniedException", sentence+why)
			}
		})
	}
}

// Every operation whose model has DryRun answers for it, and does nothing.
func TestEveryDryRunSavesTheResult(t *testing.T) {
	ran := map[string]bool{}
	for name, sp := range specimens {
		h := newHarness(t)
		s := h.subjectOf(sp)
		in := sp.request(s)
		if !set(in, "DryRun", true) {
			continue
		}
		ran[word(name)] = true
		t.Run(name, func(t *testing.T) {
			before := len(h.grantsOn(s.id))
			for range 2 {
				wantError(t, h.perform(h.ctx, in), "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
			}
			if after := len(h.grantsOn(s.id)); after != before {
				t.Errorf("%d grants became %d", before, after)
			}
			set(in, "DryRun", false)
			must(t, h.perform(h.ctx, in))
			if word(name) == "CreateGrant" || word(name) == "RevokeGrant" || word(name) == "RetireGrant" {
				return // any state
			}
			set(in, "DryRun", true)
			h.put(s.id, func(r *record) { r.Disabled = true })
			wantError(t, h.perform(h.ctx, in), "DisabledException", keyArn(s.id)+" is disabled.")
		})
	}
	for _, op := range kmsapi.Service.Operations {
		if has(op, "DryRun") && !ran[op.Name] {
			t.Errorf("%s has DryRun and was not tried", op.Name)
		}
	}
}

// IGNORE_CIPHERTEXT asks whether the key could be used, without a ciphertext.
func TestDryRunModifiersLeaveTheCiphertextOut(t *testing.T) {
	const ignore = "IGNORE_CIPHERTEXT"
	h := newHarness(t)
	k := h.key()
	for needs, in := range map[string]any{
		"KeyId":       &kmsapi.DecryptRequest{KeyId: &k.KeyId},
		"SourceKeyId": &kmsapi.ReEncryptRequest{SourceKeyId: &k.KeyId, DestinationKeyId: k.KeyId},
	} {
		t.Run(needs, func(t *testing.T) {
			wantError(t, h.perform(h.ctx, in), "ValidationException",
				"1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null")
			set(in, "DryRunModifiers", []kmsapi.DryRunModifierType{ignore})
			wantError(t, h.perform(h.ctx, in), "ValidationException", "DryRunModifiers can only be specified when DryRun is true.")
			set(in, "DryRun", true)
			wantCode(t, h.perform(h.ctx, in), "DryRunOperationException")
			wantCode(t, h.perform(as(eve), in), "AccessDeniedException")
			set(in, "CiphertextBlob", []byte("no ciphertext"))
			wantCode(t, h.perform(h.ctx, in), "DryRunOperationException")
			set(in, "DryRunModifiers", []kmsapi.DryRunModifierType{})
			wantCode(t, h.perform(h.ctx, in), "InvalidCiphertextException")
			set(in, "DryRunModifiers", []kmsapi.DryRunModifierType{ignore})
			unset(in, needs)
			wantError(t, h.perform(h.ctx, in), "ValidationException", needs+" is required when DryRunModifiers contains IGNORE_CIPHERTEXT.")
		})
	}
}
