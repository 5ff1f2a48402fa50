package auth

import (
	"testing"

	"sealstack/api"
	"sealstack/policy"
)

// The ends of AWS's sentences.
const (
	noIdentity   = "because no identity-based policy allows the kms:Decrypt action"
	noResource   = "because no resource-based policy allows the kms:Decrypt action"
	noBoundary   = "because no permissions boundary allows the kms:Decrypt action"
	noSession    = "because no session policy allows the kms:Decrypt action"
	denyIdentity = "with an explicit deny in an identity-based policy"
	denyResource = "with an explicit deny in a resource-based policy"
	denyBoundary = "with an explicit deny in a permissions boundary"
	denySession  = "with an explicit deny in a sessions policy"
	hiddenThere  = "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
)

// cell is one case of the decision: who calls, with which policies, and what a
// resource of its account answers. Empty stands for allowed.
type cell struct {
	name     string
	caller   *api.Caller
	attached Attached
	policy   []string // of the resource
	grant    Grant
	gate     string // KMS key or trust policy
	open     string // any other resource
}

const accountRoot = `{"AWS":"arn:aws:iam::111122223333:root"}`

func (c cell) request(t *testing.T, gate bool, resource, owner string) *Request {
	t.Helper()
	return &Request{
		Service: kmsService, Action: decrypt, Resource: resource, Account: owner, Gate: gate,
		Policy: compile(t, policy.KeyPolicy, c.policy...), Granted: func() Grant { return c.grant },
	}
}

func (c cell) run(t *testing.T, gate bool, resource, owner, want string) {
	t.Helper()
	r := c.request(t, gate, resource, owner)
	wantDecision(t, authorizerOf(c.caller, c.attached).Authorize(ctxOf(c.caller), r), c.caller, r, want)
}

func runCells(t *testing.T, cells []cell, resource, owner string) {
	t.Helper()
	for _, c := range cells {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, true, resource, owner, c.gate)
			c.run(t, false, resource, owner, c.open)
		})
	}
}

// TestTheResourceOfTheCallersOwnAccount holds the decision against the table
// "Resource-based policies and implicit denies in other policy types" of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
// and https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html.
func TestTheResourceOfTheCallersOwnAccount(t *testing.T) {
	root, user, session, federated := rootIn(ours), userOf(ours), sessionOf(ours), federatedOf(ours)
	logs := serviceOf("logs.us-east-1.amazonaws.com")
	none := Attached{}
	full := Attached{Policies: some(t, mayAll)}
	fenced := Attached{Policies: some(t, mayAll), Boundary: compile(t, policy.Identity, mayOther)}
	within := Attached{Policies: some(t, mayAll), Boundary: compile(t, policy.Identity, mayAll), Session: some(t, mayAll)}
	narrowed := Attached{Policies: some(t, mayAll), Session: some(t, mayOther)}
	bare := Attached{Session: some(t)} // a federated session without session policies
	both := Attached{Boundary: compile(t, policy.Identity, mayOther), Session: some(t, mayOther)}
	allow := func(principal string) []string { return []string{to("Allow", principal)} }
	byRoot := allow(accountRoot)
	runCells(t, []cell{
		{"root user, no policy", root, none, nil, 0, noResource, ""},
		{"root user, by the account", root, none, byRoot, 0, "", ""},
		{"root user, by the account's number", root, none, allow(aws(ours)), 0, "", ""},
		{"root user, by *", root, none, allow(`"*"`), 0, "", ""},
		{"root user, another is named", root, none, allow(aws(user.ARN)), 0, noResource, ""},
		{"root user, denied", root, none, []string{to("Allow", `"*"`), to("Deny", accountRoot)}, 0, denyResource, denyResource},

		{"user, nothing", user, none, nil, 0, noResource, noIdentity},
		{"user, IAM alone", user, full, nil, 0, noResource, ""},
		{"user, another account is named", user, full, allow(aws(foreign)), 0, noResource, ""},
		{"user, by the account without IAM", user, none, byRoot, 0, noIdentity, noIdentity},
		{"user, by the account and IAM", user, full, byRoot, 0, "", ""},
		{"user, by the account's number and IAM", user, full, allow(aws(ours)), 0, "", ""},
		{"user, by the account, IAM for another action", user, Attached{Policies: some(t, mayOther)}, byRoot, 0, noIdentity, noIdentity},
		{"user, by the account, boundary silent", user, fenced, byRoot, 0, noBoundary, noBoundary},
		{"user, by the account, session silent", user, narrowed, byRoot, 0, noSession, noSession},
		{"user, by the account, all allow", user, within, byRoot, 0, "", ""},
		{"user, directly", user, none, allow(aws(user.ARN)), 0, "", ""},
		{"user, directly, boundary silent", user, fenced, allow(aws(user.ARN)), 0, "", ""},
		{"user, directly, session silent", user, narrowed, allow(aws(user.ARN)), 0, "", ""},
		{"user, directly, by unique ID", user, none, allow(aws(user.ID)), 0, "", ""},
		{"user, by *", user, both, allow(`"*"`), 0, "", ""},
		{"user, by AWS *", user, both, allow(aws("*")), 0, "", ""},
		{"user, another user is named", user, none, allow(aws("arn:aws:iam::111122223333:user/ann")), 0, noResource, noIdentity},
		{"user, by grant", user, none, nil, ToCaller, "", ""},
		{"user, by grant, boundary silent", user, fenced, nil, ToCaller, "", ""},
		{"user, grant to the account", user, full, nil, ToAccount, "", ""},
		{"user, grant to the account without IAM", user, none, nil, ToAccount, noIdentity, noIdentity},
		{"user, grant and a deny in IAM", user, Attached{Policies: some(t, mustNot)}, nil, ToCaller, denyIdentity, denyIdentity},
		{"user, grant and a deny in the key policy", user, none, []string{to("Deny", accountRoot)}, ToCaller, denyResource, denyResource},
		{"user, deny in IAM without delegation", user, Attached{Policies: some(t, mayAll, mustNot)}, allow(aws(user.ARN)), 0, denyIdentity, denyIdentity},
		{"user, deny in the boundary", user, Attached{Boundary: compile(t, policy.Identity, mayAll, mustNot)}, allow(aws(user.ARN)), 0, denyBoundary, denyBoundary},
		{"user, deny in the session", user, Attached{Session: some(t, mustNot)}, allow(aws(user.ARN)), 0, denySession, denySession},
		{"user, deny of the account", user, full, []string{to("Allow", `"*"`), to("Deny", accountRoot)}, 0, denyResource, denyResource},
		{"user, deny of everyone else", user, full, []string{to("Allow", `"*"`), notTo("Deny", "arn:aws:iam::111122223333:user/ann")}, 0, denyResource, denyResource},
		{"user, excepted from the deny with its account", user, full, []string{to("Allow", `"*"`), notTo("Deny", user.ARN, ours)}, 0, "", ""},
		{"user, excepted from the deny without its account", user, full, []string{to("Allow", `"*"`), notTo("Deny", user.ARN)}, 0, denyResource, denyResource},
		{"user, allowed with everyone but another", user, none, []string{notTo("Allow", "arn:aws:iam::111122223333:user/ann")}, 0, "", ""},
		{"user, left out of the allow", user, none, []string{notTo("Allow", user.ARN)}, 0, noResource, noIdentity},

		{"session, nothing", session, none, nil, 0, noResource, noIdentity},
		{"session, by the account and the role's IAM", session, full, byRoot, 0, "", ""},
		{"session, by the account without IAM", session, none, byRoot, 0, noIdentity, noIdentity},
		{"session, by its role", session, none, allow(aws(session.Issuer)), 0, "", ""},
		{"session, by its role's unique ID", session, none, allow(aws("AROA2222222222222222R")), 0, "", ""},
		{"session, by its role without the path", session, none, allow(aws("arn:aws:iam::111122223333:role/reader")), 0, noResource, noIdentity},
		{"session, by its role, boundary silent", session, fenced, allow(aws(session.Issuer)), 0, noBoundary, noBoundary},
		{"session, by its role, session policy silent", session, narrowed, allow(aws(session.Issuer)), 0, noSession, noSession},
		{"session, by its role, both silent", session, both, allow(aws(session.Issuer)), 0, noBoundary, noBoundary},
		{"session, by its role, both allow", session, within, allow(aws(session.Issuer)), 0, "", ""},
		{"session, by its own ARN", session, none, allow(aws(session.ARN)), 0, "", ""},
		{"session, by its own ARN, both silent", session, both, allow(aws(session.ARN)), 0, "", ""},
		{"session, by *, both silent", session, both, allow(`"*"`), 0, "", ""},
		{"session, another session is named", session, none, allow(aws("arn:aws:sts::111122223333:assumed-role/reader/t")), 0, noResource, noIdentity},
		{"session, by its role and the account", session, narrowed, []string{to("Allow", accountRoot), to("Allow", aws(session.Issuer))}, 0, noSession, noSession},
		{"session, by its role and by its own ARN", session, narrowed, allow(`{"AWS":["` + session.Issuer + `","` + session.ARN + `"]}`), 0, "", ""},
		{"session, grant", session, both, nil, ToCaller, "", ""},
		{"session, deny of its role", session, full, []string{to("Allow", `"*"`), to("Deny", aws(session.Issuer))}, 0, denyResource, denyResource},

		{"federated, nothing", federated, bare, nil, 0, noResource, noIdentity},
		{"federated, the user's IAM without a session policy", federated, Attached{Policies: some(t, mayAll), Session: some(t)}, byRoot, 0, noSession, noSession},
		{"federated, a session policy without the user's IAM", federated, Attached{Session: some(t, mayAll)}, byRoot, 0, noIdentity, noIdentity},
		{"federated, both", federated, Attached{Policies: some(t, mayAll), Session: some(t, mayAll)}, byRoot, 0, "", ""},
		{"federated, both, but the user's boundary", federated, Attached{Policies: some(t, mayAll), Session: some(t, mayAll), Boundary: compile(t, policy.Identity, mayOther)}, byRoot, 0, noBoundary, noBoundary},
		{"federated, by its own ARN", federated, both, allow(aws(federated.ARN)), 0, "", ""},
		{"federated, by the user's ARN", federated, bare, allow(aws(federated.Issuer)), 0, noSession, noSession},
		{"federated, by the user's ARN within both", federated, within, allow(aws(federated.Issuer)), 0, "", ""},
		{"federated, by the user's unique ID, boundary silent", federated, both, allow(aws(federated.IssuerID)), 0, noBoundary, noBoundary},
		{"federated, by *", federated, bare, allow(`"*"`), 0, "", ""},

		{"service, nothing", logs, none, nil, 0, noResource, noResource},
		{"service, named", logs, none, allow(service(logs.ARN)), 0, "", ""},
		{"service, one of two", logs, none, allow(`{"Service":["s3.amazonaws.com","` + logs.ARN + `"]}`), 0, "", ""},
		{"service, by *", logs, none, allow(`"*"`), 0, "", ""},
		{"service, by AWS *", logs, none, allow(aws("*")), 0, noResource, noResource},
		{"service, of another Region", logs, none, allow(service("logs.eu-west-1.amazonaws.com")), 0, noResource, noResource},
		{"service, the account of its source is named", logs, none, byRoot, 0, noResource, noResource},
		{"service, grant", logs, none, nil, ToCaller, "", ""},
		{"service, grant to an account", logs, none, nil, ToAccount, noResource, noResource},
		{"service, denied", logs, none, []string{to("Allow", `"*"`), to("Deny", service(logs.ARN))}, 0, denyResource, denyResource},
	}, ourKey, ours)
}

func notTo(effect string, principals ...string) string {
	list := ""
	for _, p := range principals {
		if list != "" {
			list += ","
		}
		list += `"` + p + `"`
	}
	return `{"Effect":"` + effect + `","NotPrincipal":{"AWS":[` + list + `]},"Action":"kms:Decrypt","Resource":"*"}`
}

// TestTheResourceOfAnotherAccountNeedsBothSides: see
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
// and https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html.
func TestTheResourceOfAnotherAccountNeedsBothSides(t *testing.T) {
	root, user, session, federated := rootIn(ours), userOf(ours), sessionOf(ours), federatedOf(ours)
	none, full := Attached{}, Attached{Policies: some(t, mayAll)}
	fenced := Attached{Policies: some(t, mayAll), Boundary: compile(t, policy.Identity, mayOther)}
	narrowed := Attached{Policies: some(t, mayAll), Session: some(t, mayOther)}
	within := Attached{Policies: some(t, mayAll), Boundary: compile(t, policy.Identity, mayAll), Session: some(t, mayAll)}
	allow := func(principal string) []string { return []string{to("Allow", principal)} }
	byRoot := allow(accountRoot)
	runCells(t, []cell{
		{"root user, no policy", root, none, nil, 0, hiddenThere, noResource},
		{"root user, by its account", root, none, byRoot, 0, "", ""},
		{"root user, the owner's account is named", root, none, allow(aws(foreign)), 0, hiddenThere, noResource},
		{"user, nothing", user, none, nil, 0, noIdentity, noIdentity},
		{"user, IAM alone", user, full, nil, 0, hiddenThere, noResource},
		{"user, its account without IAM", user, none, byRoot, 0, noIdentity, noIdentity},
		{"user, its account and IAM", user, full, byRoot, 0, "", ""},
		{"user, directly without IAM", user, none, allow(aws(user.ARN)), 0, noIdentity, noIdentity},
		{"user, directly and IAM", user, full, allow(aws(user.ARN)), 0, "", ""},
		{"user, by * without IAM", user, none, allow(`"*"`), 0, noIdentity, noIdentity},
		{"user, by * and IAM", user, full, allow(`"*"`), 0, "", ""},
		{"user, directly, boundary silent", user, fenced, allow(aws(user.ARN)), 0, noBoundary, noBoundary},
		{"user, denied over there", user, full, []string{to("Allow", `"*"`), to("Deny", aws(user.ARN))}, 0, hiddenThere, denyResource},
		{"user, denied over there, without IAM", user, none, []string{to("Deny", `"*"`)}, 0, noIdentity, denyResource},
		{"user, deny in IAM", user, Attached{Policies: some(t, mayAll, mustNot)}, allow(`"*"`), 0, denyIdentity, denyIdentity},
		{"user, grant of the owner without IAM", user, none, nil, ToCaller, noIdentity, noIdentity},
		{"user, grant of the owner and IAM", user, full, nil, ToCaller, "", ""},
		{"user, grant of the owner, boundary silent", user, fenced, nil, ToCaller, noBoundary, noBoundary},
		{"user, grant to its account and IAM", user, full, nil, ToAccount, "", ""},
		{"user, grant to its account without IAM", user, none, nil, ToAccount, noIdentity, noIdentity},
		{"user, grant of its own account", user, none, nil, Vouched, "", ""},
		{"user, grant of its own account, denied over there", user, full, []string{to("Deny", `"*"`)}, Vouched, hiddenThere, denyResource},
		{"session, its role without IAM", session, none, allow(aws(session.Issuer)), 0, noIdentity, noIdentity},
		{"session, its role and IAM", session, full, allow(aws(session.Issuer)), 0, "", ""},
		{"session, its own ARN, session policy silent", session, narrowed, allow(aws(session.ARN)), 0, noSession, noSession},
		{"session, its own ARN, all allow", session, within, allow(aws(session.ARN)), 0, "", ""},
		{"federated, its own ARN without a session policy", federated, Attached{Policies: some(t, mayAll), Session: some(t)}, allow(aws(federated.ARN)), 0, noSession, noSession},
		{"federated, its own ARN, all allow", federated, within, allow(aws(federated.ARN)), 0, "", ""},
		{"federated, the user's ARN, all allow", federated, within, allow(aws(federated.Issuer)), 0, "", ""},
	}, theirKey, foreign)
}

func TestSomeActionsDoNotReachOtherAccounts(t *testing.T) {
	c, r := rootIn(ours), &Request{
		Service: kmsService, Action: "kms:DisableKey", Resource: theirKey, Account: foreign, Gate: true, Local: true,
		Policy: compile(t, policy.KeyPolicy, `{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}`),
	}
	a := authorizerOf(c, Attached{})
	wantDecision(t, a.Authorize(ctxOf(c), r), c, r, hiddenThere)
	r.Gate = false
	wantDecision(t, a.Authorize(ctxOf(c), r), c, r, "because no resource-based policy allows the kms:DisableKey action")
	r.Account, r.Resource = ours, ourKey
	wantDecision(t, a.Authorize(ctxOf(c), r), c, r, "")
}

func TestAnActionOnNoResourceIsForIAMToDecide(t *testing.T) {
	for name, row := range map[string]struct {
		caller   *api.Caller
		attached Attached
		want     string
	}{
		"root":    {rootIn(ours), Attached{}, ""},
		"user":    {userOf(ours), Attached{Policies: some(t, `{"Effect":"Allow","Action":"kms:list*","Resource":"*"}`)}, ""},
		"by ARN":  {userOf(ours), Attached{Policies: some(t, `{"Effect":"Allow","Action":"kms:*","Resource":"arn:aws:kms:*:*:key/*"}`)}, "because no identity-based policy allows the kms:ListKeys action"},
		"service": {serviceOf("s3.amazonaws.com"), Attached{Policies: some(t, mayAll)}, "because no resource-based policy allows the kms:ListKeys action"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Request{Service: kmsService, Action: "kms:ListKeys", Resource: "*"}
			wantDecision(t, authorizerOf(row.caller, row.attached).Authorize(ctxOf(row.caller), r), row.caller, r, row.want)
		})
	}
}

func TestGrantsAreAskedOnceAndOnlyIfNothingElseAllows(t *testing.T) {
	c := userOf(ours)
	for name, row := range map[string]struct {
		policy []string
		times  int
	}{
		"allowed already": {[]string{to("Allow", aws(c.ARN))}, 0},
		"denied already":  {[]string{to("Deny", aws(c.ARN))}, 0},
		"open":            {nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			r := &Request{Service: kmsService, Action: decrypt, Resource: ourKey, Gate: true,
				Policy: compile(t, policy.KeyPolicy, row.policy...), Granted: func() Grant { asked++; return NoGrant }}
			a := authorizerOf(c, Attached{}, WithDecisions(NewDecisions(1)))
			_ = a.Authorize(ctxOf(c), r)
			if asked != row.times {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}

func TestReasonsAndGrantsPrintTheirNames(t *testing.T) {
	for r := NotDenied; r <= DeniedByResourceControl; r++ {
		if text, err := r.MarshalText(); err != nil || (len(text) == 0) != (r == NotDenied) {
			t.Errorf("reason %d prints as %q, %v", r, text, err)
		}
	}
	for g := NoGrant; g <= Vouched; g++ {
		if text, err := g.MarshalText(); err != nil || (len(text) == 0) != (g == NoGrant) {
			t.Errorf("grant %d prints as %q, %v", g, text, err)
		}
	}
}
