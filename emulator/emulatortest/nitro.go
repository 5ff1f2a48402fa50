package emulatortest

import (
	"crypto/rsa"
	"testing"
	"time"

	"sealstack/emulator"
	"sealstack/kms/nitrotest"
)

// Nitro makes attestation documents that a server trusts which was started
// with [Nitro.Trusted].
type Nitro struct {
	t          testing.TB
	hypervisor *nitrotest.Hypervisor
}

// NewNitro returns a Nitro hypervisor with a root of its own. Its certificates
// are good for three hours from an instant on, by the server's clock.
func NewNitro(t testing.TB, now time.Time) *Nitro {
	t.Helper()
	h, err := nitrotest.New(now)
	if err != nil {
		t.Fatal(err)
	}
	return &Nitro{t, h}
}

// Trusted makes a server take the hypervisor's root for one of AWS's.
func (n *Nitro) Trusted() Option {
	return func(c *emulator.Config) { c.AttestationRoots = n.hypervisor.Root() }
}

// Document makes the attestation document of an enclave with these platform
// configuration registers and this key.
func (n *Nitro) Document(pcrs map[int][]byte, key *rsa.PublicKey, now time.Time) []byte {
	n.t.Helper()
	d, err := n.hypervisor.Attest(nitrotest.Enclave{PCRs: pcrs, PublicKey: key}, now)
	if err != nil {
		n.t.Fatal(err)
	}
	return d
}
