package s3sim

import (
	"net/http"
	"strings"
	"testing"

	"sealstack/api/s3api"
	"sealstack/s3sim/checksum"
)

func sumText(a checksum.Algorithm, text string) *string {
	h := a.New()
	h.Write([]byte(text))
	return new(checksum.Format(h.Sum(nil)))
}

func TestEveryObjectHasAChecksum(t *testing.T) {
	for _, tt := range []struct {
		change putOption
		want   checksum.Algorithm
	}{
		{func(*s3api.PutObjectRequest) {}, checksum.CRC64NVME},
		{func(in *s3api.PutObjectRequest) { in.ChecksumAlgorithm = new(s3api.ChecksumAlgorithmSha1) }, checksum.CRC64NVME},
		{func(in *s3api.PutObjectRequest) { in.ChecksumAlgorithm = new(s3api.ChecksumAlgorithm("odd")) }, checksum.CRC64NVME},
		{func(in *s3api.PutObjectRequest) { in.ChecksumCRC32 = sumText(checksum.CRC32, "text") }, checksum.CRC32},
		{func(in *s3api.PutObjectRequest) { in.ChecksumCRC32C = sumText(checksum.CRC32C, "text") }, checksum.CRC32C},
		{func(in *s3api.PutObjectRequest) { in.ChecksumCRC64NVME = sumText(checksum.CRC64NVME, "text") }, checksum.CRC64NVME},
		{func(in *s3api.PutObjectRequest) { in.ChecksumSHA1 = sumText(checksum.SHA1, "text") }, checksum.SHA1},
		{func(in *s3api.PutObjectRequest) {
			in.ChecksumSHA256, in.ChecksumAlgorithm = sumText(checksum.SHA256, "text"), new(s3api.ChecksumAlgorithmCrc32)
		}, checksum.SHA256},
		{func(in *s3api.PutObjectRequest) { in.ChecksumSHA512 = sumText(checksum.SHA512, "text") }, checksum.SHA512},
		{func(in *s3api.PutObjectRequest) { in.ChecksumMD5 = sumText(checksum.MD5, "text") }, checksum.MD5},
		{func(in *s3api.PutObjectRequest) { in.ChecksumXXHASH64 = sumText(checksum.XXHASH64, "text") }, checksum.XXHASH64},
		{func(in *s3api.PutObjectRequest) { in.ChecksumXXHASH3 = sumText(checksum.XXHASH3, "text") }, checksum.XXHASH3},
		{func(in *s3api.PutObjectRequest) { in.ChecksumXXHASH128 = sumText(checksum.XXHASH128, "text") }, checksum.XXHASH128},
	} {
		b := newBench(t)
		b.bucket("logs")
		for _, more := range []putOption{func(*s3api.PutObjectRequest) {}, withKMS(keyARN), putWith("a")} {
			out := b.put("logs", "k", "text", tt.change, more)
			sent := sentSums(out)
			if len(sent) != 1 || sent[tt.want] != *sumText(tt.want, "text") || *out.ChecksumType != "FULL_OBJECT" {
				t.Errorf("%s: %v %v", tt.want, sent, out.ChecksumType)
			}
		}
		b.put("logs", "k", "text", tt.change)
		b.same("HEAD", sentSums(b.head("logs", "k")), map[checksum.Algorithm]string{tt.want: *sumText(tt.want, "text")})
		got := b.reads("logs", "k", "text")
		b.same("GET without the mode", len(sentSums(got)), 0)
		out, err := b.GetObjectAttributes(b.ctx, &s3api.GetObjectAttributesRequest{Bucket: "logs", Key: "k", ObjectAttributes: []s3api.ObjectAttributes{"Checksum, ObjectSize", "ObjectParts"}})
		b.ok(err)
		b.same("attributes", []any{sentSums(out.Checksum), *out.Checksum.ChecksumType, *out.ObjectSize, out.ObjectParts, out.ETag},
			[]any{map[checksum.Algorithm]string{tt.want: *sumText(tt.want, "text")}, "FULL_OBJECT", 4, (*s3api.GetObjectAttributesParts)(nil), (*string)(nil)})
	}
}

func TestAWrongChecksumIsRefused(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	up, err := b.CreateMultipartUpload(b.ctx, &s3api.CreateMultipartUploadRequest{Bucket: "logs", Key: "k"})
	b.ok(err)
	for _, a := range algorithms {
		for _, tt := range []struct{ value, code, message string }{
			{*sumText(a, "other"), "BadDigest", "The " + string(a) + " you specified did not match the calculated checksum."},
			{"AAA=", "InvalidRequest", "Value for x-amz-checksum-" + strings.ToLower(string(a)) + " header is invalid."},
			{"?", "InvalidRequest", "Value for x-amz-checksum-" + strings.ToLower(string(a)) + " header is invalid."},
		} {
			put := &s3api.PutObjectRequest{Bucket: "logs", Key: "k", Body: bodyOf("text")}
			showSum(put, a, tt.value, "")
			_, err := b.PutObject(b.ctx, put)
			b.fails(err, tt.code, tt.message)
			part := &s3api.UploadPartRequest{Bucket: "logs", Key: "k", UploadId: *up.UploadId, PartNumber: 1, Body: bodyOf("text")}
			showSum(part, a, tt.value, "")
			_, err = b.UploadPart(b.ctx, part)
			b.fails(err, tt.code, tt.message)
		}
	}
	_, err = b.tryPut(b.ctx, "logs", "k", "text", func(in *s3api.PutObjectRequest) {
		in.ChecksumCRC32, in.ChecksumSHA1 = sumText(checksum.CRC32, "text"), sumText(checksum.SHA1, "text")
	})
	b.fails(err, "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
	_, err = b.tryPut(b.ctx, "logs", "k", "text", func(in *s3api.PutObjectRequest) { in.ChecksumXXHASH64 = new("AAAAAAAAAAA=") })
	b.code(err, "BadDigest")
	_, err = b.tryPut(b.ctx, "logs", "k", "text", func(in *s3api.PutObjectRequest) {
		in.Body = trailing{strings.NewReader("text"), "x-amz-checksum-crc16", "AAA="}
	})
	b.fails(err, "InvalidRequest", "The algorithm type you specified in x-amz-checksum-crc16 is invalid.")
	_, err = b.tryPut(b.ctx, "logs", "k", "text", func(in *s3api.PutObjectRequest) { in.ContentMD5 = new("no") })
	b.code(err, "InvalidDigest")
}

// trailing is a body behind which a checksum comes.
type trailing struct {
	*strings.Reader
	name, value string
}

func (trailing) Close() error          { return nil }
func (b trailing) Announced() []string { return []string{b.name} }
func (b trailing) Trailer() http.Header {
	if b.Len() > 0 || b.value == "" {
		return http.Header{}
	}
	h := http.Header{}
	h.Set(b.name, b.value)
	return h
}

func TestAChecksumCanComeBehindTheBody(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	with := func(value string) putOption {
		return func(in *s3api.PutObjectRequest) {
			in.Body = trailing{strings.NewReader("text"), "x-amz-checksum-crc32", value}
		}
	}
	out := b.put("logs", "k", "text", with(*sumText(checksum.CRC32, "text")))
	b.same("answer", *out.ChecksumCRC32, *sumText(checksum.CRC32, "text"))
	_, err := b.tryPut(b.ctx, "logs", "k", "text", with(*sumText(checksum.CRC32, "other")))
	b.code(err, "BadDigest")
	_, err = b.tryPut(b.ctx, "logs", "k", "text", with("x"))
	b.code(err, "InvalidRequest")
	_, err = b.tryPut(b.ctx, "logs", "k", "text", with(""))
	b.code(err, "InvalidRequest")
	_, err = b.tryPut(b.ctx, "logs", "k", "text", with("x"), func(in *s3api.PutObjectRequest) { in.ChecksumSHA1 = sumText(checksum.SHA1, "text") })
	b.code(err, "InvalidRequest")
	b.reads("logs", "k", "text")
}
