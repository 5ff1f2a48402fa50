package s3sim

import (
	"context"

	"sealstack/api/s3api"
	"sealstack/storage"
)

// ListMultipartUploads lists the uploads in progress, by key and then by time.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
func (s *Service) ListMultipartUploads(ctx context.Context, in *s3api.ListMultipartUploadsRequest) (*s3api.ListMultipartUploadsOutput, error) {
	e, err := encoderOf(in.EncodingType)
	if err != nil {
		return nil, err
	}
	l := &listing{prefix: value(in.Prefix), delimiter: value(in.Delimiter), after: value(in.KeyMarker)}
	if l.max, err = pageSize(in.MaxUploads, "max-uploads"); err != nil {
		return nil, err
	}
	b, err := s.openWith(ctx, in.Bucket, in.ExpectedBucketOwner, ask{action: "ListBucketMultipartUploads", keys: listKeys(in.Prefix, in.Delimiter, nil)})
	if err != nil {
		return nil, err
	}
	var found []*upload
	err = s.view(ctx, func(tx storage.Tx) (err error) {
		found, err = l.uploads(tx, &b.bucketRecord, value(in.UploadIdMarker))
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &s3api.ListMultipartUploadsOutput{
		Bucket: &in.Bucket, KeyMarker: new(e.text(l.after)), UploadIdMarker: new(value(in.UploadIdMarker)), Prefix: new(e.text(l.prefix)),
		Delimiter: e.optional(given(l.delimiter)), MaxUploads: new(int32(l.max)), IsTruncated: &l.truncated, EncodingType: in.EncodingType,
		CommonPrefixes: e.prefixes(l.groups),
	}
	for _, u := range found {
		out.Uploads = append(out.Uploads, e.upload(u))
		out.NextKeyMarker, out.NextUploadIdMarker = new(e.text(u.Key)), &u.ID
	}
	return out, nil
}

func (e encoder) upload(u *upload) s3api.MultipartUpload {
	v := version{Headers: u.Headers}
	return s3api.MultipartUpload{
		UploadId: &u.ID, Key: new(e.text(u.Key)), Initiated: &u.Initiated, StorageClass: new(v.storageClass()), Owner: ownerOf(u.Owner),
		Initiator:         &s3api.Initiator{ID: &u.Initiator.ID, DisplayName: given(u.Initiator.Name)},
		ChecksumAlgorithm: given(s3api.ChecksumAlgorithm(u.Algorithm)), ChecksumType: given(s3api.ChecksumType(u.Type)),
	}
}

// uploads fills the page. With an upload id, it goes on behind that upload
// within its key.
func (l *listing) uploads(tx storage.Tx, b *bucketRecord, afterID string) (found []*upload, err error) {
	l.groups, l.count, l.truncated, l.last = nil, 0, false, ""
	r := storage.Range{Prefix: begun(b.at(), l.prefix)}
	if l.after != "" {
		r.From = b.at(l.after).End()
		if at, err := uploadPlaces.Get(tx, b.at(afterID)); err == nil && afterID != "" {
			r.From = storage.Key(at).End()
		}
	}
	for again := true; again; {
		again = false
		for e, err := range uploads.Scan(tx, r) {
			if err != nil {
				return nil, err
			}
			next, full := l.roll(b.at(), e.Value.Key)
			if full || next == nil && !l.room() {
				return found, nil
			}
			if next != nil {
				r.From, again = next, true
				break
			}
			found = append(found, &e.Value)
			l.took(e.Value.Key)
		}
	}
	return found, nil
}

// ListParts lists the parts of an upload.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
func (s *Service) ListParts(ctx context.Context, in *s3api.ListPartsRequest) (*s3api.ListPartsOutput, error) {
	most, err := pageSize(in.MaxParts, "max-parts")
	if err != nil {
		return nil, err
	}
	marker, err := partMarker(in.PartNumberMarker)
	if err != nil {
		return nil, err
	}
	t := target{bucket: in.Bucket, key: in.Key, expected: in.ExpectedBucketOwner}
	u, err := s.findUpload(ctx, t, in.UploadId, "ListMultipartUploadParts", nil)
	if err != nil {
		return nil, err
	}
	out := &s3api.ListPartsOutput{
		Bucket: &in.Bucket, Key: &in.Key, UploadId: &in.UploadId, MaxParts: new(int32(most)), PartNumberMarker: &marker,
		Owner: ownerOf(u.upload.Owner), Initiator: &s3api.Initiator{ID: &u.upload.Initiator.ID, DisplayName: given(u.upload.Initiator.Name)},
		StorageClass:      new((&version{Headers: u.upload.Headers}).storageClass()),
		ChecksumAlgorithm: given(s3api.ChecksumAlgorithm(u.upload.Algorithm)), ChecksumType: given(s3api.ChecksumType(u.upload.Type)),
	}
	if out.AbortDate, out.AbortRuleId, err = s.abortion(ctx, u.bucket, &u.upload); err != nil {
		return nil, err
	}
	return out, s.view(ctx, func(tx storage.Tx) error {
		return fillParts(tx, out, storage.Range{Prefix: storage.K(in.UploadId), After: storage.K(in.UploadId, *out.PartNumberMarker)}, most)
	})
}

func fillParts(tx storage.Tx, out *s3api.ListPartsOutput, r storage.Range, most int) error {
	out.Parts, out.IsTruncated, out.NextPartNumberMarker = nil, new(false), new(int32(0))
	for e, err := range parts.Scan(tx, r) {
		if err != nil {
			return err
		}
		if len(out.Parts) == most {
			out.IsTruncated = new(most > 0)
			return nil
		}
		p := &e.Value
		entry := s3api.Part{PartNumber: &p.Number, LastModified: &p.Modified, ETag: new(quoted(p.ETag)), Size: &p.Piece.Size}
		showSum(&entry, p.Checksum.Algorithm, p.Checksum.Value, "")
		out.Parts, out.NextPartNumberMarker = append(out.Parts, entry), &p.Number
	}
	return nil
}
