package policy

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// parse reads a document that must be good.
func parse(t testing.TB, kind Kind, document string) *Policy {
	t.Helper()
	p, err := Parse(kind, []byte(document))
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	return p
}

// one wraps a statement in a document of the current version.
func one(statement string) string {
	return `{"Version":"2012-10-17","Statement":` + statement + `}`
}

func TestParseTellsWhatIsWrongAndWhere(t *testing.T) {
	const everyone = `"Principal":"*",`
	const rest = `"Effect":"Allow","Action":"kms:*","Resource":"*"`
	tests := []struct {
		name, document string
		kind           Kind
		reason         Reason
		path, value    string
	}{
		{"empty", ``, Identity, NotJSON, "", ""},
		{"not JSON", `{"Version"`, Identity, NotJSON, "", ""},
		{"something behind", `{} {}`, Identity, NotJSON, "", ""},
		{"a comma too many", `{"Version":"2012-10-17",}`, Identity, NotJSON, "", ""},
		{"a list", `[]`, Identity, WrongType, "", ""},
		{"null", `null`, Identity, WrongType, "", ""},
		{"version twice", `{"Version":"2012-10-17","Version":"2012-10-17"}`, Identity, DuplicateElement, "Version", "Version"},
		{"two duplicates", one(`{"Sid":"a","Sid":"b","Effect":"Allow","Effect":"Deny"}`), Identity, DuplicateElement, "Statement.Sid", "Sid"},
		{"operator twice", one(`{"Condition":{"Bool":{},"Bool":{}}}`), Identity, DuplicateElement, "Statement.Condition.Bool", "Bool"},
		{"unknown element", `{"Name":"x","Statement":[]}`, Identity, UnknownElement, "Name", "Name"},
		{"element in other case", `{"version":"2012-10-17","Statement":[]}`, Identity, UnknownElement, "version", "version"},
		{"two names in one", one(`{"Sid Effect":"Allow"}`), Identity, UnknownElement, "Statement.Sid Effect", "Sid Effect"},
		{"version is a number", `{"Version":2012}`, Identity, WrongType, "Version", ""},
		{"other version", `{"Version":"2012-10-18"}`, Identity, BadVersion, "Version", "2012-10-18"},
		{"id is a number", `{"Id":1}`, Identity, WrongType, "Id", ""},
		{"no statement", `{"Version":"2012-10-17"}`, Identity, MissingStatement, "", ""},
		{"no statements", `{"Statement":[]}`, Identity, MissingStatement, "", ""},
		{"statement is a string", `{"Statement":"Allow"}`, Identity, WrongType, "Statement", ""},
		{"statement is a number", `{"Statement":[{` + rest + `},7]}`, Identity, WrongType, "Statement[1]", ""},
		{"unknown in statement", one(`{` + rest + `,"Actions":"x"}`), Identity, UnknownElement, "Statement.Actions", "Actions"},

		{"sid is null", one(`{"Sid":null,` + rest + `}`), Identity, WrongType, "Statement.Sid", ""},
		{"sid with a space", one(`{"Sid":"a b",` + rest + `}`), Identity, BadSid, "Statement.Sid", "a b"},
		{"sid with an umlaut", one(`{"Sid":"ä",` + rest + `}`), Identity, BadSid, "Statement.Sid", "ä"},
		{"sid with a space in a trust policy", one(`{"Sid":"a b",` + everyone + `"Effect":"Allow","Action":"sts:*"}`), Trust, BadSid, "Statement.Sid", "a b"},
		{"sids alike", one(`[{"Sid":"a",` + rest + `},{"Sid":"a",` + rest + `}]`), Identity, DuplicateSid, "Statement[1].Sid", "a"},

		{"no effect", one(`[{"Action":"kms:*","Resource":"*"}]`), Identity, MissingEffect, "Statement[0]", ""},
		{"other effect", one(`{"Effect":"allow","Action":"kms:*","Resource":"*"}`), Identity, BadEffect, "Statement.Effect", "allow"},
		{"effect is a list", one(`{"Effect":["Allow"],"Action":"kms:*","Resource":"*"}`), Identity, WrongType, "Statement.Effect", ""},

		{"principal in an identity policy", one(`{` + everyone + rest + `}`), Identity, ProhibitedElement, "Statement.Principal", "Principal"},
		{"not-principal in an identity policy", one(`{"NotPrincipal":"*",` + rest + `}`), Identity, ProhibitedElement, "Statement.NotPrincipal", "NotPrincipal"},
		{"not-principal in a trust policy", one(`{"NotPrincipal":"*","Effect":"Deny","Action":"sts:*"}`), Trust, ProhibitedElement, "Statement.NotPrincipal", "NotPrincipal"},
		{"no principal for a key", one(`{` + rest + `}`), KeyPolicy, MissingPrincipal, "Statement", ""},
		{"no principal for a bucket", one(`[{` + rest + `}]`), Resource, MissingPrincipal, "Statement[0]", ""},
		{"no principal for a role", one(`{"Effect":"Allow","Action":"sts:AssumeRole"}`), Trust, MissingPrincipal, "Statement", ""},
		{"empty principal", one(`{"Principal":{},` + rest + `}`), Resource, MissingPrincipal, "Statement.Principal", ""},
		{"principal of none", one(`{"Principal":{"AWS":[]},` + rest + `}`), Resource, MissingPrincipal, "Statement.Principal", ""},
		{"principal and its twin", one(`{` + everyone + `"NotPrincipal":"*",` + rest + `}`), Resource, ConflictingElements, "Statement.NotPrincipal", "NotPrincipal"},
		{"bare principal", one(`{"Principal":"arn:aws:iam::111122223333:root",` + rest + `}`), Resource, BadPrincipal, "Statement.Principal", "arn:aws:iam::111122223333:root"},
		{"principal is a list", one(`{"Principal":["*"],` + rest + `}`), Resource, WrongType, "Statement.Principal", ""},
		{"principal is a number", one(`{"Principal":{"AWS":111122223333},` + rest + `}`), Resource, WrongType, "Statement.Principal.AWS", ""},
		{"unknown kind of principal", one(`{"Principal":{"Aws":"*"},` + rest + `}`), Resource, BadPrincipal, "Statement.Principal.Aws", "Aws"},
		{"second principal", one(`{"Principal":{"AWS":["*","x"]},` + rest + `}`), Resource, BadPrincipal, "Statement.Principal.AWS[1]", "x"},

		{"no action", one(`{"Effect":"Allow","Resource":"*"}`), Identity, MissingAction, "Statement", ""},
		{"no actions", one(`{"Effect":"Allow","Action":[],"Resource":"*"}`), Identity, MissingAction, "Statement", ""},
		{"no action for a bucket", one(`{` + everyone + `"Effect":"Allow","Resource":"*"}`), Resource, MissingAction, "Statement", ""},
		{"no action for a role", one(`{` + everyone + `"Effect":"Allow"}`), Trust, MissingAction, "Statement", ""},
		{"action and its twin", one(`{"NotAction":"kms:*",` + rest + `}`), Identity, ConflictingElements, "Statement.NotAction", "NotAction"},
		{"action without service", one(`{"Effect":"Allow","Action":["kms:*","Decrypt"],"Resource":"*"}`), Identity, BadAction, "Statement.Action[1]", "Decrypt"},
		{"action with empty service", one(`{"Effect":"Allow","Action":":x","Resource":"*"}`), Identity, BadAction, "Statement.Action", ":x"},
		{"action with empty name", one(`{"Effect":"Allow","Action":"kms:","Resource":"*"}`), Identity, BadAction, "Statement.Action", "kms:"},
		{"action with two colons", one(`{"Effect":"Allow","Action":"kms:a:b","Resource":"*"}`), Identity, BadAction, "Statement.Action", "kms:a:b"},
		{"empty action", one(`{"Effect":"Allow","Action":"","Resource":"*"}`), Identity, BadAction, "Statement.Action", ""},
		{"action is true", one(`{"Effect":"Allow","Action":true,"Resource":"*"}`), Identity, WrongType, "Statement.Action", ""},

		{"no resource", one(`{"Effect":"Allow","Action":"kms:*"}`), Identity, MissingResource, "Statement", ""},
		{"no resource for a bucket", one(`{` + everyone + `"Effect":"Allow","Action":"s3:*"}`), Resource, MissingResource, "Statement", ""},
		{"resource in a trust policy", one(`{` + everyone + `"Effect":"Allow","Action":"sts:*","Resource":"*"}`), Trust, ProhibitedElement, "Statement.Resource", "Resource"},
		{"not-resource in a trust policy", one(`{` + everyone + `"Effect":"Allow","Action":"sts:*","NotResource":"*"}`), Trust, ProhibitedElement, "Statement.NotResource", "NotResource"},
		{"resource and its twin", one(`{"NotResource":"*",` + rest + `}`), Identity, ConflictingElements, "Statement.NotResource", "NotResource"},
		{"resource no ARN", one(`{"Effect":"Allow","Action":"s3:*","Resource":"bucket/*"}`), Identity, BadResource, "Statement.Resource", "bucket/*"},
		{"resource without service", one(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws"}`), Identity, BadResource, "Statement.Resource", "arn:aws"},
		{"resource of any partition", one(`{"Effect":"Allow","Action":"s3:*","Resource":["arn:*:s3:::b"]}`), Identity, BadResource, "Statement.Resource[0]", "arn:*:s3:::b"},
		{"resource of any service", one(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:?3:::b"}`), Identity, BadResource, "Statement.Resource", "arn:aws:?3:::b"},
		{"resource of empty service", one(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws::::b"}`), Identity, BadResource, "Statement.Resource", "arn:aws::::b"},
		{"incomplete ARN for a session", one(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3"}`), Session, BadResource, "Statement.Resource", "arn:aws:s3"},
		{"no ARN for a session", one(`{"Effect":"Allow","Action":"s3:*","Resource":"b:c:d:e:f:g"}`), Session, BadResource, "Statement.Resource", "b:c:d:e:f:g"},
		{"principal in a session policy", one(`{` + everyone + rest + `}`), Session, ProhibitedElement, "Statement.Principal", "Principal"},
		{"resource an object", one(`{"Effect":"Allow","Action":"s3:*","Resource":{}}`), Identity, WrongType, "Statement.Resource", ""},

		{"condition a list", one(`{"Condition":[],` + rest + `}`), Identity, WrongType, "Statement.Condition", ""},
		{"condition null", one(`{"Condition":null,` + rest + `}`), Identity, WrongType, "Statement.Condition", ""},
		{"operator a string", one(`{"Condition":{"Bool":"true"},` + rest + `}`), Identity, WrongType, "Statement.Condition.Bool", ""},
		{"unknown operator", one(`{"Condition":{"StringMatches":{}},` + rest + `}`), Identity, BadOperator, "Statement.Condition.StringMatches", "StringMatches"},
		{"unknown quantifier", one(`{"Condition":{"ForSomeValues:StringLike":{}},` + rest + `}`), Identity, BadOperator, "Statement.Condition.ForSomeValues:StringLike", "ForSomeValues:StringLike"},
		{"two quantifiers", one(`{"Condition":{"ForAllValues:ForAnyValue:StringLike":{}},` + rest + `}`), Identity, BadOperator, "Statement.Condition.ForAllValues:ForAnyValue:StringLike", "ForAllValues:ForAnyValue:StringLike"},
		{"null if it exists", one(`{"Condition":{"NullIfExists":{}},` + rest + `}`), Identity, BadOperator, "Statement.Condition.NullIfExists", "NullIfExists"},
		{"quantified null", one(`{"Condition":{"ForAnyValue:Null":{}},` + rest + `}`), Identity, BadOperator, "Statement.Condition.ForAnyValue:Null", "ForAnyValue:Null"},
		{"key without service", one(`{"Condition":{"Bool":{"x":"true"}},` + rest + `}`), Identity, BadConditionKey, "Statement.Condition.Bool.x", "x"},
		{"value an object", one(`{"Condition":{"Bool":{"aws:x":{}}},` + rest + `}`), Identity, WrongType, "Statement.Condition.Bool.aws:x", ""},
		{"value null", one(`{"Condition":{"Bool":{"aws:x":["true",null]}},` + rest + `}`), Identity, WrongType, "Statement.Condition.Bool.aws:x[1]", ""},
		{"no boolean", one(`{"Condition":{"Bool":{"aws:x":"yes"}},` + rest + `}`), Identity, BadConditionValue, "Statement.Condition.Bool.aws:x", "yes"},
		{"no boolean for null", one(`{"Condition":{"Null":{"aws:x":["true","yes"]}},` + rest + `}`), Identity, BadConditionValue, "Statement.Condition.Null.aws:x[1]", "yes"},
		{"no number", one(`{"Condition":{"NumericEquals":{"aws:x":"one"}},` + rest + `}`), Identity, BadConditionValue, "Statement.Condition.NumericEquals.aws:x", "one"},
		{"no date", one(`{"Condition":{"DateEquals":{"aws:x":"today"}},` + rest + `}`), Identity, BadConditionValue, "Statement.Condition.DateEquals.aws:x", "today"},
		{"no address", one(`{"Condition":{"IpAddress":{"aws:x":"localhost"}},` + rest + `}`), Identity, BadConditionValue, "Statement.Condition.IpAddress.aws:x", "localhost"},
		{"no base64", one(`{"Condition":{"BinaryEquals":{"aws:x":"!"}},` + rest + `}`), Identity, BadConditionValue, "Statement.Condition.BinaryEquals.aws:x", "!"},
		{"variable in a number", one(`{"Condition":{"NumericEquals":{"aws:x":"${aws:y}"}},` + rest + `}`), Identity, BadConditionValue, "Statement.Condition.NumericEquals.aws:x", "${aws:y}"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.kind, []byte(test.document))
			var bad *SyntaxError
			if !errors.As(err, &bad) {
				t.Fatalf("error = %v, want a *SyntaxError", err)
			}
			if bad.Reason != test.reason || bad.Path != test.path || bad.Value != test.value {
				t.Errorf("error = %+v, want %s %q at %s", bad, test.reason, test.value, test.path)
			}
		})
	}
}

func TestSyntaxErrorsPointIntoTheDocument(t *testing.T) {
	tests := []struct {
		document string
		at       string // what stands at the offset
		element  string
		text     string
	}{
		{one(`[ {"Effect" : "Permit"} ]`), `"Permit"`, "Effect", `policy: BadEffect "Permit" at Statement[0].Effect (byte 50)`},
		{one(`[ {"Effect":"Allow"} ]`), `{"Effect"`, "Principal", `policy: MissingPrincipal at Statement[0] (byte 38)`},
		{one(`{"Sid":"a", "Sid":"b"}`), `"Sid":"b"`, "Sid", `policy: DuplicateElement "Sid" at Statement.Sid (byte 48)`},
		{one(`{"Effect":"Allow","Principal":{"AWS":["*","you"]}}`), `"you"`, "AWS", `policy: BadPrincipal "you" at Statement.Principal.AWS[1] (byte 78)`},
		{`{"Version":"2012-10-17"}`, `{`, "Statement", `policy: MissingStatement at document (byte 0)`},
		{`{"a":tru}`, `}`, "", `policy: NotJSON at document (byte 8)`},
	}
	for _, test := range tests {
		_, err := Parse(KeyPolicy, []byte(test.document))
		var bad *SyntaxError
		if !errors.As(err, &bad) {
			t.Fatalf("%s: error = %v", test.document, err)
		}
		if !strings.HasPrefix(test.document[bad.Offset:], test.at) {
			t.Errorf("%s: offset %d is at %q", test.document, bad.Offset, test.document[bad.Offset:])
		}
		if bad.Element != test.element {
			t.Errorf("%s: element = %q, want %q", test.document, bad.Element, test.element)
		}
		if err.Error() != test.text {
			t.Errorf("text = %s\nwant   %s", err, test.text)
		}
	}
}

func TestParseAcceptsWhatAWSAccepts(t *testing.T) {
	tests := []struct {
		name, document string
		kind           Kind
	}{
		{"a single statement without a list", one(`{"Effect":"Allow","Action":"*","Resource":"*"}`), Identity},
		{"single strings and lists", one(`{"Effect":"Allow","Action":["kms:Decrypt"],"Resource":["*"],"Condition":{"StringEquals":{"aws:a":["x"],"aws:b":"y"}}}`), Identity},
		{"no version", `{"Statement":[{"Effect":"Deny","NotAction":"iam:*","NotResource":"arn:aws:s3:::b"}]}`, Identity},
		{"old version", `{"Version":"2008-10-17","Statement":{"Effect":"Deny","Action":"iam:*","Resource":"*"}}`, Identity},
		{"empty Sids", one(`[{"Sid":"","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"","Effect":"Allow","Action":"*","Resource":"*"}]`), Identity},
		{"empty condition", one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{}}`), Identity},
		{"operator without keys", one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{}}}`), Identity},
		{"numbers and booleans unquoted", one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:x":true},"NumericLessThan":{"aws:y":[10,1.5]}}}`), Identity},
		{"a variable as a boolean", one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:x":"${aws:y}"}}}`), Identity},
		{"operators in other case", one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"forallvalues:stringequalsifexists":{"aws:x":"a"}}}`), Identity},
		{"Sids with spaces, and alike, in a key policy", one(`[{"Sid":"a b","Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Sid":"a b","Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]`), KeyPolicy},
		{"a key policy without action and resource", one(`{"Effect":"Allow","Principal":"*"}`), KeyPolicy},
		{"a key without service in a bucket's conditions", one(`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"x":"true"}}}`), Resource},
		{"a resource that is no ARN in a bucket policy", one(`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"bucket"}`), Resource},
		{"a trust policy", one(`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`), Trust},
		{"NotPrincipal with Allow", one(`{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*"}`), Resource},
		{"white space", "\n\t{ \"Statement\" :\r\n[ { \"Effect\" : \"Allow\" , \"Action\" : \"*\" , \"Resource\" : \"*\" } ] }\n", Identity},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { parse(t, test.kind, test.document) })
	}
}

func TestAPolicyShowsWhatItSays(t *testing.T) {
	p := parse(t, KeyPolicy, `{
	  "Version": "2012-10-17",
	  "Id": "key-default-1",
	  "Statement": [
	    {"Sid": "one", "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": ["*", "arn:aws:kms"],
	     "Condition": {"ForAllValues:StringLike": {"kms:GrantOperations": "D*"}, "Bool": {"kms:GrantIsForAWSResource": true}}},
	    {"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "NotAction": ["kms:List*"], "Resource": "*"}
	  ]}`)
	if p.Version != CurrentVersion || p.ID != "key-default-1" || len(p.Statements) != 2 {
		t.Fatalf("policy = %+v", p)
	}
	first, second := &p.Statements[0], &p.Statements[1]
	if first.Sid != "one" || first.Effect != Allow || first.NotPrincipal || second.Effect != Deny || !second.NotPrincipal {
		t.Errorf("statements = %+v, %+v", first, second)
	}
	if !slices.Equal(first.Actions(), []string{"kms:*"}) || !slices.Equal(second.Actions(), []string{"kms:List*"}) {
		t.Errorf("actions = %q, %q", first.Actions(), second.Actions())
	}
	if !slices.Equal(first.Resources(), []string{"*", "arn:aws:kms"}) {
		t.Errorf("resources = %q", first.Resources())
	}
	want := []ConditionKey{{"ForAllValues:StringLike", "kms:GrantOperations"}, {"Bool", "kms:GrantIsForAWSResource"}}
	if !slices.Equal(first.ConditionKeys(), want) || len(second.ConditionKeys()) != 0 {
		t.Errorf("condition keys = %q, %q", first.ConditionKeys(), second.ConditionKeys())
	}
	if old := parse(t, Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`); old.Version != OldVersion || old.ID != "" {
		t.Errorf("without a version: %+v", old)
	}
}

func TestParseKeepsNothingOfTheCallersBytes(t *testing.T) {
	document := []byte(one(`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}`))
	p, err := Parse(KeyPolicy, document)
	if err != nil {
		t.Fatal(err)
	}
	was := string(document)
	clear(document)
	if got := p.RewritePrincipals(func(e PrincipalEntry) string { return e.Value }); string(got) != was {
		t.Errorf("the document became %q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(one(`{"Sid":"a","Effect":"Allow","Principal":{"AWS":["*","AIDAAAAAAAAAAAAAAAAAA"]},"Action":"kms:*","Resource":"*","Condition":{"StringLike":{"aws:a":"${aws:b, 'c'}*"}}}`)))
	f.Add([]byte(`{"Version":"2008-10-17","Statement":[{"Effect":"Deny","NotPrincipal":"*","NotAction":["*"],"NotResource":[]}]}`))
	f.Add([]byte(`{"Statement":{"Condition":{"ForAllValues:DateLessThanIfExists":{"x":["2020-01-01T00:00:00Z",5,true]}}}}`))
	f.Add([]byte(`[[[[{"a":{"b":[null]}}]]]]`))
	f.Fuzz(func(t *testing.T, document []byte) {
		for _, kind := range []Kind{Identity, Resource, KeyPolicy, Trust, Session} {
			p, err := Parse(kind, document)
			if err != nil {
				var bad *SyntaxError
				if !errors.As(err, &bad) || bad.Offset < 0 || bad.Offset > len(document)+1 || bad.Error() == "" {
					t.Fatalf("error %v", err)
				}
				continue
			}
			r := &Request{Action: "kms:Decrypt", Resource: "arn:aws:kms:us-east-1:111122223333:key/k", Principal: &Principal{Type: User}}
			p.Evaluate(r)
			p.Explain(r)
			same := p.RewritePrincipals(func(e PrincipalEntry) string { return e.Value })
			if string(same) != string(document) {
				t.Fatalf("rewriting nothing gave %q", same)
			}
		}
	})
}
