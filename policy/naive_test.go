package policy

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// This file states the rules of the policy language a second time, as plainly
// as possible and with nothing of the engine, to hold the engine against it:
// documents stay JSON, patterns become regular expressions, nothing is
// compiled ahead.

// naiveAnswer is whether a statement denies, else the ways in which the caller
// was allowed.
type naiveAnswer struct {
	denied  bool
	allowed map[Match]bool
}

func naiveEvaluate(kind Kind, document string, r *Request) naiveAnswer {
	var d map[string]any
	if err := json.Unmarshal([]byte(document), &d); err != nil {
		panic(err)
	}
	variables := d["Version"] == "2012-10-17"
	answer := naiveAnswer{allowed: map[Match]bool{}}
	for _, s := range naiveList(d["Statement"]) {
		statement := s.(map[string]any)
		if !naiveApplies(kind, statement, r, variables) {
			continue
		}
		for m := range naiveAbout(kind, statement, r.Principal) {
			answer.denied = answer.denied || statement["Effect"] == "Deny"
			answer.allowed[m] = true
		}
	}
	if answer.denied {
		clear(answer.allowed)
	}
	return answer
}

func naiveList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// naiveApplies looks at everything but the principal.
func naiveApplies(kind Kind, s map[string]any, r *Request, variables bool) bool {
	action := naiveSelects(s, "Action", func(pattern string) bool {
		return naiveMatches(naiveTokens(strings.ToLower(pattern), true, false, nil), strings.ToLower(r.Action))
	})
	resource := kind == Trust || naiveSelects(s, "Resource", func(pattern string) bool {
		outside := pattern
		if variables {
			outside = naiveVariable.ReplaceAllString(pattern, "")
		}
		if kind == Identity && pattern != "*" {
			pattern += strings.Repeat(":*", max(0, 5-strings.Count(outside, ":")))
		}
		return naiveMatches(naiveTokens(pattern, true, variables, r.Context), r.Resource)
	})
	if !action || !resource {
		return false
	}
	conditions, _ := s["Condition"].(map[string]any)
	for operator, keys := range conditions {
		for key, wanted := range keys.(map[string]any) {
			if !naiveCondition(operator, key, naiveList(wanted), r.Context, variables) {
				return false
			}
		}
	}
	return true
}

// naiveSelects: an absent or empty element selects nothing, its Not twin all
// that none of its patterns match.
func naiveSelects(s map[string]any, element string, matches func(string) bool) bool {
	for _, not := range []bool{false, true} {
		name := element
		if not {
			name = "Not" + element
		}
		if v, has := s[name]; has {
			patterns := naiveList(v)
			any := slices.ContainsFunc(patterns, func(p any) bool { return matches(p.(string)) })
			return len(patterns) > 0 && any != not
		}
	}
	return false
}

// naiveNames are the names a caller goes by, grouped: the account, the role or
// issuer, and the caller itself.
func naiveNames(p *Principal) map[Match][]string {
	names := map[Match][]string{}
	if p.Account != "" {
		names[ByAccount] = []string{"AWS " + p.Account, "AWS arn:aws:iam::" + p.Account + ":root"}
		if p.CanonicalID != "" {
			names[ByAccount] = append(names[ByAccount], "CanonicalUser "+p.CanonicalID)
		}
	}
	switch p.Type {
	case Root:
		return map[Match][]string{ByPrincipal: names[ByAccount]}
	case User:
		names[ByPrincipal] = []string{"AWS " + p.ARN, "AWS " + p.ID}
	case AssumedRole:
		names[ByPrincipal] = []string{"AWS " + p.ARN}
		names[ByRole] = []string{"AWS " + p.RoleARN, "AWS " + strings.Split(p.ID, ":")[0]}
	case FederatedUser:
		names[ByPrincipal] = []string{"AWS " + p.ARN}
		if strings.Contains(p.RoleARN, ":user/") {
			names[ByRole] = []string{"AWS " + p.RoleARN, "AWS " + p.IssuerID}
		}
	case Service:
		for _, name := range p.Services {
			names[ByPrincipal] = append(names[ByPrincipal], "Service "+name)
		}
	case WebIdentity, SAML:
		names[ByPrincipal] = []string{"Federated " + p.Federated}
	}
	return names
}

func naiveAbout(kind Kind, s map[string]any, p *Principal) map[Match]bool {
	if kind == Identity || kind == Session {
		return map[Match]bool{ByPrincipal: true}
	}
	if p == nil {
		p = &Principal{}
	}
	element, is := s["Principal"]
	if !is {
		element = s["NotPrincipal"]
	}
	listed := map[string]bool{}
	if members, ok := element.(map[string]any); ok {
		for member, values := range members {
			for _, v := range naiveList(values) {
				listed[member+" "+v.(string)] = true
			}
		}
	}
	all := element == "*" || listed["AWS *"] && p.Type != Service && p.Type != WebIdentity && p.Type != SAML
	found, groups := map[Match]bool{}, naiveNames(p)
	for m, names := range groups {
		if slices.ContainsFunc(names, func(name string) bool { return listed[name] }) {
			found[m] = true
		}
	}
	switch {
	case is && all:
		found[ByWildcard] = true
		return found
	case is:
		return found
	case all, s["Effect"] == "Allow" && len(found) > 0, s["Effect"] == "Deny" && len(groups) > 0 && len(found) == len(groups):
		return nil
	}
	return map[Match]bool{ByWildcard: true}
}

func naiveCondition(operator, key string, wanted []any, ctx Context, variables bool) bool {
	var values []string
	present := false
	if ctx != nil {
		values, present = ctx.Lookup(strings.ToLower(key))
	}
	if operator == "Null" {
		absent := len(values) == 0
		return slices.ContainsFunc(wanted, func(w any) bool { return naiveText(w) == map[bool]string{true: "true", false: "false"}[absent] })
	}
	set, name, found := strings.Cut(operator, ":")
	if !found {
		set, name = "", operator
	}
	name, ifExists := strings.CutSuffix(name, "IfExists")
	if ifExists && !present {
		return true
	}
	negated := strings.Contains(name, "Not")
	name = strings.Replace(name, "Not", "", 1)
	matches := func(value string) bool {
		return slices.ContainsFunc(wanted, func(w any) bool { return naiveCompare(name, value, naiveText(w), ctx, variables) })
	}
	fulfils := func(value string) bool { return matches(value) != negated }
	none := len(values) == 0 || slices.Equal(values, []string{""})
	switch set {
	case "ForAllValues":
		return none || !slices.ContainsFunc(values, func(v string) bool { return !fulfils(v) })
	case "ForAnyValue":
		return !none && slices.ContainsFunc(values, fulfils)
	}
	return slices.ContainsFunc(values, matches) != negated
}

func naiveText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	text, _ := json.Marshal(v)
	return string(text)
}

// naiveCompare compares one value with one wanted value by an operator that is
// not negated.
func naiveCompare(operator, value, wanted string, ctx Context, variables bool) bool {
	switch operator {
	case "StringEquals":
		return naiveMatches(naiveTokens(wanted, false, variables, ctx), value)
	case "StringLike":
		return naiveMatches(naiveTokens(wanted, true, variables, ctx), value)
	case "StringEqualsIgnoreCase":
		return naiveMatches(naiveFold(naiveTokens(wanted, false, variables, ctx)), strings.ToLower(value))
	case "Bool":
		low := strings.ToLower(value)
		return (low == "true" || low == "false") && naiveMatches(naiveFold(naiveTokens(wanted, false, variables, ctx)), low)
	case "ArnEquals", "ArnLike":
		return naiveArn(naiveTokens(wanted, true, variables, ctx), value)
	case "BinaryEquals":
		v, err := base64.StdEncoding.DecodeString(value)
		w, _ := base64.StdEncoding.DecodeString(wanted)
		return err == nil && string(v) == string(w)
	case "IpAddress":
		return naiveInRange(value, wanted)
	}
	if kind, found := strings.CutPrefix(operator, "Numeric"); found {
		v, okV := new(big.Rat).SetString(value)
		w, okW := new(big.Rat).SetString(wanted)
		return okV && okW && naiveOrder(kind, v.Cmp(w))
	}
	v, okV := naiveDate(value)
	w, okW := naiveDate(wanted)
	return okV && okW && naiveOrder(strings.TrimPrefix(operator, "Date"), v.Compare(w))
}

func naiveOrder(kind string, order int) bool {
	return map[string][]int{
		"Equals": {0}, "LessThan": {-1}, "LessThanEquals": {-1, 0}, "GreaterThan": {1}, "GreaterThanEquals": {0, 1},
	}[kind] != nil && slices.Contains(map[string][]int{
		"Equals": {0}, "LessThan": {-1}, "LessThanEquals": {-1, 0}, "GreaterThan": {1}, "GreaterThanEquals": {0, 1},
	}[kind], order)
}

func naiveInRange(value, wanted string) bool {
	ip := net.ParseIP(value)
	if !strings.Contains(wanted, "/") {
		return ip != nil && ip.Equal(net.ParseIP(wanted))
	}
	_, network, err := net.ParseCIDR(wanted)
	return err == nil && ip != nil && network.Contains(ip)
}

func naiveDate(s string) (time.Time, bool) {
	for _, layout := range []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	seconds, ok := new(big.Rat).SetString(s)
	if !ok {
		return time.Time{}, false
	}
	nanos := new(big.Rat).Mul(seconds, big.NewRat(1e9, 1))
	return time.Unix(0, new(big.Int).Quo(nanos.Num(), nanos.Denom()).Int64()), true
}

// naiveToken is a character, or a wildcard.
type naiveToken struct {
	char rune
	wild bool
}

var naiveVariable = regexp.MustCompile(`\$\{(?:([*?$])|([^}']+?)(?:, *'(.*?)')?)\}`)

// naiveTokens turns a policy string into characters and wildcards; nil if a
// variable has no value.
func naiveTokens(text string, wildcards, variables bool, ctx Context) []naiveToken {
	tokens := []naiveToken{}
	add := func(s string, wild bool) {
		for _, c := range s {
			tokens = append(tokens, naiveToken{c, wild && (c == '*' || c == '?')})
		}
	}
	for variables {
		at := naiveVariable.FindStringSubmatchIndex(text)
		if at == nil {
			break
		}
		add(text[:at[0]], wildcards)
		if at[2] >= 0 {
			add(text[at[2]:at[3]], false)
		} else if values, _ := naiveLookup(ctx, text[at[4]:at[5]]); len(values) == 1 {
			add(values[0], false)
		} else if at[6] >= 0 {
			add(text[at[6]:at[7]], false)
		} else {
			return nil
		}
		text = text[at[1]:]
	}
	add(text, wildcards)
	return tokens
}

func naiveLookup(ctx Context, key string) ([]string, bool) {
	if ctx == nil {
		return nil, false
	}
	return ctx.Lookup(strings.ToLower(key))
}

func naiveFold(tokens []naiveToken) []naiveToken {
	for i := range tokens {
		tokens[i].char = unicode.ToLower(tokens[i].char)
	}
	return tokens
}

func naiveMatches(tokens []naiveToken, s string) bool {
	return tokens != nil && naiveRegexp(tokens, ".").MatchString(s)
}

func naiveRegexp(tokens []naiveToken, any string) *regexp.Regexp {
	expression := `(?s)\A`
	for _, token := range tokens {
		switch {
		case !token.wild:
			expression += regexp.QuoteMeta(string(token.char))
		case token.char == '*':
			expression += any + "*"
		default:
			expression += any
		}
	}
	return regexp.MustCompile(expression + `\z`)
}

// naiveArn cuts both sides into six parts and compares each.
func naiveArn(tokens []naiveToken, value string) bool {
	if tokens == nil {
		return false
	}
	if len(tokens) > 0 && !slices.ContainsFunc(tokens, func(t naiveToken) bool { return t != naiveToken{'*', true} }) {
		return true
	}
	parts := strings.SplitN(value, ":", 6)
	for i, part := range parts {
		end := slices.Index(tokens, naiveToken{':', false})
		if i == 5 {
			return naiveMatches(tokens, part)
		}
		if end < 0 || !naiveMatches(tokens[:end], part) {
			return false
		}
		tokens = tokens[end+1:]
	}
	return false
}
