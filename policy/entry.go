package policy

import (
	"encoding/json"
	"strings"

	"sealstack/arn"
)

// Form is what an entry of a Principal element names.
type Form uint8

// The forms of a [PrincipalEntry].
const (
	Everyone         Form = iota // "*"
	Account                      // a 12-digit account ID or the account's root ARN
	UserARN                      // arn:aws:iam::ACCOUNT:user/PATH/NAME
	RoleARN                      // arn:aws:iam::ACCOUNT:role/PATH/NAME
	RoleSession                  // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
	FederatedSession             // arn:aws:sts::ACCOUNT:federated-user/NAME
	UniqueUser                   // AIDA...: a user, by the ID that outlives its name
	UniqueRole                   // AROA...: a role, likewise
	ServiceName                  // SERVICE.amazonaws.com
	Provider                     // a web identity or SAML provider
	CanonicalUser                // an S3 canonical user ID
)

// PrincipalEntry is one name in a Principal or NotPrincipal element.
type PrincipalEntry struct {
	// Element is the member under which the name stands: "AWS", "Service",
	// "Federated" or "CanonicalUser"; empty for the lone "*".
	Element string
	Value   string // as written
	Form    Form
	Path    string // such as "Statement[0].Principal.AWS[1]"

	account    string
	start, end int // the string literal in the document
}

// Account is the account that the entry names or whose principal it names;
// empty for the forms that say nothing about one.
func (e PrincipalEntry) Account() string { return e.account }

// RewritePrincipals gives the document's text with its principals renamed:
// rename is asked for every entry of every statement and gives the new text,
// or the old to leave it. All else stays as written.
//
// AWS keeps users and roles in saved policies by unique ID and shows them as
// ARNs as long as they exist (IAM User Guide,
// reference_policies_elements_principal).
func (p *Policy) RewritePrincipals(rename func(PrincipalEntry) string) []byte {
	var out []byte
	done := 0
	for i := range p.Statements {
		for _, entry := range p.Statements[i].principals {
			text := rename(entry)
			if text == entry.Value {
				continue
			}
			quoted, _ := json.Marshal(text) // a string always marshals
			out = append(append(out, p.document[done:entry.start]...), quoted...)
			done = entry.end
		}
	}
	return append(out, p.document[done:]...)
}

// principals reads a Principal or NotPrincipal element.
func (c *compiler) principals(n *node) []PrincipalEntry {
	switch {
	case n.kind == stringNode && n.text == "*":
		return []PrincipalEntry{{Value: "*", Path: n.path, start: n.start, end: n.end}}
	case n.kind == stringNode:
		c.fail(n, BadPrincipal, n.text)
	case n.kind != objectNode:
		c.fail(n, WrongType, "")
	}
	var entries []PrincipalEntry
	for _, m := range n.members {
		entries = append(entries, c.principalsOf(m)...)
	}
	if len(entries) == 0 {
		c.fail(n, MissingPrincipal, "")
	}
	return entries
}

// principalsOf reads one member of a Principal element.
func (c *compiler) principalsOf(m member) []PrincipalEntry {
	if !c.kind.takes(m.name) {
		c.fail(m.value, BadPrincipal, m.name)
	}
	var entries []PrincipalEntry
	for _, item := range c.texts(m.value) {
		entry := PrincipalEntry{Element: m.name, Value: item.text, Path: item.path, start: item.start, end: item.end}
		if !entry.classify() {
			c.fail(item, BadPrincipal, item.text)
		}
		entries = append(entries, entry)
	}
	return entries
}

// takes tells which members a Principal element may have. Identity providers
// assume roles, so only trust policies name them; canonical users are known to
// S3 alone.
//
// Unverified: key and bucket policies refuse Federated.
func (k Kind) takes(element string) bool {
	switch element {
	case "AWS", "Service":
		return true
	case "Federated":
		return k == Trust
	case "CanonicalUser":
		return k == Resource
	}
	return false
}

// classify finds the form of an entry; false if it has none.
func (e *PrincipalEntry) classify() bool {
	switch e.Element {
	case "AWS":
		return e.classifyAWS()
	case "Service":
		e.Form = ServiceName
		return isDomain(e.Value)
	case "Federated":
		return e.classifyProvider()
	}
	e.Form = CanonicalUser
	return len(e.Value) == 64 && strings.Trim(e.Value, "0123456789abcdef") == ""
}

func (e *PrincipalEntry) classifyAWS() bool {
	switch {
	case e.Value == "*":
		return true
	case arn.ValidAccount(e.Value):
		e.Form, e.account = Account, e.Value
		return true
	case isUnique(e.Value, "AIDA"):
		e.Form = UniqueUser
		return true
	case isUnique(e.Value, "AROA"):
		e.Form = UniqueRole
		return true
	}
	name, err := arn.Parse(e.Value)
	return err == nil && e.classifyARN(name)
}

// classifyARN takes the ARNs of principals: no groups, and no wildcard in any
// part (IAM User Guide, reference_policies_elements_principal).
func (e *PrincipalEntry) classifyARN(name arn.ARN) bool {
	if !name.Valid() || name.Region != "" || !arn.ValidAccount(name.Account) || strings.ContainsAny(name.Resource, "*?") {
		return false
	}
	e.account = name.Account
	forms := map[string]Form{
		"iam root": Account, "iam user": UserARN, "iam role": RoleARN,
		"sts assumed-role": RoleSession, "sts federated-user": FederatedSession,
	}
	form, known := forms[name.Service+" "+name.Kind()]
	e.Form = form
	return known && wellNamed(form, name)
}

// wellNamed looks at what follows the kind in a principal's ARN.
func wellNamed(form Form, name arn.ARN) bool {
	switch form {
	case Account:
		return name.Resource == "root"
	case RoleSession:
		role, session, _ := strings.Cut(name.ID(), "/")
		return role != "" && session != "" && !strings.Contains(session, "/")
	}
	_, last := arn.SplitPath(name.ID())
	return last != "" && strings.Contains(name.Resource, "/")
}

// classifyProvider takes the domain of a web identity provider, or the ARN of
// an OIDC or SAML provider.
func (e *PrincipalEntry) classifyProvider() bool {
	e.Form = Provider
	name, err := arn.Parse(e.Value)
	if err != nil {
		return isDomain(e.Value)
	}
	e.account = name.Account
	kind := name.Kind()
	return name.Valid() && name.Service == "iam" && (kind == "oidc-provider" || kind == "saml-provider") &&
		name.ID() != "" && !strings.ContainsAny(name.Resource, "*?")
}

// isUnique recognises a unique ID by its prefix (IAM User Guide,
// reference_identifiers).
func isUnique(s, prefix string) bool {
	return len(s) >= 16 && len(s) <= 128 && strings.HasPrefix(s, prefix) &&
		strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// isDomain recognises the name of a service or provider.
//
// Unverified: AWS checks service names against its own list; here any domain
// name passes, and no wildcard.
func isDomain(s string) bool {
	return strings.Contains(s, ".") && !strings.HasPrefix(s, ".") && !strings.HasSuffix(s, ".") &&
		strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}
