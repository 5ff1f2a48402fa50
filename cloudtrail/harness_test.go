package cloudtrail

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/kmsapi"
	"sealstack/api/s3api"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/storage"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

const (
	account = "111122223333"
	foreign = "444455556666"
	region  = "us-east-1"
	keyID   = "1234abcd-12ab-34cd-56ef-1234567890ab"
	key     = "arn:aws:kms:us-east-1:111122223333:key/" + keyID
	bucket  = "trail-bucket"
)

// start is the instant at which every test begins.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// bench is a service with everything around it in a test's hands.
type bench struct {
	*Service
	t     testing.TB
	ctx   context.Context
	clock *clock.Movable
	store storage.Store
	root  *seal.Root
	s3    *fakeS3
	keys  *fakeKeys
	auth  *fakeAuthorizer
	conf  Config
	kms   kmsapi.Client
}

func newBench(t testing.TB, change ...func(*Config)) *bench {
	b := &bench{
		t: t, ctx: as(rootUser(account)), clock: clock.NewMovable(clock.Fixed(start)), store: memory.New(),
		root: seal.NewEphemeral(), s3: newFakeS3(), keys: &fakeKeys{}, auth: &fakeAuthorizer{},
	}
	b.conf = Config{
		Store: b.store, Root: b.root, Clock: b.clock, Authorizer: b.auth, S3: b.s3, Keys: b.keys, DeliveryInterval: 5 * time.Minute,
	}
	for _, fn := range change {
		fn(&b.conf)
	}
	b.store = b.conf.Store
	b.open()
	t.Cleanup(func() {
		b.ok(b.Close())
		b.ok(b.store.Check(context.Background()))
		b.ok(b.store.Close())
	})
	return b
}

func (b *bench) open() {
	b.Service = New(b.conf)
	b.kms = kmsapi.Client{Endpoint: &api.Endpoint[kmsapi.API]{Service: kmsapi.Service, Impl: fakeKMS{}, Recorder: b.Service}}
}

// restart is a new process over the same store.
func (b *bench) restart() {
	b.t.Helper()
	b.ok(b.Close())
	b.open()
}

func (b *bench) ok(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) advance(d time.Duration) {
	b.t.Helper()
	b.ok(b.clock.Advance(d))
	b.ok(b.Sweep(context.Background(), b.clock.Now()))
}

func (b *bench) fails(err error, code, message string) {
	b.t.Helper()
	e, ok := errors.AsType[*api.Error](err)
	if !ok || e.Code != code || message != "" && e.Message != message {
		b.t.Fatalf("error is %v, want %s: %s", err, code, message)
	}
}

func rootUser(account string) *api.Caller {
	return &api.Caller{
		Principal: api.Principal{Type: api.Root, Account: account, ID: account, ARN: "arn:aws:iam::" + account + ":root"},
		Partition: "aws", Region: region, AccessKeyID: "AKIAROOT", SourceIP: "192.0.2.1", UserAgent: "aws-cli/2.0", RequestID: "request-1",
	}
}

func userOf(account, name string) *api.Caller {
	c := rootUser(account)
	c.Principal = api.Principal{
		Type: api.User, Account: account, Name: name, ID: "AIDAEXAMPLE", ARN: "arn:aws:iam::" + account + ":user/" + name,
	}
	c.AccessKeyID = "AKIAEXAMPLE"
	return c
}

func as(c *api.Caller) context.Context { return api.WithCaller(context.Background(), c) }

func (b *bench) in(region string) context.Context {
	c := rootUser(account)
	c.Region = region
	return as(c)
}

// fakeKMS answers the calls whose records are looked at.
type fakeKMS struct{ kmsapi.Unimplemented }

func (fakeKMS) DescribeKey(_ context.Context, in *kmsapi.DescribeKeyRequest) (*kmsapi.DescribeKeyResponse, error) {
	return &kmsapi.DescribeKeyResponse{KeyMetadata: &kmsapi.KeyMetadata{KeyId: keyID, Arn: new(key)}}, nil
}

func (fakeKMS) Encrypt(_ context.Context, in *kmsapi.EncryptRequest) (*kmsapi.EncryptResponse, error) {
	return &kmsapi.EncryptResponse{CiphertextBlob: []byte("ciphertext"), KeyId: new(key)}, nil
}

func (fakeKMS) Decrypt(_ context.Context, in *kmsapi.DecryptRequest) (*kmsapi.DecryptResponse, error) {
	if in.KeyId != nil && *in.KeyId == "denied" {
		return nil, kmsapi.Service.AccessDenied("User: x is not authorized to perform: kms:Decrypt")
	}
	return &kmsapi.DecryptResponse{Plaintext: []byte("plaintext"), KeyId: new(key), KeyMaterialId: new("material")}, nil
}

func (fakeKMS) CreateKey(_ context.Context, in *kmsapi.CreateKeyRequest) (*kmsapi.CreateKeyResponse, error) {
	return &kmsapi.CreateKeyResponse{KeyMetadata: &kmsapi.KeyMetadata{
		AWSAccountId: new(account), KeyId: keyID, Arn: new(key), CreationDate: new(start), Enabled: new(true),
	}}, nil
}

func (fakeKMS) DisableKey(context.Context, *kmsapi.DisableKeyRequest) (*api.None, error) {
	return nil, nil
}

func (fakeKMS) CreateGrant(context.Context, *kmsapi.CreateGrantRequest) (*kmsapi.CreateGrantResponse, error) {
	return &kmsapi.CreateGrantResponse{GrantToken: new("secret-token"), GrantId: new("grant-1")}, nil
}

// call makes n calls that are recorded.
func (b *bench) call(n int) {
	b.t.Helper()
	for range n {
		_, err := b.kms.DescribeKey(b.ctx, &kmsapi.DescribeKeyRequest{KeyId: key})
		b.ok(err)
	}
}

// fakeAuthorizer allows what it was not told to deny.
type fakeAuthorizer struct {
	mu    sync.Mutex
	deny  map[string]bool
	asked []string // "action on resource"
}

func (f *fakeAuthorizer) Authorize(_ context.Context, r *auth.Request) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.Action+" on "+r.Resource)
	if f.deny[r.Action] {
		return r.Service.AccessDenied("denied " + r.Action)
	}
	return nil
}

// fakeS3 holds objects and refuses what it is told to.
type fakeS3 struct {
	mu      sync.Mutex
	objects map[string]*stored // "bucket/key"
	puts    []*s3api.PutObjectRequest
	callers []*api.Caller
	acl     error
	put     func(key string) error // nil: all succeed
	get     func(key string) error
	crash   func(key string) error // after the object is written
}

type stored struct {
	in   *s3api.PutObjectRequest
	body []byte
}

func newFakeS3() *fakeS3 { return &fakeS3{objects: map[string]*stored{}} }

func (f *fakeS3) GetBucketAcl(ctx context.Context, in *s3api.GetBucketAclRequest) (*s3api.GetBucketAclOutput, error) {
	f.callers = append(f.callers, api.CallerOf(ctx))
	return &s3api.GetBucketAclOutput{}, f.acl
}

func (f *fakeS3) GetBucketLocation(context.Context, *s3api.GetBucketLocationRequest) (*s3api.GetBucketLocationOutput, error) {
	return nil, s3api.AccessDenied("Access Denied")
}

func (f *fakeS3) PutObject(ctx context.Context, in *s3api.PutObjectRequest) (*s3api.PutObjectOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	f.callers = append(f.callers, api.CallerOf(ctx))
	if f.put != nil {
		if err := f.put(in.Key); err != nil {
			return nil, err
		}
	}
	f.puts = append(f.puts, in)
	f.objects[in.Bucket+"/"+in.Key] = &stored{in, body}
	if f.crash != nil {
		if err := f.crash(in.Key); err != nil {
			return nil, err
		}
	}
	return &s3api.PutObjectOutput{}, nil
}

// files returns the keys of the objects that contain a text, in order.
func (f *fakeS3) files(containing string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var keys []string
	for _, k := range slices.Sorted(maps.Keys(f.objects)) {
		if strings.Contains(k, containing) && strings.HasSuffix(k, ".json.gz") {
			keys = append(keys, k)
		}
	}
	return keys
}

// plain returns an object's content, decompressed.
func (f *fakeS3) plain(t testing.TB, at string) []byte {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	z, err := gzip.NewReader(bytes.NewReader(f.objects[at].body))
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	return text
}

// records returns the event ids in all log files, in the files' order.
func (f *fakeS3) records(t testing.TB) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, k := range f.files("/CloudTrail/") {
		var file struct{ Records []map[string]any }
		if err := json.Unmarshal(f.plain(t, k), &file); err != nil {
			t.Fatalf("%s: %v", k, err)
		}
		all = append(all, file.Records...)
	}
	return all
}

// fakeKeys is KMS for CloudTrail's checks.
type fakeKeys struct {
	refuse   map[string]error // by operation
	calls    []string
	contexts []map[string]string
	callers  []*api.Caller
}

func (f *fakeKeys) DescribeKey(ctx context.Context, in *kmsapi.DescribeKeyRequest) (*kmsapi.DescribeKeyResponse, error) {
	f.calls = append(f.calls, "DescribeKey "+in.KeyId)
	f.callers = append(f.callers, api.CallerOf(ctx))
	if err := f.refuse["DescribeKey"]; err != nil {
		return nil, err
	}
	return &kmsapi.DescribeKeyResponse{KeyMetadata: &kmsapi.KeyMetadata{KeyId: keyID, Arn: new(key)}}, nil
}

func (f *fakeKeys) GenerateDataKey(ctx context.Context, in *kmsapi.GenerateDataKeyRequest) (*kmsapi.GenerateDataKeyResponse, error) {
	f.calls = append(f.calls, "GenerateDataKey "+in.KeyId)
	f.contexts = append(f.contexts, in.EncryptionContext)
	if err := f.refuse["GenerateDataKey"]; err != nil {
		return nil, err
	}
	return &kmsapi.GenerateDataKeyResponse{}, nil
}

// trail makes a trail that logs.
func (b *bench) trail(name string, change ...func(*cloudtrailapi.CreateTrailRequest)) string {
	b.t.Helper()
	in := &cloudtrailapi.CreateTrailRequest{Name: name, S3BucketName: bucket}
	for _, fn := range change {
		fn(in)
	}
	out, err := b.CreateTrail(b.ctx, in)
	b.ok(err)
	_, err = b.StartLogging(b.ctx, &cloudtrailapi.StartLoggingRequest{Name: name})
	b.ok(err)
	return *out.TrailARN
}

func validated(in *cloudtrailapi.CreateTrailRequest) { in.EnableLogFileValidation = new(true) }

func everywhere(in *cloudtrailapi.CreateTrailRequest) { in.IsMultiRegionTrail = new(true) }

// lookup returns the newest event, as its record.
func (b *bench) newest() map[string]any {
	b.t.Helper()
	return b.newestIn(b.ctx)
}

func (b *bench) newestIn(ctx context.Context) map[string]any {
	b.t.Helper()
	out, err := b.LookupEvents(ctx, &cloudtrailapi.LookupEventsRequest{MaxResults: new(int32(1))})
	b.ok(err)
	if len(out.Events) == 0 {
		b.t.Fatal("the history is empty")
	}
	var r map[string]any
	b.ok(json.Unmarshal([]byte(*out.Events[0].CloudTrailEvent), &r))
	return r
}

// same compares values as JSON.
func same(t testing.TB, what string, got any, want string) {
	t.Helper()
	var w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("%s: %v in %s", what, err, want)
	}
	a, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var g any
	if err := json.Unmarshal(a, &g); err != nil {
		t.Fatal(err)
	}
	if x, y := fmt.Sprint(g), fmt.Sprint(w); x != y {
		b, _ := json.Marshal(w)
		t.Errorf("%s is\n\t%s\nwant\n\t%s", what, a, b)
	}
}

func api400(code string) error { return api.NewError(code, code, 400, "%s", code) }
