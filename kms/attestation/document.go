package attestation

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// ErrInvalid: what is no attestation document, or one that nobody trusted has
// signed.
var ErrInvalid = errors.New("attestation: not a valid attestation document")

// ErrExpired: a document whose certificates are not valid at the time, or that
// is older than MaxAge.
var ErrExpired = errors.New("attestation: the attestation document has expired")

// MaxAge is how old a document may be.
//
// Unverified: that AWS KMS refuses older ones.
const MaxAge = 5 * time.Minute

// Document is what a verified document attests.
type Document struct {
	ModuleID string // of the enclave, or of the instance and its TPM
	// PCRs are the platform configuration registers of an enclave by index,
	// TPM those of a NitroTPM. One of the two is nil.
	PCRs, TPM map[int][]byte
	PublicKey *rsa.PublicKey // nil if there is none
	Time      time.Time
}

// sign1 is COSE_Sign1, RFC 9052 section 4.2.
type sign1 struct {
	_           struct{} `cbor:",toarray"`
	Protected   []byte
	Unprotected map[any]any
	Payload     []byte
	Signature   []byte
}

// header is the protected header.
type header struct {
	Algorithm int `cbor:"1,keyasint"`
}

const es384 = -35

// payload is the document inside.
type payload struct {
	ModuleID    string         `cbor:"module_id"`
	Timestamp   uint64         `cbor:"timestamp"` // milliseconds
	Digest      string         `cbor:"digest"`
	PCRs        map[int][]byte `cbor:"pcrs"`
	TPM         map[int][]byte `cbor:"nitrotpm_pcrs"`
	Certificate []byte         `cbor:"certificate"`
	CABundle    [][]byte       `cbor:"cabundle"`
	PublicKey   []byte         `cbor:"public_key"`
	UserData    []byte         `cbor:"user_data"`
	Nonce       []byte         `cbor:"nonce"`
}

const (
	tagSign1  = 18
	maxRaw    = 262144 // AttestationDocumentType of the KMS API
	registers = 32
)

var decoder = func() cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, MaxNestedLevels: 8, MaxArrayElements: 64, MaxMapPairs: 64,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constant
	}
	return m
}()

// Verify reads a document and holds it against the roots, at an instant.
// ErrInvalid, ErrExpired.
func Verify(raw []byte, roots *x509.CertPool, now time.Time) (*Document, error) {
	envelope, p, err := parse(raw)
	if err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	key, err := p.chain(roots, now)
	if err != nil {
		return nil, err
	}
	if !envelope.verify(key) {
		return nil, fmt.Errorf("%w: signature", ErrInvalid)
	}
	d := &Document{ModuleID: p.ModuleID, PCRs: p.PCRs, TPM: p.TPM, Time: time.UnixMilli(int64(p.Timestamp)).UTC()}
	if age := now.Sub(d.Time); age > MaxAge || age < -MaxAge {
		return nil, fmt.Errorf("%w: made at %s", ErrExpired, d.Time)
	}
	d.PublicKey, err = p.key()
	return d, err
}

// Read tells what a document says without asking who signed it: for documents
// that were verified before. It reads no public key. ErrInvalid.
func Read(raw []byte) (*Document, error) {
	_, p, err := parse(raw)
	if err != nil {
		return nil, err
	}
	return &Document{ModuleID: p.ModuleID, PCRs: p.PCRs, TPM: p.TPM, Time: time.UnixMilli(int64(p.Timestamp)).UTC()}, nil
}

// parse reads the two layers.
func parse(raw []byte) (*sign1, *payload, error) {
	if len(raw) > maxRaw {
		return nil, nil, fmt.Errorf("%w: %d bytes", ErrInvalid, len(raw))
	}
	var tagged cbor.RawTag
	if err := decoder.Unmarshal(raw, &tagged); err == nil && tagged.Number == tagSign1 {
		raw = tagged.Content
	}
	var s sign1
	if err := decoder.Unmarshal(raw, &s); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	var h header
	if err := decoder.Unmarshal(s.Protected, &h); err != nil || h.Algorithm != es384 {
		return nil, nil, fmt.Errorf("%w: protected header", ErrInvalid)
	}
	var p payload
	if err := decoder.Unmarshal(s.Payload, &p); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return &s, &p, nil
}

// check holds the document against section 3.2.2 of the specification.
func (p *payload) check() error {
	pcrs := p.PCRs
	if pcrs == nil {
		pcrs = p.TPM
	}
	bad := p.ModuleID == "" || p.Timestamp == 0 || p.Timestamp > 1<<62 || p.Digest != "SHA384" || len(p.CABundle) == 0 ||
		(p.PCRs == nil) == (p.TPM == nil) || len(pcrs) == 0 || len(pcrs) > registers ||
		len(p.PublicKey) > 1024 || len(p.UserData) > 512 || len(p.Nonce) > 512
	for i, value := range pcrs {
		n := len(value)
		bad = bad || i < 0 || i >= registers || n != 32 && n != 48 && n != 64
	}
	if bad {
		return fmt.Errorf("%w: its content", ErrInvalid)
	}
	return nil
}

// chain verifies the certificate that has signed up to a root and returns its
// key.
func (p *payload) chain(roots *x509.CertPool, now time.Time) (*ecdsa.PublicKey, error) {
	leaf, err := x509.ParseCertificate(p.Certificate)
	if err != nil {
		return nil, fmt.Errorf("%w: certificate", ErrInvalid)
	}
	between := x509.NewCertPool()
	for _, der := range p.CABundle {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("%w: certificate of the bundle", ErrInvalid)
		}
		between.AddCert(c)
	}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return nil, fmt.Errorf("%w: certificate", ErrExpired)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	key, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P384() || leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return nil, fmt.Errorf("%w: key of the certificate", ErrInvalid)
	}
	return key, nil
}

// ToBeSigned is Sig_structure of RFC 9052 section 4.4, hashed.
func ToBeSigned(protected, payload []byte) ([]byte, error) {
	text, err := cbor.Marshal([]any{"Signature1", protected, []byte{}, payload})
	if err != nil {
		return nil, fmt.Errorf("attestation: %w", err)
	}
	sum := sha512.Sum384(text)
	return sum[:], nil
}

// verify holds the signature, r and s of 48 bytes each, against the key.
func (s *sign1) verify(key *ecdsa.PublicKey) bool {
	const half = 48
	digest, err := ToBeSigned(s.Protected, s.Payload)
	if err != nil || len(s.Signature) != 2*half {
		return false
	}
	r, v := new(big.Int).SetBytes(s.Signature[:half]), new(big.Int).SetBytes(s.Signature[half:])
	return ecdsa.Verify(key, digest, r, v)
}

// key reads the public key, if there is one.
func (p *payload) key() (*rsa.PublicKey, error) {
	if len(p.PublicKey) == 0 {
		return nil, nil
	}
	parsed, err := x509.ParsePKIXPublicKey(p.PublicKey)
	if key, ok := parsed.(*rsa.PublicKey); err == nil && ok && key.N.BitLen() >= 2048 && key.N.BitLen() <= 4096 {
		return key, nil
	}
	return nil, fmt.Errorf("%w: public key", ErrInvalid)
}
