package auth

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/policy"
)

// update writes testdata/explanation.json anew: go test -run Reads with
// UPDATE_EXPLANATION=1.
var update = os.Getenv("UPDATE_EXPLANATION") != ""

func TestAnExplanationReadsAsJSON(t *testing.T) {
	c := sessionOf(ours)
	a := authorizerOf(c, Attached{
		Policies: []*policy.Policy{
			compile(t, policy.Identity, `{"Sid":"Narrow","Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}}`),
			compile(t, policy.Identity, mayOther),
		},
		Boundary: compile(t, policy.Identity, mayAll), Session: some(t, mayAll), Tags: map[string]string{"Team": "red"},
		Origins: &Origins{
			Policies: []Origin{{Name: "inline", Holder: c.Issuer}, {ARN: "arn:aws:iam::111122223333:policy/p", Version: "v2", Holder: c.Issuer}},
			Boundary: Origin{ARN: "arn:aws:iam::111122223333:policy/b", Version: "v1"}, Session: []Origin{{Name: "Policy"}},
		},
	})
	e, err := a.Explain(ctxOf(c), &Request{
		Service: kmsService, Action: decrypt, Resource: ourKey, Account: ours, Gate: true, Keys: Keys{"kms:calleraccount": {ours}},
		Policy: compile(t, policy.KeyPolicy, to("Allow", accountRoot)),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "explanation.json")
	if update {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != string(got)+"\n" {
		t.Errorf("%v, got %s", err, got)
	}
}

func explain(t *testing.T, c *api.Caller, a Attached, r *Request, options ...Option) *Explanation {
	t.Helper()
	e, err := authorizerOf(c, a, options...).Explain(ctxOf(c), r)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAnAllowedCallShowsTheStatementsThatTookEffect(t *testing.T) {
	c := userOf(ours)
	e := explain(t, c, Attached{Policies: some(t, mayOther, mayAll)}, &Request{
		Service: kmsService, Action: decrypt, Resource: ourKey, Gate: true, Policy: compile(t, policy.KeyPolicy, to("Allow", aws(foreign)), to("Allow", accountRoot)),
	})
	if !e.Allowed || e.Remedy != nil || e.Sentence != "" || e.Reason != NotDenied || e.Relation != SameAccount {
		t.Fatalf("explained %+v", e)
	}
	var applied []string
	for _, a := range e.Applied {
		applied = append(applied, string(a.Kind)+" "+string(rune('0'+a.Statement.Index)))
	}
	if !slices.Equal(applied, []string{"identity-based policy 1", "resource-based policy 1"}) {
		t.Errorf("applied %q", applied)
	}
}

func TestObstaclesSayWhyAStatementDoesNotApply(t *testing.T) {
	c := userOf(ours)
	c.SourceIP = "203.0.113.7"
	for statement, want := range map[string][]string{
		to("Allow", accountRoot):                                                                   nil,
		to("Allow", aws("arn:aws:iam::111122223333:user/ann")):                                     {"it is not about the caller"},
		`{"Effect":"Allow","Principal":"*","Action":"kms:Encrypt","Resource":"*"}`:                 {"it is not about the action kms:Decrypt"},
		`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"arn:aws:kms:*:*:alias/*"}`: {"it is not about the resource " + ourKey},
		`{"Effect":"Allow","Principal":"*","Action":"kms:*"}`:                                      {"it has no Action or no Resource"},
		`{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:user/eve","111122223333"]},"NotAction":"kms:Decrypt","Resource":"*"}`: {
			"it is not about the caller", "it is not about the action kms:Decrypt"},
		conditional(`"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}`): {
			`the condition StringEquals on kms:ViaService wants "s3.us-east-1.amazonaws.com", and the request has no such key`},
		conditional(`"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.0/24"]},"StringNotEquals":{"aws:username":"${aws:username}"}`): {
			`the condition IpAddress on aws:SourceIp wants "10.0.0.0/8" or "192.0.2.0/24", and the request has "203.0.113.7"`,
			`the condition StringNotEquals on aws:username wants "eve", and the request has "eve"`},
		conditional(`"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["a"]}`): {
			`the condition ForAllValues:StringEquals on kms:EncryptionContextKeys wants "a", and the request has "b"`},
		conditional(`"Null":{"kms:EncryptionContextKeys":"true"}`): {
			`the condition Null on kms:EncryptionContextKeys wants "true", and the request has "a" or "b"`},
		conditional(`"ForAnyValue:StringEquals":{"aws:TagKeys":["x"]}`): {
			`the condition ForAnyValue:StringEquals on aws:TagKeys wants "x", and the key has no value that would do`},
	} {
		r := &Request{Service: kmsService, Action: decrypt, Resource: ourKey, Gate: true, Policy: compile(t, policy.KeyPolicy, statement),
			Keys: Keys{"kms:encryptioncontextkeys": {"a", "b"}, "aws:tagkeys": {}}}
		e := explain(t, c, Attached{}, r)
		if got := e.Policies[0].Statements[0].Obstacles; !slices.Equal(got, want) {
			t.Errorf("%s\ngot  %q\nwant %q", statement, got, want)
		}
	}
}

func conditional(condition string) string {
	return `{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{` + condition + `}}`
}

func TestARemedyNamesTheStatementThatIsNearest(t *testing.T) {
	c := userOf(ours)
	e := explain(t, c, Attached{Policies: some(t, mayOther,
		`{"Effect":"Allow","Action":"kms:*","Resource":"arn:aws:s3:::b","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`,
		`{"Sid":"Near","Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`,
	)}, &Request{Service: kmsService, Action: decrypt, Resource: ourKey, Gate: true, Policy: compile(t, policy.KeyPolicy, to("Allow", accountRoot))})
	if e.Remedy == nil || len(e.Remedy.Add) != 1 || len(e.Remedy.Remove) != 0 {
		t.Fatalf("remedy %+v", e.Remedy)
	}
	m := e.Remedy.Add[0]
	if m.Kind != IdentityBased || m.Of != c.ARN || m.Nearest == nil || m.Nearest.Statement.Sid != "Near" ||
		len(m.Nearest.Obstacles) != 1 || !strings.Contains(m.Nearest.Obstacles[0], `wants "true", and the request has "false"`) {
		t.Errorf("missing %+v", m)
	}
}

func TestTheStatementOfARemedy(t *testing.T) {
	session, logs := sessionOf(ours), serviceOf("logs.us-east-1.amazonaws.com")
	for name, row := range map[string]struct {
		caller  *api.Caller
		request Request
		want    string
	}{
		"a key, a user":            {userOf(ours), Request{Gate: true, Account: ours}, `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/eve"},"Action":"kms:Decrypt","Resource":"*"}`},
		"a key, a session":         {session, Request{Gate: true, Account: ours}, `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/team/reader"},"Action":"kms:Decrypt","Resource":"*"}`},
		"a key, a service":         {logs, Request{Gate: true, Account: ours}, `{"Effect":"Allow","Principal":{"Service":"logs.us-east-1.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*"}`},
		"a bucket, anyone":         {&api.Caller{}, Request{Account: ours, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}, `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/k"}`},
		"an open resource, a user": {userOf(ours), Request{Account: ours}, `{"Effect":"Allow","Action":"kms:Decrypt","Resource":"` + ourKey + `"}`},
		"a role":                   {userOf(ours), Request{Gate: true, Account: ours, Action: "sts:AssumeRole"}, `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/eve"},"Action":"sts:AssumeRole"}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := row.request
			r.Service = kmsService
			if r.Action == "" {
				r.Action = decrypt
			}
			if r.Resource == "" {
				r.Resource = ourKey
			}
			e := explain(t, row.caller, Attached{}, &r)
			if len(e.Remedy.Add) != 1 || marshal(t, e.Remedy.Add[0].Statement) != row.want {
				t.Errorf("remedy %s", marshal(t, e.Remedy))
			}
		})
	}
}

func TestAnExplanationListsControlPoliciesByLevel(t *testing.T) {
	m := &Member{Organization: "o-1", Path: "o-1/r-1/", ServiceControl: levelsOf(t, policy.Identity, []string{mayAll}, []string{mayOther})}
	m.ServiceControl[0].Origins = []Origin{{Name: "FullAWSAccess", ARN: "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"}}
	c := userOf(ours)
	e := explain(t, c, Attached{Policies: some(t, mayAll)}, &Request{Service: kmsService, Action: decrypt, Resource: ourKey}, WithOrganizations(accounts{ours: m}))
	if len(e.Policies) != 3 || e.Policies[0].Name != "FullAWSAccess" || e.Policies[1].Target != "ou-1" || e.Policies[1].Allows || !e.Policies[0].Allows {
		t.Errorf("policies %s", marshal(t, e.Policies))
	}
	if e.Reason != NoServiceControl || len(e.Remedy.Add) != 1 || e.Remedy.Add[0].Target != "ou-1" || e.Context["aws:PrincipalOrgID"][0] != "o-1" {
		t.Errorf("reason %v, remedy %s", e.Reason, marshal(t, e.Remedy))
	}
}
