//go:build walk

package integration

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// page serves an empty page and returns its address, which is its origin.
func (y *yard) page() string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<!doctype html><title>page</title>"))
	}))
	y.Cleanup(s.Close)
	return s.URL
}

// TestWalkS3FromAPageInChromium shows what a real browser lets a page do: what
// the bucket's CORS rules say.
func TestWalkS3FromAPageInChromium(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	allowed, forbidden := y.page(), y.page()
	c := y.script("SEALSTACK_NODE", "node/browser.mjs")
	reader := y.user("page", `"s3:*"`)
	key := y.key()
	y.sealedBucket("pages", key)
	_, err := y.s3.PutBucketCors(t.Context(), &s3.PutBucketCorsInput{Bucket: new("pages"), CORSConfiguration: &s3types.CORSConfiguration{CORSRules: []s3types.CORSRule{{
		AllowedOrigins: []string{allowed}, AllowedMethods: []string{"GET", "PUT"}, AllowedHeaders: []string{"range", "content-type"},
		ExposeHeaders: []string{"ETag", "Content-Range", "x-amz-meta-shown", "x-amz-server-side-encryption-aws-kms-key-id"},
	}}}})
	y.ok(err)
	_, err = y.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: new("pages"), Key: new("o"), Body: strings.NewReader("for pages"),
		Metadata: map[string]string{"shown": "yes", "hidden": "no"}})
	y.ok(err)
	links := y.links("pages", "o", reader)
	c.with(append(links, "CHROMIUM="+tool(t, "SEALSTACK_CHROMIUM"), "PROFILE="+filepath.Join(y.home, "profile"), "ALLOWED="+allowed, "FORBIDDEN="+forbidden, "KEY="+key)...).run()
	_, text := y.read(&s3.GetObjectInput{Bucket: new("pages"), Key: new("put")})
	y.same("what the page put", text, "from a page")
	_, text = y.read(&s3.GetObjectInput{Bucket: new("pages"), Key: new("o")})
	y.same("what the page did not delete", text, "for pages")
}

// links presigns for a page, as variables.
func (y *yard) links(bucket, key string, reader aws.Credentials) []string {
	y.Helper()
	signer := s3.NewPresignClient(y.s3)
	get, err := signer.PresignGetObject(y.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	y.ok(err)
	put, err := signer.PresignPutObject(y.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: new("put")})
	y.ok(err)
	del, err := signer.PresignDeleteObject(y.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
	y.ok(err)
	poor := s3.NewPresignClient(s3Client(y.url, keys(reader.AccessKeyID, reader.SecretAccessKey)))
	denied, err := poor.PresignGetObject(y.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	y.ok(err)
	return []string{"LINK_GET=" + get.URL, "LINK_PUT=" + put.URL, "LINK_DELETE=" + del.URL, "LINK_DENIED=" + denied.URL}
}
