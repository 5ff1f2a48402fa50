package organizations

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"sealstack/api"
	org "sealstack/api/organizationsapi"
	"sealstack/storage"
)

// Trusted access lets a service of AWS work in every account of an
// organization; a delegated administrator is a member account that may
// administer such a service.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services.html

// delegation is an account that administers a service.
type delegation struct {
	Account string    `cbor:"1,keyasint"`
	Service string    `cbor:"2,keyasint"`
	Since   time.Time `cbor:"3,keyasint"`
}

// serviceRequest is a request about a service.
func serviceRequest(action, service string, on ...string) request {
	return request{action: action, on: on, keys: map[string][]string{"organizations:serviceprincipal": {service}}}
}

// EnableAWSServiceAccess lets a service work in all accounts. Whether there is
// such a service is not asked.
func (s *Service) EnableAWSServiceAccess(ctx context.Context, in *org.EnableAWSServiceAccessRequest) (*api.None, error) {
	return done(s.change(ctx, serviceRequest("EnableAWSServiceAccess", in.ServicePrincipal), func(_ storage.Tx, o *organization) error {
		if !o.AllFeatures {
			return notAllFeatures()
		}
		if o.Services == nil {
			o.Services = map[string]time.Time{}
		}
		if _, there := o.Services[in.ServicePrincipal]; !there {
			o.Services[in.ServicePrincipal] = s.clock.Now()
		}
		return nil
	}))
}

// DisableAWSServiceAccess ends the trusted access of a service.
//
// Unverified: that delegated administrators of the service keep it from being so.
func (s *Service) DisableAWSServiceAccess(ctx context.Context, in *org.DisableAWSServiceAccessRequest) (*api.None, error) {
	return done(s.change(ctx, serviceRequest("DisableAWSServiceAccess", in.ServicePrincipal), func(_ storage.Tx, o *organization) error {
		if slices.ContainsFunc(o.Delegations, func(d delegation) bool { return d.Service == in.ServicePrincipal }) {
			return delegated()
		}
		delete(o.Services, in.ServicePrincipal)
		return nil
	}))
}

// ListAWSServiceAccessForOrganization lists the services with trusted access.
func (s *Service) ListAWSServiceAccessForOrganization(ctx context.Context, in *org.ListAWSServiceAccessForOrganizationRequest) (*org.ListAWSServiceAccessForOrganizationResponse, error) {
	o, err := s.enterAdministered(ctx, "ListAWSServiceAccessForOrganization")
	if err != nil {
		return nil, err
	}
	all := slices.Sorted(maps.Keys(o.Services))
	show := func(name string) org.EnabledServicePrincipal {
		return org.EnabledServicePrincipal{ServicePrincipal: &name, DateEnabled: new(o.Services[name])}
	}
	list, next, err := listing(s, o, "ListAWSServiceAccessForOrganization", in.NextToken, in.MaxResults, all, func(n string) string { return n }, show)
	if err != nil {
		return nil, err
	}
	return &org.ListAWSServiceAccessForOrganizationResponse{EnabledServicePrincipals: list, NextToken: next}, nil
}

// enterAdministered is enter for what delegated administrators may do too.
func (s *Service) enterAdministered(ctx context.Context, action string) (*organization, error) {
	o, err := s.enter(ctx, request{action: action, anyMember: true})
	if err != nil {
		return nil, err
	}
	account := api.CallerOf(ctx).Account
	if account != o.Management && !slices.ContainsFunc(o.Delegations, func(d delegation) bool { return d.Account == account }) {
		return nil, notManagement()
	}
	return o, nil
}

// RegisterDelegatedAdministrator lets a member account administer a service.
func (s *Service) RegisterDelegatedAdministrator(ctx context.Context, in *org.RegisterDelegatedAdministratorRequest) (*api.None, error) {
	r := serviceRequest("RegisterDelegatedAdministrator", in.ServicePrincipal, in.AccountId)
	return done(s.change(ctx, r, func(_ storage.Tx, o *organization) error {
		switch {
		case !o.AllFeatures:
			return notAllFeatures()
		case in.AccountId == o.Management:
			return managementDelegated()
		case o.find(in.AccountId, anAccount) == nil:
			return noAccount()
		case o.delegates(in.AccountId, in.ServicePrincipal):
			return alreadyDelegated()
		}
		o.Delegations = append(o.Delegations, delegation{in.AccountId, in.ServicePrincipal, s.clock.Now()})
		return nil
	}))
}

// delegates says whether an account administers a service.
func (o *organization) delegates(account, service string) bool {
	return slices.ContainsFunc(o.Delegations, func(d delegation) bool { return d.Account == account && d.Service == service })
}

// DeregisterDelegatedAdministrator takes that right back.
func (s *Service) DeregisterDelegatedAdministrator(ctx context.Context, in *org.DeregisterDelegatedAdministratorRequest) (*api.None, error) {
	r := serviceRequest("DeregisterDelegatedAdministrator", in.ServicePrincipal, in.AccountId)
	return done(s.change(ctx, r, func(_ storage.Tx, o *organization) error {
		switch {
		case o.find(in.AccountId, anAccount) == nil:
			return noAccount()
		case !o.delegates(in.AccountId, in.ServicePrincipal):
			return notDelegated()
		}
		o.Delegations = slices.DeleteFunc(o.Delegations, func(d delegation) bool {
			return d.Account == in.AccountId && d.Service == in.ServicePrincipal
		})
		return nil
	}))
}

// ListDelegatedAdministrators lists the delegated administrators, of one
// service if it is named.
func (s *Service) ListDelegatedAdministrators(ctx context.Context, in *org.ListDelegatedAdministratorsRequest) (*org.ListDelegatedAdministratorsResponse, error) {
	o, err := s.enterAdministered(ctx, "ListDelegatedAdministrators")
	if err != nil {
		return nil, err
	}
	first := map[string]time.Time{}
	for _, d := range o.Delegations {
		if _, there := first[d.Account]; !there && (in.ServicePrincipal == nil || *in.ServicePrincipal == d.Service) {
			first[d.Account] = d.Since
		}
	}
	show := func(id string) org.DelegatedAdministrator {
		a := o.showAccount(o.Nodes[id])
		return org.DelegatedAdministrator{
			Id: a.Id, Arn: a.Arn, Email: a.Email, Name: a.Name, Status: a.Status, State: a.State,
			JoinedMethod: a.JoinedMethod, JoinedTimestamp: a.JoinedTimestamp, DelegationEnabledDate: new(first[id]),
		}
	}
	list, next, err := listing(s, o, "ListDelegatedAdministrators", in.NextToken, in.MaxResults, slices.Sorted(maps.Keys(first)), func(id string) string { return id }, show)
	if err != nil {
		return nil, err
	}
	return &org.ListDelegatedAdministratorsResponse{DelegatedAdministrators: list, NextToken: next}, nil
}

// ListDelegatedServicesForAccount lists the services that an account
// administers.
func (s *Service) ListDelegatedServicesForAccount(ctx context.Context, in *org.ListDelegatedServicesForAccountRequest) (*org.ListDelegatedServicesForAccountResponse, error) {
	o, err := s.enterAdministered(ctx, "ListDelegatedServicesForAccount")
	if err != nil {
		return nil, err
	}
	if o.find(in.AccountId, anAccount) == nil {
		return nil, noAccount()
	}
	var mine []delegation
	for _, d := range o.Delegations {
		if d.Account == in.AccountId {
			mine = append(mine, d)
		}
	}
	slices.SortFunc(mine, func(a, b delegation) int { return strings.Compare(a.Service, b.Service) })
	show := func(d delegation) org.DelegatedService {
		return org.DelegatedService{ServicePrincipal: &d.Service, DelegationEnabledDate: &d.Since}
	}
	list, next, err := listing(s, o, "ListDelegatedServicesForAccount "+in.AccountId, in.NextToken, in.MaxResults, mine, func(d delegation) string { return d.Service }, show)
	if err != nil {
		return nil, err
	}
	return &org.ListDelegatedServicesForAccountResponse{DelegatedServices: list, NextToken: next}, nil
}

// Standing is what an account's organization says of a service.
type Standing struct {
	Organization string // its id
	Management   string // its management account
	AllFeatures  bool
	Trusted      bool     // the service has trusted access
	Delegated    bool     // the account administers the service
	Accounts     []string // all of the organization, by id
}

// Standing returns that; nil for an account without an organization.
func (s *Service) Standing(ctx context.Context, account, service string) (found *Standing, err error) {
	err = s.view(ctx, func(tx storage.Tx) error {
		o, err := loadOf(tx, account)
		if err != nil || o == nil {
			return err
		}
		_, trusted := o.Services[service]
		found = &Standing{Organization: o.ID, Management: o.Management, AllFeatures: o.AllFeatures, Trusted: trusted, Delegated: o.delegates(account, service)}
		for _, n := range o.each(anAccount) {
			found.Accounts = append(found.Accounts, n.ID)
		}
		return nil
	})
	return found, err
}
