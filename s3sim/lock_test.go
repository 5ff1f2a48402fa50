package s3sim

import (
	"testing"
	"time"

	"sealstack/api/s3api"
)

func locked(b *bench) {
	b.t.Helper()
	b.bucket("logs", func(in *s3api.CreateBucketRequest) { in.ObjectLockEnabledForBucket = new(true) })
}

func retain(mode s3api.ObjectLockMode, until time.Time) putOption {
	return func(in *s3api.PutObjectRequest) {
		in.ObjectLockMode, in.ObjectLockRetainUntilDate = &mode, &until
	}
}

func (b *bench) tryDelete(id *string, bypass bool) error {
	_, err := b.DeleteObject(b.ctx, &s3api.DeleteObjectRequest{Bucket: "logs", Key: "k", VersionId: id, BypassGovernanceRetention: given(bypass)})
	return err
}

func TestARetainedVersionCantBeDeleted(t *testing.T) {
	const sentence = "Access Denied because object protected by object lock."
	for _, tt := range []struct {
		mode   s3api.ObjectLockMode
		bypass bool // is enough
	}{{"GOVERNANCE", true}, {"COMPLIANCE", false}} {
		b := newBench(t)
		locked(b)
		out := b.put("logs", "k", "x", retain(tt.mode, start.Add(time.Hour)))
		head := b.head("logs", "k")
		b.same("head", []any{*head.ObjectLockMode, *head.ObjectLockRetainUntilDate}, []any{tt.mode, start.Add(time.Hour)})
		b.fails(b.tryDelete(out.VersionId, false), "AccessDenied", sentence)
		if err := b.tryDelete(out.VersionId, true); (err == nil) != tt.bypass {
			t.Errorf("%s: %v", tt.mode, err)
		}
		out = b.put("logs", "k", "x", retain(tt.mode, start.Add(time.Hour)))
		b.ok(b.tryDelete(nil, false))
		b.reads("logs", "k", "x", version1(out.VersionId))
		b.advance(time.Hour)
		b.ok(b.tryDelete(out.VersionId, false))
	}
}

func TestALegalHoldHoldsUntilItIsLifted(t *testing.T) {
	b := newBench(t)
	locked(b)
	out := b.put("logs", "k", "x")
	hold := func(s s3api.ObjectLockLegalHoldStatus) {
		_, err := b.PutObjectLegalHold(b.ctx, &s3api.PutObjectLegalHoldRequest{Bucket: "logs", Key: "k", LegalHold: &s3api.ObjectLockLegalHold{Status: &s}})
		b.ok(err)
	}
	_, err := b.GetObjectLegalHold(b.ctx, &s3api.GetObjectLegalHoldRequest{Bucket: "logs", Key: "k"})
	b.fails(err, "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration")
	hold("ON")
	got, err := b.GetObjectLegalHold(b.ctx, &s3api.GetObjectLegalHoldRequest{Bucket: "logs", Key: "k"})
	b.ok(err)
	b.same("status", *got.LegalHold.Status, "ON")
	b.advance(10000 * time.Hour)
	b.code(b.tryDelete(out.VersionId, true), "AccessDenied")
	hold("OFF")
	b.same("lifted", *b.head("logs", "k").ObjectLockLegalHoldStatus, "OFF")
	b.ok(b.tryDelete(out.VersionId, false))
}

func TestAHoldThatWasEverNamedIsShown(t *testing.T) {
	b := newBench(t)
	locked(b)
	for _, status := range []s3api.ObjectLockLegalHoldStatus{"ON", "OFF"} {
		b.put("logs", "k", "x", func(in *s3api.PutObjectRequest) { in.ObjectLockLegalHoldStatus = &status })
		out, err := b.GetObjectLegalHold(b.ctx, &s3api.GetObjectLegalHoldRequest{Bucket: "logs", Key: "k"})
		b.ok(err)
		b.same("status", *out.LegalHold.Status, status)
	}
	b.put("logs", "k", "x", retain("GOVERNANCE", start.Add(time.Hour)))
	if b.head("logs", "k").ObjectLockLegalHoldStatus != nil {
		t.Error("a retention shows a hold")
	}
}

func TestOnlyLockedBucketsLetGovernanceBeBypassed(t *testing.T) {
	const sentence = "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets."
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "x")
	b.field(b.fails(b.tryDelete(nil, true), "InvalidArgument", sentence), "ArgumentName", "x-amz-bypass-governance-retention")
	in := &s3api.DeleteObjectsRequest{Bucket: "logs", BypassGovernanceRetention: new(true), Delete: s3api.Delete{Objects: []s3api.ObjectIdentifier{{Key: "k"}}}}
	_, err := b.DeleteObjects(b.ctx, in)
	b.fails(err, "InvalidArgument", sentence)
	ann := b.user(account, "ann", allow("s3:DeleteObject", "*"))
	_, err = b.DeleteObject(ann, &s3api.DeleteObjectRequest{Bucket: "logs", Key: "k", BypassGovernanceRetention: new(true)})
	b.code(err, "AccessDenied")
	b.reads("logs", "k", "x")
}

func TestARetentionCanOnlyGrow(t *testing.T) {
	b := newBench(t)
	locked(b)
	put := func(mode s3api.ObjectLockRetentionMode, hours int, bypass bool) error {
		r := &s3api.ObjectLockRetention{}
		if mode != "" {
			r.Mode, r.RetainUntilDate = &mode, new(start.Add(time.Duration(hours)*time.Hour))
		}
		_, err := b.PutObjectRetention(b.ctx, &s3api.PutObjectRetentionRequest{Bucket: "logs", Key: "k", Retention: r, BypassGovernanceRetention: given(bypass)})
		return err
	}
	b.put("logs", "k", "x")
	_, err := b.GetObjectRetention(b.ctx, &s3api.GetObjectRetentionRequest{Bucket: "logs", Key: "k"})
	b.code(err, "NoSuchObjectLockConfiguration")
	b.ok(put("GOVERNANCE", 2, false))
	b.ok(put("GOVERNANCE", 3, false))
	b.code(put("GOVERNANCE", 1, false), "AccessDenied")
	b.code(put("", 0, false), "AccessDenied")
	b.ok(put("GOVERNANCE", 1, true))
	b.ok(put("COMPLIANCE", 2, false))
	b.code(put("COMPLIANCE", 1, true), "AccessDenied")
	b.code(put("GOVERNANCE", 5, true), "AccessDenied")
	b.ok(put("COMPLIANCE", 5, false))
	b.code(put("GOVERNANCE", -1, true), "InvalidArgument")
	out, err := b.GetObjectRetention(b.ctx, &s3api.GetObjectRetentionRequest{Bucket: "logs", Key: "k"})
	b.ok(err)
	b.same("retention", []any{*out.Retention.Mode, *out.Retention.RetainUntilDate}, []any{"COMPLIANCE", start.Add(5 * time.Hour)})
}

func TestABucketRetainsByDefault(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	set := func(d *s3api.DefaultRetention) error {
		_, err := b.PutObjectLockConfiguration(b.ctx, &s3api.PutObjectLockConfigurationRequest{Bucket: "logs", ObjectLockConfiguration: &s3api.ObjectLockConfiguration{
			ObjectLockEnabled: new(s3api.ObjectLockEnabledEnabled), Rule: &s3api.ObjectLockRule{DefaultRetention: d},
		}})
		return err
	}
	days := &s3api.DefaultRetention{Mode: new(s3api.ObjectLockRetentionModeCompliance), Days: new(int32(2))}
	_, err := b.GetObjectLockConfiguration(b.ctx, &s3api.GetObjectLockConfigurationRequest{Bucket: "logs"})
	b.fails(err, "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket")
	b.code(set(days), "InvalidBucketState")
	b.versioning("logs", "Enabled")
	b.code(set(&s3api.DefaultRetention{Mode: days.Mode}), "MalformedXML")
	b.code(set(&s3api.DefaultRetention{Mode: days.Mode, Days: new(int32(0))}), "InvalidArgument")
	b.code(set(&s3api.DefaultRetention{Mode: days.Mode, Days: new(int32(36501))}), "InvalidArgument")
	b.code(set(&s3api.DefaultRetention{Mode: days.Mode, Years: new(int32(101))}), "InvalidArgument")
	b.ok(set(&s3api.DefaultRetention{Mode: days.Mode, Years: new(int32(100))}))
	b.ok(set(days))
	b.put("logs", "k", "x")
	b.same("until", *b.head("logs", "k").ObjectLockRetainUntilDate, start.AddDate(0, 0, 2))
	_, err = b.PutBucketVersioning(b.ctx, &s3api.PutBucketVersioningRequest{Bucket: "logs", VersioningConfiguration: s3api.VersioningConfiguration{Status: new(s3api.BucketVersioningStatusSuspended)}})
	b.code(err, "InvalidBucketState")
}

func TestWithoutALockThereAreNoLocks(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	_, err := b.tryPut(b.ctx, "logs", "k", "x", retain("GOVERNANCE", start.Add(time.Hour)))
	b.fails(err, "InvalidRequest", "Bucket is missing Object Lock Configuration")
	b.put("logs", "k", "x")
	_, err = b.GetObjectLegalHold(b.ctx, &s3api.GetObjectLegalHoldRequest{Bucket: "logs", Key: "k"})
	b.code(err, "InvalidRequest")
	_, err = b.GetObjectRetention(b.ctx, &s3api.GetObjectRetentionRequest{Bucket: "logs", Key: "k"})
	b.code(err, "InvalidRequest")
}
