package auth

import (
	"testing"

	"sealstack/api"
	"sealstack/policy"
)

// trail and group stand for the resources in AWS's examples.
const (
	trail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"
	group = "arn:aws:logs:us-east-1:111122223333:log-group:app"
)

// call is a request on a key with one of AWS's example policies.
type call struct {
	name     string
	caller   *api.Caller
	attached Attached
	action   string
	keys     Keys
	want     string // empty: allowed
}

// runCalls decides the calls on a key of ours with that policy.
func runCalls(t *testing.T, document string, calls []call) {
	t.Helper()
	p, err := policy.Parse(policy.KeyPolicy, []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			r := &Request{Service: kmsService, Action: c.action, Resource: ourKey, Account: ours, Gate: true, Policy: p, Keys: c.keys}
			wantDecision(t, authorizerOf(c.caller, c.attached).Authorize(ctxOf(c.caller), r), c.caller, r, c.want)
		})
	}
}

func silent(kind, action string) string {
	return "because no " + kind + "-based policy allows the " + action + " action"
}

// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func TestTheDefaultKeyPolicyLetsIAMDecide(t *testing.T) {
	full := Attached{Policies: some(t, mayAll)}
	runCalls(t, `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow",
		"Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}`, []call{
		{"root", rootIn(ours), Attached{}, "kms:PutKeyPolicy", nil, ""},
		{"a user with IAM", userOf(ours), full, decrypt, nil, ""},
		{"a user without", userOf(ours), Attached{}, decrypt, nil, silent("identity", decrypt)},
		{"a stranger with IAM", userOf(foreign), full, decrypt, nil, hiddenThere},
		{"a service", serviceOf("logs.us-east-1.amazonaws.com"), Attached{}, decrypt, nil, silent("resource", decrypt)},
	})
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func TestTheKeyPolicyForCloudWatchLogs(t *testing.T) {
	logs := serviceOf("logs.us-east-1.amazonaws.com")
	in := func(arn string) Keys { return Keys{"kms:encryptioncontext:aws:logs:arn": {arn}} }
	runCalls(t, `{"Version":"2012-10-17","Id":"key-default-1","Statement":[
		{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},
		{"Effect":"Allow","Principal":{"Service":"logs.us-east-1.amazonaws.com"},
		 "Action":["kms:Encrypt*","kms:Decrypt*","kms:ReEncrypt*","kms:GenerateDataKey*","kms:Describe*"],"Resource":"*",
		 "Condition":{"ArnEquals":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-east-1:111122223333:log-group:app"}}}]}`, []call{
		{"for its group", logs, Attached{}, "kms:GenerateDataKey", in(group), ""},
		{"to read", logs, Attached{}, decrypt, in(group), ""},
		{"for another group", logs, Attached{}, decrypt, in(group + "2"), silent("resource", decrypt)},
		{"without a context", logs, Attached{}, "kms:DescribeKey", nil, silent("resource", "kms:DescribeKey")},
		{"another action", logs, Attached{}, "kms:CreateGrant", in(group), silent("resource", "kms:CreateGrant")},
		{"in another Region", serviceOf("logs.eu-west-1.amazonaws.com"), Attached{}, decrypt, in(group), silent("resource", decrypt)},
		{"a reader of the group needs nothing, and has nothing", userOf(ours), Attached{}, decrypt, in(group), silent("identity", decrypt)},
	})
}

// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
func TestTheKeyPolicyForCloudTrail(t *testing.T) {
	cloudtrail := with(serviceOf("cloudtrail.amazonaws.com"), func(c *api.Caller) { c.SourceARN = trail })
	other := with(cloudtrail, func(c *api.Caller) { c.SourceARN = trail + "2" })
	reader, someone := userOf(ours), with(userOf(ours), func(c *api.Caller) { c.ARN += "2" })
	context := Keys{"kms:encryptioncontext:aws:cloudtrail:arn": {trail}}
	runCalls(t, `{"Version":"2012-10-17","Statement":[
		{"Sid":"Allow CloudTrail to encrypt logs","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},
		 "Action":"kms:GenerateDataKey*","Resource":"*","Condition":{
			"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":["arn:aws:cloudtrail:*:111122223333:trail/*"]},
			"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main"}}},
		{"Sid":"Allow CloudTrail to describe key","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:DescribeKey","Resource":"*"},
		{"Sid":"Enable CloudTrail log decrypt permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/eve"},
		 "Action":"kms:Decrypt","Resource":"*","Condition":{"Null":{"kms:EncryptionContext:aws:cloudtrail:arn":"false"}}}]}`, []call{
		{"the trail encrypts", cloudtrail, Attached{}, "kms:GenerateDataKey", context, ""},
		{"another trail", other, Attached{}, "kms:GenerateDataKey", context, silent("resource", "kms:GenerateDataKey")},
		{"without a context", cloudtrail, Attached{}, "kms:GenerateDataKey", nil, silent("resource", "kms:GenerateDataKey")},
		{"describing needs none", cloudtrail, Attached{}, "kms:DescribeKey", nil, ""},
		{"it cannot read", cloudtrail, Attached{}, decrypt, context, silent("resource", decrypt)},
		{"the reader reads logs", reader, Attached{}, decrypt, context, ""},
		{"and nothing else", reader, Attached{}, decrypt, Keys{}, silent("resource", decrypt)},
		{"nor does another user", someone, Attached{Policies: some(t, mayAll)}, decrypt, context, silent("resource", decrypt)},
	})
}

// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html, kms:ViaService and kms:CallerAccount.
func TestAKeyForUseThroughAServiceOnly(t *testing.T) {
	via := func(service string) Keys {
		return Keys{"kms:calleraccount": {ours}, "kms:viaservice": {service}}
	}
	user := userOf(ours)
	runCalls(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*",
		"Condition":{"StringEquals":{"kms:CallerAccount":"111122223333","kms:ViaService":"s3.us-east-1.amazonaws.com"}}}]}`, []call{
		{"by S3", user, Attached{}, decrypt, via("s3.us-east-1.amazonaws.com"), ""},
		{"by S3 elsewhere", user, Attached{}, decrypt, via("s3.eu-west-1.amazonaws.com"), silent("resource", decrypt)},
		{"directly", user, Attached{Policies: some(t, mayAll)}, decrypt, Keys{"kms:calleraccount": {ours}}, silent("resource", decrypt)},
		{"of another account", userOf(foreign), Attached{Policies: some(t, mayAll)}, decrypt, Keys{"kms:calleraccount": {foreign}, "kms:viaservice": {"s3.us-east-1.amazonaws.com"}}, hiddenThere},
	})
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_deny-ip.html
func TestAnAddressRangeLeavesServicesThatPassOnAlone(t *testing.T) {
	fenced := Attached{Policies: some(t, mayAll, `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{
		"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]},"Bool":{"aws:ViaAWSService":"false"}}}`)}
	from := func(address string, via ...string) *api.Caller {
		return with(userOf(ours), func(c *api.Caller) { c.SourceIP, c.Via = address, via })
	}
	runCalls(t, `{"Version":"2012-10-17","Statement":[`+to("Allow", accountRoot)+`]}`, []call{
		{"inside", from("203.0.113.9"), fenced, decrypt, nil, ""},
		{"outside", from("198.51.100.9"), fenced, decrypt, nil, denyIdentity},
		{"outside, through S3", from("198.51.100.9", "s3.amazonaws.com"), fenced, decrypt, nil, ""},
		{"no address", from(""), fenced, decrypt, nil, denyIdentity},
	})
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_attribute-based-access-control.html
func TestTagsOfPrincipalAndResourceMustAgree(t *testing.T) {
	match := some(t, `{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/Team":"${aws:PrincipalTag/Team}"}}}`)
	tagged := func(team string) Attached { return Attached{Policies: match, Tags: map[string]string{"team": team}} }
	runCalls(t, `{"Version":"2012-10-17","Statement":[`+to("Allow", accountRoot)+`]}`, []call{
		{"the same team", userOf(ours), tagged("red"), decrypt, ResourceTags(map[string]string{"Team": "red"}), ""},
		{"another", userOf(ours), tagged("blue"), decrypt, ResourceTags(map[string]string{"Team": "red"}), silent("identity", decrypt)},
		{"no tag on the key", userOf(ours), tagged("red"), decrypt, nil, silent("identity", decrypt)},
		{"no tag on the user", userOf(ours), Attached{Policies: match}, decrypt, ResourceTags(map[string]string{"Team": "red"}), silent("identity", decrypt)},
	})
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html
// asks for MFA in this way, and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html revokes sessions so.
func TestSessionsByTheirMFAAndAge(t *testing.T) {
	mfa := Attached{Policies: some(t, mayAll, `{"Effect":"Deny","NotAction":"sts:GetSessionToken","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}`)}
	old := Attached{Policies: some(t, mayAll, `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-05-04T11:59:30Z"}}}`)}
	with2 := with(sessionOf(ours), func(c *api.Caller) { c.Session = &api.Session{Issued: noon, MFA: true} })
	runCalls(t, `{"Version":"2012-10-17","Statement":[`+to("Allow", accountRoot)+`]}`, []call{
		{"with MFA", with2, mfa, decrypt, nil, ""},
		{"without", sessionOf(ours), mfa, decrypt, nil, denyIdentity},
		{"a long-term key", userOf(ours), mfa, decrypt, nil, denyIdentity},
		{"a new session", with2, old, decrypt, nil, ""},
		{"an old session", sessionOf(ours), old, decrypt, nil, denyIdentity},
		{"a long-term key is of no session", userOf(ours), old, decrypt, nil, ""},
	})
}
