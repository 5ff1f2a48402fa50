package kms

import (
	"context"
	"errors"
	"fmt"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/auth"
	"sealstack/storage"
)

// RevokeGrant deletes a grant, whoever the grant is to. Key policies and IAM
// policies say who may.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_RevokeGrant.html
func (s *Service) RevokeGrant(ctx context.Context, in *kmsapi.RevokeGrantRequest) (*api.None, error) {
	if !isGrantID(in.GrantId) {
		return nil, invalidGrantID()
	}
	k, err := s.openGrants(ctx, in.KeyId, on(ctx, "RevokeGrant").resourceOf(ctx))
	if err != nil {
		return nil, err
	}
	g, err := s.grantOn(ctx, k, in.GrantId)
	if err == nil && g == nil {
		err = grantNotFound(in.GrantId)
	}
	if err != nil {
		return nil, err
	}
	return s.endGrant(ctx, k, g.ID, in.DryRun, grantNotFound(g.ID))
}

// RetireGrant deletes a grant that is no longer needed. The grant says who may.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_RetireGrant.html
func (s *Service) RetireGrant(ctx context.Context, in *kmsapi.RetireGrantRequest) (*api.None, error) {
	if err := checkRetirement(in); err != nil {
		return nil, err
	}
	if in.GrantToken != nil {
		return s.retireByToken(ctx, in)
	}
	k, n, err := s.resolve(ctx, *in.KeyId, keyForms)
	if err != nil {
		return nil, err
	}
	g, err := s.grantOn(ctx, k, *in.GrantId)
	if err != nil {
		return nil, err
	}
	if g == nil && n.account == api.CallerOf(ctx).Account {
		return nil, grantNotFound(*in.GrantId)
	}
	if err := s.allowRetirement(ctx, n, g); err != nil {
		return nil, err
	}
	return s.endGrant(ctx, k, g.ID, in.DryRun, grantNotFound(g.ID))
}

// checkRetirement: a grant is named by a token, or by its key and its id.
//
// Unverified: that AWS refuses both at once.
func checkRetirement(in *kmsapi.RetireGrantRequest) error {
	byToken, byID := in.GrantToken != nil, in.KeyId != nil || in.GrantId != nil
	switch {
	case byToken == byID, byID && (in.KeyId == nil || in.GrantId == nil):
		return whichGrant()
	case byID && isAlias(*in.KeyId):
		return aliasOfGrant()
	case byID && !isGrantID(*in.GrantId):
		return invalidGrantID()
	}
	return nil
}

func (s *Service) retireByToken(ctx context.Context, in *kmsapi.RetireGrantRequest) (*api.None, error) {
	h, err := s.readToken(ctx, *in.GrantToken)
	if err != nil {
		return nil, err
	}
	n := name{account: h.account, region: h.region, id: h.key}
	k, err := s.find(ctx, n)
	if err != nil {
		return nil, err
	}
	g, err := s.grantOn(ctx, k, h.grant)
	if err != nil {
		return nil, err
	}
	if g == nil {
		return nil, invalidGrantToken()
	}
	if err := s.allowRetirement(ctx, n, g); err != nil {
		return nil, err
	}
	return s.endGrant(ctx, k, g.ID, in.DryRun, invalidGrantToken())
}

// grantOn reads a grant, nil if it does not exist or the key doesn't.
func (s *Service) grantOn(ctx context.Context, k *key, id string) (*grant, error) {
	if k == nil {
		return nil, nil
	}
	var g grant
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		g, err = grants.Get(tx, k.place().With(id))
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("kms: grant on %s: %w", k.arn(), err)
	}
	return &g, nil
}

// allowRetirement asks whether the caller may retire the grant on the key
// called n: nil g stands for one that is not there. A key policy counts for
// nothing, a Deny in an IAM policy does.
// https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html
//
// Unverified: the words in which the denial speaks of policies.
func (s *Service) allowRetirement(ctx context.Context, n name, g *grant) error {
	r := on(ctx, "RetireGrant")
	err := s.authorizer.Authorize(ctx, &auth.Request{
		Service: kmsapi.Service, Action: r.action, Resource: n.arn(), Account: n.account, Gate: true, Keys: r.keys,
		Granted: func() auth.Grant { return s.mayRetire(api.CallerOf(ctx), n.account, g) },
	})
	if err == nil && g == nil { // never: without a grant the gate is shut
		err = keyNotFound(n.arn())
	}
	return err
}

// mayRetire says what the grant gives the caller towards its retirement. The
// principals that it names need nothing else. Accounts can leave it to IAM
// policies: those that the grant names, the one that issued it and the one
// that owns the key.
func (s *Service) mayRetire(c *api.Caller, owner string, g *grant) auth.Grant {
	if g == nil {
		return auth.NoGrant
	}
	for _, i := range s.identitiesOf(c) {
		named := i.name == g.Retiring || i.name == g.Grantee && opRetireGrant.within(g.set())
		switch {
		case named && i.grant == auth.ToCaller:
			return auth.Vouched
		case named:
			return auth.ToAccount
		}
	}
	if c.Account != "" && (c.Account == g.Issuer || c.Account == owner) {
		return auth.ToAccount
	}
	return auth.NoGrant
}

// endGrant deletes a grant, whatever the state of the key. gone is the answer
// if somebody else was quicker.
func (s *Service) endGrant(ctx context.Context, k *key, id string, dry *bool, gone error) (*api.None, error) {
	if value(dry) {
		return nil, dryRun()
	}
	return done(s.change(ctx, k, anyState, func(tx storage.Tx, r *record) error {
		g, err := grants.Get(tx, r.place().With(id))
		if errors.Is(err, storage.ErrNotFound) {
			return gone
		}
		if err != nil {
			return err
		}
		r.Grants--
		return g.drop(tx, r)
	}))
}

// isGrantID says whether the text has the form of a grant id.
func isGrantID(text string) bool { return len(text) == 64 && isHex(text) }
