package s3sim

import (
	"context"

	"sealstack/api"
)

// needVersion4 refuses to use a KMS key for a request that is not signed with
// Signature Version 4: one of version 2, or without any signature. What
// services do by themselves is not a request.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
func needVersion4(ctx context.Context) error {
	c := api.CallerOf(ctx)
	if c.Type != api.Anonymous && c.SignatureVersion != "AWS" {
		return nil
	}
	return invalidArgument("Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.", "Authorization", "null")
}
