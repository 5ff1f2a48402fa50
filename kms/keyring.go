package kms

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"sealstack/kms/material"
	"sealstack/storage"
)

// maxUnsealed bounds the key materials held in memory. Beyond it, any one that
// is not in use gives way.
const maxUnsealed = 4096

// unsealedMaterials holds key material that has been unwrapped, by material
// id. What is dropped is wiped as soon as nobody uses it. The zero value is
// ready.
type unsealedMaterials struct {
	mu    sync.Mutex
	held  map[string]*unsealed
	epoch uint64 // grows with every drop, see put
}

// unsealed is one material with the count of its users, the map being one.
type unsealed struct {
	ring  *unsealedMaterials
	m     material.Material
	users int
}

// get returns the material, to be released, or nil and the epoch in which it
// was not there.
func (u *unsealedMaterials) get(id string) (*unsealed, uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	e := u.held[id]
	if e != nil {
		e.users++
	}
	return e, u.epoch
}

// put takes over m, which was read from the store after get had told the
// epoch, and returns it to be released. If something was dropped in the
// meantime it may have been m, so it is not kept beyond its use.
func (u *unsealedMaterials) put(id string, m material.Material, epoch uint64) *unsealed {
	u.mu.Lock()
	defer u.mu.Unlock()
	e := &unsealed{ring: u, m: m, users: 1}
	if epoch != u.epoch || u.held[id] != nil {
		return e
	}
	if u.held == nil {
		u.held = map[string]*unsealed{}
	}
	if len(u.held) >= maxUnsealed {
		u.evict()
	}
	u.held[id] = e
	e.users++
	return e
}

// evict drops one material. The order of a map is random enough.
func (u *unsealedMaterials) evict() {
	for id, e := range u.held {
		delete(u.held, id)
		e.leave()
		return
	}
}

// drop wipes the material unless it is in use, and then when it is released.
func (u *unsealedMaterials) drop(ids ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.epoch++
	for _, id := range ids {
		if e := u.held[id]; e != nil {
			delete(u.held, id)
			e.leave()
		}
	}
}

// reset drops everything.
func (u *unsealedMaterials) reset() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.epoch++
	for _, e := range u.held {
		e.leave()
	}
	clear(u.held)
}

// release ends one use.
func (e *unsealed) release() {
	e.ring.mu.Lock()
	defer e.ring.mu.Unlock()
	e.leave()
}

// leave counts one user less; the lock is held.
func (e *unsealed) leave() {
	if e.users--; e.users == 0 {
		e.m.Wipe()
	}
}

// unseal returns a material of the key, to be released. ErrNotFound of storage
// when it was destroyed.
func (s *Service) unseal(ctx context.Context, r *record, id string) (*unsealed, error) {
	e, epoch := s.unsealed.get(id)
	if e != nil {
		return e, nil
	}
	m, err := s.load(ctx, r, id)
	if err != nil {
		return nil, fmt.Errorf("kms: material of %s: %w", r.arn(), err)
	}
	return s.unsealed.put(id, m, epoch), nil
}

// symmetric is unsealAs for a key of spec SYMMETRIC_DEFAULT.
func (s *Service) symmetric(ctx context.Context, r *record, id string) (*material.Symmetric, func(), error) {
	return unsealAs[*material.Symmetric](ctx, s, r, id)
}

// unsealAs is unseal for a key whose material is an M. A key that was
// destroyed since it was read does not exist.
func unsealAs[M material.Material](ctx context.Context, s *Service, r *record, id string) (m M, release func(), err error) {
	e, err := s.unseal(ctx, r, id)
	if errors.Is(err, storage.ErrNotFound) {
		return m, nil, keyNotFound(r.arn())
	}
	if err != nil {
		return m, nil, err
	}
	m, ok := e.m.(M)
	if !ok {
		e.release()
		return m, nil, fmt.Errorf("kms: material of %s is a %T", r.arn(), e.m)
	}
	return m, e.release, nil
}
