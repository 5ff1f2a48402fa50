package s3sim

import (
	"strings"

	"sealstack/api/s3api"
)

// checkWebsite refuses a configuration that no website could follow.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html
func checkWebsite(c *s3api.WebsiteConfiguration) error {
	if c.RedirectAllRequestsTo != nil {
		if len(c.RoutingRules) > 0 || c.IndexDocument != nil || c.ErrorDocument != nil {
			return invalidArgument("RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.", "RedirectAllRequestsTo", "not null")
		}
		return nil
	}
	if c.IndexDocument == nil {
		return invalidArgument("A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty", "IndexDocument", "null")
	}
	if suffix := c.IndexDocument.Suffix; suffix == "" || strings.Contains(suffix, "/") {
		return invalidArgument("The IndexDocument Suffix is not well formed", "IndexDocument", suffix)
	}
	for i := range c.RoutingRules {
		if err := checkRoute(&c.RoutingRules[i]); err != nil {
			return err
		}
	}
	return nil
}

func checkRoute(r *s3api.RoutingRule) error {
	code := value(r.Redirect.HttpRedirectCode)
	switch {
	case r.Condition != nil && r.Condition.HttpErrorCodeReturnedEquals == nil && r.Condition.KeyPrefixEquals == nil:
		return invalidRequest("Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.")
	case r.Redirect.ReplaceKeyWith != nil && r.Redirect.ReplaceKeyPrefixWith != nil:
		return invalidRequest("You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
	case code != "" && (len(code) != 3 || code <= "300" || code > "399"):
		return invalidRequest("The provided HTTP redirect code (" + code + ") is not valid. Valid codes are 3XX except 300.")
	}
	return nil
}
