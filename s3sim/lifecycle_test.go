package s3sim

import (
	"testing"
	"time"

	"sealstack/api/s3api"
)

const day = 24 * time.Hour

func (b *bench) rules(rules ...s3api.LifecycleRule) error {
	_, err := b.PutBucketLifecycleConfiguration(b.ctx, &s3api.PutBucketLifecycleConfigurationRequest{
		Bucket: "logs", LifecycleConfiguration: &s3api.BucketLifecycleConfiguration{Rules: rules},
	})
	return err
}

func expire(days int32, filter *s3api.LifecycleRuleFilter) s3api.LifecycleRule {
	return s3api.LifecycleRule{ID: new("r"), Status: "Enabled", Filter: filter, Expiration: &s3api.LifecycleExpiration{Days: &days}}
}

func TestObjectsExpireAtTheMidnightAfter(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.ok(b.rules(expire(1, &s3api.LifecycleRuleFilter{Prefix: new("tmp/")})))
	out := b.put("logs", "tmp/a", "x")
	b.same("header of the write", *out.Expiration, `expiry-date="Mon, 23 Nov 2026 00:00:00 GMT", rule-id="r"`)
	b.put("logs", "kept", "x")
	b.same("header", *b.head("logs", "tmp/a").Expiration, `expiry-date="Mon, 23 Nov 2026 00:00:00 GMT", rule-id="r"`)
	if b.head("logs", "kept").Expiration != nil {
		t.Error("an object that no rule covers expires")
	}
	b.advance(36*time.Hour - time.Second)
	b.same("before", b.names("logs"), "kept tmp/a")
	b.advance(time.Second)
	b.same("after", b.names("logs"), "kept")
	b.same("blobs", b.blobs(), 1)
}

func TestWhichObjectsARuleCovers(t *testing.T) {
	v := &version{Key: "a/b", Size: 100, Tags: map[string]string{"t": "1", "u": "2"}}
	for name, tt := range map[string]struct {
		rule s3api.LifecycleRule
		want bool
	}{
		"all":            {expire(1, &s3api.LifecycleRuleFilter{}), true},
		"off":            {s3api.LifecycleRule{Status: "Disabled", Filter: &s3api.LifecycleRuleFilter{}}, false},
		"old prefix":     {s3api.LifecycleRule{Status: "Enabled", Prefix: new("a/")}, true},
		"other prefix":   {s3api.LifecycleRule{Status: "Enabled", Prefix: new("b/")}, false},
		"prefix":         {expire(1, &s3api.LifecycleRuleFilter{Prefix: new("a")}), true},
		"no such prefix": {expire(1, &s3api.LifecycleRuleFilter{Prefix: new("x")}), false},
		"tag":            {expire(1, &s3api.LifecycleRuleFilter{Tag: &s3api.Tag{Key: "t", Value: "1"}}), true},
		"other tag":      {expire(1, &s3api.LifecycleRuleFilter{Tag: &s3api.Tag{Key: "t", Value: "2"}}), false},
		"larger":         {expire(1, &s3api.LifecycleRuleFilter{ObjectSizeGreaterThan: new(int64(99))}), true},
		"not larger":     {expire(1, &s3api.LifecycleRuleFilter{ObjectSizeGreaterThan: new(int64(100))}), false},
		"not smaller":    {expire(1, &s3api.LifecycleRuleFilter{ObjectSizeLessThan: new(int64(100))}), false},
		"and": {expire(1, &s3api.LifecycleRuleFilter{And: &s3api.LifecycleRuleAndOperator{
			Prefix: new("a"), Tags: []s3api.Tag{{Key: "t", Value: "1"}, {Key: "u", Value: "2"}}}}), true},
		"and not": {expire(1, &s3api.LifecycleRuleFilter{And: &s3api.LifecycleRuleAndOperator{
			Prefix: new("a"), Tags: []s3api.Tag{{Key: "t", Value: "1"}, {Key: "u", Value: "3"}}}}), false},
	} {
		if got := about(&tt.rule, v); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestVersionsExpireTwice(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.versioning("logs", "Enabled")
	rule := expire(1, &s3api.LifecycleRuleFilter{})
	rule.NoncurrentVersionExpiration = &s3api.NoncurrentVersionExpiration{NoncurrentDays: new(int32(3))}
	b.ok(b.rules(rule))
	one := b.put("logs", "k", "x")
	b.advance(2 * day)
	b.same("hidden", b.names("logs"), "")
	b.reads("logs", "k", "x", version1(one.VersionId))
	b.advance(4 * day)
	_, _, err := b.tryGet(b.ctx, "logs", "k", version1(one.VersionId))
	b.code(err, "NoSuchVersion")
	b.advance(day)
	all, err := b.ListObjectVersions(b.ctx, &s3api.ListObjectVersionsRequest{Bucket: "logs"})
	b.ok(err)
	b.same("all gone", []int{len(all.Versions), len(all.DeleteMarkers), b.blobs()}, []int{0, 0, 0})
}

func TestNewerVersionsCanBeKept(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.versioning("logs", "Enabled")
	rule := s3api.LifecycleRule{ID: new("r"), Status: "Enabled", Filter: &s3api.LifecycleRuleFilter{},
		NoncurrentVersionExpiration: &s3api.NoncurrentVersionExpiration{NoncurrentDays: new(int32(1)), NewerNoncurrentVersions: new(int32(2))}}
	b.ok(b.rules(rule))
	for range 5 {
		b.put("logs", "k", "x")
	}
	b.advance(3 * day)
	all, err := b.ListObjectVersions(b.ctx, &s3api.ListObjectVersionsRequest{Bucket: "logs"})
	b.ok(err)
	b.same("versions", len(all.Versions), 3)
}

func TestUploadsAreAborted(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.ok(b.rules(s3api.LifecycleRule{ID: new("abort"), Status: "Enabled", Filter: &s3api.LifecycleRuleFilter{}, AbortIncompleteMultipartUpload: &s3api.AbortIncompleteMultipartUpload{DaysAfterInitiation: new(int32(2))}}))
	out, err := b.CreateMultipartUpload(b.ctx, &s3api.CreateMultipartUploadRequest{Bucket: "logs", Key: "k"})
	b.ok(err)
	b.same("announced", []any{*out.AbortDate, *out.AbortRuleId}, []any{time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), "abort"})
	m := &mpu{bench: b, id: *out.UploadId}
	m.part(1, "x", "")
	b.advance(3 * day)
	_, err = m.finish()
	b.code(err, "NoSuchUpload")
	b.same("blobs", b.blobs(), 0)
}

func TestNewRulesAreLookedAtTheSameDay(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "x")
	b.ok(b.rules(expire(30, &s3api.LifecycleRuleFilter{})))
	b.advance(10 * day)
	b.same("kept", b.names("logs"), "k")
	b.ok(b.rules(expire(5, &s3api.LifecycleRuleFilter{})))
	b.advance(time.Second)
	b.same("gone", b.names("logs"), "")
}

func TestALockOutlastsARule(t *testing.T) {
	b := newBench(t)
	b.bucket("logs", func(in *s3api.CreateBucketRequest) { in.ObjectLockEnabledForBucket = new(true) })
	rule := s3api.LifecycleRule{ID: new("r"), Status: "Enabled", Filter: &s3api.LifecycleRuleFilter{}, NoncurrentVersionExpiration: &s3api.NoncurrentVersionExpiration{NoncurrentDays: new(int32(1))}}
	b.ok(b.rules(rule))
	held := b.put("logs", "k", "x", func(in *s3api.PutObjectRequest) {
		in.ObjectLockLegalHoldStatus = new(s3api.ObjectLockLegalHoldStatusOn)
	})
	b.put("logs", "k", "y")
	b.advance(5 * day)
	b.reads("logs", "k", "x", version1(held.VersionId))
}

func TestRulesThatCantBe(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	all := &s3api.LifecycleRuleFilter{}
	for name, tt := range map[string]struct {
		rule s3api.LifecycleRule
		code string
	}{
		"no status":    {s3api.LifecycleRule{Filter: all, Expiration: &s3api.LifecycleExpiration{Days: new(int32(1))}}, "MalformedXML"},
		"no filter":    {expire(1, nil), "MalformedXML"},
		"two prefixes": {s3api.LifecycleRule{Status: "Enabled", Prefix: new(""), Filter: all, Expiration: &s3api.LifecycleExpiration{Days: new(int32(1))}}, "MalformedXML"},
		"no action":    {s3api.LifecycleRule{Status: "Enabled", Filter: all}, "InvalidRequest"},
		"no days":      {expire(0, all), "InvalidArgument"},
		"not midnight": {s3api.LifecycleRule{Status: "Enabled", Filter: all, Expiration: &s3api.LifecycleExpiration{Date: &start}}, "InvalidArgument"},
		"nothing said": {s3api.LifecycleRule{Status: "Enabled", Filter: all, Expiration: &s3api.LifecycleExpiration{}}, "MalformedXML"},
	} {
		if err := b.rules(tt.rule); !isError(err, tt.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.code(b.rules(expire(1, all), expire(2, all)), "InvalidArgument")
	b.code(b.rules(), "MalformedXML")
	_, err := b.GetBucketLifecycleConfiguration(b.ctx, &s3api.GetBucketLifecycleConfigurationRequest{Bucket: "logs"})
	b.fails(err, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
	rule := expire(1, all)
	rule.ID = nil
	b.ok(b.rules(rule))
	out, err := b.GetBucketLifecycleConfiguration(b.ctx, &s3api.GetBucketLifecycleConfigurationRequest{Bucket: "logs"})
	b.ok(err)
	b.same("named", []any{len(out.Rules), *out.Rules[0].ID != "", *out.TransitionDefaultMinimumObjectSize}, []any{1, true, "all_storage_classes_128K"})
	_, err = b.DeleteBucketLifecycle(b.ctx, &s3api.DeleteBucketLifecycleRequest{Bucket: "logs"})
	b.ok(err)
}
