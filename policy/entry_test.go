package policy

import (
	"strings"
	"testing"
)

func TestPrincipalEntriesHaveForms(t *testing.T) {
	tests := []struct {
		element, value string
		form           Form
		account        string
	}{
		{"AWS", "*", Everyone, ""},
		{"AWS", "111122223333", Account, "111122223333"},
		{"AWS", "arn:aws:iam::111122223333:root", Account, "111122223333"},
		{"AWS", "arn:aws-cn:iam::111122223333:root", Account, "111122223333"},
		{"AWS", "arn:aws:iam::111122223333:user/Ada", UserARN, "111122223333"},
		{"AWS", "arn:aws:iam::111122223333:user/a/b/Ada", UserARN, "111122223333"},
		{"AWS", "arn:aws:iam::111122223333:role/app/Reader", RoleARN, "111122223333"},
		{"AWS", "arn:aws:sts::111122223333:assumed-role/Reader/s1", RoleSession, "111122223333"},
		{"AWS", "arn:aws:sts::111122223333:federated-user/Guest", FederatedSession, "111122223333"},
		{"AWS", "AIDAADAADAADAADAADA01", UniqueUser, ""},
		{"AWS", "AROAREADERREADERREAD1", UniqueRole, ""},
		{"Service", "logs.us-east-1.amazonaws.com", ServiceName, ""},
		{"Service", "s3.amazonaws.com.cn", ServiceName, ""},
		{"CanonicalUser", canonicalID, CanonicalUser, ""},
	}
	for _, test := range tests {
		p := parse(t, Resource, one(statementFor(Resource, "Allow", "Principal", `{"`+test.element+`":"`+test.value+`"}`)))
		entries := p.Statements[0].Principals()
		if len(entries) != 1 {
			t.Fatalf("%s: %d entries", test.value, len(entries))
		}
		e := entries[0]
		if e.Element != test.element || e.Value != test.value || e.Form != test.form || e.Account() != test.account ||
			e.Path != "Statement.Principal."+test.element {
			t.Errorf("%s: %+v", test.value, e)
		}
	}
}

func TestProvidersAreNamedInTrustPolicies(t *testing.T) {
	for _, value := range []string{"accounts.google.com", "cognito-identity.amazonaws.com",
		"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", "arn:aws:iam::111122223333:saml-provider/Corp"} {
		p := parse(t, Trust, one(statementFor(Trust, "Allow", "Principal", `{"Federated":"`+value+`"}`)))
		if e := p.Statements[0].Principals()[0]; e.Form != Provider || (e.Account() != "") != strings.HasPrefix(value, "arn:") {
			t.Errorf("%s: %+v", value, e)
		}
	}
}

func TestNamesThatAreNoPrincipalsAreRefused(t *testing.T) {
	tests := []struct {
		kind           Kind
		element, value string
	}{
		{KeyPolicy, "AWS", ""},
		{KeyPolicy, "AWS", "Ada"},
		{KeyPolicy, "AWS", "11112222333"},
		{KeyPolicy, "AWS", "arn:aws:iam::111122223333:user/*"},
		{KeyPolicy, "AWS", "arn:aws:iam::111122223333:role/Read?r"},
		{KeyPolicy, "AWS", "arn:aws:iam::*:root"},
		{KeyPolicy, "AWS", "arn:aws:iam::aws:root"},
		{KeyPolicy, "AWS", "arn:aws:iam::111122223333:group/Developers"},
		{KeyPolicy, "AWS", "arn:aws:iam::111122223333:user"},
		{KeyPolicy, "AWS", "arn:aws:iam::111122223333:user/"},
		{KeyPolicy, "AWS", "arn:aws:iam::111122223333:user:Ada"},
		{KeyPolicy, "AWS", "arn:aws:iam::111122223333:role/app/"},
		{KeyPolicy, "AWS", "arn:aws:iam::111122223333:root/x"},
		{KeyPolicy, "AWS", "arn:aws:iam:us-east-1:111122223333:root"},
		{KeyPolicy, "AWS", "arn:mars:iam::111122223333:root"},
		{KeyPolicy, "AWS", "arn:aws:iam::111122223333:assumed-role/Reader/s1"},
		{KeyPolicy, "AWS", "arn:aws:sts::111122223333:role/Reader"},
		{KeyPolicy, "AWS", "arn:aws:sts::111122223333:assumed-role/Reader"},
		{KeyPolicy, "AWS", "arn:aws:sts::111122223333:assumed-role/Reader/*"},
		{KeyPolicy, "AWS", "arn:aws:sts::111122223333:assumed-role/app/Reader/s1"},
		{KeyPolicy, "AWS", "arn:aws:sts::111122223333:assumed-role//s1"},
		{KeyPolicy, "AWS", "arn:aws:s3:::bucket"},
		{KeyPolicy, "AWS", "AIDA"},
		{KeyPolicy, "AWS", "AIDAADAADAADAADAADa01"},
		{KeyPolicy, "AWS", "AGPAGROUPGROUPGROUP01"},
		{KeyPolicy, "AWS", "AROAREADERREADERREAD1:s1"},
		{KeyPolicy, "Service", "*"},
		{KeyPolicy, "Service", "logs"},
		{KeyPolicy, "Service", "logs.*.amazonaws.com"},
		{KeyPolicy, "Service", ".amazonaws.com"},
		{KeyPolicy, "Service", "logs.amazonaws."},
		{KeyPolicy, "Federated", "accounts.google.com"},
		{KeyPolicy, "CanonicalUser", canonicalID},
		{Resource, "CanonicalUser", canonicalID[1:]},
		{Resource, "CanonicalUser", strings.ToUpper(canonicalID)},
		{Resource, "Federated", "accounts.google.com"},
		{Trust, "CanonicalUser", canonicalID},
		{Trust, "Federated", "*"},
		{Trust, "Federated", "google"},
		{Trust, "Federated", "arn:aws:iam::111122223333:role/Reader"},
		{Trust, "Federated", "arn:aws:iam::111122223333:saml-provider/"},
		{Trust, "Federated", "arn:aws:iam::111122223333:saml-provider/*"},
		{Trust, "Federated", "arn:aws:sts::111122223333:saml-provider/Corp"},
		{Trust, "Federated", "arn:mars:iam::111122223333:saml-provider/Corp"},
	}
	for _, test := range tests {
		document := one(statementFor(test.kind, "Allow", "Principal", `{"`+test.element+`":"`+test.value+`"}`))
		_, err := Parse(test.kind, []byte(document))
		if bad, ok := err.(*SyntaxError); !ok || bad.Reason != BadPrincipal || bad.Element != test.element {
			t.Errorf("%s %q: %v", test.element, test.value, err)
		}
	}
}

func TestRewritePrincipalsChangesNothingElse(t *testing.T) {
	document := `{ "Statement" : [
	  {"Effect":"Allow", "Principal" : {"AWS" : [ "arn:aws:iam::111122223333:user\/Ada", "111122223333" ], "Service":"ec2.amazonaws.com"},
	   "Action":"kms:*", "Resource":"arn:aws:iam::111122223333:user/Ada"},
	  {"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:role/Reader"},"Action":"*","Resource":"*"},
	  {"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"} ] }`
	ids := map[string]string{
		"arn:aws:iam::111122223333:user/Ada":    "AIDAADAADAADAADAADA01",
		"arn:aws:iam::111122223333:role/Reader": "AROAREADERREADERREAD1",
	}
	p := parse(t, KeyPolicy, document)
	got := string(p.RewritePrincipals(func(e PrincipalEntry) string {
		if id := ids[e.Value]; id != "" {
			return id
		}
		return e.Value
	}))
	want := strings.Replace(document, `"arn:aws:iam::111122223333:user\/Ada"`, `"AIDAADAADAADAADAADA01"`, 1)
	want = strings.Replace(want, `"arn:aws:iam::111122223333:role/Reader"`, `"AROAREADERREADERREAD1"`, 1)
	if got != want {
		t.Errorf("rewritten to\n%s\nwant\n%s", got, want)
	}

	rewritten := parse(t, KeyPolicy, got)
	back := string(rewritten.RewritePrincipals(func(e PrincipalEntry) string {
		for name, id := range ids {
			if id == e.Value {
				return name
			}
		}
		return e.Value
	}))
	if back != strings.Replace(document, `\/`, `/`, 1) {
		t.Errorf("and back to\n%s", back)
	}
	if got := string(p.RewritePrincipals(func(e PrincipalEntry) string { return e.Value })); got != document {
		t.Errorf("nothing renamed, and yet\n%s", got)
	}
}
