package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"

	"sealstack/api/logsapi"
	"sealstack/storage"
)

// Limits of field index policies:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatchLogs-Field-Indexing.html
const (
	maxIndexed      = 20
	maxIndexedField = 100 // characters
)

func init() {
	accountPolicyKinds[logsapi.PolicyTypeFieldIndexPolicy].check = func(_ *Service, _ context.Context, document string) error {
		_, err := parseIndex(document)
		return err
	}
}

// parseIndex returns the fields of a policy document with their types.
//
// Unverified: AWS's sentences.
func parseIndex(document string) (map[string]logsapi.IndexType, error) {
	var doc struct {
		Fields   []string
		FieldsV2 map[string]struct {
			Type logsapi.IndexType `json:"type"`
		}
	}
	d := json.NewDecoder(bytes.NewReader([]byte(document)))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return nil, logsapi.InvalidParameterException("The field index policy document is not valid JSON of the expected form.")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, logsapi.InvalidParameterException("There is text behind the field index policy document.")
	}
	fields := map[string]logsapi.IndexType{}
	for _, name := range doc.Fields {
		fields[name] = logsapi.IndexTypeFieldIndex
	}
	for name, f := range doc.FieldsV2 {
		if f.Type != logsapi.IndexTypeFacet && f.Type != logsapi.IndexTypeFieldIndex {
			return nil, logsapi.InvalidParameterException("The type of the field %s must be FACET or FIELD_INDEX.", name)
		}
		fields[name] = f.Type
	}
	if len(fields) == 0 || len(fields) > maxIndexed {
		return nil, logsapi.InvalidParameterException("A field index policy has 1 to %d fields.", maxIndexed)
	}
	for name := range fields {
		if n := len([]rune(name)); n == 0 || n > maxIndexedField {
			return nil, logsapi.InvalidParameterException("The name of an indexed field has 1 to %d characters.", maxIndexedField)
		}
	}
	return fields, nil
}

// PutIndexPolicy sets which fields of a group are indexed. Queries here find
// the same events with and without.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutIndexPolicy.html
func (s *Service) PutIndexPolicy(ctx context.Context, in *logsapi.PutIndexPolicyRequest) (*logsapi.PutIndexPolicyResponse, error) {
	name, err := groupName(ctx, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	g, err := s.authorizedGroup(ctx, "PutIndexPolicy", name)
	if err != nil {
		return nil, err
	}
	if g.Class != logsapi.LogGroupClassStandard {
		return nil, logsapi.InvalidParameterException("Field indexes are not supported for log groups of class %s.", g.Class) // Unverified: AWS's sentence
	}
	if _, err := parseIndex(in.PolicyDocument); err != nil {
		return nil, err
	}
	var rule groupRule
	err = s.edit(ctx, placeOf(ctx), name, func(g *group) error {
		g.Index = g.Index.replaced(in.PolicyDocument, s.now())
		rule = *g.Index
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := rule.indexPolicy(placeOf(ctx).group(name))
	return &logsapi.PutIndexPolicyResponse{IndexPolicy: &out}, nil
}

func (r *groupRule) indexPolicy(group string) logsapi.IndexPolicy {
	source := logsapi.IndexSourceLogGroup
	return logsapi.IndexPolicy{LogGroupIdentifier: &group, LastUpdateTime: &r.Updated, PolicyDocument: &r.Text, Source: &source}
}

// DeleteIndexPolicy ends a group's own field index policy.
//
// Unverified: the answer for a group without one.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteIndexPolicy.html
func (s *Service) DeleteIndexPolicy(ctx context.Context, in *logsapi.DeleteIndexPolicyRequest) (*logsapi.DeleteIndexPolicyResponse, error) {
	name, err := groupName(ctx, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, "DeleteIndexPolicy", name, func(g *group) error {
		if g.Index == nil {
			return logsapi.ResourceNotFoundException("The specified field index policy does not exist.")
		}
		g.Index = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &logsapi.DeleteIndexPolicyResponse{}, nil
}

// indexOf returns the field index policy that is in force for a group: its
// own, or else the account's.
func (s *Service) indexOf(ctx context.Context, g *group) (*logsapi.IndexPolicy, int64, error) {
	name := placeOf(ctx).group(g.Name)
	if g.Index != nil {
		out := g.Index.indexPolicy(name)
		return &out, g.Index.Created, nil
	}
	all, err := s.accountPolicy(ctx, logsapi.PolicyTypeFieldIndexPolicy)
	if err != nil {
		return nil, 0, err
	}
	for i := range all {
		if a := &all[i]; a.covers(g.Name) {
			source := logsapi.IndexSourceAccount
			return &logsapi.IndexPolicy{
				LogGroupIdentifier: &name, LastUpdateTime: &a.Updated, PolicyDocument: &a.Document, PolicyName: &a.Name, Source: &source,
			}, a.Updated, nil
		}
	}
	return nil, 0, nil
}

// DescribeIndexPolicies returns the policy in force for a group.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeIndexPolicies.html
func (s *Service) DescribeIndexPolicies(ctx context.Context, in *logsapi.DescribeIndexPoliciesRequest) (*logsapi.DescribeIndexPoliciesResponse, error) {
	if in.NextToken != nil {
		return nil, badToken()
	}
	out := &logsapi.DescribeIndexPoliciesResponse{IndexPolicies: []logsapi.IndexPolicy{}}
	for _, id := range in.LogGroupIdentifiers {
		g, err := s.identified(ctx, "DescribeIndexPolicies", id)
		if err != nil {
			return nil, err
		}
		policy, _, err := s.indexOf(ctx, &g)
		if err != nil {
			return nil, err
		}
		if policy != nil {
			out.IndexPolicies = append(out.IndexPolicies, *policy)
		}
	}
	return out, nil
}

// identified returns the group of an identifier, if the caller may perform
// the action on it.
func (s *Service) identified(ctx context.Context, action, id string) (group, error) {
	name, err := groupName(ctx, id)
	if err != nil {
		return group{}, err
	}
	return s.authorizedGroup(ctx, action, name)
}

// DescribeFieldIndexes returns the indexed fields of groups, with the times of
// the first and the last event since the policy that has them.
//
// Unverified: that the indexes which every group has are not among them.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeFieldIndexes.html
func (s *Service) DescribeFieldIndexes(ctx context.Context, in *logsapi.DescribeFieldIndexesRequest) (*logsapi.DescribeFieldIndexesResponse, error) {
	all := []logsapi.FieldIndex{}
	for _, id := range in.LogGroupIdentifiers {
		g, err := s.identified(ctx, "DescribeFieldIndexes", id)
		if err != nil {
			return nil, err
		}
		list, err := s.indexesOf(ctx, &g)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	page, next, err := cut(s.root, maxListPage, s.listing(ctx, "DescribeFieldIndexes"), in.NextToken, all,
		func(f logsapi.FieldIndex) storage.Key { return storage.K(*f.LogGroupIdentifier, *f.FieldIndexName) }, false)
	return &logsapi.DescribeFieldIndexesResponse{FieldIndexes: page, NextToken: next}, err
}

func (s *Service) indexesOf(ctx context.Context, g *group) ([]logsapi.FieldIndex, error) {
	policy, since, err := s.indexOf(ctx, g)
	if err != nil || policy == nil {
		return nil, err
	}
	fields, err := parseIndex(*policy.PolicyDocument)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(fields))
	group, now, category := placeOf(ctx).group(g.Name), s.now(), logsapi.IndexCategoryCustom
	list := make([]logsapi.FieldIndex, len(names))
	for i, name := range names {
		kind := fields[name]
		list[i] = logsapi.FieldIndex{LogGroupIdentifier: &group, FieldIndexName: &names[i], LastScanTime: &now, Type: &kind, IndexCategory: &category}
	}
	return list, s.eachEvent(ctx, g, since-tooOld, now+tooNew, func(e *located) {
		for i := range list {
			if e.ingested < since || !hasField(e, names[i]) {
				continue
			}
			at := e.timestamp
			if list[i].FirstEventTime == nil {
				list[i].FirstEventTime = &at
			}
			list[i].LastEventTime = &at
		}
	})
}
