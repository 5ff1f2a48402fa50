package kms

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"strconv"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/kms/attestation"
)

// attested verifies the attestation document of the party that is to receive
// an answer; nil if there is none.
// https://docs.aws.amazon.com/kms/latest/developerguide/cryptographic-attestation.html
func (s *Service) attested(in *kmsapi.RecipientInfo) (*attestation.Document, error) {
	if in == nil {
		return nil, nil
	}
	if len(in.AttestationDocument) == 0 {
		return nil, missing("recipient.attestationDocument")
	}
	if in.KeyEncryptionAlgorithm == nil {
		return nil, missing("recipient.keyEncryptionAlgorithm")
	}
	d, err := attestation.Verify(in.AttestationDocument, s.roots, s.clock.Now())
	switch {
	case errors.Is(err, attestation.ErrExpired):
		return nil, expiredDocument()
	case err != nil:
		return nil, invalidDocument()
	case d.PublicKey == nil:
		return nil, documentWithoutKey()
	}
	return d, nil
}

// attest adds the condition keys of an attestation document, if there is one.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-attestation.html
func (r *request) attest(d *attestation.Document) *request {
	if d == nil {
		return r
	}
	for i, value := range d.PCRs {
		r.set("kms:recipientattestation:pcr"+strconv.Itoa(i), hex.EncodeToString(value))
		if i == 0 {
			r.set("kms:recipientattestation:imagesha384", hex.EncodeToString(value))
		}
	}
	for i, value := range d.TPM {
		r.set("kms:recipientattestation:nitrotpmpcr"+strconv.Itoa(i), hex.EncodeToString(value))
	}
	return r
}

// deliver says in which form a plaintext is answered: as it is, or for the key
// of an attestation document alone, and then it is wiped.
func deliver(d *attestation.Document, plaintext []byte) (open, sealed []byte, err error) {
	if d == nil {
		return plaintext, nil, nil
	}
	defer clear(plaintext)
	sealed, err = attestation.Envelop(d.PublicKey, plaintext)
	return nil, sealed, err
}

// trusted are the roots of attestation documents: AWS's if none are given.
func trusted(given *x509.CertPool) *x509.CertPool {
	if given != nil {
		return given
	}
	roots, err := attestation.Roots(nil)
	if err != nil {
		panic(err) // the root is part of the program
	}
	return roots
}

// Unverified: the texts of the next three, and that they are
// ValidationExceptions.
func invalidDocument() *api.Error { return validation("The attestation document is not valid.") }

func expiredDocument() *api.Error { return validation("The attestation document has expired.") }

func documentWithoutKey() *api.Error {
	return validation("The attestation document does not contain an RSA public key.")
}
