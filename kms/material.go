package kms

import (
	"context"
	"errors"

	"sealstack/kms/material"
	"sealstack/storage"
	"sealstack/storage/seal"
)

// materialRecord is key material as it is stored: encrypted under the root key
// and a secret of its own that can be destroyed.
type materialRecord struct {
	Sealed seal.Sealed `cbor:"1,keyasint"`
}

// generated is new key material, sealed but not yet part of the store.
type generated struct {
	id     string
	tag    *material.Tag // that ciphertexts of the material carry, nil if they have none
	sealed seal.Sealed
}

// materialAt is the row of a material of a key.
func materialAt(r *record, id string) storage.Key { return r.place().With(id) }

// label binds sealed material to its place.
func label(at storage.Key) string { return "kms.material" + at.String() }

// generate makes key material of the key's spec.
func (s *Service) generate(ctx context.Context, r *record) (*generated, error) {
	m, err := s.newMaterial(string(r.Spec)) // outside of any transaction: RSA takes its time
	if err != nil {
		return nil, err
	}
	defer m.Wipe()
	return s.sealUp(ctx, r, m)
}

// sealUp seals a material for the key r.
func (s *Service) sealUp(ctx context.Context, r *record, m material.Material) (*generated, error) {
	g := &generated{id: m.ID()}
	if tagged, ok := m.(interface{ Tag() material.Tag }); ok {
		g.tag = new(tagged.Tag())
	}
	secret := m.Marshal()
	defer secret.Wipe()
	var err error
	g.sealed, err = s.vault.Put(ctx, label(materialAt(r, g.id)), secret.Bytes())
	return g, err
}

// keep makes new material part of the store.
func (s *Service) keep(tx storage.Tx, r *record, g *generated) error {
	err := errors.Join(s.vault.Keep(tx, g.sealed), materials.Put(tx, materialAt(r, g.id), materialRecord{g.sealed}))
	if err != nil || g.tag == nil {
		return err
	}
	return owners.Put(tx, storage.K(g.tag[:], r.Region), owner{Account: r.Account, ID: r.ID})
}

// load reads and unwraps a material. ErrNotFound of storage when it was
// destroyed.
func (s *Service) load(ctx context.Context, r *record, id string) (material.Material, error) {
	at := materialAt(r, id)
	var stored materialRecord
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		stored, err = materials.Get(tx, at)
		return err
	})
	if err != nil {
		return nil, err
	}
	plain, err := s.vault.Open(ctx, label(at), stored.Sealed)
	if errors.Is(err, seal.ErrDestroyed) {
		return nil, storage.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	secret := material.NewSecret(plain)
	defer secret.Wipe()
	return material.Parse(secret)
}

// dropMaterials removes every material of a key and has the secrets that they
// are wrapped under overwritten. It returns the ids.
func (s *Service) dropMaterials(tx storage.Tx, r *record) (ids []string, err error) {
	for row, err := range materials.Scan(tx, storage.Range{Prefix: r.place()}) {
		if err != nil {
			return nil, err
		}
		if err := errors.Join(s.vault.Drop(tx, row.Value.Sealed), materials.Delete(tx, row.Key)); err != nil {
			return nil, err
		}
		ids = append(ids, row.Key.Strings()[3])
	}
	return ids, nil
}
