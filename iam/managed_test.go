package iam

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"sealstack/api/iamapi"
)

const custom = "arn:aws:iam::111122223333:policy/div/custom"

func (w *world) policy(t testing.TB) {
	t.Helper()
	made := must(w.iam.CreatePolicy(w.root, &iamapi.CreatePolicyRequest{
		PolicyName: "custom", Path: new("/div/"), Description: new("d"), PolicyDocument: document(allow("iam:ListUsers", "*")),
	}))(t).Policy
	if *made.Arn != custom {
		t.Fatalf("made %s", *made.Arn)
	}
}

func TestManagedPoliciesAreMadeAndFound(t *testing.T) {
	w := newWorld(t)
	w.policy(t)
	create := func(name, text string) func() error {
		return func() error {
			return errorOf(w.iam.CreatePolicy(w.root, &iamapi.CreatePolicyRequest{PolicyName: name, PolicyDocument: text}))
		}
	}
	get := func(arn string) func() error {
		return func() error { return errorOf(w.iam.GetPolicy(w.root, &iamapi.GetPolicyRequest{PolicyArn: arn})) }
	}
	good := document(allow("kms:*", "*"))
	run(t, []step{
		{"again", create("Custom", good), "EntityAlreadyExists: A policy called Custom already exists. Duplicate names are not allowed."},
		{"no policy", create("other", `{"Statement":[]}`), "MalformedPolicyDocument: Syntax errors in policy."},
		{"too long", create("other", document(allow("kms:*", "arn:aws:kms:::"+strings.Repeat("x", 6144)))), "LimitExceeded: Cannot exceed quota for PolicySize: 6144"},
		{"long by white space", create("other", good+strings.Repeat("\n", 6144)), ""},
		{"get", get(custom), ""},
		{"AWS's", get("arn:aws:iam::aws:policy/AdministratorAccess"), ""},
		{"without its path", get("arn:aws:iam::111122223333:policy/custom"), "NoSuchEntity: Policy arn:aws:iam::111122223333:policy/custom was not found."},
		{"another account's", get("arn:aws:iam::444455556666:policy/div/custom"), "NoSuchEntity: Policy arn:aws:iam::444455556666:policy/div/custom was not found."},
		{"AWS's, unknown", get("arn:aws:iam::aws:policy/None"), "NoSuchEntity: Policy arn:aws:iam::aws:policy/None was not found."},
		{"no ARN", get("just-a-name-of-20-chars"), "ValidationError: Invalid ARN:  Could not be parsed!"},
		{"a user", get("arn:aws:iam::111122223333:user/custom"), "ValidationError: ARN arn:aws:iam::111122223333:user/custom is not valid."},
	})
	got := must(w.iam.GetPolicy(w.root, &iamapi.GetPolicyRequest{PolicyArn: custom}))(t).Policy
	if *got.Description != "d" || *got.DefaultVersionId != "v1" || *got.AttachmentCount != 0 || !*got.IsAttachable || !strings.HasPrefix(*got.PolicyId, "ANPA") {
		t.Errorf("got %+v", got)
	}
}

func TestVersionsOfAPolicy(t *testing.T) {
	w := newWorld(t)
	w.policy(t)
	create := func(asDefault bool) func() error {
		return func() error {
			return errorOf(w.iam.CreatePolicyVersion(w.root, &iamapi.CreatePolicyVersionRequest{
				PolicyArn: custom, PolicyDocument: document(allow("iam:ListRoles", "*")), SetAsDefault: &asDefault,
			}))
		}
	}
	set := func(v string) func() error {
		return func() error {
			return errorOf(w.iam.SetDefaultPolicyVersion(w.root, &iamapi.SetDefaultPolicyVersionRequest{PolicyArn: custom, VersionId: v}))
		}
	}
	del := func(v string) func() error {
		return func() error {
			return errorOf(w.iam.DeletePolicyVersion(w.root, &iamapi.DeletePolicyVersionRequest{PolicyArn: custom, VersionId: v}))
		}
	}
	drop := func() error {
		return errorOf(w.iam.DeletePolicy(w.root, &iamapi.DeletePolicyRequest{PolicyArn: custom}))
	}
	none := func(v string) string {
		return "NoSuchEntity: Policy " + custom + " version " + v + " does not exist or is not attachable."
	}
	run(t, []step{
		{"v2", create(true), ""}, {"v3", create(false), ""}, {"v4", create(false), ""}, {"v5", create(false), ""},
		{"v6", create(false), "LimitExceeded: A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version."},
		{"the default", del("v2"), "DeleteConflict: Cannot delete the default version of a policy."},
		{"one", del("v1"), ""}, {"again", del("v1"), none("v1")}, {"v6 now", create(false), ""},
		{"to one that is gone", set("v1"), none("v1")}, {"to v06", set("v06"), none("v06")}, {"to v6", set("v6"), ""},
		{"delete all at once", drop, "DeleteConflict: This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy."},
	})
	listed := must(w.iam.ListPolicyVersions(w.root, &iamapi.ListPolicyVersionsRequest{PolicyArn: custom}))(t)
	var ids []string
	for _, v := range listed.Versions {
		ids = append(ids, *v.VersionId)
		if *v.IsDefaultVersion != (*v.VersionId == "v6") || v.Document != nil {
			t.Errorf("version %+v", v)
		}
	}
	if got := strings.Join(ids, " "); got != "v6 v5 v4 v3 v2" {
		t.Errorf("versions %s", got)
	}
	one := must(w.iam.GetPolicyVersion(w.root, &iamapi.GetPolicyVersionRequest{PolicyArn: custom, VersionId: "v6"}))(t)
	if plain := must(url.PathUnescape(*one.PolicyVersion.Document))(t); !strings.Contains(plain, "iam:ListRoles") {
		t.Errorf("document %s", plain)
	}
	wantError(t, "none", errorOf(w.iam.GetPolicyVersion(w.root, &iamapi.GetPolicyVersionRequest{PolicyArn: custom, VersionId: "v9"})), none("v9"))
}

func TestTheVersionInForceIsWhatCounts(t *testing.T) {
	w := newWorld(t)
	w.policy(t)
	ada := w.user(t, "Ada")
	must(w.iam.AttachUserPolicy(w.root, &iamapi.AttachUserPolicyRequest{UserName: "Ada", PolicyArn: custom}))(t)
	may := func() string {
		users := w.errorCode(errorOf(w.iam.ListUsers(ada, &iamapi.ListUsersRequest{})))
		roles := w.errorCode(errorOf(w.iam.ListRoles(ada, &iamapi.ListRolesRequest{})))
		return users + " " + roles
	}
	if got := may(); got != "ok AccessDenied" {
		t.Errorf("v1: %s", got)
	}
	must(w.iam.CreatePolicyVersion(w.root, &iamapi.CreatePolicyVersionRequest{PolicyArn: custom, PolicyDocument: document(allow("iam:ListRoles", "*")), SetAsDefault: new(true)}))(t)
	if got := may(); got != "AccessDenied ok" {
		t.Errorf("v2: %s", got)
	}
	must(w.iam.SetDefaultPolicyVersion(w.root, &iamapi.SetDefaultPolicyVersionRequest{PolicyArn: custom, VersionId: "v1"}))(t)
	if got := may(); got != "ok AccessDenied" {
		t.Errorf("v1 again: %s", got)
	}
	must(w.iam.DetachUserPolicy(w.root, &iamapi.DetachUserPolicyRequest{UserName: "Ada", PolicyArn: custom}))(t)
	if got := may(); got != "AccessDenied AccessDenied" {
		t.Errorf("detached: %s", got)
	}
}

func TestAttachmentsAreLimitedAndCounted(t *testing.T) {
	w := newWorld(t)
	w.policy(t)
	must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: "u", PermissionsBoundary: new(custom)}))(t)
	must(w.iam.CreateGroup(w.root, &iamapi.CreateGroupRequest{GroupName: "g"}))(t)
	w.role(t, "r", `"Service":"ec2.amazonaws.com"`)
	attach := func(arn string) func() error {
		return func() error {
			return errorOf(w.iam.AttachUserPolicy(w.root, &iamapi.AttachUserPolicyRequest{UserName: "u", PolicyArn: arn}))
		}
	}
	for i := range 9 {
		name := fmt.Sprintf("p%d", i)
		must(w.iam.CreatePolicy(w.root, &iamapi.CreatePolicyRequest{PolicyName: name, PolicyDocument: document(allow("kms:*", "*"))}))(t)
		wantError(t, name, attach("arn:aws:iam::111122223333:policy/"+name)(), "")
	}
	run(t, []step{
		{"the tenth", attach(custom), ""}, {"the tenth again", attach(custom), ""},
		{"the eleventh", attach("arn:aws:iam::aws:policy/ReadOnlyAccess"), "LimitExceeded: Cannot exceed quota for PoliciesPerUser: 10"},
		{"one not there", attach("arn:aws:iam::111122223333:policy/X"), "NoSuchEntity: Policy arn:aws:iam::111122223333:policy/X does not exist or is not attachable."},
		{"to a group", func() error {
			return errorOf(w.iam.AttachGroupPolicy(w.root, &iamapi.AttachGroupPolicyRequest{GroupName: "g", PolicyArn: custom}))
		}, ""},
		{"to a role", func() error {
			return errorOf(w.iam.AttachRolePolicy(w.root, &iamapi.AttachRolePolicyRequest{RoleName: "r", PolicyArn: custom}))
		}, ""},
		{"delete it", func() error {
			return errorOf(w.iam.DeletePolicy(w.root, &iamapi.DeletePolicyRequest{PolicyArn: custom}))
		}, "DeleteConflict: Cannot delete a policy attached to entities."},
		{"detach one that is not", func() error {
			return errorOf(w.iam.DetachRolePolicy(w.root, &iamapi.DetachRolePolicyRequest{RoleName: "r", PolicyArn: "arn:aws:iam::111122223333:policy/p1"}))
		}, "NoSuchEntity: Policy arn:aws:iam::111122223333:policy/p1 was not found."},
		{"delete AWS's", func() error {
			return errorOf(w.iam.DeletePolicy(w.root, &iamapi.DeletePolicyRequest{PolicyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess"}))
		}, "InvalidInput: Cannot perform the operation on the AWS managed policy ReadOnlyAccess."},
	})
	got := must(w.iam.GetPolicy(w.root, &iamapi.GetPolicyRequest{PolicyArn: custom}))(t).Policy
	if *got.AttachmentCount != 3 || *got.PermissionsBoundaryUsageCount != 1 {
		t.Errorf("counted %d, %d", *got.AttachmentCount, *got.PermissionsBoundaryUsageCount)
	}
	used := must(w.iam.ListEntitiesForPolicy(w.root, &iamapi.ListEntitiesForPolicyRequest{PolicyArn: custom}))(t)
	if len(used.PolicyGroups) != 1 || len(used.PolicyUsers) != 1 || len(used.PolicyRoles) != 1 || *used.PolicyRoles[0].RoleName != "r" {
		t.Errorf("used by %+v", used)
	}
	bounds := must(w.iam.ListEntitiesForPolicy(w.root, &iamapi.ListEntitiesForPolicyRequest{PolicyArn: custom, PolicyUsageFilter: new(iamapi.PolicyUsageTypePermissionsBoundary)}))(t)
	if len(bounds.PolicyGroups)+len(bounds.PolicyRoles) != 0 || len(bounds.PolicyUsers) != 1 {
		t.Errorf("bounds %+v", bounds)
	}
	listed := must(w.iam.ListAttachedUserPolicies(w.root, &iamapi.ListAttachedUserPoliciesRequest{UserName: "u", PathPrefix: new("/div/")}))(t)
	if len(listed.AttachedPolicies) != 1 || *listed.AttachedPolicies[0].PolicyName != "custom" {
		t.Errorf("attached %+v", listed)
	}
}

func TestListPoliciesByScopeAndUse(t *testing.T) {
	w := newWorld(t)
	w.policy(t)
	w.user(t, "Ada")
	must(w.iam.AttachUserPolicy(w.root, &iamapi.AttachUserPolicyRequest{UserName: "Ada", PolicyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess"}))(t)
	for name, c := range map[string]struct {
		in   iamapi.ListPoliciesRequest
		want int
	}{
		"all":      {iamapi.ListPoliciesRequest{}, len(awsByPath()) + 1},
		"AWS's":    {iamapi.ListPoliciesRequest{Scope: new(iamapi.PolicyScopeTypeAws)}, len(awsByPath())},
		"local":    {iamapi.ListPoliciesRequest{Scope: new(iamapi.PolicyScopeTypeLocal)}, 1},
		"attached": {iamapi.ListPoliciesRequest{OnlyAttached: new(true)}, 1},
		"bounding": {iamapi.ListPoliciesRequest{PolicyUsageFilter: new(iamapi.PolicyUsageTypePermissionsBoundary)}, 0},
		"path":     {iamapi.ListPoliciesRequest{PathPrefix: new("/div/")}, 1},
	} {
		n := 0
		c.in.MaxItems = new(int32(5))
		for {
			out := must(w.iam.ListPolicies(w.root, &c.in))(t)
			n += len(out.Policies)
			if c.in.Marker = out.Marker; out.Marker == nil {
				break
			}
		}
		if n != c.want {
			t.Errorf("%s: %d policies, want %d", name, n, c.want)
		}
	}
}

func TestAWSManagedPoliciesAllowWhatTheirNamesSay(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct{ allowed, refused string }{
		"AdministratorAccess":              {"kms:Decrypt", ""},
		"PowerUserAccess":                  {"kms:Decrypt", "iam:CreateUser"},
		"ReadOnlyAccess":                   {"kms:DescribeKey", "kms:Decrypt"},
		"IAMFullAccess":                    {"iam:CreateUser", "kms:Decrypt"},
		"IAMReadOnlyAccess":                {"iam:GetUser", "iam:CreateUser"},
		"AWSKeyManagementServicePowerUser": {"kms:CreateKey", "kms:ScheduleKeyDeletion"},
		"CloudWatchLogsFullAccess":         {"logs:DeleteLogGroup", "kms:Decrypt"},
		"CloudWatchLogsReadOnlyAccess":     {"logs:GetLogEvents", "logs:PutLogEvents"},
		"AmazonS3FullAccess":               {"s3:DeleteObject", "kms:Decrypt"},
		"AmazonS3ReadOnlyAccess":           {"s3:GetObject", "s3:PutObject"},
		"AWSCloudTrail_FullAccess":         {"cloudtrail:CreateTrail", "s3:GetObject"},
		"AWSCloudTrail_ReadOnlyAccess":     {"cloudtrail:LookupEvents", "cloudtrail:CreateTrail"},
		"SecurityAudit":                    {"kms:GetKeyPolicy", "logs:GetLogEvents"},
	} {
		m := awsPolicy("aws", "/", name)
		if m == nil || len(m.ID) != 21 {
			t.Fatalf("%s: %+v", name, m)
		}
		out := must(w.iam.SimulateCustomPolicy(w.root, &iamapi.SimulateCustomPolicyRequest{
			PolicyInputList: []string{m.document()}, ActionNames: []string{c.allowed, c.refused},
		}))(t)
		if got := out.EvaluationResults[0].EvalDecision; got != "allowed" {
			t.Errorf("%s: %s is %s", name, c.allowed, got)
		}
		if got := out.EvaluationResults[1].EvalDecision; c.refused != "" && got != "implicitDeny" {
			t.Errorf("%s: %s is %s", name, c.refused, got)
		}
	}
	if got := awsPolicy("aws-cn", "/", "AWSCloudTrail_FullAccess"); strings.Contains(got.document(), "arn:aws:") || got.arn() != "arn:aws-cn:iam::aws:policy/AWSCloudTrail_FullAccess" {
		t.Errorf("in China: %s %s", got.arn(), got.document())
	}
}
