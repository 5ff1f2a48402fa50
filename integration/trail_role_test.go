package integration

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

func TestAnOrganizationTrailMakesTheRoleLinkedToCloudTrail(t *testing.T) {
	x := startTrailed(t)
	x.organize()
	x.organizations(ours, "EnableAWSServiceAccess", `{"ServicePrincipal":"cloudtrail.amazonaws.com"}`)
	c := iamClient(x.server.URL, keys(ours, "test"))
	role := &iam.GetRoleInput{RoleName: aws.String("AWSServiceRoleForCloudTrail")}
	if _, err := c.GetRole(t.Context(), role); err == nil {
		t.Fatal("the role is there before a trail is")
	}
	x.trail(ours, organizationTrail)
	out, err := c.GetRole(t.Context(), role)
	x.ok(err)
	if *out.Role.Path != "/aws-service-role/cloudtrail.amazonaws.com/" {
		t.Errorf("its path is %s", *out.Role.Path)
	}
	e := x.named(ours, "us-east-1", "CreateServiceLinkedRole")
	if e.at("userIdentity", "invokedBy") != "cloudtrail.amazonaws.com" || e["sourceIPAddress"] != "cloudtrail.amazonaws.com" {
		t.Errorf("the record of its making is %v", e)
	}
}
