package attestation_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"sealstack/kms/attestation"
	"sealstack/kms/nitrotest"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func document(t testing.TB) ([]byte, *x509.CertPool) {
	t.Helper()
	h, err := nitrotest.New(now)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := attestation.Roots(h.Root())
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := h.Attest(nitrotest.Enclave{PCRs: map[int][]byte{0: make([]byte, 48)}, PublicKey: &key.PublicKey}, now)
	if err != nil {
		t.Fatal(err)
	}
	return raw, roots
}

func TestADocumentTellsWhatItAttests(t *testing.T) {
	raw, roots := document(t)
	for name, text := range map[string][]byte{"untagged": raw, "tagged": append([]byte{0xd2}, raw...)} {
		d, err := attestation.Verify(text, roots, now)
		if err != nil || d.PublicKey == nil || len(d.PCRs[0]) != 48 || d.TPM != nil || !d.Time.Equal(now) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
}

func TestAChangedByteOfADocumentCounts(t *testing.T) {
	raw, roots := document(t)
	for i := 0; i < len(raw); i += 37 { // each costs two signatures on P-384
		bad := append([]byte{}, raw...)
		bad[i] ^= 1
		if _, err := attestation.Verify(bad, roots, now); !errors.Is(err, attestation.ErrInvalid) && !errors.Is(err, attestation.ErrExpired) {
			t.Errorf("byte %d of %d: %v", i, len(raw), err)
		}
	}
}

func TestOnlyTrustedRootsCount(t *testing.T) {
	raw, _ := document(t)
	roots, err := attestation.Roots(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := attestation.Verify(raw, roots, now); !errors.Is(err, attestation.ErrInvalid) {
		t.Errorf("AWS's root alone: %v", err)
	}
	if _, err := attestation.Roots([]byte("no PEM")); err == nil {
		t.Error("roots of no PEM are taken")
	}
}

func FuzzVerify(f *testing.F) {
	raw, roots := document(f)
	f.Add(raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := attestation.Verify(b, roots, now); err == nil && len(d.PCRs) == 0 && len(d.TPM) == 0 {
			t.Errorf("%x attests nothing", b)
		}
	})
}
