package wire

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/auth"
)

func TestRequestsFindS3ByEveryAddress(t *testing.T) {
	for _, test := range []struct{ target, host, bucket, key string }{
		{"/b/k", "localhost:4566", "b", "k"},
		{"/b/k", "127.0.0.1:4566", "b", "k"},
		{"/b/k", "sealstack", "b", "k"},
		{"/b/k", "s3.localhost", "b", "k"},
		{"/b/k", "s3.eu-west-1.amazonaws.com", "b", "k"},
		{"/k", "b.s3.localhost:4566", "b", "k"},
		{"/k", "b.s3.eu-west-1.localhost", "b", "k"},
		{"/k", "b.localhost", "b", "k"},
		{"/k", "my.b.s3.amazonaws.com", "my.b", "k"},
		{"/k", "kms.s3.localhost", "kms", "k"},
		{"/_emulator/k", "b.s3.localhost", "b", "_emulator/k"},
		{"/b//a/../k", "localhost", "b", "/a/../k"},
		{"/b/a%2Fk%20", "localhost", "b", "a/k "},
		{"/b/kms", "localhost", "b", "kms"},
	} {
		w := newS3World()
		got := w.send("GET", test.target, "", "Host", test.host)
		if got.Code != 404 || code(got.Body.String()) != "NoSuchKey" {
			t.Errorf("%s%s: %d %s", test.host, test.target, got.Code, got.Body)
			continue
		}
		if in := w.s3.last.(*s3api.GetObjectRequest); in.Bucket != test.bucket || in.Key != test.key {
			t.Errorf("%s%s: %q %q", test.host, test.target, in.Bucket, in.Key)
		}
	}
}

func TestWhatIsNotForS3DoesNotReachIt(t *testing.T) {
	for name, test := range map[string]struct {
		method, target string
		headers        []string
		status         int
		body           string
	}{
		"control":                  {"GET", "/_emulator/x", nil, 200, "control"},
		"KMS by its host":          {"GET", "/", []string{"Host", "kms.localhost"}, 404, "UnknownOperationException"},
		"signed for STS":           {"GET", "/?Action=GetCallerIdentity&Version=2011-06-15", []string{"Authorization", signed("sts")}, 400, "IncompleteSignature"},
		"an action":                {"GET", "/?Action=Nothing&Version=2011-06-15", nil, 400, "InvalidAction"},
		"signed for DynamoDB":      {"GET", "/b/k", []string{"Authorization", signed("dynamodb")}, 501, `signed for the service &quot;dynamodb&quot;, which Sealstack does not have`},
		"JSON for nobody":          {"POST", "/", []string{"Content-Type", "application/x-amz-json-1.1"}, 404, "UnknownOperationException"},
		"a target, signed for KMS": {"POST", "/", []string{"X-Amz-Target", "TrentService.Nope", "Content-Type", "application/x-amz-json-1.1", "Authorization", signed("kms")}, 400, "UnknownOperationException"},
	} {
		w := newS3World()
		got := w.send(test.method, test.target, "", test.headers...)
		if got.Code != test.status || !strings.Contains(got.Body.String(), test.body) || w.s3.last != nil {
			t.Errorf("%s: %d %s %v", name, got.Code, got.Body, w.s3.last)
		}
	}
}

func TestErrorsOfS3AreItsDocuments(t *testing.T) {
	w := newS3World()
	got := w.send("GET", "/", "")
	id, host := got.Header().Get("x-amz-request-id"), got.Header().Get("x-amz-id-2")
	want := "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>" + id + "</RequestId><HostId>" + host + "</HostId></Error>"
	expect(t, got, 403, want)
	if !regexp.MustCompile(`^[0-9A-Z]{16}$`).MatchString(id) || len(host) < 70 || w.s3.caller.RequestID != id {
		t.Errorf("%q %q %q", id, host, w.s3.caller.RequestID)
	}
	if got.Header().Get("Content-Type") != "application/xml" || got.Header().Get("x-amzn-RequestId") != "" || got.Header().Get("x-amzn-ErrorType") != "" {
		t.Error(got.Header())
	}
}

func TestAnswersWithoutABodyHaveNone(t *testing.T) {
	w := newS3World()
	w.s3.objects["b/k"] = []byte("hello")
	for name, test := range map[string]struct {
		method, target string
		headers        []string
		status         int
		want           map[string]string
	}{
		"HEAD":             {"HEAD", "/b/k", nil, 200, map[string]string{"Content-Length": "5", "Etag": `"e"`}},
		"HEAD refused":     {"HEAD", "/b/none", nil, 404, map[string]string{"Content-Type": "application/xml", "X-Amz-Delete-Marker": "true"}},
		"HEAD bucket":      {"HEAD", "/b", nil, 404, map[string]string{"X-Amz-Bucket-Region": "eu-west-1"}},
		"HEAD bad address": {"HEAD", "/b/%ff", nil, 400, nil},
		"not modified":     {"GET", "/b/k", []string{"If-None-Match", "e"}, 304, map[string]string{"Etag": `"e"`, "Content-Type": "", "Content-Length": ""}},
		"DELETE":           {"DELETE", "/b/k", nil, 204, map[string]string{"Content-Type": "", "Content-Length": "", "X-Amz-Version-Id": "v"}},
		"PUT":              {"PUT", "/b/empty", []string{"Content-Length", "0"}, 200, map[string]string{"Content-Length": "0", "Content-Type": ""}},
	} {
		got := w.send(test.method, test.target, "", test.headers...)
		if got.Code != test.status || got.Body.Len() != 0 {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
		for header, want := range test.want {
			if got.Header().Get(header) != want {
				t.Errorf("%s: %s: %q, want %q", name, header, got.Header().Get(header), want)
			}
		}
	}
}

func TestARangeIsAnsweredAsPartialContent(t *testing.T) {
	w := newS3World()
	w.s3.objects["b/k"] = []byte("hello")
	got := w.send("GET", "/b/k", "", "Range", "bytes=0-1")
	expect(t, got, 206, "he")
	if h := got.Header(); h.Get("Content-Range") != "bytes 0-1/5" || h.Get("Content-Length") != "2" || h.Get("Content-Type") != "" {
		t.Error(h)
	}
}

// tagging is a document, and the header that covers it.
const tagging = "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"

func md5Of(s string) string {
	sum := md5.Sum([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func sumOf(name, s string) string {
	h := checksums[name]()
	h.Write([]byte(s))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func TestDocumentsAreHeldAgainstTheirChecksums(t *testing.T) {
	type headers = []string
	for name, test := range map[string]struct {
		body    string
		headers []string
		want    string
	}{
		"MD5":              {tagging, headers{"Content-MD5", md5Of(tagging)}, ""},
		"CRC32":            {tagging, headers{"x-amz-checksum-crc32", sumOf("Crc32", tagging)}, ""},
		"CRC32C":           {tagging, headers{"x-amz-checksum-crc32c", sumOf("Crc32c", tagging), "x-amz-sdk-checksum-algorithm", "CRC32C"}, ""},
		"CRC64NVME":        {tagging, headers{"x-amz-checksum-crc64nvme", sumOf("Crc64nvme", tagging)}, ""},
		"SHA1":             {tagging, headers{"x-amz-checksum-sha1", sumOf("Sha1", tagging)}, ""},
		"SHA256":           {tagging, headers{"x-amz-checksum-sha256", sumOf("Sha256", tagging)}, ""},
		"none":             {tagging, nil, "InvalidRequest: Missing required header for this request: Content-MD5 OR x-amz-checksum-*"},
		"an algorithm":     {tagging, headers{"x-amz-checksum-algorithm", "CRC32"}, "InvalidRequest: Missing required header for this request: Content-MD5 OR x-amz-checksum-*"},
		"wrong MD5":        {tagging, headers{"Content-MD5", md5Of("x")}, "BadDigest: The Content-MD5 you specified did not match what we received."},
		"no MD5":           {tagging, headers{"Content-MD5", "x"}, "InvalidDigest: The Content-MD5 you specified was invalid."},
		"wrong CRC32":      {tagging, headers{"x-amz-checksum-crc32", sumOf("Crc32", "x")}, "BadDigest: The CRC32 you specified did not match the calculated checksum."},
		"no SHA256":        {tagging, headers{"x-amz-checksum-sha256", sumOf("Crc32", "x")}, "InvalidRequest: Value for x-amz-checksum-sha256 header is invalid."},
		"two":              {tagging, headers{"x-amz-checksum-crc32", "x", "x-amz-checksum-sha1", "y"}, "InvalidRequest: Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."},
		"another":          {tagging, headers{"x-amz-checksum-xxhash3", "AAAA"}, "InvalidRequest: Value for x-amz-checksum-xxhash3 header is invalid."},
		"a wrong one":      {tagging, headers{"x-amz-checksum-xxhash128", "AAAAAAAAAAAAAAAAAAAAAA=="}, "BadDigest: The XXHASH128 you specified did not match the calculated checksum."},
		"unknown":          {tagging, headers{"x-amz-checksum-crc16", "AAA="}, "InvalidRequest: The algorithm type you specified in x-amz-checksum-crc16 is invalid."},
		"malformed":        {"<Tagging>", headers{"Content-MD5", md5Of("<Tagging>")}, "MalformedXML: The XML you provided was not well-formed or did not validate against our published schema"},
		"nothing":          {"", headers{"Content-MD5", md5Of("")}, "MissingRequestBodyError: Request Body is empty"},
		"too long":         {strings.Repeat(" ", 1<<16+1), nil, "MaxMessageLengthExceeded: Your request was too big."},
		"as long as it is": {strings.Repeat(" ", 1<<16), nil, "InvalidRequest: Missing required header for this request: Content-MD5 OR x-amz-checksum-*"},
	} {
		w := newS3World()
		got := w.send("PUT", "/b?tagging", test.body, test.headers...)
		status, answer := 200, ""
		if test.want != "" {
			status = 400
			_, message, _ := strings.Cut(got.Body.String(), "<Message>")
			message, _, _ = strings.Cut(message, "</Message>")
			answer = code(got.Body.String()) + ": " + message
		}
		if strings.HasPrefix(test.want, "NotImplemented") {
			status = 501
		}
		if got.Code != status || answer != test.want || (w.s3.last == nil) != (test.want != "") {
			t.Errorf("%s: %d %s %v\n want %s", name, got.Code, answer, w.s3.last, test.want)
		}
	}
}

func TestAMissingBucketIsToldBeforeItsDocument(t *testing.T) {
	w := newS3World()
	for _, test := range []struct{ target, body, want string }{
		{"/none?tagging", "<Tagging/>", "NoSuchBucket"},
		{"/none?tagging", "", "NoSuchBucket"},
		{"/b?tagging", "<Tagging/>", "MalformedXML"},
		{"/none", "<Tagging/>", "MalformedXML"}, // CreateBucket
	} {
		got := w.send("PUT", test.target, test.body, "Content-MD5", md5Of(test.body))
		if code(got.Body.String()) != test.want || strings.Contains(got.Body.String(), "<Asked>") && !strings.Contains(got.Body.String(), "<Asked>PutBucketTagging for us-east-1<") {
			t.Errorf("%s: %d %s", test.target, got.Code, got.Body)
		}
	}
	w = newS3World(func(c *Config) { c.Buckets = nil })
	if got := w.send("PUT", "/none?tagging", "<Tagging/>", "Content-MD5", md5Of("<Tagging/>")); code(got.Body.String()) != "MalformedXML" {
		t.Error(got.Code, got.Body)
	}
}

func TestNotEveryChecksumIsThatOfTheBody(t *testing.T) {
	w := newS3World()
	const parts = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>e</ETag></Part></CompleteMultipartUpload>"
	got := w.send("POST", "/b/k?uploadId=u", parts, "x-amz-checksum-crc32", sumOf("Crc32", "the object"), "x-amz-checksum-type", "FULL_OBJECT")
	if in, ok := w.s3.last.(*s3api.CompleteMultipartUploadRequest); got.Code != 200 || !ok || *in.ChecksumCRC32 != sumOf("Crc32", "the object") {
		t.Error(got.Code, got.Body)
	}
	if got := w.send("POST", "/b/k?uploadId=u", parts, "Content-MD5", md5Of("x")); code(got.Body.String()) != "BadDigest" {
		t.Error(got.Code, got.Body)
	}
	if got := w.send("PUT", "/b?acl", "", "x-amz-acl", "private"); got.Code != 200 {
		t.Error(got.Code, got.Body)
	}
}

func TestCRC64NVMEIsThatOfItsCatalogue(t *testing.T) {
	if got := sumOf("Crc64nvme", "123456789"); got != "rosUhgp5mIg=" { // 0xAE8B14860A799888
		t.Error(got)
	}
}

func TestAStreamNeedsItsLength(t *testing.T) {
	w := newS3World()
	r := httptest.NewRequest("PUT", "/b/k", io.MultiReader(strings.NewReader("x")))
	r.ContentLength = -1
	got := httptest.NewRecorder()
	w.ServeHTTP(got, r)
	if got.Code != 411 || code(got.Body.String()) != "MissingContentLength" {
		t.Error(got.Code, got.Body)
	}
}

func TestCORSHeadersAreInEveryAnswer(t *testing.T) {
	w := newS3World()
	w.s3.objects["b/k"] = []byte("hello")
	for target, status := range map[string]int{"/b/k": 200, "/b/none": 404, "/b/panic": 500, "/b/k?torrent": 501, "/b/%ff": 400, "/": 403} {
		got := w.send("GET", target, "", "Origin", "https://other.example")
		if got.Code != status || got.Header().Get("Access-Control-Allow-Origin") != "https://other.example" {
			t.Errorf("%s: %d %v", target, got.Code, got.Header())
		}
	}
	if got := w.send("GET", "/b/k", "", "Origin", "https://other.example", "Authorization", signed("s3")); got.Code != 403 || got.Header().Get("X-Bucket") != "b" {
		t.Error(got.Code, got.Header())
	}
	if got := w.send("GET", "/k", "", "Origin", "https://other.example", "Host", "b.s3.eu-west-3.localhost"); got.Code != 200 || got.Header().Get("X-Region") != "eu-west-3" {
		t.Error(got.Code, got.Header())
	}
	if got := w.send("GET", "/b/k", ""); got.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error(got.Header())
	}
}

func TestPreflightsAreAnswered(t *testing.T) {
	w := newS3World()
	got := w.send("OPTIONS", "/k", "", "Host", "b.s3.localhost", "Origin", "https://page.example", "Access-Control-Request-Method", "PUT")
	expect(t, got, 200, "")
	if h := got.Header(); h.Get("Access-Control-Allow-Origin") != "https://page.example" || h.Get("X-Bucket") != "b" || h.Get("x-amz-request-id") == "" {
		t.Error(h)
	}
	for _, headers := range [][]string{{"Origin", "https://page.example"}, {"Access-Control-Request-Method", "GET"}} {
		if got := w.send("OPTIONS", "/b/k", "", headers...); got.Code != 400 || code(got.Body.String()) != "BadRequest" {
			t.Error(headers, got.Code, got.Body)
		}
	}
	if got := w.send("OPTIONS", "/b/k", "", "Origin", "https://other.example", "Access-Control-Request-Method", "GET"); got.Code != 403 || code(got.Body.String()) != "AccessForbidden" {
		t.Error(got.Code, got.Body)
	}
	w = newS3World(func(c *Config) { c.CORS = nil })
	if got := w.send("OPTIONS", "/b/k", "", "Origin", "https://page.example", "Access-Control-Request-Method", "GET"); got.Code != 403 || code(got.Body.String()) != "AccessForbidden" {
		t.Error(got.Code, got.Body)
	}
}

func TestFormsAreHandedOver(t *testing.T) {
	form := func(field string) (string, string) {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		_ = m.WriteField(field, "k")
		_ = m.Close()
		return b.String(), m.FormDataContentType()
	}
	w := newS3World()
	body, kind := form("key")
	got := w.send("POST", "/b/", body, "Content-Type", kind)
	expect(t, got, 204, "")
	if id := got.Header().Get("x-amz-request-id"); got.Header().Get("Location") != "/b/k?"+id {
		t.Error(got.Header())
	}
	body, kind = form("other")
	if got := w.send("POST", "/", body, "Content-Type", kind, "Host", "b.s3.localhost"); got.Code != 400 || code(got.Body.String()) != "InvalidArgument" {
		t.Error(got.Code, got.Body)
	}
	w = newS3World(func(c *Config) { c.Forms = nil })
	if got := w.send("POST", "/b", body, "Content-Type", kind); got.Code != 501 || !strings.Contains(got.Body.String(), "s3:PostObject is not implemented") {
		t.Error(got.Code, got.Body)
	}
}

func TestABodyThatBreaksOffIsNotTakenForWhole(t *testing.T) {
	w := newS3World()
	s := w.server(t)
	answer, err := http.Get(s.URL + "/b/broken")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if n, err := io.Copy(io.Discard, answer.Body); err == nil || answer.StatusCode != 200 || n > 1<<19 {
		t.Error(answer.StatusCode, n, err)
	}
	soon(t, "the cause in the log", func() bool { return strings.Contains(w.log.String(), "disk on fire") })
}

// raw sends text over a connection of its own.
func raw(t *testing.T, s *httptest.Server, text string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, strings.ReplaceAll(text, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

func TestARefusedUploadIsNotContinued(t *testing.T) {
	w := newS3World()
	s := w.server(t)
	_, answers := raw(t, s, "PUT /b/k HTTP/1.1\nHost: localhost\nContent-Length: 1000000\nExpect: 100-continue\nx-amz-content-sha256: UNSIGNED-PAYLOAD\nx-amz-date: 20200101T000000Z\nAuthorization: "+signed("s3")+"\n\n")
	answer, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != 403 || !answer.Close || w.s3.last != nil {
		t.Error(answer.StatusCode, answer.Close, w.s3.last)
	}
}

func TestAnAcceptedUploadIsContinued(t *testing.T) {
	w := newS3World()
	s := w.server(t)
	conn, answers := raw(t, s, "PUT /b/k HTTP/1.1\nHost: localhost\nContent-Length: 5\nExpect: 100-continue\n\n")
	answer, err := http.ReadResponse(answers, nil)
	if err != nil || answer.StatusCode != 100 {
		t.Fatal(answer, err)
	}
	if _, err := io.WriteString(conn, "hello"); err != nil {
		t.Fatal(err)
	}
	if answer, err = http.ReadResponse(answers, nil); err != nil || answer.StatusCode != 200 || string(w.s3.objects["b/k"]) != "hello" {
		t.Fatal(answer, err)
	}
}

func TestAConnectionSurvivesABodyThatNobodyRead(t *testing.T) {
	w := newS3World()
	s := w.server(t)
	body := strings.Repeat("x", 1000)
	text := fmt.Sprintf("PUT /b/refused HTTP/1.1\nHost: localhost\nContent-Length: %d\n\n%s", len(body), body)
	_, answers := raw(t, s, text+text)
	for range 2 {
		answer, err := http.ReadResponse(answers, nil)
		if err != nil || answer.StatusCode != 403 || answer.Close {
			t.Fatal(answer, err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnUploadThatEndsEarlyIsIncomplete(t *testing.T) {
	w := newS3World()
	s := w.server(t)
	conn, answers := raw(t, s, "PUT /b/k HTTP/1.1\nHost: localhost\nContent-Length: 10\n\nhello")
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != 400 || code(string(body)) != "IncompleteBody" || w.s3.objects["b/k"] != nil {
		t.Error(answer.StatusCode, string(body))
	}
}

func TestAnUploadMayTakeLongButNotPause(t *testing.T) {
	handler := func(patience time.Duration) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body := newPatientBody(w, r, patience)
			_, err := io.ReadAll(&upload{ReadCloser: body})
			if err != nil {
				w.WriteHeader(err.(*api.Error).Status)
				_, _ = io.WriteString(w, err.(*api.Error).Code)
			}
		})
	}
	for name, test := range map[string]struct {
		patience time.Duration
		want     string
	}{"pauses within its patience": {5 * time.Second, ""}, "pauses too long": {50 * time.Millisecond, "RequestTimeout"}} {
		s := httptest.NewUnstartedServer(handler(test.patience))
		s.Config.ReadTimeout = 200 * time.Millisecond // for a request as a whole
		s.Start()
		conn, answers := raw(t, s, "PUT /b/k HTTP/1.1\nHost: localhost\nContent-Length: 4\n\n")
		for range 4 {
			time.Sleep(100 * time.Millisecond)
			_, _ = io.WriteString(conn, "x")
		}
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if body, _ := io.ReadAll(answer.Body); string(body) != test.want {
			t.Errorf("%s: %d %s", name, answer.StatusCode, body)
		}
		s.Close()
	}
}

func TestFailuresOfS3AreItsErrors(t *testing.T) {
	noon := time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		failure auth.Failure
		status  int
		want    string
	}{
		{auth.Failure{Kind: auth.UnknownKey, AccessKeyID: "AKIA"}, 403, "InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records. map[AWSAccessKeyId:AKIA]"},
		{auth.Failure{Kind: auth.Incomplete, Detail: "d"}, 400, "AuthorizationHeaderMalformed: d map[]"},
		{auth.Failure{Kind: auth.Incomplete, Detail: "d", Presigned: true}, 400, "AuthorizationQueryParametersError: d map[]"},
		{auth.Failure{Kind: auth.OldHeader, Detail: "No."}, 400, "InvalidArgument: No. map[ArgumentName:Authorization]"},
		{auth.Failure{Kind: auth.OldQuery, Detail: "No."}, 403, "AccessDenied: No. map[]"},
		{auth.Failure{Kind: auth.PresignExpired, Version2: true, Expires: noon, ServerTime: noon}, 403, "AccessDenied: Request has expired map[Expires:2020-01-01T12:00:00Z ServerTime:2020-01-01T12:00:00Z]"},
		{auth.Failure{Kind: auth.UnsupportedAlgorithm, Detail: "Basic"}, 400, "InvalidArgument: Unsupported Authorization Type map[ArgumentName:Authorization]"},
		{auth.Failure{Kind: auth.SignatureMismatch, AccessKeyID: "A", SignatureProvided: "00", StringToSign: "AB", CanonicalRequest: "C"}, 403,
			"SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method. map[AWSAccessKeyId:A CanonicalRequest:C CanonicalRequestBytes:43 SignatureProvided:00 StringToSign:AB StringToSignBytes:41 42]"},
		{auth.Failure{Kind: auth.Skewed, RequestDate: "20200101T000000Z", ServerTime: noon, MaxSkew: auth.MaxSkew}, 403,
			"RequestTimeTooSkewed: The difference between the request time and the current time is too large. map[MaxAllowedSkewMilliseconds:900000 RequestTime:20200101T000000Z ServerTime:2020-01-01T12:00:00Z]"},
		{auth.Failure{Kind: auth.WrongRegion, Detail: "d", Expected: "us-east-1"}, 400, "AuthorizationHeaderMalformed: d map[Region:us-east-1]"},
		{auth.Failure{Kind: auth.ExpiredToken}, 400, "ExpiredToken: The provided token has expired. map[]"},
		{auth.Failure{Kind: auth.PresignExpired, Presigned: true, Lifetime: time.Minute, Expires: noon, ServerTime: noon}, 403,
			"AccessDenied: Request has expired map[Expires:2020-01-01T12:00:00Z ServerTime:2020-01-01T12:00:00Z X-Amz-Expires:60]"},
		{auth.Failure{Kind: auth.HeadersNotSigned, Headers: []string{"x-amz-a", "x-amz-b"}}, 403, "AccessDenied: There were headers present in the request which were not signed map[HeadersNotSigned:x-amz-a, x-amz-b]"},
		{auth.Failure{Kind: auth.PayloadMismatch, ClientHash: "a", ServerHash: "b"}, 400,
			"XAmzContentSHA256Mismatch: The provided 'x-amz-content-sha256' header does not match what was computed. map[ClientComputedContentSHA256:a S3ComputedContentSHA256:b]"},
		{auth.Failure{Kind: auth.MissingLength}, 411, "MissingContentLength: You must provide the Content-Length HTTP header. map[]"},
		{auth.Failure{Kind: 99}, 403, "AccessDenied: Access Denied map[]"},
	} {
		e := restFailure(&test.failure)
		if got := fmt.Sprint(e, " ", e.Fields); e.Status != test.status || got != test.want || e.Shape != e.Code {
			t.Errorf("%s:\n got %d %s\nwant %d %s", test.failure.Kind, e.Status, got, test.status, test.want)
		}
	}
}

func TestEveryKindOfFailureHasAnAnswerFromS3(t *testing.T) {
	for kind := auth.MissingToken; kind <= auth.OldQuery; kind++ {
		e := restFailure(&auth.Failure{Kind: kind, Detail: "sentence"})
		if e.Message == "" || e.Code == "" || reflect.ValueOf(restRefusals[kind]).IsZero() {
			t.Errorf("%s: %+v", kind, e)
		}
	}
}
