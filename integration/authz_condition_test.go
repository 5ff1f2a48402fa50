package integration

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	logsService = "logs." + region + ".amazonaws.com"
	logsActions = "kms:Encrypt* kms:Decrypt* kms:ReEncrypt* kms:GenerateDataKey* kms:Describe*"
)

func groupARN(name string) string {
	return "arn:aws:logs:" + region + ":" + home + ":log-group:" + name
}

// group makes a log group under a key.
func (a actor) group(k lock, name string) error {
	_, err := logsClient(a.court.url, a.credentials).CreateLogGroup(a.court.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name, KmsKeyId: &k.arn})
	return err
}

// CloudWatch Logs calls as itself, for a log group: never in a user's name.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func TestConditionsThatCloudWatchLogsMeets(t *testing.T) {
	c := startCourt(t)
	key := c.chief.makes()
	for name, row := range map[string]struct {
		condition string
		refused   bool
	}{
		"none":                           {`"Null":{"kms:NoSuchKey":"true"}`, false},
		"its group as the source":        {`"ArnEquals":{"aws:SourceArn":"` + groupARN("app") + `"}`, false},
		"groups as the source":           {`"ArnLike":{"aws:SourceArn":"` + groupARN("*") + `"}`, false},
		"another group as the source":    {`"ArnEquals":{"aws:SourceArn":"` + groupARN("web") + `"}`, true},
		"its account as the source":      {`"StringEquals":{"aws:SourceAccount":"` + home + `"}`, false},
		"another account as the source":  {`"StringEquals":{"aws:SourceAccount":"` + abroad + `"}`, true},
		"through itself":                 {`"StringEquals":{"kms:ViaService":"` + logsService + `"}`, true},
		"not through a service":          {`"Null":{"kms:ViaService":"true"},"Bool":{"aws:ViaAWSService":"false"}`, false},
		"as a service":                   {`"Bool":{"aws:PrincipalIsAWSService":"true"},"StringEquals":{"aws:PrincipalServiceName":"` + logsService + `"}`, false},
		"of an account":                  {`"Null":{"kms:CallerAccount":"false"}`, true},
		"from an address":                {`"Null":{"aws:SourceIp":"false"}`, true},
		"with its context":               {`"ArnEquals":{"kms:EncryptionContext:aws:logs:arn":"` + groupARN("app") + `"}`, false},
		"with another group's context":   {`"ArnEquals":{"kms:EncryptionContext:aws:logs:arn":"` + groupARN("web") + `"}`, true},
		"with no other name in context":  {`"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":"aws:logs:arn"}`, false},
		"with another name in context":   {`"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"aws:s3:arn"}`, true},
		"in its Region":                  {`"StringEquals":{"aws:RequestedRegion":"` + region + `"}`, false},
		"in another Region":              {`"StringEquals":{"aws:RequestedRegion":"eu-west-1"}`, true},
		"for a resource of this account": {`"StringEquals":{"aws:ResourceAccount":"` + home + `"}`, false},
	} {
		c.run(name, func() {
			c.chief.rules(key, delegates(home), service(logsService, logsActions, row.condition))
			err := c.chief.group(key, "app")
			if row.refused {
				c.fails(err, "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn '"+groupARN("app")+"'")
				return
			}
			c.ok(err)
			_, err = logsClient(c.url, root).DeleteLogGroup(c.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("app")})
			c.ok(err)
		})
	}
}

// A key whose users must come through CloudWatch Logs has none: Logs comes as
// itself, and needs no right of the user who reads.
func TestAReaderOfLogsNeedsNoRightToTheKey(t *testing.T) {
	c := startCourt(t)
	key := c.chief.makes()
	ann := c.chief.hires("ann").has(rule("Allow", "logs:*", "*"), rule("Deny", "kms:*", "*"))
	c.chief.rules(key, delegates(home), service(logsService, logsActions), grants("*", "kms:Decrypt", `"StringEquals":{"kms:ViaService":"`+logsService+`"}`))
	c.ok(ann.group(key, "app"))
	logs, stream := logsClient(c.url, ann.credentials), aws.String("s")
	_, err := logs.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("app"), LogStreamName: stream})
	c.ok(err)
	_, err = logs.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: aws.String("app"), LogStreamName: stream,
		LogEvents: []logstypes.InputLogEvent{{Message: aws.String("a line"), Timestamp: aws.Int64(c.server.Now().UnixMilli())}},
	})
	c.ok(err)
	out, err := logs.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("app"), LogStreamName: stream})
	if err != nil || len(out.Events) != 1 || *out.Events[0].Message != "a line" {
		t.Errorf("events %+v, %v", out, err)
	}
	ann.cannot("kms:Decrypt", key, use{blob: c.chief.seals(key, nil)}, identityDenies)
	bob := c.chief.hires("bob")
	bob.cannot("kms:Decrypt", key, use{blob: c.chief.seals(key, nil)}, noIdentityPolicy) // not through Logs
}

// What a request of a user's SDK brings, whatever it asks for.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func TestConditionsOnTheRequestItself(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	now := func(by time.Duration) string { return c.server.Now().Add(by).UTC().Format(time.RFC3339) }
	for condition, meets := range map[string]bool{
		`"IpAddress":{"aws:SourceIp":["203.0.113.0/24","127.0.0.0/8"]}`:               true,
		`"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}`:                               false,
		`"NotIpAddress":{"aws:SourceIp":"127.0.0.1"}`:                                 false,
		`"DateLessThan":{"aws:CurrentTime":"` + now(time.Hour) + `"}`:                 true,
		`"DateGreaterThan":{"aws:CurrentTime":"` + now(time.Hour) + `"}`:              false,
		`"Bool":{"aws:SecureTransport":"true"}`:                                       false, // the test speaks http
		`"StringLike":{"aws:UserAgent":"aws-sdk-go-v2/*"}`:                            true,
		`"StringEquals":{"aws:RequestedRegion":["eu-west-1","` + region + `"]}`:       true,
		`"StringEquals":{"aws:username":"ann","aws:PrincipalType":"User"}`:            true,
		`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/a*"}`:                     true,
		`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}`:                      false,
		`"StringEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"}`:            true,
		`"StringEquals":{"aws:SourceArn":"` + groupARN("app") + `"}`:                  false,
		`"Bool":{"aws:MultiFactorAuthPresent":"false"}`:                               false, // absent
		`"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}`:                        true,
		`"Null":{"aws:MultiFactorAuthPresent":"true","aws:TokenIssueTime":"true"}`:    true,
		`"StringEquals":{"kms:CallerAccount":"` + home + `"}`:                         true,
		`"StringEquals":{"kms:ViaService":"s3.` + region + `.amazonaws.com"}`:         false,
		`"StringEqualsIfExists":{"kms:ViaService":"s3.` + region + `.amazonaws.com"}`: true,
		`"StringNotEquals":{"aws:PrincipalTag/team":"red"}`:                           true,
	} {
		c.run(condition, func() {
			ann.has(rule("Allow", "kms:Encrypt", key.arn, condition))
			if meets {
				ann.can("kms:Encrypt", key, use{})
				return
			}
			ann.cannot("kms:Encrypt", key, use{}, noIdentityPolicy)
		})
	}
}

func TestTheCurrentTimeIsThatOfTheEmulator(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	from, to := c.server.Now().Add(time.Hour), c.server.Now().Add(2*time.Hour)
	stamp := func(at time.Time) string { return at.UTC().Format(time.RFC3339) }
	ann.has(rule("Allow", "kms:Encrypt", "*", `"DateGreaterThan":{"aws:CurrentTime":"`+stamp(from)+`"},"DateLessThan":{"aws:CurrentTime":"`+stamp(to)+`"}`))
	ann.cannot("kms:Encrypt", key, use{}, noIdentityPolicy)
	c.server.Advance(90 * time.Minute)
	ann.can("kms:Encrypt", key, use{})
	c.server.Advance(31 * time.Minute)
	ann.cannot("kms:Encrypt", key, use{}, noIdentityPolicy)
}

// Only temporary credentials say whether there was a second factor, so that
// Bool and BoolIfExists differ.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
func TestOnlySessionsSayWhetherThereWasASecondFactor(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	out, err := ann.sts().GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	c.ok(err)
	session := actor{court: c, arn: ann.arn, account: home, credentials: temporary(out.Credentials)}
	ann.has(rule("Allow", "kms:*", "*"), rule("Deny", "kms:*", "*", `"Bool":{"aws:MultiFactorAuthPresent":"false"}`))
	ann.can("kms:Encrypt", key, use{})
	session.cannot("kms:Encrypt", key, use{}, identityDenies)
	ann.has(rule("Allow", "kms:*", "*"), rule("Deny", "kms:*", "*", `"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}`))
	ann.cannot("kms:Encrypt", key, use{}, identityDenies)
	session.cannot("kms:Encrypt", key, use{}, identityDenies)
	c.chief.rules(key, delegates(home), denies("*", "kms:Encrypt", `"Null":{"aws:MultiFactorAuthAge":"true"}`))
	c.chief.cannot("kms:Encrypt", key, use{}, resourceDenies)
}

// kms:RequestAlias is how the request names the key, kms:ResourceAliases is
// how it could have.
// https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
func TestConditionsOnAliases(t *testing.T) {
	c := startCourt(t)
	key, ann := c.chief.makes(), c.chief.hires("ann")
	alias := func(name string) {
		_, err := c.chief.kms().CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &key.id})
		c.ok(err)
	}
	ann.has(rule("Allow", "kms:Encrypt", "*", `"StringEquals":{"kms:RequestAlias":"alias/orders"}`),
		rule("Allow", "kms:DescribeKey kms:GetKeyPolicy", "*", `"ForAnyValue:StringLike":{"kms:ResourceAliases":"alias/ord*"}`))
	ann.cannot("kms:DescribeKey", key, use{}, noIdentityPolicy)
	alias("alias/orders")
	alias("alias/other")
	ann.can("kms:Encrypt", key, use{as: "alias/orders"})
	ann.can("kms:Encrypt", key, use{as: "arn:aws:kms:" + region + ":" + home + ":alias/orders"})
	for _, as := range []string{"alias/other", key.id, key.arn} {
		ann.cannot("kms:Encrypt", key, use{as: as}, noIdentityPolicy)
		if as != "alias/other" {
			ann.can("kms:GetKeyPolicy", key, use{as: as})
		}
		ann.can("kms:DescribeKey", key, use{as: as})
	}
	_, err := c.chief.kms().DeleteAlias(t.Context(), &kms.DeleteAliasInput{AliasName: aws.String("alias/orders")})
	c.ok(err)
	ann.cannot("kms:DescribeKey", key, use{}, noIdentityPolicy)
}

// https://docs.aws.amazon.com/kms/latest/developerguide/tag-authorization.html
func TestConditionsOnTags(t *testing.T) {
	c := startCourt(t)
	red := c.chief.makes(func(in *kms.CreateKeyInput) { in.Tags = keyTags("team", "red") })
	plain, ann := c.chief.makes(), c.chief.hires("ann")
	_, err := c.chief.iam().TagUser(t.Context(), &iam.TagUserInput{UserName: &ann.name, Tags: []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("red")}}})
	c.ok(err)
	ann.has(rule("Allow", "kms:Encrypt", "*", `"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}`),
		rule("Allow", "kms:CreateKey kms:TagResource", "*", `"StringEquals":{"aws:RequestTag/team":"red"},"ForAllValues:StringEquals":{"aws:TagKeys":["team","stage"]}`))
	ann.can("kms:Encrypt", red, use{})
	ann.cannot("kms:Encrypt", plain, use{}, noIdentityPolicy)
	create := func(tags ...string) error {
		_, err := ann.kms().CreateKey(t.Context(), &kms.CreateKeyInput{Tags: keyTags(tags...)})
		return err
	}
	c.ok(create("team", "red"))
	c.ok(create("team", "red", "stage", "test"))
	for _, tags := range [][]string{nil, {"team", "blue"}, {"stage", "test"}, {"team", "red", "owner", "ann"}} {
		ann.denied(create(tags...), "kms:CreateKey", "resource: *", noIdentityPolicy)
	}
	tag := func(tags ...string) error {
		_, err := ann.kms().TagResource(t.Context(), &kms.TagResourceInput{KeyId: &plain.id, Tags: keyTags(tags...)})
		return err
	}
	ann.denied(tag("team", "blue"), "kms:TagResource", "resource: "+plain.arn, noIdentityPolicy)
	c.ok(tag("team", "red"))
	ann.can("kms:Encrypt", plain, use{})
	_, err = ann.kms().UntagResource(t.Context(), &kms.UntagResourceInput{KeyId: &plain.id, TagKeys: []string{"team"}})
	ann.denied(err, "kms:UntagResource", "resource: "+plain.arn, noIdentityPolicy)
}

// Whoever tags the key that it makes needs the right to tag as well.
func TestTagsOfANewKeyNeedTheRightToTag(t *testing.T) {
	c := startCourt(t)
	ann := c.chief.hires("ann").has(rule("Allow", "kms:CreateKey", "*"))
	ann.makes()
	_, err := ann.kms().CreateKey(t.Context(), &kms.CreateKeyInput{Tags: keyTags("team", "red")})
	c.fails(err, "AccessDeniedException", "User: "+ann.arn+" is not authorized to perform: kms:TagResource because no identity-based policy allows the kms:TagResource action")
}

// keyTags are tags of names and values in turn.
func keyTags(pairs ...string) (tags []kmstypes.Tag) {
	for i := 0; i < len(pairs); i += 2 {
		tags = append(tags, kmstypes.Tag{TagKey: &pairs[i], TagValue: &pairs[i+1]})
	}
	return tags
}
