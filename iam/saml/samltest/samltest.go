// Package samltest is a SAML 2.0 identity provider for tests: it has a key and
// a certificate, describes itself, and signs what it is told to say, true or
// not. Only tests import it.
package samltest

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// Provider is an identity provider.
type Provider struct {
	Issuer      string
	Certificate []byte // DER
	key         *rsa.PrivateKey
}

// New returns a provider whose certificate is valid for a day before and a
// year after a time.
func New(t testing.TB, issuer string, at time.Time) *Provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"},
		NotBefore: at.AddDate(0, 0, -1), NotAfter: at.AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &Provider{issuer, der, key}
}

// Metadata is the document that describes the provider.
func (p *Provider) Metadata() string { return Describe(p.Issuer, "", p.Certificate) }

// Describe returns a metadata document with these certificates; attributes are
// more ones of the outermost element.
func Describe(issuer, attributes string, certificates ...[]byte) string {
	var keys strings.Builder
	for _, der := range certificates {
		fmt.Fprintf(&keys, `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>
%s
</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`, base64.StdEncoding.EncodeToString(der))
	}
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="%s" %s>
<md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">%s
<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.com/sso"/>
</md:IDPSSODescriptor></md:EntityDescriptor>`, escape(issuer), attributes, keys.String())
}

// Claims is what a response says. What is empty is left out.
type Claims struct {
	ID           string
	Issuer       string
	Subject      string
	Format       string
	Recipient    string
	Audience     []string
	Issued       time.Time
	RedeemBefore time.Time
	ValidFrom    time.Time
	ValidBefore  time.Time
	SessionEnd   time.Time
	Attributes   map[string][]string
}

// Attribute is the name of one of the attributes that AWS looks at.
func Attribute(name string) string { return "https://aws.amazon.com/SAML/Attributes/" + name }

// Claim returns what the provider says of a user at a time, so that AWS takes
// it: the role of the pair, for a session of that name.
func (p *Provider) Claim(at time.Time, role, provider, session string) Claims {
	const page = "https://signin.aws.amazon.com/saml"
	return Claims{
		ID: "_" + rand.Text(), Issuer: p.Issuer, Subject: "ada", Format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
		Recipient: page, Audience: []string{page}, Issued: at, RedeemBefore: at.Add(5 * time.Minute),
		ValidFrom: at, ValidBefore: at.Add(time.Hour),
		Attributes: map[string][]string{Attribute("Role"): {role + "," + provider}, Attribute("RoleSessionName"): {session}},
	}
}

// With returns the claims with an attribute that AWS looks at changed.
func (c Claims) With(name string, values ...string) Claims {
	c.Attributes = maps.Clone(c.Attributes)
	c.Attributes[Attribute(name)] = values
	return c
}

// Element returns the assertion without a signature.
func (c Claims) Element() *etree.Element {
	var b strings.Builder
	fmt.Fprintf(&b, `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="%s" Version="2.0"%s><saml:Issuer>%s</saml:Issuer>`, c.ID, at("IssueInstant", c.Issued), escape(c.Issuer))
	fmt.Fprintf(&b, `<saml:Subject><saml:NameID Format="%s">%s</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">`, c.Format, escape(c.Subject))
	fmt.Fprintf(&b, `<saml:SubjectConfirmationData%s Recipient="%s"/></saml:SubjectConfirmation></saml:Subject>`, at("NotOnOrAfter", c.RedeemBefore), escape(c.Recipient))
	fmt.Fprintf(&b, `<saml:Conditions%s%s>`, at("NotBefore", c.ValidFrom), at("NotOnOrAfter", c.ValidBefore))
	if len(c.Audience) > 0 {
		b.WriteString(`<saml:AudienceRestriction>` + wrapped("Audience", c.Audience) + `</saml:AudienceRestriction>`)
	}
	fmt.Fprintf(&b, `</saml:Conditions><saml:AuthnStatement%s%s/><saml:AttributeStatement>`, at("AuthnInstant", c.Issued), at("SessionNotOnOrAfter", c.SessionEnd))
	for _, name := range slices.Sorted(maps.Keys(c.Attributes)) {
		fmt.Fprintf(&b, `<saml:Attribute Name="%s">%s</saml:Attribute>`, escape(name), wrapped("AttributeValue", c.Attributes[name]))
	}
	b.WriteString(`</saml:AttributeStatement></saml:Assertion>`)
	return Parse(b.String())
}

// Response returns a response around an assertion, without a signature.
func Response(assertions ...*etree.Element) *etree.Element {
	r := Parse(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r" Version="2.0"><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status></samlp:Response>`)
	for _, a := range assertions {
		r.AddChild(a)
	}
	return r
}

// Parse reads an element; it panics where the text is none.
func Parse(text string) *etree.Element {
	d := etree.NewDocument()
	if err := d.ReadFromString(text); err != nil {
		panic(err)
	}
	return d.Root()
}

// Sign returns the element with the provider's signature in it.
func (p *Provider) Sign(t testing.TB, e *etree.Element) *etree.Element {
	t.Helper()
	context, err := dsig.NewSigningContext(p.key, [][]byte{p.Certificate})
	if err != nil {
		t.Fatal(err)
	}
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	signed, err := context.SignEnveloped(e)
	if err != nil {
		t.Fatal(err)
	}
	// The library leaves its element without knowledge of its parent.
	return Parse(string(write(signed)))
}

// Encode returns an element as SAMLAssertion carries it.
func Encode(e *etree.Element) string { return base64.StdEncoding.EncodeToString(write(e)) }

func write(e *etree.Element) []byte {
	d := etree.NewDocument()
	d.SetRoot(e.Copy())
	text, err := d.WriteToBytes()
	if err != nil {
		panic(err)
	}
	return text
}

// Say returns a response with the claims in a signed assertion.
func (p *Provider) Say(t testing.TB, c Claims) string {
	t.Helper()
	return Encode(Response(p.Sign(t, c.Element())))
}

func at(name string, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf(` %s="%s"`, name, t.UTC().Format("2006-01-02T15:04:05.000Z"))
}

func wrapped(tag string, values []string) string {
	var b strings.Builder
	for _, v := range values {
		fmt.Fprintf(&b, `<saml:%s>%s</saml:%s>`, tag, escape(v), tag)
	}
	return b.String()
}

func escape(text string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(text))
	return b.String()
}
