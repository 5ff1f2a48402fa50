package kms

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"sealstack/api/kmsapi"
	"sealstack/kms/attestation"
	"sealstack/kms/nitrotest"
)

// enclave is an enclave with its key, on a hypervisor that h trusts.
type enclave struct {
	h          *harness
	hypervisor *nitrotest.Hypervisor
	key        *rsa.PrivateKey
	pcrs       map[int][]byte
}

func newEnclave(h *harness) *enclave {
	h.t.Helper()
	hypervisor, err := nitrotest.New(h.clock.Now())
	must(h.t, err)
	h.roots, err = attestation.Roots(hypervisor.Root())
	must(h.t, err)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(h.t, err)
	return &enclave{h, hypervisor, key, map[int][]byte{0: bytes.Repeat([]byte{0xab}, 48), 3: bytes.Repeat([]byte{3}, 48)}}
}

func (e *enclave) recipient(change ...func(*nitrotest.Enclave)) *kmsapi.RecipientInfo {
	e.h.t.Helper()
	what := nitrotest.Enclave{PCRs: e.pcrs, PublicKey: &e.key.PublicKey}
	for _, fn := range change {
		fn(&what)
	}
	document, err := e.hypervisor.Attest(what, e.h.clock.Now())
	must(e.h.t, err)
	return &kmsapi.RecipientInfo{AttestationDocument: document, KeyEncryptionAlgorithm: new(kmsapi.KeyEncryptionMechanismRsaesOaepSha256)}
}

// open has OpenSSL open what was answered.
func (e *enclave) open(sealed []byte) []byte {
	e.h.t.Helper()
	dir := e.h.t.TempDir()
	der, err := x509.MarshalPKCS8PrivateKey(e.key)
	must(e.h.t, err)
	key, in := filepath.Join(dir, "key.pem"), filepath.Join(dir, "in.der")
	must(e.h.t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	must(e.h.t, os.WriteFile(in, sealed, 0o600))
	out, err := exec.Command("openssl", "cms", "-decrypt", "-inform", "DER", "-in", in, "-inkey", key, "-binary").Output()
	if err != nil {
		e.h.t.Fatalf("openssl cms: %v", err)
	}
	return out
}

func TestAnAnswerForAnEnclaveIsForItsKeyAlone(t *testing.T) {
	h := newHarness(t)
	e := newEnclave(h)
	k := h.key()
	blob := h.encrypt(k.KeyId, "text", nil)

	opened, err := h.Decrypt(h.ctx, &kmsapi.DecryptRequest{CiphertextBlob: blob, Recipient: e.recipient()})
	must(t, err)
	if got := e.open(opened.CiphertextForRecipient); opened.Plaintext != nil || string(got) != "text" {
		t.Errorf("Decrypt: %q, in clear %q", got, opened.Plaintext)
	}
	data, err := h.GenerateDataKey(h.ctx, &kmsapi.GenerateDataKeyRequest{KeyId: k.KeyId, NumberOfBytes: new(int32(33)), Recipient: e.recipient()})
	must(t, err)
	if got, err := h.decrypt(data.CiphertextBlob, nil); err != nil || data.Plaintext != nil || data.KeyMaterialId != nil || got != string(e.open(data.CiphertextForRecipient)) {
		t.Errorf("GenerateDataKey: another key, %v", err)
	}
	pair, err := h.GenerateDataKeyPair(h.ctx, &kmsapi.GenerateDataKeyPairRequest{KeyId: k.KeyId, KeyPairSpec: "ECC_NIST_P256", Recipient: e.recipient()})
	must(t, err)
	if _, err := x509.ParsePKCS8PrivateKey(e.open(pair.CiphertextForRecipient)); err != nil || pair.PrivateKeyPlaintext != nil || pair.KeyMaterialId != nil {
		t.Errorf("GenerateDataKeyPair: %v", err)
	}
	random, err := h.GenerateRandom(h.ctx, &kmsapi.GenerateRandomRequest{NumberOfBytes: new(int32(16)), Recipient: e.recipient()})
	must(t, err)
	if got := e.open(random.CiphertextForRecipient); random.Plaintext != nil || len(got) != 16 || bytes.Equal(got, make([]byte, 16)) {
		t.Errorf("GenerateRandom: %x", got)
	}
	a, b := h.key(of("ECC_NIST_P256", keyAgreement)), h.key(of("ECC_NIST_P256", keyAgreement))
	secret, err := h.derive(b.KeyId, h.publicKey(a.KeyId))
	must(t, err)
	derived, err := h.DeriveSharedSecret(h.ctx, &kmsapi.DeriveSharedSecretRequest{
		KeyId: a.KeyId, PublicKey: h.publicKey(b.KeyId), KeyAgreementAlgorithm: ecdhAlgorithm, Recipient: e.recipient(),
	})
	must(t, err)
	if got := e.open(derived.CiphertextForRecipient); derived.SharedSecret != nil || !bytes.Equal(got, secret.SharedSecret) {
		t.Error("DeriveSharedSecret gives another secret")
	}
}

func TestAnAttestationDocumentThatIsNotRightIsRefused(t *testing.T) {
	h := newHarness(t)
	e := newEnclave(h)
	set := func(member string, v any) func(*nitrotest.Enclave) {
		return func(what *nitrotest.Enclave) { what.Change = func(m map[string]any) { m[member] = v } }
	}
	stranger, err := nitrotest.New(h.clock.Now())
	must(t, err)
	foreignDocument, err := stranger.Attest(nitrotest.Enclave{PCRs: e.pcrs, PublicKey: &e.key.PublicKey}, h.clock.Now())
	must(t, err)
	changed := e.recipient()
	changed.AttestationDocument[len(changed.AttestationDocument)/2] ^= 1
	cut := e.recipient()
	cut.AttestationDocument = cut.AttestationDocument[:len(cut.AttestationDocument)-1]
	const invalid, expired = "The attestation document is not valid.", "The attestation document has expired."
	for name, tt := range map[string]struct {
		recipient *kmsapi.RecipientInfo
		message   string
	}{
		"no document":              {&kmsapi.RecipientInfo{AttestationDocument: []byte("none"), KeyEncryptionAlgorithm: new(kmsapi.KeyEncryptionMechanismRsaesOaepSha256)}, invalid},
		"another root":             {&kmsapi.RecipientInfo{AttestationDocument: foreignDocument, KeyEncryptionAlgorithm: new(kmsapi.KeyEncryptionMechanismRsaesOaepSha256)}, invalid},
		"one bit":                  {changed, invalid},
		"a byte less":              {cut, invalid},
		"no key":                   {e.recipient(func(what *nitrotest.Enclave) { what.PublicKey = nil }), "The attestation document does not contain an RSA public key."},
		"a key that is none":       {e.recipient(set("public_key", []byte("key"))), invalid},
		"no module":                {e.recipient(set("module_id", "")), invalid},
		"another digest":           {e.recipient(set("digest", "SHA256")), invalid},
		"no registers":             {e.recipient(set("pcrs", map[int][]byte{})), invalid},
		"a register beyond the 32": {e.recipient(set("pcrs", map[int][]byte{32: make([]byte, 48)})), invalid},
		"a register of 47 bytes":   {e.recipient(set("pcrs", map[int][]byte{0: make([]byte, 47)})), invalid},
		"registers of two kinds":   {e.recipient(set("nitrotpm_pcrs", map[int][]byte{0: make([]byte, 48)})), invalid},
		"no certificates":          {e.recipient(set("cabundle", [][]byte{})), invalid},
		"a certificate that is no": {e.recipient(set("certificate", []byte("x"))), invalid},
		"long user data":           {e.recipient(set("user_data", make([]byte, 513))), invalid},
		"an old document":          {e.recipient(set("timestamp", uint64(h.clock.Now().Add(-6*time.Minute).UnixMilli()))), expired},
		"one of the future":        {e.recipient(set("timestamp", uint64(h.clock.Now().Add(6*time.Minute).UnixMilli()))), expired},
		"no algorithm":             {&kmsapi.RecipientInfo{AttestationDocument: e.recipient().AttestationDocument}, "1 validation error detected: Value null at 'recipient.keyEncryptionAlgorithm' failed to satisfy constraint: Member must not be null"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.GenerateRandom(h.ctx, &kmsapi.GenerateRandomRequest{NumberOfBytes: new(int32(1)), Recipient: tt.recipient})
			wantError(t, err, "ValidationException", tt.message)
		})
	}
	h.advance(4 * time.Hour) // the hypervisor's certificate is good for three
	_, err = h.GenerateRandom(h.ctx, &kmsapi.GenerateRandomRequest{NumberOfBytes: new(int32(1)), Recipient: e.recipient()})
	wantError(t, err, "ValidationException", expired)
	must(t, e.hypervisor.Renew(h.clock.Now()))
	_, err = h.GenerateRandom(h.ctx, &kmsapi.GenerateRandomRequest{NumberOfBytes: new(int32(1)), Recipient: e.recipient()})
	must(t, err)
}

func TestAPolicyCanAskForAnEnclave(t *testing.T) {
	h := newHarness(t)
	e := newEnclave(h)
	tpm := func(what *nitrotest.Enclave) {
		what.PCRs, what.TPM = nil, map[int][]byte{4: bytes.Repeat([]byte{4}, 48)}
	}
	other := func(what *nitrotest.Enclave) { what.PCRs = map[int][]byte{0: make([]byte, 48)} }
	for condition, tt := range map[string]struct {
		value      string
		right, not func(*nitrotest.Enclave)
	}{
		"ImageSha384":  {hex.EncodeToString(e.pcrs[0]), func(*nitrotest.Enclave) {}, other},
		"PCR0":         {hex.EncodeToString(e.pcrs[0]), func(*nitrotest.Enclave) {}, tpm},
		"PCR3":         {hex.EncodeToString(e.pcrs[3]), func(*nitrotest.Enclave) {}, other},
		"NitroTPMPCR4": {hex.EncodeToString(bytes.Repeat([]byte{4}, 48)), tpm, func(*nitrotest.Enclave) {}},
	} {
		t.Run(condition, func(t *testing.T) {
			k := h.key(with(`{"Version":"2012-10-17","Statement":[
				{"Effect":"Allow","Principal":{"AWS":"` + rootUser(account).ARN + `"},"Action":["kms:Encrypt","kms:PutKeyPolicy"],"Resource":"*"},
				{"Effect":"Allow","Principal":{"AWS":"` + rootUser(account).ARN + `"},"Action":"kms:Decrypt","Resource":"*",
				 "Condition":{"StringEqualsIgnoreCase":{"kms:RecipientAttestation:` + condition + `":"` + tt.value + `"}}}]}`))
			blob := h.encrypt(k.KeyId, "text", nil)
			decrypt := func(r *kmsapi.RecipientInfo) error {
				_, err := h.Decrypt(h.ctx, &kmsapi.DecryptRequest{CiphertextBlob: blob, Recipient: r})
				return err
			}
			must(t, decrypt(e.recipient(tt.right)))
			wantCode(t, decrypt(e.recipient(tt.not)), "AccessDeniedException")
			wantCode(t, decrypt(nil), "AccessDeniedException")
		})
	}
}
