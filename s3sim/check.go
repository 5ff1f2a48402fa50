package s3sim

import (
	"context"

	"sealstack/api"
)

// documentActions are the actions of operations that take a document and are
// for a bucket.
var documentActions = map[string]string{
	"PutBucketAbac": "PutBucketAbac", "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration", "PutBucketAcl": "PutBucketAcl",
	"PutBucketCors": "PutBucketCORS", "PutBucketEncryption": "PutEncryptionConfiguration", "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
	"PutBucketLogging": "PutBucketLogging", "PutBucketNotificationConfiguration": "PutBucketNotification",
	"PutBucketOwnershipControls": "PutBucketOwnershipControls", "PutBucketPolicy": "PutBucketPolicy",
	"PutBucketReplication": "PutReplicationConfiguration", "PutBucketRequestPayment": "PutBucketRequestPayment",
	"PutBucketTagging": "PutBucketTagging", "PutBucketVersioning": "PutBucketVersioning", "PutBucketWebsite": "PutBucketWebsite",
	"PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration", "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
	"PutBucketMetricsConfiguration": "PutMetricsConfiguration", "PutBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
	"PutObjectLockConfiguration": "PutBucketObjectLockConfiguration", "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}

// CheckBucket tells the edge what S3 tells of a request before it reads the
// document in it: the bucket is not there, or the caller may not do this to
// it. Of operations on objects it tells the former only, for the key is not
// known.
func (s *Service) CheckBucket(ctx context.Context, op *api.Operation, name string) error {
	b, err := s.find(ctx, name, nil)
	if err != nil {
		return err
	}
	if action, ok := documentActions[op.Name]; ok {
		return s.authorize(ctx, b, ask{action: action})
	}
	return nil
}
