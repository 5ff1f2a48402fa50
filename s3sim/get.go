package s3sim

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"reflect"
	"time"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/s3sim/checksum"
	"sealstack/storage"
)

// reading is a GetObject or HeadObject.
type reading struct {
	target     target
	conditions readConditions
	customer   customerKey
	ranged     *string
	part       *int32
	checksums  bool
	override   overrides
}

// overrides replace headers of the answer.
type overrides struct {
	cacheControl, disposition, encoding, language, contentType *string
	expires                                                    *time.Time
}

func (o overrides) any() bool { return o != overrides{} }

// GetObject returns an object's content, or a range or part of it. The caller
// must close the body. All errors but those of damage further on come before
// the first byte.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func (s *Service) GetObject(ctx context.Context, in *s3api.GetObjectRequest) (*s3api.GetObjectOutput, error) {
	r := &reading{
		target:     target{bucket: in.Bucket, key: in.Key, versionID: in.VersionId, expected: in.ExpectedBucketOwner},
		conditions: readConditions{match: in.IfMatch, noneMatch: in.IfNoneMatch, modified: in.IfModifiedSince, unmodified: in.IfUnmodifiedSince},
		customer:   customerKey{in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5},
		ranged:     in.Range, part: in.PartNumber, checksums: in.ChecksumMode != nil,
		override: overrides{in.ResponseCacheControl, in.ResponseContentDisposition, in.ResponseContentEncoding,
			in.ResponseContentLanguage, in.ResponseContentType, in.ResponseExpires},
	}
	return retry(func() (*s3api.GetObjectOutput, error) { return s.get(ctx, r) })
}

func (s *Service) get(ctx context.Context, r *reading) (*s3api.GetObjectOutput, error) {
	b, v, err := s.readable(ctx, r)
	if err != nil {
		return nil, err
	}
	if v.archived(s.clock.Now()) {
		return nil, archivedObject(v.Headers.StorageClass, "The operation is not valid for the object's storage class")
	}
	keys, err := s.unsealFor(ctx, b, v, r.customer)
	if err != nil {
		return nil, err
	}
	head, part, err := s.describe(ctx, b, v, r)
	if err != nil {
		return nil, err
	}
	content, err := s.openContent(ctx, b, v, keys, part)
	if err != nil {
		return nil, err
	}
	out := &s3api.GetObjectOutput{Body: content}
	copyMembers(out, head)
	return out, nil
}

// HeadObject returns what GetObject would, without the content. KMS is asked
// only for the checksum.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func (s *Service) HeadObject(ctx context.Context, in *s3api.HeadObjectRequest) (*s3api.HeadObjectOutput, error) {
	r := &reading{
		target:     target{bucket: in.Bucket, key: in.Key, versionID: in.VersionId, expected: in.ExpectedBucketOwner},
		conditions: readConditions{match: in.IfMatch, noneMatch: in.IfNoneMatch, modified: in.IfModifiedSince, unmodified: in.IfUnmodifiedSince},
		customer:   customerKey{in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5},
		ranged:     in.Range, part: in.PartNumber, checksums: in.ChecksumMode != nil,
		override: overrides{in.ResponseCacheControl, in.ResponseContentDisposition, in.ResponseContentEncoding,
			in.ResponseContentLanguage, in.ResponseContentType, in.ResponseExpires},
	}
	return retry(func() (*s3api.HeadObjectOutput, error) { return s.headOnce(ctx, r) })
}

func (s *Service) headOnce(ctx context.Context, r *reading) (*s3api.HeadObjectOutput, error) {
	b, v, err := s.readable(ctx, r)
	if err != nil {
		return nil, err
	}
	if v.Crypt.Kind == sseC || r.customer.any() || r.checksums && v.Crypt.Kind != sseS3 {
		if _, err := s.unsealFor(ctx, b, v, r.customer); err != nil {
			return nil, err
		}
	}
	out, _, err := s.describe(ctx, b, v, r)
	return out, err
}

// readable finds an object that may be read and meets the conditions.
func (s *Service) readable(ctx context.Context, r *reading) (*bucket, *version, error) {
	if r.ranged != nil && r.part != nil {
		return nil, nil, rangeAndPart()
	}
	if r.override.any() && api.CallerOf(ctx).Type == api.Anonymous {
		return nil, nil, invalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
	}
	b, v, err := s.object(ctx, r.target, nil, "GetObject")
	if err != nil {
		return nil, nil, err
	}
	return b, v, r.conditions.check(v)
}

// describe writes the headers of the answer, and tells which part of the
// content is to follow.
func (s *Service) describe(ctx context.Context, b *bucket, v *version, r *reading) (*s3api.HeadObjectOutput, span, error) {
	out := v.head(b)
	part, err := s.choosePart(ctx, b, v, r, out)
	if err != nil {
		return nil, span{}, err
	}
	out.ContentLength, out.Restore = &part.length, v.Restored.header(s.clock.Now())
	if r.checksums && r.part == nil && part.length == v.Size {
		showSum(out, v.Checksum.Algorithm, v.Checksum.text(), v.Checksum.Type)
	}
	r.override.apply(out)
	out.Expiration, err = s.expiration(ctx, b, v)
	return out, part, err
}

// choosePart settles the range or part that was asked for.
func (s *Service) choosePart(ctx context.Context, b *bucket, v *version, r *reading, out *s3api.HeadObjectOutput) (span, error) {
	whole := span{0, v.Size}
	switch {
	case r.part != nil:
		return s.numberedPart(ctx, b, v, r, out)
	case r.ranged != nil:
		part, ok, err := parseRange(*r.ranged, v.Size)
		if err != nil || !ok {
			return whole, err
		}
		out.ContentRange = new(part.show(v.Size))
		return part, nil
	}
	return whole, nil
}

// numberedPart finds a part of a multipart object by its number.
//
// Unverified: the number counts the parts in order, whatever numbers they were
// uploaded under.
func (s *Service) numberedPart(ctx context.Context, b *bucket, v *version, r *reading, out *s3api.HeadObjectOutput) (span, error) {
	pieces, err := s.pieces(ctx, b, v)
	if err != nil {
		return span{}, err
	}
	n := int(*r.part)
	if n < 1 || n > maxParts {
		return span{}, badUploadPart(*r.part)
	}
	if n > len(pieces) {
		return span{}, invalidPartNumber(len(pieces), *r.part)
	}
	part := span{0, pieces[n-1].Size}
	for _, p := range pieces[:n-1] {
		part.offset += p.Size
	}
	if v.Size > 0 {
		out.ContentRange = new(part.show(v.Size))
	}
	if v.Parts > 0 {
		out.PartsCount = new(int32(v.Parts))
	}
	if r.checksums {
		v.showPartSum(out, pieces[n-1])
	}
	return part, nil
}

// showPartSum: a composite shows the part's, a single object its own.
func (v *version) showPartSum(out *s3api.HeadObjectOutput, p piece) {
	switch {
	case v.Parts == 0, v.Parts == 1 && v.Checksum.Type == checksum.FullObject:
		showSum(out, v.Checksum.Algorithm, v.Checksum.Value, v.Checksum.Type)
	case v.Checksum.Type == checksum.Composite:
		showSum(out, v.Checksum.Algorithm, p.Sum, v.Checksum.Type)
	}
}

// pieces reads where the content lies.
func (s *Service) pieces(ctx context.Context, b *bucket, v *version) ([]piece, error) {
	var c content
	err := s.view(ctx, func(tx storage.Tx) (err error) {
		c, err = contents.Get(tx, b.version(v.Key, v.Order))
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil, errGone
	}
	return c.Pieces, err
}

// head is what the headers of a read say, whatever part of it is read.
func (v *version) head(b *bucket) *s3api.HeadObjectOutput {
	h, crypt := v.Headers, v.Crypt.show()
	out := &s3api.HeadObjectOutput{
		AcceptRanges: new("bytes"), LastModified: &v.Modified, ETag: new(quoted(v.ETag)), VersionId: b.shownID(v),
		ContentType: new(cmp.Or(h.ContentType, "binary/octet-stream")), CacheControl: given(h.CacheControl), ContentDisposition: given(h.ContentDisposition),
		ContentEncoding: given(h.ContentEncoding), ContentLanguage: given(h.ContentLanguage), Expires: given(h.Expires),
		WebsiteRedirectLocation: given(h.Redirect), Metadata: h.Metadata,
		ServerSideEncryption: crypt.kind, SSEKMSKeyId: crypt.keyID, BucketKeyEnabled: crypt.bucketKey,
		SSECustomerAlgorithm: crypt.customerAlgorithm, SSECustomerKeyMD5: crypt.customerMD5,
		TagCount: given(int32(len(v.Tags))),
	}
	if h.StorageClass != s3api.StorageClassStandard {
		out.StorageClass = given(h.StorageClass)
	}
	if v.Lock.Mode != "" {
		out.ObjectLockMode, out.ObjectLockRetainUntilDate = new(s3api.ObjectLockMode(v.Lock.Mode)), &v.Lock.Until
	}
	if v.Lock.Said {
		out.ObjectLockLegalHoldStatus = new(v.Lock.holding())
	}
	return out
}

func (o overrides) apply(out *s3api.HeadObjectOutput) {
	for _, h := range []struct {
		from *string
		to   **string
	}{
		{o.cacheControl, &out.CacheControl}, {o.disposition, &out.ContentDisposition}, {o.encoding, &out.ContentEncoding},
		{o.language, &out.ContentLanguage}, {o.contentType, &out.ContentType},
	} {
		if h.from != nil {
			*h.to = h.from
		}
	}
	if o.expires != nil {
		out.Expires = new(o.expires.UTC().Format(http.TimeFormat))
	}
}

// memberPairs are the places of the members that GetObject's answer shares
// with HeadObject's.
var memberPairs = func() (pairs [][2]int) {
	to, from := reflect.TypeFor[s3api.GetObjectOutput](), reflect.TypeFor[s3api.HeadObjectOutput]()
	for i := range to.NumField() {
		if f, ok := from.FieldByName(to.Field(i).Name); ok && f.Type == to.Field(i).Type {
			pairs = append(pairs, [2]int{i, f.Index[0]})
		}
	}
	return pairs
}()

func copyMembers(to *s3api.GetObjectOutput, from *s3api.HeadObjectOutput) {
	t, f := reflect.ValueOf(to).Elem(), reflect.ValueOf(from).Elem()
	for _, p := range memberPairs {
		t.Field(p[0]).Set(f.Field(p[1]))
	}
}
