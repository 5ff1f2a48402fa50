package auth

import (
	"cmp"

	"sealstack/api"
)

// sentence returns AWS's words for a denial:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
//
// Unverified: who stands in for a caller without an ARN.
func (d Decision) sentence(c *api.Caller, r *Request) string {
	who, on := cmp.Or(c.ARN, "anonymous"), " on "+cmp.Or(r.Shown, "resource: "+r.Resource)
	if r.Unnamed {
		on = ""
	}
	return "User: " + who + " is not authorized to perform: " + r.Action + on + " " + d.why(r.Action)
}

// why gives the end of the sentence. "sessions policy" is AWS's spelling.
//
// Unverified: that no resource control policy allows is worded like the others.
// For service control policies AWS used to speak of an explicit deny even where
// there was none.
func (d Decision) why(action string) string {
	switch d.Reason {
	case CrossAccount:
		return "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
	case DeniedByIdentity:
		return "with an explicit deny in an identity-based policy"
	case DeniedByResource:
		return "with an explicit deny in a resource-based policy"
	case DeniedByBoundary:
		return "with an explicit deny in a permissions boundary"
	case DeniedBySession:
		return "with an explicit deny in a sessions policy"
	case DeniedByServiceControl:
		return "with an explicit deny in a service control policy"
	case DeniedByResourceControl:
		return "with an explicit deny in a resource control policy"
	}
	return "because no " + silentPolicies[d.Reason] + " allows the " + action + " action"
}

var silentPolicies = map[Reason]string{
	NoIdentityPolicy: "identity-based policy", NoResourcePolicy: "resource-based policy",
	NoBoundary: "permissions boundary", NoSessionPolicy: "session policy",
	NoServiceControl: "service control policy", NoResourceControl: "resource control policy",
}
