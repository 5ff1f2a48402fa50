package s3sim

import (
	"context"
	"io"
	"maps"
	"net/url"
	"strings"

	"sealstack/api/s3api"
	"sealstack/auth"
	"sealstack/s3sim/checksum"
)

// source is what a copy is made of.
type source struct {
	target     target
	conditions readConditions
	customer   customerKey

	bucket  *bucket
	version *version
}

// parseSource reads x-amz-copy-source: BUCKET/KEY, URL-encoded, maybe with
// ?versionId=.
func parseSource(header string, expected *string) (target, error) {
	path, query, hasQuery := strings.Cut(header, "?")
	t := target{expected: expected, source: true}
	if hasQuery {
		id, ok := strings.CutPrefix(query, "versionId=")
		if !ok {
			return t, badCopySource(header)
		}
		t.versionID = &id
	}
	path, err := url.PathUnescape(strings.TrimPrefix(path, "/"))
	if err != nil {
		return t, badCopySource(header)
	}
	var ok bool
	t.bucket, t.key, ok = strings.Cut(path, "/")
	if !ok || t.bucket == "" || t.key == "" {
		return t, badCopySource(header)
	}
	return t, nil
}

// openSource finds the source, which the caller must be allowed to read.
func (s *Service) openSource(ctx context.Context, src *source) (err error) {
	src.bucket, src.version, err = s.object(ctx, src.target, nil, "GetObject")
	if isError(err, "MethodNotAllowed") {
		return invalidRequest("The source of a copy request may not specifically refer to a delete marker by version id.")
	}
	if err != nil {
		return err
	}
	if src.version.archived(s.clock.Now()) {
		return archivedObject(src.version.Headers.StorageClass, "Operation is not valid for the source object's storage class")
	}
	return src.conditions.check(src.version)
}

// readSource opens the content of the source.
func (s *Service) readSource(ctx context.Context, src *source, part span) (io.ReadCloser, error) {
	keys, err := s.unsealFor(ctx, src.bucket, src.version, src.customer)
	if err != nil {
		return nil, err
	}
	return s.openContent(ctx, src.bucket, src.version, keys, part)
}

const maxCopy = 5 << 30 // bytes of an object that CopyObject takes

// CopyObject makes an object of another one. Encryption is chosen as for any
// new object; the source's is not inherited.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
func (s *Service) CopyObject(ctx context.Context, in *s3api.CopyObjectRequest) (*s3api.CopyObjectOutput, error) {
	cond := writeConditions{in.IfMatch, in.IfNoneMatch}
	if err := cond.valid(); err != nil {
		return nil, err
	}
	src, d, err := copyDraft(in)
	if err != nil {
		return nil, err
	}
	if _, err := s.find(ctx, d.bucket, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	return retry(func() (*s3api.CopyObjectOutput, error) { return s.copyOnce(ctx, src, d, in, cond) })
}

func (s *Service) copyOnce(ctx context.Context, src *source, d *draft, in *s3api.CopyObjectRequest, cond writeConditions) (*s3api.CopyObjectOutput, error) {
	if err := s.openSource(ctx, src); err != nil {
		return nil, err
	}
	if err := s.inherit(ctx, src, d, in); err != nil {
		return nil, err
	}
	b, err := s.admit(ctx, d, in.ExpectedBucketOwner, copyKeys(in))
	if err != nil {
		return nil, err
	}
	if err := src.copyable(b, d, in); err != nil {
		return nil, err
	}
	if err := s.early(ctx, b, d.key, cond); err != nil {
		return nil, err
	}
	body, err := s.readSource(ctx, src, span{0, src.version.Size})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	v, err := s.put(ctx, b, d, &claim{body: body}, src.counted(in.ChecksumAlgorithm), cond)
	if err != nil {
		return nil, err
	}
	out := copyAnswer(b, v, src, in)
	out.Expiration, err = s.expiration(ctx, b, v)
	return out, err
}

// counted is the algorithm of the copy's checksum: the one that the request
// names, or else the source's.
func (src *source) counted(asked *s3api.ChecksumAlgorithm) checksum.Algorithm {
	if a := checksum.Algorithm(value(asked)); a.Known() {
		return a
	}
	return src.version.Checksum.Algorithm
}

// inherit takes over headers and tags of the source, unless they are to be
// replaced. To copy tags takes the right to read them.
func (s *Service) inherit(ctx context.Context, src *source, d *draft, in *s3api.CopyObjectRequest) error {
	if value(in.MetadataDirective) != s3api.MetadataDirectiveReplace {
		h := src.version.Headers
		h.Metadata = maps.Clone(h.Metadata)
		h.Redirect, h.StorageClass = d.headers.Redirect, d.headers.StorageClass
		d.headers = h
	}
	if value(in.TaggingDirective) == s3api.TaggingDirectiveReplace || len(src.version.Tags) == 0 {
		return nil
	}
	d.tags = src.version.Tags
	a := ask{action: src.target.ofVersion("GetObjectTagging"), key: src.target.key, keys: src.target.keys(nil), object: src.version}
	return s.authorize(ctx, src.bucket, a)
}

// copyable refuses a copy onto itself that changes nothing, and sources that
// are too large.
func (src *source) copyable(b *bucket, d *draft, in *s3api.CopyObjectRequest) error {
	if src.version.Size > maxCopy {
		return invalidRequest("The specified copy source is larger than the maximum allowable size for a copy source: 5368709120")
	}
	same := src.bucket.ID == b.ID && src.version.Key == d.key && src.target.versionID == nil
	changes := value(in.MetadataDirective) == s3api.MetadataDirectiveReplace || in.StorageClass != nil || in.WebsiteRedirectLocation != nil ||
		value(in.TaggingDirective) == s3api.TaggingDirectiveReplace ||
		in.ServerSideEncryption != nil || d.crypt.customer.any() || b.Chosen || src.version.Crypt.Kind != sseS3
	if same && !changes {
		return copyToItself()
	}
	return nil
}

func copyKeys(in *s3api.CopyObjectRequest) auth.Keys {
	keys := with(writeConditions{in.IfMatch, in.IfNoneMatch}.keys(), "s3:x-amz-copy-source", strings.TrimPrefix(in.CopySource, "/"))
	return with(keys, "s3:x-amz-metadata-directive", string(value(in.MetadataDirective)))
}

func copyDraft(in *s3api.CopyObjectRequest) (*source, *draft, error) {
	from, err := parseSource(in.CopySource, in.ExpectedSourceBucketOwner)
	if err != nil {
		return nil, nil, err
	}
	d := &draft{
		bucket: in.Bucket, key: in.Key,
		headers: headers{
			ContentType: value(in.ContentType), CacheControl: value(in.CacheControl), ContentDisposition: value(in.ContentDisposition),
			ContentEncoding: value(in.ContentEncoding), ContentLanguage: value(in.ContentLanguage), Expires: value(in.Expires),
			Redirect: value(in.WebsiteRedirectLocation), StorageClass: value(in.StorageClass), Metadata: in.Metadata,
		},
		grants: grantHeaders{string(value(in.ACL)), in.GrantFullControl, in.GrantRead, in.GrantReadACP, nil, in.GrantWriteACP},
		crypt: encryptionHeaders{in.ServerSideEncryption, in.SSEKMSKeyId, in.SSEKMSEncryptionContext, in.BucketKeyEnabled,
			customerKey{in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5}},
		lock: lockHeaders{in.ObjectLockMode, in.ObjectLockRetainUntilDate, in.ObjectLockLegalHoldStatus},
	}
	if value(in.TaggingDirective) == s3api.TaggingDirectiveReplace {
		if d.tags, err = parseTags(in.Tagging); err != nil {
			return nil, nil, err
		}
	}
	src := &source{
		target: from, customer: customerKey{in.CopySourceSSECustomerAlgorithm, in.CopySourceSSECustomerKey, in.CopySourceSSECustomerKeyMD5},
		conditions: readConditions{in.CopySourceIfMatch, in.CopySourceIfNoneMatch, in.CopySourceIfModifiedSince, in.CopySourceIfUnmodifiedSince, "x-amz-copy-source-"},
	}
	return src, d, nil
}

func copyAnswer(b *bucket, v *version, src *source, in *s3api.CopyObjectRequest) *s3api.CopyObjectOutput {
	result := &s3api.CopyObjectResult{ETag: new(quoted(v.ETag)), LastModified: &v.Modified}
	showSum(result, v.Checksum.Algorithm, v.Checksum.text(), v.Checksum.Type)
	h := v.Crypt.show()
	out := &s3api.CopyObjectOutput{
		CopyObjectResult: result, VersionId: b.shownID(v), CopySourceVersionId: src.bucket.shownID(src.version),
		ServerSideEncryption: h.kind, SSEKMSKeyId: h.keyID, BucketKeyEnabled: h.bucketKey,
		SSECustomerAlgorithm: h.customerAlgorithm, SSECustomerKeyMD5: h.customerMD5,
	}
	if h.keyID != nil {
		out.SSEKMSEncryptionContext = in.SSEKMSEncryptionContext
	}
	return out
}
