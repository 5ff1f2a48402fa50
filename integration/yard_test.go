//go:build walk

package integration

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// tool returns what scripts/ci-tools.sh says under a name; a client that is
// lacking fails its walk.
func tool(t testing.TB, name string) string {
	t.Helper()
	path := os.Getenv(name)
	if path == "" {
		t.Fatalf(`%s is not set: tools=$(scripts/ci-tools.sh) && eval "$tools"`, name)
	}
	return path
}

// yard is the program, strict about access keys, with a folder for a client
// beside it.
type yard struct {
	*testing.T
	*program
	data string // what the program keeps
	home string // what the client keeps
	s3   *s3.Client
	kms  *kms.Client
	iam  *iam.Client
}

// rootKeys are the access keys of the account's root user in a yard.
var rootKeys = aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}

func openYard(t *testing.T, flags ...string) *yard {
	t.Helper()
	y := &yard{T: t, data: t.TempDir(), home: t.TempDir()}
	y.program = mustStart(t, y.data, append([]string{
		"--region", region, "--auth", "strict", "--root-access-key", rootKeys.AccessKeyID, "--root-secret-key", rootKeys.SecretAccessKey,
	}, flags...)...)
	c := keys(rootKeys.AccessKeyID, rootKeys.SecretAccessKey)
	y.kms, y.iam = kmsClient(y.url, c), iamClient(y.url, c)
	o := s3Client(y.url, c).Options() // as a program has it that loads its configuration
	o.RequestChecksumCalculation, o.ResponseChecksumValidation = aws.RequestChecksumCalculationWhenSupported, aws.ResponseChecksumValidationWhenSupported
	y.s3 = s3.New(o)
	return y
}

func (y *yard) ok(err error) {
	y.Helper()
	if err != nil {
		y.Fatal(err)
	}
}

// same fails the walk where two texts differ.
func (y *yard) same(what, got, want string) {
	y.Helper()
	if got != want {
		y.Fatalf("%s: got %q, want %q", what, got, want)
	}
}

// key creates a KMS key with the default policy and returns its ARN.
func (y *yard) key() string {
	y.Helper()
	out, err := y.kms.CreateKey(y.Context(), &kms.CreateKeyInput{})
	y.ok(err)
	return *out.KeyMetadata.Arn
}

func (y *yard) disable(key string) {
	y.Helper()
	_, err := y.kms.DisableKey(y.Context(), &kms.DisableKeyInput{KeyId: &key})
	y.ok(err)
}

func (y *yard) enable(key string) {
	y.Helper()
	_, err := y.kms.EnableKey(y.Context(), &kms.EnableKeyInput{KeyId: &key})
	y.ok(err)
}

func (y *yard) bucket(name string) {
	y.Helper()
	_, err := y.s3.CreateBucket(y.Context(), &s3.CreateBucketInput{Bucket: &name,
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region}})
	y.ok(err)
}

// sealedBucket is a bucket whose objects are under a KMS key unless they say
// otherwise.
func (y *yard) sealedBucket(name, key string) {
	y.Helper()
	y.bucket(name)
	_, err := y.s3.PutBucketEncryption(y.Context(), &s3.PutBucketEncryptionInput{Bucket: &name,
		ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{Rules: []s3types.ServerSideEncryptionRule{{
			ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: s3types.ServerSideEncryptionAwsKms, KMSMasterKeyID: &key},
		}}}})
	y.ok(err)
}

// underKey fails the walk unless an object is under a KMS key, or under S3's
// own where key is "".
func (y *yard) underKey(bucket, name, key string) {
	y.Helper()
	h, err := y.s3.HeadObject(y.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &name})
	y.ok(err)
	want := s3types.ServerSideEncryptionAes256
	if key != "" {
		want = s3types.ServerSideEncryptionAwsKms
	}
	if h.ServerSideEncryption != want || aws.ToString(h.SSEKMSKeyId) != key {
		y.Fatalf("%s/%s is under %s %s, want %s %s", bucket, name, h.ServerSideEncryption, aws.ToString(h.SSEKMSKeyId), want, key)
	}
}

// reader is an IAM user who may do everything in S3 and nothing in KMS.
func (y *yard) reader() aws.Credentials { return y.user("reader", `"s3:*"`) }

// user creates an IAM user who may do what actions lists.
func (y *yard) user(name, actions string) aws.Credentials {
	y.Helper()
	_, err := y.iam.CreateUser(y.Context(), &iam.CreateUserInput{UserName: &name})
	y.ok(err)
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` + actions + `],"Resource":"*"}]}`
	_, err = y.iam.PutUserPolicy(y.Context(), &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("may"), PolicyDocument: &document})
	y.ok(err)
	out, err := y.iam.CreateAccessKey(y.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	y.ok(err)
	return aws.Credentials{AccessKeyID: *out.AccessKey.AccessKeyId, SecretAccessKey: *out.AccessKey.SecretAccessKey}
}

// write makes a file of the client's and returns its path.
func (y *yard) write(name, text string) string {
	y.Helper()
	path := filepath.Join(y.home, name)
	y.ok(os.MkdirAll(filepath.Dir(path), 0o755))
	y.ok(os.WriteFile(path, []byte(text), 0o644))
	return path
}

// noise makes a file of so many random bytes.
func (y *yard) noise(name string, size int64) string {
	y.Helper()
	path := y.write(name, "")
	f, err := os.Create(path)
	y.ok(err)
	defer f.Close()
	_, err = io.CopyN(f, rand.Reader, size)
	y.ok(err)
	return path
}

// sum is the SHA-256 of a file.
func (y *yard) sum(path string) string {
	y.Helper()
	f, err := os.Open(path)
	y.ok(err)
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	y.ok(err)
	return hex.EncodeToString(h.Sum(nil))
}

// sealed fails the walk where a file of the program holds a text.
func (y *yard) sealed(texts ...string) {
	y.Helper()
	found, err := searchFiles(y.data, texts)
	y.ok(err)
	if found != "" {
		y.Fatal(found)
	}
}

// fetch gets a URL as a browser's address bar does.
func (y *yard) fetch(url string) (status int, body string) {
	y.Helper()
	answer, err := (&http.Client{Timeout: time.Minute}).Get(url)
	y.ok(err)
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	y.ok(err)
	return answer.StatusCode, string(b)
}

// client is a program under test with somebody's access keys.
type client struct {
	*yard
	command []string
	env     []string
	stdin   string
}

// client returns a client that runs in the yard's home. AWS's variables are in
// its environment; it knows nothing of the machine's own settings.
func (y *yard) client(c aws.Credentials, command ...string) *client {
	return &client{yard: y, command: command, env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + y.home, "TMPDIR=" + y.home, "LC_ALL=C.UTF-8", "ENDPOINT=" + y.url, "AWS_ENDPOINT_URL=" + y.url,
		"AWS_ACCESS_KEY_ID=" + c.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + c.SecretAccessKey, "AWS_REGION=" + region, "AWS_DEFAULT_REGION=" + region,
		"AWS_PAGER=", "AWS_MAX_ATTEMPTS=1", "AWS_EC2_METADATA_DISABLED=true",
	}}
}

// with returns the client with further variables.
func (c *client) with(env ...string) *client {
	more := *c
	more.env = append(slices.Clone(c.env), env...)
	return &more
}

// fed returns the client with a text on its standard input.
func (c *client) fed(stdin string) *client {
	more := *c
	more.stdin = stdin
	return &more
}

func (c *client) prepare(args []string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	all := append(slices.Clone(c.command), args...)
	cmd = exec.CommandContext(c.Context(), all[0], all[1:]...)
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.home, c.env, strings.NewReader(c.stdin), stdout, stderr
	return cmd, stdout, stderr
}

// run runs the client, which must succeed, and returns what it prints.
func (c *client) run(args ...string) string {
	c.Helper()
	cmd, stdout, stderr := c.prepare(args)
	if err := cmd.Run(); err != nil {
		c.Fatalf("%s %s: %v\n%s%s\nthe program: %s", filepath.Base(c.command[0]), strings.Join(args, " "), err, stdout, stderr, c.program.stderr)
	}
	return stdout.String()
}

// refused runs the client, which must fail and say each of the texts.
func (c *client) refused(args []string, says ...string) {
	c.Helper()
	cmd, stdout, stderr := c.prepare(args)
	err := cmd.Run()
	printed := fmt.Sprintf("%s%s", stdout, stderr)
	if err == nil {
		c.Fatalf("%s %s succeeded: %s", filepath.Base(c.command[0]), strings.Join(args, " "), printed)
	}
	for _, text := range says {
		if !strings.Contains(printed, text) {
			c.Fatalf("%s %s: got %s, want it to say %q", filepath.Base(c.command[0]), strings.Join(args, " "), printed, text)
		}
	}
}
