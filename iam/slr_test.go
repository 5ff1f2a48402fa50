package iam

import (
	"strings"
	"testing"

	"sealstack/api/iamapi"
)

func TestTheRoleOfAServiceIsTheServicesAlone(t *testing.T) {
	w := newWorld(t)
	create := func(service string, suffix *string) func() error {
		return func() error {
			return errorOf(w.iam.CreateServiceLinkedRole(w.root, &iamapi.CreateServiceLinkedRoleRequest{AWSServiceName: service, CustomSuffix: suffix}))
		}
	}
	name := "AWSServiceRoleForCloudTrail"
	protected := "UnmodifiableEntity: Cannot perform the operation on the protected role '" + name + "' - this role is only modifiable by AWS"
	policy := "arn:aws:iam::aws:policy/ReadOnlyAccess"
	run(t, []step{
		{"make", create("cloudtrail.amazonaws.com", nil), ""},
		{"again", create("cloudtrail.amazonaws.com", nil), "InvalidInput: Service role name " + name + " has been taken in this account, please try a different suffix."},
		{"with a suffix", create("cloudtrail.amazonaws.com", new("x")), "InvalidInput: Custom suffix is not allowed for cloudtrail.amazonaws.com"},
		{"with a suffix it may have", create("autoscaling.amazonaws.com", new("x")), ""},
		{"of no service", create("nothing.amazonaws.com", nil), "InvalidInput: Service role for nothing.amazonaws.com cannot be created."},
		{"attach", func() error {
			return errorOf(w.iam.AttachRolePolicy(w.root, &iamapi.AttachRolePolicyRequest{RoleName: name, PolicyArn: policy}))
		}, protected},
		{"detach", func() error {
			return errorOf(w.iam.DetachRolePolicy(w.root, &iamapi.DetachRolePolicyRequest{RoleName: name, PolicyArn: policy}))
		}, protected},
		{"put", func() error {
			return errorOf(w.iam.PutRolePolicy(w.root, &iamapi.PutRolePolicyRequest{RoleName: name, PolicyName: "p", PolicyDocument: document(allow("*", "*"))}))
		}, protected},
		{"bound", func() error {
			return errorOf(w.iam.PutRolePermissionsBoundary(w.root, &iamapi.PutRolePermissionsBoundaryRequest{RoleName: name, PermissionsBoundary: policy}))
		}, protected},
		{"trust", func() error {
			return errorOf(w.iam.UpdateAssumeRolePolicy(w.root, &iamapi.UpdateAssumeRolePolicyRequest{RoleName: name, PolicyDocument: trusting(`"AWS":"*"`)}))
		}, protected},
		{"delete", func() error { return errorOf(w.iam.DeleteRole(w.root, &iamapi.DeleteRoleRequest{RoleName: name})) }, protected},
		{"an ordinary role", func() error {
			w.role(t, "r", `"Service":"ec2.amazonaws.com"`)
			return errorOf(w.iam.DeleteServiceLinkedRole(w.root, &iamapi.DeleteServiceLinkedRoleRequest{RoleName: "r"}))
		}, "NoSuchEntity: The role with name r cannot be found."},
		{"no task", func() error {
			return errorOf(w.iam.GetServiceLinkedRoleDeletionStatus(w.root, &iamapi.GetServiceLinkedRoleDeletionStatusRequest{DeletionTaskId: "task/x"}))
		}, "NoSuchEntity: Deletion id was not found."},
	})
	task := must(w.iam.DeleteServiceLinkedRole(w.root, &iamapi.DeleteServiceLinkedRoleRequest{RoleName: name}))(t).DeletionTaskId
	if !strings.HasPrefix(task, "task/aws-service-role/cloudtrail.amazonaws.com/"+name+"/") {
		t.Errorf("task %s", task)
	}
	if got := must(w.iam.GetServiceLinkedRoleDeletionStatus(w.root, &iamapi.GetServiceLinkedRoleDeletionStatusRequest{DeletionTaskId: task}))(t); got.Status != "SUCCEEDED" {
		t.Errorf("status %s", got.Status)
	}
	wantError(t, "the role", errorOf(w.iam.GetRole(w.root, &iamapi.GetRoleRequest{RoleName: name})), "NoSuchEntity: The role with name "+name+" cannot be found.")
}
