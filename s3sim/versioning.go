package s3sim

import (
	"context"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/storage"
)

// GetBucketVersioning returns whether a bucket keeps versions; nothing for one
// that never did.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
func (s *Service) GetBucketVersioning(ctx context.Context, in *s3api.GetBucketVersioningRequest) (*s3api.GetBucketVersioningOutput, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "GetBucketVersioning")
	if err != nil {
		return nil, err
	}
	return &s3api.GetBucketVersioningOutput{Status: given(b.Versioning)}, nil
}

// PutBucketVersioning makes a bucket keep versions, or stop. MFA delete takes
// the root user's device, and there are none: no code in x-amz-mfa is right.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
func (s *Service) PutBucketVersioning(ctx context.Context, in *s3api.PutBucketVersioningRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutBucketVersioning")
	if err != nil {
		return nil, err
	}
	status := value(in.VersioningConfiguration.Status)
	if status != s3api.BucketVersioningStatusEnabled && status != s3api.BucketVersioningStatusSuspended {
		return nil, badRequest("IllegalVersioningConfigurationException", "The Versioning element must be specified")
	}
	switch value(in.VersioningConfiguration.MFADelete) {
	case "", s3api.MFADeleteDisabled:
	case s3api.MFADeleteEnabled:
		return nil, needsMFA()
	default:
		return nil, malformedXML()
	}
	return nil, s.change(ctx, b, func(_ storage.Tx, r *bucketRecord) error {
		if r.Lock && status == s3api.BucketVersioningStatusSuspended {
			return fail("InvalidBucketState", 409, "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.")
		}
		r.Versioning = status
		return nil
	})
}
