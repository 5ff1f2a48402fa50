package iam

import (
	"context"
	"errors"
	"strings"
	"sync"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/storage"
)

// usage is when access keys and roles were last used, kept in memory until
// the next Sweep: AWS, too, tells it with a delay.
type usage struct {
	mu    sync.Mutex
	keys  map[string]keyUse    // by access key id
	roles map[string]roleUsage // by unique id
	where map[string]string    // partition of a role
}

func (u *usage) clear() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.keys, u.roles, u.where = nil, nil, nil
}

// Record implements api.Recorder: it notes which access key and role made a
// call.
func (s *Service) Record(ctx context.Context, call api.Call) {
	c := api.CallerOf(ctx)
	issued := strings.HasPrefix(c.AccessKeyID, longTermPrefix)
	if len(c.Via) > 0 || !issued && c.Type != api.AssumedRole {
		return // noted when the user called, or nothing to note
	}
	now := s.now()
	u := &s.usage
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.keys == nil {
		u.keys, u.roles, u.where = map[string]keyUse{}, map[string]roleUsage{}, map[string]string{}
	}
	if issued {
		u.keys[c.AccessKeyID] = keyUse{now, call.Service.ID, c.Region}
	}
	if c.Type == api.AssumedRole {
		id := identityOf(c)
		u.roles[id], u.where[id] = roleUsage{now, c.Region}, c.Partition
	}
}

// key returns the last use of an access key, nil if it has none.
func (u *usage) key(id string, stored *keyUse) *keyUse {
	u.mu.Lock()
	defer u.mu.Unlock()
	if use, ok := u.keys[id]; ok {
		return &use
	}
	return stored
}

// role shows the last use of a role; it is empty for one never used.
func (u *usage) role(e *entity) *iamapi.RoleLastUsed {
	u.mu.Lock()
	defer u.mu.Unlock()
	last := e.LastUsed
	if use, ok := u.roles[e.ID]; ok {
		last = &use
	}
	if last == nil {
		return &iamapi.RoleLastUsed{}
	}
	return &iamapi.RoleLastUsed{LastUsedDate: &last.At, Region: &last.Region}
}

// flush writes what is in memory to the store.
func (u *usage) flush(ctx context.Context, s *state) error {
	u.mu.Lock()
	keys, roles, where := u.keys, u.roles, u.where
	u.keys, u.roles, u.where = nil, nil, nil
	u.mu.Unlock()
	if len(keys)+len(roles) == 0 {
		return nil
	}
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for id, use := range keys {
			if err := saveKeyUse(tx, id, use); err != nil {
				return err
			}
		}
		for id, use := range roles {
			if err := saveRoleUse(tx, where[id], id, use); err != nil {
				return err
			}
		}
		return nil
	})
}

func saveKeyUse(tx storage.Tx, id string, use keyUse) error {
	key, err := accessKeys.Get(tx, storage.K(id))
	if errors.Is(err, storage.ErrNotFound) {
		return nil // deleted since
	}
	if err != nil {
		return err
	}
	key.Used = &use
	return accessKeys.Put(tx, storage.K(id), key)
}

func saveRoleUse(tx storage.Tx, partition, id string, use roleUsage) error {
	r, e, err := findID(tx, partition, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	e.LastUsed = &use
	return r.save(tx, e)
}
