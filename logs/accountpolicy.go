package logs

import (
	"context"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/storage"
)

// accountPolicy is in force for the log groups of an account in a Region. It
// is kept under (account, Region, type, name).
type accountPolicy struct {
	Name      string
	Type      logsapi.PolicyType
	Document  string
	Selection *string // as it was sent
	Updated   int64
}

var accountPolicies = storage.NewTable[accountPolicy]("logs.accountpolicy")

// accountPolicyKind is what is particular to a type of account policies.
type accountPolicyKind struct {
	put, remove string // the permissions needed beside PutAccountPolicy and DeleteAccountPolicy
	document    int    // longest document, in bytes
	// criterion is the one by which log groups can be selected, "" if none can.
	criterion string
	whole     int // how many policies there can be without selection criteria
	selecting int // and how many with
	// check refuses a document that is not right. The feature that a type is
	// about sets it; a type without it is not implemented.
	check func(s *Service, ctx context.Context, document string) error
}

// Criteria of selection.
const (
	byName   = "LogGroupName NOT IN"
	byPrefix = "LogGroupNamePrefix"
)

// accountPolicyKinds are the types of account policies:
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutAccountPolicy.html
var accountPolicyKinds = map[logsapi.PolicyType]*accountPolicyKind{
	logsapi.PolicyTypeDataProtectionPolicy:     {put: "PutDataProtectionPolicy", remove: "DeleteDataProtectionPolicy", document: 30720, whole: 1},
	logsapi.PolicyTypeSubscriptionFilterPolicy: {put: "PutSubscriptionFilter", remove: "DeleteSubscriptionFilter", document: 30720, criterion: byName, whole: 1, selecting: 1},
	logsapi.PolicyTypeFieldIndexPolicy:         {put: "PutIndexPolicy", remove: "DeleteIndexPolicy", document: 30720, criterion: byPrefix, whole: 1, selecting: 20},
	logsapi.PolicyTypeTransformerPolicy:        {put: "PutTransformer", remove: "DeleteTransformer", document: 30720, criterion: byPrefix, whole: 1, selecting: 20},
	logsapi.PolicyTypeMetricExtractionPolicy:   {put: "PutMetricExtractionPolicy", remove: "DeleteMetricExtractionPolicy", document: 30720, whole: 1},
}

// maxSelection is how long selection criteria are at most, in bytes.
const maxSelection = 25 << 10

// policiesInForce returns the account policies of a type, by name. It is for
// reading inside a transaction: calls that take in events do so once each.
func policiesInForce(tx storage.Tx, p place, kind logsapi.PolicyType) (all []accountPolicy, err error) {
	for e, err := range accountPolicies.Scan(tx, storage.Range{Prefix: p.key(string(kind))}) {
		if err != nil {
			return nil, err
		}
		all = append(all, e.Value)
	}
	return all, nil
}

// accountPolicy returns the account's policies of a type, by name, for the
// place of the caller in ctx.
func (s *Service) accountPolicy(ctx context.Context, kind logsapi.PolicyType) (all []accountPolicy, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		all, err = policiesInForce(tx, placeOf(ctx), kind)
		return err
	})
	return all, err
}

// covers reports whether the policy is in force for the log group of a name.
func (a *accountPolicy) covers(group string) bool {
	if a.Selection == nil {
		return true
	}
	selection, err := parseSelection(*a.Selection)
	return err == nil && selection.selects(group)
}

// PutAccountPolicy makes or replaces a policy for the account's log groups.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutAccountPolicy.html
func (s *Service) PutAccountPolicy(ctx context.Context, in *logsapi.PutAccountPolicyRequest) (*logsapi.PutAccountPolicyResponse, error) {
	kind, err := s.mayPutAccountPolicy(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := kind.accepts(in); err != nil {
		return nil, err
	}
	if err := kind.check(s, ctx, in.PolicyDocument); err != nil {
		return nil, err
	}
	a := accountPolicy{Name: in.PolicyName, Type: in.PolicyType, Document: in.PolicyDocument, Selection: in.SelectionCriteria, Updated: s.now()}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		return putAccountPolicy(tx, placeOf(ctx), kind, a)
	})
	s.policies.forget()
	if err != nil {
		return nil, err
	}
	out := a.describe(placeOf(ctx))
	return &logsapi.PutAccountPolicyResponse{AccountPolicy: &out}, nil
}

// mayPutAccountPolicy returns what is particular to the type, if it is here.
func (s *Service) mayPutAccountPolicy(ctx context.Context, in *logsapi.PutAccountPolicyRequest) (*accountPolicyKind, error) {
	kind := accountPolicyKinds[in.PolicyType]
	if kind == nil || kind.check == nil {
		if err := s.authorizeAccount(ctx, "PutAccountPolicy"); err != nil {
			return nil, err
		}
		return nil, api.NotImplemented("logs", "PutAccountPolicy of type "+string(in.PolicyType))
	}
	for _, action := range []string{"PutAccountPolicy", kind.put} {
		if err := s.authorizeAccount(ctx, action); err != nil {
			return nil, err
		}
	}
	return kind, nil
}

// accepts refuses what the type does not take.
//
// Unverified: AWS's sentences.
func (k *accountPolicyKind) accepts(in *logsapi.PutAccountPolicyRequest) error {
	switch {
	case in.PolicyName == "" || len(in.PolicyName) > 256:
		return logsapi.InvalidParameterException("The policy name must have between 1 and 256 characters.")
	case strings.HasPrefix(strings.ToLower(in.PolicyName), "aws/"):
		return logsapi.InvalidParameterException("The policy name must not start with aws/.")
	case len(in.PolicyDocument) > k.document:
		return logsapi.InvalidParameterException("The policy document must not be longer than %d bytes.", k.document)
	case value(in.DryRun):
		return logsapi.InvalidParameterException("dryRun is valid for policies of type RETENTION_POLICY only.")
	case in.SelectionCriteria == nil:
		return nil
	case k.criterion == "":
		return logsapi.InvalidParameterException("selectionCriteria is not valid for policies of type %s.", string(in.PolicyType))
	case len(*in.SelectionCriteria) > maxSelection:
		return logsapi.InvalidParameterException("selectionCriteria must not be longer than %d bytes.", maxSelection)
	}
	selection, err := parseSelection(*in.SelectionCriteria)
	if err != nil {
		return err
	}
	if selection.criterion != k.criterion {
		return badSelection(*in.SelectionCriteria)
	}
	return nil
}

// putAccountPolicy stores a policy unless there are too many or another one
// selects groups that it selects too.
func putAccountPolicy(tx storage.Tx, p place, kind *accountPolicyKind, a accountPolicy) error {
	all, err := policiesInForce(tx, p, a.Type)
	if err != nil {
		return err
	}
	whole, selecting := 0, 0
	for i := range all {
		switch {
		case all[i].Name == a.Name:
		case kind.criterion != byPrefix || all[i].Selection == nil:
			whole++
		default:
			selecting++
		}
		if all[i].Name != a.Name && all[i].overlaps(&a) {
			return logsapi.InvalidParameterException("The selection criteria overlap those of the policy %s.", all[i].Name) // Unverified: AWS's sentence
		}
	}
	if a.Selection == nil || kind.criterion != byPrefix {
		whole++
	} else {
		selecting++
	}
	if whole > kind.whole || selecting > kind.selecting {
		return limitExceeded()
	}
	return accountPolicies.Put(tx, p.key(string(a.Type), a.Name), a)
}

// overlaps reports whether both policies select log groups by prefixes of
// which one begins with the other.
func (a *accountPolicy) overlaps(b *accountPolicy) bool {
	if a.Selection == nil || b.Selection == nil {
		return false
	}
	x, errX := parseSelection(*a.Selection)
	y, errY := parseSelection(*b.Selection)
	if errX != nil || errY != nil || x.criterion != byPrefix || y.criterion != byPrefix {
		return false
	}
	for _, one := range x.names {
		for _, other := range y.names {
			if strings.HasPrefix(one, other) || strings.HasPrefix(other, one) {
				return true
			}
		}
	}
	return false
}

func (a *accountPolicy) describe(p place) logsapi.AccountPolicy {
	scope := logsapi.ScopeAll
	return logsapi.AccountPolicy{
		PolicyName: &a.Name, PolicyDocument: &a.Document, LastUpdatedTime: &a.Updated, PolicyType: &a.Type,
		Scope: &scope, SelectionCriteria: a.Selection, AccountId: &p.account,
	}
}

// DescribeAccountPolicies lists the account's policies of a type by name.
//
// Unverified: that a name which no policy has makes an empty list.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeAccountPolicies.html
func (s *Service) DescribeAccountPolicies(ctx context.Context, in *logsapi.DescribeAccountPoliciesRequest) (*logsapi.DescribeAccountPoliciesResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeAccountPolicies"); err != nil {
		return nil, err
	}
	p := placeOf(ctx)
	for _, account := range in.AccountIdentifiers {
		if account != p.account {
			return nil, api.NotImplemented("logs", "DescribeAccountPolicies of linked accounts")
		}
	}
	all, err := s.accountPolicy(ctx, in.PolicyType)
	if err != nil {
		return nil, err
	}
	page, next, err := cut(s.root, defaultPage, s.listing(ctx, "DescribeAccountPolicies/"+string(in.PolicyType)), in.NextToken, all,
		func(a accountPolicy) storage.Key { return storage.K(a.Name) }, false)
	if err != nil {
		return nil, err
	}
	out := &logsapi.DescribeAccountPoliciesResponse{AccountPolicies: []logsapi.AccountPolicy{}, NextToken: next}
	for i := range page {
		if in.PolicyName == nil || *in.PolicyName == page[i].Name {
			out.AccountPolicies = append(out.AccountPolicies, page[i].describe(p))
		}
	}
	return out, nil
}

// DeleteAccountPolicy removes a policy of the account. What single log groups
// have stays.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteAccountPolicy.html
func (s *Service) DeleteAccountPolicy(ctx context.Context, in *logsapi.DeleteAccountPolicyRequest) (*logsapi.DeleteAccountPolicyResponse, error) {
	if err := s.authorizeAccount(ctx, "DeleteAccountPolicy"); err != nil {
		return nil, err
	}
	if kind := accountPolicyKinds[in.PolicyType]; kind != nil {
		if err := s.authorizeAccount(ctx, kind.remove); err != nil {
			return nil, err
		}
	}
	if value(in.DryRun) {
		return nil, logsapi.InvalidParameterException("dryRun is valid for policies of type RETENTION_POLICY only.") // Unverified: AWS's sentence
	}
	k := placeOf(ctx).key(string(in.PolicyType), in.PolicyName)
	err := remove(ctx, s, accountPolicies, k, func() error { return noSuchPolicy(in.PolicyName) })
	s.policies.forget()
	if err != nil {
		return nil, err
	}
	return &logsapi.DeleteAccountPolicyResponse{}, nil
}
