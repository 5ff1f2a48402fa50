package wire

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"sealstack/api/s3api"
)

// s3Client is the SDK's client of w, path style or virtual-host style.
func s3Client(t testing.TB, w *s3World, pathStyle bool) *s3.Client {
	s := w.server(t)
	address := s.Listener.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return s3.New(s3.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://s3.localhost:" + port), UsePathStyle: pathStyle,
		RetryMaxAttempts: 1, HTTPClient: &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: keyID, SecretAccessKey: keySecret}, nil
		}),
	})
}

// styles runs a test with each style of addressing.
func styles(t *testing.T, run func(*testing.T, *s3World, *s3.Client)) {
	for name, pathStyle := range map[string]bool{"path style": true, "virtual-host style": false} {
		t.Run(name, func(t *testing.T) {
			w := newS3World()
			run(t, w, s3Client(t, w, pathStyle))
		})
	}
}

func TestTheSDKPutsAndGetsObjects(t *testing.T) {
	styles(t, func(t *testing.T, w *s3World, client *s3.Client) {
		for _, name := range []string{"k", "dir/k", "/k", "a//b", "a/../b", "a%2Fb", "K\u00f6ln +&?=#.txt", " ", "\U0001F511/", "x/."} {
			content := []byte("content of " + name)
			_, err := client.PutObject(t.Context(), &s3.PutObjectInput{
				Bucket: aws.String("bucket"), Key: &name, Body: bytes.NewReader(content),
				Metadata: map[string]string{"Colour": "red", "city": "=?UTF-8?B?S8O2bG4=?="},
			})
			if err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			in := w.s3.last.(*s3api.PutObjectRequest)
			if want := map[string]string{"colour": "red", "city": "K\u00f6ln"}; in.Key != name || in.Bucket != "bucket" || !maps.Equal(in.Metadata, want) || *in.ContentLength != int64(len(content)) {
				t.Errorf("%q: %+v", name, in)
			}
			out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: &name, ResponseContentType: aws.String("text/x")})
			if err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			got, err := io.ReadAll(out.Body)
			if err != nil || !bytes.Equal(got, content) || *out.ETag != `"e"` || *out.ContentType != "text/x" || out.LastModified.Year() != 2020 {
				t.Errorf("%q: %q %+v %v", name, got, out, err)
			}
			if out.Metadata["colour"] != "=?UTF-8?b?S8O2bG4=?=" {
				t.Error(out.Metadata)
			}
			head, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: &name})
			if err != nil || *head.ContentLength != int64(len(content)) {
				t.Errorf("%q: %+v %v", name, head, err)
			}
		}
	})
}

func TestTheChecksumInATrailerReachesTheService(t *testing.T) {
	w := newS3World()
	client := s3Client(t, w, true)
	content := make([]byte, 200<<10)
	rand.Read(content)
	_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), Body: bytes.NewReader(content), ChecksumAlgorithm: s3types.ChecksumAlgorithmCrc32c})
	if err != nil {
		t.Fatal(err)
	}
	in := w.s3.last.(*s3api.PutObjectRequest)
	if !bytes.Equal(w.s3.objects["b/k"], content) || *in.ContentLength != int64(len(content)) {
		t.Error("content differs")
	}
	if in.ChecksumCRC32C == nil && w.s3.trailer.Get("x-amz-checksum-crc32c") == "" {
		t.Errorf("no checksum in headers or trailer %v", w.s3.trailer)
	}
	if in.ContentEncoding != nil && strings.Contains(*in.ContentEncoding, "aws-chunked") {
		t.Error(*in.ContentEncoding)
	}
}

func TestTheSDKListsDeletesAndCopies(t *testing.T) {
	styles(t, func(t *testing.T, w *s3World, client *s3.Client) {
		bucket := aws.String("bucket")
		list, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("a b+c/"), OptionalObjectAttributes: []s3types.OptionalObjectAttributes{"RestoreStatus"}})
		if err != nil || *list.Contents[0].Key != "a<b>&c" || *list.Contents[0].ETag != `"e"` || *list.Contents[0].Size != 5 ||
			*list.CommonPrefixes[0].Prefix != "p/" || *list.Prefix != "a b+c/" || list.Contents[0].LastModified.Second() != 6 {
			t.Errorf("%+v %v", list, err)
		}
		deleted, err := client.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: bucket, Delete: &s3types.Delete{Objects: []s3types.ObjectIdentifier{
			{Key: aws.String("a\r<b>")}, {Key: aws.String(" k "), VersionId: aws.String("v")},
		}}})
		if err != nil || len(deleted.Deleted) != 2 || *deleted.Deleted[0].Key != "a\r<b>" || *deleted.Deleted[1].Key != " k " || *deleted.Deleted[1].VersionId != "v" || *deleted.Errors[0].Code != "AccessDenied" {
			t.Errorf("%+v %v", deleted, err)
		}
		one, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k")})
		if err != nil || !*one.DeleteMarker || *one.VersionId != "v" {
			t.Errorf("%+v %v", one, err)
		}
		copied, err := client.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("k2"), CopySource: aws.String("bucket/k")})
		if err != nil || *copied.CopyObjectResult.ETag != `"c"` || *copied.CopySourceVersionId != "v1" {
			t.Errorf("%+v %v", copied, err)
		}
		upload, err := client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("k")})
		if err != nil || *upload.UploadId != "u-1" || *upload.Key != "k" {
			t.Errorf("%+v %v", upload, err)
		}
		for name, want := range map[string]s3types.BucketLocationConstraint{"west": "eu-west-1", "east": ""} {
			if at, err := client.GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: &name}); err != nil || at.LocationConstraint != want {
				t.Errorf("%s: %+v %v", name, at, err)
			}
		}
		if policy, err := client.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: bucket}); err != nil || *policy.Policy != `{"Version":"2012-10-17"}` {
			t.Error(policy, err)
		}
		if _, err := client.PutBucketTagging(t.Context(), &s3.PutBucketTaggingInput{Bucket: bucket, Tagging: &s3types.Tagging{TagSet: []s3types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}}); err != nil {
			t.Error(err)
		}
		if got, want := w.s3.last.(*s3api.PutBucketTaggingRequest).Tagging.TagSet, []s3api.Tag{{Key: "k", Value: "v"}}; !reflect.DeepEqual(got, want) {
			t.Error(got)
		}
	})
}

func TestTheSDKReadsErrorsOfS3(t *testing.T) {
	w := newS3World()
	client := s3Client(t, w, true)
	bucket := aws.String("b")
	_, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("none")})
	if found, ok := errors.AsType[*s3types.NoSuchKey](err); !ok || found.ErrorMessage() != "The specified key does not exist." {
		t.Error(err)
	}
	if response, ok := errors.AsType[*awshttp.ResponseError](err); !ok || response.HTTPStatusCode() != 404 || len(response.RequestID) != 16 {
		t.Error(err)
	}
	_, err = client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("none")})
	if found, ok := errors.AsType[*s3types.NotFound](err); !ok {
		t.Error(found, err)
	}
	_, err = client.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: bucket})
	if response, ok := errors.AsType[*awshttp.ResponseError](err); !ok || response.Response.Header.Get("x-amz-bucket-region") != "eu-west-1" {
		t.Error(err)
	}
	for name, want := range map[string]string{"failure": "InternalError", "panic": "InternalError"} {
		_, err = client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: &name})
		if found, ok := errors.AsType[smithy.APIError](err); !ok || found.ErrorCode() != want || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = client.GetObjectTorrent(t.Context(), &s3.GetObjectTorrentInput{Bucket: bucket, Key: aws.String("k")})
	if found, ok := errors.AsType[smithy.APIError](err); !ok || found.ErrorCode() != "NotImplemented" || found.ErrorMessage() != "s3:GetObjectTorrent is not implemented by Sealstack." {
		t.Error(err)
	}
	_, err = client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k"), IfNoneMatch: aws.String("e")})
	if response, ok := errors.AsType[*awshttp.ResponseError](err); !ok || response.HTTPStatusCode() != 304 || response.Response.Header.Get("ETag") != `"e"` {
		t.Error(err)
	}
}

func TestPresignedRequestsReachS3(t *testing.T) {
	w := newS3World()
	client := s3Client(t, w, true)
	w.s3.objects["b/k k"] = []byte("hello")
	r, err := s3.NewPresignClient(client).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k k")}, s3.WithPresignExpires(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	get := func(url string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Options().HTTPClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(body)
	}
	if status, body := get(r.URL); status != 200 || body != "hello" {
		t.Error(status, body)
	}
	status, body := get(strings.Replace(r.URL, "k%20k", "other", 1))
	if status != 403 || code(body) != "SignatureDoesNotMatch" || !strings.Contains(body, "<StringToSignBytes>41 57 53 34 ") || !strings.Contains(body, "<AWSAccessKeyId>"+keyID) {
		t.Error(status, body)
	}
}
