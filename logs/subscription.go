package logs

import (
	"context"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/auth"
	"sealstack/logs/pattern"
	"sealstack/storage"
)

// maxSubscriptions is how many subscription filters a group has:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
const maxSubscriptions = 2

// subscription sends the events of a group that match a pattern to a
// destination. It is part of the group's record, or an account policy.
type subscription struct {
	Name         string
	Pattern      string
	Destination  string
	Role         *string
	Distribution logsapi.Distribution
	System       []string // system fields that events carry
	Criteria     *string  // by system fields, see [fieldCriteria]
	Transformed  bool     // it takes events in their transformed version
	Created      int64
	// Policy says that an account policy of that name subscribes the group.
	Policy bool
}

// PutSubscriptionFilter makes or replaces a subscription filter of a group.
// A destination that does not take a test message is refused. Events that are
// put from then on are forwarded, see [Service.forwardDue].
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html
func (s *Service) PutSubscriptionFilter(ctx context.Context, in *logsapi.PutSubscriptionFilterRequest) (*api.None, error) {
	g, err := s.authorizedGroup(ctx, "PutSubscriptionFilter", in.LogGroupName)
	if err != nil {
		return nil, err
	}
	if err := readable(&g); err != nil {
		return nil, err
	}
	f := subscription{
		Name: in.FilterName, Pattern: in.FilterPattern, Destination: in.DestinationArn, Role: in.RoleArn,
		Distribution: logsapi.DistributionByLogStream, System: in.EmitSystemFields, Criteria: in.FieldSelectionCriteria, Transformed: value(in.ApplyOnTransformedLogs), Created: s.now(),
	}
	if in.Distribution != nil {
		f.Distribution = *in.Distribution
	}
	if err := s.subscribable(ctx, &f); err != nil {
		return nil, err
	}
	return nil, s.edit(ctx, placeOf(ctx), in.LogGroupName, func(now *group) error {
		if now.ID != g.ID {
			return conflicting()
		}
		return now.subscribe(f)
	})
}

// emittedFields are those that forwarded events can carry.
var emittedFields = []string{"@aws.account", "@aws.region", "@source.log"}

// subscribable checks a subscription and tries its destination.
func (s *Service) subscribable(ctx context.Context, f *subscription) error {
	if _, err := pattern.Parse(f.Pattern); err != nil {
		return badPattern(err, "Invalid subscription filter pattern")
	}
	for _, field := range f.System {
		if !slices.Contains(emittedFields, field) {
			return logsapi.InvalidParameterException("Invalid system field: %s", field) // Unverified: AWS's sentence
		}
	}
	if err := checkCriteria(f.Criteria); err != nil {
		return err
	}
	t, err := s.aim(ctx, f)
	if err != nil {
		return err
	}
	if f.Role != nil {
		if err := s.mayPass(ctx, *f.Role); err != nil {
			return err
		}
	}
	return s.try(ctx, t)
}

// mayPass asks whether the caller may hand a role to CloudWatch Logs.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
func (s *Service) mayPass(ctx context.Context, role string) error {
	return s.auth.Authorize(ctx, &auth.Request{
		Service: logsapi.Service, Action: "iam:PassRole", Resource: role, Keys: auth.Keys{"iam:passedtoservice": {"logs.amazonaws.com"}},
	})
}

// subscribe adds a filter or puts it in the place of one of its name.
func (g *group) subscribe(f subscription) error {
	list := slices.DeleteFunc(slices.Clone(g.Subscriptions), func(old subscription) bool {
		if old.Name == f.Name {
			f.Created = old.Created
		}
		return old.Name == f.Name
	})
	list = append(list, f)
	slices.SortFunc(list, func(a, b subscription) int { return strings.Compare(a.Name, b.Name) })
	texts := make([]string, 0, len(list)+len(g.MetricFilters))
	for i := range list {
		texts = append(texts, list[i].Pattern)
	}
	for i := range g.MetricFilters {
		texts = append(texts, g.MetricFilters[i].Pattern)
	}
	if len(list) > maxSubscriptions || regexes(texts) > maxRegexFilters {
		return limitExceeded()
	}
	g.Subscriptions = list
	return nil
}

// regexes counts the patterns that have a regular expression.
func regexes(texts []string) (n int) {
	for _, text := range texts {
		if parsed, err := pattern.Parse(text); err == nil && parsed.HasRegex() {
			n++
		}
	}
	return n
}

// DescribeSubscriptionFilters lists a group's subscription filters by name.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeSubscriptionFilters.html
func (s *Service) DescribeSubscriptionFilters(ctx context.Context, in *logsapi.DescribeSubscriptionFiltersRequest) (*logsapi.DescribeSubscriptionFiltersResponse, error) {
	g, err := s.authorizedGroup(ctx, "DescribeSubscriptionFilters", in.LogGroupName)
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(slices.Clone(g.Subscriptions), func(f subscription) bool { return !strings.HasPrefix(f.Name, value(in.FilterNamePrefix)) })
	page, next, err := cut(s.root, pageOf(in.Limit), s.listing(ctx, "DescribeSubscriptionFilters/"+g.ID), in.NextToken, list,
		func(f subscription) storage.Key { return storage.K(f.Name) }, false)
	if err != nil {
		return nil, err
	}
	out := &logsapi.DescribeSubscriptionFiltersResponse{SubscriptionFilters: []logsapi.SubscriptionFilter{}, NextToken: next}
	for i := range page {
		out.SubscriptionFilters = append(out.SubscriptionFilters, page[i].describe(&g))
	}
	return out, nil
}

func (f *subscription) describe(g *group) logsapi.SubscriptionFilter {
	return logsapi.SubscriptionFilter{
		FilterName: &f.Name, LogGroupName: &g.Name, FilterPattern: &f.Pattern, DestinationArn: &f.Destination, RoleArn: f.Role,
		Distribution: &f.Distribution, ApplyOnTransformedLogs: &f.Transformed, CreationTime: &f.Created, EmitSystemFields: f.System,
		FieldSelectionCriteria: f.Criteria,
	}
}

// DeleteSubscriptionFilter removes a subscription filter of a group. What it
// had taken before is still delivered.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteSubscriptionFilter.html
func (s *Service) DeleteSubscriptionFilter(ctx context.Context, in *logsapi.DeleteSubscriptionFilterRequest) (*api.None, error) {
	return nil, s.change(ctx, "DeleteSubscriptionFilter", in.LogGroupName, func(g *group) error {
		kept := slices.DeleteFunc(slices.Clone(g.Subscriptions), func(f subscription) bool { return f.Name == in.FilterName })
		if len(kept) == len(g.Subscriptions) {
			return logsapi.ResourceNotFoundException("The specified subscription filter does not exist.")
		}
		g.Subscriptions = kept
		return nil
	})
}
