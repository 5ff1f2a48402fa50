package integration

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"sealstack/emulator/emulatortest"
)

// The ends of AWS's sentence for a denial. ACTION stands for what was asked.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
const (
	noIdentityPolicy = "because no identity-based policy allows the ACTION action"
	noResourcePolicy = "because no resource-based policy allows the ACTION action"
	noBoundary       = "because no permissions boundary allows the ACTION action"
	noSessionPolicy  = "because no session policy allows the ACTION action"
	identityDenies   = "with an explicit deny in an identity-based policy"
	resourceDenies   = "with an explicit deny in a resource-based policy"
	boundaryDenies   = "with an explicit deny in a permissions boundary"
	sessionDenies    = "with an explicit deny in a sessions policy"
	otherAccount     = "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
)

// abroad is the second account; its id as an access key is its root user.
const abroad = "111122223333"

// court is an emulator in which the tests hand out rights and see what they
// are worth.
type court struct {
	*testing.T
	server *emulatortest.Server
	url    string
	chief  actor // root user of home
}

func startCourt(t *testing.T, options ...emulatortest.Option) *court {
	s := emulatortest.Start(t, options...)
	c := &court{T: t, server: s, url: s.URL}
	c.chief = actor{court: c, arn: "arn:aws:iam::" + home + ":root", account: home, credentials: root}
	return c
}

// run is a subtest.
func (c *court) run(name string, do func()) {
	c.Run(name, func(t *testing.T) {
		outer := c.T
		c.T = t
		defer func() { c.T = outer }()
		do()
	})
}

// stranger is the root user of the second account.
func (c *court) stranger() actor {
	return actor{court: c, arn: "arn:aws:iam::" + abroad + ":root", account: abroad, credentials: keys(abroad, "any")}
}

func (c *court) ok(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// fails holds an error against AWS's code and sentence, to the letter.
func (c *court) fails(err error, code, sentence string) {
	c.Helper()
	if got, message := codeOf(err); got != code || message != sentence {
		c.Errorf("got  %s: %s\nwant %s: %s", got, message, code, sentence)
	}
}

// actor is somebody who calls, under the ARN by which denials name it.
type actor struct {
	court       *court
	arn         string
	account     string
	name        string // of a user
	credentials aws.CredentialsProvider
}

func (a actor) kms() *kms.Client { return kmsClient(a.court.url, a.credentials) }
func (a actor) iam() *iam.Client { return iamClient(a.court.url, a.credentials) }
func (a actor) sts() *sts.Client { return stsClient(a.court.url, a.credentials) }

// root is the root user of the actor's account.
func (a actor) root() actor {
	if a.account == home {
		return a.court.chief
	}
	return a.court.stranger()
}

// hires makes a user, with an access key, in the root user's account.
func (a actor) hires(name string) actor {
	a.court.Helper()
	out, err := a.iam().CreateUser(a.court.Context(), &iam.CreateUserInput{UserName: &name})
	a.court.ok(err)
	k, err := a.iam().CreateAccessKey(a.court.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	a.court.ok(err)
	return actor{a.court, *out.User.Arn, a.account, name, keys(*k.AccessKey.AccessKeyId, *k.AccessKey.SecretAccessKey)}
}

// dismisses deletes a user and all that it has.
func (a actor) dismisses(user actor) {
	a.court.Helper()
	ctx, client := a.court.Context(), a.iam()
	list, err := client.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &user.name})
	a.court.ok(err)
	for _, k := range list.AccessKeyMetadata {
		_, err := client.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &user.name, AccessKeyId: k.AccessKeyId})
		a.court.ok(err)
	}
	policies, err := client.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: &user.name})
	a.court.ok(err)
	for _, p := range policies.PolicyNames {
		_, err := client.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &user.name, PolicyName: &p})
		a.court.ok(err)
	}
	_, err = client.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &user.name})
	a.court.ok(err)
}

// has makes the statements the user's one inline policy.
func (a actor) has(statements ...string) actor {
	a.court.Helper()
	_, err := a.root().iam().PutUserPolicy(a.court.Context(), &iam.PutUserPolicyInput{
		UserName: &a.name, PolicyName: aws.String("rights"), PolicyDocument: aws.String(document(statements...)),
	})
	a.court.ok(err)
	return a
}

// document is a policy of these statements.
func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// rule is a statement of an IAM policy: actions are divided by spaces, and the
// condition, if any, is JSON without its outer braces.
func rule(effect, actions, resource string, condition ...string) string {
	return `{"Effect":"` + effect + `",` + rest(actions, resource, condition)
}

// grants is a statement of a key policy that allows.
func grants(principal, actions string, condition ...string) string {
	return `{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},` + rest(actions, "*", condition)
}

// denies is a statement of a key policy that denies.
func denies(principal, actions string, condition ...string) string {
	return strings.Replace(grants(principal, actions, condition...), `"Allow"`, `"Deny"`, 1)
}

// service is a statement of a key policy for an AWS service.
func service(principal, actions string, condition ...string) string {
	return strings.Replace(grants(principal, actions, condition...), `"AWS"`, `"Service"`, 1)
}

func rest(actions, resource string, condition []string) string {
	list, _ := json.Marshal(strings.Fields(actions))
	end := "}"
	if len(condition) > 0 {
		end = `,"Condition":{` + strings.Join(condition, ",") + `}}`
	}
	return `"Action":` + string(list) + `,"Resource":"` + resource + `"` + end
}

// delegates is the statement of the default key policy that lets the IAM
// policies of an account decide.
func delegates(account string) string { return grants("arn:aws:iam::"+account+":root", "kms:*") }

// lock is a KMS key.
type lock struct{ id, arn string }

// makes creates a key with the default policy.
func (a actor) makes(change ...func(*kms.CreateKeyInput)) lock {
	a.court.Helper()
	in := &kms.CreateKeyInput{}
	for _, c := range change {
		c(in)
	}
	out, err := a.kms().CreateKey(a.court.Context(), in)
	a.court.ok(err)
	return lock{*out.KeyMetadata.KeyId, *out.KeyMetadata.Arn}
}

// rules replaces the policy of a key, whoever it locks out.
func (a actor) rules(k lock, statements ...string) {
	a.court.Helper()
	a.court.ok(a.tryRules(k, statements...))
}

func (a actor) tryRules(k lock, statements ...string) error {
	_, err := a.kms().PutKeyPolicy(a.court.Context(), &kms.PutKeyPolicyInput{
		KeyId: &k.id, Policy: aws.String(document(statements...)), BypassPolicyLockoutSafetyCheck: true,
	})
	return err
}

// use is what comes with a request on a key.
type use struct {
	context map[string]string
	blob    []byte // to decrypt
	tokens  []string
	as      string // alias or ARN by which the request names the key; empty: its ARN
}

// try makes one request on a key.
func (a actor) try(action string, k lock, u use) error {
	id := u.as
	if id == "" {
		id = k.arn
	}
	do, ok := requests[action]
	if !ok {
		a.court.Fatalf("no request for %s", action)
	}
	return do(a.court.Context(), a.kms(), id, u)
}

// requests are the calls that try knows.
var requests = map[string]func(ctx context.Context, c *kms.Client, id string, u use) error{
	"kms:Encrypt": func(ctx context.Context, c *kms.Client, id string, u use) error {
		_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &id, Plaintext: []byte("text"), EncryptionContext: u.context, GrantTokens: u.tokens})
		return err
	},
	"kms:Decrypt": func(ctx context.Context, c *kms.Client, id string, u use) error {
		_, err := c.Decrypt(ctx, &kms.DecryptInput{KeyId: &id, CiphertextBlob: u.blob, EncryptionContext: u.context, GrantTokens: u.tokens})
		return err
	},
	"kms:GenerateDataKey": func(ctx context.Context, c *kms.Client, id string, u use) error {
		_, err := c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &id, KeySpec: kmstypes.DataKeySpecAes256, EncryptionContext: u.context, GrantTokens: u.tokens})
		return err
	},
	"kms:GenerateDataKeyWithoutPlaintext": func(ctx context.Context, c *kms.Client, id string, u use) error {
		_, err := c.GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: &id, KeySpec: kmstypes.DataKeySpecAes256, EncryptionContext: u.context, GrantTokens: u.tokens})
		return err
	},
	"kms:DescribeKey": func(ctx context.Context, c *kms.Client, id string, u use) error {
		_, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id, GrantTokens: u.tokens})
		return err
	},
	"kms:GetKeyPolicy": func(ctx context.Context, c *kms.Client, id string, _ use) error {
		_, err := c.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &id})
		return err
	},
	"kms:ListGrants": func(ctx context.Context, c *kms.Client, id string, _ use) error {
		_, err := c.ListGrants(ctx, &kms.ListGrantsInput{KeyId: &id})
		return err
	},
	"kms:DisableKey": func(ctx context.Context, c *kms.Client, id string, _ use) error {
		_, err := c.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &id})
		return err
	},
	"kms:EnableKey": func(ctx context.Context, c *kms.Client, id string, _ use) error {
		_, err := c.EnableKey(ctx, &kms.EnableKeyInput{KeyId: &id})
		return err
	},
	"kms:ScheduleKeyDeletion": func(ctx context.Context, c *kms.Client, id string, _ use) error {
		_, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &id, PendingWindowInDays: aws.Int32(7)})
		return err
	},
	"kms:UpdateKeyDescription": func(ctx context.Context, c *kms.Client, id string, _ use) error {
		_, err := c.UpdateKeyDescription(ctx, &kms.UpdateKeyDescriptionInput{KeyId: &id, Description: aws.String("new")})
		return err
	},
}

// can checks that the actor may do something with a key.
func (a actor) can(action string, k lock, u use) {
	a.court.Helper()
	if err := a.try(action, k, u); err != nil {
		a.court.Errorf("%s on %s: %v", action, k.arn, err)
	}
}

// cannot checks that the actor is denied, and for which reason.
func (a actor) cannot(action string, k lock, u use, why string) {
	a.court.Helper()
	a.denied(a.try(action, k, u), action, "resource: "+k.arn, why)
}

// denied holds an error against the sentence of a denial.
func (a actor) denied(err error, action, on, why string) {
	a.court.Helper()
	a.court.fails(err, "AccessDeniedException", "User: "+a.arn+" is not authorized to perform: "+action+" on "+on+" "+strings.ReplaceAll(why, "ACTION", action))
}

// seals encrypts under a key, for others to decrypt.
func (a actor) seals(k lock, context map[string]string) (blob []byte) {
	a.court.Helper()
	out, err := a.kms().Encrypt(a.court.Context(), &kms.EncryptInput{KeyId: &k.arn, Plaintext: []byte("text"), EncryptionContext: context})
	a.court.ok(err)
	return out.CiphertextBlob
}
