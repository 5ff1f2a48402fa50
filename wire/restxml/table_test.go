package restxml

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/s3api"
)

func TestTheOperationIsThatOfTheModelsBindings(t *testing.T) {
	table := NewTable(s3api.Service)
	for _, test := range []struct{ request, header, want string }{
		{"GET /", "", "ListBuckets"},
		{"GET /?x-id=ListBuckets", "", "ListBuckets"},
		{"PUT /", "", "MethodNotAllowed SERVICE"},
		{"GET /b", "", "ListObjects"},
		{"GET /b/", "", "ListObjects"},
		{"GET /b?list-type=2&prefix=p", "", "ListObjectsV2"},
		{"GET /b?list-type=1", "", "ListObjects"},
		{"GET /b?versions", "", "ListObjectVersions"},
		{"GET /b?uploads", "", "ListMultipartUploads"},
		{"GET /b?location", "", "GetBucketLocation"},
		{"GET /b?acl=", "", "GetBucketAcl"},
		{"GET /b?policyStatus", "", "GetBucketPolicyStatus"},
		{"GET /b?lifecycle", "", "GetBucketLifecycleConfiguration"},
		{"GET /b?notification", "", "GetBucketNotificationConfiguration"},
		{"HEAD /b", "", "HeadBucket"},
		{"HEAD /b?location", "", "HeadBucket"},
		{"PUT /b", "", "CreateBucket"},
		{"PUT /b/", "", "CreateBucket"},
		{"PUT /b?encryption", "", "PutBucketEncryption"},
		{"PUT /b?lifecycle", "", "PutBucketLifecycleConfiguration"},
		{"DELETE /b", "", "DeleteBucket"},
		{"DELETE /b?policy", "", "DeleteBucketPolicy"},
		{"DELETE /b?acl", "", "MethodNotAllowed ACL"},
		{"POST /b", "", "PreconditionFailed"},
		{"PATCH /b", "", "MethodNotAllowed BUCKET"},
		{"POST /b?delete", "", "DeleteObjects"},
		{"POST /b?versioning", "", "MethodNotAllowed VERSIONING"},
		{"GET /b/k", "", "GetObject"},
		{"GET /b/k?x-id=GetObject&response-content-type=a%2Fb", "", "GetObject"},
		{"GET /b/k?partNumber=2", "", "GetObject"},
		{"GET /b/k?uploadId=u", "", "ListParts"},
		{"GET /b/k?acl", "", "GetObjectAcl"},
		{"GET /b/k?attributes", "", "GetObjectAttributes"},
		{"GET /b/k?versions", "", "GetObject"},
		{"GET /b/k?torrent", "", "NotImplemented GetObjectTorrent"},
		{"HEAD /b/k?versionId=null", "", "HeadObject"},
		{"PUT /b/k", "", "PutObject"},
		{"PUT /b/k?partNumber=1", "", "PutObject"},
		{"PUT /b/k", "x-amz-copy-source", "CopyObject"},
		{"PUT /b/k?partNumber=1&uploadId=u", "", "UploadPart"},
		{"PUT /b/k?partNumber=1&uploadId=u", "x-amz-copy-source", "UploadPartCopy"},
		{"PUT /b/k?tagging", "", "PutObjectTagging"},
		{"PUT /b/k?tagging", "x-amz-copy-source", "PutObjectTagging"},
		{"PUT /b/k?encryption", "", "UpdateObjectEncryption"},
		{"PUT /b/k?renameObject", "x-amz-rename-source", "RenameObject"},
		{"PUT /b/k?legal-hold", "", "PutObjectLegalHold"},
		{"PUT /b/k?attributes", "", "MethodNotAllowed ATTRIBUTES"},
		{"DELETE /b/k", "", "DeleteObject"},
		{"DELETE /b/k?versionId=v", "", "DeleteObject"},
		{"DELETE /b/k?tagging", "", "DeleteObjectTagging"},
		{"DELETE /b/k?uploadId=u", "", "AbortMultipartUpload"},
		{"DELETE /b/k?retention", "", "MethodNotAllowed RETENTION"},
		{"POST /b/k", "", "MethodNotAllowed OBJECT"},
		{"POST /b/k?uploads", "", "CreateMultipartUpload"},
		{"POST /b/k?uploadId=u", "", "CompleteMultipartUpload"},
		{"POST /b/k?restore", "", "RestoreObject"},
		{"POST /b/k?select&select-type=2", "", "NotImplemented SelectObjectContent"},
		{"PATCH /b/k", "", "MethodNotAllowed OBJECT"},
		{"GET /b?analytics", "", "ListBucketAnalyticsConfigurations"},
		{"GET /b?analytics&id=1", "", "GetBucketAnalyticsConfiguration"},
		{"GET /b?session", "", "NotImplemented CreateSession"},
		{"POST /WriteGetObjectResponse", "", "NotImplemented WriteGetObjectResponse"},
	} {
		if got := found(t, table, test.request, test.header); got != test.want {
			t.Errorf("%s %s: %s, want %s", test.request, test.header, got, test.want)
		}
	}
}

// found names the operation of a request, or the error that refuses it.
func found(t *testing.T, table *Table, line, header string) string {
	method, target, _ := strings.Cut(line, " ")
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	address, err := Locate(Host{}, u.EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	if header != "" {
		h.Set(header, "b/source")
	}
	op, err := table.Find(method, address, u.Query(), h)
	e, refused := errors.AsType[*api.Error](err)
	switch {
	case !refused:
		return op.Name
	case e.Code == "NotImplemented":
		name, _, _ := strings.Cut(strings.TrimPrefix(e.Message, "s3:"), " ")
		return e.Code + " " + name
	}
	resource, _ := e.Fields["ResourceType"].(string)
	return strings.TrimSpace(e.Code + " " + resource)
}

func TestEveryOperationOfS3CanBeReached(t *testing.T) {
	table := NewTable(s3api.Service)
	carried := map[string]bool{}
	for _, op := range s3api.Service.Operations {
		carried[op.HTTP.Method+op.HTTP.URI] = true
	}
	reach := func(name string, at api.HTTP, in map[string]string, want string) {
		uri := strings.NewReplacer("{Bucket}", "b", "{Key+}", "k").Replace(at.URI)
		h, query := "", ""
		for parameter, place := range in {
			if place == "header" {
				h = parameter
			} else {
				query += "&" + parameter + "=1"
			}
		}
		if query != "" && !strings.Contains(uri, "?") {
			query = "?" + query[1:]
		}
		if got := found(t, table, at.Method+" "+uri+query, h); got != want {
			t.Errorf("%s %s%s: %s, want %s", at.Method, uri, query, got, want)
		}
	}
	for _, op := range s3api.Service.Operations {
		in := map[string]string{}
		for i := range op.Input.NumField() {
			tag, err := api.ParseTag(op.Input.Field(i))
			if err == nil && tag.Required && tag.Place == api.Parameter {
				in[tag.Name] = "query"
			}
			if tag.Required && tag.Name == copySource {
				in[tag.Name] = "header"
			}
		}
		reach(op.Name, op.HTTP, in, op.Name)
	}
	for _, o := range s3api.Service.Omitted {
		if carried[o.HTTP.Method+o.HTTP.URI] || strings.HasPrefix(o.Name, "Get") && strings.HasSuffix(o.Name, "Configuration") || o.Name == "GetObjectAnnotation" {
			continue // its successor, or the list beside it, has the same binding
		}
		reach(o.Name, o.HTTP, nil, "NotImplemented "+o.Name)
	}
}

func TestHostsNameBuckets(t *testing.T) {
	for host, want := range map[string]Host{
		"":                                       {},
		"localhost":                              {},
		"localhost:4566":                         {},
		"127.0.0.1:4566":                         {},
		"[::1]:4566":                             {},
		"sealstack:4566":                         {},
		"s3.localhost:4566":                      {"", true},
		"s3.eu-west-1.localhost":                 {"", true},
		"b.localhost:4566":                       {"b", false},
		"my.b.localhost":                         {"my.b", false},
		"b.s3.localhost":                         {"b", true},
		"B.S3.LocalHost.":                        {"b", true},
		"my.b.s3.localhost:1":                    {"my.b", true},
		"b.s3.eu-west-1.localhost":               {"b", true},
		"s3-b.localhost":                         {"s3-b", false},
		"s3.s3.localhost":                        {"s3", true},
		"a.s3.b.s3.localhost":                    {"a.s3.b", true},
		"s3.amazonaws.com":                       {"", true},
		"b.s3.amazonaws.com":                     {"b", true},
		"b.s3.eu-west-1.amazonaws.com":           {"b", true},
		"b.s3-us-west-2.amazonaws.com":           {"b", true},
		"b.s3.dualstack.eu-west-1.amazonaws.com": {"b", true},
		"b.s3.cn-north-1.amazonaws.com.cn":       {"b", true},
		"kms.us-east-1.amazonaws.com":            {},
		"b.example.com":                          {},
	} {
		if got := ReadHost(host); got != want {
			t.Errorf("%s: %+v, want %+v", host, got, want)
		}
	}
}

func TestKeysAreTakenAsTheyWereSent(t *testing.T) {
	for _, test := range []struct {
		bucket, path string
		want         Address
		code         string
	}{
		{"", "/", Address{}, ""},
		{"", "/b", Address{"b", ""}, ""},
		{"", "/b/", Address{"b", ""}, ""},
		{"", "/b/k", Address{"b", "k"}, ""},
		{"", "/b//k//", Address{"b", "/k//"}, ""},
		{"", "/b/a/../b/./c", Address{"b", "a/../b/./c"}, ""},
		{"", "/b/..", Address{"b", ".."}, ""},
		{"", "/b/a%2Fb%2f", Address{"b", "a/b/"}, ""},
		{"", "/b/%2F", Address{"b", "/"}, ""},
		{"", "/b/a+b%20c%2B", Address{"b", "a+b c+"}, ""},
		{"", "/b/K%C3%B6ln", Address{"b", "K\u00f6ln"}, ""},
		{"", "/b/100%25", Address{"b", "100%"}, ""},
		{"", "/b/" + strings.Repeat("k", 1024), Address{"b", strings.Repeat("k", 1024)}, ""},
		{"", "/b/" + strings.Repeat("k", 1025), Address{}, "KeyTooLongError"},
		{"", "/b/" + strings.Repeat("%C3%B6", 513), Address{}, "KeyTooLongError"},
		{"", "/b/%FF", Address{}, "InvalidURI"},
		{"", "/b/%zz", Address{}, "InvalidURI"},
		{"", "//k", Address{}, "InvalidBucketName"},
		{"v", "/", Address{"v", ""}, ""},
		{"v", "/k/l", Address{"v", "k/l"}, ""},
		{"v", "//k", Address{"v", "/k"}, ""},
	} {
		got, err := Locate(Host{Bucket: test.bucket}, test.path)
		if e, refused := errors.AsType[*api.Error](err); refused != (test.code != "") || refused && e.Code != test.code {
			t.Errorf("%s: %v, want %q", test.path, err, test.code)
		} else if !refused && got != test.want {
			t.Errorf("%s: %+v, want %+v", test.path, got, test.want)
		}
	}
}
