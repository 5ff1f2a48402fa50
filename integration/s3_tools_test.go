//go:build walk

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const secretText = "what nobody may read in the store"

// tree makes a folder of files, one of them of many parts.
func (y *yard) tree() string {
	y.Helper()
	y.write("tree/text", secretText)
	y.write("tree/deeper/a b+ü", "")
	y.noise("tree/deeper/parts", 12<<20)
	return filepath.Join(y.home, "tree")
}

// equal fails the walk where two folders differ.
func (y *yard) equal(a, b string) {
	y.Helper()
	y.same("diff", y.client(rootKeys, "diff", "-r", a, b).run(), "")
}

// allowCustomerKeys lets a bucket take SSE-C, which new buckets refuse.
func (y *yard) allowCustomerKeys(bucket string) {
	y.Helper()
	_, err := y.s3.PutBucketEncryption(y.Context(), &s3.PutBucketEncryptionInput{Bucket: &bucket,
		ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{Rules: []s3types.ServerSideEncryptionRule{{
			ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: s3types.ServerSideEncryptionAes256},
			BlockedEncryptionTypes:             &s3types.BlockedEncryptionTypes{EncryptionType: []s3types.EncryptionType{s3types.EncryptionTypeNone}},
		}}}})
	y.ok(err)
}

// rclone returns rclone with two remotes: kms, under a key, and s3. Keys of the
// customer's it does not send without TLS.
func (y *yard) rclone(c aws.Credentials, key string) *client {
	var env []string
	for _, remote := range []string{"KMS", "S3"} {
		for _, setting := range []string{"TYPE=s3", "PROVIDER=Minio", "ENV_AUTH=true", "ENDPOINT=" + y.url, "REGION=" + region, "FORCE_PATH_STYLE=true",
			"LOCATION_CONSTRAINT=" + region, "ACL=bucket-owner-full-control", "BUCKET_ACL=private", "UPLOAD_CUTOFF=5Mi", "CHUNK_SIZE=5Mi"} {
			env = append(env, "RCLONE_CONFIG_"+remote+"_"+setting)
		}
	}
	env = append(env, "RCLONE_CONFIG_KMS_SERVER_SIDE_ENCRYPTION=aws:kms", "RCLONE_CONFIG_KMS_SSE_KMS_KEY_ID="+key)
	return y.client(c, tool(y, "SEALSTACK_RCLONE"), "--retries", "1", "--low-level-retries", "1", "--config", "/dev/null").with(env...)
}

func TestWalkS3WithRclone(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	key, tree := y.key(), y.tree()
	c := y.rclone(rootKeys, key)
	c.run("mkdir", "kms:rclone")
	c.run("sync", tree, "kms:rclone/t")
	y.underKey("rclone", "t/deeper/parts", key)
	y.underKey("rclone", "t/deeper/a b+ü", key)
	y.sealed(secretText)
	c.run("check", "--download", tree, "kms:rclone/t")
	cmd, _, stderr := c.prepare([]string{"sync", "-v", tree, "kms:rclone/t"})
	if err := cmd.Run(); err != nil || !strings.Contains(stderr.String(), "There was nothing to transfer") {
		t.Fatal(err, stderr)
	}
	c.refused([]string{"copy", "--s3-acl", "private", tree, "s3:rclone/acl"}, "AccessControlListNotSupported")
	c.run("sync", "kms:rclone/t", "back")
	y.equal(tree, "back")
	y.same("cat", c.run("cat", "kms:rclone/t/text"), secretText)
	reader := y.rclone(y.reader(), key)
	reader.refused([]string{"cat", "s3:rclone/t/text"}, "AccessDenied", "kms:Decrypt")
	status, body := y.fetch(strings.TrimSpace(c.run("link", "--expire", "1m", "kms:rclone/t/text")))
	if status != 200 || body != secretText {
		t.Fatal(status, body)
	}
	c.run("moveto", "s3:rclone/t/text", "s3:rclone/plain")
	y.underKey("rclone", "plain", "")
	c.run("purge", "s3:rclone")
	c.refused([]string{"lsf", "s3:rclone"}, "directory not found")
}

func TestWalkS3WithS3cmd(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	key, tree, host := y.key(), y.tree(), strings.TrimPrefix(y.url, "http://")
	s3cmd := func(c aws.Credentials) *client {
		return y.client(c, tool(y, "SEALSTACK_S3CMD"), "-c", y.write("empty.cfg", "[default]\n"), "--access_key="+c.AccessKeyID, "--secret_key="+c.SecretAccessKey,
			"--host="+host, "--host-bucket="+host, "--no-ssl", "--region="+region, "--no-progress", "--multipart-chunk-size-mb=5")
	}
	c := s3cmd(rootKeys)
	sealed := []string{"--server-side-encryption", "--server-side-encryption-kms-id=" + key}
	c.run("mb", "s3://s3cmd")
	c.run(append(sealed, "sync", tree+"/", "s3://s3cmd/t/")...)
	y.underKey("s3cmd", "t/deeper/parts", key)
	y.underKey("s3cmd", "t/text", key)
	y.sealed(secretText)
	c.run("sync", "s3://s3cmd/t/", "back/")
	y.equal(tree, "back")
	s3cmd(y.reader()).refused([]string{"get", "s3://s3cmd/t/text", "mine"}, "AccessDenied")
	c.run("put", "tree/text", "s3://s3cmd/plain")
	y.same("what the second sync does", c.run("sync", "--no-check-md5", tree+"/", "s3://s3cmd/t/"), "")
	status, body := y.fetch(strings.TrimSpace(c.run("signurl", "s3://s3cmd/plain", "+60")))
	if status != 200 || body != secretText {
		t.Fatal(status, body)
	}
	status, body = y.fetch(strings.TrimSpace(c.run("signurl", "s3://s3cmd/t/text", "+60")))
	if status != 400 || !strings.Contains(body, "require AWS Signature Version 4") {
		t.Fatal(status, body)
	}
	// It sets the copy's ACL, where a bucket has none.
	c.refused([]string{"mv", "s3://s3cmd/plain", "s3://s3cmd/moved"}, "AccessControlListNotSupported", "The bucket does not allow ACLs")
	c.run("mv", "--acl-private", "s3://s3cmd/plain", "s3://s3cmd/moved")
	y.same("the moved", c.run("get", "s3://s3cmd/moved", "-"), secretText)
	if info := c.run("info", "s3://s3cmd/t/text"); !strings.Contains(info, "aws:kms") {
		t.Fatal(info)
	}
	c.run("rb", "--recursive", "--force", "s3://s3cmd")
	c.refused([]string{"ls", "s3://s3cmd"}, "NoSuchBucket")
}

func TestWalkS3WithRestic(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	key, tree := y.key(), y.tree()
	y.sealedBucket("restic", key)
	c := y.client(rootKeys, tool(t, "SEALSTACK_RESTIC")).with("RESTIC_REPOSITORY=s3:"+y.url+"/restic/backups", "RESTIC_PASSWORD=open sesame", "RESTIC_CACHE_DIR="+filepath.Join(y.home, "cache"))
	c.run("init")
	y.underKey("restic", "backups/config", key)
	c.run("backup", "tree")
	y.ok(os.WriteFile(filepath.Join(tree, "text"), []byte("changed"), 0o644))
	c.run("backup", "tree")
	c.run("check", "--read-data")
	if n := strings.Count(c.run("snapshots", "--json"), `"short_id"`); n != 2 {
		t.Fatalf("%d snapshots", n)
	}
	c.run("restore", "latest", "--target", "back")
	y.equal(tree, "back/tree")
	c.run("forget", "--keep-last", "1", "--prune")
	c.run("check", "--read-data")
	c.run("restore", "latest", "--target", "again")
	y.equal(tree, "again/tree")
}

func TestWalkS3WithMinioClient(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	key, tree := y.key(), y.tree()
	c := y.client(rootKeys, tool(t, "SEALSTACK_MC"), "--config-dir", filepath.Join(y.home, "mc"), "--quiet")
	c.run("alias", "set", "root", y.url, rootKeys.AccessKeyID, rootKeys.SecretAccessKey, "--api", "S3v4", "--path", "on")
	reader := y.reader()
	c.run("alias", "set", "reader", y.url, reader.AccessKeyID, reader.SecretAccessKey, "--api", "S3v4", "--path", "on")
	sealed := []string{"--enc-kms", "root/minio=" + key[strings.LastIndex(key, "/")+1:]}
	c.run("mb", "--region", region, "root/minio")
	c.run(append([]string{"mirror", tree, "root/minio/t"}, sealed...)...)
	y.underKey("minio", "t/deeper/parts", key)
	y.underKey("minio", "t/text", key)
	y.sealed(secretText)
	c.run("mirror", "root/minio/t", "back")
	y.equal(tree, "back")
	y.same("cat", c.run("cat", "root/minio/t/text"), secretText)
	c.refused([]string{"cat", "reader/minio/t/text"}, "Insufficient permissions")
	c.fed(secretText).run(append([]string{"pipe", "root/minio/piped"}, sealed...)...)
	y.underKey("minio", "piped", key)
	c.run("mv", "root/minio/piped", "root/minio/moved")
	y.same("the moved", c.run("cat", "root/minio/moved"), secretText)
	y.disable(key)
	c.refused([]string{"cat", "root/minio/t/text"}, "400 Bad Request")
	y.enable(key)
	c.run("rm", "--recursive", "--force", "root/minio/t")
	c.run("rb", "--force", "root/minio")
}
