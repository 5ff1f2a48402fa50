package auth

import (
	"sync"
	"time"

	"sealstack/api"
	"sealstack/clock"
	"sealstack/policy"
)

// facts are all that a decision depends on, so that it can be made again
// later.
type facts struct {
	caller   *api.Caller
	request  Request
	attached Attached
	// The organizations' accounts of the caller, of the resource and of the
	// resource for which a service acts; nil outside any organization.
	mine, theirs, source *Member

	at    time.Time // zero until the time is asked for
	grant Grant     // what request.Granted said, if it had to be asked
}

// owner returns the account of the resource.
func (f *facts) owner() string {
	if f.request.Account != "" {
		return f.request.Account
	}
	return f.caller.Account
}

// granted asks what the grants give. For a decision of old it is on record.
func (f *facts) granted() Grant {
	if f.request.Granted != nil {
		f.grant = f.request.Granted()
	}
	return f.grant
}

// question is a request on its way through the policies, and the
// [policy.Context] of its condition keys. Questions are pooled: a call is
// authorized without an allocation.
type question struct {
	facts
	clock clock.Clock

	ask       policy.Request
	principal policy.Principal
	services  [1]string
	// values holds the single values of keys that were looked up; each has a
	// place of its own, so that a slice stays good while others are asked for.
	values [8]string
	used   int
}

var questions = sync.Pool{New: func() any { return new(question) }}

// release gives the question back to the pool. Nothing may refer to it.
func (q *question) release() {
	*q = question{}
	questions.Put(q)
}

// ponder returns a question over facts of old, outside the pool.
func ponder(f facts) *question {
	q := &question{facts: f, clock: clock.Fixed(f.at)}
	q.pose()
	return q
}

// pose puts the request in the words of package policy.
func (q *question) pose() {
	q.principal.Account, q.principal.CanonicalID = q.caller.Account, q.request.CanonicalID
	q.name()
	q.ask = policy.Request{
		Action: q.request.Action, Resource: q.request.Resource, Principal: &q.principal, Context: q,
	}
}

// name tells who calls, as the Principal elements of policies see it.
func (q *question) name() {
	c, p := q.caller, &q.principal
	p.ARN, p.RoleARN, p.ID, p.IssuerID = c.ARN, c.Issuer, c.ID, c.IssuerID
	switch c.Type {
	case api.Root:
		p.Type = policy.Root
	case api.User:
		p.Type = policy.User
	case api.AssumedRole:
		p.Type = policy.AssumedRole
	case api.FederatedUser:
		p.Type = policy.FederatedUser
	case api.AWSService:
		q.services[0] = c.ARN
		p.Type, p.Services = policy.Service, q.services[:]
	}
}

// now returns the time of the request, the same however often it is asked.
func (q *question) now() time.Time {
	if q.at.IsZero() {
		q.at = q.clock.Now()
	}
	return q.at
}
