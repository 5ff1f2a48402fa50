package kms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sealstack/api/kmsapi"
	"sealstack/storage"
)

// The waiting period before a key is destroyed, in days.
const (
	shortestWindow = 7
	longestWindow  = 30
)

// ScheduleKeyDeletion makes a key unusable at once, and lets it be destroyed
// when the waiting period is over.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
func (s *Service) ScheduleKeyDeletion(ctx context.Context, in *kmsapi.ScheduleKeyDeletionRequest) (*kmsapi.ScheduleKeyDeletionResponse, error) {
	window := or(in.PendingWindowInDays, longestWindow)
	if err := checkWindow(window); err != nil {
		return nil, err
	}
	schedule := on(ctx, "ScheduleKeyDeletion").inAccount()
	schedule.set("kms:schedulekeydeletionpendingwindowindays", fmt.Sprint(window))
	k, err := s.open(ctx, in.KeyId, keyForms, schedule)
	if err != nil {
		return nil, err
	}
	if err := s.buryReplicas(ctx, &k.record); err != nil {
		return nil, err
	}
	out := &kmsapi.ScheduleKeyDeletionResponse{KeyId: new(k.arn()), PendingWindowInDays: &window}
	err = s.change(ctx, k, forDeletion, func(tx storage.Tx, r *record) error {
		if r.primary() && len(r.regions()) > 1 {
			out.KeyState, r.Window = new(kmsapi.KeyStatePendingReplicaDeletion), window
			return nil
		}
		out.KeyState = new(kmsapi.KeyStatePendingDeletion)
		out.DeletionDate = new(s.clock.Now().Add(days(window)))
		return r.doom(tx, *out.DeletionDate)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// doom sets the end of a key's waiting period.
func (r *record) doom(tx storage.Tx, end time.Time) error {
	r.Deletion, r.Window = end, 0
	return deletions.Put(tx, deletionAt(r), struct{}{})
}

func days(n int32) time.Duration { return time.Duration(n) * 24 * time.Hour }

// checkWindow holds the window against the range that KMS takes; the model's
// is wider.
//
// Unverified: the sentence.
func checkWindow(days int32) error {
	switch {
	case days < shortestWindow:
		return constraint(days, "pendingWindowInDays", fmt.Sprintf("Member must have value greater than or equal to %d", shortestWindow))
	case days > longestWindow:
		return constraint(days, "pendingWindowInDays", fmt.Sprintf("Member must have value less than or equal to %d", longestWindow))
	}
	return nil
}

// CancelKeyDeletion takes the scheduled deletion back. The key is then
// disabled, whatever it was before.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html
func (s *Service) CancelKeyDeletion(ctx context.Context, in *kmsapi.CancelKeyDeletionRequest) (*kmsapi.CancelKeyDeletionResponse, error) {
	k, err := s.openOwn(ctx, in.KeyId, "CancelKeyDeletion")
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, k, forCancel, func(tx storage.Tx, r *record) error {
		at := deletionAt(r)
		r.Deletion, r.Window, r.Disabled = time.Time{}, 0, true
		return deletions.Delete(tx, at)
	})
	if err != nil {
		return nil, err
	}
	return &kmsapi.CancelKeyDeletionResponse{KeyId: new(k.arn())}, nil
}

// deletionAt is the row of a scheduled deletion.
func deletionAt(r *record) storage.Key {
	return storage.K(r.Deletion, r.Account, r.Region, r.ID)
}

// Sweep stores when keys were last used, makes the rotations that are owed at now, destroys imported material
// that has expired, and the keys whose waiting period is over: record, policy,
// grants, aliases, tags and key material. The secret that the material was wrapped
// under is overwritten, so that neither the store nor the root key nor a copy
// of the database's pages can bring it back.
func (s *Service) Sweep(ctx context.Context, now time.Time) error {
	failed := []error{s.sweepUsages(ctx), s.sweepRotations(ctx, now), s.sweepExpired(ctx, now)}
	for range 2 { // replicas, then the primary keys that have waited for them
		due, err := rowsUntil(ctx, s, deletions, now)
		if err != nil {
			return fmt.Errorf("kms: sweep: %w", err)
		}
		for _, at := range due {
			failed = append(failed, s.destroy(ctx, at))
		}
	}
	return errors.Join(failed...)
}

// rowsUntil lists the rows of a table ordered by time up to now, now included.
func rowsUntil(ctx context.Context, s *Service, table storage.Table[struct{}], now time.Time) (due []storage.Key, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		due = nil
		for at, err := range table.Keys(tx, storage.Range{To: storage.K(now).End()}) {
			if err != nil {
				return err
			}
			due = append(due, at)
		}
		return nil
	})
	return due, err
}

// destroy removes the key of a row of deletions, unless its deletion was
// cancelled meanwhile.
func (s *Service) destroy(ctx context.Context, at storage.Key) error {
	var r record
	var gone []string
	var done bool
	err := s.store.Update(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		gone, done = nil, false
		part := at.Strings()
		r, err = keys.Get(tx, storage.K(part[1], part[2], part[3]))
		if errors.Is(err, storage.ErrNotFound) {
			return nil // another sweep was quicker
		}
		if err != nil {
			return err
		}
		if deletionAt(&r).Compare(at) != 0 {
			return nil // cancelled since, and perhaps scheduled anew
		}
		done = true
		if gone, err = s.dropMaterials(tx, &r); err != nil {
			return err
		}
		if err := errors.Join(reschedule(tx, &r, nil), dropVersions(tx, &r), leave(tx, &r), leaveStore(tx, &r), s.countKey(tx, &r, -1), usages.Delete(tx, r.place())); err != nil {
			return err
		}
		return errors.Join(dropAliases(tx, &r), dropGrants(tx, &r), keys.Delete(tx, r.place()), policies.Delete(tx, r.place()), deletions.Delete(tx, at))
	})
	if err != nil {
		return fmt.Errorf("kms: destroy key %s: %w", at, err)
	}
	s.unsealed.drop(gone...)
	s.compiled.drop(r.Policy)
	if done {
		s.note(ctx, &r, "DeleteKey", nil)
	}
	return nil
}

// dropAliases removes the aliases of a key, but for those that have been given
// to another key since this one was gone.
func dropAliases(tx storage.Tx, r *record) error {
	for _, alias := range r.Aliases {
		at := storage.K(r.Account, r.Region, alias)
		a, err := aliases.Get(tx, at)
		if errors.Is(err, storage.ErrNotFound) || err == nil && a.Target != r.ID {
			continue
		}
		if err == nil {
			err = aliases.Delete(tx, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
