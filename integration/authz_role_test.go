package integration

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"sealstack/emulator/emulatortest"
)

// opens makes a role in the root user's account that does what the statements
// say, and returns its ARN.
func (a actor) opens(name, trust string, statements ...string) (arn string) {
	a.court.Helper()
	out, err := a.iam().CreateRole(a.court.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(document(trust))})
	a.court.ok(err)
	_, err = a.iam().PutRolePolicy(a.court.Context(), &iam.PutRolePolicyInput{
		RoleName: &name, PolicyName: aws.String("rights"), PolicyDocument: aws.String(document(statements...)),
	})
	a.court.ok(err)
	return *out.Role.Arn
}

// trusts is a statement of a trust policy, which has no Resource.
func trusts(principal, actions string, condition ...string) string {
	return strings.Replace(grants(principal, actions, condition...), `,"Resource":"*"`, ``, 1)
}

// assumption is what a session of a role is asked for with.
type assumption func(*sts.AssumeRoleInput)

func limitedTo(statements ...string) assumption {
	return func(in *sts.AssumeRoleInput) { in.Policy = aws.String(document(statements...)) }
}

func withExternalID(id string) assumption {
	return func(in *sts.AssumeRoleInput) { in.ExternalId = &id }
}

func withSourceIdentity(name string) assumption {
	return func(in *sts.AssumeRoleInput) { in.SourceIdentity = &name }
}

func tagged(key, value string) assumption {
	return func(in *sts.AssumeRoleInput) { in.Tags = append(in.Tags, ststypes.Tag{Key: &key, Value: &value}) }
}

// tryBecome assumes a role in a session called shift.
func (a actor) tryBecome(role string, as ...assumption) (actor, error) {
	in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("shift")}
	for _, change := range as {
		change(in)
	}
	out, err := a.sts().AssumeRole(a.court.Context(), in)
	if err != nil {
		return actor{}, err
	}
	return actor{court: a.court, arn: *out.AssumedRoleUser.Arn, account: strings.Split(role, ":")[4], credentials: temporary(out.Credentials)}, nil
}

func (a actor) becomes(role string, as ...assumption) actor {
	a.court.Helper()
	session, err := a.tryBecome(role, as...)
	a.court.ok(err)
	return session
}

func temporary(c *ststypes.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}, nil
	})
}

// notTrusted is AWS's refusal of an action of STS on a role.
func (a actor) notTrusted(err error, action, role string) {
	a.court.Helper()
	a.court.fails(err, "AccessDenied", "User: "+a.arn+" is not authorized to perform: "+action+" on resource: "+role)
}

// A session policy takes away from what the role may do and never adds to it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
func TestASessionPolicyOnlyTakesAway(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	role := c.chief.opens("crypto", trusts(ann.arn, "sts:AssumeRole"), rule("Allow", "kms:Encrypt kms:GenerateDataKey", "*"))
	for _, row := range []struct {
		name                        string
		as                          []assumption
		encrypt, generate, describe string // why not
	}{
		{"no session policy", nil, "", "", noIdentityPolicy},
		{"a narrower one", []assumption{limitedTo(rule("Allow", "kms:Encrypt", "*"))}, "", noSessionPolicy, noIdentityPolicy},
		{"a wider one", []assumption{limitedTo(rule("Allow", "kms:*", "*"))}, "", "", noIdentityPolicy},
		{"another one", []assumption{limitedTo(rule("Allow", "kms:DescribeKey", "*"))}, noSessionPolicy, noSessionPolicy, noIdentityPolicy},
		{"one that denies", []assumption{limitedTo(rule("Allow", "kms:*", "*"), rule("Deny", "kms:Encrypt kms:DescribeKey", "*"))}, sessionDenies, "", sessionDenies},
		{"one on another key", []assumption{limitedTo(rule("Allow", "kms:*", key.arn+"0"))}, noSessionPolicy, noSessionPolicy, noIdentityPolicy},
	} {
		c.run(row.name, func() {
			session := ann.becomes(role, row.as...)
			for action, why := range map[string]string{"kms:Encrypt": row.encrypt, "kms:GenerateDataKey": row.generate, "kms:DescribeKey": row.describe} {
				if why == "" {
					session.can(action, key, use{})
					continue
				}
				session.cannot(action, key, use{}, why)
			}
		})
	}
}

func TestAManagedPolicyCanLimitASession(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	role := c.chief.opens("crypto", trusts(ann.arn, "sts:AssumeRole"), rule("Allow", "kms:*", "*"))
	p, err := c.chief.iam().CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("only"), PolicyDocument: aws.String(document(rule("Allow", "kms:Encrypt", "*")))})
	c.ok(err)
	session := ann.becomes(role, func(in *sts.AssumeRoleInput) { in.PolicyArns = []ststypes.PolicyDescriptorType{{Arn: p.Policy.Arn}} })
	session.can("kms:Encrypt", key, use{})
	session.cannot("kms:DescribeKey", key, use{}, noSessionPolicy)
}

// A key policy that names the role is limited by the session policy; one that
// names the session is not.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
func TestOnlyTheNameOfTheSessionPassesOverItsPolicy(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	role := c.chief.opens("crypto", trusts(ann.arn, "sts:AssumeRole"), rule("Allow", "s3:*", "*"))
	narrow, free := ann.becomes(role, limitedTo(rule("Allow", "kms:DescribeKey", "*"))), ann.becomes(role)
	c.chief.rules(key, delegates(home), grants(role, "kms:Encrypt"))
	free.can("kms:Encrypt", key, use{})
	narrow.cannot("kms:Encrypt", key, use{}, noSessionPolicy)
	c.chief.rules(key, delegates(home), grants(narrow.arn, "kms:Encrypt"))
	narrow.can("kms:Encrypt", key, use{})
	narrow.cannot("kms:DescribeKey", key, use{}, noIdentityPolicy)
}

// The third party of another account must bring the external id.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-user_externalid.html
func TestARoleOfAnotherAccountNeedsItsExternalID(t *testing.T) {
	c := startCourt(t)
	key, bea := c.chief.makes(), c.stranger().hires("bea")
	role := c.chief.opens("partner", trusts("arn:aws:iam::"+abroad+":root", "sts:AssumeRole", `"StringEquals":{"sts:ExternalId":"x-17"}`), rule("Allow", "kms:Encrypt", "*"))
	_, err := bea.tryBecome(role, withExternalID("x-17"))
	bea.notTrusted(err, "sts:AssumeRole", role) // her own account does not allow it
	bea.has(rule("Allow", "sts:AssumeRole", role))
	for _, wrong := range [][]assumption{nil, {withExternalID("x-18")}, {withExternalID("X-17")}} {
		_, err := bea.tryBecome(role, wrong...)
		bea.notTrusted(err, "sts:AssumeRole", role)
	}
	missing := "arn:aws:iam::" + home + ":role/none"
	bea.has(rule("Allow", "sts:AssumeRole", "*"))
	_, err = bea.tryBecome(missing, withExternalID("x-17"))
	bea.notTrusted(err, "sts:AssumeRole", missing)
	session := bea.becomes(role, withExternalID("x-17"))
	session.can("kms:Encrypt", key, use{}) // as the key's own account
	session.cannot("kms:DescribeKey", key, use{}, noIdentityPolicy)
}

// Within an account the trust policy is enough if it names the user, and
// leaves it to IAM if it names the account.
func TestATrustPolicyThatNamesTheAccountLeavesItToIAM(t *testing.T) {
	c := startCourt(t)
	ann := c.chief.hires("ann")
	role := c.chief.opens("crypto", trusts("arn:aws:iam::"+home+":root", "sts:AssumeRole"), rule("Allow", "kms:*", "*"))
	_, err := ann.tryBecome(role)
	c.fails(err, "AccessDenied", "User: "+ann.arn+" is not authorized to perform: sts:AssumeRole on resource: "+role+
		" because no identity-based policy allows the sts:AssumeRole action")
	ann.has(rule("Allow", "sts:AssumeRole", role)).becomes(role)
	_, err = c.chief.tryBecome(role)
	c.fails(err, "AccessDenied", "Roles may not be assumed by root accounts.")
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
func TestSessionTagsAndSourceIdentityMeetTheKeyPolicy(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	plain := c.chief.opens("plain", trusts(ann.arn, "sts:AssumeRole"), rule("Allow", "kms:*", "*"))
	_, err := ann.tryBecome(plain, tagged("team", "red"))
	ann.notTrusted(err, "sts:TagSession", plain)
	_, err = ann.tryBecome(plain, withSourceIdentity("ann"))
	ann.notTrusted(err, "sts:SetSourceIdentity", plain)

	role := c.chief.opens("crypto", trusts(ann.arn, "sts:AssumeRole sts:TagSession sts:SetSourceIdentity"), rule("Allow", "s3:*", "*"))
	c.chief.rules(key, grants(home, "kms:Put*"), grants(role, "kms:Encrypt", `"StringEquals":{"aws:PrincipalTag/team":"red"}`),
		grants(role, "kms:DescribeKey", `"StringEquals":{"aws:SourceIdentity":"ann"}`))
	red := ann.becomes(role, tagged("Team", "red"), withSourceIdentity("bob"))
	red.can("kms:Encrypt", key, use{})
	red.cannot("kms:DescribeKey", key, use{}, noResourcePolicy)
	blue := ann.becomes(role, tagged("team", "blue"), withSourceIdentity("ann"))
	blue.cannot("kms:Encrypt", key, use{}, noResourcePolicy)
	blue.can("kms:DescribeKey", key, use{})
	ann.becomes(role).cannot("kms:Encrypt", key, use{}, noResourcePolicy)

	// A tag of the session covers the role's own.
	_, err = c.chief.iam().TagRole(t.Context(), &iam.TagRoleInput{RoleName: aws.String("crypto"), Tags: []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("red")}}})
	c.ok(err)
	ann.becomes(role).can("kms:Encrypt", key, use{})
	ann.becomes(role, tagged("team", "blue")).cannot("kms:Encrypt", key, use{}, noResourcePolicy)
}

// Each protocol has its own name for credentials that are too old.
func TestASessionEndsByTheEmulatorsClock(t *testing.T) {
	c := startCourt(t, emulatortest.WithDataDir(t.TempDir()), strict)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	role := c.chief.opens("crypto", trusts(ann.arn, "sts:AssumeRole"), rule("Allow", "*", "*"))
	narrow := ann.becomes(role, limitedTo(rule("Allow", "kms:Encrypt logs:* iam:*", "*")), func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(900) })
	long := ann.becomes(role)
	c.server.Restart()
	c.server.Advance(899 * time.Second)
	narrow.can("kms:Encrypt", key, use{})
	narrow.cannot("kms:DescribeKey", key, use{}, noSessionPolicy)
	c.server.Advance(time.Second)
	for range 2 {
		narrow.expired(key)
		long.can("kms:DescribeKey", key, use{})
		c.server.Restart()
	}
	_, err := ann.tryBecome(role, func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) })
	c.fails(err, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	c.server.Advance(time.Hour)
	long.expired(key)
	ann.becomes(role).can("kms:Encrypt", key, use{})
}

// expired checks that all services refuse the session, each in its way.
func (a actor) expired(k lock) {
	c := a.court
	c.Helper()
	const sentence = "The security token included in the request is expired"
	c.fails(a.try("kms:Encrypt", k, use{}), "ExpiredTokenException", sentence)
	_, err := logsClient(c.url, a.credentials).DescribeLogGroups(c.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
	c.fails(err, "ExpiredTokenException", sentence)
	_, err = a.iam().ListUsers(c.Context(), &iam.ListUsersInput{})
	c.fails(err, "ExpiredToken", sentence)
	_, err = a.sts().GetCallerIdentity(c.Context(), &sts.GetCallerIdentityInput{})
	c.fails(err, "ExpiredToken", sentence)
}

// A session outlives neither its role nor the rights of the role.
func TestASessionHasTheRightsThatItsRoleHasNow(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	role := c.chief.opens("crypto", trusts(ann.arn, "sts:AssumeRole"), rule("Allow", "kms:*", "*"))
	c.chief.rules(key, delegates(home), grants(role, "kms:DescribeKey"))
	session := ann.becomes(role)
	session.can("kms:Encrypt", key, use{})
	_, err := c.chief.iam().DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: aws.String("crypto"), PolicyName: aws.String("rights")})
	c.ok(err)
	session.cannot("kms:Encrypt", key, use{}, noIdentityPolicy)
	session.can("kms:DescribeKey", key, use{})
	_, err = c.chief.iam().DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: aws.String("crypto")})
	c.ok(err)
	c.chief.opens("crypto", trusts(ann.arn, "sts:AssumeRole"), rule("Allow", "kms:*", "*"))
	session.cannot("kms:Encrypt", key, use{}, noIdentityPolicy) // not the new role's
	again := ann.becomes(role)
	again.can("kms:Encrypt", key, use{})
}
