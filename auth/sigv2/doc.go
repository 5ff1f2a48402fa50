// Package sigv2 is AWS Signature Version 2 as Amazon S3 takes it beside
// Version 4: in the header "Authorization: AWS ID:SIGNATURE", in the query of
// a presigned request, and in the forms of browsers. It has no credential
// scope, so that it names no Region, and it does not cover the body.
//
// It is pure: it knows no accounts, no clock and no error codes. Package auth
// imports it to verify.
//
// AWS documents it in the S3 API Reference, "Signing and authenticating REST
// requests (AWS signature version 2)".
package sigv2
