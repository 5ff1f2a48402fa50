package auth

import (
	"context"
	"slices"
	"time"

	"sealstack/policy"
)

// Kind is a kind of policy, in the words of AWS's sentences.
type Kind string

// The kinds of policy that have a say, in the order in which they are asked.
const (
	ServiceControl  Kind = "service control policy"
	IdentityBased   Kind = "identity-based policy"
	Boundary        Kind = "permissions boundary"
	SessionPolicy   Kind = "session policy"
	ResourceControl Kind = "resource control policy"
	ResourceBased   Kind = "resource-based policy"
)

// Explanation tells how a decision came about. It is made for people and
// programs to read as JSON.
type Explanation struct {
	ID        string    `json:"id,omitempty"` // of a decision on record
	Time      time.Time `json:"time"`
	RequestID string    `json:"requestId,omitempty"`

	Principal PrincipalFacts `json:"principal"`
	Action    string         `json:"action"`
	Resource  string         `json:"resource"`
	Account   string         `json:"account,omitempty"` // that owns the resource
	Relation  Relation       `json:"relation"`
	Context   Keys           `json:"context"` // every condition key of the request

	Allowed  bool   `json:"allowed"`
	Reason   Reason `json:"reason,omitempty"`
	Sentence string `json:"sentence,omitempty"` // AWS's, of a denial

	Grant    Grant         `json:"grant,omitempty"` // if grants had to be asked
	Policies []PolicyTrace `json:"policies"`
	Applied  []Citation    `json:"applied"`          // the statements that took effect
	Remedy   *Remedy       `json:"remedy,omitempty"` // of a denial
}

// PrincipalFacts are what policies see of the caller.
type PrincipalFacts struct {
	Type    string `json:"type"`
	ARN     string `json:"arn,omitempty"`
	Account string `json:"account,omitempty"`
	ID      string `json:"id,omitempty"`
	Issuer  string `json:"issuer,omitempty"` // role of a session, user of a federated session
}

// PolicyTrace tells how one policy looked at the request.
type PolicyTrace struct {
	Kind   Kind   `json:"kind"`
	Target string `json:"target,omitempty"` // what a control policy is attached to
	Origin
	Language string `json:"language"` // its Version element
	// Allows and Denies say whether it has statements of that effect that
	// apply.
	Allows     bool             `json:"allows"`
	Denies     bool             `json:"denies"`
	Statements []StatementTrace `json:"statements"`
}

// StatementTrace tells how one statement looked at the request.
type StatementTrace struct {
	policy.StatementTrace
	// Obstacles say, in words, why it does not apply.
	Obstacles []string `json:"obstacles,omitempty"`
}

// Citation points to a statement.
type Citation struct {
	Kind   Kind   `json:"kind"`
	Target string `json:"target,omitempty"`
	Origin
	Effect    policy.Effect       `json:"effect"`
	Statement policy.StatementRef `json:"statement"`
	Obstacles []string            `json:"obstacles,omitempty"`
}

// Explain decides as Authorize does and tells why. It records nothing. An
// error means that a policy could not be read.
func (a *Authorizer) Explain(ctx context.Context, r *Request) (*Explanation, error) {
	q := new(question)
	if err := a.gather(ctx, r, q); err != nil {
		return nil, err
	}
	return q.explain(), nil
}

// explain decides and looks at every statement on the way.
func (q *question) explain() *Explanation {
	d, c := q.decide(), q.caller
	e := &Explanation{
		Time: q.now(), RequestID: c.RequestID,
		Principal: PrincipalFacts{principalNames[c.Type], c.ARN, c.Account, c.ID, c.Issuer},
		Action:    q.request.Action, Resource: q.request.Resource, Account: q.owner(), Relation: q.relation(),
		Context: q.context(), Allowed: d.Allowed, Reason: d.Reason, Grant: q.grant,
		Policies: []PolicyTrace{}, Applied: []Citation{},
	}
	for _, s := range q.sources() {
		t := s.trace(q)
		e.Policies = append(e.Policies, t)
		e.Applied = append(e.Applied, t.applied()...)
	}
	if !d.Allowed {
		e.Sentence = d.sentence(c, &q.request)
		e.Remedy = q.remedy(e)
	}
	return e
}

// principalNames are for explanations; policies know aws:PrincipalType.
var principalNames = [...]string{"anonymous", "root user", "user", "role session", "federated user", "service"}

// context collects the condition keys that have a value.
func (q *question) context() Keys {
	all := Keys{}
	for key, values := range q.request.Keys {
		all[key] = slices.Clone(values)
	}
	for name := range q.attached.Tags {
		values, _ := q.tag(name)
		all["aws:PrincipalTag/"+name] = slices.Clone(values)
	}
	for _, key := range GlobalKeys {
		if values, present := q.Lookup(lower(key)); present {
			all[key] = slices.Clone(values)
		}
	}
	return all
}

// source is a policy that applies to the request.
type source struct {
	kind   Kind
	target string
	origin Origin
	policy *policy.Policy
}

// sources lists the policies that apply, in the order in which decide asks
// them.
func (q *question) sources() []source {
	origins := q.attached.Origins
	if origins == nil {
		origins = &Origins{}
	}
	all := listLevels(ServiceControl, q.serviceControl())
	all = append(all, list(IdentityBased, "", q.attached.Policies, origins.Policies)...)
	if q.attached.Boundary != nil {
		all = append(all, source{Boundary, "", origins.Boundary, q.attached.Boundary})
	}
	all = append(all, list(SessionPolicy, "", q.attached.Session, origins.Session)...)
	all = append(all, listLevels(ResourceControl, q.resourceControl())...)
	if q.request.Policy != nil {
		all = append(all, source{ResourceBased, "", Origin{ARN: q.request.Resource}, q.request.Policy})
	}
	return all
}

func list(kind Kind, target string, policies []*policy.Policy, origins []Origin) []source {
	var all []source
	for i, p := range policies {
		s := source{kind: kind, target: target, policy: p}
		if i < len(origins) {
			s.origin = origins[i]
		}
		all = append(all, s)
	}
	return all
}

func listLevels(kind Kind, levels []Level) []source {
	var all []source
	for _, level := range levels {
		all = append(all, list(kind, level.Target, level.Policies, level.Origins)...)
	}
	return all
}

// trace asks every statement of the policy.
func (s source) trace(q *question) PolicyTrace {
	t := PolicyTrace{Kind: s.kind, Target: s.target, Origin: s.origin, Language: s.policy.Version}
	for _, statement := range s.policy.Explain(&q.ask) {
		t.Allows = t.Allows || statement.Applies && statement.Effect == policy.Allow
		t.Denies = t.Denies || statement.Applies && statement.Effect == policy.Deny
		t.Statements = append(t.Statements, StatementTrace{statement, obstacles(&statement, &q.request)})
	}
	return t
}

// cite points to a statement of the policy.
func (t *PolicyTrace) cite(s *StatementTrace) Citation {
	return Citation{t.Kind, t.Target, t.Origin, s.Effect, s.Statement, s.Obstacles}
}

func (t *PolicyTrace) applied() []Citation {
	var all []Citation
	for i := range t.Statements {
		if t.Statements[i].Applies {
			all = append(all, t.cite(&t.Statements[i]))
		}
	}
	return all
}
