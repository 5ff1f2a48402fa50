package iam

import (
	"context"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/storage"
)

// defaultSession is the longest session of a role, in seconds, unless it says
// otherwise: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
const defaultSession = 3600

// roleRef names a role of the caller's account.
func roleRef(ctx context.Context, name string) ref { return ref{homeOf(ctx), aRole, name} }

// CreateRole makes a role that whoever the trust policy names may assume.
func (s identity) CreateRole(ctx context.Context, in *iamapi.CreateRoleRequest) (*iamapi.CreateRoleResponse, error) {
	r := roleRef(ctx, in.RoleName)
	e := s.newEntity(rolePrefix, in.RoleName, in.Path)
	e.Description, e.MaxSession, e.Boundary = in.Description, defaultSession, deref(in.PermissionsBoundary)
	if in.MaxSessionDuration != nil {
		e.MaxSession = *in.MaxSessionDuration
	}
	if err := s.permit(ctx, "iam:CreateRole", r.arn(e), creationKeys(in.Tags, e.Boundary)); err != nil {
		return nil, err
	}
	err := s.update(ctx, func(tx storage.Tx) (err error) {
		if e.Tags, err = setTags(nil, in.Tags); err != nil {
			return err
		}
		if err := checkBoundary(tx, r.Home, e.Boundary); err != nil {
			return err
		}
		if e.Trust, err = newTrust(tx, r.Home, in.AssumeRolePolicyDocument); err != nil {
			return err
		}
		return r.create(tx, e)
	})
	if err != nil {
		return nil, err
	}
	role := r.role(e, in.AssumeRolePolicyDocument)
	role.Tags, role.PermissionsBoundary = showTags(e.Tags), boundary(e.Boundary)
	role.MaxSessionDuration = in.MaxSessionDuration
	return &iamapi.CreateRoleResponse{Role: role}, nil
}

// role is how lists show a role, see
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
func (r ref) role(e *entity, trust string) iamapi.Role {
	return iamapi.Role{
		Path: e.Path, RoleName: e.Name, RoleId: e.ID, Arn: r.arn(e), CreateDate: e.Created,
		AssumeRolePolicyDocument: new(encodeDocument(trust)), Description: e.Description, MaxSessionDuration: new(e.MaxSession),
	}
}

// GetRole returns a role.
func (s identity) GetRole(ctx context.Context, in *iamapi.GetRoleRequest) (*iamapi.GetRoleResponse, error) {
	role, err := s.wholeRole(ctx, "iam:GetRole", in.RoleName)
	if err != nil {
		return nil, err
	}
	return &iamapi.GetRoleResponse{Role: *role}, nil
}

// wholeRole authorizes action and returns all of a role.
func (s *state) wholeRole(ctx context.Context, action, name string) (*iamapi.Role, error) {
	r := roleRef(ctx, name)
	e, err := s.find(ctx, action, r)
	if err != nil {
		return nil, err
	}
	var role iamapi.Role
	err = s.view(ctx, func(tx storage.Tx) error {
		text, err := showTrust(tx, r.Home.Partition, e.Trust)
		role = r.role(e, text)
		return err
	})
	if err != nil {
		return nil, err
	}
	role.Tags, role.PermissionsBoundary = showTags(e.Tags), boundary(e.Boundary)
	role.RoleLastUsed = s.usage.role(e)
	return &role, nil
}

// ListRoles lists the account's roles under a path.
func (s identity) ListRoles(ctx context.Context, in *iamapi.ListRolesRequest) (*iamapi.ListRolesResponse, error) {
	found, p, err := s.list(ctx, query{"ListRoles", aRole, deref(in.PathPrefix), in.Marker, in.MaxItems})
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListRolesResponse{IsTruncated: p.truncated(), Marker: p.marker()}
	err = s.view(ctx, func(tx storage.Tx) (err error) {
		out.Roles, err = showRoles(tx, found)
		return err
	})
	return out, err
}

func showRoles(tx storage.Tx, found []named) ([]iamapi.Role, error) {
	roles := []iamapi.Role{}
	for _, n := range found {
		text, err := showTrust(tx, n.Home.Partition, n.Trust)
		if err != nil {
			return nil, err
		}
		roles = append(roles, n.role(n.entity, text))
	}
	return roles, nil
}

// UpdateAssumeRolePolicy replaces the trust policy of a role.
func (s identity) UpdateAssumeRolePolicy(ctx context.Context, in *iamapi.UpdateAssumeRolePolicyRequest) (*api.None, error) {
	r := roleRef(ctx, in.RoleName)
	return done(s.change(ctx, "iam:UpdateAssumeRolePolicy", r, func(tx storage.Tx, e *entity) (err error) {
		if e.protected() {
			return unmodifiable(e.Name)
		}
		if e.Trust, err = newTrust(tx, r.Home, in.PolicyDocument); err != nil {
			return err
		}
		return r.save(tx, e)
	}))
}

// UpdateRole changes the description or the longest session of a role.
func (s identity) UpdateRole(ctx context.Context, in *iamapi.UpdateRoleRequest) (*iamapi.UpdateRoleResponse, error) {
	err := s.edit(ctx, "iam:UpdateRole", roleRef(ctx, in.RoleName), func(e *entity) error {
		if e.protected() && in.MaxSessionDuration != nil {
			return unmodifiable(e.Name)
		}
		if in.Description != nil {
			e.Description = in.Description
		}
		if in.MaxSessionDuration != nil {
			e.MaxSession = *in.MaxSessionDuration
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iamapi.UpdateRoleResponse{}, nil
}

// UpdateRoleDescription changes the description of a role.
func (s identity) UpdateRoleDescription(ctx context.Context, in *iamapi.UpdateRoleDescriptionRequest) (*iamapi.UpdateRoleDescriptionResponse, error) {
	err := s.edit(ctx, "iam:UpdateRoleDescription", roleRef(ctx, in.RoleName), func(e *entity) error {
		e.Description = &in.Description
		return nil
	})
	if err != nil {
		return nil, err
	}
	role, err := s.wholeRole(ctx, "iam:UpdateRoleDescription", in.RoleName)
	if err != nil {
		return nil, err
	}
	return &iamapi.UpdateRoleDescriptionResponse{Role: role}, nil
}

// DeleteRole deletes a role that holds nothing and is in no instance profile.
func (s identity) DeleteRole(ctx context.Context, in *iamapi.DeleteRoleRequest) (*api.None, error) {
	r := roleRef(ctx, in.RoleName)
	return done(s.change(ctx, "iam:DeleteRole", r, func(tx storage.Tx, e *entity) error {
		profiles, err := profilesOf(tx, r.Home, e.ID)
		switch {
		case err != nil:
			return err
		case e.protected():
			return unmodifiable(e.Name)
		case len(profiles) > 0:
			return conflict("remove roles from instance profile")
		case len(e.Attached) > 0:
			return conflict("detach all policies")
		case len(e.Inline) > 0:
			return conflict("delete policies")
		}
		return r.remove(tx, e)
	}))
}
