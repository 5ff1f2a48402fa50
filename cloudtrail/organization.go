package cloudtrail

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/iamapi"
	"sealstack/api/organizationsapi"
	"sealstack/storage"
)

// Organization trails log the events of every account of an organization. They
// are the management account's, whoever makes them; the other accounts see
// them and cannot change them. The files of each account have a folder, and a
// chain of digests, of their own.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html

// Organizations is what CloudTrail asks of AWS Organizations.
type Organizations interface {
	// Standing returns what the account's organization says of CloudTrail, nil
	// if the account is in none.
	Standing(ctx context.Context, account string) (*Standing, error)
	RegisterDelegatedAdministrator(context.Context, *organizationsapi.RegisterDelegatedAdministratorRequest) (*api.None, error)
	DeregisterDelegatedAdministrator(context.Context, *organizationsapi.DeregisterDelegatedAdministratorRequest) (*api.None, error)
}

// Standing is an account's place in its organization.
type Standing struct {
	Organization string // its id
	Management   string // its management account
	AllFeatures  bool
	Trusted      bool     // CloudTrail has trusted access
	Delegated    bool     // the account administers CloudTrail
	Accounts     []string // all of the organization
}

// Principal is CloudTrail's service principal, to which organizations give
// trusted access.
const Principal = principal

func (s *Service) standing(ctx context.Context, account string) (*Standing, error) {
	if s.config.Organizations == nil || account == "" {
		return nil, nil
	}
	return s.config.Organizations.Standing(ctx, account)
}

// administers refuses who may not have organization trails. The order is that
// of what each check needs.
func (s *Service) administers(ctx context.Context) (*Standing, error) {
	c := api.CallerOf(ctx)
	st, err := s.standing(ctx, c.Account)
	switch {
	case err != nil:
		return nil, err
	case st == nil:
		return nil, notInOrganization()
	case !st.AllFeatures:
		return nil, notAllFeatures()
	case !st.Trusted:
		return nil, notTrusted()
	case c.Account != st.Management && !st.Delegated:
		return nil, notMaster()
	}
	return st, nil
}

// organize makes a new trail one of the caller's organization.
func (s *Service) organize(ctx context.Context, t *trail) error {
	st, err := s.administers(ctx)
	if err != nil {
		return err
	}
	t.Organization, t.Account = st.Organization, st.Management
	return s.linkRole(ctx)
}

// Roles makes the role that is linked to CloudTrail.
type Roles interface {
	CreateServiceLinkedRole(context.Context, *iamapi.CreateServiceLinkedRoleRequest) (*iamapi.CreateServiceLinkedRoleResponse, error)
}

// homes are the Regions where the calls of IAM are recorded, by partition.
var homes = map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}

// linkRole makes AWSServiceRoleForCloudTrail in the account that makes a trail
// of its organization, by its caller's leave, unless it is there.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/using-service-linked-roles-create-slr-for-org-trails.html
//
// Unverified: that it is made before the bucket and the key are checked, and
// stays when these refuse the trail.
func (s *Service) linkRole(ctx context.Context) error {
	if s.config.Roles == nil {
		return nil
	}
	c := *api.CallerOf(api.Forward(ctx, principal))
	if home, ok := homes[c.Partition]; ok {
		c.Region = home
	}
	_, err := s.config.Roles.CreateServiceLinkedRole(api.WithCaller(ctx, &c), &iamapi.CreateServiceLinkedRoleRequest{AWSServiceName: principal})
	if e, ok := refusal(err); ok && e.Code == "InvalidInput" {
		return nil // it is there
	}
	if e, ok := refusal(err); ok && e.Code == accessDenied {
		return cloudtrailapi.InsufficientDependencyServiceAccessPermissionException("%s", e.Message)
	}
	return err
}

// reorganize turns a trail into one of the organization, or back.
func (s *Service) reorganize(ctx context.Context, t *trail, wanted *bool) error {
	switch {
	case wanted == nil || *wanted == (t.Organization != ""):
		return nil
	case !*wanted:
		t.Organization = ""
		return nil
	}
	return s.organize(ctx, t)
}

// visible says whether an account sees the trail of another.
func (s *Service) visible(ctx context.Context, t *trail, account string) bool {
	if t.Account == account {
		return true
	}
	if t.Organization == "" {
		return false
	}
	st, err := s.standing(ctx, account)
	return err == nil && st != nil && st.Organization == t.Organization
}

// mayChange refuses changes of an organization trail by a member account.
func (s *Service) mayChange(ctx context.Context, t *trail) error {
	if t.Organization == "" {
		return nil
	}
	_, err := s.administers(ctx)
	return err
}

// shares returns the trail once for each account whose events it delivers:
// those that are in the organization, the management account alone while
// CloudTrail has no trusted access.
// https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-ct.html
func (s *Service) shares(ctx context.Context, t *trail) ([]trail, error) {
	if t.Organization == "" {
		return []trail{*t}, nil
	}
	st, err := s.standing(ctx, t.Account)
	if err != nil {
		return nil, err
	}
	accounts := []string{t.Account}
	if st != nil && st.Organization == t.Organization && st.Trusted {
		accounts = st.Accounts
	}
	list := make([]trail, 0, len(accounts))
	for _, account := range accounts {
		share := *t
		share.For = account
		list = append(list, share)
	}
	return list, nil
}

// logged is the account whose events this share of the trail delivers.
func (t *trail) logged() string {
	if t.For != "" {
		return t.For
	}
	return t.Account
}

// laneKey is where a share of the trail keeps what it has delivered of a
// Region. A store that becomes one of the organization goes on where it was.
func (t *trail) laneKey(region string) storage.Key {
	if t.For == "" || t.store && t.For == t.Account {
		return storage.K(t.ID, region)
	}
	return storage.K(t.ID, region+" "+t.For)
}

// share is the trail as an account sees its deliveries.
func (t trail) share(account string) trail {
	if t.Organization != "" {
		t.For = account
	}
	return t
}

// place looks up the organization of an event's account, if any trail asks for
// it, unless it is known.
func (s *Service) place(ctx context.Context, i *item, known map[string]string) error {
	account := i.record.Recipient
	if _, there := known[account]; there || len(i.roster.organizations) == 0 {
		return nil
	}
	st, err := s.standing(ctx, account)
	if err == nil && st != nil && (st.Trusted || account == st.Management) {
		known[account] = st.Organization
	}
	return err
}

// RegisterOrganizationDelegatedAdmin lets a member account administer the
// organization's trails.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RegisterOrganizationDelegatedAdmin.html
func (s *Service) RegisterOrganizationDelegatedAdmin(ctx context.Context, in *cloudtrailapi.RegisterOrganizationDelegatedAdminRequest) (*cloudtrailapi.RegisterOrganizationDelegatedAdminResponse, error) {
	if err := s.manages(ctx, "RegisterOrganizationDelegatedAdmin"); err != nil {
		return nil, err
	}
	_, err := s.config.Organizations.RegisterDelegatedAdministrator(api.Forward(ctx, principal),
		&organizationsapi.RegisterDelegatedAdministratorRequest{AccountId: in.MemberAccountId, ServicePrincipal: principal})
	if err != nil {
		return nil, delegationRefused(err, in.MemberAccountId)
	}
	return &cloudtrailapi.RegisterOrganizationDelegatedAdminResponse{}, nil
}

// DeregisterOrganizationDelegatedAdmin takes that right back.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeregisterOrganizationDelegatedAdmin.html
func (s *Service) DeregisterOrganizationDelegatedAdmin(ctx context.Context, in *cloudtrailapi.DeregisterOrganizationDelegatedAdminRequest) (*cloudtrailapi.DeregisterOrganizationDelegatedAdminResponse, error) {
	if err := s.manages(ctx, "DeregisterOrganizationDelegatedAdmin"); err != nil {
		return nil, err
	}
	_, err := s.config.Organizations.DeregisterDelegatedAdministrator(api.Forward(ctx, principal),
		&organizationsapi.DeregisterDelegatedAdministratorRequest{AccountId: in.DelegatedAdminAccountId, ServicePrincipal: principal})
	if err != nil {
		return nil, delegationRefused(err, in.DelegatedAdminAccountId)
	}
	return &cloudtrailapi.DeregisterOrganizationDelegatedAdminResponse{}, nil
}

// manages authorizes an action of the management account alone.
func (s *Service) manages(ctx context.Context, action string) error {
	if err := s.authorize(ctx, action, "*", nil); err != nil {
		return err
	}
	st, err := s.administers(ctx)
	if err != nil {
		return strangersError(err)
	}
	if api.CallerOf(ctx).Account != st.Management {
		return notManagementAccount()
	}
	return nil
}

// strangersError is the error of these operations for who is no management
// account: it is another one than that of trails.
func strangersError(err error) error {
	if e, ok := refusal(err); ok && e.Code == "NotOrganizationMasterAccountException" {
		return notManagementAccount()
	}
	return err
}

// delegationRefused turns a refusal of AWS Organizations into CloudTrail's.
func delegationRefused(err error, account string) error {
	e, ok := refusal(err)
	if !ok {
		return err
	}
	switch e.Code {
	case "AccountAlreadyRegisteredException":
		return cloudtrailapi.AccountRegisteredException("The account %s is already registered as a delegated administrator.", account)
	case "AccountNotRegisteredException":
		return cloudtrailapi.AccountNotRegisteredException("The account %s is not registered as a delegated administrator.", account)
	case "AccountNotFoundException":
		return cloudtrailapi.AccountNotFoundException("The account %s is not part of the organization.", account)
	case "ConstraintViolationException":
		if strings.Contains(fmt.Sprint(e.Fields["Reason"]), "MASTER") {
			return cloudtrailapi.CannotDelegateManagementAccountException("The management account cannot be a delegated administrator.")
		}
	}
	return err
}

// accountsOf lists the trails that an account sees: its own, and those of its
// organization.
func (s *Service) accountsOf(ctx context.Context, account string) ([]string, error) {
	st, err := s.standing(ctx, account)
	if err != nil || st == nil || st.Management == account {
		return []string{account}, err
	}
	return slices.Compact([]string{account, st.Management}), nil
}

// Unverified: the sentences of organization trails.

func notInOrganization() *api.Error {
	return cloudtrailapi.OrganizationsNotInUseException("Your account is not a member of an organization.")
}

func notAllFeatures() *api.Error {
	return cloudtrailapi.OrganizationNotInAllFeaturesModeException("All features must be enabled in the organization.")
}

func notTrusted() *api.Error {
	return cloudtrailapi.CloudTrailAccessNotEnabledException("CloudTrail does not have trusted access to the organization. Enable service access for %s.", principal)
}

func notMaster() *api.Error {
	return cloudtrailapi.NotOrganizationMasterAccountException("This operation can only be performed by the management account or a delegated administrator of the organization.")
}

func notManagementAccount() *api.Error {
	return cloudtrailapi.NotOrganizationManagementAccountException("This operation can only be performed by the management account of the organization.")
}
