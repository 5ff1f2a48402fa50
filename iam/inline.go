package iam

import (
	"context"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/policy"
)

// putInline sets an inline policy of an entity. All of them together have a
// limit of size: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func (s *state) putInline(ctx context.Context, action string, r ref, name, document string) error {
	return s.edit(ctx, action, r, func(e *entity) error {
		if e.protected() {
			return unmodifiable(e.Name)
		}
		if err := checkIdentityPolicy(document); err != nil {
			return err
		}
		if e.Inline == nil {
			e.Inline = map[string]string{}
		}
		e.Inline[name] = document
		if sizeOfAll(e.Inline) > inlineSize[r.Kind] {
			return overInlineSize(r.Kind, e.Name)
		}
		return nil
	})
}

func sizeOfAll(documents map[string]string) (n int) {
	for _, document := range documents {
		n += policy.Size(document)
	}
	return n
}

// getInline returns an inline policy, encoded for an answer.
func (s *state) getInline(ctx context.Context, action string, r ref, name string) (owner, document string, err error) {
	e, err := s.find(ctx, action, r)
	if err != nil {
		return "", "", err
	}
	text, ok := e.Inline[name]
	if !ok {
		return "", "", noSuchInline(r.Kind, name)
	}
	return e.Name, encodeDocument(text), nil
}

func (s *state) deleteInline(ctx context.Context, action string, r ref, name string) error {
	return s.edit(ctx, action, r, func(e *entity) error {
		if e.protected() {
			return unmodifiable(e.Name)
		}
		if _, ok := e.Inline[name]; !ok {
			return noSuchInline(r.Kind, name)
		}
		delete(e.Inline, name)
		return nil
	})
}

func (s *state) listInline(ctx context.Context, operation string, r ref, marker *string, max *int32) ([]string, *page, error) {
	e, err := s.find(ctx, "iam:"+operation, r)
	if err != nil {
		return nil, nil, err
	}
	p, err := s.newPage(operation, marker, max)
	if err != nil {
		return nil, nil, err
	}
	return pick(p, sortedNames(e.Inline), func(name string) string { return name }), p, nil
}

// PutUserPolicy sets an inline policy of a user.
func (s identity) PutUserPolicy(ctx context.Context, in *iamapi.PutUserPolicyRequest) (*api.None, error) {
	return done(s.putInline(ctx, "iam:PutUserPolicy", userRef(ctx, in.UserName), in.PolicyName, in.PolicyDocument))
}

// GetUserPolicy returns an inline policy of a user.
func (s identity) GetUserPolicy(ctx context.Context, in *iamapi.GetUserPolicyRequest) (*iamapi.GetUserPolicyResponse, error) {
	owner, document, err := s.getInline(ctx, "iam:GetUserPolicy", userRef(ctx, in.UserName), in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &iamapi.GetUserPolicyResponse{UserName: owner, PolicyName: in.PolicyName, PolicyDocument: document}, nil
}

// DeleteUserPolicy deletes an inline policy of a user.
func (s identity) DeleteUserPolicy(ctx context.Context, in *iamapi.DeleteUserPolicyRequest) (*api.None, error) {
	return done(s.deleteInline(ctx, "iam:DeleteUserPolicy", userRef(ctx, in.UserName), in.PolicyName))
}

// ListUserPolicies lists the names of a user's inline policies.
func (s identity) ListUserPolicies(ctx context.Context, in *iamapi.ListUserPoliciesRequest) (*iamapi.ListUserPoliciesResponse, error) {
	names, p, err := s.listInline(ctx, "ListUserPolicies", userRef(ctx, in.UserName), in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListUserPoliciesResponse{PolicyNames: names, IsTruncated: p.truncated(), Marker: p.marker()}, nil
}

// PutGroupPolicy sets an inline policy of a group.
func (s identity) PutGroupPolicy(ctx context.Context, in *iamapi.PutGroupPolicyRequest) (*api.None, error) {
	return done(s.putInline(ctx, "iam:PutGroupPolicy", groupRef(ctx, in.GroupName), in.PolicyName, in.PolicyDocument))
}

// GetGroupPolicy returns an inline policy of a group.
func (s identity) GetGroupPolicy(ctx context.Context, in *iamapi.GetGroupPolicyRequest) (*iamapi.GetGroupPolicyResponse, error) {
	owner, document, err := s.getInline(ctx, "iam:GetGroupPolicy", groupRef(ctx, in.GroupName), in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &iamapi.GetGroupPolicyResponse{GroupName: owner, PolicyName: in.PolicyName, PolicyDocument: document}, nil
}

// DeleteGroupPolicy deletes an inline policy of a group.
func (s identity) DeleteGroupPolicy(ctx context.Context, in *iamapi.DeleteGroupPolicyRequest) (*api.None, error) {
	return done(s.deleteInline(ctx, "iam:DeleteGroupPolicy", groupRef(ctx, in.GroupName), in.PolicyName))
}

// ListGroupPolicies lists the names of a group's inline policies.
func (s identity) ListGroupPolicies(ctx context.Context, in *iamapi.ListGroupPoliciesRequest) (*iamapi.ListGroupPoliciesResponse, error) {
	names, p, err := s.listInline(ctx, "ListGroupPolicies", groupRef(ctx, in.GroupName), in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListGroupPoliciesResponse{PolicyNames: names, IsTruncated: p.truncated(), Marker: p.marker()}, nil
}

// PutRolePolicy sets an inline policy of a role.
func (s identity) PutRolePolicy(ctx context.Context, in *iamapi.PutRolePolicyRequest) (*api.None, error) {
	return done(s.putInline(ctx, "iam:PutRolePolicy", roleRef(ctx, in.RoleName), in.PolicyName, in.PolicyDocument))
}

// GetRolePolicy returns an inline policy of a role.
func (s identity) GetRolePolicy(ctx context.Context, in *iamapi.GetRolePolicyRequest) (*iamapi.GetRolePolicyResponse, error) {
	owner, document, err := s.getInline(ctx, "iam:GetRolePolicy", roleRef(ctx, in.RoleName), in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &iamapi.GetRolePolicyResponse{RoleName: owner, PolicyName: in.PolicyName, PolicyDocument: document}, nil
}

// DeleteRolePolicy deletes an inline policy of a role.
func (s identity) DeleteRolePolicy(ctx context.Context, in *iamapi.DeleteRolePolicyRequest) (*api.None, error) {
	return done(s.deleteInline(ctx, "iam:DeleteRolePolicy", roleRef(ctx, in.RoleName), in.PolicyName))
}

// ListRolePolicies lists the names of a role's inline policies.
func (s identity) ListRolePolicies(ctx context.Context, in *iamapi.ListRolePoliciesRequest) (*iamapi.ListRolePoliciesResponse, error) {
	names, p, err := s.listInline(ctx, "ListRolePolicies", roleRef(ctx, in.RoleName), in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListRolePoliciesResponse{PolicyNames: names, IsTruncated: p.truncated(), Marker: p.marker()}, nil
}
