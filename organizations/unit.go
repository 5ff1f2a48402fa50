package organizations

import (
	"context"

	"sealstack/api"
	org "sealstack/api/organizationsapi"
	"sealstack/storage"
)

// CreateOrganizationalUnit makes a unit below the root or another unit.
func (s *Service) CreateOrganizationalUnit(ctx context.Context, in *org.CreateOrganizationalUnitRequest) (*org.CreateOrganizationalUnitResponse, error) {
	var made *org.OrganizationalUnit
	err := s.change(ctx, request{action: "CreateOrganizationalUnit", on: []string{in.ParentId}, tags: in.Tags}, func(_ storage.Tx, o *organization) error {
		parent := o.find(in.ParentId, aRoot, aUnit)
		if parent == nil {
			return noParent()
		}
		n := &node{ID: newUnitID(o.Root), Parent: parent.ID, Name: in.Name}
		if err := o.admit(parent, n, in.Tags); err != nil {
			return err
		}
		o.grow(n)
		made = o.showUnit(n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &org.CreateOrganizationalUnitResponse{OrganizationalUnit: made}, nil
}

// admit checks a new unit against its siblings and the quotas.
func (o *organization) admit(parent, n *node, tags []org.Tag) (err error) {
	switch {
	case o.nameTaken(n):
		return duplicateUnit()
	case len(o.line(parent)) > maxDepth:
		return tooDeep()
	case len(o.each(aUnit)) >= maxUnits:
		return tooManyUnits()
	}
	n.Tags, err = setTags(nil, tags)
	return err
}

// nameTaken reports whether a sibling of a unit has its name.
func (o *organization) nameTaken(n *node) bool {
	for _, sibling := range o.under(n.Parent, aUnit) {
		if sibling.ID != n.ID && sibling.Name == n.Name {
			return true
		}
	}
	return false
}

func (o *organization) showUnit(n *node) *org.OrganizationalUnit {
	return &org.OrganizationalUnit{Id: &n.ID, Arn: new(o.arn(aUnit, n.ID)), Name: &n.Name, Path: new(o.path(n))}
}

// DescribeOrganizationalUnit returns a unit.
func (s *Service) DescribeOrganizationalUnit(ctx context.Context, in *org.DescribeOrganizationalUnitRequest) (*org.DescribeOrganizationalUnitResponse, error) {
	o, err := s.enter(ctx, request{action: "DescribeOrganizationalUnit", on: []string{in.OrganizationalUnitId}})
	if err != nil {
		return nil, err
	}
	n := o.find(in.OrganizationalUnitId, aUnit)
	if n == nil {
		return nil, noUnit()
	}
	return &org.DescribeOrganizationalUnitResponse{OrganizationalUnit: o.showUnit(n)}, nil
}

// UpdateOrganizationalUnit renames a unit.
func (s *Service) UpdateOrganizationalUnit(ctx context.Context, in *org.UpdateOrganizationalUnitRequest) (*org.UpdateOrganizationalUnitResponse, error) {
	var shown *org.OrganizationalUnit
	err := s.change(ctx, request{action: "UpdateOrganizationalUnit", on: []string{in.OrganizationalUnitId}}, func(_ storage.Tx, o *organization) error {
		n := o.find(in.OrganizationalUnitId, aUnit)
		if n == nil {
			return noUnit()
		}
		if in.Name != nil {
			n.Name = *in.Name
		}
		if o.nameTaken(n) {
			return duplicateUnit()
		}
		shown = o.showUnit(n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &org.UpdateOrganizationalUnitResponse{OrganizationalUnit: shown}, nil
}

// DeleteOrganizationalUnit deletes a unit that holds nothing.
func (s *Service) DeleteOrganizationalUnit(ctx context.Context, in *org.DeleteOrganizationalUnitRequest) (*api.None, error) {
	return done(s.change(ctx, request{action: "DeleteOrganizationalUnit", on: []string{in.OrganizationalUnitId}}, func(_ storage.Tx, o *organization) error {
		if o.find(in.OrganizationalUnitId, aUnit) == nil {
			return noUnit()
		}
		if len(o.under(in.OrganizationalUnitId, aUnit))+len(o.under(in.OrganizationalUnitId, anAccount)) > 0 {
			return unitNotEmpty()
		}
		delete(o.Nodes, in.OrganizationalUnitId)
		return nil
	}))
}

// below authorizes a look below a parent.
func (s *Service) below(ctx context.Context, action, parent string) (*organization, error) {
	o, err := s.enter(ctx, request{action: action, on: []string{parent}})
	if err != nil {
		return nil, err
	}
	if o.find(parent, aRoot, aUnit) == nil {
		return nil, noParent()
	}
	return o, nil
}

// ListOrganizationalUnitsForParent lists the units directly below a parent.
func (s *Service) ListOrganizationalUnitsForParent(ctx context.Context, in *org.ListOrganizationalUnitsForParentRequest) (*org.ListOrganizationalUnitsForParentResponse, error) {
	o, err := s.below(ctx, "ListOrganizationalUnitsForParent", in.ParentId)
	if err != nil {
		return nil, err
	}
	units, next, err := listing(s, o, "ListOrganizationalUnitsForParent/"+in.ParentId, in.NextToken, in.MaxResults,
		o.under(in.ParentId, aUnit), idOf, func(n *node) org.OrganizationalUnit { return *o.showUnit(n) })
	if err != nil {
		return nil, err
	}
	return &org.ListOrganizationalUnitsForParentResponse{OrganizationalUnits: units, NextToken: next}, nil
}

// ListAccountsForParent lists the accounts directly below a parent.
func (s *Service) ListAccountsForParent(ctx context.Context, in *org.ListAccountsForParentRequest) (*org.ListAccountsForParentResponse, error) {
	o, err := s.below(ctx, "ListAccountsForParent", in.ParentId)
	if err != nil {
		return nil, err
	}
	accounts, next, err := listing(s, o, "ListAccountsForParent/"+in.ParentId, in.NextToken, in.MaxResults,
		o.under(in.ParentId, anAccount), idOf, o.showAccount)
	if err != nil {
		return nil, err
	}
	return &org.ListAccountsForParentResponse{Accounts: accounts, NextToken: next}, nil
}

// ListChildren lists the units or accounts directly below a parent.
func (s *Service) ListChildren(ctx context.Context, in *org.ListChildrenRequest) (*org.ListChildrenResponse, error) {
	o, err := s.below(ctx, "ListChildren", in.ParentId)
	if err != nil {
		return nil, err
	}
	what := aUnit
	if in.ChildType == org.ChildTypeAccount {
		what = anAccount
	}
	children, next, err := listing(s, o, "ListChildren/"+string(what)+"/"+in.ParentId, in.NextToken, in.MaxResults,
		o.under(in.ParentId, what), idOf, func(n *node) org.Child { return org.Child{Id: &n.ID, Type: &in.ChildType} })
	if err != nil {
		return nil, err
	}
	return &org.ListChildrenResponse{Children: children, NextToken: next}, nil
}

// ListParents returns the one parent of a unit or account.
func (s *Service) ListParents(ctx context.Context, in *org.ListParentsRequest) (*org.ListParentsResponse, error) {
	o, err := s.enter(ctx, request{action: "ListParents", on: []string{in.ChildId}})
	if err != nil {
		return nil, err
	}
	n := o.find(in.ChildId, aUnit, anAccount)
	if n == nil {
		return nil, noChild()
	}
	parents, next, err := listing(s, o, "ListParents/"+n.ID, in.NextToken, in.MaxResults, []string{n.Parent},
		func(id string) string { return id }, showParent)
	if err != nil {
		return nil, err
	}
	return &org.ListParentsResponse{Parents: parents, NextToken: next}, nil
}

func showParent(id string) org.Parent {
	what := org.ParentTypeRoot
	if kindOf(id) == aUnit {
		what = org.ParentTypeOrganizationalUnit
	}
	return org.Parent{Id: &id, Type: &what}
}
