package organizations

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/iamapi"
	org "sealstack/api/organizationsapi"
	"sealstack/storage"
)

// creation is a request to create an account, which is answered at once.
type creation struct {
	ID      string                         `cbor:"1,keyasint"`
	Name    string                         `cbor:"2,keyasint"`
	At      time.Time                      `cbor:"3,keyasint"`
	Account string                         `cbor:"4,keyasint,omitempty"` // none if it failed
	Failure org.CreateAccountFailureReason `cbor:"5,keyasint,omitempty"`
}

var creations = storage.NewTable[creation]("organizations.creation") // by organization and id

// CreateAccount makes an account, with the role that lets the management
// account administer it. It is there at once: AWS takes minutes.
func (s *Service) CreateAccount(ctx context.Context, in *org.CreateAccountRequest) (*org.CreateAccountResponse, error) {
	o, err := s.enter(ctx, request{action: "CreateAccount", tags: in.Tags})
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(deref(in.RoleName), "AWSServiceRoleFor") {
		return nil, badRoleName()
	}
	tags, err := setTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	n := &node{Name: in.AccountName, Email: in.Email, Tags: tags, Joined: s.clock.Now(), Created: true}
	c := &creation{ID: newCreationID(), Name: in.AccountName, At: n.Joined}
	if o.known(in.Email) {
		c.Failure = org.CreateAccountFailureReasonEmailAlreadyExists
	} else if err := s.prepare(ctx, o, n, deref(in.RoleName)); err != nil {
		return nil, err
	}
	if err := s.update(ctx, func(tx storage.Tx) error { return s.found(tx, o.ID, n, c) }); err != nil {
		return nil, err
	}
	return &org.CreateAccountResponse{CreateAccountStatus: new(c.show())}, nil
}

// known reports whether an account with that e-mail address was created here.
func (o *organization) known(email string) bool {
	return slices.ContainsFunc(o.each(anAccount), func(n *node) bool { return strings.EqualFold(n.Email, email) })
}

// prepare finds a number for a new account and makes its role. That comes
// before the account joins, so that no policy of the organization forbids it.
func (s *Service) prepare(ctx context.Context, o *organization, n *node, role string) (err error) {
	if len(o.each(anAccount)) >= maxAccounts {
		return tooManyAccounts()
	}
	if n.ID, err = s.freshAccount(ctx); err != nil {
		return err
	}
	if s.roles == nil {
		return nil
	}
	if role == "" {
		role = "OrganizationAccountAccessRole"
	}
	return s.makeRole(ctx, o, n.ID, role)
}

// freshAccount returns a number that no member of an organization has.
func (s *Service) freshAccount(ctx context.Context) (string, error) {
	for {
		id, err := newAccountID()
		if err != nil {
			return "", err
		}
		var taken bool
		err = s.view(ctx, func(tx storage.Tx) error {
			taken, err = byAccount.Has(tx, storage.K(id))
			return err
		})
		if err != nil || !taken {
			return id, err
		}
	}
}

// makeRole makes the access role as the root user of the new account.
//
// Unverified: that the role's rights are the managed policy
// AdministratorAccess.
func (s *Service) makeRole(ctx context.Context, o *organization, account, name string) error {
	caller := *api.CallerOf(ctx)
	caller.Principal = api.Principal{
		Type: api.Root, Account: account, ID: account, ARN: "arn:" + o.Partition + ":iam::" + account + ":root",
	}
	caller.Session, caller.AccessKeyID = nil, ""
	inside := api.Forward(api.WithCaller(ctx, &caller), "organizations.amazonaws.com")
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:%s:iam::%s:root"},"Action":"sts:AssumeRole"}]}`,
		o.Partition, o.Management)
	if _, err := s.roles.CreateRole(inside, &iamapi.CreateRoleRequest{RoleName: name, AssumeRolePolicyDocument: trust}); err != nil {
		return fmt.Errorf("organizations: access role of account %s: %w", account, err)
	}
	_, err := s.roles.AttachRolePolicy(inside, &iamapi.AttachRolePolicyRequest{
		RoleName: name, PolicyArn: "arn:" + o.Partition + ":iam::aws:policy/AdministratorAccess",
	})
	if err != nil {
		return fmt.Errorf("organizations: rights of the access role of account %s: %w", account, err)
	}
	return nil
}

// found records a request, and the account unless the request failed.
func (s *Service) found(tx storage.Tx, id string, n *node, c *creation) error {
	o, err := s.reload(tx, id)
	if err != nil {
		return err
	}
	if c.Failure == "" && o.known(n.Email) { // another call came first
		c.Failure = org.CreateAccountFailureReasonEmailAlreadyExists
	}
	if c.Failure == "" {
		c.Account = n.ID
		fresh := *n // the transaction may run again
		if err := o.join(tx, &fresh); err != nil {
			return err
		}
	}
	return creations.Put(tx, storage.K(id, c.ID), *c)
}

func (c creation) state() org.CreateAccountState {
	if c.Failure != "" {
		return org.CreateAccountStateFailed
	}
	return org.CreateAccountStateSucceeded
}

func (c creation) show() org.CreateAccountStatus {
	out := org.CreateAccountStatus{
		Id: &c.ID, AccountName: &c.Name, State: new(c.state()), RequestedTimestamp: &c.At, CompletedTimestamp: &c.At,
	}
	if c.Failure != "" {
		out.FailureReason = &c.Failure
	} else {
		out.AccountId = &c.Account
	}
	return out
}

// DescribeCreateAccountStatus returns a request to create an account.
func (s *Service) DescribeCreateAccountStatus(ctx context.Context, in *org.DescribeCreateAccountStatusRequest) (*org.DescribeCreateAccountStatusResponse, error) {
	o, err := s.enter(ctx, request{action: "DescribeCreateAccountStatus"})
	if err != nil {
		return nil, err
	}
	var c creation
	err = s.view(ctx, func(tx storage.Tx) error {
		c, err = creations.Get(tx, storage.K(o.ID, in.CreateAccountRequestId))
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil, noCreation()
	}
	if err != nil {
		return nil, err
	}
	return &org.DescribeCreateAccountStatusResponse{CreateAccountStatus: new(c.show())}, nil
}

// ListCreateAccountStatus lists the requests to create accounts in certain
// states, or all.
func (s *Service) ListCreateAccountStatus(ctx context.Context, in *org.ListCreateAccountStatusRequest) (*org.ListCreateAccountStatusResponse, error) {
	o, err := s.enter(ctx, request{action: "ListCreateAccountStatus"})
	if err != nil {
		return nil, err
	}
	var all []creation
	err = s.view(ctx, func(tx storage.Tx) error {
		all, err = collect(tx, creations, storage.K(o.ID))
		return err
	})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(c creation) bool { return len(in.States) > 0 && !slices.Contains(in.States, c.state()) })
	shown, next, err := listing(s, o, "ListCreateAccountStatus", in.NextToken, in.MaxResults, all,
		func(c creation) string { return c.ID }, creation.show)
	if err != nil {
		return nil, err
	}
	return &org.ListCreateAccountStatusResponse{CreateAccountStatuses: shown, NextToken: next}, nil
}

// collect reads the rows of a table below a prefix.
func collect[T any](tx storage.Tx, table storage.Table[T], prefix storage.Key) (all []T, err error) {
	for e, err := range table.Scan(tx, storage.Range{Prefix: prefix}) {
		if err != nil {
			return nil, err
		}
		all = append(all, e.Value)
	}
	return all, nil
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
