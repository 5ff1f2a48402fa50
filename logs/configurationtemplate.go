package logs

import (
	"context"
	"fmt"
	"slices"

	"sealstack/api/logsapi"
	"sealstack/storage"
)

// template is a configuration template with its place in the listing.
type template struct {
	n     int
	shown logsapi.ConfigurationTemplate
}

// DescribeConfigurationTemplates lists what a delivery of each log type to
// each type of destination can be made of. Fields, formats and delimiters are
// there where AWS's documentation has them.
//
// Unverified: the order of the listing.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeConfigurationTemplates.html
func (s *Service) DescribeConfigurationTemplates(ctx context.Context, in *logsapi.DescribeConfigurationTemplatesRequest) (*logsapi.DescribeConfigurationTemplatesResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeConfigurationTemplates"); err != nil {
		return nil, err
	}
	if in.Service != nil && !slices.ContainsFunc(vendors, func(v vendor) bool { return v.service == *in.Service }) {
		return nil, logsapi.ResourceNotFoundException("Cannot access provided service.") // Unverified: that it is PutDeliverySource's sentence
	}
	page, next, err := cut(s.root, pageOf(in.Limit), fmt.Sprint(s.listing(ctx, "DescribeConfigurationTemplates"), value(in.Service), in.LogTypes, in.ResourceTypes, in.DeliveryDestinationTypes),
		in.NextToken, templates(in), func(t template) storage.Key { return storage.K(fmt.Sprintf("%06d", t.n)) }, false)
	if err != nil {
		return nil, badDeliveryToken(err)
	}
	out := &logsapi.DescribeConfigurationTemplatesResponse{ConfigurationTemplates: []logsapi.ConfigurationTemplate{}, NextToken: next}
	for i := range page {
		out.ConfigurationTemplates = append(out.ConfigurationTemplates, page[i].shown)
	}
	return out, nil
}

// templates returns those that a call asks for.
func templates(in *logsapi.DescribeConfigurationTemplatesRequest) (found []template) {
	for i := range vendors {
		v := &vendors[i]
		if in.Service != nil && *in.Service != v.service || !among(in.ResourceTypes, v.resource) {
			continue
		}
		for _, logType := range v.logTypes {
			for _, kind := range v.kinds() {
				if among(in.LogTypes, logType) && among(in.DeliveryDestinationTypes, kind) {
					found = append(found, template{len(found), v.template(logType, kind)})
				}
			}
		}
	}
	return found
}

// among reports whether a filter lets v through: an empty one lets all.
func among[T comparable](filter []T, v T) bool {
	return len(filter) == 0 || slices.Contains(filter, v)
}

func (v *vendor) template(logType string, kind logsapi.DeliveryDestinationType) logsapi.ConfigurationTemplate {
	permission := v.permission()
	t := logsapi.ConfigurationTemplate{
		Service: &v.service, LogType: &logType, DeliveryDestinationType: &kind, AllowedActionForAllowVendedLogsDeliveryForResource: &permission,
	}
	if v.resource != "" {
		t.ResourceType = &v.resource
	}
	if l := layoutOf(v.service); l != nil {
		l.fill(&t, kind)
	}
	return t
}

// fill adds what a layout says to a template.
func (l *layout) fill(t *logsapi.ConfigurationTemplate, kind logsapi.DeliveryDestinationType) {
	for _, f := range slices.Concat(l.fields, l.optional) {
		mandatory := false
		t.AllowedFields = append(t.AllowedFields, logsapi.RecordField{Name: &f, Mandatory: &mandatory})
	}
	t.AllowedOutputFormats, t.AllowedFieldDelimiters = l.formats[kind], l.delimiters
	t.DefaultDeliveryConfigValues = &logsapi.ConfigurationTemplateDeliveryConfigValues{RecordFields: l.fields, FieldDelimiter: &l.delimiters[0]}
	if kind == logsapi.DeliveryDestinationTypeS3 {
		t.AllowedSuffixPathFields = l.variables
	}
}
