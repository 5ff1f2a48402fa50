package auth

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sealstack/auth/sigv4"
)

// put returns an unsigned upload to S3 as the edge gets it.
func put(body string) *http.Request {
	r := httptest.NewRequest("PUT", "/bucket/key", strings.NewReader(body))
	r.Host = "s3.eu-west-1.amazonaws.com"
	return r
}

// read authenticates an upload and reads its content.
func read(r *http.Request) (string, error) {
	if _, err := authenticator().Authenticate(r, nil, s3Service); err != nil {
		return "", err
	}
	b, err := io.ReadAll(r.Body)
	return string(b), err
}

func TestABodyIsReadWithTheHashThatWasSigned(t *testing.T) {
	for _, tt := range []struct {
		name, body, payload string
		kind                FailureKind
	}{
		{"its hash", "hello", sigv4.HashPayload([]byte("hello")), 0},
		{"no hash", "hello", sigv4.UnsignedPayload, 0},
		{"no body", "", sigv4.EmptyPayload, 0},
		{"hash of another", "hello", sigv4.HashPayload([]byte("hullo")), PayloadMismatch},
		{"hash of no body", "hello", sigv4.EmptyPayload, PayloadMismatch},
		{"hash without a body", "", sigv4.HashPayload([]byte("hello")), PayloadMismatch},
		{"no such word", "hello", "STREAMING-NOTHING", PayloadHashInvalid},
		{"elliptic curves", "hello", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", PayloadHashInvalid},
	} {
		for _, key := range []string{userKey, "test"} {
			t.Run(tt.name+"/"+key, func(t *testing.T) {
				r := put(tt.body)
				signer(s3Service, key).Sign(r, tt.payload, noon)
				got, err := read(r)
				if tt.kind == 0 {
					if err != nil || got != tt.body {
						t.Errorf("got %q, %v", got, err)
					}
					return
				}
				f := mustFail(t, err, tt.kind)
				if tt.kind == PayloadMismatch && (f.ClientHash != tt.payload || f.ServerHash != sigv4.HashPayload([]byte(tt.body))) {
					t.Errorf("got %+v", f)
				}
			})
		}
	}
}

func TestABodyReadBeforehandIsCheckedAtOnce(t *testing.T) {
	r := put("")
	signer(s3Service, userKey).Sign(r, sigv4.HashPayload([]byte("hello")), noon)
	if _, err := authenticator().Authenticate(r, []byte("hello"), s3Service); err != nil {
		t.Error(err)
	}
	_, err := authenticator().Authenticate(r, []byte("hullo"), s3Service)
	mustFail(t, err, PayloadMismatch)
}

// chunked returns an upload of "hello" with a checksum behind it.
func chunked(payload, key string) *http.Request {
	r := put("")
	r.Header.Set("Content-Encoding", "aws-chunked, gzip")
	r.Header.Set("X-Amz-Decoded-Content-Length", "5")
	r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
	s := signer(s3Service, key)
	s.Sign(r, payload, noon)
	a, _ := sigv4.Parse(r)
	body := "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
	if payload == sigv4.StreamingSignedTrailer {
		derived := sigv4.DeriveKey(s.Secret, a.Scope)
		chain := sigv4.Chain{Key: &derived, Time: noon, Scope: a.Scope, Previous: a.Signature}
		body = fmt.Sprintf("5;chunk-signature=%s\r\nhello\r\n0;chunk-signature=%s\r\nx-amz-checksum-crc32:NhCmhg==\r\nx-amz-trailer-signature:%s\r\n\r\n",
			chain.Sign(chain.NextChunk(sum("hello"))), chain.Sign(chain.NextChunk(sum(""))),
			chain.Sign(chain.NextTrailer([]byte("x-amz-checksum-crc32:NhCmhg==\n"))))
	}
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return r
}

func TestAChunkedBodyIsReadWithoutItsFraming(t *testing.T) {
	for _, payload := range []string{sigv4.StreamingSignedTrailer, sigv4.StreamingUnsignedTrailer} {
		for _, key := range []string{userKey, tempKey, "test"} {
			r := chunked(payload, key)
			got, err := read(r)
			if err != nil || got != "hello" {
				t.Errorf("%s, %s: got %q, %v", payload, key, got, err)
			}
			if r.ContentLength != 5 || r.Header.Get("Content-Encoding") != "gzip" || r.Trailer.Get("X-Amz-Checksum-Crc32") != "NhCmhg==" {
				t.Errorf("%s, %s: got length %d, encoding %q, trailer %v", payload, key, r.ContentLength, r.Header.Get("Content-Encoding"), r.Trailer)
			}
		}
	}
}

func TestAContentEncodingThatIsOnlyFramingGoes(t *testing.T) {
	for given, want := range map[string][]string{
		"aws-chunked": nil, "AWS-Chunked": nil, "gzip,aws-chunked": {"gzip"}, "aws-chunked,GZIP, br": {"GZIP,br"}, "gzip": {"gzip"}, "": nil,
	} {
		h := http.Header{"Content-Encoding": {given}}
		if dropChunked(h); fmt.Sprint(h["Content-Encoding"]) != fmt.Sprint(want) {
			t.Errorf("%q: got %q, want %q", given, h["Content-Encoding"], want)
		}
	}
}

func TestAnUploadSignedWithAnIssuedKeyHasItsChunksVerified(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"content":           func(s string) string { return strings.Replace(s, "hello", "hullo", 1) },
		"trailer":           func(s string) string { return strings.Replace(s, "NhCmhg", "NhCmhh", 1) },
		"chunk signature":   func(s string) string { return strings.Replace(s, "chunk-signature=", "chunk-signature=0", 1) },
		"trailer signature": func(s string) string { return strings.Replace(s, "trailer-signature:", "trailer-signature:0", 1) },
	} {
		r := chunked(sigv4.StreamingSignedTrailer, userKey)
		b, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(change(string(b))))
		_, err := read(r)
		f := mustFail(t, err, SignatureMismatch)
		if !strings.HasPrefix(f.StringToSign, "AWS4-HMAC-SHA256-") || f.SignatureProvided == "" || f.CanonicalRequest != "" || f.AccessKeyID != userKey {
			t.Errorf("%s: got %+v", name, f)
		}
	}
}

func TestAChunkedBodyOutOfFormIsRefusedWhileItIsRead(t *testing.T) {
	for body, kind := range map[string]FailureKind{
		"5\r\nhel":                IncompleteBody,
		"x\r\nhello":              MalformedChunk,
		"1\r\nh\r\n1\r\ne\r\n":    ChunkTooSmall,
		"5\r\nhello\r\n0\r\n\r\n": MalformedTrailer,
		"5\r\nhello\r\n0\r\nx-amz-checksum-sha1:a\r\n\r\n":   MalformedTrailer,
		"6\r\nhello!\r\n0\r\nx-amz-checksum-crc32:a\r\n\r\n": IncompleteBody,
	} {
		r := chunked(sigv4.StreamingUnsignedTrailer, userKey)
		r.Body = io.NopCloser(strings.NewReader(body))
		_, err := read(r)
		f := mustFail(t, err, kind)
		if kind == ChunkTooSmall && f.Detail != "1" {
			t.Errorf("got %+v", f)
		}
	}
}

func TestAChunkedBodyNeedsItsLength(t *testing.T) {
	for _, length := range []string{"", "x", "-1"} {
		r := put("0\r\n\r\n")
		if length != "" {
			r.Header.Set("X-Amz-Decoded-Content-Length", length)
		}
		signer(s3Service, userKey).Sign(r, sigv4.StreamingSigned, noon)
		_, err := read(r)
		mustFail(t, err, MissingLength)
	}
}

func TestAnAnonymousUploadLosesItsFramingToo(t *testing.T) {
	r := chunked(sigv4.StreamingUnsignedTrailer, userKey)
	r.Header.Del("Authorization")
	if got, err := read(r); err != nil || got != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
	r = chunked(sigv4.StreamingUnsignedTrailer, userKey)
	r.Header.Del("Authorization")
	r.Header.Set("X-Amz-Content-Sha256", "x")
	_, err := read(r)
	mustFail(t, err, PayloadHashInvalid)
}

func TestAPresignedUploadMayNameItsHash(t *testing.T) {
	for _, payload := range []string{sigv4.UnsignedPayload, sigv4.HashPayload([]byte("hello"))} {
		link := signer(s3Service, userKey).Presign(httptest.NewRequest("PUT", "/b/k?X-Amz-Content-Sha256="+payload, nil), payload, noon, time.Minute)
		if got, err := read(httptest.NewRequest("PUT", link, strings.NewReader("hello"))); err != nil || got != "hello" {
			t.Errorf("%s: got %q, %v", payload, got, err)
		}
		_, err := read(httptest.NewRequest("PUT", link, strings.NewReader("hullo")))
		if payload == sigv4.UnsignedPayload && err != nil {
			t.Error(err)
		}
		if payload != sigv4.UnsignedPayload {
			mustFail(t, err, PayloadMismatch)
		}
	}
}

func sum(s string) []byte {
	b := make([]byte, 32)
	fmt.Sscanf(sigv4.HashPayload([]byte(s)), "%x", &b)
	return b
}
