package s3sim

import (
	"cmp"
	"context"
	"errors"

	"sealstack/api/s3api"
	"sealstack/s3sim/checksum"
	"sealstack/storage"
)

// UploadPart takes in a part of an upload. For KMS the caller must be allowed
// to decrypt the upload's data key.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
func (s *Service) UploadPart(ctx context.Context, in *s3api.UploadPartRequest) (*s3api.UploadPartOutput, error) {
	if in.PartNumber < 1 || in.PartNumber > maxParts {
		return nil, badUploadPart(in.PartNumber)
	}
	if value(in.ContentLength) > maxUpload {
		return nil, entityTooLarge(*in.ContentLength)
	}
	claimed, err := claimOf(in, in.ContentMD5, in.ContentLength, in.Body)
	if err != nil {
		return nil, err
	}
	t := target{bucket: in.Bucket, key: in.Key, expected: in.ExpectedBucketOwner}
	u, err := s.findUpload(ctx, t, in.UploadId, "PutObject", creation(nil, false))
	if err != nil {
		return nil, err
	}
	if err := u.upload.fits(claimed.algorithm); err != nil {
		return nil, err
	}
	keys, err := s.uploadKeys(ctx, u, customerKey{in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5})
	if err != nil {
		return nil, err
	}
	p, err := s.takePart(ctx, u, in.PartNumber, keys, &claimed)
	if err != nil {
		return nil, err
	}
	return partAnswer(u, p), nil
}

func partAnswer(u *uploading, p *part) *s3api.UploadPartOutput {
	h := u.upload.Crypt.show()
	out := &s3api.UploadPartOutput{
		ETag: new(quoted(p.ETag)), ServerSideEncryption: h.kind, SSEKMSKeyId: h.keyID, BucketKeyEnabled: h.bucketKey,
		SSECustomerAlgorithm: h.customerAlgorithm, SSECustomerKeyMD5: h.customerMD5,
	}
	showSum(out, p.Checksum.Algorithm, p.Checksum.Value, "")
	return out
}

// fits refuses a part with a checksum of another algorithm than the upload's.
func (u *upload) fits(sent checksum.Algorithm) error {
	if want := checksum.Algorithm(u.Algorithm); want != "" && sent != "" && want != sent {
		return checksumTypeMismatch(want.Lower(), sent.Lower())
	}
	return nil
}

// uploadKeys returns the data keys of an upload.
func (s *Service) uploadKeys(ctx context.Context, u *uploading, c customerKey) (secrets, error) {
	e := &u.upload.Crypt
	if (e.Kind == sseC) != c.any() {
		return nil, partNeedsCustomer()
	}
	var key []byte
	if c.any() {
		var err error
		if key, err = c.bytes(); err != nil {
			return nil, err
		}
	}
	keys, err := s.unseal(ctx, u.bucket, u.upload.Key, e, key)
	if e.Kind == sseC && isError(err, "AccessDenied") {
		return nil, partOtherCustomer()
	}
	return keys, err
}

// takePart seals the content of a part and makes it the one of its number.
func (s *Service) takePart(ctx context.Context, u *uploading, number int32, keys secrets, c *claim) (*part, error) {
	algorithm := checksum.Algorithm(cmp.Or(string(c.algorithm), u.upload.Algorithm))
	more := []checksum.Algorithm{algorithm}
	if u.upload.Algorithm == "" {
		more = append(more, checksum.CRC64NVME)
	}
	counted := c.counts(u.upload.Crypt.plainTag(), more...)
	sealed, err := s.ingest(ctx, c.body, keys, counted)
	if err != nil {
		return nil, err
	}
	sealed.Part = number
	p := &part{Number: number, Modified: s.now(), ETag: u.upload.Crypt.etag(counted), Piece: sealed}
	if algorithm != "" {
		p.Checksum = sum{Algorithm: algorithm, Value: counted.text(algorithm)}
	}
	if u.upload.Algorithm == "" {
		p.NVME = counted.sum(checksum.CRC64NVME)
	}
	if err = c.verify(counted, sealed.Size); err == nil {
		err = s.keepPart(ctx, u, p)
	}
	if err != nil {
		s.discard(ctx, sealed)
		return nil, err
	}
	return p, nil
}

// keepPart stores a part in the place of an earlier one of its number, unless
// the upload has ended meanwhile.
func (s *Service) keepPart(ctx context.Context, u *uploading, p *part) error {
	return s.update(ctx, func(tx storage.Tx) error {
		if _, err := u.bucket.findUpload(tx, u.upload.Key, u.upload.ID); err != nil {
			return err
		}
		at := storage.K(u.upload.ID, p.Number)
		old, err := parts.Get(tx, at)
		if err == nil {
			err = drop(tx, []piece{old.Piece})
		} else if errors.Is(err, storage.ErrNotFound) {
			err = nil
		}
		if err != nil {
			return err
		}
		if err := keep(tx, []piece{p.Piece}); err != nil {
			return err
		}
		return parts.Put(tx, at, *p)
	})
}

// UploadPartCopy makes a part of an object, or of a range of it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
func (s *Service) UploadPartCopy(ctx context.Context, in *s3api.UploadPartCopyRequest) (*s3api.UploadPartCopyOutput, error) {
	if in.PartNumber < 1 || in.PartNumber > maxParts {
		return nil, badUploadPart(in.PartNumber)
	}
	from, err := parseSource(in.CopySource, in.ExpectedSourceBucketOwner)
	if err != nil {
		return nil, err
	}
	t := target{bucket: in.Bucket, key: in.Key, expected: in.ExpectedBucketOwner}
	u, err := s.findUpload(ctx, t, in.UploadId, "PutObject", creation(with(nil, "s3:x-amz-copy-source", in.CopySource), false))
	if err != nil {
		return nil, err
	}
	keys, err := s.uploadKeys(ctx, u, customerKey{in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5})
	if err != nil {
		return nil, err
	}
	src := &source{
		target: from, customer: customerKey{in.CopySourceSSECustomerAlgorithm, in.CopySourceSSECustomerKey, in.CopySourceSSECustomerKeyMD5},
		conditions: readConditions{in.CopySourceIfMatch, in.CopySourceIfNoneMatch, in.CopySourceIfModifiedSince, in.CopySourceIfUnmodifiedSince, "x-amz-copy-source-"},
	}
	p, err := retry(func() (*part, error) { return s.copyPart(ctx, u, src, keys, in) })
	if err != nil {
		return nil, err
	}
	return copyPartAnswer(u, p, src), nil
}

func (s *Service) copyPart(ctx context.Context, u *uploading, src *source, keys secrets, in *s3api.UploadPartCopyRequest) (*part, error) {
	if err := s.openSource(ctx, src); err != nil {
		return nil, err
	}
	chosen := span{0, src.version.Size}
	if in.CopySourceRange != nil {
		var err error
		if chosen, err = copyRange(*in.CopySourceRange, src.version.Size); err != nil {
			return nil, err
		}
	}
	body, err := s.readSource(ctx, src, chosen)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return s.takePart(ctx, u, in.PartNumber, keys, &claim{body: body})
}

func copyPartAnswer(u *uploading, p *part, src *source) *s3api.UploadPartCopyOutput {
	h := u.upload.Crypt.show()
	result := &s3api.CopyPartResult{ETag: new(quoted(p.ETag)), LastModified: &p.Modified}
	showSum(result, p.Checksum.Algorithm, p.Checksum.Value, "")
	return &s3api.UploadPartCopyOutput{
		CopyPartResult: result, CopySourceVersionId: src.bucket.shownID(src.version),
		ServerSideEncryption: h.kind, SSEKMSKeyId: h.keyID, BucketKeyEnabled: h.bucketKey,
		SSECustomerAlgorithm: h.customerAlgorithm, SSECustomerKeyMD5: h.customerMD5,
	}
}
