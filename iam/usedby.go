package iam

import (
	"context"
	"slices"
	"strings"

	"sealstack/api/iamapi"
	"sealstack/policy"
	"sealstack/storage"
)

// ListEntitiesForPolicy lists the users, groups and roles that a managed
// policy is attached to, or bounds, in one list of pages.
func (s identity) ListEntitiesForPolicy(ctx context.Context, in *iamapi.ListEntitiesForPolicyRequest) (*iamapi.ListEntitiesForPolicyResponse, error) {
	if _, err := s.policy(ctx, "iam:ListEntitiesForPolicy", in.PolicyArn); err != nil {
		return nil, err
	}
	p, err := s.newPage("ListEntitiesForPolicy", in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var all []named
	err = s.view(ctx, func(tx storage.Tx) error {
		all, err = holdersOf(tx, homeOf(ctx), in)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListEntitiesForPolicyResponse{
		PolicyGroups: []iamapi.PolicyGroup{}, PolicyUsers: []iamapi.PolicyUser{}, PolicyRoles: []iamapi.PolicyRole{},
	}
	for _, n := range pick(p, all, func(n named) string { return string(n.Kind) + "/" + strings.ToLower(n.entity.Name) }) {
		switch n.Kind {
		case aGroup:
			out.PolicyGroups = append(out.PolicyGroups, iamapi.PolicyGroup{GroupName: &n.entity.Name, GroupId: &n.ID})
		case aUser:
			out.PolicyUsers = append(out.PolicyUsers, iamapi.PolicyUser{UserName: &n.entity.Name, UserId: &n.ID})
		default:
			out.PolicyRoles = append(out.PolicyRoles, iamapi.PolicyRole{RoleName: &n.entity.Name, RoleId: &n.ID})
		}
	}
	out.IsTruncated, out.Marker = p.truncated(), p.marker()
	return out, nil
}

// entityTypes are the kinds of holders by kind, which is also their order.
var entityTypes = map[kind]iamapi.EntityType{
	aGroup: iamapi.EntityTypeGroup, aRole: iamapi.EntityTypeRole, aUser: iamapi.EntityTypeUser,
}

func holdersOf(tx storage.Tx, h home, in *iamapi.ListEntitiesForPolicyRequest) (all []named, err error) {
	for _, what := range []kind{aGroup, aRole, aUser} {
		if in.EntityFilter != nil && *in.EntityFilter != entityTypes[what] {
			continue
		}
		err := eachEntity(tx, h, what, func(r ref, e *entity) bool {
			if strings.HasPrefix(e.Path, deref(in.PathPrefix)) && uses(e, in) {
				all = append(all, named{r, e})
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// uses reports whether the entity uses the policy in the way that is asked
// for.
func uses(e *entity, in *iamapi.ListEntitiesForPolicyRequest) bool {
	attached, bounds := slices.Contains(e.Attached, in.PolicyArn), e.Boundary == in.PolicyArn
	switch deref(in.PolicyUsageFilter) {
	case iamapi.PolicyUsageTypePermissionsPolicy:
		return attached
	case iamapi.PolicyUsageTypePermissionsBoundary:
		return bounds
	}
	return attached || bounds
}

// ListPoliciesGrantingServiceAccess lists, for each service, the policies of a
// user, group or role that allow anything of it:
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPoliciesGrantingServiceAccess.html
func (s identity) ListPoliciesGrantingServiceAccess(ctx context.Context, in *iamapi.ListPoliciesGrantingServiceAccessRequest) (*iamapi.ListPoliciesGrantingServiceAccessResponse, error) {
	r, err := holderRef(ctx, in.Arn)
	if err != nil {
		return nil, err
	}
	e, err := s.find(ctx, "iam:ListPoliciesGrantingServiceAccess", r)
	if err != nil {
		return nil, err
	}
	p, err := s.newPage("ListPoliciesGrantingServiceAccess", in.Marker, nil)
	if err != nil {
		return nil, err
	}
	var sources []source
	err = s.view(ctx, func(tx storage.Tx) error {
		sources, err = s.sourcesOf(tx, r, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	services := slices.Sorted(slices.Values(in.ServiceNamespaces))
	out := &iamapi.ListPoliciesGrantingServiceAccessResponse{PoliciesGrantingServiceAccess: []iamapi.ListPoliciesGrantingServiceAccessEntry{}}
	for _, service := range pick(p, services, func(s string) string { return s }) {
		out.PoliciesGrantingServiceAccess = append(out.PoliciesGrantingServiceAccess, granting(service, sources))
	}
	out.IsTruncated, out.Marker = p.truncated(), p.marker()
	return out, nil
}

// holderRef names the user, group or role of the caller's account with that
// ARN.
func holderRef(ctx context.Context, text string) (ref, error) {
	h := homeOf(ctx)
	for _, what := range []kind{aUser, aGroup, aRole} {
		if rest, ok := strings.CutPrefix(text, h.arn(what, "/", "")); ok {
			return ref{h, what, rest[strings.LastIndexByte(rest, '/')+1:]}, nil
		}
	}
	return ref{}, invalidARN(text)
}

// source is one policy of an entity, and where it comes from.
type source struct {
	policy *policy.Policy
	name   string
	arn    string // of a managed policy, else empty
	holder ref    // whose it is: the entity itself, or a group of the user
}

// sourcesOf returns all policies of an entity, a user's groups' among them.
func (s *state) sourcesOf(tx storage.Tx, r ref, e *entity) (all []source, err error) {
	holders := []named{{r, e}}
	if err := eachGroup(tx, r.Home, e, func(g ref, group *entity) { holders = append(holders, named{g, group}) }); err != nil {
		return nil, err
	}
	for _, h := range holders {
		for _, name := range sortedNames(h.Inline) {
			p, err := s.cache.docs.compile(h.Inline[name])
			if err != nil {
				return nil, err
			}
			all = append(all, source{p, name, "", h.ref})
		}
		for _, text := range h.Attached {
			m, err := findPolicy(tx, r.Home, text)
			if err != nil {
				return nil, err
			}
			if m == nil {
				continue // deleted since the entity was read
			}
			p, err := s.cache.docs.compile(m.document())
			if err != nil {
				return nil, err
			}
			all = append(all, source{p, m.Name, text, h.ref})
		}
	}
	return all, nil
}

// granting names the policies that allow an action of a service.
func granting(service string, sources []source) iamapi.ListPoliciesGrantingServiceAccessEntry {
	entry := iamapi.ListPoliciesGrantingServiceAccessEntry{ServiceNamespace: &service, Policies: []iamapi.PolicyGrantingServiceAccess{}}
	for _, src := range sources {
		if !allowsService(src.policy, service) {
			continue
		}
		shown := iamapi.PolicyGrantingServiceAccess{PolicyName: src.name, PolicyType: iamapi.PolicyTypeManaged, PolicyArn: orNil(src.arn)}
		if src.arn == "" {
			shown.PolicyType = iamapi.PolicyTypeInline
			shown.EntityType = new(iamapi.PolicyOwnerEntityType(strings.ToUpper(string(src.holder.Kind))))
			shown.EntityName = new(src.holder.Name)
		}
		entry.Policies = append(entry.Policies, shown)
	}
	return entry
}

// allowsService reports whether a statement with Allow names an action of the
// service.
func allowsService(p *policy.Policy, service string) bool {
	for i := range p.Statements {
		st := &p.Statements[i]
		for _, action := range st.Actions() {
			prefix, _, _ := strings.Cut(strings.ToLower(action), ":")
			if st.Effect == policy.Allow && (prefix == "*" || prefix == strings.ToLower(service)) {
				return true
			}
		}
	}
	return false
}
