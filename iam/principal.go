package iam

import (
	"context"
	"errors"

	"sealstack/api"
	"sealstack/arn"
	"sealstack/storage"
)

// Exists reports whether a policy may name the principal: a user or role that
// exists, by ARN or unique id, or an account, session or anything else that
// AWS takes unseen. It is for services whose policies name principals.
func (s *Service) Exists(ctx context.Context, principal string) (bool, error) {
	_, err := s.PrincipalID(ctx, principal)
	if errors.Is(err, ErrNoPrincipal) {
		return false, nil
	}
	return err == nil, err
}

// ErrNoPrincipal: there is no such user or role.
var ErrNoPrincipal = errors.New("iam: no such user or role")

// PrincipalID returns the unique id of the user or role with that ARN, which
// AWS keeps in policies in the ARN's place. What has no id (an account, a
// session) and an id of one that exists come back as they are. ErrNoPrincipal.
func (s *Service) PrincipalID(ctx context.Context, principal string) (id string, err error) {
	err = s.view(ctx, func(tx storage.Tx) error {
		id, err = identify(tx, partitionOf(ctx), principal)
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return "", ErrNoPrincipal
	}
	return id, err
}

func identify(tx storage.Tx, partition, principal string) (string, error) {
	if isUniqueID(principal) {
		_, _, err := findID(tx, partition, principal)
		return principal, err
	}
	a, err := arn.Parse(principal)
	if err != nil || a.Service != "iam" || a.Kind() != string(aUser) && a.Kind() != string(aRole) {
		return principal, nil
	}
	e, err := findARN(tx, principal)
	if err != nil {
		return "", err
	}
	return e.ID, nil
}

// PrincipalARN returns the ARN of the user or role with that unique id.
// Anything else, and the id of one that exists no more, comes back as it is:
// that is how AWS shows it.
func (s *Service) PrincipalARN(ctx context.Context, id string) (principal string, err error) {
	if !isUniqueID(id) {
		return id, nil
	}
	err = s.view(ctx, func(tx storage.Tx) error {
		r, e, err := findID(tx, partitionOf(ctx), id)
		if err == nil {
			principal = r.arn(e)
		}
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return id, nil
	}
	return principal, err
}

func isUniqueID(text string) bool {
	return len(text) == 21 && (text[:4] == userPrefix || text[:4] == rolePrefix)
}

// partitionOf is the partition of the call.
func partitionOf(ctx context.Context) string {
	if p := api.CallerOf(ctx).Partition; p != "" {
		return p
	}
	return arn.AWS
}
