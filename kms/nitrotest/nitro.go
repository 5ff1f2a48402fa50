// Package nitrotest makes attestation documents as the Nitro hypervisor does,
// under a root of its own, so that programs for enclaves can be tested without
// one. kms/attestation says what the documents are.
//
// Tests of kms and emulator/emulatortest may import it.
package nitrotest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"github.com/fxamacker/cbor/v2"

	"sealstack/kms/attestation"
)

// Hypervisor signs attestation documents.
type Hypervisor struct {
	root, signer []byte // certificates in DER
	rootKey, key *ecdsa.PrivateKey
}

// Enclave is what a document is to attest.
type Enclave struct {
	PCRs      map[int][]byte                // of an enclave
	TPM       map[int][]byte                // of a NitroTPM, instead of PCRs
	PublicKey *rsa.PublicKey                // nil for none
	Change    func(document map[string]any) // before it is signed, nil for none
}

// New returns a hypervisor whose certificates are good for three hours from an
// instant on, as AWS's are, and its root for ten years.
func New(now time.Time) (*Hypervisor, error) {
	h := &Hypervisor{}
	var err error
	if h.rootKey, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader); err != nil {
		return nil, fmt.Errorf("nitrotest: %w", err)
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sealstack.nitro-enclaves"}, NotBefore: now.Add(-time.Hour),
		NotAfter: now.AddDate(10, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if h.root, err = x509.CreateCertificate(rand.Reader, root, root, h.rootKey.Public(), h.rootKey); err != nil {
		return nil, fmt.Errorf("nitrotest: %w", err)
	}
	return h, h.Renew(now)
}

// Renew makes the certificate that signs documents anew.
func (h *Hypervisor) Renew(now time.Time) error {
	root, err := x509.ParseCertificate(h.root)
	if err != nil {
		return fmt.Errorf("nitrotest: %w", err)
	}
	if h.key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader); err != nil {
		return fmt.Errorf("nitrotest: %w", err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "i-0123456789abcdef0-enc"}, NotBefore: now.Add(-time.Minute),
		NotAfter: now.Add(3 * time.Hour), BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if h.signer, err = x509.CreateCertificate(rand.Reader, leaf, root, h.key.Public(), h.rootKey); err != nil {
		return fmt.Errorf("nitrotest: %w", err)
	}
	return nil
}

// Root is the root certificate in PEM.
func (h *Hypervisor) Root() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.root})
}

// Attest makes a document at an instant.
func (h *Hypervisor) Attest(e Enclave, now time.Time) ([]byte, error) {
	document := map[string]any{
		"module_id": "i-0123456789abcdef0-enc", "timestamp": uint64(now.UnixMilli()), "digest": "SHA384",
		"certificate": h.signer, "cabundle": [][]byte{h.root}, "user_data": nil, "nonce": nil, "public_key": nil,
	}
	if e.TPM != nil {
		document["nitrotpm_pcrs"] = e.TPM
	} else {
		document["pcrs"] = e.PCRs
	}
	if e.PublicKey != nil {
		der, err := x509.MarshalPKIXPublicKey(e.PublicKey)
		if err != nil {
			return nil, fmt.Errorf("nitrotest: %w", err)
		}
		document["public_key"] = der
	}
	if e.Change != nil {
		e.Change(document)
	}
	return h.sign(document)
}

// sign makes a COSE_Sign1 of a document.
func (h *Hypervisor) sign(document map[string]any) ([]byte, error) {
	payload, err := cbor.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("nitrotest: %w", err)
	}
	protected, err := cbor.Marshal(map[int]int{1: -35}) // ES384
	if err != nil {
		return nil, fmt.Errorf("nitrotest: %w", err)
	}
	digest, err := attestation.ToBeSigned(protected, payload)
	if err != nil {
		return nil, err
	}
	r, s, err := ecdsa.Sign(rand.Reader, h.key, digest)
	if err != nil {
		return nil, fmt.Errorf("nitrotest: %w", err)
	}
	signature := make([]byte, 96)
	r.FillBytes(signature[:48])
	s.FillBytes(signature[48:])
	return cbor.Marshal([]any{protected, map[int]int{}, payload, signature})
}
