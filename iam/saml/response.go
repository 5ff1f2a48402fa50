package saml

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// Errors of Verify.
var (
	ErrEncoding  = errors.New("saml: not base64")
	ErrMalformed = errors.New("saml: not a response with one assertion")
	ErrEncrypted = errors.New("saml: the assertion is encrypted")
	ErrRejected  = errors.New("saml: the identity provider did not authenticate anybody")
	ErrSignature = errors.New("saml: no valid signature of the identity provider")
)

// success is the status of a response about somebody who was authenticated.
const success = "urn:oasis:names:tc:SAML:2.0:status:Success"

// Assertion is what an identity provider vouches for. Times that it does not
// say are zero. Whether it is for us and for now is for the caller to check.
type Assertion struct {
	Issuer       string
	Issued       time.Time
	Subject      string // NameID
	SubjectType  string // Format of NameID
	Recipient    string // of the only subject confirmation
	RedeemBefore time.Time
	ValidFrom    time.Time
	ValidBefore  time.Time
	SessionEnd   time.Time
	Attributes   map[string][]string

	audiences [][]string // one of each restriction is meant
}

// Verify decodes a response and returns its assertion. Either the response or
// the assertion is signed with one of the certificates, which is valid at that
// time; what is not signed is not looked at.
func Verify(encoded string, trusted []*x509.Certificate, at time.Time) (*Assertion, error) {
	document, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil {
		return nil, ErrEncoding
	}
	root, err := parse(document)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if !is(root, protocolNS, "Response") {
		return nil, ErrMalformed
	}
	if code := one(one(root, protocolNS, "Status"), protocolNS, "StatusCode"); attribute(code, "Value") != success {
		return nil, ErrRejected
	}
	v := verifier{trusted, dsig.NewFakeClockAt(at)}
	signed, err := v.assertion(root)
	if err != nil {
		return nil, err
	}
	return read(signed)
}

// verifier checks signatures at one instant.
type verifier struct {
	trusted []*x509.Certificate
	clock   *dsig.Clock
}

// assertion returns the assertion of a response as it was signed.
func (v verifier) assertion(response *etree.Element) (*etree.Element, error) {
	whole, err := v.verify(response)
	if err == nil {
		if !is(whole, protocolNS, "Response") {
			return nil, ErrSignature
		}
		return onlyAssertion(whole)
	}
	if !errors.Is(err, dsig.ErrMissingSignature) {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	unsigned, err := onlyAssertion(response)
	if err != nil {
		return nil, err
	}
	detached, err := detach(unsigned)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	signed, err := v.verify(detached)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if !is(signed, assertionNS, "Assertion") {
		return nil, ErrSignature
	}
	return signed, nil
}

func onlyAssertion(response *etree.Element) (*etree.Element, error) {
	if len(all(response, assertionNS, "EncryptedAssertion")) > 0 {
		return nil, ErrEncrypted
	}
	if a := one(response, assertionNS, "Assertion"); a != nil {
		return a, nil
	}
	return nil, ErrMalformed
}

// detach returns an element with the namespaces that it inherits declared.
func detach(e *etree.Element) (*etree.Element, error) {
	parents, err := etreeutils.NSBuildParentContext(e)
	if err != nil {
		return nil, err
	}
	own, err := parents.SubContext(e)
	if err != nil {
		return nil, err
	}
	return etreeutils.NSDetatch(own, e)
}

// verify returns the element as it was signed. Each certificate is tried by
// itself: the library takes signatures that don't name theirs only where there
// is but one.
func (v verifier) verify(e *etree.Element) (*etree.Element, error) {
	if attribute(e, "ID") == "" {
		return nil, dsig.ErrMissingSignature
	}
	err := dsig.ErrInvalidSignature
	for _, c := range v.trusted {
		context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{c}})
		context.Clock = v.clock
		var signed *etree.Element
		if signed, err = context.Validate(e); err == nil {
			return signed, nil
		}
		if errors.Is(err, dsig.ErrMissingSignature) {
			return nil, err
		}
	}
	return nil, err
}

// read reads a signed assertion.
func read(e *etree.Element) (*Assertion, error) {
	a := &Assertion{Issuer: text(one(e, assertionNS, "Issuer")), Attributes: map[string][]string{}}
	subject := one(e, assertionNS, "Subject")
	name := one(subject, assertionNS, "NameID")
	a.Subject, a.SubjectType = text(name), attribute(name, "Format")
	confirmation := one(one(subject, assertionNS, "SubjectConfirmation"), assertionNS, "SubjectConfirmationData")
	a.Recipient = attribute(confirmation, "Recipient")
	conditions := one(e, assertionNS, "Conditions")
	for _, t := range []struct {
		into *time.Time
		from *etree.Element
		key  string
	}{
		{&a.Issued, e, "IssueInstant"}, {&a.RedeemBefore, confirmation, "NotOnOrAfter"},
		{&a.ValidFrom, conditions, "NotBefore"}, {&a.ValidBefore, conditions, "NotOnOrAfter"},
	} {
		var err error
		if *t.into, err = instant(t.from, t.key); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
	}
	if a.Issuer == "" || a.Subject == "" || a.Recipient == "" || a.Issued.IsZero() || a.RedeemBefore.IsZero() {
		return nil, ErrMalformed
	}
	for _, restriction := range all(conditions, assertionNS, "AudienceRestriction") {
		a.audiences = append(a.audiences, texts(restriction, "Audience"))
	}
	a.readAttributes(e)
	return a, a.readSession(e)
}

// readAttributes takes the attributes of all statements together.
func (a *Assertion) readAttributes(e *etree.Element) {
	for _, statement := range all(e, assertionNS, "AttributeStatement") {
		for _, attr := range all(statement, assertionNS, "Attribute") {
			name := attribute(attr, "Name")
			a.Attributes[name] = append(a.Attributes[name], texts(attr, "AttributeValue")...)
		}
	}
}

// readSession takes the earliest end of the sessions that are spoken of.
func (a *Assertion) readSession(e *etree.Element) error {
	for _, statement := range all(e, assertionNS, "AuthnStatement") {
		end, err := instant(statement, "SessionNotOnOrAfter")
		if err != nil {
			return fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		if !end.IsZero() && (a.SessionEnd.IsZero() || end.Before(a.SessionEnd)) {
			a.SessionEnd = end
		}
	}
	return nil
}

func texts(e *etree.Element, tag string) (found []string) {
	for _, c := range all(e, assertionNS, tag) {
		found = append(found, text(c))
	}
	return found
}

// MeantFor reports whether one of the names is an audience of the assertion:
// of each restriction, if there are several. One without any is meant for
// nobody.
func (a *Assertion) MeantFor(names ...string) bool {
	for _, restriction := range a.audiences {
		if !slices.ContainsFunc(restriction, func(n string) bool { return slices.Contains(names, n) }) {
			return false
		}
	}
	return len(a.audiences) > 0
}
