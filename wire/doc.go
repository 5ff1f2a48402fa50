// Package wire is the edge: it takes HTTP requests as AWS's clients send them,
// finds the operation, has the signature verified, decodes and validates the
// input, passes it through the service's door ([api.Door]) and writes the
// answer or the error in the service's protocol. It is the only room that
// knows gorilla/mux.
//
// It may import api and auth. Only emulator may import it.
//
// The protocols are awsJson1.1 (KMS, CloudWatch Logs, CloudTrail), awsQuery
// (IAM, STS) and restXml (S3), as Smithy documents them at
// https://smithy.io/2.0/aws/protocols/. A body sent to S3 is not read before it
// is authenticated, and not by the edge if it is an object's: the service reads
// it as a stream that ends in an error unless it is what was signed.
// What every service answers to a request that is wrong in itself is in the
// page "Common Errors" of each service's API reference.
package wire
