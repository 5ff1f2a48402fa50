package iam

import (
	"fmt"
	"strings"
	"testing"

	"sealstack/api/iamapi"
)

func deny(action, resource string) string {
	return strings.Replace(allow(action, resource), "Allow", "Deny", 1)
}

func TestTheSimulatorDecidesAsTheEngineDoes(t *testing.T) {
	w := newWorld(t)
	ada := "arn:aws:iam::111122223333:user/Ada"
	bucket := `{"Effect":"Allow","Principal":{"AWS":"` + ada + `"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`
	whole := document(allow("s3:*", "*"))
	for name, c := range map[string]struct {
		in   iamapi.SimulateCustomPolicyRequest
		want string
	}{
		"allowed":            {iamapi.SimulateCustomPolicyRequest{PolicyInputList: []string{whole}}, "allowed [PolicyInputList.1]"},
		"nothing said":       {iamapi.SimulateCustomPolicyRequest{PolicyInputList: []string{document(allow("kms:*", "*"))}}, "implicitDeny []"},
		"denied":             {iamapi.SimulateCustomPolicyRequest{PolicyInputList: []string{whole, document(deny("s3:Get*", "*"))}}, "explicitDeny [PolicyInputList.2]"},
		"outside a boundary": {iamapi.SimulateCustomPolicyRequest{PolicyInputList: []string{whole}, PermissionsBoundaryPolicyInputList: []string{document(allow("kms:*", "*"))}}, "implicitDeny [] boundary=false"},
		"within a boundary":  {iamapi.SimulateCustomPolicyRequest{PolicyInputList: []string{whole}, PermissionsBoundaryPolicyInputList: []string{whole}}, "allowed [PolicyInputList.1] boundary=true"},
		"by the resource": {iamapi.SimulateCustomPolicyRequest{
			PolicyInputList: []string{document(allow("kms:*", "*"))}, ResourcePolicy: new(document(bucket)), CallerArn: &ada,
		}, "allowed [ResourcePolicy]"},
		"by the resource of another": {iamapi.SimulateCustomPolicyRequest{
			PolicyInputList: []string{document(allow("kms:*", "*"))}, ResourcePolicy: new(document(bucket)), CallerArn: &ada, ResourceOwner: new("arn:aws:iam::444455556666:root"),
		}, "implicitDeny []"},
		"by both": {iamapi.SimulateCustomPolicyRequest{
			PolicyInputList: []string{whole}, ResourcePolicy: new(document(bucket)), CallerArn: &ada, ResourceOwner: new("arn:aws:iam::444455556666:root"),
		}, "allowed [PolicyInputList.1 ResourcePolicy]"},
		"not by the organization": {iamapi.SimulateCustomPolicyRequest{
			PolicyInputList: []string{whole}, OrderedOrganizationPolicyInputList: []iamapi.OrderedOrganizationPolicyType{
				{ServiceControlPolicyInputList: []string{whole}}, {ServiceControlPolicyInputList: []string{document(allow("kms:*", "*"))}},
			},
		}, "implicitDeny [] organization=false"},
		"by the organization": {iamapi.SimulateCustomPolicyRequest{
			PolicyInputList: []string{whole}, OrderedOrganizationPolicyInputList: []iamapi.OrderedOrganizationPolicyType{{ServiceControlPolicyInputList: []string{whole}}},
		}, "allowed [PolicyInputList.1] organization=true"},
	} {
		c.in.ActionNames, c.in.ResourceArns = []string{"s3:GetObject"}, []string{"arn:aws:s3:::b/k"}
		out := must(w.iam.SimulateCustomPolicy(w.root, &c.in))(t)
		if got := shownResult(out.EvaluationResults[0]); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// shownResult writes a result on one line.
func shownResult(r iamapi.EvaluationResult) string {
	var from []string
	for _, st := range r.MatchedStatements {
		from = append(from, *st.SourcePolicyId)
	}
	s := fmt.Sprintf("%s %v", r.EvalDecision, from)
	if d := r.PermissionsBoundaryDecisionDetail; d != nil {
		s += fmt.Sprintf(" boundary=%v", *d.AllowedByPermissionsBoundary)
	}
	if d := r.OrganizationsDecisionDetail; d != nil {
		s += fmt.Sprintf(" organization=%v", *d.AllowedByOrganizations)
	}
	return s
}

func TestTheSimulatorTellsResourcesApartAndWhatItMisses(t *testing.T) {
	w := newWorld(t)
	text := document(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`)
	in := iamapi.SimulateCustomPolicyRequest{
		PolicyInputList: []string{text}, ActionNames: []string{"s3:GetObject"}, ResourceArns: []string{"arn:aws:s3:::b/k", "arn:aws:s3:::c/k"},
	}
	r := must(w.iam.SimulateCustomPolicy(w.root, &in))(t).EvaluationResults[0]
	if r.EvalDecision != "implicitDeny" || len(r.MissingContextValues) != 1 || r.MissingContextValues[0] != "aws:SourceIp" || *r.EvalResourceName != "*" {
		t.Errorf("without the address: %+v", r)
	}
	in.ContextEntries = []iamapi.ContextEntry{{ContextKeyName: new("aws:sourceip"), ContextKeyValues: []string{"10.1.2.3"}}}
	r = must(w.iam.SimulateCustomPolicy(w.root, &in))(t).EvaluationResults[0]
	if r.EvalDecision != "implicitDeny" || len(r.MissingContextValues) != 0 || len(r.ResourceSpecificResults) != 2 ||
		r.ResourceSpecificResults[0].EvalResourceDecision != "allowed" || r.ResourceSpecificResults[1].EvalResourceDecision != "implicitDeny" {
		t.Errorf("with the address: %+v", r)
	}
}

func TestTheSimulatorKnowsWhatAPrincipalHas(t *testing.T) {
	w := newWorld(t)
	ada := "arn:aws:iam::111122223333:user/Ada"
	w.user(t, "Ada", allow("kms:*", "*"))
	w.policy(t)
	must(w.iam.CreateGroup(w.root, &iamapi.CreateGroupRequest{GroupName: "g"}))(t)
	must(w.iam.AddUserToGroup(w.root, &iamapi.AddUserToGroupRequest{GroupName: "g", UserName: "Ada"}))(t)
	must(w.iam.PutGroupPolicy(w.root, &iamapi.PutGroupPolicyRequest{GroupName: "g", PolicyName: "q", PolicyDocument: document(allow("s3:*", "*"))}))(t)
	must(w.iam.AttachUserPolicy(w.root, &iamapi.AttachUserPolicyRequest{UserName: "Ada", PolicyArn: custom}))(t)
	simulate := func(in iamapi.SimulatePrincipalPolicyRequest) string {
		in.PolicySourceArn, in.ActionNames = ada, []string{"kms:Decrypt", "s3:GetObject", "iam:ListUsers", "logs:PutLogEvents"}
		var all []string
		for _, r := range must(w.iam.SimulatePrincipalPolicy(w.root, &in))(t).EvaluationResults {
			all = append(all, shownResult(r))
		}
		return strings.Join(all, ", ")
	}
	for name, c := range map[string]struct {
		in   iamapi.SimulatePrincipalPolicyRequest
		want string
	}{
		"all": {iamapi.SimulatePrincipalPolicyRequest{}, "allowed [user_Ada_p], allowed [group_g_q], allowed [custom], implicitDeny []"},
		"with one more": {iamapi.SimulatePrincipalPolicyRequest{PolicyInputList: []string{document(allow("logs:*", "*"))}},
			"allowed [user_Ada_p], allowed [group_g_q], allowed [custom], allowed [PolicyInputList.1]"},
		"without inline ones": {iamapi.SimulatePrincipalPolicyRequest{PolicyExclusionList: []iamapi.PolicyIdentifier{{PolicyType: new(iamapi.PolicyIdentifierPolicyTypeInline)}}},
			"implicitDeny [], implicitDeny [], allowed [custom], implicitDeny []"},
		"without the group's": {iamapi.SimulatePrincipalPolicyRequest{PolicyExclusionList: []iamapi.PolicyIdentifier{{InlinePolicyIdentifier: &iamapi.InlinePolicyIdentifierType{PolicyName: "q", AttachmentType: "group", AttachmentName: "?"}}}},
			"allowed [user_Ada_p], implicitDeny [], allowed [custom], implicitDeny []"},
		"without the managed one": {iamapi.SimulatePrincipalPolicyRequest{PolicyExclusionList: []iamapi.PolicyIdentifier{{PolicyArn: new(custom)}}},
			"allowed [user_Ada_p], allowed [group_g_q], implicitDeny [], implicitDeny []"},
	} {
		if got := simulate(c.in); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
	must(w.iam.PutUserPermissionsBoundary(w.root, &iamapi.PutUserPermissionsBoundaryRequest{UserName: "Ada", PermissionsBoundary: custom}))(t)
	if got := simulate(iamapi.SimulatePrincipalPolicyRequest{}); !strings.HasPrefix(got, "implicitDeny [] boundary=false, ") {
		t.Errorf("bounded: %s", got)
	}
	if got := simulate(iamapi.SimulatePrincipalPolicyRequest{PolicyExclusionList: []iamapi.PolicyIdentifier{{PolicyType: new(iamapi.PolicyIdentifierPolicyTypePermissionBoundary)}}}); strings.Contains(got, "boundary") {
		t.Errorf("without the boundary: %s", got)
	}
}

func TestTheSimulatorHasItsErrors(t *testing.T) {
	w := newWorld(t)
	custom := func(in iamapi.SimulateCustomPolicyRequest) func() error {
		return func() error { return errorOf(w.iam.SimulateCustomPolicy(w.root, &in)) }
	}
	principal := func(arn string) func() error {
		return func() error {
			return errorOf(w.iam.SimulatePrincipalPolicy(w.root, &iamapi.SimulatePrincipalPolicyRequest{PolicySourceArn: arn, ActionNames: []string{"s3:GetObject"}}))
		}
	}
	run(t, []step{
		{"no policy", custom(iamapi.SimulateCustomPolicyRequest{PolicyInputList: []string{"{"}}), "InvalidInput: PolicyInputList.1: MalformedPolicyDocument: This policy contains invalid Json"},
		{"no caller", custom(iamapi.SimulateCustomPolicyRequest{ResourcePolicy: new("{}")}), "InvalidInput: CallerArn must be specified when ResourcePolicy is given."},
		{"no user", custom(iamapi.SimulateCustomPolicyRequest{CallerArn: new("arn:aws:iam::111122223333:role/r")}), "InvalidInput: Invalid Caller Arn: arn:aws:iam::111122223333:role/r"},
		{"nobody", principal("arn:aws:iam::111122223333:user/none"), "NoSuchEntity: The user with name none cannot be found."},
		{"another account's", principal("arn:aws:iam::444455556666:user/none"), "ValidationError: ARN arn:aws:iam::444455556666:user/none is not valid."},
	})
}

func TestContextKeysOfPolicies(t *testing.T) {
	w := newWorld(t)
	w.user(t, "Ada", `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/*","Condition":{"Bool":{"aws:SecureTransport":"true"},"StringLike":{"s3:prefix":["${aws:userid}","x${*}"]}}}`)
	out := must(w.iam.GetContextKeysForPrincipalPolicy(w.root, &iamapi.GetContextKeysForPrincipalPolicyRequest{
		PolicySourceArn: "arn:aws:iam::111122223333:user/Ada",
		PolicyInputList: []string{document(`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"1.2.3.4"}}}`)},
	}))(t)
	if got := strings.Join(out.ContextKeyNames, " "); got != "aws:SecureTransport aws:SourceIp aws:userid aws:username s3:prefix" {
		t.Errorf("keys %s", got)
	}
	wantError(t, "no policy", errorOf(w.iam.GetContextKeysForCustomPolicy(w.root, &iamapi.GetContextKeysForCustomPolicyRequest{PolicyInputList: []string{"x"}})),
		"InvalidInput: MalformedPolicyDocument: This policy contains invalid Json")
}

func TestPoliciesThatGrantAServiceAreNamed(t *testing.T) {
	w := newWorld(t)
	w.user(t, "Ada", allow("kms:Decrypt", "*"))
	must(w.iam.AttachUserPolicy(w.root, &iamapi.AttachUserPolicyRequest{UserName: "Ada", PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess"}))(t)
	out := must(w.iam.ListPoliciesGrantingServiceAccess(w.root, &iamapi.ListPoliciesGrantingServiceAccessRequest{
		Arn: "arn:aws:iam::111122223333:user/Ada", ServiceNamespaces: []string{"kms", "s3"},
	}))(t).PoliciesGrantingServiceAccess
	if len(out) != 2 || len(out[0].Policies) != 2 || len(out[1].Policies) != 1 || out[0].Policies[0].PolicyType != "INLINE" ||
		*out[0].Policies[0].EntityType != "USER" || *out[1].Policies[0].PolicyArn != "arn:aws:iam::aws:policy/AdministratorAccess" {
		t.Errorf("granting %+v", out)
	}
}
