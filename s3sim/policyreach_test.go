package s3sim

import (
	"strings"
	"testing"

	"sealstack/api/s3api"
)

func TestAnActionNeedsAResourceOfItsKind(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	const sentence = "Action does not apply to any resource(s) in statement"
	for _, tt := range []struct {
		actions, resources string
		taken              bool
	}{
		{`"s3:GetObject"`, `"arn:aws:s3:::logs"`, false},
		{`"s3:ListBucket"`, `"arn:aws:s3:::logs/*"`, false},
		{`"s3:GetObject","s3:ListBucket"`, `"arn:aws:s3:::logs/*"`, false},
		{`"s3:GetObject","s3:ListBucket"`, `"arn:aws:s3:::logs","arn:aws:s3:::logs/*"`, true},
		{`"s3:GetObject"`, `"arn:aws:s3:::logs/a"`, true},
		{`"s3:ListBucketVersions"`, `"arn:aws:s3:::logs"`, true},
		{`"s3:GetBucketObjectLockConfiguration"`, `"arn:aws:s3:::logs/*"`, false},
		{`"s3:ObjectOwnerOverrideToBucketOwner"`, `"arn:aws:s3:::logs/*"`, true},
		{`"s3:AbortMultipartUpload"`, `"arn:aws:s3:::logs"`, false},
		{`"s3:ListMultipartUploadParts"`, `"arn:aws:s3:::logs/*"`, true},
		{`"s3:ListBucketMultipartUploads"`, `"arn:aws:s3:::logs/*"`, false},
		{`"S3:getobject"`, `"arn:aws:s3:::logs"`, false},
		{`"s3:GetObject","s3:ListBucket"`, `"arn:aws:s3:::logs*"`, true},
		{`"s3:ListBucket"`, `"*"`, true},
		{`"s3:*"`, `"arn:aws:s3:::logs"`, true},
		{`"s3:Get*"`, `"arn:aws:s3:::logs/*"`, true},
	} {
		_, err := b.PutBucketPolicy(b.ctx, &s3api.PutBucketPolicyRequest{Bucket: "logs", Policy: statement(
			`"Principal":{"AWS":"111122223333"},"Action":[` + tt.actions + `],"Resource":[` + tt.resources + `]`)})
		if tt.taken {
			if err != nil {
				t.Errorf("%s on %s: %v", tt.actions, tt.resources, err)
			}
			continue
		}
		b.fails(err, "MalformedPolicy", sentence)
	}
	b.policy("logs", strings.Replace(statement(`"Principal":{"AWS":"111122223333"},"NotAction":"s3:GetObject","Resource":"arn:aws:s3:::logs"`), "Allow", "Deny", 1))
}
