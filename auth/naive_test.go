package auth

import (
	"testing"

	"sealstack/api"
	"sealstack/clock"
	"sealstack/policy"
)

// scene is a request with everything that has a say, before it is compiled. The
// caller is of our account.
type scene struct {
	caller       int // index into callers
	other        bool
	gate, local  bool
	linked       bool // the role is service-linked
	managed      bool
	management   [2]bool // is our, their account the management account
	service      []lawbook
	resourceCtl  []lawbook
	identity     lawbook
	boundary     *law
	session      lawbook // nil: none
	hasSession   bool
	resource     law
	grant        Grant
	organization bool
}

// law is a policy: its statements. lawbook is a list of policies.
type law []rule
type lawbook []law

// rule is a statement about kms:Decrypt, or about something else.
type rule struct {
	deny, about bool
	principal   int    // index into principals, for policies of resources
	extra       string // JSON of a statement of a remedy, in place of all else
}

const (
	aRoot = iota
	aUser
	aSession
	aFederated
	aService
	nobody
	kindsOfCaller
)

// principals are the names that policies of resources use, with how each names
// each caller: the table of the rules, by hand. - is not at all, a the account,
// r the role or the user behind the session, d directly, * everyone.
var principals = []struct{ json, names string }{
	{`{"AWS":"arn:aws:iam::111122223333:root"}`, "daaa--"},
	{`{"AWS":"111122223333"}`, "daaa--"},
	{`{"AWS":"arn:aws:iam::444455556666:root"}`, "------"},
	{`{"AWS":"arn:aws:iam::111122223333:user/eve"}`, "-d-r--"},
	{`{"AWS":"AIDA2222222222222222U"}`, "-d-r--"},
	{`{"AWS":"arn:aws:iam::111122223333:role/team/reader"}`, "--r---"},
	{`{"AWS":"arn:aws:sts::111122223333:assumed-role/reader/s"}`, "--d---"},
	{`{"AWS":"arn:aws:sts::111122223333:federated-user/guest"}`, "---d--"},
	{`{"Service":"logs.us-east-1.amazonaws.com"}`, "----d-"},
	{`{"Service":"s3.amazonaws.com"}`, "------"},
	{`{"AWS":"*"}`, "****-*"},
	{`"*"`, "******"},
	{`{"AWS":["arn:aws:iam::111122223333:role/team/reader","111122223333"]}`, "dara--"},
}

func (s *scene) callerOf() *api.Caller {
	c := [...]func() *api.Caller{
		func() *api.Caller { return rootIn(ours) }, func() *api.Caller { return userOf(ours) },
		func() *api.Caller { return sessionOf(ours) }, func() *api.Caller { return federatedOf(ours) },
		func() *api.Caller { return serviceOf("logs.us-east-1.amazonaws.com") }, func() *api.Caller { return &api.Caller{} },
	}[s.caller]()
	if s.linked && s.caller == aSession {
		c.Issuer = "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/reader"
	}
	return c
}

// names gives the letters for how the Allows of the resource's policy name the
// caller, and whether a Deny does.
func (s *scene) names() (how string, denied bool) {
	for _, r := range s.resource {
		if !r.about {
			continue
		}
		letter := principals[r.principal].names[s.caller : s.caller+1]
		if letter == "r" && s.linked && s.caller == aSession {
			letter = "-" // it is another role
			if r.principal == len(principals)-1 {
				letter = "a" // which names the account as well
			}
		}
		if letter != "-" && r.deny {
			denied = true
		} else if letter != "-" {
			how += letter
		}
	}
	return how, denied
}

// says sums up policies: whether one allows, whether one denies.
func (b lawbook) says() (allow, deny bool) {
	for _, l := range b {
		for _, r := range l {
			allow = allow || r.about && !r.deny
			deny = deny || r.about && r.deny
		}
	}
	return allow, deny
}

// levels sums up the levels of control policies.
func levels(books []lawbook, apply bool) (allow, deny bool) {
	allow = true
	for _, b := range books {
		a, d := b.says()
		allow, deny = allow && a, deny || d
	}
	return allow || !apply, deny && apply
}

func has(how, letters string) bool {
	for _, h := range how {
		for _, l := range letters {
			if h == l {
				return true
			}
		}
	}
	return false
}

// sums are what the policies of a scene say.
type sums struct {
	person, other, hidden                                              bool
	scp, rcp, identity, boundary, session                              bool
	scpDeny, rcpDeny, identityDeny, boundaryDeny, sessionDeny, resDeny bool
	how                                                                string
}

func (s *scene) sum() (v sums) {
	v.person = s.caller <= aFederated
	v.other = v.person && s.other
	v.hidden = v.other && s.gate
	linked := s.linked && s.caller == aSession
	v.scp, v.scpDeny = levels(s.service, s.organization && v.person && !s.management[0] && !linked)
	theirs := s.management[1]
	if v.person && !s.other {
		theirs = s.management[0]
	}
	v.rcp, v.rcpDeny = levels(s.resourceCtl, s.organization && !theirs && !linked && !s.managed)
	v.boundary, v.session = true, true
	if v.person && s.caller != aRoot {
		v.identity, v.identityDeny = s.identity.says()
		if s.boundary != nil {
			v.boundary, v.boundaryDeny = lawbook{*s.boundary}.says()
		}
		if s.hasSession {
			v.session, v.sessionDeny = s.session.says()
		}
	}
	v.identity = v.identity || s.caller == aRoot
	v.how, v.resDeny = s.names()
	return v
}

// naive decides by the rules as they are written, with no thought of speed: the
// reason of the denial, NotDenied if it is allowed.
func (s *scene) naive() Reason {
	v := s.sum()
	for _, deny := range []struct {
		is  bool
		why Reason
	}{
		{v.scpDeny, DeniedByServiceControl}, {v.identityDeny, DeniedByIdentity}, {v.boundaryDeny, DeniedByBoundary},
		{v.sessionDeny, DeniedBySession}, {v.rcpDeny, DeniedByResourceControl}, {v.resDeny && !v.hidden, DeniedByResource},
		{!v.scp, NoServiceControl}, {!v.rcp, NoResourceControl}, {s.allowed(v), NotDenied},
	} {
		if deny.is {
			return deny.why
		}
	}
	return s.lacking(v)
}

// allowed is the rule for each relation, explicit denies apart.
func (s *scene) allowed(v sums) bool {
	own := v.identity && v.boundary && v.session
	switch {
	case !v.person:
		return (v.how != "" || s.grant >= ToCaller) && !(s.caller == nobody && s.local)
	case v.other:
		return !s.local && !v.resDeny && (s.grant == Vouched || own && (v.how != "" || s.grant != NoGrant))
	}
	return has(v.how, "d*") || s.grant >= ToCaller || has(v.how, "r") && v.boundary && v.session ||
		own && (!s.gate || has(v.how, "a") || s.grant == ToAccount)
}

// lacking is the policy that AWS's sentence names.
func (s *scene) lacking(v sums) Reason {
	silent := NoResourcePolicy
	if v.hidden {
		silent = CrossAccount
	}
	left := !s.gate || has(v.how, "a") || s.grant == ToAccount
	switch {
	case !v.person, v.other && s.local, !v.other && !has(v.how, "r") && !left:
		return silent
	case !v.identity && (v.other || !has(v.how, "r")):
		return NoIdentityPolicy
	case !v.boundary:
		return NoBoundary
	case !v.session:
		return NoSessionPolicy
	}
	return silent
}

// text is the statement as JSON.
func (r rule) text(named bool) string {
	if r.extra != "" {
		return r.extra
	}
	effect, action, principal := "Allow", "kms:Encrypt", ""
	if r.deny {
		effect = "Deny"
	}
	if r.about {
		action = decrypt
	}
	if named {
		principal = `"Principal":` + principals[r.principal].json + `,`
	}
	return `{"Effect":"` + effect + `",` + principal + `"Action":"` + action + `","Resource":"*"}`
}

func (l law) compile(t testing.TB, kind policy.Kind) *policy.Policy {
	var statements []string
	for _, r := range l {
		statements = append(statements, r.text(kind != policy.Identity))
	}
	return compile(t, kind, statements...)
}

// compile makes the policies, named by their place in the list. A law without
// statements is left out.
func (b lawbook) compile(t testing.TB, kind policy.Kind) (policies []*policy.Policy, origins []Origin) {
	policies = []*policy.Policy{}
	for i, l := range b {
		if len(l) > 0 {
			policies = append(policies, l.compile(t, kind))
			origins = append(origins, Origin{Name: string(rune('0' + i))})
		}
	}
	return policies, origins
}

func compileLevels(t testing.TB, kind policy.Kind, books []lawbook) []Level {
	all := []Level{}
	for i, b := range books {
		policies, origins := b.compile(t, kind)
		all = append(all, Level{Target: string(rune('0' + i)), Policies: policies, Origins: origins})
	}
	return all
}

// stage makes the authorizer and the request of the scene.
func (s *scene) stage(t testing.TB) (*Authorizer, *api.Caller, *Request) {
	c := s.callerOf()
	a := Attached{Origins: &Origins{}}
	a.Policies, a.Origins.Policies = s.identity.compile(t, policy.Identity)
	if s.boundary != nil {
		a.Boundary = s.boundary.compile(t, policy.Identity)
	}
	if s.hasSession {
		a.Session, a.Origins.Session = s.session.compile(t, policy.Identity)
	}
	r := &Request{
		Service: kmsService, Action: decrypt, Resource: ourKey, Account: ours, Gate: s.gate, Local: s.local, Managed: s.managed,
		Policy: s.resource.compile(t, policy.KeyPolicy), Granted: func() Grant { return s.grant },
	}
	if s.other || s.caller > aFederated {
		r.Account, r.Resource = foreign, theirKey
	}
	var options []Option
	if s.organization {
		members := accounts{ours: {Organization: "o-1", Management: s.management[0]}, foreign: {Organization: "o-1", Management: s.management[1]}}
		members[ours].ServiceControl = compileLevels(t, policy.Identity, s.service)
		members[r.Account].ResourceControl = compileLevels(t, policy.Resource, s.resourceCtl)
		options = append(options, WithOrganizations(members))
	}
	return NewAuthorizer(attachments{c.ARN: a}, clock.Fixed(noon), options...), c, r
}
