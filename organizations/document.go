package organizations

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	org "sealstack/api/organizationsapi"
	"sealstack/policy"
)

// compile reads the document of a policy: a service control policy is written
// like one of a user or role, a resource control policy like a resource's.
func compile(t org.PolicyType, text string) (*policy.Policy, error) {
	kind := policy.Identity
	if t == org.PolicyTypeResourceControlPolicy {
		kind = policy.Resource
	}
	p, err := policy.Parse(kind, []byte(text))
	if err != nil {
		return nil, fmt.Errorf("organizations: %s: %w", t, err)
	}
	return p, nil
}

// checkDocument refuses what cannot be a policy of the type. All characters
// count against its size, white space among them:
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
//
// Unverified: AWS refuses a document without Version, as the guide asks for
// one; what the guide does not say about Sids and ARNs is as in IAM.
func checkDocument(t org.PolicyType, text string) error {
	if utf8.RuneCountInString(text) > limitsOf[t].size {
		return tooLong()
	}
	p, err := compile(t, text)
	if err != nil || p.Version != policy.CurrentVersion {
		return malformed()
	}
	if t == org.PolicyTypeResourceControlPolicy && !guardsResources(p, text) {
		return malformed()
	}
	return nil
}

// guardsResources reports whether a document is within the language of resource
// control policies: each statement denies, to "*", actions of named services;
// there is no NotAction and no NotPrincipal.
//
// Unverified: {"AWS": "*"} is refused, and a wildcard in the name of a service.
func guardsResources(p *policy.Policy, text string) bool {
	for i := range p.Statements {
		s := &p.Statements[i]
		if s.Effect != policy.Deny || s.NotPrincipal || !namesEveryone(s) || !namesServices(s) {
			return false
		}
	}
	return !hasNotAction(text)
}

func namesEveryone(s *policy.Statement) bool {
	who := s.Principals()
	return len(who) == 1 && who[0].Value == "*" && who[0].Element == ""
}

func namesServices(s *policy.Statement) bool {
	for _, action := range s.Actions() {
		service, _, _ := strings.Cut(action, ":")
		if strings.ContainsAny(service, "*?") {
			return false
		}
	}
	return true
}

// hasNotAction looks into the text of a document that is well-formed: its
// Statement is an object or a list of objects.
func hasNotAction(text string) bool {
	var one struct{ Statement map[string]json.RawMessage }
	var many struct{ Statement []map[string]json.RawMessage }
	if json.Unmarshal([]byte(text), &one) == nil {
		many.Statement = append(many.Statement, one.Statement)
	} else if json.Unmarshal([]byte(text), &many) != nil {
		return true
	}
	for _, s := range many.Statement {
		if _, has := s["NotAction"]; has {
			return true
		}
	}
	return false
}
