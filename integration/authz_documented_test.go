package integration

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// The policies here stand in AWS's guides; what they say of themselves is
// tested on both sides.

// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func TestTheDefaultPolicyGivesRootEverythingAndOthersWhatIAMSays(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	if policy := c.chief.policyOf(key); policy != `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::`+home+`:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}` {
		t.Errorf("the default policy is %s", policy)
	}
	c.chief.can("kms:Encrypt", key, use{})
	ann.cannot("kms:Encrypt", key, use{}, noIdentityPolicy)
	ann.has(rule("Allow", "kms:Encrypt", key.arn)).can("kms:Encrypt", key, use{})
	ann.cannot("kms:DescribeKey", key, use{}, noIdentityPolicy)
	c.chief.rules(key, grants("arn:aws:iam::"+home+":root", "kms:Put* kms:Decrypt")) // leaves no more to IAM
	ann.cannot("kms:Encrypt", key, use{}, noResourcePolicy)
	c.chief.cannot("kms:Encrypt", key, use{}, noResourcePolicy)
	c.fails(c.chief.group(key, "app"), "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn '"+groupARN("app")+"'")
}

const (
	administrative = "kms:Create* kms:Describe* kms:Enable* kms:List* kms:Put* kms:Update* kms:Revoke* kms:Disable* kms:Get* kms:Delete* kms:TagResource kms:UntagResource kms:ScheduleKeyDeletion kms:CancelKeyDeletion"
	cryptographic  = "kms:Encrypt kms:Decrypt kms:ReEncrypt* kms:GenerateDataKey* kms:DescribeKey"
	attachment     = "kms:CreateGrant kms:ListGrants kms:RevokeGrant"
)

// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-administrators
// and the sections that follow it.
func TestTheConsolesPolicyPartsAdministratorsAndUsers(t *testing.T) {
	c := startCourt(t)
	key, admin, ann := c.chief.makes(), c.chief.hires("admin"), c.chief.hires("ann")
	blob := c.chief.seals(key, nil)
	c.chief.rules(key, delegates(home), grants(admin.arn, administrative), grants(ann.arn, cryptographic), grants(ann.arn, attachment, `"Bool":{"kms:GrantIsForAWSResource":"true"}`))
	for _, action := range []string{"kms:DescribeKey", "kms:GetKeyPolicy", "kms:UpdateKeyDescription", "kms:DisableKey", "kms:EnableKey", "kms:ListGrants"} {
		admin.can(action, key, use{})
	}
	for _, action := range []string{"kms:Encrypt", "kms:GenerateDataKey", "kms:Decrypt"} {
		admin.cannot(action, key, use{blob: blob}, noIdentityPolicy)
		ann.can(action, key, use{blob: blob})
	}
	for _, action := range []string{"kms:GetKeyPolicy", "kms:UpdateKeyDescription", "kms:DisableKey", "kms:ScheduleKeyDeletion", "kms:ListGrants"} {
		ann.cannot(action, key, use{}, noIdentityPolicy)
	}
	// For herself she makes no grants; services would make them for her.
	_, err := ann.tryGrant(key, admin.arn, operations{encrypt})
	ann.denied(err, "kms:CreateGrant", "resource: "+key.arn, noIdentityPolicy)
	_, err = admin.tryGrant(key, ann.arn, operations{encrypt}) // kms:Create* has kms:CreateGrant in it
	c.ok(err)
	c.ok(admin.tryRules(key, delegates(home)))
	admin.cannot("kms:DescribeKey", key, use{}, noIdentityPolicy)
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func TestTheDocumentedStatementsForCloudWatchLogs(t *testing.T) {
	c := startCourt(t)
	key := c.chief.makes()
	one := service(logsService, logsActions, `"ArnEquals":{"kms:EncryptionContext:aws:logs:arn":"`+groupARN("app")+`"}`)
	all := service(logsService, logsActions, `"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:`+region+`:`+home+`:*"}`)
	foreign := service(logsService, logsActions, `"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:`+region+`:`+abroad+`:*"}`)
	for _, row := range []struct {
		name, statement, group string
		refused                bool
	}{
		{"one group", one, "app", false},
		{"one group, another asks", one, "web", true},
		{"one group, a longer name asks", one, "app2", true},
		{"the whole account", all, "any/group", false},
		{"another account", foreign, "more", true},
		{"without a condition", service(logsService, logsActions), "plain", false},
		{"another Region's Logs", service("logs.eu-west-1.amazonaws.com", logsActions), "more", true},
		{"another service", service("s3.amazonaws.com", logsActions), "more", true},
		{"anybody", `{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}`, "open", false},
		{"only to encrypt", service(logsService, "kms:Encrypt*"), "more", true},
	} {
		c.run(row.name, func() {
			c.chief.rules(key, delegates(home), row.statement)
			err := c.chief.group(key, row.group)
			if row.refused {
				c.fails(err, "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn '"+groupARN(row.group)+"'")
				return
			}
			c.ok(err)
		})
	}
}

// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
func TestTheDocumentedStatementsForReadersOfCloudTrail(t *testing.T) {
	c := startCourt(t)
	key, ann, bob := c.chief.makes(), c.chief.hires("ann"), c.chief.hires("bob").has(rule("Allow", "kms:Decrypt", "*", `"Null":{"kms:EncryptionContext:aws:cloudtrail:arn":"true"}`))
	trail := map[string]string{"aws:cloudtrail:arn": "arn:aws:cloudtrail:" + region + ":" + home + ":trail/main", "aws:s3:arn": "arn:aws:s3:::logs/x"}
	other := map[string]string{"aws:s3:arn": "arn:aws:s3:::logs/x"}
	logs, rest, bare := c.chief.seals(key, trail), c.chief.seals(key, other), c.chief.seals(key, nil)
	c.chief.rules(key, delegates(home),
		service("cloudtrail.amazonaws.com", "kms:GenerateDataKey*", `"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":["arn:aws:cloudtrail:*:`+home+`:trail/*"]}`,
			`"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:`+region+`:`+home+`:trail/main"}`),
		service("cloudtrail.amazonaws.com", "kms:DescribeKey"),
		grants(ann.arn, "kms:Decrypt", `"Null":{"kms:EncryptionContext:aws:cloudtrail:arn":"false"}`))
	ann.can("kms:Decrypt", key, use{context: trail, blob: logs})
	ann.cannot("kms:Decrypt", key, use{context: other, blob: rest}, noIdentityPolicy)
	ann.cannot("kms:Decrypt", key, use{blob: bare}, noIdentityPolicy)
	ann.cannot("kms:GenerateDataKey", key, use{context: trail}, noIdentityPolicy) // that is CloudTrail's
	ann.cannot("kms:DescribeKey", key, use{}, noIdentityPolicy)
	bob.cannot("kms:Decrypt", key, use{context: trail, blob: logs}, noIdentityPolicy)
	bob.can("kms:Decrypt", key, use{context: other, blob: rest})
}

// documented is an example of a page: a condition of a statement of IAM, and
// what it lets through and stops.
type documented struct {
	actions, condition string
	good, bad          func(by actor) error
}

// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html,
// its examples for what can be asked here.
func TestTheExamplesOfKMSConditionKeys(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	blob := c.chief.seals(key, nil)
	for name, d := range documentedConditions(key, blob) {
		c.run(name, func() {
			ann.has(rule("Allow", d.actions, "*", d.condition))
			if err := d.good(ann); err != nil {
				c.Errorf("allowed by the example: %v", err)
			}
			if code, message := codeOf(d.bad(ann)); code != "AccessDeniedException" {
				c.Errorf("not allowed by the example: %s %s", code, message)
			}
		})
	}
}

func documentedConditions(key lock, blob []byte) map[string]documented {
	try := func(action string, u use) func(actor) error {
		return func(by actor) error { return by.try(action, key, u) }
	}
	create := func(in kms.CreateKeyInput) func(actor) error {
		return func(by actor) error {
			_, err := by.kms().CreateKey(by.court.Context(), &in)
			return err
		}
	}
	schedule := func(days int32) func(actor) error {
		return func(by actor) error {
			k := by.court.chief.makes()
			_, err := by.kms().ScheduleKeyDeletion(by.court.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &k.id, PendingWindowInDays: &days})
			return err
		}
	}
	move := func(to func(actor) lock) func(actor) error {
		return func(by actor) error {
			_, err := by.kms().ReEncrypt(by.court.Context(), &kms.ReEncryptInput{CiphertextBlob: blob, DestinationKeyId: aws.String(to(by).arn)})
			return err
		}
	}
	put := func(bypass bool) func(actor) error {
		return func(by actor) error {
			k := by.court.chief.makes()
			_, err := by.kms().PutKeyPolicy(by.court.Context(), &kms.PutKeyPolicyInput{KeyId: &k.id, Policy: aws.String(document(delegates(home))), BypassPolicyLockoutSafetyCheck: bypass})
			return err
		}
	}
	same := func(actor) lock { return key }
	another := func(by actor) lock { return by.court.chief.makes() }
	return map[string]documented{
		"kms:EncryptionContext:": {"kms:GenerateDataKey", `"StringEquals":{"kms:EncryptionContext:AppName":"ExampleApp","kms:EncryptionContext:FilePath":"/var/opt/secrets/"}`,
			try("kms:GenerateDataKey", use{context: map[string]string{"AppName": "ExampleApp", "FilePath": "/var/opt/secrets/"}}),
			try("kms:GenerateDataKey", use{context: map[string]string{"AppName": "ExampleApp"}})},
		"a context whatever its value": {"kms:Encrypt", `"Null":{"kms:EncryptionContext:AppName":"false"}`,
			try("kms:Encrypt", use{context: map[string]string{"AppName": "x"}}), try("kms:Encrypt", use{})},
		"kms:EncryptionContextKeys": {"kms:Encrypt", `"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"Department"}`,
			try("kms:Encrypt", use{context: map[string]string{"Department": "x", "Other": "y"}}), try("kms:Encrypt", use{context: map[string]string{"department": "x"}})},
		"no context at all": {"kms:Encrypt", `"Null":{"kms:EncryptionContextKeys":"true"}`,
			try("kms:Encrypt", use{}), try("kms:Encrypt", use{context: sales})},
		"kms:EncryptionAlgorithm": {"kms:Encrypt kms:DescribeKey", `"StringEquals":{"kms:EncryptionAlgorithm":"SYMMETRIC_DEFAULT"}`,
			try("kms:Encrypt", use{}), try("kms:DescribeKey", use{})},
		"kms:KeySpec": {"kms:*", `"StringLike":{"kms:KeySpec":"SYMMETRIC_*"}`,
			create(kms.CreateKeyInput{}), create(kms.CreateKeyInput{KeySpec: kmstypes.KeySpecRsa4096, KeyUsage: kmstypes.KeyUsageTypeSignVerify})},
		"kms:KeyUsage": {"kms:*", `"StringEquals":{"kms:KeyUsage":"ENCRYPT_DECRYPT"}`,
			create(kms.CreateKeyInput{}), create(kms.CreateKeyInput{KeySpec: kmstypes.KeySpecHmac256, KeyUsage: kmstypes.KeyUsageTypeGenerateVerifyMac})},
		"kms:KeyOrigin": {"kms:CreateKey", `"StringEquals":{"kms:KeyOrigin":"AWS_KMS"}`,
			create(kms.CreateKeyInput{Origin: kmstypes.OriginTypeAwsKms}), create(kms.CreateKeyInput{Origin: kmstypes.OriginTypeExternal})},
		"kms:MultiRegion": {"kms:CreateKey", `"Bool":{"kms:MultiRegion":"false"}`,
			create(kms.CreateKeyInput{}), create(kms.CreateKeyInput{MultiRegion: aws.Bool(true)})},
		"kms:BypassPolicyLockoutSafetyCheck": {"kms:PutKeyPolicy", `"BoolIfExists":{"kms:BypassPolicyLockoutSafetyCheck":"false"}`,
			put(false), put(true)},
		"kms:ScheduleKeyDeletionPendingWindowInDays": {"kms:ScheduleKeyDeletion", `"NumericGreaterThanEquals":{"kms:ScheduleKeyDeletionPendingWindowInDays":"21"}`,
			schedule(21), schedule(20)},
		"kms:ReEncryptOnSameKey": {"kms:ReEncrypt*", `"Bool":{"kms:ReEncryptOnSameKey":"true"}`, move(same), move(another)},
	}
}
