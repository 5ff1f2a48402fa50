package sigv2

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// The examples of the S3 API Reference, "Signing and authenticating REST
// requests (AWS signature version 2)", "Authentication examples".
const (
	exampleID     = "AKIAIOSFODNN7EXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

func request(method, target string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	return r
}

var examples = []struct {
	name, method, bucket, target, signature string
	headers                                 []string
}{
	{"object get", "GET", "johnsmith", "/photos/puppy.jpg", "bWq2s1WEIj+Ydj0vQ697zp+IXMU=", []string{"Date: Tue, 27 Mar 2007 19:36:42 +0000"}},
	{"object get, newer text", "GET", "awsexamplebucket1", "/photos/puppy.jpg", "qgk2+6Sv9/oM7G3qLEjTH1a1l1g=", []string{"Date: Tue, 27 Mar 2007 19:36:42 +0000"}},
	{"object put", "PUT", "johnsmith", "/photos/puppy.jpg", "MyyxeRY7whkBe+bq8fHCL/2kKUg=",
		[]string{"Content-Type: image/jpeg", "Content-Length: 94328", "Date: Tue, 27 Mar 2007 21:15:45 +0000"}},
	{"list", "GET", "johnsmith", "/?prefix=photos&max-keys=50&marker=puppy", "htDYFYduRNen8P9ZfE/s9SuKy0U=",
		[]string{"User-Agent: Mozilla/5.0", "Date: Tue, 27 Mar 2007 19:42:41 +0000"}},
	{"fetch", "GET", "johnsmith", "/?acl", "c2WLPFtWHVgbEmeEG93a4cG37dM=", []string{"Date: Tue, 27 Mar 2007 19:44:46 +0000"}},
	{"upload", "PUT", "static.johnsmith.net", "/db-backup.dat.gz", "ilyl83RwaSoYIEdixDQcA4OnAnc=", []string{
		"User-Agent: curl/7.15.5", "Date: Tue, 27 Mar 2007 21:06:08 +0000", "x-amz-acl: public-read", "content-type: application/x-download",
		"Content-MD5: 4gJE4saaMU4BqNR0kLY+lw==", "X-Amz-Meta-ReviewedBy: joe@johnsmith.net", "X-Amz-Meta-ReviewedBy: jane@johnsmith.net",
		"X-Amz-Meta-FileChecksum: 0x02661779", "X-Amz-Meta-ChecksumAlgorithm: crc32", "Content-Disposition: attachment; filename=database.dat",
		"Content-Encoding: gzip", "Content-Length: 5913339"}},
	{"list all buckets", "GET", "", "/", "qGdzdERIC03wnaRNKh6OqZehG9s=", []string{"Date: Wed, 28 Mar 2007 01:29:59 +0000"}},
	{"unicode keys", "GET", "", "/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re", "DNEZGsoieTZ92F3bUfSPQcbGmlM=", []string{"Date: Wed, 28 Mar 2007 01:49:49 +0000"}},
}

func TestTheExamplesInTheHeaderHaveTheirDocumentedSignatures(t *testing.T) {
	for _, e := range examples {
		t.Run(e.name, func(t *testing.T) {
			r := request(e.method, e.target, append(e.headers, "Authorization: AWS "+exampleID+":"+e.signature)...)
			if !Signs(r) {
				t.Fatal("is not recognized")
			}
			a, err := Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			text := a.StringToSign(r, e.bucket)
			if got := Sign(exampleSecret, text); got != e.signature || a.AccessKeyID != exampleID || a.Presigned {
				t.Errorf("got %s of\n%s\n%+v", got, text, a)
			}
			if Verify("another", text, a.Signature) || !Verify(exampleSecret, text, a.Signature) {
				t.Error("does not verify")
			}
		})
	}
}

func TestTheExampleInTheQueryHasItsDocumentedSignature(t *testing.T) {
	r := request("GET", "/photos/puppy.jpg?AWSAccessKeyId="+exampleID+"&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620")
	a, err := Parse(r)
	if err != nil || !a.Presigned || !a.Time.Equal(time.Unix(1175139620, 0)) {
		t.Fatalf("got %+v, %v", a, err)
	}
	if text := a.StringToSign(r, "johnsmith"); !Verify(exampleSecret, text, a.Signature) {
		t.Errorf("does not verify: %s", text)
	}
}
