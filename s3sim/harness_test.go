package s3sim

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/api/s3api"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/policy"
	"sealstack/storage"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

const (
	account   = "111122223333"
	stranger  = "444455556666"
	region    = "us-west-2"
	keyARN    = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	secondKey = "arn:aws:kms:us-west-2:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"
	s3Key     = "arn:aws:kms:us-west-2:111122223333:key/aaaaaaaa-0000-4000-8000-000000000003"
)

// start is the instant at which every test begins.
var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// bench is a service behind its door, with everything around it in a test's
// hands.
type bench struct {
	s3api.Client
	t       testing.TB
	ctx     context.Context
	service *Service
	store   storage.Store
	clock   *clock.Movable
	keys    *fakeKeys
	people  people
}

func newBench(t testing.TB, change ...func(*Config)) *bench {
	store := memory.New()
	t.Cleanup(func() {
		if err := errors.Join(store.Check(context.Background()), store.Close()); err != nil {
			t.Error(err)
		}
	})
	return newBenchOver(t, store, seal.NewEphemeral(), change...)
}

func newBenchOver(t testing.TB, store storage.Store, root *seal.Root, change ...func(*Config)) *bench {
	b := &bench{t: t, store: store, clock: clock.NewMovable(clock.Fixed(start)), people: people{}}
	b.keys = &fakeKeys{root: seal.NewEphemeral(), refused: map[string]error{}}
	c := Config{
		Store: store, Root: root, Clock: b.clock, Keys: b.keys, Authorizer: auth.NewAuthorizer(b.people, b.clock), BucketKeyLifetime: 5 * time.Minute,
	}
	for _, fn := range change {
		fn(&c)
	}
	b.service = New(c)
	b.Client = s3api.Client{Endpoint: &api.Endpoint[s3api.API]{Service: s3api.Service, Impl: b.service}}
	b.ctx = rootOf(account)
	return b
}

// rootOf is a context in which an account's root user calls.
func rootOf(account string) context.Context {
	return api.WithCaller(context.Background(), &api.Caller{
		Principal:   api.Principal{Type: api.Root, Account: account, ARN: "arn:aws:iam::" + account + ":root", ID: account},
		AccessKeyID: "AKIA" + account, SignatureVersion: "AWS4-HMAC-SHA256", Partition: "aws", Region: region,
	})
}

// people are users with their policies, by ARN.
type people map[string]auth.Attached

func (p people) Attached(_ context.Context, c *api.Caller) (auth.Attached, error) {
	return p[c.ARN], nil
}

// user is a context in which a user calls who has these statements.
func (b *bench) user(account, name string, statements ...string) context.Context {
	b.t.Helper()
	c := &api.Caller{
		Principal:   api.Principal{Type: api.User, Account: account, ARN: "arn:aws:iam::" + account + ":user/" + name, ID: "AIDA" + name, Name: name},
		AccessKeyID: "AKIA" + name, SignatureVersion: "AWS4-HMAC-SHA256", Partition: "aws", Region: region,
	}
	document := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	var attached auth.Attached
	if len(statements) > 0 {
		p, err := policy.Parse(policy.Identity, []byte(document))
		b.ok(err)
		attached.Policies = []*policy.Policy{p}
	}
	b.people[c.ARN] = attached
	return api.WithCaller(context.Background(), c)
}

func allow(actions, resource string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Action":["%s"],"Resource":%q}`, strings.ReplaceAll(actions, " ", `","`), resource)
}

// nobody is a context without a caller.
func nobody() context.Context { return context.Background() }

// serviceFor is a context in which a service calls for a resource.
func serviceFor(principal, source string) context.Context {
	return api.AsService(rootOf(account), principal, source, account)
}

// fakeKeys stands for KMS: it wraps data keys, bound to the key and the
// encryption context, unless the key is refused.
type fakeKeys struct {
	root    *seal.Root
	refused map[string]error // by key ARN
	calls   []keyCall
}

type keyCall struct {
	op, key, caller, via, region string
	context                      map[string]string
}

func (c keyCall) String() string {
	return c.op + " " + c.key + " as " + c.caller + " via " + c.via + " " + fmt.Sprint(c.context)
}

func (f *fakeKeys) note(ctx context.Context, op, key string, context map[string]string) {
	c := api.CallerOf(ctx)
	f.calls = append(f.calls, keyCall{op, key, c.ARN, strings.Join(c.Via, ","), c.Region, context})
}

func (f *fakeKeys) label(key string, context map[string]string) string {
	return fmt.Sprint(key, context)
}

// resolve finds a key as KMS does: an alias or an id in the caller's account.
func (f *fakeKeys) resolve(ctx context.Context, id string) (string, error) {
	c := api.CallerOf(ctx)
	switch {
	case id == "alias/aws/s3":
		return strings.Replace(s3Key, account, c.Account, 1), nil
	case strings.HasPrefix(id, "arn:"):
		return id, nil
	case len(id) == 36:
		return "arn:aws:kms:" + c.Region + ":" + c.Account + ":key/" + id, nil
	}
	return "", kmsapi.NotFoundException("Invalid keyId '%s'", id)
}

func (f *fakeKeys) GenerateDataKey(ctx context.Context, in *kmsapi.GenerateDataKeyRequest) (*kmsapi.GenerateDataKeyResponse, error) {
	key, err := f.resolve(ctx, in.KeyId)
	f.note(ctx, "GenerateDataKey", key, in.EncryptionContext)
	if err == nil {
		err = f.refused[key]
	}
	if err != nil {
		return nil, err
	}
	plain := randomBytes(32)
	blob := append([]byte(key+"\n"), f.root.Seal(f.label(key, in.EncryptionContext), plain)...)
	return &kmsapi.GenerateDataKeyResponse{KeyId: &key, Plaintext: plain, CiphertextBlob: blob}, nil
}

func (f *fakeKeys) Decrypt(ctx context.Context, in *kmsapi.DecryptRequest) (*kmsapi.DecryptResponse, error) {
	key, box, _ := bytes.Cut(in.CiphertextBlob, []byte("\n"))
	f.note(ctx, "Decrypt", string(key), in.EncryptionContext)
	if err := f.refused[string(key)]; err != nil {
		return nil, err
	}
	plain, err := f.root.Open(f.label(string(key), in.EncryptionContext), box)
	if err != nil {
		return nil, kmsapi.InvalidCiphertextException("")
	}
	return &kmsapi.DecryptResponse{KeyId: new(string(key)), Plaintext: plain}, nil
}

// took returns the operations since the last time.
func (f *fakeKeys) took() string {
	var list []string
	for _, c := range f.calls {
		list = append(list, c.op)
	}
	f.calls = nil
	return strings.Join(list, " ")
}

func (b *bench) ok(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// fails checks an error's code and its sentence, to the letter.
func (b *bench) fails(err error, code, message string) *api.Error {
	b.t.Helper()
	e, ok := errors.AsType[*api.Error](err)
	if !ok || e.Code != code || e.Message != message {
		b.t.Fatalf("error = %v, want %s: %s", err, code, message)
	}
	return e
}

// code checks an error's code.
func (b *bench) code(err error, code string) *api.Error {
	b.t.Helper()
	e, ok := errors.AsType[*api.Error](err)
	if !ok || e.Code != code {
		b.t.Fatalf("error = %v, want %s", err, code)
	}
	return e
}

// field checks a member of an error.
func (b *bench) field(e *api.Error, name, want string) {
	b.t.Helper()
	if got := fmt.Sprint(e.Fields[name]); got != want {
		b.t.Errorf("%s has %s %q, want %q", e.Code, name, got, want)
	}
}

func (b *bench) bucket(name string, change ...func(*s3api.CreateBucketRequest)) {
	b.t.Helper()
	in := &s3api.CreateBucketRequest{Bucket: name, CreateBucketConfiguration: &s3api.CreateBucketConfiguration{
		LocationConstraint: new(s3api.BucketLocationConstraint(region)),
	}}
	for _, fn := range change {
		fn(in)
	}
	_, err := b.CreateBucket(b.ctx, in)
	b.ok(err)
}

// open makes a bucket that takes lists and keeps nobody out.
func (b *bench) openBucket(name string) {
	b.t.Helper()
	b.bucket(name, func(in *s3api.CreateBucketRequest) { in.ObjectOwnership = new(s3api.ObjectOwnershipObjectWriter) })
	_, err := b.DeletePublicAccessBlock(b.ctx, &s3api.DeletePublicAccessBlockRequest{Bucket: name})
	b.ok(err)
}

func (b *bench) versioning(name string, status s3api.BucketVersioningStatus) {
	b.t.Helper()
	_, err := b.PutBucketVersioning(b.ctx, &s3api.PutBucketVersioningRequest{
		Bucket: name, VersioningConfiguration: s3api.VersioningConfiguration{Status: &status},
	})
	b.ok(err)
}

func (b *bench) policy(name, document string) {
	b.t.Helper()
	_, err := b.PutBucketPolicy(b.ctx, &s3api.PutBucketPolicyRequest{Bucket: name, Policy: document})
	b.ok(err)
}

func bodyOf(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }

type putOption = func(*s3api.PutObjectRequest)

func (b *bench) put(bucket, key, text string, change ...putOption) *s3api.PutObjectOutput {
	b.t.Helper()
	out, err := b.tryPut(b.ctx, bucket, key, text, change...)
	b.ok(err)
	return out
}

func (b *bench) tryPut(ctx context.Context, bucket, key, text string, change ...putOption) (*s3api.PutObjectOutput, error) {
	in := &s3api.PutObjectRequest{Bucket: bucket, Key: key, Body: bodyOf(text), ContentLength: new(int64(len(text)))}
	for _, fn := range change {
		fn(in)
	}
	return b.PutObject(ctx, in)
}

type getOption = func(*s3api.GetObjectRequest)

func (b *bench) tryGet(ctx context.Context, bucket, key string, change ...getOption) (*s3api.GetObjectOutput, string, error) {
	in := &s3api.GetObjectRequest{Bucket: bucket, Key: key}
	for _, fn := range change {
		fn(in)
	}
	out, err := b.GetObject(ctx, in)
	if err != nil {
		return nil, "", err
	}
	text, err := io.ReadAll(out.Body)
	return out, string(text), errors.Join(err, out.Body.Close())
}

// reads checks an object's content.
func (b *bench) reads(bucket, key, want string, change ...getOption) *s3api.GetObjectOutput {
	b.t.Helper()
	out, got, err := b.tryGet(b.ctx, bucket, key, change...)
	b.ok(err)
	if got != want {
		b.t.Fatalf("%s/%s holds %.40q, want %.40q", bucket, key, got, want)
	}
	return out
}

func (b *bench) head(bucket, key string) *s3api.HeadObjectOutput {
	b.t.Helper()
	out, err := b.HeadObject(b.ctx, &s3api.HeadObjectRequest{Bucket: bucket, Key: key, ChecksumMode: new(s3api.ChecksumModeEnabled)})
	b.ok(err)
	return out
}

// names lists the keys of a bucket.
func (b *bench) names(bucket string) string {
	b.t.Helper()
	out, err := b.ListObjectsV2(b.ctx, &s3api.ListObjectsV2Request{Bucket: bucket})
	b.ok(err)
	var list []string
	for _, o := range out.Contents {
		list = append(list, *o.Key)
	}
	return strings.Join(list, " ")
}

func (b *bench) advance(d time.Duration) {
	b.t.Helper()
	b.ok(b.clock.Advance(d))
	b.ok(b.service.Sweep(context.Background(), b.clock.Now()))
}

func version1(id *string) getOption {
	return func(in *s3api.GetObjectRequest) { in.VersionId = id }
}

func etagOf(text string) string {
	sum := md5.Sum([]byte(text))
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// customer are the headers of a customer's key made of a letter.
func customer(letter string) (algorithm, key, sum *string) {
	raw := []byte(strings.Repeat(letter, 32))
	digest := md5.Sum(raw)
	return new("AES256"), new(base64.StdEncoding.EncodeToString(raw)), new(base64.StdEncoding.EncodeToString(digest[:]))
}

func putWith(letter string) putOption {
	return func(in *s3api.PutObjectRequest) {
		in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = customer(letter)
	}
}

func getWith(letter string) getOption {
	return func(in *s3api.GetObjectRequest) {
		in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = customer(letter)
	}
}

func withKMS(key string) putOption {
	return func(in *s3api.PutObjectRequest) {
		in.ServerSideEncryption = new(sseKMS)
		if key != "" {
			in.SSEKMSKeyId = &key
		}
	}
}

// same compares lists of anything that prints.
func (b *bench) same(what string, got, want any) {
	b.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		b.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// blobs counts the blobs that the store keeps.
func (b *bench) blobs() int {
	b.t.Helper()
	u, err := b.store.Blobs().Usage(context.Background())
	b.ok(err)
	return u.Live
}

// callerIn is the same caller in another Region.
func callerIn(ctx context.Context, region string) context.Context {
	c := *api.CallerOf(ctx)
	c.Region = region
	return api.WithCaller(ctx, &c)
}
