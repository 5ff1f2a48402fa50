package kms

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/storage"
)

// gated is a key policy that names nobody but the account's administrator: all
// else needs a grant.
const gated = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},
	"Action":["kms:CreateGrant","kms:ListGrants","kms:RevokeGrant","kms:DescribeKey","kms:Encrypt","kms:ScheduleKeyDeletion"],"Resource":"*"}}`

var (
	bob     = userOf(account, "bob")
	eve     = userOf(account, "eve")
	mallory = userOf(foreign, "mallory")
)

func session(account, role, name string) *api.Caller {
	c := rootUser(account)
	c.Principal = api.Principal{
		Type: api.AssumedRole, Account: account, Name: name, ID: "AROAROLE" + role + ":" + name, IssuerID: "AROAROLE" + role,
		ARN:    "arn:aws:sts::" + account + ":assumed-role/" + role + "/" + name,
		Issuer: "arn:aws:iam::" + account + ":role/team/" + role,
	}
	return c
}

// to begins the parameters of a grant.
func to(key, grantee string, operations ...kmsapi.GrantOperation) *kmsapi.CreateGrantRequest {
	return &kmsapi.CreateGrantRequest{KeyId: key, GranteePrincipal: &grantee, Operations: operations}
}

// issue creates a grant as the root user.
func (h *harness) issue(in *kmsapi.CreateGrantRequest) (id, token string) {
	h.t.Helper()
	out, err := h.CreateGrant(h.ctx, in)
	must(h.t, err)
	return *out.GrantId, *out.GrantToken
}

func (h *harness) grantsOn(key string) []kmsapi.GrantListEntry {
	h.t.Helper()
	out, err := h.ListGrants(h.ctx, &kmsapi.ListGrantsRequest{KeyId: key, Limit: new(int32(100))})
	must(h.t, err)
	return out.Grants
}

const (
	decrypt  = kmsapi.GrantOperationDecrypt
	encrypt  = kmsapi.GrantOperationEncrypt
	describe = kmsapi.GrantOperationDescribeKey
	create   = kmsapi.GrantOperationCreateGrant
	retire   = kmsapi.GrantOperationRetireGrant
	sign     = kmsapi.GrantOperationSign
)

func TestCreateGrantAnswersWithIDAndToken(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	id, token := h.issue(to(k.KeyId, bob.ARN, encrypt))
	if !isGrantID(id) || strings.ToLower(id) != id || token == "" {
		t.Errorf("grant %q, token %q", id, token)
	}
	again, other := h.issue(to(k.KeyId, bob.ARN, encrypt))
	if again == id || other == token {
		t.Error("a grant without a name must be a new one")
	}
}

func TestParametersOfCreateGrantThatAreRefused(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	service, arn := "sns.us-east-1.amazonaws.com", "arn:aws:sns:us-east-1:111122223333:topic"
	nine := map[string]string{}
	for _, c := range "abcdefghi" {
		nine[string(c)] = "x"
	}
	off, going, imported := h.key(), h.key(), h.key()
	h.bring(off.KeyId, "Disabled")
	h.schedule(going.KeyId, 7)
	h.put(imported.KeyId, func(r *record) { r.Material = "" })
	h.alias("alias/x", k.KeyId)
	const noArn = "ARN does not refer to a valid principal: "
	const noAlias = "Key Aliases are not supported for this operation."
	type change func(*kmsapi.CreateGrantRequest)
	constrain := func(c kmsapi.GrantConstraints) change {
		return func(in *kmsapi.CreateGrantRequest) { in.Constraints = &c }
	}
	grantee := func(text string) change {
		return func(in *kmsapi.CreateGrantRequest) { in.GranteePrincipal = &text }
	}
	key := func(text string) change { return func(in *kmsapi.CreateGrantRequest) { in.KeyId = text } }
	for name, row := range map[string]struct {
		change        change
		code, message string
	}{
		"nobody":                    {func(in *kmsapi.CreateGrantRequest) { in.GranteePrincipal = nil }, "ValidationException", "You must specify either GranteePrincipal or GranteeServicePrincipal, but not both."},
		"a principal and a service": {func(in *kmsapi.CreateGrantRequest) { in.GranteeServicePrincipal = &service }, "ValidationException", "You must specify either GranteePrincipal or GranteeServicePrincipal, but not both."},
		"two who retire": {func(in *kmsapi.CreateGrantRequest) {
			in.RetiringPrincipal, in.RetiringServicePrincipal = &eve.ARN, &service
		}, "ValidationException", "You can specify either RetiringPrincipal or RetiringServicePrincipal, but not both."},
		"a service for no resource": {func(in *kmsapi.CreateGrantRequest) { in.GranteePrincipal, in.GranteeServicePrincipal = nil, &service }, "ValidationException", "A grant to a GranteeServicePrincipal must have a SourceArn grant constraint."},
		"a service for ever": {func(in *kmsapi.CreateGrantRequest) {
			in.GranteePrincipal, in.GranteeServicePrincipal, in.Constraints = nil, &service, &kmsapi.GrantConstraints{SourceArn: &arn}
		}, "ValidationException", "A grant to a GranteeServicePrincipal must have RetiringPrincipal or RetiringServicePrincipal."},
		"no operation":               {func(in *kmsapi.CreateGrantRequest) { in.Operations = []kmsapi.GrantOperation{} }, "ValidationException", "Grants must contain at least one operation."},
		"CreateGrant alone":          {func(in *kmsapi.CreateGrantRequest) { in.Operations = []kmsapi.GrantOperation{create, create} }, "ValidationException", "Grants must not contain only the CreateGrant operation."},
		"two contexts":               {constrain(kmsapi.GrantConstraints{EncryptionContextEquals: map[string]string{"c": "d"}, EncryptionContextSubset: map[string]string{"a": "b"}}), "ValidationException", "More than one constraint supplied"},
		"nine pairs":                 {constrain(kmsapi.GrantConstraints{EncryptionContextSubset: nine}), "ValidationException", "A grant constraint can have at most 8 encryption context pairs."},
		"a long value":               {constrain(kmsapi.GrantConstraints{EncryptionContextSubset: map[string]string{"a": strings.Repeat("ä", 385)}}), "ValidationException", "The encryption context value in a grant constraint cannot exceed 384 characters."},
		"an unknown token":           {func(in *kmsapi.CreateGrantRequest) { in.GrantTokens = []string{"x"} }, "InvalidGrantTokenException", ""},
		"an alias":                   {key("alias/x"), "InvalidArnException", noAlias},
		"an alias ARN":               {key(aliasArn("alias/x")), "InvalidArnException", noAlias},
		"no key":                     {key(noKey), "NotFoundException", "Key '" + keyArn(noKey) + "' does not exist"},
		"no key identifier":          {key("invalid"), "NotFoundException", "Invalid keyId 'invalid'"},
		"a disabled key":             {key(off.KeyId), "DisabledException", *off.Arn + " is disabled."},
		"a key on its way out":       {key(going.KeyId), "KMSInvalidStateException", *going.Arn + " is pending deletion."},
		"a key without material":     {key(imported.KeyId), "KMSInvalidStateException", *imported.Arn + " is pending import."},
		"an operation of other keys": {func(in *kmsapi.CreateGrantRequest) { in.Operations = []kmsapi.GrantOperation{decrypt, sign} }, "ValidationException", "Operation Sign is not supported for " + *k.Arn + ", whose key spec is SYMMETRIC_DEFAULT and key usage is ENCRYPT_DECRYPT."},
		"an id":                      {grantee("AIDAAAAAAAAAAAAAAAAAA"), "InvalidArnException", noArn + "AIDAAAAAAAAAAAAAAAAAA"},
		"an account id":              {grantee(account), "InvalidArnException", noArn + account},
		"a service as principal":     {grantee(service), "InvalidArnException", noArn + service},
		"a group":                    {grantee("arn:aws:iam::111122223333:group/g"), "InvalidArnException", noArn + "arn:aws:iam::111122223333:group/g"},
		"an organization":            {grantee("arn:aws:organizations::111122223333:organization/o-1"), "InvalidArnException", noArn + "arn:aws:organizations::111122223333:organization/o-1"},
		"another partition":          {grantee("arn:aws-cn:iam::111122223333:user/bob"), "InvalidArnException", noArn + "arn:aws-cn:iam::111122223333:user/bob"},
		"a user without a name":      {grantee("arn:aws:iam::111122223333:user/"), "InvalidArnException", noArn + "arn:aws:iam::111122223333:user/"},
		"a role's sessions":          {grantee("arn:aws:sts::111122223333:assumed-role/r"), "InvalidArnException", noArn + "arn:aws:sts::111122223333:assumed-role/r"},
		"no account":                 {grantee("arn:aws:iam::1234:root"), "InvalidArnException", noArn + "arn:aws:iam::1234:root"},
		"a retiring group":           {func(in *kmsapi.CreateGrantRequest) { in.RetiringPrincipal = new("arn:aws:iam::111122223333:group/g") }, "InvalidArnException", noArn + "arn:aws:iam::111122223333:group/g"},
		"a dry run":                  {func(in *kmsapi.CreateGrantRequest) { in.DryRun = new(true) }, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."},
	} {
		t.Run(name, func(t *testing.T) {
			in := to(k.KeyId, bob.ARN, decrypt, describe)
			row.change(in)
			wantError(t, second(h.CreateGrant(h.ctx, in)), row.code, row.message)
		})
	}
	if list := h.grantsOn(k.KeyId); len(list) != 0 {
		t.Errorf("a refused grant was stored: %v", list)
	}
}

// Of the states that only some keys have, two allow a grant.
func TestStatesThatAllowAGrant(t *testing.T) {
	for state, code := range map[kmsapi.KeyState]string{
		kmsapi.KeyStateUnavailable: "", kmsapi.KeyStateUpdating: "",
		kmsapi.KeyStateCreating: "KMSInvalidStateException", kmsapi.KeyStatePendingReplicaDeletion: "KMSInvalidStateException",
	} {
		if err := require("k", state, forGrant); code == "" {
			must(t, err)
		} else {
			wantCode(t, err, code)
		}
	}
}

func TestPrincipalsOfGrants(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	for _, grantee := range []string{
		"arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:user/path/bob", "arn:aws:iam::111122223333:role/r",
		"arn:aws:sts::111122223333:assumed-role/r/me@x", "arn:aws:sts::111122223333:federated-user/fred",
	} {
		h.issue(to(k.KeyId, grantee, decrypt))
	}
	if n := len(h.grantsOn(k.KeyId)); n != 5 {
		t.Errorf("%d grants", n)
	}
}

// Which operations a grant may hold follows from the kind of key.
func TestGrantOperationsFitTheKey(t *testing.T) {
	any := []string{"CreateGrant", "DescribeKey", "RetireGrant"}
	encryption := []string{"Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo"}
	for name, row := range map[string]struct {
		spec  kmsapi.KeySpec
		usage kmsapi.KeyUsageType
		want  []string
	}{
		"symmetric":     {kmsapi.KeySpecSymmetricDefault, encryptDecrypt, append([]string{"GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext"}, encryption...)},
		"RSA":           {kmsapi.KeySpecRsa2048, encryptDecrypt, append([]string{"GetPublicKey"}, encryption...)},
		"signing":       {kmsapi.KeySpecRsa2048, signVerify, []string{"GetPublicKey", "Sign", "Verify"}},
		"agreement":     {kmsapi.KeySpecEccNistP256, keyAgreement, []string{"DeriveSharedSecret", "GetPublicKey"}},
		"MAC":           {kmsapi.KeySpecHmac256, generateMAC, []string{"GenerateMac", "VerifyMac"}},
		"encapsulation": {kmsapi.KeySpecMlKem768, encapsulate, []string{"Decapsulate", "Encapsulate", "GetPublicKey"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			k := h.key()
			h.put(k.KeyId, func(r *record) { r.Spec, r.Usage = row.spec, row.usage })
			want := slices.Sorted(slices.Values(append(row.want, any...)))
			var got []string
			for o := range operationBits {
				err := second(h.CreateGrant(h.ctx, to(k.KeyId, bob.ARN, o, describe)))
				if err == nil {
					got = append(got, string(o))
					continue
				}
				wantCode(t, err, "ValidationException")
			}
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("operations %v, want %v", got, want)
			}
		})
	}
	if len(operationBits) != 19 || setOf(slices.Collect(maps.Keys(operationBits))) != 1<<19-1 {
		t.Error("the operations are not 19 different bits")
	}
}

// Only what has an encryption context can be constrained by one.
func TestContextConstraintsNeedAContext(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	h.put(k.KeyId, func(r *record) { r.Spec = kmsapi.KeySpecRsa2048 })
	for _, c := range []*kmsapi.GrantConstraints{
		{EncryptionContextEquals: map[string]string{"a": "b"}}, {EncryptionContextSubset: map[string]string{"a": "b"}},
	} {
		in := to(k.KeyId, bob.ARN, decrypt, describe)
		in.Constraints = c
		wantError(t, second(h.CreateGrant(h.ctx, in)), "ValidationException",
			"Encryption context grant constraints are not supported for the operations of "+*k.Arn+", whose key spec is RSA_2048.")
		in.Operations = []kmsapi.GrantOperation{create, describe, retire}
		h.issue(in)
	}
	in := to(k.KeyId, bob.ARN, decrypt)
	in.Constraints = &kmsapi.GrantConstraints{SourceArn: new("arn:aws:sns:us-east-1:111122223333:topic")}
	h.issue(in)
}

// With a name the same properties are the same grant; any other makes a new one.
func TestANameMakesCreateGrantIdempotent(t *testing.T) {
	h := newHarness(t)
	k, other := h.key(), h.key()
	base := func() *kmsapi.CreateGrantRequest {
		in := to(k.KeyId, bob.ARN, decrypt, encrypt)
		in.Name, in.RetiringPrincipal = new("n"), &eve.ARN
		in.Constraints = &kmsapi.GrantConstraints{EncryptionContextSubset: map[string]string{"a": "b", "c": "d"}}
		return in
	}
	first, token := h.issue(base())
	h.advance(time.Minute)
	again, next := h.issue(base())
	if again != first || next == token {
		t.Errorf("grant %s after %s, token %s after %s", again, first, next, token)
	}
	if list := h.grantsOn(k.KeyId); len(list) != 1 || !list[0].CreationDate.Equal(start) {
		t.Errorf("grants: %+v", list)
	}
	seen := map[string]string{first: "the first"}
	for name, change := range map[string]func(*kmsapi.CreateGrantRequest){
		"another key":      func(in *kmsapi.CreateGrantRequest) { in.KeyId = other.KeyId },
		"another name":     func(in *kmsapi.CreateGrantRequest) { in.Name = new("m") },
		"no name":          func(in *kmsapi.CreateGrantRequest) { in.Name = nil },
		"another grantee":  func(in *kmsapi.CreateGrantRequest) { in.GranteePrincipal = &eve.ARN },
		"another who may":  func(in *kmsapi.CreateGrantRequest) { in.RetiringPrincipal = &bob.ARN },
		"nobody who may":   func(in *kmsapi.CreateGrantRequest) { in.RetiringPrincipal = nil },
		"fewer operations": func(in *kmsapi.CreateGrantRequest) { in.Operations = in.Operations[:1] },
		"no constraints":   func(in *kmsapi.CreateGrantRequest) { in.Constraints = nil },
		"another constraint": func(in *kmsapi.CreateGrantRequest) {
			in.Constraints.EncryptionContextSubset = map[string]string{"a": "b"}
		},
		"another type": func(in *kmsapi.CreateGrantRequest) {
			in.Constraints = &kmsapi.GrantConstraints{EncryptionContextEquals: in.Constraints.EncryptionContextSubset}
		},
		"a source": func(in *kmsapi.CreateGrantRequest) {
			in.Constraints.SourceArn = new("arn:aws:sns:us-east-1:111122223333:topic")
		},
		"a service who may": func(in *kmsapi.CreateGrantRequest) {
			in.RetiringPrincipal, in.RetiringServicePrincipal = nil, new("sns.us-east-1.amazonaws.com")
		},
	} {
		in := base()
		change(in)
		id, _ := h.issue(in)
		if was := seen[id]; was != "" {
			t.Errorf("%s is the grant of %s", name, was)
		}
		seen[id] = name
	}
	_, err := h.RevokeGrant(h.ctx, &kmsapi.RevokeGrantRequest{KeyId: k.KeyId, GrantId: first})
	must(t, err)
	if id, _ := h.issue(base()); id == first || seen[id] != "" {
		t.Error("a revoked grant came back")
	}
}

func TestAKeyHasSoManyGrants(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	in := to(k.KeyId, bob.ARN, decrypt)
	in.Name = new("n")
	id, _ := h.issue(in)
	h.put(k.KeyId, func(r *record) { r.Grants = defaultGrants - 1 })
	h.issue(to(k.KeyId, bob.ARN, decrypt))
	wantError(t, second(h.CreateGrant(h.ctx, to(k.KeyId, bob.ARN, decrypt))), "LimitExceededException",
		"Grants per key quota for this account in this region is 50000, current usage is 50000.")
	if again, _ := h.issue(in); again != id {
		t.Error("a retry is not a new grant")
	}
	_, err := h.RevokeGrant(h.ctx, &kmsapi.RevokeGrantRequest{KeyId: k.KeyId, GrantId: id})
	must(t, err)
	h.issue(to(k.KeyId, bob.ARN, decrypt))
}

func TestGrantsGoWithTheirKey(t *testing.T) {
	h := newHarness(t)
	k, kept := h.key(), h.key()
	for _, id := range []string{k.KeyId, kept.KeyId} {
		in := to(id, bob.ARN, decrypt)
		in.Name, in.RetiringPrincipal = new("n"), &bob.ARN
		h.issue(in)
	}
	_, token := h.issue(to(k.KeyId, eve.ARN, decrypt))
	h.schedule(k.KeyId, 7)
	h.advance(7 * day)
	wantCode(t, second(h.ListGrants(h.ctx, &kmsapi.ListGrantsRequest{KeyId: k.KeyId})), "NotFoundException")
	for range 2 {
		list, err := h.ListRetirableGrants(h.ctx, &kmsapi.ListRetirableGrantsRequest{RetiringPrincipal: &bob.ARN})
		must(t, err)
		if len(list.Grants) != 1 || *list.Grants[0].KeyId != *kept.Arn {
			t.Errorf("retirable: %+v", list.Grants)
		}
		wantCode(t, second(h.RetireGrant(h.ctx, &kmsapi.RetireGrantRequest{GrantToken: &token})), "InvalidGrantTokenException")
		must(t, h.Sweep(h.ctx, h.clock.Now()))
	}
	must(t, h.store.View(h.ctx, func(_ context.Context, tx storage.Tx) error {
		if n := [4]int{count(tx, grants), count(tx, grantees), count(tx, retirees), count(tx, retries)}; n != [4]int{1, 1, 1, 1} {
			t.Errorf("rows left: %v", n)
		}
		return nil
	}))
	wantCode(t, second(h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: kept.KeyId, Plaintext: []byte("x"), GrantTokens: []string{token}})), "InvalidGrantTokenException")
}
