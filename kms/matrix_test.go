package kms

import (
	"slices"
	"strings"
	"testing"

	"sealstack/api/kmsapi"
)

// brings has the states in the order of the table, and how a key gets there.
var brings = []struct {
	state kmsapi.KeyState
	bring func(r *record)
}{
	{kmsapi.KeyStateEnabled, func(*record) {}},
	{kmsapi.KeyStateDisabled, func(r *record) { r.Disabled = true }},
	{kmsapi.KeyStatePendingDeletion, func(r *record) { r.Deletion = r.seen.Add(30 * day) }},
	{kmsapi.KeyStatePendingReplicaDeletion, func(r *record) { r.Window = 7 }},
	{kmsapi.KeyStatePendingImport, func(r *record) { r.Import = &imports{Missing: true} }},
	{kmsapi.KeyStateCreating, func(r *record) {
		r.Transient = &transient{State: kmsapi.KeyStateCreating, Until: r.seen.Add(day)}
	}},
	{kmsapi.KeyStateUpdating, func(r *record) {
		r.Transient = &transient{State: kmsapi.KeyStateUpdating, Until: r.seen.Add(day)}
	}},
}

// footnotes are the errors of the table, by the notes of the "Key states" page
// https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html as it
// numbers them. The text begins with the key's ARN, if it is not "".
var footnotes = map[string]struct{ code, text string }{
	"1":  {"DisabledException", " is disabled."},
	"3":  {"KMSInvalidStateException", " is pending deletion."},
	"3r": {"KMSInvalidStateException", " is pending replica deletion."},
	"4":  {"KMSInvalidStateException", " is not pending deletion."},
	"5":  {"KMSInvalidStateException", " is pending import."},
	"6":  {"UnsupportedOperationException", " origin is EXTERNAL which is not valid for this operation."},
	"7":  {"UnsupportedOperationException", ""},
	"9":  {"UnsupportedOperationException", " origin is AWS_KMS which is not valid for this operation."},
	"14": {"KMSInvalidStateException", " is creating."},
	"15": {"KMSInvalidStateException", " is updating."},
}

// Where the keys of a row come from. Each row is about a multi-Region primary
// key, which can be in every state (but PendingImport, unless its material is
// imported).
const (
	ext = "EXTERNAL"
	own = "AWS_KMS"
)

// matrix is the table of the "Key states" page: Y is success, - a state that
// such keys can't be in, the rest are footnotes.
//
//	E Enabled, D Disabled, PD PendingDeletion, PRD PendingReplicaDeletion,
//	PI PendingImport, C Creating, U Updating
var matrix = []struct{ specimen, origin, cells string }{
	//                                             E  D  PD  PRD PI C   U
	{"Encrypt", ext, "                             Y  1  3   3r  5  14  Y"},
	{"Decrypt", ext, "                             Y  1  3   3r  5  14  Y"},
	{"Decrypt unnamed", ext, "                     Y  1  3   3r  5  14  Y"},
	{"ReEncrypt to", ext, "                        Y  1  3   3r  5  14  Y"},
	{"ReEncrypt from", ext, "                      Y  1  3   3r  5  14  Y"},
	{"GenerateDataKey", ext, "                     Y  1  3   3r  5  14  Y"},
	{"GenerateDataKeyWithoutPlaintext", ext, "     Y  1  3   3r  5  14  Y"},
	{"GenerateDataKeyPair", ext, "                 Y  1  3   3r  5  14  Y"},
	{"GenerateDataKeyPairWithoutPlaintext", ext, " Y  1  3   3r  5  14  Y"},
	{"Sign", ext, "                                Y  1  3   3r  5  14  Y"},
	{"Verify", ext, "                              Y  1  3   3r  5  14  Y"},
	{"GenerateMac", ext, "                         Y  1  3   3r  5  14  Y"},
	{"VerifyMac", ext, "                           Y  1  3   3r  5  14  Y"},
	{"GetPublicKey", ext, "                        Y  1  3   3r  5  14  Y"},
	{"DeriveSharedSecret", ext, "                  Y  1  3   3r  5  14  Y"},
	{"Encapsulate", ext, "                         Y  1  3   3r  5  14  Y"},
	{"Decapsulate", ext, "                         Y  1  3   3r  5  14  Y"},
	{"CreateGrant", ext, "                         Y  1  3   3r  5  14  Y"},
	{"ReplicateKey", ext, "                        Y  1  3   3r  5  14  15"},
	{"UpdatePrimaryRegion", ext, "                 Y  1  3   3r  5  14  Y"},
	{"EnableKey", ext, "                           Y  Y  3   3r  5  14  15"},
	{"DisableKey", ext, "                          Y  Y  3   3r  5  14  15"},
	{"EnableKeyRotation", own, "                   Y  1  3   3r  -  14  Y"},
	{"EnableKeyRotation", ext, "                   6  6  6   6   6  6   6"},
	{"DisableKeyRotation", own, "                  Y  1  3   3r  -  14  Y"},
	{"DisableKeyRotation", ext, "                  6  6  6   6   6  6   6"},
	{"RotateKeyOnDemand", own, "                   Y  1  3   3r  -  14  15"},
	{"GetKeyRotationStatus", own, "                Y  Y  Y   Y   -  Y   Y"},
	{"GetKeyRotationStatus", ext, "                Y  Y  Y   Y   6  Y   Y"},
	{"ListKeyRotations", own, "                    Y  Y  Y   Y   -  Y   Y"},
	{"ListKeyRotations", ext, "                    Y  Y  Y   Y   Y  Y   Y"},
	{"GetParametersForImport", own, "              9  9  9   9   -  9   9"},
	{"GetParametersForImport", ext, "              Y  Y  3   3r  Y  14  15"},
	{"ImportKeyMaterial", own, "                   9  9  9   9   -  9   9"},
	{"ImportKeyMaterial", ext, "                   Y  Y  3   3r  Y  14  Y"},
	{"DeleteImportedKeyMaterial", own, "           9  9  9   9   -  9   9"},
	{"DeleteImportedKeyMaterial", ext, "           Y  Y  Y   Y   Y  14  15"},
	{"ScheduleKeyDeletion", ext, "                 Y  Y  3   3r  Y  Y   15"},
	{"CancelKeyDeletion", ext, "                   4  4  Y   Y   4  4   4"},
	{"CreateAlias", ext, "                         Y  Y  3   3r  Y  Y   Y"},
	{"UpdateAlias to", ext, "                      Y  Y  3   3r  Y  Y   Y"},
	{"UpdateAlias from", ext, "                    Y  Y  Y   Y   Y  Y   Y"},
	{"UpdateKeyDescription", ext, "                Y  Y  3   3r  Y  Y   Y"},
	{"TagResource", ext, "                         Y  Y  3   3r  Y  Y   Y"},
	{"UntagResource", ext, "                       Y  Y  3   3r  Y  Y   Y"},
	{"DescribeKey", ext, "                         Y  Y  Y   Y   Y  Y   Y"},
	{"GetKeyPolicy", ext, "                        Y  Y  Y   Y   Y  Y   Y"},
	{"PutKeyPolicy", ext, "                        Y  Y  Y   Y   Y  Y   Y"},
	{"ListKeyPolicies", ext, "                     Y  Y  Y   Y   Y  Y   Y"},
	{"ListAliases", ext, "                         Y  Y  Y   Y   Y  Y   Y"},
	{"DeleteAlias", ext, "                         Y  Y  Y   Y   Y  Y   Y"},
	{"ListGrants", ext, "                          Y  Y  Y   Y   Y  Y   Y"},
	{"RetireGrant", ext, "                         Y  Y  Y   Y   Y  Y   Y"},
	{"RetireGrant token", ext, "                   Y  Y  Y   Y   Y  Y   Y"},
	{"RevokeGrant", ext, "                         Y  Y  Y   Y   Y  Y   Y"},
	{"ListResourceTags", ext, "                    Y  Y  Y   Y   Y  Y   Y"},
	{"GetKeyLastUsage", ext, "                     Y  Y  Y   Y   Y  Y   Y"},
}

// stateless are the operations that no key's state has a part in.
var stateless = []string{"CreateKey", "GenerateRandom", "ListKeys", "ListRetirableGrants"}

func TestStateMatrix(t *testing.T) {
	covered := slices.Clone(stateless)
	for _, row := range matrix {
		covered = append(covered, word(row.specimen))
		t.Run(row.specimen+" "+row.origin, func(t *testing.T) {
			cells := strings.Fields(row.cells)
			if len(cells) != len(brings) {
				t.Fatalf("%d cells for %d states", len(cells), len(brings))
			}
			for i, cell := range cells {
				if cell != "-" {
					holdCell(t, row.specimen, row.origin, i, cell)
				}
			}
		})
	}
	for _, op := range kmsapi.Service.Operations {
		if !slices.Contains(covered, op.Name) && !aboutStores(op.Name) {
			t.Errorf("%s is in no row", op.Name)
		}
	}
}

// holdCell makes the call of one cell with a key of its own.
func holdCell(t *testing.T, name, origin string, column int, cell string) {
	t.Helper()
	h := newHarness(t)
	s, in := h.inMatrix(name, origin)
	col := brings[column]
	h.put(s.id, func(r *record) {
		r.seen = h.Service.clock.Now()
		col.bring(r)
	})
	h.wantState(s.id, col.state)
	err := h.perform(h.ctx, in)
	if cell == "Y" {
		if err != nil {
			t.Errorf("%s: %v", col.state, err)
		}
		return
	}
	note, ok := footnotes[cell]
	if !ok {
		t.Fatalf("%s is no footnote", cell)
	}
	text := note.text
	if text != "" {
		text = keyArn(s.id) + text
	}
	if !t.Run(string(col.state), func(t *testing.T) { wantError(t, err, note.code, text) }) {
		t.Logf("cell %s", cell)
	}
}

// inMatrix makes the key of a row and the request. Only what is about imported
// material has it imported; elsewhere its origin is written into the record.
func (h *harness) inMatrix(name, origin string) (*subject, any) {
	h.t.Helper()
	sp := specimens[name]
	aboutImport := strings.Contains(name, "Import")
	options := []func(*kmsapi.CreateKeyRequest){multi}
	if aboutImport && origin == own {
		options = append(options, func(in *kmsapi.CreateKeyRequest) { in.Origin = nil })
	}
	s := h.subjectOf(sp, options...)
	if name == "ImportKeyMaterial" && origin == own {
		return s, &kmsapi.ImportKeyMaterialRequest{KeyId: s.id, ExpirationModel: new(kmsapi.ExpirationModelTypeKeyMaterialDoesNotExpire)}
	}
	in := sp.request(s)
	if origin == ext && !aboutImport {
		h.put(s.id, func(r *record) { r.Origin, r.Import = kmsapi.OriginTypeExternal, &imports{Held: true} })
	}
	return s, in
}

// RotateKeyOnDemand promotes the imported material that waits for it.
func TestOnDemandRotationOfImportedKeysNeedsAnEnabledKey(t *testing.T) {
	for i, cell := range strings.Fields("Y 1 3 3r 5 14 15") {
		h := newHarness(t)
		in := h.importedPair()
		h.put(in.KeyId, func(r *record) {
			r.seen = h.Service.clock.Now()
			brings[i].bring(r)
		})
		err := h.rotateOnDemand(in.KeyId)
		if cell == "Y" {
			must(t, err)
			continue
		}
		wantError(t, err, footnotes[cell].code, keyArn(in.KeyId)+footnotes[cell].text)
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
