package s3sim

import (
	"testing"

	"sealstack/api/s3api"
)

func TestAWebsiteMustBeOneThatCanBeFollowed(t *testing.T) {
	index := &s3api.IndexDocument{Suffix: "index.html"}
	elsewhere := &s3api.RedirectAllRequestsTo{HostName: "example.com"}
	route := func(change func(*s3api.RoutingRule)) s3api.WebsiteConfiguration {
		r := s3api.RoutingRule{Condition: &s3api.Condition{KeyPrefixEquals: new("a/")}, Redirect: s3api.Redirect{ReplaceKeyPrefixWith: new("b/")}}
		change(&r)
		return s3api.WebsiteConfiguration{IndexDocument: index, RoutingRules: []s3api.RoutingRule{r}}
	}
	code := func(n string) s3api.WebsiteConfiguration {
		return route(func(r *s3api.RoutingRule) { r.Redirect.HttpRedirectCode = &n })
	}
	const badCode = " is not valid. Valid codes are 3XX except 300."
	for name, tt := range map[string]struct {
		c             s3api.WebsiteConfiguration
		code, message string // empty: it is taken
	}{
		"an index":           {s3api.WebsiteConfiguration{IndexDocument: index, ErrorDocument: &s3api.ErrorDocument{Key: "e"}}, "", ""},
		"elsewhere":          {s3api.WebsiteConfiguration{RedirectAllRequestsTo: elsewhere}, "", ""},
		"nothing":            {s3api.WebsiteConfiguration{}, "InvalidArgument", "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty"},
		"both":               {s3api.WebsiteConfiguration{RedirectAllRequestsTo: elsewhere, IndexDocument: index}, "InvalidArgument", "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."},
		"an index in folder": {s3api.WebsiteConfiguration{IndexDocument: &s3api.IndexDocument{Suffix: "a/b"}}, "InvalidArgument", "The IndexDocument Suffix is not well formed"},
		"an index unnamed":   {s3api.WebsiteConfiguration{IndexDocument: &s3api.IndexDocument{}}, "InvalidArgument", "The IndexDocument Suffix is not well formed"},
		"a route":            {route(func(*s3api.RoutingRule) {}), "", ""},
		"an empty condition": {route(func(r *s3api.RoutingRule) { r.Condition = &s3api.Condition{} }), "InvalidRequest", "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present."},
		"two new keys":       {route(func(r *s3api.RoutingRule) { r.Redirect.ReplaceKeyWith = new("c") }), "InvalidRequest", "You can only define ReplaceKeyPrefix or ReplaceKey but not both."},
		"301":                {code("301"), "", ""},
		"300":                {code("300"), "InvalidRequest", "The provided HTTP redirect code (300)" + badCode},
		"404":                {code("404"), "InvalidRequest", "The provided HTTP redirect code (404)" + badCode},
		"words":              {code("3xx1"), "InvalidRequest", "The provided HTTP redirect code (3xx1)" + badCode},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.bucket("logs")
			_, err := b.PutBucketWebsite(b.ctx, &s3api.PutBucketWebsiteRequest{Bucket: "logs", WebsiteConfiguration: tt.c})
			if tt.code == "" {
				b.ok(err)
				return
			}
			b.fails(err, tt.code, tt.message)
		})
	}
}
