package cloudtrail

import (
	"slices"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/kmsapi"
)

// kmsRow is what a call of an operation of KMS looks like in its record.
// https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
type kmsRow struct {
	in, out           any
	readOnly          bool
	request, response string   // as JSON, KEY standing for the key's ARN
	resources         []string // ARNs
}

const (
	alias    = "alias/a"
	aliasARN = "arn:aws:kms:us-east-1:111122223333:alias/a"
	otherKey = "arn:aws:kms:us-east-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"
	hush     = "PLAINTEXT-OR-CIPHERTEXT"
)

var pair = map[string]string{"p": "q"}

// The calls are made by an alias or an id where they can, so that the table
// shows that a record holds what the caller has typed and the ARN beside it.
var kmsRows = map[string]kmsRow{
	"CancelKeyDeletion":                   {&kmsapi.CancelKeyDeletionRequest{KeyId: keyID}, &kmsapi.CancelKeyDeletionResponse{KeyId: new(key)}, false, `{"keyId":"ID"}`, `{"keyId":"KEY"}`, []string{key}},
	"ConnectCustomKeyStore":               {&kmsapi.ConnectCustomKeyStoreRequest{CustomKeyStoreId: "cks-1"}, &kmsapi.ConnectCustomKeyStoreResponse{}, false, `{"customKeyStoreId":"cks-1"}`, `null`, nil},
	"CreateAlias":                         {&kmsapi.CreateAliasRequest{AliasName: alias, TargetKeyId: keyID}, (*api.None)(nil), false, `{"aliasName":"alias/a","targetKeyId":"ID"}`, `{"keyId":"KEY"}`, []string{key, aliasARN}},
	"CreateCustomKeyStore":                {&kmsapi.CreateCustomKeyStoreRequest{CustomKeyStoreName: "s", KeyStorePassword: new(hush)}, &kmsapi.CreateCustomKeyStoreResponse{CustomKeyStoreId: new("cks-1")}, false, `{"customKeyStoreName":"s"}`, `{"customKeyStoreId":"cks-1"}`, nil},
	"CreateGrant":                         {&kmsapi.CreateGrantRequest{KeyId: keyID, GranteePrincipal: new(roleARN), Operations: []kmsapi.GrantOperation{"Decrypt"}, Constraints: &kmsapi.GrantConstraints{EncryptionContextSubset: pair}, GrantTokens: []string{hush}}, &kmsapi.CreateGrantResponse{GrantId: new("g"), GrantToken: new(hush)}, false, `{"keyId":"ID","granteePrincipal":"` + roleARN + `","operations":["Decrypt"],"constraints":{"encryptionContextSubset":{"p":"q"}}}`, `{"grantId":"g","keyId":"KEY"}`, []string{key}},
	"CreateKey":                           {&kmsapi.CreateKeyRequest{Description: new("d"), KeySpec: new(kmsapi.KeySpecSymmetricDefault)}, &kmsapi.CreateKeyResponse{KeyMetadata: &kmsapi.KeyMetadata{AWSAccountId: new(account), KeyId: keyID, Arn: new(key), CreationDate: new(start), Enabled: new(true)}}, false, `{"description":"d","keySpec":"SYMMETRIC_DEFAULT"}`, `{"keyMetadata":{"aWSAccountId":"111122223333","keyId":"ID","arn":"KEY","creationDate":"Mar 1, 2026, 12:00:00 PM","enabled":true}}`, []string{key}},
	"Decapsulate":                         {&kmsapi.DecapsulateRequest{KeyId: alias, SharedSecretCiphertextBlob: []byte(hush), EncapsulationAlgorithm: "ML_KEM_768"}, &kmsapi.DecapsulateResponse{KeyId: new(key)}, true, `{"keyId":"alias/a","encapsulationAlgorithm":"ML_KEM_768"}`, `null`, []string{key}},
	"Decrypt":                             {&kmsapi.DecryptRequest{CiphertextBlob: []byte(hush), EncryptionContext: pair, GrantTokens: []string{hush}}, &kmsapi.DecryptResponse{KeyId: new(key), Plaintext: []byte(hush)}, true, `{"encryptionContext":{"p":"q"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT","keyId":"KEY"}`, `null`, []string{key}},
	"DeleteAlias":                         {&kmsapi.DeleteAliasRequest{AliasName: alias}, (*api.None)(nil), false, `{"aliasName":"alias/a"}`, `null`, []string{aliasARN}},
	"DeleteCustomKeyStore":                {&kmsapi.DeleteCustomKeyStoreRequest{CustomKeyStoreId: "cks-1"}, &kmsapi.DeleteCustomKeyStoreResponse{}, false, `{"customKeyStoreId":"cks-1"}`, `null`, nil},
	"DeleteImportedKeyMaterial":           {&kmsapi.DeleteImportedKeyMaterialRequest{KeyId: keyID, KeyMaterialId: new("m")}, &kmsapi.DeleteImportedKeyMaterialResponse{KeyId: new(key), KeyMaterialId: new("m")}, false, `{"keyId":"ID","keyMaterialId":"m"}`, `{"keyId":"KEY","keyMaterialId":"m"}`, []string{key}},
	"DeriveSharedSecret":                  {&kmsapi.DeriveSharedSecretRequest{KeyId: alias, KeyAgreementAlgorithm: "ECDH", PublicKey: []byte(hush)}, &kmsapi.DeriveSharedSecretResponse{KeyId: new(key), SharedSecret: []byte(hush)}, true, `{"keyId":"alias/a","keyAgreementAlgorithm":"ECDH"}`, `null`, []string{key}},
	"DescribeCustomKeyStores":             {&kmsapi.DescribeCustomKeyStoresRequest{CustomKeyStoreId: new("cks-1")}, &kmsapi.DescribeCustomKeyStoresResponse{}, true, `{"customKeyStoreId":"cks-1"}`, `null`, nil},
	"DescribeKey":                         {&kmsapi.DescribeKeyRequest{KeyId: alias}, &kmsapi.DescribeKeyResponse{KeyMetadata: &kmsapi.KeyMetadata{KeyId: keyID, Arn: new(key)}}, true, `{"keyId":"alias/a"}`, `null`, []string{key}},
	"DisableKey":                          {&kmsapi.DisableKeyRequest{KeyId: keyID}, (*api.None)(nil), false, `{"keyId":"ID"}`, `{"keyId":"KEY"}`, []string{key}},
	"DisableKeyRotation":                  {&kmsapi.DisableKeyRotationRequest{KeyId: keyID}, (*api.None)(nil), false, `{"keyId":"ID"}`, `{"keyId":"KEY"}`, []string{key}},
	"DisconnectCustomKeyStore":            {&kmsapi.DisconnectCustomKeyStoreRequest{CustomKeyStoreId: "cks-1"}, &kmsapi.DisconnectCustomKeyStoreResponse{}, false, `{"customKeyStoreId":"cks-1"}`, `null`, nil},
	"EnableKey":                           {&kmsapi.EnableKeyRequest{KeyId: keyID}, (*api.None)(nil), false, `{"keyId":"ID"}`, `{"keyId":"KEY"}`, []string{key}},
	"EnableKeyRotation":                   {&kmsapi.EnableKeyRotationRequest{KeyId: keyID, RotationPeriodInDays: new(int32(180))}, (*api.None)(nil), false, `{"keyId":"ID","rotationPeriodInDays":180}`, `{"keyId":"KEY"}`, []string{key}},
	"Encapsulate":                         {&kmsapi.EncapsulateRequest{KeyId: alias, EncapsulationAlgorithm: "ML_KEM_768"}, &kmsapi.EncapsulateResponse{KeyId: new(key)}, true, `{"keyId":"alias/a","encapsulationAlgorithm":"ML_KEM_768"}`, `null`, []string{key}},
	"Encrypt":                             {&kmsapi.EncryptRequest{KeyId: alias, Plaintext: []byte(hush), EncryptionContext: pair}, &kmsapi.EncryptResponse{KeyId: new(key), CiphertextBlob: []byte(hush)}, true, `{"keyId":"alias/a","encryptionContext":{"p":"q"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}`, `null`, []string{key}},
	"GenerateDataKey":                     {&kmsapi.GenerateDataKeyRequest{KeyId: alias, KeySpec: new(kmsapi.DataKeySpecAes256), EncryptionContext: pair}, &kmsapi.GenerateDataKeyResponse{KeyId: new(key), Plaintext: []byte(hush), CiphertextBlob: []byte(hush)}, true, `{"keyId":"alias/a","encryptionContext":{"p":"q"},"keySpec":"AES_256"}`, `null`, []string{key}},
	"GenerateDataKeyPair":                 {&kmsapi.GenerateDataKeyPairRequest{KeyId: alias, KeyPairSpec: "RSA_2048"}, &kmsapi.GenerateDataKeyPairResponse{KeyId: new(key), PrivateKeyPlaintext: []byte(hush)}, true, `{"keyId":"alias/a","keyPairSpec":"RSA_2048"}`, `null`, []string{key}},
	"GenerateDataKeyPairWithoutPlaintext": {&kmsapi.GenerateDataKeyPairWithoutPlaintextRequest{KeyId: alias, KeyPairSpec: "RSA_2048"}, &kmsapi.GenerateDataKeyPairWithoutPlaintextResponse{KeyId: new(key)}, true, `{"keyId":"alias/a","keyPairSpec":"RSA_2048"}`, `null`, []string{key}},
	"GenerateDataKeyWithoutPlaintext":     {&kmsapi.GenerateDataKeyWithoutPlaintextRequest{KeyId: alias, NumberOfBytes: new(int32(16))}, &kmsapi.GenerateDataKeyWithoutPlaintextResponse{KeyId: new(key), CiphertextBlob: []byte(hush)}, true, `{"keyId":"alias/a","numberOfBytes":16}`, `null`, []string{key}},
	"GenerateMac":                         {&kmsapi.GenerateMacRequest{KeyId: alias, Message: []byte(hush), MacAlgorithm: "HMAC_SHA_256"}, &kmsapi.GenerateMacResponse{KeyId: new(key), Mac: []byte(hush)}, true, `{"keyId":"alias/a","macAlgorithm":"HMAC_SHA_256"}`, `null`, []string{key}},
	"GenerateRandom":                      {&kmsapi.GenerateRandomRequest{NumberOfBytes: new(int32(8))}, &kmsapi.GenerateRandomResponse{Plaintext: []byte(hush)}, true, `null`, `null`, []string{}},
	"GetKeyLastUsage":                     {&kmsapi.GetKeyLastUsageRequest{KeyId: keyID}, &kmsapi.GetKeyLastUsageResponse{KeyId: new(keyID)}, true, `{"keyId":"ID"}`, `null`, []string{key}},
	"GetKeyPolicy":                        {&kmsapi.GetKeyPolicyRequest{KeyId: keyID, PolicyName: new("default")}, &kmsapi.GetKeyPolicyResponse{Policy: new("{}")}, true, `{"keyId":"ID","policyName":"default"}`, `null`, []string{key}},
	"GetKeyRotationStatus":                {&kmsapi.GetKeyRotationStatusRequest{KeyId: keyID}, &kmsapi.GetKeyRotationStatusResponse{KeyId: new(key)}, true, `{"keyId":"ID"}`, `null`, []string{key}},
	"GetParametersForImport":              {&kmsapi.GetParametersForImportRequest{KeyId: keyID, WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048"}, &kmsapi.GetParametersForImportResponse{KeyId: new(key), ImportToken: []byte(hush), PublicKey: []byte(hush)}, true, `{"keyId":"ID","wrappingAlgorithm":"RSAES_OAEP_SHA_256","wrappingKeySpec":"RSA_2048"}`, `null`, []string{key}},
	"GetPublicKey":                        {&kmsapi.GetPublicKeyRequest{KeyId: alias, GrantTokens: []string{hush}}, &kmsapi.GetPublicKeyResponse{KeyId: new(key), PublicKey: []byte(hush)}, true, `{"keyId":"alias/a"}`, `null`, []string{key}},
	"ImportKeyMaterial":                   {&kmsapi.ImportKeyMaterialRequest{KeyId: keyID, ImportToken: []byte(hush), EncryptedKeyMaterial: []byte(hush), ValidTo: new(start), ExpirationModel: new(kmsapi.ExpirationModelTypeKeyMaterialExpires)}, &kmsapi.ImportKeyMaterialResponse{KeyId: new(key), KeyMaterialId: new("m")}, false, `{"keyId":"ID","validTo":"Mar 1, 2026, 12:00:00 PM","expirationModel":"KEY_MATERIAL_EXPIRES"}`, `{"keyId":"KEY","keyMaterialId":"m"}`, []string{key}},
	"ListAliases":                         {&kmsapi.ListAliasesRequest{KeyId: new(keyID), Limit: new(int32(5))}, &kmsapi.ListAliasesResponse{}, true, `{"keyId":"ID","limit":5}`, `null`, []string{key}},
	"ListGrants":                          {&kmsapi.ListGrantsRequest{KeyId: keyID}, &kmsapi.ListGrantsResponse{}, true, `{"keyId":"ID"}`, `null`, []string{key}},
	"ListKeyPolicies":                     {&kmsapi.ListKeyPoliciesRequest{KeyId: keyID}, &kmsapi.ListKeyPoliciesResponse{}, true, `{"keyId":"ID"}`, `null`, []string{key}},
	"ListKeyRotations":                    {&kmsapi.ListKeyRotationsRequest{KeyId: keyID}, &kmsapi.ListKeyRotationsResponse{}, true, `{"keyId":"ID"}`, `null`, []string{key}},
	"ListKeys":                            {&kmsapi.ListKeysRequest{}, &kmsapi.ListKeysResponse{}, true, `null`, `null`, nil},
	"ListResourceTags":                    {&kmsapi.ListResourceTagsRequest{KeyId: keyID}, &kmsapi.ListResourceTagsResponse{}, true, `{"keyId":"ID"}`, `null`, []string{key}},
	"ListRetirableGrants":                 {&kmsapi.ListRetirableGrantsRequest{RetiringPrincipal: new(roleARN)}, &kmsapi.ListGrantsResponse{}, true, `{"retiringPrincipal":"` + roleARN + `"}`, `null`, nil},
	"PutKeyPolicy":                        {&kmsapi.PutKeyPolicyRequest{KeyId: keyID, PolicyName: new("default"), Policy: "{}"}, (*api.None)(nil), false, `{"keyId":"ID","policyName":"default","policy":"{}"}`, `{"keyId":"KEY"}`, []string{key}},
	"ReEncrypt":                           {&kmsapi.ReEncryptRequest{CiphertextBlob: []byte(hush), DestinationKeyId: alias, SourceEncryptionContext: pair}, &kmsapi.ReEncryptResponse{SourceKeyId: new(key), KeyId: new(otherKey), CiphertextBlob: []byte(hush)}, true, `{"sourceEncryptionContext":{"p":"q"},"destinationKeyId":"alias/a","sourceEncryptionAlgorithm":"SYMMETRIC_DEFAULT","destinationEncryptionAlgorithm":"SYMMETRIC_DEFAULT"}`, `null`, []string{key, otherKey}},
	"ReplicateKey":                        {&kmsapi.ReplicateKeyRequest{KeyId: keyID, ReplicaRegion: "eu-west-1"}, &kmsapi.ReplicateKeyResponse{ReplicaPolicy: new("{}")}, false, `{"keyId":"ID","replicaRegion":"eu-west-1"}`, `{"replicaPolicy":"{}"}`, []string{key}},
	"RetireGrant":                         {&kmsapi.RetireGrantRequest{GrantToken: new(hush), KeyId: new(key), GrantId: new("g")}, (*api.None)(nil), false, `{"keyId":"KEY","grantId":"g"}`, `{"keyId":"KEY"}`, []string{key}},
	"RevokeGrant":                         {&kmsapi.RevokeGrantRequest{KeyId: keyID, GrantId: "g"}, (*api.None)(nil), false, `{"keyId":"ID","grantId":"g"}`, `{"keyId":"KEY"}`, []string{key}},
	"RotateKeyOnDemand":                   {&kmsapi.RotateKeyOnDemandRequest{KeyId: keyID}, &kmsapi.RotateKeyOnDemandResponse{KeyId: new(key)}, false, `{"keyId":"ID"}`, `{"keyId":"KEY"}`, []string{key}},
	"ScheduleKeyDeletion":                 {&kmsapi.ScheduleKeyDeletionRequest{KeyId: keyID, PendingWindowInDays: new(int32(7))}, &kmsapi.ScheduleKeyDeletionResponse{KeyId: new(key), KeyState: new(kmsapi.KeyStatePendingDeletion), DeletionDate: new(start), PendingWindowInDays: new(int32(7))}, false, `{"keyId":"ID","pendingWindowInDays":7}`, `{"keyId":"KEY","deletionDate":"Mar 1, 2026, 12:00:00 PM","keyState":"PendingDeletion","pendingWindowInDays":7}`, []string{key}},
	"Sign":                                {&kmsapi.SignRequest{KeyId: alias, Message: []byte(hush), MessageType: new(kmsapi.MessageTypeRaw), SigningAlgorithm: "ECDSA_SHA_256"}, &kmsapi.SignResponse{KeyId: new(key), Signature: []byte(hush)}, true, `{"keyId":"alias/a","messageType":"RAW","signingAlgorithm":"ECDSA_SHA_256"}`, `null`, []string{key}},
	"TagResource":                         {&kmsapi.TagResourceRequest{KeyId: keyID, Tags: []kmsapi.Tag{{TagKey: "k", TagValue: "v"}}}, (*api.None)(nil), false, `{"keyId":"ID","tags":[{"tagKey":"k","tagValue":"v"}]}`, `{"keyId":"KEY"}`, []string{key}},
	"UntagResource":                       {&kmsapi.UntagResourceRequest{KeyId: keyID, TagKeys: []string{"k"}}, (*api.None)(nil), false, `{"keyId":"ID","tagKeys":["k"]}`, `{"keyId":"KEY"}`, []string{key}},
	"UpdateAlias":                         {&kmsapi.UpdateAliasRequest{AliasName: alias, TargetKeyId: keyID}, (*api.None)(nil), false, `{"aliasName":"alias/a","targetKeyId":"ID"}`, `{"keyId":"KEY"}`, []string{key, aliasARN}},
	"UpdateCustomKeyStore":                {&kmsapi.UpdateCustomKeyStoreRequest{CustomKeyStoreId: "cks-1", KeyStorePassword: new(hush)}, &kmsapi.UpdateCustomKeyStoreResponse{}, false, `{"customKeyStoreId":"cks-1"}`, `null`, nil},
	"UpdateKeyDescription":                {&kmsapi.UpdateKeyDescriptionRequest{KeyId: keyID, Description: "d"}, (*api.None)(nil), false, `{"keyId":"ID","description":"d"}`, `{"keyId":"KEY"}`, []string{key}},
	"UpdatePrimaryRegion":                 {&kmsapi.UpdatePrimaryRegionRequest{KeyId: keyID, PrimaryRegion: "eu-west-1"}, (*api.None)(nil), false, `{"keyId":"ID","primaryRegion":"eu-west-1"}`, `{"keyId":"KEY"}`, []string{key}},
	"Verify":                              {&kmsapi.VerifyRequest{KeyId: alias, Message: []byte(hush), Signature: []byte(hush), SigningAlgorithm: "ECDSA_SHA_256"}, &kmsapi.VerifyResponse{KeyId: new(key), SignatureValid: new(true)}, true, `{"keyId":"alias/a","signingAlgorithm":"ECDSA_SHA_256"}`, `null`, []string{key}},
	"VerifyMac":                           {&kmsapi.VerifyMacRequest{KeyId: alias, Message: []byte(hush), Mac: []byte(hush), MacAlgorithm: "HMAC_SHA_256", DryRun: new(true)}, &kmsapi.VerifyMacResponse{KeyId: new(key), MacValid: new(true)}, true, `{"keyId":"alias/a","macAlgorithm":"HMAC_SHA_256","dryRun":true}`, `null`, []string{key}},
}

func TestEveryOperationOfKMSIsRecordedAsAWSDoes(t *testing.T) {
	fill := strings.NewReplacer(`"KEY"`, `"`+key+`"`, `"ID"`, `"`+keyID+`"`)
	for _, op := range kmsapi.Service.Operations {
		row, ok := kmsRows[op.Name]
		if !ok {
			t.Errorf("%s has no row", op.Name)
			continue
		}
		t.Run(op.Name, func(t *testing.T) {
			r := describe(userOf(account, "Alice"), &api.Call{Service: kmsapi.Service, Operation: op, In: row.in, Out: row.out}, kindOf(kmsapi.Service, op), nil)
			if r.ReadOnly != row.readOnly || !r.Management || r.Category != management || r.Name != op.Name || r.Source != "kms.amazonaws.com" {
				t.Errorf("readOnly %v, managementEvent %v, %s of %s", r.ReadOnly, r.Management, r.Name, r.Source)
			}
			same(t, "requestParameters", r.RequestParameters, fill.Replace(row.request))
			same(t, "responseElements", r.ResponseElements, fill.Replace(row.response))
			r.holds(t, row.resources)
			if text := string(r.text()); strings.Contains(text, hush) {
				t.Errorf("the record tells %s", text)
			}
		})
	}
	if n := len(kmsapi.Service.Operations); len(kmsRows) != n {
		t.Errorf("%d rows for %d operations", len(kmsRows), n)
	}
}

// holds checks the resources of a record of KMS: nil is none, empty an empty
// list.
func (r *record) holds(t *testing.T, arns []string) {
	t.Helper()
	var got []string
	for _, x := range r.Resources {
		if x.Type != keyType || x.Account != account {
			t.Errorf("resource %+v", x)
		}
		got = append(got, x.ARN)
	}
	if !slices.Equal(got, arns) || (r.Resources == nil) != (arns == nil) {
		t.Errorf("resources are %v, want %v", r.Resources, arns)
	}
}

func TestAFailedCallOfKMSAnswersNothing(t *testing.T) {
	for _, op := range kmsapi.Service.Operations {
		row := kmsRows[op.Name]
		call := api.Call{Service: kmsapi.Service, Operation: op, In: row.in, Out: row.out, Err: kmsapi.NotFoundException("gone")}
		r := describe(userOf(account, "Alice"), &call, kindOf(kmsapi.Service, op), nil)
		if r.ResponseElements != nil || r.ErrorCode != "NotFoundException" || r.ErrorMessage != "gone" || r.AdditionalEventData != nil {
			t.Errorf("%s: %s", op.Name, r.text())
		}
	}
}
