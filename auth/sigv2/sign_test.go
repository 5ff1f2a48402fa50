package sigv2

import (
	"errors"
	"net/http"
	"testing"
)

const presigned = "AWSAccessKeyId=id&Expires=1175139620&Signature=c2ln"

func TestAStringToSign(t *testing.T) {
	for name, tt := range map[string]struct {
		method, target, bucket, want string
		headers                      []string
	}{
		"x-amz-date stands for the date": {"GET", "/b/k", "", "GET\n\n\n\nx-amz-date:Tue, 27 Mar 2007 21:20:26 +0000\n/b/k",
			[]string{"Authorization: AWS id:sig", "Date: Tue, 27 Mar 2007 21:20:27 +0000", "x-amz-date: Tue, 27 Mar 2007 21:20:26 +0000"}},
		"values of subresources are decoded": {"GET", "/b/k%20x?versionId=v%2B1&response-content-type=a%2Fb&prefix=p&" + presigned, "",
			"GET\n\n\n1175139620\n/b/k%20x?response-content-type=a/b&versionId=v+1", nil},
		"a subresource without a value": {"PUT", "/?uploads=&acl&" + presigned, "b", "PUT\n\n\n1175139620\n/b/?acl&uploads=", nil},
		"headers in the query":          {"PUT", "/b/k?x-amz-acl=public-read&x-amz-meta-a=1&content-type=text%2Fplain&" + presigned, "", "PUT\n\ntext/plain\n1175139620\nx-amz-acl:public-read\nx-amz-meta-a:1\n/b/k", nil},
		"a header goes before the query": {"PUT", "/b/k?x-amz-acl=public-read&content-type=a%2Fb&" + presigned, "", "PUT\n\nc/d\n1175139620\nx-amz-acl:private\n/b/k",
			[]string{"X-Amz-Acl: private", "Content-Type: c/d"}},
		"the content type counts even where none was foreseen": {"PUT", "/b/k?" + presigned, "", "PUT\n\ntext/html\n1175139620\n/b/k", []string{"Content-Type: text/html", "Content-Encoding: gzip"}},
		"the query counts for presigned requests only": {"GET", "/b/k?x-amz-acl=x&content-type=y", "", "GET\n\n\nTue, 27 Mar 2007 21:20:26 +0000\n/b/k",
			[]string{"Authorization: AWS id:sig", "Date: Tue, 27 Mar 2007 21:20:26 +0000"}},
		"a percent sign that is none": {"GET", "/b/k?versionId=%zz&" + presigned, "", "GET\n\n\n1175139620\n/b/k?versionId=%zz", nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(tt.method, tt.target, tt.headers...)
			if r.URL.RawQuery == "" && len(tt.headers) == 0 {
				t.Fatal("nothing is signed")
			}
			a, _ := Parse(r)
			if got := a.StringToSign(r, tt.bucket); got != tt.want {
				t.Errorf("got\n%q, want\n%q", got, tt.want)
			}
		})
	}
}

func TestARequestThatIsYetToBeSentIsReadFromItsURL(t *testing.T) {
	r, err := http.NewRequest("GET", "http://s3.localhost/b/a%2Fb?acl&"+presigned, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := a.StringToSign(r, ""), "GET\n\n\n1175139620\n/b/a%2Fb?acl"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHeadersInTheQueryAreThoseOfPresignedRequests(t *testing.T) {
	r := request("GET", "/b/k?X-Amz-Security-Token=a%2Bb&prefix=c&"+presigned)
	a := Authorization{Presigned: true}
	if got := a.QueryHeaders(r); len(got) != 1 || got["x-amz-security-token"] != "a+b" {
		t.Errorf("got %v", got)
	}
	if got := (&Authorization{}).QueryHeaders(r); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestWhatIsSignedByThisVersion(t *testing.T) {
	for name, tt := range map[string]struct {
		r    *http.Request
		want bool
	}{
		"header":                {request("GET", "/", "Authorization: AWS id:sig"), true},
		"scheme alone":          {request("GET", "/", "Authorization: AWS"), true},
		"header of version 4":   {request("GET", "/?"+presigned, "Authorization: AWS4-HMAC-SHA256 Credential=x"), false},
		"query":                 {request("GET", "/?"+presigned), true},
		"half a query":          {request("GET", "/?a=b&Signature=x"), true},
		"query of version 4":    {request("GET", "/?X-Amz-Signature=x"), false},
		"queries of both":       {request("GET", "/?Signature=x&X-Amz-Credential=y"), false},
		"nothing":               {request("GET", "/?Expires=1"), false},
		"another Authorization": {request("GET", "/", "Authorization: Bearer x"), false},
	} {
		if got := Signs(tt.r); got != tt.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestASignatureOutOfFormIsRefused(t *testing.T) {
	const date = "Date: Tue, 27 Mar 2007 21:20:26 +0000"
	for name, tt := range map[string]struct {
		r    *http.Request
		want Problem
	}{
		"no Expires":         {request("GET", "/?AWSAccessKeyId=id&Signature=x"), Incomplete},
		"no Signature":       {request("GET", "/?AWSAccessKeyId=id&Expires=1"), Incomplete},
		"no access key":      {request("GET", "/?Signature=x&Expires=1"), Incomplete},
		"Expires is a date":  {request("GET", "/?AWSAccessKeyId=id&Signature=x&Expires=tomorrow"), BadExpires},
		"Expires overflows":  {request("GET", "/?AWSAccessKeyId=id&Signature=x&Expires=99999999999999999999"), BadExpires},
		"no colon":           {request("GET", "/", "Authorization: AWS id", date), Malformed},
		"no id":              {request("GET", "/", "Authorization: AWS :sig", date), Malformed},
		"no signature":       {request("GET", "/", "Authorization: AWS id:", date), Malformed},
		"no date":            {request("GET", "/", "Authorization: AWS id:sig"), BadDate},
		"unreadable date":    {request("GET", "/", "Authorization: AWS id:sig", "Date: today"), BadDate},
		"unreadable amzdate": {request("GET", "/", "Authorization: AWS id:sig", date, "X-Amz-Date: today"), BadDate},
	} {
		_, err := Parse(tt.r)
		if e, ok := errors.AsType[*Error](err); !ok || e.Problem != tt.want || e.Error() == "" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestASessionTokenIsInHeaderOrQuery(t *testing.T) {
	for _, r := range []*http.Request{
		request("GET", "/?x-amz-security-token=t%3D&"+presigned),
		request("GET", "/?"+presigned, "X-Amz-Security-Token: t="),
		request("GET", "/", "Authorization: AWS id:sig", "Date: Tue, 27 Mar 2007 21:20:26 GMT", "X-Amz-Security-Token: t="),
	} {
		if a, err := Parse(r); err != nil || a.Token != "t=" {
			t.Errorf("got %+v, %v", a, err)
		}
	}
}

func TestABucketAloneMayBeSignedWithASlash(t *testing.T) {
	for _, tt := range []struct {
		target, bucket, signed string
		want                   bool
	}{
		{"/b?acl", "", "/b?acl", true},
		{"/b?acl", "", "/b/?acl", true},
		{"/b/?acl", "", "/b/?acl", true},
		{"/b/?acl", "", "/b?acl", false},
		{"/b/k?acl", "", "/b/k/?acl", false},
		{"/?acl", "b", "/b/?acl", true},
		{"/k?acl", "b", "/b/k/?acl", false},
		{"/?acl", "", "//?acl", false},
		{"/b?acl", "", "/b/?cors", false},
	} {
		r := request("GET", tt.target+"&"+presigned)
		a, err := Parse(r)
		if err != nil {
			t.Fatal(err)
		}
		a.Signature = Sign("secret", "GET\n\n\n1175139620\n"+tt.signed)
		text, ok := a.Matches(r, tt.bucket, "secret")
		if ok != tt.want || text != a.StringToSign(r, tt.bucket) {
			t.Errorf("%+v: got %v, %s", tt, ok, text)
		}
	}
}
