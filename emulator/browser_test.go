package emulator_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"sealstack/emulator/emulatortest"
)

func s3Of(s *emulatortest.Server, c aws.CredentialsProvider) *s3.Client {
	return s3.New(s3.Options{BaseEndpoint: &s.URL, Region: region, Credentials: c, UsePathStyle: true, Retryer: aws.NopRetryer{}})
}

// ask sends a request without a signature of its own.
func ask(t *testing.T, method, target string, body io.Reader, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, body)
	ok(t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(r)
	ok(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ok(t, err)
	return answer, string(text)
}

func signedOld(secret, text string) string {
	h := hmac.New(sha1.New, []byte(secret))
	io.WriteString(h, text)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// link presigns a GET as boto3 does for an endpoint that is not AWS's.
func link(t *testing.T, s *emulatortest.Server, c aws.CredentialsProvider, path, expires string) string {
	t.Helper()
	k, err := c.Retrieve(context.Background())
	ok(t, err)
	signature := signedOld(k.SecretAccessKey, "GET\n\n\n"+expires+"\n"+path)
	return s.URL + path + "?AWSAccessKeyId=" + k.AccessKeyID + "&Expires=" + expires + "&Signature=" + url.QueryEscape(signature)
}

func TestLinksOfSignatureVersion2OpenWhatNeedsNoKMSKey(t *testing.T) {
	s := emulatortest.Start(t)
	key, user := furnish(t, s)
	client := s3Of(s, root)
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bucket"),
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region}})
	ok(t, err)
	_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("a b"), Body: strings.NewReader("text")})
	ok(t, err)
	_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("sealed"), Body: strings.NewReader("text"),
		ServerSideEncryption: s3types.ServerSideEncryptionAwsKms, SSEKMSKeyId: &key})
	ok(t, err)
	const future, past = "4102444800", "1175139620"
	wrong := strings.Replace(link(t, s, user, "/bucket/a%20b", future), "a%20b", "sealed", 1)
	for _, tt := range []struct {
		name, link string
		status     int
		want       string
	}{
		{"root", link(t, s, root, "/bucket/a%20b", future), 200, "text"},
		{"a KMS key", link(t, s, root, "/bucket/sealed", future), 400, "require AWS Signature Version 4.</Message><ArgumentName>Authorization</ArgumentName><ArgumentValue>null<"},
		{"expired", link(t, s, root, "/bucket/a%20b", past), 403, "<Message>Request has expired</Message><Expires>2007-03-29T03:40:20Z</Expires><ServerTime>"},
		{"a user without permissions", link(t, s, user, "/bucket/a%20b", future), 403, "<Code>AccessDenied</Code>"},
		{"of another object", wrong, 403, "<Code>SignatureDoesNotMatch</Code>"},
		{"incomplete", s.URL + "/bucket/a%20b?AWSAccessKeyId=x&Signature=y", 403, "<Message>Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters<"},
	} {
		answer, text := ask(t, "GET", tt.link, nil)
		if answer.StatusCode != tt.status || !strings.Contains(text, tt.want) {
			t.Errorf("%s: got %d %s", tt.name, answer.StatusCode, text)
		}
	}
}

func TestAPageOfThisMachineMayUseS3(t *testing.T) {
	s := emulatortest.Start(t)
	const page = "http://localhost:3000"
	answer, text := ask(t, "OPTIONS", s.URL+"/none/key", nil, "Origin", page, "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "authorization,x-amz-date")
	if answer.StatusCode != 200 || answer.Header.Get("Access-Control-Allow-Origin") != page || answer.Header.Get("Access-Control-Allow-Headers") != "authorization, x-amz-date" {
		t.Errorf("got %d %v %s", answer.StatusCode, answer.Header, text)
	}
	answer, text = ask(t, "GET", s.URL+"/none/key", nil, "Origin", page)
	if answer.StatusCode != 404 || answer.Header.Get("Access-Control-Allow-Origin") != page || !strings.Contains(text, "NoSuchBucket") {
		t.Errorf("got %d %v %s", answer.StatusCode, answer.Header, text)
	}
	answer, text = ask(t, "OPTIONS", s.URL+"/none/key", nil, "Origin", "https://elsewhere.example", "Access-Control-Request-Method", "GET")
	if answer.StatusCode != 403 || answer.Header.Get("Access-Control-Allow-Origin") != "" || !strings.Contains(text, "<Code>AccessForbidden</Code>") {
		t.Errorf("got %d %v %s", answer.StatusCode, answer.Header, text)
	}
	answer, text = ask(t, "PUT", s.URL+"/none?encryption", strings.NewReader("<broken"), "Content-MD5", "u2hYcX6oFvcKzZkDHiT41A==")
	if answer.StatusCode != 404 || !strings.Contains(text, "NoSuchBucket") {
		t.Errorf("got %d %s", answer.StatusCode, text)
	}
}

func TestAFormIsHeldAgainstItsSignature(t *testing.T) {
	s := emulatortest.Start(t)
	_, user := furnish(t, s)
	_, err := s3Of(s, root).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bucket"),
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region}})
	ok(t, err)
	policy := base64.StdEncoding.EncodeToString([]byte(`{"expiration":"2099-01-01T00:00:00Z","conditions":[{"bucket":"bucket"},["starts-with","$key","in/"]]}`))
	send := func(key string, c aws.CredentialsProvider, signature string) (*http.Response, string) {
		k, err := c.Retrieve(t.Context())
		ok(t, err)
		if signature == "" {
			signature = signedOld(k.SecretAccessKey, policy)
		}
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for _, f := range [][2]string{{"key", key}, {"AWSAccessKeyId", k.AccessKeyID}, {"policy", policy}, {"signature", signature}} {
			ok(t, w.WriteField(f[0], f[1]))
		}
		part, err := w.CreateFormFile("file", "a.txt")
		ok(t, err)
		io.WriteString(part, "text")
		ok(t, w.Close())
		return ask(t, "POST", s.URL+"/bucket", &b, "Content-Type", w.FormDataContentType(), "Origin", "http://localhost")
	}
	for _, tt := range []struct {
		name, key, signature string
		who                  aws.CredentialsProvider
		status               int
		want                 string
	}{
		{"root", "in/${filename}", "", root, 204, ""},
		{"outside the policy", "out/a", "", root, 403, "Invalid according to Policy: Policy Condition failed: [&quot;starts-with&quot;, &quot;$key&quot;, &quot;in/&quot;]"},
		{"a user without permissions", "in/b", "", user, 403, "<Code>AccessDenied</Code>"},
		{"a wrong signature", "in/b", "d3Jvbmc=", user, 403, "<Code>SignatureDoesNotMatch</Code>"},
	} {
		answer, text := send(tt.key, tt.who, tt.signature)
		if answer.StatusCode != tt.status || !strings.Contains(text, tt.want) || answer.Header.Get("Access-Control-Allow-Origin") != "http://localhost" {
			t.Errorf("%s: got %d %v %s", tt.name, answer.StatusCode, answer.Header, text)
		}
	}
	got, err := s3Of(s, root).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("in/a.txt")})
	ok(t, err)
	if text, err := io.ReadAll(got.Body); err != nil || string(text) != "text" {
		t.Errorf("got %q, %v", text, err)
	}
}
