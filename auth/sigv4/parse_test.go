package sigv4

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const whole = "AWS4-HMAC-SHA256 Credential=ID/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=abc"

// withHeader returns a request that is signed in its header.
func withHeader(authorization string) *http.Request {
	return &http.Request{Method: "POST", Host: "h", URL: &url.URL{Path: "/"}, Header: http.Header{
		"Authorization": {authorization}, "X-Amz-Date": {"20150830T123600Z"}, "X-Amz-Security-Token": {"token"},
	}}
}

func TestAnAuthorizationHeaderIsTakenApart(t *testing.T) {
	want := Authorization{
		AccessKeyID: "ID", Scope: Scope{"20150830", "us-east-1", "service", "aws4_request"},
		SignedHeaders: "host;x-amz-date", Signature: "abc", Token: "token",
		Date: "20150830T123600Z", Time: time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC),
	}
	for name, authorization := range map[string]string{
		"as documented": whole,
		"commas only":   strings.ReplaceAll(whole, ", ", ","),
		"blanks only":   strings.ReplaceAll(whole, ", ", " "),
		"more blanks":   " " + strings.ReplaceAll(whole, ", ", " ,  ") + " ",
		"another order": "AWS4-HMAC-SHA256 Signature=abc, SignedHeaders=host;x-amz-date, Credential=ID/20150830/us-east-1/service/aws4_request",
		"unsorted":      strings.Replace(whole, "host;x-amz-date", "x-amz-date;host", 1),
		"upper case":    strings.Replace(whole, "host", "HOST", 1),
		"another pair":  whole + ", Version=1",
	} {
		if got, err := Parse(withHeader(authorization)); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestAMalformedHeaderNamesItsProblem(t *testing.T) {
	for authorization, want := range map[string]Error{
		"AWS4-HMAC-SHA256": {Problem: MissingParameter, Missing: []string{"Credential", "Signature", "SignedHeaders"}},
		strings.Replace(whole, "Signature=abc", "", 1):    {Problem: MissingParameter, Missing: []string{"Signature"}},
		strings.Replace(whole, "Signature=abc", "abc", 1): {Problem: NotKeyValue, Value: "abc"},
		strings.Replace(whole, "ID", "", 1):               {Problem: NoAccessKey},
		strings.Replace(whole, "20150830", "2015083", 1):  {Problem: BadScopeDate, Value: "2015083"},
		strings.Replace(whole, "20150830", "20151330", 1): {Problem: BadScopeDate, Value: "20151330"},
		strings.Replace(whole, "/service", "", 1):         {Problem: BadCredential, Value: "ID/20150830/us-east-1/aws4_request"},
		strings.Replace(whole, "SHA256", "SHA1", 1):       {Problem: BadAlgorithm, Value: "AWS4-HMAC-SHA1"},
		"AWS ID:abc": {Problem: BadAlgorithm, Value: "AWS"},
	} {
		_, err := Parse(withHeader(authorization))
		var got *Error
		if !errors.As(err, &got) || got.Problem != want.Problem || got.Value != want.Value || strings.Join(got.Missing, " ") != strings.Join(want.Missing, " ") {
			t.Errorf("%s: got %v, want %v", authorization, err, &want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "sigv4: "+problemNames[want.Problem]) {
			t.Errorf("reads %q", err)
		}
	}
}

func TestAnUnsignedRequestIsToldFromAMalformedOne(t *testing.T) {
	for query, problem := range map[string]Problem{
		"": Unsigned, "x=y": Unsigned, "X-Amz-Date=20150830T123600Z": Unsigned, "Expires=1": Unsigned,
		"X-Amz-Signature=a": QueryIncomplete, "X-Amz-Credential=a": QueryIncomplete, "X-Amz-Algorithm=a": QueryIncomplete,
		"AWSAccessKeyId=a": SignatureVersionTwo, "Signature=a": QueryIncomplete,
	} {
		_, err := Parse(&http.Request{Header: http.Header{}, URL: &url.URL{RawQuery: query}})
		var got *Error
		if !errors.As(err, &got) || got.Problem != problem {
			t.Errorf("%s: got %v, want %s", query, err, problemNames[problem])
		}
	}
}

func TestEveryProblemHasItsOwnWords(t *testing.T) {
	seen := map[string]bool{}
	for p := Unsigned; p <= TrailerMismatch; p++ {
		if words := problemNames[p]; words == "" || seen[words] {
			t.Errorf("problem %d is called %q", p, words)
		}
		seen[problemNames[p]] = true
	}
}

func FuzzParseHeader(f *testing.F) {
	f.Add(whole, "20150830T123600Z")
	f.Add(strings.ReplaceAll(whole, ", ", ","), "")
	f.Add("AWS4-HMAC-SHA256 Credential=//// SignedHeaders=; Signature==", "x")
	f.Add("Bearer abc", "Mon, 02 Jan 2006 15:04:05 GMT")
	f.Fuzz(func(t *testing.T, authorization, date string) {
		r := withHeader(authorization)
		r.Header.Set("X-Amz-Date", date)
		a, err := Parse(r)
		if err != nil {
			if problem := (*Error)(nil); !errors.As(err, &problem) || problem.Error() == "" {
				t.Fatalf("error %v", err)
			}
			return
		}
		if a.AccessKeyID == "" || a.SignedHeaders == "" || a.Signature == "" || len(a.Scope.Date) != 8 || a.Time.IsZero() && !strings.HasPrefix(date, "0001") {
			t.Errorf("incomplete: %+v", a)
		}
		again := withHeader("AWS4-HMAC-SHA256 Credential=" + a.AccessKeyID + "/" + a.Scope.String() + ",SignedHeaders=" + a.SignedHeaders + ",Signature=" + a.Signature)
		again.Header.Set("X-Amz-Date", date)
		if b, err := Parse(again); err != nil || a != b {
			t.Errorf("written again: %+v, %v", b, err)
		}
		if a.Verify(r, EmptyPayload, Standard, new(Key)) == nil {
			t.Error("verifies")
		}
	})
}

func FuzzParseQuery(f *testing.F) {
	f.Add("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ID%2F20150830%2Fus-east-1%2Fs%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=a")
	f.Add("X-Amz-Signature=%&X-Amz-Algorithm=%zz&;&=&&")
	f.Fuzz(func(t *testing.T, query string) {
		r := &http.Request{Method: "GET", Host: "h", URL: &url.URL{Path: "/", RawQuery: query}, Header: http.Header{}}
		a, err := Parse(r)
		if err == nil && (a.Expires < 0 || a.Expires > MaxExpires || !a.Presigned || a.AccessKeyID == "") {
			t.Errorf("got %+v", a)
		}
		if err == nil && a.Verify(r, UnsignedPayload, S3, new(Key)) == nil {
			t.Error("verifies")
		}
	})
}
