package s3sim

import (
	"crypto/md5"
	"encoding/base64"
	"testing"

	"sealstack/api/s3api"
)

// shortKey are the headers of a key of 16 bytes with its right MD5.
func shortKey() (algorithm, key, sum *string) {
	raw := []byte("0123456789abcdef")
	digest := md5.Sum(raw)
	return new("AES256"), new(base64.StdEncoding.EncodeToString(raw)), new(base64.StdEncoding.EncodeToString(digest[:]))
}

func TestTheCustomersKeyOpensTheObject(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	first, second := b.put("logs", "k", "text", putWith("a")), b.put("logs", "k", "text", putWith("a"))
	_, _, sum := customer("a")
	b.same("answer", []any{*first.SSECustomerAlgorithm, *first.SSECustomerKeyMD5, first.ServerSideEncryption}, []any{"AES256", *sum, (*s3api.ServerSideEncryption)(nil)})
	if *first.ETag == *second.ETag || *first.ETag == etagOf("text") {
		t.Errorf("tags %s and %s", *first.ETag, *second.ETag)
	}
	got := b.reads("logs", "k", "text", getWith("a"))
	b.same("answer", []any{*got.SSECustomerAlgorithm, *got.SSECustomerKeyMD5, got.ServerSideEncryption}, []any{"AES256", *sum, (*s3api.ServerSideEncryption)(nil)})
	b.same("KMS", b.keys.took(), "")
	attributes := &s3api.GetObjectAttributesRequest{Bucket: "logs", Key: "k", ObjectAttributes: []s3api.ObjectAttributes{"ETag"}}
	_, err := b.GetObjectAttributes(b.ctx, attributes)
	b.code(err, "InvalidRequest")
	attributes.SSECustomerAlgorithm, attributes.SSECustomerKey, attributes.SSECustomerKeyMD5 = customer("a")
	out, err := b.GetObjectAttributes(b.ctx, attributes)
	b.ok(err)
	b.same("ETag without quotes", `"`+*out.ETag+`"`, *second.ETag)
	attributes.SSECustomerAlgorithm = new("KMS")
	_, err = b.GetObjectAttributes(b.ctx, attributes)
	b.code(err, "InvalidEncryptionAlgorithmError")
	_, err = b.DeleteObject(b.ctx, &s3api.DeleteObjectRequest{Bucket: "logs", Key: "k"})
	b.ok(err)
}

func TestReadsWithoutTheRightKeyFail(t *testing.T) {
	const wrong = "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key."
	for _, tt := range []struct {
		name          string
		change        getOption
		status        int
		code, message string
	}{
		{"no key", func(*s3api.GetObjectRequest) {}, 400, "InvalidRequest",
			"The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object."},
		{"another key", getWith("b"), 403, "AccessDenied", wrong},
		{"a short key", func(in *s3api.GetObjectRequest) {
			in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = shortKey()
		}, 403, "AccessDenied", wrong},
		{"another algorithm", func(in *s3api.GetObjectRequest) { getWith("a")(in); in.SSECustomerAlgorithm = new("KMS") }, 400,
			"InvalidEncryptionAlgorithmError", "The Encryption request you specified is not valid. Supported value: AES256."},
		{"another MD5", func(in *s3api.GetObjectRequest) {
			getWith("a")(in)
			_, _, in.SSECustomerKeyMD5 = customer("b")
		}, 400, "InvalidArgument", "The calculated MD5 hash of the key did not match the hash that was provided."},
	} {
		b := newBench(t)
		b.bucket("logs")
		b.put("logs", "k", "text", putWith("a"))
		_, _, err := b.tryGet(b.ctx, "logs", "k", tt.change)
		e := b.fails(err, tt.code, tt.message)
		if e.Status != tt.status {
			t.Errorf("%s: status %d, want %d", tt.name, e.Status, tt.status)
		}
		if tt.code == "InvalidEncryptionAlgorithmError" {
			b.field(e, "ArgumentName", "x-amz-server-side-encryption")
			b.field(e, "ArgumentValue", "KMS")
		}
		in := &s3api.GetObjectRequest{}
		tt.change(in)
		_, err = b.HeadObject(b.ctx, &s3api.HeadObjectRequest{
			Bucket: "logs", Key: "k", SSECustomerAlgorithm: in.SSECustomerAlgorithm, SSECustomerKey: in.SSECustomerKey, SSECustomerKeyMD5: in.SSECustomerKeyMD5,
		})
		if e := b.code(err, tt.code); e.Status != tt.status {
			t.Errorf("%s: HEAD has status %d", tt.name, e.Status)
		}
	}
}

func TestWritesWithABadKeyFail(t *testing.T) {
	for _, tt := range []struct {
		name          string
		change        putOption
		code, message string
	}{
		{"a short key", func(in *s3api.PutObjectRequest) {
			in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = shortKey()
		}, "InvalidArgument", "The secret key was invalid for the specified algorithm."},
		{"no MD5", func(in *s3api.PutObjectRequest) { in.SSECustomerKeyMD5 = nil }, "InvalidArgument", "The secret key was invalid for the specified algorithm."},
		{"another MD5", func(in *s3api.PutObjectRequest) { _, _, in.SSECustomerKeyMD5 = customer("b") }, "InvalidArgument",
			"The calculated MD5 hash of the key did not match the hash that was provided."},
		{"no algorithm", func(in *s3api.PutObjectRequest) { in.SSECustomerAlgorithm = nil }, "InvalidArgument",
			"Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm."},
		{"no key", func(in *s3api.PutObjectRequest) { in.SSECustomerKey = nil }, "InvalidArgument",
			"Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key."},
		{"S3's key besides", func(in *s3api.PutObjectRequest) { in.ServerSideEncryption = new(sseS3) }, "InvalidArgument",
			"Server Side Encryption with Customer provided key is incompatible with the encryption method specified"},
		{"another algorithm", func(in *s3api.PutObjectRequest) { in.SSECustomerAlgorithm = new("KMS") }, "InvalidEncryptionAlgorithmError",
			"The Encryption request you specified is not valid. Supported value: AES256."},
	} {
		b := newBench(t)
		b.bucket("logs")
		_, err := b.tryPut(b.ctx, "logs", "k", "text", putWith("a"), tt.change)
		e := b.fails(err, tt.code, tt.message)
		b.field(e, "ArgumentName", "x-amz-server-side-encryption")
		if tt.code == "InvalidArgument" && e.Fields["ArgumentValue"] != nil {
			t.Errorf("%s: the value is shown", tt.name)
		}
	}
}

func TestEveryVersionCanHaveItsOwnKey(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.versioning("logs", "Enabled")
	one, two := b.put("logs", "k", "one", putWith("a")), b.put("logs", "k", "two", putWith("b"))
	b.reads("logs", "k", "one", version1(one.VersionId), getWith("a"))
	b.reads("logs", "k", "two", version1(two.VersionId), getWith("b"))
	_, _, err := b.tryGet(b.ctx, "logs", "k", version1(one.VersionId), getWith("b"))
	b.code(err, "AccessDenied")
}

func TestACustomersKeyDoesNotGoWithOtherObjects(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "text")
	_, _, err := b.tryGet(b.ctx, "logs", "k", getWith("a"))
	b.code(err, "InvalidRequest")
}
