// Package awsquery reads the requests and writes the answers of the protocol
// awsQuery (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html):
// parameters of a form or query string in, XML out. [Decode] checks the
// constraints of the model while it decodes.
//
// Only wire may import it.
package awsquery
