package s3sim

import (
	"context"
	"testing"

	"sealstack/api"
	"sealstack/api/s3api"
)

const versionFour = "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4."

// signedAs is the same caller by a request that is signed otherwise.
func signedAs(ctx context.Context, version string) context.Context {
	c := *api.CallerOf(ctx)
	c.SignatureVersion, c.AuthType = version, "REST-QUERY-STRING"
	return api.WithCaller(ctx, &c)
}

func TestKMSKeysAreForRequestsOfSignatureVersion4(t *testing.T) {
	b := newBench(t)
	b.bucket("bucket")
	b.put("bucket", "secret", "text", withKMS(keyARN))
	b.put("bucket", "open", "text")
	b.keys.took()
	old, current := signedAs(b.ctx, "AWS"), signedAs(b.ctx, "AWS4-HMAC-SHA256")

	_, _, err := b.tryGet(old, "bucket", "secret")
	e := b.fails(err, "InvalidArgument", versionFour)
	b.field(e, "ArgumentName", "Authorization")
	b.field(e, "ArgumentValue", "null")
	_, err = b.tryPut(old, "bucket", "another", "text", withKMS(keyARN))
	b.fails(err, "InvalidArgument", versionFour)
	if took := b.keys.took(); took != "" {
		t.Errorf("KMS was asked to %s", took)
	}
	for _, ctx := range []context.Context{b.ctx, current} {
		if _, text, err := b.tryGet(ctx, "bucket", "secret"); err != nil || text != "text" {
			t.Errorf("got %q, %v", text, err)
		}
	}
	if _, text, err := b.tryGet(old, "bucket", "open"); err != nil || text != "text" {
		t.Errorf("without a KMS key: got %q, %v", text, err)
	}
}

func TestTheBucketsDefaultNeedsVersion4Too(t *testing.T) {
	b := newBench(t)
	b.bucket("bucket")
	_, err := b.PutBucketEncryption(b.ctx, &s3api.PutBucketEncryptionRequest{Bucket: "bucket", ServerSideEncryptionConfiguration: s3api.ServerSideEncryptionConfiguration{
		Rules: []s3api.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &s3api.ServerSideEncryptionByDefault{SSEAlgorithm: sseKMS, KMSMasterKeyID: new(keyARN)}}},
	}})
	b.ok(err)
	_, err = b.tryPut(signedAs(b.ctx, "AWS"), "bucket", "key", "text")
	b.fails(err, "InvalidArgument", versionFour)
}

func TestAnonymousReadersOfAPublicBucketGetNoKMSObject(t *testing.T) {
	b := newBench(t)
	b.openBucket("bucket")
	b.policy("bucket", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}`)
	b.put("bucket", "secret", "text", withKMS(keyARN))
	_, _, err := b.tryGet(nobody(), "bucket", "secret")
	b.fails(err, "InvalidArgument", versionFour)
	_, _, err = b.tryGet(nobody(), "bucket", "none")
	b.code(err, "AccessDenied")
}

func TestAPolicyMayAskForASignatureVersionAndItsPlace(t *testing.T) {
	b := newBench(t)
	b.bucket("bucket")
	b.put("bucket", "key", "text")
	b.policy("bucket", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*","Condition":{"StringEquals":{"s3:signatureversion":"AWS"}}},
		{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::bucket/*","Condition":{"StringNotEquals":{"s3:authType":"REST-HEADER"}}}]}`)
	_, _, err := b.tryGet(signedAs(b.ctx, "AWS"), "bucket", "key")
	b.code(err, "AccessDenied")
	if _, _, err := b.tryGet(signedAs(b.ctx, "AWS4-HMAC-SHA256"), "bucket", "key"); err != nil {
		t.Error(err)
	}
	_, err = b.tryPut(signedAs(b.ctx, "AWS4-HMAC-SHA256"), "bucket", "key", "text")
	b.code(err, "AccessDenied")
	header := *api.CallerOf(b.ctx)
	header.SignatureVersion, header.AuthType = "AWS4-HMAC-SHA256", "REST-HEADER"
	if _, err := b.tryPut(api.WithCaller(b.ctx, &header), "bucket", "key", "text"); err != nil {
		t.Error(err)
	}
}
