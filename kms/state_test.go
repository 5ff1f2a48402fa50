package kms

import (
	"context"
	"testing"

	"sealstack/api/kmsapi"
	"sealstack/storage"
)

// put brings a key into a state by writing its record.
func (h *harness) put(id string, fn func(*record)) {
	h.t.Helper()
	must(h.t, h.store.Update(h.ctx, func(_ context.Context, tx storage.Tx) error {
		r, err := keys.Get(tx, storage.K(account, region, id))
		if err != nil {
			return err
		}
		fn(&r)
		return keys.Put(tx, r.place(), r)
	}))
}

// bring puts a key that is Enabled into another state.
func (h *harness) bring(id, state string) {
	h.t.Helper()
	var err error
	switch state {
	case "Disabled":
		_, err = h.DisableKey(h.ctx, &kmsapi.DisableKeyRequest{KeyId: id})
	case "PendingDeletion":
		_, err = h.ScheduleKeyDeletion(h.ctx, &kmsapi.ScheduleKeyDeletionRequest{KeyId: id})
	case "PendingImport":
		h.put(id, func(r *record) { r.Origin, r.Material = kmsapi.OriginTypeExternal, "" })
	}
	must(h.t, err)
	if got := h.describe(id); string(*got.KeyState) != state || *got.Enabled != (state == "Enabled") {
		h.t.Fatalf("the key is %s, Enabled %t", *got.KeyState, *got.Enabled)
	}
}

func TestRequireHasAnErrorForEveryState(t *testing.T) {
	for state, want := range map[kmsapi.KeyState]string{
		kmsapi.KeyStateCreating:               "k is creating.",
		kmsapi.KeyStateDisabled:               "k is disabled.",
		kmsapi.KeyStatePendingDeletion:        "k is pending deletion.",
		kmsapi.KeyStatePendingImport:          "k is pending import.",
		kmsapi.KeyStatePendingReplicaDeletion: "k is pending replica deletion.",
		kmsapi.KeyStateUnavailable:            "k is unavailable.",
	} {
		code := "KMSInvalidStateException"
		if state == kmsapi.KeyStateDisabled {
			code = "DisabledException"
		}
		wantError(t, require("k", state, forUse), code, want)
		must(t, require("k", state, anyState))
	}
	must(t, require("k", kmsapi.KeyStateUpdating, forUse))
	wantError(t, require("k", kmsapi.KeyStateUpdating, forDeletion), "KMSInvalidStateException", "k is updating.")
	wantError(t, require("k", kmsapi.KeyStateUpdating, forSwitch), "KMSInvalidStateException", "k is updating.")
	for _, text := range kmsapi.Service.Shapes["KeyState"].Enum {
		if stateBits[kmsapi.KeyState(text)] == 0 {
			t.Errorf("state %s is in no set", text)
		}
	}
}
