package kms

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/auth"
	"sealstack/policy"
	"sealstack/storage"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

// use makes the calls that grants on symmetric keys can allow. Each takes the
// encryption context and the tokens.
func (h *harness) use(key string) map[kmsapi.GrantOperation]func(ctx context.Context, pairs map[string]string, tokens ...string) error {
	h.t.Helper()
	open := h.key(with(byAnyone)) // the other side of ReEncrypt
	blob := func(key string, pairs map[string]string) []byte { return h.encrypt(key, "x", pairs) }
	return map[kmsapi.GrantOperation]func(context.Context, map[string]string, ...string) error{
		encrypt: func(ctx context.Context, pairs map[string]string, tokens ...string) error {
			return second(h.Encrypt(ctx, &kmsapi.EncryptRequest{KeyId: key, Plaintext: []byte("x"), EncryptionContext: pairs, GrantTokens: tokens}))
		},
		decrypt: func(ctx context.Context, pairs map[string]string, tokens ...string) error {
			return second(h.Decrypt(ctx, &kmsapi.DecryptRequest{CiphertextBlob: blob(key, pairs), EncryptionContext: pairs, GrantTokens: tokens}))
		},
		kmsapi.GrantOperationGenerateDataKey: func(ctx context.Context, pairs map[string]string, tokens ...string) error {
			return second(h.GenerateDataKey(ctx, &kmsapi.GenerateDataKeyRequest{KeyId: key, NumberOfBytes: new(int32(9)), EncryptionContext: pairs, GrantTokens: tokens}))
		},
		kmsapi.GrantOperationGenerateDataKeyWithoutPlaintext: func(ctx context.Context, pairs map[string]string, tokens ...string) error {
			return second(h.GenerateDataKeyWithoutPlaintext(ctx, &kmsapi.GenerateDataKeyWithoutPlaintextRequest{KeyId: key, NumberOfBytes: new(int32(9)), EncryptionContext: pairs, GrantTokens: tokens}))
		},
		kmsapi.GrantOperationReEncryptFrom: func(ctx context.Context, pairs map[string]string, tokens ...string) error {
			return second(h.ReEncrypt(ctx, &kmsapi.ReEncryptRequest{CiphertextBlob: blob(key, pairs), SourceEncryptionContext: pairs, DestinationKeyId: *open.Arn, GrantTokens: tokens}))
		},
		kmsapi.GrantOperationReEncryptTo: func(ctx context.Context, pairs map[string]string, tokens ...string) error {
			return second(h.ReEncrypt(ctx, &kmsapi.ReEncryptRequest{CiphertextBlob: blob(*open.Arn, nil), DestinationKeyId: key, DestinationEncryptionContext: pairs, GrantTokens: tokens}))
		},
		describe: func(ctx context.Context, _ map[string]string, tokens ...string) error {
			return second(h.DescribeKey(ctx, &kmsapi.DescribeKeyRequest{KeyId: key, GrantTokens: tokens}))
		},
	}
}

// Every operation, under every kind of constraint, with and without a token,
// before and after the delay.
func TestGrantMatrix(t *testing.T) {
	topic := "arn:aws:sns:us-east-1:111122223333:topic"
	right := map[string]string{"App": "a", "env": "B"}
	contexts := map[string]map[string]string{
		"right": right, "other case of names": {"aPP": "a", "ENV": "B"}, "other case of values": {"App": "A", "env": "B"},
		"more": {"App": "a", "env": "B", "x": "y"}, "less": {"App": "a"}, "none": nil,
	}
	for name, row := range map[string]struct {
		constraints *kmsapi.GrantConstraints
		meet        []string // the contexts that meet them
	}{
		"no constraint": {nil, []string{"right", "other case of names", "other case of values", "more", "less", "none"}},
		"equals":        {&kmsapi.GrantConstraints{EncryptionContextEquals: right}, []string{"right", "other case of names"}},
		"equals none":   {&kmsapi.GrantConstraints{EncryptionContextEquals: map[string]string{}}, []string{"none"}},
		"subset":        {&kmsapi.GrantConstraints{EncryptionContextSubset: right}, []string{"right", "other case of names", "more"}},
		"empty subset":  {&kmsapi.GrantConstraints{EncryptionContextSubset: map[string]string{}}, []string{"right", "other case of names", "other case of values", "more", "less", "none"}},
		"a resource":    {&kmsapi.GrantConstraints{SourceArn: &topic}, nil},
	} {
		for _, delay := range []time.Duration{0, 5 * time.Minute} {
			t.Run(fmt.Sprint(name, " after ", delay), func(t *testing.T) {
				h := newHarness(t)
				h.grantDelay = delay
				meet := " " + strings.Join(row.meet, " / ") + " "
				k := h.key(with(gated))
				for operation, call := range h.use(k.KeyId) {
					in := to(k.KeyId, bob.ARN, operation)
					in.Constraints = row.constraints
					id, token := h.issue(in)
					check := func(who *api.Caller, pairs map[string]string, allowed bool, when string, tokens ...string) {
						t.Helper()
						if err := call(as(who), pairs, tokens...); allowed && err != nil || !allowed && err == nil {
							t.Errorf("%s %s with %v: %v, want allowed %v", operation, when, pairs, err, allowed)
						} else if !allowed {
							wantCode(t, err, "AccessDeniedException")
						}
					}
					for which, pairs := range contexts {
						met := strings.Contains(meet, " "+which+" ") || operation == describe && name != "a resource"
						check(bob, pairs, met && delay == 0, "at once")
						check(bob, pairs, met, "with the token", token)
						check(eve, pairs, false, "by another with the token", token)
					}
					h.advance(delay)
					for which, pairs := range contexts {
						met := strings.Contains(meet, " "+which+" ") || operation == describe && name != "a resource"
						check(bob, pairs, met, "later")
						check(eve, pairs, false, "by another, later")
					}
					must(t, second(h.RevokeGrant(h.ctx, &kmsapi.RevokeGrantRequest{KeyId: k.KeyId, GrantId: id})))
					check(bob, right, false, "after it was revoked")
				}
			})
		}
	}
}

// A grant works at the instant its delay is over, not before.
func TestTheDelayEndsToTheInstant(t *testing.T) {
	h := newHarness(t)
	h.grantDelay = time.Second
	k := h.key(with(gated))
	_, token := h.issue(to(k.KeyId, bob.ARN, describe))
	call := h.use(k.KeyId)[describe]
	h.advance(time.Second - time.Nanosecond)
	wantCode(t, call(as(bob), nil), "AccessDeniedException")
	must(t, call(as(bob), nil, token))
	h.advance(time.Nanosecond)
	must(t, call(as(bob), nil))
}

// A grant has the operations that it lists, and no others.
func TestAGrantAllowsItsOperationsOnly(t *testing.T) {
	h := newHarness(t)
	k := h.key(with(gated))
	calls := h.use(k.KeyId)
	for granted := range calls {
		id, token := h.issue(to(k.KeyId, bob.ARN, granted))
		for operation, call := range calls {
			if err := call(as(bob), nil, token); (err == nil) != (operation == granted) {
				t.Errorf("%s with a grant for %s: %v", operation, granted, err)
			}
		}
		must(t, second(h.RevokeGrant(h.ctx, &kmsapi.RevokeGrantRequest{KeyId: k.KeyId, GrantId: id})))
	}
}

func TestReEncryptNeedsBothOperations(t *testing.T) {
	h := newHarness(t)
	src, dst := h.key(with(gated)), h.key(with(gated))
	call := func(tokens ...string) error {
		return second(h.ReEncrypt(as(bob), &kmsapi.ReEncryptRequest{CiphertextBlob: h.encrypt(src.KeyId, "x", nil), DestinationKeyId: dst.KeyId, GrantTokens: tokens}))
	}
	h.grantDelay = time.Minute
	_, from := h.issue(to(src.KeyId, bob.ARN, kmsapi.GrantOperationReEncryptFrom))
	wantCode(t, call(from), "AccessDeniedException")
	_, into := h.issue(to(dst.KeyId, bob.ARN, kmsapi.GrantOperationReEncryptTo))
	wantCode(t, call(into), "AccessDeniedException")
	must(t, call(from, into))
}

// who is the caller that each grantee stands for.
func TestWhoAGrantIsTo(t *testing.T) {
	h := newHarness(t)
	me, you := session(account, "app", "me"), session(account, "app", "you")
	other := session(account, "ops", "me")
	fred := userOf(account, "fred")
	fred.Type, fred.ARN, fred.Issuer = api.FederatedUser, "arn:aws:sts::111122223333:federated-user/fred", bob.ARN
	root, stranger := rootUser(account), rootUser(foreign)
	able := userOf(account, "able")
	h.grant(able, allowAll)
	for name, row := range map[string]struct {
		grantee string
		yes, no []*api.Caller
	}{
		"a user":           {bob.ARN, []*api.Caller{bob}, []*api.Caller{eve, root, fred, userOf(foreign, "bob")}},
		"a role":           {me.Issuer, []*api.Caller{me, you}, []*api.Caller{other, bob, root}},
		"a session":        {me.ARN, []*api.Caller{me}, []*api.Caller{you, other, bob, root}},
		"a federated user": {fred.ARN, []*api.Caller{fred}, []*api.Caller{bob, userOf(account, "fred"), root}},
		"the account":      {root.ARN, []*api.Caller{root, able}, []*api.Caller{bob, me, fred, stranger}},
		"another account":  {stranger.ARN, []*api.Caller{stranger}, []*api.Caller{root, able, mallory}},
	} {
		t.Run(name, func(t *testing.T) {
			k := h.key(with(strings.Replace(gated, `"kms:DescribeKey",`, "", 1)))
			h.issue(to(*k.Arn, row.grantee, describe))
			call := h.use(*k.Arn)[describe]
			for _, c := range row.yes {
				if err := call(as(c), nil); err != nil {
					t.Errorf("%s: %v", c.ARN, err)
				}
			}
			for _, c := range row.no {
				if err := call(as(c), nil); err == nil {
					t.Errorf("%s may", c.ARN)
				}
			}
		})
	}
}

// Users and roles are kept by unique id: one who is made anew under the name
// has nothing.
func TestGrantsKeepPrincipalsByUniqueID(t *testing.T) {
	h := newHarness(t)
	user, role := *userOf(account, "bob"), *session(account, "app", "me")
	user.ID, role.ID = "AIDAAAAAAAAAAAAAAAAAA", "AROAAAAAAAAAAAAAAAAAA:me"
	there := people{user.ARN: user.ID, role.Issuer: "AROAAAAAAAAAAAAAAAAAA"}
	h.principals = there
	k := h.key(with(gated))
	call := h.use(k.KeyId)[describe]
	in := to(k.KeyId, user.ARN, describe)
	in.RetiringPrincipal = &role.Issuer
	h.issue(in)
	h.issue(to(k.KeyId, role.Issuer, describe))
	must(t, call(as(&user), nil))
	must(t, call(as(&role), nil))
	wantError(t, second(h.CreateGrant(h.ctx, to(k.KeyId, eve.ARN, describe))), "InvalidArnException", "ARN does not refer to a valid principal: "+eve.ARN)
	list := func(grantee string) []kmsapi.GrantListEntry {
		out, err := h.ListGrants(h.ctx, &kmsapi.ListGrantsRequest{KeyId: k.KeyId, GranteePrincipal: &grantee})
		must(t, err)
		return out.Grants
	}
	if got := list(user.ARN); len(got) != 1 || *got[0].GranteePrincipal != user.ARN || *got[0].RetiringPrincipal != role.Issuer {
		t.Errorf("grants to the user: %+v", got)
	}
	delete(there, user.ARN)
	if got := list(user.ID); len(got) != 1 || *got[0].GranteePrincipal != user.ID {
		t.Errorf("grants to a deleted user: %+v", got)
	}
	user.ID = "AIDABBBBBBBBBBBBBBBBB"
	there[user.ARN] = user.ID
	wantCode(t, call(as(&user), nil), "AccessDeniedException")
	if got := list(user.ARN); len(got) != 0 {
		t.Errorf("grants to the new user: %+v", got)
	}
	fresh := role
	fresh.ID = "AROABBBBBBBBBBBBBBBBB:me"
	wantCode(t, call(as(&fresh), nil), "AccessDeniedException")
}

// A service uses a grant for the resource that it names.
func TestGrantsToServices(t *testing.T) {
	h := newHarness(t)
	k := h.key(with(gated))
	const name, topic = "sns.us-east-1.amazonaws.com", "arn:aws:sns:us-east-1:111122223333:topic"
	in := &kmsapi.CreateGrantRequest{
		KeyId: k.KeyId, GranteeServicePrincipal: new(name), RetiringServicePrincipal: new(name),
		Operations: []kmsapi.GrantOperation{decrypt, describe}, Constraints: &kmsapi.GrantConstraints{SourceArn: new(topic)},
	}
	id, _ := h.issue(in)
	for who, row := range map[string]struct {
		name, source string
		allowed      bool
	}{
		"the service":            {name, topic, true},
		"for another resource":   {name, topic + "2", false},
		"for none":               {name, "", false},
		"another service":        {"sqs.us-east-1.amazonaws.com", topic, false},
		"a service in its place": {"sns.amazonaws.com", topic, false},
	} {
		ctx := api.AsService(h.ctx, row.name, row.source, account)
		for _, o := range []kmsapi.GrantOperation{decrypt, describe} {
			if err := h.use(*k.Arn)[o](ctx, nil); (err == nil) != row.allowed {
				t.Errorf("%s: %s: %v", who, o, err)
			}
		}
	}
	e := h.grantsOn(k.KeyId)[0]
	if e.GranteePrincipal != nil || *e.GranteeServicePrincipal != name || e.RetiringPrincipal != nil || *e.RetiringServicePrincipal != name || *e.Constraints.SourceArn != topic {
		t.Errorf("listed as %+v", e)
	}
	retire := func(service string) error {
		return second(h.RetireGrant(api.AsService(h.ctx, service, "", ""), &kmsapi.RetireGrantRequest{KeyId: k.Arn, GrantId: &id}))
	}
	wantCode(t, retire("sqs.us-east-1.amazonaws.com"), "AccessDeniedException")
	must(t, retire(name))
}

// A service that acts for a user may name itself, as AWS's services do.
func TestAServiceCreatesAGrantForItself(t *testing.T) {
	h := newHarness(t)
	k := h.key(with(gated))
	const name = "dynamodb.us-east-1.amazonaws.com"
	out, err := h.CreateGrant(api.Forward(h.ctx, name), to(k.KeyId, name, decrypt))
	must(t, err)
	e := h.grantsOn(k.KeyId)[0]
	if *e.GrantId != *out.GrantId || *e.GranteePrincipal != name || *e.IssuingAccount != "arn:aws:iam::111122223333:root" {
		t.Errorf("listed as %+v", e)
	}
	must(t, h.use(*k.Arn)[decrypt](api.AsService(h.ctx, name, "", ""), nil))
}

// Whoever is in another account needs the permission there as well, unless the
// grant was issued there.
func TestGrantsAcrossAccounts(t *testing.T) {
	h := newHarness(t)
	k := h.key(with(strings.Replace(gated, `"arn:aws:iam::111122223333:root"`, `["111122223333","444455556666"]`, 1)))
	call := h.use(*k.Arn)[decrypt]
	h.issue(to(k.KeyId, mallory.ARN, decrypt))
	wantCode(t, call(as(mallory), nil), "AccessDeniedException")
	must(t, call(h.grant(mallory, allowAll), nil))
	delete(h.identities, mallory.ARN)
	_, err := h.CreateGrant(as(rootUser(foreign)), to(*k.Arn, mallory.ARN, decrypt))
	must(t, err)
	must(t, call(as(mallory), nil))
	wantCode(t, second(h.CreateGrant(as(rootUser(foreign)), to(k.KeyId, mallory.ARN, decrypt))), "NotFoundException") // only by ARN
	list, err := h.ListGrants(as(rootUser(foreign)), &kmsapi.ListGrantsRequest{KeyId: *k.Arn})
	must(t, err)
	id := list.Grants[0].GrantId
	wantCode(t, second(h.RevokeGrant(as(rootUser(foreign)), &kmsapi.RevokeGrantRequest{KeyId: *k.Arn, GrantId: *id, DryRun: new(true)})), "DryRunOperationException")
	issuers := map[string]int{}
	for _, e := range h.grantsOn(k.KeyId) {
		issuers[*e.IssuingAccount]++
	}
	if issuers["arn:aws:iam::444455556666:root"] != 1 || issuers["arn:aws:iam::111122223333:root"] != 1 {
		t.Errorf("issuers: %v", issuers)
	}
	h.grant(mallory, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}}`)
	wantCode(t, call(as(mallory), nil), "AccessDeniedException")
}

// An explicit deny beats a grant, wherever it stands; conditions of policies
// that allow do not touch it.
func TestADenyBeatsAGrant(t *testing.T) {
	const denied = `{"Version":"2012-10-17","Statement":[` +
		`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["kms:CreateGrant","kms:Encrypt"],"Resource":"*"},` +
		`{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/bob"},"Action":"kms:Decrypt","Resource":"*"}]}`
	h := newHarness(t)
	k := h.key(with(denied))
	h.issue(to(k.KeyId, bob.ARN, decrypt, encrypt))
	h.issue(to(k.KeyId, eve.ARN, decrypt, encrypt))
	calls := h.use(k.KeyId)
	wantError(t, calls[decrypt](as(bob), nil), "AccessDeniedException", "User: "+bob.ARN+" is not authorized to perform: kms:Decrypt on "+
		"the resource associated with this ciphertext with an explicit deny in a resource-based policy")
	must(t, calls[encrypt](as(bob), nil))
	must(t, calls[decrypt](as(eve), nil))
	h.grant(eve, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}}`)
	wantCode(t, calls[decrypt](as(eve), nil), "AccessDeniedException")
	must(t, calls[encrypt](as(eve), nil))
}

// Of many grants to one principal one that fits is enough.
func TestOneOfManyGrantsIsEnough(t *testing.T) {
	h := newHarness(t)
	k := h.key(with(gated))
	for i := range 50 {
		in := to(k.KeyId, bob.ARN, decrypt)
		in.Constraints = &kmsapi.GrantConstraints{EncryptionContextEquals: map[string]string{"volume": fmt.Sprint(i)}}
		h.issue(in)
	}
	call := h.use(k.KeyId)[decrypt]
	for i := range 50 {
		must(t, call(as(bob), map[string]string{"volume": fmt.Sprint(i)}))
	}
	wantCode(t, call(as(bob), map[string]string{"volume": "50"}), "AccessDeniedException")
}

// broken is a store whose Views fail, once it is told to.
type broken struct {
	storage.Store
	after int // Views that still work; negative for all
}

var errBroken = errors.New("disk on fire")

func (b *broken) View(ctx context.Context, fn func(context.Context, storage.Tx) error) error {
	if b.after == 0 {
		return errBroken
	}
	b.after--
	return b.Store.View(ctx, fn)
}

// If the grants can't be read, the answer is no denial.
func TestAFailedLookUpIsNoDenial(t *testing.T) {
	store := &broken{Store: memory.New(), after: -1}
	h := harnessOn(t, store, seal.NewEphemeral())
	k := h.key(with(gated))
	h.issue(to(k.KeyId, bob.ARN, describe))
	store.after = 1 // the key can be read
	err := second(h.DescribeKey(as(bob), &kmsapi.DescribeKeyRequest{KeyId: k.KeyId}))
	if !errors.Is(err, errBroken) {
		t.Errorf("DescribeKey: %v", err)
	}
}

// A boundary or a session policy that allows nothing does not take a grant
// away: they limit policies.
func TestBoundariesDoNotLimitGrants(t *testing.T) {
	h := newHarness(t)
	k := h.key(with(gated))
	h.issue(to(k.KeyId, bob.ARN, describe))
	none, err := policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`))
	must(t, err)
	h.identities[bob.ARN] = auth.Attached{Boundary: none, Session: []*policy.Policy{none}}
	must(t, h.use(k.KeyId)[describe](as(bob), nil))
}
