package auth

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/auth/sigv2"
)

// linked presigns with Signature Version 2. target may have a query.
func linked(method, target, key, secret string, expires time.Time) string {
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	target += separator + "AWSAccessKeyId=" + key + "&Expires=" + strconv.FormatInt(expires.Unix(), 10)
	r := httptest.NewRequest(method, target+"&Signature=x", nil)
	a, err := sigv2.Parse(r)
	if err != nil {
		panic(err)
	}
	return target + "&Signature=" + url.QueryEscape(sigv2.Sign(secret, a.StringToSign(r, "")))
}

// oldHeader signs in the header with Signature Version 2.
func oldHeader(r *http.Request, key, secret, bucket string, at time.Time) *http.Request {
	r.Header.Set("Date", at.UTC().Format(http.TimeFormat))
	a := sigv2.Authorization{Date: r.Header.Get("Date")}
	r.Header.Set("Authorization", "AWS "+key+":"+sigv2.Sign(secret, a.StringToSign(r, bucket)))
	return r
}

func TestS3TakesSignatureVersion2InTheQuery(t *testing.T) {
	for _, a := range []*Authenticator{authenticator(), authenticator(strict)} {
		link := linked("GET", "/b/a%20key?versionId=1&response-content-type=text%2Fplain", userKey, secret, noon.Add(time.Minute))
		c, err := a.Authenticate(httptest.NewRequest("GET", link, nil), nil, s3Service)
		if err != nil {
			t.Fatal(err)
		}
		if c.Principal != alice("aws") || c.AccessKeyID != userKey || c.Region != "us-east-1" || c.SignatureVersion != "AWS" || c.AuthType != "REST-QUERY-STRING" {
			t.Errorf("got %+v", c)
		}
		for _, wrong := range []string{strings.Replace(link, "key?", "key2?", 1), strings.Replace(link, "versionId=1", "versionId=2", 1), strings.Replace(link, "Expires=", "Expires=1", 1)} {
			_, err := a.Authenticate(httptest.NewRequest("GET", wrong, nil), nil, s3Service)
			f := mustFail(t, err, SignatureMismatch)
			if !strings.HasPrefix(f.StringToSign, "GET\n\n\n") || f.CanonicalRequest != "" || f.SignatureProvided == "" || !f.Version2 || !f.Presigned {
				t.Errorf("got %+v", f)
			}
		}
		_, err = a.Authenticate(httptest.NewRequest("PUT", link, nil), nil, s3Service)
		mustFail(t, err, SignatureMismatch)
		r := httptest.NewRequest("GET", link, nil)
		r.Header.Set("Content-Type", "text/html")
		_, err = a.Authenticate(r, nil, s3Service)
		mustFail(t, err, SignatureMismatch)
	}
}

func TestS3TakesSignatureVersion2InTheHeader(t *testing.T) {
	r := oldHeader(post(s3Service, "x"), userKey, secret, "", noon.Add(-14*time.Minute))
	c, err := authenticator(strict).Authenticate(r, nil, s3Service)
	if err != nil {
		t.Fatal(err)
	}
	if c.Principal != alice("aws") || c.Region != "eu-west-1" || c.SignatureVersion != "AWS" || c.AuthType != "REST-HEADER" {
		t.Errorf("got %+v", c)
	}
	r.Header.Set("X-Amz-Acl", "public-read")
	_, err = authenticator().Authenticate(r, nil, s3Service)
	mustFail(t, err, SignatureMismatch)
}

func TestVersion2SignsTheBucketOfTheHostName(t *testing.T) {
	r := oldHeader(httptest.NewRequest("GET", "/key", nil), userKey, secret, "bucket", noon)
	_, err := authenticator().Authenticate(r, nil, s3Service)
	mustFail(t, err, SignatureMismatch)
	r = r.WithContext(WithHostBucket(r.Context(), "bucket"))
	if _, err := authenticator().Authenticate(r, nil, s3Service); err != nil {
		t.Error(err)
	}
	r = r.WithContext(WithHostBucket(r.Context(), "other"))
	_, err = authenticator().Authenticate(r, nil, s3Service)
	mustFail(t, err, SignatureMismatch)
}

func TestVersion2KnowsTheKeysThatVersion4Knows(t *testing.T) {
	for _, tt := range []struct {
		name, key, secret string
		mode              func(*Options)
		kind              FailureKind
		account           string
	}{
		{"lenient, unknown", "whoever", "any", nil, 0, "000000000000"},
		{"lenient, account", "123456789012", "any", nil, 0, "123456789012"},
		{"lenient, issued", userKey, "wrong", nil, SignatureMismatch, ""},
		{"strict, unknown", "whoever", "any", strict, UnknownKey, ""},
		{"strict, root", "AKIAROOTEXAMPLEKEY00", "rootSecret", strict, 0, "000000000000"},
		{"strict, root's wrong secret", "AKIAROOTEXAMPLEKEY00", "wrong", strict, SignatureMismatch, ""},
		{"inactive", idleKey, secret, nil, UnknownKey, ""},
		{"of another partition", chinaKey, secret, nil, UnknownKey, ""},
		{"temporary without its token", tempKey, secret, nil, InvalidToken, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := authenticator()
			if tt.mode != nil {
				a = authenticator(tt.mode)
			}
			c, err := a.Authenticate(httptest.NewRequest("GET", linked("GET", "/b/k", tt.key, tt.secret, noon.Add(time.Minute)), nil), nil, s3Service)
			if tt.kind != 0 {
				mustFail(t, err, tt.kind)
			} else if err != nil || c.Account != tt.account {
				t.Errorf("got %+v, %v", c, err)
			}
		})
	}
	_, err := authenticator().Authenticate(httptest.NewRequest("GET", linked("GET", "/", "AKIABROKENSTORE00000", secret, noon), nil), nil, s3Service)
	if f := (*Failure)(nil); err == nil || errors.As(err, &f) {
		t.Errorf("got %v, want the failure of the store", err)
	}
}

func TestVersion2HasTheTokenInTheQueryAsSigned(t *testing.T) {
	link := linked("GET", "/b/k?x-amz-security-token="+url.QueryEscape(tempToken), tempKey, secret, noon.Add(time.Minute))
	c, err := authenticator().Authenticate(httptest.NewRequest("GET", link, nil), nil, s3Service)
	if err != nil || c.Session == nil {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestHeadersInAQueryOfVersion2CountAsSent(t *testing.T) {
	link := linked("PUT", "/b/k?x-amz-acl=public-read&x-amz-meta-a=1", userKey, secret, noon.Add(time.Minute))
	r := httptest.NewRequest("PUT", link, nil)
	if _, err := authenticator().Authenticate(r, nil, s3Service); err != nil {
		t.Fatal(err)
	}
	if r.Header.Get("X-Amz-Acl") != "public-read" || r.Header.Get("X-Amz-Meta-A") != "1" {
		t.Errorf("got %v", r.Header)
	}
	r = httptest.NewRequest("PUT", link, nil)
	r.Header.Set("X-Amz-Acl", "private")
	_, err := authenticator().Authenticate(r, nil, s3Service)
	mustFail(t, err, SignatureMismatch)
}

func TestVersion2LivesInRealTime(t *testing.T) {
	for name, tt := range map[string]struct {
		r    *http.Request
		kind FailureKind
	}{
		"link at its end":      {httptest.NewRequest("GET", linked("GET", "/", userKey, secret, noon), nil), 0},
		"link past its end":    {httptest.NewRequest("GET", linked("GET", "/", userKey, secret, noon.Add(-time.Second)), nil), PresignExpired},
		"link for ten years":   {httptest.NewRequest("GET", linked("GET", "/", userKey, secret, noon.AddDate(10, 0, 0)), nil), 0},
		"header a while ago":   {oldHeader(post(s3Service, ""), userKey, secret, "", noon.Add(-15*time.Minute)), 0},
		"header too long ago":  {oldHeader(post(s3Service, ""), userKey, secret, "", noon.Add(-15*time.Minute-time.Second)), Skewed},
		"header too far ahead": {oldHeader(post(s3Service, ""), userKey, secret, "", noon.Add(16*time.Minute)), Skewed},
		"header soon":          {oldHeader(post(s3Service, ""), userKey, secret, "", noon.Add(15*time.Minute)), 0},
	} {
		_, err := authenticator().Authenticate(tt.r, nil, s3Service)
		if tt.kind == 0 {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		f := mustFail(t, err, tt.kind)
		if !f.Version2 || !f.ServerTime.Equal(noon) || f.Kind == PresignExpired && !f.Expires.Equal(noon.Add(-time.Second)) || f.Kind == Skewed && f.MaxSkew != MaxSkew {
			t.Errorf("%s: got %+v", name, f)
		}
	}
}

func TestAQueryOfVersion2OutOfForm(t *testing.T) {
	for query, want := range map[string]string{
		"AWSAccessKeyId=a&Signature=b":            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
		"Signature=b&Expires=1":                   "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
		"AWSAccessKeyId=a&Signature=b&Expires=1s": "Invalid date (should be seconds since epoch): 1s",
	} {
		_, err := authenticator().Authenticate(httptest.NewRequest("GET", "/?"+query, nil), nil, s3Service)
		if f := mustFail(t, err, OldQuery); f.Detail != want || !f.Version2 {
			t.Errorf("got %+v", f)
		}
	}
}

func TestABodyUnderVersion2IsHeldAgainstAHashThatIsSent(t *testing.T) {
	for hash, kind := range map[string]FailureKind{
		"": 0, "UNSIGNED-PAYLOAD": 0, strings.Repeat("0", 64): PayloadMismatch,
	} {
		r := httptest.NewRequest("PUT", "/b/k", strings.NewReader("body"))
		if hash != "" {
			r.Header.Set("X-Amz-Content-Sha256", hash)
		}
		if _, err := authenticator().Authenticate(oldHeader(r, userKey, secret, "", noon), nil, s3Service); err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		if kind != 0 {
			mustFail(t, err, kind)
		} else if err != nil || string(body) != "body" {
			t.Errorf("got %q, %v", body, err)
		}
	}
}

func TestVersion4SaysSo(t *testing.T) {
	c, err := authenticator().Authenticate(signed(s3Service, signer(s3Service, userKey)), []byte(jsonBody), s3Service)
	if err != nil || c.SignatureVersion != "AWS4-HMAC-SHA256" || c.AuthType != "REST-HEADER" {
		t.Errorf("got %+v, %v", c, err)
	}
	c, err = authenticator().Authenticate(httptest.NewRequest("GET", "/b/k", nil), nil, s3Service)
	if err != nil || c.Type != api.Anonymous || c.SignatureVersion != "" || c.AuthType != "" {
		t.Errorf("got %+v, %v", c, err)
	}
}
