package s3sim

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/s3api"
)

const page = "https://page.example"

// browser is a request of a page, as the edge hands it over: with the
// anonymous caller.
func browser(method, path, origin string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Origin", origin)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	return r.WithContext(api.WithCaller(r.Context(), &api.Caller{Partition: "aws", Region: region}))
}

func preflight(path, origin, method string, headers ...string) *http.Request {
	return browser("OPTIONS", path, origin, append(headers, "Access-Control-Request-Method: "+method)...)
}

// shared is a bucket with two rules.
func shared(t *testing.T, origins ...string) (*bench, *CORS) {
	b := newBench(t)
	b.bucket("shared")
	b.bucket("plain")
	_, err := b.PutBucketCors(b.ctx, &s3api.PutBucketCorsRequest{Bucket: "shared", CORSConfiguration: s3api.CORSConfiguration{CORSRules: []s3api.CORSRule{
		{AllowedOrigins: []string{page, "https://*.example.org"}, AllowedMethods: []string{"PUT", "POST"}, AllowedHeaders: []string{"x-amz-*", "Content-Type"},
			ExposeHeaders: []string{"ETag", "x-amz-meta-a"}, MaxAgeSeconds: new(int32(3000))},
		{AllowedOrigins: []string{"*"}, AllowedMethods: []string{"GET"}},
	}}})
	b.ok(err)
	return b, NewCORS(b.service, origins)
}

func TestTheFirstRuleThatMatchesAnswersABrowser(t *testing.T) {
	_, c := shared(t)
	for name, tt := range map[string]struct {
		r    *http.Request
		want http.Header
	}{
		"a rule with an origin": {
			preflight("/shared/key", page, "PUT", "Access-Control-Request-Headers: X-Amz-Date, content-type", "Access-Control-Request-Headers: x-amz-acl"),
			http.Header{
				"Vary":                             {"Origin, Access-Control-Request-Headers, Access-Control-Request-Method"},
				"Access-Control-Allow-Origin":      {page},
				"Access-Control-Allow-Credentials": {"true"},
				"Access-Control-Allow-Methods":     {"PUT, POST"},
				"Access-Control-Allow-Headers":     {"x-amz-date, content-type, x-amz-acl"},
				"Access-Control-Expose-Headers":    {"ETag, x-amz-meta-a"},
				"Access-Control-Max-Age":           {"3000"},
			},
		},
		"a rule for all": {
			preflight("/shared/key", "https://other.example", "GET"),
			http.Header{
				"Vary":                         {"Origin, Access-Control-Request-Headers, Access-Control-Request-Method"},
				"Access-Control-Allow-Origin":  {"*"},
				"Access-Control-Allow-Methods": {"GET"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.Preflight(tt.r, "shared")
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(tt.want) {
				t.Errorf("got %v", got)
			}
			for h, want := range tt.want {
				if got.Get(h) != want[0] {
					t.Errorf("%s: got %q, want %q", h, got.Get(h), want[0])
				}
			}
		})
	}
	if got, err := c.Preflight(preflight("/shared", "https://a.b.example.org", "POST"), "shared"); err != nil || got.Get("Access-Control-Allow-Origin") != "https://a.b.example.org" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAPreflightThatNoRuleAllowsIsRefused(t *testing.T) {
	b, c := shared(t, "http://localhost:*")
	for name, tt := range map[string]struct {
		r                       *http.Request
		bucket, code, sentence  string
		resourceType, forMethod string
	}{
		"another origin":     {preflight("/shared/k", "https://other.example", "PUT"), "shared", "AccessForbidden", corsNotAllowed, "OBJECT", "PUT"},
		"another method":     {preflight("/shared", page, "DELETE"), "shared", "AccessForbidden", corsNotAllowed, "BUCKET", "DELETE"},
		"another header":     {preflight("/", page, "PUT", "Access-Control-Request-Headers: x-amz-date,authorization"), "shared", "AccessForbidden", corsNotAllowed, "BUCKET", "PUT"},
		"headers of no rule": {preflight("/k", page, "GET", "Access-Control-Request-Headers: range"), "shared", "AccessForbidden", corsNotAllowed, "OBJECT", "GET"},
		"an origin let in where nothing is configured": {preflight("/shared/k", "http://localhost:3000", "PUT"), "shared", "AccessForbidden", corsNotAllowed, "OBJECT", "PUT"},
		"nothing configured":                           {preflight("/plain/k", page, "GET"), "plain", "AccessForbidden", corsDisabled, "OBJECT", "GET"},
		"no bucket":                                    {preflight("/none/k", page, "GET"), "none", "AccessForbidden", corsNoBucket, "OBJECT", "GET"},
		"the list of buckets":                          {preflight("/", page, "GET"), "", "AccessForbidden", corsDisabled, "BUCKET", "GET"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.Preflight(tt.r, tt.bucket)
			e := b.fails(err, tt.code, tt.sentence)
			b.field(e, "ResourceType", tt.resourceType)
			b.field(e, "Method", tt.forMethod)
		})
	}
	_, err := c.Preflight(preflight("/shared/k", page, "PATCH"), "shared")
	b.fails(err, "BadRequest", "Invalid Access-Control-Request-Method: PATCH")
}

func TestWithoutAConfigurationTheGivenOriginsMayDoEverything(t *testing.T) {
	b, c := shared(t, "http://localhost", "http://localhost:*")
	for _, bucket := range []string{"plain", "none", ""} {
		for _, method := range corsMethods {
			got, err := c.Preflight(preflight("/", "http://localhost:3000", method, "Access-Control-Request-Headers: x-anything,Authorization"), bucket)
			if err != nil {
				t.Fatal(err)
			}
			b.same("origin", got.Get("Access-Control-Allow-Origin"), "http://localhost:3000")
			b.same("headers", got.Get("Access-Control-Allow-Headers"), "x-anything, authorization")
			exposed := got.Get("Access-Control-Expose-Headers")
			for _, h := range []string{"*", "ETag", "x-amzn-RequestId", "x-amz-server-side-encryption-aws-kms-key-id"} {
				if !strings.Contains(", "+exposed+",", ", "+h+",") {
					t.Errorf("%s is not in %s", h, exposed)
				}
			}
		}
		if got := c.Headers(browser("GET", "/", "http://localhost"), bucket); got.Get("Access-Control-Allow-Origin") != "http://localhost" {
			t.Errorf("%q: got %v", bucket, got)
		}
		if got := c.Headers(browser("GET", "/", "http://localhost.example"), bucket); got != nil {
			t.Errorf("%q: got %v", bucket, got)
		}
	}
	if _, err := NewCORS(b.service, nil).Preflight(preflight("/", "http://localhost", "GET"), "plain"); err == nil {
		t.Error("nobody was to be let in")
	}
}

func TestAnAnswerHasTheHeadersOfItsMethodsRule(t *testing.T) {
	_, c := shared(t)
	got := c.Headers(browser("PUT", "/shared/k", page), "shared")
	if got.Get("Access-Control-Allow-Origin") != page || got.Get("Access-Control-Expose-Headers") != "ETag, x-amz-meta-a" || got.Get("Access-Control-Allow-Headers") != "" {
		t.Errorf("got %v", got)
	}
	if got := c.Headers(browser("GET", "/shared/k", page), "shared"); got.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("got %v", got)
	}
	for _, r := range []*http.Request{browser("HEAD", "/shared/k", page), browser("PUT", "/shared/k", "https://other.example")} {
		if got := c.Headers(r, "shared"); got != nil {
			t.Errorf("%s of %s: got %v", r.Method, r.Header.Get("Origin"), got)
		}
	}
}

func TestABucketOfAnotherPartitionHasNoSay(t *testing.T) {
	_, c := shared(t)
	r := preflight("/shared/k", page, "PUT")
	r = r.WithContext(api.WithCaller(r.Context(), &api.Caller{Partition: "aws-cn"}))
	if _, err := c.Preflight(r, "shared"); err == nil || !strings.Contains(err.Error(), corsNoBucket) {
		t.Errorf("got %v", err)
	}
}
