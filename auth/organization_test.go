package auth

import (
	"context"
	"testing"

	"sealstack/api"
	"sealstack/policy"
)

// accounts are the members of organizations in the tests.
type accounts map[string]*Member

func (a accounts) Member(_ context.Context, account string) (*Member, error) {
	if account == "" {
		panic("asked for the organization of nobody")
	}
	if account == "000000000000" {
		return nil, errDisk
	}
	return a[account], nil
}

func levelsOf(t *testing.T, kind policy.Kind, levels ...[]string) []Level {
	t.Helper()
	all := []Level{}
	for i, statements := range levels {
		l := Level{Target: []string{"r-1", "ou-1", "account"}[i]}
		for _, s := range statements {
			l.Policies = append(l.Policies, compile(t, kind, s))
		}
		all = append(all, l)
	}
	return all
}

const (
	noServiceControl  = "because no service control policy allows the kms:Decrypt action"
	noResourceControl = "because no resource control policy allows the kms:Decrypt action"
	denyService       = "with an explicit deny in a service control policy"
	denyResourceCtl   = "with an explicit deny in a resource control policy"

	anyoneMay = `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`
	nobodyMay = `{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}`
	onlyOrg   = `{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{
		"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-1"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}`
)

// Service control policies limit the principals of their account: see
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
// and, for whom they do not affect, orgs_manage_policies_scps.html.
func TestServiceControlPoliciesLimitThePrincipalsOfTheirAccount(t *testing.T) {
	linked := sessionOf(ours)
	linked.Issuer = "arn:aws:iam::111122223333:role/aws-service-role/ops.amazonaws.com/AWSServiceRoleForOps"
	all, other, not := []string{mayAll}, []string{mayOther}, []string{mayAll, mustNot}
	full := Attached{Policies: some(t, mayAll)}
	for name, row := range map[string]struct {
		caller     *api.Caller
		attached   Attached
		levels     [][]string
		management bool
		want       string
	}{
		"not in use":                         {userOf(ours), full, nil, false, ""},
		"every level allows":                 {userOf(ours), full, [][]string{all, all, all}, false, ""},
		"the root is silent":                 {userOf(ours), full, [][]string{other, all, all}, false, noServiceControl},
		"the unit is silent":                 {userOf(ours), full, [][]string{all, other, all}, false, noServiceControl},
		"the account is silent":              {userOf(ours), full, [][]string{all, all, other}, false, noServiceControl},
		"a level without policies":           {userOf(ours), full, [][]string{all, nil, all}, false, noServiceControl},
		"one of two at a level":              {userOf(ours), full, [][]string{all, {mayOther, mayAll}, all}, false, ""},
		"a deny beside an allow":             {userOf(ours), full, [][]string{all, not, all}, false, denyService},
		"a deny beyond a silent level":       {userOf(ours), full, [][]string{other, not, all}, false, denyService},
		"in the management account":          {userOf(ours), full, [][]string{not}, true, ""},
		"the root user too":                  {rootIn(ours), Attached{}, [][]string{other}, false, noServiceControl},
		"sessions too":                       {sessionOf(ours), full, [][]string{not}, false, denyService},
		"federated users too":                {federatedOf(ours), full, [][]string{other}, false, noServiceControl},
		"but no service-linked role":         {linked, full, [][]string{not}, false, ""},
		"nor services":                       {serviceOf("s3.amazonaws.com"), Attached{}, [][]string{not}, false, ""},
		"named before identity":              {userOf(ours), Attached{Policies: some(t, mustNot)}, [][]string{not}, false, denyService},
		"a deny in IAM beyond a silent root": {userOf(ours), Attached{Policies: some(t, mustNot)}, [][]string{other}, false, denyIdentity},
		"they give nothing":                  {userOf(ours), Attached{}, [][]string{all, all, all}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := &Member{Organization: "o-1", Management: row.management}
			if row.levels != nil {
				m.ServiceControl = levelsOf(t, policy.Identity, row.levels...)
			}
			statements := []string{to("Allow", `"*"`)}
			if name == "they give nothing" {
				statements, row.want = []string{to("Allow", accountRoot)}, noIdentity
			}
			r := &Request{Service: kmsService, Action: decrypt, Resource: ourKey, Account: ours, Gate: true, Policy: compile(t, policy.KeyPolicy, statements...)}
			a := authorizerOf(row.caller, row.attached, WithOrganizations(accounts{ours: m}))
			wantDecision(t, a.Authorize(ctxOf(row.caller), r), row.caller, r, row.want)
		})
	}
}

// Resource control policies limit what anyone does to the resources of their
// account:
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
func TestResourceControlPoliciesLimitWhatIsDoneToTheirResources(t *testing.T) {
	linked := sessionOf(foreign)
	linked.Issuer = "arn:aws:iam::444455556666:role/aws-service-role/ops.amazonaws.com/AWSServiceRoleForOps"
	all, not, org := []string{anyoneMay}, []string{anyoneMay, nobodyMay}, []string{anyoneMay, onlyOrg}
	inOrg := &Member{Organization: "o-1"}
	for name, row := range map[string]struct {
		caller     *api.Caller
		levels     [][]string
		their      *Member // the caller's, if it is of another account
		management bool
		managed    bool
		want       string
	}{
		"every level allows":                 {userOf(ours), [][]string{all, all, all}, nil, false, false, ""},
		"a silent level":                     {userOf(ours), [][]string{all, nil, all}, nil, false, false, noResourceControl},
		"a deny":                             {userOf(ours), [][]string{all, not, all}, nil, false, false, denyResourceCtl},
		"the root user too":                  {rootIn(ours), [][]string{not}, nil, false, false, denyResourceCtl},
		"strangers too":                      {userOf(foreign), [][]string{not}, nil, false, false, denyResourceCtl},
		"services too":                       {serviceOf("s3.amazonaws.com"), [][]string{not}, nil, false, false, denyResourceCtl},
		"but no service-linked role":         {linked, [][]string{not}, nil, false, false, ""},
		"in the management account":          {userOf(ours), [][]string{not}, nil, true, false, ""},
		"not AWS's own keys":                 {userOf(ours), [][]string{not}, nil, false, true, ""},
		"only the organization: inside":      {userOf(foreign), [][]string{org}, inOrg, false, false, ""},
		"only the organization: a stranger":  {userOf(foreign), [][]string{org}, nil, false, false, denyResourceCtl},
		"only the organization: another one": {userOf(foreign), [][]string{org}, &Member{Organization: "o-2"}, false, false, denyResourceCtl},
		"only the organization: a service":   {serviceOf("s3.amazonaws.com"), [][]string{org}, nil, false, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := &Member{Organization: "o-1", Management: row.management, ResourceControl: levelsOf(t, policy.Resource, row.levels...)}
			r := &Request{Service: kmsService, Action: decrypt, Resource: ourKey, Account: ours, Gate: true, Managed: row.managed,
				Policy: compile(t, policy.KeyPolicy, to("Allow", `"*"`))}
			a := authorizerOf(row.caller, Attached{Policies: some(t, mayAll)}, WithOrganizations(accounts{ours: m, foreign: row.their}))
			wantDecision(t, a.Authorize(ctxOf(row.caller), r), row.caller, r, row.want)
		})
	}
}

func TestAnOrganizationThatCannotBeReadIsNoDenial(t *testing.T) {
	for name, row := range map[string]struct {
		caller *api.Caller
		owner  string
	}{
		"the caller's":   {userOf("000000000000"), ours},
		"the resource's": {userOf(ours), "000000000000"},
		"the source's":   {with(serviceOf("s3.amazonaws.com"), func(c *api.Caller) { c.SourceAccount = "000000000000" }), ours},
	} {
		t.Run(name, func(t *testing.T) {
			a := authorizerOf(row.caller, Attached{}, WithOrganizations(accounts{}))
			if err := a.Authorize(ctxOf(row.caller), &Request{Service: kmsService, Action: decrypt, Resource: ourKey, Account: row.owner}); err != errDisk {
				t.Errorf("error %v", err)
			}
		})
	}
}
