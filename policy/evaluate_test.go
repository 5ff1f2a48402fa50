package policy

import (
	"fmt"
	"sync"
	"testing"
)

const keyARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

// defaultKeyPolicy is what a key has that was made without a policy.
const defaultKeyPolicy = `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {"AWS" : "arn:aws:iam::111122223333:root"},
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`

func TestTheDefaultKeyPolicyDelegatesToItsAccount(t *testing.T) {
	p := parse(t, KeyPolicy, defaultKeyPolicy)
	stranger := &Principal{Type: User, Account: "444455556666", ARN: "arn:aws:iam::444455556666:user/Eve", ID: "AIDAEVEEVEEVEEVEEVE01"}
	tests := []struct {
		caller *Principal
		action string
		want   Match
	}{
		{rootUser, "kms:Decrypt", ByPrincipal},
		{ada, "kms:Decrypt", ByAccount},
		{session, "kms:PutKeyPolicy", ByAccount},
		{federated, "kms:Decrypt", ByAccount},
		{stranger, "kms:Decrypt", NoMatch},
		{logs, "kms:Decrypt", NoMatch},
		{nil, "kms:Decrypt", NoMatch},
		{ada, "s3:GetObject", NoMatch},
	}
	for _, test := range tests {
		result := p.Evaluate(&Request{Action: test.action, Resource: keyARN, Principal: test.caller})
		if result.Allowed != test.want || result.Denied || (result.AllowedFirst != nil) != (test.want != NoMatch) {
			t.Errorf("%s by %+v: %+v, want %v", test.action, test.caller, result, test.want)
		}
	}
}

// The key policy of CloudWatch Logs' guide: the service of one Region may use
// the key for log groups of one account.
func TestAServiceStatementHoldsForItsContextOnly(t *testing.T) {
	p := parse(t, KeyPolicy, `{"Version":"2012-10-17","Statement":[
	  {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},
	  {"Sid":"logs","Effect":"Allow","Principal":{"Service":"logs.us-east-1.amazonaws.com"},
	   "Action":["kms:Encrypt*","kms:Decrypt*","kms:ReEncrypt*","kms:GenerateDataKey*","kms:Describe*"],"Resource":"*",
	   "Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-east-1:111122223333:*"}}}]}`)
	west := &Principal{Type: Service, Services: []string{"logs.us-west-2.amazonaws.com"}}
	group := Keys{"kms:encryptioncontext:aws:logs:arn": {"arn:aws:logs:us-east-1:111122223333:log-group:/app/web"}}
	tests := []struct {
		name   string
		caller *Principal
		action string
		keys   Keys
		want   Match
	}{
		{"a group of the account", logs, "kms:GenerateDataKeyWithoutPlaintext", group, ByPrincipal},
		{"another account's group", logs, "kms:Decrypt", Keys{"kms:encryptioncontext:aws:logs:arn": {"arn:aws:logs:us-east-1:444455556666:log-group:x"}}, NoMatch},
		{"no context", logs, "kms:Decrypt", nil, NoMatch},
		{"DescribeKey has no context", logs, "kms:DescribeKey", Keys{}, NoMatch},
		{"the service of another Region", west, "kms:Decrypt", group, NoMatch},
		{"an action that is not listed", logs, "kms:CreateGrant", group, NoMatch},
		{"the account's users by delegation", ada, "kms:Decrypt", nil, ByAccount},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			result := p.Evaluate(&Request{Action: test.action, Resource: keyARN, Principal: test.caller, Context: test.keys})
			if result.Allowed != test.want {
				t.Errorf("%+v, want %v", result, test.want)
			}
			if test.want == ByPrincipal && *result.AllowedFirst != (StatementRef{1, "logs"}) {
				t.Errorf("allowed by %+v", result.AllowedFirst)
			}
		})
	}
}

func TestAKeyPolicyMayNameACallerInSeveralWays(t *testing.T) {
	p := parse(t, KeyPolicy, `{"Statement":[
	  {"Sid":"account","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"},
	  {"Sid":"role","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app/Reader"},"Action":"kms:Decrypt","Resource":"*"},
	  {"Sid":"session","Effect":"Allow","Principal":{"AWS":["arn:aws:sts::111122223333:assumed-role/Reader/s1","arn:aws:iam::111122223333:root"]},"Action":"kms:Encrypt","Resource":"*"}]}`)
	tests := []struct {
		action string
		want   []Match
	}{
		{"kms:Decrypt", []Match{ByAccount, ByRole}},
		{"kms:Encrypt", []Match{ByAccount, ByPrincipal}},
		{"kms:DescribeKey", []Match{ByAccount}},
	}
	for _, test := range tests {
		result := p.Evaluate(&Request{Action: test.action, Resource: keyARN, Principal: session})
		set := map[Match]bool{}
		for _, m := range test.want {
			set[m] = true
		}
		for _, m := range []Match{NoMatch, ByAccount, ByRole, ByPrincipal, ByWildcard} {
			if result.AllowedBy(m) != set[m] {
				t.Errorf("%s: AllowedBy(%v) = %v", test.action, m, !set[m])
			}
		}
		if strongest := test.want[len(test.want)-1]; result.Allowed != strongest {
			t.Errorf("%s: Allowed = %v", test.action, result.Allowed)
		}
		if result.AllowedFirst.Sid != "account" {
			t.Errorf("%s: first allowed by %+v", test.action, result.AllowedFirst)
		}
	}
}

func TestAnExplicitDenyWinsWhereverItStands(t *testing.T) {
	p := parse(t, KeyPolicy, `{"Statement":[
	  {"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"},
	  {"Sid":"first","Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:Decrypt","Resource":"*"},
	  {"Sid":"second","Effect":"Deny","Principal":"*","Action":"kms:D*","Resource":"*"}]}`)
	tests := []struct {
		caller *Principal
		action string
		denied string
	}{
		// A Deny for the account's root ARN hits every principal of the account.
		{ada, "kms:Decrypt", "first"},
		{session, "kms:Decrypt", "first"},
		{rootUser, "kms:Decrypt", "first"},
		{logs, "kms:Decrypt", "second"},
		{ada, "kms:DescribeKey", "second"},
		{ada, "kms:Encrypt", ""},
	}
	for _, test := range tests {
		result := p.Evaluate(&Request{Action: test.action, Resource: keyARN, Principal: test.caller})
		if result.Denied != (test.denied != "") || result.Denied && result.DeniedBy.Sid != test.denied {
			t.Errorf("%s by %s: %+v", test.action, test.caller.ARN, result)
		}
		if result.Denied && (result.Allowed != NoMatch || result.AllowedFirst != nil || result.AllowedBy(ByWildcard)) {
			t.Errorf("%s by %s: denied and allowed: %+v", test.action, test.caller.ARN, result)
		}
		if !result.Denied && (result.Allowed != ByWildcard || result.DeniedBy != nil) {
			t.Errorf("%s by %s: %+v", test.action, test.caller.ARN, result)
		}
	}
}

func TestAKeyPolicyStatementWithoutActionOrResourceHasNoEffect(t *testing.T) {
	for _, statement := range []string{
		`{"Effect":"Deny","Principal":"*"}`,
		`{"Effect":"Deny","Principal":"*","Action":"kms:*"}`,
		`{"Effect":"Deny","Principal":"*","Resource":"*"}`,
		`{"Effect":"Deny","Principal":"*","Action":[],"Resource":"*"}`,
		`{"Effect":"Deny","Principal":"*","NotAction":[],"Resource":"*"}`,
		`{"Effect":"Deny","Principal":"*","NotAction":"s3:*"}`,
		`{"Effect":"Allow","Principal":"*","Action":"kms:*","NotResource":[]}`,
	} {
		result := parse(t, KeyPolicy, one(statement)).Evaluate(&Request{Action: "kms:Decrypt", Resource: keyARN, Principal: ada})
		if result != (Result{}) {
			t.Errorf("%s: %+v", statement, result)
		}
	}
}

func TestIdentityPoliciesSelectActionsAndResources(t *testing.T) {
	tests := []struct {
		statement, action, resource string
		want                        Match
	}{
		{`"Action":"kms:Decrypt","Resource":"*"`, "kms:Decrypt", keyARN, ByPrincipal},
		{`"Action":"KMS:decrypt","Resource":"*"`, "kms:Decrypt", keyARN, ByPrincipal},
		{`"Action":["kms:Encrypt","kms:Dec*"],"Resource":"*"`, "kms:Decrypt", keyARN, ByPrincipal},
		{`"Action":"kms:Decrypt","Resource":"arn:aws:kms:*:111122223333:key/*"`, "kms:Decrypt", keyARN, ByPrincipal},
		{`"Action":"kms:Decrypt","Resource":"arn:aws:kms:*:444455556666:key/*"`, "kms:Decrypt", keyARN, NoMatch},
		{`"Action":"kms:Decrypt","Resource":"arn:aws:kms:us-east-1:111122223333:KEY/*"`, "kms:Decrypt", keyARN, NoMatch},
		{`"Action":"kms:ListKeys","Resource":"*"`, "kms:ListKeys", "*", ByPrincipal},
		{`"Action":"kms:ListKeys","Resource":"arn:aws:kms:*:*:*"`, "kms:ListKeys", "*", NoMatch},
		{`"Action":"kms:Decrypt","Resource":"arn:aws:kms"`, "kms:Decrypt", keyARN, ByPrincipal},
		{`"Action":"kms:Decrypt","Resource":"arn:aws:kms:us-east-1"`, "kms:Decrypt", keyARN, ByPrincipal},
		{`"Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1"`, "kms:Decrypt", keyARN, NoMatch},
		// A * in a Resource crosses colons and slashes.
		{`"Action":"s3:*","Resource":"arn:aws:s3:::b*"`, "s3:GetObject", "arn:aws:s3:::bucket/a/b:c", ByPrincipal},
		{`"Action":"logs:*","Resource":"arn:aws:logs:*:*:*:web"`, "logs:GetLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:web", ByPrincipal},
		// Fields that an ARN lacks are wildcards.
		{`"Action":"logs:*","Resource":"arn:aws:logs:*:web"`, "logs:GetLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:web", NoMatch},
		{`"Action":"logs:*","Resource":"arn:aws:logs:*:web"`, "logs:GetLogEvents", "arn:aws:logs:us-east-1:web:log-group:g", ByPrincipal},
		{`"Action":"logs:*","Resource":"arn:aws:logs:${aws:username}"`, "logs:GetLogEvents", "arn:aws:logs:Ada:111122223333:x", ByPrincipal},
		{`"Action":"s3:*","Resource":["arn:aws:s3:::x","arn:aws:s3:::bucket/?"]`, "s3:GetObject", "arn:aws:s3:::bucket/é", ByPrincipal},
		{`"NotAction":"iam:*","Resource":"*"`, "kms:Decrypt", keyARN, ByPrincipal},
		{`"NotAction":["iam:*","KMS:De*"],"Resource":"*"`, "kms:Decrypt", keyARN, NoMatch},
		{`"Action":"*","NotResource":"arn:aws:s3:::secret*"`, "s3:GetObject", "arn:aws:s3:::open/x", ByPrincipal},
		{`"Action":"*","NotResource":"arn:aws:s3:::secret*"`, "s3:GetObject", "arn:aws:s3:::secret/x", NoMatch},
		{`"Action":"*","Resource":"arn:aws:s3:::b/${aws:userid}"`, "s3:GetObject", "arn:aws:s3:::b/", NoMatch},
		{`"Action":"*","NotResource":"arn:aws:s3:::b/${aws:userid}"`, "s3:GetObject", "arn:aws:s3:::b/", ByPrincipal},
		{`"Action":"*","Resource":"arn:aws:s3:::b/${aws:username}/*"`, "s3:GetObject", "arn:aws:s3:::b/Ada/x", ByPrincipal},
	}
	for _, test := range tests {
		p := parse(t, Identity, one(`{"Effect":"Allow",`+test.statement+`}`))
		result := p.Evaluate(&Request{Action: test.action, Resource: test.resource, Context: Keys{"aws:username": {"Ada"}}})
		if result.Allowed != test.want || result.AllowedBy(ByPrincipal) != (test.want == ByPrincipal) {
			t.Errorf("%s on %s %s = %+v", test.statement, test.action, test.resource, result)
		}
	}
}

func TestOnlyIdentityPoliciesCompleteTheirARNs(t *testing.T) {
	const statement = `{"Effect":"Allow",%s"Action":"kms:*","Resource":%q}`
	request := &Request{Action: "kms:Decrypt", Resource: keyARN, Principal: ada}
	for _, kind := range []Kind{Resource, KeyPolicy} {
		p := parse(t, kind, one(fmt.Sprintf(statement, `"Principal":"*",`, "arn:aws:kms")))
		if got := p.Evaluate(request).Allowed; got != NoMatch {
			t.Errorf("kind %d: %v", kind, got)
		}
	}
	if got := parse(t, Session, one(fmt.Sprintf(statement, "", "arn:aws:kms:*:*:*"))).Evaluate(request).Allowed; got != ByPrincipal {
		t.Errorf("a session policy: %v", got)
	}
}

// Reading only what CloudTrail encrypted: the Null condition of CloudTrail's
// guide on key policies.
func TestNullLetsReadOnlyWhatCarriesAContext(t *testing.T) {
	p := parse(t, KeyPolicy, one(`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:Decrypt","Resource":"*",
		"Condition":{"Null":{"kms:EncryptionContext:aws:cloudtrail:arn":"false"}}}`))
	for _, test := range []struct {
		keys Keys
		want Match
	}{
		{Keys{"kms:encryptioncontext:aws:cloudtrail:arn": {"arn:aws:cloudtrail:us-east-1:111122223333:trail/t"}}, ByAccount},
		{Keys{"kms:encryptioncontext:aws:s3:arn": {"arn:aws:s3:::b/k"}}, NoMatch},
		{nil, NoMatch},
	} {
		result := p.Evaluate(&Request{Action: "kms:Decrypt", Resource: keyARN, Principal: ada, Context: test.keys})
		if result.Allowed != test.want {
			t.Errorf("%v: %v", test.keys, result.Allowed)
		}
	}
}

// The AWS managed key of a service: everyone, but only through the service and
// for the account.
func TestAManagedKeyIsUsedThroughItsService(t *testing.T) {
	p := parse(t, KeyPolicy, one(`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*",
		"Condition":{"StringEquals":{"kms:CallerAccount":"111122223333","kms:ViaService":"s3.us-east-1.amazonaws.com"}}}`))
	request := Request{Action: "kms:GenerateDataKey", Resource: keyARN, Principal: ada, Context: Keys{"kms:calleraccount": {"111122223333"}}}
	if got := p.Evaluate(&request).Allowed; got != NoMatch {
		t.Errorf("used directly: %v", got)
	}
	request.Context = Layered{Over: Keys{"kms:viaservice": {"s3.us-east-1.amazonaws.com"}}, Base: request.Context}
	if got := p.Evaluate(&request).Allowed; got != ByWildcard {
		t.Errorf("used through S3: %v", got)
	}
}

func TestTrustPoliciesLookAtTheActionAndTheCaller(t *testing.T) {
	p := parse(t, Trust, one(`{"Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity",
		"Condition":{"StringEquals":{"accounts.google.com:aud":"app"}}}`))
	request := Request{Action: "sts:AssumeRoleWithWebIdentity", Principal: visitor, Context: Keys{"accounts.google.com:aud": {"app"}}}
	if got := p.Evaluate(&request).Allowed; got != ByPrincipal {
		t.Errorf("web identity: %v", got)
	}
	request.Action = "sts:AssumeRole"
	if got := p.Evaluate(&request).Allowed; got != NoMatch {
		t.Errorf("another action: %v", got)
	}
}

func TestAPolicyMayBeUsedByManyAtOnce(t *testing.T) {
	p := parse(t, KeyPolicy, typicalPolicy)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				if p.Evaluate(typicalRequest()).Allowed != ByRole {
					t.Error("not allowed by role")
				}
				p.Explain(typicalRequest())
			}
		})
	}
	all.Wait()
}
