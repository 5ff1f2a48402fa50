package policy

import "slices"

// Kind says where a policy is used, which decides the elements it may have.
type Kind uint8

// The kinds of policy.
const (
	// Identity policies are attached to users, groups, roles and sessions, or
	// set a boundary: no Principal; Action and Resource are needed.
	Identity Kind = iota
	// Resource policies are attached to a resource, such as a bucket: Principal,
	// Action and Resource are needed.
	Resource
	// KeyPolicy is a KMS key's: Principal is needed. A statement without Action
	// or Resource is accepted and has no effect.
	KeyPolicy
	// Trust policies are attached to a role: Principal and Action are needed,
	// there is no Resource and no NotPrincipal.
	Trust
	// Session policies are passed along when a session is made: as Identity,
	// but an ARN that lacks fields is refused.
	Session
)

// attached reports whether a policy of the kind says what its bearer may do,
// and so names no principal.
func (k Kind) attached() bool { return k == Identity || k == Session }

// saved reports whether IAM itself reads policies of the kind, with its own rules
// about Sids and condition keys.
func (k Kind) saved() bool { return k.attached() || k == Trust }

// Effect is what a statement does to the requests it applies to.
type Effect string

// The effects.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// The versions of the policy language. Only the current one has policy
// variables; the old one is assumed if a document names none.
const (
	CurrentVersion = "2012-10-17"
	OldVersion     = "2008-10-17"
)

// Policy is a compiled policy document. It is never changed, so any number of
// goroutines may use it.
type Policy struct {
	Version    string // as written; OldVersion if the document has none
	ID         string // the Id element
	Statements []Statement

	document []byte
	allows   []*Statement
	denies   []*Statement
}

// Statement is one statement of a policy.
type Statement struct {
	Sid    string
	Effect Effect
	// NotPrincipal says that Principals are exceptions: the statement is about
	// everyone else.
	NotPrincipal bool

	ref        StatementRef
	principals []PrincipalEntry // nil in an identity policy
	anyone     bool             // it is about whoever bears the policy
	actions    selection
	resources  selection
	conditions []condition
	inert      bool // lacks Action or Resource
}

// StatementRef points to a statement of a policy.
type StatementRef struct {
	Index int    `json:"index"` // from 0
	Sid   string `json:"sid,omitempty"`
}

// Principals gives the names in the Principal or NotPrincipal element, in the
// order of the document. The caller must not change the slice.
func (s *Statement) Principals() []PrincipalEntry { return s.principals }

// Actions gives the strings of the Action or NotAction element as written.
func (s *Statement) Actions() []string { return s.actions.written }

// Resources gives the strings of the Resource or NotResource element as
// written.
func (s *Statement) Resources() []string { return s.resources.written }

// Excepts reports whether the statement has NotAction or NotResource.
func (s *Statement) Excepts() bool { return s.actions.not || s.resources.not }

// ConditionKeys gives the operator and key of each condition as written.
func (s *Statement) ConditionKeys() []ConditionKey {
	keys := make([]ConditionKey, 0, len(s.conditions))
	for i := range s.conditions {
		keys = append(keys, ConditionKey{s.conditions[i].operator, s.conditions[i].key})
	}
	return keys
}

// ConditionKey is an operator with a key it is applied to.
type ConditionKey struct {
	Operator string `json:"operator"` // such as "ForAllValues:StringLikeIfExists"
	Key      string `json:"key"`      // such as "aws:SourceArn"
}

// selection is an Action or Resource element, or its Not... twin.
type selection struct {
	patterns []pattern
	written  []string
	not      bool
	any      bool // the element is not part of this kind of policy
}

// covers reports whether the element includes s.
func (s *selection) covers(text string, ctx Context) bool {
	if s.any {
		return true
	}
	for i := range s.patterns {
		if s.patterns[i].match(text, ctx) {
			return !s.not
		}
	}
	return s.not
}

// Parse reads a policy document and compiles it. The error is a *[SyntaxError]
// for the first fault found. Whether the named principals, actions and
// condition keys exist, and whether the document is too large, is for the
// service to say.
func Parse(kind Kind, document []byte) (*Policy, error) {
	root, bad := tree(document)
	if bad != nil {
		return nil, bad
	}
	c := compiler{kind: kind}
	p := c.policy(root)
	if c.fault != nil {
		return nil, c.fault
	}
	p.document = append([]byte(nil), document...)
	for i := range p.Statements {
		s := &p.Statements[i]
		if s.Effect == Deny {
			p.denies = append(p.denies, s)
		} else {
			p.allows = append(p.allows, s)
		}
	}
	return p, nil
}

// compiler turns nodes into a policy. It goes on after a fault and keeps the
// first.
type compiler struct {
	kind      Kind
	variables bool // the version has policy variables
	fault     *SyntaxError
}

func (c *compiler) fail(n *node, reason Reason, value string) {
	if c.fault == nil {
		c.fault = n.fault(reason, value)
	}
}

// missing reports an element that n lacks.
func (c *compiler) missing(n *node, reason Reason, element string) {
	if c.fault == nil {
		c.fault = n.fault(reason, "")
		c.fault.Element = element
	}
}

// is checks the type of a value.
func (c *compiler) is(n *node, kind nodeType) bool {
	if n.kind != kind {
		c.fail(n, WrongType, "")
	}
	return n.kind == kind
}

// only reports members that are not among the known ones.
func (c *compiler) only(n *node, known ...string) {
	for _, m := range n.members {
		if !slices.Contains(known, m.name) {
			c.fail(m.value, UnknownElement, m.name)
		}
	}
}

// text reads an optional string.
func (c *compiler) text(n *node) string {
	if n == nil || !c.is(n, stringNode) {
		return ""
	}
	return n.text
}

// texts reads a string or a list of strings.
func (c *compiler) texts(n *node) []*node {
	items := asList(n)
	for _, item := range items {
		c.is(item, stringNode)
	}
	return items
}

// scalars reads a string, number or boolean, or a list of them.
func (c *compiler) scalars(n *node) []*node {
	items := asList(n)
	for _, item := range items {
		if item.kind != stringNode && item.kind != numberNode && item.kind != boolNode {
			c.fail(item, WrongType, "")
		}
	}
	return items
}

// asList: a list of one may be written without brackets.
func asList(n *node) []*node {
	if n.kind == listNode {
		return n.items
	}
	return []*node{n}
}

// policy reads the document.
//
// Unverified: Id is accepted in identity policies, although the grammar keeps it
// for those of resources; element names are compared with their case.
func (c *compiler) policy(n *node) *Policy {
	p := &Policy{Version: OldVersion}
	if !c.is(n, objectNode) {
		return p
	}
	c.only(n, "Version", "Id", "Statement")
	if version := n.member("Version"); version != nil {
		p.Version = c.text(version)
		if p.Version != CurrentVersion && p.Version != OldVersion {
			c.fail(version, BadVersion, p.Version)
		}
	}
	c.variables = p.Version == CurrentVersion
	p.ID = c.text(n.member("Id"))
	statements := n.member("Statement")
	if statements == nil || statements.kind == listNode && len(statements.items) == 0 {
		c.missing(n, MissingStatement, "Statement")
		return p
	}
	for i, item := range asList(statements) {
		p.Statements = append(p.Statements, c.statement(item, i))
	}
	c.distinctSids(p, asList(statements))
	return p
}
