package auth

import (
	"context"

	"sealstack/policy"
)

// told is the decision and the request of which a denial speaks. To a caller
// of another account whom the resource does not let in it must tell nothing of
// the resource: neither that it exists nor how it is tagged.
func (a *Authorizer) told(ctx context.Context, q *question, d Decision) (Decision, *Request, error) {
	blind := q.request.Blind
	if blind == nil || q.welcome() {
		return d, &q.request, nil
	}
	d, err := a.Decide(ctx, blind)
	return d, blind, err
}

// welcome reports whether the resource's side lets the caller in.
func (q *question) welcome() bool {
	if q.granted() != NoGrant {
		return true
	}
	if q.request.Policy == nil {
		return false
	}
	theirs := q.request.Policy.Evaluate(&q.ask)
	return !theirs.Denied && theirs.Allowed != policy.NoMatch
}
