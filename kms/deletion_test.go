package kms

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sealstack/api/kmsapi"
	"sealstack/storage"
	"sealstack/storage/seal"
)

func (h *harness) schedule(id string, days int32) time.Time {
	h.t.Helper()
	out, err := h.ScheduleKeyDeletion(h.ctx, &kmsapi.ScheduleKeyDeletionRequest{KeyId: id, PendingWindowInDays: &days})
	must(h.t, err)
	return *out.DeletionDate
}

func TestScheduleKeyDeletionAnswersWithTheDate(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	out, err := h.ScheduleKeyDeletion(h.ctx, &kmsapi.ScheduleKeyDeletionRequest{KeyId: k.KeyId})
	must(t, err)
	end := start.Add(30 * day)
	if *out.KeyId != *k.Arn || !out.DeletionDate.Equal(end) || *out.KeyState != kmsapi.KeyStatePendingDeletion || *out.PendingWindowInDays != 30 {
		t.Errorf("ScheduleKeyDeletion = %+v", out)
	}
	if got := h.describe(k.KeyId); *got.KeyState != kmsapi.KeyStatePendingDeletion || *got.Enabled || !got.DeletionDate.Equal(end) {
		t.Errorf("DescribeKey = %+v", got)
	}
}

func TestTheWaitingPeriodIsSevenToThirtyDays(t *testing.T) {
	h := newHarness(t)
	for days, message := range map[int32]string{
		6:  "1 validation error detected: Value '6' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value greater than or equal to 7",
		31: "1 validation error detected: Value '31' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value less than or equal to 30",
	} {
		_, err := h.ScheduleKeyDeletion(h.ctx, &kmsapi.ScheduleKeyDeletionRequest{KeyId: h.key().KeyId, PendingWindowInDays: &days})
		wantError(t, err, "ValidationException", message)
	}
	for _, days := range []int32{7, 30} {
		h.schedule(h.key().KeyId, days)
	}
}

func TestCancelKeyDeletionLeavesTheKeyDisabled(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	h.schedule(k.KeyId, 7)
	out, err := h.CancelKeyDeletion(h.ctx, &kmsapi.CancelKeyDeletionRequest{KeyId: k.KeyId})
	must(t, err)
	if got := h.describe(k.KeyId); *out.KeyId != *k.Arn || *got.KeyState != kmsapi.KeyStateDisabled || got.DeletionDate != nil {
		t.Errorf("CancelKeyDeletion = %s; DescribeKey = %+v", *out.KeyId, got)
	}
	h.advance(8 * day)
	must(t, h.Sweep(h.ctx, h.clock.Now()))
	h.describe(k.KeyId)
}

// A key is gone when its time has come, not when it has been swept.
func TestAKeyIsGoneAtItsDeletionDate(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	h.alias("alias/x", k.KeyId)
	blob := h.encrypt(k.KeyId, "x", nil)
	h.schedule(k.KeyId, 7)
	h.advance(7*day - time.Nanosecond)
	must(t, h.Sweep(h.ctx, h.clock.Now()))
	h.describe(k.KeyId)
	h.advance(time.Nanosecond)
	for _, when := range []string{"before the sweep", "after the sweep"} {
		t.Run(when, func(t *testing.T) { h.wantGone(t, k, blob) })
		must(t, h.Sweep(h.ctx, h.clock.Now()))
	}
}

func (h *harness) wantGone(t *testing.T, k kmsapi.KeyMetadata, blob []byte) {
	notFound := "Key '" + *k.Arn + "' does not exist"
	for _, id := range []string{k.KeyId, *k.Arn} {
		_, err := h.DescribeKey(h.ctx, &kmsapi.DescribeKeyRequest{KeyId: id})
		wantError(t, err, "NotFoundException", notFound)
		_, err = h.CancelKeyDeletion(h.ctx, &kmsapi.CancelKeyDeletionRequest{KeyId: id})
		wantError(t, err, "NotFoundException", notFound)
	}
	_, err := h.DescribeKey(h.ctx, &kmsapi.DescribeKeyRequest{KeyId: "alias/x"})
	wantError(t, err, "NotFoundException", "Alias "+aliasArn("alias/x")+" is not found.")
	_, err = h.DeleteAlias(h.ctx, &kmsapi.DeleteAliasRequest{AliasName: "alias/x"})
	wantCode(t, err, "NotFoundException")
	_, err = h.decrypt(blob, nil)
	wantError(t, err, "AccessDeniedException",
		"User: arn:aws:iam::111122223333:root is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext"+hiddenBecause)
	list, err := h.ListKeys(h.ctx, &kmsapi.ListKeysRequest{})
	must(t, err)
	if len(list.Keys) != 0 || len(h.aliases(nil)) != 0 {
		t.Errorf("still listed: %v, %v", list.Keys, h.aliases(nil))
	}
}

func TestTheNameOfAGoneKeyIsFreeAndStaysWithItsNewKey(t *testing.T) {
	h := newHarness(t)
	old := h.key()
	h.alias("alias/x", old.KeyId)
	h.schedule(old.KeyId, 7)
	h.advance(7 * day)
	k := h.key()
	h.alias("alias/x", k.KeyId)
	must(t, h.Sweep(h.ctx, h.clock.Now()))
	if got := h.describe("alias/x").KeyId; got != k.KeyId {
		t.Errorf("alias/x is %s", got)
	}
}

// With the store and the root key in hand, and with everything that the store
// held before the sweep, the ciphertext stays shut.
func TestAfterTheSweepNothingOpensTheCiphertext(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	blob := h.encrypt(k.KeyId, "secret", nil)
	var before record
	var sealed materialRecord
	must(t, h.store.View(h.ctx, func(_ context.Context, tx storage.Tx) (err error) {
		if before, err = keys.Get(tx, storage.K(account, region, k.KeyId)); err != nil {
			return err
		}
		sealed, err = materials.Get(tx, materialAt(&before, before.Material))
		return err
	}))
	h.schedule(k.KeyId, 7)
	h.advance(7 * day)
	must(t, h.Sweep(h.ctx, h.clock.Now()))

	vault := seal.NewVault(h.store, h.root)
	if _, err := vault.Open(h.ctx, label(materialAt(&before, before.Material)), sealed.Sealed); !errors.Is(err, seal.ErrDestroyed) {
		t.Errorf("the sealed material opens: %v", err)
	}
	// As if somebody had put the deleted rows back.
	before.Deletion = time.Time{}
	must(t, h.store.Update(h.ctx, func(_ context.Context, tx storage.Tx) error {
		return errors.Join(
			keys.Put(tx, before.place(), before), materials.Put(tx, materialAt(&before, before.Material), sealed),
			policies.Put(tx, before.place(), policyRecord{Revision: before.Policy, Document: byAnyone}),
		)
	}))
	_, err := h.decrypt(blob, nil)
	wantError(t, err, "NotFoundException", "Key '"+*k.Arn+"' does not exist")
}

func TestTheSweepLeavesNothingOfTheKey(t *testing.T) {
	h := newHarness(t)
	kept := h.key()
	for range 3 {
		k := h.key(func(in *kmsapi.CreateKeyRequest) { in.Tags = []kmsapi.Tag{{TagKey: "a"}} })
		h.alias("alias/"+k.KeyId, k.KeyId)
		h.encrypt(k.KeyId, "x", nil)
		h.schedule(k.KeyId, 7)
	}
	h.advance(7 * day)
	must(t, h.Sweep(h.ctx, h.clock.Now()))
	must(t, h.Sweep(h.ctx, h.clock.Now()))
	must(t, h.store.View(h.ctx, func(_ context.Context, tx storage.Tx) error {
		for name, n := range map[string]int{
			"keys": count(tx, keys), "policies": count(tx, policies), "materials": count(tx, materials),
		} {
			if n != 1 {
				t.Errorf("%d %s are left", n, name)
			}
		}
		if count(tx, aliases) != 0 || count(tx, deletions) != 0 {
			t.Error("aliases or deletions are left")
		}
		return nil
	}))
	if _, there := h.unsealed.held[*kept.CurrentKeyMaterialId]; len(h.unsealed.held) != 0 || there {
		t.Errorf("%d materials are still in memory", len(h.unsealed.held))
	}
	must(t, h.store.Check(h.ctx))
}

func count[T any](tx storage.Tx, table storage.Table[T]) (n int) {
	for range table.Keys(tx, storage.Range{}) {
		n++
	}
	return n
}

// A sweep that has found a key due leaves it alone if it was saved meanwhile.
func TestASweepLeavesAKeyThatWasSaved(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	h.schedule(id, 7)
	due, err := rowsUntil(h.ctx, h.Service, deletions, start.Add(7*day))
	must(t, err)
	_, err = h.CancelKeyDeletion(h.ctx, &kmsapi.CancelKeyDeletionRequest{KeyId: id})
	must(t, err)
	must(t, h.destroy(h.ctx, due[0]))
	h.advance(time.Hour)
	h.schedule(id, 7)
	must(t, h.destroy(h.ctx, due[0]))
	h.describe(id)
}

func TestALaterWaitingPeriodCountsAfterACancel(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	h.schedule(id, 7)
	_, err := h.CancelKeyDeletion(h.ctx, &kmsapi.CancelKeyDeletionRequest{KeyId: id})
	must(t, err)
	h.schedule(id, 30)
	h.advance(8 * day)
	must(t, h.Sweep(h.ctx, h.clock.Now()))
	h.describe(id)
	h.advance(22 * day)
	must(t, h.Sweep(h.ctx, h.clock.Now()))
	_, err = h.DescribeKey(h.ctx, &kmsapi.DescribeKeyRequest{KeyId: id})
	if err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("DescribeKey: %v", err)
	}
}
