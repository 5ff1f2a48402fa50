package integration

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sealstack/auth/sigv4"
	"sealstack/clock"
	"sealstack/emulator/emulatortest"
)

// shop is an emulator with a bucket, spoken to without an SDK.
type shop struct {
	*testing.T
	url string
}

func startShop(t *testing.T) *shop {
	s := &shop{t, emulatortest.Start(t).URL}
	a := s.send("PUT", "/shop", `<CreateBucketConfiguration><LocationConstraint>`+region+`</LocationConstraint></CreateBucketConfiguration>`)
	if a.status != 200 {
		t.Fatal(a.body)
	}
	return s
}

// request makes a signed request whose body is not covered; headers are names
// and values by turns.
func (s *shop) request(method, path string, body io.Reader, headers ...string) *http.Request {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.url, body)
	if err != nil {
		s.Fatal(err)
	}
	target, query, _ := strings.Cut(path, "?")
	r.URL.RawPath, r.URL.RawQuery = target, query
	if r.URL.Path, err = url.PathUnescape(target); err != nil {
		r.URL.Opaque = target
	}
	r.Header.Set("X-Amz-Content-Sha256", sigv4.UnsignedPayload)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	signer := sigv4.Signer{AccessKeyID: "test", Secret: "test", Region: region, Service: "s3", Rules: sigv4.S3}
	signer.Sign(r, r.Header.Get("X-Amz-Content-Sha256"), clock.Real().Now())
	return r
}

func (s *shop) send(method, path, body string, headers ...string) reply {
	s.Helper()
	resp, err := http.DefaultTransport.RoundTrip(s.request(method, path, strings.NewReader(body), headers...))
	if err != nil {
		s.Fatalf("%s %s: %v", method, path, err)
	}
	a, err := read(resp)
	if err != nil {
		s.Fatal(err)
	}
	return a
}

// keys lists the bucket with encoding-type=url and decodes the names.
func (s *shop) keys() (list []string) {
	s.Helper()
	var page struct {
		Contents []struct{ Key string }
	}
	if err := xml.Unmarshal([]byte(s.send("GET", "/shop?list-type=2&encoding-type=url", "").body), &page); err != nil {
		s.Fatal(err)
	}
	for _, c := range page.Contents {
		key, err := url.QueryUnescape(c.Key)
		if err != nil {
			s.Errorf("the name %q: %v", c.Key, err)
		}
		list = append(list, key)
	}
	return list
}

func md5Header(body string) []string {
	sum := md5.Sum([]byte(body))
	return []string{"Content-MD5", base64.StdEncoding.EncodeToString(sum[:])}
}

// documents are the operations that take one.
var documents = []string{
	"PUT /shop?abac", "PUT /shop?accelerate", "PUT /shop?acl", "PUT /shop?cors", "PUT /shop?encryption", "PUT /shop?lifecycle", "PUT /shop?logging",
	"PUT /shop?notification", "PUT /shop?ownershipControls", "PUT /shop?replication", "PUT /shop?requestPayment", "PUT /shop?tagging",
	"PUT /shop?versioning", "PUT /shop?website", "PUT /shop?object-lock", "PUT /shop?publicAccessBlock", "PUT /shop?inventory&id=i",
	"PUT /shop?analytics&id=i", "PUT /shop?metrics&id=i", "PUT /shop?intelligent-tiering&id=i", "POST /shop?delete",
	"PUT /shop/k?acl", "PUT /shop/k?tagging", "PUT /shop/k?retention", "PUT /shop/k?legal-hold", "PUT /shop/k?encryption", "POST /shop/k?restore",
}

func TestADocumentMustBeWellFormed(t *testing.T) {
	s := startShop(t)
	s.send("PUT", "/shop/k", "text")
	deep := strings.Repeat("<a>", 5000)
	for _, document := range documents {
		method, path, _ := strings.Cut(document, " ")
		for _, body := range []string{"<", "text", "{}", "<Tagging", "<a></b>", "<Unheard/>", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, deep, "<a>\x00</a>", "<a>\xff</a>", "<a/><b/>"} {
			a := s.send(method, path, body, md5Header(body)...)
			if a.status != 400 || a.code != "MalformedXML" || a.message != "The XML you provided was not well-formed or did not validate against our published schema" {
				t.Errorf("%s with %.20q: %d %s: %s", document, body, a.status, a.code, a.message)
			}
		}
		a := s.send(method, path, "<a/>", md5Header("<b/>")...)
		if a.status != 400 || a.code != "BadDigest" {
			t.Errorf("%s with a wrong MD5: %d %s", document, a.status, a.code)
		}
		a = s.send(method, path, "<a/>", "x-amz-checksum-sha256", base64.StdEncoding.EncodeToString(make([]byte, 32)))
		if a.status != 400 || a.code != "BadDigest" {
			t.Errorf("%s with a wrong checksum: %d %s", document, a.status, a.code)
		}
	}
	if got := s.send("GET", "/shop?tagging", ""); got.code != "NoSuchTagSet" {
		t.Errorf("something was kept: %s", got.body)
	}
}

func TestABodyThatIsNotWhatWasSaidIsNotStored(t *testing.T) {
	s := startShop(t)
	chunked := func(body string, trailer string) []string {
		return []string{"X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "Content-Encoding", "aws-chunked",
			"X-Amz-Decoded-Content-Length", fmt.Sprint(len(body)), "X-Amz-Trailer", trailer}
	}
	for name, tt := range map[string]struct {
		body    string
		headers []string
		code    string
	}{
		"MD5":                 {"text", md5Header("other"), "BadDigest"},
		"half an MD5":         {"text", []string{"Content-MD5", "AAAA"}, "InvalidDigest"},
		"CRC32":               {"text", []string{"x-amz-checksum-crc32", "AAAAAA=="}, "BadDigest"},
		"CRC64NVME":           {"text", []string{"x-amz-checksum-crc64nvme", "AAAAAAAAAAA="}, "BadDigest"},
		"XXHASH3":             {"text", []string{"x-amz-checksum-xxhash3", "AAAAAAAAAAA="}, "BadDigest"},
		"no checksum":         {"text", []string{"x-amz-checksum-sha1", "nothing"}, "InvalidRequest"},
		"two checksums":       {"text", []string{"x-amz-checksum-sha1", "x", "x-amz-checksum-crc32", "AAAAAA=="}, "InvalidRequest"},
		"SHA-256":             {"text", []string{"X-Amz-Content-Sha256", sigv4.HashPayload([]byte("other"))}, "XAmzContentSHA256Mismatch"},
		"no SHA-256":          {"text", []string{"X-Amz-Content-Sha256", "nothing"}, "InvalidArgument"},
		"trailer":             {"4\r\ntext\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", chunked("text", "x-amz-checksum-crc32"), "BadDigest"},
		"trailer left out":    {"4\r\ntext\r\n0\r\n\r\n", chunked("text", "x-amz-checksum-crc32"), "MalformedTrailerError"},
		"another trailer":     {"4\r\ntext\r\n0\r\nx-amz-checksum-sha1:AAAA\r\n\r\n", chunked("text", "x-amz-checksum-crc32"), "MalformedTrailerError"},
		"a chunk cut off":     {"4\r\nte", chunked("text", "x-amz-checksum-crc32"), "IncompleteBody"},
		"a chunk's size":      {"zz\r\ntext\r\n0\r\n\r\n", chunked("text", "x-amz-checksum-crc32"), "IncompleteBody"},
		"too little by chunk": {"2\r\nte\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", chunked("text", "x-amz-checksum-crc32"), "IncompleteBody"},
	} {
		a := s.send("PUT", "/shop/new", tt.body, tt.headers...)
		if a.status != 400 || a.code != tt.code {
			t.Errorf("%s: %d %s: %s, want %s", name, a.status, a.code, a.message, tt.code)
		}
		if list := s.keys(); len(list) > 0 {
			t.Fatalf("%s: %q is there", name, list)
		}
	}
}

// TestAClientThatGoesLeavesNothing sends half of what it announced, and hangs
// up or shuts its side.
func TestAClientThatGoesLeavesNothing(t *testing.T) {
	s := startShop(t)
	s.send("PUT", "/shop/kept", "before")
	for _, path := range []string{"/shop/new", "/shop/kept"} {
		for _, hangUp := range []bool{true, false} {
			r := s.request("PUT", path, http.NoBody)
			r.ContentLength, r.Body = 1<<20, io.NopCloser(bytes.NewReader(make([]byte, 1<<19)))
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			_ = r.Write(conn) // which says that the body is too short
			if hangUp {
				conn.Close()
				continue
			}
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), r)
			if err != nil {
				t.Fatal(err)
			}
			if a, _ := read(resp); a.status != 400 || a.code != "IncompleteBody" {
				t.Errorf("half a body: %d %s", a.status, a.code)
			}
			conn.Close()
		}
	}
	if got := s.keys(); !slices.Equal(got, []string{"kept"}) {
		t.Errorf("the bucket holds %q", got)
	}
	if got := s.send("GET", "/shop/kept", "").body; got != "before" {
		t.Errorf("the object that was to be replaced holds %d bytes", len(got))
	}
}

func TestHeadersHaveTheirLimits(t *testing.T) {
	s := startShop(t)
	for name, tt := range map[string]struct {
		headers []string
		code    string
	}{
		"2 KB of metadata":         {[]string{"x-amz-meta-a", strings.Repeat("x", 2047)}, ""},
		"a byte more":              {[]string{"x-amz-meta-a", strings.Repeat("x", 2048)}, "MetadataTooLarge"},
		"of several":               {[]string{"x-amz-meta-a", strings.Repeat("x", 1024), "x-amz-meta-b", strings.Repeat("y", 1024)}, "MetadataTooLarge"},
		"8 KB of headers":          {[]string{"Cache-Control", strings.Repeat("x", 8<<10)}, "RequestHeaderSectionTooLarge"},
		"8 KB of headers unsigned": {[]string{"X-Other", strings.Repeat("x", 8<<10)}, "RequestHeaderSectionTooLarge"},
		"7 KB of headers":          {[]string{"Cache-Control", strings.Repeat("x", 7<<10)}, ""},
	} {
		a := s.send("PUT", "/shop/new", "text", tt.headers...)
		if a.code != tt.code || (a.status == 200) != (tt.code == "") || tt.code != "" && a.status != 400 {
			t.Errorf("%s: %d %s, want %s", name, a.status, a.code, tt.code)
		}
		if there := len(s.keys()) == 1; there != (tt.code == "") {
			t.Errorf("%s: stored: %t", name, there)
		}
		s.send("DELETE", "/shop/new", "")
	}
}

// TestAKeyIsAnyText puts, lists, reads and deletes under names that look like
// something else. Path are as they stand in the request line.
func TestAKeyIsAnyText(t *testing.T) {
	s := startShop(t)
	for path, key := range map[string]string{
		"../up": "../up", "a/../b": "a/../b", "./a": "./a", "a/./b": "a/./b", "a//b": "a//b", "/a": "/a", "//": "//", "a/": "a/", ".": ".", "..": "..",
		"%2e%2e/up": "../up", "a%2Fb": "a/b", "a+b": "a+b", "a%2Bb": "a+b", "a%20b": "a b", "%20": " ", "a%3Fb%23c%26d%3De": "a?b#c&d=e", "a%25b": "a%b",
		"%252F": "%2F", "a%5Cb": `a\b`, "%3Cb%3E%22%27": `<b>"'`, "%00": "\x00", "a%00b": "a\x00b", "%01%1F%7F": "\x01\x1f\x7f", "a%0D%0Ab": "a\r\nb", "%09": "\t",
		"%C3%BC": "ü", "u%CC%88": "u\u0308", "%E2%82%AC": "€", "%F0%9F%94%91": "🔑", "%EF%BF%BD": "\ufffd", "%EF%BF%BF": "\uffff",
		strings.Repeat("k", 1024): strings.Repeat("k", 1024), strings.Repeat("%F0%9F%94%91", 256): strings.Repeat("🔑", 256),
	} {
		if a := s.send("PUT", "/shop/"+path, "text of "+path); a.status != 200 {
			t.Errorf("PUT %q: %d %s: %s", path, a.status, a.code, a.message)
			continue
		}
		if got := s.keys(); !slices.Equal(got, []string{key}) {
			t.Errorf("%q is listed as %q", path, got)
		}
		if a := s.send("GET", "/shop/"+path, ""); a.body != "text of "+path {
			t.Errorf("GET %q: %d %s", path, a.status, a.code)
		}
		if a := s.send("DELETE", "/shop/"+path, ""); a.status != 204 || len(s.keys()) != 0 {
			t.Errorf("DELETE %q: %d, left: %q", path, a.status, s.keys())
		}
	}
}

func TestAKeyThatCantBe(t *testing.T) {
	s := startShop(t)
	for path, code := range map[string]string{
		strings.Repeat("k", 1025):            "KeyTooLongError",
		strings.Repeat("%F0%9F%94%91", 257):  "KeyTooLongError",
		strings.Repeat("k", 1023) + "%C3%BC": "KeyTooLongError",
		"%FF":                                "InvalidURI",
		"a%C3":                               "InvalidURI",
		"%ED%A0%80":                          "InvalidURI",
	} {
		a := s.send("PUT", "/shop/"+path, "text")
		if a.status != 400 || a.code != code {
			t.Errorf("%.20q: %d %s: %s, want %s", path, a.status, a.code, a.message, code)
		}
		if got := s.keys(); len(got) > 0 {
			t.Fatalf("%.20q: %q is there", path, got)
		}
	}
}

// TestAListWithoutEncodingIsXML lists names that XML has no form for: without
// encoding-type=url a sign stands in for what can't be written.
func TestAListWithoutEncodingIsXML(t *testing.T) {
	s := startShop(t)
	for _, path := range []string{"a%01b", "%3C%26%3E", "a%0Db", "%F0%9F%94%91"} {
		s.send("PUT", "/shop/"+path, "text")
	}
	var page struct {
		Contents []struct{ Key string }
	}
	body := s.send("GET", "/shop?list-type=2", "").body
	d := xml.NewDecoder(strings.NewReader(body))
	if err := d.Decode(&page); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	var got []string
	for _, c := range page.Contents {
		got = append(got, c.Key)
	}
	if want := []string{"<&>", "a\ufffdb", "a\rb", "🔑"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
