package kms

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"sealstack/api/kmsapi"
)

// What AWS was recorded to answer, member by member. Texts stand in the tables
// of errors.

// members are the names of the members of an answer that are there.
func members(out any) []string {
	v := reflect.Indirect(reflect.ValueOf(out))
	names := []string{}
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			names = append(names, v.Type().Field(i).Name)
		}
	}
	slices.Sort(names)
	return names
}

// always are the members of metadata that every key has.
const always = "AWSAccountId Arn CreationDate CustomerMasterKeySpec Description Enabled KeyId KeyManager KeySpec KeyState KeyUsage MultiRegion Origin"

func TestMetadataHasTheRecordedMembers(t *testing.T) {
	h := newHarness(t)
	disabled, doomed, multiple := h.key(), h.key(), h.key(multi)
	must(t, h.perform(h.ctx, &kmsapi.DisableKeyRequest{KeyId: disabled.KeyId}))
	must(t, h.perform(h.ctx, &kmsapi.ScheduleKeyDeletionRequest{KeyId: doomed.KeyId}))
	filled, emptied, pair := h.emptyKey(), h.emptyKey(), h.key(external(kmsapi.KeySpecHmac224, generateMAC))
	h.mustImport(filled.KeyId, fresh(32))
	h.mustImport(emptied.KeyId, fresh(32))
	h.mustImport(pair.KeyId, fresh(28))
	must(t, h.deleteMaterial(emptied.KeyId, nil))
	for name, row := range map[string]struct{ id, more string }{
		"symmetric":                    {h.key().KeyId, "CurrentKeyMaterialId EncryptionAlgorithms"},
		"disabled":                     {disabled.KeyId, "CurrentKeyMaterialId EncryptionAlgorithms"},
		"pending deletion":             {doomed.KeyId, "CurrentKeyMaterialId EncryptionAlgorithms DeletionDate"},
		"multi-Region":                 {multiple.KeyId, "CurrentKeyMaterialId EncryptionAlgorithms MultiRegionConfiguration"},
		"RSA for encryption":           {h.key(of(kmsapi.KeySpecRsa2048, encryptDecrypt)).KeyId, "EncryptionAlgorithms"},
		"RSA for signatures":           {h.key(of(kmsapi.KeySpecRsa2048, signVerify)).KeyId, "SigningAlgorithms"},
		"ECC for signatures":           {h.key(signing_).KeyId, "SigningAlgorithms"},
		"ECC for agreement":            {h.key(agreement).KeyId, "KeyAgreementAlgorithms"},
		"HMAC":                         {h.key(mac).KeyId, "MacAlgorithms"},
		"ML-KEM":                       {h.key(kem).KeyId, "EncapsulationAlgorithms"},
		"before its first import":      {h.emptyKey().KeyId, "EncryptionAlgorithms"},
		"imported":                     {filled.KeyId, "CurrentKeyMaterialId EncryptionAlgorithms ExpirationModel"},
		"imported and deleted":         {emptied.KeyId, "CurrentKeyMaterialId EncryptionAlgorithms"},
		"HMAC, imported":               {pair.KeyId, "ExpirationModel MacAlgorithms"},
		"HMAC before its first import": {h.key(external(kmsapi.KeySpecHmac256, generateMAC)).KeyId, "MacAlgorithms"},
	} {
		want := strings.Fields(always + " " + row.more)
		slices.Sort(want)
		if got := members(h.describe(row.id)); !slices.Equal(got, want) {
			t.Errorf("%s: members %v, want %v", name, got, want)
		}
	}
}

// answers has the members of the answers that were recorded, or are documented
// for the example of the operation's page.
var answers = map[string]string{
	"CancelKeyDeletion":                   "KeyId",
	"CreateGrant":                         "GrantId GrantToken",
	"CreateKey":                           "KeyMetadata",
	"Decrypt":                             "EncryptionAlgorithm KeyId KeyMaterialId Plaintext",
	"DeleteImportedKeyMaterial":           "KeyId KeyMaterialId",
	"DeriveSharedSecret":                  "KeyAgreementAlgorithm KeyId KeyOrigin SharedSecret",
	"DescribeKey":                         "KeyMetadata",
	"Encrypt":                             "CiphertextBlob EncryptionAlgorithm KeyId",
	"GenerateDataKey":                     "CiphertextBlob KeyId KeyMaterialId Plaintext",
	"GenerateDataKeyPair":                 "KeyId KeyMaterialId KeyPairSpec PrivateKeyCiphertextBlob PrivateKeyPlaintext PublicKey",
	"GenerateDataKeyPairWithoutPlaintext": "KeyId KeyMaterialId KeyPairSpec PrivateKeyCiphertextBlob PublicKey",
	"GenerateDataKeyWithoutPlaintext":     "CiphertextBlob KeyId KeyMaterialId",
	"GenerateMac":                         "KeyId Mac MacAlgorithm",
	"GenerateRandom":                      "Plaintext",
	"GetKeyPolicy":                        "Policy PolicyName",
	"GetKeyRotationStatus":                "KeyId KeyRotationEnabled",
	"GetParametersForImport":              "ImportToken KeyId ParametersValidTo PublicKey",
	"GetPublicKey":                        "CustomerMasterKeySpec KeyId KeySpec KeyUsage PublicKey SigningAlgorithms",
	"ImportKeyMaterial":                   "KeyId KeyMaterialId",
	"ListKeyPolicies":                     "PolicyNames Truncated",
	"ReEncrypt to":                        "CiphertextBlob DestinationEncryptionAlgorithm DestinationKeyMaterialId KeyId SourceEncryptionAlgorithm SourceKeyId SourceKeyMaterialId",
	"ReplicateKey":                        "ReplicaKeyMetadata ReplicaPolicy",
	"RotateKeyOnDemand":                   "KeyId",
	"ScheduleKeyDeletion":                 "DeletionDate KeyId KeyState PendingWindowInDays",
	"Sign":                                "KeyId Signature SigningAlgorithm",
	"Verify":                              "KeyId SignatureValid SigningAlgorithm",
	"VerifyMac":                           "KeyId MacAlgorithm MacValid",
}

// An answer has the recorded members, and names the key by its ARN, by
// whatever name the request had it.
func TestAnswersHaveTheRecordedMembers(t *testing.T) {
	h := newHarness(t)
	for name, want := range answers {
		t.Run(name, func(t *testing.T) {
			s := h.subjectOf(specimens[name])
			in := specimens[name].request(s)
			s.ready(name)
			out, err := h.client.Endpoint.Call(h.ctx, operationOf(t, in), in)
			must(t, err)
			if got := members(out); !slices.Equal(got, strings.Fields(want)) {
				t.Errorf("members %v, want %s", got, want)
			}
			if id := reflect.ValueOf(out).Elem().FieldByName("KeyId"); id.IsValid() {
				if got := id.Elem().String(); got != keyArn(s.id) {
					t.Errorf("KeyId = %s", got)
				}
			}
		})
	}
}

// What has no output answers with an empty body.
func TestOperationsWithoutOutput(t *testing.T) {
	h := newHarness(t)
	for name, sp := range specimens {
		if _, ok := answers[name]; ok {
			continue
		}
		s := h.subjectOf(sp)
		in := sp.request(s)
		op := operationOf(t, in)
		if op.Output.NumField() > 0 {
			continue
		}
		s.ready(name)
		out, err := h.client.Endpoint.Call(h.ctx, op, in)
		if err != nil || reflect.ValueOf(out).IsNil() {
			t.Errorf("%s: %v, %v", name, out, err)
		}
	}
}

// A replica answers as Creating, disabled, without a material; a little later
// it has its primary's.
func TestAReplicaAnswersAsRecorded(t *testing.T) {
	h := newHarness(t)
	primary := h.key(multi, func(in *kmsapi.CreateKeyRequest) { in.Description = new("of the primary") })
	out, err := h.ReplicateKey(h.ctx, &kmsapi.ReplicateKeyRequest{KeyId: primary.KeyId, ReplicaRegion: elsewhere})
	must(t, err)
	want := strings.Fields(always + " EncryptionAlgorithms MultiRegionConfiguration")
	slices.Sort(want)
	m := out.ReplicaKeyMetadata
	if got := members(m); !slices.Equal(got, want) {
		t.Errorf("members %v, want %v", got, want)
	}
	if *m.KeyState != kmsapi.KeyStateCreating || *m.Enabled || *m.Description != "" || *out.ReplicaPolicy != defaultPolicy(elsewhere, account) {
		t.Errorf("replica %+v, policy %s", m, *out.ReplicaPolicy)
	}
	h.advance(settling)
	h.in(elsewhere, func() {
		later := h.wantState(primary.KeyId, kmsapi.KeyStateEnabled)
		if *later.CurrentKeyMaterialId != *primary.CurrentKeyMaterialId {
			t.Errorf("material %s, the primary's %s", *later.CurrentKeyMaterialId, *primary.CurrentKeyMaterialId)
		}
		wantError(t, h.perform(h.ctx, &kmsapi.ReplicateKeyRequest{KeyId: primary.KeyId, ReplicaRegion: "ap-south-1"}), "UnsupportedOperationException",
			arnIn(elsewhere, primary.KeyId)+" is not a multi-region primary key.")
	})
}
