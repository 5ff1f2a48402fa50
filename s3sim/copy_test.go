package s3sim

import (
	"testing"
	"time"

	"sealstack/api/kmsapi"
	"sealstack/api/s3api"
	"sealstack/s3sim/checksum"
)

type copyOption = func(*s3api.CopyObjectRequest)

func (b *bench) tryCopy(from, to string, change ...copyOption) (*s3api.CopyObjectOutput, error) {
	in := &s3api.CopyObjectRequest{Bucket: "logs", Key: to, CopySource: "logs/" + from}
	for _, fn := range change {
		fn(in)
	}
	return b.CopyObject(b.ctx, in)
}

const toItself = "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."

func TestACopyChoosesItsEncryptionAnew(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "kms", "text", withKMS(keyARN), func(in *s3api.PutObjectRequest) { in.BucketKeyEnabled = new(true) })
	b.put("logs", "c", "text", putWith("a"))
	fromC := func(in *s3api.CopyObjectRequest) {
		in.CopySourceSSECustomerAlgorithm, in.CopySourceSSECustomerKey, in.CopySourceSSECustomerKeyMD5 = customer("a")
	}
	toC := func(in *s3api.CopyObjectRequest) {
		in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = customer("b")
	}
	toKMS := func(in *s3api.CopyObjectRequest) { in.ServerSideEncryption = new(sseKMS) }
	for _, tt := range []struct {
		from      string
		change    []copyOption
		kind, key string
		read      getOption
	}{
		{"kms", nil, "AES256", "", func(*s3api.GetObjectRequest) {}},
		{"kms", []copyOption{toKMS}, "aws:kms", s3Key, func(*s3api.GetObjectRequest) {}},
		{"kms", []copyOption{toC}, "", "", getWith("b")},
		{"c", []copyOption{fromC}, "AES256", "", func(*s3api.GetObjectRequest) {}},
		{"c", []copyOption{fromC, toC}, "", "", getWith("b")},
		{"c", []copyOption{fromC, toKMS}, "aws:kms", s3Key, func(*s3api.GetObjectRequest) {}},
	} {
		out, err := b.tryCopy(tt.from, "to", tt.change...)
		b.ok(err)
		b.same("answer", []any{value(out.ServerSideEncryption), value(out.SSEKMSKeyId), out.BucketKeyEnabled}, []any{tt.kind, tt.key, (*bool)(nil)})
		b.same("tag", *out.CopyObjectResult.ETag == etagOf("text"), tt.kind == "AES256")
		b.reads("logs", "to", "text", tt.read)
	}
	_, err := b.tryCopy("c", "to")
	b.code(err, "InvalidRequest")
}

func TestACopyOntoItselfMustChangeSomething(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "text")
	_, err := b.tryCopy("k", "k")
	b.fails(err, "InvalidRequest", toItself)
	for name, change := range map[string]copyOption{
		"metadata":      func(in *s3api.CopyObjectRequest) { in.MetadataDirective = new(s3api.MetadataDirectiveReplace) },
		"storage class": func(in *s3api.CopyObjectRequest) { in.StorageClass = new(s3api.StorageClassStandardIa) },
		"the same, said": func(in *s3api.CopyObjectRequest) {
			in.ServerSideEncryption = new(sseS3)
		},
		"redirect": func(in *s3api.CopyObjectRequest) { in.WebsiteRedirectLocation = new("/x") },
	} {
		if _, err := b.tryCopy("k", "k", change); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.put("logs", "kms", "text", withKMS(keyARN))
	out, err := b.tryCopy("kms", "kms")
	b.ok(err)
	b.same("from KMS to S3's", []string{string(*out.ServerSideEncryption), *out.CopyObjectResult.ETag}, []string{"AES256", etagOf("text")})
	b.ok(b.encryption("logs", ruleOf(sseS3, nil, nil)))
	_, err = b.tryCopy("k", "k")
	b.ok(err)
}

func TestWhatACopyTakesAlong(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "text", func(in *s3api.PutObjectRequest) {
		in.ContentType, in.Metadata, in.Tagging = new("a/b"), map[string]string{"m": "1"}, new("t=1")
		in.ChecksumSHA1 = sumText(checksum.SHA1, "text")
	})
	_, err := b.tryCopy("k", "same")
	b.ok(err)
	head := b.head("logs", "same")
	b.same("copied", []any{*head.ContentType, head.Metadata, *head.TagCount, *head.ChecksumSHA1}, []any{"a/b", map[string]string{"m": "1"}, 1, *sumText(checksum.SHA1, "text")})
	_, err = b.tryCopy("k", "other", func(in *s3api.CopyObjectRequest) {
		in.MetadataDirective, in.TaggingDirective = new(s3api.MetadataDirectiveReplace), new(s3api.TaggingDirectiveReplace)
		in.Metadata, in.ChecksumAlgorithm = map[string]string{"n": "2"}, new(s3api.ChecksumAlgorithmCrc32)
	})
	b.ok(err)
	head = b.head("logs", "other")
	b.same("replaced", []any{*head.ContentType, head.Metadata, head.TagCount, *head.ChecksumCRC32}, []any{"binary/octet-stream", map[string]string{"n": "2"}, (*int32)(nil), *sumText(checksum.CRC32, "text")})
}

func TestACopyOfPartsIsASingleObject(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	m := b.begin(algorithmOf(checksum.SHA256, ""))
	m.part(1, large, checksum.SHA256)
	m.part(2, "end", checksum.SHA256)
	_, err := m.finish()
	b.ok(err)
	out, err := b.tryCopy("k", "to")
	b.ok(err)
	b.same("result", []string{*out.CopyObjectResult.ETag, *out.CopyObjectResult.ChecksumSHA256, string(*out.CopyObjectResult.ChecksumType)},
		[]string{etagOf(m.text), *sumText(checksum.SHA256, m.text), "FULL_OBJECT"})
}

func TestTheSourceOfACopy(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.versioning("logs", "Enabled")
	first := b.put("logs", "a b/ü", "one")
	b.put("logs", "a b/ü", "two")
	out, err := b.tryCopy("a%20b/%C3%BC?versionId="+*first.VersionId, "to")
	b.ok(err)
	b.same("version", *out.CopySourceVersionId, *first.VersionId)
	b.reads("logs", "to", "one")
	for source, code := range map[string]string{
		"none": "NoSuchKey", "a%20b/%C3%BC?versionId=x": "InvalidArgument", "a%20b/%C3%BC?x=1": "InvalidArgument", "%zz": "InvalidArgument",
	} {
		_, err := b.tryCopy(source, "to")
		b.code(err, code)
	}
	_, err = b.CopyObject(b.ctx, &s3api.CopyObjectRequest{Bucket: "logs", Key: "to", CopySource: "nothing"})
	b.code(err, "InvalidArgument")
	_, err = b.CopyObject(b.ctx, &s3api.CopyObjectRequest{Bucket: "logs", Key: "to", CopySource: "none/k"})
	b.code(err, "NoSuchBucket")
	before := start.Add(-time.Hour)
	for condition, change := range map[string]copyOption{
		"x-amz-copy-source-If-Match":            func(in *s3api.CopyObjectRequest) { in.CopySourceIfMatch = new("x") },
		"x-amz-copy-source-If-None-Match":       func(in *s3api.CopyObjectRequest) { in.CopySourceIfNoneMatch = new(etagOf("one")) },
		"x-amz-copy-source-If-Modified-Since":   func(in *s3api.CopyObjectRequest) { in.CopySourceIfModifiedSince = &start },
		"x-amz-copy-source-If-Unmodified-Since": func(in *s3api.CopyObjectRequest) { in.CopySourceIfUnmodifiedSince = &before },
	} {
		_, err := b.tryCopy("to", "other", change)
		b.field(b.code(err, "PreconditionFailed"), "Condition", condition)
	}
}

func TestACopyTakesBothPermissions(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "text", withKMS(keyARN))
	in := &s3api.CopyObjectRequest{Bucket: "logs", Key: "to", CopySource: "logs/k"}
	reader := b.user(account, "reader", allow("s3:GetObject", "*"))
	_, err := b.CopyObject(reader, in)
	b.code(err, "AccessDenied")
	writer := b.user(account, "writer", allow("s3:PutObject", "*"))
	_, err = b.CopyObject(writer, in)
	b.code(err, "AccessDenied")
	both := b.user(account, "both", allow("s3:PutObject s3:GetObject", "*"))
	_, err = b.CopyObject(both, in)
	b.ok(err)
	b.keys.refused[keyARN] = kmsapi.Service.AccessDenied("no kms")
	_, err = b.CopyObject(both, in)
	b.fails(err, "AccessDenied", "no kms")
}
