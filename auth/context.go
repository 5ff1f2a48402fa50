package auth

import (
	"strconv"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/policy"
)

// question puts a request in the words of package policy.
func (a *Authorizer) question(c *api.Caller, r *Request, attached Attached) *policy.Request {
	return &policy.Request{
		Action: r.Action, Resource: r.Resource, Principal: principalOf(c),
		Context: policy.Layered{Over: r.Keys, Base: &global{c, r, attached.Tags, a.clock.Now}},
	}
}

// principalOf returns the caller as policies see it.
func principalOf(c *api.Caller) *policy.Principal {
	p := &policy.Principal{Account: c.Account, ARN: c.ARN, RoleARN: c.Issuer, ID: c.ID, IssuerID: c.IssuerID}
	switch c.Type {
	case api.Root:
		p.Type = policy.Root
	case api.User:
		p.Type = policy.User
	case api.AssumedRole:
		p.Type = policy.AssumedRole
	case api.FederatedUser:
		p.Type = policy.FederatedUser
	case api.AWSService:
		p.Type, p.Services = policy.Service, []string{c.ARN}
	}
	return p
}

// global gives the condition keys that do not depend on the service, each
// computed when a policy asks for it:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
type global struct {
	caller  *api.Caller
	request *Request
	tags    map[string]string
	now     func() time.Time
}

// Lookup returns the values of a global condition key.
func (g *global) Lookup(key string) ([]string, bool) {
	if name, ok := strings.CutPrefix(key, "aws:principaltag/"); ok {
		return g.tag(name)
	}
	if !strings.HasPrefix(key, "aws:") {
		return nil, false
	}
	if values, ok := g.ofPrincipal(key); ok {
		return values, true
	}
	if values, ok := g.ofSession(key); ok {
		return values, true
	}
	return g.ofRequest(key)
}

// tag returns a tag of the principal; tag keys do not mind case.
func (g *global) tag(name string) ([]string, bool) {
	for k, v := range g.tags {
		if strings.EqualFold(k, name) {
			return []string{v}, true
		}
	}
	return nil, false
}

// ofPrincipal returns the keys that say who calls.
func (g *global) ofPrincipal(key string) ([]string, bool) {
	c := g.caller
	switch key {
	case "aws:principalarn":
		if c.Type == api.AssumedRole {
			return given(c.Issuer)
		}
		return unless(c.Type == api.AWSService, c.ARN)
	case "aws:principalaccount":
		return given(c.Account)
	case "aws:principaltype":
		return given(principalTypes[c.Type])
	case "aws:userid":
		return unless(c.Type == api.AWSService, c.ID)
	case "aws:username":
		return unless(c.Type != api.User, c.Name)
	case "aws:principalisawsservice":
		return truth(c.Type == api.AWSService)
	case "aws:principalservicename", "aws:principalservicenameslist":
		return unless(c.Type != api.AWSService, c.ARN)
	case "aws:sourcearn":
		return given(c.SourceARN)
	case "aws:sourceaccount":
		return given(c.SourceAccount)
	}
	return nil, false
}

var principalTypes = map[api.PrincipalType]string{
	api.Anonymous: "Anonymous", api.Root: "Account", api.User: "User", api.AssumedRole: "AssumedRole", api.FederatedUser: "FederatedUser",
}

// ofSession returns the keys that temporary credentials carry.
func (g *global) ofSession(key string) ([]string, bool) {
	s := g.caller.Session
	if s == nil {
		return nil, false
	}
	switch key {
	case "aws:tokenissuetime":
		return given(stamp(s.Issued))
	case "aws:multifactorauthpresent":
		return truth(s.MFA)
	case "aws:multifactorauthage":
		return unless(!s.MFA, strconv.FormatInt(int64(g.now().Sub(s.Issued).Seconds()), 10))
	case "aws:sourceidentity":
		return given(s.SourceIdentity)
	case "aws:federatedprovider":
		return given(s.Provider)
	}
	return nil, false
}

// ofRequest returns the keys that say how the call came, and to what.
func (g *global) ofRequest(key string) ([]string, bool) {
	c := g.caller
	switch key {
	case "aws:currenttime":
		return given(stamp(g.now()))
	case "aws:epochtime":
		return given(strconv.FormatInt(g.now().Unix(), 10))
	case "aws:securetransport":
		return truth(c.Secure)
	case "aws:sourceip":
		return unless(len(c.Via) > 0 || c.Type == api.AWSService, c.SourceIP)
	case "aws:useragent":
		return given(c.UserAgent)
	case "aws:requestedregion":
		return given(c.Region)
	case "aws:viaawsservice":
		return truth(len(c.Via) > 0)
	case "aws:calledvia":
		return c.Via, len(c.Via) > 0
	case "aws:calledviafirst":
		return given(first(c.Via))
	case "aws:calledvialast":
		return given(last(c.Via))
	case "aws:resourceaccount":
		if g.request.Account != "" {
			return given(g.request.Account)
		}
		return given(c.Account)
	}
	return nil, false
}

// given is a key that is there unless its value is empty.
func given(v string) ([]string, bool) {
	if v == "" {
		return nil, false
	}
	return []string{v}, true
}

func unless(absent bool, v string) ([]string, bool) {
	if absent {
		return nil, false
	}
	return given(v)
}

func truth(b bool) ([]string, bool) { return []string{strconv.FormatBool(b)}, true }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func last(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}
