package logs

import (
	"context"
	"crypto/rand"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/policy"
	"sealstack/storage"
)

// A resource policy of a single log group, which has at most one.

// putGroupPolicy makes the policy of a group, or replaces the one whose
// revision the caller names.
func (s *Service) putGroupPolicy(ctx context.Context, in *logsapi.PutResourcePolicyRequest) (*logsapi.PutResourcePolicyResponse, error) {
	name, err := groupName(ctx, *in.ResourceArn)
	if err != nil {
		return nil, err
	}
	r := resourcePolicy{Name: *in.PolicyName, Document: *in.PolicyDocument, Updated: s.now(), Revision: rand.Text()}
	var g group
	err = s.edit(ctx, placeOf(ctx), name, func(now *group) error {
		if err := now.expects(*in.PolicyName, in.ExpectedRevisionId); err != nil {
			return err
		}
		now.ResourcePolicy = &r
		g = *now
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := describeGroupPolicy(placeOf(ctx), &g, r.Document)
	return &logsapi.PutResourcePolicyResponse{ResourcePolicy: &out, RevisionId: &r.Revision}, nil
}

// expects refuses to replace or delete a policy that is not the one the
// caller knows of.
//
// Unverified: AWS's codes and their order.
func (g *group) expects(name string, revision *string) error {
	there := g.ResourcePolicy
	switch {
	case there == nil && revision == nil:
		return nil
	case there != nil && there.Name != name && revision == nil:
		return limitExceeded()
	case there == nil || revision == nil || there.Revision != *revision:
		return conflicting()
	case there.Name != name:
		return noSuchPolicy(name)
	}
	return nil
}

// describeGroupPolicies lists the policy of the group that a call names, or
// those of all groups, by group.
func (s *Service) describeGroupPolicies(ctx context.Context, in *logsapi.DescribeResourcePoliciesRequest) (*logsapi.DescribeResourcePoliciesResponse, error) {
	p := placeOf(ctx)
	from, err := s.withPolicies(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	page, next, err := cut(s.root, pageOf(in.Limit), s.listing(ctx, "DescribeResourcePolicies/RESOURCE"), in.NextToken, from,
		func(g group) storage.Key { return storage.K(g.Name) }, false)
	if err != nil {
		return nil, err
	}
	out := &logsapi.DescribeResourcePoliciesResponse{ResourcePolicies: []logsapi.ResourcePolicy{}, NextToken: next}
	for i := range page {
		out.ResourcePolicies = append(out.ResourcePolicies, describeGroupPolicy(p, &page[i], normalizePolicy(page[i].ResourcePolicy.Document)))
	}
	return out, nil
}

// withPolicies returns the group of an ARN, or all, if they have policies of their
// own.
func (s *Service) withPolicies(ctx context.Context, resource *string) (with []group, err error) {
	var from []group
	if resource == nil {
		from, err = list(ctx, s, groups, placeOf(ctx).key())
	} else {
		from, err = s.groupNamed(ctx, *resource)
	}
	for i := range from {
		if from[i].ResourcePolicy != nil {
			with = append(with, from[i])
		}
	}
	return with, err
}

func (s *Service) groupNamed(ctx context.Context, resource string) ([]group, error) {
	name, err := groupName(ctx, resource)
	if err != nil {
		return nil, err
	}
	g, err := s.group(ctx, name)
	return []group{g}, err
}

// deleteGroupPolicy removes the policy of a group, of which the caller must
// name the revision.
func (s *Service) deleteGroupPolicy(ctx context.Context, in *logsapi.DeleteResourcePolicyRequest) error {
	name, err := groupName(ctx, *in.ResourceArn)
	if err != nil {
		return err
	}
	return s.edit(ctx, placeOf(ctx), name, func(g *group) error {
		if g.ResourcePolicy == nil || g.ResourcePolicy.Name != *in.PolicyName {
			return noSuchPolicy(*in.PolicyName)
		}
		if err := g.expects(*in.PolicyName, in.ExpectedRevisionId); err != nil {
			return err
		}
		g.ResourcePolicy = nil
		return nil
	})
}

func describeGroupPolicy(p place, g *group, document string) logsapi.ResourcePolicy {
	out := describeResourcePolicy(g.ResourcePolicy, document)
	scope, resource := logsapi.PolicyScopeResource, g.arn(p)
	out.PolicyScope, out.ResourceArn, out.RevisionId = &scope, &resource, &g.ResourcePolicy.Revision
	return out
}

// revisionOfNothing refuses a revision of the account's policies, which have
// none.
//
// Unverified: AWS's sentence.
func revisionOfNothing() error {
	return logsapi.InvalidParameterException("expectedRevisionId is valid only with resourceArn.")
}

// granted returns what the account's resource policies and the group's own
// say together, for a service principal that calls by itself to put events;
// nil for other callers and actions, which those policies do not concern:
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html
func (s *Service) granted(ctx context.Context, action, resource string) (*policy.Policy, error) {
	if api.CallerOf(ctx).Type != api.AWSService || action != "PutLogEvents" && action != "CreateLogStream" {
		return nil, nil
	}
	all, err := list(ctx, s, resourcePolicies, placeOf(ctx).key())
	if err != nil {
		return nil, err
	}
	if _, name, found := strings.Cut(resource, ":log-group:"); found {
		name, _, _ = strings.Cut(name, ":")
		g, err := s.group(ctx, name)
		if err != nil && !isRefusal(err) { // that it is not there is the operation's to tell
			return nil, err
		}
		if g.ResourcePolicy != nil {
			all = append(all, *g.ResourcePolicy)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	together := &policy.Policy{Version: policy.OldVersion}
	for i := range all {
		parsed, err := policy.Parse(policy.Resource, []byte(all[i].Document))
		if err != nil {
			return nil, err
		}
		together.Statements = append(together.Statements, parsed.Statements...)
	}
	return together, nil
}
