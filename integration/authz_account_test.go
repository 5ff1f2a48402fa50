package integration

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

const (
	useActions = "kms:Encrypt kms:Decrypt kms:GenerateDataKey* kms:DescribeKey"
	hiredARN   = "arn:aws:iam::" + abroad + ":user/bea"
)

// Both accounts must allow the use of a key across accounts: the key's policy,
// and an IAM policy of the user's.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
func TestAKeyIsSharedOnlyIfBothAccountsAllow(t *testing.T) {
	c := startCourt(t)
	key, bea := c.chief.makes(), c.stranger().hires("bea")
	on := rule("Allow", useActions, key.arn)
	shared := grants("arn:aws:iam::"+abroad+":root", useActions)
	for _, row := range []struct {
		name   string
		policy string // the key policy's second statement
		iam    string
		why    string // empty: allowed
	}{
		{"neither", denies(home, "kms:TagResource"), rule("Allow", "s3:*", "*"), noIdentityPolicy},
		{"the key policy alone", shared, rule("Allow", "s3:*", "*"), noIdentityPolicy},
		{"IAM alone", denies(home, "kms:TagResource"), on, otherAccount},
		{"both", shared, on, ""},
		{"both, the account by its number", grants(abroad, useActions), on, ""},
		{"both, the user by name", grants(hiredARN, useActions), on, ""},
		{"the user by name, without IAM", grants(hiredARN, useActions), rule("Allow", "s3:*", "*"), noIdentityPolicy},
		{"everybody, without IAM", grants("*", useActions), rule("Allow", "s3:*", "*"), noIdentityPolicy},
		{"everybody, with IAM", grants("*", useActions), on, ""},
		{"everybody of another account", grants("*", useActions, `"StringEquals":{"kms:CallerAccount":"444455556666"}`), on, otherAccount},
		{"everybody of this account", grants("*", useActions, `"StringEquals":{"kms:CallerAccount":"`+abroad+`"}`), on, ""},
		{"IAM on another key", shared, rule("Allow", useActions, key.arn[:len(key.arn)-1]), noIdentityPolicy},
		{"IAM on keys of its own account", shared, rule("Allow", useActions, "arn:aws:kms:*:"+abroad+":key/*"), noIdentityPolicy},
		{"a deny in IAM", shared, on + "," + rule("Deny", "kms:*", key.arn), identityDenies},
		{"a deny in the key policy", shared + "," + denies(hiredARN, "kms:*"), on, otherAccount},
		{"a deny of the whole account", grants(hiredARN, useActions) + "," + denies(abroad, "kms:*"), on, otherAccount},
	} {
		c.run(row.name, func() {
			c.chief.rules(key, delegates(home), row.policy)
			bea.has(row.iam)
			for _, action := range []string{"kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"} {
				if row.why == "" {
					bea.can(action, key, use{})
					continue
				}
				bea.cannot(action, key, use{}, row.why)
			}
		})
	}
}

// A root user needs no IAM policy: its account's side always allows.
func TestTheRootUserOfTheOtherAccountNeedsTheKeyPolicyAlone(t *testing.T) {
	c := startCourt(t)
	key := c.chief.makes()
	c.stranger().cannot("kms:Encrypt", key, use{}, otherAccount)
	c.chief.rules(key, delegates(home), grants("arn:aws:iam::"+abroad+":root", "kms:Encrypt"))
	c.stranger().can("kms:Encrypt", key, use{})
	c.stranger().cannot("kms:DescribeKey", key, use{}, otherAccount)
}

// shareKey makes a key with an alias that bea of the other account may use.
func shareKey(t *testing.T) (c *court, key lock, bea actor) {
	c = startCourt(t)
	key, bea = c.chief.makes(), c.stranger().hires("bea")
	_, err := c.chief.kms().CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/shared"), TargetKeyId: &key.id})
	c.ok(err)
	c.chief.rules(key, delegates(home), grants("arn:aws:iam::"+abroad+":root", "kms:*"))
	return c, key, bea.has(rule("Allow", "kms:*", key.arn))
}

// Another account's key goes by its ARN or that of an alias. Only a ciphertext
// says itself whose it is.
func TestAnotherAccountsKeyGoesByARN(t *testing.T) {
	c, key, bea := shareKey(t)
	blob := c.chief.seals(key, nil)
	alias := "arn:aws:kms:" + region + ":" + home + ":alias/shared"
	for _, action := range []string{"kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"} {
		bea.can(action, key, use{as: alias})
		c.fails(bea.try(action, key, use{as: key.id}), "NotFoundException", "Key 'arn:aws:kms:"+region+":"+abroad+":key/"+key.id+"' does not exist")
		c.fails(bea.try(action, key, use{as: "alias/shared"}), "NotFoundException", "Alias arn:aws:kms:"+region+":"+abroad+":alias/shared is not found.")
	}
	for _, as := range []string{key.arn, alias, key.id} {
		bea.can("kms:Decrypt", key, use{as: as, blob: blob})
	}
	out, err := bea.kms().Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: blob})
	if err != nil || *out.KeyId != key.arn || string(out.Plaintext) != "text" {
		t.Errorf("without KeyId: %+v, %v", out, err)
	}
	described, err := bea.kms().DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &key.arn})
	c.ok(err)
	if m := described.KeyMetadata; *m.AWSAccountId != home || *m.Arn != key.arn {
		t.Errorf("the other account sees %+v", m)
	}
}

// An alias has no policy: its ARN in an IAM policy does not stand for the key.
func TestAnAliasInAnIAMPolicyDoesNotStandForItsKey(t *testing.T) {
	_, key, bea := shareKey(t)
	alias := "arn:aws:kms:" + region + ":" + home + ":alias/shared"
	bea.has(rule("Allow", "kms:*", alias))
	bea.cannot("kms:Encrypt", key, use{}, noIdentityPolicy)
	if code, _ := codeOf(bea.try("kms:Encrypt", key, use{as: alias})); code != "AccessDeniedException" {
		t.Errorf("by its alias the key is refused with %q", code)
	}
}

// A stranger learns of an alias neither whether it exists nor which key it has.
func TestAStrangerLearnsNothingFromAnAlias(t *testing.T) {
	c := startCourt(t)
	key, bea := c.chief.makes(), c.stranger().hires("bea")
	_, err := c.chief.kms().CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/private"), TargetKeyId: &key.id})
	c.ok(err)
	for _, row := range []struct{ rights, why string }{
		{rule("Allow", "kms:*", "*"), otherAccount}, {rule("Allow", "s3:*", "*"), noIdentityPolicy}, {rule("Deny", "kms:*", "*"), identityDenies},
	} {
		bea.has(row.rights)
		for _, alias := range []string{"alias/private", "alias/missing"} {
			as := "arn:aws:kms:" + region + ":" + home + ":" + alias
			bea.denied(bea.try("kms:Encrypt", key, use{as: as}), "kms:Encrypt", "resource: "+as, row.why)
			bea.denied(bea.try("kms:DescribeKey", key, use{as: as}), "kms:DescribeKey", "resource: "+as, row.why)
		}
	}
}

// Managing a key has no use across accounts, whatever the policies say.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html#cross-account-key-policy
func TestAnotherAccountCannotManageAKey(t *testing.T) {
	c, key, bea := shareKey(t)
	for _, action := range []string{"kms:GetKeyPolicy", "kms:DisableKey", "kms:EnableKey", "kms:ScheduleKeyDeletion", "kms:UpdateKeyDescription"} {
		bea.cannot(action, key, use{}, otherAccount)
		c.chief.can(action, c.chief.makes(), use{})
	}
	bea.can("kms:ListGrants", key, use{})
	c.fails(bea.tryRules(key, delegates(abroad)), "NotFoundException", "Key 'arn:aws:kms:"+region+":"+abroad+":key/"+key.id+"' does not exist")
}

// The key policy keeps the user whom it names, not her name.
func TestAnotherAccountsUserIsForgottenWithHer(t *testing.T) {
	c := startCourt(t)
	key, bea := c.chief.makes(), c.stranger().hires("bea")
	c.chief.rules(key, delegates(home), grants(hiredARN, "kms:Encrypt"))
	bea.has(rule("Allow", "kms:*", "*")).can("kms:Encrypt", key, use{})
	c.stranger().dismisses(bea)
	c.stranger().hires("bea").has(rule("Allow", "kms:*", "*")).cannot("kms:Encrypt", key, use{}, otherAccount)
}
