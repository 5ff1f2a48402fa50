// Package wire is the edge: it takes HTTP requests as AWS's clients send them,
// finds the operation, has the signature verified, decodes and validates the
// input, passes it through the service's door ([api.Door]) and writes the
// answer or the error in the service's protocol. It is the only room that
// knows gorilla/mux.
//
// It may import api and auth. Only emulator may import it.
//
// The protocols are awsJson1.1 (KMS, CloudWatch Logs, CloudTrail) and awsQuery
// (IAM, STS), as Smithy documents them at https://smithy.io/2.0/aws/protocols/.
// What every service answers to a request that is wrong in itself is in the
// page "Common Errors" of each service's API reference.
package wire
