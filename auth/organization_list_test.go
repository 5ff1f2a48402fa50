package auth

import (
	"testing"

	"sealstack/policy"
)

// Resource control policies have a say in the services of AWS's list alone,
// and none in kms:RetireGrant, whatever their Action says.
func TestResourceControlPoliciesLimitTheServicesOfTheList(t *testing.T) {
	for action, limited := range map[string]bool{
		"kms:Decrypt": true, "kms:CreateGrant": true, "kms:RevokeGrant": true, "kms:RetireGrant": false, "KMS:retiregrant": false,
		"s3:GetObject": true, "sts:AssumeRole": true, "logs:PutLogEvents": true,
		"iam:GetUser": false, "cloudtrail:LookupEvents": false, "organizations:DescribeOrganization": false,
	} {
		t.Run(action, func(t *testing.T) {
			everything := `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}`
			m := &Member{Organization: "o-1", ResourceControl: levelsOf(t, policy.Resource, []string{anyoneMay, everything})}
			caller := userOf(ours)
			a := authorizerOf(caller, Attached{Policies: some(t, `{"Effect":"Allow","Action":"*","Resource":"*"}`)}, WithOrganizations(accounts{ours: m}))
			r := &Request{Service: kmsService, Action: action, Resource: ourKey, Account: ours}
			want := ""
			if limited {
				want = denyResourceCtl
			}
			wantDecision(t, a.Authorize(ctxOf(caller), r), caller, r, want)
		})
	}
}
