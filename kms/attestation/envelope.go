package attestation

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
)

// The structures of CMS EnvelopedData, RFC 5652 section 6, with the recipient
// named by its key, as there is no certificate.
type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content envelopedData `asn1:"explicit,tag:0"`
}

type envelopedData struct {
	Version    int
	Recipients []recipient `asn1:"set"`
	Content    encryptedContent
}

type recipient struct {
	Version   int
	KeyID     []byte `asn1:"tag:0"`
	Algorithm pkix.AlgorithmIdentifier
	Key       []byte
}

type encryptedContent struct {
	Type       asn1.ObjectIdentifier
	Algorithm  pkix.AlgorithmIdentifier
	Ciphertext []byte `asn1:"tag:0"`
}

// oaepParameters is RSAES-OAEP-params, RFC 4055 section 4.1.
type oaepParameters struct {
	Hash pkix.AlgorithmIdentifier `asn1:"explicit,tag:0"`
	Mask pkix.AlgorithmIdentifier `asn1:"explicit,tag:1"`
}

var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidEnvelopedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}
	oidOAEP          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 7}
	oidMGF1          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidAES256CBC     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

// Envelop encrypts for a public key as KMS does for a recipient: CMS
// EnvelopedData in DER, AES-256-CBC under a key that RSAES-OAEP with SHA-256
// encrypts.
func Envelop(key *rsa.PublicKey, plaintext []byte) ([]byte, error) {
	var secret [32]byte
	var iv [aes.BlockSize]byte
	rand.Read(secret[:]) // documented never to fail
	rand.Read(iv[:])
	defer clear(secret[:])
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, key, secret[:], nil)
	if err != nil {
		return nil, fmt.Errorf("attestation: %w", err)
	}
	ciphertext, err := encryptCBC(secret[:], iv[:], plaintext)
	if err != nil {
		return nil, err
	}
	oaep, err := oaepWithSHA256()
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(key.N.Bytes())
	out, err := asn1.Marshal(contentInfo{oidEnvelopedData, envelopedData{
		Version:    2,
		Recipients: []recipient{{Version: 2, KeyID: id[:], Algorithm: oaep, Key: wrapped}},
		Content:    encryptedContent{oidData, octets(oidAES256CBC, iv[:]), ciphertext},
	}})
	if err != nil {
		return nil, fmt.Errorf("attestation: %w", err)
	}
	return out, nil
}

// encryptCBC pads as PKCS #7 does.
func encryptCBC(secret, iv, plaintext []byte) ([]byte, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("attestation: %w", err)
	}
	n := aes.BlockSize - len(plaintext)%aes.BlockSize
	padded := append(bytes.Clone(plaintext), bytes.Repeat([]byte{byte(n)}, n)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
	return padded, nil
}

// octets is an algorithm whose parameter is an octet string.
func octets(algorithm asn1.ObjectIdentifier, value []byte) pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{Algorithm: algorithm, Parameters: asn1.RawValue{Tag: asn1.TagOctetString, Bytes: value}}
}

func oaepWithSHA256() (pkix.AlgorithmIdentifier, error) {
	hash := pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue}
	inner, err := asn1.Marshal(hash)
	if err != nil {
		return pkix.AlgorithmIdentifier{}, fmt.Errorf("attestation: %w", err)
	}
	parameters, err := asn1.Marshal(oaepParameters{hash, pkix.AlgorithmIdentifier{Algorithm: oidMGF1, Parameters: asn1.RawValue{FullBytes: inner}}})
	if err != nil {
		return pkix.AlgorithmIdentifier{}, fmt.Errorf("attestation: %w", err)
	}
	return pkix.AlgorithmIdentifier{Algorithm: oidOAEP, Parameters: asn1.RawValue{FullBytes: parameters}}, nil
}
