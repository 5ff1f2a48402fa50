//go:build walk

package integration

import (
	"path/filepath"
	"testing"
)

// script returns a client that runs a script of testdata, which asserts for
// itself. It is given a KMS key and the access keys of a user who may do
// everything in S3 and nothing in KMS.
func (y *yard) script(interpreter, path string) *client {
	y.Helper()
	full, err := filepath.Abs(filepath.Join("testdata", path))
	y.ok(err)
	reader := y.reader()
	return y.client(rootKeys, tool(y, interpreter), full).with(
		"KEY="+y.key(), "READER_ID="+reader.AccessKeyID, "READER_SECRET="+reader.SecretAccessKey)
}

func TestWalkS3WithBoto3(t *testing.T) {
	t.Parallel()
	openYard(t).script("SEALSTACK_PYTHON", "python/s3.py").run()
}

func TestWalkS3WithTheSDKForJavaScript(t *testing.T) {
	t.Parallel()
	openYard(t).script("SEALSTACK_NODE", "node/s3.mjs").run()
}

// TestWalkS3WithBoto3AsTimePasses has AWS's delays, for archived objects take
// their hours.
func TestWalkS3WithBoto3AsTimePasses(t *testing.T) {
	t.Parallel()
	openYard(t, "--timing", "aws").script("SEALSTACK_PYTHON", "python/s3time.py").run()
}
