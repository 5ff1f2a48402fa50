package policy

// Request is what a policy is asked about.
type Request struct {
	// Action is the action with its service prefix, such as "kms:Decrypt".
	Action string
	// Resource is the ARN of the resource, or "*" for an action that has none.
	// Trust policies do not look at it.
	Resource string
	// Principal is the caller; nil for an anonymous one. Identity policies do
	// not look at it.
	Principal *Principal
	// Context has the request's condition keys.
	Context Context
}

// Result is a policy's answer. The zero Result is the implicit deny.
type Result struct {
	// Denied says that a statement explicitly denies the request. Nothing can
	// allow it then, and the fields about an Allow are not filled.
	Denied bool
	// DeniedBy is the first denying statement, nil if there is none.
	DeniedBy *StatementRef
	// Allowed tells how strongly the allowing statements named the caller: the
	// greatest of their matches; NoMatch if none allows. The Allow of an
	// identity policy is ByPrincipal.
	Allowed Match
	// AllowedFirst is the first allowing statement, nil if there is none.
	AllowedFirst *StatementRef

	set matches
}

// AllowedBy reports whether an allowing statement named the caller in the way
// m. Of several ways each counts: a key policy may delegate to the caller's
// account (ByAccount) in one statement and name its role (ByRole) in another.
func (r Result) AllowedBy(m Match) bool { return r.set.has(m) }

var anonymous = &Principal{}

// Evaluate answers a request. An explicit deny wins over every allow.
func (p *Policy) Evaluate(r *Request) Result {
	caller := r.Principal
	if caller == nil {
		caller = anonymous
	}
	for _, s := range p.denies {
		if s.applies(r, caller, 0) != 0 {
			return Result{Denied: true, DeniedBy: &s.ref}
		}
	}
	var result Result
	for _, s := range p.allows {
		set := s.applies(r, caller, result.set)
		if set != 0 && result.set == 0 {
			result.AllowedFirst = &s.ref
		}
		result.set |= set
	}
	result.Allowed = result.set.strongest()
	return result
}

// applies tells in which ways, other than the known ones, the statement is
// about the caller, none if it does not apply to the request. The cheap and
// selective parts come first.
func (s *Statement) applies(r *Request, caller *Principal, known matches) matches {
	if s.inert || !s.actions.covers(r.Action, nil) {
		return 0
	}
	set := s.about(caller) &^ known
	if set == 0 || !s.resources.covers(r.Resource, r.Context) {
		return 0
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(r.Context) {
			return 0
		}
	}
	return set
}

// about tells how the statement names the caller.
func (s *Statement) about(caller *Principal) matches {
	switch {
	case s.anyone:
		return setOf(ByPrincipal)
	case !s.NotPrincipal:
		return named(s.principals, caller)
	case excepted(s.principals, s.Effect, caller):
		return 0
	}
	return setOf(ByWildcard)
}
