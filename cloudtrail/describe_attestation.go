package cloudtrail

import (
	"encoding/base64"
	"strconv"

	"sealstack/api/kmsapi"
	"sealstack/kms/attestation"
)

// attested adds what the attestation document of a call's recipient attests,
// where there is one; data may be nil. The call has succeeded: KMS has
// verified the document.
// https://docs.aws.amazon.com/kms/latest/developerguide/ct-nitro-enclave.html
// https://docs.aws.amazon.com/kms/latest/developerguide/ct-nitro-tpm.html
func attested(data map[string]any, in any) map[string]any {
	to := recipientOf(in)
	if to == nil {
		return data
	}
	d, err := attestation.Read(to.AttestationDocument)
	if err != nil {
		return data
	}
	if data == nil {
		data = map[string]any{}
	}
	data["recipient"] = tell(d)
	return data
}

// The registers that a record has, by the kind of document.
var (
	enclaveRegisters = []int{1, 2, 3, 4, 8}
	tpmRegisters     = []int{4, 7, 8, 9, 16, 23}
)

// tell writes a document as records do.
//
// Unverified: that registers are in base64, as in records that users have
// shown; AWS's page leaves the form open.
func tell(d *attestation.Document) map[string]any {
	out := map[string]any{"attestationDocumentModuleId": d.ModuleID}
	add := func(name string, value []byte) {
		if value != nil {
			out["attestationDocument"+name] = base64.StdEncoding.EncodeToString(value)
		}
	}
	add("EnclaveImageDigest", d.PCRs[0])
	for _, i := range enclaveRegisters {
		add("EnclavePCR"+strconv.Itoa(i), d.PCRs[i])
	}
	for _, i := range tpmRegisters {
		add("NitroTPMPCR"+strconv.Itoa(i), d.TPM[i])
	}
	return out
}

// recipientOf is the recipient that a request names, nil if it names none.
func recipientOf(in any) *kmsapi.RecipientInfo {
	switch in := in.(type) {
	case *kmsapi.DecryptRequest:
		return in.Recipient
	case *kmsapi.DeriveSharedSecretRequest:
		return in.Recipient
	case *kmsapi.GenerateDataKeyRequest:
		return in.Recipient
	case *kmsapi.GenerateDataKeyPairRequest:
		return in.Recipient
	case *kmsapi.GenerateRandomRequest:
		return in.Recipient
	}
	return nil
}
