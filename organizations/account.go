package organizations

import (
	"context"
	"time"

	"sealstack/api"
	org "sealstack/api/organizationsapi"
	"sealstack/storage"
)

// showAccount shows an account. Name and e-mail address of one that was not
// created here are left out: nobody knows them.
func (o *organization) showAccount(n *node) org.Account {
	joined := org.AccountJoinedMethodInvited
	if n.Created {
		joined = org.AccountJoinedMethodCreated
	}
	a := org.Account{
		Id: &n.ID, Arn: new(o.arn(anAccount, n.ID)), Paths: []string{o.path(n)},
		Status: new(org.AccountStatusActive), State: new(org.AccountStateActive),
		JoinedMethod: &joined, JoinedTimestamp: &n.Joined,
	}
	if n.Name != "" {
		a.Name, a.Email = &n.Name, &n.Email
	}
	return a
}

// ListAccounts lists all accounts, the management account among them.
func (s *Service) ListAccounts(ctx context.Context, in *org.ListAccountsRequest) (*org.ListAccountsResponse, error) {
	o, err := s.enter(ctx, request{action: "ListAccounts"})
	if err != nil {
		return nil, err
	}
	accounts, next, err := listing(s, o, "ListAccounts", in.NextToken, in.MaxResults, o.each(anAccount), idOf, o.showAccount)
	if err != nil {
		return nil, err
	}
	return &org.ListAccountsResponse{Accounts: accounts, NextToken: next}, nil
}

// DescribeAccount returns an account.
func (s *Service) DescribeAccount(ctx context.Context, in *org.DescribeAccountRequest) (*org.DescribeAccountResponse, error) {
	o, err := s.enter(ctx, request{action: "DescribeAccount", on: []string{in.AccountId}})
	if err != nil {
		return nil, err
	}
	n := o.find(in.AccountId, anAccount)
	if n == nil {
		return nil, noAccount()
	}
	return &org.DescribeAccountResponse{Account: new(o.showAccount(n))}, nil
}

// MoveAccount puts an account below another parent.
func (s *Service) MoveAccount(ctx context.Context, in *org.MoveAccountRequest) (*api.None, error) {
	on := []string{in.AccountId, in.SourceParentId, in.DestinationParentId}
	return done(s.change(ctx, request{action: "MoveAccount", on: on}, func(_ storage.Tx, o *organization) error {
		n := o.find(in.AccountId, anAccount)
		switch {
		case n == nil:
			return noAccount()
		case o.find(in.SourceParentId, aRoot, aUnit) == nil:
			return noSource()
		case o.find(in.DestinationParentId, aRoot, aUnit) == nil:
			return noDestination()
		case n.Parent == in.DestinationParentId:
			return alreadyThere()
		case n.Parent != in.SourceParentId:
			return noSource()
		}
		n.Parent = in.DestinationParentId
		return nil
	}))
}

// RemoveAccountFromOrganization ends the membership of an account.
func (s *Service) RemoveAccountFromOrganization(ctx context.Context, in *org.RemoveAccountFromOrganizationRequest) (*api.None, error) {
	o, err := s.enter(ctx, request{action: "RemoveAccountFromOrganization", on: []string{in.AccountId}})
	if err != nil {
		return nil, err
	}
	return done(s.leave(ctx, o.ID, in.AccountId))
}

// LeaveOrganization ends the membership of the caller's account.
func (s *Service) LeaveOrganization(ctx context.Context, _ *api.None) (*api.None, error) {
	o, err := s.enter(ctx, request{action: "LeaveOrganization", anyMember: true})
	if err != nil {
		return nil, err
	}
	return done(s.leave(ctx, o.ID, api.CallerOf(ctx).Account))
}

func (s *Service) leave(ctx context.Context, id, account string) error {
	now := s.clock.Now()
	return s.update(ctx, func(tx storage.Tx) error {
		o, err := s.reload(tx, id)
		if err != nil {
			return err
		}
		if err := o.mayLeave(account, now); err != nil {
			return err
		}
		return o.part(tx, account)
	})
}

// mayLeave checks whether a membership may end: not that of the management
// account, nor of an account made here within the last four days.
func (o *organization) mayLeave(account string, now time.Time) error {
	n := o.find(account, anAccount)
	switch {
	case n == nil:
		return noAccount()
	case account == o.Management:
		return managementStays()
	case n.Created && now.Before(n.Joined.AddDate(0, 0, minAgeDays)):
		return tooYoung()
	}
	return nil
}
