package kms

import (
	"context"
	"errors"
	"slices"
	"time"

	"sealstack/api/kmsapi"
	"sealstack/kms/material"
	"sealstack/storage"
)

// version is one of the key materials of a key.
type version struct {
	ID      string              `cbor:"1,keyasint"`
	Rotated time.Time           `cbor:"2,keyasint,omitzero"` // when it became current; zero for the first
	Type    kmsapi.RotationType `cbor:"3,keyasint,omitempty"`

	// Of imported material only:
	ValidTo     time.Time `cbor:"4,keyasint,omitzero"` // zero if it does not expire
	Description string    `cbor:"5,keyasint,omitempty"`
	Absent      bool      `cbor:"6,keyasint,omitempty"` // deleted, expired, or not yet imported in this Region
	Pending     bool      `cbor:"7,keyasint,omitempty"` // waits for a rotation
}

// expires says that the material is there for a time.
func (v *version) expires() bool { return !v.Absent && !v.ValidTo.IsZero() }

// present says that the material is there at an instant.
func (v *version) present(now time.Time) bool {
	return !v.Absent && (v.ValidTo.IsZero() || now.Before(v.ValidTo))
}

// expiryAt is the row of the material in expiries.
func (v *version) expiryAt(r *record) storage.Key {
	return storage.K(v.ValidTo, r.Account, r.Region, r.ID, v.ID)
}

// versionsOf lists the materials of a key in the order in which they became
// its own. A key that was never rotated has no row.
func versionsOf(tx storage.Tx, r *record) ([]version, error) {
	list, err := versions.Get(tx, r.place())
	if errors.Is(err, storage.ErrNotFound) {
		if r.Material == "" {
			return nil, nil
		}
		return []version{{ID: r.Material}}, nil
	}
	return list, err
}

// renewal is new key material, sealed for each Region of a key.
type renewal struct {
	id string
	in map[string]*generated
}

// renew makes new material for a key.
func (s *Service) renew(ctx context.Context, r *record) (renewal, error) {
	m, err := material.NewSymmetric()
	if err != nil {
		return renewal{}, err
	}
	defer m.Wipe()
	n := renewal{id: m.ID(), in: map[string]*generated{}}
	for _, region := range r.regions() {
		there := *r
		there.Region = region
		if n.in[region], err = s.sealUp(ctx, &there, m); err != nil {
			delete(n.in, region)
			return n, errors.Join(err, s.discard(ctx, n))
		}
	}
	return n, nil
}

// discard destroys materials that were not stored.
func (s *Service) discard(ctx context.Context, made ...renewal) error {
	var failed []error
	for _, m := range made {
		for _, g := range m.in {
			failed = append(failed, s.vault.Destroy(ctx, g.sealed))
		}
	}
	return errors.Join(failed...)
}

// install makes new material the current one in every Region of the key. The
// caller stores r.
func (s *Service) install(tx storage.Tx, r *record, m renewal, at time.Time, how kmsapi.RotationType) error {
	return spread(tx, r, func(r *record) error {
		list, err := versionsOf(tx, r)
		if err != nil {
			return err
		}
		r.Material = m.id
		list = append(list, version{ID: m.id, Rotated: at, Type: how})
		return errors.Join(versions.Put(tx, r.place(), list), s.keep(tx, r, m.in[r.Region]))
	})
}

// ListKeyRotations lists the rotations of a key, or all of its materials.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeyRotations.html
//
// Unverified: the order, and that KeyId is the ARN.
func (s *Service) ListKeyRotations(ctx context.Context, in *kmsapi.ListKeyRotationsRequest) (*kmsapi.ListKeyRotationsResponse, error) {
	k, err := s.openOwn(ctx, in.KeyId, "ListKeyRotations")
	if err != nil {
		return nil, err
	}
	if k.Spec != kmsapi.KeySpecSymmetricDefault {
		return nil, unsupported()
	}
	if k.stored() {
		return nil, wrongOrigin(k.arn(), k.Origin)
	}
	include := or(in.IncludeKeyMaterial, kmsapi.IncludeKeyMaterialRotationsOnly)
	p := page[kmsapi.RotationsListEntry]{list: "ListKeyRotations " + k.arn() + " " + string(include), size: or(in.Limit, 100), most: 1000}
	err = p.fill(s, in.Marker, func(after storage.Key) error {
		return s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
			return fillVersions(tx, &p, k, include == kmsapi.IncludeKeyMaterialAllKeyMaterial, after)
		})
	})
	if err != nil {
		return nil, err
	}
	return &kmsapi.ListKeyRotationsResponse{Rotations: p.items, NextMarker: p.next, Truncated: new(p.next != nil)}, nil
}

// fillVersions fills a page with the materials of a key; unless all are asked
// for, with those that a rotation has brought.
func fillVersions(tx storage.Tx, p *page[kmsapi.RotationsListEntry], k *key, all bool, after storage.Key) error {
	p.items, p.more = []kmsapi.RotationsListEntry{}, false
	list, err := versionsOf(tx, &k.record)
	if err != nil {
		return err
	}
	everywhere, err := arrived(tx, k, list)
	if err != nil {
		return err
	}
	for i, v := range list {
		at := storage.K(i)
		if at.Compare(after) > 0 && (all || !v.Rotated.IsZero()) {
			p.add(at, v.entry(k, everywhere))
		}
	}
	return nil
}

// arrived says whether the material that waits for a rotation, if any, was
// imported in every Region of the key.
func arrived(tx storage.Tx, k *key, list []version) (bool, error) {
	at := slices.IndexFunc(list, func(v version) bool { return v.Pending })
	if at < 0 || k.Multi == nil {
		return true, nil
	}
	for _, region := range k.regions() {
		other, err := versions.Get(tx, storage.K(k.Account, region, k.ID))
		if err != nil || at >= len(other) || !other[at].present(k.seen) {
			return false, err
		}
	}
	return true, nil
}

// entry is a material as it is listed. everywhere says that no Region lacks it.
func (v *version) entry(k *key, everywhere bool) kmsapi.RotationsListEntry {
	e := kmsapi.RotationsListEntry{KeyId: new(k.arn()), KeyMaterialId: &v.ID, KeyMaterialState: new(kmsapi.KeyMaterialStateNonCurrent)}
	switch {
	case v.ID == k.Material:
		e.KeyMaterialState = new(kmsapi.KeyMaterialStateCurrent)
	case v.Pending && everywhere:
		e.KeyMaterialState = new(kmsapi.KeyMaterialStatePendingRotation)
	case v.Pending:
		e.KeyMaterialState = new(kmsapi.KeyMaterialStatePendingMultiRegionImportAndRotation)
	}
	if !v.Rotated.IsZero() {
		e.RotationDate, e.RotationType = &v.Rotated, &v.Type
	}
	if k.Origin == kmsapi.OriginTypeExternal {
		v.imported(k.seen, &e)
	}
	return e
}

// imported fills what is listed of imported material only.
func (v *version) imported(now time.Time, e *kmsapi.RotationsListEntry) {
	e.ImportState = new(kmsapi.ImportStatePendingImport)
	if v.present(now) {
		e.ImportState, e.ExpirationModel = new(kmsapi.ImportStateImported), new(expirationModel(v.ValidTo))
		if v.expires() {
			e.ValidTo = &v.ValidTo
		}
	}
	if v.Description != "" {
		e.KeyMaterialDescription = &v.Description
	}
}

// dropVersions removes the list of a key's materials; dropMaterials destroys
// these.
func dropVersions(tx storage.Tx, r *record) error {
	list, err := versionsOf(tx, r)
	if err != nil {
		return err
	}
	for _, v := range list {
		if v.expires() {
			if err := expiries.Delete(tx, v.expiryAt(r)); err != nil {
				return err
			}
		}
	}
	return versions.Delete(tx, r.place())
}
