package logs

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/logs/pattern"
	"sealstack/storage"
)

// Limits of a log group's filters:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
const (
	maxMetricFilters = 100
	maxRegexFilters  = 5 // filters of a group with a regular expression
	maxDimensions    = 3
)

// metricFilter turns events of a group into data points of a metric. It is
// part of the group's record.
type metricFilter struct {
	Name       string
	Pattern    string
	Created    int64
	Metric     string
	Namespace  string
	Value      string // a number, "$field" or "$.selector"
	Default    *float64
	Dimensions map[string]string // to "$field" or "$.selector"
	Unit       *logsapi.StandardUnit
	// Transformed filters see the transformed version of events.
	Transformed bool
	Criteria    *string  // by system fields, see [fieldCriteria]
	System      []string // system fields that are dimensions
}

// PutMetricFilter makes or replaces a metric filter of a group. Events that
// are put from then on become data points in CloudWatch.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
func (s *Service) PutMetricFilter(ctx context.Context, in *logsapi.PutMetricFilterRequest) (*api.None, error) {
	return nil, s.change(ctx, "PutMetricFilter", in.LogGroupName, func(g *group) error {
		if err := readable(g); err != nil {
			return err
		}
		f, err := newMetricFilter(in, s.now())
		if err != nil {
			return err
		}
		return g.putMetricFilter(f)
	})
}

// newMetricFilter checks what is asked for.
//
// Unverified: the sentence about dimensions and a default value, known from
// what users report.
func newMetricFilter(in *logsapi.PutMetricFilterRequest, now int64) (metricFilter, error) {
	parsed, err := pattern.Parse(in.FilterPattern)
	if err != nil {
		return metricFilter{}, badPattern(err, "Invalid metric filter pattern")
	}
	t := &in.MetricTransformations[0]
	switch {
	case len(t.Dimensions) > 0 && t.DefaultValue != nil:
		return metricFilter{}, logsapi.InvalidParameterException("Invalid metric transformation: dimensions and default value are mutually exclusive properties.")
	case len(t.Dimensions)+len(in.EmitSystemFieldDimensions) > maxDimensions:
		return metricFilter{}, logsapi.InvalidParameterException("Invalid metric transformation: there can be no more than %d dimensions.", maxDimensions) // Unverified: AWS's sentence
	case len(t.Dimensions) > 0 && parsed.Kind() != pattern.JSON && parsed.Kind() != pattern.SpaceDelimited:
		return metricFilter{}, logsapi.InvalidParameterException("Invalid metric transformation: dimensions need a JSON or space-delimited filter pattern.") // Unverified: AWS's sentence
	case !measurable(t.MetricValue):
		return metricFilter{}, logsapi.InvalidParameterException("Invalid metric transformation: the metric value must be a number or a field of the filter pattern.") // Unverified: AWS's sentence
	}
	for _, field := range t.Dimensions {
		if !strings.HasPrefix(field, "$") {
			return metricFilter{}, logsapi.InvalidParameterException("Invalid metric transformation: the value of a dimension must be a field of the filter pattern.") // Unverified: AWS's sentence
		}
	}
	for _, field := range in.EmitSystemFieldDimensions {
		if field != "@aws.account" && field != "@aws.region" {
			return metricFilter{}, logsapi.InvalidParameterException("Invalid system field: %s", field) // Unverified: AWS's sentence
		}
	}
	if err := checkCriteria(in.FieldSelectionCriteria); err != nil {
		return metricFilter{}, err
	}
	return metricFilter{
		Name: in.FilterName, Pattern: in.FilterPattern, Created: now,
		Metric: t.MetricName, Namespace: t.MetricNamespace, Value: t.MetricValue,
		Default: t.DefaultValue, Dimensions: t.Dimensions, Unit: t.Unit, Transformed: value(in.ApplyOnTransformedLogs),
		Criteria: in.FieldSelectionCriteria, System: in.EmitSystemFieldDimensions,
	}, nil
}

// badPattern turns the pattern room's error into AWS's; general is what the
// operation says where the pattern room names no reason of its own.
func badPattern(err error, general string) error {
	text := err.Error()
	if rest, ok := strings.CutPrefix(text, pattern.InvalidPattern); ok {
		text = general + rest
	}
	return logsapi.InvalidParameterException("%s", text)
}

// measurable reports whether a metric value is a number or names a field.
func measurable(v string) bool {
	if name, ok := strings.CutPrefix(v, "$"); ok {
		return name != ""
	}
	_, ok := finite(v)
	return ok
}

func finite(v string) (float64, bool) {
	n, err := strconv.ParseFloat(v, 64)
	return n, err == nil && !math.IsInf(n, 0) && !math.IsNaN(n)
}

// putMetricFilter adds a filter or puts it in the place of one of its name.
func (g *group) putMetricFilter(f metricFilter) error {
	list := slices.Clone(g.MetricFilters)
	if i := slices.IndexFunc(list, func(old metricFilter) bool { return old.Name == f.Name }); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	list = append(list, f)
	slices.SortFunc(list, func(a, b metricFilter) int { return strings.Compare(a.Name, b.Name) })
	texts := make([]string, 0, len(list)+len(g.Subscriptions))
	for i := range list {
		texts = append(texts, list[i].Pattern)
	}
	for i := range g.Subscriptions {
		texts = append(texts, g.Subscriptions[i].Pattern)
	}
	if len(list) > maxMetricFilters || regexes(texts) > maxRegexFilters {
		return limitExceeded()
	}
	g.MetricFilters = list
	return nil
}

// DeleteMetricFilter removes a metric filter. Data points stay.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteMetricFilter.html
func (s *Service) DeleteMetricFilter(ctx context.Context, in *logsapi.DeleteMetricFilterRequest) (*api.None, error) {
	return nil, s.change(ctx, "DeleteMetricFilter", in.LogGroupName, func(g *group) error {
		kept := slices.DeleteFunc(slices.Clone(g.MetricFilters), func(f metricFilter) bool { return f.Name == in.FilterName })
		if len(kept) == len(g.MetricFilters) {
			return noSuchMetricFilter()
		}
		g.MetricFilters = kept
		return nil
	})
}

// DescribeMetricFilters lists filters of one group, or across groups all or
// those of one metric, by group and name.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeMetricFilters.html
func (s *Service) DescribeMetricFilters(ctx context.Context, in *logsapi.DescribeMetricFiltersRequest) (*logsapi.DescribeMetricFiltersResponse, error) {
	if (in.MetricName == nil) != (in.MetricNamespace == nil) {
		return nil, logsapi.InvalidParameterException("metricName and metricNamespace must be specified together.") // Unverified: AWS's sentence
	}
	found, err := s.metricFilters(ctx, in)
	if err != nil {
		return nil, err
	}
	purpose := s.listing(ctx, "DescribeMetricFilters/"+value(in.LogGroupName))
	page, next, err := cut(s.root, pageOf(in.Limit), purpose, in.NextToken, found,
		func(f logsapi.MetricFilter) storage.Key { return storage.K(*f.LogGroupName, *f.FilterName) }, false)
	if err != nil {
		return nil, err
	}
	return &logsapi.DescribeMetricFiltersResponse{MetricFilters: page, NextToken: next}, nil
}

// metricFilters returns the filters that a DescribeMetricFilters call asks for.
func (s *Service) metricFilters(ctx context.Context, in *logsapi.DescribeMetricFiltersRequest) ([]logsapi.MetricFilter, error) {
	var from []group
	prefix := ""
	if in.LogGroupName != nil {
		g, err := s.authorizedGroup(ctx, "DescribeMetricFilters", *in.LogGroupName)
		if err != nil {
			return nil, err
		}
		from, prefix = []group{g}, value(in.FilterNamePrefix)
	} else {
		if err := s.authorizeAccount(ctx, "DescribeMetricFilters"); err != nil {
			return nil, err
		}
		var err error
		if from, err = list(ctx, s, groups, placeOf(ctx).key()); err != nil {
			return nil, err
		}
	}
	found := []logsapi.MetricFilter{}
	for i := range from {
		for j := range from[i].MetricFilters {
			f := &from[i].MetricFilters[j]
			if strings.HasPrefix(f.Name, prefix) && (in.MetricName == nil || *in.MetricName == f.Metric && *in.MetricNamespace == f.Namespace) {
				found = append(found, describeMetricFilter(&from[i], f))
			}
		}
	}
	return found, nil
}

func describeMetricFilter(g *group, f *metricFilter) logsapi.MetricFilter {
	return logsapi.MetricFilter{
		FilterName: &f.Name, FilterPattern: &f.Pattern, CreationTime: &f.Created, LogGroupName: &g.Name,
		ApplyOnTransformedLogs: &f.Transformed, FieldSelectionCriteria: f.Criteria, EmitSystemFieldDimensions: f.System,
		MetricTransformations: []logsapi.MetricTransformation{{
			MetricName: f.Metric, MetricNamespace: f.Namespace, MetricValue: f.Value,
			DefaultValue: f.Default, Dimensions: f.Dimensions, Unit: f.Unit,
		}},
	}
}

// TestMetricFilter says which of some messages match a pattern, and what it
// extracts from them.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TestMetricFilter.html
func (s *Service) TestMetricFilter(ctx context.Context, in *logsapi.TestMetricFilterRequest) (*logsapi.TestMetricFilterResponse, error) {
	if err := s.authorizeAccount(ctx, "TestMetricFilter"); err != nil {
		return nil, err
	}
	parsed, err := pattern.Parse(in.FilterPattern)
	if err != nil {
		return nil, badPattern(err, "Invalid metric filter pattern")
	}
	out := &logsapi.TestMetricFilterResponse{Matches: []logsapi.MetricFilterMatchRecord{}}
	for i := range in.LogEventMessages {
		if values := parsed.Extract(in.LogEventMessages[i]); values != nil {
			number := int64(i + 1)
			out.Matches = append(out.Matches, logsapi.MetricFilterMatchRecord{
				EventNumber: &number, EventMessage: &in.LogEventMessages[i], ExtractedValues: values,
			})
		}
	}
	return out, nil
}
