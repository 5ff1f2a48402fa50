package kms

import (
	"testing"

	"sealstack/api/kmsapi"
)

// The states of a multi-Region key with imported material, which can be in all
// of them but Unavailable.
var multiStates = []struct {
	state kmsapi.KeyState
	bring func(r *record)
	text  string
}{
	{kmsapi.KeyStateEnabled, func(*record) {}, ""},
	{kmsapi.KeyStateDisabled, func(r *record) { r.Disabled = true }, " is disabled."},
	{kmsapi.KeyStatePendingDeletion, func(r *record) { r.Deletion = start.Add(30 * day) }, " is pending deletion."},
	{kmsapi.KeyStatePendingReplicaDeletion, func(r *record) { r.Window = 7 }, " is pending replica deletion."},
	{kmsapi.KeyStatePendingImport, func(r *record) { r.Import.Missing = true }, " is pending import."},
	{kmsapi.KeyStateCreating, func(r *record) {
		r.Transient = &transient{State: kmsapi.KeyStateCreating, Until: start.Add(day)}
	}, " is creating."},
	{kmsapi.KeyStateUpdating, func(r *record) {
		r.Transient = &transient{State: kmsapi.KeyStateUpdating, Until: start.Add(day)}
	}, " is updating."},
}

// TestStateMatrixOfMultiRegionAndImportedKeys has the rows of the "Key states"
// page that TestStateMatrix has not, and the columns.
func TestStateMatrixOfMultiRegionAndImportedKeys(t *testing.T) {
	const yes, off, bad = "", "DisabledException", "KMSInvalidStateException"
	type call = func(h *harness, id string, in *kmsapi.ImportKeyMaterialRequest) error
	for name, row := range map[string]struct {
		// Enabled, Disabled, PendingDeletion, PendingReplicaDeletion, PendingImport, Creating, Updating
		want [7]string
		call call
	}{
		"Encrypt": {[7]string{yes, off, bad, bad, bad, bad, yes}, func(h *harness, id string, _ *kmsapi.ImportKeyMaterialRequest) error {
			return second(h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: id, Plaintext: []byte("x")}))
		}},
		"GetParametersForImport": {[7]string{yes, yes, bad, bad, yes, bad, bad}, func(h *harness, id string, _ *kmsapi.ImportKeyMaterialRequest) error {
			return second(h.GetParametersForImport(h.ctx, &kmsapi.GetParametersForImportRequest{
				KeyId: id, WrappingAlgorithm: kmsapi.AlgorithmSpecRsaesOaepSha1, WrappingKeySpec: kmsapi.WrappingKeySpecRsa2048,
			}))
		}},
		"ImportKeyMaterial": {[7]string{yes, yes, bad, bad, yes, bad, yes}, func(h *harness, _ string, in *kmsapi.ImportKeyMaterialRequest) error {
			return second(h.ImportKeyMaterial(h.ctx, in))
		}},
		"DeleteImportedKeyMaterial": {[7]string{yes, yes, yes, yes, yes, bad, bad}, func(h *harness, id string, _ *kmsapi.ImportKeyMaterialRequest) error {
			return h.deleteMaterial(id, nil)
		}},
		"ReplicateKey": {[7]string{yes, off, bad, bad, bad, bad, bad}, func(h *harness, id string, _ *kmsapi.ImportKeyMaterialRequest) error {
			return second(h.ReplicateKey(h.ctx, &kmsapi.ReplicateKeyRequest{KeyId: id, ReplicaRegion: "ap-south-1"}))
		}},
		"UpdatePrimaryRegion": {[7]string{yes, off, bad, bad, bad, bad, yes}, func(h *harness, id string, _ *kmsapi.ImportKeyMaterialRequest) error {
			return second(h.UpdatePrimaryRegion(h.ctx, &kmsapi.UpdatePrimaryRegionRequest{KeyId: id, PrimaryRegion: elsewhere}))
		}},
		"EnableKey": {[7]string{yes, yes, bad, bad, bad, bad, bad}, func(h *harness, id string, _ *kmsapi.ImportKeyMaterialRequest) error {
			return second(h.EnableKey(h.ctx, &kmsapi.EnableKeyRequest{KeyId: id}))
		}},
		"ScheduleKeyDeletion": {[7]string{yes, yes, bad, bad, yes, yes, bad}, func(h *harness, id string, _ *kmsapi.ImportKeyMaterialRequest) error {
			return second(h.ScheduleKeyDeletion(h.ctx, &kmsapi.ScheduleKeyDeletionRequest{KeyId: id}))
		}},
		"RotateKeyOnDemand": {[7]string{yes, off, bad, bad, bad, bad, bad}, func(h *harness, id string, _ *kmsapi.ImportKeyMaterialRequest) error {
			return h.rotateOnDemand(id)
		}},
		"GetKeyLastUsage": {[7]string{}, func(h *harness, id string, _ *kmsapi.ImportKeyMaterialRequest) error {
			return second(h.GetKeyLastUsage(h.ctx, &kmsapi.GetKeyLastUsageRequest{KeyId: id}))
		}},
		"ListKeyRotations": {[7]string{}, func(h *harness, id string, _ *kmsapi.ImportKeyMaterialRequest) error {
			return second(h.ListKeyRotations(h.ctx, &kmsapi.ListKeyRotationsRequest{KeyId: id}))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			in := h.importedPair()
			var r record
			h.put(in.KeyId, func(stored *record) { r = *stored })
			for i, col := range multiStates {
				h.resetTo(in.KeyId, &r, col.bring)
				h.wantState(in.KeyId, col.state)
				err := row.call(h, in.KeyId, in)
				if row.want[i] == yes {
					if err != nil {
						t.Errorf("%s: %v", col.state, err)
					}
					continue
				}
				wantError(t, err, row.want[i], keyArn(in.KeyId)+col.text)
			}
		})
	}
}

// importedPair makes a primary key with imported material, one more that waits
// for rotation, and a replica. It returns a request to import the first again.
func (h *harness) importedPair() *kmsapi.ImportKeyMaterialRequest {
	h.t.Helper()
	id := h.key(multi, external(kmsapi.KeySpecSymmetricDefault, encryptDecrypt)).KeyId
	one, two := fresh(32), fresh(32)
	in := h.importing(id, one)
	must(h.t, second(h.ImportKeyMaterial(h.ctx, in)))
	h.replicateTo(id, elsewhere)
	h.mustImport(id, two, asNew)
	h.in(elsewhere, func() {
		h.mustImport(id, one)
		h.mustImport(id, two)
	})
	return in
}

// resetTo stores a record as it was, in another state.
func (h *harness) resetTo(id string, was *record, bring func(*record)) {
	h.t.Helper()
	h.put(id, func(r *record) {
		*r = *was
		r.Import = new(*was.Import)
		bring(r)
	})
}
