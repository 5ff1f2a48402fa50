package iam

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/storage"
)

// groupRef names a group of the caller's account.
func groupRef(ctx context.Context, name string) ref { return ref{homeOf(ctx), aGroup, name} }

func (r ref) group(e *entity) iamapi.Group {
	return iamapi.Group{Path: e.Path, GroupName: e.Name, GroupId: e.ID, Arn: r.arn(e), CreateDate: e.Created}
}

// CreateGroup makes an empty group.
func (s identity) CreateGroup(ctx context.Context, in *iamapi.CreateGroupRequest) (*iamapi.CreateGroupResponse, error) {
	r := groupRef(ctx, in.GroupName)
	e := s.newEntity(groupPrefix, in.GroupName, in.Path)
	if err := s.permit(ctx, "iam:CreateGroup", r.arn(e), nil); err != nil {
		return nil, err
	}
	if err := s.update(ctx, func(tx storage.Tx) error { return r.create(tx, e) }); err != nil {
		return nil, err
	}
	return &iamapi.CreateGroupResponse{Group: r.group(e)}, nil
}

// GetGroup returns a group and its users.
func (s identity) GetGroup(ctx context.Context, in *iamapi.GetGroupRequest) (*iamapi.GetGroupResponse, error) {
	r := groupRef(ctx, in.GroupName)
	e, err := s.find(ctx, "iam:GetGroup", r)
	if err != nil {
		return nil, err
	}
	var members []named
	err = s.view(ctx, func(tx storage.Tx) error {
		members = nil
		return eachEntity(tx, r.Home, aUser, func(u ref, user *entity) bool {
			if slices.Contains(user.Groups, e.ID) {
				members = append(members, named{u, user})
			}
			return true
		})
	})
	if err != nil {
		return nil, err
	}
	p, err := s.newPage("GetGroup", in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	members = pick(p, members, func(n named) string { return strings.ToLower(n.entity.Name) })
	return &iamapi.GetGroupResponse{
		Group: r.group(e), Users: show(members, ref.user), IsTruncated: p.truncated(), Marker: p.marker(),
	}, nil
}

// ListGroups lists the account's groups under a path.
func (s identity) ListGroups(ctx context.Context, in *iamapi.ListGroupsRequest) (*iamapi.ListGroupsResponse, error) {
	q := query{"ListGroups", aGroup, deref(in.PathPrefix), in.Marker, in.MaxItems}
	found, p, err := s.list(ctx, q)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListGroupsResponse{Groups: show(found, ref.group), IsTruncated: p.truncated(), Marker: p.marker()}, nil
}

// UpdateGroup gives a group another name or path; its users stay in it.
func (s identity) UpdateGroup(ctx context.Context, in *iamapi.UpdateGroupRequest) (*api.None, error) {
	r := groupRef(ctx, in.GroupName)
	return done(s.move(ctx, "iam:UpdateGroup", r, in.NewGroupName, in.NewPath))
}

// DeleteGroup deletes a group that has no users and no policies.
func (s identity) DeleteGroup(ctx context.Context, in *iamapi.DeleteGroupRequest) (*api.None, error) {
	r := groupRef(ctx, in.GroupName)
	return done(s.change(ctx, "iam:DeleteGroup", r, func(tx storage.Tx, e *entity) error {
		members, err := hasMembers(tx, r.Home, e.ID)
		switch {
		case err != nil:
			return err
		case members:
			return conflict("remove users from group")
		case len(e.Attached) > 0:
			return conflict("detach all policies")
		case len(e.Inline) > 0:
			return conflict("delete policies")
		}
		return r.remove(tx, e)
	}))
}

func hasMembers(tx storage.Tx, h home, group string) (found bool, err error) {
	err = eachEntity(tx, h, aUser, func(_ ref, user *entity) bool {
		found = slices.Contains(user.Groups, group)
		return !found
	})
	return found, err
}

// AddUserToGroup puts a user into a group; one who is in it already stays.
func (s identity) AddUserToGroup(ctx context.Context, in *iamapi.AddUserToGroupRequest) (*api.None, error) {
	return done(s.member(ctx, "iam:AddUserToGroup", in.GroupName, in.UserName, func(user, group *entity) error {
		if slices.Contains(user.Groups, group.ID) {
			return nil
		}
		if len(user.Groups) >= groupsPerUser {
			return overQuota("GroupsPerUser", groupsPerUser)
		}
		user.Groups = append(user.Groups, group.ID)
		return nil
	}))
}

// RemoveUserFromGroup takes a user out of a group; one who is not in it is no
// error.
//
// Unverified: that AWS does not mind either.
func (s identity) RemoveUserFromGroup(ctx context.Context, in *iamapi.RemoveUserFromGroupRequest) (*api.None, error) {
	return done(s.member(ctx, "iam:RemoveUserFromGroup", in.GroupName, in.UserName, func(user, group *entity) error {
		user.Groups = slices.DeleteFunc(user.Groups, func(id string) bool { return id == group.ID })
		return nil
	}))
}

// member authorizes action on the group and changes the user.
func (s *state) member(ctx context.Context, action, group, user string, fn func(user, group *entity) error) error {
	g, u := groupRef(ctx, group), userRef(ctx, user)
	return s.change(ctx, action, g, func(tx storage.Tx, e *entity) error {
		member, err := u.load(tx)
		if err != nil {
			return err
		}
		if err := fn(member, e); err != nil {
			return err
		}
		return u.save(tx, member)
	})
}

// ListGroupsForUser lists the groups of a user by name.
func (s identity) ListGroupsForUser(ctx context.Context, in *iamapi.ListGroupsForUserRequest) (*iamapi.ListGroupsForUserResponse, error) {
	r := userRef(ctx, in.UserName)
	e, err := s.find(ctx, "iam:ListGroupsForUser", r)
	if err != nil {
		return nil, err
	}
	p, err := s.newPage("ListGroupsForUser", in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var groups []iamapi.Group
	err = s.view(ctx, func(tx storage.Tx) error {
		groups = nil
		return eachGroup(tx, r.Home, e, func(g ref, group *entity) { groups = append(groups, g.group(group)) })
	})
	if err != nil {
		return nil, err
	}
	name := func(g iamapi.Group) string { return strings.ToLower(g.GroupName) }
	slices.SortFunc(groups, func(a, b iamapi.Group) int { return strings.Compare(name(a), name(b)) })
	groups = pick(p, groups, name)
	return &iamapi.ListGroupsForUserResponse{Groups: groups, IsTruncated: p.truncated(), Marker: p.marker()}, nil
}

// eachGroup calls fn for the groups that a user is in.
func eachGroup(tx storage.Tx, h home, user *entity, fn func(ref, *entity)) error {
	for _, id := range user.Groups {
		r, e, err := findID(tx, h.Partition, id)
		if errors.Is(err, storage.ErrNotFound) {
			continue // read from an older snapshot than user
		}
		if err != nil {
			return err
		}
		fn(r, e)
	}
	return nil
}
