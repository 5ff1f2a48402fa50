package logs

import (
	"context"
	"errors"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/auth"
	"sealstack/policy"
	"sealstack/storage"
)

// maxResourcePolicies is how many policies an account has in a Region:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
const maxResourcePolicies = 10

// resourcePolicy lets services put events into the account's log groups. It
// is kept under (account, Region, name), or in the record of the single group
// that it is about.
type resourcePolicy struct {
	Name     string
	Document string // as it was sent
	Updated  int64
	Revision string // of a single group's
}

var resourcePolicies = storage.NewTable[resourcePolicy]("logs.resourcepolicy")

// PutResourcePolicy makes or replaces a policy of the account. The answer
// gives the document as it was sent.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html
func (s *Service) PutResourcePolicy(ctx context.Context, in *logsapi.PutResourcePolicyRequest) (*logsapi.PutResourcePolicyResponse, error) {
	p := placeOf(ctx)
	if err := s.authorizeAccount(ctx, "PutResourcePolicy"); err != nil {
		return nil, err
	}
	if err := checkResourcePolicy(in); err != nil {
		return nil, err
	}
	if in.ResourceArn != nil {
		return s.putGroupPolicy(ctx, in)
	}
	r := resourcePolicy{Name: *in.PolicyName, Document: *in.PolicyDocument, Updated: s.now()}
	err := s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		return putLimited(tx, resourcePolicies, p.key(), p.key(r.Name), r, maxResourcePolicies)
	})
	if err != nil {
		return nil, err
	}
	out := describeResourcePolicy(&r, r.Document)
	return &logsapi.PutResourcePolicyResponse{ResourcePolicy: &out}, nil
}

// Longest documents, in bytes, of the account's policies and of a single
// group's.
const (
	maxAccountDocument = 5120
	maxGroupDocument   = 51200
)

// checkResourcePolicy refuses what is no policy.
func checkResourcePolicy(in *logsapi.PutResourcePolicyRequest) error {
	limit := maxAccountDocument
	if in.ResourceArn != nil {
		limit = maxGroupDocument
	}
	switch {
	case value(in.PolicyName) == "":
		return missing("policyName")
	case in.PolicyDocument == nil:
		return missing("policyDocument")
	case len(*in.PolicyDocument) > limit:
		return limitExceeded() // Unverified: AWS's code
	case in.ResourceArn == nil && in.ExpectedRevisionId != nil:
		return revisionOfNothing()
	}
	if _, err := policy.Parse(policy.Resource, []byte(*in.PolicyDocument)); err != nil {
		return badPolicyDocument(err)
	}
	return nil
}

// putLimited stores v under k unless that makes more than limit values under
// the prefix.
func putLimited[T any](tx storage.Tx, table storage.Table[T], prefix, k storage.Key, v T, limit int) error {
	exists, err := table.Has(tx, k)
	if err != nil {
		return err
	}
	n := 0
	for range table.Keys(tx, storage.Range{Prefix: prefix}) {
		n++
	}
	if !exists && n >= limit {
		return limitExceeded()
	}
	return table.Put(tx, k, v)
}

// DescribeResourcePolicies lists the account's policies by name. Documents
// are given as AWS keeps them, see [normalizePolicy].
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeResourcePolicies.html
func (s *Service) DescribeResourcePolicies(ctx context.Context, in *logsapi.DescribeResourcePoliciesRequest) (*logsapi.DescribeResourcePoliciesResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeResourcePolicies"); err != nil {
		return nil, err
	}
	if in.ResourceArn != nil || value(in.PolicyScope) == logsapi.PolicyScopeResource {
		return s.describeGroupPolicies(ctx, in)
	}
	list, err := list(ctx, s, resourcePolicies, placeOf(ctx).key())
	if err != nil {
		return nil, err
	}
	list, next, err := cut(s.root, pageOf(in.Limit), s.listing(ctx, "DescribeResourcePolicies"), in.NextToken, list,
		func(r resourcePolicy) storage.Key { return storage.K(r.Name) }, false)
	if err != nil {
		return nil, err
	}
	out := &logsapi.DescribeResourcePoliciesResponse{ResourcePolicies: []logsapi.ResourcePolicy{}, NextToken: next}
	for i := range list {
		out.ResourcePolicies = append(out.ResourcePolicies, describeResourcePolicy(&list[i], normalizePolicy(list[i].Document)))
	}
	return out, nil
}

// DeleteResourcePolicy removes a policy of the account.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteResourcePolicy.html
func (s *Service) DeleteResourcePolicy(ctx context.Context, in *logsapi.DeleteResourcePolicyRequest) (*api.None, error) {
	if err := s.authorizeAccount(ctx, "DeleteResourcePolicy"); err != nil {
		return nil, err
	}
	switch {
	case value(in.PolicyName) == "":
		return nil, missing("policyName")
	case in.ResourceArn != nil:
		return nil, s.deleteGroupPolicy(ctx, in)
	case in.ExpectedRevisionId != nil:
		return nil, revisionOfNothing()
	}
	return nil, remove(ctx, s, resourcePolicies, placeOf(ctx).key(*in.PolicyName), func() error { return noSuchPolicy(*in.PolicyName) })
}

func describeResourcePolicy(r *resourcePolicy, document string) logsapi.ResourcePolicy {
	scope := logsapi.PolicyScopeAccount
	return logsapi.ResourcePolicy{PolicyName: &r.Name, PolicyDocument: &document, LastUpdatedTime: &r.Updated, PolicyScope: &scope}
}

// authorizeAccount asks for an action that is on no log group in particular.
//
// Unverified: AWS names the log group without a name as the resource of such
// actions in its denials.
func (s *Service) authorizeAccount(ctx context.Context, action string) error {
	return s.authorize(ctx, action, placeOf(ctx).stream("", ""), nil)
}

// listing returns the purpose of a listing's page tokens.
func (s *Service) listing(ctx context.Context, operation string) string {
	p := placeOf(ctx)
	return operation + "/" + p.account + "/" + p.region
}

// list returns all values under a prefix, in order of their keys.
func list[T any](ctx context.Context, s *Service, table storage.Table[T], prefix storage.Key) (all []T, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		all = all[:0]
		for e, err := range table.Scan(tx, storage.Range{Prefix: prefix}) {
			if err != nil {
				return err
			}
			all = append(all, e.Value)
		}
		return nil
	})
	return all, err
}

// lookup returns the value under k, or what otherwise returns if there is none.
func lookup[T any](ctx context.Context, s *Service, table storage.Table[T], k storage.Key, otherwise func() error) (v T, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		v, err = table.Get(tx, k)
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = otherwise()
	}
	return v, err
}

// remove deletes the value under k, or fails as otherwise says if there is none.
func remove[T any](ctx context.Context, s *Service, table storage.Table[T], k storage.Key, otherwise func() error) error {
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if there, err := table.Has(tx, k); !there || err != nil {
			return either(err, otherwise)
		}
		return table.Delete(tx, k)
	})
}

// authorize asks whether the caller may perform the action on the resource.
func (s *Service) authorize(ctx context.Context, action, resource string, keys auth.Keys) error {
	granted, err := s.granted(ctx, action, resource)
	if err != nil {
		return err
	}
	return s.auth.Authorize(ctx, &auth.Request{
		Service: logsapi.Service, Action: "logs:" + action, Resource: resource, Keys: keys, Policy: granted,
	})
}
