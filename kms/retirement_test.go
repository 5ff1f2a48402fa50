package kms

import (
	"context"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
)

const allowRetire = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:RetireGrant","Resource":"*"}}`

// noGrant is an id in the right form.
var noGrant = strings.Repeat("0", 64)

// Who may retire a grant, and who may not, whatever the key policy says.
func TestWhoMayRetireAGrant(t *testing.T) {
	h := newHarness(t)
	carol := userOf(account, "carol")
	app := session(account, "app", "me")
	root, stranger := rootUser(account), rootUser(foreign)
	h.grant(carol, allowRetire)
	h.grant(mallory, allowRetire)
	denied := userOf(account, "denied")
	h.grant(denied, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"kms:RetireGrant","Resource":"*"}}`)
	abroad := userOf(foreign, "abroad")
	for name, row := range map[string]struct {
		retiring   string
		operations []kmsapi.GrantOperation
		caller     *api.Caller
		allowed    bool
	}{
		"the retiring user":                  {eve.ARN, []kmsapi.GrantOperation{decrypt}, eve, true},
		"another user":                       {eve.ARN, []kmsapi.GrantOperation{decrypt}, userOf(account, "x"), false},
		"the grantee":                        {eve.ARN, []kmsapi.GrantOperation{decrypt}, bob, false},
		"the grantee who has the operation":  {eve.ARN, []kmsapi.GrantOperation{decrypt, retire}, bob, true},
		"the retiring user beside it":        {eve.ARN, []kmsapi.GrantOperation{decrypt, retire}, eve, true},
		"nobody named":                       {"", []kmsapi.GrantOperation{decrypt}, eve, false},
		"the retiring role's session":        {app.Issuer, []kmsapi.GrantOperation{decrypt}, app, true},
		"the issuing account":                {"", []kmsapi.GrantOperation{decrypt}, root, true},
		"its user with the IAM permission":   {"", []kmsapi.GrantOperation{decrypt}, carol, true},
		"a retiring user whom IAM denies":    {denied.ARN, []kmsapi.GrantOperation{decrypt}, denied, false},
		"another account":                    {"", []kmsapi.GrantOperation{decrypt}, stranger, false},
		"another account's user with IAM":    {"", []kmsapi.GrantOperation{decrypt}, mallory, false},
		"a retiring account":                 {stranger.ARN, []kmsapi.GrantOperation{decrypt}, stranger, true},
		"a retiring account's user":          {stranger.ARN, []kmsapi.GrantOperation{decrypt}, abroad, false},
		"a retiring account's user with IAM": {stranger.ARN, []kmsapi.GrantOperation{decrypt}, mallory, true},
		"a retiring user of another account": {abroad.ARN, []kmsapi.GrantOperation{decrypt}, abroad, true},
		"a stranger beside that user":        {abroad.ARN, []kmsapi.GrantOperation{decrypt}, stranger, false},
		"the anonymous caller":               {"", []kmsapi.GrantOperation{decrypt, retire}, &api.Caller{Region: region}, false},
	} {
		for _, document := range []string{gated, byAnyone} {
			for _, byToken := range []bool{true, false} {
				t.Run(name, func(t *testing.T) {
					k := h.key(with(document))
					grant := to(k.KeyId, bob.ARN, row.operations...)
					if row.retiring != "" {
						grant.RetiringPrincipal = &row.retiring
					}
					id, token := h.issue(grant)
					in := &kmsapi.RetireGrantRequest{GrantToken: &token, DryRun: new(true)}
					if !byToken {
						in = &kmsapi.RetireGrantRequest{KeyId: k.Arn, GrantId: &id, DryRun: new(true)}
					}
					_, err := h.RetireGrant(as(row.caller), in)
					if !row.allowed {
						wantCode(t, err, "AccessDeniedException")
						return
					}
					wantCode(t, err, "DryRunOperationException")
					in.DryRun = nil
					must(t, second(h.RetireGrant(as(row.caller), in)))
					if n := len(h.grantsOnAs(as(root), *k.Arn)); n != 0 {
						t.Errorf("%d grants are left", n)
					}
				})
			}
		}
	}
}

func (h *harness) grantsOnAs(ctx context.Context, key string) []kmsapi.GrantListEntry {
	h.t.Helper()
	out, err := h.ListGrants(ctx, &kmsapi.ListGrantsRequest{KeyId: key})
	must(h.t, err)
	return out.Grants
}

// The account that issued a grant on another's key may retire it, and so may
// the account that owns the key.
func TestBothAccountsOfAGrantMayRetireIt(t *testing.T) {
	h := newHarness(t)
	k := h.key(with(byAnyone))
	for _, c := range []*api.Caller{rootUser(account), rootUser(foreign)} {
		out, err := h.CreateGrant(as(rootUser(foreign)), to(*k.Arn, mallory.ARN, decrypt))
		must(t, err)
		wantCode(t, second(h.RetireGrant(as(rootUser("777788889999")), &kmsapi.RetireGrantRequest{KeyId: k.Arn, GrantId: out.GrantId})), "AccessDeniedException")
		must(t, second(h.RetireGrant(as(c), &kmsapi.RetireGrantRequest{KeyId: k.Arn, GrantId: out.GrantId})))
	}
}

func TestRetireGrantThatIsRefused(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	h.alias("alias/x", k.KeyId)
	id, token := h.issue(to(k.KeyId, bob.ARN, decrypt))
	spent, old := h.issue(to(k.KeyId, bob.ARN, decrypt))
	must(t, second(h.RetireGrant(h.ctx, &kmsapi.RetireGrantRequest{GrantToken: &old})))
	const which = "You must specify either GrantToken, or both KeyId and GrantId."
	hidden := "User: arn:aws:iam::444455556666:root is not authorized to perform: kms:RetireGrant on resource: "
	for name, row := range map[string]struct {
		ctx           context.Context
		in            kmsapi.RetireGrantRequest
		code, message string
	}{
		"nothing":               {h.ctx, kmsapi.RetireGrantRequest{}, "ValidationException", which},
		"a key alone":           {h.ctx, kmsapi.RetireGrantRequest{KeyId: k.Arn}, "ValidationException", which},
		"an id alone":           {h.ctx, kmsapi.RetireGrantRequest{GrantId: &id}, "ValidationException", which},
		"everything":            {h.ctx, kmsapi.RetireGrantRequest{KeyId: k.Arn, GrantId: &id, GrantToken: &token}, "ValidationException", which},
		"an alias":              {h.ctx, kmsapi.RetireGrantRequest{KeyId: new("alias/x"), GrantId: &id}, "InvalidArnException", "Key Aliases are not supported for this operation."},
		"no key":                {h.ctx, kmsapi.RetireGrantRequest{KeyId: new(keyArn(noKey)), GrantId: &id}, "NotFoundException", "Key '" + keyArn(noKey) + "' does not exist"},
		"no grant id":           {h.ctx, kmsapi.RetireGrantRequest{KeyId: k.Arn, GrantId: new("x")}, "InvalidGrantIdException", "Invalid grant ID"},
		"no grant":              {h.ctx, kmsapi.RetireGrantRequest{KeyId: k.Arn, GrantId: &noGrant}, "NotFoundException", "Grant '" + noGrant + "' does not exist"},
		"retired":               {h.ctx, kmsapi.RetireGrantRequest{KeyId: k.Arn, GrantId: &spent}, "NotFoundException", "Grant '" + spent + "' does not exist"},
		"no token":              {h.ctx, kmsapi.RetireGrantRequest{GrantToken: new("x")}, "InvalidGrantTokenException", ""},
		"a spent token":         {h.ctx, kmsapi.RetireGrantRequest{GrantToken: &old}, "InvalidGrantTokenException", ""},
		"a stranger":            {as(rootUser(foreign)), kmsapi.RetireGrantRequest{KeyId: k.Arn, GrantId: &id}, "AccessDeniedException", hidden + *k.Arn + hiddenBecause},
		"a stranger, no grant":  {as(rootUser(foreign)), kmsapi.RetireGrantRequest{KeyId: k.Arn, GrantId: &noGrant}, "AccessDeniedException", hidden + *k.Arn + hiddenBecause},
		"a stranger, no key":    {as(rootUser(foreign)), kmsapi.RetireGrantRequest{KeyId: new(keyArn(noKey)), GrantId: &id}, "AccessDeniedException", hidden + keyArn(noKey) + hiddenBecause},
		"a dry run of a denial": {as(eve), kmsapi.RetireGrantRequest{GrantToken: &token, DryRun: new(true)}, "AccessDeniedException", "User: " + eve.ARN + " is not authorized to perform: kms:RetireGrant on resource: " + *k.Arn + " because no identity-based policy allows the kms:RetireGrant action"},
		"a dry run":             {h.ctx, kmsapi.RetireGrantRequest{GrantToken: &token, DryRun: new(true)}, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."},
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, second(h.RetireGrant(row.ctx, &row.in)), row.code, row.message)
		})
	}
	if n := len(h.grantsOn(k.KeyId)); n != 1 {
		t.Errorf("%d grants are left", n)
	}
}

func TestRevokeGrant(t *testing.T) {
	h := newHarness(t)
	k, other := h.key(), h.key()
	h.alias("alias/x", k.KeyId)
	id, token := h.issue(to(k.KeyId, bob.ARN, describe))
	for name, row := range map[string]struct {
		ctx           context.Context
		in            kmsapi.RevokeGrantRequest
		code, message string
	}{
		"an alias":         {h.ctx, kmsapi.RevokeGrantRequest{KeyId: "alias/x", GrantId: id}, "InvalidArnException", "Key Aliases are not supported for this operation."},
		"no key":           {h.ctx, kmsapi.RevokeGrantRequest{KeyId: noKey, GrantId: id}, "NotFoundException", "Key '" + keyArn(noKey) + "' does not exist"},
		"no grant id":      {h.ctx, kmsapi.RevokeGrantRequest{KeyId: k.KeyId, GrantId: id[:63]}, "InvalidGrantIdException", "Invalid grant ID"},
		"no grant":         {h.ctx, kmsapi.RevokeGrantRequest{KeyId: k.KeyId, GrantId: noGrant}, "NotFoundException", "Grant '" + noGrant + "' does not exist"},
		"of another key":   {h.ctx, kmsapi.RevokeGrantRequest{KeyId: other.KeyId, GrantId: id}, "NotFoundException", "Grant '" + id + "' does not exist"},
		"by the grantee":   {as(bob), kmsapi.RevokeGrantRequest{KeyId: k.KeyId, GrantId: id}, "AccessDeniedException", "User: " + bob.ARN + " is not authorized to perform: kms:RevokeGrant on resource: " + *k.Arn + " because no identity-based policy allows the kms:RevokeGrant action"},
		"a stranger":       {as(rootUser(foreign)), kmsapi.RevokeGrantRequest{KeyId: *k.Arn, GrantId: id}, "AccessDeniedException", "User: arn:aws:iam::444455556666:root is not authorized to perform: kms:RevokeGrant on resource: " + *k.Arn + hiddenBecause},
		"a dry run":        {h.ctx, kmsapi.RevokeGrantRequest{KeyId: k.KeyId, GrantId: id, DryRun: new(true)}, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."},
		"a dry run of one": {h.ctx, kmsapi.RevokeGrantRequest{KeyId: k.KeyId, GrantId: noGrant, DryRun: new(true)}, "NotFoundException", "Grant '" + noGrant + "' does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, second(h.RevokeGrant(row.ctx, &row.in)), row.code, row.message)
		})
	}
	must(t, h.use(k.KeyId)[describe](as(bob), nil, token))
	must(t, second(h.RevokeGrant(h.ctx, &kmsapi.RevokeGrantRequest{KeyId: k.KeyId, GrantId: id})))
	wantCode(t, h.use(k.KeyId)[describe](as(bob), nil), "AccessDeniedException")
}

// Only what deletes and lists grants works in every state of the key.
func TestGrantsOfKeysInEveryState(t *testing.T) {
	for _, state := range []string{"Enabled", "Disabled", "PendingDeletion", "PendingImport"} {
		h := newHarness(t)
		k := h.key()
		var ids [2]string
		for i := range ids {
			ids[i], _ = h.issue(to(k.KeyId, bob.ARN, describe))
		}
		h.bring(k.KeyId, state)
		if n := len(h.grantsOn(k.KeyId)); n != 2 {
			t.Errorf("%s: %d grants", state, n)
		}
		must(t, h.use(k.KeyId)[describe](as(bob), nil))
		must(t, second(h.RevokeGrant(h.ctx, &kmsapi.RevokeGrantRequest{KeyId: k.KeyId, GrantId: ids[0]})))
		must(t, second(h.RetireGrant(h.ctx, &kmsapi.RetireGrantRequest{KeyId: k.Arn, GrantId: &ids[1]})))
	}
}

// The delay is one of CreateGrant: what ends a grant works at once.
func TestANewGrantCanBeRetiredAtOnce(t *testing.T) {
	h := newHarness(t)
	h.grantDelay = time.Hour
	k := h.key()
	id, _ := h.issue(to(k.KeyId, bob.ARN, decrypt, retire))
	must(t, second(h.RetireGrant(as(bob), &kmsapi.RetireGrantRequest{KeyId: k.Arn, GrantId: &id})))
	if n := len(h.grantsOn(k.KeyId)); n != 0 {
		t.Errorf("%d grants", n)
	}
}
