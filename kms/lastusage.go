package kms

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/storage"
)

// usage is the last successful cryptographic operation with a key.
type usage struct {
	Operation kmsapi.KeyLastUsageTrackingOperation `cbor:"1,keyasint"`
	At        time.Time                            `cbor:"2,keyasint"`
	Request   string                               `cbor:"3,keyasint,omitempty"`
}

// keyPlace names a key in memory.
type keyPlace struct{ account, region, id string }

// lastUsages holds what was used since the last sweep, so that using a key
// costs no write. The zero value is ready.
type lastUsages struct {
	mu   sync.Mutex
	held map[keyPlace]usage
}

// used notes a success.
func (s *Service) used(ctx context.Context, k *key, operation kmsapi.KeyLastUsageTrackingOperation) {
	u := usage{Operation: operation, At: s.clock.Now(), Request: api.CallerOf(ctx).RequestID}
	s.usages.mu.Lock()
	defer s.usages.mu.Unlock()
	if s.usages.held == nil {
		s.usages.held = map[keyPlace]usage{}
	}
	s.usages.held[keyPlace{k.Account, k.Region, k.ID}] = u
}

func (l *lastUsages) get(at keyPlace) (usage, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u, ok := l.held[at]
	return u, ok
}

// all copies what is held.
func (l *lastUsages) all() map[keyPlace]usage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.held)
}

// stored forgets what was stored, unless the key was used since.
func (l *lastUsages) stored(list map[keyPlace]usage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for at, u := range list {
		if l.held[at] == u {
			delete(l.held, at)
		}
	}
}

func (l *lastUsages) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = nil
}

// sweepUsages stores what was used since the last sweep. Keys that are
// destroyed meanwhile have none.
func (s *Service) sweepUsages(ctx context.Context) error {
	list := s.usages.all()
	if len(list) == 0 {
		return nil
	}
	err := s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for at, u := range list {
			place := storage.K(at.account, at.region, at.id)
			there, err := keys.Has(tx, place)
			if err == nil && there {
				err = usages.Put(tx, place, u)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("kms: store last usages: %w", err)
	}
	s.usages.stored(list)
	return nil
}

// GetKeyLastUsage tells of the last successful cryptographic operation with a
// key in its Region. Keys are tracked since they were made.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyLastUsage.html
//
// CloudTrailEventId is absent: the record of a call is made after the call.
func (s *Service) GetKeyLastUsage(ctx context.Context, in *kmsapi.GetKeyLastUsageRequest) (*kmsapi.GetKeyLastUsageResponse, error) {
	k, err := s.openOwn(ctx, in.KeyId, "GetKeyLastUsage")
	if err != nil {
		return nil, err
	}
	out := &kmsapi.GetKeyLastUsageResponse{
		KeyId: new(k.arn()), KeyCreationDate: &k.Created, TrackingStartDate: &k.Created, KeyLastUsage: &kmsapi.KeyLastUsageData{},
	}
	u, ok, err := s.lastUsage(ctx, k)
	if err != nil {
		return nil, fmt.Errorf("kms: last usage of %s: %w", k.arn(), err)
	}
	if ok {
		out.KeyLastUsage.Operation, out.KeyLastUsage.Timestamp = &u.Operation, &u.At
		if u.Request != "" {
			out.KeyLastUsage.KmsRequestId = &u.Request
		}
	}
	return out, nil
}

func (s *Service) lastUsage(ctx context.Context, k *key) (u usage, ok bool, err error) {
	if u, ok = s.usages.get(keyPlace{k.Account, k.Region, k.ID}); ok {
		return u, true, nil
	}
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		u, err = usages.Get(tx, k.place())
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return u, false, nil
	}
	return u, err == nil, err
}
