package xks

import (
	"crypto/sha256"
	"crypto/subtle"
)

// Metadata tells the proxy whose request it serves: requestMetadata of the
// API. Principal, Operation and RequestID are always there, but for a health
// check, which has no principal.
type Metadata struct {
	Principal  string `json:"awsPrincipalArn,omitempty"`
	Key        string `json:"kmsKeyArn,omitempty"`
	Operation  string `json:"kmsOperation"`
	RequestID  string `json:"kmsRequestId"`
	ViaService string `json:"kmsViaService,omitempty"`
}

// Key is what a proxy says of an external key.
type Key struct {
	Spec   string   `json:"keySpec"`
	Usage  []string `json:"keyUsage"`
	Status string   `json:"keyStatus"`
}

// Health is what a proxy says of itself and of the key managers behind it.
type Health struct {
	FleetSize    int       `json:"xksProxyFleetSize"`
	Vendor       string    `json:"xksProxyVendor"`
	Model        string    `json:"xksProxyModel"`
	ManagerName  string    `json:"ekmVendor"`
	ManagerFleet []Manager `json:"ekmFleetDetails"`
}

// Manager is one external key manager.
type Manager struct {
	ID     string `json:"id"`
	Model  string `json:"model"`
	Status string `json:"healthStatus"` // ACTIVE, DEGRADED or UNAVAILABLE
}

// Sealed is what the external key made of a plaintext.
type Sealed struct {
	Ciphertext []byte `json:"ciphertext"`
	Metadata   []byte `json:"ciphertextMetadata,omitempty"` // the proxy's own, at most 20 bytes
	IV         []byte `json:"initializationVector"`         // 12 or 16 bytes
	Tag        []byte `json:"authenticationTag"`            // 16 bytes
}

// The bounds of the API, in bytes.
const (
	MaxPlaintext = 4300
	MaxAAD       = 8192
	MaxMetadata  = 20
	tagSize      = 16
)

const (
	algorithm = "AES_GCM"
	integrity = "SHA_256"
)

// encryptRequest and the others are the bodies of the API.
type encryptRequest struct {
	Metadata  Metadata `json:"requestMetadata"`
	AAD       []byte   `json:"additionalAuthenticatedData,omitempty"`
	Plaintext []byte   `json:"plaintext"`
	Algorithm string   `json:"encryptionAlgorithm"`
	Integrity string   `json:"ciphertextDataIntegrityValueAlgorithm"`
}

type encryptResponse struct {
	Sealed
	Integrity []byte `json:"ciphertextDataIntegrityValue"`
}

type decryptRequest struct {
	Metadata Metadata `json:"requestMetadata"`
	AAD      []byte   `json:"additionalAuthenticatedData,omitempty"`
	Sealed
	Algorithm string `json:"encryptionAlgorithm"`
}

type decryptResponse struct {
	Plaintext []byte `json:"plaintext"`
}

type metadataRequest struct {
	Metadata Metadata `json:"requestMetadata"`
}

// fault is the body of an error.
type fault struct {
	Name    string `json:"errorName"`
	Message string `json:"errorMessage"`
}

// valid says whether a response can be the ciphertext of a plaintext of that
// size: AES-GCM keeps the length, and the integrity value is that of the
// specification's appendix C.
func (r *encryptResponse) valid(size int, aad []byte) bool {
	want := IntegrityValue(aad, &r.Sealed)
	return len(r.Ciphertext) == size && len(r.Metadata) <= MaxMetadata && (len(r.IV) == 12 || len(r.IV) == 16) &&
		len(r.Tag) == tagSize && subtle.ConstantTimeCompare(r.Integrity, want[:]) == 1
}

// IntegrityValue is the ciphertext data integrity value: a hash over all that
// decryption will need.
func IntegrityValue(aad []byte, s *Sealed) [sha256.Size]byte {
	h := sha256.New()
	for _, part := range [][]byte{aad, s.Metadata, s.IV, s.Ciphertext, s.Tag} {
		h.Write(part)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// available says that at least one key manager can serve requests.
func (h *Health) available() bool {
	for _, m := range h.ManagerFleet {
		if m.Status != "UNAVAILABLE" {
			return true
		}
	}
	return false
}

// valid holds a health report against the specification.
func (h *Health) valid() bool {
	if h.FleetSize < 1 || len(h.ManagerFleet) < 1 || len(h.ManagerFleet) > 10 {
		return false
	}
	for _, m := range h.ManagerFleet {
		if m.Status != "ACTIVE" && m.Status != "DEGRADED" && m.Status != "UNAVAILABLE" {
			return false
		}
	}
	return true
}
