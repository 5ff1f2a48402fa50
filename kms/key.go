package kms

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/storage"
)

// CreateKey makes a key with its policy, tags and first key material.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
func (s *Service) CreateKey(ctx context.Context, in *kmsapi.CreateKeyRequest) (*kmsapi.CreateKeyResponse, error) {
	r, err := draft(api.CallerOf(ctx), in)
	if err != nil {
		return nil, err
	}
	if err := s.allowCreation(ctx, in, r); err != nil {
		return nil, err
	}
	document := defaultPolicy(r.Region, r.Account)
	if in.Policy != nil {
		if document, err = s.checkPolicy(ctx, r, *in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
			return nil, err
		}
	}
	r.Created = s.clock.Now()
	r.seen = r.Created
	if err := s.place(ctx, r, in, document); err != nil {
		return nil, err
	}
	return &kmsapi.CreateKeyResponse{KeyMetadata: new(metadata(r))}, nil
}

// place stores a key, in a custom key store if the request names one.
func (s *Service) place(ctx context.Context, r *record, in *kmsapi.CreateKeyRequest, document string) error {
	if in.CustomKeyStoreId == nil {
		return s.create(ctx, r, document)
	}
	occupy, err := s.placeInStore(ctx, r, in)
	if err != nil {
		return err
	}
	return s.create(ctx, r, document, occupy)
}

// draft is the key that the request asks for, its parameters held against each
// other.
func draft(c *api.Caller, in *kmsapi.CreateKeyRequest) (*record, error) {
	r := &record{
		Account: c.Account, Region: c.Region, ID: newKeyID(), Description: value(in.Description),
		Origin: or(in.Origin, kmsapi.OriginTypeAwsKms),
	}
	if value(in.MultiRegion) {
		r.ID, r.Multi = newMultiRegionID(), &multiRegion{Primary: c.Region, Regions: []string{c.Region}}
	}
	var err error
	if r.Spec, err = specOf(in); err != nil {
		return nil, err
	}
	if r.Spec == sm2 && !inChina(c.Region) {
		return nil, noSuchSpec(r.Spec, specMember(in), "KeySpec")
	}
	if r.Usage, err = usageOf(r.Spec, in.KeyUsage); err != nil {
		return nil, err
	}
	if err := checkOrigin(r, in); err != nil {
		return nil, err
	}
	r.Tags, err = withTags(nil, in.Tags)
	return r, err
}

// specOf reads the key spec, which has two names.
func specOf(in *kmsapi.CreateKeyRequest) (kmsapi.KeySpec, error) {
	switch {
	case in.KeySpec != nil && in.CustomerMasterKeySpec != nil:
		return "", twoSpecs()
	case in.CustomerMasterKeySpec != nil:
		return kmsapi.KeySpec(*in.CustomerMasterKeySpec), nil
	}
	return or(in.KeySpec, kmsapi.KeySpecSymmetricDefault), nil
}

// specMember is the name under which the request has the key spec.
func specMember(in *kmsapi.CreateKeyRequest) string {
	if in.KeySpec == nil {
		return "customerMasterKeySpec"
	}
	return "keySpec"
}

// usageOf reads the key usage, which has a default for symmetric keys only.
func usageOf(spec kmsapi.KeySpec, asked *kmsapi.KeyUsageType) (kmsapi.KeyUsageType, error) {
	if asked == nil && spec != kmsapi.KeySpecSymmetricDefault {
		return "", usageNeeded()
	}
	usage := or(asked, encryptDecrypt)
	if !families[spec].has(usage) {
		return "", usageMismatch(usage, spec)
	}
	return usage, nil
}

// checkOrigin holds the origin against the key spec and the custom key store.
func checkOrigin(r *record, in *kmsapi.CreateKeyRequest) error {
	inStore := r.Origin == kmsapi.OriginTypeAwsCloudhsm || r.Origin == kmsapi.OriginTypeExternalKeyStore
	switch {
	case !families[r.Spec].from(r.Origin):
		return originMismatch(r.Spec, r.Origin)
	case inStore && in.CustomKeyStoreId == nil:
		return storeNeeded(r.Origin)
	case !inStore && in.CustomKeyStoreId != nil:
		return storeNotAllowed(r.Origin)
	case in.XksKeyId == nil && r.Origin == kmsapi.OriginTypeExternalKeyStore:
		return xksKeyNeeded()
	case in.XksKeyId != nil && r.Origin != kmsapi.OriginTypeExternalKeyStore:
		return xksKeyNotAllowed(r.Origin)
	case inStore && value(in.MultiRegion):
		return multiRegionStore()
	}
	return nil
}

// allowCreation asks for kms:CreateKey and, if the key is to have tags, for
// kms:TagResource. There is no key policy yet: IAM decides.
func (s *Service) allowCreation(ctx context.Context, in *kmsapi.CreateKeyRequest, r *record) error {
	creation := on(ctx, "CreateKey").kind(r).requestTags(in.Tags).bypass(in.BypassPolicyLockoutSafetyCheck)
	if err := s.allowIAM(ctx, creation, "*"); err != nil {
		return err
	}
	if len(in.Tags) == 0 {
		return nil
	}
	tagging := on(ctx, "TagResource").kind(r).requestTags(in.Tags)
	tagging.newborn = true
	return s.allowIAM(ctx, tagging, r.arn())
}

// create stores a key with its policy and, unless that is to be imported, new
// key material, and what also does with it.
func (s *Service) create(ctx context.Context, r *record, document string, also ...func(storage.Tx) error) error {
	r.Policy = newRevision()
	store := func(tx storage.Tx) error {
		for _, fn := range also {
			if err := fn(tx); err != nil {
				return err
			}
		}
		return errors.Join(
			s.countKey(tx, r, 1),
			keys.Put(tx, r.place(), *r),
			policies.Put(tx, r.place(), policyRecord{Revision: r.Policy, Document: document}),
		)
	}
	if r.Origin == kmsapi.OriginTypeExternal {
		return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error { return store(tx) })
	}
	m, err := s.generate(ctx, r)
	if err != nil {
		return fmt.Errorf("kms: create key: %w", err)
	}
	r.Material = m.id
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error { return errors.Join(store(tx), s.keep(tx, r, m)) })
	if err != nil {
		return fmt.Errorf("kms: create key: %w", errors.Join(err, s.vault.Destroy(ctx, m.sealed)))
	}
	return nil
}

// DescribeKey returns a key's metadata.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
func (s *Service) DescribeKey(ctx context.Context, in *kmsapi.DescribeKeyRequest) (*kmsapi.DescribeKeyResponse, error) {
	if err := s.meet(ctx, in.KeyId); err != nil {
		return nil, err
	}
	tokens, err := s.redeem(ctx, in.GrantTokens)
	if err != nil {
		return nil, err
	}
	k, err := s.open(ctx, in.KeyId, allForms, on(ctx, "DescribeKey").holding(tokens))
	if err != nil {
		return nil, err
	}
	return &kmsapi.DescribeKeyResponse{KeyMetadata: new(metadata(&k.record))}, nil
}

// metadata is a key as KMS describes it.
func metadata(r *record) kmsapi.KeyMetadata {
	state := r.state()
	m := kmsapi.KeyMetadata{
		AWSAccountId: &r.Account, KeyId: r.ID, Arn: new(r.arn()), CreationDate: &r.Created,
		Enabled: new(state == kmsapi.KeyStateEnabled), Description: &r.Description,
		KeyUsage: &r.Usage, KeyState: &state, Origin: &r.Origin,
		KeyManager: new(r.manager()), KeySpec: &r.Spec,
		CustomerMasterKeySpec: new(kmsapi.CustomerMasterKeySpec(r.Spec)),
		MultiRegion:           new(r.Multi != nil),
	}
	relationsOf(r, &m)
	algorithmsOf(r, &m)
	switch state {
	case kmsapi.KeyStatePendingDeletion:
		m.DeletionDate = &r.Deletion
	case kmsapi.KeyStatePendingReplicaDeletion:
		m.PendingDeletionWindowInDays = &r.Window
	}
	if r.sealedBy() != nil && r.Material != "" && state != kmsapi.KeyStateCreating {
		m.CurrentKeyMaterialId = &r.Material
	}
	r.Import.expiration(r.seen, &m)
	storeMembers(r, &m)
	return m
}

// ListKeys lists the keys of the caller's account and Region.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html
func (s *Service) ListKeys(ctx context.Context, in *kmsapi.ListKeysRequest) (*kmsapi.ListKeysResponse, error) {
	if err := s.allowIAM(ctx, on(ctx, "ListKeys"), "*"); err != nil {
		return nil, err
	}
	c := api.CallerOf(ctx)
	p := page[kmsapi.KeyListEntry]{list: "ListKeys " + c.Account + " " + c.Region, size: or(in.Limit, 100), most: 1000}
	err := scan(ctx, s, &p, in.Marker, keys, storage.K(c.Account, c.Region), func(_ storage.Tx, at storage.Key, r record) error {
		if !r.gone(p.now) {
			p.add(at, kmsapi.KeyListEntry{KeyId: &r.ID, KeyArn: new(r.arn())})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &kmsapi.ListKeysResponse{Keys: p.items, NextMarker: p.next, Truncated: new(p.next != nil)}, nil
}

// EnableKey makes a disabled key usable again.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKey.html
func (s *Service) EnableKey(ctx context.Context, in *kmsapi.EnableKeyRequest) (*api.None, error) {
	return s.turn(ctx, in.KeyId, "EnableKey", false)
}

// DisableKey keeps a key from being used.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKey.html
func (s *Service) DisableKey(ctx context.Context, in *kmsapi.DisableKeyRequest) (*api.None, error) {
	return s.turn(ctx, in.KeyId, "DisableKey", true)
}

func (s *Service) turn(ctx context.Context, keyID, action string, off bool) (*api.None, error) {
	k, err := s.openOwn(ctx, keyID, action)
	if err != nil {
		return nil, err
	}
	return done(s.change(ctx, k, forSwitch, func(tx storage.Tx, r *record) error {
		r.Disabled = off
		if !off {
			return resume(tx, r, s.clock.Now())
		}
		return nil
	}))
}

// UpdateKeyDescription replaces a key's description.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateKeyDescription.html
func (s *Service) UpdateKeyDescription(ctx context.Context, in *kmsapi.UpdateKeyDescriptionRequest) (*api.None, error) {
	k, err := s.openOwn(ctx, in.KeyId, "UpdateKeyDescription")
	if err != nil {
		return nil, err
	}
	return done(s.change(ctx, k, forChange, func(_ storage.Tx, r *record) error {
		r.Description = in.Description
		return nil
	}))
}

// change reads a key again, inside a write transaction, holds its state
// against need, and stores what fn made of it.
func (s *Service) change(ctx context.Context, k *key, need states, fn func(storage.Tx, *record) error) error {
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		r, err := s.current(tx, k.Account, k.Region, k.ID)
		if err != nil {
			return err
		}
		if err := require(r.arn(), r.state(), need); err != nil {
			return err
		}
		if err := fn(tx, &r); err != nil {
			return err
		}
		return keys.Put(tx, r.place(), r)
	})
}

// current reads a key that must exist.
func (s *Service) current(tx storage.Tx, account, region, id string) (record, error) {
	r, err := keys.Get(tx, storage.K(account, region, id))
	r.seen = s.clock.Now()
	if errors.Is(err, storage.ErrNotFound) || err == nil && r.gone(r.seen) {
		return r, keyNotFound(keyARN(region, account, id))
	}
	if err == nil {
		err = r.attach(tx)
	}
	return r, err
}

// newKeyID is a random UUID, RFC 9562 version 4.
func newKeyID() string {
	var b [16]byte
	rand.Read(b[:]) // documented never to fail
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// done is the answer of an operation without output.
func done(err error) (*api.None, error) {
	if err != nil {
		return nil, err
	}
	return &api.None{}, nil
}

// value is what p points to, or nothing.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// or is what p points to, or the default.
func or[T any](p *T, def T) T {
	if p != nil {
		return *p
	}
	return def
}
