package logs

import (
	"context"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/storage"
	"sealstack/storage/seal"
)

// Sizes of a page of a listing.
const (
	defaultPage = 50
	maxListPage = 1000
)

// DescribeLogGroups lists log groups by name.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html
func (s *Service) DescribeLogGroups(ctx context.Context, in *logsapi.DescribeLogGroupsRequest) (*logsapi.DescribeLogGroupsResponse, error) {
	p := placeOf(ctx)
	if err := s.authorize(ctx, "DescribeLogGroups", p.stream("", ""), nil); err != nil {
		return nil, err
	}
	match, err := describeFilter(ctx, in)
	if err != nil {
		return nil, err
	}
	list, next, err := s.groupsOf(ctx, value(in.LogGroupNamePrefix), match, "DescribeLogGroups", in.NextToken, pageOf(in.Limit))
	if err != nil {
		return nil, err
	}
	inherited, err := s.inherited(ctx)
	if err != nil {
		return nil, err
	}
	out := &logsapi.DescribeLogGroupsResponse{LogGroups: []logsapi.LogGroup{}, NextToken: next}
	for i := range list {
		g := describeGroup(p, &list[i])
		g.InheritedProperties = inherited
		if in.LogGroupNamePattern != nil {
			g = brief(g)
		}
		out.LogGroups = append(out.LogGroups, g)
	}
	return out, nil
}

// describeFilter returns which groups a DescribeLogGroups call asks for.
func describeFilter(ctx context.Context, in *logsapi.DescribeLogGroupsRequest) (func(*group) bool, error) {
	if in.LogGroupNamePrefix != nil && in.LogGroupNamePattern != nil {
		return nil, logsapi.InvalidParameterException("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	if value(in.IncludeLinkedAccounts) || len(in.AccountIdentifiers) > 0 {
		return nil, api.NotImplemented("logs", "DescribeLogGroups over linked accounts")
	}
	wanted := map[string]bool{}
	for _, id := range in.LogGroupIdentifiers {
		name, err := groupName(ctx, id)
		if err != nil {
			return nil, err
		}
		wanted[name] = true
	}
	pattern := value(in.LogGroupNamePattern)
	return func(g *group) bool {
		return (len(wanted) == 0 || wanted[g.Name]) &&
			(in.LogGroupClass == nil || *in.LogGroupClass == g.Class) &&
			strings.Contains(strings.ToLower(g.Name), strings.ToLower(pattern))
	}, nil
}

// described is a group with what it holds.
type described struct {
	group
	bytes int64
}

// groupsOf returns a page of the groups, in order of name, whose name begins
// with prefix and that match.
func (s *Service) groupsOf(ctx context.Context, prefix string, match func(*group) bool, purpose string, token *string, page int) ([]described, *string, error) {
	p := placeOf(ctx)
	var list []described
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		list = list[:0]
		for e, err := range groups.Scan(tx, storage.Range{Prefix: p.key(), From: p.key(prefix)}) {
			if err != nil {
				return err
			}
			if !strings.HasPrefix(e.Value.Name, prefix) {
				break
			}
			if !match(&e.Value) {
				continue
			}
			u, err := findUsage(tx, &e.Value)
			if err != nil {
				return err
			}
			list = append(list, described{e.Value, u.Bytes})
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return cut(s.root, page, purpose+"/"+p.account+"/"+p.region, token, list, func(d described) storage.Key { return storage.K(d.Name) }, false)
}

func describeGroup(p place, d *described) logsapi.LogGroup {
	groupARN := p.group(d.Name)
	all, filters := groupARN+":*", int32(len(d.MetricFilters))
	g := logsapi.LogGroup{
		LogGroupName: &d.Name, CreationTime: &d.Created, Arn: &all, LogGroupArn: &groupARN,
		LogGroupClass: &d.Class, MetricFilterCount: &filters, StoredBytes: &d.bytes,
		DeletionProtectionEnabled: &d.Protected, DataProtectionStatus: d.protectionStatus(),
	}
	if d.Retention != 0 {
		g.RetentionInDays = &d.Retention
	}
	if d.BearerTokens {
		g.BearerTokenAuthenticationEnabled = &d.BearerTokens
	}
	if key := d.latest().Key; key != "" {
		g.KmsKeyId = &key
	}
	return g
}

// brief keeps the members that AWS gives when groups are asked for by
// pattern.
func brief(g logsapi.LogGroup) logsapi.LogGroup {
	return logsapi.LogGroup{
		Arn: g.Arn, CreationTime: g.CreationTime, LogGroupArn: g.LogGroupArn,
		LogGroupClass: g.LogGroupClass, LogGroupName: g.LogGroupName, MetricFilterCount: g.MetricFilterCount,
	}
}

// ListLogGroups lists names and classes of log groups.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListLogGroups.html
func (s *Service) ListLogGroups(ctx context.Context, in *logsapi.ListLogGroupsRequest) (*logsapi.ListLogGroupsResponse, error) {
	p := placeOf(ctx)
	if err := s.authorize(ctx, "ListLogGroups", p.stream("", ""), nil); err != nil {
		return nil, err
	}
	if value(in.IncludeLinkedAccounts) || len(in.AccountIdentifiers)+len(in.DataSources)+len(in.FieldIndexNames)+len(in.LogGroupTags) > 0 {
		return nil, api.NotImplemented("logs", "ListLogGroups over linked accounts, data sources, field indexes or tags")
	}
	match := func(g *group) bool {
		return (in.LogGroupClass == nil || *in.LogGroupClass == g.Class) && matchesAny(g.Name, value(in.LogGroupNamePattern))
	}
	list, next, err := s.groupsOf(ctx, "", match, "ListLogGroups", in.NextToken, pageOf(in.Limit))
	if err != nil {
		return nil, err
	}
	out := &logsapi.ListLogGroupsResponse{LogGroups: []logsapi.LogGroupSummary{}, NextToken: next}
	for i := range list {
		groupARN := p.group(list[i].Name)
		out.LogGroups = append(out.LogGroups, logsapi.LogGroupSummary{
			LogGroupName: &list[i].Name, LogGroupArn: &groupARN, LogGroupClass: &list[i].Class,
		})
	}
	return out, nil
}

// matchesAny matches a name against ListLogGroups' pattern: alternatives
// divided by |, each found anywhere in the name, or at its start after ^.
func matchesAny(name, pattern string) bool {
	for part := range strings.SplitSeq(pattern, "|") {
		if start, anchored := strings.CutPrefix(part, "^"); anchored && strings.HasPrefix(name, start) || !anchored && strings.Contains(name, part) {
			return true
		}
	}
	return false
}

func pageOf(limit *int32) int {
	if limit == nil {
		return defaultPage
	}
	return min(int(*limit), maxListPage)
}

// cut returns the page of a sorted list that begins behind the token, and the
// token of the page after it, nil at the end. order gives an item's place.
func cut[T any](root *seal.Root, page int, purpose string, token *string, list []T, order func(T) storage.Key, descending bool) ([]T, *string, error) {
	if token != nil {
		last, err := root.Tokens().Decode(purpose, *token)
		if err != nil {
			return nil, nil, badToken()
		}
		for len(list) > 0 && behind(order(list[0]), last, descending) {
			list = list[1:]
		}
	}
	if len(list) <= page {
		return list, nil, nil
	}
	next := root.Tokens().Encode(purpose, order(list[page-1]))
	return list[:page], &next, nil
}

// behind reports whether an item at k was already on a page that ended at last.
func behind(k, last storage.Key, descending bool) bool {
	if descending {
		return k.Compare(last) >= 0
	}
	return k.Compare(last) <= 0
}
