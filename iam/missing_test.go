package iam

import (
	"strings"
	"testing"

	"sealstack/api/iamapi"
)

// missing groups the operations by what they say of what does not exist, for
// the sample inputs.
var missing = map[string]string{
	"The user with name thing cannot be found.": `AttachUserPolicy CreateAccessKey DeleteAccessKey DeleteLoginProfile DeleteUser
		DeleteUserPermissionsBoundary DeleteUserPolicy DetachUserPolicy GetContextKeysForPrincipalPolicy GetLoginProfile GetUser
		GetUserPolicy ListAccessKeys ListAttachedUserPolicies ListGroupsForUser ListMFADevices ListPoliciesGrantingServiceAccess
		ListSSHPublicKeys ListServiceSpecificCredentials ListSigningCertificates ListUserPolicies ListUserTags
		PutUserPermissionsBoundary PutUserPolicy SimulatePrincipalPolicy TagUser UntagUser UpdateAccessKey UpdateUser`,
	"The group with name thing cannot be found.": `AddUserToGroup AttachGroupPolicy DeleteGroup DeleteGroupPolicy DetachGroupPolicy
		GetGroup GetGroupPolicy ListAttachedGroupPolicies ListGroupPolicies PutGroupPolicy RemoveUserFromGroup UpdateGroup`,
	"The role with name thing cannot be found.": `AttachRolePolicy DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy
		DeleteServiceLinkedRole DetachRolePolicy GetRole GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole
		ListRolePolicies ListRoleTags PutRolePermissionsBoundary PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole
		UpdateRoleDescription`,
	"Instance Profile thing cannot be found.": `AddRoleToInstanceProfile DeleteInstanceProfile GetInstanceProfile
		ListInstanceProfileTags RemoveRoleFromInstanceProfile TagInstanceProfile UntagInstanceProfile`,
	"Policy " + custom + " was not found.": `CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy GetPolicyVersion
		ListEntitiesForPolicy ListPolicyTags ListPolicyVersions SetDefaultPolicyVersion TagPolicy UntagPolicy`,
	"OpenIDConnect Provider not found for arn arn:aws:iam::111122223333:oidc-provider/example.com": `AddClientIDToOpenIDConnectProvider
		GetOpenIDConnectProvider ListOpenIDConnectProviderTags RemoveClientIDFromOpenIDConnectProvider TagOpenIDConnectProvider
		UntagOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint`,
	"Manifest not found for arn arn:aws:iam::111122223333:saml-provider/thing": `DeleteSAMLProvider GetSAMLProvider
		ListSAMLProviderTags TagSAMLProvider UntagSAMLProvider UpdateSAMLProvider`,
	"The account alias thing cannot be found.":                           `DeleteAccountAlias`,
	"Deletion id was not found.":                                         `GetServiceLinkedRoleDeletionStatus`,
	"The Password Policy with domain name 111122223333 cannot be found.": `GetAccountPasswordPolicy`,
}

// present are the operations that an empty account answers.
const present = `CreateAccountAlias CreateGroup CreateInstanceProfile CreateOpenIDConnectProvider CreatePolicy CreateRole
	CreateServiceLinkedRole CreateUser DeleteOpenIDConnectProvider GetAccountAuthorizationDetails GetAccountSummary
	GetContextKeysForCustomPolicy ListAccountAliases ListGroups ListInstanceProfiles ListOpenIDConnectProviders ListPolicies
	ListRoles ListSAMLProviders ListUsers ListVirtualMFADevices SimulateCustomPolicy`

func TestWhatAnEmptyAccountAnswers(t *testing.T) {
	want := map[string]string{
		"CreateSAMLProvider":   "InvalidInput: Could not parse metadata.",
		"GetAccessKeyLastUsed": "AccessDenied: User: arn:aws:iam::111122223333:root is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key thing",
	}
	for sentence, operations := range missing {
		for _, name := range strings.Fields(operations) {
			want[name] = "NoSuchEntity: " + sentence
		}
	}
	for _, name := range strings.Fields(present) {
		want[name] = ""
	}
	for _, op := range iamapi.Service.Operations {
		w := newWorld(t)
		sentence, known := want[op.Name]
		if !known {
			t.Errorf("%s is not in the table", op.Name)
		}
		wantError(t, op.Name, w.call(w.root, op), sentence)
		delete(want, op.Name)
	}
	for name := range want {
		t.Errorf("%s is no operation", name)
	}
}

// An operation that fails changes nothing.
func TestWhatFailsLeavesNothingBehind(t *testing.T) {
	for _, op := range iamapi.Service.Operations {
		w := newWorld(t)
		before := w.rows(t)
		if err := w.call(w.root, op); err != nil {
			if after := w.rows(t); after != before {
				t.Errorf("%s fails with %v and leaves %d rows, %d before", op.Name, err, after, before)
			}
		}
	}
}
