package policy

import (
	"encoding/json"
	"fmt"
	"testing"
)

// The callers of the tests.
var (
	rootUser = &Principal{Type: Root, Account: "111122223333", ARN: "arn:aws:iam::111122223333:root", ID: "111122223333", CanonicalID: canonicalID}
	ada      = &Principal{Type: User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/division/Ada", ID: "AIDAADAADAADAADAADA01", CanonicalID: canonicalID}
	session  = &Principal{Type: AssumedRole, Account: "111122223333", ARN: "arn:aws:sts::111122223333:assumed-role/Reader/s1",
		RoleARN: "arn:aws:iam::111122223333:role/app/Reader", ID: "AROAREADERREADERREAD1:s1"}
	federated = &Principal{Type: FederatedUser, Account: "111122223333", ARN: "arn:aws:sts::111122223333:federated-user/Guest",
		RoleARN: "arn:aws:iam::111122223333:user/division/Ada", ID: "111122223333:Guest", IssuerID: "AIDAADAADAADAADAADA01"}
	federatedRoot = &Principal{Type: FederatedUser, Account: "111122223333", ARN: "arn:aws:sts::111122223333:federated-user/Guest",
		RoleARN: "arn:aws:iam::111122223333:root", ID: "111122223333:Guest"}
	logs     = &Principal{Type: Service, Services: []string{"logs.amazonaws.com", "logs.us-east-1.amazonaws.com"}}
	visitor  = &Principal{Type: WebIdentity, Federated: "accounts.google.com"}
	employee = &Principal{Type: SAML, Federated: "arn:aws:iam::111122223333:saml-provider/Corp"}
)

const canonicalID = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"

func TestPrincipalsNameCallersByTheirForms(t *testing.T) {
	tests := []struct {
		principal string // JSON
		kind      Kind
		caller    *Principal
		want      Match
	}{
		{`"*"`, KeyPolicy, nil, ByWildcard},
		{`"*"`, KeyPolicy, ada, ByWildcard},
		{`"*"`, KeyPolicy, session, ByWildcard},
		{`"*"`, KeyPolicy, logs, ByWildcard}, // recorded from AWS
		{`"*"`, Trust, visitor, ByWildcard},
		{`{"AWS":"*"}`, KeyPolicy, nil, ByWildcard},
		{`{"AWS":"*"}`, KeyPolicy, rootUser, ByWildcard},
		{`{"AWS":"*"}`, KeyPolicy, federated, ByWildcard},
		{`{"AWS":"*"}`, KeyPolicy, logs, NoMatch},
		{`{"AWS":"*"}`, Trust, visitor, NoMatch},
		{`{"AWS":"*"}`, Trust, employee, NoMatch},

		{`{"AWS":"111122223333"}`, KeyPolicy, rootUser, ByPrincipal},
		{`{"AWS":"111122223333"}`, KeyPolicy, ada, ByAccount},
		{`{"AWS":"arn:aws:iam::111122223333:root"}`, KeyPolicy, session, ByAccount},
		{`{"AWS":"arn:aws:iam::111122223333:root"}`, KeyPolicy, federated, ByAccount},
		{`{"AWS":"arn:aws:iam::111122223333:root"}`, KeyPolicy, nil, NoMatch},
		{`{"AWS":"arn:aws:iam::111122223333:root"}`, KeyPolicy, logs, NoMatch},
		{`{"AWS":"444455556666"}`, KeyPolicy, rootUser, NoMatch},
		{`{"AWS":"444455556666"}`, KeyPolicy, ada, NoMatch},

		{`{"AWS":"arn:aws:iam::111122223333:user/division/Ada"}`, KeyPolicy, ada, ByPrincipal},
		{`{"AWS":"arn:aws:iam::111122223333:user/Ada"}`, KeyPolicy, ada, NoMatch},
		{`{"AWS":"arn:aws:iam::111122223333:user/division/ada"}`, KeyPolicy, ada, NoMatch},
		{`{"AWS":"arn:aws:iam::111122223333:user/division/Ada"}`, KeyPolicy, federated, ByRole},
		{`{"AWS":"arn:aws:iam::111122223333:user/division/Ada"}`, KeyPolicy, rootUser, NoMatch},
		{`{"AWS":"arn:aws:iam::111122223333:role/app/Reader"}`, KeyPolicy, session, ByRole},
		{`{"AWS":"arn:aws:iam::111122223333:role/Reader"}`, KeyPolicy, session, NoMatch},
		{`{"AWS":"arn:aws:iam::111122223333:role/app/Reader"}`, KeyPolicy, ada, NoMatch},
		{`{"AWS":"arn:aws:iam::111122223333:role/app/Reader"}`, KeyPolicy, federated, NoMatch},
		{`{"AWS":"arn:aws:sts::111122223333:assumed-role/Reader/s1"}`, KeyPolicy, session, ByPrincipal},
		{`{"AWS":"arn:aws:sts::111122223333:assumed-role/Reader/s2"}`, KeyPolicy, session, NoMatch},
		{`{"AWS":"arn:aws:sts::111122223333:federated-user/Guest"}`, KeyPolicy, federated, ByPrincipal},
		{`{"AWS":"arn:aws:sts::111122223333:federated-user/Guest"}`, KeyPolicy, session, NoMatch},
		{`{"AWS":"arn:aws:sts::111122223333:federated-user/Other"}`, KeyPolicy, federated, NoMatch},

		{`{"AWS":"AIDAADAADAADAADAADA01"}`, KeyPolicy, ada, ByPrincipal},
		{`{"AWS":"AIDAADAADAADAADAADA02"}`, KeyPolicy, ada, NoMatch},
		{`{"AWS":"AIDAADAADAADAADAADA01"}`, KeyPolicy, federated, ByRole},
		{`{"AWS":"AIDAADAADAADAADAADA01"}`, KeyPolicy, federatedRoot, NoMatch},
		{`{"AWS":"AROAREADERREADERREAD1"}`, KeyPolicy, session, ByRole},
		{`{"AWS":"AROAREADERREADERREAD2"}`, KeyPolicy, session, NoMatch},
		{`{"AWS":"AROAREADERREADERREAD1"}`, KeyPolicy, rootUser, NoMatch},

		{`{"Service":"logs.us-east-1.amazonaws.com"}`, KeyPolicy, logs, ByPrincipal},
		{`{"Service":["ec2.amazonaws.com","logs.amazonaws.com"]}`, KeyPolicy, logs, ByPrincipal},
		{`{"Service":"logs.eu-west-1.amazonaws.com"}`, KeyPolicy, logs, NoMatch},
		{`{"Service":"logs.us-east-1.amazonaws.com"}`, KeyPolicy, ada, NoMatch},

		{`{"Service":"ec2.amazonaws.com"}`, KeyPolicy, &Principal{Type: User, Services: []string{"ec2.amazonaws.com"}}, NoMatch},

		{`{"Federated":"accounts.google.com"}`, Trust, visitor, ByPrincipal},
		{`{"Federated":"www.amazon.com"}`, Trust, visitor, NoMatch},
		{`{"Federated":"arn:aws:iam::111122223333:saml-provider/Corp"}`, Trust, employee, ByPrincipal},
		{`{"Federated":"arn:aws:iam::111122223333:saml-provider/Corp"}`, Trust, ada, NoMatch},

		{`{"CanonicalUser":"` + canonicalID + `"}`, Resource, ada, ByAccount},
		{`{"CanonicalUser":"` + canonicalID + `"}`, Resource, rootUser, ByPrincipal},
		{`{"CanonicalUser":"` + canonicalID + `"}`, Resource, session, NoMatch}, // has none here
		{`{"CanonicalUser":"` + canonicalID + `"}`, Resource, nil, NoMatch},
	}
	for _, test := range tests {
		p := parse(t, test.kind, one(statementFor(test.kind, "Allow", "Principal", test.principal)))
		result := p.Evaluate(&Request{Action: "sts:AssumeRole", Resource: "*", Principal: test.caller})
		if result.Allowed != test.want || result.AllowedBy(test.want) != (test.want != NoMatch) {
			t.Errorf("%s on %+v = %v, want %v", test.principal, test.caller, result.Allowed, test.want)
		}
	}
}

func statementFor(kind Kind, effect, element, principal string) string {
	resource := `,"Resource":"*"`
	if kind == Trust {
		resource = ""
	}
	return fmt.Sprintf(`{"Effect":%q,%q:%s,"Action":"sts:AssumeRole"%s}`, effect, element, principal, resource)
}

func TestNotPrincipalWithDenyExceptsWhoIsListedInFull(t *testing.T) {
	const (
		account = `"arn:aws:iam::111122223333:root"`
		user    = `"arn:aws:iam::111122223333:user/division/Ada"`
		role    = `"arn:aws:iam::111122223333:role/app/Reader"`
		assumed = `"arn:aws:sts::111122223333:assumed-role/Reader/s1"`
		guest   = `"arn:aws:sts::111122223333:federated-user/Guest"`
	)
	aws := func(names string) string { return `{"AWS":[` + names + `]}` }
	tests := []struct {
		except string
		caller *Principal
		denied bool
	}{
		{aws(account), rootUser, false},
		{aws(`"444455556666"`), rootUser, true},
		{aws(account), ada, true},
		{aws(user), ada, true},
		{aws(user + `,` + account), ada, false},
		{aws(user + `,` + account), session, true},
		{aws(role + `,` + account), session, true},
		{aws(assumed + `,` + account), session, true},
		{aws(assumed + `,` + role), session, true},
		{aws(assumed + `,` + role + `,` + account), session, false},
		{aws(guest + `,` + account), federated, true},
		{aws(guest + `,` + user + `,` + account), federated, false},
		{aws(guest + `,` + account), federatedRoot, false},
		{aws(account), federatedRoot, true},
		{aws(account), nil, true},
		{aws(account), logs, true},
		{`{"Service":"logs.us-east-1.amazonaws.com"}`, logs, false},
		{`"*"`, ada, false},
		{`"*"`, nil, false},
		{aws(`"*"`), session, false},
		{aws(`"*"`), logs, true},
	}
	for _, test := range tests {
		p := parse(t, Resource, one(statementFor(Resource, "Deny", "NotPrincipal", test.except)))
		result := p.Evaluate(&Request{Action: "sts:AssumeRole", Resource: "*", Principal: test.caller})
		if result.Denied != test.denied {
			t.Errorf("all but %s on %+v: denied = %v", test.except, test.caller, result.Denied)
		}
	}
}

func TestNotPrincipalWithAllowGivesNothingToWhoIsListed(t *testing.T) {
	tests := []struct {
		except string
		caller *Principal
		want   Match
	}{
		{`{"AWS":"111122223333"}`, ada, NoMatch},
		{`{"AWS":"arn:aws:iam::111122223333:user/division/Ada"}`, ada, NoMatch},
		{`{"AWS":"arn:aws:iam::111122223333:user/Bob"}`, ada, ByWildcard},
		{`{"AWS":"444455556666"}`, nil, ByWildcard},
		{`{"AWS":"444455556666"}`, logs, ByWildcard},
		{`"*"`, ada, NoMatch},
	}
	for _, test := range tests {
		p := parse(t, Resource, one(statementFor(Resource, "Allow", "NotPrincipal", test.except)))
		result := p.Evaluate(&Request{Action: "sts:AssumeRole", Resource: "*", Principal: test.caller})
		if result.Allowed != test.want {
			t.Errorf("all but %s on %+v = %v", test.except, test.caller, result.Allowed)
		}
	}
}

func TestAMatchIsNamedInJSON(t *testing.T) {
	text, err := json.Marshal([]Match{NoMatch, ByAccount, ByRole, ByPrincipal, ByWildcard})
	if want := `["","ByAccount","ByRole","ByPrincipal","ByWildcard"]`; err != nil || string(text) != want {
		t.Errorf("%s, %v; want %s", text, err, want)
	}
	if !(NoMatch < ByAccount && ByAccount < ByRole && ByRole < ByPrincipal && ByPrincipal < ByWildcard) {
		t.Error("matches are out of order")
	}
}
