package integration

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// answered is an HTTP client that keeps the last answer.
type answered struct {
	status int
	header http.Header
}

func (a *answered) Do(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		a.status, a.header = resp.StatusCode, resp.Header
	}
	return resp, err
}

// s3 is a client of S3 for the actor; what S3 answered last is in the second.
func (a actor) s3() (*s3.Client, *answered) {
	last := &answered{}
	return s3.New(s3.Options{
		BaseEndpoint: &a.court.url, Region: region, Credentials: a.credentials, Retryer: aws.NopRetryer{}, UsePathStyle: true, HTTPClient: last,
	}), last
}

// sealing is a way to encrypt an object, and what AWS documents of it.
type sealing struct {
	name      string
	kind      s3types.ServerSideEncryption // empty: with the customer's key
	managed   bool                         // under aws/s3, whose policy lets everyone of the account in through S3
	bucketKey bool
	context   string // of the caller, base64
}

var sealings = []sealing{
	{name: "SSE-S3", kind: "AES256"},
	{name: "SSE-KMS aws/s3", kind: "aws:kms", managed: true},
	{name: "SSE-KMS", kind: "aws:kms"},
	{name: "SSE-KMS bucket key", kind: "aws:kms", bucketKey: true},
	{name: "SSE-KMS context", kind: "aws:kms", context: base64.StdEncoding.EncodeToString([]byte(`{"team":"blue"}`))},
	{name: "DSSE-KMS", kind: "aws:kms:dsse"},
	{name: "SSE-C"},
}

// underKey reports whether it takes a customer managed KMS key.
func (s sealing) underKey() bool { return strings.HasPrefix(string(s.kind), "aws:") && !s.managed }

var (
	customersKey = bytes.Repeat([]byte("k"), 32)
	customersSum = md5.Sum(customersKey)
)

func (s sealing) customer() (algorithm, key, sum *string) {
	if s.kind != "" {
		return nil, nil, nil
	}
	return aws.String("AES256"), aws.String(base64.StdEncoding.EncodeToString(customersKey)), aws.String(base64.StdEncoding.EncodeToString(customersSum[:]))
}

// headers are those that an answer has about the encryption; with says that it
// repeats the caller's context.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-kms-encryption.html
func (s sealing) headers(key string, with bool) map[string]string {
	if s.kind == "" {
		return map[string]string{"Customer-Algorithm": "AES256", "Customer-Key-Md5": base64.StdEncoding.EncodeToString(customersSum[:])}
	}
	h := map[string]string{"": string(s.kind)}
	if s.kind != "AES256" {
		h["Aws-Kms-Key-Id"] = key
	}
	if s.bucketKey {
		h["Bucket-Key-Enabled"] = "true"
	}
	if with && s.context != "" {
		h["Context"] = s.context
	}
	return h
}

const sceneText = "the content of a sealed object"

// scene is a bucket with an object and an upload under way, which the root
// user made under the key, and somebody who will try what he may.
type scene struct {
	sealing
	bucket, key string // key is the ARN, or what the SDK is told
	upload      string
	part        string // ETag of part 1
	client      *s3.Client
	last        *answered
}

func (sc *scene) put(ctx context.Context, name string) (string, error) {
	in := &s3.PutObjectInput{Bucket: &sc.bucket, Key: &name, Body: strings.NewReader(sceneText), ServerSideEncryption: sc.kind}
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = sc.customer()
	in.SSEKMSKeyId, in.BucketKeyEnabled, in.SSEKMSEncryptionContext = sc.keyID(), sc.bucketKeyOn(), given(sc.context)
	out, err := sc.client.PutObject(ctx, in)
	if err != nil {
		return "", err
	}
	return *out.ETag, nil
}

func (sc *scene) keyID() *string {
	if !sc.underKey() {
		return nil
	}
	return &sc.key
}

func (sc *scene) bucketKeyOn() *bool {
	if !sc.bucketKey {
		return nil
	}
	return aws.Bool(true)
}

func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (sc *scene) create(ctx context.Context) (string, error) {
	in := &s3.CreateMultipartUploadInput{Bucket: &sc.bucket, Key: aws.String("parts"), ServerSideEncryption: sc.kind}
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = sc.customer()
	in.SSEKMSKeyId, in.BucketKeyEnabled, in.SSEKMSEncryptionContext = sc.keyID(), sc.bucketKeyOn(), given(sc.context)
	out, err := sc.client.CreateMultipartUpload(ctx, in)
	if err != nil {
		return "", err
	}
	return *out.UploadId, nil
}

func (sc *scene) uploadPart(ctx context.Context, number int32) (string, error) {
	in := &s3.UploadPartInput{Bucket: &sc.bucket, Key: aws.String("parts"), UploadId: &sc.upload, PartNumber: &number, Body: strings.NewReader(sceneText)}
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = sc.customer()
	out, err := sc.client.UploadPart(ctx, in)
	if err != nil {
		return "", err
	}
	return *out.ETag, nil
}

func (sc *scene) complete(ctx context.Context) (string, error) {
	in := &s3.CompleteMultipartUploadInput{
		Bucket: &sc.bucket, Key: aws.String("parts"), UploadId: &sc.upload,
		MultipartUpload: &s3types.CompletedMultipartUpload{Parts: []s3types.CompletedPart{{PartNumber: aws.Int32(1), ETag: &sc.part}}},
	}
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = sc.customer()
	out, err := sc.client.CompleteMultipartUpload(ctx, in)
	if err != nil {
		return "", err
	}
	return *out.ETag, nil
}

func (sc *scene) copyTo(ctx context.Context) (string, error) {
	in := &s3.CopyObjectInput{Bucket: &sc.bucket, Key: aws.String("copy"), CopySource: aws.String(sc.bucket + "/plain"), ServerSideEncryption: sc.kind}
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = sc.customer()
	in.SSEKMSKeyId, in.BucketKeyEnabled, in.SSEKMSEncryptionContext = sc.keyID(), sc.bucketKeyOn(), given(sc.context)
	out, err := sc.client.CopyObject(ctx, in)
	if err != nil {
		return "", err
	}
	return *out.CopyObjectResult.ETag, nil
}

func (sc *scene) copyFrom(ctx context.Context) (string, error) {
	in := &s3.CopyObjectInput{Bucket: &sc.bucket, Key: aws.String("opened"), CopySource: aws.String(sc.bucket + "/sealed"), ServerSideEncryption: "AES256"}
	in.CopySourceSSECustomerAlgorithm, in.CopySourceSSECustomerKey, in.CopySourceSSECustomerKeyMD5 = sc.customer()
	out, err := sc.client.CopyObject(ctx, in)
	if err != nil {
		return "", err
	}
	return *out.CopyObjectResult.ETag, nil
}

func (sc *scene) get(ctx context.Context, part, want string) (string, error) {
	in := &s3.GetObjectInput{Bucket: &sc.bucket, Key: aws.String("sealed"), Range: given(part)}
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = sc.customer()
	out, err := sc.client.GetObject(ctx, in)
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	if text, err := io.ReadAll(out.Body); err != nil || string(text) != want {
		return "", fmt.Errorf("the content is %q, %v", text, err)
	}
	return *out.ETag, nil
}

func (sc *scene) head(ctx context.Context, mode s3types.ChecksumMode) (string, error) {
	in := &s3.HeadObjectInput{Bucket: &sc.bucket, Key: aws.String("sealed"), ChecksumMode: mode}
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = sc.customer()
	out, err := sc.client.HeadObject(ctx, in)
	if err != nil {
		return "", err
	}
	return *out.ETag, nil
}

// deed is an operation, and what AWS documents that it takes of KMS.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
var deeds = []struct {
	name    string
	action  string // of KMS; empty for none
	writes  bool   // names the key
	context bool   // the answer repeats the context
	etag    string // "md5" of the content under S3's own key and no other, "part", "plain" always MD5, "" not looked at
	call    func(context.Context, *scene) (string, error)
}{
	{"PutObject", "GenerateDataKey", true, true, "md5", func(ctx context.Context, sc *scene) (string, error) { return sc.put(ctx, "new") }},
	{"CreateMultipartUpload", "GenerateDataKey", true, true, "", func(ctx context.Context, sc *scene) (string, error) { return sc.create(ctx) }},
	{"UploadPart", "Decrypt", false, false, "md5", func(ctx context.Context, sc *scene) (string, error) { return sc.uploadPart(ctx, 2) }},
	{"CompleteMultipartUpload", "Decrypt", false, false, "part", func(ctx context.Context, sc *scene) (string, error) { return sc.complete(ctx) }},
	{"CopyObject to", "GenerateDataKey", true, true, "md5", func(ctx context.Context, sc *scene) (string, error) { return sc.copyTo(ctx) }},
	{"CopyObject from", "Decrypt", false, false, "plain", func(ctx context.Context, sc *scene) (string, error) { return sc.copyFrom(ctx) }},
	{"GetObject", "Decrypt", false, false, "md5", func(ctx context.Context, sc *scene) (string, error) { return sc.get(ctx, "", sceneText) }},
	{"GetObject range", "Decrypt", false, false, "md5", func(ctx context.Context, sc *scene) (string, error) { return sc.get(ctx, "bytes=4-10", "content") }},
	{"HeadObject", "", false, false, "md5", func(ctx context.Context, sc *scene) (string, error) { return sc.head(ctx, "") }},
	{"HeadObject checksum", "Decrypt", false, false, "md5", func(ctx context.Context, sc *scene) (string, error) { return sc.head(ctx, "ENABLED") }},
}

// outcome is what the circumstances make of an operation: empty for success.
type outcome struct {
	status  int
	code    string
	message string // KEY stands for the ARN of the key, USER for the user's, ACTION for KMS's
}

var (
	byIdentity = &outcome{403, "AccessDenied", "User: USER is not authorized to perform: ACTION on resource: KEY because no identity-based policy allows the ACTION action"}
	byKey      = &outcome{403, "AccessDenied", "User: USER is not authorized to perform: ACTION on resource: KEY because no resource-based policy allows the ACTION action"}
)

// circumstance is a state of the key or of the user's rights.
type circumstance struct {
	name   string
	rights string // of the user, beside s3:*; KMS actions
	policy string // condition under which the key's policy lets the user in; empty: the default policy
	turn   func(c *court, key string)
	// refuses is what becomes of an operation that takes the KMS action, nil
	// for success.
	refuses func(s sealing, action string) *outcome
}

func unless(ok func(s sealing, action string) bool, o *outcome) func(sealing, string) *outcome {
	return func(s sealing, action string) *outcome {
		if ok(s, action) {
			return nil
		}
		return o
	}
}

func always(o *outcome) func(sealing, string) *outcome {
	return func(sealing, string) *outcome { return o }
}

const allKMS = "kms:GenerateDataKey kms:Decrypt"

var circumstances = []circumstance{
	{name: "allowed", rights: allKMS, refuses: always(nil)},
	{name: "no GenerateDataKey", rights: "kms:Decrypt", refuses: unless(func(_ sealing, action string) bool { return action == "Decrypt" }, byIdentity)},
	{name: "no Decrypt", rights: "kms:GenerateDataKey", refuses: unless(func(_ sealing, action string) bool { return action == "GenerateDataKey" }, byIdentity)},
	{name: "disabled", rights: allKMS, refuses: always(&outcome{400, "KMS.DisabledException", "KEY is disabled."}), turn: func(c *court, key string) {
		_, err := c.chief.kms().DisableKey(c.Context(), &kms.DisableKeyInput{KeyId: &key})
		c.ok(err)
	}},
	{name: "pending deletion", rights: allKMS, refuses: always(&outcome{400, "KMS.KMSInvalidStateException", "KEY is pending deletion."}), turn: schedule},
	{name: "deleted", rights: allKMS, refuses: always(&outcome{400, "KMS.NotFoundException", "Key 'KEY' does not exist"}), turn: func(c *court, key string) {
		schedule(c, key)
		c.server.Advance(8 * 24 * time.Hour)
	}},
	{name: "ViaService", rights: allKMS, policy: `"StringEquals":{"kms:ViaService":"s3.us-west-2.amazonaws.com"}`, refuses: always(nil)},
	{name: "ViaService of another Region", rights: allKMS, policy: `"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}`, refuses: always(byKey)},
	{name: "ViaService of another service", rights: allKMS, policy: `"StringEquals":{"kms:ViaService":"logs.us-west-2.amazonaws.com"}`, refuses: always(byKey)},
	{name: "context of the objects", rights: allKMS, policy: `"StringLike":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::BUCKET/*"}`,
		refuses: unless(func(s sealing, _ string) bool { return !s.bucketKey }, byKey)},
	{name: "context of the bucket", rights: allKMS, policy: `"StringEquals":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::BUCKET"}`,
		refuses: unless(func(s sealing, _ string) bool { return s.bucketKey }, byKey)},
	{name: "context of another bucket", rights: allKMS, policy: `"StringLike":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::other*"}`, refuses: always(byKey)},
	{name: "context of the caller", rights: allKMS, policy: `"StringEquals":{"kms:EncryptionContext:team":"blue"}`,
		refuses: unless(func(s sealing, _ string) bool { return s.context != "" }, byKey)},
}

func schedule(c *court, key string) {
	_, err := c.chief.kms().ScheduleKeyDeletion(c.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &key, PendingWindowInDays: aws.Int32(7)})
	c.ok(err)
}

// bears makes the key's policy let the root user do all, without handing
// anything to IAM, and the user in on the condition.
func (c *court) bears(key, user, condition string) {
	c.Helper()
	text := document(
		grants(c.chief.arn, "kms:*", `"StringEquals":{"aws:PrincipalArn":"`+c.chief.arn+`"}`),
		grants(user, allKMS, condition),
	)
	_, err := c.chief.kms().PutKeyPolicy(c.Context(), &kms.PutKeyPolicyInput{KeyId: &key, Policy: &text, BypassPolicyLockoutSafetyCheck: true})
	c.ok(err)
}

// stage makes a scene as the root user.
func (c *court) stage(s sealing, bucket string) *scene {
	c.Helper()
	ctx := c.Context()
	sc := &scene{sealing: s, bucket: bucket}
	sc.client, sc.last = c.chief.s3()
	_, err := sc.client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region}})
	c.ok(err)
	if s.underKey() {
		out, err := c.chief.kms().CreateKey(ctx, &kms.CreateKeyInput{})
		c.ok(err)
		sc.key = *out.KeyMetadata.Arn
	}
	_, err = sc.put(ctx, "sealed")
	c.ok(err)
	if s.managed {
		sc.key = sc.last.header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id")
	}
	_, err = sc.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("plain"), Body: strings.NewReader(sceneText)})
	c.ok(err)
	sc.upload, err = sc.create(ctx)
	c.ok(err)
	sc.part, err = sc.uploadPart(ctx, 1)
	c.ok(err)
	return sc
}

// sees holds an answer against what the sealing says of it.
func (sc *scene) sees(t *testing.T, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for name, values := range sc.last.header {
		if rest, ok := strings.CutPrefix(name, "X-Amz-Server-Side-Encryption"); ok {
			got[strings.TrimPrefix(rest, "-")] = values[0]
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("the headers are %v, want %v", got, want)
	}
}

var randomTag = regexp.MustCompile(`^"[0-9a-f]{32}"$`)

// tagged holds an entity tag against the rules of
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
func (sc *scene) tagged(t *testing.T, rule, tag string) {
	t.Helper()
	sum := md5.Sum([]byte(sceneText))
	plain := `"` + hex.EncodeToString(sum[:]) + `"`
	ok := true
	switch {
	case rule == "plain", rule == "md5" && sc.kind == "AES256":
		ok = tag == plain
	case rule == "md5":
		ok = randomTag.MatchString(tag) && tag != plain
	case rule == "part":
		ok = strings.HasSuffix(tag, `-1"`)
	}
	if !ok {
		t.Errorf("the entity tag is %s", tag)
	}
}

// TestEverySealingUnderEveryCircumstance is the table of S3's encryption: each
// way to encrypt, each operation, each state of the key and of the rights.
func TestEverySealingUnderEveryCircumstance(t *testing.T) {
	c := startCourt(t)
	amy := c.chief.hires("amy")
	cells := 0
	for i, s := range sealings {
		for j, now := range circumstances {
			if !s.underKey() && (now.turn != nil || now.policy != "") {
				continue // there is no key whose state or policy could be changed
			}
			c.run(s.name+"/"+now.name, func() {
				sc := c.stage(s, fmt.Sprintf("scene-%d-%d", i, j))
				amy.has(rule("Allow", "s3:* "+now.rights, "*"))
				if now.policy != "" {
					c.bears(sc.key, amy.arn, strings.ReplaceAll(now.policy, "BUCKET", sc.bucket))
				}
				if now.turn != nil {
					now.turn(c, sc.key)
				}
				sc.client, sc.last = amy.s3()
				cells += c.act(sc, now, amy.arn)
			})
		}
	}
	if cells != 610 {
		t.Errorf("%d operations were tried", cells)
	}
}

// act does all deeds in a scene.
func (c *court) act(sc *scene, now circumstance, user string) (n int) {
	for _, d := range deeds {
		c.run(d.name, func() {
			n++
			tag, err := d.call(c.Context(), sc)
			var want *outcome
			if sc.underKey() && d.action != "" {
				want = now.refuses(sc.sealing, d.action)
			}
			if want != nil {
				c.refused(sc, err, want, strings.NewReplacer("KEY", sc.key, "USER", user, "ACTION", "kms:"+d.action), d.name)
				return
			}
			c.ok(err)
			headers := sc.headers(sc.key, d.context)
			switch {
			case d.name == "CopyObject from":
				headers = sealing{kind: "AES256"}.headers("", false)
			case d.name == "CompleteMultipartUpload" && sc.kind == "":
				headers = nil // the model has no such members
			}
			sc.sees(c.T, headers)
			sc.tagged(c.T, d.etag, tag)
		})
	}
	return n
}

// refused checks a refusal; the answer to HEAD has its status only.
func (c *court) refused(sc *scene, err error, want *outcome, names *strings.Replacer, deed string) {
	c.Helper()
	if err == nil || sc.last.status != want.status {
		c.Errorf("status %d, %v; want %d %s", sc.last.status, err, want.status, want.code)
		return
	}
	if !strings.HasPrefix(deed, "HeadObject") {
		c.fails(err, want.code, names.Replace(want.message))
	}
	sc.sees(c.T, nil)
}

func TestAKeyOfAnotherRegionIsRefused(t *testing.T) {
	c := startCourt(t)
	for i, s := range sealings {
		if !s.underKey() {
			continue
		}
		sc := c.stage(s, fmt.Sprintf("scene-%d", i))
		sc.key = strings.Replace(sc.key, region, "us-east-1", 1)
		for _, d := range deeds {
			if !d.writes {
				continue
			}
			c.run(s.name+"/"+d.name, func() {
				_, err := d.call(c.Context(), sc)
				c.refused(sc, err, &outcome{400, "KMS.NotFoundException", "Invalid arn us-east-1"}, strings.NewReplacer(), d.name)
			})
		}
	}
}
