package kms

import (
	"strings"
	"testing"

	"sealstack/api/kmsapi"
)

// storeMatrix is the rest of the table of the "Key states" page: keys in an
// AWS CloudHSM key store, which are Unavailable while it is disconnected.
//
//	E Enabled, D Disabled, PD PendingDeletion, UN Unavailable
var storeMatrix = map[string]string{
	//                                      E  D  PD UN
	"Encrypt":                             "Y  1  3  11",
	"Decrypt":                             "Y  1  3  11",
	"Decrypt unnamed":                     "Y  1  3  11",
	"ReEncrypt to":                        "Y  1  3  11",
	"ReEncrypt from":                      "Y  1  3  11",
	"GenerateDataKey":                     "Y  1  3  11",
	"GenerateDataKeyWithoutPlaintext":     "Y  1  3  11",
	"CreateGrant":                         "Y  1  3  Y",
	"EnableKey":                           "Y  Y  3  Y",
	"DisableKey":                          "Y  Y  3  Y",
	"EnableKeyRotation":                   "9h 9h 9h 9h",
	"DisableKeyRotation":                  "9h 9h 9h 9h",
	"GetParametersForImport":              "9h 9h 9h 9h",
	"DeleteImportedKeyMaterial":           "9h 9h 9h 9h",
	"ScheduleKeyDeletion":                 "Y  Y  3  Y",
	"CancelKeyDeletion":                   "4  4  Y  4",
	"CreateAlias":                         "Y  Y  3  Y",
	"UpdateAlias to":                      "Y  Y  3  Y",
	"UpdateAlias from":                    "Y  Y  Y  Y",
	"UpdateKeyDescription":                "Y  Y  3  Y",
	"TagResource":                         "Y  Y  3  Y",
	"UntagResource":                       "Y  Y  3  Y",
	"DescribeKey":                         "Y  Y  Y  Y",
	"GetKeyPolicy":                        "Y  Y  Y  Y",
	"PutKeyPolicy":                        "Y  Y  Y  Y",
	"ListKeyPolicies":                     "Y  Y  Y  Y",
	"ListAliases":                         "Y  Y  Y  Y",
	"DeleteAlias":                         "Y  Y  Y  Y",
	"ListGrants":                          "Y  Y  Y  Y",
	"RetireGrant":                         "Y  Y  Y  Y",
	"RetireGrant token":                   "Y  Y  Y  Y",
	"RevokeGrant":                         "Y  Y  Y  Y",
	"ListResourceTags":                    "Y  Y  Y  Y",
	"GetKeyLastUsage":                     "Y  Y  Y  Y",
	"GetKeyRotationStatus":                "9h 9h 9h 9h",
	"RotateKeyOnDemand":                   "9h 9h 9h 9h",
	"ListKeyRotations":                    "9h 9h 9h 9h",
	"GenerateDataKeyPair":                 "9h 1  3  11",
	"GenerateDataKeyPairWithoutPlaintext": "9h 1  3  11",
}

// storeNotes are the footnotes of keys in key stores.
var storeNotes = map[string]struct{ code, text string }{
	"9h": {"UnsupportedOperationException", " origin is AWS_CLOUDHSM which is not valid for this operation."},
	"11": {"KMSInvalidStateException", " is unavailable."},
}

// elsewhereOnly are the specimens of keys that no key store has: of other
// specs, multi-Region keys and material to import.
func elsewhereOnly(sp specimen, name string) bool {
	in := &kmsapi.CreateKeyRequest{}
	if sp.kind == nil {
		return true
	}
	sp.kind(in)
	return value(in.MultiRegion) || or(in.KeySpec, kmsapi.KeySpecSymmetricDefault) != kmsapi.KeySpecSymmetricDefault || name == "ImportKeyMaterial"
}

func TestStateMatrixOfKeysInKeyStores(t *testing.T) {
	for name, sp := range specimens {
		row, ok := storeMatrix[name]
		if ok == elsewhereOnly(sp, name) {
			t.Errorf("%s: in the table = %t", name, ok)
		}
		if !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			for column, cell := range strings.Fields(row) {
				holdStoreCell(t, name, column, cell)
			}
		})
	}
}

func holdStoreCell(t *testing.T, name string, column int, cell string) {
	t.Helper()
	h := newHarness(t)
	_, k, _ := h.inStores()
	s := &subject{harness: h, id: k.KeyId, name: k.KeyId}
	in := specimens[name].request(s)
	states := []kmsapi.KeyState{kmsapi.KeyStateEnabled, kmsapi.KeyStateDisabled, kmsapi.KeyStatePendingDeletion, kmsapi.KeyStateUnavailable}
	switch states[column] {
	case kmsapi.KeyStateUnavailable:
		must(t, h.disconnect(*k.CustomKeyStoreId))
	case kmsapi.KeyStateDisabled:
		h.put(s.id, func(r *record) { r.Disabled = true })
	case kmsapi.KeyStatePendingDeletion:
		h.put(s.id, func(r *record) { r.Deletion = start.Add(300 * day) })
	}
	h.wantState(s.id, states[column])
	err := h.perform(h.ctx, in)
	note, ok := storeNotes[cell]
	if !ok {
		note, ok = footnotes[cell]
	}
	switch {
	case cell == "Y" && err != nil, cell != "Y" && !ok:
		t.Errorf("%s, cell %s: %v", states[column], cell, err)
	case cell == "Y":
	default:
		wantError(t, err, note.code, keyArn(s.id)+note.text)
	}
}
