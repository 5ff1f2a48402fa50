package s3sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/s3api"
)

// What S3 refuses of a lifecycle configuration:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html

// check refuses rules that can't be and names those without a name.
func (l *lifecycle) check() error {
	seen := map[string]bool{}
	for i := range l.Rules {
		r := &l.Rules[i]
		if err := checkLifecycle(r); err != nil {
			return err
		}
		if value(r.ID) == "" {
			r.ID = new(fmt.Sprintf("%x", randomBytes(24)))
		}
		if seen[*r.ID] {
			return invalidArgument("Rule ID must be unique. Found same ID for more than one rule", "ID", *r.ID)
		}
		seen[*r.ID] = true
	}
	return l.overlap()
}

func checkLifecycle(r *s3api.LifecycleRule) error {
	acts := r.Expiration != nil || r.NoncurrentVersionExpiration != nil || r.AbortIncompleteMultipartUpload != nil ||
		len(r.Transitions) > 0 || len(r.NoncurrentVersionTransitions) > 0
	switch {
	case r.Status != s3api.ExpirationStatusEnabled && r.Status != s3api.ExpirationStatusDisabled:
		return malformedXML()
	case r.Prefix == nil && r.Filter == nil || r.Prefix != nil && r.Filter != nil:
		return malformedXML()
	case !acts:
		return invalidRequest("At least one action needs to be specified in a rule")
	case len(value(r.ID)) > 255:
		return invalidArgument("ID length should not exceed allowed limit of 255", "ID", *r.ID)
	}
	for _, check := range []func(*s3api.LifecycleRule) error{
		checkFilter, checkExpiration, checkNoncurrent, checkAbort, checkTransitions, checkNoncurrentTransitions,
	} {
		if err := check(r); err != nil {
			return err
		}
	}
	return nil
}

// criteria are what a filter asks for, however it says so.
func criteria(r *s3api.LifecycleRule) s3api.LifecycleRuleAndOperator {
	f := r.Filter
	switch {
	case f == nil:
		return s3api.LifecycleRuleAndOperator{Prefix: r.Prefix}
	case f.And != nil:
		return *f.And
	}
	c := s3api.LifecycleRuleAndOperator{Prefix: f.Prefix, ObjectSizeGreaterThan: f.ObjectSizeGreaterThan, ObjectSizeLessThan: f.ObjectSizeLessThan}
	if f.Tag != nil {
		c.Tags = []s3api.Tag{*f.Tag}
	}
	return c
}

// checkFilter refuses a filter of several criteria outside And, and criteria
// that nothing can meet.
//
// Unverified: the sentences.
func checkFilter(r *s3api.LifecycleRule) error {
	if f := r.Filter; f != nil {
		given := 0
		for _, is := range []bool{f.Prefix != nil, f.Tag != nil, f.And != nil, f.ObjectSizeGreaterThan != nil, f.ObjectSizeLessThan != nil} {
			if is {
				given++
			}
		}
		if given > 1 {
			return malformedXML()
		}
	}
	c := criteria(r)
	if more, less := c.ObjectSizeGreaterThan, c.ObjectSizeLessThan; more != nil && less != nil && *less <= *more {
		return invalidRequest("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.")
	}
	for i, t := range c.Tags {
		if err := checkTag(t); err != nil {
			return err
		}
		if slices.ContainsFunc(c.Tags[:i], func(o s3api.Tag) bool { return o.Key == t.Key }) {
			return invalidRequest("Duplicate Tag Keys are not allowed.")
		}
	}
	return nil
}

func positive(n *int32, name, action string) error {
	if n == nil || *n > 0 {
		return nil
	}
	return invalidArgument("'"+name+"' for "+action+" action must be a positive integer", name, fmt.Sprint(*n))
}

func checkExpiration(r *s3api.LifecycleRule) error {
	e := r.Expiration
	if e == nil {
		return nil
	}
	given := 0
	for _, is := range []bool{e.Days != nil, e.Date != nil, e.ExpiredObjectDeleteMarker != nil} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return malformedXML()
	case e.Date != nil:
		return atMidnight(e.Date)
	case value(e.ExpiredObjectDeleteMarker) && len(criteria(r).Tags) > 0:
		return actionUnfit("ExpiredObjectDeleteMarker", "Tags")
	}
	return positive(e.Days, "Days", "Expiration")
}

func atMidnight(date *time.Time) error {
	if date.Equal(date.Truncate(24 * time.Hour)) {
		return nil
	}
	return invalidArgument("'Date' must be at midnight GMT", "Date", date.UTC().Format(time.RFC3339))
}

// actionUnfit refuses an action that can't go with a filter.
//
// Unverified: the sentence but for uploads and tags.
func actionUnfit(action, filter string) error {
	return invalidRequest(action + " cannot be specified with " + filter + ".")
}

// mostNewer is how many noncurrent versions a rule can keep.
const mostNewer = 100

func checkNoncurrent(r *s3api.LifecycleRule) error {
	e := r.NoncurrentVersionExpiration
	switch {
	case e == nil:
		return nil
	case e.NoncurrentDays == nil:
		return malformedXML()
	case *e.NoncurrentDays <= 0:
		return positive(e.NoncurrentDays, "NoncurrentDays", "NoncurrentVersionExpiration")
	}
	return newer(e.NewerNoncurrentVersions, "NoncurrentVersionExpiration")
}

// Unverified: the sentence on more than 100.
func newer(n *int32, action string) error {
	if n != nil && *n > mostNewer {
		return invalidArgument("'NewerNoncurrentVersions' for "+action+" action must be less than or equal to 100", "NewerNoncurrentVersions", fmt.Sprint(*n))
	}
	return positive(n, "NewerNoncurrentVersions", action)
}

func checkAbort(r *s3api.LifecycleRule) error {
	a, c := r.AbortIncompleteMultipartUpload, criteria(r)
	switch {
	case a == nil:
		return nil
	case a.DaysAfterInitiation == nil:
		return malformedXML()
	case len(c.Tags) > 0:
		return actionUnfit("AbortIncompleteMultipartUpload", "Tags")
	case c.ObjectSizeGreaterThan != nil || c.ObjectSizeLessThan != nil:
		return actionUnfit("AbortIncompleteMultipartUpload", "Object Size")
	}
	return positive(a.DaysAfterInitiation, "DaysAfterInitiation", "AbortIncompleteMultipartUpload")
}

// overlap refuses rules of the old form, with a prefix outside a filter, that
// would do the same to the same objects.
func (l *lifecycle) overlap() error {
	seen := map[string][]string{}
	for i := range l.Rules {
		r := &l.Rules[i]
		if r.Prefix == nil {
			continue
		}
		for action, is := range map[string]bool{"Expiration": r.Expiration != nil, "Transition": len(r.Transitions) > 0} {
			if !is {
				continue
			}
			for _, p := range seen[action] {
				if err := overlapping(p, *r.Prefix, action); err != nil {
					return err
				}
			}
			seen[action] = append(seen[action], *r.Prefix)
		}
	}
	return nil
}

func overlapping(a, b, action string) error {
	var e *api.Error
	switch {
	case a == b:
		e = invalidRequest("Found two rules with same prefix '" + a + "' for same action type '" + action + "'")
	case strings.HasPrefix(a, b) || strings.HasPrefix(b, a):
		e = invalidRequest("Found overlapping prefixes '" + a + "' and '" + b + "' for same action type '" + action + "'")
	default:
		return nil
	}
	return e
}
