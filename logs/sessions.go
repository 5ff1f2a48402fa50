package logs

import (
	"context"

	"sealstack/api/stsapi"
)

// Sessions is what CloudWatch Logs asks of STS.
type Sessions interface {
	AssumeRole(context.Context, *stsapi.AssumeRoleRequest) (*stsapi.AssumeRoleResponse, error)
}
