package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/auth"
	"sealstack/clock"
)

// fakeS3 keeps objects in memory and answers just enough.
type fakeS3 struct {
	s3api.API
	mu      sync.Mutex
	objects map[string][]byte
	last    any // the last input
	trailer http.Header
	caller  *api.Caller
}

func (f *fakeS3) keep(ctx context.Context, in any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last, f.caller = in, api.CallerOf(ctx)
}

func (f *fakeS3) PutObject(ctx context.Context, in *s3api.PutObjectRequest) (*s3api.PutObjectOutput, error) {
	f.keep(ctx, in)
	if in.Key == "refused" {
		return nil, s3api.Service.AccessDenied("Access Denied")
	}
	content, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, errors.Join(errors.New("s3: put"), err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[in.Bucket+"/"+in.Key] = content
	f.trailer = in.Body.(interface{ Trailer() http.Header }).Trailer()
	etag := `"e"`
	return &s3api.PutObjectOutput{ETag: &etag}, nil
}

// brokenReader fails after some bytes.
type brokenReader struct{ io.Reader }

func (b brokenReader) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = errors.New("disk on fire")
	}
	return n, err
}

func (f *fakeS3) GetObject(ctx context.Context, in *s3api.GetObjectRequest) (*s3api.GetObjectOutput, error) {
	f.keep(ctx, in)
	f.mu.Lock()
	content, ok := f.objects[in.Bucket+"/"+in.Key]
	f.mu.Unlock()
	modified := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	etag, length := `"e"`, int64(len(content))
	switch {
	case in.Key == "broken":
		return &s3api.GetObjectOutput{ContentLength: at(int64(1 << 20)), Body: io.NopCloser(brokenReader{bytes.NewReader(make([]byte, 1<<19))})}, nil
	case in.Key == "panic":
		panic("oops: secret")
	case in.Key == "failure":
		return nil, errors.New("secret cause")
	case in.IfNoneMatch != nil:
		return nil, api.NewError("NotModified", "NotModified", 304, "").With("header:ETag", `"e"`)
	case !ok:
		return nil, s3api.NoSuchKey("The specified key does not exist.").With("Key", in.Key).With("header:x-amz-delete-marker", true)
	}
	out := &s3api.GetObjectOutput{
		Body: io.NopCloser(bytes.NewReader(content)), ContentLength: &length, ETag: &etag, LastModified: &modified,
		Metadata: map[string]string{"colour": "K\u00f6ln"}, ContentType: in.ResponseContentType,
	}
	if in.Range != nil {
		out.ContentRange = at("bytes 0-1/" + strconv.Itoa(len(content)))
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(content[:2])), at(int64(2))
	}
	return out, nil
}

func (f *fakeS3) HeadObject(ctx context.Context, in *s3api.HeadObjectRequest) (*s3api.HeadObjectOutput, error) {
	out, err := f.GetObject(ctx, &s3api.GetObjectRequest{Bucket: in.Bucket, Key: in.Key})
	if err != nil {
		return nil, err
	}
	return &s3api.HeadObjectOutput{ContentLength: out.ContentLength, ETag: out.ETag, LastModified: out.LastModified}, nil
}

func (f *fakeS3) DeleteObject(ctx context.Context, in *s3api.DeleteObjectRequest) (*s3api.DeleteObjectOutput, error) {
	f.keep(ctx, in)
	return &s3api.DeleteObjectOutput{DeleteMarker: at(true), VersionId: at("v")}, nil
}

func (f *fakeS3) ListObjectsV2(ctx context.Context, in *s3api.ListObjectsV2Request) (*s3api.ListObjectsV2Output, error) {
	f.keep(ctx, in)
	modified := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	return &s3api.ListObjectsV2Output{
		Name: &in.Bucket, Prefix: in.Prefix, KeyCount: at(int32(1)), MaxKeys: at(int32(1000)), IsTruncated: at(false),
		Contents:       []s3api.Object{{Key: at("a<b>&c"), ETag: at(`"e"`), Size: at(int64(5)), LastModified: &modified, StorageClass: at(s3api.ObjectStorageClass("STANDARD"))}},
		CommonPrefixes: []s3api.CommonPrefix{{Prefix: at("p/")}},
	}, nil
}

func (f *fakeS3) DeleteObjects(ctx context.Context, in *s3api.DeleteObjectsRequest) (*s3api.DeleteObjectsOutput, error) {
	f.keep(ctx, in)
	out := &s3api.DeleteObjectsOutput{}
	for _, o := range in.Delete.Objects {
		out.Deleted = append(out.Deleted, s3api.DeletedObject{Key: &o.Key, VersionId: o.VersionId})
	}
	out.Errors = []s3api.Error{{Key: at("x"), Code: at("AccessDenied"), Message: at("Access Denied")}}
	return out, nil
}

func (f *fakeS3) CopyObject(ctx context.Context, in *s3api.CopyObjectRequest) (*s3api.CopyObjectOutput, error) {
	f.keep(ctx, in)
	return &s3api.CopyObjectOutput{CopyObjectResult: &s3api.CopyObjectResult{ETag: at(`"c"`)}, CopySourceVersionId: at("v1")}, nil
}

func (f *fakeS3) CreateMultipartUpload(ctx context.Context, in *s3api.CreateMultipartUploadRequest) (*s3api.CreateMultipartUploadOutput, error) {
	f.keep(ctx, in)
	return &s3api.CreateMultipartUploadOutput{Bucket: &in.Bucket, Key: &in.Key, UploadId: at("u-1")}, nil
}

func (f *fakeS3) GetBucketLocation(ctx context.Context, in *s3api.GetBucketLocationRequest) (*s3api.GetBucketLocationOutput, error) {
	f.keep(ctx, in)
	if in.Bucket == "east" {
		return &s3api.GetBucketLocationOutput{}, nil
	}
	return &s3api.GetBucketLocationOutput{LocationConstraint: at(s3api.BucketLocationConstraint("eu-west-1"))}, nil
}

func (f *fakeS3) PutBucketTagging(ctx context.Context, in *s3api.PutBucketTaggingRequest) (*api.None, error) {
	f.keep(ctx, in)
	return &api.None{}, nil
}

func (f *fakeS3) PutBucketAcl(ctx context.Context, in *s3api.PutBucketAclRequest) (*api.None, error) {
	f.keep(ctx, in)
	return &api.None{}, nil
}

func (f *fakeS3) CompleteMultipartUpload(ctx context.Context, in *s3api.CompleteMultipartUploadRequest) (*s3api.CompleteMultipartUploadOutput, error) {
	f.keep(ctx, in)
	return &s3api.CompleteMultipartUploadOutput{ETag: at(`"e-1"`)}, nil
}

func (f *fakeS3) GetBucketPolicy(ctx context.Context, in *s3api.GetBucketPolicyRequest) (*s3api.GetBucketPolicyOutput, error) {
	f.keep(ctx, in)
	return &s3api.GetBucketPolicyOutput{Policy: at(`{"Version":"2012-10-17"}`)}, nil
}

func (f *fakeS3) ListBuckets(ctx context.Context, in *s3api.ListBucketsRequest) (*s3api.ListBucketsOutput, error) {
	f.keep(ctx, in)
	if api.CallerOf(ctx).Type == api.Anonymous {
		return nil, s3api.Service.AccessDenied("Access Denied")
	}
	return &s3api.ListBucketsOutput{Buckets: []s3api.Bucket{}}, nil
}

func (f *fakeS3) HeadBucket(ctx context.Context, in *s3api.HeadBucketRequest) (*s3api.HeadBucketOutput, error) {
	f.keep(ctx, in)
	return nil, s3api.NoSuchBucket("The specified bucket does not exist").With("header:x-amz-bucket-region", "eu-west-1")
}

func at[T any](v T) *T { return &v }

// key is the one access key of these tests.
type key struct{}

const (
	keyID     = "AKIAI44QH8DHBEXAMPLE"
	keySecret = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
)

func (key) Lookup(_ context.Context, id string) (auth.Credential, error) {
	if id != keyID {
		return auth.Credential{}, auth.ErrUnknownKey
	}
	return auth.Credential{Secret: keySecret, Active: true, Principal: api.Principal{Type: api.User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/alice"}}, nil
}

// fakeCORS allows one origin.
type fakeCORS struct{}

func (fakeCORS) Preflight(r *http.Request, bucket string) (http.Header, error) {
	if r.Header.Get("Origin") != "https://page.example" {
		return nil, api.NewError("AccessForbidden", "AccessForbidden", 403, "CORSResponse: This CORS request is not allowed.")
	}
	return http.Header{"Access-Control-Allow-Origin": {"https://page.example"}, "X-Bucket": {bucket}}, nil
}

func (fakeCORS) Headers(r *http.Request, bucket string) http.Header {
	return http.Header{"Access-Control-Allow-Origin": {r.Header.Get("Origin")}, "X-Bucket": {bucket}, "X-Region": {api.CallerOf(r.Context()).Region}}
}

// fakeForms takes forms that have a key.
type fakeForms struct{}

func (fakeForms) PostObject(w http.ResponseWriter, r *http.Request, bucket string) error {
	if r.FormValue("key") == "" {
		return api.NewError("InvalidArgument", "InvalidArgument", 400, "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.")
	}
	c := api.CallerOf(r.Context())
	w.Header().Set("Location", "/"+bucket+"/"+r.FormValue("key")+"?"+c.RequestID)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// fakeBuckets has no bucket called none.
type fakeBuckets struct{}

func (fakeBuckets) CheckBucket(ctx context.Context, op *api.Operation, bucket string) error {
	if bucket == "none" {
		return s3api.NoSuchBucket("The specified bucket does not exist").With("BucketName", bucket).With("Asked", op.Name+" for "+api.CallerOf(ctx).Region)
	}
	return nil
}

// s3World is an edge in front of a fakeS3, with the real authenticator.
type s3World struct {
	http.Handler
	s3  *fakeS3
	log *syncBuffer
}

func newS3World(change ...func(*Config)) *s3World {
	w := &s3World{s3: &fakeS3{objects: map[string][]byte{}}, log: &syncBuffer{}}
	c := Config{
		Doors:   append((&world{logs: &fakeLogs{}}).doors(), &api.Endpoint[s3api.API]{Service: s3api.Service, Impl: w.s3}),
		Auth:    auth.NewAuthenticator(auth.Options{Mode: auth.Strict, Credentials: key{}, RealClock: clock.Real(), EmulatorClock: clock.Real()}),
		Control: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "control") }),
		Log:     slog.New(slog.NewTextHandler(w.log, nil)),
		CORS:    fakeCORS{}, Forms: fakeForms{}, Buckets: fakeBuckets{},
		NewRequestID: func() string { return "id-1" }, MaxBody: 1 << 16,
	}
	for _, f := range change {
		f(&c)
	}
	w.Handler = New(c)
	return w
}

// send sends an unsigned request; headers come as names and values in turn.
func (w *s3World) send(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	return (&world{Handler: w.Handler}).send(method, target, body, headers...)
}

// server serves w as the program does.
func (w *s3World) server(t testing.TB) *httptest.Server {
	s := httptest.NewUnstartedServer(nil)
	s.Config = NewServer(w, slog.New(slog.NewTextHandler(w.log, nil)))
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// code is the code in an error document.
func code(body string) string {
	_, rest, _ := strings.Cut(body, "<Code>")
	found, _, _ := strings.Cut(rest, "</Code>")
	return found
}
