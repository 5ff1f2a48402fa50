package s3sim

import (
	"testing"
	"time"

	"sealstack/api/s3api"
)

func stored(class s3api.StorageClass) putOption {
	return func(in *s3api.PutObjectRequest) { in.StorageClass = &class }
}

func (b *bench) restore(key string, days int32, tier s3api.Tier) (int32, error) {
	in := &s3api.RestoreObjectRequest{Bucket: "logs", Key: key, RestoreRequest: &s3api.RestoreRequest{Days: &days}}
	if tier != "" {
		in.RestoreRequest.GlacierJobParameters = &s3api.GlacierJobParameters{Tier: tier}
	}
	out, err := b.RestoreObject(b.ctx, in)
	if err != nil {
		return 0, err
	}
	return *out.StatusCode, nil
}

// restoreHeader is x-amz-restore of HEAD.
func (b *bench) restoreHeader(key string) string { return value(b.head("logs", key).Restore) }

const notReadable = "The operation is not valid for the object's storage class"

func TestAnArchivedObjectIsReadableWhileItIsRestored(t *testing.T) {
	for _, tt := range []struct {
		class s3api.StorageClass
		tier  s3api.Tier
		takes time.Duration
		until string // of two days, begun on Saturday at noon
	}{
		{"GLACIER", "Expedited", 5 * time.Minute, "Tue, 24 Nov 2026 00:00:00 GMT"},
		{"GLACIER", "", 5 * time.Hour, "Tue, 24 Nov 2026 00:00:00 GMT"},
		{"GLACIER", "Bulk", 12 * time.Hour, "Wed, 25 Nov 2026 00:00:00 GMT"},
		{"DEEP_ARCHIVE", "Standard", 12 * time.Hour, "Wed, 25 Nov 2026 00:00:00 GMT"},
		{"DEEP_ARCHIVE", "Bulk", 48 * time.Hour, "Thu, 26 Nov 2026 00:00:00 GMT"},
	} {
		b := newBench(t)
		b.bucket("logs")
		b.put("logs", "k", "text", stored(tt.class))
		_, _, err := b.tryGet(b.ctx, "logs", "k")
		b.field(b.fails(err, "InvalidObjectState", notReadable), "StorageClass", string(tt.class))
		b.same("before", []any{b.restoreHeader("k"), *b.head("logs", "k").StorageClass}, []any{"", tt.class})
		status, err := b.restore("k", 2, tt.tier)
		b.ok(err)
		b.same("status", status, 202)
		b.advance(tt.takes - time.Second)
		b.same("meanwhile", b.restoreHeader("k"), `ongoing-request="true"`)
		_, _, err = b.tryGet(b.ctx, "logs", "k")
		b.code(err, "InvalidObjectState")
		b.advance(time.Second)
		b.same("restored", b.restoreHeader("k"), `ongoing-request="false", expiry-date="`+tt.until+`"`)
		b.same("class", *b.reads("logs", "k", "text").StorageClass, tt.class)
		gone, err := time.Parse(time.RFC1123, tt.until)
		b.ok(err)
		b.advance(gone.Sub(b.clock.Now()) - time.Second)
		b.reads("logs", "k", "text")
		b.advance(time.Second)
		_, _, err = b.tryGet(b.ctx, "logs", "k")
		b.code(err, "InvalidObjectState")
		b.same("after", b.restoreHeader("k"), "")
	}
}

func TestARestoreCanBeHastenedAndKeptForLonger(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "text", stored("GLACIER"))
	_, err := b.restore("k", 1, "Bulk")
	b.ok(err)
	for _, tier := range []s3api.Tier{"Bulk", "Standard", "Standard"} {
		_, err = b.restore("k", 9, tier)
		if tier == "Standard" {
			break
		}
		e := b.fails(err, "RestoreAlreadyInProgress", "Object restore is already in progress")
		b.same("status", e.Status, 409)
	}
	b.ok(err)
	_, err = b.restore("k", 9, "Standard")
	b.code(err, "RestoreAlreadyInProgress")
	b.advance(5 * time.Hour)
	b.same("the days of the first request", b.restoreHeader("k"), `ongoing-request="false", expiry-date="Mon, 23 Nov 2026 00:00:00 GMT"`)
	status, err := b.restore("k", 3, "")
	b.ok(err)
	b.same("status", status, 200)
	b.same("longer", b.restoreHeader("k"), `ongoing-request="false", expiry-date="Wed, 25 Nov 2026 00:00:00 GMT"`)
	list, err := b.ListObjectsV2(b.ctx, &s3api.ListObjectsV2Request{Bucket: "logs", OptionalObjectAttributes: []s3api.OptionalObjectAttributes{"RestoreStatus"}})
	b.ok(err)
	b.same("list", []any{*list.Contents[0].RestoreStatus.IsRestoreInProgress, *list.Contents[0].RestoreStatus.RestoreExpiryDate},
		[]any{false, time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)})
}

func TestRestoringHasItsErrors(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "plain", "x")
	b.put("logs", "cold", "x", stored("GLACIER_IR"))
	b.put("logs", "k", "x", stored("GLACIER"))
	b.put("logs", "deep", "x", stored("DEEP_ARCHIVE"))
	for _, key := range []string{"plain", "cold"} {
		_, err := b.restore(key, 1, "")
		b.same("status", b.fails(err, "InvalidObjectState", "Restore is not allowed for the object's current storage class").Status, 403)
		b.reads("logs", key, "x")
	}
	for name, tt := range map[string]struct {
		key, code string
		request   *s3api.RestoreRequest
	}{
		"no key":      {"none", "NoSuchKey", &s3api.RestoreRequest{Days: new(int32(1))}},
		"no document": {"k", "MalformedXML", nil},
		"no days":     {"k", "MalformedXML", &s3api.RestoreRequest{Tier: new(s3api.TierBulk)}},
		"zero days":   {"k", "InvalidArgument", &s3api.RestoreRequest{Days: new(int32(0))}},
		"a tier":      {"k", "InvalidArgument", &s3api.RestoreRequest{Days: new(int32(1)), Tier: new(s3api.Tier("Now"))}},
		"too fast":    {"deep", "InvalidArgument", &s3api.RestoreRequest{Days: new(int32(1)), Tier: new(s3api.TierExpedited)}},
		"a query":     {"k", "MethodNotAllowed", &s3api.RestoreRequest{Type: new(s3api.RestoreRequestTypeSelect)}},
	} {
		_, err := b.RestoreObject(b.ctx, &s3api.RestoreObjectRequest{Bucket: "logs", Key: tt.key, RestoreRequest: tt.request})
		if !isError(err, tt.code) {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
	amy := b.user(account, "amy", allow("s3:GetObject s3:PutObject", "*"))
	_, err := b.RestoreObject(amy, &s3api.RestoreObjectRequest{Bucket: "logs", Key: "k", RestoreRequest: &s3api.RestoreRequest{Days: new(int32(1))}})
	b.code(err, "AccessDenied")
	b.same("nothing began", b.restoreHeader("k"), "")
}

func TestACopyOfAnArchivedObjectTakesARestore(t *testing.T) {
	b := newBench(t, func(c *Config) { c.RestoreAtOnce = true })
	b.bucket("logs")
	b.put("logs", "k", "text", stored("DEEP_ARCHIVE"))
	in := &s3api.CopyObjectRequest{Bucket: "logs", Key: "copy", CopySource: "logs/k"}
	_, err := b.CopyObject(b.ctx, in)
	b.fails(err, "InvalidObjectState", "Operation is not valid for the source object's storage class")
	_, err = b.restore("k", 1, "Bulk")
	b.ok(err)
	_, err = b.CopyObject(b.ctx, in)
	b.ok(err)
	b.reads("logs", "copy", "text")
	if class := b.head("logs", "copy").StorageClass; class != nil {
		t.Errorf("the copy is in %s", *class)
	}
}
