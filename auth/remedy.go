package auth

import (
	"cmp"
	"strings"

	"sealstack/api"
	"sealstack/policy"
)

// Remedy is one way to make a denied request allowed: all of Remove and all of
// Add are needed. There may be other ways.
type Remedy struct {
	Remove []Citation `json:"remove,omitempty"` // the statements that deny
	Add    []Missing  `json:"add,omitempty"`    // the statements that nobody wrote
	// Never says that no policy can allow the request: the action does not
	// reach into other accounts.
	Never bool `json:"never,omitempty"`
}

// Missing is a statement that would allow the request, and where it is wanted.
type Missing struct {
	Kind      Kind      `json:"kind"`
	Target    string    `json:"target,omitempty"` // of a control policy
	Of        string    `json:"of,omitempty"`     // ARN of the caller's user or role, or of the resource
	Statement Statement `json:"statement"`
	// Nearest is the statement there is that comes closest, with what keeps it
	// from applying.
	Nearest *Citation `json:"nearest,omitempty"`
}

// Statement is a statement to be put into a policy.
type Statement struct {
	Effect    policy.Effect `json:"Effect"`
	Principal any           `json:"Principal,omitempty"` // "*", or a map with one member
	Action    string        `json:"Action"`
	Resource  string        `json:"Resource,omitempty"` // none in a trust policy
}

// remedy finds what would have allowed a denied request.
func (q *question) remedy(e *Explanation) *Remedy {
	h := healer{q: q, e: e}
	for _, applied := range e.Applied {
		if applied.Effect == policy.Deny {
			h.Remove = append(h.Remove, applied)
		}
	}
	h.levels(ServiceControl, q.serviceControl())
	h.levels(ResourceControl, q.resourceControl())
	switch e.Relation {
	case Outside:
		h.outside()
	case SameAccount:
		h.sameAccount()
	default:
		h.otherAccount()
	}
	return &h.Remedy
}

// healer collects a remedy.
type healer struct {
	Remedy
	q *question
	e *Explanation
}

// allows reports whether a policy of the kind has an Allow that applies, be
// there a Deny beside it or not.
func (h *healer) allows(kind Kind, target string) bool {
	for _, t := range h.e.Policies {
		if t.Kind == kind && t.Target == target && t.Allows {
			return true
		}
	}
	return false
}

// named reports whether an Allow in the resource's policy names the caller in
// that way, or in a stronger one.
func (h *healer) named(at policy.Match) bool {
	for _, t := range h.e.Policies {
		for _, s := range t.Statements {
			if t.Kind == ResourceBased && s.Applies && s.Effect == policy.Allow && s.Principal >= at {
				return true
			}
		}
	}
	return false
}

func (h *healer) levels(kind Kind, levels []Level) {
	for _, level := range levels {
		if h.allows(kind, level.Target) {
			continue
		}
		s := Statement{Effect: policy.Allow, Action: h.e.Action, Resource: h.e.Resource}
		if kind == ResourceControl {
			s.Principal = "*"
		}
		h.add(Missing{Kind: kind, Target: level.Target, Statement: s})
	}
}

func (h *healer) outside() {
	if h.Never = h.q.caller.Type == api.Anonymous && h.q.request.Local; h.Never {
		return
	}
	if !h.named(policy.ByAccount) && h.e.Grant < ToCaller {
		h.resource()
	}
}

// sameAccount: a statement about the caller is enough, or one of its own
// policies where the resource's account may decide.
func (h *healer) sameAccount() {
	switch {
	case h.named(policy.ByPrincipal) || h.e.Grant >= ToCaller:
	case h.named(policy.ByRole):
		h.limits()
	case !h.q.request.Gate || h.named(policy.ByAccount) || h.e.Grant == ToAccount:
		h.identity()
		h.limits()
	default:
		h.resource()
		if h.q.caller.Type == api.AssumedRole {
			h.limits() // it is the role that is named
		}
	}
}

func (h *healer) otherAccount() {
	if h.Never = h.q.request.Local; h.Never || h.e.Grant == Vouched {
		return
	}
	h.identity()
	h.limits()
	if !h.named(policy.ByAccount) && h.e.Grant == NoGrant {
		h.resource()
	}
}

// identity wants an identity-based policy.
func (h *healer) identity() {
	if h.q.caller.Type != api.Root {
		h.own(IdentityBased)
	}
}

// limits wants boundary and session policies to allow, where there are any.
func (h *healer) limits() {
	if h.q.attached.Boundary != nil {
		h.own(Boundary)
	}
	if h.q.attached.Session != nil {
		h.own(SessionPolicy)
	}
}

func (h *healer) own(kind Kind) {
	if h.allows(kind, "") {
		return
	}
	c := h.q.caller
	h.add(Missing{
		Kind: kind, Of: cmp.Or(c.Issuer, c.ARN),
		Statement: Statement{Effect: policy.Allow, Action: h.e.Action, Resource: h.e.Resource},
	})
}

// resource wants a statement in the resource's policy.
func (h *healer) resource() {
	s := Statement{Effect: policy.Allow, Principal: principalElement(h.q.caller), Action: h.e.Action, Resource: h.e.Resource}
	switch {
	case strings.HasPrefix(s.Action, "sts:"):
		s.Resource = ""
	case h.q.request.Gate:
		s.Resource = "*" // in a key policy: the key
	}
	h.add(Missing{Kind: ResourceBased, Of: h.e.Resource, Statement: s})
}

// principalElement names the caller as a policy would: a session by its role.
func principalElement(c *api.Caller) any {
	switch c.Type {
	case api.Anonymous:
		return "*"
	case api.AWSService:
		return map[string]string{"Service": c.ARN}
	case api.AssumedRole:
		return map[string]string{"AWS": c.Issuer}
	}
	return map[string]string{"AWS": c.ARN}
}

// add takes a missing statement, with the one that comes nearest to it.
func (h *healer) add(m Missing) {
	for i := range h.e.Policies {
		t := &h.e.Policies[i]
		if t.Kind == m.Kind && t.Target == m.Target {
			m.Nearest = nearer(m.Nearest, t)
		}
	}
	h.Add = append(h.Add, m)
}

// nearer looks for an Allow with fewer obstacles than the best so far. One that
// is about another action is not near.
func nearer(best *Citation, t *PolicyTrace) *Citation {
	for i := range t.Statements {
		s := &t.Statements[i]
		if s.Effect != policy.Allow || s.Applies || !s.Action {
			continue
		}
		if best == nil || len(s.Obstacles) < len(best.Obstacles) {
			c := t.cite(s)
			best = &c
		}
	}
	return best
}
