package cloudtrail

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"sealstack/api/cloudtrailapi"
)

// Limits of selectors.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
const (
	maxSelectors     = 5
	maxDataResources = 250
	maxValues        = 500 // of all conditions of the advanced selectors
)

// PutEventSelectors says which events a trail takes. The selectors of the
// other kind are dropped.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
func (s *Service) PutEventSelectors(ctx context.Context, in *cloudtrailapi.PutEventSelectorsRequest) (*cloudtrailapi.PutEventSelectorsResponse, error) {
	t, err := s.openHome(ctx, in.TrailName, "PutEventSelectors")
	if err != nil {
		return nil, err
	}
	if err := checkSelectors(in); err != nil {
		return nil, err
	}
	changed, err := s.edit(ctx, t, func(t *trail) error {
		t.Basic, t.Advanced = nil, in.AdvancedEventSelectors
		for _, e := range in.EventSelectors {
			t.Basic = append(t.Basic, withDefaults(e))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.PutEventSelectorsResponse{
		TrailARN: new(changed.arn()), EventSelectors: changed.Basic, AdvancedEventSelectors: changed.Advanced,
	}, nil
}

// GetEventSelectors tells which events a trail takes.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html
func (s *Service) GetEventSelectors(ctx context.Context, in *cloudtrailapi.GetEventSelectorsRequest) (*cloudtrailapi.GetEventSelectorsResponse, error) {
	t, err := s.open(ctx, in.TrailName, "GetEventSelectors")
	if err != nil {
		return nil, err
	}
	out := &cloudtrailapi.GetEventSelectorsResponse{TrailARN: new(t.arn()), AdvancedEventSelectors: t.Advanced}
	if t.Advanced == nil {
		out.EventSelectors = basicOf(&t)
	}
	return out, nil
}

func checkSelectors(in *cloudtrailapi.PutEventSelectorsRequest) error {
	switch basic, advanced := len(in.EventSelectors), len(in.AdvancedEventSelectors); {
	case basic > 0 && advanced > 0:
		return badSelectors("EventSelectors and AdvancedEventSelectors cannot be used together.")
	case basic == 0 && advanced == 0:
		return badSelectors("EventSelectors or AdvancedEventSelectors must be specified.")
	case basic > 0:
		return checkBasic(in.EventSelectors)
	}
	return checkAdvanced(in.AdvancedEventSelectors)
}

// dataTypes are the resource types that basic selectors take, with the
// beginning of their ARNs.
var dataTypes = map[string]string{
	objectType: ":s3", "AWS::Lambda::Function": ":lambda", "AWS::DynamoDB::Table": ":dynamodb",
}

// noisySources are the sources of management events that can be left out.
var noisySources = []string{"kms.amazonaws.com", "rdsdata.amazonaws.com"}

func checkBasic(list []cloudtrailapi.EventSelector) error {
	if len(list) > maxSelectors {
		return badSelectors("A trail can have at most 5 event selectors.")
	}
	n := 0
	for _, e := range list {
		for _, source := range e.ExcludeManagementEventSources {
			if !slices.Contains(noisySources, source) || e.IncludeManagementEvents != nil && !*e.IncludeManagementEvents {
				return badSelectors("The value for ExcludeManagementEventSources is not valid: " + source)
			}
		}
		for _, d := range e.DataResources {
			if n += len(d.Values); !soundData(d) {
				return badSelectors("The data resource is not valid: " + deref(d.Type))
			}
		}
	}
	if n > maxDataResources {
		return badSelectors("The total number of data resources cannot exceed 250.")
	}
	return nil
}

// soundData says whether the values are ARNs, or the beginnings of some, of
// their type.
func soundData(d cloudtrailapi.DataResource) bool {
	service, ok := dataTypes[deref(d.Type)]
	return ok && !slices.ContainsFunc(d.Values, func(v string) bool {
		partition, rest, _ := strings.Cut(strings.TrimPrefix(v, "arn:"), ":")
		return !strings.HasPrefix(v, "arn:aws") || !strings.HasPrefix(":"+rest, service) || partition == ""
	})
}

// fields are those of advanced selectors, each with the operators that it
// takes and the categories of which it is.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
var fields = map[string]struct {
	only       []string // nil: all operators
	categories []string
}{
	"eventCategory":                {only: []string{"Equals"}},
	"readOnly":                     {only: []string{"Equals"}, categories: []string{management, data}},
	"resources.type":               {only: []string{"Equals"}, categories: []string{data}},
	"resources.ARN":                {categories: []string{data}},
	"eventName":                    {},
	"eventSource":                  {},
	"eventType":                    {categories: []string{management, data}},
	"userIdentity.arn":             {categories: []string{management, data}},
	"sessionCredentialFromConsole": {only: []string{"Equals", "NotEquals"}, categories: []string{management, data}},
	"errorCode":                    {categories: []string{networkActivity}},
	"vpcEndpointId":                {categories: []string{networkActivity}},
}

// networkActivity is the category of calls through VPC endpoints. There are
// none here: a selector of it takes nothing.
const networkActivity = "NetworkActivity"

func checkAdvanced(list []cloudtrailapi.AdvancedEventSelector) error {
	n := 0
	for i := range list {
		if err := checkOne(&list[i]); err != nil {
			return err
		}
		for j := range list[i].FieldSelectors {
			for _, o := range operatorsOf(&list[i].FieldSelectors[j]) {
				n += len(o.operands)
			}
		}
	}
	if n > maxValues {
		return badSelectors("The total number of values in all advanced event selectors cannot exceed 500.")
	}
	return nil
}

func checkOne(a *cloudtrailapi.AdvancedEventSelector) error {
	category := ""
	seen := map[string]bool{}
	for i := range a.FieldSelectors {
		f := &a.FieldSelectors[i]
		if seen[f.Field] {
			return badSelectors("The field " + f.Field + " is used more than once.")
		}
		if seen[f.Field] = true; f.Field == "eventCategory" && len(f.Equals) == 1 {
			category = f.Equals[0]
		}
	}
	if category != management && category != data && category != networkActivity {
		return badSelectors("eventCategory must equal Management, Data, or NetworkActivity.")
	}
	if category == data && !seen["resources.type"] {
		return badSelectors("resources.type is required for data events.")
	}
	if category == networkActivity && !seen["eventSource"] {
		return badSelectors("eventSource is required for network activity events.")
	}
	for i := range a.FieldSelectors {
		if err := checkField(&a.FieldSelectors[i], category); err != nil {
			return err
		}
	}
	return nil
}

func checkField(f *cloudtrailapi.AdvancedFieldSelector, category string) error {
	rule, ok := fields[f.Field]
	if !ok || rule.categories != nil && !slices.Contains(rule.categories, category) {
		return badSelectors("The field " + f.Field + " is not supported for the event category " + category + ".")
	}
	used := usedOperators(f)
	if len(used) == 0 {
		return badSelectors("The field " + f.Field + " needs at least one operator.")
	}
	for _, o := range used {
		if rule.only != nil && !slices.Contains(rule.only, o) {
			return badSelectors("The operator " + o + " is not supported for the field " + f.Field + ".")
		}
	}
	if f.Field == "readOnly" && slices.ContainsFunc(f.Equals, func(v string) bool { return v != "true" && v != "false" }) {
		return badSelectors("readOnly must be true or false.")
	}
	if f.Field == "resources.type" && (len(f.Equals) != 1 || !resourceType.MatchString(f.Equals[0])) {
		return badSelectors("resources.type must equal one resource type.")
	}
	return nil
}

// resourceType is how the types of data events look. Those of services that
// are not here are taken too: they select nothing.
var resourceType = regexp.MustCompile(`^AWS::[A-Za-z0-9]+::[A-Za-z0-9]+$`)

func usedOperators(f *cloudtrailapi.AdvancedFieldSelector) []string {
	var used []string
	for _, o := range []struct {
		name     string
		operands []string
	}{
		{"Equals", f.Equals}, {"StartsWith", f.StartsWith}, {"EndsWith", f.EndsWith},
		{"NotEquals", f.NotEquals}, {"NotStartsWith", f.NotStartsWith}, {"NotEndsWith", f.NotEndsWith},
	} {
		if len(o.operands) > 0 {
			used = append(used, o.name)
		}
	}
	return used
}
