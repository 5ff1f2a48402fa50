package kms

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"testing"

	gm "github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealstack/api/kmsapi"
	"sealstack/kms/material"
)

// wrapSM2 is a request to import material under an SM2 wrapping key.
func (h *harness) wrapSM2(id string, plain []byte) *kmsapi.ImportKeyMaterialRequest {
	h.t.Helper()
	p := h.parameters(id, kmsapi.AlgorithmSpecSm2pke, kmsapi.WrappingKeySpecSm2)
	parsed, err := smx509.ParsePKIXPublicKey(p.PublicKey)
	must(h.t, err)
	sealed, err := gm.EncryptASN1(rand.Reader, parsed.(*ecdsa.PublicKey), plain)
	must(h.t, err)
	return &kmsapi.ImportKeyMaterialRequest{
		KeyId: id, ImportToken: p.ImportToken, EncryptedKeyMaterial: sealed, ExpirationModel: new(kmsapi.ExpirationModelTypeKeyMaterialDoesNotExpire),
	}
}

func TestMaterialComesUnderAnSM2KeyInChina(t *testing.T) {
	h := newHarness(t)
	h.ctx = in("cn-northwest-1")
	pair, err := material.NewSM2()
	must(t, err)
	for name, row := range map[string]struct {
		spec  kmsapi.KeySpec
		usage kmsapi.KeyUsageType
		plain []byte
	}{
		"symmetric": {kmsapi.KeySpecSymmetricDefault, encryptDecrypt, fresh(32)},
		"HMAC":      {kmsapi.KeySpecHmac512, generateMAC, fresh(64)},
		"SM2":       {kmsapi.KeySpecSm2, signVerify, pair.PKCS8().Bytes()},
	} {
		t.Run(name, func(t *testing.T) {
			h.t = t
			id := h.key(external(row.spec, row.usage)).KeyId
			request := h.wrapSM2(id, row.plain)
			bad := *request
			bad.EncryptedKeyMaterial = bytes.Clone(request.EncryptedKeyMaterial)
			bad.EncryptedKeyMaterial[len(bad.EncryptedKeyMaterial)-1] ^= 1
			wantError(t, h.perform(h.ctx, &bad), "InvalidCiphertextException", "")
			must(t, h.perform(h.ctx, request))
			h.wantState(id, kmsapi.KeyStateEnabled)
			if row.spec == kmsapi.KeySpecSm2 && !bytes.Equal(h.publicKey(id), pair.PublicKey()) {
				t.Error("the public key is another")
			}
			short := h.wrapSM2(h.key(external(row.spec, row.usage)).KeyId, row.plain[:8])
			wantError(t, h.perform(h.ctx, short), "IncorrectKeyMaterialException", "")
		})
	}
}

func TestSM2WrappingKeysGoWithSM2PKEAlone(t *testing.T) {
	h := newHarness(t)
	ask := func(algorithm kmsapi.AlgorithmSpec, spec kmsapi.WrappingKeySpec) error {
		return h.perform(h.ctx, &kmsapi.GetParametersForImportRequest{KeyId: h.emptyKey().KeyId, WrappingAlgorithm: algorithm, WrappingKeySpec: spec})
	}
	wantError(t, ask("SM2PKE", "SM2"), "UnsupportedOperationException", "")
	h.ctx = in("cn-north-1")
	must(t, ask("SM2PKE", "SM2"))
	wantError(t, ask("SM2PKE", "RSA_2048"), "UnsupportedOperationException", "")
	wantError(t, ask("RSAES_OAEP_SHA_256", "SM2"), "UnsupportedOperationException", "")
	wantError(t, ask("RSAES_PKCS1_V1_5", "RSA_2048"), "UnsupportedOperationException", "")
}
