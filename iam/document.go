package iam

import (
	"errors"
	"net/url"
	"strings"

	"sealstack/policy"
)

// encodeDocument writes a policy document as IAM's answers carry it:
// URL-encoded by RFC 3986, see
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyVersion.html
func encodeDocument(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

// checkIdentityPolicy refuses what cannot be a policy of a user, group or role.
func checkIdentityPolicy(text string) error {
	_, err := policy.Parse(policy.Identity, []byte(text))
	return documentError(err)
}

// checkSessionPolicy refuses what cannot be passed along when a session is
// made: what is no policy of an identity, and incomplete ARNs.
func checkSessionPolicy(text string) error {
	_, err := policy.Parse(policy.Session, []byte(text))
	return documentError(err)
}

// checkManagedPolicy is checkIdentityPolicy for a managed policy, which has a
// limit of its own.
func checkManagedPolicy(text string) error {
	if err := checkIdentityPolicy(text); err != nil {
		return err
	}
	if policy.Size(text) > policy.MaxManagedPolicySize {
		return overQuota("PolicySize", policy.MaxManagedPolicySize)
	}
	return nil
}

// documentError says in AWS's words why a document is no policy.
func documentError(err error) error {
	if err == nil {
		return nil
	}
	var fault *policy.SyntaxError
	if !errors.As(err, &fault) {
		return err
	}
	return malformed(documentSentence(fault))
}

// fixedSentences are those that name nothing of the document. What is not
// among them is a syntax error.
//
// Unverified: all but those for invalid JSON, a prohibited Principal, missing
// resources and the vendor prefix.
var fixedSentences = map[policy.Reason]string{
	policy.NotJSON:          badJSON,
	policy.BadSid:           "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
	policy.DuplicateSid:     "Statement IDs (SID) in a single policy must be unique.",
	policy.MissingPrincipal: "Missing required field Principal",
	policy.MissingAction:    "Policy statement must contain actions.",
	policy.MissingResource:  "Policy statement must contain resources.",
	policy.BadAction:        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
	policy.BadConditionKey:  "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
}

func documentSentence(fault *policy.SyntaxError) string {
	if fixed, ok := fixedSentences[fault.Reason]; ok {
		return fixed
	}
	switch fault.Reason {
	case policy.ProhibitedElement:
		if strings.HasSuffix(fault.Element, "Principal") {
			return "Policy document should not specify a principal."
		}
		return "Has prohibited field " + fault.Element
	case policy.BadPrincipal:
		return invalidPrincipal(fault.Element, fault.Value)
	case policy.BadResource:
		return "Resource " + fault.Value + ` must be in ARN format or "*".`
	case policy.BadOperator:
		return "Invalid Condition type : " + fault.Value + "."
	}
	return badSyntax
}

// invalidPrincipal names a principal that a trust policy may not name.
func invalidPrincipal(element, value string) string {
	return `Invalid principal in policy: "` + strings.ToUpper(element) + `":"` + value + `"`
}
