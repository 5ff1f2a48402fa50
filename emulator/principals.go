package emulator

import (
	"context"
	"errors"

	"sealstack/iam"
)

// principals tells KMS of the users and roles that key policies name:
// kms.Principals over the IAM service.
type principals struct{ iam *iam.Service }

// UniqueID implements kms.Principals.
func (p principals) UniqueID(ctx context.Context, arn string) (string, error) {
	id, err := p.iam.PrincipalID(ctx, arn)
	if errors.Is(err, iam.ErrNoPrincipal) {
		return "", nil
	}
	return id, err
}

// ARN implements kms.Principals.
func (p principals) ARN(ctx context.Context, id string) (string, error) {
	arn, err := p.iam.PrincipalARN(ctx, id)
	if err != nil || arn == id { // an id that comes back as it is has no principal
		return "", err
	}
	return arn, nil
}
