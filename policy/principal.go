package policy

import "strings"

// PrincipalType is what a caller is.
type PrincipalType uint8

// The types of a [Principal].
const (
	Anonymous     PrincipalType = iota // a request without a signature
	Root                               // the root user of an account
	User                               // an IAM user
	AssumedRole                        // a session of a role
	FederatedUser                      // a session of GetFederationToken
	Service                            // an AWS service, calling for itself
	WebIdentity                        // whoever calls AssumeRoleWithWebIdentity
	SAML                               // whoever calls AssumeRoleWithSAML
)

// Principal is the caller, as the Principal elements of policies see it. Only
// the fields that belong to its type are looked at.
type Principal struct {
	Type PrincipalType
	// Account is the caller's account, 12 digits; empty for a service, a
	// federated identity and an anonymous caller.
	Account string
	// ARN is the ARN of the root user, user, assumed-role session or
	// federated-user session.
	ARN string
	// RoleARN is the ARN, with its path, of the role that a session is of, or
	// of the user who issued a federated-user session.
	RoleARN string
	// ID is the unique ID: "AIDA..." of a user, "AROA...:session" of a role
	// session, the account ID of the root user.
	ID string
	// IssuerID is the unique ID of the user who issued a federated-user
	// session. A role session needs none: its ID begins with the role's.
	IssuerID string
	// Services are the names a service goes by, such as
	// "logs.us-east-1.amazonaws.com".
	Services []string
	// Federated is the identity provider of a federated identity: the domain
	// name or the ARN of the provider.
	Federated string
	// CanonicalID is the canonical user ID of the caller's account, which
	// bucket policies may name.
	CanonicalID string
}

// Match tells how strongly a policy named the caller, weakest first.
type Match uint8

// The ways in which a Principal element can match.
const (
	NoMatch     Match = iota
	ByAccount         // the caller's account: its root ARN, its ID, its canonical ID
	ByRole            // the role of a session, or the user who issued a federated session
	ByPrincipal       // the user, the session, the service, the provider or, for the root user, its account
	ByWildcard        // everyone
)

var matchNames = [...]string{"", "ByAccount", "ByRole", "ByPrincipal", "ByWildcard"}

// String gives the name of the constant; empty for NoMatch.
func (m Match) String() string { return matchNames[m] }

// MarshalText makes the JSON form of a Match its name.
func (m Match) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// matches is a set of ways in which the caller was named.
type matches uint8

func setOf(m Match) matches {
	if m == NoMatch {
		return 0
	}
	return 1 << m
}

func (s matches) has(m Match) bool { return s&setOf(m) != 0 }

// strongest gives the greatest Match of the set.
func (s matches) strongest() Match {
	for m := ByWildcard; m > NoMatch; m-- {
		if s.has(m) {
			return m
		}
	}
	return NoMatch
}

// named gives all ways in which the entries name the caller.
func named(entries []PrincipalEntry, p *Principal) matches {
	var set matches
	for i := range entries {
		set |= setOf(entries[i].match(p))
	}
	return set
}

// match tells how one entry of a Principal element names the caller.
func (e *PrincipalEntry) match(p *Principal) Match {
	switch e.Form {
	case Everyone:
		return everyone(e.Element, p)
	case Account:
		return account(e.account, p)
	case ServiceName:
		return when(p.Type == Service && contains(p.Services, e.Value), ByPrincipal)
	case Provider:
		return when((p.Type == WebIdentity || p.Type == SAML) && p.Federated == e.Value, ByPrincipal)
	case CanonicalUser:
		return canonical(e.Value, p)
	case UniqueUser, UniqueRole:
		return e.unique(p)
	}
	return e.identity(p)
}

// everyone: the lone "*" names every caller; that it names services was
// recorded from AWS.
//
// Unverified: {"AWS": "*"} names every AWS principal and anonymous callers, but
// neither services nor the identities of outside providers. The IAM User Guide
// calls the two forms equal only for anonymous callers.
func everyone(element string, p *Principal) Match {
	outside := p.Type == Service || p.Type == WebIdentity || p.Type == SAML
	return when(element == "" || !outside, ByWildcard)
}

// account: the account names its root user directly; for its other principals
// it is a delegation to the account's own policies.
func account(id string, p *Principal) Match {
	switch p.Type {
	case Root:
		return when(p.Account == id, ByPrincipal)
	case User, AssumedRole, FederatedUser:
		return when(p.Account == id, ByAccount)
	}
	return NoMatch
}

// canonical: the canonical user ID is another name of an account.
func canonical(id string, p *Principal) Match {
	if p.CanonicalID != id {
		return NoMatch
	}
	return account(p.Account, p)
}

// identity compares the ARN of a user, a role or a session.
func (e *PrincipalEntry) identity(p *Principal) Match {
	switch p.Type {
	case User:
		return when(e.Form == UserARN && p.ARN == e.Value, ByPrincipal)
	case AssumedRole:
		if e.Form == RoleARN {
			return when(p.RoleARN == e.Value, ByRole)
		}
		return when(e.Form == RoleSession && p.ARN == e.Value, ByPrincipal)
	case FederatedUser:
		if e.Form == UserARN {
			return when(p.RoleARN == e.Value, ByRole)
		}
		return when(e.Form == FederatedSession && p.ARN == e.Value, ByPrincipal)
	}
	return NoMatch
}

// unique compares the ID that AWS keeps in a saved policy in place of the ARN
// of a user or role.
func (e *PrincipalEntry) unique(p *Principal) Match {
	switch p.Type {
	case User:
		return when(p.ID == e.Value, ByPrincipal)
	case AssumedRole:
		role, _, _ := strings.Cut(p.ID, ":")
		return when(role == e.Value, ByRole)
	case FederatedUser:
		return when(p.IssuerID == e.Value, ByRole)
	}
	return NoMatch
}

// excepted reports whether a NotPrincipal element leaves the caller out of a
// Deny. AWS looks at the account, the role and the session one after the other
// and denies if any of them is not listed, so all must be.
//
// Unverified: AWS says "might" and names no service. An exception from an Allow
// is read the other way round: whoever is listed at all gets nothing from it.
func excepted(entries []PrincipalEntry, effect Effect, p *Principal) bool {
	set := named(entries, p)
	if effect == Allow || set.has(ByWildcard) {
		return set != 0
	}
	switch p.Type {
	case User:
		return set.has(ByAccount) && set.has(ByPrincipal)
	case AssumedRole:
		return set.has(ByAccount) && set.has(ByRole) && set.has(ByPrincipal)
	case FederatedUser:
		rooted := p.RoleARN == "" || strings.HasSuffix(p.RoleARN, ":root")
		return set.has(ByAccount) && (rooted || set.has(ByRole)) && set.has(ByPrincipal)
	}
	return set != 0
}

func when(ok bool, m Match) Match {
	if ok {
		return m
	}
	return NoMatch
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}
