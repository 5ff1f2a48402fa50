package sigv4

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// signingTime is any: nothing here compares it with a clock.
var signingTime = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// received is what a server made of a request.
type received struct {
	auth     Authorization
	err      error
	mismatch *Mismatch
}

// server verifies what it receives over a real connection. unsigned says that
// the payload is not covered.
func server(t *testing.T, rules Rules, unsigned bool) (url string, verdict *received) {
	t.Helper()
	verdict = new(received)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		*verdict = received{}
		body, _ := io.ReadAll(r.Body)
		if verdict.auth, verdict.err = Parse(r); verdict.err != nil {
			return
		}
		payload := HashPayload(body)
		if unsigned {
			payload = UnsignedPayload
		}
		key := DeriveKey("secret", verdict.auth.Scope)
		verdict.mismatch = verdict.auth.Verify(r, payload, rules, &key)
	}))
	t.Cleanup(s.Close)
	return s.URL, verdict
}

type exchange struct{ method, target, body string }

var plainRequests = []exchange{
	{"GET", "/dir/./a/../b//c/", ""},
	{"GET", "/(paren)!*'$&,;=:@+", ""},
}

// The SDK's own signer is the second opinion: what it signs must verify after
// net/http has sent and received it. Left out are dot segments, which it does
// not normalize, and reserved characters left plain in a path, which its
// services never send.
var sdkRequests = []exchange{
	{"POST", "/", `{"KeyId":"a"}`},
	{"POST", "/", ""},
	{"GET", "/", ""},
	{"GET", "/?Action=GetCallerIdentity&Version=2011-06-15", ""},
	{"GET", "/a%20b/c%2Bd/%28e%29/%E1%88%B4", ""},
	{"PUT", "/bucket/key?partNumber=1&uploadId=a%2Fb%2B%3D&x", "data"},
	{"GET", "/bucket?list-type=2&prefix=a%20b&delimiter=%2F&b=2&B=1&a=&a=1", ""},
	{"DELETE", "/bucket/key?versionId=null", ""},
	{"HEAD", "/bucket/k~e-y_.txt", ""},
}

func TestWhatTheSDKSignsVerifiesOverAConnection(t *testing.T) {
	credentials := aws.Credentials{AccessKeyID: "ID", SecretAccessKey: "secret", SessionToken: "to/ken+="}
	for _, service := range []string{"kms", "s3"} {
		rules := Standard
		if service == "s3" {
			rules = S3
		}
		signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
		base, verdict := server(t, rules, false)
		for _, tt := range sdkRequests {
			r, err := http.NewRequestWithContext(t.Context(), tt.method, base+tt.target, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Amz-Meta-Spaced", "  a   b  ")
			r.Header.Add("X-Amz-Meta-Many", "1")
			r.Header.Add("X-Amz-Meta-Many", "2")
			if err := signer.SignHTTP(t.Context(), credentials, r, HashPayload([]byte(tt.body)), service, "eu-west-1", signingTime); err != nil {
				t.Fatal(err)
			}
			send(t, r, verdict)
			if verdict.auth.AccessKeyID != "ID" || verdict.auth.Token != "to/ken+=" || verdict.auth.Presigned {
				t.Errorf("%s: got %+v", tt.target, verdict.auth)
			}
		}
	}
}

func TestWhatTheSDKPresignsVerifiesOverAConnection(t *testing.T) {
	credentials := aws.Credentials{AccessKeyID: "ID", SecretAccessKey: "secret", SessionToken: "to/ken+="}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	base, verdict := server(t, S3, true)
	for _, target := range []string{"/bucket/key?X-Amz-Expires=60", "/bucket/a%20b%2Bc?X-Amz-Expires=60&response-content-type=text%2Fplain&versionId=x", "/?X-Amz-Expires=60&list-type=2"} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", base+target, nil)
		if err != nil {
			t.Fatal(err)
		}
		link, header, err := signer.PresignHTTP(t.Context(), credentials, r, UnsignedPayload, "s3", "eu-west-1", signingTime)
		if err != nil {
			t.Fatal(err)
		}
		if r, err = http.NewRequestWithContext(t.Context(), "GET", link, nil); err != nil {
			t.Fatal(err)
		}
		for name, values := range header {
			r.Header[name] = values
		}
		send(t, r, verdict)
		if verdict.auth.Token != "to/ken+=" || verdict.auth.Expires != time.Minute || !verdict.auth.Presigned {
			t.Errorf("%s: got %+v", target, verdict.auth)
		}
	}
}

func TestWhatASignerSignsVerifiesOverAConnection(t *testing.T) {
	for _, rules := range []Rules{Standard, S3} {
		base, verdict := server(t, rules, false)
		s := &Signer{AccessKeyID: "ID", Secret: "secret", Region: "eu-west-1", Service: "s3", Rules: rules}
		for _, tt := range append(sdkRequests, plainRequests...) {
			r, err := http.NewRequestWithContext(t.Context(), tt.method, base+tt.target, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			s.Sign(r, HashPayload([]byte(tt.body)), signingTime)
			send(t, r, verdict)
		}
	}
}

func send(t *testing.T, r *http.Request, verdict *received) {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if verdict.err != nil {
		t.Errorf("%s %s: %v", r.Method, r.URL, verdict.err)
	}
	if verdict.mismatch != nil {
		t.Errorf("%s %s: mismatch, canonical request:\n%s", r.Method, r.URL, verdict.mismatch.CanonicalRequest)
	}
}
