package organizations

import (
	"strings"
	"testing"

	org "sealstack/api/organizationsapi"
)

const trailService = "cloudtrail.amazonaws.com"

func TestServicesAreTrustedAndAdministeredByMembers(t *testing.T) {
	w := newWorld(t)
	w.organization(t)
	w.join(t, member)
	ours, theirs := w.admin, rootOf(member)
	access := func(on bool) func() error {
		return func() error {
			if on {
				return errorOf(w.EnableAWSServiceAccess(ours, &org.EnableAWSServiceAccessRequest{ServicePrincipal: trailService}))
			}
			return errorOf(w.DisableAWSServiceAccess(ours, &org.DisableAWSServiceAccessRequest{ServicePrincipal: trailService}))
		}
	}
	register := func(account string) func() error {
		return func() error {
			return errorOf(w.RegisterDelegatedAdministrator(ours, &org.RegisterDelegatedAdministratorRequest{AccountId: account, ServicePrincipal: trailService}))
		}
	}
	deregister := func() error {
		return errorOf(w.DeregisterDelegatedAdministrator(ours, &org.DeregisterDelegatedAdministratorRequest{AccountId: member, ServicePrincipal: trailService}))
	}
	list := func() error {
		return errorOf(w.ListAWSServiceAccessForOrganization(theirs, &org.ListAWSServiceAccessForOrganizationRequest{}))
	}
	run(t, []step{
		{"a member may not", func() error {
			return errorOf(w.EnableAWSServiceAccess(theirs, &org.EnableAWSServiceAccessRequest{ServicePrincipal: trailService}))
		}, "AccessDeniedException: You don't have permissions to access this resource."},
		{"enable", access(true), ""},
		{"enable again", access(true), ""},
		{"the management account", register(management), "ConstraintViolationException: You cannot register master account/yourself as delegated administrator for your organization. [CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR]"},
		{"an outsider", register(outsider), "AccountNotFoundException: You specified an account that doesn't exist."},
		{"a member lists", list, "AccessDeniedException: You don't have permissions to access this resource."},
		{"register", register(member), ""},
		{"an administrator lists", list, ""},
		{"register again", register(member), "AccountAlreadyRegisteredException: The provided account is already a delegated administrator for your organization."},
		{"disable", access(false), "ConstraintViolationException: This operation can't be performed because there are delegated administrators for this service. [DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE]"},
	})
	s := must(w.Standing(ours, member, trailService))(t)
	if !s.Trusted || !s.Delegated || s.Management != management || strings.Join(s.Accounts, " ") != management+" "+member {
		t.Errorf("the standing is %+v", s)
	}
	who := must(w.ListDelegatedAdministrators(ours, &org.ListDelegatedAdministratorsRequest{ServicePrincipal: new(trailService)}))(t).DelegatedAdministrators
	what := must(w.ListDelegatedServicesForAccount(ours, &org.ListDelegatedServicesForAccountRequest{AccountId: member}))(t).DelegatedServices
	if len(who) != 1 || *who[0].Id != member || !who[0].DelegationEnabledDate.Equal(noon) || len(what) != 1 || *what[0].ServicePrincipal != trailService {
		t.Errorf("%+v, %+v", who, what)
	}
	run(t, []step{
		{"deregister", deregister, ""},
		{"deregister again", deregister, "AccountNotRegisteredException: The provided account is not a registered delegated administrator for your organization."},
		{"disable", access(false), ""},
	})
	if got := must(w.ListAWSServiceAccessForOrganization(ours, &org.ListAWSServiceAccessForOrganizationRequest{}))(t).EnabledServicePrincipals; len(got) != 0 {
		t.Errorf("trusted: %+v", got)
	}
	if s := must(w.Standing(ours, outsider, trailService))(t); s != nil {
		t.Errorf("an outsider stands %+v", s)
	}
}

func TestAMemberThatLeavesAdministersNothing(t *testing.T) {
	w := newWorld(t)
	w.organization(t)
	w.join(t, member)
	must(w.RegisterDelegatedAdministrator(w.admin, &org.RegisterDelegatedAdministratorRequest{AccountId: member, ServicePrincipal: trailService}))(t)
	must(w.RemoveAccountFromOrganization(w.admin, &org.RemoveAccountFromOrganizationRequest{AccountId: member}))(t)
	if got := must(w.ListDelegatedAdministrators(w.admin, &org.ListDelegatedAdministratorsRequest{}))(t).DelegatedAdministrators; len(got) != 0 {
		t.Errorf("%+v", got)
	}
}
