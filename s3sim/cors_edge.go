package s3sim

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/storage"
)

// CORS tells the edge what pages of other origins may do, by the buckets'
// configurations. A bucket that has one is governed by it alone. For those that
// have none, are not there yet, and for the list of buckets, where AWS lets no
// page through, the origins given to [NewCORS] may do everything.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
type CORS struct {
	service *Service
	open    []s3api.CORSRule
}

// NewCORS returns the rules of a service's buckets. Each of the origins may
// have one "*". Without origins it does as AWS does.
func NewCORS(s *Service, origins []string) *CORS {
	c := &CORS{service: s}
	if len(origins) > 0 {
		c.open = []s3api.CORSRule{{
			AllowedOrigins: origins, AllowedMethods: corsMethods, AllowedHeaders: []string{"*"}, ExposeHeaders: openHeaders,
		}}
	}
	return c
}

var corsMethods = []string{"GET", "PUT", "HEAD", "POST", "DELETE"}

// openHeaders are what a page may read of an answer. "*" stands for all,
// metadata among them, where a page sends no credentials of the browser's; the
// names are for the others.
var openHeaders = []string{
	"*", "ETag", "Content-Range", "x-amz-request-id", "x-amz-id-2", "x-amzn-RequestId", "x-amz-version-id", "x-amz-delete-marker",
	headerSSE, headerKMSKey, headerContext, headerSSE + "-bucket-key-enabled", headerCustomer, headerSSE + "-customer-key-MD5",
}

const (
	corsDisabled   = "CORSResponse: CORS is not enabled for this bucket."
	corsNoBucket   = "CORSResponse: Bucket not found"
	corsNotAllowed = "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / " +
		"Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)

// Preflight returns the headers of the answer to a preflight request. The
// errors are BadRequest for a method that no configuration can allow, and
// AccessForbidden.
//
// Unverified: the sentence about a bucket that is not there.
func (c *CORS) Preflight(r *http.Request, bucket string) (http.Header, error) {
	method := r.Header.Get("Access-Control-Request-Method")
	if !slices.Contains(corsMethods, method) {
		return nil, badRequest("BadRequest", "Invalid Access-Control-Request-Method: "+method)
	}
	rules, otherwise, err := c.rules(r.Context(), bucket)
	if err != nil {
		return nil, err
	}
	asked := headerList(r.Header)
	rule := firstRule(rules, r.Header.Get("Origin"), method, asked)
	if rule == nil {
		return nil, fail("AccessForbidden", http.StatusForbidden, otherwise).With("Method", method).With("ResourceType", resourceType(r, bucket))
	}
	h := corsHeaders(rule, r.Header.Get("Origin"))
	if len(asked) > 0 {
		h.Set("Access-Control-Allow-Headers", strings.Join(asked, ", "))
	}
	return h, nil
}

// Headers returns the headers of any other answer; nil for a page that may not
// read it.
func (c *CORS) Headers(r *http.Request, bucket string) http.Header {
	rules, _, err := c.rules(r.Context(), bucket)
	rule := firstRule(rules, r.Header.Get("Origin"), r.Method, nil)
	if err != nil || rule == nil {
		return nil
	}
	return corsHeaders(rule, r.Header.Get("Origin"))
}

// rules returns the rules that hold for a bucket, and what is said to whom
// they do not let through.
func (c *CORS) rules(ctx context.Context, bucket string) (rules []s3api.CORSRule, otherwise string, err error) {
	if bucket == "" {
		return c.open, corsDisabled, nil
	}
	var found s3api.CORSConfiguration
	missing := false
	err = c.service.view(ctx, func(tx storage.Tx) error {
		b, err := load(tx, partitionOf(ctx), bucket)
		if missing = isMissing(err); missing {
			return storage.ErrNotFound
		}
		if err != nil {
			return err
		}
		found, err = corsRules.table.Get(tx, b.at())
		return err
	})
	switch {
	case missing:
		return c.open, corsNoBucket, nil
	case errors.Is(err, storage.ErrNotFound):
		return c.open, corsDisabled, nil
	}
	return found.CORSRules, corsNotAllowed, err
}

func isMissing(err error) bool {
	e, ok := errors.AsType[*api.Error](err)
	return ok && e.Code == "NoSuchBucket"
}

// firstRule returns the first rule that allows a request, as S3 takes no
// other.
func firstRule(rules []s3api.CORSRule, origin, method string, headers []string) *s3api.CORSRule {
	for i := range rules {
		if ruleAllows(&rules[i], origin, method, headers) {
			return &rules[i]
		}
	}
	return nil
}

// headerList are the headers that a page wants to send, in lower case.
func headerList(h http.Header) (names []string) {
	for name := range strings.SplitSeq(strings.Join(h.Values("Access-Control-Request-Headers"), ","), ",") {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// corsHeaders are the headers under a rule. An answer to any origin is for
// pages without credentials only.
func corsHeaders(rule *s3api.CORSRule, origin string) http.Header {
	h := http.Header{}
	h.Set("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
	h.Set("Access-Control-Allow-Methods", strings.Join(rule.AllowedMethods, ", "))
	if slices.Contains(rule.AllowedOrigins, "*") {
		h.Set("Access-Control-Allow-Origin", "*")
	} else {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if len(rule.ExposeHeaders) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(rule.ExposeHeaders, ", "))
	}
	if rule.MaxAgeSeconds != nil {
		h.Set("Access-Control-Max-Age", strconv.Itoa(int(*rule.MaxAgeSeconds)))
	}
	return h
}

// resourceType says what a request is for, in the words of an error.
func resourceType(r *http.Request, bucket string) string {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if first, rest, _ := strings.Cut(path, "/"); first == bucket {
		path = rest
	}
	if path == "" {
		return "BUCKET"
	}
	return "OBJECT"
}
