package cloudtrail

import (
	"strconv"
	"strings"

	"sealstack/api"
	"sealstack/api/stsapi"
	"sealstack/arn"
)

// identity is the userIdentity of a record.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
type identity struct {
	Type        string          `json:"type,omitempty"`
	PrincipalID string          `json:"principalId,omitempty"`
	ARN         string          `json:"arn,omitempty"`
	Account     string          `json:"accountId,omitempty"`
	AccessKeyID string          `json:"accessKeyId,omitempty"`
	UserName    string          `json:"userName,omitempty"`
	Session     *sessionContext `json:"sessionContext,omitempty"`
	InvokedBy   string          `json:"invokedBy,omitempty"`
	Provider    string          `json:"identityProvider,omitempty"`
}

type sessionContext struct {
	Issuer         *issuer            `json:"sessionIssuer,omitempty"`
	WebID          *federation        `json:"webIdFederationData,omitempty"`
	Attributes     *sessionAttributes `json:"attributes,omitempty"`
	SourceIdentity string             `json:"sourceIdentity,omitempty"`
}

type issuer struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId,omitempty"`
	ARN         string `json:"arn"`
	Account     string `json:"accountId"`
	UserName    string `json:"userName"`
}

type federation struct {
	Provider string `json:"federatedProvider"`
}

// sessionAttributes are text, the boolean too.
type sessionAttributes struct {
	Created string `json:"creationDate"`
	MFA     string `json:"mfaAuthenticated"`
}

// awsInternal stands for a service of AWS that passes on a user's request.
const awsInternal = "AWS Internal"

// identify describes the caller to its own account.
func identify(c *api.Caller, call *api.Call) identity {
	id := identity{PrincipalID: c.ID, ARN: c.ARN, Account: c.Account, AccessKeyID: c.AccessKeyID}
	switch c.Type {
	case api.Root:
		id.Type = "Root"
	case api.User:
		id.Type, id.UserName = "IAMUser", c.Name
	case api.AssumedRole:
		id.Type = "AssumedRole"
	case api.FederatedUser:
		id.Type = "FederatedUser"
	case api.AWSService:
		return identity{Type: "AWSService", InvokedBy: c.ARN}
	default:
		id = unsigned(call)
	}
	id.Session = sessionOf(c)
	id.InvokedBy = invokedBy(c)
	return id
}

// invokedBy names the service that passes the caller's request on. Amazon S3
// hides behind AWS's common name, as the KMS guide's example of a decryption
// for a download shows.
func invokedBy(c *api.Caller) string {
	if len(c.Via) == 0 {
		return ""
	}
	last := c.Via[len(c.Via)-1]
	if strings.HasPrefix(last, "s3.") {
		return awsInternal
	}
	return last
}

// stranger describes a caller to the account of the resource, which learns no
// more than who it is.
func stranger(c *api.Caller) identity {
	if c.Type == api.AWSService {
		return identity{Type: "AWSService", InvokedBy: c.ARN}
	}
	return identity{Type: "AWSAccount", PrincipalID: c.ID, Account: c.Account, InvokedBy: invokedBy(c)}
}

// unsigned describes who calls without a signature: the subject of a web
// identity token, or anybody.
func unsigned(call *api.Call) identity {
	switch out := call.Out.(type) {
	case *stsapi.AssumeRoleWithWebIdentityResponse:
		if out == nil {
			break
		}
		provider, audience, subject := deref(out.Provider), deref(out.Audience), deref(out.SubjectFromWebIdentityToken)
		return identity{
			Type: "WebIdentityUser", PrincipalID: provider + ":" + audience + ":" + subject, UserName: subject, Provider: provider,
		}
	case *stsapi.AssumeRoleWithSAMLResponse:
		if out == nil {
			break
		}
		return identity{
			Type: "SAMLUser", PrincipalID: deref(out.NameQualifier) + ":" + deref(out.Subject), UserName: deref(out.Subject),
			Provider: deref(out.NameQualifier),
		}
	}
	if call.Service.Protocol == api.RESTXML {
		return identity{Type: "AWSAccount", Account: "ANONYMOUS_PRINCIPAL"}
	}
	return identity{Type: "Unknown"}
}

// sessionOf describes temporary credentials; nil for long-term ones.
func sessionOf(c *api.Caller) *sessionContext {
	if c.Session == nil {
		return nil
	}
	s := &sessionContext{Issuer: issuerOf(c), SourceIdentity: c.Session.SourceIdentity}
	s.Attributes = &sessionAttributes{Created: stamp(c.Session.Issued), MFA: strconv.FormatBool(c.Session.MFA)}
	if c.Session.Provider != "" {
		s.WebID = &federation{c.Session.Provider}
	}
	return s
}

// issuerOf is the role of a session, or the user who asked for a federated one.
func issuerOf(c *api.Caller) *issuer {
	if c.Issuer == "" {
		return nil
	}
	i := &issuer{Type: "Role", PrincipalID: c.IssuerID, ARN: c.Issuer, Account: c.Account}
	if c.Type == api.FederatedUser {
		i.Type = "IAMUser"
	}
	if a, err := arn.Parse(c.Issuer); err == nil {
		if i.UserName = a.Resource[strings.LastIndexByte(a.Resource, '/')+1:]; a.Resource == "root" {
			i.Type, i.UserName = "Root", ""
		}
		if a.Account != "" {
			i.Account = a.Account
		}
	}
	return i
}

// username is how LookupEvents names the caller.
func username(c *api.Caller) string {
	switch c.Type {
	case api.Root:
		return "root"
	case api.AWSService, api.Anonymous:
		return ""
	}
	return c.Name
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
