package logs

import (
	"context"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/storage"
)

// storageTier is the account's storage tier in a Region. Tiers are a matter
// of price: they are kept and change nothing else.
type storageTier struct {
	Tier    logsapi.StorageTier
	Updated int64
}

var storageTiers = storage.NewTable[storageTier]("logs.storagetier")

// PutStorageTierPolicy sets the account's storage tier.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutStorageTierPolicy.html
func (s *Service) PutStorageTierPolicy(ctx context.Context, in *logsapi.PutStorageTierPolicyRequest) (*logsapi.PutStorageTierPolicyResponse, error) {
	if err := s.authorizeAccount(ctx, "PutStorageTierPolicy"); err != nil {
		return nil, err
	}
	t := storageTier{in.StorageTier, s.now()}
	err := s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error { return storageTiers.Put(tx, placeOf(ctx).key(), t) })
	if err != nil {
		return nil, err
	}
	return &logsapi.PutStorageTierPolicyResponse{StorageTier: &t.Tier, LastUpdatedTime: &t.Updated}, nil
}

// GetStorageTierPolicy returns the account's storage tier.
//
// Unverified: the answer for an account that has set none.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetStorageTierPolicy.html
func (s *Service) GetStorageTierPolicy(ctx context.Context, _ *logsapi.GetStorageTierPolicyRequest) (*logsapi.GetStorageTierPolicyResponse, error) {
	if err := s.authorizeAccount(ctx, "GetStorageTierPolicy"); err != nil {
		return nil, err
	}
	t, err := lookup(ctx, s, storageTiers, placeOf(ctx).key(), func() error {
		return logsapi.ResourceNotFoundException("The specified storage tier policy does not exist.")
	})
	if err != nil {
		return nil, err
	}
	return &logsapi.GetStorageTierPolicyResponse{StorageTier: &t.Tier, LastUpdatedTime: &t.Updated}, nil
}

// PutBearerTokenAuthentication sets whether a group's events may be put with
// a bearer token. The endpoints that take such tokens are not here.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutBearerTokenAuthentication.html
func (s *Service) PutBearerTokenAuthentication(ctx context.Context, in *logsapi.PutBearerTokenAuthenticationRequest) (*api.None, error) {
	name, err := groupName(ctx, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, "PutBearerTokenAuthentication", name, func(g *group) error {
		if err := readable(g); err != nil {
			return err
		}
		g.BearerTokens = in.BearerTokenAuthenticationEnabled
		return nil
	})
}
