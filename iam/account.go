package iam

import (
	"context"
	"errors"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/policy"
	"sealstack/storage"
)

var (
	// aliases holds the accounts of a partition by alias: no two have the same.
	aliases = storage.NewTable[string]("iam.alias")
	// aliasOf holds an account's alias.
	aliasOf = storage.NewTable[string]("iam.aliasof")
)

func (h home) key() storage.Key { return storage.K(h.Partition, h.Account) }

// CreateAccountAlias gives the account an alias, in the place of the one it
// has: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html
func (s identity) CreateAccountAlias(ctx context.Context, in *iamapi.CreateAccountAliasRequest) (*api.None, error) {
	if err := s.permit(ctx, "iam:CreateAccountAlias", "*", nil); err != nil {
		return nil, err
	}
	h := homeOf(ctx)
	return done(s.update(ctx, func(tx storage.Tx) error {
		owner, err := aliases.Get(tx, storage.K(h.Partition, in.AccountAlias))
		switch {
		case err == nil && owner == h.Account:
			return nil
		case err == nil:
			return iamapi.EntityAlreadyExistsException("The account alias %s already exists.", in.AccountAlias)
		case !errors.Is(err, storage.ErrNotFound):
			return err
		}
		if err := dropAlias(tx, h); err != nil {
			return err
		}
		if err := aliases.Put(tx, storage.K(h.Partition, in.AccountAlias), h.Account); err != nil {
			return err
		}
		return aliasOf.Put(tx, h.key(), in.AccountAlias)
	}))
}

// dropAlias takes the account's alias away, if it has one.
func dropAlias(tx storage.Tx, h home) error {
	alias, err := aliasOf.Get(tx, h.key())
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := aliases.Delete(tx, storage.K(h.Partition, alias)); err != nil {
		return err
	}
	return aliasOf.Delete(tx, h.key())
}

// DeleteAccountAlias takes the account's alias away.
func (s identity) DeleteAccountAlias(ctx context.Context, in *iamapi.DeleteAccountAliasRequest) (*api.None, error) {
	if err := s.permit(ctx, "iam:DeleteAccountAlias", "*", nil); err != nil {
		return nil, err
	}
	h := homeOf(ctx)
	return done(s.update(ctx, func(tx storage.Tx) error {
		owner, err := aliases.Get(tx, storage.K(h.Partition, in.AccountAlias))
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		if owner != h.Account {
			return iamapi.NoSuchEntityException("The account alias %s cannot be found.", in.AccountAlias)
		}
		return dropAlias(tx, h)
	}))
}

// ListAccountAliases lists the account's alias, if it has one.
func (s identity) ListAccountAliases(ctx context.Context, in *iamapi.ListAccountAliasesRequest) (*iamapi.ListAccountAliasesResponse, error) {
	if err := s.permit(ctx, "iam:ListAccountAliases", "*", nil); err != nil {
		return nil, err
	}
	p, err := s.newPage("ListAccountAliases", in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var alias string
	err = s.view(ctx, func(tx storage.Tx) error {
		alias, err = aliasOf.Get(tx, homeOf(ctx).key())
		return err
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	out := &iamapi.ListAccountAliasesResponse{AccountAliases: []string{}}
	if alias != "" {
		out.AccountAliases = pick(p, []string{alias}, func(a string) string { return a })
	}
	out.IsTruncated, out.Marker = p.truncated(), p.marker()
	return out, nil
}

// quotas are the entries of GetAccountSummary that are the same for every
// account, see
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
var quotas = map[string]int32{
	"UsersQuota": int32(perAccount[aUser]), "GroupsQuota": int32(perAccount[aGroup]), "RolesQuota": int32(perAccount[aRole]),
	"InstanceProfilesQuota": int32(perAccount[aProfile]), "PoliciesQuota": policiesPerAccount,
	"UserPolicySizeQuota": policy.MaxUserInlineSize, "GroupPolicySizeQuota": policy.MaxGroupInlineSize,
	"RolePolicySizeQuota": policy.MaxRoleInlineSize, "PolicySizeQuota": policy.MaxManagedPolicySize,
	"AssumeRolePolicySizeQuota": policy.MaxTrustPolicySize, "GroupsPerUserQuota": groupsPerUser,
	"AccessKeysPerUserQuota": keysPerUser, "SigningCertificatesPerUserQuota": 2,
	"AttachedPoliciesPerUserQuota": attachedPerEntity, "AttachedPoliciesPerGroupQuota": attachedPerEntity,
	"AttachedPoliciesPerRoleQuota": attachedPerEntity, "VersionsPerPolicyQuota": versionsPerPolicy,
	"PolicyVersionsInUseQuota": 10000, "ServerCertificatesQuota": 20, "GlobalEndpointTokenVersion": 1,
	"ServerCertificates": 0, "MFADevices": 0, "MFADevicesInUse": 0, "AccountMFAEnabled": 0,
	"AccountPasswordPresent": 0, "AccountSigningCertificatesPresent": 0,
}

// GetAccountSummary counts what the account has.
func (s identity) GetAccountSummary(ctx context.Context, _ *api.None) (*iamapi.GetAccountSummaryResponse, error) {
	if err := s.permit(ctx, "iam:GetAccountSummary", "*", nil); err != nil {
		return nil, err
	}
	var counts map[string]int32
	err := s.view(ctx, func(tx storage.Tx) (err error) {
		counts, err = summary(tx, homeOf(ctx))
		return err
	})
	if err != nil {
		return nil, err
	}
	for name, n := range quotas {
		counts[name] = n
	}
	return &iamapi.GetAccountSummaryResponse{SummaryMap: counts}, nil
}

func summary(tx storage.Tx, h home) (map[string]int32, error) {
	counts := map[string]int32{}
	for name, what := range map[string]kind{"Users": aUser, "Groups": aGroup, "Roles": aRole, "InstanceProfiles": aProfile, "Providers": aProvider} {
		n, err := countEntities(tx, h, what)
		if err != nil {
			return nil, err
		}
		counts[name] = int32(n)
	}
	providers, err := countEntities(tx, h, aSAML)
	if err != nil {
		return nil, err
	}
	counts["Providers"] += int32(providers)
	counts["Policies"], counts["PolicyVersionsInUse"] = 0, 0
	for row, err := range policies.Scan(tx, storage.Range{Prefix: h.key()}) {
		if err != nil {
			return nil, err
		}
		counts["Policies"]++
		counts["PolicyVersionsInUse"] += int32(len(row.Value.Versions))
	}
	root, err := ref{h, aRoot, ""}.lookup(tx)
	if err != nil {
		return nil, err
	}
	counts["AccountAccessKeysPresent"] = 0
	if root != nil && len(root.Keys) > 0 {
		counts["AccountAccessKeysPresent"] = 1
	}
	return counts, nil
}
