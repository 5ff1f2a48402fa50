package auth

import (
	"context"

	"sealstack/api"
	"sealstack/policy"
)

// Reason says why a call is denied.
type Reason uint8

// The reasons, as AWS's sentences tell them apart.
const (
	NotDenied        Reason = iota
	NoIdentityPolicy        // no identity-based policy allows it
	NoResourcePolicy        // no resource-based policy allows it
	NoBoundary              // the permissions boundary does not allow it
	NoSessionPolicy         // no session policy allows it
	CrossAccount            // another account's resource, with one of the two sides missing
	DeniedByIdentity        // explicit deny in an identity-based policy
	DeniedByResource        // explicit deny in the resource's policy
	DeniedByBoundary        // explicit deny in the permissions boundary
	DeniedBySession         // explicit deny in a session policy
)

// Decision is the outcome of a [Request].
type Decision struct {
	Allowed bool
	Reason  Reason // why not
}

func denied(r Reason) Decision { return Decision{Reason: r} }

var allowed = Decision{Allowed: true}

// side is what the caller's own policies say.
type side struct {
	identity bool // an identity-based policy allows it, or the caller is root
	boundary bool // the permissions boundary allows it, or there is none
	session  bool // the session policies allow it, or there are none
}

// whole reports whether the caller's side allows the call by itself.
func (s side) whole() bool { return s.identity && s.boundary && s.session }

// Decide evaluates every policy that applies to the request of the caller in
// ctx. An error means that the caller's policies could not be read.
func (a *Authorizer) Decide(ctx context.Context, r *Request) (Decision, error) {
	c := api.CallerOf(ctx)
	attached, err := a.attached(ctx, c)
	if err != nil {
		return Decision{}, err
	}
	q := a.question(c, r, attached)
	mine, reason := evaluateSide(c, attached, q)
	if reason != NotDenied {
		return denied(reason), nil
	}
	var theirs policy.Result
	if r.Policy != nil {
		theirs = r.Policy.Evaluate(q)
	}
	if theirs.Denied {
		return denied(DeniedByResource), nil
	}
	switch {
	case c.Type == api.AWSService || c.Type == api.Anonymous:
		return outsider(r, theirs), nil
	case r.Account == "" || r.Account == c.Account:
		return sameAccount(r, mine, theirs), nil
	}
	return otherAccount(r, mine, theirs), nil
}

// attached returns the identity policies of the caller. A service that passes
// on a user's request acts with the user's rights.
func (a *Authorizer) attached(ctx context.Context, c *api.Caller) (Attached, error) {
	if c.Type != api.User && c.Type != api.AssumedRole && c.Type != api.FederatedUser {
		return Attached{}, nil
	}
	return a.identities.Attached(ctx, c)
}

// evaluateSide asks the caller's own policies. The reason is an explicit deny
// in one of them.
func evaluateSide(c *api.Caller, attached Attached, q *policy.Request) (side, Reason) {
	allows, denies := ask(attached.Policies, q)
	if denies {
		return side{}, DeniedByIdentity
	}
	s := side{identity: allows || c.Type == api.Root, boundary: true, session: true}
	if attached.Boundary != nil {
		if s.boundary, denies = ask([]*policy.Policy{attached.Boundary}, q); denies {
			return side{}, DeniedByBoundary
		}
	}
	if attached.Session != nil {
		if s.session, denies = ask(attached.Session, q); denies {
			return side{}, DeniedBySession
		}
	}
	return s, NotDenied
}

// ask reports whether any of the policies allows, and whether any denies.
func ask(policies []*policy.Policy, q *policy.Request) (allows, denies bool) {
	for _, p := range policies {
		res := p.Evaluate(q)
		if res.Denied {
			return false, true
		}
		allows = allows || res.Allowed != 0
	}
	return allows, false
}

// outsider decides for callers without an account: the resource's policy
// alone counts, and a grant.
func outsider(r *Request, theirs policy.Result) Decision {
	if theirs.AllowedBy(policy.ByPrincipal) || theirs.AllowedBy(policy.ByWildcard) || r.granted() {
		return allowed
	}
	return denied(NoResourcePolicy)
}

// sameAccount decides where the caller's account owns the resource.
func sameAccount(r *Request, mine side, theirs policy.Result) Decision {
	switch {
	case theirs.AllowedBy(policy.ByPrincipal), theirs.AllowedBy(policy.ByWildcard):
		return allowed
	case theirs.AllowedBy(policy.ByRole) && mine.boundary && mine.session:
		return allowed
	case mine.whole() && (!r.Gate || theirs.AllowedBy(policy.ByAccount)):
		return allowed
	case r.granted():
		return allowed
	}
	return denied(missing(r, mine, theirs))
}

// missing says which policy would have had to allow what was not allowed.
func missing(r *Request, mine side, theirs policy.Result) Reason {
	direct := theirs.AllowedBy(policy.ByRole)
	switch {
	case r.Gate && !direct && !theirs.AllowedBy(policy.ByAccount):
		return NoResourcePolicy
	case !direct && !mine.identity:
		return NoIdentityPolicy
	case !mine.boundary:
		return NoBoundary
	}
	return NoSessionPolicy
}

// otherAccount decides where another account owns the resource: both sides
// must allow.
func otherAccount(r *Request, mine side, theirs policy.Result) Decision {
	if !r.Local && mine.whole() && (theirs.Allowed != 0 || r.granted()) {
		return allowed
	}
	return denied(CrossAccount)
}

func (r *Request) granted() bool { return r.Granted != nil && r.Granted() }
