package s3sim

import (
	"testing"

	"sealstack/api/s3api"
)

func (b *bench) deleteKey(key string, id *string) *s3api.DeleteObjectOutput {
	b.t.Helper()
	out, err := b.DeleteObject(b.ctx, &s3api.DeleteObjectRequest{Bucket: "logs", Key: key, VersionId: id})
	b.ok(err)
	return out
}

func TestVersionsAreKept(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "zero")
	b.reads("logs", "k", "zero", version1(new("null")))
	b.versioning("logs", "Enabled")
	one, two := b.put("logs", "k", "one"), b.put("logs", "k", "two")
	if len(*one.VersionId) != 32 || *one.VersionId == *two.VersionId {
		t.Errorf("ids %s and %s", *one.VersionId, *two.VersionId)
	}
	b.reads("logs", "k", "two")
	got := b.reads("logs", "k", "one", version1(one.VersionId))
	b.same("id", *got.VersionId, *one.VersionId)
	b.reads("logs", "k", "zero", version1(new("null")))
	b.versioning("logs", "Suspended")
	three := b.put("logs", "k", "three")
	b.same("null again", *three.VersionId, "null")
	b.reads("logs", "k", "three", version1(new("null")))
	b.reads("logs", "k", "two", version1(two.VersionId))
	b.same("blobs", b.blobs(), 3)
	_, _, err := b.tryGet(b.ctx, "logs", "k", version1(new("nonsense")))
	b.fails(err, "InvalidArgument", "Invalid version id specified")
	_, _, err = b.tryGet(b.ctx, "logs", "k", version1(new(newVersionID())))
	b.fails(err, "NoSuchVersion", "The specified version does not exist.")
	_, _, err = b.tryGet(b.ctx, "logs", "k", version1(new("")))
	b.code(err, "InvalidArgument")
}

func TestAnUnversionedBucketSaysNothingOfVersions(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	out := b.put("logs", "k", "text")
	got := b.reads("logs", "k", "text")
	if out.VersionId != nil || got.VersionId != nil || b.deleteKey("k", nil).VersionId != nil || b.deleteKey("k", nil).DeleteMarker != nil {
		t.Error("a version is shown")
	}
}

func TestADeleteMarkerHidesAnObject(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.versioning("logs", "Enabled")
	one := b.put("logs", "k", "one")
	marker := b.deleteKey("k", nil)
	b.same("marker", *marker.DeleteMarker, true)
	_, _, err := b.tryGet(b.ctx, "logs", "k")
	e := b.fails(err, "NoSuchKey", "The specified key does not exist.")
	b.field(e, "header:x-amz-delete-marker", "true")
	b.field(e, "header:x-amz-version-id", *marker.VersionId)
	_, _, err = b.tryGet(b.ctx, "logs", "k", version1(marker.VersionId))
	e = b.fails(err, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	b.field(e, "ResourceType", "DeleteMarker")
	if e.Status != 405 {
		t.Errorf("status %d", e.Status)
	}
	b.reads("logs", "k", "one", version1(one.VersionId))
	b.same("names", b.names("logs"), "")
	_, err = b.DeleteBucket(b.ctx, &s3api.DeleteBucketRequest{Bucket: "logs"})
	b.fails(err, "BucketNotEmpty", "The bucket you tried to delete is not empty. You must delete all versions in the bucket.")
	gone := b.deleteKey("k", marker.VersionId)
	b.same("marker gone", []any{*gone.DeleteMarker, *gone.VersionId}, []any{true, *marker.VersionId})
	b.reads("logs", "k", "one")
	if out := b.deleteKey("k", one.VersionId); out.DeleteMarker != nil {
		t.Error("a version is called a marker")
	}
	b.deleteKey("k", one.VersionId)
	b.same("blobs", b.blobs(), 0)
	_, err = b.DeleteBucket(b.ctx, &s3api.DeleteBucketRequest{Bucket: "logs"})
	b.ok(err)
}

func TestMFADeleteTakesADevice(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	for mfa, code := range map[s3api.MFADelete]string{"Enabled": "AccessDenied", "Maybe": "MalformedXML", "Disabled": ""} {
		_, err := b.PutBucketVersioning(b.ctx, &s3api.PutBucketVersioningRequest{
			Bucket: "logs", MFA: new("arn:aws:iam::111122223333:mfa/root 123456"),
			VersioningConfiguration: s3api.VersioningConfiguration{Status: new(s3api.BucketVersioningStatusEnabled), MFADelete: &mfa},
		})
		if code == "" {
			b.ok(err)
			continue
		}
		b.code(err, code)
	}
	got, err := b.GetBucketVersioning(b.ctx, &s3api.GetBucketVersioningRequest{Bucket: "logs"})
	b.ok(err)
	if got.MFADelete != nil {
		t.Errorf("MFA delete is %s", *got.MFADelete)
	}
}

func TestASuspendedBucketReplacesItsNullVersion(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.versioning("logs", "Enabled")
	one := b.put("logs", "k", "one")
	b.versioning("logs", "Suspended")
	b.put("logs", "k", "null")
	marker := b.deleteKey("k", nil)
	b.same("marker", *marker.VersionId, "null")
	b.same("blobs", b.blobs(), 1)
	b.reads("logs", "k", "one", version1(one.VersionId))
	b.deleteKey("k", new("null"))
	b.reads("logs", "k", "one")
}

func TestAMarkerRefusesTheMethodOfTheCall(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.versioning("logs", "Enabled")
	out, err := b.DeleteObject(b.ctx, &s3api.DeleteObjectRequest{Bucket: "logs", Key: "k"})
	b.ok(err)
	for method, call := range map[string]func() error{
		"GET": func() error {
			_, err := b.GetObjectTagging(b.ctx, &s3api.GetObjectTaggingRequest{Bucket: "logs", Key: "k", VersionId: out.VersionId})
			return err
		},
		"PUT": func() error {
			_, err := b.PutObjectTagging(b.ctx, &s3api.PutObjectTaggingRequest{Bucket: "logs", Key: "k", VersionId: out.VersionId})
			return err
		},
		"DELETE": func() error {
			_, err := b.DeleteObjectTagging(b.ctx, &s3api.DeleteObjectTaggingRequest{Bucket: "logs", Key: "k", VersionId: out.VersionId})
			return err
		},
	} {
		e := b.fails(call(), "MethodNotAllowed", "The specified method is not allowed against this resource.")
		b.field(e, "Method", method)
		b.field(e, "ResourceType", "DeleteMarker")
	}
}

func TestAnIDThatCantBeIsNoVersionToABatch(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	out, err := b.DeleteObjects(b.ctx, &s3api.DeleteObjectsRequest{Bucket: "logs", Delete: s3api.Delete{Objects: []s3api.ObjectIdentifier{{Key: "k", VersionId: new("")}, {Key: "k", VersionId: new("short")}}}})
	b.ok(err)
	for _, e := range out.Errors {
		b.same("error", []any{*e.Code, *e.Message}, []any{"NoSuchVersion", "The specified version does not exist."})
	}
	b.same("errors", len(out.Errors), 2)
	_, err = b.DeleteObject(b.ctx, &s3api.DeleteObjectRequest{Bucket: "logs", Key: "k", VersionId: new("short")})
	b.fails(err, "InvalidArgument", "Invalid version id specified")
}

func TestManyObjectsAreDeletedAtOnce(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	for _, k := range []string{"a", "b", "c"} {
		b.put("logs", k, "x")
	}
	amy := b.user(account, "amy", allow("s3:*", "arn:aws:s3:::logs"), allow("s3:*", "arn:aws:s3:::logs/a"), allow("s3:*", "arn:aws:s3:::logs/n*"))
	in := &s3api.DeleteObjectsRequest{Bucket: "logs", Delete: s3api.Delete{Objects: []s3api.ObjectIdentifier{{Key: "a"}, {Key: "b"}, {Key: "none"}}}}
	out, err := b.DeleteObjects(amy, in)
	b.ok(err)
	b.same("answer", []any{len(out.Deleted), *out.Deleted[0].Key, *out.Deleted[1].Key, len(out.Errors), *out.Errors[0].Key, *out.Errors[0].Code}, []any{2, "a", "none", 1, "b", "AccessDenied"})
	in.Delete.Quiet = new(true)
	out, err = b.DeleteObjects(b.ctx, in)
	b.ok(err)
	b.same("quiet", []any{len(out.Deleted), len(out.Errors)}, []any{0, 0})
	b.same("left", b.names("logs"), "c")
	_, err = b.DeleteObjects(b.ctx, &s3api.DeleteObjectsRequest{Bucket: "logs"})
	b.code(err, "MalformedXML")
	_, err = b.DeleteObjects(b.ctx, &s3api.DeleteObjectsRequest{Bucket: "logs", Delete: s3api.Delete{Objects: make([]s3api.ObjectIdentifier, 1001)}})
	b.code(err, "MalformedXML")
}

func TestADeletionCanHaveConditions(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	tag := b.put("logs", "k", "text").ETag
	for _, in := range []*s3api.DeleteObjectRequest{{IfMatch: new("x")}, {IfMatchSize: new(int64(5))}, {IfMatchLastModifiedTime: new(start.Add(1))}} {
		in.Bucket, in.Key = "logs", "k"
		_, err := b.DeleteObject(b.ctx, in)
		b.code(err, "PreconditionFailed")
	}
	in := &s3api.DeleteObjectRequest{Bucket: "logs", Key: "k", IfMatch: tag}
	_, err := b.DeleteObject(b.ctx, in)
	b.ok(err)
	_, err = b.DeleteObject(b.ctx, in)
	b.code(err, "NoSuchKey")
}
