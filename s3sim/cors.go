package s3sim

import (
	"context"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/s3api"
)

const maxCORSRules = 100

// GetBucketCors returns the rules by which browsers of other sites may come.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketCors.html
func (s *Service) GetBucketCors(ctx context.Context, in *s3api.GetBucketCorsRequest) (*s3api.GetBucketCorsOutput, error) {
	b, v, ok, err := corsRules.open(ctx, s, in.Bucket, in.ExpectedBucketOwner, "GetBucketCORS")
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, notConfigured("NoSuchCORSConfiguration", "The CORS configuration does not exist", b.Name)
	}
	return &s3api.GetBucketCorsOutput{CORSRules: v.CORSRules}, nil
}

// PutBucketCors replaces the rules.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
func (s *Service) PutBucketCors(ctx context.Context, in *s3api.PutBucketCorsRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutBucketCORS")
	if err != nil {
		return nil, err
	}
	if n := len(in.CORSConfiguration.CORSRules); n == 0 || n > maxCORSRules {
		return nil, malformedXML()
	}
	for _, rule := range in.CORSConfiguration.CORSRules {
		if err := checkCORS(rule); err != nil {
			return nil, err
		}
	}
	return nil, corsRules.put(ctx, s, b, in.CORSConfiguration)
}

func checkCORS(rule s3api.CORSRule) error {
	for _, m := range rule.AllowedMethods {
		if !slices.Contains([]string{"GET", "PUT", "HEAD", "POST", "DELETE"}, m) {
			return invalidRequest("Found unsupported HTTP method in CORS config. Unsupported method is " + m)
		}
	}
	for _, o := range rule.AllowedOrigins {
		if strings.Count(o, "*") > 1 {
			return invalidRequest("AllowedOrigin \"" + o + "\" can not have more than one wildcard.")
		}
	}
	for _, h := range rule.AllowedHeaders {
		if strings.Count(h, "*") > 1 {
			return invalidRequest("AllowedHeader \"" + h + "\" can not have more than one wildcard.")
		}
	}
	for _, h := range rule.ExposeHeaders {
		if strings.Contains(h, "*") {
			return invalidRequest("ExposeHeader \"" + h + "\" contains wildcard. We currently do not support wildcard for ExposeHeader.")
		}
	}
	return nil
}

// DeleteBucketCors forgets the rules.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketCors.html
func (s *Service) DeleteBucketCors(ctx context.Context, in *s3api.DeleteBucketCorsRequest) (*api.None, error) {
	return corsRules.drop(ctx, s, in.Bucket, in.ExpectedBucketOwner, "PutBucketCORS")
}

func ruleAllows(rule *s3api.CORSRule, origin, method string, headers []string) bool {
	if !slices.Contains(rule.AllowedMethods, method) || !anyMatches(rule.AllowedOrigins, origin) {
		return false
	}
	for _, h := range headers {
		if !anyMatches(lower(rule.AllowedHeaders), strings.ToLower(h)) {
			return false
		}
	}
	return true
}

func lower(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ToLower(s)
	}
	return out
}

// anyMatches compares with patterns of at most one wildcard.
func anyMatches(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		before, after, wild := strings.Cut(p, "*")
		if !wild {
			return p == text
		}
		return len(text) >= len(before)+len(after) && strings.HasPrefix(text, before) && strings.HasSuffix(text, after)
	})
}
