package iam

import (
	"net/url"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
)

// trustOf returns the trust policy of a role as GetRole shows it.
func (w *world) trustOf(t testing.TB, role string) string {
	t.Helper()
	got := must(w.iam.GetRole(w.root, &iamapi.GetRoleRequest{RoleName: role}))(t)
	return must(url.PathUnescape(*got.Role.AssumeRolePolicyDocument))(t)
}

func TestTrustPoliciesAreChecked(t *testing.T) {
	w := newWorld(t)
	w.user(t, "Ada")
	statement := func(principal, rest string) string {
		return document(`{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"` + rest + `}`)
	}
	for name, c := range map[string]struct{ trust, want string }{
		"everyone":          {statement(`"*"`, ""), ""},
		"an account":        {statement(`{"AWS":"444455556666"}`, ""), ""},
		"a user":            {statement(`{"AWS":"arn:aws:iam::111122223333:user/Ada"}`, ""), ""},
		"a service":         {statement(`{"Service":"ec2.amazonaws.com"}`, ""), ""},
		"a provider":        {statement(`{"Federated":"accounts.google.com"}`, ""), ""},
		"no JSON":           {"{", "MalformedPolicyDocument: This policy contains invalid Json"},
		"no principal":      {document(`{"Effect":"Allow","Action":"sts:AssumeRole"}`), "MalformedPolicyDocument: Missing required field Principal"},
		"a resource":        {statement(`"*"`, `,"Resource":"*"`), "MalformedPolicyDocument: Has prohibited field Resource"},
		"a user not there":  {statement(`{"AWS":"arn:aws:iam::111122223333:user/Eve"}`, ""), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/Eve"`},
		"a user, no path":   {statement(`{"AWS":"arn:aws:iam::111122223333:user/p/Ada"}`, ""), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/p/Ada"`},
		"a dead id":         {statement(`{"AWS":"AIDAABCDEFGHIJKLMNOPQ"}`, ""), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"AIDAABCDEFGHIJKLMNOPQ"`},
		"a group":           {statement(`{"AWS":"arn:aws:iam::111122223333:group/g"}`, ""), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:group/g"`},
		"no service":        {statement(`{"Service":"ec2"}`, ""), `MalformedPolicyDocument: Invalid principal in policy: "SERVICE":"ec2"`},
		"another's actions": {document(`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt"}`), "MalformedPolicyDocument: AssumeRole policy may only specify STS AssumeRole actions."},
		"too long":          {statement(`"*"`, `,"Condition":{"StringEquals":{"aws:x":"`+strings.Repeat("y", 2000)+`"}}`), "LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048"},
	} {
		_, err := w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{RoleName: strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), "'", ""), AssumeRolePolicyDocument: c.trust})
		wantError(t, name, err, c.want)
	}
}

func TestATrustPolicyIsShownAsItWasWritten(t *testing.T) {
	w := newWorld(t)
	w.user(t, "Ada")
	trust := "{\n  \"Statement\": [ {\"Action\": \"sts:AssumeRole\", \"Principal\": {\"AWS\": [\"arn:aws:iam::111122223333:user/Ada\", \"444455556666\"]},\n \"Effect\": \"Allow\"} ], \"Version\": \"2012-10-17\" }"
	made := must(w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{RoleName: "r", AssumeRolePolicyDocument: trust}))(t)
	if plain := must(url.PathUnescape(*made.Role.AssumeRolePolicyDocument))(t); plain != trust {
		t.Errorf("made with %s", plain)
	}
	if got := w.trustOf(t, "r"); got != trust {
		t.Errorf("shown as %s", got)
	}
}

// AWS keeps the unique id of a principal, so that a new user with the name of
// an old one is somebody else.
func TestANewUserIsNotTrustedInThePlaceOfAnOldOne(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	role := w.role(t, "r", `"AWS":"arn:aws:iam::111122223333:user/Ada"`)
	w.assume(t, ada, stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s"})
	must(w.iam.UpdateUser(w.root, &iamapi.UpdateUserRequest{UserName: "Ada", NewUserName: new("Lovelace")}))(t)
	if got := w.trustOf(t, "r"); !strings.Contains(got, "user/Lovelace") {
		t.Errorf("after a change of name the role trusts %s", got)
	}
	key, id := api.CallerOf(ada).AccessKeyID, api.CallerOf(ada).ID
	must(w.iam.DeleteAccessKey(w.root, &iamapi.DeleteAccessKeyRequest{UserName: new("Lovelace"), AccessKeyId: key}))(t)
	must(w.iam.DeleteUser(w.root, &iamapi.DeleteUserRequest{UserName: "Lovelace"}))(t)
	if got := w.trustOf(t, "r"); !strings.Contains(got, `"`+id+`"`) {
		t.Errorf("after the deletion the role trusts %s, want %s", got, id)
	}
	again := w.user(t, "Ada", allow("sts:*", "*"))
	wantError(t, "a new Ada", errorOf(w.sts.AssumeRole(again, &stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s"})),
		"AccessDenied: User: arn:aws:iam::111122223333:user/Ada is not authorized to perform: sts:AssumeRole on resource: "+role)
}

func TestRolesAreShownWithWhatTheyHave(t *testing.T) {
	w := newWorld(t)
	made := must(w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{
		RoleName: "R", Path: new("/p/"), AssumeRolePolicyDocument: trusting(`"Service":"ec2.amazonaws.com"`), Description: new("first"),
		MaxSessionDuration: new(int32(7200)), PermissionsBoundary: new("arn:aws:iam::aws:policy/PowerUserAccess"), Tags: []iamapi.Tag{{Key: "a", Value: "b"}},
	}))(t).Role
	if made.Arn != "arn:aws:iam::111122223333:role/p/R" || !strings.HasPrefix(made.RoleId, "AROA") || made.RoleLastUsed != nil {
		t.Errorf("made %+v", made)
	}
	got := must(w.iam.GetRole(w.root, &iamapi.GetRoleRequest{RoleName: "R"}))(t).Role
	if *got.Description != "first" || *got.MaxSessionDuration != 7200 || len(got.Tags) != 1 || got.PermissionsBoundary == nil || got.RoleLastUsed == nil || got.RoleLastUsed.LastUsedDate != nil {
		t.Errorf("got %+v", got)
	}
	updated := must(w.iam.UpdateRoleDescription(w.root, &iamapi.UpdateRoleDescriptionRequest{RoleName: "R", Description: "second"}))(t)
	if *updated.Role.Description != "second" {
		t.Errorf("updated %+v", updated.Role)
	}
	listed := must(w.iam.ListRoles(w.root, &iamapi.ListRolesRequest{PathPrefix: new("/p")}))(t).Roles
	if len(listed) != 1 || listed[0].Tags != nil || listed[0].RoleLastUsed != nil || *listed[0].MaxSessionDuration != 7200 {
		t.Errorf("listed %+v", listed)
	}
}

func TestRolesHaveTheirErrors(t *testing.T) {
	w := newWorld(t)
	good := trusting(`"Service":"ec2.amazonaws.com"`)
	none := "NoSuchEntity: The role with name none cannot be found."
	run(t, []step{
		{"create", func() error {
			return errorOf(w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{RoleName: "r", AssumeRolePolicyDocument: good}))
		}, ""},
		{"again", func() error {
			return errorOf(w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{RoleName: "R", AssumeRolePolicyDocument: good}))
		}, "EntityAlreadyExists: Role with name R already exists."},
		{"get", func() error { return errorOf(w.iam.GetRole(w.root, &iamapi.GetRoleRequest{RoleName: "none"})) }, none},
		{"update", func() error { return errorOf(w.iam.UpdateRole(w.root, &iamapi.UpdateRoleRequest{RoleName: "none"})) }, none},
		{"describe", func() error {
			return errorOf(w.iam.UpdateRoleDescription(w.root, &iamapi.UpdateRoleDescriptionRequest{RoleName: "none"}))
		}, none},
		{"trust", func() error {
			return errorOf(w.iam.UpdateAssumeRolePolicy(w.root, &iamapi.UpdateAssumeRolePolicyRequest{RoleName: "none", PolicyDocument: good}))
		}, none},
		{"trust nonsense", func() error {
			return errorOf(w.iam.UpdateAssumeRolePolicy(w.root, &iamapi.UpdateAssumeRolePolicyRequest{RoleName: "r", PolicyDocument: "x"}))
		}, "MalformedPolicyDocument: This policy contains invalid Json"},
		{"trust somebody", func() error {
			return errorOf(w.iam.UpdateAssumeRolePolicy(w.root, &iamapi.UpdateAssumeRolePolicyRequest{RoleName: "r", PolicyDocument: trusting(`"AWS":"444455556666"`)}))
		}, ""},
		{"delete none", func() error { return errorOf(w.iam.DeleteRole(w.root, &iamapi.DeleteRoleRequest{RoleName: "none"})) }, none},
	})
	if got := w.trustOf(t, "r"); !strings.Contains(got, "444455556666") {
		t.Errorf("trusts %s", got)
	}
}

func TestARoleThatHoldsSomethingCannotBeDeleted(t *testing.T) {
	w := newWorld(t)
	w.role(t, "r", `"Service":"ec2.amazonaws.com"`, allow("kms:*", "*"))
	policy := "arn:aws:iam::aws:policy/ReadOnlyAccess"
	must(w.iam.AttachRolePolicy(w.root, &iamapi.AttachRolePolicyRequest{RoleName: "r", PolicyArn: policy}))(t)
	must(w.iam.CreateInstanceProfile(w.root, &iamapi.CreateInstanceProfileRequest{InstanceProfileName: "p"}))(t)
	must(w.iam.AddRoleToInstanceProfile(w.root, &iamapi.AddRoleToInstanceProfileRequest{InstanceProfileName: "p", RoleName: "r"}))(t)
	del := func() error { return errorOf(w.iam.DeleteRole(w.root, &iamapi.DeleteRoleRequest{RoleName: "r"})) }
	run(t, []step{
		{"in a profile", del, "DeleteConflict: Cannot delete entity, must remove roles from instance profile first."},
		{"the profile", func() error {
			return errorOf(w.iam.DeleteInstanceProfile(w.root, &iamapi.DeleteInstanceProfileRequest{InstanceProfileName: "p"}))
		}, "DeleteConflict: Cannot delete entity, must remove roles from instance profile first."},
		{"a second role", func() error {
			return errorOf(w.iam.AddRoleToInstanceProfile(w.root, &iamapi.AddRoleToInstanceProfileRequest{InstanceProfileName: "p", RoleName: "r"}))
		}, "LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"},
		{"out of it", func() error {
			return errorOf(w.iam.RemoveRoleFromInstanceProfile(w.root, &iamapi.RemoveRoleFromInstanceProfileRequest{InstanceProfileName: "p", RoleName: "r"}))
		}, ""},
		{"out of it again", func() error {
			return errorOf(w.iam.RemoveRoleFromInstanceProfile(w.root, &iamapi.RemoveRoleFromInstanceProfileRequest{InstanceProfileName: "p", RoleName: "r"}))
		}, "NoSuchEntity: The role with name r cannot be found."},
		{"with a managed policy", del, "DeleteConflict: Cannot delete entity, must detach all policies first."},
		{"detach", func() error {
			return errorOf(w.iam.DetachRolePolicy(w.root, &iamapi.DetachRolePolicyRequest{RoleName: "r", PolicyArn: policy}))
		}, ""},
		{"with an inline policy", del, "DeleteConflict: Cannot delete entity, must delete policies first."},
		{"delete it", func() error {
			return errorOf(w.iam.DeleteRolePolicy(w.root, &iamapi.DeleteRolePolicyRequest{RoleName: "r", PolicyName: "p"}))
		}, ""},
		{"with nothing", del, ""},
		{"the profile again", func() error {
			return errorOf(w.iam.DeleteInstanceProfile(w.root, &iamapi.DeleteInstanceProfileRequest{InstanceProfileName: "p"}))
		}, ""},
		{"and once more", func() error {
			return errorOf(w.iam.DeleteInstanceProfile(w.root, &iamapi.DeleteInstanceProfileRequest{InstanceProfileName: "p"}))
		}, "NoSuchEntity: Instance Profile p cannot be found."},
	})
}

func TestInstanceProfilesShowTheirRole(t *testing.T) {
	w := newWorld(t)
	w.role(t, "r", `"Service":"ec2.amazonaws.com"`)
	for _, name := range []string{"b", "a", "c"} {
		made := must(w.iam.CreateInstanceProfile(w.root, &iamapi.CreateInstanceProfileRequest{InstanceProfileName: name, Path: new("/x/")}))(t).InstanceProfile
		if made.Arn != "arn:aws:iam::111122223333:instance-profile/x/"+name || !strings.HasPrefix(made.InstanceProfileId, "AIPA") || len(made.Roles) != 0 {
			t.Errorf("made %+v", made)
		}
	}
	for _, name := range []string{"a", "b"} {
		must(w.iam.AddRoleToInstanceProfile(w.root, &iamapi.AddRoleToInstanceProfileRequest{InstanceProfileName: name, RoleName: "r"}))(t)
	}
	got := must(w.iam.GetInstanceProfile(w.root, &iamapi.GetInstanceProfileRequest{InstanceProfileName: "a"}))(t).InstanceProfile
	if len(got.Roles) != 1 || got.Roles[0].RoleName != "r" {
		t.Errorf("got %+v", got)
	}
	first := must(w.iam.ListInstanceProfilesForRole(w.root, &iamapi.ListInstanceProfilesForRoleRequest{RoleName: "r", MaxItems: new(int32(1))}))(t)
	rest := must(w.iam.ListInstanceProfilesForRole(w.root, &iamapi.ListInstanceProfilesForRoleRequest{RoleName: "r", Marker: first.Marker}))(t)
	if len(first.InstanceProfiles) != 1 || len(rest.InstanceProfiles) != 1 || rest.InstanceProfiles[0].InstanceProfileName != "b" {
		t.Errorf("of the role: %+v %+v", first, rest)
	}
	if all := must(w.iam.ListInstanceProfiles(w.root, &iamapi.ListInstanceProfilesRequest{}))(t); len(all.InstanceProfiles) != 3 {
		t.Errorf("all: %+v", all)
	}
	poor := w.user(t, "Ada", allow("iam:AddRoleToInstanceProfile", "*"))
	wantError(t, "without the right to pass", errorOf(w.iam.AddRoleToInstanceProfile(poor, &iamapi.AddRoleToInstanceProfileRequest{InstanceProfileName: "c", RoleName: "r"})),
		"AccessDenied: User: arn:aws:iam::111122223333:user/Ada is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/r because no identity-based policy allows the iam:PassRole action")
	wantError(t, "a role not there", errorOf(w.iam.AddRoleToInstanceProfile(w.root, &iamapi.AddRoleToInstanceProfileRequest{InstanceProfileName: "c", RoleName: "none"})),
		"NoSuchEntity: The role with name none cannot be found.")
}
