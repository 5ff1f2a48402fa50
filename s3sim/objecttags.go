package s3sim

import (
	"context"

	"sealstack/api/s3api"
)

// GetObjectTagging returns the tags of a version.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html
func (s *Service) GetObjectTagging(ctx context.Context, in *s3api.GetObjectTaggingRequest) (*s3api.GetObjectTaggingOutput, error) {
	b, v, err := s.object(ctx, target{bucket: in.Bucket, key: in.Key, versionID: in.VersionId, expected: in.ExpectedBucketOwner}, nil, "GetObjectTagging")
	if isError(err, "NoSuchKey") {
		// Unverified: S3 puts the bucket before the key here, and here alone.
		return nil, noSuchKey(in.Bucket + "/" + in.Key)
	}
	if err != nil {
		return nil, err
	}
	return &s3api.GetObjectTaggingOutput{TagSet: tagSet(v.Tags), VersionId: b.shownID(v)}, nil
}

// PutObjectTagging replaces the tags of a version.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
func (s *Service) PutObjectTagging(ctx context.Context, in *s3api.PutObjectTaggingRequest) (*s3api.PutObjectTaggingOutput, error) {
	tags, invalid := tagsOf(in.Tagging.TagSet, maxObjectTags)
	b, v, err := s.object(ctx, target{bucket: in.Bucket, key: in.Key, versionID: in.VersionId, expected: in.ExpectedBucketOwner}, tagKeys(nil, tags), "PutObjectTagging")
	if err != nil {
		return nil, err
	}
	if invalid != nil {
		return nil, invalid
	}
	return &s3api.PutObjectTaggingOutput{VersionId: b.shownID(v)}, s.setObjectTags(ctx, b, v, tags)
}

// DeleteObjectTagging removes the tags of a version.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html
func (s *Service) DeleteObjectTagging(ctx context.Context, in *s3api.DeleteObjectTaggingRequest) (*s3api.DeleteObjectTaggingOutput, error) {
	b, v, err := s.object(ctx, target{bucket: in.Bucket, key: in.Key, versionID: in.VersionId, expected: in.ExpectedBucketOwner}, nil, "DeleteObjectTagging")
	if err != nil {
		return nil, err
	}
	return &s3api.DeleteObjectTaggingOutput{VersionId: b.shownID(v)}, s.setObjectTags(ctx, b, v, nil)
}

func (s *Service) setObjectTags(ctx context.Context, b *bucket, v *version, tags map[string]string) error {
	return s.rewrite(ctx, b, v, func(v *version) error {
		v.Tags = tags
		return nil
	})
}
