package policy

import (
	"fmt"
	"strings"
	"testing"
)

// condition evaluates one condition element in a statement of its own.
func evaluateCondition(t *testing.T, condition string, ctx Context) bool {
	t.Helper()
	p := parse(t, Identity, one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+condition+`}`))
	return p.Evaluate(&Request{Action: "kms:Decrypt", Resource: "*", Context: ctx}).Allowed != NoMatch
}

// holds evaluates one operator with wanted values on a key, "svc:key", that has
// the values actual.
func holds(t *testing.T, operator string, wanted, actual []string) bool {
	t.Helper()
	return evaluateCondition(t, fmt.Sprintf(`{%q:{"svc:Key":[%s]}}`, operator, quoted(wanted)), Keys{"svc:key": actual})
}

func quoted(values []string) string {
	var q []string
	for _, v := range values {
		q = append(q, fmt.Sprintf("%q", v))
	}
	return strings.Join(q, ",")
}

func TestEveryOperatorComparesValuesOfItsType(t *testing.T) {
	tests := []struct {
		operator       string
		wanted, actual string
		want           bool
	}{
		{"StringEquals", "a", "a", true},
		{"StringEquals", "a", "A", false},
		{"StringEquals", "a*", "ab", false},
		{"StringEquals", "a*", "a*", true},
		{"StringEquals", "", "", true},
		{"StringEquals", "", "x", false},
		{"StringEquals", "a", "aa", false},
		{"StringNotEquals", "a", "b", true},
		{"StringNotEquals", "a", "a", false},
		{"StringNotEquals", "a", "A", true},
		{"StringEqualsIgnoreCase", "Straße", "sTRAßE", true},
		{"StringEqualsIgnoreCase", "ä", "Ä", true},
		{"StringEqualsIgnoreCase", "a*", "ab", false},
		{"StringEqualsIgnoreCase", "a", "b", false},
		{"StringNotEqualsIgnoreCase", "a", "A", false},
		{"StringNotEqualsIgnoreCase", "a", "b", true},
		{"StringLike", "a*?", "ab", true},
		{"StringLike", "a*?", "a", false},
		{"StringLike", "A*", "ab", false},
		{"StringLike", "*", "", true},
		{"StringLike", "arn:aws:someservice:*:111122223333:finance/*",
			"arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt", true},
		{"StringNotLike", "a*", "ab", false},
		{"StringNotLike", "a*", "ba", true},

		{"NumericEquals", "10", "10.0", true},
		{"NumericEquals", "10", "11", false},
		{"NumericEquals", "10", "ten", false},
		{"NumericNotEquals", "10", "11", true},
		{"NumericNotEquals", "10", "1e1", false},
		{"NumericNotEquals", "10", "ten", true},
		{"NumericLessThan", "10", "9.99", true},
		{"NumericLessThan", "10", "10", false},
		{"NumericLessThan", "10", "9 ", false},
		{"NumericLessThanEquals", "10", "10", true},
		{"NumericLessThanEquals", "10", "10.01", false},
		{"NumericGreaterThan", "10", "11", true},
		{"NumericGreaterThan", "10", "10", false},
		{"NumericGreaterThan", "10", "9", false}, // as text it would be greater
		{"NumericGreaterThanEquals", "10", "10", true},
		{"NumericGreaterThanEquals", "10", "-10", false},

		{"DateEquals", "2024-02-29T00:00:00Z", "2024-02-29T01:00:00+01:00", true},
		{"DateEquals", "1709164800", "2024-02-29T00:00:00Z", true},
		{"DateEquals", "2024-02-29T00:00:00Z", "2024-02-29T00:00:01Z", false},
		{"DateEquals", "2024-02-29T00:00:00Z", "now", false},
		{"DateNotEquals", "2024-02-29", "2024-02-29T00:00:00Z", false},
		{"DateNotEquals", "2024-02-29", "2024-03-01", true},
		{"DateLessThan", "2024-02-29", "2024-02-28T23:59:59Z", true},
		{"DateLessThan", "2024-02-29", "2024-02-29", false},
		{"DateLessThanEquals", "2024-02-29", "1709164800", true},
		{"DateLessThanEquals", "2024-02-29", "1709164801", false},
		{"DateGreaterThan", "2024-02-29", "2024-02-29T00:00:01Z", true},
		{"DateGreaterThan", "2024-02-29", "2024-02-29T00:00:00Z", false},
		{"DateGreaterThanEquals", "2024-02-29", "2024-02-29T00:00:00Z", true},
		{"DateGreaterThanEquals", "2024-02-29", "2023", false},

		{"Bool", "true", "true", true},
		{"Bool", "True", "TRUE", true},
		{"Bool", "false", "true", false},
		{"Bool", "false", "False", true},
		{"Bool", "false", "0", false},
		{"BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", true},
		{"BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5", false},
		{"BinaryEquals", "QmluYXJ5", "Binary", false},

		{"IpAddress", "203.0.113.0/24", "203.0.113.255", true},
		{"IpAddress", "203.0.113.0/24", "203.0.114.0", false},
		{"IpAddress", "203.0.113.9/24", "203.0.113.1", true}, // host bits do not count
		{"IpAddress", "203.0.113.7", "203.0.113.7", true},
		{"IpAddress", "203.0.113.7", "203.0.113.8", false},
		{"IpAddress", "203.0.113.7", "::ffff:203.0.113.7", true},
		{"IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::9", true},
		{"IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5679::9", false},
		{"IpAddress", "0.0.0.0/0", "::1", false},
		{"IpAddress", "0.0.0.0/0", "AWS Internal", false},
		{"NotIpAddress", "203.0.113.0/24", "203.0.113.1", false},
		{"NotIpAddress", "203.0.113.0/24", "198.51.100.1", true},
		{"NotIpAddress", "203.0.113.0/24", "AWS Internal", true},

		{"ArnLike", "arn:aws:someservice:*:111122223333:finance/*",
			"arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt", false},
		{"ArnLike", "arn:aws:logs:*:111122223333:log-group:*", "arn:aws:logs:us-east-1:111122223333:log-group:a:b", true},
		{"ArnLike", "arn:aws:logs:*", "arn:aws:logs:us-east-1:111122223333:log-group:a", false},
		{"ArnLike", "*", "arn:aws:logs:us-east-1:111122223333:log-group:a", true},
		{"ArnLike", "a:b", "a:b", false},
		{"ArnLike", "arn:aws:iam::1:user/a", "arn:aws:iam::1:user/A", false},
		{"ArnEquals", "arn:aws:iam::*:role/?", "arn:aws:iam::1:role/x", true},
		{"ArnEquals", "arn:aws:iam::*:role/?", "arn:aws:iam::1:role/xy", false},
		{"ArnNotLike", "arn:aws:iam::*:role/?", "arn:aws:iam::1:role/x", false},
		{"ArnNotLike", "arn:aws:iam::*:role/?", "arn:aws:iam::1:role/xy", true},
		{"ArnNotEquals", "arn:aws:iam::1:root", "arn:aws:iam::1:root", false},
		{"ArnNotEquals", "arn:aws:iam::1:root", "nobody", true},

		{"Null", "true", "x", false},
		{"Null", "false", "x", true},
		{"Null", "FALSE", "", true}, // an empty value is a value
	}
	seen := map[string]int{"null": 1}
	for _, test := range tests {
		seen[strings.ToLower(test.operator)]++
		if got := holds(t, test.operator, []string{test.wanted}, []string{test.actual}); got != test.want {
			t.Errorf("%s: wanted %q, actual %q: %v", test.operator, test.wanted, test.actual, got)
		}
	}
	for name := range operators {
		if seen[name] < 2 {
			t.Errorf("%s is not tested both ways", name)
		}
	}
}

// sample values that an operator can read.
var sampleOf = map[string]string{
	"numeric": "10", "date": "2024-02-29", "bool": "true", "binary": "QQ==", "ipaddress": "203.0.113.7", "notipad": "203.0.113.7",
}

func TestAMissingKeyFailsAnOperatorAndFulfilsItsNegation(t *testing.T) {
	for name, op := range operators {
		wanted := []string{"x"}
		for prefix, sample := range sampleOf {
			if strings.HasPrefix(name, prefix) {
				wanted = []string{sample}
			}
		}
		tests := []struct {
			operator string
			want     bool
		}{
			{name, op.negated},
			{name + "IfExists", true},
			{"ForAllValues:" + name, true},
			{"ForAllValues:" + name + "IfExists", true},
			{"ForAnyValue:" + name, false},
			{"ForAnyValue:" + name + "IfExists", true},
		}
		for _, test := range tests {
			condition := fmt.Sprintf(`{%q:{"svc:other":[%s]}}`, test.operator, quoted(wanted))
			if got := evaluateCondition(t, condition, Keys{"svc:key": {"x"}}); got != test.want {
				t.Errorf("%s with the key missing: %v", test.operator, got)
			}
		}
	}
}

func TestNullAsksForPresence(t *testing.T) {
	tests := []struct {
		wanted string
		keys   Keys
		want   bool
	}{
		{`"true"`, Keys{}, true},
		{`"false"`, Keys{}, false},
		{`true`, Keys{}, true},
		{`"true"`, Keys{"aws:tokenissuetime": {}}, true},
		{`"false"`, Keys{"aws:tokenissuetime": {}}, false},
		{`"true"`, Keys{"aws:tokenissuetime": {"2024-02-29T00:00:00Z"}}, false},
		{`"false"`, Keys{"aws:tokenissuetime": {"2024-02-29T00:00:00Z"}}, true},
		{`["true","false"]`, Keys{}, true},
		{`["true","false"]`, Keys{"aws:tokenissuetime": {"x"}}, true},
		{`[]`, Keys{}, false},
	}
	for _, test := range tests {
		if got := evaluateCondition(t, `{"Null":{"aws:TokenIssueTime":`+test.wanted+`}}`, test.keys); got != test.want {
			t.Errorf("Null %s on %v = %v", test.wanted, test.keys, got)
		}
	}
}

func TestOfSeveralWantedValuesOneIsEnoughAndNegatedNoneMayMatch(t *testing.T) {
	wanted := []string{"red", "green"}
	tests := []struct {
		operator string
		actual   []string
		want     bool
	}{
		{"StringEquals", []string{"green"}, true},
		{"StringEquals", []string{"blue"}, false},
		{"StringNotEquals", []string{"blue"}, true},
		{"StringNotEquals", []string{"green"}, false},
		{"StringEqualsIfExists", []string{"blue"}, false},
		{"StringNotEqualsIfExists", []string{"green"}, false},
		{"StringEquals", nil, false},
		{"StringNotEquals", nil, true},
		{"StringEqualsIfExists", nil, false}, // present and empty
		{"StringEquals", []string{"blue", "red"}, true},
		{"StringNotEquals", []string{"blue", "red"}, false},
	}
	for _, test := range tests {
		if got := holds(t, test.operator, wanted, test.actual); got != test.want {
			t.Errorf("%s on %q = %v", test.operator, test.actual, got)
		}
	}
	if holds(t, "StringEquals", nil, []string{"x"}) || !holds(t, "StringNotEquals", nil, []string{"x"}) {
		t.Error("an empty list of wanted values matches something")
	}
}

// The example of the multivalued-key page: a policy wants PostDateTime, Message
// and Tags; a request asks for some attributes.
func TestQuantifiersLookAtAllValuesOrAny(t *testing.T) {
	wanted := []string{"PostDateTime", "Message", "Tags"}
	tests := []struct {
		operator string
		actual   []string
		want     bool
	}{
		{"ForAllValues:StringEquals", []string{"PostDateTime", "Message"}, true},
		{"ForAllValues:StringEquals", []string{"PostDateTime", "UserName"}, false},
		{"ForAllValues:StringEquals", nil, true},
		{"ForAllValues:StringEquals", []string{""}, true},
		{"ForAllValues:StringEquals", []string{"", "Tags"}, false},
		{"ForAllValues:StringEqualsIfExists", []string{"UserName"}, false},
		{"ForAnyValue:StringEquals", []string{"UserName", "Message"}, true},
		{"ForAnyValue:StringEquals", []string{"UserName"}, false},
		{"ForAnyValue:StringEquals", nil, false},
		{"ForAnyValue:StringEquals", []string{""}, false},
		{"ForAnyValue:StringLike", []string{"x", "Tags"}, true},
		{"ForAllValues:StringNotEquals", []string{"UserName", "ID"}, true},
		{"ForAllValues:StringNotEquals", []string{"UserName", "Tags"}, false},
		{"ForAllValues:StringNotEquals", nil, true},
		{"ForAnyValue:StringNotEquals", []string{"Message", "ID"}, true},
		{"ForAnyValue:StringNotEquals", []string{"Message", "Tags"}, false},
		{"ForAnyValue:StringNotEquals", nil, false},
		{"ForAnyValue:StringNotEquals", []string{""}, false},
	}
	for _, test := range tests {
		if got := holds(t, test.operator, wanted, test.actual); got != test.want {
			t.Errorf("%s on %q = %v", test.operator, test.actual, got)
		}
	}
}

func TestConditionsAreAndedOverOperatorsAndKeys(t *testing.T) {
	const condition = `{"StringEquals":{"aws:A":"1","aws:B":"2"},"NumericLessThan":{"aws:C":3}}`
	good := Keys{"aws:a": {"1"}, "aws:b": {"2"}, "aws:c": {"2"}}
	if !evaluateCondition(t, condition, good) {
		t.Error("all three hold, and yet")
	}
	for key := range good {
		bad := Keys{"aws:a": {"1"}, "aws:b": {"2"}, "aws:c": {"2"}}
		bad[key] = []string{"9"}
		if evaluateCondition(t, condition, bad) {
			t.Errorf("holds although %s does not", key)
		}
	}
	if !evaluateCondition(t, `{}`, nil) || !evaluateCondition(t, `{"Bool":{}}`, nil) {
		t.Error("no condition does not hold")
	}
}

func TestKeysThatDifferInCaseAreTheSameKey(t *testing.T) {
	const condition = `{"StringLike":{"KMS:EncryptionContext:Department":"F*","kms:encryptioncontext:department":"*e"}}`
	if !evaluateCondition(t, condition, Keys{"kms:encryptioncontext:department": {"Finance"}}) {
		t.Error("neither spelling finds the key")
	}
	if evaluateCondition(t, condition, Keys{"kms:encryptioncontext:department": {"Food"}}) {
		t.Error("one of the spellings is not looked at")
	}
}

func TestVariablesInConditionValues(t *testing.T) {
	ctx := Keys{
		"aws:username": {"a*"}, "aws:principaltag/mfa": {"TRUE"}, "aws:principalarn": {"arn:aws:iam::111122223333:role/r"},
		"svc:name": {"a*"}, "svc:other": {"abc"}, "svc:mfa": {"true"}, "svc:arn": {"arn:aws:iam::111122223333:role/r"},
	}
	tests := []struct {
		condition string
		want      bool
	}{
		{`{"StringEquals":{"svc:name":"${aws:username}"}}`, true},
		{`{"StringLike":{"svc:name":"${aws:username}"}}`, true},
		{`{"StringLike":{"svc:other":"${aws:username}"}}`, false},
		{`{"StringLike":{"svc:other":"a${*}"}}`, false},
		{`{"StringEqualsIgnoreCase":{"svc:name":"${aws:UserName, 'x'}"}}`, true},
		{`{"StringEqualsIgnoreCase":{"svc:name":"A${*}"}}`, true},
		{`{"StringEqualsIgnoreCase":{"svc:name":"x${aws:username}"}}`, false},
		{`{"StringEqualsIgnoreCase":{"svc:name":"${aws:none}"}}`, false},
		{`{"StringNotEqualsIgnoreCase":{"svc:name":"${aws:none}"}}`, true},
		{`{"StringEquals":{"svc:name":"${aws:none}"}}`, false},
		{`{"StringNotEquals":{"svc:name":"${aws:none}"}}`, true},
		{`{"StringNotLike":{"svc:name":"${aws:none}*"}}`, true},
		{`{"StringEquals":{"svc:name":["${aws:none}","a*"]}}`, true},
		{`{"StringEquals":{"svc:name":"${aws:none, 'a*'}"}}`, true},
		{`{"Bool":{"svc:mfa":"${aws:PrincipalTag/mfa}"}}`, true},
		{`{"Bool":{"svc:mfa":"${aws:username}"}}`, false},
		{`{"Bool":{"svc:mfa":"${aws:none}"}}`, false},
		{`{"ArnEquals":{"svc:arn":"${aws:PrincipalArn}"}}`, true},
		{`{"ArnLike":{"svc:arn":"arn:aws:iam::*:role/${aws:username}"}}`, false},
		{`{"ArnNotLike":{"svc:arn":"arn:aws:iam::*:role/${aws:none}"}}`, true},
	}
	for _, test := range tests {
		if got := evaluateCondition(t, test.condition, ctx); got != test.want {
			t.Errorf("%s = %v", test.condition, got)
		}
	}
}
