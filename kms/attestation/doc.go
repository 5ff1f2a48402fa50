// Package attestation reads the attestation documents of Nitro Enclaves and
// NitroTPM, and encrypts what is for the key in one of them alone. It is pure.
//
// Only kms may import it, kms/nitrotest, and emulator for the wiring.
//
// AWS documents the documents in
// https://github.com/aws/aws-nitro-enclaves-nsm-api/blob/main/docs/attestation_process.md
// and their use in
// https://docs.aws.amazon.com/kms/latest/developerguide/cryptographic-attestation.html.
package attestation
