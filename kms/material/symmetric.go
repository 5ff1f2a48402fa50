package material

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// Inside the encryption each plaintext stands behind a frame: a version byte,
// two zeros and its length in eight big-endian bytes. AWS's blobs are those 11
// bytes longer than plaintext and GCM tag explain (an AES_256 data key gives
// 184 bytes); what AWS keeps there is not published.
const (
	frameVersion = 1
	frameSize    = 11
	minSealed    = frameSize + 1 + gcmTagSize
)

// MaxPlaintext is the most that a blob of MaxBlob bytes can carry. KMS itself
// takes at most 4096 bytes from a caller; wrapped key pairs are longer.
const MaxPlaintext = 5982

// maxKeyID bounds the KMS key ID that goes into the storage form.
const maxKeyID = 255

// Symmetric is one key material of a SYMMETRIC_DEFAULT key: 256 bits for
// AES-GCM. As in AWS ("KMS Cryptographic Details", symmetric encryption) no two
// messages share a key: each blob has its own, derived from the material and
// the blob's random salt.
type Symmetric struct {
	key    Secret
	derive Secret // the HKDF pseudorandom key that message keys expand from
	keyID  string
	tag    Tag
}

// NewSymmetric generates key material. Replicas of a multi-Region key must be
// given this material through Marshal and Parse, not another one.
func NewSymmetric() (*Symmetric, error) {
	return SymmetricFrom(RandomSecret(aesKeySize), "")
}

// SymmetricFrom takes imported material of exactly 32 bytes, else ErrKeySize.
// keyID is the ID (not the ARN, which differs between Regions) of the KMS key
// that it is imported into: AWS derives the KeyMaterialId from both, and a
// ciphertext of one KMS key cannot be decrypted with another that got the same
// material ("Importing key material"). At most 255 bytes.
//
// The Symmetric keeps its own copy of the key.
func SymmetricFrom(key Secret, keyID string) (*Symmetric, error) {
	if key.Len() != aesKeySize {
		return nil, fmt.Errorf("%w: %d bytes, not %d", ErrKeySize, key.Len(), aesKeySize)
	}
	if len(keyID) > maxKeyID {
		return nil, fmt.Errorf("material: key ID of %d bytes", len(keyID))
	}
	prk, err := hkdf.Extract(sha256.New, key.Bytes(), []byte("sealstack symmetric material 1"))
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return &Symmetric{
		key:    NewSecret(key.Bytes()),
		derive: hide(prk),
		keyID:  keyID,
		tag:    symmetricTag(key, keyID),
	}, nil
}

// A hash over the whole material also commits to it: a blob that names a tag
// can open under one material only, which AES-GCM alone would not promise.
func symmetricTag(key Secret, keyID string) Tag {
	h := sha256.New()
	h.Write([]byte("sealstack symmetric tag 1\x00"))
	h.Write([]byte{byte(len(keyID))})
	h.Write([]byte(keyID))
	h.Write(key.Bytes())
	return Tag(h.Sum(nil))
}

// Family is FamilySymmetric.
func (s *Symmetric) Family() Family { return FamilySymmetric }

// Spec is SYMMETRIC_DEFAULT.
func (s *Symmetric) Spec() string { return "SYMMETRIC_DEFAULT" }

// Tag is what the blobs of this material carry.
func (s *Symmetric) Tag() Tag { return s.tag }

// ID is the KeyMaterialId: the tag in hexadecimal.
//
// Unverified: AWS does not say how the KeyMaterialId relates to its blobs.
func (s *Symmetric) ID() string { return hex.EncodeToString(s.tag[:]) }

// Wipe destroys the key and everything derived from it.
func (s *Symmetric) Wipe() {
	s.key.Wipe()
	s.derive.Wipe()
}

// SameKey tells in constant time whether the key bytes are those of key, as a
// re-import must prove.
func (s *Symmetric) SameKey(key Secret) bool { return s.key.Equal(key) }

// Encrypt seals 1 to MaxPlaintext bytes, else ErrPlaintextSize, and binds the
// encryption context to them. Two calls never give the same blob.
func (s *Symmetric) Encrypt(kind Kind, plaintext []byte, context map[string]string) ([]byte, error) {
	if !kind.valid() {
		return nil, fmt.Errorf("material: no blob kind %d", kind)
	}
	if len(plaintext) == 0 || len(plaintext) > MaxPlaintext {
		return nil, fmt.Errorf("%w: %d bytes", ErrPlaintextSize, len(plaintext))
	}
	var random [saltSize + ivSize]byte
	rand.Read(random[:]) // documented never to fail
	salt, iv := random[:saltSize], random[saltSize:]

	l := layoutFor(frameSize + len(plaintext) + gcmTagSize)
	blob := l.appendHeader(make([]byte, 0, l.blobSize()), kind, s.tag[:], salt, iv)
	header := len(blob)
	blob = appendFrame(blob, plaintext)

	key, err := s.messageKey(salt)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	// In place: the frame in the blob is overwritten by its ciphertext.
	return seal(blob[:header], key, iv, blob[header:], authenticated(blob[:header], context))
}

// Decrypt opens a blob of this material that was made with the same encryption
// context. Its only error is ErrAuthentication.
func (s *Symmetric) Decrypt(blob Blob, context map[string]string) ([]byte, error) {
	if blob.raw == nil || blob.tag != s.tag {
		return nil, ErrAuthentication
	}
	key, err := s.messageKey(blob.salt[:])
	if err != nil {
		return nil, err
	}
	defer clear(key)
	framed, err := open(key, blob.iv(), blob.body(), authenticated(blob.header(), context))
	if err != nil {
		return nil, err
	}
	return cutFrame(framed)
}

func (s *Symmetric) messageKey(salt []byte) ([]byte, error) {
	key, err := hkdf.Expand(sha256.New, s.derive.Bytes(), "sealstack message key 1\x00"+string(salt), aesKeySize)
	if err != nil {
		return nil, fmt.Errorf("material: %w", err)
	}
	return key, nil
}

// authenticated is the additional data of a blob. The header carries its own
// length, so that header and context cannot be divided in another way.
func authenticated(header []byte, context map[string]string) []byte {
	if len(context) == 0 {
		return header
	}
	aad := make([]byte, 0, len(header)+contextSize(context))
	return appendContext(append(aad, header...), context)
}

func appendFrame(dst, plaintext []byte) []byte {
	dst = append(dst, frameVersion, 0, 0)
	dst = binary.BigEndian.AppendUint64(dst, uint64(len(plaintext)))
	return append(dst, plaintext...)
}

// cutFrame fails only on what authenticated but was not written by Encrypt.
func cutFrame(framed []byte) ([]byte, error) {
	if len(framed) < frameSize || framed[0] != frameVersion || framed[1]|framed[2] != 0 ||
		binary.BigEndian.Uint64(framed[3:]) != uint64(len(framed)-frameSize) {
		return nil, ErrAuthentication
	}
	return framed[frameSize:], nil
}

// Marshal writes the length of the key ID in one byte, the key ID and the key.
func (s *Symmetric) Marshal() Secret {
	payload := make([]byte, 0, 1+len(s.keyID)+aesKeySize)
	payload = append(payload, byte(len(s.keyID)))
	payload = append(payload, s.keyID...)
	payload = append(payload, s.key.Bytes()...)
	defer clear(payload)
	return marshal(FamilySymmetric, payload)
}

func parseSymmetric(payload []byte) (Material, error) {
	if len(payload) < 1 || len(payload) != 1+int(payload[0])+aesKeySize {
		return nil, fmt.Errorf("%w: symmetric with %d bytes", ErrStoredMalformed, len(payload))
	}
	end := 1 + int(payload[0])
	key := NewSecret(payload[end:])
	defer key.Wipe()
	s, err := SymmetricFrom(key, string(payload[1:end]))
	if err != nil {
		return nil, err
	}
	return s, nil
}
