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

// TestStateMatrix is the table of the "Key states" page for the operations and
// states that there are.
func TestStateMatrix(t *testing.T) {
	const (
		yes    = ""
		off    = "DisabledException"
		state  = "KMSInvalidStateException"
		origin = "UnsupportedOperationException"
	)
	blobs := map[string][]byte{}
	type call = func(h *harness, id string) error
	rows := map[string]struct {
		enabled, disabled, deletion, imported string
		call                                  call
	}{
		"Encrypt": {yes, off, state, state, func(h *harness, id string) error {
			_, err := h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: id, Plaintext: []byte("x")})
			return err
		}},
		"Decrypt": {yes, off, state, state, func(h *harness, id string) error {
			_, err := h.Decrypt(h.ctx, &kmsapi.DecryptRequest{CiphertextBlob: blobs[id]})
			return err
		}},
		"ReEncrypt": {yes, off, state, state, func(h *harness, id string) error {
			_, err := h.ReEncrypt(h.ctx, &kmsapi.ReEncryptRequest{CiphertextBlob: blobs[id], DestinationKeyId: h.key().KeyId})
			return err
		}},
		"ReEncrypt to": {yes, off, state, state, func(h *harness, id string) error {
			_, err := h.ReEncrypt(h.ctx, &kmsapi.ReEncryptRequest{CiphertextBlob: h.encrypt(h.key().KeyId, "x", nil), DestinationKeyId: id})
			return err
		}},
		"GenerateDataKey": {yes, off, state, state, func(h *harness, id string) error {
			_, err := h.GenerateDataKey(h.ctx, &kmsapi.GenerateDataKeyRequest{KeyId: id, NumberOfBytes: new(int32(9))})
			return err
		}},
		"GenerateDataKeyWithoutPlaintext": {yes, off, state, state, func(h *harness, id string) error {
			_, err := h.GenerateDataKeyWithoutPlaintext(h.ctx, &kmsapi.GenerateDataKeyWithoutPlaintextRequest{KeyId: id, NumberOfBytes: new(int32(9))})
			return err
		}},
		"EnableKey": {yes, yes, state, state, func(h *harness, id string) error {
			_, err := h.EnableKey(h.ctx, &kmsapi.EnableKeyRequest{KeyId: id})
			return err
		}},
		"DisableKey": {yes, yes, state, state, func(h *harness, id string) error {
			_, err := h.DisableKey(h.ctx, &kmsapi.DisableKeyRequest{KeyId: id})
			return err
		}},
		"EnableKeyRotation": {yes, off, state, origin, func(h *harness, id string) error {
			_, err := h.EnableKeyRotation(h.ctx, &kmsapi.EnableKeyRotationRequest{KeyId: id})
			return err
		}},
		"DisableKeyRotation": {yes, off, state, origin, func(h *harness, id string) error {
			_, err := h.DisableKeyRotation(h.ctx, &kmsapi.DisableKeyRotationRequest{KeyId: id})
			return err
		}},
		"GetKeyRotationStatus": {yes, yes, yes, origin, func(h *harness, id string) error {
			_, err := h.GetKeyRotationStatus(h.ctx, &kmsapi.GetKeyRotationStatusRequest{KeyId: id})
			return err
		}},
		"RotateKeyOnDemand": {yes, off, state, state, func(h *harness, id string) error { return h.rotateOnDemand(id) }},
		"ListKeyRotations": {yes, yes, yes, yes, func(h *harness, id string) error {
			_, err := h.ListKeyRotations(h.ctx, &kmsapi.ListKeyRotationsRequest{KeyId: id})
			return err
		}},
		"ScheduleKeyDeletion": {yes, yes, state, yes, func(h *harness, id string) error {
			_, err := h.ScheduleKeyDeletion(h.ctx, &kmsapi.ScheduleKeyDeletionRequest{KeyId: id})
			return err
		}},
		"CancelKeyDeletion": {state, state, yes, state, func(h *harness, id string) error {
			_, err := h.CancelKeyDeletion(h.ctx, &kmsapi.CancelKeyDeletionRequest{KeyId: id})
			return err
		}},
		"CreateAlias": {yes, yes, state, yes, func(h *harness, id string) error {
			_, err := h.CreateAlias(h.ctx, &kmsapi.CreateAliasRequest{AliasName: "alias/" + id, TargetKeyId: id})
			return err
		}},
		"UpdateAlias to": {yes, yes, state, yes, func(h *harness, id string) error {
			h.alias("alias/to-"+id, h.key().KeyId)
			_, err := h.UpdateAlias(h.ctx, &kmsapi.UpdateAliasRequest{AliasName: "alias/to-" + id, TargetKeyId: id})
			return err
		}},
		"UpdateAlias from": {yes, yes, yes, yes, func(h *harness, id string) error {
			_, err := h.UpdateAlias(h.ctx, &kmsapi.UpdateAliasRequest{AliasName: "alias/of-" + id, TargetKeyId: h.key().KeyId})
			return err
		}},
		"DeleteAlias": {yes, yes, yes, yes, func(h *harness, id string) error {
			_, err := h.DeleteAlias(h.ctx, &kmsapi.DeleteAliasRequest{AliasName: "alias/of-" + id})
			return err
		}},
		"UpdateKeyDescription": {yes, yes, state, yes, func(h *harness, id string) error {
			_, err := h.UpdateKeyDescription(h.ctx, &kmsapi.UpdateKeyDescriptionRequest{KeyId: id})
			return err
		}},
		"TagResource": {yes, yes, state, yes, func(h *harness, id string) error {
			_, err := h.TagResource(h.ctx, &kmsapi.TagResourceRequest{KeyId: id, Tags: []kmsapi.Tag{{TagKey: "a"}}})
			return err
		}},
		"UntagResource": {yes, yes, state, yes, func(h *harness, id string) error {
			_, err := h.UntagResource(h.ctx, &kmsapi.UntagResourceRequest{KeyId: id, TagKeys: []string{"a"}})
			return err
		}},
		"PutKeyPolicy": {yes, yes, yes, yes, func(h *harness, id string) error {
			_, err := h.PutKeyPolicy(h.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: id, Policy: defaultPolicy(region, account)})
			return err
		}},
		"DescribeKey": {yes, yes, yes, yes, func(h *harness, id string) error {
			_, err := h.DescribeKey(h.ctx, &kmsapi.DescribeKeyRequest{KeyId: id})
			return err
		}},
		"GetKeyPolicy": {yes, yes, yes, yes, func(h *harness, id string) error {
			_, err := h.GetKeyPolicy(h.ctx, &kmsapi.GetKeyPolicyRequest{KeyId: id})
			return err
		}},
		"ListKeyPolicies": {yes, yes, yes, yes, func(h *harness, id string) error {
			_, err := h.ListKeyPolicies(h.ctx, &kmsapi.ListKeyPoliciesRequest{KeyId: id})
			return err
		}},
		"ListAliases": {yes, yes, yes, yes, func(h *harness, id string) error {
			_, err := h.ListAliases(h.ctx, &kmsapi.ListAliasesRequest{KeyId: &id})
			return err
		}},
		"ListResourceTags": {yes, yes, yes, yes, func(h *harness, id string) error {
			_, err := h.ListResourceTags(h.ctx, &kmsapi.ListResourceTagsRequest{KeyId: id})
			return err
		}},
	}
	for name, row := range rows {
		for _, col := range []struct{ state, code, message string }{
			{"Enabled", row.enabled, ""},
			{"Disabled", row.disabled, " is disabled."},
			{"PendingDeletion", row.deletion, " is pending deletion."},
			{"PendingImport", row.imported, " is pending import."},
		} {
			t.Run(name+" on a key "+col.state, func(t *testing.T) {
				h := newHarness(t)
				id := h.key().KeyId
				blobs = map[string][]byte{id: h.encrypt(id, "x", nil)}
				h.alias("alias/of-"+id, id)
				h.bring(id, col.state)
				err := row.call(h, id)
				switch {
				case col.code == yes:
					must(t, err)
				case col.code == origin:
					wantError(t, err, col.code, keyArn(id)+" origin is EXTERNAL which is not valid for this operation.")
				case name == "CancelKeyDeletion":
					wantError(t, err, col.code, keyArn(id)+" is not pending deletion.")
				default:
					wantError(t, err, col.code, keyArn(id)+col.message)
				}
			})
		}
	}
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
