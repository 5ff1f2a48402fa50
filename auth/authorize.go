package auth

import (
	"context"

	"sealstack/api"
	"sealstack/clock"
	"sealstack/policy"
)

// Identities gives what is attached to a caller; the iam room implements it.
type Identities interface {
	// Attached returns the policies of the user or role behind a caller of
	// type User, AssumedRole or FederatedUser. A principal that no longer
	// exists has none, and so may do nothing.
	Attached(ctx context.Context, c *api.Caller) (Attached, error)
}

// Attached is what limits and allows a user or a session.
type Attached struct {
	Policies []*policy.Policy // inline, managed and, for a user, the groups'
	Boundary *policy.Policy   // permissions boundary, nil without one
	// Session are the session policies: those of c.Session.Policies and
	// PolicyARNs. Nil without any; then they limit nothing.
	Session []*policy.Policy
	// Tags are the principal's tags and the session's: aws:PrincipalTag.
	Tags map[string]string
}

// Request asks whether the caller in the context may do something.
type Request struct {
	Service  *api.Service // whose AccessDenied a denial becomes
	Action   string       // "kms:Decrypt"
	Resource string       // ARN, or "*" for an action on no resource

	// Account owns the resource. Empty stands for the caller's own account.
	Account string
	// Policy is the resource's policy, nil if it has none.
	Policy *policy.Policy
	// Gate says that nothing is allowed unless Policy or a grant allows it,
	// be it by delegating to its account: KMS keys, and a role's trust policy.
	Gate bool
	// Granted reports whether a grant on the resource allows the action; nil
	// without grants. It is asked only if nothing else allows.
	Granted func() bool
	// Local says that the action is refused to other accounts whatever the
	// policies say.
	Local bool
	// Keys are the condition keys of the service and the resource, by name in
	// lower case.
	Keys Keys
	// Shown replaces "resource: " and Resource in the sentence of a denial,
	// for a resource that must not be revealed: "the resource associated with
	// this ciphertext".
	Shown string
}

// Authorizer decides whether calls are allowed, by AWS's evaluation logic:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
// and for keys https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
type Authorizer struct {
	identities Identities
	clock      clock.Clock
}

// NewAuthorizer returns an authorizer that takes identity policies from
// identities and aws:CurrentTime from the emulator's clock.
func NewAuthorizer(identities Identities, c clock.Clock) *Authorizer {
	return &Authorizer{identities, c}
}

// Authorize returns nil if the caller in ctx may do what r asks, else the
// service's AccessDenied error with AWS's sentence. An error of another type
// means that the decision could not be made.
func (a *Authorizer) Authorize(ctx context.Context, r *Request) error {
	d, err := a.Decide(ctx, r)
	if err != nil || d.Allowed {
		return err
	}
	return r.Service.AccessDenied(d.sentence(api.CallerOf(ctx), r))
}
