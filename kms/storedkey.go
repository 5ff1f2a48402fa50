package kms

import (
	"context"
	"errors"
	"slices"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/kms/material"
	"sealstack/kms/xks"
	"sealstack/storage"
)

// A key in a custom key store. One of a CloudHSM key store has its material
// in the cluster, which is simulated: the material is kept as any other. One
// of an external key store encrypts twice: under its own material, and then
// under the external key.
// https://docs.aws.amazon.com/kms/latest/developerguide/keystore-external.html#concept-double-encryption

// stored says that the key is in a custom key store.
func (r *record) stored() bool { return r.Store != "" }

// attach reads the custom key store of a key beside it.
func (r *record) attach(tx storage.Tx) error {
	if !r.stored() {
		return nil
	}
	st, err := keyStores.Get(tx, storage.K(r.Account, r.Region, r.Store))
	r.store = &st
	return err
}

// detached says that the key store of the key is not connected.
func (r *record) detached() bool { return r.store != nil && r.store.state(r.seen) != connected }

// inStoreOf holds the key store that a new key asks for against the key.
func (s *Service) inStoreOf(tx storage.Tx, c *api.Caller, r *record) error {
	st, err := s.storeOf(tx, c, r.Store)
	if err != nil {
		return err
	}
	r.store = st
	if (st.Kind == externalStore) != (r.Origin == kmsapi.OriginTypeExternalKeyStore) {
		return otherOrigin(st.Kind, r.Origin)
	}
	if state := st.state(s.clock.Now()); state != connected {
		if st.Kind == externalStore {
			return kmsapi.CustomKeyStoreInvalidStateException(notConnected)
		}
		return storeState(st.ID, state)
	}
	if st.Kind == cloudHSM {
		_, err := fit(tx, st, twoHSMs)
		return err
	}
	if taken, err := externalKeys.Has(tx, st.place().With(r.XksKey)); err != nil || taken {
		return errors.Join(err, externalKeyInUse())
	}
	return nil
}

// placeInStore prepares a new key for its custom key store. It returns what
// is to be done when the key is stored.
func (s *Service) placeInStore(ctx context.Context, r *record, in *kmsapi.CreateKeyRequest) (func(storage.Tx) error, error) {
	c := api.CallerOf(ctx)
	r.Store, r.XksKey = *in.CustomKeyStoreId, value(in.XksKeyId)
	if err := s.see(ctx, func(tx storage.Tx) error { return s.inStoreOf(tx, c, r) }); err != nil {
		return nil, err
	}
	if r.XksKey != "" {
		if err := s.checkExternalKey(ctx, r); err != nil {
			return nil, creationFault(err)
		}
	}
	return func(tx storage.Tx) error {
		if err := s.inStoreOf(tx, c, r); err != nil {
			return err
		}
		if r.XksKey == "" {
			return storedKeys.Put(tx, r.store.place().With(r.ID), struct{}{})
		}
		return errors.Join(storedKeys.Put(tx, r.store.place().With(r.ID), struct{}{}), externalKeys.Put(tx, r.store.place().With(r.XksKey), r.ID))
	}, nil
}

// checkExternalKey holds an external key against what KMS needs.
func (s *Service) checkExternalKey(ctx context.Context, r *record) error {
	p, err := s.proxyOf(r.store)
	if err != nil {
		return err
	}
	k, err := s.xks.Key(ctx, p, r.XksKey, told(ctx, nil, "CreateKey"))
	switch {
	case err != nil:
		return err
	case k.Spec != "AES_256":
		return externalKeySpec(k.Spec)
	case k.Status != "ENABLED":
		return externalKeyStatus(k.Status)
	case !slices.Contains(k.Usage, "ENCRYPT") || !slices.Contains(k.Usage, "DECRYPT"):
		return externalKeyUsage(k.Usage)
	}
	return nil
}

// leaveStore takes a destroyed key out of its custom key store.
func leaveStore(tx storage.Tx, r *record) error {
	if !r.stored() {
		return nil
	}
	at := storage.K(r.Account, r.Region, r.Store)
	err := storedKeys.Delete(tx, at.With(r.ID))
	if r.XksKey != "" {
		err = errors.Join(err, externalKeys.Delete(tx, at.With(r.XksKey)))
	}
	return err
}

// storeMembers fills what only the metadata of keys in custom key stores has.
func storeMembers(r *record, m *kmsapi.KeyMetadata) {
	if !r.stored() {
		return
	}
	m.CustomKeyStoreId = &r.Store
	if r.store != nil && r.store.Cluster != nil {
		m.CloudHsmClusterId = &r.store.Cluster.ID
	}
	if r.XksKey != "" {
		m.XksKeyConfiguration = &kmsapi.XksKeyConfigurationType{Id: &r.XksKey}
	}
}

// sealOutside has what was encrypted under a key's own material encrypted
// under its external key. The encryption context is authenticated there, too.
func (s *Service) sealOutside(ctx context.Context, k *key, operation string, inner []byte, context map[string]string) ([]byte, error) {
	blob, err := material.ParseBlob(inner)
	if err != nil {
		return nil, err
	}
	p, err := s.proxyOf(k.store)
	if err != nil {
		return nil, err
	}
	sealed, err := s.xks.Encrypt(ctx, p, k.XksKey, told(ctx, k, operation), inner, material.EncodeContext(context))
	if err != nil {
		return nil, useFault(err)
	}
	e := material.External{
		Kind: blob.Kind(), Tag: blob.Tag(), Metadata: sealed.Metadata, IV: sealed.IV, AuthTag: sealed.Tag, Ciphertext: sealed.Ciphertext,
	}
	return e.Marshal()
}

// openOutside has the outer encryption opened and returns the inner one.
func (s *Service) openOutside(ctx context.Context, k *key, operation string, c *ciphertext) (material.Blob, error) {
	p, err := s.proxyOf(k.store)
	if err != nil {
		return material.Blob{}, err
	}
	sealed := xks.Sealed{Metadata: c.outer.Metadata, IV: c.outer.IV, Tag: c.outer.AuthTag, Ciphertext: c.outer.Ciphertext}
	inner, err := s.xks.Decrypt(ctx, p, k.XksKey, told(ctx, k, operation), sealed, material.EncodeContext(c.context))
	if err != nil {
		return material.Blob{}, useFault(err)
	}
	blob, err := material.ParseBlob(inner)
	if err != nil {
		return blob, kmsapi.KMSInvalidStateException(corruptInside)
	}
	return blob, nil
}
