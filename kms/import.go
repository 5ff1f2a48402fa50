package kms

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"sealstack/api/kmsapi"
	"sealstack/kms/material"
	"sealstack/storage"
)

// longestValidity is how far ahead imported material may expire.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ImportKeyMaterial.html
const longestValidity = 365 * 24 * time.Hour

// imports sums up the imported materials of a key, pending ones left out: all
// must be there for the key to be usable.
// https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html
type imports struct {
	Missing bool      `cbor:"1,keyasint,omitempty"` // one was deleted or has expired
	Expiry  time.Time `cbor:"2,keyasint,omitzero"`  // when the next one expires
	Held    bool      `cbor:"3,keyasint,omitempty"` // the current one is there
	ValidTo time.Time `cbor:"4,keyasint,omitzero"`  // and until when
}

// sumUp is the summary of a key's materials.
func sumUp(list []version, current string) *imports {
	sum := &imports{}
	for _, v := range list {
		if v.Pending {
			continue
		}
		if v.Absent {
			sum.Missing = true
			continue
		}
		if v.expires() && (sum.Expiry.IsZero() || v.ValidTo.Before(sum.Expiry)) {
			sum.Expiry = v.ValidTo
		}
		if v.ID == current {
			sum.Held, sum.ValidTo = true, v.ValidTo
		}
	}
	return sum
}

// missing says that a material was deleted or has expired at an instant.
func (i *imports) missing(now time.Time) bool {
	return i != nil && (i.Missing || !i.Expiry.IsZero() && !now.Before(i.Expiry))
}

// expiration fills what the metadata tells of the current material.
func (i *imports) expiration(now time.Time, m *kmsapi.KeyMetadata) {
	if i == nil || !i.Held || !i.ValidTo.IsZero() && !now.Before(i.ValidTo) {
		return
	}
	m.ExpirationModel = new(expirationModel(i.ValidTo))
	if !i.ValidTo.IsZero() {
		m.ValidTo = &i.ValidTo
	}
}

func expirationModel(validTo time.Time) kmsapi.ExpirationModelType {
	if validTo.IsZero() {
		return kmsapi.ExpirationModelTypeKeyMaterialDoesNotExpire
	}
	return kmsapi.ExpirationModelTypeKeyMaterialExpires
}

// GetParametersForImport makes a wrapping key and the token that belongs to it.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GetParametersForImport.html
func (s *Service) GetParametersForImport(ctx context.Context, in *kmsapi.GetParametersForImportRequest) (*kmsapi.GetParametersForImportResponse, error) {
	ask := on(ctx, "GetParametersForImport").inAccount()
	ask.set("kms:wrappingalgorithm", string(in.WrappingAlgorithm))
	ask.set("kms:wrappingkeyspec", string(in.WrappingKeySpec))
	k, err := s.open(ctx, in.KeyId, keyForms, ask)
	if err != nil {
		return nil, err
	}
	if err := k.importable(forParameters); err != nil {
		return nil, err
	}
	if !wraps(k.Region, in.WrappingAlgorithm, in.WrappingKeySpec) {
		return nil, unsupported()
	}
	until := s.clock.Now().Add(parametersLife)
	public, token, err := s.newParameters(&k.record, in.WrappingAlgorithm, in.WrappingKeySpec, until)
	if err != nil {
		return nil, fmt.Errorf("kms: wrapping key: %w", err)
	}
	return &kmsapi.GetParametersForImportResponse{
		KeyId: new(k.arn()), ImportToken: token, PublicKey: public, ParametersValidTo: &until,
	}, nil
}

// importable holds a key's origin and state against an operation on imported
// material.
func (r *record) importable(need states) error {
	if r.Origin != kmsapi.OriginTypeExternal {
		return wrongOrigin(r.arn(), r.Origin)
	}
	return require(r.arn(), r.state(), need)
}

// ImportKeyMaterial takes key material that was wrapped as
// GetParametersForImport said.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ImportKeyMaterial.html
func (s *Service) ImportKeyMaterial(ctx context.Context, in *kmsapi.ImportKeyMaterialRequest) (*kmsapi.ImportKeyMaterialResponse, error) {
	model := or(in.ExpirationModel, kmsapi.ExpirationModelTypeKeyMaterialExpires)
	if err := checkValidity(model, in.ValidTo, s.clock.Now()); err != nil {
		return nil, err
	}
	if value(in.ImportType) == kmsapi.ImportTypeNewKeyMaterial && in.KeyMaterialId != nil {
		return nil, newMaterialHasNoID()
	}
	ask := on(ctx, "ImportKeyMaterial").inAccount()
	ask.set("kms:expirationmodel", string(model))
	if in.ValidTo != nil {
		ask.set("kms:validto", strconv.FormatInt(in.ValidTo.Unix(), 10))
	}
	k, err := s.open(ctx, in.KeyId, keyForms, ask)
	if err != nil {
		return nil, err
	}
	if err := k.importable(forImport); err != nil {
		return nil, err
	}
	if k.Spec != kmsapi.KeySpecSymmetricDefault && (in.ImportType != nil || in.KeyMaterialId != nil || in.KeyMaterialDescription != nil) {
		return nil, symmetricOnly()
	}
	id, err := s.take(ctx, k, in)
	if err != nil {
		return nil, err
	}
	out := &kmsapi.ImportKeyMaterialResponse{KeyId: new(k.arn())}
	if k.Spec == kmsapi.KeySpecSymmetricDefault {
		out.KeyMaterialId = &id
	}
	return out, nil
}

// checkValidity holds ExpirationModel and ValidTo against each other.
func checkValidity(model kmsapi.ExpirationModelType, validTo *time.Time, now time.Time) error {
	switch {
	case model == kmsapi.ExpirationModelTypeKeyMaterialDoesNotExpire && validTo != nil:
		return validToNotAllowed()
	case model == kmsapi.ExpirationModelTypeKeyMaterialDoesNotExpire:
		return nil
	case validTo == nil:
		return validToNeeded()
	case !validTo.After(now):
		return validToPast()
	case validTo.After(now.Add(longestValidity)):
		return validToFar()
	}
	return nil
}

// take unwraps the material of a request and makes it the key's.
func (s *Service) take(ctx context.Context, k *key, in *kmsapi.ImportKeyMaterialRequest) (id string, err error) {
	token, err := s.openToken(&k.record, in.ImportToken)
	if err != nil {
		return "", err
	}
	plain, err := token.unwrap(in.EncryptedKeyMaterial)
	if err != nil {
		return "", err
	}
	defer plain.Wipe()
	m, err := material.Import(string(k.Spec), plain, k.ID)
	if err != nil {
		return "", incorrectMaterial() // of another length, or no key of the spec
	}
	defer m.Wipe()
	if in.KeyMaterialId != nil && *in.KeyMaterialId != m.ID() {
		return "", incorrectMaterial()
	}
	g, err := s.sealUp(ctx, &k.record, m)
	if err != nil {
		return "", fmt.Errorf("kms: import into %s: %w", k.arn(), err)
	}
	err = s.change(ctx, k, forImport, func(tx storage.Tx, r *record) error { return s.admit(tx, r, g, in) })
	if err != nil {
		return "", errors.Join(err, s.vault.Destroy(ctx, g.sealed))
	}
	return g.id, nil
}

// admit stores imported material under the rules for new and for known one.
func (s *Service) admit(tx storage.Tx, r *record, g *generated, in *kmsapi.ImportKeyMaterialRequest) error {
	list, err := versionsOf(tx, r)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(v version) bool { return v.ID == g.id })
	if at < 0 {
		if err := r.admitsNew(list, g.id, in.ImportType); err != nil {
			return err
		}
		if list, err = announce(tx, r, version{ID: g.id, Pending: len(list) > 0}); err != nil {
			return err
		}
		at = len(list) - 1
	} else if value(in.ImportType) == kmsapi.ImportTypeNewKeyMaterial && !list[at].Pending {
		return incorrectMaterial()
	}
	v := &list[at]
	if err := s.drop(tx, r, v); err != nil {
		return err
	}
	v.Absent, v.ValidTo = false, value(in.ValidTo)
	v.Description = or(in.KeyMaterialDescription, v.Description)
	if v.expires() {
		if err := expiries.Put(tx, v.expiryAt(r), struct{}{}); err != nil {
			return err
		}
	}
	return errors.Join(s.keep(tx, r, g), restate(tx, r, list))
}

// admitsNew says whether material that the key does not know may become its
// own.
func (r *record) admitsNew(list []version, id string, how *kmsapi.ImportType) error {
	first := len(list) == 0
	switch {
	case first && or(how, kmsapi.ImportTypeNewKeyMaterial) == kmsapi.ImportTypeExistingKeyMaterial:
		return incorrectMaterial()
	case !first && or(how, kmsapi.ImportTypeExistingKeyMaterial) == kmsapi.ImportTypeExistingKeyMaterial:
		return incorrectMaterial()
	case r.Spec == kmsapi.KeySpecSymmetricDefault && !r.primary():
		return notPrimary(r.arn())
	}
	if waiting := slices.IndexFunc(list, func(v version) bool { return v.Pending }); waiting >= 0 {
		return otherPending(r.arn(), id, list[waiting].ID)
	}
	return nil
}

// announce tells the key and those related to it of new material, which none
// has yet. It returns the key's list.
func announce(tx storage.Tx, r *record, v version) (list []version, err error) {
	v.Absent = true
	err = spread(tx, r, func(other *record) error {
		known, err := versionsOf(tx, other)
		if err != nil {
			return err
		}
		if !v.Pending {
			other.Material = v.ID
		}
		list = append(known, v)
		return restate(tx, other, list)
	})
	return list, err
}

// restate stores the materials of a key with imported ones, and what they
// mean for its state. The caller stores the record.
func restate(tx storage.Tx, r *record, list []version) error {
	r.Import = sumUp(list, r.Material)
	return versions.Put(tx, r.place(), list)
}

// drop has the material of a version destroyed, if there is one.
func (s *Service) drop(tx storage.Tx, r *record, v *version) error {
	if v.expires() {
		if err := expiries.Delete(tx, v.expiryAt(r)); err != nil {
			return err
		}
	}
	at := materialAt(r, v.ID)
	m, err := materials.Get(tx, at)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(s.vault.Drop(tx, m.Sealed), materials.Delete(tx, at))
}

// DeleteImportedKeyMaterial destroys imported material, the current one unless
// another is named. The key is unusable until it is imported again.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_DeleteImportedKeyMaterial.html
func (s *Service) DeleteImportedKeyMaterial(ctx context.Context, in *kmsapi.DeleteImportedKeyMaterialRequest) (*kmsapi.DeleteImportedKeyMaterialResponse, error) {
	k, err := s.openOwn(ctx, in.KeyId, "DeleteImportedKeyMaterial")
	if err != nil {
		return nil, err
	}
	if err := k.importable(forRemoval); err != nil {
		return nil, err
	}
	if k.Spec != kmsapi.KeySpecSymmetricDefault && in.KeyMaterialId != nil {
		return nil, symmetricOnly()
	}
	id := k.Material
	err = s.change(ctx, k, forRemoval, func(tx storage.Tx, r *record) error {
		id = or(in.KeyMaterialId, r.Material)
		return s.remove(tx, r, id)
	})
	if err != nil {
		return nil, err
	}
	s.unsealed.drop(id)
	out := &kmsapi.DeleteImportedKeyMaterialResponse{KeyId: new(k.arn())}
	if k.Spec == kmsapi.KeySpecSymmetricDefault && id != "" {
		out.KeyMaterialId = &id
	}
	return out, nil
}

// remove destroys a material of a key. One that waits for rotation is then
// forgotten: in every Region if the key is the primary one.
func (s *Service) remove(tx storage.Tx, r *record, id string) error {
	if id == "" {
		return nil // nothing was ever imported
	}
	list, err := versionsOf(tx, r)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(v version) bool { return v.ID == id })
	if at < 0 {
		return materialNotFound(id)
	}
	if list[at].Pending && r.primary() {
		return spread(tx, r, func(r *record) error { return s.forget(tx, r, id) })
	}
	return s.empty(tx, r, list, at)
}

// forget takes a material that is pending from a key's list.
func (s *Service) forget(tx storage.Tx, r *record, id string) error {
	list, err := versionsOf(tx, r)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].ID == id {
			if err := s.drop(tx, r, &list[i]); err != nil {
				return err
			}
		}
	}
	return restate(tx, r, slices.DeleteFunc(list, func(v version) bool { return v.ID == id }))
}

// empty destroys the material of a version that stays in the key's list.
func (s *Service) empty(tx storage.Tx, r *record, list []version, at int) error {
	if err := s.drop(tx, r, &list[at]); err != nil {
		return err
	}
	list[at].Absent, list[at].ValidTo = true, time.Time{}
	return restate(tx, r, list)
}

// sweepExpired destroys the imported material that has expired at now. The
// keys were unusable before: see state.
func (s *Service) sweepExpired(ctx context.Context, now time.Time) error {
	rows, err := rowsUntil(ctx, s, expiries, now)
	if err != nil {
		return err
	}
	var failed []error
	for _, at := range rows {
		failed = append(failed, s.expire(ctx, at))
	}
	return errors.Join(failed...)
}

// expire destroys the material of a row of expiries, unless it was imported
// anew.
func (s *Service) expire(ctx context.Context, at storage.Key) error {
	part := at.Strings()
	account, region, keyID, id := part[1], part[2], part[3], part[4]
	var r record
	var done bool
	err := s.store.Update(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		done = false
		if r, err = keys.Get(tx, storage.K(account, region, keyID)); err != nil {
			return err
		}
		list, err := versionsOf(tx, &r)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(v version) bool { return v.ID == id })
		if i < 0 || !list[i].expires() || list[i].expiryAt(&r).Compare(at) != 0 {
			return nil
		}
		done = true
		return errors.Join(s.empty(tx, &r, list, i), keys.Put(tx, r.place(), r))
	})
	if err != nil {
		return fmt.Errorf("kms: expire material of key %s: %w", at, err)
	}
	s.unsealed.drop(id)
	if done {
		s.note(ctx, &r, "DeleteExpiredKeyMaterial", map[string]any{"keyMaterialId": id})
	}
	return nil
}

// promote makes the imported material that waits for it the current one, in
// every Region.
func (s *Service) promote(tx storage.Tx, r *record, now time.Time) error {
	list, err := versionsOf(tx, r)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(v version) bool { return v.Pending })
	if at < 0 {
		return nothingPending(r.arn())
	}
	return spread(tx, r, func(other *record) error {
		list, err := versionsOf(tx, other)
		if err != nil {
			return err
		}
		if at >= len(list) || !list[at].present(now) { // a Region has not got it
			return nothingPending(r.arn())
		}
		list[at].Pending, list[at].Rotated, list[at].Type = false, now, kmsapi.RotationTypeOnDemand
		other.Material = list[at].ID
		return restate(tx, other, list)
	})
}
