package iam

import (
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/iamapi"
)

func TestAnAccountHasOneAlias(t *testing.T) {
	w := newWorld(t)
	other := rootOf("444455556666")
	create := func(account string, alias string) func() error {
		return func() error {
			return errorOf(w.iam.CreateAccountAlias(rootOf(account), &iamapi.CreateAccountAliasRequest{AccountAlias: alias}))
		}
	}
	del := func(alias string) func() error {
		return func() error {
			return errorOf(w.iam.DeleteAccountAlias(w.root, &iamapi.DeleteAccountAliasRequest{AccountAlias: alias}))
		}
	}
	run(t, []step{
		{"one", create(account, "first"), ""}, {"again", create(account, "first"), ""},
		{"another's", create("444455556666", "first"), "EntityAlreadyExists: The account alias first already exists."},
		{"in its place", create(account, "second"), ""},
		{"the other takes it", create("444455556666", "first"), ""},
		{"delete another's", del("first"), "NoSuchEntity: The account alias first cannot be found."},
		{"delete none", del("third"), "NoSuchEntity: The account alias third cannot be found."},
	})
	list := func() string {
		return strings.Join(must(w.iam.ListAccountAliases(w.root, &iamapi.ListAccountAliasesRequest{}))(t).AccountAliases, " ")
	}
	if got := list(); got != "second" {
		t.Errorf("aliases %q", got)
	}
	wantError(t, "delete", del("second")(), "")
	if got := list(); got != "" {
		t.Errorf("aliases after all are gone: %q", got)
	}
	wantError(t, "a free one", errorOf(w.iam.CreateAccountAlias(other, &iamapi.CreateAccountAliasRequest{AccountAlias: "second"})), "")
}

func TestTheSummaryCounts(t *testing.T) {
	w := newWorld(t)
	w.user(t, "Ada")
	w.user(t, "Bob")
	w.role(t, "r", `"Service":"ec2.amazonaws.com"`)
	w.policy(t)
	must(w.iam.CreatePolicyVersion(w.root, &iamapi.CreatePolicyVersionRequest{PolicyArn: custom, PolicyDocument: document(allow("kms:*", "*"))}))(t)
	must(w.iam.CreateAccessKey(w.root, &iamapi.CreateAccessKeyRequest{}))(t)
	got := must(w.iam.GetAccountSummary(w.root, &api.None{}))(t).SummaryMap
	for name, want := range map[string]int32{
		"Users": 2, "Roles": 1, "Groups": 0, "Policies": 1, "PolicyVersionsInUse": 2, "InstanceProfiles": 0,
		"AccountAccessKeysPresent": 1, "UsersQuota": 5000, "AccessKeysPerUserQuota": 2, "PolicySizeQuota": 6144,
	} {
		if n, ok := got[name]; !ok || n != want {
			t.Errorf("%s is %d, want %d", name, n, want)
		}
	}
}

func TestAccountDetailsShowEverything(t *testing.T) {
	w := newWorld(t)
	w.user(t, "Ada", allow("kms:*", "*"))
	w.role(t, "r", `"AWS":"arn:aws:iam::111122223333:user/Ada"`, allow("kms:*", "*"))
	w.policy(t)
	must(w.iam.CreateGroup(w.root, &iamapi.CreateGroupRequest{GroupName: "g"}))(t)
	must(w.iam.AddUserToGroup(w.root, &iamapi.AddUserToGroupRequest{GroupName: "g", UserName: "Ada"}))(t)
	must(w.iam.AttachGroupPolicy(w.root, &iamapi.AttachGroupPolicyRequest{GroupName: "g", PolicyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess"}))(t)
	must(w.iam.CreateInstanceProfile(w.root, &iamapi.CreateInstanceProfileRequest{InstanceProfileName: "p"}))(t)
	must(w.iam.AddRoleToInstanceProfile(w.root, &iamapi.AddRoleToInstanceProfileRequest{InstanceProfileName: "p", RoleName: "r"}))(t)

	var all iamapi.GetAccountAuthorizationDetailsResponse
	in := iamapi.GetAccountAuthorizationDetailsRequest{MaxItems: new(int32(2))}
	pages := 0
	for {
		out := must(w.iam.GetAccountAuthorizationDetails(w.root, &in))(t)
		all.UserDetailList = append(all.UserDetailList, out.UserDetailList...)
		all.GroupDetailList = append(all.GroupDetailList, out.GroupDetailList...)
		all.RoleDetailList = append(all.RoleDetailList, out.RoleDetailList...)
		all.Policies = append(all.Policies, out.Policies...)
		pages++
		if in.Marker = out.Marker; out.Marker == nil {
			break
		}
	}
	if pages != 3 || len(all.UserDetailList) != 1 || len(all.GroupDetailList) != 1 || len(all.RoleDetailList) != 1 || len(all.Policies) != 2 {
		t.Fatalf("%d pages: %+v", pages, all)
	}
	if u := all.UserDetailList[0]; u.GroupList[0] != "g" || *u.UserPolicyList[0].PolicyName != "p" {
		t.Errorf("user %+v", u)
	}
	if g := all.GroupDetailList[0]; *g.AttachedManagedPolicies[0].PolicyName != "ReadOnlyAccess" {
		t.Errorf("group %+v", g)
	}
	if r := all.RoleDetailList[0]; !strings.Contains(*r.AssumeRolePolicyDocument, "user%2FAda") || r.InstanceProfileList[0].InstanceProfileName != "p" {
		t.Errorf("role %+v", r)
	}
	if p := all.Policies; *p[0].PolicyName != "custom" || *p[1].PolicyName != "ReadOnlyAccess" || *p[1].AttachmentCount != 1 || p[0].PolicyVersionList[0].Document == nil {
		t.Errorf("policies %+v", p)
	}
	for filter, want := range map[iamapi.EntityType]int{
		iamapi.EntityTypeUser: 1, iamapi.EntityTypeRole: 1, iamapi.EntityTypeGroup: 1, iamapi.EntityTypeLocalManagedPolicy: 1, iamapi.EntityTypeAWSManagedPolicy: 1,
	} {
		out := must(w.iam.GetAccountAuthorizationDetails(w.root, &iamapi.GetAccountAuthorizationDetailsRequest{Filter: []iamapi.EntityType{filter}}))(t)
		if n := len(out.UserDetailList) + len(out.RoleDetailList) + len(out.GroupDetailList) + len(out.Policies); n != want {
			t.Errorf("filter %s: %d entries", filter, n)
		}
	}
}

func TestAccountOperationsNeedTheRight(t *testing.T) {
	w := newWorld(t)
	bob := w.user(t, "Bob")
	for name, call := range map[string]func() error{
		"iam:CreateAccountAlias": func() error {
			return errorOf(w.iam.CreateAccountAlias(bob, &iamapi.CreateAccountAliasRequest{AccountAlias: "abc"}))
		},
		"iam:DeleteAccountAlias": func() error {
			return errorOf(w.iam.DeleteAccountAlias(bob, &iamapi.DeleteAccountAliasRequest{AccountAlias: "abc"}))
		},
		"iam:ListAccountAliases": func() error {
			return errorOf(w.iam.ListAccountAliases(bob, &iamapi.ListAccountAliasesRequest{}))
		},
		"iam:GetAccountSummary": func() error { return errorOf(w.iam.GetAccountSummary(bob, &api.None{})) },
		"iam:GetAccountAuthorizationDetails": func() error {
			return errorOf(w.iam.GetAccountAuthorizationDetails(bob, &iamapi.GetAccountAuthorizationDetailsRequest{}))
		},
		"iam:SimulateCustomPolicy": func() error {
			return errorOf(w.iam.SimulateCustomPolicy(bob, &iamapi.SimulateCustomPolicyRequest{}))
		},
		"iam:GetContextKeysForCustomPolicy": func() error {
			return errorOf(w.iam.GetContextKeysForCustomPolicy(bob, &iamapi.GetContextKeysForCustomPolicyRequest{}))
		},
	} {
		wantError(t, name, call(), "AccessDenied: User: arn:aws:iam::111122223333:user/Bob is not authorized to perform: "+name+
			" on resource: * because no identity-based policy allows the "+name+" action")
	}
}
