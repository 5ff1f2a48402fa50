package s3sim

import (
	"strings"
	"testing"

	"sealstack/api/s3api"
	"sealstack/arn"
)

func TestBucketNamesHaveTheirRules(t *testing.T) {
	for _, tt := range []struct {
		name string
		ok   bool
	}{
		{"logs", true}, {"my.bucket-1", true}, {"123", true}, {strings.Repeat("a", 63), true},
		{"ab", false}, {strings.Repeat("a", 64), false}, {"Logs", false}, {"my_bucket", false}, {"-logs", false}, {"logs-", false},
		{".logs", false}, {"a..b", false}, {"192.168.5.4", false}, {"xn--logs", false}, {"sthree-logs", false}, {"logs-s3alias", false},
		{"logs--ol-s3", false}, {"logs--x-s3", false}, {"", false}, {"logs/x", false},
	} {
		if got := validBucketName(tt.name); got != tt.ok {
			t.Errorf("%q is valid: %t", tt.name, got)
		}
	}
}

func TestABucketLiesWhereItIsPut(t *testing.T) {
	for _, tt := range []struct {
		region, constraint string
		want, code         string
	}{
		{"us-east-1", "", "us-east-1", ""},
		{"us-east-1", "eu-west-1", "eu-west-1", ""},
		{"us-east-1", "EU", "eu-west-1", ""},
		{"us-east-1", "us-east-1", "", "InvalidLocationConstraint"},
		{"us-east-1", "mars-1", "", "InvalidLocationConstraint"},
		{"us-west-2", "us-west-2", "us-west-2", ""},
		{"us-west-2", "", "", "IllegalLocationConstraintException"},
		{"us-west-2", "eu-west-1", "", "IllegalLocationConstraintException"},
	} {
		c := &s3api.CreateBucketConfiguration{LocationConstraint: given(s3api.BucketLocationConstraint(tt.constraint))}
		got, err := location(tt.region, c)
		if got != tt.want || (tt.code != "") != (err != nil) || err != nil && !isError(err, tt.code) {
			t.Errorf("%s, constraint %q: %q, %v", tt.region, tt.constraint, got, err)
		}
	}
	if _, err := location("us-west-2", nil); !isError(err, "IllegalLocationConstraintException") {
		t.Errorf("without a configuration: %v", err)
	}
}

func TestANewBucketIsClosedAndEncrypted(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	block, err := b.GetPublicAccessBlock(b.ctx, &s3api.GetPublicAccessBlockRequest{Bucket: "logs"})
	b.ok(err)
	c := block.PublicAccessBlockConfiguration
	b.same("block", []bool{*c.BlockPublicAcls, *c.IgnorePublicAcls, *c.BlockPublicPolicy, *c.RestrictPublicBuckets}, []bool{true, true, true, true})
	owner, err := b.GetBucketOwnershipControls(b.ctx, &s3api.GetBucketOwnershipControlsRequest{Bucket: "logs"})
	b.ok(err)
	b.same("ownership", owner.OwnershipControls.Rules[0].ObjectOwnership, "BucketOwnerEnforced")
	crypt, err := b.GetBucketEncryption(b.ctx, &s3api.GetBucketEncryptionRequest{Bucket: "logs"})
	b.ok(err)
	rules := crypt.ServerSideEncryptionConfiguration.Rules
	if len(rules) != 1 || rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm != "AES256" || rules[0].ApplyServerSideEncryptionByDefault.KMSMasterKeyID != nil || *rules[0].BucketKeyEnabled {
		t.Errorf("rules %+v", rules)
	}
	versioning, err := b.GetBucketVersioning(b.ctx, &s3api.GetBucketVersioningRequest{Bucket: "logs"})
	b.ok(err)
	b.same("versioning", versioning.Status, (*s3api.BucketVersioningStatus)(nil))
	head, err := b.HeadBucket(b.ctx, &s3api.HeadBucketRequest{Bucket: "logs"})
	b.ok(err)
	b.same("region", *head.BucketRegion, region)
	where, err := b.GetBucketLocation(b.ctx, &s3api.GetBucketLocationRequest{Bucket: "logs"})
	b.ok(err)
	b.same("location", *where.LocationConstraint, region)
	list, err := b.GetBucketAcl(b.ctx, &s3api.GetBucketAclRequest{Bucket: "logs"})
	b.ok(err)
	if len(list.Grants) != 1 || *list.Grants[0].Grantee.ID != CanonicalID(account) || *list.Grants[0].Permission != "FULL_CONTROL" {
		t.Errorf("grants %+v", list.Grants)
	}
}

func TestABucketNameIsTakenOnce(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	again := &s3api.CreateBucketRequest{Bucket: "logs", CreateBucketConfiguration: &s3api.CreateBucketConfiguration{LocationConstraint: new(s3api.BucketLocationConstraint(region))}}
	_, err := b.CreateBucket(b.ctx, again)
	e := b.code(err, "BucketAlreadyOwnedByYou")
	b.field(e, "BucketName", "logs")
	_, err = b.CreateBucket(rootOf(stranger), again)
	e = b.code(err, "BucketAlreadyExists")
	if e.Status != 409 {
		t.Errorf("status %d", e.Status)
	}
	_, err = b.CreateBucket(b.ctx, &s3api.CreateBucketRequest{Bucket: "Bad"})
	b.fails(err, "InvalidBucketName", "The specified bucket is not valid.")
}

func TestInTheFirstRegionABucketCanBeCreatedAgain(t *testing.T) {
	b := newBench(t)
	ctx := b.user(account, "amy", allow("s3:*", "*"))
	first := callerIn(ctx, "us-east-1")
	for range 2 {
		out, err := b.CreateBucket(first, &s3api.CreateBucketRequest{Bucket: "logs"})
		b.ok(err)
		b.same("location", *out.Location, "/logs")
	}
	_, err := b.tryPut(callerIn(b.ctx, "us-east-1"), "logs", "kept", "x")
	b.ok(err)
	_, err = b.CreateBucket(first, &s3api.CreateBucketRequest{Bucket: "logs"})
	b.ok(err)
	list, err := b.ListObjectsV2(first, &s3api.ListObjectsV2Request{Bucket: "logs"})
	b.ok(err)
	b.same("kept", *list.KeyCount, 1)
	_, err = b.CreateBucket(ctx, &s3api.CreateBucketRequest{Bucket: "logs", CreateBucketConfiguration: &s3api.CreateBucketConfiguration{LocationConstraint: new(s3api.BucketLocationConstraint(region))}})
	b.code(err, "BucketAlreadyOwnedByYou")
	where, err := b.GetBucketLocation(first, &s3api.GetBucketLocationRequest{Bucket: "logs"})
	b.ok(err)
	if where.LocationConstraint != nil {
		t.Errorf("us-east-1 is shown as %s", *where.LocationConstraint)
	}
}

func TestOnlyAnEmptyBucketIsDeleted(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "a", "1")
	_, err := b.DeleteBucket(b.ctx, &s3api.DeleteBucketRequest{Bucket: "logs"})
	b.fails(err, "BucketNotEmpty", "The bucket you tried to delete is not empty")
	_, err = b.DeleteObject(b.ctx, &s3api.DeleteObjectRequest{Bucket: "logs", Key: "a"})
	b.ok(err)
	up, err := b.CreateMultipartUpload(b.ctx, &s3api.CreateMultipartUploadRequest{Bucket: "logs", Key: "b"})
	b.ok(err)
	_, err = b.UploadPart(b.ctx, &s3api.UploadPartRequest{Bucket: "logs", Key: "b", UploadId: *up.UploadId, PartNumber: 1, Body: bodyOf("x")})
	b.ok(err)
	_, err = b.DeleteBucket(b.ctx, &s3api.DeleteBucketRequest{Bucket: "logs"})
	b.ok(err)
	if n := b.blobs(); n != 0 {
		t.Errorf("%d blobs are left", n)
	}
	_, err = b.HeadBucket(b.ctx, &s3api.HeadBucketRequest{Bucket: "logs"})
	e := b.fails(err, "NoSuchBucket", "The specified bucket does not exist")
	b.field(e, "BucketName", "logs")
}

func TestBucketsAreListedByAccountInPages(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"logs-c", "logs-a", "other", "logs-b"} {
		b.bucket(name)
	}
	var seen []string
	in := &s3api.ListBucketsRequest{MaxBuckets: new(int32(2)), Prefix: new("logs-")}
	for {
		out, err := b.ListBuckets(b.ctx, in)
		b.ok(err)
		for _, e := range out.Buckets {
			seen = append(seen, *e.Name+" "+*e.BucketRegion)
		}
		if in.ContinuationToken = out.ContinuationToken; in.ContinuationToken == nil {
			break
		}
	}
	b.same("buckets", seen, []string{"logs-a us-west-2", "logs-b us-west-2", "logs-c us-west-2"})
	out, err := b.ListBuckets(rootOf(stranger), &s3api.ListBucketsRequest{})
	b.ok(err)
	b.same("of another account", len(out.Buckets), 0)
	_, err = b.ListBuckets(b.ctx, &s3api.ListBucketsRequest{ContinuationToken: new("x")})
	b.code(err, "InvalidArgument")
	_, err = b.ListBuckets(nobody(), &s3api.ListBucketsRequest{})
	b.fails(err, "AccessDenied", "Access Denied")
}

func TestTheExpectedOwnerMustBeTheOwner(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	_, err := b.HeadBucket(b.ctx, &s3api.HeadBucketRequest{Bucket: "logs", ExpectedBucketOwner: new(account)})
	b.ok(err)
	_, err = b.HeadBucket(b.ctx, &s3api.HeadBucketRequest{Bucket: "logs", ExpectedBucketOwner: new(stranger)})
	b.fails(err, "AccessDenied", "Access Denied")
	if !arn.ValidRegion(region) {
		t.Error("the tests' Region does not exist")
	}
}
