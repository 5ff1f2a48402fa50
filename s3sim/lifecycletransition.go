package s3sim

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"sealstack/api/s3api"
)

// move is a transition to another storage class, of current or of noncurrent
// versions.
type move struct {
	class s3api.TransitionStorageClass
	days  *int32
	date  *time.Time
}

// ladder are the storage classes in the order in which objects may go down.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
var ladder = []s3api.TransitionStorageClass{
	s3api.TransitionStorageClassStandardIa, s3api.TransitionStorageClassIntelligentTiering, s3api.TransitionStorageClassOnezoneIa,
	s3api.TransitionStorageClassGlacierIr, s3api.TransitionStorageClassGlacier, s3api.TransitionStorageClassDeepArchive,
}

// leastStay are the days that an object stays where it is before it may go to
// a class of infrequent access.
const leastStay = 30

func infrequent(c s3api.TransitionStorageClass) bool {
	return c == s3api.TransitionStorageClassStandardIa || c == s3api.TransitionStorageClassOnezoneIa
}

// shownFilter is how S3's sentences name the rule.
func shownFilter(r *s3api.LifecycleRule) string {
	return "filter '(prefix=" + value(criteria(r).Prefix) + ")'"
}

func checkTransitions(r *s3api.LifecycleRule) error {
	moves := make([]move, len(r.Transitions))
	for i, t := range r.Transitions {
		moves[i] = move{value(t.StorageClass), t.Days, t.Date}
		switch {
		case t.StorageClass == nil || (t.Days == nil) == (t.Date == nil):
			return malformedXML()
		case t.Days != nil && *t.Days < 0:
			return invalidArgument("'Days' for Transition action must be nonnegative", "Days", fmt.Sprint(*t.Days))
		case t.Days != nil && infrequent(*t.StorageClass) && *t.Days < leastStay:
			return tooSoon("Days", "Transition", *t.StorageClass, *t.Days)
		case t.Date != nil:
			if err := atMidnight(t.Date); err != nil {
				return err
			}
		}
	}
	if err := moved(r, moves, "Transition"); err != nil {
		return err
	}
	return beforeExpiration(r, moves)
}

func tooSoon(name, action string, class s3api.TransitionStorageClass, days int32) error {
	return invalidArgument(fmt.Sprintf("'%s' in %s action must be greater than or equal to %d for storageClass '%s'", name, action, leastStay, class), name, fmt.Sprint(days))
}

// moved refuses moves that go twice to one class or upwards.
//
// Unverified: the sentence about the order.
func moved(r *s3api.LifecycleRule, moves []move, action string) error {
	seen := map[s3api.TransitionStorageClass]bool{}
	for _, m := range moves {
		if seen[m.class] {
			return invalidRequest("'StorageClass' must be different for '" + action + "' actions in same 'Rule' with " + shownFilter(r))
		}
		seen[m.class] = true
	}
	down := slices.Clone(moves)
	slices.SortFunc(down, func(a, b move) int { return cmp.Compare(slices.Index(ladder, a.class), slices.Index(ladder, b.class)) })
	for i := 1; i < len(down); i++ {
		a, b := down[i-1], down[i]
		least := int32(1)
		if infrequent(a.class) {
			least = leastStay
		}
		if a.days != nil && b.days != nil && *b.days < *a.days+least {
			return invalidArgument(fmt.Sprintf("'Days' in the '%s' action for StorageClass '%s' for %s must be %d days more than %s in the '%s' action for StorageClass '%s'",
				action, b.class, shownFilter(r), least, shownFilter(r), action, a.class), "Days", fmt.Sprint(*b.days))
		}
	}
	return nil
}

// beforeExpiration refuses moves of objects that have expired by then.
func beforeExpiration(r *s3api.LifecycleRule, moves []move) error {
	e := r.Expiration
	for _, m := range moves {
		days, date := m.days != nil, m.date != nil
		if e != nil {
			days, date = days || e.Days != nil, date || e.Date != nil
		}
		switch {
		case days && date:
			return invalidRequest("Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for " + shownFilter(r))
		case e != nil && e.Days != nil && *e.Days <= *m.days:
			return invalidArgument("'Days' in the Expiration action for "+shownFilter(r)+" must be greater than 'Days' in the Transition action", "Days", fmt.Sprint(*e.Days))
		case e != nil && e.Date != nil && !e.Date.After(*m.date):
			return invalidArgument("'Date' in the Expiration action for "+shownFilter(r)+" must be later than 'Date' in the Transition action", "Date", e.Date.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

func checkNoncurrentTransitions(r *s3api.LifecycleRule) error {
	const action = "NoncurrentVersionTransition"
	moves := make([]move, len(r.NoncurrentVersionTransitions))
	for i, t := range r.NoncurrentVersionTransitions {
		moves[i] = move{class: value(t.StorageClass), days: t.NoncurrentDays}
		switch {
		case t.StorageClass == nil || t.NoncurrentDays == nil:
			return malformedXML()
		case *t.NoncurrentDays < 0:
			return invalidArgument("'NoncurrentDays' for "+action+" action must be nonnegative", "NoncurrentDays", fmt.Sprint(*t.NoncurrentDays))
		case infrequent(*t.StorageClass) && *t.NoncurrentDays < leastStay:
			return tooSoon("NoncurrentDays", action, *t.StorageClass, *t.NoncurrentDays)
		}
		if err := newer(t.NewerNoncurrentVersions, action); err != nil {
			return err
		}
	}
	if err := moved(r, moves, action); err != nil {
		return err
	}
	if e := r.NoncurrentVersionExpiration; e != nil {
		for _, m := range moves {
			if *e.NoncurrentDays <= *m.days {
				return invalidArgument("'NoncurrentDays' in the NoncurrentVersionExpiration action for "+shownFilter(r)+
					" must be greater than 'NoncurrentDays' in the "+action+" action", "NoncurrentDays", fmt.Sprint(*e.NoncurrentDays))
			}
		}
	}
	return nil
}
