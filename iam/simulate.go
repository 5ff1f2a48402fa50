package iam

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"sealstack/api/iamapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/policy"
	"sealstack/storage"
)

// simulation is one request to the policy simulator.
type simulation struct {
	identity []source
	boundary []source   // nil without a permissions boundary
	levels   [][]source // service control policies of each level of an organization
	resource *policy.Policy
	caller   *policy.Principal
	foreign  bool // the resource belongs to another account than the caller
	keys     auth.Keys
}

// simulated is what SimulatePrincipalPolicy and SimulateCustomPolicy have in
// common.
type simulated struct {
	actions, resources []string
	resourcePolicy     *string
	owner, caller      *string
	entries            []iamapi.ContextEntry
	marker             *string
	max                *int32
}

// SimulateCustomPolicy tells what policies would allow that need not be
// anybody's:
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
func (s identity) SimulateCustomPolicy(ctx context.Context, in *iamapi.SimulateCustomPolicyRequest) (*iamapi.SimulatePolicyResponse, error) {
	if err := s.permit(ctx, "iam:SimulateCustomPolicy", "*", nil); err != nil {
		return nil, err
	}
	sim := &simulation{}
	var err error
	if sim.identity, err = inputPolicies("PolicyInputList", in.PolicyInputList); err != nil {
		return nil, err
	}
	if sim.boundary, err = inputPolicies("PermissionsBoundaryPolicyInputList", in.PermissionsBoundaryPolicyInputList); err != nil {
		return nil, err
	}
	for i, level := range in.OrderedOrganizationPolicyInputList {
		list := fmt.Sprintf("OrderedOrganizationPolicyInputList.%d", i+1)
		policies, err := inputPolicies(list, level.ServiceControlPolicyInputList)
		if err != nil {
			return nil, err
		}
		sim.levels = append(sim.levels, policies)
	}
	return s.simulate(ctx, sim, "SimulateCustomPolicy", &simulated{
		in.ActionNames, in.ResourceArns, in.ResourcePolicy, in.ResourceOwner, in.CallerArn, in.ContextEntries, in.Marker, in.MaxItems,
	})
}

// SimulatePrincipalPolicy tells what the policies of a user, group or role
// allow, and others with them:
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
func (s identity) SimulatePrincipalPolicy(ctx context.Context, in *iamapi.SimulatePrincipalPolicyRequest) (*iamapi.SimulatePolicyResponse, error) {
	r, err := holderRef(ctx, in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	e, err := s.find(ctx, "iam:SimulatePrincipalPolicy", r)
	if err != nil {
		return nil, err
	}
	sim := &simulation{}
	err = s.view(ctx, func(tx storage.Tx) error {
		if sim.identity, err = s.sourcesOf(tx, r, e); err != nil {
			return err
		}
		sim.boundary, err = s.boundarySource(tx, r, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := sim.amend(in); err != nil {
		return nil, err
	}
	caller := in.CallerArn
	if caller == nil && r.Kind == aUser {
		caller = &in.PolicySourceArn
	}
	return s.simulate(ctx, sim, "SimulatePrincipalPolicy", &simulated{
		in.ActionNames, in.ResourceArns, in.ResourcePolicy, in.ResourceOwner, caller, in.ContextEntries, in.Marker, in.MaxItems,
	})
}

// amend leaves out the policies that the request excludes and adds those that
// it brings.
func (sim *simulation) amend(in *iamapi.SimulatePrincipalPolicyRequest) error {
	sim.identity = slices.DeleteFunc(sim.identity, func(src source) bool { return excluded(src, in.PolicyExclusionList) })
	if slices.ContainsFunc(in.PolicyExclusionList, isBoundary) {
		sim.boundary = nil
	}
	more, err := inputPolicies("PolicyInputList", in.PolicyInputList)
	if err != nil {
		return err
	}
	sim.identity = append(sim.identity, more...)
	if len(in.PermissionsBoundaryPolicyInputList) > 0 {
		sim.boundary, err = inputPolicies("PermissionsBoundaryPolicyInputList", in.PermissionsBoundaryPolicyInputList)
	}
	return err
}

func isBoundary(id iamapi.PolicyIdentifier) bool {
	return deref(id.PolicyType) == iamapi.PolicyIdentifierPolicyTypePermissionBoundary
}

// excluded reports whether a policy of an entity is on the list of exclusions:
// by its type, its ARN, or, if it is inline, by its name and whose it is.
func excluded(src source, list []iamapi.PolicyIdentifier) bool {
	aws := strings.Contains(src.arn, ":iam::aws:")
	return slices.ContainsFunc(list, func(id iamapi.PolicyIdentifier) bool {
		switch deref(id.PolicyType) {
		case iamapi.PolicyIdentifierPolicyTypeInline:
			return src.arn == ""
		case iamapi.PolicyIdentifierPolicyTypeAwsManaged:
			return aws
		case iamapi.PolicyIdentifierPolicyTypeUserManaged:
			return src.arn != "" && !aws
		}
		if in := id.InlinePolicyIdentifier; in != nil {
			return src.arn == "" && in.PolicyName == src.name && string(in.AttachmentType) == string(src.holder.Kind) &&
				globs(in.AttachmentName, src.holder.Name)
		}
		return id.PolicyArn != nil && *id.PolicyArn == src.arn
	})
}

// boundarySource returns the permissions boundary of an entity, nil if it has
// none.
func (s *state) boundarySource(tx storage.Tx, r ref, e *entity) ([]source, error) {
	if e.Boundary == "" {
		return nil, nil
	}
	m, err := findPolicy(tx, r.Home, e.Boundary)
	if err != nil || m == nil {
		return []source{}, err
	}
	p, err := s.cache.docs.compile(m.document())
	return []source{{p, m.Name, e.Boundary, r}}, err
}

// inputPolicies compiles the documents of a request.
//
// Unverified: the sentence for one that is no policy.
func inputPolicies(list string, documents []string) ([]source, error) {
	var out []source
	for i, text := range documents {
		name := fmt.Sprintf("%s.%d", list, i+1)
		p, err := policy.Parse(policy.Identity, []byte(text))
		if err != nil {
			return nil, iamapi.InvalidInputException("%s: %s", name, documentError(err).Error())
		}
		out = append(out, source{policy: p, name: name})
	}
	return out, nil
}

// simulate answers a page of the actions.
func (s *state) simulate(ctx context.Context, sim *simulation, operation string, in *simulated) (*iamapi.SimulatePolicyResponse, error) {
	p, err := s.newPage(operation, in.marker, in.max)
	if err != nil {
		return nil, err
	}
	if err := s.setUp(ctx, sim, in); err != nil {
		return nil, err
	}
	resources := in.resources
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	out := &iamapi.SimulatePolicyResponse{EvaluationResults: []iamapi.EvaluationResult{}}
	for i, action := range in.actions {
		if p.take(fmt.Sprintf("%06d", i)) {
			out.EvaluationResults = append(out.EvaluationResults, sim.action(action, resources))
		}
	}
	out.IsTruncated, out.Marker = p.truncated(), p.marker()
	return out, nil
}

// setUp reads the resource policy, the caller and the context of a simulation.
func (s *state) setUp(ctx context.Context, sim *simulation, in *simulated) error {
	sim.keys = auth.Keys{}
	for _, e := range in.entries {
		sim.keys[strings.ToLower(deref(e.ContextKeyName))] = e.ContextKeyValues
	}
	if in.caller != nil {
		a, err := arn.Parse(*in.caller)
		if err != nil || a.Service != "iam" || a.Kind() != string(aUser) {
			return iamapi.InvalidInputException("Invalid Caller Arn: %s", *in.caller)
		}
		sim.caller = &policy.Principal{Type: policy.User, Account: a.Account, ARN: *in.caller}
	}
	if in.resourcePolicy == nil {
		return nil
	}
	if sim.caller == nil {
		return iamapi.InvalidInputException("CallerArn must be specified when ResourcePolicy is given.")
	}
	var err error
	if sim.resource, err = policy.Parse(policy.Resource, []byte(*in.resourcePolicy)); err != nil {
		return iamapi.InvalidInputException("ResourcePolicy: %s", documentError(err).Error())
	}
	sim.foreign = ownerAccount(ctx, in.owner) != sim.caller.Account
	return nil
}

// ownerAccount is the account of ResourceOwner, which is an ARN, or the
// caller's.
func ownerAccount(ctx context.Context, owner *string) string {
	if owner != nil {
		if a, err := arn.Parse(*owner); err == nil && a.Account != "" {
			return a.Account
		}
	}
	return homeOf(ctx).Account
}

// globs matches a name with * and ?.
func globs(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}
