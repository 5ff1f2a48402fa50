package policy

import "testing"

var variableKeys = Keys{
	"aws:username":            {"Ada"},
	"aws:principaltag/team":   {"red*"},
	"aws:principaltag/what?":  {"yes"},
	"aws:principaltag/a b":    {"spaced"},
	"aws:tagkeys":             {"one", "two"},
	"kms:resourcealiases":     {},
	"aws:principalarn":        {"arn:aws:iam::111122223333:user/Ada"},
	"aws:principaltag/dollar": {"${aws:username}"},
}

func TestVariablesStandForTheRequestsValues(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{"home/${aws:username}/*", "home/Ada/x", true},
		{"home/${AWS:UserName}/*", "home/Ada/x", true},
		{"home/${aws:username}/*", "home/Bob/x", false},
		{"${aws:username}", "Ada", true},
		{"${aws:username}${aws:username}", "AdaAda", true},
		{"*${aws:username}?${aws:username}", "xAda-Ada", true},
		{"${aws:PrincipalTag/a b}", "spaced", true},
		{"${aws:PrincipalTag/what?}", "yes", true},

		// A wildcard in a value is literal, and a value is not read again.
		{"${aws:PrincipalTag/team}", "red*", true},
		{"${aws:PrincipalTag/team}", "redder", false},
		{"${aws:PrincipalTag/dollar}", "${aws:username}", true},
		{"${aws:PrincipalTag/dollar}", "Ada", false},

		{"${aws:userid}", "", false},
		{"${aws:userid}", "${aws:userid}", false},
		{"*${aws:userid}*", "anything", false},
		{"${aws:userid, 'anonymous'}", "anonymous", true},
		{"${aws:userid,'anonymous'}", "anonymous", true},
		{"x/${aws:userid, ''}", "x/", true},
		{"${aws:userid, 'a}b'}", "a}b", true},
		{"${aws:userid, '*'}", "anything", false},
		{"${aws:username, 'anonymous'}", "Ada", true},
		{"${aws:username, 'anonymous'}", "anonymous", false},

		// No single value to put in.
		{"${aws:TagKeys}", "one", false},
		{"${aws:TagKeys, 'none'}", "none", true},
		{"${kms:ResourceAliases}", "", false},

		{"${*}", "*", true},
		{"${*}", "a", false},
		{"a${?}c", "a?c", true},
		{"a${?}c", "abc", false},
		{"${$}{aws:username}", "${aws:username}", true},

		// Not variables.
		{"$", "$", true},
		{"${", "${", true},
		{"${}", "${}", true},
		{"${aws:username", "${aws:username", true},
		{"${aws:userid, 'open}", "${aws:userid, 'open}", true},
		{"${, 'x'}", "${, 'x'}", true},
		{"${aws:userid, plain}", "${aws:userid, plain}", false}, // a key of an odd name
		{"${aws:username}, 'x'}", "Ada, 'x'}", true},
	}
	for _, test := range tests {
		p := compilePattern(test.pattern, syntax{wildcards: true, variables: true}, plain)
		if got := p.match(test.text, variableKeys); got != test.want {
			t.Errorf("%q matches %q = %v", test.pattern, test.text, got)
		}
	}
}

func TestManyVariablesMatchToo(t *testing.T) {
	p := compilePattern("${aws:a, '1'}${aws:b, '2'}${aws:c, '3'}${aws:d, '4'}${aws:e, '5'}-?", syntax{true, true}, plain)
	if !p.match("12345-x", nil) || p.match("12345-", nil) {
		t.Error("five variables do not match")
	}
}

func TestVariablesInARNsFillParts(t *testing.T) {
	tests := []struct {
		pattern, value string
		want           bool
	}{
		{"${aws:PrincipalArn}", "arn:aws:iam::111122223333:user/Ada", true},
		{"arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::111122223333:user/Ada", true},
		{"arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::1:2:user/Ada", false},
		{"arn:aws:iam::*:user/${aws:userid}", "arn:aws:iam::111122223333:user/", false},
		{"*:${aws:username}:*:*:*:*", "arn:Ada:::x:y", true},
	}
	for _, test := range tests {
		p := compilePattern(test.pattern, syntax{true, true}, byPart)
		if got := p.match(test.value, variableKeys); got != test.want {
			t.Errorf("%q matches %q = %v", test.pattern, test.value, got)
		}
	}
}

func TestOnlyTheCurrentVersionHasVariables(t *testing.T) {
	const statement = `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}",
		"Condition":{"StringEqualsIfExists":{"s3:prefix":"${aws:username}"}}}`
	current := parse(t, Identity, `{"Version":"2012-10-17","Statement":`+statement+`}`)
	old := parse(t, Identity, `{"Version":"2008-10-17","Statement":`+statement+`}`)
	none := parse(t, Identity, `{"Statement":`+statement+`}`)
	replaced := &Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/Ada", Context: variableKeys}
	literally := &Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/${aws:username}",
		Context: Layered{Keys{"s3:prefix": {"${aws:username}"}}, variableKeys}}
	for _, test := range []struct {
		policy  *Policy
		request *Request
		want    Match
	}{
		{current, replaced, ByPrincipal}, {current, literally, NoMatch},
		{old, replaced, NoMatch}, {old, literally, ByPrincipal},
		{none, replaced, NoMatch}, {none, literally, ByPrincipal},
	} {
		if got := test.policy.Evaluate(test.request).Allowed; got != test.want {
			t.Errorf("version %s, %s: %v, want %v", test.policy.Version, test.request.Resource, got, test.want)
		}
	}
}

func TestShowReplacesWhatHasAValue(t *testing.T) {
	tests := []struct{ text, want string }{
		{"home/${aws:username}/*", "home/Ada/*"},
		{"${aws:userid}", "${aws:userid}"},
		{"${aws:UserId, 'none'}?", "none?"},
		{"${*}", "*"},
		{"", ""},
	}
	for _, test := range tests {
		if got := show(test.text, variableKeys); got != test.want {
			t.Errorf("show(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}
