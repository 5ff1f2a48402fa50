package s3sim

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"

	"sealstack/api/kmsapi"
	"sealstack/api/s3api"
	"sealstack/s3sim/checksum"
)

// mpu is a multipart upload in a test.
type mpu struct {
	*bench
	id    string
	parts []s3api.CompletedPart
	text  string
}

func (b *bench) begin(change ...func(*s3api.CreateMultipartUploadRequest)) *mpu {
	b.t.Helper()
	in := &s3api.CreateMultipartUploadRequest{Bucket: "logs", Key: "k"}
	for _, fn := range change {
		fn(in)
	}
	out, err := b.CreateMultipartUpload(b.ctx, in)
	b.ok(err)
	return &mpu{bench: b, id: *out.UploadId}
}

func algorithmOf(a checksum.Algorithm, kind string) func(*s3api.CreateMultipartUploadRequest) {
	return func(in *s3api.CreateMultipartUploadRequest) {
		in.ChecksumAlgorithm, in.ChecksumType = given(s3api.ChecksumAlgorithm(a)), given(s3api.ChecksumType(kind))
	}
}

func (m *mpu) try(number int32, text string, a checksum.Algorithm, change ...func(*s3api.UploadPartRequest)) (*s3api.UploadPartOutput, error) {
	in := &s3api.UploadPartRequest{Bucket: "logs", Key: "k", UploadId: m.id, PartNumber: number, Body: bodyOf(text)}
	if a != "" {
		showSum(in, a, *sumText(a, text), "")
	}
	for _, fn := range change {
		fn(in)
	}
	return m.UploadPart(m.ctx, in)
}

// part uploads a part and lists it, with its checksum.
func (m *mpu) part(number int32, text string, a checksum.Algorithm, change ...func(*s3api.UploadPartRequest)) *s3api.UploadPartOutput {
	m.t.Helper()
	out, err := m.try(number, text, a, change...)
	m.ok(err)
	listed := s3api.CompletedPart{PartNumber: &number, ETag: out.ETag}
	if a != "" {
		showSum(&listed, a, *sumText(a, text), "")
	}
	m.parts, m.text = append(m.parts, listed), m.text+text
	return out
}

func (m *mpu) finish(change ...func(*s3api.CompleteMultipartUploadRequest)) (*s3api.CompleteMultipartUploadOutput, error) {
	in := &s3api.CompleteMultipartUploadRequest{Bucket: "logs", Key: "k", UploadId: m.id, MultipartUpload: &s3api.CompletedMultipartUpload{Parts: m.parts}}
	for _, fn := range change {
		fn(in)
	}
	return m.CompleteMultipartUpload(m.ctx, in)
}

// large is the text of a part that need not be the last.
var large = strings.Repeat("0123456789abcdef", minPart/16)

func TestAnObjectOfPartsReadsAsOne(t *testing.T) {
	for _, crypt := range []func(*s3api.CreateMultipartUploadRequest){
		func(*s3api.CreateMultipartUploadRequest) {},
		func(in *s3api.CreateMultipartUploadRequest) {
			in.ServerSideEncryption, in.SSEKMSKeyId = new(sseKMS), new(keyARN)
		},
		func(in *s3api.CreateMultipartUploadRequest) {
			in.ServerSideEncryption, in.SSEKMSKeyId = new(sseDual), new(keyARN)
		},
	} {
		b := newBench(t)
		b.bucket("logs")
		m := b.begin(crypt)
		m.part(2, large, "")
		m.part(5, large+"x", "")
		m.part(9, "end", "")
		out, err := m.finish()
		b.ok(err)
		b.same("tag", (*out.ETag)[33:], `-3"`)
		b.reads("logs", "k", m.text)
		for _, r := range []struct{ from, to int }{{0, 10}, {minPart - 5, minPart + 5}, {2*minPart - 1, 2*minPart + 3}, {minPart, 2 * minPart}} {
			b.reads("logs", "k", m.text[r.from:r.to+1], func(in *s3api.GetObjectRequest) { in.Range = new(fmt.Sprintf("bytes=%d-%d", r.from, r.to)) })
		}
		got := b.reads("logs", "k", large+"x", func(in *s3api.GetObjectRequest) { in.PartNumber = new(int32(2)) })
		b.same("part", []any{*got.PartsCount, *got.ContentRange, *got.ETag}, []any{3, fmt.Sprintf("bytes %d-%d/%d", minPart, 2*minPart, len(m.text)), *out.ETag})
	}
}

func TestTheTagOfPartsIsThatOfTheirDigests(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	m := b.begin()
	m.part(1, large, "")
	m.part(2, "end", "")
	out, err := m.finish()
	b.ok(err)
	one, two := md5.Sum([]byte(large)), md5.Sum([]byte("end"))
	sum := md5.Sum(append(one[:], two[:]...))
	b.same("tag", *out.ETag, `"`+hex.EncodeToString(sum[:])+`-2"`)
	b.same("checksum", []string{*out.ChecksumCRC64NVME, string(*out.ChecksumType)}, []string{*sumText(checksum.CRC64NVME, m.text), "FULL_OBJECT"})
}

func TestAnUploadBegunWithoutAnAlgorithmHasCRC64NVME(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	m := b.begin()
	out := m.part(1, large, checksum.CRC32)
	b.same("part", []any{*out.ChecksumCRC32 != "", *out.ServerSideEncryption}, []any{true, "AES256"})
	m.part(2, "end", checksum.CRC32)
	done, err := m.finish()
	b.ok(err)
	b.same("sums", sentSums(done), map[checksum.Algorithm]string{checksum.CRC64NVME: *sumText(checksum.CRC64NVME, m.text)})
}

func TestWhichChecksumAnUploadCanHave(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	for _, tt := range []struct {
		algorithm  checksum.Algorithm
		kind, want string
	}{
		{checksum.CRC32, "", "COMPOSITE"}, {checksum.CRC32, "FULL_OBJECT", "FULL_OBJECT"}, {checksum.CRC32C, "COMPOSITE", "COMPOSITE"},
		{checksum.CRC64NVME, "", "FULL_OBJECT"}, {checksum.CRC64NVME, "COMPOSITE", ""}, {checksum.SHA1, "FULL_OBJECT", ""},
		{checksum.SHA256, "", "COMPOSITE"}, {checksum.SHA256, "FULL_OBJECT", ""},
	} {
		in := &s3api.CreateMultipartUploadRequest{Bucket: "logs", Key: "k"}
		algorithmOf(tt.algorithm, tt.kind)(in)
		out, err := b.CreateMultipartUpload(b.ctx, in)
		if tt.want == "" {
			b.fails(err, "InvalidRequest", "The "+tt.kind+" checksum type cannot be used with the "+strings.ToLower(string(tt.algorithm))+" checksum algorithm.")
			continue
		}
		b.ok(err)
		b.same(string(tt.algorithm), []any{*out.ChecksumAlgorithm, *out.ChecksumType}, []any{tt.algorithm, tt.want})
	}
	in := &s3api.CreateMultipartUploadRequest{Bucket: "logs", Key: "k"}
	algorithmOf("", "COMPOSITE")(in)
	_, err := b.CreateMultipartUpload(b.ctx, in)
	b.fails(err, "InvalidRequest", "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
	out, err := b.CreateMultipartUpload(b.ctx, &s3api.CreateMultipartUploadRequest{Bucket: "logs", Key: "k"})
	b.ok(err)
	if out.ChecksumAlgorithm != nil || out.ChecksumType != nil {
		t.Errorf("an algorithm out of nothing: %+v", out)
	}
}

func TestAPartMustHaveTheUploadsAlgorithm(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	m := b.begin(algorithmOf(checksum.CRC32C, ""))
	_, err := m.try(1, "x", checksum.CRC32)
	b.fails(err, "InvalidRequest", "Checksum Type mismatch occurred, expected checksum Type: crc32c, actual checksum Type: crc32")
	out, err := m.try(1, "x", "")
	b.ok(err)
	b.same("counted", *out.ChecksumCRC32C, *sumText(checksum.CRC32C, "x"))
}

func TestACompositeIsTheChecksumOfChecksums(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	m := b.begin(algorithmOf(checksum.SHA256, ""))
	m.part(1, large, checksum.SHA256)
	m.part(2, "end", checksum.SHA256)
	h := checksum.SHA256.New()
	for _, text := range []string{large, "end"} {
		one := checksum.SHA256.New()
		one.Write([]byte(text))
		h.Write(one.Sum(nil))
	}
	want := checksum.Format(h.Sum(nil))
	out, err := m.finish()
	b.ok(err)
	b.same("answer", []string{*out.ChecksumSHA256, string(*out.ChecksumType)}, []string{want + "-2", "COMPOSITE"})
	b.same("HEAD", *b.head("logs", "k").ChecksumSHA256, want+"-2")
	got := b.reads("logs", "k", "end", func(in *s3api.GetObjectRequest) {
		in.PartNumber, in.ChecksumMode = new(int32(2)), new(s3api.ChecksumModeEnabled)
	})
	b.same("part", []string{*got.ChecksumSHA256, string(*got.ChecksumType)}, []string{*sumText(checksum.SHA256, "end"), "COMPOSITE"})
	in := &s3api.GetObjectAttributesRequest{Bucket: "logs", Key: "k", ObjectAttributes: []s3api.ObjectAttributes{"Checksum", "ObjectParts"}}
	attributes, err := b.GetObjectAttributes(b.ctx, in)
	b.ok(err)
	p := attributes.ObjectParts
	b.same("attributes", []any{*attributes.Checksum.ChecksumSHA256, *p.TotalPartsCount, len(p.Parts), *p.IsTruncated, *p.NextPartNumberMarker, *p.Parts[1].ChecksumSHA256, *p.Parts[1].Size},
		[]any{want, 2, 2, false, 2, *sumText(checksum.SHA256, "end"), 3})
	in.MaxParts = new(int32(1))
	attributes, err = b.GetObjectAttributes(b.ctx, in)
	b.ok(err)
	b.same("first page", []any{len(attributes.ObjectParts.Parts), *attributes.ObjectParts.IsTruncated, *attributes.ObjectParts.NextPartNumberMarker}, []any{1, true, 1})
	in.PartNumberMarker = new(int32(5))
	attributes, err = b.GetObjectAttributes(b.ctx, in)
	b.ok(err)
	b.same("behind the last", []any{attributes.ObjectParts.Parts == nil, *attributes.ObjectParts.IsTruncated, *attributes.ObjectParts.NextPartNumberMarker}, []any{true, false, 0})
}

func TestAFullObjectChecksumIsThatOfTheContent(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	for _, a := range []checksum.Algorithm{checksum.CRC32, checksum.CRC32C, checksum.CRC64NVME} {
		m := b.begin(algorithmOf(a, "FULL_OBJECT"))
		m.part(1, large, a)
		m.part(2, large+"1", a)
		m.part(3, "end", a)
		for i := range m.parts {
			m.parts[i] = s3api.CompletedPart{PartNumber: m.parts[i].PartNumber, ETag: m.parts[i].ETag}
		}
		out, err := m.finish()
		b.ok(err)
		b.same("sum", sentSums(out), map[checksum.Algorithm]string{a: *sumText(a, m.text)})
		got := b.reads("logs", "k", "end", func(in *s3api.GetObjectRequest) {
			in.PartNumber, in.ChecksumMode = new(int32(3)), new(s3api.ChecksumModeEnabled)
		})
		b.same("part", len(sentSums(got)), 0)
		attributes, err := b.GetObjectAttributes(b.ctx, &s3api.GetObjectAttributesRequest{Bucket: "logs", Key: "k", ObjectAttributes: []s3api.ObjectAttributes{"ObjectParts"}})
		b.ok(err)
		b.same("parts", []any{*attributes.ObjectParts.TotalPartsCount, attributes.ObjectParts.Parts == nil, attributes.ObjectParts.IsTruncated == nil}, []any{3, true, true})
	}
}

func TestHowCompletionFails(t *testing.T) {
	const notFound = "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."
	text := "text"
	for _, tt := range []struct {
		name          string
		algorithm     checksum.Algorithm
		kind          string
		change        func(*s3api.CompleteMultipartUploadRequest)
		code, message string
	}{
		{"a composite without checksums", checksum.CRC32C, "COMPOSITE", func(in *s3api.CompleteMultipartUploadRequest) { in.MultipartUpload.Parts[0].ChecksumCRC32C = nil },
			"InvalidRequest", "The upload was created using a crc32c checksum. The complete request must include the checksum for each part. It was missing for part 1 in the request."},
		{"a wrong checksum of a part", checksum.CRC32C, "COMPOSITE", func(in *s3api.CompleteMultipartUploadRequest) {
			in.MultipartUpload.Parts[0].ChecksumCRC32C = new("AAAAAA==")
		}, "InvalidPart", notFound},
		{"a wrong checksum of a part of a whole", checksum.CRC32C, "FULL_OBJECT", func(in *s3api.CompleteMultipartUploadRequest) {
			in.MultipartUpload.Parts[0].ChecksumCRC32C = new("AAAAAA==")
		}, "InvalidPart", notFound},
		{"another type", checksum.CRC32C, "FULL_OBJECT", func(in *s3api.CompleteMultipartUploadRequest) { in.ChecksumType = new(s3api.ChecksumTypeComposite) },
			"InvalidRequest", "The upload was created using the FULL_OBJECT checksum mode. The complete request must use the same checksum mode."},
		{"the right checksum without its type", checksum.CRC32C, "FULL_OBJECT", func(in *s3api.CompleteMultipartUploadRequest) {
			in.ChecksumCRC32C = sumText(checksum.CRC32C, text)
		}, "BadDigest", "The crc32c you specified did not match the calculated checksum."},
		{"a wrong checksum", checksum.CRC32C, "FULL_OBJECT", func(in *s3api.CompleteMultipartUploadRequest) {
			in.ChecksumCRC32C, in.ChecksumType = new("AAAAAA=="), new(s3api.ChecksumTypeFullObject)
		}, "BadDigest", "The crc32c you specified did not match the calculated checksum."},
		{"a checksum of another algorithm", checksum.CRC32C, "FULL_OBJECT", func(in *s3api.CompleteMultipartUploadRequest) {
			in.ChecksumCRC32, in.ChecksumType = sumText(checksum.CRC32, text), new(s3api.ChecksumTypeFullObject)
		}, "BadDigest", "The crc32c you specified did not match the calculated checksum."},
		{"another size", "", "", func(in *s3api.CompleteMultipartUploadRequest) { in.MpuObjectSize = new(int64(5)) },
			"InvalidRequest", "The provided 'x-amz-mp-object-size' header value 5 does not match what was computed: 4"},
		{"another tag", "", "", func(in *s3api.CompleteMultipartUploadRequest) { in.MultipartUpload.Parts[0].ETag = new(`"abc"`) }, "InvalidPart", notFound},
		{"a part that is not there", "", "", func(in *s3api.CompleteMultipartUploadRequest) {
			in.MultipartUpload.Parts[0].PartNumber = new(int32(2))
		}, "InvalidPart", notFound},
		{"a part twice", "", "", func(in *s3api.CompleteMultipartUploadRequest) {
			in.MultipartUpload.Parts = append(in.MultipartUpload.Parts, in.MultipartUpload.Parts[0])
		}, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number."},
		{"no part", "", "", func(in *s3api.CompleteMultipartUploadRequest) { in.MultipartUpload.Parts = nil },
			"MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"},
		{"another upload", "", "", func(in *s3api.CompleteMultipartUploadRequest) { in.UploadId = "x" },
			"NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."},
		{"another key", "", "", func(in *s3api.CompleteMultipartUploadRequest) { in.Key = "x" },
			"NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.bucket("logs")
			m := b.begin(algorithmOf(tt.algorithm, tt.kind))
			m.part(1, text, tt.algorithm)
			whole := m.parts[0]
			_, err := m.finish(tt.change)
			e := b.fails(err, tt.code, tt.message)
			if tt.code == "InvalidPart" {
				b.field(e, "UploadId", m.id)
				if strings.Contains(fmt.Sprint(e.Fields["ETag"]), `"`) {
					t.Errorf("ETag %v has quotes", e.Fields["ETag"])
				}
			}
			m.parts = []s3api.CompletedPart{whole}
			_, err = m.finish(func(in *s3api.CompleteMultipartUploadRequest) { in.MpuObjectSize = new(int64(4)) })
			b.ok(err)
			b.reads("logs", "k", text)
			_, err = m.finish()
			b.code(err, "NoSuchUpload")
		})
	}
}

func TestTheRightChecksumWithItsTypeIsTaken(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	m := b.begin(algorithmOf(checksum.CRC32C, "FULL_OBJECT"))
	m.part(1, "text", "")
	_, err := m.finish(func(in *s3api.CompleteMultipartUploadRequest) {
		in.ChecksumCRC32C, in.ChecksumType = sumText(checksum.CRC32C, "text"), new(s3api.ChecksumTypeFullObject)
	})
	b.ok(err)
}

func TestSmallPartsStandLast(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	m := b.begin()
	m.part(1, "small", "")
	m.part(2, "end", "")
	_, err := m.finish()
	e := b.fails(err, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
	b.field(e, "ProposedSize", "5")
	b.field(e, "MinSizeAllowed", "5242880")
	b.field(e, "PartNumber", "1")
	for _, n := range []int32{0, 10001} {
		_, err := m.try(n, "x", "")
		b.fails(err, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
	}
}

func TestPartsThatAreNotListedGo(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	m := b.begin()
	m.part(1, "old", "")
	m.parts = nil
	m.text = ""
	m.part(1, "new", "")
	m.part(2, "never", "")
	m.parts = m.parts[:1]
	_, err := m.finish()
	b.ok(err)
	b.reads("logs", "k", "new")
	b.same("blobs", b.blobs(), 1)
	m = b.begin()
	m.part(1, "x", "")
	_, err = b.AbortMultipartUpload(b.ctx, &s3api.AbortMultipartUploadRequest{Bucket: "logs", Key: "k", UploadId: m.id})
	b.ok(err)
	b.same("blobs", b.blobs(), 1)
	_, err = b.AbortMultipartUpload(b.ctx, &s3api.AbortMultipartUploadRequest{Bucket: "logs", Key: "k", UploadId: m.id})
	b.code(err, "NoSuchUpload")
	_, err = m.try(2, "x", "")
	b.code(err, "NoSuchUpload")
	b.same("blobs", b.blobs(), 1)
}

func TestPartsUnderKMSTakeThePermissionToDecrypt(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	m := b.begin(func(in *s3api.CreateMultipartUploadRequest) {
		in.ServerSideEncryption, in.SSEKMSKeyId = new(sseKMS), new(keyARN)
	})
	out := m.part(1, "text", "")
	b.same("part", []any{*out.ServerSideEncryption, *out.SSEKMSKeyId, *out.ETag == etagOf("text")}, []any{"aws:kms", keyARN, false})
	b.keys.refused[keyARN] = kmsapi.Service.AccessDenied("no")
	_, err := m.try(2, "x", "")
	b.fails(err, "AccessDenied", "no")
	_, err = m.finish()
	b.fails(err, "AccessDenied", "no")
	delete(b.keys.refused, keyARN)
	done, err := m.finish()
	b.ok(err)
	b.same("whole", []any{*done.ServerSideEncryption, *done.SSEKMSKeyId}, []any{"aws:kms", keyARN})
	b.same("calls", b.keys.took(), "GenerateDataKey Decrypt Decrypt Decrypt Decrypt")
}

func TestPartsUnderTheCustomersKey(t *testing.T) {
	const needed = "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters."
	with := func(letter string) func(*s3api.UploadPartRequest) {
		return func(in *s3api.UploadPartRequest) {
			in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = customer(letter)
		}
	}
	b := newBench(t)
	b.bucket("logs")
	_, err := b.begin().try(1, "x", "", with("a"))
	b.fails(err, "InvalidRequest", needed)
	m := b.begin(func(in *s3api.CreateMultipartUploadRequest) {
		in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = customer("a")
	})
	_, err = m.try(1, "x", "")
	b.fails(err, "InvalidRequest", needed)
	_, err = m.try(1, "x", "", with("b"))
	b.fails(err, "InvalidRequest", "The provided encryption parameters did not match the ones used originally.")
	m.part(1, large, "", with("a"))
	m.part(2, "end", "", with("a"))
	_, err = m.finish()
	b.ok(err)
	b.reads("logs", "k", m.text, getWith("a"))
	_, _, err = b.tryGet(b.ctx, "logs", "k")
	b.code(err, "InvalidRequest")
}

func TestPartsCanBeCopied(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "src", large+"tail", withKMS(keyARN))
	m := b.begin(algorithmOf(checksum.CRC32, ""))
	for n, r := range []*string{new("bytes=0-5242879"), nil} {
		out, err := b.UploadPartCopy(b.ctx, &s3api.UploadPartCopyRequest{
			Bucket: "logs", Key: "k", UploadId: m.id, PartNumber: int32(n + 1), CopySource: "/logs/src", CopySourceRange: r,
		})
		b.ok(err)
		m.parts = append(m.parts, s3api.CompletedPart{PartNumber: new(int32(n + 1)), ETag: out.CopyPartResult.ETag, ChecksumCRC32: out.CopyPartResult.ChecksumCRC32})
	}
	_, err := m.finish()
	b.ok(err)
	b.reads("logs", "k", large+large+"tail")
	for _, r := range []string{"bytes=0-5242884", "bytes=5-", "bytes=-5", "0-5", "bytes=5-2"} {
		_, err := b.UploadPartCopy(b.ctx, &s3api.UploadPartCopyRequest{Bucket: "logs", Key: "k", UploadId: b.begin().id, PartNumber: 1, CopySource: "logs/src", CopySourceRange: &r})
		b.code(err, "InvalidArgument")
	}
	_, err = b.UploadPartCopy(b.ctx, &s3api.UploadPartCopyRequest{Bucket: "logs", Key: "k", UploadId: b.begin().id, PartNumber: 1, CopySource: "logs/src", CopySourceRange: new("bytes=5242884-5242890")})
	b.fails(err, "InvalidRequest", "The specified copy range is invalid for the source object size")
}

func TestAnUploadNeedsAChecksumAlgorithmThatS3Has(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	_, err := b.CreateMultipartUpload(b.ctx, &s3api.CreateMultipartUploadRequest{Bucket: "logs", Key: "k", ChecksumAlgorithm: new(s3api.ChecksumAlgorithm("CRC16"))})
	b.fails(err, "InvalidRequest", "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
}

func TestAPageOfPartsBeginsAtAPartOrAtNone(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	m := b.begin()
	_, err := b.ListParts(b.ctx, &s3api.ListPartsRequest{Bucket: "logs", Key: "k", UploadId: m.id, PartNumberMarker: new(int32(-1))})
	b.field(b.fails(err, "InvalidArgument", "Argument part-number-marker must be an integer between 0 and 2147483647"), "ArgumentValue", "-1")
}

func TestPartsAndUploadsAreListed(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	m := b.begin(algorithmOf(checksum.CRC32, ""))
	for n := range int32(3) {
		m.part(n+1, "x", checksum.CRC32)
	}
	out, err := b.ListParts(b.ctx, &s3api.ListPartsRequest{Bucket: "logs", Key: "k", UploadId: m.id})
	b.ok(err)
	b.same("parts", []any{len(out.Parts), *out.MaxParts, *out.PartNumberMarker, *out.NextPartNumberMarker, *out.IsTruncated, *out.StorageClass, *out.ChecksumAlgorithm, *out.ChecksumType, *out.Owner.ID, out.Owner.DisplayName},
		[]any{3, 1000, 0, 3, false, "STANDARD", "CRC32", "COMPOSITE", CanonicalID(account), (*string)(nil)})
	out, err = b.ListParts(b.ctx, &s3api.ListPartsRequest{Bucket: "logs", Key: "k", UploadId: m.id, MaxParts: new(int32(1)), PartNumberMarker: new(int32(1))})
	b.ok(err)
	b.same("second page", []any{*out.Parts[0].PartNumber, *out.IsTruncated, *out.NextPartNumberMarker}, []any{2, true, 2})
	second := b.begin()
	list, err := b.ListMultipartUploads(b.ctx, &s3api.ListMultipartUploadsRequest{Bucket: "logs"})
	b.ok(err)
	if len(list.Uploads) != 2 || *list.IsTruncated || list.NextKeyMarker == nil || list.NextUploadIdMarker == nil {
		t.Errorf("uploads %+v", list)
	}
	page, err := b.ListMultipartUploads(b.ctx, &s3api.ListMultipartUploadsRequest{Bucket: "logs", MaxUploads: new(int32(1))})
	b.ok(err)
	next, err := b.ListMultipartUploads(b.ctx, &s3api.ListMultipartUploadsRequest{Bucket: "logs", KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker})
	b.ok(err)
	seen := map[string]bool{*page.Uploads[0].UploadId: true, *next.Uploads[0].UploadId: true}
	if len(next.Uploads) != 1 || !seen[m.id] || !seen[second.id] || !*page.IsTruncated {
		t.Errorf("pages %v", seen)
	}
	_, err = b.CreateMultipartUpload(b.ctx, &s3api.CreateMultipartUploadRequest{Bucket: "logs", Key: "a/b"})
	b.ok(err)
	list, err = b.ListMultipartUploads(b.ctx, &s3api.ListMultipartUploadsRequest{Bucket: "logs", Delimiter: new("/")})
	b.ok(err)
	b.same("with a delimiter", []any{len(list.Uploads), *list.CommonPrefixes[0].Prefix}, []any{2, "a/"})
}

func TestAnUploadHoldsLittleMemory(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	const size = 64 << 20
	_, err := b.PutObject(b.ctx, &s3api.PutObjectRequest{Bucket: "logs", Key: "k", Body: io.NopCloser(io.LimitReader(zeros{}, size))})
	b.ok(err)
	b.same("blobs", b.blobs(), 8)
	out, err := b.GetObject(context.WithoutCancel(b.ctx), &s3api.GetObjectRequest{Bucket: "logs", Key: "k"})
	b.ok(err)
	n, err := io.Copy(io.Discard, out.Body)
	b.ok(err)
	b.ok(out.Body.Close())
	b.same("size", n, size)
}

// zeros reads zeros without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
