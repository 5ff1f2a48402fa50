package iam

import (
	"context"
	"errors"
	"slices"
	"time"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/storage"
)

// accessKey is a long-term key of a user or of an account's root user.
type accessKey struct {
	Home    home              `cbor:"1,keyasint"`
	Owner   string            `cbor:"2,keyasint"` // unique id of the user; the account's number for root
	Secret  []byte            `cbor:"3,keyasint"` // sealed
	Status  iamapi.StatusType `cbor:"4,keyasint"`
	Created time.Time         `cbor:"5,keyasint"`
	Used    *keyUse           `cbor:"6,keyasint,omitempty"`
}

// keyUse is the last call that was made with a key.
type keyUse struct {
	At      time.Time `cbor:"1,keyasint"`
	Service string    `cbor:"2,keyasint"`
	Region  string    `cbor:"3,keyasint"`
}

var accessKeys = storage.NewTable[accessKey]("iam.accesskey")

// keyLabel binds a sealed secret to the key that it belongs to.
func keyLabel(id string) string { return "iam access key " + id }

// CreateAccessKey makes a key for a user, or for whoever calls. The secret is
// shown this once.
func (s identity) CreateAccessKey(ctx context.Context, in *iamapi.CreateAccessKeyRequest) (*iamapi.CreateAccessKeyResponse, error) {
	r, err := self(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	id, err := newKeyID(longTermPrefix, r.Home.Account)
	if err != nil {
		return nil, err
	}
	secret, created := newSecret(), s.now()
	sealed := s.root.Seal(keyLabel(id), []byte(secret))
	key := accessKey{Home: r.Home, Secret: sealed, Status: iamapi.StatusTypeActive, Created: created}
	var owner string
	err = s.changeKeys(ctx, "iam:CreateAccessKey", r, func(tx storage.Tx, e *entity) error {
		owner, key.Owner = e.Name, e.ID
		return key.issue(tx, r, e, id)
	})
	if err != nil {
		return nil, err
	}
	return &iamapi.CreateAccessKeyResponse{AccessKey: iamapi.AccessKey{
		UserName: owner, AccessKeyId: id, Status: key.Status, SecretAccessKey: secret, CreateDate: &created,
	}}, nil
}

// issue writes the key and gives it to its owner.
func (k *accessKey) issue(tx storage.Tx, r ref, e *entity, id string) error {
	if len(e.Keys) >= keysPerUser {
		return overQuota("AccessKeysPerUser", keysPerUser)
	}
	if taken, err := accessKeys.Has(tx, storage.K(id)); err != nil || taken {
		return firstError(err, errors.New("iam: an access key id came twice"))
	}
	e.Keys = append(e.Keys, id)
	if err := r.save(tx, e); err != nil {
		return err
	}
	return accessKeys.Put(tx, storage.K(id), *k)
}

// changeKeys is change for the keys of a user, or of the root user, who needs
// not exist yet as an entity.
func (s *state) changeKeys(ctx context.Context, action string, r ref, fn func(storage.Tx, *entity) error) error {
	if r.Kind != aRoot {
		return s.change(ctx, action, r, fn)
	}
	if err := s.permit(ctx, action, r.arn(nil), nil); err != nil {
		return err
	}
	return s.update(ctx, func(tx storage.Tx) error {
		e, err := r.lookup(tx)
		if err != nil {
			return err
		}
		if e == nil {
			e = &entity{ID: r.Home.Account, Path: "/"}
		}
		return fn(tx, e)
	})
}

// DeleteAccessKey deletes a key for good.
func (s identity) DeleteAccessKey(ctx context.Context, in *iamapi.DeleteAccessKeyRequest) (*api.None, error) {
	r, err := self(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return done(s.changeKeys(ctx, "iam:DeleteAccessKey", r, func(tx storage.Tx, e *entity) error {
		at := slices.Index(e.Keys, in.AccessKeyId)
		if at < 0 {
			return noSuchKey(in.AccessKeyId)
		}
		e.Keys = slices.Delete(e.Keys, at, at+1)
		if err := r.save(tx, e); err != nil {
			return err
		}
		return errors.Join(
			accessKeys.Delete(tx, storage.K(in.AccessKeyId)),
			retiredKeys.Put(tx, storage.K(in.AccessKeyId), true),
		)
	}))
}

// UpdateAccessKey switches a key on or off.
func (s identity) UpdateAccessKey(ctx context.Context, in *iamapi.UpdateAccessKeyRequest) (*api.None, error) {
	r, err := self(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	if in.Status == iamapi.StatusTypeExpired {
		return nil, iamapi.InvalidInputException("The status Expired cannot be set.")
	}
	return done(s.changeKeys(ctx, "iam:UpdateAccessKey", r, func(tx storage.Tx, e *entity) error {
		if !slices.Contains(e.Keys, in.AccessKeyId) {
			return noSuchKey(in.AccessKeyId)
		}
		key, err := accessKeys.Get(tx, storage.K(in.AccessKeyId))
		if err != nil {
			return err
		}
		key.Status = in.Status
		return accessKeys.Put(tx, storage.K(in.AccessKeyId), key)
	}))
}

// ListAccessKeys lists the keys of a user, or of whoever calls.
func (s identity) ListAccessKeys(ctx context.Context, in *iamapi.ListAccessKeysRequest) (*iamapi.ListAccessKeysResponse, error) {
	r, err := self(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	e, err := s.keyHolder(ctx, "iam:ListAccessKeys", r)
	if err != nil {
		return nil, err
	}
	p, err := s.newPage("ListAccessKeys", in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	ids := pick(p, slices.Sorted(slices.Values(e.Keys)), func(id string) string { return id })
	out := &iamapi.ListAccessKeysResponse{IsTruncated: p.truncated(), Marker: p.marker()}
	err = s.view(ctx, func(tx storage.Tx) (err error) {
		out.AccessKeyMetadata, err = showKeys(tx, e.Name, ids)
		return err
	})
	return out, err
}

// keyHolder authorizes and returns a user or the root user.
func (s *state) keyHolder(ctx context.Context, action string, r ref) (*entity, error) {
	if r.Kind != aRoot {
		return s.find(ctx, action, r)
	}
	if err := s.permit(ctx, action, r.arn(nil), nil); err != nil {
		return nil, err
	}
	e, err := s.lookup(ctx, r)
	if e == nil {
		e = &entity{ID: r.Home.Account}
	}
	return e, err
}

func showKeys(tx storage.Tx, owner string, ids []string) ([]iamapi.AccessKeyMetadata, error) {
	out := []iamapi.AccessKeyMetadata{}
	for _, id := range ids {
		key, err := accessKeys.Get(tx, storage.K(id))
		if errors.Is(err, storage.ErrNotFound) {
			continue // deleted since the user was read
		}
		if err != nil {
			return nil, err
		}
		out = append(out, iamapi.AccessKeyMetadata{UserName: &owner, AccessKeyId: &id, Status: &key.Status, CreateDate: &key.Created})
	}
	return out, nil
}

// GetAccessKeyLastUsed tells when, where and for which service a key was last
// used. See
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyLastUsed.html
//
// Unverified: AccessDenied for a key that does not exist, and for a root key.
func (s identity) GetAccessKeyLastUsed(ctx context.Context, in *iamapi.GetAccessKeyLastUsedRequest) (*iamapi.GetAccessKeyLastUsedResponse, error) {
	r, key, err := s.ownerOf(ctx, in.AccessKeyId)
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, iamapi.Service.AccessDenied("User: " + api.CallerOf(ctx).ARN +
			" is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key " + in.AccessKeyId)
	}
	if _, err := s.find(ctx, "iam:GetAccessKeyLastUsed", r); err != nil {
		return nil, err
	}
	use := s.usage.key(in.AccessKeyId, key.Used)
	last := &iamapi.AccessKeyLastUsed{ServiceName: "N/A", Region: "N/A"}
	if use != nil {
		last = &iamapi.AccessKeyLastUsed{LastUsedDate: &use.At, ServiceName: use.Service, Region: use.Region}
	}
	return &iamapi.GetAccessKeyLastUsedResponse{UserName: &r.Name, AccessKeyLastUsed: last}, nil
}

// ownerOf returns a user's key of the caller's account and the user; the key
// is nil if there is none.
func (s *state) ownerOf(ctx context.Context, id string) (r ref, key *accessKey, err error) {
	err = s.view(ctx, func(tx storage.Tx) error {
		key = nil
		k, err := accessKeys.Get(tx, storage.K(id))
		if err != nil {
			return err
		}
		if k.Home != homeOf(ctx) {
			return storage.ErrNotFound
		}
		if r, _, err = findID(tx, k.Home.Partition, k.Owner); err == nil {
			key = &k
		}
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = nil
	}
	return r, key, err
}
