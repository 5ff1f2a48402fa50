package iam

import (
	"context"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/arn"
	"sealstack/storage"
)

// attach attaches a managed policy to an entity; one that is attached already
// stays.
func (s *state) attach(ctx context.Context, action string, r ref, text string) error {
	return s.change(ctx, action, r, func(tx storage.Tx, e *entity) error {
		m, err := findPolicy(tx, r.Home, text)
		switch {
		case err != nil:
			return err
		case m == nil:
			return notAttachable(text)
		case e.protected():
			return unmodifiable(e.Name)
		case slices.Contains(e.Attached, text):
			return nil
		case len(e.Attached) >= attachedPerEntity:
			return overQuota(attachedQuota[r.Kind], attachedPerEntity)
		}
		e.Attached = append(e.Attached, text)
		return r.save(tx, e)
	}, policyKeys(text))
}

func (s *state) detach(ctx context.Context, action string, r ref, text string) error {
	return s.edit(ctx, action, r, func(e *entity) error {
		if e.protected() {
			return unmodifiable(e.Name)
		}
		at := slices.Index(e.Attached, text)
		if at < 0 {
			return noSuchPolicy(text)
		}
		e.Attached = slices.Delete(e.Attached, at, at+1)
		return nil
	}, policyKeys(text))
}

// listAttached lists the managed policies of an entity under a path, by name.
func (s *state) listAttached(ctx context.Context, operation string, r ref, prefix, marker *string, max *int32) ([]iamapi.AttachedPolicy, *page, error) {
	e, err := s.find(ctx, "iam:"+operation, r)
	if err != nil {
		return nil, nil, err
	}
	p, err := s.newPage(operation, marker, max)
	if err != nil {
		return nil, nil, err
	}
	all := showAttached(e.Attached, deref(prefix))
	return pick(p, all, attachedOrder), p, nil
}

func attachedOrder(a iamapi.AttachedPolicy) string {
	return strings.ToLower(*a.PolicyName) + "\x00" + *a.PolicyArn
}

// showAttached names the policies under a path, by name.
func showAttached(arns []string, prefix string) []iamapi.AttachedPolicy {
	out := []iamapi.AttachedPolicy{}
	for _, text := range arns {
		path, name := pathOf(text)
		if strings.HasPrefix(path, prefix) {
			out = append(out, iamapi.AttachedPolicy{PolicyName: &name, PolicyArn: &text})
		}
	}
	slices.SortFunc(out, func(a, b iamapi.AttachedPolicy) int { return strings.Compare(attachedOrder(a), attachedOrder(b)) })
	return out
}

// pathOf returns path and name in the ARN of something of IAM.
func pathOf(text string) (path, name string) {
	a, err := arn.Parse(text)
	if err != nil {
		return "", text
	}
	return arn.SplitPath(a.ID())
}

// attachment counts how often a managed policy is used.
type attachment struct{ attached, boundary int32 }

// attachments counts for the caller's account, by ARN of the policy.
func (s *state) attachments(ctx context.Context) (used map[string]attachment, err error) {
	err = s.view(ctx, func(tx storage.Tx) error {
		used, err = countAttachments(tx, homeOf(ctx))
		return err
	})
	return used, err
}

func countAttachments(tx storage.Tx, h home) (map[string]attachment, error) {
	used := map[string]attachment{}
	for _, what := range []kind{aUser, aGroup, aRole} {
		err := eachEntity(tx, h, what, func(_ ref, e *entity) bool {
			for _, text := range e.Attached {
				n := used[text]
				n.attached++
				used[text] = n
			}
			if e.Boundary != "" {
				n := used[e.Boundary]
				n.boundary++
				used[e.Boundary] = n
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	return used, nil
}

// checkBoundary refuses a permissions boundary that is no managed policy.
func checkBoundary(tx storage.Tx, h home, text string) error {
	if text == "" {
		return nil
	}
	m, err := findPolicy(tx, h, text)
	if err == nil && m == nil {
		err = notAttachable(text)
	}
	return err
}

func (s *state) putBoundary(ctx context.Context, action string, r ref, text string) error {
	return s.change(ctx, action, r, func(tx storage.Tx, e *entity) error {
		if e.protected() {
			return unmodifiable(e.Name)
		}
		if err := checkBoundary(tx, r.Home, text); err != nil {
			return err
		}
		e.Boundary = text
		return r.save(tx, e)
	}, boundaryKeys(text))
}

func (s *state) deleteBoundary(ctx context.Context, action string, r ref) error {
	return s.edit(ctx, action, r, func(e *entity) error {
		if e.Boundary == "" {
			return iamapi.NoSuchEntityException("The %s with name %s does not have a permissions boundary.", nouns[r.Kind], e.Name)
		}
		e.Boundary = ""
		return nil
	})
}

// PutUserPermissionsBoundary sets the permissions boundary of a user.
func (s identity) PutUserPermissionsBoundary(ctx context.Context, in *iamapi.PutUserPermissionsBoundaryRequest) (*api.None, error) {
	return done(s.putBoundary(ctx, "iam:PutUserPermissionsBoundary", userRef(ctx, in.UserName), in.PermissionsBoundary))
}

// PutRolePermissionsBoundary sets the permissions boundary of a role.
func (s identity) PutRolePermissionsBoundary(ctx context.Context, in *iamapi.PutRolePermissionsBoundaryRequest) (*api.None, error) {
	return done(s.putBoundary(ctx, "iam:PutRolePermissionsBoundary", roleRef(ctx, in.RoleName), in.PermissionsBoundary))
}

// DeleteUserPermissionsBoundary removes the permissions boundary of a user.
func (s identity) DeleteUserPermissionsBoundary(ctx context.Context, in *iamapi.DeleteUserPermissionsBoundaryRequest) (*api.None, error) {
	return done(s.deleteBoundary(ctx, "iam:DeleteUserPermissionsBoundary", userRef(ctx, in.UserName)))
}

// DeleteRolePermissionsBoundary removes the permissions boundary of a role.
func (s identity) DeleteRolePermissionsBoundary(ctx context.Context, in *iamapi.DeleteRolePermissionsBoundaryRequest) (*api.None, error) {
	return done(s.deleteBoundary(ctx, "iam:DeleteRolePermissionsBoundary", roleRef(ctx, in.RoleName)))
}

// AttachUserPolicy attaches a managed policy to a user.
func (s identity) AttachUserPolicy(ctx context.Context, in *iamapi.AttachUserPolicyRequest) (*api.None, error) {
	return done(s.attach(ctx, "iam:AttachUserPolicy", userRef(ctx, in.UserName), in.PolicyArn))
}

// DetachUserPolicy takes a managed policy off a user.
func (s identity) DetachUserPolicy(ctx context.Context, in *iamapi.DetachUserPolicyRequest) (*api.None, error) {
	return done(s.detach(ctx, "iam:DetachUserPolicy", userRef(ctx, in.UserName), in.PolicyArn))
}

// ListAttachedUserPolicies lists the managed policies of a user.
func (s identity) ListAttachedUserPolicies(ctx context.Context, in *iamapi.ListAttachedUserPoliciesRequest) (*iamapi.ListAttachedUserPoliciesResponse, error) {
	all, p, err := s.listAttached(ctx, "ListAttachedUserPolicies", userRef(ctx, in.UserName), in.PathPrefix, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListAttachedUserPoliciesResponse{AttachedPolicies: all, IsTruncated: p.truncated(), Marker: p.marker()}, nil
}

// AttachGroupPolicy attaches a managed policy to a group.
func (s identity) AttachGroupPolicy(ctx context.Context, in *iamapi.AttachGroupPolicyRequest) (*api.None, error) {
	return done(s.attach(ctx, "iam:AttachGroupPolicy", groupRef(ctx, in.GroupName), in.PolicyArn))
}

// DetachGroupPolicy takes a managed policy off a group.
func (s identity) DetachGroupPolicy(ctx context.Context, in *iamapi.DetachGroupPolicyRequest) (*api.None, error) {
	return done(s.detach(ctx, "iam:DetachGroupPolicy", groupRef(ctx, in.GroupName), in.PolicyArn))
}

// ListAttachedGroupPolicies lists the managed policies of a group.
func (s identity) ListAttachedGroupPolicies(ctx context.Context, in *iamapi.ListAttachedGroupPoliciesRequest) (*iamapi.ListAttachedGroupPoliciesResponse, error) {
	all, p, err := s.listAttached(ctx, "ListAttachedGroupPolicies", groupRef(ctx, in.GroupName), in.PathPrefix, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListAttachedGroupPoliciesResponse{AttachedPolicies: all, IsTruncated: p.truncated(), Marker: p.marker()}, nil
}

// AttachRolePolicy attaches a managed policy to a role.
func (s identity) AttachRolePolicy(ctx context.Context, in *iamapi.AttachRolePolicyRequest) (*api.None, error) {
	return done(s.attach(ctx, "iam:AttachRolePolicy", roleRef(ctx, in.RoleName), in.PolicyArn))
}

// DetachRolePolicy takes a managed policy off a role.
func (s identity) DetachRolePolicy(ctx context.Context, in *iamapi.DetachRolePolicyRequest) (*api.None, error) {
	return done(s.detach(ctx, "iam:DetachRolePolicy", roleRef(ctx, in.RoleName), in.PolicyArn))
}

// ListAttachedRolePolicies lists the managed policies of a role.
func (s identity) ListAttachedRolePolicies(ctx context.Context, in *iamapi.ListAttachedRolePoliciesRequest) (*iamapi.ListAttachedRolePoliciesResponse, error) {
	all, p, err := s.listAttached(ctx, "ListAttachedRolePolicies", roleRef(ctx, in.RoleName), in.PathPrefix, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListAttachedRolePoliciesResponse{AttachedPolicies: all, IsTruncated: p.truncated(), Marker: p.marker()}, nil
}
