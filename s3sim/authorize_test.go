package s3sim

import (
	"context"
	"fmt"
	"testing"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/auth"
)

// spy allows everything and notes what it is asked.
type spy struct{ asked []auth.Request }

func (s *spy) Authorize(_ context.Context, r *auth.Request) error {
	s.asked = append(s.asked, *r)
	return nil
}

func (s *spy) took() (list []string) {
	for _, r := range s.asked {
		list = append(list, r.Action+" "+r.Resource)
	}
	s.asked = nil
	return list
}

func TestEachOperationAsksForItsActions(t *testing.T) {
	s := &spy{}
	b := newBench(t, func(c *Config) { c.Authorizer = s })
	b.bucket("logs", func(in *s3api.CreateBucketRequest) { in.ObjectOwnership = new(s3api.ObjectOwnershipObjectWriter) })
	b.same("CreateBucket", s.took(), []string{"s3:CreateBucket arn:aws:s3:::logs", "s3:PutBucketOwnershipControls arn:aws:s3:::logs"})
	b.versioning("logs", "Enabled")
	b.same("PutBucketVersioning", s.took(), []string{"s3:PutBucketVersioning arn:aws:s3:::logs"})
	out := b.put("logs", "a/k", "x", func(in *s3api.PutObjectRequest) {
		in.ACL, in.Tagging = new(s3api.ObjectCannedACLPrivate), new("k=v")
	})
	b.same("PutObject", s.took(), []string{"s3:PutObject arn:aws:s3:::logs/a/k", "s3:PutObjectAcl arn:aws:s3:::logs/a/k", "s3:PutObjectTagging arn:aws:s3:::logs/a/k"})
	id := out.VersionId
	b.bucket("kept", func(in *s3api.CreateBucketRequest) { in.ObjectLockEnabledForBucket = new(true) })
	for _, tt := range []struct {
		name string
		call func() error
		want []string
	}{
		{"GetObject", func() error { _, _, err := b.tryGet(b.ctx, "logs", "a/k"); return err }, []string{"s3:GetObject arn:aws:s3:::logs/a/k"}},
		{"GetObject of a version", func() error { _, _, err := b.tryGet(b.ctx, "logs", "a/k", version1(id)); return err }, []string{"s3:GetObjectVersion arn:aws:s3:::logs/a/k"}},
		{"a missing key", func() error { b.tryGet(b.ctx, "logs", "none"); return nil }, []string{"s3:GetObject arn:aws:s3:::logs/none", "s3:ListBucket arn:aws:s3:::logs"}},
		{"GetObjectAttributes", func() error {
			_, err := b.GetObjectAttributes(b.ctx, &s3api.GetObjectAttributesRequest{Bucket: "logs", Key: "a/k", VersionId: id, ObjectAttributes: []s3api.ObjectAttributes{"ETag"}})
			return err
		}, []string{"s3:GetObjectVersion arn:aws:s3:::logs/a/k", "s3:GetObjectVersionAttributes arn:aws:s3:::logs/a/k"}},
		{"GetObjectTagging", func() error {
			_, err := b.GetObjectTagging(b.ctx, &s3api.GetObjectTaggingRequest{Bucket: "logs", Key: "a/k", VersionId: id})
			return err
		}, []string{"s3:GetObjectVersionTagging arn:aws:s3:::logs/a/k"}},
		{"GetObjectAcl", func() error {
			_, err := b.GetObjectAcl(b.ctx, &s3api.GetObjectAclRequest{Bucket: "logs", Key: "a/k"})
			return err
		}, []string{"s3:GetObjectAcl arn:aws:s3:::logs/a/k"}},
		{"CopyObject", func() error {
			_, err := b.CopyObject(b.ctx, &s3api.CopyObjectRequest{Bucket: "logs", Key: "c", CopySource: "logs/a/k"})
			return err
		}, []string{"s3:GetObject arn:aws:s3:::logs/a/k", "s3:GetObjectTagging arn:aws:s3:::logs/a/k", "s3:PutObject arn:aws:s3:::logs/c", "s3:PutObjectTagging arn:aws:s3:::logs/c"}},
		{"ListObjects", func() error {
			_, err := b.ListObjects(b.ctx, &s3api.ListObjectsRequest{Bucket: "logs"})
			return err
		}, []string{"s3:ListBucket arn:aws:s3:::logs"}},
		{"ListObjectVersions", func() error {
			_, err := b.ListObjectVersions(b.ctx, &s3api.ListObjectVersionsRequest{Bucket: "logs"})
			return err
		}, []string{"s3:ListBucketVersions arn:aws:s3:::logs"}},
		{"ListBuckets", func() error { _, err := b.ListBuckets(b.ctx, &s3api.ListBucketsRequest{}); return err }, []string{"s3:ListAllMyBuckets arn:aws:s3:::*"}},
		{"DeleteObject", func() error {
			_, err := b.DeleteObject(b.ctx, &s3api.DeleteObjectRequest{Bucket: "kept", Key: "a/k", VersionId: id, BypassGovernanceRetention: new(true)})
			return err
		}, []string{"s3:DeleteObjectVersion arn:aws:s3:::kept/a/k", "s3:BypassGovernanceRetention arn:aws:s3:::kept/a/k"}},
		{"GetBucketEncryption", func() error {
			_, err := b.GetBucketEncryption(b.ctx, &s3api.GetBucketEncryptionRequest{Bucket: "logs"})
			return err
		}, []string{"s3:GetEncryptionConfiguration arn:aws:s3:::logs"}},
		{"HeadBucket", func() error { _, err := b.HeadBucket(b.ctx, &s3api.HeadBucketRequest{Bucket: "logs"}); return err }, []string{"s3:ListBucket arn:aws:s3:::logs"}},
	} {
		s.took()
		b.ok(tt.call())
		b.same(tt.name, s.took(), tt.want)
	}
}

func TestTheConditionKeysOfAWrite(t *testing.T) {
	s := &spy{}
	b := newBench(t, func(c *Config) { c.Authorizer = s })
	b.openBucket("logs")
	s.took()
	b.put("logs", "k", "x", withKMS(keyARN), func(in *s3api.PutObjectRequest) {
		in.ACL, in.Tagging, in.StorageClass = new(s3api.ObjectCannedACLPublicRead), new("Team=blue"), new(s3api.StorageClassStandardIa)
	})
	keys := s.asked[0].Keys
	for name, want := range map[string]string{
		"s3:x-amz-acl": "[public-read]", "s3:x-amz-server-side-encryption": "[aws:kms]", "s3:x-amz-server-side-encryption-aws-kms-key-id": "[" + keyARN + "]",
		"s3:requestobjecttag/team": "[blue]", "s3:requestobjecttagkeys": "[Team]", "s3:x-amz-storage-class": "[STANDARD_IA]",
		"s3:resourceaccount": "[" + account + "]", "s3:signatureversion": "[AWS4-HMAC-SHA256]",
	} {
		b.same(name, keys[name], want)
	}
	b.ok(b.encryption("logs", ruleOf(sseKMS, new(keyARN), nil)))
	s.took()
	b.put("logs", "k", "x")
	if _, ok := s.asked[0].Keys["s3:x-amz-server-side-encryption"]; ok {
		t.Error("the bucket's default sets a condition key")
	}
	b.put("logs", "k", "x", func(in *s3api.PutObjectRequest) { in.Tagging = new("Team=red") })
	s.took()
	b.reads("logs", "k", "x")
	b.same("existing tag", s.asked[0].Keys["s3:existingobjecttag/team"], "[red]")
}

func TestABucketPolicyDemandsEncryption(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.policy("logs", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*",
		"Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"`+keyARN+`"}}}}`)
	amy := b.user(account, "amy", allow("s3:*", "*"))
	_, err := b.tryPut(amy, "logs", "k", "x")
	b.fails(err, "AccessDenied", `User: arn:aws:iam::111122223333:user/amy is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::logs/k" with an explicit deny in a resource-based policy`)
	_, err = b.tryPut(amy, "logs", "k", "x", withKMS(secondKey))
	b.code(err, "AccessDenied")
	_, err = b.tryPut(amy, "logs", "k", "x", withKMS(keyARN))
	b.ok(err)
}

func TestAnotherAccountNeedsBothSides(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "text")
	with := b.user(stranger, "with", allow("s3:*", "*"))
	without := b.user(stranger, "without")
	_, _, err := b.tryGet(with, "logs", "k")
	b.fails(err, "AccessDenied", "Access Denied")
	b.policy("logs", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"`+stranger+`"},"Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::logs/*"}}`)
	_, text, err := b.tryGet(with, "logs", "k")
	b.ok(err)
	b.same("text", text, "text")
	_, _, err = b.tryGet(without, "logs", "k")
	b.fails(err, "AccessDenied", "Access Denied")
	_, err = b.tryPut(with, "logs", "theirs", "x")
	b.ok(err)
	b.reads("logs", "theirs", "x")
	_, _, err = b.tryGet(with, "logs", "none")
	b.fails(err, "AccessDenied", "Access Denied")
}

func TestAServiceWritesByTheBucketPolicy(t *testing.T) {
	const trail = "arn:aws:cloudtrail:us-west-2:111122223333:trail/t"
	b := newBench(t)
	b.bucket("logs")
	b.policy("logs", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::logs","Condition":{"StringEquals":{"aws:SourceArn":"`+trail+`"}}},
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/AWSLogs/*",
		"Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceArn":"`+trail+`"}}}]}`)
	full := func(in *s3api.PutObjectRequest) { in.ACL = new(s3api.ObjectCannedACLBucketOwnerFullControl) }
	cloudtrail := serviceFor("cloudtrail.amazonaws.com", trail)
	_, err := b.GetBucketAcl(cloudtrail, &s3api.GetBucketAclRequest{Bucket: "logs"})
	b.ok(err)
	for _, tt := range []struct {
		ctx context.Context
		key string
		ok  bool
	}{
		{cloudtrail, "AWSLogs/x", true},
		{cloudtrail, "other/x", false},
		{serviceFor("cloudtrail.amazonaws.com", trail+"2"), "AWSLogs/x", false},
		{serviceFor("logs.us-west-2.amazonaws.com", trail), "AWSLogs/x", false},
	} {
		_, err := b.tryPut(tt.ctx, "logs", tt.key, "log", full, withKMS(keyARN))
		if (err == nil) != tt.ok {
			t.Errorf("%s as %s: %v", tt.key, api.CallerOf(tt.ctx).ARN, err)
		}
	}
	b.same("KMS", b.keys.calls[0].String(), "GenerateDataKey "+keyARN+" as cloudtrail.amazonaws.com via s3.us-west-2.amazonaws.com map[aws:s3:arn:arn:aws:s3:::logs/AWSLogs/x]")
	_, err = b.tryPut(cloudtrail, "logs", "AWSLogs/x", "log")
	b.code(err, "AccessDenied")
	out, _, err := b.tryGet(b.ctx, "logs", "AWSLogs/x")
	b.ok(err)
	b.same("owner sees the key", *out.SSEKMSKeyId, keyARN)
}

func TestAnonymousCallersSeeWhatIsPublic(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "text")
	_, _, err := b.tryGet(nobody(), "logs", "k")
	b.fails(err, "AccessDenied", "Access Denied")
	public := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}}`
	_, err = b.PutBucketPolicy(b.ctx, &s3api.PutBucketPolicyRequest{Bucket: "logs", Policy: public})
	b.fails(err, "AccessDenied", `User: arn:aws:iam::111122223333:root is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::logs" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`)
	block := func(c *s3api.PublicAccessBlockConfiguration) {
		_, err := b.PutPublicAccessBlock(b.ctx, &s3api.PutPublicAccessBlockRequest{Bucket: "logs", PublicAccessBlockConfiguration: *c})
		b.ok(err)
	}
	block(&s3api.PublicAccessBlockConfiguration{})
	b.policy("logs", public)
	_, text, err := b.tryGet(nobody(), "logs", "k")
	b.ok(err)
	b.same("text", text, "text")
	_, _, err = b.tryGet(nobody(), "logs", "none")
	b.fails(err, "AccessDenied", "Access Denied")
	block(&s3api.PublicAccessBlockConfiguration{RestrictPublicBuckets: new(true)})
	_, _, err = b.tryGet(nobody(), "logs", "k")
	b.fails(err, "AccessDenied", "Access Denied")
	_, _, err = b.tryGet(b.user(stranger, "sam", allow("s3:*", "*")), "logs", "k")
	b.fails(err, "AccessDenied", "Access Denied")
	_, _, err = b.tryGet(b.user(account, "amy"), "logs", "k")
	b.ok(err)
}

func TestADenialNamesWhatIsMissing(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	amy := b.user(account, "amy")
	_, err := b.CreateBucket(amy, &s3api.CreateBucketRequest{Bucket: "other"})
	b.fails(err, "AccessDenied", fmt.Sprintf("User: arn:aws:iam::%s:user/amy is not authorized to perform: s3:CreateBucket on resource: %q because no identity-based policy allows the s3:CreateBucket action", account, "arn:aws:s3:::other"))
	_, err = b.tryPut(amy, "none", "k", "x")
	b.code(err, "NoSuchBucket")
}

func TestTagsOfABucketCanDecide(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	amy := b.user(account, "amy", `{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"blue"}}}`)
	_, err := b.PutBucketTagging(b.ctx, &s3api.PutBucketTaggingRequest{Bucket: "logs", Tagging: s3api.Tagging{TagSet: []s3api.Tag{{Key: "team", Value: "blue"}}}})
	b.ok(err)
	_, err = b.tryPut(amy, "logs", "k", "x")
	b.code(err, "AccessDenied")
	_, err = b.PutBucketAbac(b.ctx, &s3api.PutBucketAbacRequest{Bucket: "logs", AbacStatus: s3api.AbacStatus{Status: new(s3api.BucketAbacStatusEnabled)}})
	b.ok(err)
	out, err := b.GetBucketAbac(b.ctx, &s3api.GetBucketAbacRequest{Bucket: "logs"})
	b.ok(err)
	b.same("status", *out.AbacStatus.Status, "Enabled")
	_, err = b.tryPut(amy, "logs", "k", "x")
	b.ok(err)
}
