package integration

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"sealstack/emulator"
	"sealstack/emulator/emulatortest"
)

// office is an emulator with a key and a log group of the root user, and a
// user of whom the tests say what it may do.
type office struct {
	*testing.T
	url           string
	keyID, keyARN string
	user          aws.CredentialsProvider
	userARN       string
}

const home = "000000000000"

// strict makes the emulator refuse keys that it did not issue, but for those
// of the root user with which the tests work.
var strict = emulatortest.WithConfig(func(c *emulator.Config) {
	c.Auth, c.RootAccessKey, c.RootSecretKey = emulator.Strict, "test", "test"
})

func startOffice(t *testing.T, options ...emulatortest.Option) *office {
	o := &office{T: t, url: emulatortest.Start(t, options...).URL, userARN: "arn:aws:iam::" + home + ":user/ann"}
	o.keyID, o.keyARN = o.newKey(root)
	o.ok(o.createGroup(root, "app"))
	o.user = o.newUser("ann")
	return o
}

func (o *office) ok(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// refused checks that an error is AWS's denial, to the letter.
func (o *office) refused(err error, code, sentence string) {
	o.Helper()
	if got, message := codeOf(err); got != code || message != sentence {
		o.Errorf("got  %s: %s\nwant %s: %s", got, message, code, sentence)
	}
}

func (o *office) newKey(c aws.CredentialsProvider) (id, arn string) {
	o.Helper()
	out, err := kmsClient(o.url, c).CreateKey(o.Context(), &kms.CreateKeyInput{})
	o.ok(err)
	return *out.KeyMetadata.KeyId, *out.KeyMetadata.Arn
}

func (o *office) createGroup(c aws.CredentialsProvider, name string) error {
	_, err := logsClient(o.url, c).CreateLogGroup(o.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name})
	return err
}

func (o *office) newUser(name string) aws.CredentialsProvider {
	o.Helper()
	c := iamClient(o.url, root)
	_, err := c.CreateUser(o.Context(), &iam.CreateUserInput{UserName: &name})
	o.ok(err)
	key, err := c.CreateAccessKey(o.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	o.ok(err)
	return keys(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey)
}

// may gives the user ann an inline policy.
func (o *office) may(policy, document string) {
	o.Helper()
	_, err := iamClient(o.url, root).PutUserPolicy(o.Context(), &iam.PutUserPolicyInput{UserName: aws.String("ann"), PolicyName: &policy, PolicyDocument: &document})
	o.ok(err)
}

func (o *office) setKeyPolicy(document string) error {
	_, err := kmsClient(o.url, root).PutKeyPolicy(o.Context(), &kms.PutKeyPolicyInput{
		KeyId: &o.keyID, Policy: &document, BypassPolicyLockoutSafetyCheck: true,
	})
	return err
}

func (o *office) encrypt(c aws.CredentialsProvider, key string) error {
	_, err := kmsClient(o.url, c).Encrypt(o.Context(), &kms.EncryptInput{KeyId: &key, Plaintext: []byte("text")})
	return err
}

// calls are one call of each service as the user makes it, and the action and
// the resource of which a denial speaks.
func (o *office) calls() []userCall {
	logs := logsClient(o.url, o.user)
	return []userCall{
		{"AccessDeniedException", "kms:Encrypt", o.keyARN, func() error { return o.encrypt(o.user, o.keyID) }},
		{"AccessDeniedException", "kms:CreateKey", "*", func() error {
			_, err := kmsClient(o.url, o.user).CreateKey(o.Context(), &kms.CreateKeyInput{})
			return err
		}},
		{"AccessDeniedException", "kms:ListKeys", "*", func() error {
			_, err := kmsClient(o.url, o.user).ListKeys(o.Context(), &kms.ListKeysInput{})
			return err
		}},
		{"AccessDeniedException", "logs:DescribeLogStreams", "arn:aws:logs:" + region + ":" + home + ":log-group:app:log-stream:", func() error {
			_, err := logs.DescribeLogStreams(o.Context(), &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String("app")})
			return err
		}},
		{"AccessDeniedException", "logs:CreateLogGroup", "arn:aws:logs:" + region + ":" + home + ":log-group:new:log-stream:", func() error {
			return o.createGroup(o.user, "new")
		}},
		{"AccessDenied", "iam:ListUsers", "arn:aws:iam::" + home + ":user/", func() error {
			_, err := iamClient(o.url, o.user).ListUsers(o.Context(), &iam.ListUsersInput{})
			return err
		}},
		{"AccessDenied", "iam:CreateUser", "arn:aws:iam::" + home + ":user/bob", func() error {
			_, err := iamClient(o.url, o.user).CreateUser(o.Context(), &iam.CreateUserInput{UserName: aws.String("bob")})
			return err
		}},
	}
}

type userCall struct {
	code, action, resource string
	do                     func() error
}

func (o *office) denial(who, action, resource, why string) string {
	return "User: " + who + " is not authorized to perform: " + action + " on resource: " + resource + " " + why
}

func TestAUserMayDoWhatIAMSaysAndNoMore(t *testing.T) {
	o := startOffice(t)
	for _, c := range o.calls() {
		o.refused(c.do(), c.code, o.denial(o.userARN, c.action, c.resource, "because no identity-based policy allows the "+c.action+" action"))
	}
	who, err := stsClient(o.url, o.user).GetCallerIdentity(o.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != o.userARN { // needs no permission
		t.Errorf("identity %+v, %v", who, err)
	}
	o.may("all", allow("*"))
	for _, c := range o.calls() {
		if err := c.do(); err != nil {
			t.Errorf("with every right: %v", err)
		}
	}
	for _, c := range o.calls() {
		o.may("no", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"`+c.action+`","Resource":"*"}]}`)
		o.refused(c.do(), c.code, o.denial(o.userARN, c.action, c.resource, "with an explicit deny in an identity-based policy"))
	}
}

func TestAKeyPolicyThatNamesAUserNeedsNoIAMPolicy(t *testing.T) {
	o := startOffice(t)
	o.ok(o.setKeyPolicy(allowing(o.userARN, "kms:Encrypt")))
	if err := o.encrypt(o.user, o.keyID); err != nil {
		t.Errorf("the user whom the policy names: %v", err)
	}
	_, err := kmsClient(o.url, o.user).DescribeKey(o.Context(), &kms.DescribeKeyInput{KeyId: &o.keyID})
	o.refused(err, "AccessDeniedException", o.denial(o.userARN, "kms:DescribeKey", o.keyARN, "because no resource-based policy allows the kms:DescribeKey action"))
}

func TestWithoutDelegationNoAdministratorCanUseAKey(t *testing.T) {
	o := startOffice(t)
	o.may("all", allow("*"))
	o.ok(o.encrypt(o.user, o.keyID))
	o.newUser("bob")
	o.ok(o.setKeyPolicy(allowing("arn:aws:iam::"+home+":user/bob", "kms:*")))
	why := "because no resource-based policy allows the kms:Encrypt action"
	o.refused(o.encrypt(o.user, o.keyID), "AccessDeniedException", o.denial(o.userARN, "kms:Encrypt", o.keyARN, why))
	o.refused(o.encrypt(root, o.keyID), "AccessDeniedException", o.denial("arn:aws:iam::"+home+":root", "kms:Encrypt", o.keyARN, why))
}

func TestADenyInTheKeyPolicyWins(t *testing.T) {
	o := startOffice(t)
	o.may("all", allow("*"))
	o.ok(o.setKeyPolicy(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"` + home + `"},"Action":"kms:*","Resource":"*"},
		{"Effect":"Deny","Principal":{"AWS":"` + o.userARN + `"},"Action":"kms:Encrypt","Resource":"*"}]}`))
	o.refused(o.encrypt(o.user, o.keyID), "AccessDeniedException", o.denial(o.userARN, "kms:Encrypt", o.keyARN, "with an explicit deny in a resource-based policy"))
	o.ok(o.encrypt(root, o.keyID))
}

// A user who is made anew under the name of one who was deleted is another.
func TestAKeyPolicyForgetsADeletedUser(t *testing.T) {
	o := startOffice(t, strict)
	o.ok(o.setKeyPolicy(allowing("arn:aws:iam::"+home+`:root","`+o.userARN, "kms:*")))
	o.ok(o.encrypt(o.user, o.keyID))
	c := iamClient(o.url, root)
	o.may("p", allow("kms:ListKeys"))
	_, err := c.DeleteUserPolicy(o.Context(), &iam.DeleteUserPolicyInput{UserName: aws.String("ann"), PolicyName: aws.String("p")})
	o.ok(err)
	list, err := c.ListAccessKeys(o.Context(), &iam.ListAccessKeysInput{UserName: aws.String("ann")})
	o.ok(err)
	for _, k := range list.AccessKeyMetadata {
		_, err := c.DeleteAccessKey(o.Context(), &iam.DeleteAccessKeyInput{UserName: aws.String("ann"), AccessKeyId: k.AccessKeyId})
		o.ok(err)
	}
	_, err = c.DeleteUser(o.Context(), &iam.DeleteUserInput{UserName: aws.String("ann")})
	o.ok(err)
	code, _ := codeOf(o.encrypt(o.user, o.keyID))
	if code != "UnrecognizedClientException" {
		t.Errorf("the deleted user's key answers %q", code)
	}
	again := o.newUser("ann")
	o.refused(o.encrypt(again, o.keyID), "AccessDeniedException", o.denial(o.userARN, "kms:Encrypt", o.keyARN, "because no identity-based policy allows the kms:Encrypt action"))
	o.refused(o.setKeyPolicy(allowing("arn:aws:iam::"+home+":user/nobody", "kms:*")), "MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals.")
}

func TestAnotherAccountSeesNothing(t *testing.T) {
	o := startOffice(t)
	other := keys("111122223333", "any")
	hidden := "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
	o.refused(o.encrypt(other, o.keyARN), "AccessDeniedException", o.denial("arn:aws:iam::111122223333:root", "kms:Encrypt", o.keyARN, hidden))
	missing := "arn:aws:kms:" + region + ":" + home + ":key/12345678-1234-1234-1234-123456789012"
	o.refused(o.encrypt(other, missing), "AccessDeniedException", o.denial("arn:aws:iam::111122223333:root", "kms:Encrypt", missing, hidden))
	o.refused(o.encrypt(other, o.keyID), "NotFoundException", "Key 'arn:aws:kms:"+region+":111122223333:key/"+o.keyID+"' does not exist")
	o.seesNothing(other)
	if err := o.createGroup(other, "app"); err != nil {
		t.Errorf("the name of another account's group: %v", err)
	}
	o.ok(o.setKeyPolicy(allowing("arn:aws:iam::"+home+`:root","111122223333`, "kms:*")))
	o.ok(o.encrypt(other, o.keyARN)) // both sides allow
	_, err := kmsClient(o.url, other).DisableKey(o.Context(), &kms.DisableKeyInput{KeyId: &o.keyARN})
	if code, _ := codeOf(err); code != "AccessDeniedException" {
		t.Errorf("another account's DisableKey: %v", err)
	}
}

// seesNothing checks that no list of an account shows anything.
func (o *office) seesNothing(c aws.CredentialsProvider) {
	o.Helper()
	keyList, err := kmsClient(o.url, c).ListKeys(o.Context(), &kms.ListKeysInput{})
	o.ok(err)
	groups, err := logsClient(o.url, c).DescribeLogGroups(o.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
	o.ok(err)
	users, err := iamClient(o.url, c).ListUsers(o.Context(), &iam.ListUsersInput{})
	o.ok(err)
	if n := len(keyList.Keys) + len(groups.LogGroups) + len(users.Users); n != 0 {
		o.Errorf("sees %d keys, %d groups, %d users", len(keyList.Keys), len(groups.LogGroups), len(users.Users))
	}
	_, err = logsClient(o.url, c).DescribeLogStreams(o.Context(), &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String("app")})
	if code, _ := codeOf(err); code != "ResourceNotFoundException" {
		o.Errorf("another account's group: %v", err)
	}
}

func TestAnotherRegionSeesNothing(t *testing.T) {
	o := startOffice(t)
	there := kms.New(kms.Options{BaseEndpoint: &o.url, Region: "eu-central-1", Credentials: root, Retryer: aws.NopRetryer{}, HTTPClient: whole{}})
	list, err := there.ListKeys(o.Context(), &kms.ListKeysInput{})
	if err != nil || len(list.Keys) != 0 {
		t.Errorf("keys in another Region: %+v, %v", list, err)
	}
	_, err = there.DescribeKey(o.Context(), &kms.DescribeKeyInput{KeyId: &o.keyID})
	o.refused(err, "NotFoundException", "Key 'arn:aws:kms:eu-central-1:"+home+":key/"+o.keyID+"' does not exist")
	_, err = there.DescribeKey(o.Context(), &kms.DescribeKeyInput{KeyId: &o.keyARN})
	o.refused(err, "NotFoundException", "Invalid arn "+region)
	groups, err := cloudwatchlogs.New(cloudwatchlogs.Options{BaseEndpoint: &o.url, Region: "eu-central-1", Credentials: root, Retryer: aws.NopRetryer{}, HTTPClient: whole{}}).
		DescribeLogGroups(o.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
	if err != nil || len(groups.LogGroups) != 0 {
		t.Errorf("groups in another Region: %+v, %v", groups, err)
	}
}

func TestStrictModeKnowsOnlyTheKeysThatWereIssued(t *testing.T) {
	server := emulatortest.Start(t, strict)
	identity := func(c aws.CredentialsProvider) (string, error) {
		out, err := stsClient(server.URL, c).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		if err != nil {
			return "", err
		}
		return *out.Arn, nil
	}
	if arn, err := identity(root); err != nil || arn != "arn:aws:iam::"+home+":root" {
		t.Errorf("the root user is %q, %v", arn, err)
	}
	for name, c := range map[string]struct {
		credentials aws.CredentialsProvider
		code        string
	}{
		"a wrong secret": {keys("test", "wrong"), "SignatureDoesNotMatch"},
		"an unknown key": {keys("other", "test"), "InvalidClientTokenId"},
		"an account":     {keys("111122223333", "any"), "InvalidClientTokenId"},
	} {
		if arn, err := identity(c.credentials); arn != "" {
			t.Errorf("%s is %s", name, arn)
		} else if code, _ := codeOf(err); code != c.code {
			t.Errorf("%s: %v", name, err)
		}
		_, err := kmsClient(server.URL, c.credentials).CreateKey(t.Context(), &kms.CreateKeyInput{})
		if err == nil {
			t.Errorf("%s makes a key", name)
		}
	}
	list, err := kmsClient(server.URL, root).ListKeys(t.Context(), &kms.ListKeysInput{})
	if err != nil || len(list.Keys) != 0 {
		t.Errorf("keys that a stranger made: %+v, %v", list, err)
	}
}

func TestTheLastUseOfAnAccessKeyOutlivesARestart(t *testing.T) {
	server := emulatortest.Start(t, emulatortest.WithDataDir(t.TempDir()))
	o := &office{T: t, url: server.URL}
	user := o.newUser("ann")
	o.may("p", allow("kms:ListKeys"))
	_, err := kmsClient(o.url, user).ListKeys(t.Context(), &kms.ListKeysInput{})
	o.ok(err)
	server.Restart()
	c, err := user.Retrieve(t.Context())
	o.ok(err)
	out, err := iamClient(o.url, root).GetAccessKeyLastUsed(t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: &c.AccessKeyID})
	o.ok(err)
	if last := out.AccessKeyLastUsed; aws.ToString(last.ServiceName) != "kms" || aws.ToString(last.Region) != region || last.LastUsedDate == nil {
		t.Errorf("last used %+v", last)
	}
}
