package cloudtrail

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/kmsapi"
	"sealstack/api/s3api"
)

func TestCreateTrailAnswersItsSettings(t *testing.T) {
	b := newBench(t)
	out, err := b.CreateTrail(b.ctx, &cloudtrailapi.CreateTrailRequest{
		Name: "main", S3BucketName: bucket, KmsKeyId: new("alias/app"), IsMultiRegionTrail: new(true), EnableLogFileValidation: new(true),
	})
	b.ok(err)
	same(t, "the answer", out, `{"Name":"main","S3BucketName":"trail-bucket","S3KeyPrefix":null,"SnsTopicName":null,"SnsTopicARN":null,
		"IncludeGlobalServiceEvents":true,"IsMultiRegionTrail":true,"TrailARN":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main",
		"LogFileValidationEnabled":true,"CloudWatchLogsLogGroupArn":null,"CloudWatchLogsRoleArn":null,"KmsKeyId":"`+key+`",
		"IsOrganizationTrail":false,"RecursiveLogging":null}`)
	s, err := b.GetTrailStatus(b.ctx, &cloudtrailapi.GetTrailStatusRequest{Name: "main"})
	b.ok(err)
	if *s.IsLogging || s.StartLoggingTime != nil {
		t.Error("a new trail logs before StartLogging")
	}
}

func TestCreateTrailTriesBucketAndKeyAsCloudTrail(t *testing.T) {
	b := newBench(t)
	b.trail("main", func(in *cloudtrailapi.CreateTrailRequest) {
		in.KmsKeyId, in.S3KeyPrefix = new("alias/app"), new("logs/")
	})
	want := []string{"DescribeKey arn:aws:kms:us-east-1:111122223333:alias/app", "GenerateDataKey " + key}
	if !slices.Equal(b.keys.calls, want) {
		t.Errorf("KMS was asked %v, want %v", b.keys.calls, want)
	}
	same(t, "the encryption context", b.keys.contexts[0], `{"aws:cloudtrail:arn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main",
		"aws:s3:arn":"arn:aws:s3:::trail-bucket/logs/AWSLogs/111122223333/"}`)
	if b.s3.puts[0].Key != "logs/AWSLogs/111122223333/" || *b.s3.puts[0].ACL != "bucket-owner-full-control" {
		t.Errorf("the first object is %s", b.s3.puts[0].Key)
	}
	for _, c := range append(slices.Clone(b.s3.callers), b.keys.callers...) {
		if c.Type != api.AWSService || c.ARN != principal || c.SourceARN != "arn:aws:cloudtrail:us-east-1:111122223333:trail/main" || c.SourceAccount != account {
			t.Errorf("a call is made by %+v", c)
		}
	}
}

func TestCreateTrailRefuses(t *testing.T) {
	denied := kmsapi.Service.AccessDenied("no")
	for name, test := range map[string]struct {
		change        func(*bench, *cloudtrailapi.CreateTrailRequest)
		code, message string
	}{
		"a short name": {func(_ *bench, in *cloudtrailapi.CreateTrailRequest) { in.Name = "ab" }, "InvalidTrailNameException",
			"Trail name too short. Minimum allowed length: 3 characters. Specified name length: 2 characters."},
		"a name that is taken": {func(_ *bench, in *cloudtrailapi.CreateTrailRequest) { in.Name = "first" }, "TrailAlreadyExistsException",
			"Trail first already exists for customer: 111122223333"},
		"an invalid bucket name": {func(_ *bench, in *cloudtrailapi.CreateTrailRequest) { in.S3BucketName = "Bad_Bucket" }, "InvalidS3BucketNameException", ""},
		"a long prefix":          {func(_ *bench, in *cloudtrailapi.CreateTrailRequest) { in.S3KeyPrefix = new(strings.Repeat("x", 201)) }, "InvalidS3PrefixException", ""},
		"no such bucket": {func(b *bench, _ *cloudtrailapi.CreateTrailRequest) {
			b.s3.acl = api.NewError("NoSuchBucket", "NoSuchBucket", 404, "")
		},
			"S3BucketDoesNotExistException", "S3 bucket trail-bucket does not exist!"},
		"a bucket policy without GetBucketAcl": {func(b *bench, _ *cloudtrailapi.CreateTrailRequest) { b.s3.acl = s3api.AccessDenied("no") },
			"InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: trail-bucket"},
		"a bucket policy without PutObject": {func(b *bench, _ *cloudtrailapi.CreateTrailRequest) {
			b.s3.put = func(string) error { return s3api.AccessDenied("no") }
		}, "InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: trail-bucket"},
		"a key policy without GenerateDataKey": {func(b *bench, in *cloudtrailapi.CreateTrailRequest) {
			in.KmsKeyId, b.keys.refuse = new(key), map[string]error{"GenerateDataKey": denied}
		}, "InsufficientEncryptionPolicyException", "Insufficient permissions to access S3 bucket trail-bucket or KMS key " + key + "."},
		"an alias without DescribeKey": {func(b *bench, in *cloudtrailapi.CreateTrailRequest) {
			in.KmsKeyId, b.keys.refuse = new("alias/app"), map[string]error{"DescribeKey": denied}
		}, "InsufficientEncryptionPolicyException", ""},
		"a key that S3 may not use": {func(b *bench, in *cloudtrailapi.CreateTrailRequest) {
			in.KmsKeyId = new(key)
			b.s3.put = func(string) error { return s3api.AccessDenied("not authorized to perform: kms:GenerateDataKey") }
		}, "InsufficientEncryptionPolicyException", ""},
		"a key that is not there": {func(b *bench, in *cloudtrailapi.CreateTrailRequest) {
			in.KmsKeyId, b.keys.refuse = new(keyID), map[string]error{"DescribeKey": kmsapi.NotFoundException("no")}
		}, "KmsKeyNotFoundException", ""},
		"a key of another Region": {func(_ *bench, in *cloudtrailapi.CreateTrailRequest) {
			in.KmsKeyId = new("arn:aws:kms:eu-west-1:111122223333:key/" + keyID)
		}, "KmsKeyNotFoundException", ""},
		"a key that is none": {func(_ *bench, in *cloudtrailapi.CreateTrailRequest) { in.KmsKeyId = new("arn:aws:s3:::b") }, "InvalidKmsKeyIdException", ""},
		"a key with a slash": {func(_ *bench, in *cloudtrailapi.CreateTrailRequest) { in.KmsKeyId = new("a/b") }, "InvalidKmsKeyIdException", ""},
		"a disabled key": {func(b *bench, in *cloudtrailapi.CreateTrailRequest) {
			in.KmsKeyId, b.keys.refuse = new(key), map[string]error{"GenerateDataKey": kmsapi.DisabledException("%s is disabled.", key)}
		}, "KmsException", key + " is disabled."},
		"all Regions without global events": {func(_ *bench, in *cloudtrailapi.CreateTrailRequest) {
			in.IsMultiRegionTrail, in.IncludeGlobalServiceEvents = new(true), new(false)
		}, "InvalidParameterCombinationException", ""},
		"a topic": {func(_ *bench, in *cloudtrailapi.CreateTrailRequest) { in.SnsTopicName = new("a topic") }, "InvalidSnsTopicNameException",
			"SNS topic name is invalid: a topic"},
		"a log group without a role": {func(_ *bench, in *cloudtrailapi.CreateTrailRequest) { in.CloudWatchLogsLogGroupArn = new(groupARN) }, "InvalidParameterCombinationException", ""},
		"an organization trail":      {func(_ *bench, in *cloudtrailapi.CreateTrailRequest) { in.IsOrganizationTrail = new(true) }, "OrganizationsNotInUseException", ""},
		"a tag twice": {func(_ *bench, in *cloudtrailapi.CreateTrailRequest) {
			in.TagsList = []cloudtrailapi.Tag{{Key: "a"}, {Key: "a"}}
		},
			"InvalidTagParameterException", ""},
		"who may not create": {func(b *bench, _ *cloudtrailapi.CreateTrailRequest) {
			b.auth.deny = map[string]bool{"cloudtrail:CreateTrail": true}
		},
			"AccessDeniedException", ""},
		"who may not tag": {func(b *bench, in *cloudtrailapi.CreateTrailRequest) {
			b.auth.deny = map[string]bool{"cloudtrail:AddTags": true}
			in.TagsList = []cloudtrailapi.Tag{{Key: "a"}}
		}, "AccessDeniedException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.trail("first")
			in := &cloudtrailapi.CreateTrailRequest{Name: "second", S3BucketName: bucket}
			test.change(b, in)
			_, err := b.CreateTrail(b.ctx, in)
			b.fails(err, test.code, test.message)
			list, err := b.ListTrails(b.ctx, &cloudtrailapi.ListTrailsRequest{})
			b.ok(err)
			if len(list.Trails) != 1 {
				t.Errorf("there are %d trails", len(list.Trails))
			}
		})
	}
}

func TestKeyARNNeedsNoDescribeKey(t *testing.T) {
	b := newBench(t)
	b.keys.refuse = map[string]error{"DescribeKey": kmsapi.Service.AccessDenied("no")}
	b.trail("main", func(in *cloudtrailapi.CreateTrailRequest) { in.KmsKeyId = new(key) })
}

func TestFiveTrailsInARegionWithThoseOfOthers(t *testing.T) {
	b := newBench(t)
	for i := range 4 {
		b.trail(fmt.Sprintf("trail-%d", i))
	}
	_, err := b.CreateTrail(b.in("eu-west-1"), &cloudtrailapi.CreateTrailRequest{Name: "shadow", S3BucketName: bucket, IsMultiRegionTrail: new(true)})
	b.ok(err)
	_, err = b.CreateTrail(b.ctx, &cloudtrailapi.CreateTrailRequest{Name: "sixth", S3BucketName: bucket})
	b.fails(err, "MaximumNumberOfTrailsExceededException", "User: 111122223333 already has 5 trails in this region")
}

func TestUpdateTrailChangesWhatIsGiven(t *testing.T) {
	b := newBench(t)
	b.trail("main", func(in *cloudtrailapi.CreateTrailRequest) { in.KmsKeyId, in.S3KeyPrefix = new(key), new("logs") })
	out, err := b.UpdateTrail(b.ctx, &cloudtrailapi.UpdateTrailRequest{Name: "main", EnableLogFileValidation: new(true)})
	b.ok(err)
	if *out.KmsKeyId != key || *out.S3KeyPrefix != "logs" || !*out.LogFileValidationEnabled {
		t.Errorf("the trail is %+v", out)
	}
	out, err = b.UpdateTrail(b.ctx, &cloudtrailapi.UpdateTrailRequest{Name: "main", KmsKeyId: new(""), S3KeyPrefix: new("")})
	b.ok(err)
	if out.KmsKeyId != nil || out.S3KeyPrefix != nil {
		t.Errorf("the key and the prefix are still %v, %v", out.KmsKeyId, out.S3KeyPrefix)
	}
	b.s3.acl = s3api.AccessDenied("no")
	_, err = b.UpdateTrail(b.ctx, &cloudtrailapi.UpdateTrailRequest{Name: "main"})
	b.fails(err, "InsufficientS3BucketPolicyException", "")
}

func TestChangesAreMadeInTheHomeRegion(t *testing.T) {
	b := newBench(t)
	arn := b.trail("main", everywhere)
	b.trail("local")
	away := b.in("eu-west-1")
	for _, name := range []string{"main", arn} {
		_, err := b.StopLogging(away, &cloudtrailapi.StopLoggingRequest{Name: name})
		b.fails(err, "InvalidHomeRegionException", "")
		_, err = b.DeleteTrail(away, &cloudtrailapi.DeleteTrailRequest{Name: name})
		b.fails(err, "InvalidHomeRegionException", "")
	}
	_, err := b.StopLogging(away, &cloudtrailapi.StopLoggingRequest{Name: "local"})
	b.fails(err, "TrailNotFoundException", "Unknown trail: local for the user: 111122223333")
	_, err = b.GetTrailStatus(away, &cloudtrailapi.GetTrailStatusRequest{Name: arn})
	b.ok(err)
	_, err = b.GetTrailStatus(away, &cloudtrailapi.GetTrailStatusRequest{Name: "main"})
	b.fails(err, "TrailNotFoundException", "")
}

func TestDescribeTrailsShowsShadowsUnlessToldNotTo(t *testing.T) {
	b := newBench(t)
	arn := b.trail("main", everywhere)
	b.trail("local")
	names := func(region string, in *cloudtrailapi.DescribeTrailsRequest) string {
		out, err := b.DescribeTrails(b.in(region), in)
		b.ok(err)
		var list []string
		for _, t := range out.TrailList {
			list = append(list, *t.Name+"@"+*t.HomeRegion)
		}
		return strings.Join(list, " ")
	}
	for _, test := range []struct {
		region string
		in     cloudtrailapi.DescribeTrailsRequest
		want   string
	}{
		{"us-east-1", cloudtrailapi.DescribeTrailsRequest{}, "local@us-east-1 main@us-east-1"},
		{"eu-west-1", cloudtrailapi.DescribeTrailsRequest{}, "main@us-east-1"},
		{"eu-west-1", cloudtrailapi.DescribeTrailsRequest{IncludeShadowTrails: new(false)}, ""},
		{"eu-west-1", cloudtrailapi.DescribeTrailsRequest{TrailNameList: []string{arn}}, "main@us-east-1"},
		{"us-east-1", cloudtrailapi.DescribeTrailsRequest{TrailNameList: []string{"local", "none"}}, "local@us-east-1"},
	} {
		if got := names(test.region, &test.in); got != test.want {
			t.Errorf("%s %+v shows %q, want %q", test.region, test.in, got, test.want)
		}
	}
	_, err := b.DescribeTrails(b.ctx, &cloudtrailapi.DescribeTrailsRequest{TrailNameList: []string{"arn:aws:s3:::b"}})
	b.fails(err, "CloudTrailARNInvalidException", "")
}

func TestTrailOfAnotherAccountIsNotFound(t *testing.T) {
	b := newBench(t)
	arn := b.trail("main")
	_, err := b.GetTrail(as(rootUser(foreign)), &cloudtrailapi.GetTrailRequest{Name: arn})
	b.fails(err, "TrailNotFoundException", "Unknown trail: main for the user: 444455556666")
	_, err = b.GetTrail(b.ctx, &cloudtrailapi.GetTrailRequest{Name: "none"})
	b.fails(err, "TrailNotFoundException", "")
}

func TestEveryOperationOnATrailIsAuthorizedOnItsARN(t *testing.T) {
	b := newBench(t)
	arn := b.trail("main")
	b.auth.asked = nil
	_, _ = b.GetTrail(b.ctx, &cloudtrailapi.GetTrailRequest{Name: "main"})
	_, _ = b.GetTrailStatus(b.ctx, &cloudtrailapi.GetTrailStatusRequest{Name: "main"})
	_, _ = b.UpdateTrail(b.ctx, &cloudtrailapi.UpdateTrailRequest{Name: "main"})
	_, _ = b.StartLogging(b.ctx, &cloudtrailapi.StartLoggingRequest{Name: "main"})
	_, _ = b.StopLogging(b.ctx, &cloudtrailapi.StopLoggingRequest{Name: "main"})
	_, _ = b.GetEventSelectors(b.ctx, &cloudtrailapi.GetEventSelectorsRequest{TrailName: "main"})
	_, _ = b.PutEventSelectors(b.ctx, &cloudtrailapi.PutEventSelectorsRequest{TrailName: "main"})
	_, _ = b.GetInsightSelectors(b.ctx, &cloudtrailapi.GetInsightSelectorsRequest{TrailName: new("main")})
	_, _ = b.PutInsightSelectors(b.ctx, &cloudtrailapi.PutInsightSelectorsRequest{TrailName: new("main")})
	_, _ = b.AddTags(b.ctx, &cloudtrailapi.AddTagsRequest{ResourceId: arn})
	_, _ = b.RemoveTags(b.ctx, &cloudtrailapi.RemoveTagsRequest{ResourceId: arn})
	_, _ = b.ListTags(b.ctx, &cloudtrailapi.ListTagsRequest{ResourceIdList: []string{arn}})
	_, _ = b.DeleteTrail(b.ctx, &cloudtrailapi.DeleteTrailRequest{Name: "main"})
	for i, action := range []string{
		"GetTrail", "GetTrailStatus", "UpdateTrail", "StartLogging", "StopLogging", "GetEventSelectors", "PutEventSelectors",
		"GetInsightSelectors", "PutInsightSelectors", "AddTags", "RemoveTags", "ListTags", "DeleteTrail",
	} {
		if want := "cloudtrail:" + action + " on " + arn; b.auth.asked[i] != want {
			t.Errorf("asked %q, want %q", b.auth.asked[i], want)
		}
	}
}

func TestTagsOfTrails(t *testing.T) {
	b := newBench(t)
	arn := b.trail("main", func(in *cloudtrailapi.CreateTrailRequest) {
		in.TagsList = []cloudtrailapi.Tag{{Key: "a", Value: new("1")}}
	})
	_, err := b.AddTags(b.ctx, &cloudtrailapi.AddTagsRequest{ResourceId: arn, TagsList: []cloudtrailapi.Tag{{Key: "a", Value: new("2")}, {Key: "b"}}})
	b.ok(err)
	list := func() any {
		out, err := b.ListTags(b.ctx, &cloudtrailapi.ListTagsRequest{ResourceIdList: []string{arn}})
		b.ok(err)
		return out.ResourceTagList[0].TagsList
	}
	same(t, "tags", list(), `[{"Key":"a","Value":"2"},{"Key":"b","Value":null}]`)
	_, err = b.RemoveTags(b.ctx, &cloudtrailapi.RemoveTagsRequest{ResourceId: arn, TagsList: []cloudtrailapi.Tag{{Key: "a"}, {Key: "none"}}})
	b.ok(err)
	same(t, "tags", list(), `[{"Key":"b","Value":null}]`)

	var many []cloudtrailapi.Tag
	for i := range maxTags {
		many = append(many, cloudtrailapi.Tag{Key: fmt.Sprint(i)})
	}
	_, err = b.AddTags(b.ctx, &cloudtrailapi.AddTagsRequest{ResourceId: arn, TagsList: many})
	b.fails(err, "TagsLimitExceededException", "")
	_, err = b.AddTags(b.ctx, &cloudtrailapi.AddTagsRequest{ResourceId: arn, TagsList: []cloudtrailapi.Tag{{Key: "aws:x"}}})
	b.fails(err, "InvalidTagParameterException", "")
	_, err = b.AddTags(b.ctx, &cloudtrailapi.AddTagsRequest{ResourceId: strings.Replace(arn, "main", "none", 1), TagsList: many[:1]})
	b.fails(err, "ResourceNotFoundException", "")
	_, err = b.AddTags(b.ctx, &cloudtrailapi.AddTagsRequest{ResourceId: "main", TagsList: many[:1]})
	b.fails(err, "CloudTrailARNInvalidException", "")
	_, err = b.ListTags(b.ctx, &cloudtrailapi.ListTagsRequest{NextToken: new("x")})
	b.fails(err, "InvalidTokenException", "")
}

func TestNames(t *testing.T) {
	for name, want := range map[string]error{
		"abc": nil, "My.Trail-1_x": nil, strings.Repeat("a", 128): nil,
		"ab": nameTooShort(2), strings.Repeat("a", 129): nameTooLong(129), "-abc": nameStart(), "abc.": nameEnd(),
		"a b": nameCharacters(), "a--b": nameAdjacent(), "my-_name": nameAdjacent(), "192.168.5.4": nameAddress(),
	} {
		if got := checkName(name); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
	for name, ok := range map[string]bool{"abc": true, "a.b-c": true, "ab": false, "a..b": false, "ABC": false, "10.0.0.1": false} {
		if err := checkBucketName(name); (err == nil) != ok {
			t.Errorf("bucket %q: %v", name, err)
		}
	}
}
