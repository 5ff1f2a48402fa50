package saml_test

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"sealstack/iam/saml"
	"sealstack/iam/saml/samltest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	role     = "arn:aws:iam::111122223333:role/r"
	provider = "arn:aws:iam::111122223333:saml-provider/p"
)

func certificates(t testing.TB, ps ...*samltest.Provider) (all []*x509.Certificate) {
	t.Helper()
	for _, p := range ps {
		c, err := x509.ParseCertificate(p.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func TestASignedAssertionIsRead(t *testing.T) {
	p, other := samltest.New(t, "https://idp.example.com", noon), samltest.New(t, "https://other.example.com", noon)
	c := p.Claim(noon, role, provider, "ada").With("PrincipalTag:Team", "red & blue")
	c.SessionEnd = noon.Add(30 * time.Minute)
	trusted := certificates(t, other, p)
	for name, said := range map[string]string{
		"the assertion is signed": p.Say(t, c),
		"the response is signed":  samltest.Encode(p.Sign(t, samltest.Response(c.Element()))),
		"both are":                samltest.Encode(p.Sign(t, samltest.Response(p.Sign(t, c.Element())))),
	} {
		a, err := saml.Verify(said, trusted, noon)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a.Issuer != p.Issuer || a.Subject != "ada" || !strings.HasSuffix(a.SubjectType, ":persistent") || a.Recipient != c.Recipient {
			t.Errorf("%s: %+v", name, a)
		}
		for what, got := range map[string][2]time.Time{
			"issued": {a.Issued, noon}, "redeem": {a.RedeemBefore, noon.Add(5 * time.Minute)}, "from": {a.ValidFrom, noon},
			"before": {a.ValidBefore, noon.Add(time.Hour)}, "end": {a.SessionEnd, c.SessionEnd},
		} {
			if !got[0].Equal(got[1]) {
				t.Errorf("%s: %s at %v, want %v", name, what, got[0], got[1])
			}
		}
		if got := a.Attributes[samltest.Attribute("PrincipalTag:Team")]; !slices.Equal(got, []string{"red & blue"}) {
			t.Errorf("%s: tag %q", name, got)
		}
		if !a.MeantFor("x", c.Recipient) || a.MeantFor("x") || a.MeantFor() {
			t.Errorf("%s: audiences", name)
		}
	}
}

func TestAnAssertionWithoutAudienceIsMeantForNobody(t *testing.T) {
	p := samltest.New(t, "i", noon)
	c := p.Claim(noon, role, provider, "ada")
	c.Audience = nil
	a, err := saml.Verify(p.Say(t, c), certificates(t, p), noon)
	if err != nil || a.MeantFor(c.Recipient) {
		t.Errorf("%+v, %v", a, err)
	}
}

// evil is an assertion that the provider never made.
func evil(p *samltest.Provider) samltest.Claims {
	c := p.Claim(noon, "arn:aws:iam::111122223333:role/admin", provider, "eve")
	c.Subject, c.ID = "eve", "_evil"
	return c
}

// signatureOf takes the signature out of an element.
func signatureOf(e *etree.Element) *etree.Element {
	s := e.SelectElement("Signature")
	e.RemoveChild(s)
	return s
}

func TestSignaturesCannotBeWrapped(t *testing.T) {
	p := samltest.New(t, "https://idp.example.com", noon)
	trusted := certificates(t, p)
	genuine := func() *etree.Element { return p.Sign(t, p.Claim(noon, role, provider, "ada").Element()) }
	inside := func(outer *etree.Element, inner ...*etree.Element) *etree.Element {
		for _, e := range inner {
			outer.AddChild(e)
		}
		return outer
	}
	extension := func(e *etree.Element) *etree.Element {
		return inside(samltest.Parse(`<samlp:Extensions xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>`), e)
	}
	for name, response := range map[string]func() *etree.Element{
		"an unsigned one before": func() *etree.Element { return samltest.Response(evil(p).Element(), genuine()) },
		"an unsigned one behind": func() *etree.Element { return samltest.Response(genuine(), evil(p).Element()) },
		"around the signed one":  func() *etree.Element { return samltest.Response(inside(evil(p).Element(), genuine())) },
		"signed one elsewhere":   func() *etree.Element { return inside(samltest.Response(evil(p).Element()), extension(genuine())) },
		"with another signature": func() *etree.Element { return samltest.Response(inside(evil(p).Element(), signatureOf(genuine()))) },
		"signed one in its signature": func() *etree.Element {
			good := genuine()
			s := signatureOf(good)
			object := samltest.Parse(`<ds:Object xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>`)
			s.AddChild(inside(object, good))
			return samltest.Response(inside(evil(p).Element(), s))
		},
		"with the signed one's id": func() *etree.Element {
			good, bad := genuine(), evil(p)
			bad.ID = good.SelectAttrValue("ID", "")
			return samltest.Response(inside(bad.Element(), signatureOf(good)))
		},
		"twice the signed one's id": func() *etree.Element {
			good, bad := genuine(), evil(p)
			bad.ID = good.SelectAttrValue("ID", "")
			s := signatureOf(good)
			return inside(samltest.Response(inside(bad.Element(), s)), extension(good))
		},
		"an empty reference": func() *etree.Element {
			good := genuine()
			s := signatureOf(good)
			s.FindElement("./SignedInfo/Reference").CreateAttr("URI", "")
			return samltest.Response(inside(evil(p).Element(), s))
		},
		"a response around a signed response": func() *etree.Element {
			signed := p.Sign(t, samltest.Response(genuine()))
			outer := samltest.Response(evil(p).Element())
			outer.CreateAttr("ID", "_outer")
			return inside(outer, extension(signed))
		},
		"a changed attribute": func() *etree.Element {
			good := genuine()
			good.FindElement("./AttributeStatement/Attribute/AttributeValue").SetText("eve")
			return samltest.Response(good)
		},
		"no signature at all": func() *etree.Element { return samltest.Response(evil(p).Element()) },
	} {
		a, err := saml.Verify(samltest.Encode(response()), trusted, noon)
		if err == nil && a.Subject != "ada" || err == nil && name == "a changed attribute" {
			t.Errorf("%s: taken for %+v", name, a)
		}
		if err != nil && !errors.Is(err, saml.ErrSignature) && !errors.Is(err, saml.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACommentDoesNotCutAName(t *testing.T) {
	p := samltest.New(t, "i", noon)
	c := p.Claim(noon, role, provider, "ada")
	c.Subject = "ada@example.com.evil.org"
	document, err := base64.StdEncoding.DecodeString(p.Say(t, c))
	if err != nil {
		t.Fatal(err)
	}
	cut := strings.Replace(string(document), "ada@example.com", "ada@example.com<!-- -->", 1)
	a, err := saml.Verify(base64.StdEncoding.EncodeToString([]byte(cut)), certificates(t, p), noon)
	if err != nil || a.Subject != c.Subject {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestResponsesThatDoNotHold(t *testing.T) {
	p, stranger := samltest.New(t, "https://idp.example.com", noon), samltest.New(t, "https://idp.example.com", noon)
	good := p.Claim(noon, role, provider, "ada")
	change := func(fn func(*samltest.Claims)) string {
		c := good
		fn(&c)
		return p.Say(t, c)
	}
	raw := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	plain := func(old, new string) string {
		document, _ := base64.StdEncoding.DecodeString(p.Say(t, good))
		return raw(strings.Replace(string(document), old, new, 1))
	}
	encrypted := samltest.Response(samltest.Parse(`<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>`))
	for name, c := range map[string]struct {
		said string
		at   time.Time
		want error
	}{
		"genuine":                        {p.Say(t, good), noon, nil},
		"no base64":                      {"%%%", noon, saml.ErrEncoding},
		"no XML":                         {raw("hello"), noon, saml.ErrMalformed},
		"XML that ends":                  {raw("<a>"), noon, saml.ErrMalformed},
		"two roots":                      {raw("<a/><b/>"), noon, saml.ErrMalformed},
		"nothing":                        {raw(""), noon, saml.ErrMalformed},
		"another document":               {raw("<a/>"), noon, saml.ErrMalformed},
		"a bare assertion":               {samltest.Encode(p.Sign(t, good.Element())), noon, saml.ErrMalformed},
		"no assertion":                   {samltest.Encode(samltest.Response()), noon, saml.ErrMalformed},
		"an entity":                      {plain("<samlp:Response", `<!DOCTYPE x [<!ENTITY e "ada">]><samlp:Response`), noon, saml.ErrMalformed},
		"an outer entity":                {plain("<samlp:Response", `<!DOCTYPE x SYSTEM "file:///etc/passwd"><samlp:Response`), noon, saml.ErrMalformed},
		"an instruction":                 {plain("<samlp:Response", `<?xml-stylesheet href="x"?><samlp:Response`), noon, saml.ErrMalformed},
		"too deep":                       {raw(strings.Repeat("<a>", 70) + strings.Repeat("</a>", 70)), noon, saml.ErrMalformed},
		"not authenticated":              {plain("status:Success", "status:Requester"), noon, saml.ErrRejected},
		"encrypted":                      {samltest.Encode(encrypted), noon, saml.ErrEncrypted},
		"by a stranger":                  {stranger.Say(t, good), noon, saml.ErrSignature},
		"certificate not valid yet":      {p.Say(t, good), noon.AddDate(0, 0, -2), saml.ErrSignature},
		"certificate not valid any more": {p.Say(t, good), noon.AddDate(2, 0, 0), saml.ErrSignature},
		"no id":                          {change(func(c *samltest.Claims) { c.ID = "" }), noon, saml.ErrSignature},
		"no issuer":                      {change(func(c *samltest.Claims) { c.Issuer = "" }), noon, saml.ErrMalformed},
		"no subject":                     {change(func(c *samltest.Claims) { c.Subject = "" }), noon, saml.ErrMalformed},
		"no recipient":                   {change(func(c *samltest.Claims) { c.Recipient = "" }), noon, saml.ErrMalformed},
		"no time":                        {change(func(c *samltest.Claims) { c.Issued = time.Time{} }), noon, saml.ErrMalformed},
		"no end":                         {change(func(c *samltest.Claims) { c.RedeemBefore = time.Time{} }), noon, saml.ErrMalformed},
	} {
		if _, err := saml.Verify(c.said, certificates(t, p), c.at); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// Whichever byte of a signed document changes, what is read stays what was
// signed.
func TestNoByteOfASignedAssertionCanBeChanged(t *testing.T) {
	p := samltest.New(t, "https://idp.example.com", noon)
	trusted := certificates(t, p)
	document, err := base64.StdEncoding.DecodeString(p.Say(t, p.Claim(noon, role, provider, "ada")))
	if err != nil {
		t.Fatal(err)
	}
	refused, tried := 0, 0
	for i := 0; i < len(document); i += 3 { // a third of them, for time
		tried++
		changed := slices.Clone(document)
		changed[i] ^= 1
		a, err := saml.Verify(base64.StdEncoding.EncodeToString(changed), trusted, noon)
		if err != nil {
			refused++
			continue
		}
		if a.Subject != "ada" || a.Attributes[samltest.Attribute("Role")][0] != role+","+provider || a.Recipient != "https://signin.aws.amazon.com/saml" {
			t.Errorf("byte %d: %+v", i, a)
		}
	}
	if refused < tried*9/10 {
		t.Errorf("%d of %d changes are refused", refused, tried)
	}
}

func FuzzVerify(f *testing.F) {
	p := samltest.New(f, "https://idp.example.com", noon)
	trusted := certificates(f, p)
	said, err := base64.StdEncoding.DecodeString(p.Say(f, p.Claim(noon, role, provider, "ada")))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(said)
	f.Add([]byte(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="#"/>`))
	f.Fuzz(func(t *testing.T, document []byte) {
		a, err := saml.Verify(base64.StdEncoding.EncodeToString(document), trusted, noon)
		if err == nil && a.Subject != "ada" {
			t.Errorf("%+v", a)
		}
	})
}
