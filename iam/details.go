package iam

import (
	"context"
	"slices"
	"strings"

	"sealstack/api/iamapi"
	"sealstack/storage"
)

// detail is one entry of GetAccountAuthorizationDetails: where it stands in
// the order of all, and what puts it into the answer.
type detail struct {
	key string
	add func(*iamapi.GetAccountAuthorizationDetailsResponse)
}

// GetAccountAuthorizationDetails returns users, groups, roles and policies with
// all that they hold, in one list of pages:
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
func (s identity) GetAccountAuthorizationDetails(ctx context.Context, in *iamapi.GetAccountAuthorizationDetailsRequest) (*iamapi.GetAccountAuthorizationDetailsResponse, error) {
	if err := s.permit(ctx, "iam:GetAccountAuthorizationDetails", "*", nil); err != nil {
		return nil, err
	}
	p, err := s.newPage("GetAccountAuthorizationDetails", in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var all []detail
	err = s.view(ctx, func(tx storage.Tx) error {
		c := collector{state: s.state, tx: tx, home: homeOf(ctx), filter: in.Filter}
		all, err = c.collect()
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &iamapi.GetAccountAuthorizationDetailsResponse{
		UserDetailList: []iamapi.UserDetail{}, GroupDetailList: []iamapi.GroupDetail{},
		RoleDetailList: []iamapi.RoleDetail{}, Policies: []iamapi.ManagedPolicyDetail{},
	}
	for _, d := range pick(p, all, func(d detail) string { return d.key }) {
		d.add(out)
	}
	out.IsTruncated, out.Marker = p.truncated(), p.marker()
	return out, nil
}

// collector reads the details of an account.
type collector struct {
	*state
	tx     storage.Tx
	home   home
	filter []iamapi.EntityType
	found  []detail
}

func (c *collector) wants(t iamapi.EntityType) bool {
	return len(c.filter) == 0 || slices.Contains(c.filter, t)
}

// collect returns the details in their order: users, groups, roles, policies.
func (c *collector) collect() ([]detail, error) {
	for i, part := range []struct {
		entity iamapi.EntityType
		kind   kind
		read   func(key string, n named) error
	}{
		{iamapi.EntityTypeUser, aUser, c.user}, {iamapi.EntityTypeGroup, aGroup, c.group}, {iamapi.EntityTypeRole, aRole, c.role},
	} {
		if !c.wants(part.entity) {
			continue
		}
		var failure error
		err := eachEntity(c.tx, c.home, part.kind, func(r ref, e *entity) bool {
			failure = part.read(string(rune('1'+i))+strings.ToLower(e.Name), named{r, e})
			return failure == nil
		})
		if err := firstError(failure, err); err != nil {
			return nil, err
		}
	}
	return c.found, c.policies()
}

func (c *collector) add(key string, add func(*iamapi.GetAccountAuthorizationDetailsResponse)) {
	c.found = append(c.found, detail{key, add})
}

// inlineDetails shows all inline policies of an entity.
func inlineDetails(e *entity) []iamapi.PolicyDetail {
	out := []iamapi.PolicyDetail{}
	for _, name := range sortedNames(e.Inline) {
		out = append(out, iamapi.PolicyDetail{PolicyName: &name, PolicyDocument: new(encodeDocument(e.Inline[name]))})
	}
	return out
}

func (c *collector) user(key string, n named) error {
	groups := []string{}
	err := eachGroup(c.tx, c.home, n.entity, func(_ ref, g *entity) { groups = append(groups, g.Name) })
	if err != nil {
		return err
	}
	slices.Sort(groups)
	e := n.entity
	c.add(key, func(out *iamapi.GetAccountAuthorizationDetailsResponse) {
		out.UserDetailList = append(out.UserDetailList, iamapi.UserDetail{
			Path: &e.Path, UserName: &e.Name, UserId: &e.ID, Arn: new(n.arn(e)), CreateDate: &e.Created,
			UserPolicyList: inlineDetails(e), GroupList: groups, AttachedManagedPolicies: showAttached(e.Attached, ""),
			PermissionsBoundary: boundary(e.Boundary), Tags: showTags(e.Tags),
		})
	})
	return nil
}

func (c *collector) group(key string, n named) error {
	e := n.entity
	c.add(key, func(out *iamapi.GetAccountAuthorizationDetailsResponse) {
		out.GroupDetailList = append(out.GroupDetailList, iamapi.GroupDetail{
			Path: &e.Path, GroupName: &e.Name, GroupId: &e.ID, Arn: new(n.arn(e)), CreateDate: &e.Created,
			GroupPolicyList: inlineDetails(e), AttachedManagedPolicies: showAttached(e.Attached, ""),
		})
	})
	return nil
}

func (c *collector) role(key string, n named) error {
	e := n.entity
	trust, err := showTrust(c.tx, c.home.Partition, e.Trust)
	if err != nil {
		return err
	}
	inside, err := profilesOf(c.tx, c.home, e.ID)
	if err != nil {
		return err
	}
	profiles := []iamapi.InstanceProfile{}
	for _, p := range inside {
		shown, err := p.profile(c.tx, p.entity)
		if err != nil {
			return err
		}
		profiles = append(profiles, shown)
	}
	c.add(key, func(out *iamapi.GetAccountAuthorizationDetailsResponse) {
		out.RoleDetailList = append(out.RoleDetailList, iamapi.RoleDetail{
			Path: &e.Path, RoleName: &e.Name, RoleId: &e.ID, Arn: new(n.arn(e)), CreateDate: &e.Created,
			AssumeRolePolicyDocument: new(encodeDocument(trust)), InstanceProfileList: profiles,
			RolePolicyList: inlineDetails(e), AttachedManagedPolicies: showAttached(e.Attached, ""),
			PermissionsBoundary: boundary(e.Boundary), Tags: showTags(e.Tags), RoleLastUsed: c.usage.role(e),
		})
	})
	return nil
}

// policies adds the account's policies, and those of AWS that are in use.
func (c *collector) policies() error {
	used, err := countAttachments(c.tx, c.home)
	if err != nil {
		return err
	}
	var all []*managed
	if c.wants(iamapi.EntityTypeAWSManagedPolicy) {
		all = slices.DeleteFunc(awsPolicies(c.home.Partition), func(m *managed) bool { return used[m.arn()] == attachment{} })
	}
	if c.wants(iamapi.EntityTypeLocalManagedPolicy) {
		for row, err := range policies.Scan(c.tx, storage.Range{Prefix: c.home.key()}) {
			if err != nil {
				return err
			}
			all = append(all, &row.Value)
		}
	}
	slices.SortFunc(all, func(a, b *managed) int { return strings.Compare(a.order(), b.order()) })
	for _, m := range all {
		c.add("4"+m.order(), func(out *iamapi.GetAccountAuthorizationDetailsResponse) {
			out.Policies = append(out.Policies, m.detail(used[m.arn()]))
		})
	}
	return nil
}

// detail shows a policy with its documents, the newest version first.
func (m *managed) detail(used attachment) iamapi.ManagedPolicyDetail {
	p := m.show(used)
	versions := []iamapi.PolicyVersion{}
	for _, v := range slices.Backward(m.Versions) {
		shown := m.showVersion(v)
		shown.Document = new(encodeDocument(v.Document))
		versions = append(versions, shown)
	}
	return iamapi.ManagedPolicyDetail{
		PolicyName: p.PolicyName, PolicyId: p.PolicyId, Arn: p.Arn, Path: p.Path, DefaultVersionId: p.DefaultVersionId,
		AttachmentCount: p.AttachmentCount, PermissionsBoundaryUsageCount: p.PermissionsBoundaryUsageCount,
		IsAttachable: p.IsAttachable, Description: m.Description, CreateDate: p.CreateDate, UpdateDate: p.UpdateDate,
		PolicyVersionList: versions,
	}
}
