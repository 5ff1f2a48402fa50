package iam

import (
	"context"

	"sealstack/api"
	"sealstack/api/stsapi"
)

// GetCallerIdentity tells who calls. No permission is needed, and no policy
// can forbid it:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func (s tokens) GetCallerIdentity(ctx context.Context, _ *stsapi.GetCallerIdentityRequest) (*stsapi.GetCallerIdentityResponse, error) {
	c := api.CallerOf(ctx)
	return &stsapi.GetCallerIdentityResponse{UserId: &c.ID, Account: &c.Account, Arn: &c.ARN}, nil
}
