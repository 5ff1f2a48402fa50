package kms

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	gm "github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"crypto/ecdsa"

	"sealstack/api/kmsapi"
)

// china makes an SM2 key in Beijing.
func (h *harness) china(usage kmsapi.KeyUsageType) kmsapi.KeyMetadata {
	h.t.Helper()
	h.ctx = in("cn-north-1")
	return h.key(of(kmsapi.KeySpecSm2, usage))
}

func (h *harness) sm2Public(id string) *ecdsa.PublicKey {
	h.t.Helper()
	parsed, err := smx509.ParsePKIXPublicKey(h.publicKey(id))
	must(h.t, err)
	return parsed.(*ecdsa.PublicKey)
}

func TestSM2SignsAsTheLibraryVerifies(t *testing.T) {
	h := newHarness(t)
	k := h.china(signVerify)
	if len(k.SigningAlgorithms) != 1 || k.SigningAlgorithms[0] != "SM2DSA" || !strings.HasPrefix(*k.Arn, "arn:aws-cn:kms:cn-north-1:") {
		t.Errorf("%+v", k)
	}
	for kind, message := range map[kmsapi.MessageType][]byte{"RAW": []byte("message"), "DIGEST": make([]byte, 32)} {
		out, err := h.Sign(h.ctx, &kmsapi.SignRequest{KeyId: k.KeyId, Message: message, MessageType: &kind, SigningAlgorithm: "SM2DSA"})
		must(t, err)
		verify := func(message []byte) error {
			_, err := h.Verify(h.ctx, &kmsapi.VerifyRequest{KeyId: k.KeyId, Message: message, MessageType: &kind, SigningAlgorithm: "SM2DSA", Signature: out.Signature})
			return err
		}
		must(t, verify(message))
		other := bytes.Clone(message)
		other[0] ^= 1
		wantError(t, verify(other), "KMSInvalidSignatureException", "")
		ok := gm.VerifyASN1WithSM2(h.sm2Public(k.KeyId), nil, message, out.Signature)
		if kind == "DIGEST" {
			ok = gm.VerifyASN1(h.sm2Public(k.KeyId), message, out.Signature)
		}
		if !ok {
			t.Errorf("%s: the library does not verify the signature", kind)
		}
	}
	_, err := h.Sign(h.ctx, &kmsapi.SignRequest{KeyId: k.KeyId, Message: []byte("short"), MessageType: new(kmsapi.MessageTypeDigest), SigningAlgorithm: "SM2DSA"})
	wantError(t, err, "ValidationException", "Digest is invalid length for algorithm SM2DSA.")
	_, err = h.Sign(h.ctx, &kmsapi.SignRequest{KeyId: k.KeyId, Message: []byte("m"), SigningAlgorithm: "ECDSA_SHA_256"})
	wantError(t, err, "InvalidKeyUsageException", "Algorithm ECDSA_SHA_256 is incompatible with key spec SM2.")
}

func TestSM2OpensWhatItsPublicKeyEncrypted(t *testing.T) {
	h := newHarness(t)
	k := h.china(encryptDecrypt)
	pke := kmsapi.EncryptionAlgorithmSpecSm2pke
	encrypt := func(plaintext []byte) (*kmsapi.EncryptResponse, error) {
		return h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: k.KeyId, Plaintext: plaintext, EncryptionAlgorithm: &pke})
	}
	decrypt := func(blob []byte) (*kmsapi.DecryptResponse, error) {
		return h.Decrypt(h.ctx, &kmsapi.DecryptRequest{KeyId: &k.KeyId, CiphertextBlob: blob, EncryptionAlgorithm: &pke})
	}
	most := bytes.Repeat([]byte("p"), 1024)
	sealed, err := encrypt(most)
	must(t, err)
	outside, err := gm.EncryptASN1(rand.Reader, h.sm2Public(k.KeyId), most)
	must(t, err)
	for name, blob := range map[string][]byte{"KMS": sealed.CiphertextBlob, "others": outside} {
		if out, err := decrypt(blob); err != nil || !bytes.Equal(out.Plaintext, most) {
			t.Errorf("%s: %v", name, err)
		}
		blob[len(blob)-1] ^= 1
		_, err := decrypt(blob)
		wantError(t, err, "InvalidCiphertextException", "")
	}
	_, err = encrypt(append(most, 'p'))
	wantError(t, err, "ValidationException", "Algorithm SM2PKE and key spec SM2 cannot encrypt data larger than 1024 bytes.")
}

func TestSM2KeysAgree(t *testing.T) {
	h := newHarness(t)
	a, b := h.china(keyAgreement), h.china(keyAgreement)
	ab, err := h.derive(a.KeyId, h.publicKey(b.KeyId))
	must(t, err)
	ba, err := h.derive(b.KeyId, h.publicKey(a.KeyId))
	must(t, err)
	if !bytes.Equal(ab.SharedSecret, ba.SharedSecret) || len(ab.SharedSecret) != 32 {
		t.Errorf("%x, %x", ab.SharedSecret, ba.SharedSecret)
	}
	p256 := h.key(of(kmsapi.KeySpecEccNistP256, keyAgreement))
	for _, peer := range [][]byte{h.publicKey(p256.KeyId), []byte("none")} {
		_, err = h.derive(a.KeyId, peer)
		wantError(t, err, "ValidationException", "")
	}
	_, err = h.derive(p256.KeyId, h.publicKey(a.KeyId))
	wantError(t, err, "ValidationException", "")
}

func TestSM2KeysAreMadeAndImportedInChina(t *testing.T) {
	h := newHarness(t)
	h.ctx = in("cn-northwest-1")
	k := h.key()
	pair, err := h.GenerateDataKeyPair(h.ctx, &kmsapi.GenerateDataKeyPairRequest{KeyId: k.KeyId, KeyPairSpec: "SM2"})
	must(t, err)
	if parsed, err := smx509.ParsePKCS8PrivateKey(pair.PrivateKeyPlaintext); err != nil || parsed.(*gm.PrivateKey) == nil {
		t.Errorf("%T, %v", parsed, err)
	}
}
