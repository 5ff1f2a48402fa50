// Package restxml is the protocol of S3: it finds the bucket and key that a
// request is for ([Locate]) and its operation ([Table]), fills inputs from
// path, query, headers and body ([Decode]) and writes outputs as status,
// headers and XML ([Encode]) and errors as S3's error documents ([Refuse]).
// It does no I/O: streamed bodies pass through untouched.
//
// Only wire may import it.
//
// The protocol is restXml with the customizations of S3
// (https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html,
// https://smithy.io/2.0/aws/customizations/s3-customizations.html). S3's
// errors are in the page "Error responses" of its API reference
// (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
package restxml
