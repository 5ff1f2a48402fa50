package kms

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"reflect"
	"testing"

	"sealstack/api/kmsapi"
)

func TestGetPublicKeyTellsWhatTheKeyIsFor(t *testing.T) {
	h := newHarness(t)
	for _, row := range []struct {
		spec  kmsapi.KeySpec
		usage kmsapi.KeyUsageType
		oid   string // of the algorithm, RFC 3279, 5480, 8410, 9881, 9935
		size  int    // of the DER
	}{
		{"RSA_2048", encryptDecrypt, "1.2.840.113549.1.1.1", 294},
		{"RSA_2048", signVerify, "1.2.840.113549.1.1.1", 294},
		{"ECC_NIST_P256", signVerify, "1.2.840.10045.2.1", 91},
		{"ECC_NIST_P384", keyAgreement, "1.2.840.10045.2.1", 120},
		{"ECC_NIST_P521", signVerify, "1.2.840.10045.2.1", 158},
		{"ECC_SECG_P256K1", signVerify, "1.2.840.10045.2.1", 88},
		{"ECC_NIST_EDWARDS25519", signVerify, "1.3.101.112", 44},
		{"ML_DSA_44", signVerify, "2.16.840.1.101.3.4.3.17", 1312 + 22},
		{"ML_DSA_65", signVerify, "2.16.840.1.101.3.4.3.18", 1952 + 22},
		{"ML_DSA_87", signVerify, "2.16.840.1.101.3.4.3.19", 2592 + 22},
		{"ML_KEM_512", encapsulate, "2.16.840.1.101.3.4.4.1", 800 + 22},
		{"ML_KEM_768", encapsulate, "2.16.840.1.101.3.4.4.2", 1184 + 22},
		{"ML_KEM_1024", encapsulate, "2.16.840.1.101.3.4.4.3", 1568 + 22},
	} {
		t.Run(string(row.spec)+" "+string(row.usage), func(t *testing.T) {
			k := h.key(of(row.spec, row.usage))
			out, err := h.GetPublicKey(h.ctx, &kmsapi.GetPublicKeyRequest{KeyId: k.KeyId})
			must(t, err)
			var info struct {
				Algorithm struct {
					OID        asn1.ObjectIdentifier
					Parameters asn1.RawValue `asn1:"optional"`
				}
				Key asn1.BitString
			}
			rest, err := asn1.Unmarshal(out.PublicKey, &info)
			if err != nil || len(rest) > 0 || info.Algorithm.OID.String() != row.oid || len(out.PublicKey) != row.size {
				t.Errorf("PublicKey = %d bytes of %s, %v", len(out.PublicKey), info.Algorithm.OID, err)
			}
			if !bytes.Equal(out.PublicKey, h.publicKey(*k.Arn)) {
				t.Error("another public key at the second call")
			}
			out.PublicKey = nil
			want := &kmsapi.GetPublicKeyResponse{
				KeyId: k.Arn, KeySpec: k.KeySpec, CustomerMasterKeySpec: k.CustomerMasterKeySpec, KeyUsage: k.KeyUsage,
				EncryptionAlgorithms: k.EncryptionAlgorithms, SigningAlgorithms: k.SigningAlgorithms,
				KeyAgreementAlgorithms: k.KeyAgreementAlgorithms, EncapsulationAlgorithms: k.EncapsulationAlgorithms,
			}
			if !reflect.DeepEqual(out, want) {
				t.Errorf("GetPublicKey = %+v", out)
			}
		})
	}
}

func TestSymmetricKeysHaveNoPublicKey(t *testing.T) {
	h := newHarness(t)
	for _, k := range []kmsapi.KeyMetadata{h.key(), h.key(of(kmsapi.KeySpecHmac256, generateMAC))} {
		_, err := h.GetPublicKey(h.ctx, &kmsapi.GetPublicKeyRequest{KeyId: k.KeyId})
		wantError(t, err, "UnsupportedOperationException", "")
	}
}

// What a caller does with the answer must not reach the key.
func TestAPublicKeyIsACopy(t *testing.T) {
	h := newHarness(t)
	id := h.key(of(kmsapi.KeySpecEccNistP256, signVerify)).KeyId
	clear(h.publicKey(id))
	_, err := x509.ParsePKIXPublicKey(h.publicKey(id))
	must(t, err)
}
