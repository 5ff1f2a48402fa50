package material

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// stored is what all families but the symmetric one have in common: the secret
// in the form in which it is imported and stored, and whose it is.
type stored struct {
	family Family
	keyID  string // of the KMS key that it was imported into, "" if generated
	id     string
	body   Secret
}

// keep takes over body, which is the material alone. keyID is "" for generated
// material, else at most 255 bytes.
func keep(family Family, keyID string, body []byte) (stored, error) {
	if len(keyID) > maxKeyID {
		return stored{}, fmt.Errorf("material: key ID of %d bytes", len(keyID))
	}
	h := sha256.New()
	h.Write([]byte("sealstack material id 1\x00"))
	h.Write([]byte{byte(family), byte(len(keyID))})
	h.Write([]byte(keyID))
	h.Write(body)
	return stored{family: family, keyID: keyID, id: hex.EncodeToString(h.Sum(nil)), body: hide(body)}, nil
}

// Family says which type this is.
func (s *stored) Family() Family { return s.family }

// ID is a hash over the material and the KMS key that it was imported into.
// AWS shows no KeyMaterialId for these families.
func (s *stored) ID() string { return s.id }

// Marshal writes the length of the key ID in one byte, the key ID and the
// material.
func (s *stored) Marshal() Secret {
	payload := make([]byte, 0, 1+len(s.keyID)+s.body.Len())
	payload = append(payload, byte(len(s.keyID)))
	payload = append(payload, s.keyID...)
	payload = append(payload, s.body.Bytes()...)
	defer clear(payload)
	return marshal(s.family, payload)
}

// Wipe destroys the stored form. What crypto packages have made of it is left
// to the garbage collector: they give no way to overwrite it.
func (s *stored) Wipe() { s.body.Wipe() }

var (
	errFamily  = errors.New("no such family")
	errPayload = errors.New("payload cut short")
)

// parseOther reads the payload of every family but the symmetric one.
func parseOther(family Family, payload []byte) (Material, error) {
	from, ok := families[family]
	switch {
	case !ok:
		return nil, errFamily
	case len(payload) < 1 || len(payload) < 1+int(payload[0]):
		return nil, errPayload
	}
	end := 1 + int(payload[0])
	body := NewSecret(payload[end:])
	defer body.Wipe()
	return from(body, string(payload[1:end]))
}
