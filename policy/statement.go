package policy

import "strings"

// statement reads one statement.
func (c *compiler) statement(n *node, index int) Statement {
	var s Statement
	if !c.is(n, objectNode) {
		return s
	}
	c.only(n, "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
	s.Sid = c.sid(n.member("Sid"))
	s.ref = StatementRef{index, s.Sid}
	s.Effect = c.effect(n)
	c.who(n, &s)
	s.actions = c.actions(n)
	s.resources = c.resources(n)
	s.inert = s.actions.absent() || s.resources.absent()
	if condition := n.member("Condition"); condition != nil {
		s.conditions = c.conditions(condition)
	}
	return s
}

// sid reads a Sid. IAM takes letters and digits only; the other services take
// more (IAM User Guide, reference_policies_elements_sid).
func (c *compiler) sid(n *node) string {
	sid := c.text(n)
	if c.kind.saved() && !alphanumeric(sid) {
		c.fail(n, BadSid, sid)
	}
	return sid
}

func alphanumeric(s string) bool {
	return strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// distinctSids: IAM wants the Sids of a policy to differ.
//
// Unverified: any number of statements may have the empty Sid; other services
// do not compare Sids.
func (c *compiler) distinctSids(p *Policy, nodes []*node) {
	if !c.kind.saved() {
		return
	}
	seen := map[string]bool{"": false}
	for i := range p.Statements {
		sid := p.Statements[i].Sid
		if seen[sid] {
			c.fail(nodes[i].member("Sid"), DuplicateSid, sid)
		}
		seen[sid] = sid != ""
	}
}

// effect reads the Effect.
func (c *compiler) effect(n *node) Effect {
	element := n.member("Effect")
	if element == nil {
		c.missing(n, MissingEffect, "Effect")
		return Deny
	}
	effect := Effect(c.text(element))
	if effect != Allow && effect != Deny {
		c.fail(element, BadEffect, string(effect))
	}
	return effect
}

// who reads Principal or NotPrincipal.
//
// Unverified: NotPrincipal with Allow, which AWS advises against, is accepted
// in the policies of resources.
func (c *compiler) who(n *node, s *Statement) {
	element, not := c.either(n, "Principal", "NotPrincipal")
	switch {
	case c.kind.attached():
		s.anyone = true
		if element != nil {
			c.fail(element, ProhibitedElement, element.element)
		}
	case element == nil:
		c.missing(n, MissingPrincipal, "Principal")
	case not && c.kind == Trust:
		c.fail(element, ProhibitedElement, element.element)
	default:
		s.principals, s.NotPrincipal = c.principals(element), not
	}
}

// either finds an element or its Not... twin; both is a fault.
func (c *compiler) either(n *node, name, twin string) (element *node, not bool) {
	element, other := n.member(name), n.member(twin)
	if element != nil && other != nil {
		c.fail(other, ConflictingElements, twin)
	}
	if element == nil {
		return other, other != nil
	}
	return element, false
}

// actions reads Action or NotAction.
func (c *compiler) actions(n *node) selection {
	element, not := c.either(n, "Action", "NotAction")
	s := selection{not: not}
	for _, item := range c.list(element) {
		if !isAction(item.text) {
			c.fail(item, BadAction, item.text)
		}
		s.add(item.text, compilePattern(item.text, syntax{wildcards: true}, folded))
	}
	if s.absent() && c.kind != KeyPolicy {
		c.missing(n, MissingAction, "Action")
	}
	return s
}

// isAction: an action is a service prefix and a name, or everything.
func isAction(s string) bool {
	service, name, found := strings.Cut(s, ":")
	return s == "*" || found && service != "" && name != "" && !strings.Contains(name, ":")
}

// resources reads Resource or NotResource.
func (c *compiler) resources(n *node) selection {
	element, not := c.either(n, "Resource", "NotResource")
	if c.kind == Trust {
		if element != nil {
			c.fail(element, ProhibitedElement, element.element)
		}
		return selection{any: true}
	}
	s := selection{not: not}
	special := syntax{wildcards: true, variables: c.variables}
	for _, item := range c.list(element) {
		s.add(item.text, c.resource(item, special))
	}
	if s.absent() && c.kind != KeyPolicy {
		c.missing(n, MissingResource, "Resource")
	}
	return s
}

// list reads a string or a list of strings that may be absent.
func (c *compiler) list(n *node) []*node {
	if n == nil {
		return nil
	}
	return c.texts(n)
}

func (s *selection) add(text string, p pattern) {
	s.written = append(s.written, text)
	s.patterns = append(s.patterns, p)
}

// absent reports whether the statement lacks the element.
func (s *selection) absent() bool { return len(s.patterns) == 0 && !s.any }

// resource compiles one string of a Resource element. In an identity policy an
// ARN that lacks fields is completed with wildcards, arn:aws:sqs being
// arn:aws:sqs:*:*:*; in a session policy it is refused (IAM User Guide,
// reference-arns).
func (c *compiler) resource(item *node, special syntax) pattern {
	p := compilePattern(item.text, special, plain)
	if item.text == "*" || !c.kind.attached() {
		return p
	}
	lacking := 5 - p.colons()
	if !isResource(item.text) || c.kind == Session && lacking > 0 {
		c.fail(item, BadResource, item.text)
	}
	if lacking > 0 {
		p = compilePattern(item.text+strings.Repeat(":*", lacking), special, plain)
	}
	return p
}

// isResource: what IAM saves begins with arn, a partition and a service, the
// latter two without wildcards (IAM User Guide, reference-arns and
// reference_policies_elements_resource).
//
// Unverified: an ARN that ends before its service is refused, not completed.
func isResource(s string) bool {
	fields := strings.SplitN(s, ":", 4)
	return len(fields) >= 3 && fields[0] == "arn" && fields[1] != "" && fields[2] != "" &&
		!strings.ContainsAny(fields[1]+fields[2], "*?")
}
