package iam

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/storage"
)

// rows counts what the store holds of IAM.
func (w *world) rows(t testing.TB) (n int) {
	t.Helper()
	err := w.store.View(context.Background(), func(_ context.Context, tx storage.Tx) error {
		for _, table := range []string{entities.Name(), byID.Name(), policies.Name(), accessKeys.Name(), sessions.Name(), bySessionEnd.Name(), aliases.Name(), aliasOf.Name()} {
			c, err := tx.Cursor(table)
			if err != nil {
				return err
			}
			for _, _, ok := c.Seek(nil); ok; _, _, ok = c.Next() {
				n++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The tests below make the calls that Terraform's AWS provider makes for its
// resources, in its order, and look at what it compares with its plan.

func TestAUserOfTerraform(t *testing.T) {
	w := newWorld(t)
	before := w.rows(t)
	made := must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: "ci", Path: new("/system/"), Tags: []iamapi.Tag{{Key: "Env", Value: "test"}}}))(t).User
	read := func() iamapi.User {
		t.Helper()
		u := must(w.iam.GetUser(w.root, &iamapi.GetUserRequest{UserName: new("ci")}))(t).User
		if tags := must(w.iam.ListUserTags(w.root, &iamapi.ListUserTagsRequest{UserName: "ci"}))(t); len(tags.Tags) != len(u.Tags) || *tags.IsTruncated {
			t.Errorf("tags %v, listed %v", u.Tags, tags.Tags)
		}
		return u
	}
	if u := read(); u.Arn != made.Arn || u.UserId != made.UserId || u.Path != "/system/" || u.PermissionsBoundary != nil || u.Tags[0].Value != "test" {
		t.Errorf("read %+v, made %+v", u, made)
	}
	must(w.iam.PutUserPermissionsBoundary(w.root, &iamapi.PutUserPermissionsBoundaryRequest{UserName: "ci", PermissionsBoundary: "arn:aws:iam::aws:policy/ReadOnlyAccess"}))(t)
	must(w.iam.UntagUser(w.root, &iamapi.UntagUserRequest{UserName: "ci", TagKeys: []string{"Env"}}))(t)
	must(w.iam.TagUser(w.root, &iamapi.TagUserRequest{UserName: "ci", Tags: []iamapi.Tag{{Key: "Team", Value: "x"}}}))(t)
	if u := read(); *u.PermissionsBoundary.PermissionsBoundaryArn != "arn:aws:iam::aws:policy/ReadOnlyAccess" || u.Tags[0].Key != "Team" {
		t.Errorf("updated %+v", u)
	}
	w.furnish(t)
	w.forceDestroy(t, "ci")
	wantError(t, "after it", errorOf(w.iam.GetUser(w.root, &iamapi.GetUserRequest{UserName: new("ci")})), "NoSuchEntity: The user with name ci cannot be found.")
	must(w.iam.DeleteGroup(w.root, &iamapi.DeleteGroupRequest{GroupName: "g"}))(t)
	must(w.iam.DeletePolicy(w.root, &iamapi.DeletePolicyRequest{PolicyArn: "arn:aws:iam::111122223333:policy/m"}))(t)
	if after := w.rows(t); after != before {
		t.Errorf("%d rows are left of %d", after, before)
	}
}

// furnish gives the user ci all that it can have.
func (w *world) furnish(t *testing.T) {
	t.Helper()
	arn := *must(w.iam.CreatePolicy(w.root, &iamapi.CreatePolicyRequest{PolicyName: "m", PolicyDocument: document(allow("kms:*", "*"))}))(t).Policy.Arn
	must(w.iam.CreateGroup(w.root, &iamapi.CreateGroupRequest{GroupName: "g"}))(t)
	must(w.iam.AddUserToGroup(w.root, &iamapi.AddUserToGroupRequest{GroupName: "g", UserName: "ci"}))(t)
	must(w.iam.AttachUserPolicy(w.root, &iamapi.AttachUserPolicyRequest{UserName: "ci", PolicyArn: arn}))(t)
	must(w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{UserName: "ci", PolicyName: "p", PolicyDocument: document(allow("kms:*", "*"))}))(t)
	must(w.iam.CreateAccessKey(w.root, &iamapi.CreateAccessKeyRequest{UserName: new("ci")}))(t)
}

// forceDestroy deletes a user as a resource with force_destroy does.
func (w *world) forceDestroy(t *testing.T, name string) {
	t.Helper()
	none := "NoSuchEntity: Login Profile for User " + name + " cannot be found."
	for _, g := range must(w.iam.ListGroupsForUser(w.root, &iamapi.ListGroupsForUserRequest{UserName: name}))(t).Groups {
		must(w.iam.RemoveUserFromGroup(w.root, &iamapi.RemoveUserFromGroupRequest{GroupName: g.GroupName, UserName: name}))(t)
	}
	for _, p := range must(w.iam.ListAttachedUserPolicies(w.root, &iamapi.ListAttachedUserPoliciesRequest{UserName: name}))(t).AttachedPolicies {
		must(w.iam.DetachUserPolicy(w.root, &iamapi.DetachUserPolicyRequest{UserName: name, PolicyArn: *p.PolicyArn}))(t)
	}
	for _, p := range must(w.iam.ListUserPolicies(w.root, &iamapi.ListUserPoliciesRequest{UserName: name}))(t).PolicyNames {
		must(w.iam.DeleteUserPolicy(w.root, &iamapi.DeleteUserPolicyRequest{UserName: name, PolicyName: p}))(t)
	}
	for _, k := range must(w.iam.ListAccessKeys(w.root, &iamapi.ListAccessKeysRequest{UserName: &name}))(t).AccessKeyMetadata {
		must(w.iam.DeleteAccessKey(w.root, &iamapi.DeleteAccessKeyRequest{UserName: &name, AccessKeyId: *k.AccessKeyId}))(t)
	}
	keys := must(w.iam.ListSSHPublicKeys(w.root, &iamapi.ListSSHPublicKeysRequest{UserName: &name}))(t)
	virtual := must(w.iam.ListVirtualMFADevices(w.root, &iamapi.ListVirtualMFADevicesRequest{AssignmentStatus: new(iamapi.AssignmentStatusTypeAssigned)}))(t)
	devices := must(w.iam.ListMFADevices(w.root, &iamapi.ListMFADevicesRequest{UserName: &name}))(t)
	certificates := must(w.iam.ListSigningCertificates(w.root, &iamapi.ListSigningCertificatesRequest{UserName: &name}))(t)
	credentials := must(w.iam.ListServiceSpecificCredentials(w.root, &iamapi.ListServiceSpecificCredentialsRequest{UserName: &name}))(t)
	if n := len(keys.SSHPublicKeys) + len(virtual.VirtualMFADevices) + len(devices.MFADevices) + len(certificates.Certificates) + len(credentials.ServiceSpecificCredentials); n != 0 {
		t.Errorf("%d things that no user has", n)
	}
	for what, truncated := range map[string]*bool{"keys": keys.IsTruncated, "virtual": virtual.IsTruncated, "devices": devices.IsTruncated, "certificates": certificates.IsTruncated, "credentials": credentials.IsTruncated} {
		if truncated == nil || *truncated {
			t.Errorf("%s go on", what)
		}
	}
	wantError(t, "its password", errorOf(w.iam.GetLoginProfile(w.root, &iamapi.GetLoginProfileRequest{UserName: &name})), none)
	wantError(t, "deleting it", errorOf(w.iam.DeleteLoginProfile(w.root, &iamapi.DeleteLoginProfileRequest{UserName: &name})), none)
	must(w.iam.DeleteUser(w.root, &iamapi.DeleteUserRequest{UserName: name}))(t)
}

func TestARoleOfTerraform(t *testing.T) {
	w := newWorld(t)
	before := w.rows(t)
	trust := trusting(`"Service":["ec2.amazonaws.com","logs.us-east-1.amazonaws.com"]`)
	must(w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{RoleName: "r", AssumeRolePolicyDocument: trust, Description: new("d"), MaxSessionDuration: new(int32(7200))}))(t)
	role := must(w.iam.GetRole(w.root, &iamapi.GetRoleRequest{RoleName: "r"}))(t).Role
	if shown, err := url.QueryUnescape(*role.AssumeRolePolicyDocument); err != nil || shown != trust || *role.Description != "d" || *role.MaxSessionDuration != 7200 || role.RoleLastUsed == nil {
		t.Errorf("read %+v, %s", role, shown)
	}
	must(w.iam.UpdateAssumeRolePolicy(w.root, &iamapi.UpdateAssumeRolePolicyRequest{RoleName: "r", PolicyDocument: trusting(`"Service":"ec2.amazonaws.com"`)}))(t)
	must(w.iam.UpdateRole(w.root, &iamapi.UpdateRoleRequest{RoleName: "r", Description: new("e"), MaxSessionDuration: new(int32(3600))}))(t)
	arn := *must(w.iam.CreatePolicy(w.root, &iamapi.CreatePolicyRequest{PolicyName: "m", PolicyDocument: document(allow("kms:*", "*"))}))(t).Policy.Arn
	must(w.iam.AttachRolePolicy(w.root, &iamapi.AttachRolePolicyRequest{RoleName: "r", PolicyArn: arn}))(t)
	must(w.iam.PutRolePolicy(w.root, &iamapi.PutRolePolicyRequest{RoleName: "r", PolicyName: "p", PolicyDocument: document(allow("kms:*", "*"))}))(t)
	must(w.iam.CreateInstanceProfile(w.root, &iamapi.CreateInstanceProfileRequest{InstanceProfileName: "i"}))(t)
	must(w.iam.AddRoleToInstanceProfile(w.root, &iamapi.AddRoleToInstanceProfileRequest{InstanceProfileName: "i", RoleName: "r"}))(t)
	role = must(w.iam.GetRole(w.root, &iamapi.GetRoleRequest{RoleName: "r"}))(t).Role
	if *role.Description != "e" || *role.MaxSessionDuration != 3600 || strings.Contains(*role.AssumeRolePolicyDocument, "logs") {
		t.Errorf("updated %+v", role)
	}

	wantError(t, "in use", errorOf(w.iam.DeleteRole(w.root, &iamapi.DeleteRoleRequest{RoleName: "r"})), "DeleteConflict: Cannot delete entity, must remove roles from instance profile first.")
	for _, p := range must(w.iam.ListInstanceProfilesForRole(w.root, &iamapi.ListInstanceProfilesForRoleRequest{RoleName: "r"}))(t).InstanceProfiles {
		must(w.iam.RemoveRoleFromInstanceProfile(w.root, &iamapi.RemoveRoleFromInstanceProfileRequest{InstanceProfileName: p.InstanceProfileName, RoleName: "r"}))(t)
		must(w.iam.DeleteInstanceProfile(w.root, &iamapi.DeleteInstanceProfileRequest{InstanceProfileName: p.InstanceProfileName}))(t)
	}
	for _, p := range must(w.iam.ListAttachedRolePolicies(w.root, &iamapi.ListAttachedRolePoliciesRequest{RoleName: "r"}))(t).AttachedPolicies {
		must(w.iam.DetachRolePolicy(w.root, &iamapi.DetachRolePolicyRequest{RoleName: "r", PolicyArn: *p.PolicyArn}))(t)
	}
	for _, name := range must(w.iam.ListRolePolicies(w.root, &iamapi.ListRolePoliciesRequest{RoleName: "r"}))(t).PolicyNames {
		must(w.iam.DeleteRolePolicy(w.root, &iamapi.DeleteRolePolicyRequest{RoleName: "r", PolicyName: name}))(t)
	}
	must(w.iam.DeleteRole(w.root, &iamapi.DeleteRoleRequest{RoleName: "r"}))(t)
	must(w.iam.DeletePolicy(w.root, &iamapi.DeletePolicyRequest{PolicyArn: arn}))(t)
	if after := w.rows(t); after != before {
		t.Errorf("%d rows are left of %d", after, before)
	}
}

// A policy is updated by another version, for which the oldest has to go.
func TestAPolicyOfTerraform(t *testing.T) {
	w := newWorld(t)
	arn := *must(w.iam.CreatePolicy(w.root, &iamapi.CreatePolicyRequest{PolicyName: "m", Path: new("/p/"), Description: new("d"), PolicyDocument: testPolicy(0)}))(t).Policy.Arn
	for i := 1; i < 8; i++ {
		versions := must(w.iam.ListPolicyVersions(w.root, &iamapi.ListPolicyVersionsRequest{PolicyArn: arn}))(t).Versions
		if len(versions) >= versionsPerPolicy {
			oldest := versions[len(versions)-1]
			must(w.iam.DeletePolicyVersion(w.root, &iamapi.DeletePolicyVersionRequest{PolicyArn: arn, VersionId: *oldest.VersionId}))(t)
		}
		must(w.iam.CreatePolicyVersion(w.root, &iamapi.CreatePolicyVersionRequest{PolicyArn: arn, PolicyDocument: testPolicy(i), SetAsDefault: new(true)}))(t)
		p := must(w.iam.GetPolicy(w.root, &iamapi.GetPolicyRequest{PolicyArn: arn}))(t).Policy
		v := must(w.iam.GetPolicyVersion(w.root, &iamapi.GetPolicyVersionRequest{PolicyArn: arn, VersionId: *p.DefaultVersionId}))(t).PolicyVersion
		if shown, err := url.QueryUnescape(*v.Document); err != nil || shown != testPolicy(i) || *p.Description != "d" || *p.AttachmentCount != 0 {
			t.Errorf("after update %d: %+v, %s", i, p, shown)
		}
	}
	for _, v := range must(w.iam.ListPolicyVersions(w.root, &iamapi.ListPolicyVersionsRequest{PolicyArn: arn}))(t).Versions {
		if !*v.IsDefaultVersion {
			must(w.iam.DeletePolicyVersion(w.root, &iamapi.DeletePolicyVersionRequest{PolicyArn: arn, VersionId: *v.VersionId}))(t)
		}
	}
	must(w.iam.DeletePolicy(w.root, &iamapi.DeletePolicyRequest{PolicyArn: arn}))(t)
	wantError(t, "after it", errorOf(w.iam.GetPolicy(w.root, &iamapi.GetPolicyRequest{PolicyArn: arn})), "NoSuchEntity: Policy "+arn+" was not found.")
}

// The resource aws_iam_policy_attachment takes a policy off whoever has it.
func TestAnAttachmentOfTerraform(t *testing.T) {
	w := newWorld(t)
	arn := *must(w.iam.CreatePolicy(w.root, &iamapi.CreatePolicyRequest{PolicyName: "m", PolicyDocument: testPolicy(0)}))(t).Policy.Arn
	w.user(t, "Ada")
	w.role(t, "r", `"Service":"ec2.amazonaws.com"`)
	must(w.iam.CreateGroup(w.root, &iamapi.CreateGroupRequest{GroupName: "g"}))(t)
	for range 2 { // attaching twice is no error
		must(w.iam.AttachUserPolicy(w.root, &iamapi.AttachUserPolicyRequest{UserName: "Ada", PolicyArn: arn}))(t)
		must(w.iam.AttachRolePolicy(w.root, &iamapi.AttachRolePolicyRequest{RoleName: "r", PolicyArn: arn}))(t)
		must(w.iam.AttachGroupPolicy(w.root, &iamapi.AttachGroupPolicyRequest{GroupName: "g", PolicyArn: arn}))(t)
	}
	holders := func() *iamapi.ListEntitiesForPolicyResponse {
		return must(w.iam.ListEntitiesForPolicy(w.root, &iamapi.ListEntitiesForPolicyRequest{PolicyArn: arn}))(t)
	}
	if h := holders(); *h.PolicyUsers[0].UserName != "Ada" || *h.PolicyRoles[0].RoleName != "r" || *h.PolicyGroups[0].GroupName != "g" {
		t.Errorf("held by %+v", h)
	}
	wantError(t, "held", errorOf(w.iam.DeletePolicy(w.root, &iamapi.DeletePolicyRequest{PolicyArn: arn})), "DeleteConflict: Cannot delete a policy attached to entities.")
	must(w.iam.DetachUserPolicy(w.root, &iamapi.DetachUserPolicyRequest{UserName: "Ada", PolicyArn: arn}))(t)
	must(w.iam.DetachRolePolicy(w.root, &iamapi.DetachRolePolicyRequest{RoleName: "r", PolicyArn: arn}))(t)
	must(w.iam.DetachGroupPolicy(w.root, &iamapi.DetachGroupPolicyRequest{GroupName: "g", PolicyArn: arn}))(t)
	if h := holders(); len(h.PolicyUsers)+len(h.PolicyRoles)+len(h.PolicyGroups) != 0 {
		t.Errorf("still held by %+v", h)
	}
	wantError(t, "detach again", errorOf(w.iam.DetachUserPolicy(w.root, &iamapi.DetachUserPolicyRequest{UserName: "Ada", PolicyArn: arn})), "NoSuchEntity: Policy "+arn+" was not found.")
}

func TestWhatNobodyHasIsStillAskedForWithTheRight(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada", allow("iam:List*", "arn:aws:iam::111122223333:user/Ada"), allow("iam:GetLoginProfile", "arn:aws:iam::111122223333:user/Ada"))
	session := as(api.Principal{Type: api.AssumedRole, Account: account, ID: "AROAABCDEFGHIJKLMNOPQ:s", ARN: "arn:aws:sts::111122223333:assumed-role/r/s"}, nil, "")
	w.user(t, "Bob")
	denied := func(action, resource string) string {
		return "AccessDenied: User: arn:aws:iam::111122223333:user/Ada is not authorized to perform: iam:" + action + " on resource: " + resource + " because no identity-based policy allows the iam:" + action + " action"
	}
	bob := "arn:aws:iam::111122223333:user/Bob"
	run(t, []step{
		{"her own devices", func() error { return errorOf(w.iam.ListMFADevices(ada, &iamapi.ListMFADevicesRequest{})) }, ""},
		{"his devices", func() error {
			return errorOf(w.iam.ListMFADevices(ada, &iamapi.ListMFADevicesRequest{UserName: new("Bob")}))
		}, denied("ListMFADevices", bob)},
		{"her own password", func() error { return errorOf(w.iam.GetLoginProfile(ada, &iamapi.GetLoginProfileRequest{})) }, "NoSuchEntity: Login Profile for User Ada cannot be found."},
		{"his password", func() error {
			return errorOf(w.iam.GetLoginProfile(ada, &iamapi.GetLoginProfileRequest{UserName: new("Bob")}))
		}, denied("GetLoginProfile", bob)},
		{"all devices", func() error {
			return errorOf(w.iam.ListVirtualMFADevices(ada, &iamapi.ListVirtualMFADevicesRequest{}))
		}, denied("ListVirtualMFADevices", "arn:aws:iam::111122223333:mfa/*")},
		{"everybody's credentials", func() error {
			return errorOf(w.iam.ListServiceSpecificCredentials(w.root, &iamapi.ListServiceSpecificCredentialsRequest{AllUsers: new(true)}))
		}, ""},
		{"everybody's and his", func() error {
			return errorOf(w.iam.ListServiceSpecificCredentials(w.root, &iamapi.ListServiceSpecificCredentialsRequest{AllUsers: new(true), UserName: new("Bob")}))
		}, "ValidationError: UserName cannot be specified together with AllUsers."},
		{"the root user's", func() error {
			return errorOf(w.iam.ListSigningCertificates(w.root, &iamapi.ListSigningCertificatesRequest{}))
		}, ""},
		{"a session's", func() error {
			return errorOf(w.iam.ListSSHPublicKeys(session, &iamapi.ListSSHPublicKeysRequest{}))
		}, "ValidationError: Must specify userName when calling with non-User credentials"},
		{"by a marker", func() error {
			return errorOf(w.iam.ListMFADevices(ada, &iamapi.ListMFADevicesRequest{Marker: new("x")}))
		}, "ValidationError: Invalid Marker."},
		{"the password policy", func() error { return errorOf(w.iam.GetAccountPasswordPolicy(ada, &api.None{})) }, denied("GetAccountPasswordPolicy", "*")},
	})
}
