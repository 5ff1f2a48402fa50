package saml

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// Metadata describes an identity provider.
type Metadata struct {
	EntityID     string    // the Issuer of its assertions
	ValidUntil   time.Time // the zero time if the document does not say
	Certificates []*x509.Certificate
}

// ErrMetadata: a document does not describe an identity provider that AWS
// takes.
var ErrMetadata = errors.New("saml: not the metadata of an identity provider")

// minKey is how many bits the RSA key of a certificate has at least.
const minKey = 1024

var byteOrderMark = []byte("\ufeff")

// ParseMetadata reads the metadata document of an identity provider: one
// EntityDescriptor with an IDPSSODescriptor of SAML 2.0 that has at least one
// certificate for signatures. AWS wants UTF-8 without a byte order mark, keys
// of 1024 bits and more, and no extension of a certificate twice. ErrMetadata.
//
// Unverified: a provider in a list of them, an EntitiesDescriptor, is refused;
// the signature of the document itself is not looked at.
func ParseMetadata(document []byte) (*Metadata, error) {
	if !utf8.Valid(document) || bytes.HasPrefix(document, byteOrderMark) {
		return nil, fmt.Errorf("%w: it is not UTF-8 without a byte order mark", ErrMetadata)
	}
	root, err := parse(document)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMetadata, err)
	}
	m := &Metadata{EntityID: attribute(root, "entityID")}
	if !is(root, metadataNS, "EntityDescriptor") || m.EntityID == "" {
		return nil, fmt.Errorf("%w: it describes no entity", ErrMetadata)
	}
	provider := one(root, metadataNS, "IDPSSODescriptor")
	if !strings.Contains(attribute(provider, "protocolSupportEnumeration"), protocolNS) {
		return nil, fmt.Errorf("%w: no identity provider of SAML 2.0", ErrMetadata)
	}
	if m.ValidUntil, err = instant(root, "validUntil"); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMetadata, err)
	}
	if m.Certificates, err = certificates(provider); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMetadata, err)
	}
	return m, nil
}

// certificates returns what the provider signs with.
func certificates(provider *etree.Element) (found []*x509.Certificate, err error) {
	for _, key := range all(provider, metadataNS, "KeyDescriptor") {
		if use := attribute(key, "use"); use != "" && use != "signing" {
			continue
		}
		for _, data := range all(one(key, signatureNS, "KeyInfo"), signatureNS, "X509Data") {
			for _, c := range all(data, signatureNS, "X509Certificate") {
				certificate, err := readCertificate(text(c))
				if err != nil {
					return nil, err
				}
				found = append(found, certificate)
			}
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no certificate for signatures")
	}
	return found, nil
}

func readCertificate(encoded string) (*x509.Certificate, error) {
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < minKey {
		return nil, errors.New("a certificate with a short key")
	}
	return c, nil
}
