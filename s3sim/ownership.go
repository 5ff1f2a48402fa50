package s3sim

import (
	"context"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/storage"
)

// GetBucketOwnershipControls returns who owns the objects in a bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketOwnershipControls.html
func (s *Service) GetBucketOwnershipControls(ctx context.Context, in *s3api.GetBucketOwnershipControlsRequest) (*s3api.GetBucketOwnershipControlsOutput, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "GetBucketOwnershipControls")
	if err != nil {
		return nil, err
	}
	if b.Ownership == "" {
		return nil, noOwnershipControls(b.Name)
	}
	rules := []s3api.OwnershipControlsRule{{ObjectOwnership: b.Ownership}}
	return &s3api.GetBucketOwnershipControlsOutput{OwnershipControls: &s3api.OwnershipControls{Rules: rules}}, nil
}

// PutBucketOwnershipControls says who owns the objects in a bucket. Lists can
// be switched off only where the bucket's own grants nothing to others.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html
func (s *Service) PutBucketOwnershipControls(ctx context.Context, in *s3api.PutBucketOwnershipControlsRequest) (*api.None, error) {
	b, err := s.find(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if len(in.OwnershipControls.Rules) != 1 {
		return nil, malformedXML()
	}
	asked := in.OwnershipControls.Rules[0].ObjectOwnership
	keys := with(nil, "s3:x-amz-object-ownership", string(asked))
	if err := s.authorize(ctx, b, ask{action: "PutBucketOwnershipControls", keys: keys}); err != nil {
		return nil, err
	}
	return nil, s.change(ctx, b, func(_ storage.Tx, r *bucketRecord) error {
		if asked == s3api.ObjectOwnershipBucketOwnerEnforced && r.sharesByList() {
			return badRequest("InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
		}
		r.Ownership = asked
		return nil
	})
}

// sharesByList reports whether the bucket's list grants anything to others.
func (b *bucketRecord) sharesByList() bool {
	for _, g := range b.ACL {
		if g.ID != CanonicalID(b.Account) {
			return true
		}
	}
	return false
}

// DeleteBucketOwnershipControls gives objects to those who write them.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketOwnershipControls.html
func (s *Service) DeleteBucketOwnershipControls(ctx context.Context, in *s3api.DeleteBucketOwnershipControlsRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutBucketOwnershipControls")
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, b, func(_ storage.Tx, r *bucketRecord) error {
		r.Ownership = ""
		return nil
	})
}

func fullBlock() *s3api.PublicAccessBlockConfiguration {
	return &s3api.PublicAccessBlockConfiguration{
		BlockPublicAcls: new(true), IgnorePublicAcls: new(true), BlockPublicPolicy: new(true), RestrictPublicBuckets: new(true),
	}
}

// GetPublicAccessBlock returns how a bucket is kept from being public.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html
func (s *Service) GetPublicAccessBlock(ctx context.Context, in *s3api.GetPublicAccessBlockRequest) (*s3api.GetPublicAccessBlockOutput, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "GetBucketPublicAccessBlock")
	if err != nil {
		return nil, err
	}
	if b.Block == nil {
		return nil, noPublicAccessBlock(b.Name)
	}
	return &s3api.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: b.Block}, nil
}

// PutPublicAccessBlock keeps a bucket from being public; what is left out is
// off.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html
func (s *Service) PutPublicAccessBlock(ctx context.Context, in *s3api.PutPublicAccessBlockRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutBucketPublicAccessBlock")
	if err != nil {
		return nil, err
	}
	c := in.PublicAccessBlockConfiguration
	whole := &s3api.PublicAccessBlockConfiguration{
		BlockPublicAcls: new(value(c.BlockPublicAcls)), IgnorePublicAcls: new(value(c.IgnorePublicAcls)),
		BlockPublicPolicy: new(value(c.BlockPublicPolicy)), RestrictPublicBuckets: new(value(c.RestrictPublicBuckets)),
	}
	return nil, s.setBlock(ctx, b, whole)
}

// DeletePublicAccessBlock lets a bucket be public.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html
func (s *Service) DeletePublicAccessBlock(ctx context.Context, in *s3api.DeletePublicAccessBlockRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutBucketPublicAccessBlock")
	if err != nil {
		return nil, err
	}
	return nil, s.setBlock(ctx, b, nil)
}

func (s *Service) setBlock(ctx context.Context, b *bucket, c *s3api.PublicAccessBlockConfiguration) error {
	return s.change(ctx, b, func(_ storage.Tx, r *bucketRecord) error {
		r.Block = c
		return nil
	})
}
