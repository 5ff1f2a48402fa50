package saml_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"sealstack/iam/saml"
	"sealstack/iam/saml/samltest"
)

func TestMetadataIsRead(t *testing.T) {
	p, q := samltest.New(t, "https://idp.example.com/a?b&c", noon), samltest.New(t, "", noon)
	m, err := saml.ParseMetadata([]byte(samltest.Describe(p.Issuer, `validUntil="2027-01-02T03:04:05+01:00"`, p.Certificate, q.Certificate)))
	if err != nil {
		t.Fatal(err)
	}
	if m.EntityID != p.Issuer || !m.ValidUntil.Equal(time.Date(2027, 1, 2, 2, 4, 5, 0, time.UTC)) || len(m.Certificates) != 2 {
		t.Errorf("%+v", m)
	}
	if m, err = saml.ParseMetadata([]byte(p.Metadata())); err != nil || !m.ValidUntil.IsZero() || string(m.Certificates[0].Raw) != string(p.Certificate) {
		t.Errorf("%+v, %v", m, err)
	}
}

// certificate returns one for a public key.
func certificate(t *testing.T, public, private any) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: noon, NotAfter: noon.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestKeysOfMetadata(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	short, err := rsa.GenerateKey(rand.Reader, 512)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issuer := samltest.New(t, "i", noon)
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		der  []byte
		want error
	}{
		"RSA":               {issuer.Certificate, nil},
		"an elliptic curve": {certificate(t, curve.Public(), curve), nil},
		"512 bits":          {certificate(t, short.Public(), long), saml.ErrMetadata},
	} {
		if _, err := saml.ParseMetadata([]byte(samltest.Describe("i", "", c.der))); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestDocumentsThatAreNoMetadata(t *testing.T) {
	good := samltest.New(t, "https://idp.example.com", noon).Metadata()
	for name, text := range map[string]string{
		"nothing":               "",
		"no XML":                "metadata",
		"another document":      "<a/>",
		"a byte order mark":     "\ufeff" + good,
		"not UTF-8":             good + "<!--\xff-->",
		"an entity":             strings.Replace(good, "<md:EntityDescriptor", `<!DOCTYPE x [<!ENTITY e "e">]><md:EntityDescriptor`, 1),
		"no entity ID":          strings.Replace(good, "entityID", "id", 1),
		"a list":                strings.ReplaceAll(good, "EntityDescriptor", "EntitiesDescriptor"),
		"a service provider":    strings.ReplaceAll(good, "IDPSSODescriptor", "SPSSODescriptor"),
		"SAML 1.1":              strings.Replace(good, "SAML:2.0:protocol", "SAML:1.1:protocol", 1),
		"of another namespace":  strings.Replace(good, "SAML:2.0:metadata", "SAML:3.0:metadata", 1),
		"keys for encryption":   strings.Replace(good, `use="signing"`, `use="encryption"`, 1),
		"no key":                strings.ReplaceAll(good, "X509Certificate", "X509CRL"),
		"a key that is no key":  strings.Replace(good, "MII", "AAA", 1),
		"a key that is no code": strings.Replace(good, "MII", "!!!", 1),
		"no time":               strings.Replace(good, "entityID", `validUntil="soon" entityID`, 1),
		"half of it":            good[:len(good)/2],
	} {
		if m, err := saml.ParseMetadata([]byte(text)); !errors.Is(err, saml.ErrMetadata) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	if _, err := saml.ParseMetadata([]byte(strings.Replace(good, ` use="signing"`, "", 1))); err != nil {
		t.Errorf("a key for whatever use: %v", err)
	}
}
