package iam

import (
	"context"
	"crypto/sha1" // the name qualifier is one
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sealstack/auth"
	"sealstack/iam/saml"
)

// voucher is a checked assertion of a provider.
type voucher struct {
	*saml.Assertion
	provider ref
}

// attributePrefix begins the names of attributes that AWS looks at.
const attributePrefix = "https://aws.amazon.com/SAML/Attributes/"

// sessionWord is what session names and source identities are made of.
var sessionWord = regexp.MustCompile(`^[a-zA-Z_0-9+=,.@-]{2,64}$`)

// attribute returns the only value of one of AWS's attributes.
func (v *voucher) attribute(name string) (string, bool) {
	values := v.Attributes[attributePrefix+name]
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}

// enter takes tags and source identity into the session and returns its name.
func (v *voucher) enter(n *session) (name string, err error) {
	name, ok := v.attribute("RoleSessionName")
	if !ok {
		return "", badToken("RoleSessionName is required in AuthnResponse")
	}
	if !sessionWord.MatchString(name) {
		return "", badToken("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
	}
	if identity, ok := v.attribute("SourceIdentity"); ok {
		if !sessionWord.MatchString(identity) || strings.HasPrefix(strings.ToLower(identity), "aws:") {
			return "", badToken(`Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"`)
		}
		n.SourceIdentity = identity
	}
	n.Tags, err = v.tags()
	n.Transitive = v.Attributes[attributePrefix+"TransitiveTagKeys"]
	for _, key := range n.Transitive {
		if !hasFolded(n.Tags, key) {
			return "", badParameter("The specified transitive tag key must be included in the requested tags.")
		}
	}
	return name, err
}

// Limits of session tags, see
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_know
const (
	maxTagKey   = 128
	maxTagValue = 256
)

// tags reads the session tags: an attribute each.
//
// Unverified: the sentences for tags beyond the limits.
func (v *voucher) tags() (map[string]string, error) {
	var tags map[string]string
	for name, values := range v.Attributes {
		key, ok := strings.CutPrefix(name, attributePrefix+"PrincipalTag:")
		switch {
		case !ok:
			continue
		case key == "" || len(key) > maxTagKey || len(values) != 1 || len(values[0]) > maxTagValue:
			return nil, badToken("The SAML assertion has an invalid session tag.")
		case hasFolded(tags, key):
			return nil, badParameter("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		case len(tags) == tagsPerEntity:
			return nil, badToken("The SAML assertion has too many session tags.")
		case tags == nil:
			tags = map[string]string{}
		}
		tags[key] = values[0]
	}
	return tags, nil
}

// grants reports whether the provider lets the user have the role: the Role
// attribute has pairs of a role and a provider, in whatever order.
//
// Unverified: STS's error for a role that the assertion does not name.
func (v *voucher) grants(role, provider string) bool {
	return slices.ContainsFunc(v.Attributes[attributePrefix+"Role"], func(pair string) bool {
		one, other, _ := strings.Cut(pair, ",")
		one, other = strings.TrimSpace(one), strings.TrimSpace(other)
		return one == role && other == provider || one == provider && other == role
	})
}

// Lengths of sessions that an assertion may ask for, in seconds.
const (
	shortestSession = 900
	longestSession  = 43200
)

// seconds is how long the session is to last: by the request, else by the
// assertion.
//
// Unverified: that SessionDuration counts where STS is called without
// DurationSeconds, and the sentence for one that cannot be.
func (v *voucher) seconds(asked *int32) (*int32, error) {
	text, ok := v.attribute("SessionDuration")
	if !ok || asked != nil {
		return asked, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < shortestSession || n > longestSession {
		return nil, badToken("SessionDuration in AuthnResponse must be between 900 and 43200")
	}
	return new(int32(n)), nil
}

// subjectType is the format of the name, without the prefix of SAML's own.
func (v *voucher) subjectType() string {
	return strings.TrimPrefix(v.SubjectType, "urn:oasis:names:tc:SAML:2.0:nameid-format:")
}

// qualifier tells users of one provider from those of another: see the
// NameQualifier of the operation.
func (v *voucher) qualifier() string {
	sum := sha1.Sum([]byte(v.Issuer + v.provider.Home.Account + "/" + v.provider.Name))
	return encodeBase64(sum[:])
}

// keys are the condition keys of an assertion, see
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-saml
func (v *voucher) keys(ctx context.Context, n *session, name string) auth.Keys {
	keys := outsiderKeys(ctx, n, name)
	for attribute, values := range v.Attributes {
		if key, ok := samlKeys[attribute]; ok {
			keys["saml:"+key] = append(keys["saml:"+key], values...)
		}
	}
	keys["saml:aud"], keys["saml:iss"] = []string{v.Recipient}, []string{v.Issuer}
	keys["saml:sub"], keys["saml:sub_type"] = []string{v.Subject}, []string{v.subjectType()}
	keys["saml:doc"] = []string{v.provider.Home.Account + "/" + v.provider.Name}
	keys["saml:namequalifier"] = []string{v.qualifier()}
	return keys
}

// samlKeys are the condition keys that attributes of eduPerson, of directories
// and of Active Directory become, without "saml:":
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html#saml-attribute-mapping
//
// Unverified: the names of Active Directory's attributes.
var samlKeys = map[string]string{
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.1":  "edupersonaffiliation",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.2":  "edupersonnickname",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.3":  "edupersonorgdn",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.4":  "edupersonorgunitdn",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.5":  "edupersonprimaryaffiliation",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.6":  "edupersonprincipalname",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.7":  "edupersonentitlement",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.8":  "edupersonprimaryorgunitdn",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.9":  "edupersonscopedaffiliation",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.10": "edupersontargetedid",
	"urn:oid:1.3.6.1.4.1.5923.1.1.1.11": "edupersonassurance",
	"urn:oid:1.3.6.1.4.1.5923.1.2.1.2":  "eduorghomepageuri",
	"urn:oid:1.3.6.1.4.1.5923.1.2.1.3":  "eduorgidentityauthnpolicyuri",
	"urn:oid:1.3.6.1.4.1.5923.1.2.1.4":  "eduorglegalname",
	"urn:oid:1.3.6.1.4.1.5923.1.2.1.5":  "eduorgsuperioruri",
	"urn:oid:1.3.6.1.4.1.5923.1.2.1.6":  "eduorgwhitepagesuri",
	"urn:oid:2.5.4.3":                   "cn",
	"urn:oid:2.5.4.4":                   "surname",
	"urn:oid:2.5.4.42":                  "givenname",
	"urn:oid:2.5.4.45":                  "x500uniqueidentifier",
	"urn:oid:0.9.2342.19200300.100.1.1": "uid",
	"urn:oid:0.9.2342.19200300.100.1.3": "mail",

	"urn:oid:0.9.2342.19200300.100.1.45":                                      "organizationstatus",
	"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name":              "name",
	"http://schemas.xmlsoap.org/claims/CommonName":                            "commonname",
	"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname":         "givenname",
	"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname":           "surname",
	"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress":      "mail",
	"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/uid":               "uid",
	"http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid": "primarygroupsid",
}
