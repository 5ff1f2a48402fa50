package kms

import (
	"context"
	"testing"

	"sealstack/api/kmsapi"
)

// What an operation says to an alias.
const (
	takesAlias  = "" // it takes them
	noAlias     = "NotFoundException"
	grantAlias  = "InvalidArnException"
	targetAlias = "ValidationException"
)

// Who may use an operation on a key whose policy allows everybody everything.
const (
	abroad = true  // principals of other accounts too
	home   = false // of the key's account only
)

// addressed says of every specimen that names a key in which forms it does,
// and whether it has cross-account use.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
var addressed = map[string]struct {
	alias string
	reach bool
}{
	"CancelKeyDeletion":                   {noAlias, home},
	"CreateAlias":                         {targetAlias, home},
	"CreateGrant":                         {grantAlias, abroad},
	"Decapsulate":                         {takesAlias, abroad},
	"Decrypt":                             {takesAlias, abroad},
	"DeleteImportedKeyMaterial":           {noAlias, home},
	"DeriveSharedSecret":                  {takesAlias, abroad},
	"DescribeKey":                         {takesAlias, abroad},
	"DisableKey":                          {noAlias, home},
	"DisableKeyRotation":                  {noAlias, home},
	"EnableKey":                           {noAlias, home},
	"EnableKeyRotation":                   {noAlias, home},
	"Encapsulate":                         {takesAlias, abroad},
	"Encrypt":                             {takesAlias, abroad},
	"GenerateDataKey":                     {takesAlias, abroad},
	"GenerateDataKeyPair":                 {takesAlias, abroad},
	"GenerateDataKeyPairWithoutPlaintext": {takesAlias, abroad},
	"GenerateDataKeyWithoutPlaintext":     {takesAlias, abroad},
	"GenerateMac":                         {takesAlias, abroad},
	"GetKeyLastUsage":                     {noAlias, home},
	"GetKeyPolicy":                        {noAlias, home},
	"GetKeyRotationStatus":                {noAlias, abroad},
	"GetParametersForImport":              {noAlias, home},
	"GetPublicKey":                        {takesAlias, abroad},
	"ImportKeyMaterial":                   {noAlias, home},
	"ListAliases":                         {noAlias, home},
	"ListGrants":                          {grantAlias, abroad},
	"ListKeyPolicies":                     {noAlias, home},
	"ListKeyRotations":                    {noAlias, home},
	"ListResourceTags":                    {noAlias, home},
	"PutKeyPolicy":                        {noAlias, home},
	"ReEncrypt from":                      {takesAlias, abroad},
	"ReEncrypt to":                        {takesAlias, abroad},
	"ReplicateKey":                        {noAlias, home},
	"RetireGrant":                         {grantAlias, abroad},
	"RevokeGrant":                         {grantAlias, abroad},
	"RotateKeyOnDemand":                   {noAlias, home},
	"ScheduleKeyDeletion":                 {noAlias, home},
	"Sign":                                {takesAlias, abroad},
	"TagResource":                         {noAlias, home},
	"UntagResource":                       {noAlias, home},
	"UpdateAlias to":                      {targetAlias, home},
	"UpdateKeyDescription":                {noAlias, home},
	"UpdatePrimaryRegion":                 {noAlias, home},
	"Verify":                              {takesAlias, abroad},
	"VerifyMac":                           {takesAlias, abroad},
}

// nameless are the specimens that have a key which their request does not name.
var nameless = map[string]bool{"Decrypt unnamed": true, "DeleteAlias": true, "RetireGrant token": true, "UpdateAlias from": true}

func TestEverySpecimenWithAKeyIsAddressed(t *testing.T) {
	for name, sp := range specimens {
		if _, ok := addressed[name]; ok == (sp.kind == nil || nameless[name]) {
			t.Errorf("%s: addressed = %t", name, ok)
		}
	}
}

// named makes the request of a specimen with another text for the key.
func (h *harness) named(name, text string, options ...func(*kmsapi.CreateKeyRequest)) (*subject, any) {
	s := h.subjectOf(specimens[name], options...)
	s.name = text
	return s, specimens[name].request(s)
}

// ready brings the key into the state that the operation needs.
func (s *subject) ready(name string) {
	if name == "CancelKeyDeletion" {
		s.put(s.id, func(r *record) { r.Deletion = start.Add(365 * day) })
	}
}

// In the caller's account and Region a key has four names.
func TestEveryOperationTakesItsFormsOfIdentifiers(t *testing.T) {
	for name, row := range addressed {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			for _, form := range []struct {
				what string
				of   func(id string) string
			}{
				{"key id", func(id string) string { return id }},
				{"key ARN", keyArn},
				{"alias name", func(id string) string { return "alias/x-" + id }},
				{"alias ARN", func(id string) string { return aliasArn("alias/x-" + id) }},
			} {
				s := h.subjectOf(specimens[name])
				h.alias("alias/x-"+s.id, s.id)
				s.name = form.of(s.id)
				in := specimens[name].request(s)
				s.ready(name)
				err := h.perform(h.ctx, in)
				if row.alias == takesAlias || form.what == "key id" || form.what == "key ARN" {
					if err != nil {
						t.Errorf("%s: %v", form.what, err)
					}
					continue
				}
				wantError(t, err, row.alias, map[string]string{
					noAlias:     "Invalid keyId '" + s.name + "'",
					grantAlias:  "Key Aliases are not supported for this operation.",
					targetAlias: "Aliases must refer to keys. Not aliases",
				}[row.alias])
			}
		})
	}
}

func TestEveryOperationRefusesIdentifiersOfNothing(t *testing.T) {
	const notFound = "NotFoundException"
	there := "arn:aws:kms:" + elsewhere + ":" + account
	for name, row := range addressed {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			for text, message := range map[string]string{
				"fake-key-id":                          "Invalid keyId 'fake-key-id'",
				"key/" + noKey:                         "Invalid keyId 'key/" + noKey + "'",
				"arn:aws:sqs:us-east-1:111122223333:q": "Invalid keyId 'arn:aws:sqs:us-east-1:111122223333:q'",
				noKey:                                  "Key '" + keyArn(noKey) + "' does not exist",
				keyArn(noKey):                          "Key '" + keyArn(noKey) + "' does not exist",
				there + ":key/" + noKey:                "Invalid arn " + elsewhere,
			} {
				s, in := h.named(name, text)
				s.ready(name)
				if err := h.perform(h.ctx, in); err == nil {
					t.Errorf("%s is taken", text)
				} else {
					wantError(t, err, notFound, message)
				}
			}
			if row.alias != takesAlias {
				return
			}
			_, in := h.named(name, "alias/none")
			wantError(t, h.perform(h.ctx, in), notFound, "Alias "+aliasArn("alias/none")+" is not found.")
			_, in = h.named(name, aliasArn("alias/none"))
			wantError(t, h.perform(h.ctx, in), notFound, "Alias "+aliasArn("alias/none")+" is not found.")
			_, in = h.named(name, there+":alias/none")
			wantError(t, h.perform(h.ctx, in), notFound, "Invalid arn "+elsewhere)
		})
	}
}

// The key's own ARN, asked for in another Region, is refused there without a
// look at the key; its bare id names a key that is not there.
func TestAKeyIsFoundInItsRegionOnly(t *testing.T) {
	for name := range addressed {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			for _, bare := range []bool{false, true} {
				s := h.subjectOf(specimens[name])
				message := "Key '" + arnIn("ap-south-1", s.id) + "' does not exist"
				if !bare {
					s.name, message = keyArn(s.id), "Invalid arn "+region
				}
				err := h.perform(in("ap-south-1"), specimens[name].request(s))
				switch name {
				case "UpdateAlias to": // its alias is not there either
					wantCode(t, err, "NotFoundException")
				case "ReEncrypt to": // nor is the ciphertext's key
					wantCode(t, err, "AccessDeniedException")
				default:
					wantError(t, err, "NotFoundException", message)
				}
			}
		})
	}
}

// foreigner is a user of another account whose IAM policies allow everything.
func (h *harness) foreigner() context.Context { return h.grant(userOf(foreign, "admin"), allowAll) }

// The key's policy allows everybody everything, and so do the caller's own
// policies: whether it works across accounts is the operation's.
func TestCrossAccountUse(t *testing.T) {
	for name, row := range addressed {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			ctx := h.foreigner()
			s := h.subjectOf(specimens[name], with(byAnyone))
			s.name = keyArn(s.id)
			in := specimens[name].request(s)
			s.ready(name)
			err := h.perform(ctx, in)
			switch {
			case name == "UpdateAlias to": // the alias is another account's
				wantError(t, err, "NotFoundException", "Alias arn:aws:kms:us-east-1:"+foreign+":alias/to-"+s.id+" is not found.")
			case name == "ListAliases":
				wantError(t, err, "NotFoundException", "Key '"+keyArn(s.id)+"' does not exist")
			case name == "RetireGrant": // the grant does not name the caller
				wantCode(t, err, "AccessDeniedException")
			case row.reach == abroad && err != nil:
				t.Error(err)
			case row.reach == home:
				wantError(t, err, "AccessDeniedException", "User: arn:aws:iam::"+foreign+":user/admin is not authorized to perform: kms:"+
					word(name)+" on resource: "+keyArn(s.id)+hiddenBecause)
			}
		})
	}
}

func TestAnotherAccountsKeyNeedsAnARN(t *testing.T) {
	for name, row := range addressed {
		if row.reach == home || name == "RetireGrant" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			ctx := h.foreigner()
			s := h.subjectOf(specimens[name], with(byAnyone))
			h.alias("alias/x", s.id)
			do := func(text string) error {
				s.name = text
				return h.perform(ctx, specimens[name].request(s))
			}
			if err := do(s.id); name == "Decrypt" || name == "ReEncrypt from" {
				must(t, err) // the ciphertext says whose it is
			} else {
				wantError(t, err, "NotFoundException", "Key 'arn:aws:kms:us-east-1:"+foreign+":key/"+s.id+"' does not exist")
			}
			if row.alias != takesAlias {
				return
			}
			must(t, do(aliasArn("alias/x")))
			wantError(t, do("alias/x"), "NotFoundException", "Alias arn:aws:kms:us-east-1:"+foreign+":alias/x is not found.")
		})
	}
}
