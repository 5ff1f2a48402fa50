// Package integration holds the tests that meet Sealstack as its users do:
// through AWS's SDKs, the AWS CLI, the tools that people move data in S3 with, a
// browser, and the running program. It has no code of its own.
package integration
