// Package s3sim is Amazon S3, as far as encrypted logs and their readers need
// it: buckets, objects and their versions, multipart uploads, server-side
// encryption with S3's keys, KMS's keys and the customer's, bucket policies and
// access control lists. It implements [s3api.API].
//
// An object's content is sealed under a data key of its own (package body),
// which is wrapped under what the caller chose: a key of the service, a data
// key that KMS generated for the caller and will decrypt for those who may, or
// the key that the customer sends. Without it nobody reads the content; nothing
// here is a flag.
//
// KMS is called on behalf of the user, so that the user's permissions and the
// key policy decide. s3sim imports api, s3api, kmsapi, auth, policy, arn,
// storage and clock, and only the wiring imports it.
//
// AWS documents the service in the Amazon S3 User Guide and in the Amazon S3
// API Reference.
package s3sim
