package cloudtrail

import (
	"fmt"
	"testing"

	"sealstack/api/cloudtrailapi"
)

type (
	selectorIn = cloudtrailapi.EventSelector
	fieldIn    = cloudtrailapi.AdvancedFieldSelector
)

func advancedOf(fields ...fieldIn) cloudtrailapi.AdvancedEventSelector {
	return cloudtrailapi.AdvancedEventSelector{FieldSelectors: fields}
}

func category(name string) fieldIn { return fieldIn{Field: "eventCategory", Equals: []string{name}} }

// events are those that selectors are tried on.
var events = map[string]*record{
	"encrypt": {Source: "kms.amazonaws.com", Name: "Encrypt", ReadOnly: true, Management: true, Category: management, Type: apiCall},
	"create":  {Source: "kms.amazonaws.com", Name: "CreateKey", Management: true, Category: management, Type: apiCall, User: identity{ARN: "arn:aws:iam::1:user/a"}},
	"group":   {Source: "logs.amazonaws.com", Name: "CreateLogGroup", Management: true, Category: management, Type: apiCall},
	"get": {Source: "s3.amazonaws.com", Name: "GetObject", ReadOnly: true, Category: data, Type: apiCall,
		Resources: []resource{{Type: objectType, ARN: "arn:aws:s3:::b/logs/x"}, {Type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::b"}}},
	"put": {Source: "s3.amazonaws.com", Name: "PutObject", Category: data, Type: apiCall,
		Resources: []resource{{Type: objectType, ARN: "arn:aws:s3:::c/x"}}},
}

func taken(t *trail) string {
	var names []string
	for _, name := range []string{"encrypt", "create", "group", "get", "put"} {
		for _, s := range selectorsOf(t) {
			if s.takes(events[name]) {
				names = append(names, name)
				break
			}
		}
	}
	return fmt.Sprint(names)
}

func TestSelectorsTake(t *testing.T) {
	readOnly, writeOnly := cloudtrailapi.ReadWriteTypeReadOnly, cloudtrailapi.ReadWriteTypeWriteOnly
	objects := func(values ...string) []cloudtrailapi.DataResource {
		return []cloudtrailapi.DataResource{{Type: new(objectType), Values: values}}
	}
	s3 := fieldIn{Field: "resources.type", Equals: []string{objectType}}
	for name, test := range map[string]struct {
		trail trail
		want  string
	}{
		"without selectors":      {trail{}, "[encrypt create group]"},
		"read only":              {trail{Basic: []selectorIn{{ReadWriteType: &readOnly}}}, "[encrypt]"},
		"write only":             {trail{Basic: []selectorIn{{ReadWriteType: &writeOnly}}}, "[create group]"},
		"without KMS":            {trail{Basic: []selectorIn{{ExcludeManagementEventSources: []string{"kms.amazonaws.com"}}}}, "[group]"},
		"all objects":            {trail{Basic: []selectorIn{{IncludeManagementEvents: new(false), DataResources: objects("arn:aws:s3")}}}, "[get put]"},
		"a bucket":               {trail{Basic: []selectorIn{{DataResources: objects("arn:aws:s3:::b/")}}}, "[encrypt create group get]"},
		"a prefix that is no":    {trail{Basic: []selectorIn{{IncludeManagementEvents: new(false), DataResources: objects("arn:aws:s3:::b/x")}}}, "[]"},
		"two selectors":          {trail{Basic: []selectorIn{{ReadWriteType: &readOnly}, {ReadWriteType: &writeOnly}}}, "[encrypt create group]"},
		"management":             {trail{Advanced: []cloudtrailapi.AdvancedEventSelector{advancedOf(category(management))}}, "[encrypt create group]"},
		"management without KMS": {trail{Advanced: []cloudtrailapi.AdvancedEventSelector{advancedOf(category(management), fieldIn{Field: "eventSource", NotEquals: []string{"kms.amazonaws.com"}})}}, "[group]"},
		"data of S3":             {trail{Advanced: []cloudtrailapi.AdvancedEventSelector{advancedOf(category(data), s3)}}, "[get put]"},
		"data by ARN": {trail{Advanced: []cloudtrailapi.AdvancedEventSelector{
			advancedOf(category(data), s3, fieldIn{Field: "resources.ARN", StartsWith: []string{"arn:aws:s3:::b/", "arn:aws:s3:::z/"}})}}, "[get]"},
		"data but by ARN": {trail{Advanced: []cloudtrailapi.AdvancedEventSelector{
			advancedOf(category(data), s3, fieldIn{Field: "resources.ARN", NotStartsWith: []string{"arn:aws:s3:::b/"}})}}, "[put]"},
		"data by name and effect": {trail{Advanced: []cloudtrailapi.AdvancedEventSelector{
			advancedOf(category(data), s3, fieldIn{Field: "eventName", EndsWith: []string{"Object"}}, fieldIn{Field: "readOnly", Equals: []string{"false"}})}}, "[put]"},
		"by user": {trail{Advanced: []cloudtrailapi.AdvancedEventSelector{
			advancedOf(category(management), fieldIn{Field: "userIdentity.arn", Equals: []string{"arn:aws:iam::1:user/a"}})}}, "[create]"},
		"with and without": {trail{Advanced: []cloudtrailapi.AdvancedEventSelector{
			advancedOf(category(management), fieldIn{Field: "eventName", StartsWith: []string{"Create"}, NotEndsWith: []string{"Group"}})}}, "[create]"},
		"network activity": {trail{Advanced: []cloudtrailapi.AdvancedEventSelector{advancedOf(category(networkActivity))}}, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			for i, e := range test.trail.Basic {
				test.trail.Basic[i] = withDefaults(e)
			}
			if got := taken(&test.trail); got != test.want {
				t.Errorf("takes %s, want %s", got, test.want)
			}
		})
	}
}

func TestPutEventSelectorsRefuses(t *testing.T) {
	b := newBench(t)
	b.trail("main")
	lambda := []cloudtrailapi.DataResource{{Type: new("AWS::Lambda::Function"), Values: []string{"arn:aws:s3:::b/"}}}
	many := []cloudtrailapi.DataResource{{Type: new(objectType)}}
	for i := range maxDataResources + 1 {
		many[0].Values = append(many[0].Values, fmt.Sprintf("arn:aws:s3:::b%d/", i))
	}
	values := make([]string, maxValues)
	for i := range values {
		values[i] = fmt.Sprint(i)
	}
	for name, in := range map[string]cloudtrailapi.PutEventSelectorsRequest{
		"neither kind":                 {},
		"both kinds":                   {EventSelectors: []selectorIn{{}}, AdvancedEventSelectors: []cloudtrailapi.AdvancedEventSelector{advancedOf(category(data))}},
		"six selectors":                {EventSelectors: make([]selectorIn, 6)},
		"another source":               {EventSelectors: []selectorIn{{ExcludeManagementEventSources: []string{"s3.amazonaws.com"}}}},
		"a source left out of nothing": {EventSelectors: []selectorIn{{IncludeManagementEvents: new(false), ExcludeManagementEventSources: []string{"kms.amazonaws.com"}}}},
		"an unknown type":              {EventSelectors: []selectorIn{{DataResources: []cloudtrailapi.DataResource{{Type: new("AWS::KMS::Key")}}}}},
		"an ARN of another type":       {EventSelectors: []selectorIn{{DataResources: lambda}}},
		"too many resources":           {EventSelectors: []selectorIn{{DataResources: many}}},
		"no category":                  {AdvancedEventSelectors: []cloudtrailapi.AdvancedEventSelector{advancedOf(fieldIn{Field: "eventName", Equals: []string{"x"}})}},
		"an unknown category":          {AdvancedEventSelectors: []cloudtrailapi.AdvancedEventSelector{advancedOf(category("Other"))}},
		"data without a type":          {AdvancedEventSelectors: []cloudtrailapi.AdvancedEventSelector{advancedOf(category(data))}},
		"an unknown field":             {AdvancedEventSelectors: []cloudtrailapi.AdvancedEventSelector{advancedOf(category(management), fieldIn{Field: "colour", Equals: []string{"x"}})}},
		"a field of data events":       {AdvancedEventSelectors: []cloudtrailapi.AdvancedEventSelector{advancedOf(category(management), fieldIn{Field: "resources.ARN", Equals: []string{"x"}})}},
		"a field twice":                {AdvancedEventSelectors: []cloudtrailapi.AdvancedEventSelector{advancedOf(category(management), category(management))}},
		"a field without operator":     {AdvancedEventSelectors: []cloudtrailapi.AdvancedEventSelector{advancedOf(category(management), fieldIn{Field: "eventName"})}},
		"readOnly that starts":         {AdvancedEventSelectors: []cloudtrailapi.AdvancedEventSelector{advancedOf(category(management), fieldIn{Field: "readOnly", StartsWith: []string{"t"}})}},
		"readOnly maybe":               {AdvancedEventSelectors: []cloudtrailapi.AdvancedEventSelector{advancedOf(category(management), fieldIn{Field: "readOnly", Equals: []string{"maybe"}})}},
		"too many values":              {AdvancedEventSelectors: []cloudtrailapi.AdvancedEventSelector{advancedOf(category(management), fieldIn{Field: "eventName", Equals: values})}},
	} {
		t.Run(name, func(t *testing.T) {
			in.TrailName = "main"
			_, err := b.PutEventSelectors(b.ctx, &in)
			b.fails(err, "InvalidEventSelectorsException", "")
		})
	}
}

func TestEventSelectorsReplaceThoseOfTheOtherKind(t *testing.T) {
	b := newBench(t)
	arn := b.trail("main")
	get := func() *cloudtrailapi.GetEventSelectorsResponse {
		out, err := b.GetEventSelectors(b.ctx, &cloudtrailapi.GetEventSelectorsRequest{TrailName: arn})
		b.ok(err)
		return out
	}
	same(t, "a new trail's selectors", get().EventSelectors,
		`[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[],"ExcludeManagementEventSources":[]}]`)
	_, err := b.PutEventSelectors(b.ctx, &cloudtrailapi.PutEventSelectorsRequest{TrailName: "main", AdvancedEventSelectors: []cloudtrailapi.AdvancedEventSelector{advancedOf(category(management))}})
	b.ok(err)
	if out := get(); out.EventSelectors != nil || len(out.AdvancedEventSelectors) != 1 {
		t.Errorf("selectors are %+v", out)
	}
	put, err := b.PutEventSelectors(b.ctx, &cloudtrailapi.PutEventSelectorsRequest{TrailName: "main", EventSelectors: []selectorIn{{}}})
	b.ok(err)
	if out := get(); len(out.EventSelectors) != 1 || out.AdvancedEventSelectors != nil || len(put.EventSelectors) != 1 {
		t.Errorf("selectors are %+v", out)
	}
	custom := func(want bool) {
		t.Helper()
		trail, err := b.GetTrail(b.ctx, &cloudtrailapi.GetTrailRequest{Name: "main"})
		b.ok(err)
		if *trail.Trail.HasCustomEventSelectors != want {
			t.Errorf("HasCustomEventSelectors is %t", !want)
		}
	}
	custom(false)
	_, err = b.PutEventSelectors(b.ctx, &cloudtrailapi.PutEventSelectorsRequest{TrailName: "main", EventSelectors: []selectorIn{{IncludeManagementEvents: new(true), ExcludeManagementEventSources: []string{"kms.amazonaws.com"}}}})
	b.ok(err)
	custom(true)
}

func TestSelectorsHoldWhenTheEventIsRecorded(t *testing.T) {
	b := newBench(t)
	b.trail("main")
	b.call(2)
	_, err := b.PutEventSelectors(b.ctx, &cloudtrailapi.PutEventSelectorsRequest{
		TrailName: "main", EventSelectors: []selectorIn{{ExcludeManagementEventSources: []string{"kms.amazonaws.com"}}},
	})
	b.ok(err)
	b.call(3)
	b.advance(history / 90)
	if n := len(b.s3.records(t)); n != 2 {
		t.Errorf("%d records are delivered, want the two before the change", n)
	}
	out, err := b.LookupEvents(b.ctx, lookup())
	b.ok(err)
	if len(out.Events) != 5 {
		t.Errorf("the history has %d events, want all", len(out.Events))
	}
}
