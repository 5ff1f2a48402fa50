package s3sim

import (
	"context"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/s3api"
)

// keyed is a call that gives a condition key a value, or not.
type keyed struct {
	key, value string // as a condition writes them
	operator   string // StringEquals if empty
	action     string
	hit, miss  func(b *bench, ctx context.Context) error
}

// as changes the caller of a call.
func as(change func(*api.Caller), call func(*bench, context.Context) error) func(*bench, context.Context) error {
	return func(b *bench, ctx context.Context) error {
		c := *api.CallerOf(ctx)
		change(&c)
		return call(b, api.WithCaller(ctx, &c))
	}
}

func putting(change ...putOption) func(*bench, context.Context) error {
	return func(b *bench, ctx context.Context) error {
		_, err := b.tryPut(ctx, "logs", "new", "text", change...)
		return err
	}
}

func getting(change ...getOption) func(*bench, context.Context) error {
	return func(b *bench, ctx context.Context) error {
		_, _, err := b.tryGet(ctx, "logs", "k", change...)
		return err
	}
}

func listing2(in s3api.ListObjectsV2Request) func(*bench, context.Context) error {
	return func(b *bench, ctx context.Context) error {
		in.Bucket = "logs"
		_, err := b.ListObjectsV2(ctx, &in)
		return err
	}
}

func creating(region string) func(*bench, context.Context) error {
	return func(b *bench, ctx context.Context) error {
		_, err := b.CreateBucket(callerIn(ctx, "us-east-1"), &s3api.CreateBucketRequest{
			Bucket: "another-" + region, CreateBucketConfiguration: &s3api.CreateBucketConfiguration{LocationConstraint: new(s3api.BucketLocationConstraint(region))},
		})
		return err
	}
}

func beginning(b *bench, ctx context.Context) error {
	_, err := b.CreateMultipartUpload(ctx, &s3api.CreateMultipartUploadRequest{Bucket: "logs", Key: "up"})
	return err
}

func copying(in s3api.CopyObjectRequest) func(*bench, context.Context) error {
	return func(b *bench, ctx context.Context) error {
		in.Bucket, in.Key = "logs", "copy"
		_, err := b.CopyObject(ctx, &in)
		return err
	}
}

func retained(days int) putOption {
	return func(in *s3api.PutObjectRequest) {
		in.ObjectLockMode, in.ObjectLockRetainUntilDate = new(s3api.ObjectLockModeGovernance), new(start.Add(time.Duration(days)*24*time.Hour))
	}
}

func tagged(text string) putOption {
	return func(in *s3api.PutObjectRequest) { in.Tagging = &text }
}

// keyedCalls is every condition key of S3 for buckets and objects that says
// something of a request here.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
var keyedCalls = []keyed{
	{"s3:authType", "REST-QUERY-STRING", "", "GetObject", as(func(c *api.Caller) { c.AuthType = "REST-QUERY-STRING" }, getting()), getting()},
	{"s3:signatureversion", "AWS", "", "GetObject", as(func(c *api.Caller) { c.SignatureVersion = "AWS" }, getting()), getting()},
	{"s3:signatureAge", "600000", "NumericGreaterThan", "GetObject", as(func(c *api.Caller) { c.SignatureAge = 11 * time.Minute }, getting()), as(func(c *api.Caller) { c.SignatureAge = 9 * time.Minute }, getting())},
	{"s3:TlsVersion", "1.2", "NumericLessThan", "GetObject", as(func(c *api.Caller) { c.TLSVersion = "1.1" }, getting()), as(func(c *api.Caller) { c.TLSVersion = "1.3" }, getting())},
	{"s3:x-amz-content-sha256", "UNSIGNED-PAYLOAD", "", "PutObject", as(func(c *api.Caller) { c.ContentSHA256 = "UNSIGNED-PAYLOAD" }, putting()), as(func(c *api.Caller) { c.ContentSHA256 = strings.Repeat("0", 64) }, putting())},
	{"s3:ResourceAccount", account, "", "GetObject", getting(), nil},
	{"s3:x-amz-server-side-encryption", "aws:kms", "", "PutObject", putting(withKMS(keyARN)), putting()},
	{"s3:x-amz-server-side-encryption-aws-kms-key-id", keyARN, "", "PutObject", putting(withKMS(keyARN)), putting(withKMS(secondKey))},
	{"s3:x-amz-server-side-encryption-customer-algorithm", "AES256", "", "PutObject", putting(putWith("a")), putting()},
	{"s3:x-amz-storage-class", "GLACIER", "", "PutObject", putting(stored("GLACIER")), putting()},
	{"s3:x-amz-website-redirect-location", "/other", "", "PutObject", putting(func(in *s3api.PutObjectRequest) { in.WebsiteRedirectLocation = new("/other") }), putting()},
	{"s3:x-amz-acl", "public-read", "", "PutObject", putting(func(in *s3api.PutObjectRequest) { in.ACL = new(s3api.ObjectCannedACLPublicRead) }), putting(func(in *s3api.PutObjectRequest) { in.ACL = new(s3api.ObjectCannedACLPrivate) })},
	{"s3:x-amz-grant-read", "id=" + CanonicalID(stranger), "", "PutObject", putting(func(in *s3api.PutObjectRequest) { in.GrantRead = new("id=" + CanonicalID(stranger)) }), putting()},
	{"s3:RequestObjectTag/team", "blue", "", "PutObject", putting(tagged("team=blue")), putting(tagged("team=red"))},
	{"s3:RequestObjectTagKeys", "team", "ForAnyValue:StringEquals", "PutObject", putting(tagged("team=blue")), putting(tagged("other=blue"))},
	{"s3:object-lock-mode", "GOVERNANCE", "", "PutObject", putting(retained(9)), putting()},
	{"s3:object-lock-retain-until-date", "2026-11-30T00:00:00Z", "DateLessThan", "PutObject", putting(retained(2)), putting(retained(20))},
	{"s3:object-lock-remaining-retention-days", "10", "NumericGreaterThan", "PutObject", putting(retained(11)), putting(retained(10))},
	{"s3:object-lock-legal-hold", "ON", "", "PutObject", putting(func(in *s3api.PutObjectRequest) {
		in.ObjectLockLegalHoldStatus = new(s3api.ObjectLockLegalHoldStatusOn)
	}), putting()},
	{"s3:if-none-match", "*", "", "PutObject", putting(func(in *s3api.PutObjectRequest) { in.Key, in.IfNoneMatch = "fresh", new("*") }), putting()},
	{"s3:ObjectCreationOperation", "false", "Bool", "PutObject", beginning, putting()},
	{"s3:x-amz-copy-source", "logs/k", "", "PutObject", copying(s3api.CopyObjectRequest{CopySource: "/logs/k"}), copying(s3api.CopyObjectRequest{CopySource: "logs/tagged"})},
	{"s3:x-amz-metadata-directive", "REPLACE", "", "PutObject", copying(s3api.CopyObjectRequest{CopySource: "logs/k", MetadataDirective: new(s3api.MetadataDirectiveReplace)}), copying(s3api.CopyObjectRequest{CopySource: "logs/k"})},
	{"s3:ExistingObjectTag/team", "blue", "", "GetObject", getting(func(in *s3api.GetObjectRequest) { in.Key = "tagged" }), getting()},
	{"s3:VersionId", "null", "", "GetObjectVersion", getting(version1(new("null"))), nil},
	{"s3:prefix", "home/", "", "ListBucket", listing2(s3api.ListObjectsV2Request{Prefix: new("home/")}), listing2(s3api.ListObjectsV2Request{Prefix: new("other/")})},
	{"s3:prefix", "", "", "ListBucket", listing2(s3api.ListObjectsV2Request{Prefix: new("")}), listing2(s3api.ListObjectsV2Request{Prefix: new("other/")})},
	{"s3:delimiter", "/", "", "ListBucket", listing2(s3api.ListObjectsV2Request{Delimiter: new("/")}), listing2(s3api.ListObjectsV2Request{})},
	{"s3:max-keys", "10", "NumericLessThanEquals", "ListBucket", listing2(s3api.ListObjectsV2Request{MaxKeys: new(int32(10))}), listing2(s3api.ListObjectsV2Request{MaxKeys: new(int32(11))})},
	{"s3:LocationConstraint", "eu-west-1", "", "CreateBucket", creating("eu-west-1"), creating("eu-central-1")},
}

// statementOn is a statement about the action under the condition.
func (k keyed) statementOn(effect string) string {
	operator := k.operator
	if operator == "" {
		operator = "StringEquals"
	}
	return `{"Effect":"` + effect + `","Action":"s3:` + k.action + `","Resource":"*","Condition":{"` + operator + `":{"` + k.key + `":"` + k.value + `"}}}`
}

func TestEachConditionKeyAllowsAndDenies(t *testing.T) {
	for _, k := range keyedCalls {
		b := newBench(t)
		b.bucket("logs", func(in *s3api.CreateBucketRequest) {
			in.ObjectLockEnabledForBucket, in.ObjectOwnership = new(true), new(s3api.ObjectOwnershipObjectWriter)
		})
		_, err := b.DeletePublicAccessBlock(b.ctx, &s3api.DeletePublicAccessBlockRequest{Bucket: "logs"})
		b.ok(err)
		b.put("logs", "k", "text")
		b.put("logs", "tagged", "text", tagged("team=blue"))
		rest := `{"Effect":"Allow","NotAction":"s3:` + k.action + `","Resource":"*"}`
		for _, tt := range []struct {
			who, statement string
			hit, miss      bool // allowed
		}{
			{"allowed", k.statementOn("Allow"), true, false},
			{"denied", k.statementOn("Deny") + "," + allow("s3:*", "*"), false, true},
		} {
			ctx := b.user(account, tt.who, rest, tt.statement)
			if err := k.hit(b, ctx); !answers(err, tt.hit) {
				t.Errorf("%s = %s, %s: %v", k.key, k.value, tt.who, err)
			}
			if k.miss == nil {
				continue
			}
			if err := k.miss(b, ctx); !answers(err, tt.miss) {
				t.Errorf("%s other than %s, %s: %v", k.key, k.value, tt.who, err)
			}
		}
	}
}

// answers reports whether an error is what an allowed or a denied call has;
// that a version does not exist is told to those who may ask only.
func answers(err error, allowed bool) bool {
	denied := isError(err, "AccessDenied")
	return denied != allowed && (denied || err == nil || isError(err, "NoSuchVersion") || isError(err, "BucketAlreadyOwnedByYou"))
}

func TestABucketPolicyNamesAnAccountByItsCanonicalID(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "text")
	b.policy("logs", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"CanonicalUser":"`+CanonicalID(stranger)+`"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}}`)
	_, _, err := b.tryGet(rootOf(stranger), "logs", "k")
	b.ok(err)
	_, _, err = b.tryGet(b.user(stranger, "zoe", allow("s3:*", "*")), "logs", "k")
	b.ok(err)
	for name, ctx := range map[string]context.Context{
		"nobody": nobody(), "a third account": rootOf("999988887777"), "a user without rights of his own": b.user(stranger, "yan"),
	} {
		if _, _, err := b.tryGet(ctx, "logs", "k"); !isError(err, "AccessDenied") {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.policy("logs", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":{"CanonicalUser":"`+CanonicalID(account)+`"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}}`)
	_, _, err = b.tryGet(b.ctx, "logs", "k")
	b.code(err, "AccessDenied")
}
