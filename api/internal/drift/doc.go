// Package drift holds the generated contracts against the request and
// response snapshots and the Go types that the modules of aws-sdk-go-v2
// (https://github.com/aws/aws-sdk-go-v2) ship. It is tests alone: what differs
// must be exactly what testdata/known.txt lists.
package drift
