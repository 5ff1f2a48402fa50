package integration

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"sealstack/emulator"
	"sealstack/emulator/emulatortest"
)

// awsTiming has the delays of AWS: five minutes until a grant works without
// its token.
var awsTiming = emulatortest.WithTiming(emulator.AWS)

// deed is a grant that was made.
type deed struct{ id, token string }

// use is a request with the token of the deed.
func (d deed) use(context map[string]string) use {
	return use{context: context, tokens: []string{d.token}}
}

// term changes what a grant says.
type term func(*kms.CreateGrantInput)

func holdingAtLeast(pairs map[string]string) term {
	return func(in *kms.CreateGrantInput) {
		in.Constraints = &kmstypes.GrantConstraints{EncryptionContextSubset: pairs}
	}
}

func holdingExactly(pairs map[string]string) term {
	return func(in *kms.CreateGrantInput) {
		in.Constraints = &kmstypes.GrantConstraints{EncryptionContextEquals: pairs}
	}
}

func retiredBy(arn string) term {
	return func(in *kms.CreateGrantInput) { in.RetiringPrincipal = &arn }
}

func bringing(d deed) term {
	return func(in *kms.CreateGrantInput) { in.GrantTokens = append(in.GrantTokens, d.token) }
}

type operations []kmstypes.GrantOperation

const (
	encrypt     = kmstypes.GrantOperationEncrypt
	decrypt     = kmstypes.GrantOperationDecrypt
	describe    = kmstypes.GrantOperationDescribeKey
	createGrant = kmstypes.GrantOperationCreateGrant
	retireGrant = kmstypes.GrantOperationRetireGrant
)

func (a actor) tryGrant(k lock, grantee string, of operations, terms ...term) (deed, error) {
	in := &kms.CreateGrantInput{KeyId: &k.arn, GranteePrincipal: &grantee, Operations: of}
	for _, t := range terms {
		t(in)
	}
	out, err := a.kms().CreateGrant(a.court.Context(), in)
	if err != nil {
		return deed{}, err
	}
	return deed{*out.GrantId, *out.GrantToken}, nil
}

// grants makes a grant to a principal.
func (a actor) grants(k lock, grantee string, of operations, terms ...term) deed {
	a.court.Helper()
	d, err := a.tryGrant(k, grantee, of, terms...)
	a.court.ok(err)
	return d
}

func (a actor) revokes(k lock, d deed) error {
	_, err := a.kms().RevokeGrant(a.court.Context(), &kms.RevokeGrantInput{KeyId: &k.arn, GrantId: &d.id})
	return err
}

func (a actor) retires(k lock, d deed) error {
	_, err := a.kms().RetireGrant(a.court.Context(), &kms.RetireGrantInput{KeyId: &k.arn, GrantId: &d.id})
	return err
}

func (a actor) retiresByToken(d deed) error {
	_, err := a.kms().RetireGrant(a.court.Context(), &kms.RetireGrantInput{GrantToken: &d.token})
	return err
}

var (
	sales  = map[string]string{"dept": "sales"}
	sales7 = map[string]string{"dept": "sales", "order": "7"}
	sales8 = map[string]string{"dept": "sales", "order": "8"}
	legal  = map[string]string{"dept": "legal", "order": "7"}
)

// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html and
// https://docs.aws.amazon.com/kms/latest/developerguide/using-grant-token.html
func TestAGrantWithASubsetWorksAtOnceWithItsTokenAndLaterWithout(t *testing.T) {
	c := startCourt(t, awsTiming, emulatortest.WithDataDir(t.TempDir()))
	key, ann, bob := c.chief.makes(), c.chief.hires("ann"), c.chief.hires("bob")
	ann.cannot("kms:Encrypt", key, use{context: sales7}, noIdentityPolicy)
	g := c.chief.grants(key, ann.arn, operations{encrypt, describe}, holdingAtLeast(sales))

	ann.cannot("kms:Encrypt", key, use{context: sales7}, noIdentityPolicy) // too early
	for range 2 {
		ann.can("kms:Encrypt", key, g.use(sales))
		ann.can("kms:Encrypt", key, g.use(sales7))
		ann.can("kms:DescribeKey", key, g.use(nil)) // has no context to be held to
		ann.cannot("kms:Encrypt", key, g.use(legal), noIdentityPolicy)
		ann.cannot("kms:Encrypt", key, g.use(nil), noIdentityPolicy)
		ann.cannot("kms:GenerateDataKey", key, g.use(sales), noIdentityPolicy)
		bob.cannot("kms:Encrypt", key, g.use(sales7), noIdentityPolicy) // it is not his
		c.server.Restart()
	}
	c.server.Advance(5*time.Minute - time.Second)
	ann.cannot("kms:Encrypt", key, use{context: sales7}, noIdentityPolicy)
	c.server.Advance(time.Second)
	ann.can("kms:Encrypt", key, use{context: sales7})
	ann.can("kms:Encrypt", key, g.use(sales7))
	ann.cannot("kms:Encrypt", key, use{context: legal}, noIdentityPolicy)
}

func TestAGrantThatHoldsToAnExactContext(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	c.chief.grants(key, ann.arn, operations{encrypt}, holdingExactly(sales7))
	ann.can("kms:Encrypt", key, use{context: sales7})
	for _, other := range []map[string]string{nil, sales, sales8, legal, {"dept": "sales", "order": "7", "x": "y"}} {
		ann.cannot("kms:Encrypt", key, use{context: other}, noIdentityPolicy)
	}
}

// The grantee retires only what lets it; whoever retires, the token is void.
// https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html
func TestWhoMayEndAGrant(t *testing.T) {
	c := startCourt(t, awsTiming)
	key, ann, bob := c.chief.makes(), c.chief.hires("ann"), c.chief.hires("bob")
	tied := c.chief.grants(key, ann.arn, operations{encrypt})
	ann.denied(ann.retires(key, tied), "kms:RetireGrant", "resource: "+key.arn, noIdentityPolicy)
	ann.denied(ann.revokes(key, tied), "kms:RevokeGrant", "resource: "+key.arn, noIdentityPolicy)
	c.ok(c.chief.revokes(key, tied))
	c.fails(ann.try("kms:Encrypt", key, tied.use(nil)), "InvalidGrantTokenException", "")
	c.fails(c.chief.revokes(key, tied), "NotFoundException", "Grant '"+tied.id+"' does not exist")

	own := c.chief.grants(key, ann.arn, operations{encrypt, retireGrant})
	ann.can("kms:Encrypt", key, own.use(nil))
	c.ok(ann.retiresByToken(own))
	c.fails(ann.try("kms:Encrypt", key, own.use(nil)), "InvalidGrantTokenException", "")
	ann.cannot("kms:Encrypt", key, use{}, noIdentityPolicy)

	bobs := c.chief.grants(key, ann.arn, operations{encrypt}, retiredBy(bob.arn))
	bob.cannot("kms:Encrypt", key, bobs.use(nil), noIdentityPolicy) // to retire is not to use
	c.server.Advance(5 * time.Minute)
	ann.can("kms:Encrypt", key, use{})
	c.ok(bob.retires(key, bobs))
	ann.cannot("kms:Encrypt", key, use{}, noIdentityPolicy)
}

// The account that issued a grant can leave its end to IAM policies; a key
// policy can't. A deny counts wherever it stands in IAM.
func TestIAMCanLeaveTheEndOfAGrantToAUser(t *testing.T) {
	c := startCourt(t)
	key, ann, bob := c.chief.makes(), c.chief.hires("ann"), c.chief.hires("bob")
	c.chief.rules(key, delegates(home), grants(bob.arn, "kms:RetireGrant"))
	g := c.chief.grants(key, ann.arn, operations{encrypt, retireGrant})
	bob.denied(bob.retires(key, g), "kms:RetireGrant", "resource: "+key.arn, noIdentityPolicy)
	ann.has(rule("Deny", "kms:RetireGrant", "*"))
	ann.denied(ann.retires(key, g), "kms:RetireGrant", "resource: "+key.arn, identityDenies)
	c.ok(bob.has(rule("Allow", "kms:RetireGrant", "*")).retires(key, g))
	c.ok(c.chief.retires(key, c.chief.grants(key, ann.arn, operations{encrypt})))
}

// A grant that lets its holder make grants gives away no more than it is.
// https://docs.aws.amazon.com/kms/latest/developerguide/create-grant-overview.html#grant-creategrant
func TestAChildGrantIsNoWiderThanItsParent(t *testing.T) {
	c := startCourt(t, awsTiming)
	key, ann, bob := c.chief.makes(), c.chief.hires("ann"), c.chief.hires("bob")
	parent := c.chief.grants(key, ann.arn, operations{encrypt, decrypt, createGrant}, holdingAtLeast(sales))
	_, err := ann.tryGrant(key, bob.arn, operations{encrypt}, holdingAtLeast(sales))
	ann.denied(err, "kms:CreateGrant", "resource: "+key.arn, noIdentityPolicy) // too early
	for name, wider := range map[string]struct {
		of operations
		to term
	}{
		"another operation": {operations{encrypt, describe}, holdingAtLeast(sales)},
		"no constraint":     {operations{encrypt}, func(*kms.CreateGrantInput) {}},
		"another value":     {operations{encrypt}, holdingAtLeast(legal)},
		"another pair":      {operations{encrypt}, holdingExactly(map[string]string{"order": "7"})},
	} {
		c.run(name, func() {
			_, err := ann.tryGrant(key, bob.arn, wider.of, wider.to, bringing(parent))
			ann.denied(err, "kms:CreateGrant", "resource: "+key.arn, noIdentityPolicy)
		})
	}
	child := ann.grants(key, bob.arn, operations{encrypt}, holdingAtLeast(sales7), bringing(parent))
	bob.can("kms:Encrypt", key, child.use(sales7))
	bob.cannot("kms:Encrypt", key, child.use(sales8), noIdentityPolicy)
	bob.cannot("kms:Decrypt", key, use{context: sales7, blob: c.chief.seals(key, sales7), tokens: []string{child.token}}, noIdentityPolicy)
	_, err = bob.tryGrant(key, ann.arn, operations{encrypt}, holdingAtLeast(sales7), bringing(child))
	bob.denied(err, "kms:CreateGrant", "resource: "+key.arn, noIdentityPolicy)
	c.ok(c.chief.revokes(key, parent))
	bob.can("kms:Encrypt", key, child.use(sales7)) // the child is a grant of its own
}

func TestAGrantToARoleIsToItsSessions(t *testing.T) {
	c := startCourt(t, awsTiming)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	role := c.chief.opens("crypto", trusts(ann.arn, "sts:AssumeRole"), rule("Allow", "s3:*", "*"))
	g := c.chief.grants(key, role, operations{encrypt})
	session := ann.becomes(role)
	session.cannot("kms:Encrypt", key, use{}, noIdentityPolicy)
	session.can("kms:Encrypt", key, g.use(nil))
	ann.cannot("kms:Encrypt", key, g.use(nil), noIdentityPolicy)
	c.server.Advance(5 * time.Minute)
	session.can("kms:Encrypt", key, use{})
	ann.becomes(role).can("kms:Encrypt", key, use{})
	ann.becomes(role, limitedTo(rule("Deny", "kms:Encrypt", "*"))).cannot("kms:Encrypt", key, use{}, sessionDenies)

	// A new role of that name is another.
	_, err := c.chief.iam().DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: aws.String("crypto"), PolicyName: aws.String("rights")})
	c.ok(err)
	_, err = c.chief.iam().DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: aws.String("crypto")})
	c.ok(err)
	c.chief.opens("crypto", trusts(ann.arn, "sts:AssumeRole"), rule("Allow", "s3:*", "*"))
	ann.becomes(role).cannot("kms:Encrypt", key, use{}, noIdentityPolicy)
	_, err = c.chief.tryGrant(key, "arn:aws:iam::"+home+":role/none", operations{encrypt})
	if code, _ := codeOf(err); code != "InvalidArnException" {
		t.Errorf("a grant to a role that is not there: %v", err)
	}
}

// Conditions and delegation do not touch a grant; an explicit deny beats it.
func TestAnExplicitDenyBeatsAGrant(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	g := c.chief.grants(key, ann.arn, operations{encrypt})
	c.chief.rules(key, grants(home, "kms:PutKeyPolicy"))
	ann.can("kms:Encrypt", key, g.use(nil))
	c.chief.rules(key, grants(home, "kms:PutKeyPolicy"), denies(ann.arn, "kms:Encrypt"))
	ann.cannot("kms:Encrypt", key, g.use(nil), resourceDenies)
	c.chief.rules(key, grants(home, "kms:PutKeyPolicy"), denies("*", "kms:*", `"StringEquals":{"kms:EncryptionContext:dept":"legal"}`))
	ann.can("kms:Encrypt", key, use{context: sales})
	ann.cannot("kms:Encrypt", key, use{context: legal}, resourceDenies)
	ann.has(rule("Deny", "kms:Enc*", key.arn))
	ann.cannot("kms:Encrypt", key, g.use(sales), identityDenies)
}

// A grant to another account's user stands for the key's side alone, unless
// that account issued it.
// https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
func TestAGrantAcrossAccountsNeedsIAMThere(t *testing.T) {
	c := startCourt(t, awsTiming)
	key, bea := c.chief.makes(), c.stranger().hires("bea")
	g := c.chief.grants(key, bea.arn, operations{encrypt})
	bea.cannot("kms:Encrypt", key, g.use(nil), noIdentityPolicy)
	bea.has(rule("Allow", "kms:Encrypt", "*")).cannot("kms:Encrypt", key, use{}, otherAccount)
	bea.can("kms:Encrypt", key, g.use(nil))
	c.server.Advance(5 * time.Minute)
	bea.can("kms:Encrypt", key, use{})
	bea.cannot("kms:DescribeKey", key, use{}, noIdentityPolicy)
	c.chief.rules(key, delegates(home), denies(abroad, "kms:Encrypt"))
	bea.cannot("kms:Encrypt", key, use{}, otherAccount)
}

// A grant that the user's own account issued stands for its side as well.
func TestAGrantThatTheUsersOwnAccountIssuedNeedsNoIAM(t *testing.T) {
	c := startCourt(t, awsTiming)
	key, bea := c.chief.makes(), c.stranger().hires("bea")
	_, err := c.stranger().tryGrant(key, bea.arn, operations{encrypt})
	c.stranger().denied(err, "kms:CreateGrant", "resource: "+key.arn, otherAccount)
	c.chief.rules(key, delegates(home), grants(abroad, "kms:CreateGrant"))
	g := c.stranger().grants(key, bea.arn, operations{encrypt})
	bea.can("kms:Encrypt", key, g.use(nil))
	bea.cannot("kms:DescribeKey", key, g.use(nil), noIdentityPolicy)
	bea.has(rule("Deny", "kms:*", "*")).cannot("kms:Encrypt", key, g.use(nil), identityDenies)
}

// What the grant says can be held to conditions when it is made.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-operations
func TestConditionsOnWhichGrantsMayBeMade(t *testing.T) {
	c := startCourt(t)
	key, ann, bob := c.chief.makes(), c.chief.hires("ann"), c.chief.hires("bob")
	for name, row := range map[string]struct {
		condition string
		good, bad func() error
	}{
		"operations": {`"ForAllValues:StringEquals":{"kms:GrantOperations":["Encrypt","DescribeKey"]}`,
			c.granting(ann, key, bob, operations{encrypt, describe}), c.granting(ann, key, bob, operations{encrypt, decrypt})},
		"constraint": {`"StringEquals":{"kms:GrantConstraintType":"EncryptionContextSubset"}`,
			c.granting(ann, key, bob, operations{encrypt}, holdingAtLeast(sales)), c.granting(ann, key, bob, operations{encrypt})},
		"the context of the constraint": {`"StringEquals":{"kms:EncryptionContext:dept":"sales"}`,
			c.granting(ann, key, bob, operations{encrypt}, holdingExactly(sales7)), c.granting(ann, key, bob, operations{encrypt}, holdingExactly(legal))},
		"grantee": {`"StringEquals":{"kms:GranteePrincipal":"` + bob.arn + `"}`,
			c.granting(ann, key, bob, operations{encrypt}), c.granting(ann, key, ann, operations{encrypt})},
		"retiring principal": {`"StringEquals":{"kms:RetiringPrincipal":"` + bob.arn + `"}`,
			c.granting(ann, key, bob, operations{encrypt}, retiredBy(bob.arn)), c.granting(ann, key, bob, operations{encrypt})},
		"not for a resource of AWS": {`"Bool":{"kms:GrantIsForAWSResource":"false"}`,
			c.granting(ann, key, bob, operations{encrypt}), nil},
		"for a resource of AWS": {`"Bool":{"kms:GrantIsForAWSResource":"true"}`,
			nil, c.granting(ann, key, bob, operations{encrypt})},
	} {
		c.run(name, func() {
			ann.has(rule("Allow", "kms:CreateGrant", key.arn, row.condition))
			if row.good != nil {
				c.ok(row.good())
			}
			if row.bad != nil {
				ann.denied(row.bad(), "kms:CreateGrant", "resource: "+key.arn, noIdentityPolicy)
			}
		})
	}
}

// granting makes a grant when it is called.
func (c *court) granting(by actor, k lock, to actor, of operations, terms ...term) func() error {
	return func() error {
		_, err := by.tryGrant(k, to.arn, of, terms...)
		return err
	}
}
