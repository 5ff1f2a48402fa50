package s3sim

import (
	"testing"
	"time"

	"sealstack/api/s3api"
)

// to is a rule that moves objects after some days to a class each.
func to(days ...any) s3api.LifecycleRule {
	r := s3api.LifecycleRule{Status: "Enabled", Filter: &s3api.LifecycleRuleFilter{Prefix: new("a/")}}
	for i := 0; i < len(days); i += 2 {
		r.Transitions = append(r.Transitions, s3api.Transition{Days: new(int32(days[i].(int))), StorageClass: new(s3api.TransitionStorageClass(days[i+1].(string)))})
	}
	return r
}

// later is the same for noncurrent versions.
func later(days int, class string) s3api.LifecycleRule {
	r := to()
	r.NoncurrentVersionTransitions = []s3api.NoncurrentVersionTransition{{NoncurrentDays: new(int32(days)), StorageClass: new(s3api.TransitionStorageClass(class))}}
	return r
}

func also(r s3api.LifecycleRule, change func(*s3api.LifecycleRule)) s3api.LifecycleRule {
	change(&r)
	return r
}

func TestWhatLifecycleRulesCantSay(t *testing.T) {
	newYear := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	all := func() *s3api.LifecycleRuleFilter { return &s3api.LifecycleRuleFilter{} }
	tag := &s3api.Tag{Key: "a", Value: "1"}
	tagged := &s3api.LifecycleRuleFilter{Tag: tag}
	large := &s3api.LifecycleRuleFilter{ObjectSizeGreaterThan: new(int64(5))}
	expiration := func(e s3api.LifecycleExpiration, f *s3api.LifecycleRuleFilter) s3api.LifecycleRule {
		return s3api.LifecycleRule{Status: "Enabled", Filter: f, Expiration: &e}
	}
	noncurrent := func(e s3api.NoncurrentVersionExpiration) s3api.LifecycleRule {
		return s3api.LifecycleRule{Status: "Enabled", Filter: all(), NoncurrentVersionExpiration: &e}
	}
	abort := func(days int32, f *s3api.LifecycleRuleFilter) s3api.LifecycleRule {
		return s3api.LifecycleRule{Status: "Enabled", Filter: f, AbortIncompleteMultipartUpload: &s3api.AbortIncompleteMultipartUpload{DaysAfterInitiation: &days}}
	}
	and := func(a s3api.LifecycleRuleAndOperator) s3api.LifecycleRule {
		return expire(1, &s3api.LifecycleRuleFilter{And: &a})
	}
	const xml = "The XML you provided was not well-formed or did not validate against our published schema"
	for name, tt := range map[string]struct {
		rule          s3api.LifecycleRule
		code, message string // empty: it is taken
	}{
		"days and date":          {expiration(s3api.LifecycleExpiration{Days: new(int32(1)), Date: &newYear}, all()), "MalformedXML", xml},
		"days and markers":       {expiration(s3api.LifecycleExpiration{Days: new(int32(1)), ExpiredObjectDeleteMarker: new(true)}, all()), "MalformedXML", xml},
		"markers":                {expiration(s3api.LifecycleExpiration{ExpiredObjectDeleteMarker: new(true)}, all()), "", ""},
		"markers with a tag":     {expiration(s3api.LifecycleExpiration{ExpiredObjectDeleteMarker: new(true)}, tagged), "InvalidRequest", "ExpiredObjectDeleteMarker cannot be specified with Tags."},
		"midnight":               {expiration(s3api.LifecycleExpiration{Date: &newYear}, all()), "", ""},
		"afternoon":              {expiration(s3api.LifecycleExpiration{Date: new(newYear.Add(15 * time.Hour))}, all()), "InvalidArgument", "'Date' must be at midnight GMT"},
		"no day":                 {expire(0, all()), "InvalidArgument", "'Days' for Expiration action must be a positive integer"},
		"noncurrent, no day":     {noncurrent(s3api.NoncurrentVersionExpiration{NoncurrentDays: new(int32(0))}), "InvalidArgument", "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer"},
		"noncurrent, newer only": {noncurrent(s3api.NoncurrentVersionExpiration{NewerNoncurrentVersions: new(int32(1))}), "MalformedXML", xml},
		"noncurrent, none newer": {noncurrent(s3api.NoncurrentVersionExpiration{NoncurrentDays: new(int32(1)), NewerNoncurrentVersions: new(int32(0))}), "InvalidArgument", "'NewerNoncurrentVersions' for NoncurrentVersionExpiration action must be a positive integer"},
		"noncurrent, 100 newer":  {noncurrent(s3api.NoncurrentVersionExpiration{NoncurrentDays: new(int32(1)), NewerNoncurrentVersions: new(int32(100))}), "", ""},
		"noncurrent, 101 newer":  {noncurrent(s3api.NoncurrentVersionExpiration{NoncurrentDays: new(int32(1)), NewerNoncurrentVersions: new(int32(101))}), "InvalidArgument", "'NewerNoncurrentVersions' for NoncurrentVersionExpiration action must be less than or equal to 100"},
		"uploads":                {abort(1, all()), "", ""},
		"uploads at once":        {abort(0, all()), "InvalidArgument", "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer"},
		"uploads with a tag":     {abort(1, tagged), "InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Tags."},
		"uploads with a size":    {abort(1, large), "InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Object Size."},
		"two in a filter":        {expire(1, &s3api.LifecycleRuleFilter{Prefix: new("a"), Tag: tag}), "MalformedXML", xml},
		"two in And":             {and(s3api.LifecycleRuleAndOperator{Prefix: new("a"), Tags: []s3api.Tag{*tag}}), "", ""},
		"sizes the wrong way":    {and(s3api.LifecycleRuleAndOperator{ObjectSizeGreaterThan: new(int64(5)), ObjectSizeLessThan: new(int64(5))}), "InvalidRequest", "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'."},
		"a tag twice":            {and(s3api.LifecycleRuleAndOperator{Tags: []s3api.Tag{*tag, {Key: "a", Value: "2"}}}), "InvalidRequest", "Duplicate Tag Keys are not allowed."},
		"a tag of AWS's":         {and(s3api.LifecycleRuleAndOperator{Prefix: new(""), Tags: []s3api.Tag{{Key: "a?", Value: "2"}}}), "InvalidTag", "The TagKey you have provided is invalid"},
		"IA too soon":            {to(29, "STANDARD_IA"), "InvalidArgument", "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'"},
		"IA":                     {to(30, "STANDARD_IA"), "", ""},
		"one zone too soon":      {to(0, "ONEZONE_IA"), "InvalidArgument", "'Days' in Transition action must be greater than or equal to 30 for storageClass 'ONEZONE_IA'"},
		"glacier at once":        {to(0, "GLACIER"), "", ""},
		"before now":             {to(-1, "GLACIER"), "InvalidArgument", "'Days' for Transition action must be nonnegative"},
		"one class twice":        {to(1, "GLACIER", 2, "GLACIER"), "InvalidRequest", "'StorageClass' must be different for 'Transition' actions in same 'Rule' with filter '(prefix=a/)'"},
		"upwards":                {to(40, "GLACIER", 50, "STANDARD_IA"), "InvalidArgument", "'Days' in the 'Transition' action for StorageClass 'GLACIER' for filter '(prefix=a/)' must be 30 days more than filter '(prefix=a/)' in the 'Transition' action for StorageClass 'STANDARD_IA'"},
		"downwards":              {to(60, "GLACIER", 30, "STANDARD_IA", 90, "DEEP_ARCHIVE"), "", ""},
		"expired by then":        {also(to(60, "GLACIER"), func(r *s3api.LifecycleRule) { r.Expiration = &s3api.LifecycleExpiration{Days: new(int32(60))} }), "InvalidArgument", "'Days' in the Expiration action for filter '(prefix=a/)' must be greater than 'Days' in the Transition action"},
		"expires after":          {also(to(60, "GLACIER"), func(r *s3api.LifecycleRule) { r.Expiration = &s3api.LifecycleExpiration{Days: new(int32(61))} }), "", ""},
		"days after a date":      {also(to(60, "GLACIER"), func(r *s3api.LifecycleRule) { r.Expiration = &s3api.LifecycleExpiration{Date: &newYear} }), "InvalidRequest", "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter '(prefix=a/)'"},
		"dates the wrong way": {also(to(), func(r *s3api.LifecycleRule) {
			r.Transitions = []s3api.Transition{{Date: &newYear, StorageClass: new(s3api.TransitionStorageClassGlacier)}}
			r.Expiration = &s3api.LifecycleExpiration{Date: &newYear}
		}), "InvalidArgument", "'Date' in the Expiration action for filter '(prefix=a/)' must be later than 'Date' in the Transition action"},
		"a move to nowhere":     {also(to(1, "GLACIER"), func(r *s3api.LifecycleRule) { r.Transitions[0].StorageClass = nil }), "MalformedXML", xml},
		"a move at no time":     {also(to(1, "GLACIER"), func(r *s3api.LifecycleRule) { r.Transitions[0].Days = nil }), "MalformedXML", xml},
		"noncurrent IA":         {later(30, "STANDARD_IA"), "", ""},
		"noncurrent IA, soon":   {later(3, "STANDARD_IA"), "InvalidArgument", "'NoncurrentDays' in NoncurrentVersionTransition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'"},
		"noncurrent before now": {later(-1, "GLACIER"), "InvalidArgument", "'NoncurrentDays' for NoncurrentVersionTransition action must be nonnegative"},
		"noncurrent, gone by then": {also(later(30, "STANDARD_IA"), func(r *s3api.LifecycleRule) {
			r.NoncurrentVersionExpiration = &s3api.NoncurrentVersionExpiration{NoncurrentDays: new(int32(30))}
		}), "InvalidArgument", "'NoncurrentDays' in the NoncurrentVersionExpiration action for filter '(prefix=a/)' must be greater than 'NoncurrentDays' in the NoncurrentVersionTransition action"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.bucket("logs")
			err := b.rules(tt.rule)
			if tt.code == "" {
				b.ok(err)
				return
			}
			b.fails(err, tt.code, tt.message)
		})
	}
}

func TestRulesOfTheOldFormMayNotOverlap(t *testing.T) {
	old := func(prefix string, change ...func(*s3api.LifecycleRule)) s3api.LifecycleRule {
		r := s3api.LifecycleRule{Status: "Enabled", Prefix: &prefix, Expiration: &s3api.LifecycleExpiration{Days: new(int32(90))}}
		for _, fn := range change {
			fn(&r)
		}
		return r
	}
	moves := func(r *s3api.LifecycleRule) { r.Transitions, r.Expiration = to(1, "GLACIER").Transitions, nil }
	for name, tt := range map[string]struct {
		a, b    s3api.LifecycleRule
		message string
	}{
		"the same prefix":     {old("a"), old("a"), "Found two rules with same prefix 'a' for same action type 'Expiration'"},
		"one within another":  {old("a/b"), old("a"), "Found overlapping prefixes 'a/b' and 'a' for same action type 'Expiration'"},
		"the same moves":      {old("a", moves), old("a", moves), "Found two rules with same prefix 'a' for same action type 'Transition'"},
		"apart":               {old("a/"), old("b/"), ""},
		"another action":      {old("a"), old("a", moves), ""},
		"of the new form too": {old("a"), expire(1, &s3api.LifecycleRuleFilter{Prefix: new("a")}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.bucket("logs")
			err := b.rules(tt.a, tt.b)
			if tt.message == "" {
				b.ok(err)
				return
			}
			b.fails(err, "InvalidRequest", tt.message)
		})
	}
}
