// Package awsjson reads and writes the bodies of the protocol awsJson1.1
// (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html). [Decode]
// checks the constraints of the model in the same walk over the body; there is
// no second representation of it.
//
// It keeps to RFC 8259: invalid UTF-8, control characters inside strings and
// data behind the value are errors. Unknown members are skipped, null stands
// for absent, and of a member that is sent twice the last one counts.
//
// Only wire may import it.
package awsjson
