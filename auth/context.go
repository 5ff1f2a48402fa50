package auth

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"sealstack/api"
)

// GlobalKeys lists the condition keys that this package gives to every
// request, where they have a value. aws:PrincipalTag/KEY comes on top.
//
// The keys aws:SourceVpc, aws:SourceVpce, aws:VpcSourceIp and aws:referer have
// none: there are no VPC endpoints and no links to follow.
var GlobalKeys = []string{
	"aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:CurrentTime", "aws:EpochTime",
	"aws:FederatedProvider", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent",
	"aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalIsAWSService", "aws:PrincipalOrgID",
	"aws:PrincipalOrgPaths", "aws:PrincipalServiceName", "aws:PrincipalServiceNamesList",
	"aws:PrincipalType", "aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceOrgID",
	"aws:ResourceOrgPaths", "aws:SecureTransport", "aws:SourceAccount", "aws:SourceArn",
	"aws:SourceIdentity", "aws:SourceIp", "aws:SourceOrgID", "aws:SourceOrgPaths",
	"aws:TokenIssueTime", "aws:UserAgent", "aws:userid", "aws:username", "aws:ViaAWSService",
}

// Lookup returns the values of a condition key: the service's own, or one of
// the global keys, each computed when a policy asks for it:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (q *question) Lookup(key string) ([]string, bool) {
	if values, ok := q.request.Keys[key]; ok {
		return values, true
	}
	if !strings.HasPrefix(key, "aws:") {
		return nil, false
	}
	if name, ok := strings.CutPrefix(key, "aws:principaltag/"); ok {
		return q.tag(name)
	}
	for _, find := range [...]func(*question, string) ([]string, bool){
		(*question).ofPrincipal, (*question).ofSession, (*question).ofRequest, (*question).ofOrganization,
	} {
		if values, ok := find(q, key); ok {
			return values, true
		}
	}
	return nil, false
}

// tag returns a tag of the principal; tag keys do not mind case.
func (q *question) tag(name string) ([]string, bool) {
	for k, v := range q.attached.Tags {
		if strings.EqualFold(k, name) {
			return q.one(v)
		}
	}
	return nil, false
}

// ofPrincipal returns the keys that say who calls.
//
// Unverified: a service goes by one name in aws:PrincipalServiceNamesList.
func (q *question) ofPrincipal(key string) ([]string, bool) {
	c := q.caller
	service := c.Type == api.AWSService
	switch key {
	case "aws:principalarn":
		if c.Type == api.AssumedRole {
			return q.given(c.Issuer)
		}
		return q.unless(service, c.ARN)
	case "aws:principalaccount":
		return q.given(c.Account)
	case "aws:principaltype":
		return q.given(principalTypes[c.Type])
	case "aws:userid":
		return q.unless(service, c.ID)
	case "aws:username":
		return q.unless(c.Type != api.User, c.Name)
	case "aws:principalisawsservice":
		if c.Type == api.Anonymous {
			return nil, false
		}
		return truth(service)
	case "aws:principalservicename", "aws:principalservicenameslist":
		return q.unless(!service, c.ARN)
	case "aws:sourcearn":
		return q.unless(!service, c.SourceARN)
	case "aws:sourceaccount":
		return q.unless(!service, c.SourceAccount)
	}
	return nil, false
}

// principalTypes are the values of aws:PrincipalType; services have none.
var principalTypes = map[api.PrincipalType]string{
	api.Anonymous: "Anonymous", api.Root: "Account", api.User: "User",
	api.AssumedRole: "AssumedRole", api.FederatedUser: "FederatedUser",
}

// ofSession returns the keys that temporary credentials carry. A service that
// passes on the request of a user with a long-term key does so with temporary
// credentials, which are without MFA.
func (q *question) ofSession(key string) ([]string, bool) {
	s := q.caller.Session
	if s == nil {
		if key == "aws:multifactorauthpresent" && len(q.caller.Via) > 0 {
			return truth(false)
		}
		return nil, false
	}
	switch key {
	case "aws:tokenissuetime":
		return q.given(stamp(s.Issued))
	case "aws:multifactorauthpresent":
		return truth(s.MFA)
	case "aws:multifactorauthage":
		return q.unless(!s.MFA, strconv.FormatInt(int64(q.now().Sub(s.Issued).Seconds()), 10))
	case "aws:sourceidentity":
		return q.given(s.SourceIdentity)
	case "aws:federatedprovider":
		return q.given(s.Provider)
	}
	return nil, false
}

// ofRequest returns the keys that say how the call came, and to what.
//
// Unverified: an action on no resource has the caller's account as
// aws:ResourceAccount; aws:SourceIp is absent where a service calls.
func (q *question) ofRequest(key string) ([]string, bool) {
	c := q.caller
	switch key {
	case "aws:currenttime":
		return q.given(stamp(q.now()))
	case "aws:epochtime":
		return q.given(strconv.FormatInt(q.now().Unix(), 10))
	case "aws:securetransport":
		return truth(c.Secure)
	case "aws:sourceip":
		return q.unless(len(c.Via) > 0 || c.Type == api.AWSService, c.SourceIP)
	case "aws:useragent":
		return q.given(c.UserAgent)
	case "aws:requestedregion":
		return q.given(c.Region)
	case "aws:viaawsservice":
		return truth(len(c.Via) > 0)
	case "aws:calledvia", "aws:calledviafirst", "aws:calledvialast":
		return calledVia(key, c.Via)
	case "aws:resourceaccount":
		return q.given(q.owner())
	}
	return nil, false
}

// chainServices are the services that put themselves into aws:CalledVia; S3 is
// not among them.
//
// Unverified: AWS's list has grown by services that never call KMS or Logs.
var chainServices = []string{"athena.amazonaws.com", "cloudformation.amazonaws.com", "dynamodb.amazonaws.com", "kms.amazonaws.com"}

func calledVia(key string, via []string) ([]string, bool) {
	var chain []string
	for _, service := range via {
		if slices.Contains(chainServices, service) {
			chain = append(chain, service)
		}
	}
	if len(chain) == 0 {
		return nil, false
	}
	switch key {
	case "aws:calledviafirst":
		chain = chain[:1]
	case "aws:calledvialast":
		chain = chain[len(chain)-1:]
	}
	return chain, true
}

// ofOrganization returns the keys of the organizations that have a part in the
// request.
func (q *question) ofOrganization(key string) ([]string, bool) {
	who, what, found := strings.Cut(strings.TrimPrefix(key, "aws:"), "org")
	m := map[string]*Member{"principal": q.mine, "resource": q.theirs, "source": q.source}[who]
	if !found || m == nil {
		return nil, false
	}
	switch what {
	case "id":
		return q.given(m.Organization)
	case "paths":
		return q.given(m.Path)
	}
	return nil, false
}

// given is a key that is there unless its value is empty.
func (q *question) given(v string) ([]string, bool) {
	if v == "" {
		return nil, false
	}
	return q.one(v)
}

func (q *question) unless(absent bool, v string) ([]string, bool) {
	if absent {
		return nil, false
	}
	return q.given(v)
}

// one is a key with one value.
func (q *question) one(v string) ([]string, bool) {
	if q.used == len(q.values) {
		return []string{v}, true
	}
	q.values[q.used] = v
	q.used++
	return q.values[q.used-1 : q.used : q.used], true
}

var yes, no = []string{"true"}, []string{"false"}

func truth(b bool) ([]string, bool) {
	if b {
		return yes, true
	}
	return no, true
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
