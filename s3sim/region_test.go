package s3sim

import (
	"context"
	"testing"

	"sealstack/api"
	"sealstack/api/s3api"
)

func TestARequestIsSignedForTheBucketsRegion(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "text")
	away := callerIn(b.ctx, "eu-west-1")
	in := "The authorization header is malformed; the region 'eu-west-1' is wrong; expecting 'us-west-2'"
	for name, call := range map[string]func() error{
		"get": func() error { _, _, err := b.tryGet(away, "logs", "k"); return err },
		"put": func() error { _, err := b.tryPut(away, "logs", "k", "x"); return err },
		"head": func() error {
			_, err := b.HeadObject(away, &s3api.HeadObjectRequest{Bucket: "logs", Key: "k"})
			return err
		},
		"missing": func() error { _, _, err := b.tryGet(away, "logs", "none"); return err },
		"list":    func() error { _, err := b.ListObjectsV2(away, &s3api.ListObjectsV2Request{Bucket: "logs"}); return err },
		"bucket":  func() error { _, err := b.HeadBucket(away, &s3api.HeadBucketRequest{Bucket: "logs"}); return err },
		"delete":  func() error { _, err := b.DeleteBucket(away, &s3api.DeleteBucketRequest{Bucket: "logs"}); return err },
		"no right": func() error {
			_, _, err := b.tryGet(callerIn(b.user(account, "bob"), "eu-west-1"), "logs", "k")
			return err
		},
	} {
		e := b.fails(call(), "AuthorizationHeaderMalformed", in)
		b.field(e, "Region", region)
		b.field(e, "header:x-amz-bucket-region", region)
		if e.Status != 400 {
			t.Errorf("%s: status %d", name, e.Status)
		}
	}
	_, _, err := b.tryGet(away, "none", "k")
	b.code(err, "NoSuchBucket")
	b.reads("logs", "k", "text")
}

func TestAPresignedRequestForAnotherRegionSaysSo(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	c := *api.CallerOf(b.ctx)
	c.Region, c.AuthType = "eu-west-1", "REST-QUERY-STRING"
	_, _, err := b.tryGet(api.WithCaller(b.ctx, &c), "logs", "k")
	e := b.fails(err, "AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter; the region 'eu-west-1' is wrong; expecting 'us-west-2'")
	b.field(e, "Region", region)
}

func TestWhatIsTakenInAnyRegion(t *testing.T) {
	b := newBench(t)
	b.openBucket("logs")
	b.put("logs", "k", "text")
	away := callerIn(b.ctx, "eu-west-1")
	where, err := b.GetBucketLocation(away, &s3api.GetBucketLocationRequest{Bucket: "logs"})
	b.ok(err)
	b.same("location", *where.LocationConstraint, region)
	_, err = b.CreateBucket(away, &s3api.CreateBucketRequest{Bucket: "logs-eu", CreateBucketConfiguration: &s3api.CreateBucketConfiguration{
		LocationConstraint: new(s3api.BucketLocationConstraint("eu-west-1")),
	}})
	b.ok(err)
	_, err = b.CopyObject(away, &s3api.CopyObjectRequest{Bucket: "logs-eu", Key: "k", CopySource: "logs/k"})
	b.ok(err)
	_, err = b.CopyObject(b.ctx, &s3api.CopyObjectRequest{Bucket: "logs-eu", Key: "k", CopySource: "logs/k"})
	b.code(err, "AuthorizationHeaderMalformed")
	old := *api.CallerOf(b.ctx)
	old.Region, old.SignatureVersion = "us-east-1", "AWS"
	_, _, err = b.tryGet(api.WithCaller(b.ctx, &old), "logs", "k")
	b.ok(err)
	_, err = b.HeadBucket(callerIn(serviceFor("cloudtrail.amazonaws.com", "arn:aws:cloudtrail:eu-west-1:111122223333:trail/t"), "eu-west-1"), &s3api.HeadBucketRequest{Bucket: "logs"})
	b.code(err, "AccessDenied")
}

func TestADeniedHeadBucketTellsTheRegion(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	for _, ctx := range []context.Context{nobody(), b.user(account, "bob"), rootOf(stranger)} {
		_, err := b.HeadBucket(ctx, &s3api.HeadBucketRequest{Bucket: "logs"})
		b.field(b.code(err, "AccessDenied"), "header:x-amz-bucket-region", region)
	}
}
