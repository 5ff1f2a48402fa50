package organizations

import (
	"context"
	"slices"

	"sealstack/api"
	org "sealstack/api/organizationsapi"
	"sealstack/storage"
)

// onTarget authorizes an action on a policy and a target, and runs fn over
// both.
func (s *Service) onTarget(ctx context.Context, action, policy, target string, fn func(o *organization, p *policyRecord, n *node, all map[string]*policyRecord) error) error {
	return s.change(ctx, request{action: action, on: []string{policy, target}}, func(tx storage.Tx, o *organization) error {
		p, err := o.policy(tx, policy)
		if err != nil {
			return err
		}
		if p == nil {
			return noPolicy()
		}
		n := o.Nodes[target]
		if n == nil {
			return noTarget()
		}
		all, err := o.policiesOf(tx, p.Type)
		if err != nil {
			return err
		}
		return fn(o, p, n, all)
	})
}

// attached counts the policies on n that are among all of a type.
func (n *node) attached(all map[string]*policyRecord) (count int) {
	for _, id := range n.Policies {
		if all[id] != nil {
			count++
		}
	}
	return count
}

// AttachPolicy attaches a policy of an enabled type to the root, a unit or an
// account.
func (s *Service) AttachPolicy(ctx context.Context, in *org.AttachPolicyRequest) (*api.None, error) {
	return done(s.onTarget(ctx, "AttachPolicy", in.PolicyId, in.TargetId, func(o *organization, p *policyRecord, n *node, all map[string]*policyRecord) error {
		switch {
		case !o.enabled(p.Type):
			return typeNotEnabled()
		case slices.Contains(n.Policies, p.ID):
			return alreadyAttached()
		case n.attached(all) >= limitsOf[p.Type].attached:
			return tooManyAttached()
		}
		n.Policies = append(n.Policies, p.ID)
		return nil
	}))
}

// DetachPolicy takes a policy off. One of each enabled type must stay, and
// that of resource control policies must be AWS's.
func (s *Service) DetachPolicy(ctx context.Context, in *org.DetachPolicyRequest) (*api.None, error) {
	return done(s.onTarget(ctx, "DetachPolicy", in.PolicyId, in.TargetId, func(_ *organization, p *policyRecord, n *node, all map[string]*policyRecord) error {
		switch {
		case !slices.Contains(n.Policies, p.ID):
			return notAttached()
		case p.ID == fullAccess[org.PolicyTypeResourceControlPolicy]:
			return nonDetachable()
		case n.attached(all) == 1:
			return lastAttached()
		}
		n.Policies = slices.DeleteFunc(n.Policies, func(id string) bool { return id == p.ID })
		return nil
	}))
}

// ListPoliciesForTarget lists the policies of a type that are attached to a
// target itself.
func (s *Service) ListPoliciesForTarget(ctx context.Context, in *org.ListPoliciesForTargetRequest) (*org.ListPoliciesForTargetResponse, error) {
	o, err := s.enter(ctx, request{action: "ListPoliciesForTarget", on: []string{in.TargetId}, keys: typeKeys(in.Filter)})
	if err != nil {
		return nil, err
	}
	n := o.Nodes[in.TargetId]
	if n == nil {
		return nil, noTarget()
	}
	shown, next, err := s.listPolicies(ctx, o, "ListPoliciesForTarget/"+n.ID, in.Filter, in.NextToken, in.MaxResults,
		func(id string) bool { return slices.Contains(n.Policies, id) })
	if err != nil {
		return nil, err
	}
	return &org.ListPoliciesForTargetResponse{Policies: shown, NextToken: next}, nil
}

// ListTargetsForPolicy lists what a policy is attached to.
func (s *Service) ListTargetsForPolicy(ctx context.Context, in *org.ListTargetsForPolicyRequest) (*org.ListTargetsForPolicyResponse, error) {
	o, p, err := s.findPolicy(ctx, "ListTargetsForPolicy", in.PolicyId)
	if err != nil {
		return nil, err
	}
	all := slices.Concat(o.each(anAccount), o.each(aUnit), o.each(aRoot)) // sorted by id: digits, ou-, r-
	all = slices.DeleteFunc(all, func(n *node) bool { return !slices.Contains(n.Policies, p.ID) })
	shown, next, err := listing(s, o, "ListTargetsForPolicy/"+p.ID, in.NextToken, in.MaxResults, all, idOf, o.showTarget)
	if err != nil {
		return nil, err
	}
	return &org.ListTargetsForPolicyResponse{Targets: shown, NextToken: next}, nil
}

var targetTypes = map[kind]org.TargetType{
	aRoot: org.TargetTypeRoot, aUnit: org.TargetTypeOrganizationalUnit, anAccount: org.TargetTypeAccount,
}

func (o *organization) showTarget(n *node) org.PolicyTargetSummary {
	what := kindOf(n.ID)
	t := org.PolicyTargetSummary{TargetId: &n.ID, Arn: new(o.arn(what, n.ID)), Type: new(targetTypes[what])}
	if n.Name != "" {
		t.Name = &n.Name
	}
	return t
}
