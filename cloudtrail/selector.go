package cloudtrail

import (
	"slices"
	"strconv"
	"strings"

	"sealstack/api/cloudtrailapi"
)

// selector decides which events a trail takes. Both kinds of event selectors
// become one.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-and-data-events-with-cloudtrail.html
type selector interface {
	takes(r *record) bool
	takesData() bool
}

// selectorsOf returns a trail's selectors. Without any it takes every
// management event.
func selectorsOf(t *trail) []selector {
	var list []selector
	for i := range t.Advanced {
		list = append(list, advanced{&t.Advanced[i]})
	}
	if t.Advanced != nil {
		return list
	}
	for _, b := range basicOf(t) {
		list = append(list, basic{b})
	}
	return list
}

// basicOf returns the basic selectors, with AWS's defaults filled in.
func basicOf(t *trail) []cloudtrailapi.EventSelector {
	if t.Basic == nil {
		return []cloudtrailapi.EventSelector{withDefaults(cloudtrailapi.EventSelector{})}
	}
	return t.Basic
}

// isDefault reports whether basic selectors are what a trail has without any.
// Such a trail has no custom selectors, even after they were put: Terraform's
// provider counts on it.
func isDefault(basic []cloudtrailapi.EventSelector) bool {
	return basic == nil || len(basic) == 1 && *basic[0].ReadWriteType == cloudtrailapi.ReadWriteTypeAll && *basic[0].IncludeManagementEvents &&
		len(basic[0].DataResources) == 0 && len(basic[0].ExcludeManagementEventSources) == 0
}

func withDefaults(e cloudtrailapi.EventSelector) cloudtrailapi.EventSelector {
	if e.ReadWriteType == nil {
		e.ReadWriteType = new(cloudtrailapi.ReadWriteTypeAll)
	}
	if e.IncludeManagementEvents == nil {
		e.IncludeManagementEvents = new(true)
	}
	if e.DataResources == nil {
		e.DataResources = []cloudtrailapi.DataResource{}
	}
	if e.ExcludeManagementEventSources == nil {
		e.ExcludeManagementEventSources = []string{}
	}
	return e
}

// basic is one of EventSelectors.
type basic struct{ cloudtrailapi.EventSelector }

func (b basic) takesData() bool { return len(b.DataResources) > 0 }

func (b basic) takes(r *record) bool {
	switch *b.ReadWriteType {
	case cloudtrailapi.ReadWriteTypeReadOnly:
		if !r.ReadOnly {
			return false
		}
	case cloudtrailapi.ReadWriteTypeWriteOnly:
		if r.ReadOnly {
			return false
		}
	}
	if r.Management {
		return *b.IncludeManagementEvents && !slices.Contains(b.ExcludeManagementEventSources, r.Source)
	}
	return slices.ContainsFunc(b.DataResources, func(d cloudtrailapi.DataResource) bool { return covers(d, r) })
}

// covers says whether a data resource is one of the event: a value is the
// beginning of the ARNs that it stands for.
func covers(d cloudtrailapi.DataResource, r *record) bool {
	for _, x := range r.Resources {
		for _, value := range d.Values {
			if x.Type == deref(d.Type) && strings.HasPrefix(x.ARN+x.ARNPrefix, value) {
				return true
			}
		}
	}
	return false
}

// advanced is one of AdvancedEventSelectors: every field must match.
type advanced struct {
	*cloudtrailapi.AdvancedEventSelector
}

func (a advanced) takesData() bool {
	return slices.ContainsFunc(a.FieldSelectors, func(f cloudtrailapi.AdvancedFieldSelector) bool {
		return f.Field == "eventCategory" && slices.Contains(f.Equals, data)
	})
}

func (a advanced) takes(r *record) bool {
	for i := range a.FieldSelectors {
		if !matches(&a.FieldSelectors[i], r) {
			return false
		}
	}
	return true
}

// matches says whether the event's field meets every operator that is given.
// A field with several values, such as resources.ARN, meets a positive one
// with any of them and a negative one with all.
func matches(f *cloudtrailapi.AdvancedFieldSelector, r *record) bool {
	values := fieldOf(f.Field, r)
	for _, o := range operatorsOf(f) {
		hit := slices.ContainsFunc(values, func(v string) bool {
			return slices.ContainsFunc(o.operands, func(operand string) bool { return o.test(v, operand) })
		})
		if hit == o.negative {
			return false
		}
	}
	return true
}

type operator struct {
	operands []string
	test     func(value, operand string) bool
	negative bool
}

func operatorsOf(f *cloudtrailapi.AdvancedFieldSelector) []operator {
	equal := func(v, o string) bool { return v == o }
	all := []operator{
		{f.Equals, equal, false}, {f.StartsWith, strings.HasPrefix, false}, {f.EndsWith, strings.HasSuffix, false},
		{f.NotEquals, equal, true}, {f.NotStartsWith, strings.HasPrefix, true}, {f.NotEndsWith, strings.HasSuffix, true},
	}
	return slices.DeleteFunc(all, func(o operator) bool { return len(o.operands) == 0 })
}

// fieldOf returns the values of a field of the event.
func fieldOf(field string, r *record) []string {
	switch field {
	case "eventCategory":
		return []string{r.Category}
	case "readOnly":
		return []string{strconv.FormatBool(r.ReadOnly)}
	case "eventSource":
		return []string{r.Source}
	case "eventName":
		return []string{r.Name}
	case "eventType":
		return []string{r.Type}
	case "errorCode":
		return []string{r.ErrorCode}
	case "userIdentity.arn":
		return []string{r.User.ARN}
	case "resources.type":
		return r.each(func(x resource) string { return x.Type })
	case "resources.ARN":
		return r.each(func(x resource) string { return x.ARN + x.ARNPrefix })
	case "sessionCredentialFromConsole":
		return []string{"false"}
	}
	return nil
}

// each returns a text of each resource that data events are selected by: the
// first is the one that the event is about.
func (r *record) each(fn func(resource) string) []string {
	if len(r.Resources) == 0 {
		return nil
	}
	return []string{fn(r.Resources[0])}
}
