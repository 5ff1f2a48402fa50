package s3sim

import (
	"context"
	"slices"
	"strings"

	"sealstack/api/s3api"
	"sealstack/s3sim/checksum"
)

// GetObjectAttributes returns what is asked for of an object: its entity tag,
// checksum, parts, storage class and size.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
func (s *Service) GetObjectAttributes(ctx context.Context, in *s3api.GetObjectAttributesRequest) (*s3api.GetObjectAttributesOutput, error) {
	wanted, err := attributes(in.ObjectAttributes)
	if err != nil {
		return nil, err
	}
	return retry(func() (*s3api.GetObjectAttributesOutput, error) { return s.objectAttributes(ctx, in, wanted) })
}

func (s *Service) objectAttributes(ctx context.Context, in *s3api.GetObjectAttributesRequest, wanted map[s3api.ObjectAttributes]bool) (*s3api.GetObjectAttributesOutput, error) {
	t := target{bucket: in.Bucket, key: in.Key, versionID: in.VersionId, expected: in.ExpectedBucketOwner}
	b, v, err := s.object(ctx, t, nil, "GetObject", "GetObjectAttributes")
	if err != nil {
		return nil, err
	}
	c := customerKey{in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5}
	if v.Crypt.Kind == sseC || c.any() {
		if _, err := s.unsealFor(ctx, b, v, c); err != nil {
			return nil, err
		}
	}
	out := &s3api.GetObjectAttributesOutput{LastModified: &v.Modified, VersionId: b.shownID(v)}
	v.attributes(out, wanted)
	if !wanted[s3api.ObjectAttributesObjectParts] || v.Parts == 0 {
		return out, nil
	}
	out.ObjectParts, err = s.objectParts(ctx, b, v, in)
	return out, err
}

// attributes reads the list of what is wanted, which may come as one text with
// commas.
func attributes(list []s3api.ObjectAttributes) (map[s3api.ObjectAttributes]bool, error) {
	known := []s3api.ObjectAttributes{
		s3api.ObjectAttributesETag, s3api.ObjectAttributesChecksum, s3api.ObjectAttributesObjectParts,
		s3api.ObjectAttributesStorageClass, s3api.ObjectAttributesObjectSize,
	}
	wanted := map[s3api.ObjectAttributes]bool{}
	for _, item := range list {
		for name := range strings.SplitSeq(string(item), ",") {
			a := s3api.ObjectAttributes(strings.TrimSpace(name))
			if !slices.Contains(known, a) {
				return nil, invalidArgument("Invalid attribute name specified.", "x-amz-object-attributes", string(a))
			}
			wanted[a] = true
		}
	}
	if len(wanted) == 0 {
		return nil, invalidRequest("The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty")
	}
	return wanted, nil
}

func (v *version) attributes(out *s3api.GetObjectAttributesOutput, wanted map[s3api.ObjectAttributes]bool) {
	if wanted[s3api.ObjectAttributesETag] {
		out.ETag = &v.ETag
	}
	if wanted[s3api.ObjectAttributesObjectSize] {
		out.ObjectSize = &v.Size
	}
	if wanted[s3api.ObjectAttributesStorageClass] {
		out.StorageClass = new(v.storageClass())
	}
	if wanted[s3api.ObjectAttributesChecksum] {
		sum := &s3api.Checksum{}
		showSum(sum, v.Checksum.Algorithm, v.Checksum.Value, v.Checksum.Type)
		out.Checksum = sum
	}
}

// objectParts lists the parts of a multipart object; those of one with a
// checksum of the whole are only counted.
func (s *Service) objectParts(ctx context.Context, b *bucket, v *version, in *s3api.GetObjectAttributesRequest) (*s3api.GetObjectAttributesParts, error) {
	out := &s3api.GetObjectAttributesParts{TotalPartsCount: new(int32(v.Parts))}
	if v.Checksum.Type != checksum.Composite {
		return out, nil
	}
	most, err := pageSize(in.MaxParts, "max-parts")
	if err != nil {
		return nil, err
	}
	pieces, err := s.pieces(ctx, b, v)
	if err != nil {
		return nil, err
	}
	out.MaxParts, out.PartNumberMarker = new(int32(most)), new(value(in.PartNumberMarker))
	out.IsTruncated, out.NextPartNumberMarker = new(false), new(int32(0))
	for _, p := range pieces {
		if p.Part <= *out.PartNumberMarker {
			continue
		}
		if len(out.Parts) == most {
			out.IsTruncated = new(true)
			break
		}
		entry := s3api.ObjectPart{PartNumber: &p.Part, Size: &p.Size}
		showSum(&entry, v.Checksum.Algorithm, p.Sum, "")
		out.Parts, out.NextPartNumberMarker = append(out.Parts, entry), &p.Part
	}
	return out, nil
}
