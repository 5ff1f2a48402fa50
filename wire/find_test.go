package wire

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheServiceOfASignatureIsReadFromHeaderOrQuery(t *testing.T) {
	for _, test := range []struct {
		header, query, want string
	}{
		{"", "", ""},
		{signed("iam"), "", "iam"},
		{"AWS4-HMAC-SHA256 Credential=AKIA/20200101/us-east-1/sts/aws4_request,SignedHeaders=host,Signature=0", "", "sts"},
		{"AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0, Credential=AKIA/20200101/us-east-1/s3/aws4_request", "", "s3"},
		{"", "X-Amz-Credential=AKIA%2F20200101%2Fus-east-1%2Fsts%2Faws4_request", "sts"},
		{"", "a=b&X-Amz-Credential=AKIA/20200101/us-east-1/kms/aws4_request&c=d", "kms"},
		{"AWS4-HMAC-SHA256 Credential=AKIA/20200101/us-east-1/aws4_request", "", ""},
		{"AWS4-HMAC-SHA256 Credential=", "", ""},
		{"AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f", "", ""},
		{"AWS AKIA:signature", "", ""},
		{"Basic dXNlcjpwYXNz", "X-Amz-Credential=%zz", ""},
	} {
		r := httptest.NewRequest("GET", "/?"+test.query, nil)
		r.Header.Set("Authorization", test.header)
		if got := signingName(r); got != test.want {
			t.Errorf("%q %q: %q, want %q", test.header, test.query, got, test.want)
		}
	}
}

func TestHostNamesNameServices(t *testing.T) {
	d := newDirectory(newWorld().doors())
	for host, want := range map[string]string{
		"kms.us-east-1.amazonaws.com": "kms", "kms.localhost": "kms", "kms.localhost:4566": "kms", "kms": "kms", "logs.eu-west-1.amazonaws.com": "logs",
		"stream-logs.us-east-1.amazonaws.com": "logs", "sts.amazonaws.com": "sts", "iam.localhost": "iam", "cloudtrail.localhost": "cloudtrail",
		"localhost": "", "127.0.0.1:4566": "", "bucket.s3.amazonaws.com": "", "kms.s3.us-east-1.amazonaws.com": "", "logs.s3-us-west-2.amazonaws.com": "",
		"": "", "kmsx.localhost": "", "stream-kms.localhost": "",
	} {
		s := d.host(host)
		if got := idOf(s); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}

func idOf(s *service) string {
	if s == nil {
		return ""
	}
	return s.ID
}

func TestTargetsNameServiceAndOperation(t *testing.T) {
	d := newDirectory(newWorld().doors())
	for header, want := range map[string][2]string{
		"TrentService.Encrypt":             {"kms", "Encrypt"},
		"Logs_20140328.PutLogEvents":       {"logs", "PutLogEvents"},
		"CloudTrail_20131101.StartLogging": {"cloudtrail", "StartLogging"},
		"com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.StartLogging": {"cloudtrail", "StartLogging"},
		"v20131101.CloudTrail_20131101.StartLogging":                          {"", "StartLogging"},
		"TrentService.":        {"kms", ""},
		"TrentService":         {"", "TrentService"},
		".Encrypt":             {"", "Encrypt"},
		"trentservice.Encrypt": {"", "Encrypt"},
		"":                     {"", ""},
	} {
		s, name := d.target(header)
		if idOf(s) != want[0] || name != want[1] {
			t.Errorf("%q: %q %q", header, idOf(s), name)
		}
	}
}

func TestOnlyJSONContentTypesAreJSON(t *testing.T) {
	for kind, want := range map[string]bool{
		"application/x-amz-json-1.1": true, "application/x-amz-json-1.0": true, "application/x-amz-json-1.1; charset=utf-8": true, "application/json": true, "Application/X-Amz-Json-1.1": true,
		"": false, "text/plain": false, "text/json": false, "application/x-www-form-urlencoded": false, "application/xml": false, "application/cbor": false, ";;;": false,
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Content-Type", kind)
		if got := isJSON(r); got != want {
			t.Errorf("%q: %v", kind, got)
		}
	}
}

func TestTheBodysParametersCountMore(t *testing.T) {
	w := newWorld()
	got := w.send("POST", "/?Action=GetUser&Version=2010-05-08&UserName=a", "Action=DeleteUser", "Content-Type", "application/x-www-form-urlencoded", "Authorization", signed("iam"))
	if got.Code != 200 || !strings.HasPrefix(got.Body.String(), "<DeleteUserResponse") {
		t.Error(got.Code, got.Body)
	}
}

func TestAnotherContentTypeHoldsNoParameters(t *testing.T) {
	w := newWorld()
	got := w.send("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", "Content-Type", "text/plain", "Authorization", signed("sts"))
	if got.Code != 400 || !strings.Contains(got.Body.String(), "MissingAction") {
		t.Error(got.Code, got.Body)
	}
}

// FuzzTheEdgeAnswersEverything sends requests that no client would send: each
// is answered with a status, and none panics.
func FuzzTheEdgeAnswersEverything(f *testing.F) {
	f.Add("POST", "/", "kms.localhost", "TrentService.Encrypt", "application/x-amz-json-1.1", "", signed("kms"), []byte(`{"KeyId":"k","Plaintext":"AA=="}`))
	f.Add("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", "", "", "", "", signed("sts"), []byte(nil))
	f.Add("POST", "/", "", "", "application/x-www-form-urlencoded", "gzip", signed("iam"), []byte("Action=GetUser&Version=2010-05-08"))
	f.Add("OPTIONS", "/a//../b?c", "x.s3.y", "a.b.c", "multipart/form-data", "br", "Bearer x", []byte{0xff})
	f.Fuzz(func(t *testing.T, method, target, host, operation, kind, encoding, authorization string, body []byte) {
		r := request(method, target, string(body))
		if r == nil {
			return
		}
		r.Host = host
		for name, value := range map[string]string{"X-Amz-Target": operation, "Content-Type": kind, "Content-Encoding": encoding, "Authorization": authorization} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel() // one of the fakes waits for it
		w := newWorld()
		recorder := httptest.NewRecorder()
		w.ServeHTTP(recorder, r.WithContext(gone))
		// The fakes lack most operations and panic in them; the edge must not.
		log := w.log.String()
		if recorder.Code < 200 || recorder.Code > 599 || strings.Contains(log, "panicked") && !strings.Contains(log, "Endpoint[") {
			t.Fatal(recorder.Code, log)
		}
	})
}
