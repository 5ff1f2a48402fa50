package organizations

import (
	"context"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/organizationsapi"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/storage"
	"sealstack/storage/seal"
)

// Authorizer decides whether a call is allowed; auth.Authorizer is one.
type Authorizer interface {
	Authorize(ctx context.Context, r *auth.Request) error
}

// Roles makes the role through which the management account administers an
// account that it creates; iamapi.Client is one.
type Roles interface {
	CreateRole(ctx context.Context, in *iamapi.CreateRoleRequest) (*iamapi.CreateRoleResponse, error)
	AttachRolePolicy(ctx context.Context, in *iamapi.AttachRolePolicyRequest) (*api.None, error)
}

// Config says what a [Service] works with.
type Config struct {
	Store storage.Store
	Root  *seal.Root // authenticates page tokens
	Clock clock.Clock
	// Authorizer decides on calls to Organizations.
	Authorizer Authorizer
	// Roles makes the access role in accounts that are created here. Without
	// it they get none.
	Roles Roles
}

// Service holds all organizations and answers package auth what it asks: it
// implements organizationsapi.API and auth.Organizations. All methods are safe
// for concurrent use.
type Service struct {
	organizationsapi.Unimplemented

	store      storage.Store
	tokens     seal.Tokens
	clock      clock.Clock
	authorizer Authorizer
	roles      Roles
	members    members
}

var (
	_ organizationsapi.API = (*Service)(nil)
	_ auth.Organizations   = (*Service)(nil)
)

// New returns the service over what the store holds already.
func New(c Config) *Service {
	s := &Service{store: c.Store, tokens: c.Root.Tokens(), clock: c.Clock, authorizer: c.Authorizer, roles: c.Roles}
	s.members.clear()
	return s
}

// Reset forgets what is kept in memory, after the store has been emptied.
func (s *Service) Reset() { s.members.clear() }

// view runs fn over one snapshot.
func (s *Service) view(ctx context.Context, fn func(tx storage.Tx) error) error {
	return s.store.View(ctx, func(_ context.Context, tx storage.Tx) error { return fn(tx) })
}

// update runs fn alone among writers and forgets what was kept in memory.
func (s *Service) update(ctx context.Context, fn func(tx storage.Tx) error) error {
	defer s.members.clear()
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error { return fn(tx) })
}

// done is the answer of an operation without output.
func done(err error) (*api.None, error) {
	if err != nil {
		return nil, err
	}
	return &api.None{}, nil
}

// partitionOf is the partition of the call.
func partitionOf(ctx context.Context) string {
	if p := api.CallerOf(ctx).Partition; p != "" {
		return p
	}
	return "aws"
}
