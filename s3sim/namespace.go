package s3sim

import (
	"strings"

	"sealstack/api/s3api"
)

// A name that ends in -an is one of an account's own names in a Region, and is
// asked for as such: PREFIX-ACCOUNT-REGION-an.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html
const regionalSuffix = "-an"

// checkNamespace refuses a name that is not of the namespace that the caller
// asks for, the global one if he asks for none.
//
// Unverified: the code and its sentence.
func (r *bucketRecord) checkNamespace(asked *s3api.BucketNamespace) error {
	own := strings.TrimSuffix(r.Name, "-"+r.Account+"-"+r.Region+regionalSuffix)
	regional := value(asked) == s3api.BucketNamespaceAccountRegional
	if regional && own != r.Name && own != "" || !regional && !strings.HasSuffix(r.Name, regionalSuffix) {
		return nil
	}
	return invalidBucketName(r.Name)
}
