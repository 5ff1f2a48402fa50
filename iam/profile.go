package iam

import (
	"context"
	"errors"
	"strings"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/auth"
	"sealstack/storage"
)

// profileRef names an instance profile of the caller's account.
func profileRef(ctx context.Context, name string) ref { return ref{homeOf(ctx), aProfile, name} }

// profile shows an instance profile with its role.
func (r ref) profile(tx storage.Tx, e *entity) (iamapi.InstanceProfile, error) {
	shown := iamapi.InstanceProfile{
		Path: e.Path, InstanceProfileName: e.Name, InstanceProfileId: e.ID, Arn: r.arn(e),
		CreateDate: e.Created, Roles: []iamapi.Role{},
	}
	if e.Role == "" {
		return shown, nil
	}
	role, found, err := findID(tx, r.Home.Partition, e.Role)
	if err != nil {
		return shown, err
	}
	shown.Roles, err = showRoles(tx, []named{{role, found}})
	for i := range shown.Roles {
		shown.Roles[i].MaxSessionDuration = nil // AWS leaves it out here
	}
	return shown, err
}

// CreateInstanceProfile makes an instance profile without a role.
func (s identity) CreateInstanceProfile(ctx context.Context, in *iamapi.CreateInstanceProfileRequest) (*iamapi.CreateInstanceProfileResponse, error) {
	r := profileRef(ctx, in.InstanceProfileName)
	e := s.newEntity(profilePrefix, in.InstanceProfileName, in.Path)
	if err := s.permit(ctx, "iam:CreateInstanceProfile", r.arn(e), requestTagKeys(in.Tags)); err != nil {
		return nil, err
	}
	out := &iamapi.CreateInstanceProfileResponse{}
	err := s.update(ctx, func(tx storage.Tx) (err error) {
		if e.Tags, err = setTags(nil, in.Tags); err != nil {
			return err
		}
		if err := r.create(tx, e); err != nil {
			return err
		}
		out.InstanceProfile, err = r.profile(tx, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	out.InstanceProfile.Tags = showTags(e.Tags)
	return out, nil
}

// GetInstanceProfile returns an instance profile and its role.
func (s identity) GetInstanceProfile(ctx context.Context, in *iamapi.GetInstanceProfileRequest) (*iamapi.GetInstanceProfileResponse, error) {
	r := profileRef(ctx, in.InstanceProfileName)
	e, err := s.find(ctx, "iam:GetInstanceProfile", r)
	if err != nil {
		return nil, err
	}
	shown, err := s.showProfiles(ctx, []named{{r, e}})
	if err != nil {
		return nil, err
	}
	shown[0].Tags = showTags(e.Tags)
	return &iamapi.GetInstanceProfileResponse{InstanceProfile: shown[0]}, nil
}

func (s *state) showProfiles(ctx context.Context, found []named) (out []iamapi.InstanceProfile, err error) {
	err = s.view(ctx, func(tx storage.Tx) error {
		out = []iamapi.InstanceProfile{}
		for _, n := range found {
			shown, err := n.profile(tx, n.entity)
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				return err
			}
			out = append(out, shown)
		}
		return nil
	})
	return out, err
}

// ListInstanceProfiles lists the account's instance profiles under a path.
func (s identity) ListInstanceProfiles(ctx context.Context, in *iamapi.ListInstanceProfilesRequest) (*iamapi.ListInstanceProfilesResponse, error) {
	found, p, err := s.list(ctx, query{"ListInstanceProfiles", aProfile, deref(in.PathPrefix), in.Marker, in.MaxItems})
	if err != nil {
		return nil, err
	}
	shown, err := s.showProfiles(ctx, found)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListInstanceProfilesResponse{InstanceProfiles: shown, IsTruncated: p.truncated(), Marker: p.marker()}, nil
}

// profilesOf returns the instance profiles that a role is in.
func profilesOf(tx storage.Tx, h home, role string) (found []named, err error) {
	err = eachEntity(tx, h, aProfile, func(r ref, e *entity) bool {
		if e.Role == role {
			found = append(found, named{r, e})
		}
		return true
	})
	return found, err
}

// ListInstanceProfilesForRole lists the instance profiles that a role is in.
func (s identity) ListInstanceProfilesForRole(ctx context.Context, in *iamapi.ListInstanceProfilesForRoleRequest) (*iamapi.ListInstanceProfilesForRoleResponse, error) {
	r := roleRef(ctx, in.RoleName)
	e, err := s.find(ctx, "iam:ListInstanceProfilesForRole", r)
	if err != nil {
		return nil, err
	}
	p, err := s.newPage("ListInstanceProfilesForRole", in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var found []named
	err = s.view(ctx, func(tx storage.Tx) (err error) {
		found, err = profilesOf(tx, r.Home, e.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	found = pick(p, found, func(n named) string { return strings.ToLower(n.entity.Name) })
	shown, err := s.showProfiles(ctx, found)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListInstanceProfilesForRoleResponse{InstanceProfiles: shown, IsTruncated: p.truncated(), Marker: p.marker()}, nil
}

// DeleteInstanceProfile deletes an instance profile that has no role.
func (s identity) DeleteInstanceProfile(ctx context.Context, in *iamapi.DeleteInstanceProfileRequest) (*api.None, error) {
	r := profileRef(ctx, in.InstanceProfileName)
	return done(s.change(ctx, "iam:DeleteInstanceProfile", r, func(tx storage.Tx, e *entity) error {
		if e.Role != "" {
			return conflict("remove roles from instance profile")
		}
		return r.remove(tx, e)
	}))
}

// AddRoleToInstanceProfile puts a role into an instance profile, which takes
// one. Who does it must be allowed to pass the role to EC2:
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html
func (s identity) AddRoleToInstanceProfile(ctx context.Context, in *iamapi.AddRoleToInstanceProfileRequest) (*api.None, error) {
	r, role := profileRef(ctx, in.InstanceProfileName), roleRef(ctx, in.RoleName)
	if _, err := s.find(ctx, "iam:AddRoleToInstanceProfile", r); err != nil {
		return nil, err
	}
	if _, err := s.find(ctx, "iam:PassRole", role, auth.Keys{"iam:passedtoservice": {"ec2.amazonaws.com"}}); err != nil {
		return nil, err
	}
	return done(s.update(ctx, func(tx storage.Tx) error {
		e, err := r.load(tx)
		if err != nil {
			return err
		}
		found, err := role.load(tx)
		if err != nil {
			return err
		}
		if e.Role != "" {
			return overQuota("InstanceSessionsPerInstanceProfile", 1)
		}
		e.Role = found.ID
		return r.save(tx, e)
	}))
}

// RemoveRoleFromInstanceProfile takes the role out of an instance profile.
func (s identity) RemoveRoleFromInstanceProfile(ctx context.Context, in *iamapi.RemoveRoleFromInstanceProfileRequest) (*api.None, error) {
	r, role := profileRef(ctx, in.InstanceProfileName), roleRef(ctx, in.RoleName)
	return done(s.change(ctx, "iam:RemoveRoleFromInstanceProfile", r, func(tx storage.Tx, e *entity) error {
		found, err := role.load(tx)
		if err != nil {
			return err
		}
		if e.Role != found.ID {
			return iamapi.NoSuchEntityException("The role with name %s cannot be found.", in.RoleName)
		}
		e.Role = ""
		return r.save(tx, e)
	}))
}
