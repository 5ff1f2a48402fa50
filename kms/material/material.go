package material

import (
	"errors"
	"fmt"
)

var (
	// ErrBlobMalformed: the bytes are not a ciphertext blob of this package.
	ErrBlobMalformed = errors.New("material: not a ciphertext blob")

	// ErrAuthentication: the blob was changed, or the encryption context or
	// the key material is not the one that it was made with. Which of these
	// is not told, as in AWS's InvalidCiphertextException.
	ErrAuthentication = errors.New("material: the ciphertext does not authenticate")

	// ErrPlaintextSize: a plaintext of no bytes, or of more than MaxPlaintext.
	ErrPlaintextSize = errors.New("material: plaintext size out of range")

	// ErrKeySize: imported material whose length does not fit its family.
	ErrKeySize = errors.New("material: wrong key material length")

	// ErrKeyFormat: an imported private key that is not PKCS #8, not of the
	// key spec, or not one that can be used.
	ErrKeyFormat = errors.New("material: not a private key of the key spec")

	// ErrStoredMalformed: the bytes are not what a Marshal wrote, or what a
	// later version wrote.
	ErrStoredMalformed = errors.New("material: not stored key material")
)

// Family is the kind of key material, as the storage form names it. The zero
// Family is invalid.
type Family byte

// The families. The numbers are in stored data: never reuse one.
const (
	FamilySymmetric Family = 1 + iota
	FamilyRSA
	FamilyECC
	FamilySecp256k1
	FamilyEd25519
	FamilyHMAC
	FamilyMLDSA
	FamilyMLKEM
	FamilySM2
)

// Material is one key material of any family. The values are immutable but for
// Wipe, and safe for use from several goroutines.
type Material interface {
	// Family says which type this is.
	Family() Family

	// Spec is the key spec of the KMS API: "RSA_2048".
	Spec() string

	// ID is the KeyMaterialId: 64 lower-case hexadecimal digits, the same
	// for the same material of the same KMS key in every Region.
	ID() string

	// Marshal gives the storage form, itself secret. Parse reads it.
	Marshal() Secret

	// Wipe destroys the secret parts in memory. It must not run beside
	// another method of the same value; none may be called after it.
	Wipe()
}

// The storage form is storedVersion, the family, then the family's own bytes.
const storedVersion = 1

func marshal(family Family, payload []byte) Secret {
	stored := make([]byte, 0, 2+len(payload))
	stored = append(stored, storedVersion, byte(family))
	stored = append(stored, payload...)
	return hide(stored)
}

// Parse reads what a Marshal of any family wrote. Its only error is
// ErrStoredMalformed, wrapped with what was wrong.
func Parse(stored Secret) (Material, error) {
	b := stored.Bytes()
	if len(b) < 2 {
		return nil, fmt.Errorf("%w: %d bytes", ErrStoredMalformed, len(b))
	}
	if b[0] != storedVersion {
		return nil, fmt.Errorf("%w: version %d", ErrStoredMalformed, b[0])
	}
	family := Family(b[1])
	if family == FamilySymmetric {
		return parseSymmetric(b[2:])
	}
	m, err := parseOther(family, b[2:])
	if err != nil {
		return nil, fmt.Errorf("%w: family %d: %w", ErrStoredMalformed, family, err)
	}
	if again := m.Marshal(); !again.Equal(stored) {
		return nil, fmt.Errorf("%w: family %d in another encoding", ErrStoredMalformed, family)
	}
	return m, nil
}
