package integration

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// bounds makes a managed policy of the statements.
func (a actor) bounds(name string, statements ...string) (arn string) {
	a.court.Helper()
	out, err := a.iam().CreatePolicy(a.court.Context(), &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: aws.String(document(statements...))})
	a.court.ok(err)
	return *out.Policy.Arn
}

// bounded sets a permissions boundary of the statements on a user.
func (a actor) bounded(name string, statements ...string) actor {
	a.court.Helper()
	_, err := a.root().iam().PutUserPermissionsBoundary(a.court.Context(), &iam.PutUserPermissionsBoundaryInput{
		UserName: &a.name, PermissionsBoundary: aws.String(a.root().bounds(name, statements...)),
	})
	a.court.ok(err)
	return a
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
func TestABoundaryLimitsAndGivesNothing(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	ann.bounded("only-use", rule("Allow", "kms:Encrypt kms:GenerateDataKey kms:DescribeKey", "*"), rule("Deny", "kms:GenerateDataKey", "*"))
	ann.cannot("kms:Encrypt", key, use{}, noIdentityPolicy)
	ann.cannot("kms:GetKeyPolicy", key, use{}, noIdentityPolicy) // named before the boundary
	ann.cannot("kms:GenerateDataKey", key, use{}, boundaryDenies)
	ann.has(rule("Allow", "kms:*", "*"))
	ann.can("kms:Encrypt", key, use{})
	ann.can("kms:DescribeKey", key, use{})
	ann.cannot("kms:GetKeyPolicy", key, use{}, noBoundary)
	ann.cannot("kms:GenerateDataKey", key, use{}, boundaryDenies)
	_, err := ann.kms().CreateKey(t.Context(), &kms.CreateKeyInput{})
	ann.denied(err, "kms:CreateKey", "resource: *", noBoundary)
	_, err = ann.iam().ListUsers(t.Context(), &iam.ListUsersInput{})
	c.fails(err, "AccessDenied", "User: "+ann.arn+" is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::"+home+":user/ because no identity-based policy allows the iam:ListUsers action")
	_, err = c.chief.iam().DeleteUserPermissionsBoundary(t.Context(), &iam.DeleteUserPermissionsBoundaryInput{UserName: &ann.name})
	c.ok(err)
	ann.can("kms:GetKeyPolicy", key, use{})
	ann.can("kms:GenerateDataKey", key, use{})
}

// A key policy that names the user passes over what the boundary does not say,
// but not over what it denies; one that names a role does neither.
func TestABoundaryAndAKeyPolicyThatNamesThePrincipal(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	ann.bounded("little", rule("Allow", "kms:DescribeKey", "*"), rule("Deny", "kms:GetKeyPolicy", "*"))
	role := c.chief.opens("crypto", trusts(home, "sts:AssumeRole"), rule("Allow", "s3:*", "*"))
	_, err := c.chief.iam().PutRolePermissionsBoundary(t.Context(), &iam.PutRolePermissionsBoundaryInput{
		RoleName: aws.String("crypto"), PermissionsBoundary: aws.String(c.chief.bounds("little-too", rule("Allow", "kms:DescribeKey", "*"))),
	})
	c.ok(err)
	session := c.chief.hires("bob").has(rule("Allow", "sts:AssumeRole", "*")).becomes(role)
	c.chief.rules(key, delegates(home), grants(ann.arn, "kms:*"), grants(role, "kms:*"))
	ann.can("kms:Encrypt", key, use{})
	ann.cannot("kms:GetKeyPolicy", key, use{}, boundaryDenies)
	session.can("kms:DescribeKey", key, use{})
	session.cannot("kms:Encrypt", key, use{}, noBoundary)
	c.chief.rules(key, delegates(home), grants(session.arn, "kms:*"))
	session.can("kms:Encrypt", key, use{})
}

// policyOf is what GetKeyPolicy shows.
func (a actor) policyOf(k lock) string {
	a.court.Helper()
	out, err := a.kms().GetKeyPolicy(a.court.Context(), &kms.GetKeyPolicyInput{KeyId: &k.id})
	a.court.ok(err)
	return *out.Policy
}

// A key whose policy does not trust the account belongs to those it names.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-root-enable-iam
func TestWithoutDelegationAKeyBelongsToThoseItNames(t *testing.T) {
	c := startCourt(t)
	key, ann, bob := c.chief.makes(), c.chief.hires("ann"), c.chief.hires("bob").has(rule("Allow", "*", "*"))
	c.chief.rules(key, grants(ann.arn, "kms:*"))
	for _, other := range []actor{bob, c.chief} {
		other.cannot("kms:Encrypt", key, use{}, noResourcePolicy)
		other.cannot("kms:GetKeyPolicy", key, use{}, noResourcePolicy)
		other.denied(other.tryRules(key, delegates(home)), "kms:PutKeyPolicy", "resource: "+key.arn, noResourcePolicy)
	}
	ann.can("kms:Encrypt", key, use{})
	if policy := ann.policyOf(key); !strings.Contains(policy, `"`+ann.arn+`"`) {
		t.Errorf("the policy shows %s", policy)
	}
	ann.rules(key, delegates(home)) // only she can give it back
	bob.can("kms:Encrypt", key, use{})
	ann.cannot("kms:Encrypt", key, use{}, noIdentityPolicy)
}

// A deleted user leaves its id in the policy; who takes its name is another.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func TestAKeyPolicyShowsTheIDOfADeletedUser(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	who, err := c.chief.iam().GetUser(t.Context(), &iam.GetUserInput{UserName: &ann.name})
	c.ok(err)
	id := *who.User.UserId
	c.chief.rules(key, grants(home, "kms:GetKeyPolicy kms:PutKeyPolicy"), grants(ann.arn, "kms:Encrypt"))
	ann.can("kms:Encrypt", key, use{})
	c.chief.dismisses(ann)
	if policy := c.chief.policyOf(key); !strings.HasPrefix(id, "AIDA") || !strings.Contains(policy, `"`+id+`"`) || strings.Contains(policy, ann.arn) {
		t.Errorf("after the deletion of %s the policy is %s", id, policy)
	}
	c.chief.hires("ann").cannot("kms:Encrypt", key, use{}, noResourcePolicy)
	if policy := c.chief.policyOf(key); strings.Contains(policy, ann.arn) {
		t.Errorf("with a new user the policy is %s", policy)
	}
	const refusal = "Policy contains a statement with one or more invalid principals."
	c.fails(c.chief.tryRules(key, delegates(home), grants(id, "kms:Encrypt")), "MalformedPolicyDocumentException", refusal)
	c.chief.rules(key, delegates(home), grants(ann.arn, "kms:Encrypt")) // put again, the name counts anew
}

func TestAKeyPolicyNamesOnlyPrincipalsThatExist(t *testing.T) {
	c := startCourt(t)
	key := c.chief.makes()
	before := c.chief.policyOf(key)
	_, err := c.chief.iam().CreateGroup(t.Context(), &iam.CreateGroupInput{GroupName: aws.String("staff")})
	c.ok(err)
	for _, principal := range []string{
		"arn:aws:iam::" + home + ":user/nobody", "arn:aws:iam::" + home + ":role/none", "arn:aws:iam::" + abroad + ":user/nobody",
		"arn:aws:iam::" + home + ":group/staff", "arn:aws:iam::" + home + ":user/*", "AIDAAAAAAAAAAAAAAAAAA", "nobody",
	} {
		err := c.chief.tryRules(key, delegates(home), grants(principal, "kms:Encrypt"))
		c.fails(err, "MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals.")
	}
	if after := c.chief.policyOf(key); after != before {
		t.Errorf("a refused policy left %s", after)
	}
}

// A caller must not lock itself out unless it says so.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
func TestACallerCannotLockItselfOut(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann").has(rule("Allow", "kms:PutKeyPolicy", "*"))
	put := func(by actor, statements ...string) error {
		_, err := by.kms().PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: &key.id, Policy: aws.String(document(statements...))})
		return err
	}
	const refusal = "The new key policy will not allow you to update the key policy in the future."
	c.fails(put(c.chief, grants(ann.arn, "kms:*")), "MalformedPolicyDocumentException", refusal)
	c.ok(put(ann, grants(ann.arn, "kms:Put*")))
	ann.rules(key, delegates(home))
}
