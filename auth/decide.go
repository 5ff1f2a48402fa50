package auth

import (
	"sealstack/api"
	"sealstack/policy"
)

// Reason says why a call is denied.
type Reason uint8

// The reasons, as AWS's sentences tell them apart.
const (
	NotDenied               Reason = iota
	NoIdentityPolicy               // no identity-based policy allows it
	NoResourcePolicy               // no resource-based policy allows it
	NoBoundary                     // the permissions boundary does not allow it
	NoSessionPolicy                // no session policy allows it
	CrossAccount                   // another account's key or role, which does not allow it or does not exist
	DeniedByIdentity               // explicit deny in an identity-based policy
	DeniedByResource               // explicit deny in the resource's policy
	DeniedByBoundary               // explicit deny in the permissions boundary
	DeniedBySession                // explicit deny in a session policy
	NoServiceControl               // a level of the caller's organization does not allow it
	NoResourceControl              // a level of the owner's organization does not allow it
	DeniedByServiceControl         // explicit deny in a service control policy
	DeniedByResourceControl        // explicit deny in a resource control policy
)

var reasonNames = [...]string{
	"", "NoIdentityPolicy", "NoResourcePolicy", "NoBoundary", "NoSessionPolicy", "CrossAccount",
	"DeniedByIdentity", "DeniedByResource", "DeniedByBoundary", "DeniedBySession",
	"NoServiceControl", "NoResourceControl", "DeniedByServiceControl", "DeniedByResourceControl",
}

// String returns the name of the constant; empty for NotDenied.
func (r Reason) String() string { return reasonNames[r] }

// MarshalText makes the JSON form of a Reason its name.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Decision is the outcome of a [Request].
type Decision struct {
	Allowed bool
	Reason  Reason // why not
}

func denied(r Reason) Decision { return Decision{Reason: r} }

var allowed = Decision{Allowed: true}

// side is what the caller's own policies say.
type side struct {
	control  bool // the service control policies allow it, or there are none
	identity bool // an identity-based policy allows it, or the caller is root
	boundary bool // the permissions boundary allows it, or there is none
	session  bool // the session policies allow it, or there are none
}

// within reports whether boundary and session leave the call possible.
func (s side) within() bool { return s.boundary && s.session }

// whole reports whether the caller's policies allow the call by themselves.
func (s side) whole() bool { return s.identity && s.within() }

// decide evaluates the policies. An explicit deny anywhere wins, then the
// organizations must allow, then it depends on who owns the resource.
//
// Unverified: of several reasons AWS names one and does not say which. Here it
// is the first of service control, resource control, identity, boundary,
// session and resource policy.
func (q *question) decide() Decision {
	mine, reason := q.evaluateSide()
	if reason != NotDenied {
		return denied(reason)
	}
	controlled, refused := q.askLevels(q.resourceControl())
	if refused {
		return denied(DeniedByResourceControl)
	}
	var theirs policy.Result
	if q.request.Policy != nil {
		theirs = q.request.Policy.Evaluate(&q.ask)
	}
	if theirs.Denied && !q.hidden() {
		return denied(DeniedByResource)
	}
	switch {
	case !mine.control:
		return denied(NoServiceControl)
	case !controlled:
		return denied(NoResourceControl)
	}
	switch q.relation() {
	case Outside:
		return q.outside(theirs)
	case SameAccount:
		return q.sameAccount(mine, theirs)
	}
	return q.otherAccount(mine, theirs)
}

// Relation is how the caller stands to the account of the resource.
type Relation string

// The relations.
const (
	SameAccount  Relation = "same account"
	OtherAccount Relation = "other account"
	Outside      Relation = "outside" // services and anonymous callers, who have no account
)

func (q *question) relation() Relation {
	switch c := q.caller; {
	case c.Type == api.AWSService || c.Type == api.Anonymous:
		return Outside
	case q.owner() == c.Account:
		return SameAccount
	}
	return OtherAccount
}

// hidden reports whether the caller must not learn whether the resource
// exists: KMS answers for a key of another account as for one that is not
// there, even if the key's policy denies.
func (q *question) hidden() bool { return q.request.Gate && q.relation() == OtherAccount }

// evaluateSide asks the caller's own policies. The reason is an explicit deny
// in one of them.
func (q *question) evaluateSide() (s side, reason Reason) {
	var denies bool
	if s.control, denies = q.askLevels(q.serviceControl()); denies {
		return side{}, DeniedByServiceControl
	}
	if s.identity, denies = q.askAll(q.attached.Policies); denies {
		return side{}, DeniedByIdentity
	}
	s.identity = s.identity || q.caller.Type == api.Root
	if s.boundary, denies = q.askBoundary(); denies {
		return side{}, DeniedByBoundary
	}
	s.session = true
	if q.attached.Session != nil {
		if s.session, denies = q.askAll(q.attached.Session); denies {
			return side{}, DeniedBySession
		}
	}
	return s, NotDenied
}

func (q *question) askBoundary() (allows, denies bool) {
	if q.attached.Boundary == nil {
		return true, false
	}
	res := q.attached.Boundary.Evaluate(&q.ask)
	return res.Allowed != policy.NoMatch, res.Denied
}

// askAll reports whether any of the policies allows, and whether any denies.
func (q *question) askAll(policies []*policy.Policy) (allows, denies bool) {
	for _, p := range policies {
		res := p.Evaluate(&q.ask)
		if res.Denied {
			return false, true
		}
		allows = allows || res.Allowed != policy.NoMatch
	}
	return allows, false
}

// outside decides for callers without an account: the resource's policy alone
// counts, and a grant.
func (q *question) outside(theirs policy.Result) Decision {
	if q.caller.Type == api.Anonymous && q.request.Local {
		return denied(NoResourcePolicy)
	}
	if theirs.Allowed != policy.NoMatch || q.granted() >= ToCaller {
		return allowed
	}
	return denied(NoResourcePolicy)
}

// sameAccount decides where the caller's account owns the resource.
//
// Being named as user, session or root user is final, and so is "*": what the
// caller's own policies do not say limits nothing. A role's ARN, or that of the
// user behind a federated session, gives no more than boundary and session
// policies allow. An account's name only lets its IAM policies decide.
//
// Unverified: "*" is final for sessions too; neither boundary nor session
// policies limit a grant.
func (q *question) sameAccount(mine side, theirs policy.Result) Decision {
	switch {
	case theirs.AllowedBy(policy.ByPrincipal), theirs.AllowedBy(policy.ByWildcard):
		return allowed
	case theirs.AllowedBy(policy.ByRole) && mine.within():
		return allowed
	}
	delegated := !q.request.Gate || theirs.AllowedBy(policy.ByAccount)
	if delegated && mine.whole() {
		return allowed
	}
	switch q.granted() {
	case ToCaller, Vouched:
		return allowed
	case ToAccount:
		if delegated = true; mine.whole() {
			return allowed
		}
	}
	return denied(lacking(mine, theirs.AllowedBy(policy.ByRole), delegated))
}

// lacking says which policy would have had to allow what was not allowed. With
// the key policy and the identity policies both silent, it is the latter if the
// key policy leaves the decision to them.
func lacking(mine side, named, delegated bool) Reason {
	if !named && !delegated {
		return NoResourcePolicy
	}
	if !named && !mine.identity {
		return NoIdentityPolicy
	}
	return mine.limit()
}

// limit says which of boundary and session policies stands in the way.
func (s side) limit() Reason {
	if !s.boundary {
		return NoBoundary
	}
	return NoSessionPolicy
}

// otherAccount decides where another account owns the resource: both sides
// must allow. What the caller's side lacks is named first.
//
// Unverified: that order. It tells nothing about a resource that is hidden.
func (q *question) otherAccount(mine side, theirs policy.Result) Decision {
	silent := NoResourcePolicy
	if q.request.Gate {
		silent = CrossAccount
	}
	switch {
	case q.request.Local:
		return denied(silent)
	case mine.whole() && theirs.Allowed != policy.NoMatch:
		return allowed
	case !theirs.Denied && q.bridged(mine):
		return allowed
	case !mine.identity:
		return denied(NoIdentityPolicy)
	case !mine.within():
		return denied(mine.limit())
	}
	return denied(silent)
}

// bridged reports whether a grant lets the caller of another account in.
func (q *question) bridged(mine side) bool {
	g := q.granted()
	return g == Vouched || g != NoGrant && mine.whole()
}
