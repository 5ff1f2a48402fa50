package s3sim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/auth"
	"sealstack/clock"
)

// signedForms takes every signature for that of the caller, but "wrong".
type signedForms struct{ caller *api.Caller }

func (s signedForms) AuthenticateForm(_ *http.Request, _ *api.Service, policy string, field func(string) string) (*api.Caller, error) {
	if field("x-amz-signature") == "wrong" || field("signature") == "wrong" {
		return nil, &auth.Failure{Kind: auth.SignatureMismatch, StringToSign: policy}
	}
	c := *s.caller
	c.AuthType = "POST"
	return &c, nil
}

// document is a policy of these conditions, in the hour of the tests.
func document(conditions ...any) string {
	text, _ := json.Marshal(map[string]any{"expiration": "2026-11-21T13:00:00.000Z", "conditions": conditions})
	return base64.StdEncoding.EncodeToString(text)
}

type pairs = [][2]string

// signedFields are the fields of a form that is signed, with a condition for
// each beside those given.
func signedFields(fields pairs, conditions ...any) pairs {
	fields = append(fields, pairs{
		{"X-Amz-Algorithm", "AWS4-HMAC-SHA256"}, {"X-Amz-Credential", "id/20261121/us-west-2/s3/aws4_request"}, {"X-Amz-Date", "20261121T120000Z"},
	}...)
	for _, f := range fields {
		if f[0] != "key" {
			conditions = append(conditions, map[string]string{f[0]: f[1]})
		}
	}
	conditions = append(conditions, map[string]string{"bucket": "bucket"}, []any{"starts-with", "$key", ""})
	return append(fields, pairs{{"Policy", document(conditions...)}, {"X-Amz-Signature", "right"}}...)
}

// multipartBody is the body of a form.
func multipartBody(fields pairs, name, content string) (body []byte, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		_ = w.WriteField(f[0], f[1])
	}
	if name != "" {
		part, _ := w.CreateFormFile("file", name)
		io.WriteString(part, content)
	}
	_ = w.WriteField("submit", "Upload")
	w.Close()
	return b.Bytes(), w.FormDataContentType()
}

func newForms(b *bench) *Forms {
	return NewForms(b.Client, signedForms{api.CallerOf(b.ctx)}, clock.Fixed(start))
}

// postRaw posts a body to /bucket.
func (b *bench) postRaw(body []byte, contentType string) (*httptest.ResponseRecorder, error) {
	r := httptest.NewRequest("POST", "http://s3.localhost/bucket", bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	r = r.WithContext(api.WithCaller(r.Context(), &api.Caller{Partition: "aws", Region: region, RequestID: "request"}))
	w := httptest.NewRecorder()
	return w, newForms(b).PostObject(w, r, "bucket")
}

func (b *bench) post(fields pairs, content string) (*httptest.ResponseRecorder, error) {
	return b.postRaw(multipartBody(fields, `photo.jpg`, content))
}

func TestAFormBecomesAnObject(t *testing.T) {
	b := newBench(t)
	b.bucket("bucket")
	got, err := b.post(signedFields(pairs{
		{"key", "user/${filename}"}, {"Content-Type", "image/jpeg"}, {"Cache-Control", "no-cache"}, {"x-amz-meta-uuid", "14365"},
		{"x-amz-server-side-encryption", "aws:kms"}, {"x-amz-server-side-encryption-aws-kms-key-id", keyARN},
		{"x-amz-server-side-encryption-bucket-key-enabled", "true"},
		{"x-amz-checksum-sha256", sha256Of("text")},
		{"tagging", "<Tagging><TagSet><Tag><Key>a b</Key><Value>c=d</Value></Tag></TagSet></Tagging>"}, {"x-ignore-me", "x"},
	}), "text")
	b.ok(err)
	if got.Code != 204 || got.Body.Len() != 0 {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
	for name, want := range map[string]string{
		"Location": "http://s3.localhost/bucket/user%2Fphoto.jpg", "x-amz-server-side-encryption": "aws:kms",
		"x-amz-server-side-encryption-aws-kms-key-id": keyARN, "x-amz-server-side-encryption-bucket-key-enabled": "true",
		"x-amz-checksum-sha256": sha256Of("text"),
	} {
		b.same(name, got.Header().Get(name), want)
	}
	out := b.reads("bucket", "user/photo.jpg", "text")
	b.same("ETag", got.Header().Get("ETag"), *out.ETag)
	b.same("type", *out.ContentType, "image/jpeg")
	b.same("cache", *out.CacheControl, "no-cache")
	b.same("metadata", out.Metadata, map[string]string{"uuid": "14365"})
	tags, err := b.GetObjectTagging(b.ctx, &s3api.GetObjectTaggingRequest{Bucket: "bucket", Key: "user/photo.jpg"})
	b.ok(err)
	b.same("tags", tags.TagSet, []s3api.Tag{{Key: "a b", Value: "c=d"}})
}

func sha256Of(text string) string {
	d := newDigests("SHA256")
	io.WriteString(d, text)
	return d.text("SHA256")
}

func TestAFormSaysHowItIsAnswered(t *testing.T) {
	b := newBench(t)
	b.bucket("bucket")
	const tag = "%221cb251ec0d568de6a929b520c4aed8d1%22"
	for _, tt := range []struct {
		name     string
		fields   pairs
		status   int
		location string
	}{
		{"nothing", nil, 204, "http://s3.localhost/bucket/a%20key"},
		{"status 200", pairs{{"success_action_status", "200"}}, 200, "http://s3.localhost/bucket/a%20key"},
		{"status 201", pairs{{"success_action_status", "201"}}, 201, "http://s3.localhost/bucket/a%20key"},
		{"another status", pairs{{"success_action_status", "404"}}, 204, "http://s3.localhost/bucket/a%20key"},
		{"redirect", pairs{{"success_action_redirect", "https://a.example/done"}, {"success_action_status", "201"}}, 303, "https://a.example/done?bucket=bucket&key=a+key&etag=" + tag},
		{"redirect with a query", pairs{{"success_action_redirect", "https://a.example/?x=1"}}, 303, "https://a.example/?x=1&bucket=bucket&key=a+key&etag=" + tag},
		{"old redirect", pairs{{"redirect", "http://a.example"}}, 303, "http://a.example?bucket=bucket&key=a+key&etag=" + tag},
		{"no address", pairs{{"success_action_redirect", "done.html"}}, 204, "http://s3.localhost/bucket/a%20key"},
		{"a script", pairs{{"success_action_redirect", "javascript:alert(1)"}}, 204, "http://s3.localhost/bucket/a%20key"},
	} {
		got, err := b.post(signedFields(append(pairs{{"key", "a key"}}, tt.fields...)), "text")
		b.ok(err)
		if got.Code != tt.status || got.Header().Get("Location") != tt.location {
			t.Errorf("%s: got %d %s", tt.name, got.Code, got.Header().Get("Location"))
		}
		want := ""
		if tt.status == 201 {
			want = `<?xml version="1.0" encoding="UTF-8"?>` + "\n<PostResponse><Location>http://s3.localhost/bucket/a%20key</Location><Bucket>bucket</Bucket><Key>a key</Key><ETag>&#34;1cb251ec0d568de6a929b520c4aed8d1&#34;</ETag></PostResponse>"
		}
		if got.Body.String() != want {
			t.Errorf("%s: got %s", tt.name, got.Body)
		}
	}
}

func TestAFormWithoutWhatItMustHaveIsRefused(t *testing.T) {
	b := newBench(t)
	b.bucket("bucket")
	signed := signedFields(pairs{{"key", "k"}})
	field := func(name string) string {
		return "Bucket POST must contain a field named '" + name + "'.  If it is specified, please check the order of the fields."
	}
	for name, tt := range map[string]struct {
		fields        pairs
		code, message string
	}{
		"no key":                    {pairs{{"acl", "private"}}, "InvalidArgument", field("key")},
		"empty key":                 {pairs{{"key", ""}}, "InvalidArgument", field("key")},
		"policy without a key":      {pairs{{"key", "k"}, {"policy", document()}}, "InvalidArgument", field("AWSAccessKeyId")},
		"no signature of version 2": {pairs{{"key", "k"}, {"policy", document()}, {"AWSAccessKeyId", "id"}}, "InvalidArgument", field("signature")},
		"no signature of version 4": {signed[:len(signed)-1], "InvalidArgument", field("X-Amz-Signature")},
		"signature of nothing":      {pairs{{"key", "k"}, {"AWSAccessKeyId", "id"}, {"signature", "s"}}, "InvalidArgument", field("policy")},
		"too much":                  {pairs{{"key", strings.Repeat("k", 20<<10)}}, "MaxPostPreDataLengthExceededError", "Your POST request fields preceding the upload file were too large."},
		"anonymous":                 {pairs{{"key", "k"}}, "AccessDenied", "Access Denied"},
		"bad tags":                  {signedFields(pairs{{"key", "k"}, {"tagging", "<Tag"}}), "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"},
		"bad bool":                  {signedFields(pairs{{"key", "k"}, {"x-amz-server-side-encryption-bucket-key-enabled", "si"}}), "InvalidArgument", "The value of the field is not valid."},
		"bad checksum":              {signedFields(pairs{{"key", "k"}, {"x-amz-checksum-sha256", sha256Of("other")}}), "BadDigest", "The SHA256 you specified did not match the calculated checksum."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.post(tt.fields, "text")
			b.fails(err, tt.code, tt.message)
		})
	}
	_, err := b.postRaw(multipartBody(signed, "", ""))
	b.fails(err, "InvalidArgument", "POST requires exactly one file upload per request.")
	_, err = b.postRaw([]byte("text"), "multipart/form-data")
	b.code(err, "MalformedPOSTRequest")
	_, err = b.postRaw([]byte("text"), "multipart/form-data; boundary=x")
	b.code(err, "MalformedPOSTRequest")
	body, kind := multipartBody(signed, "f", "text of the file")
	_, err = b.postRaw(body[:bytes.Index(body, []byte("of the"))], kind)
	b.code(err, "MalformedPOSTRequest")
	b.same("objects", b.names("bucket"), "")
	b.same("blobs", b.blobs(), 0)
}

func TestASignatureThatDoesNotMatchIsTheEdgesFailure(t *testing.T) {
	b := newBench(t)
	b.bucket("bucket")
	fields := signedFields(pairs{{"key", "k"}})
	fields[len(fields)-1][1] = "wrong"
	_, err := b.post(fields, "text")
	if f, ok := errors.AsType[*auth.Failure](err); !ok || f.Kind != auth.SignatureMismatch {
		t.Errorf("got %v", err)
	}
}

func TestAnonymousFormsNeedAnOpenBucket(t *testing.T) {
	b := newBench(t)
	b.openBucket("bucket")
	b.policy("bucket", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::bucket/in/*"}]}`)
	_, err := b.post(pairs{{"key", "in/box"}, {"anything", "else"}}, "text")
	b.ok(err)
	_, err = b.post(pairs{{"key", "out/box"}}, "text")
	b.code(err, "AccessDenied")
	b.same("objects", b.names("bucket"), "in/box")
}
