package kms

import (
	"context"
	"strings"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/storage"
)

// listedGrant is a grant and its key's ARN.
type listedGrant struct {
	grant
	key string
}

// ListGrants lists the grants on a key, or those that the filters choose.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html
func (s *Service) ListGrants(ctx context.Context, in *kmsapi.ListGrantsRequest) (*kmsapi.ListGrantsResponse, error) {
	if err := checkFilters(api.CallerOf(ctx), in); err != nil {
		return nil, err
	}
	k, err := s.openGrants(ctx, in.KeyId, on(ctx, "ListGrants").resourceOf(ctx))
	if err != nil {
		return nil, err
	}
	p := page[listedGrant]{
		list: strings.Join([]string{"ListGrants", k.arn(), value(in.GrantId), value(in.GranteePrincipal), value(in.GranteeServicePrincipal)}, " "),
		size: or(in.Limit, 50), most: 100,
	}
	if in.GranteePrincipal != nil || in.GranteeServicePrincipal != nil {
		err = s.pageOfGrantee(ctx, &p, in, k)
	} else {
		prefix := k.place()
		if in.GrantId != nil {
			prefix = prefix.With(*in.GrantId)
		}
		err = scan(ctx, s, &p, in.Marker, grants, prefix, func(_ storage.Tx, at storage.Key, g grant) error {
			p.add(at, listedGrant{g, k.arn()})
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	return s.grantList(ctx, &p)
}

// checkFilters holds the filters of ListGrants against each other.
//
// Unverified: the answer to users who ask for service principals.
func checkFilters(c *api.Caller, in *kmsapi.ListGrantsRequest) error {
	switch {
	case in.GranteePrincipal != nil && in.GranteeServicePrincipal != nil:
		return notBoth("GranteePrincipal", "GranteeServicePrincipal")
	case in.GranteeServicePrincipal != nil && c.Type != api.AWSService:
		return servicesOnly("GranteeServicePrincipal")
	case in.GrantId != nil && !isGrantID(*in.GrantId):
		return invalidGrantID()
	}
	return nil
}

// pageOfGrantee fills the page with the grants to one principal.
func (s *Service) pageOfGrantee(ctx context.Context, p *page[listedGrant], in *kmsapi.ListGrantsRequest, k *key) error {
	grantee, service := value(in.GranteeServicePrincipal), in.GranteeServicePrincipal != nil
	if !service {
		var err error
		if grantee, err = s.filterID(ctx, *in.GranteePrincipal); err != nil {
			return err
		}
	}
	return scan(ctx, s, p, in.Marker, grantees, k.place().With(grantee), func(tx storage.Tx, at storage.Key, _ operations) error {
		id := at.Strings()[5]
		if in.GrantId != nil && id != *in.GrantId {
			return nil
		}
		g, err := grants.Get(tx, k.place().With(id))
		if err == nil && g.GranteeService == service {
			p.add(at, listedGrant{g, k.arn()})
		}
		return err
	})
}

// filterID is principalID for a filter: unique ids, which lists show for those
// who were deleted, and services are taken as well.
func (s *Service) filterID(ctx context.Context, text string) (string, error) {
	if !strings.HasPrefix(text, "arn:") {
		return text, nil
	}
	return s.principalID(ctx, text)
}

// ListRetirableGrants lists the grants that a principal of the caller's account
// may retire, on keys of whatever account.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ListRetirableGrants.html
func (s *Service) ListRetirableGrants(ctx context.Context, in *kmsapi.ListRetirableGrantsRequest) (*kmsapi.ListGrantsResponse, error) {
	retiring, err := s.retiree(ctx, in)
	if err != nil {
		return nil, err
	}
	c := api.CallerOf(ctx)
	service := in.RetiringServicePrincipal != nil
	p := page[listedGrant]{list: "ListRetirableGrants " + c.Region + " " + retiring, size: or(in.Limit, 50), most: 100}
	err = scan(ctx, s, &p, in.Marker, retirees, storage.K(c.Region, retiring), func(tx storage.Tx, at storage.Key, _ struct{}) error {
		part := at.Strings()
		r, err := keys.Get(tx, storage.K(part[2], c.Region, part[3]))
		if err != nil || r.gone(p.now) {
			return err
		}
		g, err := grants.Get(tx, r.place().With(part[4]))
		if err == nil && g.RetiringService == service {
			p.add(at, listedGrant{g, r.arn()})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.grantList(ctx, &p)
}

// retiree authorizes a ListRetirableGrants, on the retiring principal itself,
// and returns the principal as grants keep it.
//
// Unverified: the answer to users who ask for service principals.
func (s *Service) retiree(ctx context.Context, in *kmsapi.ListRetirableGrantsRequest) (string, error) {
	c := api.CallerOf(ctx)
	switch {
	case (in.RetiringPrincipal == nil) == (in.RetiringServicePrincipal == nil):
		return "", oneOf("RetiringPrincipal", "RetiringServicePrincipal")
	case in.RetiringPrincipal == nil && (c.Type != api.AWSService || c.ARN != *in.RetiringServicePrincipal):
		return "", servicesOnly("RetiringServicePrincipal")
	case in.RetiringPrincipal == nil:
		return *in.RetiringServicePrincipal, nil
	}
	owner, _ := arn.Parse(*in.RetiringPrincipal) // one that is none is refused below
	err := s.authorizer.Authorize(ctx, &auth.Request{
		Service: kmsapi.Service, Action: "kms:ListRetirableGrants", Resource: *in.RetiringPrincipal,
		Account: owner.Account, Local: true, Keys: on(ctx, "ListRetirableGrants").keys,
	})
	if err != nil {
		return "", err
	}
	return s.principalID(ctx, *in.RetiringPrincipal)
}

// grantList is a page of grants as both lists answer it.
func (s *Service) grantList(ctx context.Context, p *page[listedGrant]) (*kmsapi.ListGrantsResponse, error) {
	entries := make([]kmsapi.GrantListEntry, len(p.items))
	for i := range p.items {
		var err error
		if entries[i], err = s.grantEntry(ctx, &p.items[i]); err != nil {
			return nil, err
		}
	}
	return &kmsapi.ListGrantsResponse{Grants: entries, NextMarker: p.next, Truncated: new(p.next != nil)}, nil
}

func (s *Service) grantEntry(ctx context.Context, g *listedGrant) (e kmsapi.GrantListEntry, err error) {
	e = kmsapi.GrantListEntry{
		KeyId: &g.key, GrantId: &g.ID, CreationDate: &g.Created, Operations: g.Operations, Constraints: g.Constraints.shown(),
		IssuingAccount: new("arn:" + arn.PartitionOf(api.CallerOf(ctx).Region) + ":iam::" + g.Issuer + ":root"),
	}
	if g.Name != "" {
		e.Name = &g.Name
	}
	if e.GranteePrincipal, e.GranteeServicePrincipal, err = s.shownPrincipal(ctx, g.Grantee, g.GranteeService); err != nil {
		return e, err
	}
	e.RetiringPrincipal, e.RetiringServicePrincipal, err = s.shownPrincipal(ctx, g.Retiring, g.RetiringService)
	return e, err
}

// shownPrincipal puts a stored principal into one of two members.
func (s *Service) shownPrincipal(ctx context.Context, stored string, isService bool) (principal, service *string, err error) {
	switch {
	case stored == "":
		return nil, nil, nil
	case isService:
		return nil, &stored, nil
	}
	name, err := s.principalName(ctx, stored)
	return &name, nil, err
}
