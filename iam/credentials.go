package iam

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/auth"
	"sealstack/storage"
)

// maxKeyID is the longest access key id that IAM's model allows.
const maxKeyID = 128

// Lookup implements auth.Credentials: access keys of users and root users, and
// temporary credentials.
func (s *Service) Lookup(ctx context.Context, id string) (auth.Credential, error) {
	now := s.cache.now.Load()
	f, ok := now.credentials.get(id)
	if !ok {
		var err error
		if f, err = s.findCredential(ctx, id); err != nil {
			return auth.Credential{}, fmt.Errorf("iam: look up %s: %w", id, err)
		}
		if len(id) <= maxKeyID { // strangers choose what they ask for
			now.credentials.put(id, f)
		}
	}
	if f == nil {
		return auth.Credential{}, auth.ErrUnknownKey
	}
	return f.Credential, nil
}

// findCredential reads an access key from the store; nil for one that was
// never issued. One that was deleted, or whose user was, is there and not
// active: it must never pass for a stranger's, which may mean the root user.
func (s *state) findCredential(ctx context.Context, id string) (f *found, err error) {
	err = s.view(ctx, func(tx storage.Tx) error {
		if strings.HasPrefix(id, temporaryPrefix) {
			f, err = s.findSession(tx, id)
		} else {
			f, err = s.findKey(tx, id)
		}
		if errors.Is(err, storage.ErrNotFound) {
			f, err = gone(tx, id)
		}
		return err
	})
	return f, err
}

// retiredKeys holds the ids of keys that were issued and are forgotten.
var retiredKeys = storage.NewTable[bool]("iam.retiredkey")

// gone returns an inactive credential for a key that was issued, else nil.
func gone(tx storage.Tx, id string) (*found, error) {
	for _, has := range []func(storage.Tx, storage.Key) (bool, error){retiredKeys.Has, accessKeys.Has, sessions.Has} {
		if issued, err := has(tx, storage.K(id)); issued || err != nil {
			return &found{}, err
		}
	}
	return nil, nil
}

// findKey reads a long-term key; storage.ErrNotFound.
func (s *state) findKey(tx storage.Tx, id string) (*found, error) {
	key, err := accessKeys.Get(tx, storage.K(id))
	if err != nil {
		return nil, err
	}
	principal, err := userOrRoot(tx, key.Home, key.Owner)
	if err != nil {
		return nil, err
	}
	secret, err := s.root.Open(keyLabel(id), key.Secret)
	if err != nil {
		return nil, err
	}
	return &found{auth.Credential{
		Secret: string(secret), Active: key.Status == iamapi.StatusTypeActive, Principal: principal,
	}}, nil
}

// userOrRoot returns the principal with that unique id: a user, or the root
// user of the account. storage.ErrNotFound for a user who exists no more.
func userOrRoot(tx storage.Tx, h home, id string) (api.Principal, error) {
	if id == h.Account {
		return api.Principal{Type: api.Root, Account: h.Account, ARN: h.root(), ID: h.Account}, nil
	}
	r, e, err := findID(tx, h.Partition, id)
	if err != nil {
		return api.Principal{}, err
	}
	return api.Principal{Type: api.User, Account: h.Account, ARN: r.arn(e), ID: e.ID, Name: e.Name}, nil
}
