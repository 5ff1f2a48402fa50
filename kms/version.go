package kms

import (
	"context"
	"errors"
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
	for i, v := range list {
		at := storage.K(i)
		if at.Compare(after) > 0 && (all || !v.Rotated.IsZero()) {
			p.add(at, v.entry(k))
		}
	}
	return nil
}

// entry is a material as it is listed.
func (v *version) entry(k *key) kmsapi.RotationsListEntry {
	e := kmsapi.RotationsListEntry{KeyId: new(k.arn()), KeyMaterialId: &v.ID, KeyMaterialState: new(kmsapi.KeyMaterialStateNonCurrent)}
	if v.ID == k.Material {
		e.KeyMaterialState = new(kmsapi.KeyMaterialStateCurrent)
	}
	if !v.Rotated.IsZero() {
		e.RotationDate, e.RotationType = &v.Rotated, &v.Type
	}
	return e
}
