package auth

import (
	"strconv"
	"strings"

	"sealstack/policy"
)

func lower(s string) string { return strings.ToLower(s) }

// obstacles says why a statement does not apply; nothing if it does.
func obstacles(t *policy.StatementTrace, r *Request) []string {
	if t.Applies {
		return nil
	}
	var all []string
	if t.Inert {
		all = append(all, "it has no Action or no Resource")
	}
	if t.Principal == policy.NoMatch {
		all = append(all, "it is not about the caller")
	}
	if !t.Action && !t.Inert {
		all = append(all, "it is not about the action "+r.Action)
	}
	if !t.Resource && !t.Inert {
		all = append(all, "it is not about the resource "+r.Resource)
	}
	for i := range t.Conditions {
		if !t.Conditions[i].Holds {
			all = append(all, obstacle(&t.Conditions[i]))
		}
	}
	return all
}

// obstacle says on which value a condition failed.
func obstacle(c *policy.ConditionTrace) string {
	text := "the condition " + c.Operator + " on " + c.Key + " wants " + quoted(c.Wanted)
	if !c.Present {
		return text + ", and the request has no such key"
	}
	var failed []string
	for _, v := range c.Actual {
		if !v.Holds {
			failed = append(failed, v.Value)
		}
	}
	if len(failed) == 0 {
		return text + ", and the key has no value that would do"
	}
	return text + ", and the request has " + quoted(failed)
}

func quoted(values []string) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = strconv.Quote(v)
	}
	return strings.Join(words, " or ")
}
