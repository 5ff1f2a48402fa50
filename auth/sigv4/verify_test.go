package sigv4

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestHeadersThatMustBeSignedAreNamed(t *testing.T) {
	r := httptest.NewRequest("PUT", "/", nil)
	for _, name := range []string{"X-Amz-Date", "X-Amz-Acl", "X-Amzn-Trace-Id", "Content-Type", "X-Am"} {
		r.Header.Set(name, "1")
	}
	r.Header["x-amz-odd"] = []string{"not in canonical form"}
	for _, tt := range []struct{ signed, prefix, want string }{
		{"host;x-amz-acl;x-amz-date;x-amz-odd", "x-amz-", ""},
		{"host", "x-amz-", "x-amz-acl x-amz-date x-amz-odd"},
		{"x-amz-acl;x-amz-date;x-amz-odd", "x-amz-", "host"},
		{"", "x-amz-", "host x-amz-acl x-amz-date x-amz-odd"},
		{"host", "", ""},
		{"hosts;ghost", "", "host"},
	} {
		a := Authorization{SignedHeaders: tt.signed}
		if got := strings.Join(a.Unsigned(r, tt.prefix), " "); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.signed, got, tt.want)
		}
	}
}

func TestAHeaderSaidToBeSignedMustBeThere(t *testing.T) {
	r := httptest.NewRequest("PUT", "/", strings.NewReader("x"))
	r.Header.Set("Content-Type", "text/plain")
	for signed, want := range map[string]string{
		"host": "", "content-type;host": "", "content-length;host": "", "": "", "connection;host;transfer-encoding": "",
		"accept;content-type;host": "accept", "host;x-amz-date": "x-amz-date", "content-typ;host": "content-typ",
		strings.Repeat("a", 100): strings.Repeat("a", 100),
	} {
		a := Authorization{SignedHeaders: signed}
		if got := a.Absent(r); got != want {
			t.Errorf("%q: got %q, want %q", signed, got, want)
		}
	}
}

func TestHeadersThatNetHTTPTakesAwayAreFoundAgain(t *testing.T) {
	r := &http.Request{
		Header: http.Header{}, ContentLength: 12, TransferEncoding: []string{"chunked"},
		Trailer: http.Header{"X-B": nil, "X-A": nil}, Host: "h",
	}
	for name, want := range map[string]string{
		"host": "h", "content-length": "12", "transfer-encoding": "chunked", "trailer": "x-a,x-b", "accept": "",
	} {
		m := message{host: r.Host, header: r.Header, request: r}
		if got := string(m.appendHeader(nil, name)); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	r.ContentLength = -1
	if got := (&message{header: r.Header, request: r}).appendTransport(nil, "content-length"); len(got) > 0 {
		t.Errorf("unknown length: got %q", got)
	}
}

func TestARequestInAbsoluteFormIsReadWithoutItsHost(t *testing.T) {
	r := httptest.NewRequest("GET", "http://proxy.example/a%20b?c=d", nil)
	r.RequestURI = "http://proxy.example/a%20b?c=d"
	if m := messageOf(r); m.path != "/a%20b" || m.query != "c=d" || m.host != "proxy.example" {
		t.Errorf("got %q %q %q", m.host, m.path, m.query)
	}
}

func TestTheTokenIsTakenOutOfThePresignedQueryOnly(t *testing.T) {
	r := httptest.NewRequest("GET", "/k?a=1&X-Amz-Security-Token=t%2F&b=2", nil)
	bare, ok := (&Authorization{Presigned: true, Token: "t/"}).WithoutToken(r)
	if !ok || bare.RequestURI != "/k?a=1&b=2" || r.RequestURI != "/k?a=1&X-Amz-Security-Token=t%2F&b=2" {
		t.Errorf("got %s of %s, %v", bare.RequestURI, r.RequestURI, ok)
	}
	for _, a := range []Authorization{{Token: "t/"}, {Presigned: true}} {
		if same, ok := a.WithoutToken(r); ok || same != r {
			t.Errorf("%+v: got %v", a, ok)
		}
	}
}

func TestSigningLeavesOutWhatChangesOnTheWay(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	for _, name := range []string{"User-Agent", "X-Amzn-Trace-Id", "Expect", "Connection", "Accept-Encoding", "Accept", "Host"} {
		r.Header.Set(name, "1")
	}
	s := &Signer{AccessKeyID: "ID", Secret: "secret", Token: "token", Region: "us-east-1", Service: "kms", Rules: Standard}
	s.Sign(r, EmptyPayload, may24)
	a, err := Parse(r)
	if err != nil || a.SignedHeaders != "accept;host;x-amz-date;x-amz-security-token" || a.Token != "token" {
		t.Errorf("got %+v, %v", a, err)
	}
	if r.Header.Get("X-Amz-Content-Sha256") != "" {
		t.Error("X-Amz-Content-Sha256 is for S3 only")
	}
	s.Sign(r, EmptyPayload, may24.Add(time.Hour))
	if b, err := Parse(r); err != nil || b.SignedHeaders != a.SignedHeaders || b.Date != "20130524T010000Z" || b.Signature == a.Signature {
		t.Errorf("signed again: got %+v, %v", b, err)
	}
}

func TestAPresignedURLKeepsItsQueryAndNamesItsHeaders(t *testing.T) {
	s := &Signer{AccessKeyID: "ID", Secret: "secret", Token: "to/ken", Region: "us-east-1", Service: "s3", Rules: S3}
	for _, target := range []string{"/b/k%20?versionId=1", "http://localhost:4566/b/k%20?versionId=1"} {
		r := httptest.NewRequest("GET", target, nil)
		if !strings.HasPrefix(target, "/") {
			r, _ = http.NewRequest("GET", target, nil)
		} else {
			r.URL.Host = ""
		}
		r.Header.Set("X-Amz-Meta-A", "1")
		link := s.Presign(r, UnsignedPayload, may24, 90*time.Second)
		if !strings.HasPrefix(link, target+"&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ID%2F20130524%2F") ||
			!strings.Contains(link, "&X-Amz-Expires=90&X-Amz-SignedHeaders=host%3Bx-amz-meta-a&X-Amz-Security-Token=to%2Fken&X-Amz-Signature=") {
			t.Errorf("got %s", link)
		}
		if len(r.Header) != 1 {
			t.Errorf("headers were added: %v", r.Header)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("X-Amz-Target", "TrentService.Encrypt")
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	s := &Signer{AccessKeyID: "ID", Secret: "secret", Region: "us-east-1", Service: "kms", Rules: Standard}
	s.Sign(r, EmptyPayload, may24)
	key := DeriveKey("secret", ScopeAt(may24, "us-east-1", "kms"))
	b.ReportAllocs()
	for b.Loop() {
		a, err := Parse(r)
		if err != nil || a.Verify(r, EmptyPayload, Standard, &key) != nil {
			b.Fatal("does not verify")
		}
	}
}
