package kms

import (
	"reflect"
	"regexp"
	"testing"

	"sealstack/api/kmsapi"
)

func TestCreateKeyAnswersTheMetadataOfASymmetricKey(t *testing.T) {
	h := newHarness(t)
	k := h.key(func(in *kmsapi.CreateKeyRequest) { in.Description = new("mine") })
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(k.KeyId) {
		t.Errorf("KeyId = %s, want a UUID of version 4", k.KeyId)
	}
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(*k.CurrentKeyMaterialId) {
		t.Errorf("CurrentKeyMaterialId = %s", *k.CurrentKeyMaterialId)
	}
	want := kmsapi.KeyMetadata{
		AWSAccountId: new(account), KeyId: k.KeyId, Arn: new(keyArn(k.KeyId)), CreationDate: new(start), Enabled: new(true),
		Description: new("mine"), KeyUsage: new(kmsapi.KeyUsageTypeEncryptDecrypt), KeyState: new(kmsapi.KeyStateEnabled),
		Origin: new(kmsapi.OriginTypeAwsKms), KeyManager: new(kmsapi.KeyManagerTypeCustomer),
		CustomerMasterKeySpec: new(kmsapi.CustomerMasterKeySpecSymmetricDefault), KeySpec: new(kmsapi.KeySpecSymmetricDefault),
		EncryptionAlgorithms: []kmsapi.EncryptionAlgorithmSpec{kmsapi.EncryptionAlgorithmSpecSymmetricDefault},
		MultiRegion:          new(false), CurrentKeyMaterialId: k.CurrentKeyMaterialId,
	}
	if !reflect.DeepEqual(k, want) {
		t.Errorf("CreateKey = %+v", k)
	}
	if got := h.describe(k.KeyId); !reflect.DeepEqual(got, want) {
		t.Errorf("DescribeKey = %+v", got)
	}
}

func TestCreateKeyWithoutDescriptionHasAnEmptyOne(t *testing.T) {
	h := newHarness(t)
	if k := h.key(); k.Description == nil || *k.Description != "" {
		t.Errorf("Description = %v", k.Description)
	}
}

func TestCreateKeyRefuses(t *testing.T) {
	h := newHarness(t)
	type request = kmsapi.CreateKeyRequest
	for name, row := range map[string]struct {
		in            request
		code, message string
	}{
		"a usage left out": {
			request{KeySpec: new(kmsapi.KeySpecHmac256)}, "ValidationException",
			"You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
		},
		"a usage of other keys": {
			request{KeySpec: new(kmsapi.KeySpecRsa2048), KeyUsage: new(keyAgreement)}, "ValidationException",
			"KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048",
		},
		"a symmetric key that signs": {
			request{KeyUsage: new(signVerify)}, "ValidationException",
			"KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT",
		},
		"an asymmetric key in CloudHSM": {
			request{KeySpec: new(kmsapi.KeySpecRsa2048), KeyUsage: new(signVerify), Origin: new(kmsapi.OriginTypeAwsCloudhsm), CustomKeyStoreId: new("cks-1")},
			"ValidationException", "KeySpec RSA_2048 is not supported for Origin AWS_CLOUDHSM",
		},
		"two specs": {
			request{KeySpec: new(kmsapi.KeySpecRsa2048), CustomerMasterKeySpec: new(kmsapi.CustomerMasterKeySpecRsa2048)}, "ValidationException",
			"You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.",
		},
		"CloudHSM without a store": {
			request{Origin: new(kmsapi.OriginTypeAwsCloudhsm)}, "ValidationException", "CustomKeyStoreId is required for Origin AWS_CLOUDHSM.",
		},
		"a store without its origin": {
			request{CustomKeyStoreId: new("cks-1")}, "ValidationException", "CustomKeyStoreId is not supported for Origin AWS_KMS.",
		},
		"an external key id without its origin": {
			request{XksKeyId: new("x")}, "ValidationException", "XksKeyId is not supported for Origin AWS_KMS.",
		},
		"a multi-Region key in a store": {
			request{Origin: new(kmsapi.OriginTypeAwsCloudhsm), CustomKeyStoreId: new("cks-1"), MultiRegion: new(true)},
			"UnsupportedOperationException", "",
		},
		"a store that does not exist": {
			request{Origin: new(kmsapi.OriginTypeAwsCloudhsm), CustomKeyStoreId: new("cks-1")}, "CustomKeyStoreNotFoundException", "",
		},
		"the same tag twice": {
			request{Tags: []kmsapi.Tag{{TagKey: "a"}, {TagKey: "a"}}}, "TagException", "Duplicate tag keys",
		},
		"a key of China Regions": {
			request{KeySpec: new(kmsapi.KeySpecSm2), KeyUsage: new(signVerify)}, "ValidationException",
			"1 validation error detected: Value 'SM2' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, ECC_SECG_P256K1, SYMMETRIC_DEFAULT, HMAC_224, HMAC_256, HMAC_384, HMAC_512, ML_DSA_44, ML_DSA_65, ML_DSA_87, ECC_NIST_EDWARDS25519, ML_KEM_512, ML_KEM_768, ML_KEM_1024]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.CreateKey(h.ctx, &row.in)
			wantError(t, err, row.code, row.message)
		})
	}
	if out, err := h.ListKeys(h.ctx, &kmsapi.ListKeysRequest{}); err != nil || len(out.Keys) != 0 {
		t.Errorf("after refusals there are keys: %v, %v", out, err)
	}
}

// Every pair of spec and usage is either one that AWS makes or refused as a
// bad pair.
func TestEverySpecHasItsUsages(t *testing.T) {
	pairs := map[kmsapi.KeyUsageType]string{
		encryptDecrypt: "SYMMETRIC_DEFAULT RSA_2048 RSA_3072 RSA_4096 SM2",
		signVerify: "RSA_2048 RSA_3072 RSA_4096 ECC_NIST_P256 ECC_NIST_P384 ECC_NIST_P521 ECC_SECG_P256K1 " +
			"ECC_NIST_EDWARDS25519 ML_DSA_44 ML_DSA_65 ML_DSA_87 SM2",
		generateMAC:  "HMAC_224 HMAC_256 HMAC_384 HMAC_512",
		keyAgreement: "ECC_NIST_P256 ECC_NIST_P384 ECC_NIST_P521 SM2",
		encapsulate:  "ML_KEM_512 ML_KEM_768 ML_KEM_1024",
	}
	for _, text := range kmsapi.Service.Shapes["KeySpec"].Enum {
		if _, ok := families[kmsapi.KeySpec(text)]; !ok {
			t.Errorf("no family for %s", text)
		}
		for usage, specs := range pairs {
			_, err := usageOf(kmsapi.KeySpec(text), &usage)
			want := regexp.MustCompile(`\b` + text + `\b`).MatchString(specs)
			if (err == nil) != want {
				t.Errorf("%s with %s: %v", text, usage, err)
			}
		}
	}
}

func TestCustomerMasterKeySpecIsTheOldNameOfKeySpec(t *testing.T) {
	h := newHarness(t)
	k := h.key(func(in *kmsapi.CreateKeyRequest) {
		in.CustomerMasterKeySpec = new(kmsapi.CustomerMasterKeySpecSymmetricDefault)
	})
	if *k.KeySpec != kmsapi.KeySpecSymmetricDefault {
		t.Errorf("KeySpec = %s", *k.KeySpec)
	}
}

func TestListKeysListsTheKeysOfAccountAndRegion(t *testing.T) {
	h := newHarness(t)
	mine := h.key()
	_, err := h.CreateKey(as(rootUser(foreign)), &kmsapi.CreateKeyRequest{})
	must(t, err)
	_, err = h.CreateKey(in("eu-west-1"), &kmsapi.CreateKeyRequest{})
	must(t, err)
	out, err := h.ListKeys(h.ctx, &kmsapi.ListKeysRequest{})
	must(t, err)
	want := []kmsapi.KeyListEntry{{KeyId: &mine.KeyId, KeyArn: mine.Arn}}
	if !reflect.DeepEqual(out.Keys, want) || *out.Truncated || out.NextMarker != nil {
		t.Errorf("ListKeys = %+v", out)
	}
}

func TestDisableAndEnableKey(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	for range 2 { // again is no error
		_, err := h.DisableKey(h.ctx, &kmsapi.DisableKeyRequest{KeyId: id})
		must(t, err)
		if k := h.describe(id); *k.KeyState != kmsapi.KeyStateDisabled || *k.Enabled {
			t.Errorf("after DisableKey: %s, %t", *k.KeyState, *k.Enabled)
		}
	}
	for range 2 {
		_, err := h.EnableKey(h.ctx, &kmsapi.EnableKeyRequest{KeyId: keyArn(id)})
		must(t, err)
		if k := h.describe(id); *k.KeyState != kmsapi.KeyStateEnabled || !*k.Enabled {
			t.Errorf("after EnableKey: %s, %t", *k.KeyState, *k.Enabled)
		}
	}
}

func TestUpdateKeyDescription(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	for _, text := range []string{"new", ""} {
		_, err := h.UpdateKeyDescription(h.ctx, &kmsapi.UpdateKeyDescriptionRequest{KeyId: id, Description: text})
		must(t, err)
		if got := *h.describe(id).Description; got != text {
			t.Errorf("Description = %q, want %q", got, text)
		}
	}
}
