package s3sim

import (
	"context"
	"strings"

	"sealstack/api/s3api"
	"sealstack/auth"
)

// UpdateObjectEncryption puts an object that is there under another KMS key:
// its data key is unwrapped and wrapped anew, its content stays, and so do
// entity tag and date. The key must be given by its ARN and belong to the
// bucket owner's account.
//
// Unverified: KMS's calls. AWS names Encrypt and ReEncrypt among the
// permissions; here they are Decrypt and GenerateDataKey.
//
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateObjectEncryption.html
func (s *Service) UpdateObjectEncryption(ctx context.Context, in *s3api.UpdateObjectEncryptionRequest) (*s3api.UpdateObjectEncryptionResponse, error) {
	to := in.ObjectEncryption.SSEKMS
	if to == nil {
		return nil, malformedXML()
	}
	keys := with(auth.Keys{}, "s3:x-amz-server-side-encryption", string(sseKMS))
	keys = with(keys, "s3:x-amz-server-side-encryption-aws-kms-key-id", to.KMSKeyArn)
	b, v, err := s.object(ctx, target{bucket: in.Bucket, key: in.Key, versionID: in.VersionId, expected: in.ExpectedBucketOwner}, keys, "UpdateObjectEncryption")
	if err != nil {
		return nil, err
	}
	if err := b.updatable(v, to); err != nil {
		return nil, err
	}
	plain, err := s.unseal(ctx, b, v.Key, &v.Crypt, nil)
	if err != nil {
		return nil, err
	}
	c := choice{kind: sseKMS, keyID: to.KMSKeyArn, bucketKey: value(to.BucketKeyEnabled)}
	e, _, err := s.wrap(ctx, b, v.Key, c, envelope{Kind: sseKMS}, plain)
	if err != nil {
		return nil, err
	}
	return &s3api.UpdateObjectEncryptionResponse{}, s.rewrite(ctx, b, v, func(v *version) error {
		v.Crypt = e
		return nil
	})
}

// updatable refuses objects and keys that S3 does not take.
//
// Unverified: AWS's sentences.
func (b *bucket) updatable(v *version, to *s3api.SSEKMSEncryption) error {
	switch {
	case v.Crypt.Kind != sseS3 && v.Crypt.Kind != sseKMS:
		return invalidRequest("The encryption type of the source object is not supported. Only SSE-S3 and SSE-KMS objects can be updated.")
	case !strings.HasPrefix(to.KMSKeyArn, "arn:") || !strings.Contains(to.KMSKeyArn, ":key/"):
		return invalidRequest("The KMS key must be specified by its full ARN.")
	case !strings.Contains(to.KMSKeyArn, ":"+b.Account+":"):
		return denied("The KMS key must belong to the account of the bucket owner.")
	}
	return nil
}
