package cloudtrail

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"testing"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/kms/nitrotest"
)

// attestedBy is a recipient with a document of the machine.
func attestedBy(t *testing.T, e nitrotest.Enclave) *kmsapi.RecipientInfo {
	t.Helper()
	h, err := nitrotest.New(start)
	if err != nil {
		t.Fatal(err)
	}
	e.Change = func(m map[string]any) { m["module_id"] = "i-123-enc456" }
	document, err := h.Attest(e, start)
	if err != nil {
		t.Fatal(err)
	}
	return &kmsapi.RecipientInfo{AttestationDocument: document}
}

// recorded is the additional event data of a call.
func recorded(t *testing.T, name string, in, out any, failure error) string {
	t.Helper()
	for _, op := range kmsapi.Service.Operations {
		if op.Name != name {
			continue
		}
		r := describe(userOf(account, "Alice"), &api.Call{Service: kmsapi.Service, Operation: op, In: in, Out: out, Err: failure}, kindOf(kmsapi.Service, op), nil)
		text, err := json.Marshal(r.AdditionalEventData)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	t.Fatalf("no operation %s", name)
	return ""
}

func TestTheRecordTellsWhatTheRecipientAttested(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	registers := map[int][]byte{}
	for i := range 24 {
		registers[i] = bytes.Repeat([]byte{byte(i)}, 48)
	}
	of := func(i int) string { return base64.StdEncoding.EncodeToString(registers[i]) }
	enclave := attestedBy(t, nitrotest.Enclave{PCRs: registers, PublicKey: &key.PublicKey})
	tpm := attestedBy(t, nitrotest.Enclave{TPM: registers, PublicKey: &key.PublicKey})
	few := attestedBy(t, nitrotest.Enclave{PCRs: map[int][]byte{0: registers[7], 5: registers[5]}, PublicKey: &key.PublicKey})
	ofEnclave := `{"attestationDocumentEnclaveImageDigest":"` + of(0) + `","attestationDocumentEnclavePCR1":"` + of(1) + `","attestationDocumentEnclavePCR2":"` + of(2) +
		`","attestationDocumentEnclavePCR3":"` + of(3) + `","attestationDocumentEnclavePCR4":"` + of(4) + `","attestationDocumentEnclavePCR8":"` + of(8) +
		`","attestationDocumentModuleId":"i-123-enc456"}`
	ofTPM := `{"attestationDocumentModuleId":"i-123-enc456","attestationDocumentNitroTPMPCR16":"` + of(16) + `","attestationDocumentNitroTPMPCR23":"` + of(23) +
		`","attestationDocumentNitroTPMPCR4":"` + of(4) + `","attestationDocumentNitroTPMPCR7":"` + of(7) + `","attestationDocumentNitroTPMPCR8":"` + of(8) +
		`","attestationDocumentNitroTPMPCR9":"` + of(9) + `"}`
	number := new(int32(1))
	for name, row := range map[string]struct {
		operation string
		in, out   any
		err       error
		want      string
	}{
		"Decrypt":             {"Decrypt", &kmsapi.DecryptRequest{Recipient: enclave}, &kmsapi.DecryptResponse{KeyMaterialId: new("m")}, nil, `{"keyMaterialId":"m","recipient":` + ofEnclave + `}`},
		"DeriveSharedSecret":  {"DeriveSharedSecret", &kmsapi.DeriveSharedSecretRequest{Recipient: enclave}, &kmsapi.DeriveSharedSecretResponse{}, nil, `{"recipient":` + ofEnclave + `}`},
		"GenerateDataKey":     {"GenerateDataKey", &kmsapi.GenerateDataKeyRequest{Recipient: tpm}, &kmsapi.GenerateDataKeyResponse{}, nil, `{"recipient":` + ofTPM + `}`},
		"GenerateDataKeyPair": {"GenerateDataKeyPair", &kmsapi.GenerateDataKeyPairRequest{Recipient: tpm}, &kmsapi.GenerateDataKeyPairResponse{}, nil, `{"recipient":` + ofTPM + `}`},
		"few registers": {"GenerateRandom", &kmsapi.GenerateRandomRequest{NumberOfBytes: number, Recipient: few}, &kmsapi.GenerateRandomResponse{}, nil,
			`{"recipient":{"attestationDocumentEnclaveImageDigest":"` + of(7) + `","attestationDocumentModuleId":"i-123-enc456"}}`},
		"no recipient":  {"GenerateRandom", &kmsapi.GenerateRandomRequest{NumberOfBytes: number}, &kmsapi.GenerateRandomResponse{}, nil, "null"},
		"a failed call": {"GenerateRandom", &kmsapi.GenerateRandomRequest{NumberOfBytes: number, Recipient: enclave}, (*kmsapi.GenerateRandomResponse)(nil), kmsapi.NotFoundException("gone"), "null"},
		"no document":   {"GenerateRandom", &kmsapi.GenerateRandomRequest{Recipient: &kmsapi.RecipientInfo{AttestationDocument: []byte("x")}}, &kmsapi.GenerateRandomResponse{}, nil, "null"},
	} {
		if got := recorded(t, row.operation, row.in, row.out, row.err); got != row.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, row.want)
		}
	}
}
