package iam

import (
	"context"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/policy"
	"sealstack/storage"
	"sealstack/storage/seal"
)

// Authorizer decides whether a call is allowed; auth.Authorizer is one.
type Authorizer interface {
	Authorize(ctx context.Context, r *auth.Request) error
}

// Config says what a [Service] works with.
type Config struct {
	Store storage.Store
	Root  *seal.Root // seals secret access keys and session tokens
	Clock clock.Clock
	// RealClock is what the times of identity providers' tokens are held
	// against; nil for the machine's.
	RealClock clock.Clock
	// Authorizer decides on calls to IAM and STS. Nil stands for an
	// auth.Authorizer on the identities of the service itself.
	Authorizer Authorizer
}

// Service holds the identities of all accounts. It has two faces, [Service.IAM]
// and [Service.STS], and answers package auth what it asks: it implements
// auth.Credentials and auth.Identities. All methods are safe for concurrent
// use.
type Service struct{ *state }

// state is what both faces share. Its methods are not exported, so that they
// never hide an operation.
type state struct {
	store      storage.Store
	root       *seal.Root
	markers    seal.Tokens
	clock      clock.Clock
	authorizer Authorizer
	cache      cache
	usage      usage
	realClock  clock.Clock
	providers  providerKeys
}

// New returns the service over what the store holds already.
func New(c Config) *Service {
	s := &Service{&state{store: c.Store, root: c.Root, markers: c.Root.Tokens(), clock: c.Clock, authorizer: c.Authorizer}}
	if s.realClock = c.RealClock; s.realClock == nil {
		s.realClock = clock.Real()
	}
	if s.authorizer == nil {
		s.authorizer = auth.NewAuthorizer(s, c.Clock)
	}
	s.cache.docs.kind, s.cache.passed.kind, s.cache.trusts.kind = policy.Identity, policy.Session, policy.Trust
	s.cache.clear()
	return s
}

// IAM returns the operations of IAM.
func (s *Service) IAM() iamapi.API { return identity{state: s.state} }

// STS returns the operations of STS.
func (s *Service) STS() stsapi.API { return tokens{state: s.state} }

// Reset forgets what is kept in memory, after the store has been emptied.
func (s *Service) Reset() {
	s.cache.clear()
	s.usage.clear()
	s.providers.kept.Clear()
}

// identity implements IAM's operations.
type identity struct {
	iamapi.Unimplemented
	*state
}

// tokens implements the operations of STS.
type tokens struct {
	stsapi.Unimplemented
	*state
}

// done is the answer of an operation without output.
func done(err error) (*api.None, error) {
	if err != nil {
		return nil, err
	}
	return &api.None{}, nil
}

// view runs fn over one snapshot.
func (s *state) view(ctx context.Context, fn func(tx storage.Tx) error) error {
	return s.store.View(ctx, func(_ context.Context, tx storage.Tx) error { return fn(tx) })
}

// update runs fn alone among writers and forgets what was kept in memory.
func (s *state) update(ctx context.Context, fn func(tx storage.Tx) error) error {
	defer s.cache.clear()
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error { return fn(tx) })
}
