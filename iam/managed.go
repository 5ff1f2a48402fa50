package iam

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/storage"
)

// managed is a managed policy with its versions, oldest first.
type managed struct {
	Home        home      `cbor:"1,keyasint"`
	Name        string    `cbor:"2,keyasint"`
	Path        string    `cbor:"3,keyasint"`
	ID          string    `cbor:"4,keyasint"`
	Description *string   `cbor:"5,keyasint,omitempty"`
	Created     time.Time `cbor:"6,keyasint"`
	Updated     time.Time `cbor:"7,keyasint"`
	Tags        []tag     `cbor:"8,keyasint,omitempty"`
	Versions    []version `cbor:"9,keyasint"`
	Default     int       `cbor:"10,keyasint"` // number of the version in force
	Last        int       `cbor:"11,keyasint"` // highest number ever given
}

type version struct {
	Number   int       `cbor:"1,keyasint"`
	Document string    `cbor:"2,keyasint"`
	Created  time.Time `cbor:"3,keyasint"`
}

func (v version) id() string { return "v" + strconv.Itoa(v.Number) }

// policies holds the policies that customers made; those of AWS are in
// awsmanaged.go.
var policies = storage.NewTable[managed]("iam.policy")

func policyKey(h home, name string) storage.Key {
	return storage.K(h.Partition, h.Account, strings.ToLower(name))
}

func (m *managed) key() storage.Key { return policyKey(m.Home, m.Name) }

func (m *managed) arn() string { return m.Home.arn("policy", m.Path, m.Name) }

// aws reports whether the policy is one of AWS's own.
func (m *managed) aws() bool { return m.Home.Account == awsAccount }

// at returns the version with that number, nil if there is none.
func (m *managed) at(number int) *version {
	at := slices.IndexFunc(m.Versions, func(v version) bool { return v.Number == number })
	if at < 0 {
		return nil
	}
	return &m.Versions[at]
}

// document is the text in force.
func (m *managed) document() string { return m.at(m.Default).Document }

// parsePolicyARN checks that text is the ARN of a managed policy.
//
// Unverified: which of the two sentences AWS uses when.
func parsePolicyARN(text string) (arn.ARN, error) {
	a, err := arn.Parse(text)
	if err != nil {
		return a, invalid("Invalid ARN:  Could not be parsed!")
	}
	if a.Service != "iam" || a.Region != "" || a.Kind() != "policy" || a.ID() == "" || !a.Valid() {
		return a, invalidARN(text)
	}
	return a, nil
}

// findPolicy returns the policy with that ARN which h may use: its own or one
// of AWS's. It is nil if there is none.
func findPolicy(tx storage.Tx, h home, text string) (*managed, error) {
	a, err := parsePolicyARN(text)
	if err != nil || a.Partition != h.Partition {
		return nil, err
	}
	path, name := arn.SplitPath(a.ID())
	if a.Account == awsAccount {
		return awsPolicy(h.Partition, path, name), nil
	}
	if a.Account != h.Account {
		return nil, nil
	}
	m, err := policies.Get(tx, policyKey(h, name))
	if errors.Is(err, storage.ErrNotFound) || err == nil && m.Path != path {
		return nil, nil
	}
	return &m, err
}

// needPolicy is findPolicy where a missing policy is an error.
func needPolicy(tx storage.Tx, h home, text string) (*managed, error) {
	m, err := findPolicy(tx, h, text)
	if err == nil && m == nil {
		err = noSuchPolicy(text)
	}
	return m, err
}

// policy authorizes action on a managed policy and returns it.
func (s *state) policy(ctx context.Context, action, text string, more ...auth.Keys) (m *managed, err error) {
	keys := auth.Keys{}
	merge(keys, more...)
	err = s.view(ctx, func(tx storage.Tx) error {
		m, err = findPolicy(tx, homeOf(ctx), text)
		return err
	})
	if err != nil {
		return nil, err
	}
	if m != nil {
		merge(keys, tagKeys("aws:resourcetag/", m.Tags), tagKeys("iam:resourcetag/", m.Tags))
	}
	if err := s.permit(ctx, action, text, keys); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, noSuchPolicy(text)
	}
	return m, nil
}

// editPolicy authorizes action on a customer's policy and changes it; it is
// saved when fn returns nil.
//
// Unverified: the code and the sentence for a policy of AWS's, here and in
// DeletePolicy.
func (s *state) editPolicy(ctx context.Context, action, text string, fn func(storage.Tx, *managed) error, more ...auth.Keys) error {
	m, err := s.policy(ctx, action, text, more...)
	if err != nil {
		return err
	}
	if m.aws() {
		return iamapi.InvalidInputException("Cannot perform the operation on the AWS managed policy %s.", m.Name)
	}
	return s.update(ctx, func(tx storage.Tx) error {
		m, err := needPolicy(tx, homeOf(ctx), text)
		if err != nil {
			return err
		}
		if err := fn(tx, m); err != nil {
			return err
		}
		return policies.Put(tx, m.key(), *m)
	})
}

// CreatePolicy makes a managed policy with the version v1.
func (s identity) CreatePolicy(ctx context.Context, in *iamapi.CreatePolicyRequest) (*iamapi.CreatePolicyResponse, error) {
	now := s.now()
	m := &managed{
		Home: homeOf(ctx), Name: in.PolicyName, Path: pathOr(in.Path), ID: newID(policyPrefix),
		Description: in.Description, Created: now, Updated: now, Default: 1, Last: 1,
		Versions: []version{{1, in.PolicyDocument, now}},
	}
	if err := s.permit(ctx, "iam:CreatePolicy", m.arn(), requestTagKeys(in.Tags)); err != nil {
		return nil, err
	}
	if err := checkManagedPolicy(in.PolicyDocument); err != nil {
		return nil, err
	}
	err := s.update(ctx, func(tx storage.Tx) (err error) {
		if m.Tags, err = setTags(nil, in.Tags); err != nil {
			return err
		}
		return m.create(tx)
	})
	if err != nil {
		return nil, err
	}
	shown := m.show(attachment{})
	shown.Tags = showTags(m.Tags)
	return &iamapi.CreatePolicyResponse{Policy: shown}, nil
}

func (m *managed) create(tx storage.Tx) error {
	if taken, err := policies.Has(tx, m.key()); err != nil || taken {
		return firstError(err, iamapi.EntityAlreadyExistsException("A policy called %s already exists. Duplicate names are not allowed.", m.Name))
	}
	n := 0
	for _, err := range policies.Keys(tx, storage.Range{Prefix: storage.K(m.Home.Partition, m.Home.Account)}) {
		if err != nil {
			return err
		}
		n++
	}
	if n >= policiesPerAccount {
		return overQuota("PoliciesPerAccount", policiesPerAccount)
	}
	return policies.Put(tx, m.key(), *m)
}

// show is how lists show a policy: without description and tags, see
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Policy.html
func (m *managed) show(used attachment) *iamapi.Policy {
	return &iamapi.Policy{
		PolicyName: &m.Name, PolicyId: &m.ID, Arn: new(m.arn()), Path: &m.Path,
		DefaultVersionId: new(m.at(m.Default).id()), AttachmentCount: &used.attached,
		PermissionsBoundaryUsageCount: &used.boundary, IsAttachable: new(true),
		CreateDate: &m.Created, UpdateDate: &m.Updated,
	}
}

// GetPolicy returns a managed policy without its document.
//
// Unverified: a policy of another account is answered like one that does not
// exist.
func (s identity) GetPolicy(ctx context.Context, in *iamapi.GetPolicyRequest) (*iamapi.GetPolicyResponse, error) {
	m, err := s.policy(ctx, "iam:GetPolicy", in.PolicyArn)
	if err != nil {
		return nil, err
	}
	used, err := s.attachments(ctx)
	if err != nil {
		return nil, err
	}
	shown := m.show(used[m.arn()])
	shown.Description, shown.Tags = m.Description, showTags(m.Tags)
	return &iamapi.GetPolicyResponse{Policy: shown}, nil
}

// ListPolicies lists customers' and AWS's policies, by name.
func (s identity) ListPolicies(ctx context.Context, in *iamapi.ListPoliciesRequest) (*iamapi.ListPoliciesResponse, error) {
	if err := s.permit(ctx, "iam:ListPolicies", homeOf(ctx).arn("policy", "/", ""), nil); err != nil {
		return nil, err
	}
	all, err := s.managedPolicies(ctx, in.Scope)
	if err != nil {
		return nil, err
	}
	used, err := s.attachments(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.newPage("ListPolicies", in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(m *managed) bool { return !wanted(in, m, used[m.arn()]) })
	out := &iamapi.ListPoliciesResponse{Policies: []iamapi.Policy{}}
	for _, m := range pick(p, all, func(m *managed) string { return m.order() }) {
		out.Policies = append(out.Policies, *m.show(used[m.arn()]))
	}
	out.IsTruncated, out.Marker = p.truncated(), p.marker()
	return out, nil
}

// order sorts policies by name; a customer's may have the name of one of AWS's.
func (m *managed) order() string { return strings.ToLower(m.Name) + "\x00" + m.Home.Account }

func wanted(in *iamapi.ListPoliciesRequest, m *managed, used attachment) bool {
	count := used.attached + used.boundary
	switch deref(in.PolicyUsageFilter) {
	case iamapi.PolicyUsageTypePermissionsPolicy:
		count = used.attached
	case iamapi.PolicyUsageTypePermissionsBoundary:
		count = used.boundary
	}
	needed := deref(in.OnlyAttached) || in.PolicyUsageFilter != nil
	return strings.HasPrefix(m.Path, deref(in.PathPrefix)) && (count > 0 || !needed)
}

// managedPolicies returns the policies of a scope, by order.
func (s *state) managedPolicies(ctx context.Context, scope *iamapi.PolicyScopeType) (all []*managed, err error) {
	h := homeOf(ctx)
	err = s.view(ctx, func(tx storage.Tx) error {
		all = nil
		if deref(scope) != iamapi.PolicyScopeTypeLocal {
			all = awsPolicies(h.Partition)
		}
		if deref(scope) == iamapi.PolicyScopeTypeAws {
			return nil
		}
		for row, err := range policies.Scan(tx, storage.Range{Prefix: storage.K(h.Partition, h.Account)}) {
			if err != nil {
				return err
			}
			all = append(all, &row.Value)
		}
		return nil
	})
	slices.SortFunc(all, func(a, b *managed) int { return cmp.Compare(a.order(), b.order()) })
	return all, err
}

// DeletePolicy deletes a policy that is attached nowhere and has one version.
func (s identity) DeletePolicy(ctx context.Context, in *iamapi.DeletePolicyRequest) (*api.None, error) {
	if _, err := s.policy(ctx, "iam:DeletePolicy", in.PolicyArn); err != nil {
		return nil, err
	}
	return done(s.update(ctx, func(tx storage.Tx) error {
		h := homeOf(ctx)
		m, err := needPolicy(tx, h, in.PolicyArn)
		if err != nil {
			return err
		}
		if m.aws() {
			return iamapi.InvalidInputException("Cannot perform the operation on the AWS managed policy %s.", m.Name)
		}
		used, err := countAttachments(tx, h)
		switch {
		case err != nil:
			return err
		case used[m.arn()] != attachment{}:
			return iamapi.DeleteConflictException("Cannot delete a policy attached to entities.")
		case len(m.Versions) > 1:
			return iamapi.DeleteConflictException("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		return policies.Delete(tx, m.key())
	}))
}

// TagPolicy sets tags of a customer's policy.
func (s identity) TagPolicy(ctx context.Context, in *iamapi.TagPolicyRequest) (*api.None, error) {
	return done(s.editPolicy(ctx, "iam:TagPolicy", in.PolicyArn, func(_ storage.Tx, m *managed) (err error) {
		m.Tags, err = setTags(m.Tags, in.Tags)
		return err
	}, requestTagKeys(in.Tags)))
}

// UntagPolicy removes tags of a customer's policy.
func (s identity) UntagPolicy(ctx context.Context, in *iamapi.UntagPolicyRequest) (*api.None, error) {
	return done(s.editPolicy(ctx, "iam:UntagPolicy", in.PolicyArn, func(_ storage.Tx, m *managed) error {
		m.Tags = dropTags(m.Tags, in.TagKeys)
		return nil
	}, auth.Keys{"aws:tagkeys": in.TagKeys}))
}

// ListPolicyTags lists the tags of a policy.
func (s identity) ListPolicyTags(ctx context.Context, in *iamapi.ListPolicyTagsRequest) (*iamapi.ListPolicyTagsResponse, error) {
	m, err := s.policy(ctx, "iam:ListPolicyTags", in.PolicyArn)
	if err != nil {
		return nil, err
	}
	tags, p, err := s.tagPage("ListPolicyTags", m.Tags, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListPolicyTagsResponse{Tags: tags, IsTruncated: p.truncated(), Marker: p.marker()}, nil
}
