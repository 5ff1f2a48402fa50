package organizations

import (
	"context"
	"errors"

	"sealstack/api"
	org "sealstack/api/organizationsapi"
	"sealstack/storage"
)

// CreateOrganization makes the caller's account the management account of a
// new organization. Service control policies are available in it, but not
// enabled in the root.
//
// Unverified: the latter. The API reference has them enabled, users of AWS had
// to enable them.
func (s *Service) CreateOrganization(ctx context.Context, in *org.CreateOrganizationRequest) (*org.CreateOrganizationResponse, error) {
	caller := api.CallerOf(ctx)
	if err := s.authorize(ctx, "CreateOrganization", "*", nil); err != nil {
		return nil, err
	}
	o := &organization{
		ID: newOrganizationID(), Partition: partitionOf(ctx), Management: caller.Account, Root: newRootID(),
		AllFeatures: in.FeatureSet == nil || *in.FeatureSet == org.OrganizationFeatureSetAll,
		Nodes:       map[string]*node{},
	}
	o.grow(&node{ID: o.Root, Name: "Root"})
	now := s.clock.Now()
	err := s.update(ctx, func(tx storage.Tx) error {
		if taken, err := byAccount.Has(tx, storage.K(caller.Account)); err != nil || taken {
			return firstError(err, alreadyMember())
		}
		return o.join(tx, &node{ID: caller.Account, Joined: now})
	})
	if err != nil {
		return nil, err
	}
	return &org.CreateOrganizationResponse{Organization: o.show()}, nil
}

// firstError returns err unless it is nil, else otherwise.
func firstError(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// show returns the organization without its management account's e-mail
// address, which nobody knows here.
func (o *organization) show() *org.Organization {
	features, types := org.OrganizationFeatureSetConsolidatedBilling, []org.PolicyTypeSummary{}
	if o.AllFeatures {
		features = org.OrganizationFeatureSetAll
		types = append(types, typeSummary(org.PolicyTypeServiceControlPolicy))
	}
	return &org.Organization{
		Id: &o.ID, Arn: new(o.selfARN()), FeatureSet: &features, AvailablePolicyTypes: types,
		MasterAccountId: &o.Management, MasterAccountArn: new(o.arn(anAccount, o.Management)),
	}
}

// DescribeOrganization returns the caller's organization.
func (s *Service) DescribeOrganization(ctx context.Context, _ *api.None) (*org.DescribeOrganizationResponse, error) {
	o, err := s.enter(ctx, request{action: "DescribeOrganization", anyMember: true})
	if err != nil {
		return nil, err
	}
	return &org.DescribeOrganizationResponse{Organization: o.show()}, nil
}

// DeleteOrganization ends an organization whose only account is the management
// account. Units, policies and invitations end with it.
func (s *Service) DeleteOrganization(ctx context.Context, _ *api.None) (*api.None, error) {
	o, err := s.enter(ctx, request{action: "DeleteOrganization"})
	if err != nil {
		return nil, err
	}
	return done(s.update(ctx, func(tx storage.Tx) error {
		o, err := s.reload(tx, o.ID)
		if err != nil {
			return err
		}
		if len(o.each(anAccount)) > 1 {
			return notEmpty()
		}
		return o.dissolve(tx)
	}))
}

// dissolve deletes all records of the organization.
func (o *organization) dissolve(tx storage.Tx) error {
	_, err1 := policies.DeletePrefix(tx, storage.K(o.ID))
	_, err2 := creations.DeletePrefix(tx, storage.K(o.ID))
	return errors.Join(err1, err2, o.withdraw(tx),
		byAccount.Delete(tx, storage.K(o.Management)), byID.Delete(tx, storage.K(o.ID)))
}

// ListRoots returns the one root.
func (s *Service) ListRoots(ctx context.Context, in *org.ListRootsRequest) (*org.ListRootsResponse, error) {
	o, err := s.enter(ctx, request{action: "ListRoots"})
	if err != nil {
		return nil, err
	}
	roots, next, err := listing(s, o, "ListRoots", in.NextToken, in.MaxResults, o.each(aRoot), idOf, o.showRoot)
	if err != nil {
		return nil, err
	}
	return &org.ListRootsResponse{Roots: roots, NextToken: next}, nil
}

func (o *organization) showRoot(n *node) org.Root {
	r := org.Root{Id: &n.ID, Arn: new(o.arn(aRoot, n.ID)), Name: &n.Name, PolicyTypes: []org.PolicyTypeSummary{}}
	for _, t := range o.Types {
		r.PolicyTypes = append(r.PolicyTypes, typeSummary(t))
	}
	return r
}
