package kms

import (
	"reflect"
	"testing"

	"sealstack/api/kmsapi"
)

// described is what the metadata of a key pair or MAC key says of algorithms.
type described struct {
	encryption    []kmsapi.EncryptionAlgorithmSpec
	signing       []kmsapi.SigningAlgorithmSpec
	mac           []kmsapi.MacAlgorithmSpec
	agreement     []kmsapi.KeyAgreementAlgorithmSpec
	encapsulation []kmsapi.EncapsulationAlgorithmSpec
}

func TestEverySpecIsCreatedWithItsAlgorithms(t *testing.T) {
	h := newHarness(t)
	rsaSigning := []kmsapi.SigningAlgorithmSpec{
		"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
		"RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512",
	}
	oaep := []kmsapi.EncryptionAlgorithmSpec{"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"}
	sign := func(list ...kmsapi.SigningAlgorithmSpec) described { return described{signing: list} }
	mac := func(one kmsapi.MacAlgorithmSpec) described { return described{mac: []kmsapi.MacAlgorithmSpec{one}} }
	ecdh := described{agreement: []kmsapi.KeyAgreementAlgorithmSpec{"ECDH"}}
	kem := described{encapsulation: []kmsapi.EncapsulationAlgorithmSpec{"ML_KEM"}}
	for _, row := range []struct {
		spec  kmsapi.KeySpec
		usage kmsapi.KeyUsageType
		want  described
	}{
		{"RSA_2048", encryptDecrypt, described{encryption: oaep}},
		{"RSA_2048", signVerify, described{signing: rsaSigning}},
		{"RSA_3072", encryptDecrypt, described{encryption: oaep}},
		{"RSA_4096", signVerify, described{signing: rsaSigning}},
		{"ECC_NIST_P256", signVerify, sign("ECDSA_SHA_256")},
		{"ECC_NIST_P256", keyAgreement, ecdh},
		{"ECC_NIST_P384", signVerify, sign("ECDSA_SHA_384")},
		{"ECC_NIST_P384", keyAgreement, ecdh},
		{"ECC_NIST_P521", signVerify, sign("ECDSA_SHA_512")},
		{"ECC_NIST_P521", keyAgreement, ecdh},
		{"ECC_SECG_P256K1", signVerify, sign("ECDSA_SHA_256")},
		{"ECC_NIST_EDWARDS25519", signVerify, sign("ED25519_SHA_512", "ED25519_PH_SHA_512")},
		{"ML_DSA_44", signVerify, sign("ML_DSA_SHAKE_256")},
		{"ML_DSA_65", signVerify, sign("ML_DSA_SHAKE_256")},
		{"ML_DSA_87", signVerify, sign("ML_DSA_SHAKE_256")},
		{"HMAC_224", generateMAC, mac("HMAC_SHA_224")},
		{"HMAC_256", generateMAC, mac("HMAC_SHA_256")},
		{"HMAC_384", generateMAC, mac("HMAC_SHA_384")},
		{"HMAC_512", generateMAC, mac("HMAC_SHA_512")},
		{"ML_KEM_512", encapsulate, kem},
		{"ML_KEM_768", encapsulate, kem},
		{"ML_KEM_1024", encapsulate, kem},
	} {
		t.Run(string(row.spec)+" "+string(row.usage), func(t *testing.T) {
			k := h.key(of(row.spec, row.usage))
			got := described{k.EncryptionAlgorithms, k.SigningAlgorithms, k.MacAlgorithms, k.KeyAgreementAlgorithms, k.EncapsulationAlgorithms}
			if !reflect.DeepEqual(got, row.want) {
				t.Errorf("algorithms = %+v", got)
			}
			if *k.KeySpec != row.spec || string(*k.CustomerMasterKeySpec) != string(row.spec) || *k.KeyUsage != row.usage ||
				*k.KeyState != kmsapi.KeyStateEnabled || k.CurrentKeyMaterialId != nil {
				t.Errorf("metadata = %+v", k)
			}
			if again := h.describe(k.KeyId); !reflect.DeepEqual(again, k) {
				t.Errorf("DescribeKey = %+v", again)
			}
		})
	}
}

// The old name has all the specs as well.
func TestCustomerMasterKeySpecMakesKeyPairs(t *testing.T) {
	h := newHarness(t)
	k := h.key(func(in *kmsapi.CreateKeyRequest) {
		in.CustomerMasterKeySpec, in.KeyUsage = new(kmsapi.CustomerMasterKeySpecEccNistP256), &signVerify
	})
	if *k.KeySpec != kmsapi.KeySpecEccNistP256 {
		t.Errorf("KeySpec = %s", *k.KeySpec)
	}
}

func TestEverySpecOfTheModelHasAlgorithmsForItsUsages(t *testing.T) {
	for spec, f := range families {
		for _, usage := range f.usages {
			var m kmsapi.KeyMetadata
			algorithmsOf(&record{Spec: spec, Usage: usage}, &m)
			if len(m.EncryptionAlgorithms)+len(m.SigningAlgorithms)+len(m.MacAlgorithms)+len(m.KeyAgreementAlgorithms)+len(m.EncapsulationAlgorithms) == 0 {
				t.Errorf("%s for %s has no algorithm", spec, usage)
			}
		}
	}
}

// Material of every family survives in the store.
func TestKeyPairsSurviveARestart(t *testing.T) {
	h := newHarness(t)
	sign := h.key(of(kmsapi.KeySpecEccSecgP256k1, signVerify))
	mac := h.key(of(kmsapi.KeySpecHmac512, generateMAC))
	kem := h.key(of(kmsapi.KeySpecMlKem768, encapsulate))
	public := h.publicKey(sign.KeyId)
	sum := h.mac(mac.KeyId, kmsapi.MacAlgorithmSpecHmacSha512)
	capsule, err := h.Encapsulate(h.ctx, &kmsapi.EncapsulateRequest{KeyId: kem.KeyId, EncapsulationAlgorithm: kmsapi.EncapsulationAlgorithmSpecMlKem})
	must(t, err)
	h.Reset() // nothing is left in memory
	if !reflect.DeepEqual(h.publicKey(sign.KeyId), public) {
		t.Error("another public key")
	}
	if !reflect.DeepEqual(h.mac(mac.KeyId, kmsapi.MacAlgorithmSpecHmacSha512), sum) {
		t.Error("another MAC")
	}
	out, err := h.Decapsulate(h.ctx, &kmsapi.DecapsulateRequest{
		KeyId: kem.KeyId, EncapsulationAlgorithm: kmsapi.EncapsulationAlgorithmSpecMlKem, SharedSecretCiphertextBlob: capsule.SharedSecretCiphertextBlob,
	})
	must(t, err)
	if !reflect.DeepEqual(out.SharedSecret, capsule.SharedSecret) {
		t.Error("another shared secret")
	}
}
