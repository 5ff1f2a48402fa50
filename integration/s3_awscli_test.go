//go:build walk

package integration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const big = 200 << 20

// awsCLI is an AWS CLI in a yard of its own, with a bucket and a key.
type awsCLI struct {
	*client
	reader *client // may do everything in S3, and nothing in KMS
	key    string
}

// TestWalkS3WithTheAWSCLI moves data with each AWS CLI that SEALSTACK_AWS_CLI
// names.
func TestWalkS3WithTheAWSCLI(t *testing.T) {
	t.Parallel()
	for _, path := range filepath.SplitList(tool(t, "SEALSTACK_AWS_CLI")) {
		t.Run(strings.ReplaceAll(strings.Trim(path, "/"), "/", "_"), func(t *testing.T) {
			t.Parallel()
			y := openYard(t)
			command := []string{path, "--endpoint-url", y.url}
			c := &awsCLI{y.client(rootKeys, command...), y.client(y.reader(), command...), y.key()}
			c.run("s3", "mb", "s3://cli")
			c.copies()
			c.presigns()
			c.syncs()
			c.checksums()
			c.movesMuch()
			c.run("s3", "rb", "s3://cli", "--force")
			c.refused([]string{"s3", "ls", "s3://cli"}, "NoSuchBucket")
		})
	}
}

func (c *awsCLI) sse(args ...string) []string {
	return append(args, "--sse", "aws:kms", "--sse-kms-key-id", c.key)
}

// copies also shows who may read what.
func (c *awsCLI) copies() {
	const text = "the text that nobody may find"
	file := c.write("text", text)
	c.run("s3", "cp", file, "s3://cli/plain")
	c.run(c.sse("s3", "cp", file, "s3://cli/sealed")...)
	c.fed(text).run(c.sse("s3", "cp", "-", "s3://cli/a stream+ü")...)
	c.underKey("cli", "plain", "")
	c.underKey("cli", "sealed", c.key)
	c.underKey("cli", "a stream+ü", c.key)
	c.sealed(text)
	c.same("the stream", c.run("s3", "cp", "s3://cli/a stream+ü", "-"), text)
	c.same("what the reader sees", c.reader.run("s3", "cp", "s3://cli/plain", "-"), text)
	c.reader.refused([]string{"s3", "cp", "s3://cli/sealed", "-"}, "AccessDenied")
	c.reader.refused([]string{"s3api", "get-object", "--bucket", "cli", "--key", "sealed", "out"}, "AccessDenied", "kms:Decrypt")
	c.reader.refused(c.sse("s3", "cp", file, "s3://cli/mine"), "AccessDenied", "kms:GenerateDataKey")
	c.disable(c.key)
	c.refused([]string{"s3api", "get-object", "--bucket", "cli", "--key", "sealed", "out"}, "KMS.DisabledException", c.key+" is disabled.")
	c.enable(c.key)
	c.run("s3", "mv", "s3://cli/sealed", "s3://cli/moved")
	c.underKey("cli", "moved", "")
	c.refused([]string{"s3", "ls", "s3://cli/sealed"})
	c.same("the moved", c.run("s3", "cp", "s3://cli/moved", "-"), text)
	c.run("s3", "rm", "s3://cli/moved")
}

func (c *awsCLI) presigns() {
	const text = "presigned"
	file := c.write("presigned", text)
	c.run("configure", "set", "default.s3.signature_version", "s3v4")
	c.run(c.sse("s3", "cp", file, "s3://cli/presigned")...)
	url := strings.TrimSpace(c.run("s3", "presign", "s3://cli/presigned", "--expires-in", "60"))
	status, body := c.fetch(url)
	if status != 200 || body != text {
		c.Fatalf("presigned: %d %s", status, body)
	}
	status, body = c.fetch(strings.Replace(url, "/presigned", "/plain", 1))
	if status != 403 || !strings.Contains(body, "<Code>SignatureDoesNotMatch</Code>") {
		c.Fatalf("presigned for another object: %d %s", status, body)
	}
	status, body = c.fetch(strings.TrimSpace(c.reader.run("s3", "presign", "s3://cli/presigned")))
	if status != 403 || !strings.Contains(body, "<Code>AccessDenied</Code>") || !strings.Contains(body, "kms:Decrypt") {
		c.Fatalf("presigned by the reader: %d %s", status, body)
	}
}

func (c *awsCLI) syncs() {
	for name, text := range map[string]string{"tree/a": "a", "tree/b/c": "c", "tree/b/d e": "de", "tree/empty": ""} {
		c.age(c.write(name, text))
	}
	tree := filepath.Join(c.home, "tree")
	up := c.sse("s3", "sync", tree, "s3://cli/tree", "--delete", "--no-progress")
	if n := strings.Count(c.run(up...), "upload:"); n != 4 {
		c.Fatalf("%d uploads, want 4", n)
	}
	c.underKey("cli", "tree/b/c", c.key)
	c.same("what the second sync does", c.run(up...), "")
	c.ok(os.Remove(filepath.Join(tree, "a")))
	c.write("tree/b/c", "changed")
	printed := c.run(up...)
	if !strings.Contains(printed, "delete: s3://cli/tree/a") || !strings.Contains(printed, "upload: ") || strings.Count(printed, "\n") != 2 {
		c.Fatalf("the third sync: %s", printed)
	}
	c.run("s3", "sync", "s3://cli/tree", "back")
	c.same("diff", c.other("diff", "-r", tree, "back"), "")
	listed := strings.Fields(c.run("s3", "ls", "s3://cli/tree/", "--recursive"))
	c.same("the last of the list", listed[len(listed)-1], "tree/empty")
	c.run("s3", "rm", "s3://cli/tree", "--recursive")
	c.refused([]string{"s3", "ls", "s3://cli/tree/"})
}

// age makes a file older than its upload, which S3 dates by whole seconds.
func (c *awsCLI) age(path string) {
	c.Helper()
	c.ok(os.Chtimes(path, time.Time{}, time.Unix(1_700_000_000, 0)))
}

// other runs another program in the yard.
func (c *awsCLI) other(command ...string) string {
	return c.yard.client(rootKeys, command[0]).run(command[1:]...)
}

// checksums of "123456789" are known from the algorithms' descriptions.
func (c *awsCLI) checksums() {
	file := c.write("digits", "123456789")
	known := map[string]string{"CRC32": "y/Q5Jg==", "CRC32C": "4waSgw==", "SHA1": "98O8HYCOBHMq32eZZczDTKeuNEE=",
		"SHA256": "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="}
	if strings.HasPrefix(c.run("--version"), "aws-cli/1") {
		known["CRC64NVME"] = "rosUhgp5mIg="
	}
	for algorithm, want := range known {
		put := c.run("s3api", "put-object", "--bucket", "cli", "--key", algorithm, "--body", file, "--checksum-algorithm", algorithm, "--server-side-encryption", "aws:kms", "--ssekms-key-id", c.key)
		got := c.run("s3api", "get-object", "--bucket", "cli", "--key", algorithm, "--checksum-mode", "ENABLED", "digits.back")
		for _, printed := range []string{put, got} {
			var answer map[string]any
			c.ok(json.Unmarshal([]byte(printed), &answer))
			if answer["Checksum"+algorithm] != want || answer["SSEKMSKeyId"] != c.key {
				c.Fatalf("%s: %s, want %s", algorithm, printed, want)
			}
		}
		c.same(algorithm, c.sum(filepath.Join(c.home, "digits.back")), c.sum(file))
	}
	c.refused([]string{"s3api", "put-object", "--bucket", "cli", "--key", "wrong", "--body", file, "--checksum-sha256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}, "BadDigest", "SHA256")
	c.refused([]string{"s3api", "head-object", "--bucket", "cli", "--key", "wrong"}, "404")
}

// movesMuch uploads, copies and downloads in parts.
func (c *awsCLI) movesMuch() {
	file := c.noise("big", big)
	c.run(c.sse("s3", "cp", file, "s3://cli/big", "--no-progress")...)
	c.underKey("cli", "big", c.key)
	var head struct{ ETag string }
	c.ok(json.Unmarshal([]byte(c.run("s3api", "head-object", "--bucket", "cli", "--key", "big")), &head))
	if !strings.HasSuffix(head.ETag, `-25"`) {
		c.Fatalf("the ETag of 25 parts is %s", head.ETag)
	}
	c.run("s3", "cp", "s3://cli/big", "s3://cli/copy", "--no-progress")
	c.underKey("cli", "copy", "")
	c.ok(os.Rename(file, file+".sent"))
	c.run("s3", "cp", "s3://cli/copy", "big", "--no-progress")
	c.same("the big copy", c.sum(file), c.sum(file+".sent"))
	c.run("s3", "cp", "s3://cli/big", "big", "--no-progress")
	c.same("the big object", c.sum(file), c.sum(file+".sent"))
}
