package iam

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"sealstack/api/iamapi"
	"sealstack/storage"
)

// linkedPath begins the path of every role that is linked to a service.
const linkedPath = "/aws-service-role/"

// protected reports whether a role is linked to a service, which alone may
// change it.
func (e *entity) protected() bool { return strings.HasPrefix(e.Path, linkedPath) }

// linkedNames are the names of service-linked roles, by service principal, see
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
var linkedNames = map[string]string{
	"cloudtrail.amazonaws.com":           "AWSServiceRoleForCloudTrail",
	"delivery.logs.amazonaws.com":        "AWSServiceRoleForLogDelivery",
	"mrk.kms.amazonaws.com":              "AWSServiceRoleForKeyManagementServiceMultiRegionKeys",
	"cks.kms.amazonaws.com":              "AWSServiceRoleForKeyManagementServiceCustomKeyStores",
	"autoscaling.amazonaws.com":          "AWSServiceRoleForAutoScaling",
	"config.amazonaws.com":               "AWSServiceRoleForConfig",
	"ecs.amazonaws.com":                  "AWSServiceRoleForECS",
	"elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
	"organizations.amazonaws.com":        "AWSServiceRoleForOrganizations",
	"rds.amazonaws.com":                  "AWSServiceRoleForRDS",
	"sso.amazonaws.com":                  "AWSServiceRoleForSSO",
	"support.amazonaws.com":              "AWSServiceRoleForSupport",
	"trustedadvisor.amazonaws.com":       "AWSServiceRoleForTrustedAdvisor",
}

// suffixed are the services that let the caller choose the end of the name.
var suffixed = map[string]bool{"autoscaling.amazonaws.com": true}

// CreateServiceLinkedRole makes the role that a service has in the account.
// What the role may do is the service's own policy, which is not carried.
//
// Unverified: the sentences.
func (s identity) CreateServiceLinkedRole(ctx context.Context, in *iamapi.CreateServiceLinkedRoleRequest) (*iamapi.CreateServiceLinkedRoleResponse, error) {
	name, ok := linkedNames[in.AWSServiceName]
	if !ok {
		return nil, iamapi.InvalidInputException("Service role for %s cannot be created.", in.AWSServiceName)
	}
	if in.CustomSuffix != nil {
		if !suffixed[in.AWSServiceName] {
			return nil, iamapi.InvalidInputException("Custom suffix is not allowed for %s", in.AWSServiceName)
		}
		name += "_" + *in.CustomSuffix
	}
	r := roleRef(ctx, name)
	e := s.newEntity(rolePrefix, name, new(linkedPath+in.AWSServiceName+"/"))
	e.Description, e.MaxSession = in.Description, defaultSession
	e.Trust = `{"Version":"2012-10-17","Statement":[{"Action":["sts:AssumeRole"],"Effect":"Allow","Principal":{"Service":["` + in.AWSServiceName + `"]}}]}`
	if err := s.permit(ctx, "iam:CreateServiceLinkedRole", r.arn(e), serviceKeys(in.AWSServiceName)); err != nil {
		return nil, err
	}
	err := s.update(ctx, func(tx storage.Tx) error {
		taken, err := r.lookup(tx)
		if err != nil {
			return err
		}
		if taken != nil {
			return iamapi.InvalidInputException("Service role name %s has been taken in this account, please try a different suffix.", name)
		}
		return r.create(tx, e)
	})
	if err != nil {
		return nil, err
	}
	role := r.role(e, e.Trust)
	return &iamapi.CreateServiceLinkedRoleResponse{Role: &role}, nil
}

// deletions holds the tasks that deleted a service-linked role: they end at
// once.
var deletions = storage.NewTable[bool]("iam.deletion")

// DeleteServiceLinkedRole deletes the role of a service.
func (s identity) DeleteServiceLinkedRole(ctx context.Context, in *iamapi.DeleteServiceLinkedRoleRequest) (*iamapi.DeleteServiceLinkedRoleResponse, error) {
	r := roleRef(ctx, in.RoleName)
	var task string
	err := s.change(ctx, "iam:DeleteServiceLinkedRole", r, func(tx storage.Tx, e *entity) error {
		if !e.protected() {
			return noSuch(aRole, in.RoleName)
		}
		task = "task" + e.Path + e.Name + "/" + rand.Text()
		if err := deletions.Put(tx, r.Home.key().With(task), true); err != nil {
			return err
		}
		return r.remove(tx, e)
	})
	if err != nil {
		return nil, err
	}
	return &iamapi.DeleteServiceLinkedRoleResponse{DeletionTaskId: task}, nil
}

// GetServiceLinkedRoleDeletionStatus tells how a deletion went.
func (s identity) GetServiceLinkedRoleDeletionStatus(ctx context.Context, in *iamapi.GetServiceLinkedRoleDeletionStatusRequest) (*iamapi.GetServiceLinkedRoleDeletionStatusResponse, error) {
	if err := s.permit(ctx, "iam:GetServiceLinkedRoleDeletionStatus", homeOf(ctx).arn(aRole, linkedPath, "*"), nil); err != nil {
		return nil, err
	}
	err := s.view(ctx, func(tx storage.Tx) error {
		_, err := deletions.Get(tx, homeOf(ctx).key().With(in.DeletionTaskId))
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil, iamapi.NoSuchEntityException("Deletion id was not found.")
	}
	if err != nil {
		return nil, err
	}
	return &iamapi.GetServiceLinkedRoleDeletionStatusResponse{Status: iamapi.DeletionTaskStatusTypeSucceeded}, nil
}
