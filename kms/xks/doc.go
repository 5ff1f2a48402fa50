// Package xks speaks the external key store proxy API, version 1, as AWS KMS
// does to the proxy in front of a key manager outside of AWS: JSON over HTTPS,
// signed with Signature Version 4. It keeps nothing, and knows no error of KMS.
//
// Only kms may import it.
//
// AWS documents the API at https://github.com/aws/aws-kms-xksproxy-api-spec.
package xks
