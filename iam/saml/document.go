package saml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// Namespaces of SAML 2.0 and of XML signatures.
const (
	protocolNS  = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertionNS = "urn:oasis:names:tc:SAML:2.0:assertion"
	metadataNS  = "urn:oasis:names:tc:SAML:2.0:metadata"
	signatureNS = "http://www.w3.org/2000/09/xmldsig#"
)

// maxDepth bounds how deep elements may lie in one another; those of SAML lie
// eight deep.
const maxDepth = 64

var errXML = errors.New("saml: not an XML document without declarations of types")

// parse returns the root of an XML document, which may not declare a type:
// that is where entities would come from.
func parse(text []byte) (*etree.Element, error) {
	if err := check(text); err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	doc.ReadSettings.ValidateInput = true
	if err := doc.ReadFromBytes(text); err != nil {
		return nil, err
	}
	if len(doc.ChildElements()) != 1 {
		return nil, errXML
	}
	return doc.Root(), nil
}

// check refuses what no SAML document needs.
func check(text []byte) error {
	depth, d := 0, xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return errXML
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return errXML
		case xml.ProcInst:
			if t.Target != "xml" {
				return errXML
			}
		}
	}
}

// is reports whether e is the element with that name.
func is(e *etree.Element, space, tag string) bool {
	return e != nil && e.Tag == tag && e.NamespaceURI() == space
}

// all returns the children of e with that name.
func all(e *etree.Element, space, tag string) (found []*etree.Element) {
	if e == nil {
		return nil
	}
	for _, c := range e.ChildElements() {
		if is(c, space, tag) {
			found = append(found, c)
		}
	}
	return found
}

// one returns the only child of e with that name; nil for none and for
// several.
func one(e *etree.Element, space, tag string) *etree.Element {
	if found := all(e, space, tag); len(found) == 1 {
		return found[0]
	}
	return nil
}

// text returns the characters in e without space around them. A comment does
// not end them: what stands behind it counts as well.
func text(e *etree.Element) string {
	if e == nil {
		return ""
	}
	var b strings.Builder
	for _, c := range e.Child {
		if data, ok := c.(*etree.CharData); ok {
			b.WriteString(data.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

// attribute returns an attribute that has no namespace; "" without it.
func attribute(e *etree.Element, key string) string {
	if e == nil {
		return ""
	}
	for _, a := range e.Attr {
		if a.Space == "" && a.Key == key {
			return a.Value
		}
	}
	return ""
}

// instant reads an attribute with a time; the zero time without it.
func instant(e *etree.Element, key string) (time.Time, error) {
	value := attribute(e, key)
	if value == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return t, err
	}
	return t.UTC(), nil
}
