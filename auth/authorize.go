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
	// exists has none, and so may do nothing. What is returned must not change
	// afterwards: decisions on record refer to it.
	Attached(ctx context.Context, c *api.Caller) (Attached, error)
}

// Attached is what limits and allows a user or a session. For a federated user
// Policies and Boundary are those of the user who issued the session.
type Attached struct {
	Policies []*policy.Policy // inline, managed and, for a user, the groups'
	Boundary *policy.Policy   // permissions boundary, nil without one
	// Session are the session policies: those of c.Session.Policies and
	// PolicyARNs. Nil without any; then they limit nothing.
	Session []*policy.Policy
	// Tags are the principal's tags and the session's: aws:PrincipalTag.
	Tags map[string]string
	// Origins say where the policies come from, for explanations alone. It may
	// be nil.
	Origins *Origins
}

// Origins name the policies of an [Attached], in the same order. A policy
// without an entry goes unnamed.
type Origins struct {
	Policies, Session []Origin
	Boundary          Origin
}

// Origin says where a policy comes from. Every field may be empty.
type Origin struct {
	Name    string `json:"name,omitempty"`    // of an inline policy
	ARN     string `json:"arn,omitempty"`     // of a managed policy, or of the resource
	Version string `json:"version,omitempty"` // of a managed policy, such as v3
	Holder  string `json:"holder,omitempty"`  // ARN of the user, group or role that has it
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
	// Granted tells what the grants on the resource give the caller; nil
	// without grants. It is asked at most once, and only if nothing else
	// allows.
	Granted func() Grant
	// Local says that the action is refused to other accounts whatever the
	// policies say.
	Local bool
	// Managed says that the resource is AWS's own, such as an AWS managed KMS
	// key: resource control policies do not limit it.
	Managed bool
	// Keys are the condition keys of the service and the resource, by name in
	// lower case.
	Keys Keys
	// CanonicalID is the canonical user ID of the caller's account, which a
	// bucket policy may name as a CanonicalUser. Empty where there are none.
	CanonicalID string
	// Blind, if there is one, is the same request about a resource that does
	// not exist: a denial speaks of it unless the resource's own side allows.
	Blind *Request

	// Shown replaces "resource: " and Resource in the sentence of a denial,
	// for a resource that must not be revealed: "the resource associated with
	// this ciphertext".
	Shown string
	// Unnamed leaves the resource out of that sentence: what is to be tagged
	// while it is made has no name yet.
	Unnamed bool
}

// Grant is what the grants on a resource give a caller: the strongest of them
// that covers the action and whose constraints the request meets. Conditions
// of policies do not touch grants; an explicit deny beats them:
// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
type Grant uint8

// The strengths of a [Grant].
const (
	NoGrant Grant = iota
	// ToAccount names the caller's account: its IAM policies must allow too.
	//
	// Unverified: AWS takes an account as grantee and does not say so.
	ToAccount
	// ToCaller names the user, the role, the session or the service.
	ToCaller
	// Vouched is ToCaller in a grant that the caller's own account issued. In
	// another account it stands for the IAM policy that the caller needs.
	//
	// Unverified: inferred from "key trust" in
	// https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
	Vouched
)

var grantNames = [...]string{"", "ToAccount", "ToCaller", "Vouched"}

// String returns the name of the constant; empty for NoGrant.
func (g Grant) String() string { return grantNames[g] }

// MarshalText makes the JSON form of a Grant its name.
func (g Grant) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// Authorizer decides whether calls are allowed, by AWS's evaluation logic:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
// and for keys https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
type Authorizer struct {
	identities    Identities
	clock         clock.Clock
	organizations Organizations
	decisions     *Decisions
}

// Option changes what an [Authorizer] looks at or leaves behind.
type Option func(*Authorizer)

// WithOrganizations makes the authorizer ask for service and resource control
// policies. Without it no account is in an organization.
func WithOrganizations(o Organizations) Option {
	return func(a *Authorizer) { a.organizations = o }
}

// WithDecisions makes the authorizer record what Authorize decides.
func WithDecisions(d *Decisions) Option {
	return func(a *Authorizer) { a.decisions = d }
}

// NewAuthorizer returns an authorizer that takes identity policies from
// identities and aws:CurrentTime from the emulator's clock.
func NewAuthorizer(identities Identities, c clock.Clock, options ...Option) *Authorizer {
	a := &Authorizer{identities: identities, clock: c}
	for _, option := range options {
		option(a)
	}
	return a
}

// Authorize returns nil if the caller in ctx may do what r asks, else the
// service's AccessDenied error with AWS's sentence and the ID under which the
// decision is on record. An error of another type
// means that the decision could not be made.
func (a *Authorizer) Authorize(ctx context.Context, r *Request) error {
	q := questions.Get().(*question)
	defer q.release()
	if err := a.gather(ctx, r, q); err != nil {
		return err
	}
	d := q.decide()
	id := ""
	if a.decisions != nil {
		id = a.decisions.record(q, d)
	}
	if d.Allowed {
		return nil
	}
	d, about, err := a.told(ctx, q, d)
	if err != nil {
		return err
	}
	denial := r.Service.AccessDenied(d.sentence(q.caller, about))
	denial.Decision = id
	return denial
}

// Decide evaluates every policy that applies to the request of the caller in
// ctx, and records nothing. An error means that a policy could not be read.
func (a *Authorizer) Decide(ctx context.Context, r *Request) (Decision, error) {
	q := questions.Get().(*question)
	defer q.release()
	if err := a.gather(ctx, r, q); err != nil {
		return Decision{}, err
	}
	return q.decide(), nil
}

// gather collects what the decision depends on.
func (a *Authorizer) gather(ctx context.Context, r *Request, q *question) (err error) {
	c := api.CallerOf(ctx)
	q.caller, q.request, q.clock = c, *r, a.clock
	if hasPolicies(c) {
		if q.attached, err = a.identities.Attached(ctx, c); err != nil {
			return err
		}
	}
	if a.organizations != nil {
		if err := q.join(ctx, a.organizations); err != nil {
			return err
		}
	}
	q.pose()
	return nil
}

// hasPolicies reports whether identity policies can belong to the caller: the
// root user has all rights without any, services and anonymous callers have
// none.
func hasPolicies(c *api.Caller) bool {
	return c.Type == api.User || c.Type == api.AssumedRole || c.Type == api.FederatedUser
}
