package logs

import (
	"regexp"
	"slices"
	"strings"

	"sealstack/api/logsapi"
)

// fieldCriteria say which events a filter takes by the account and the Region
// that they come from: comparisons joined by AND and OR, where AND binds more
// closely. Events come from the account and the Region of their log group, for
// nothing is centralized here.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
type fieldCriteria [][]comparison // one of them, all of its comparisons

// comparison is one of a system field with texts.
type comparison struct {
	field string
	not   bool
	texts []string
}

var (
	comparisonText = regexp.MustCompile(`(?is)^\s*(@aws\.account|@aws\.region)\s*(?:(=|!=)\s*("[^"]*")|\s(IN|NOT\s+IN)\s*(\[[^\]]*\]))`)
	junctionText   = regexp.MustCompile(`(?i)^\s+(AND|OR)\s`)
)

// parseCriteria reads @aws.region = "us-east-1" or @aws.account NOT IN
// ["111122223333"] and the like.
//
// Unverified: that keywords are taken in any case, and that there are no
// parentheses; AWS shows both cases and none of these.
func parseCriteria(text string) (fieldCriteria, error) {
	rest, all := text, fieldCriteria{nil}
	for {
		found := comparisonText.FindStringSubmatch(rest)
		if found == nil {
			return nil, badCriteria(text)
		}
		texts, ok := quoted(found[3] + found[5])
		if !ok || len(texts) == 0 {
			return nil, badCriteria(text)
		}
		one := comparison{strings.ToLower(found[1]), found[2] == "!=" || len(found[4]) > len("IN"), texts}
		all[len(all)-1] = append(all[len(all)-1], one)
		if rest = rest[len(found[0]):]; strings.TrimSpace(rest) == "" {
			return all, nil
		}
		junction := junctionText.FindStringSubmatch(rest)
		if junction == nil {
			return nil, badCriteria(text)
		}
		if rest = rest[len(junction[0]):]; strings.EqualFold(junction[1], "OR") {
			all = append(all, nil)
		}
	}
}

// systemField returns what a system field of events in a place is.
func (p place) systemField(name string) string {
	if name == "@aws.account" {
		return p.account
	}
	return p.region
}

func (c fieldCriteria) take(p place) bool {
	return slices.ContainsFunc(c, func(all []comparison) bool {
		return !slices.ContainsFunc(all, func(one comparison) bool {
			return slices.Contains(one.texts, p.systemField(one.field)) == one.not
		})
	})
}

// takes reports whether the criteria, nil or empty without any, take events of a place.
// They have been parsed before.
func takes(criteria *string, p place) bool {
	if value(criteria) == "" {
		return true
	}
	parsed, err := parseCriteria(*criteria)
	return err == nil && parsed.take(p)
}

// checkCriteria refuses criteria that do not parse.
func checkCriteria(criteria *string) error {
	if value(criteria) == "" {
		return nil
	}
	_, err := parseCriteria(*criteria)
	return err
}

// Unverified: AWS's sentence.
func badCriteria(text string) error {
	return logsapi.InvalidParameterException("Invalid field selection criteria: %s", text)
}
