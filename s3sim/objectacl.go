package s3sim

import (
	"context"

	"sealstack/api/s3api"
)

// GetObjectAcl returns the access control list of a version.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html
func (s *Service) GetObjectAcl(ctx context.Context, in *s3api.GetObjectAclRequest) (*s3api.GetObjectAclOutput, error) {
	b, v, err := s.object(ctx, target{bucket: in.Bucket, key: in.Key, versionID: in.VersionId, expected: in.ExpectedBucketOwner}, nil, "GetObjectAcl")
	if err != nil {
		return nil, err
	}
	owner := v.Owner
	if b.enforced() {
		owner = b.Account
	}
	return &s3api.GetObjectAclOutput{Owner: ownerOf(owner), Grants: show(b.list(v.ACL))}, nil
}

// PutObjectAcl replaces the access control list of a version.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html
func (s *Service) PutObjectAcl(ctx context.Context, in *s3api.PutObjectAclRequest) (*s3api.PutObjectAclOutput, error) {
	h := grantHeaders{string(value(in.ACL)), in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP}
	b, v, err := s.object(ctx, target{bucket: in.Bucket, key: in.Key, versionID: in.VersionId, expected: in.ExpectedBucketOwner}, grantKeys(h), "PutObjectAcl")
	if err != nil {
		return nil, err
	}
	list, err := b.newList(h, in.AccessControlPolicy, v.Owner)
	if err != nil {
		return nil, err
	}
	return &s3api.PutObjectAclOutput{}, s.rewrite(ctx, b, v, func(v *version) error {
		v.ACL = list
		return nil
	})
}
