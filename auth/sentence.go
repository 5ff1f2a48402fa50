package auth

import (
	"cmp"

	"sealstack/api"
)

// sentence returns AWS's words for a denial:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func (d Decision) sentence(c *api.Caller, r *Request) string {
	who := cmp.Or(c.ARN, "anonymous")
	return "User: " + who + " is not authorized to perform: " + r.Action +
		" on " + cmp.Or(r.Shown, "resource: "+r.Resource) + " " + d.why(r.Action)
}

func (d Decision) why(action string) string {
	switch d.Reason {
	case NoIdentityPolicy:
		return "because no identity-based policy allows the " + action + " action"
	case NoResourcePolicy:
		return "because no resource-based policy allows the " + action + " action"
	case NoBoundary:
		return "because no permissions boundary allows the " + action + " action"
	case NoSessionPolicy:
		return "because no session policy allows the " + action + " action"
	case DeniedByIdentity:
		return "with an explicit deny in an identity-based policy"
	case DeniedByResource:
		return "with an explicit deny in a resource-based policy"
	case DeniedByBoundary:
		return "with an explicit deny in a permissions boundary"
	case DeniedBySession:
		return "with an explicit deny in a sessions policy"
	}
	return "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
}
