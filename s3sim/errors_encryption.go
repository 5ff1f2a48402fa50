package s3sim

import (
	"errors"
	"net/http"
	"strings"

	"sealstack/api"
)

const (
	headerSSE      = "x-amz-server-side-encryption"
	headerKMSKey   = "x-amz-server-side-encryption-aws-kms-key-id"
	headerContext  = "x-amz-server-side-encryption-context"
	headerCustomer = "x-amz-server-side-encryption-customer-algorithm"
)

func kmsKeyNotApplicable() *api.Error {
	return invalidArgument("a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse", "ApplyServerSideEncryptionByDefault", "")
}

func kmsKeyWithoutKMS(algorithm string) *api.Error {
	return invalidArgument("Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms", headerSSE, algorithm)
}

func unknownEncryption(algorithm string) *api.Error {
	return invalidArgument("The encryption method specified is not supported", headerSSE, algorithm)
}

// Unverified: AWS's sentence for an encryption context that is not base64 of a
// flat JSON object of strings.
func badContext() *api.Error {
	return invalidArgument("The header '"+headerContext+"' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map", headerContext, "")
}

// Unverified: AWS's sentence for a bucket key with DSSE-KMS or without KMS.
func bucketKeyUnfit(algorithm string) *api.Error {
	return invalidArgument("Server Side Encryption with the bucket key is not applicable if the encryption method is not aws:kms", headerSSE, algorithm)
}

// kmsRefused turns KMS's refusal into S3's: a missing permission is S3's
// AccessDenied, everything else KMS's own error with "KMS." before its code. A
// fault stays what it is.
func kmsRefused(err error) error {
	e, ok := errors.AsType[*api.Error](err)
	if !ok || e.Fault() {
		return err
	}
	if e.Code == "AccessDeniedException" {
		return denied(e.Message)
	}
	return badRequest("KMS."+e.Code, e.Message)
}

// Keys that the customer provides.

func customerInvalid(message string) *api.Error {
	return invalidArgument(message, headerSSE, "")
}

func customerWithSSE() *api.Error {
	return customerInvalid("Server Side Encryption with Customer provided key is incompatible with the encryption method specified")
}

func customerAlgorithm(sent string) *api.Error {
	return badRequest("InvalidEncryptionAlgorithmError", "The Encryption request you specified is not valid. Supported value: AES256.").
		With("ArgumentName", headerSSE).With("ArgumentValue", sent)
}

func customerNoAlgorithm() *api.Error {
	return customerInvalid("Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.")
}

func customerNoKey() *api.Error {
	return customerInvalid("Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.")
}

func customerBadKey() *api.Error {
	return customerInvalid("The secret key was invalid for the specified algorithm.")
}

func customerBadMD5() *api.Error {
	return customerInvalid("The calculated MD5 hash of the key did not match the hash that was provided.")
}

func customerNeeded() *api.Error {
	return invalidRequest("The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.")
}

func customerWrongKey() *api.Error {
	return denied("Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.")
}

// Unverified: AWS's sentence for the key of a customer beside an object that
// was not stored with one.
func customerNotApplicable() *api.Error {
	return invalidRequest("The encryption parameters are not applicable to this object.")
}

func partNeedsCustomer() *api.Error {
	return invalidRequest("The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.")
}

func partOtherCustomer() *api.Error {
	return invalidRequest("The provided encryption parameters did not match the ones used originally.")
}

// Unverified: AWS's sentence for a write with SSE-C that the bucket blocks.
func customerBlocked() *api.Error {
	return fail("AccessDenied", http.StatusForbidden, "Access Denied because the bucket blocks server-side encryption with customer-provided keys (SSE-C)")
}

// quoted is an entity tag as headers and listings have it.
func quoted(etag string) string { return `"` + strings.Trim(etag, `"`) + `"` }
