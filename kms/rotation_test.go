package kms

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"sealstack/api/kmsapi"
	"sealstack/storage/bolt"
	"sealstack/storage/seal"
)

func (h *harness) enableRotation(id string, days int32) {
	h.t.Helper()
	in := &kmsapi.EnableKeyRotationRequest{KeyId: id}
	if days != 0 {
		in.RotationPeriodInDays = &days
	}
	_, err := h.EnableKeyRotation(h.ctx, in)
	must(h.t, err)
}

func (h *harness) rotationStatus(id string) kmsapi.GetKeyRotationStatusResponse {
	h.t.Helper()
	out, err := h.GetKeyRotationStatus(h.ctx, &kmsapi.GetKeyRotationStatusRequest{KeyId: id})
	must(h.t, err)
	return *out
}

func (h *harness) rotateOnDemand(id string) error {
	return second(h.RotateKeyOnDemand(h.ctx, &kmsapi.RotateKeyOnDemandRequest{KeyId: id}))
}

// rotations lists the materials of a key.
func (h *harness) rotations(id string, all bool) []kmsapi.RotationsListEntry {
	h.t.Helper()
	in := &kmsapi.ListKeyRotationsRequest{KeyId: id}
	if all {
		in.IncludeKeyMaterial = new(kmsapi.IncludeKeyMaterialAllKeyMaterial)
	}
	out, err := h.ListKeyRotations(h.ctx, in)
	must(h.t, err)
	return out.Rotations
}

// dates are those of the rotations, in days since the start.
func (h *harness) dates(id string) (days []string) {
	h.t.Helper()
	for _, e := range h.rotations(id, false) {
		days = append(days, fmt.Sprint(*e.RotationType, " ", e.RotationDate.Sub(start).Hours()/24))
	}
	return days
}

func TestRotationStatusTellsTheSchedule(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	off := kmsapi.GetKeyRotationStatusResponse{KeyId: k.Arn, KeyRotationEnabled: new(false)}
	on := func(period int32, next time.Duration) kmsapi.GetKeyRotationStatusResponse {
		return kmsapi.GetKeyRotationStatusResponse{
			KeyId: k.Arn, KeyRotationEnabled: new(true), RotationPeriodInDays: &period, NextRotationDate: new(start.Add(next)),
		}
	}
	check := func(when string, want kmsapi.GetKeyRotationStatusResponse) {
		t.Helper()
		if got := h.rotationStatus(k.KeyId); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", when, got, want)
		}
	}
	check("a new key", off)
	h.enableRotation(k.KeyId, 0)
	check("with the default", on(365, 365*day))
	h.advance(10 * day)
	h.enableRotation(*k.Arn, 90)
	check("with another period", on(90, 100*day))
	_, err := h.DisableKeyRotation(h.ctx, &kmsapi.DisableKeyRotationRequest{KeyId: k.KeyId})
	must(t, err)
	check("disabled", off)
	if rows, err := rowsUntil(h.ctx, h.Service, schedules, start.Add(9999*day)); err != nil || len(rows) != 0 {
		t.Errorf("schedules are left: %v, %v", rows, err)
	}
}

func TestAutomaticRotationHappensAtItsDates(t *testing.T) {
	for name, look := range map[string]func(h *harness, id string){
		"when somebody looks": func(h *harness, id string) { h.describe(id) },
		"by the sweep": func(h *harness, id string) {
			must(h.t, h.Sweep(h.ctx, h.clock.Now()))
			h.put(id, func(r *record) {
				if r.due(h.clock.Now()) {
					h.t.Error("the sweep left a rotation owed")
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			first := h.key()
			id := first.KeyId
			blob := h.encrypt(id, "old", nil)
			h.enableRotation(id, 100)
			h.advance(100*day - time.Second)
			look(h, id)
			if got := h.describe(id); *got.CurrentKeyMaterialId != *first.CurrentKeyMaterialId {
				t.Error("rotated a second early")
			}
			h.advance(time.Second)
			look(h, id)
			if got := h.describe(id); *got.CurrentKeyMaterialId == *first.CurrentKeyMaterialId {
				t.Error("not rotated in time")
			}
			h.advance(250 * day)
			look(h, id)
			if got, want := h.dates(id), []string{"AUTOMATIC 100", "AUTOMATIC 200", "AUTOMATIC 300"}; !slices.Equal(got, want) {
				t.Errorf("rotations %v, want %v", got, want)
			}
			if next := h.rotationStatus(id).NextRotationDate; !next.Equal(start.Add(400 * day)) {
				t.Errorf("NextRotationDate = %v", next)
			}
			if got, err := h.decrypt(blob, nil); err != nil || got != "old" {
				t.Errorf("Decrypt of the old ciphertext = %q, %v", got, err)
			}
			must(t, h.store.Check(h.ctx))
		})
	}
}

func TestEveryCiphertextTellsItsMaterial(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	seen := map[string]bool{}
	var blobs [][]byte
	for i := range 4 {
		if i > 0 {
			must(t, h.rotateOnDemand(id))
		}
		current := *h.describe(id).CurrentKeyMaterialId
		seen[current] = true
		out, err := h.GenerateDataKey(h.ctx, &kmsapi.GenerateDataKeyRequest{KeyId: id, NumberOfBytes: new(int32(8))})
		must(t, err)
		if *out.KeyMaterialId != current {
			t.Errorf("GenerateDataKey used %s, current is %s", *out.KeyMaterialId, current)
		}
		blobs = append(blobs, h.encrypt(id, current, nil))
	}
	if len(seen) != 4 {
		t.Errorf("materials %v", seen)
	}
	for i, blob := range blobs {
		out, err := h.Decrypt(h.ctx, &kmsapi.DecryptRequest{CiphertextBlob: blob})
		if err != nil || string(out.Plaintext) != *out.KeyMaterialId {
			t.Errorf("ciphertext %d: %v", i, err)
		}
	}
	again, err := h.ReEncrypt(h.ctx, &kmsapi.ReEncryptRequest{CiphertextBlob: blobs[0], DestinationKeyId: id})
	must(t, err)
	if *again.SourceKeyMaterialId == *again.DestinationKeyMaterialId || *again.DestinationKeyMaterialId != *h.describe(id).CurrentKeyMaterialId {
		t.Errorf("ReEncrypt = %+v", again)
	}
}

func TestRotationOnDemandChangesNothingElse(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	h.enableRotation(k.KeyId, 100)
	h.advance(10 * day)
	must(t, h.rotateOnDemand(*k.Arn))
	now := h.describe(k.KeyId)
	if *now.CurrentKeyMaterialId == *k.CurrentKeyMaterialId {
		t.Error("the material is the old one")
	}
	if now.CurrentKeyMaterialId = k.CurrentKeyMaterialId; !reflect.DeepEqual(now, k) {
		t.Errorf("DescribeKey = %+v, was %+v", now, k)
	}
	h.advance(100 * day)
	if got, want := h.dates(k.KeyId), []string{"ON_DEMAND 10", "AUTOMATIC 100"}; !slices.Equal(got, want) {
		t.Errorf("rotations %v, want %v", got, want)
	}
}

func TestTheTwentySixthRotationOnDemandIsRefused(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	for range 25 {
		must(t, h.rotateOnDemand(k.KeyId))
	}
	wantError(t, h.rotateOnDemand(k.KeyId), "LimitExceededException", "The on-demand rotations limit has been reached for the given keyId. "+
		"No more on-demand rotations can be performed for this key: "+*k.Arn)
	if n := len(h.rotations(k.KeyId, false)); n != 25 {
		t.Errorf("%d rotations", n)
	}
}

func TestNoRotationOnDemandShortlyBeforeAnAutomaticOne(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	h.enableRotation(id, 90)
	h.advance(90*day - beforeAutomatic)
	must(t, h.rotateOnDemand(id))
	h.advance(time.Second)
	wantError(t, h.rotateOnDemand(id), "ConflictException", "")
	h.advance(beforeAutomatic)
	must(t, h.rotateOnDemand(id))
}

func TestADisabledKeyIsRotatedOnceWhenItIsEnabled(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	h.enableRotation(id, 100)
	turn := func(on bool) {
		t.Helper()
		var err error
		if on {
			_, err = h.EnableKey(h.ctx, &kmsapi.EnableKeyRequest{KeyId: id})
		} else {
			_, err = h.DisableKey(h.ctx, &kmsapi.DisableKeyRequest{KeyId: id})
		}
		must(t, err)
	}
	turn(false)
	h.advance(50 * day)
	turn(true) // nothing was missed
	turn(false)
	h.advance(300 * day)
	must(t, h.Sweep(h.ctx, h.clock.Now()))
	if got := h.dates(id); len(got) != 0 {
		t.Errorf("rotated while disabled: %v", got)
	}
	if !*h.rotationStatus(id).KeyRotationEnabled {
		t.Error("rotation went off with the key")
	}
	turn(true)
	h.advance(100 * day)
	if got, want := h.dates(id), []string{"AUTOMATIC 350", "AUTOMATIC 450"}; !slices.Equal(got, want) {
		t.Errorf("rotations %v, want %v", got, want)
	}
}

func TestRotationRestsWhileDeletionIsPending(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	h.enableRotation(id, 90)
	h.advance(80 * day)
	h.bring(id, "PendingDeletion")
	h.advance(20 * day)
	if got := h.rotationStatus(id); *got.KeyRotationEnabled || got.NextRotationDate != nil {
		t.Errorf("status while pending deletion: %+v", got)
	}
	_, err := h.CancelKeyDeletion(h.ctx, &kmsapi.CancelKeyDeletionRequest{KeyId: id})
	must(t, err)
	if got := h.rotationStatus(id); !*got.KeyRotationEnabled {
		t.Errorf("status after the deletion was cancelled: %+v", got)
	}
	_, err = h.EnableKey(h.ctx, &kmsapi.EnableKeyRequest{KeyId: id})
	must(t, err)
	if got := h.dates(id); !slices.Equal(got, []string{"AUTOMATIC 100"}) {
		t.Errorf("rotations %v", got)
	}
}

func TestListKeyRotationsTellsOfEveryMaterial(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	entry := func(id string, state kmsapi.KeyMaterialState) kmsapi.RotationsListEntry {
		return kmsapi.RotationsListEntry{KeyId: k.Arn, KeyMaterialId: &id, KeyMaterialState: &state}
	}
	first := entry(*k.CurrentKeyMaterialId, kmsapi.KeyMaterialStateCurrent)
	if got := h.rotations(k.KeyId, true); !reflect.DeepEqual(got, []kmsapi.RotationsListEntry{first}) {
		t.Errorf("all of a new key: %+v", got)
	}
	if got := h.rotations(k.KeyId, false); got == nil || len(got) != 0 {
		t.Errorf("rotations of a new key: %+v", got)
	}
	h.advance(time.Hour)
	must(t, h.rotateOnDemand(k.KeyId))
	last := entry(*h.describe(k.KeyId).CurrentKeyMaterialId, kmsapi.KeyMaterialStateCurrent)
	last.RotationDate, last.RotationType = new(start.Add(time.Hour)), new(kmsapi.RotationTypeOnDemand)
	first.KeyMaterialState = new(kmsapi.KeyMaterialStateNonCurrent)
	if got := h.rotations(k.KeyId, true); !reflect.DeepEqual(got, []kmsapi.RotationsListEntry{first, last}) {
		t.Errorf("all: %+v", got)
	}
	if got := h.rotations(k.KeyId, false); !reflect.DeepEqual(got, []kmsapi.RotationsListEntry{last}) {
		t.Errorf("rotations: %+v", got)
	}
}

func TestListKeyRotationsHasPages(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	for range 5 {
		must(t, h.rotateOnDemand(k.KeyId))
	}
	want := h.rotations(k.KeyId, false)
	var got []kmsapi.RotationsListEntry
	in := &kmsapi.ListKeyRotationsRequest{KeyId: k.KeyId, Limit: new(int32(2))}
	for {
		out, err := h.ListKeyRotations(h.ctx, in)
		must(t, err)
		got = append(got, out.Rotations...)
		if in.Marker = out.NextMarker; !*out.Truncated {
			break
		}
	}
	if !reflect.DeepEqual(got, want) || len(got) != 5 {
		t.Errorf("pages have %d, the list %d", len(got), len(want))
	}
	_, err := h.ListKeyRotations(h.ctx, &kmsapi.ListKeyRotationsRequest{KeyId: k.KeyId, Marker: new("x")})
	wantCode(t, err, "InvalidMarkerException")
}

func TestRotationRefuses(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	id, arn := k.KeyId, *k.Arn
	mine := func(fn func(*record)) { h.put(id, fn) }
	symmetric := func(r *record) {
		r.Spec, r.Usage, r.Origin = kmsapi.KeySpecSymmetricDefault, encryptDecrypt, kmsapi.OriginTypeAwsKms
	}
	calls := map[string]func() error{
		"EnableKeyRotation": func() error {
			return second(h.EnableKeyRotation(h.ctx, &kmsapi.EnableKeyRotationRequest{KeyId: id}))
		},
		"DisableKeyRotation": func() error {
			return second(h.DisableKeyRotation(h.ctx, &kmsapi.DisableKeyRotationRequest{KeyId: id}))
		},
		"GetKeyRotationStatus": func() error {
			return second(h.GetKeyRotationStatus(h.ctx, &kmsapi.GetKeyRotationStatusRequest{KeyId: id}))
		},
		"RotateKeyOnDemand": func() error { return h.rotateOnDemand(id) },
		"ListKeyRotations": func() error {
			return second(h.ListKeyRotations(h.ctx, &kmsapi.ListKeyRotationsRequest{KeyId: id}))
		},
	}
	mine(func(r *record) { r.Spec, r.Usage = kmsapi.KeySpecRsa2048, signVerify })
	for name, call := range calls {
		t.Run(name+" of an asymmetric key", func(t *testing.T) {
			if name == "GetKeyRotationStatus" { // it is off, and can be asked
				if err := call(); err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, call(), "UnsupportedOperationException", "")
		})
	}
	mine(symmetric)
	mine(func(r *record) { r.Origin = kmsapi.OriginTypeExternal })
	for _, name := range []string{"EnableKeyRotation", "DisableKeyRotation"} {
		t.Run(name+" of an imported key", func(t *testing.T) {
			wantError(t, calls[name](), "UnsupportedOperationException", arn+" origin is EXTERNAL which is not valid for this operation.")
		})
	}
	mine(symmetric)
	mine(func(r *record) { r.Multi = &multiRegion{Primary: "eu-west-1", Regions: []string{region}} })
	for _, name := range []string{"EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"} {
		t.Run(name+" of a replica", func(t *testing.T) {
			wantError(t, calls[name](), "UnsupportedOperationException", arn+" is not a multi-region primary key.")
		})
	}
	t.Run("a key that does not exist", func(t *testing.T) {
		wantError(t, h.rotateOnDemand(noKey), "NotFoundException", "Key '"+keyArn(noKey)+"' does not exist")
	})
}

func TestThePeriodIsAConditionKey(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	eve := h.grant(userOf(account, "eve"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:EnableKeyRotation","Resource":"*",
		"Condition":{"NumericLessThanEquals":{"kms:RotationPeriodInDays":"180"}}}}`)
	for days, code := range map[int32]string{90: "", 180: "", 181: "AccessDeniedException", 0: "AccessDeniedException"} {
		in := &kmsapi.EnableKeyRotationRequest{KeyId: id}
		if days != 0 {
			in.RotationPeriodInDays = &days
		}
		if _, err := h.EnableKeyRotation(eve, in); code != "" {
			wantCode(t, err, code)
		} else if err != nil {
			t.Errorf("%d days: %v", days, err)
		}
	}
}

func TestConcurrentReadersMakeEachRotationOnce(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	h.enableRotation(id, 90)
	h.advance(200 * day)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got, err := h.decrypt(h.encrypt(id, "x", nil), nil); err != nil || got != "x" {
				t.Errorf("Decrypt = %q, %v", got, err)
			}
		})
	}
	all.Wait()
	if got, want := h.dates(id), []string{"AUTOMATIC 90", "AUTOMATIC 180"}; !slices.Equal(got, want) {
		t.Errorf("rotations %v, want %v", got, want)
	}
	must(t, h.store.Check(h.ctx))
}

func TestAManagedKeyIsRotatedEveryYear(t *testing.T) {
	h := newHarness(t)
	id := h.describe(aliasOfS3).KeyId
	if got := h.rotationStatus(id); !*got.KeyRotationEnabled || *got.RotationPeriodInDays != 365 {
		t.Errorf("status = %+v", got)
	}
	h.advance(731 * day)
	if got, want := h.dates(id), []string{"AUTOMATIC 365", "AUTOMATIC 730"}; !slices.Equal(got, want) {
		t.Errorf("rotations %v, want %v", got, want)
	}
	wantCode(t, h.rotateOnDemand(id), "AccessDeniedException")
	wantCode(t, second(h.DisableKeyRotation(h.ctx, &kmsapi.DisableKeyRotationRequest{KeyId: id})), "AccessDeniedException")
}

func TestMaterialsAndSchedulesSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	run := func(fn func(h *harness)) {
		t.Helper()
		restart(t, dir, fn)
	}
	var id string
	var blobs [][]byte
	run(func(h *harness) {
		id = h.key().KeyId
		blobs = append(blobs, h.encrypt(id, "x", nil))
		must(t, h.rotateOnDemand(id))
		blobs = append(blobs, h.encrypt(id, "x", nil))
		h.enableRotation(id, 90)
	})
	run(func(h *harness) {
		h.advance(90 * day)
		blobs = append(blobs, h.encrypt(id, "x", nil))
	})
	run(func(h *harness) {
		for i, blob := range blobs {
			if got, err := h.decrypt(blob, nil); err != nil || got != "x" {
				t.Errorf("ciphertext %d: %q, %v", i, got, err)
			}
		}
		if got := h.rotations(id, true); len(got) != 3 {
			t.Errorf("materials %+v", got)
		}
		must(t, h.store.Check(context.Background()))
	})
}

func TestADestroyedKeyLeavesNoSchedule(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	must(t, h.rotateOnDemand(id))
	h.enableRotation(id, 90)
	h.bring(id, "PendingDeletion")
	h.advance(400 * day)
	must(t, h.Sweep(h.ctx, h.clock.Now()))
	if rows, err := rowsUntil(h.ctx, h.Service, schedules, h.clock.Now()); err != nil || len(rows) != 0 {
		t.Errorf("schedules are left: %v, %v", rows, err)
	}
	must(t, h.store.Check(h.ctx))
}

// restart runs fn with a service over a data directory, and closes that.
func restart(t *testing.T, dir string, fn func(h *harness)) {
	t.Helper()
	store, err := bolt.Open(dir, bolt.Options{})
	must(t, err)
	root, err := seal.Open(dir, nil)
	must(t, err)
	fn(harnessOn(t, store, root))
	must(t, store.Close())
}
