package cloudtrail

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// What a series of calls used to be, and who made them.

// baseline is how far back the usual rate is measured.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-trails.html
const baseline = 7 * 24 * time.Hour

// Bounds of the attributions: AWS shows five values of each, and as many as a
// tally holds are counted.
const (
	maxAttributed = 5
	maxTallied    = 50
)

// attributed are what attributions tell of.
var attributed = []string{"userIdentityArn", "userAgent", "errorCode"}

// tally counts calls by attribute and value.
type tally map[string]map[string]int

func (t tally) add(attribute, value string, n int) {
	if t[attribute] == nil {
		t[attribute] = map[string]int{}
	}
	if _, known := t[attribute][value]; known || len(t[attribute]) < maxTallied {
		t[attribute][value] += n
	}
}

func (t tally) merge(other tally) {
	for attribute, values := range other {
		for value, n := range values {
			t.add(attribute, value, n)
		}
	}
}

// hour counts the calls of an hour's usual minutes.
type hour struct {
	Count int   `cbor:"1,keyasint"`
	Who   tally `cbor:"2,keyasint,omitempty"`
}

// usual is what a series was in the seven days before a minute, and for how
// many minutes that is known.
func (x *series) usual(minute int64, since time.Time) (total int, who tally, minutes int64) {
	from := max(minute-int64(baseline/time.Minute), since.Unix()/60)
	who = tally{}
	for at, h := range x.Hours {
		if at*60 < from-59 {
			delete(x.Hours, at)
			continue
		}
		total += h.Count
		who.merge(h.Who)
	}
	return total, who, max(1, minute-from)
}

// keep adds the minute that ends to its hour.
func (x *series) keep() {
	if x.Count == 0 {
		return
	}
	if x.Hours == nil {
		x.Hours = map[int64]*hour{}
	}
	h := x.Hours[x.Minute/60]
	if h == nil {
		h = &hour{Who: tally{}}
		x.Hours[x.Minute/60] = h
	}
	h.Count += x.Count
	h.Who.merge(x.Who)
}

// attribute counts what attributions tell of a record.
func (x *series) attribute(text []byte) {
	var r struct {
		User struct {
			ARN string `json:"arn"`
		} `json:"userIdentity"`
		UserAgent string `json:"userAgent"`
		ErrorCode string `json:"errorCode"`
	}
	if json.Unmarshal(text, &r) != nil {
		return
	}
	if x.Who == nil {
		x.Who = tally{}
	}
	for i, value := range []string{roleOf(r.User.ARN), r.UserAgent, r.ErrorCode} {
		x.Who.add(attributed[i], cmp.Or(value, "null"), 1)
	}
}

// roleOf is the ARN of a session without the session's name: attributions
// tell of roles. Other ARNs stay.
func roleOf(arn string) string {
	before, role, found := strings.Cut(arn, ":assumed-role/")
	if !found {
		return arn
	}
	name, _, _ := strings.Cut(role, "/")
	return before + ":assumed-role/" + name
}

// average is one value of an attribution.
type average struct {
	Value   string  `json:"value"`
	Average float64 `json:"average"`
}

// averages are the most frequent values, by calls a minute.
func averages(counts map[string]int, minutes int64) []average {
	list := []average{}
	for _, value := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, average{value, float64(counts[value]) / float64(minutes)})
	}
	slices.SortStableFunc(list, func(a, b average) int { return cmp.Compare(b.Average, a.Average) })
	return list[:min(len(list), maxAttributed)]
}

// attributions tell who called while an insight lasted, and who used to; AWS's
// example is of an insight that starts.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-insight-details.html
func (u *unusually) attributions() (list []map[string]any) {
	for _, name := range attributed {
		list = append(list, map[string]any{
			"attribute": name, "insight": averages(u.Who[name], int64(u.Minutes)), "baseline": averages(u.Before[name], u.Span),
		})
	}
	return list
}
