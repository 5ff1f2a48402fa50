package auth

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/clock"
	"sealstack/policy"
)

const (
	ours     = "111122223333"
	foreign  = "444455556666"
	ourKey   = "arn:aws:kms:us-east-1:111122223333:key/1"
	theirKey = "arn:aws:kms:us-east-1:444455556666:key/1"
	decrypt  = "kms:Decrypt"
)

// attachments are the identities of the tests, by the caller's ARN.
type attachments map[string]Attached

func (a attachments) Attached(_ context.Context, c *api.Caller) (Attached, error) {
	if c.Name == "unreadable" {
		return Attached{}, errDisk
	}
	return a[c.ARN], nil
}

var errDisk = errors.New("the disk is on fire")

func callerOf(p api.Principal) *api.Caller {
	return &api.Caller{Principal: p, Partition: "aws", Region: "us-east-1", RequestID: "11111111-2222-4333-8444-555555555555"}
}

func rootIn(account string) *api.Caller {
	return callerOf(api.Principal{Type: api.Root, Account: account, ID: account, ARN: "arn:aws:iam::" + account + ":root"})
}

func userOf(account string) *api.Caller {
	return callerOf(api.Principal{
		Type: api.User, Account: account, ID: "AIDA2222222222222222U", Name: "eve", ARN: "arn:aws:iam::" + account + ":user/eve",
	})
}

func sessionOf(account string) *api.Caller {
	c := callerOf(api.Principal{
		Type: api.AssumedRole, Account: account, ID: "AROA2222222222222222R:s", Name: "s",
		ARN: "arn:aws:sts::" + account + ":assumed-role/reader/s", Issuer: "arn:aws:iam::" + account + ":role/team/reader",
	})
	c.Session = &api.Session{Issued: noon.Add(-time.Minute), Expires: noon.Add(time.Hour)}
	return c
}

func federatedOf(account string) *api.Caller {
	c := callerOf(api.Principal{
		Type: api.FederatedUser, Account: account, ID: account + ":guest", Name: "guest", IssuerID: "AIDA2222222222222222U",
		ARN: "arn:aws:sts::" + account + ":federated-user/guest", Issuer: "arn:aws:iam::" + account + ":user/eve",
	})
	c.Session = &api.Session{Issued: noon.Add(-time.Minute), Expires: noon.Add(time.Hour)}
	return c
}

func serviceOf(name string) *api.Caller {
	c := callerOf(api.Principal{Type: api.AWSService, ARN: name, Name: name})
	c.SourceARN, c.SourceAccount = "arn:aws:logs:us-east-1:111122223333:log-group:g", ours
	return c
}

func ctxOf(c *api.Caller) context.Context { return api.WithCaller(context.Background(), c) }

// compile makes a policy of statements, nil of none.
func compile(t testing.TB, kind policy.Kind, statements ...string) *policy.Policy {
	t.Helper()
	if len(statements) == 0 {
		return nil
	}
	p, err := policy.Parse(kind, []byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`))
	if err != nil {
		t.Fatalf("%v in %s", err, statements)
	}
	return p
}

// some is a list of one policy, or the empty list.
func some(t testing.TB, statements ...string) []*policy.Policy {
	t.Helper()
	if len(statements) == 0 {
		return []*policy.Policy{}
	}
	return []*policy.Policy{compile(t, policy.Identity, statements...)}
}

const (
	mayAll   = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	mayOther = `{"Effect":"Allow","Action":"kms:Encrypt","Resource":"*"}`
	mustNot  = `{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}`
)

// to is a statement of a key policy.
func to(effect, principal string) string {
	return `{"Effect":"` + effect + `","Principal":` + principal + `,"Action":"kms:Decrypt","Resource":"*"}`
}

func aws(name string) string     { return `{"AWS":"` + name + `"}` }
func service(name string) string { return `{"Service":"` + name + `"}` }

// authorizer knows what is attached to one caller.
func authorizerOf(c *api.Caller, a Attached, options ...Option) *Authorizer {
	return NewAuthorizer(attachments{c.ARN: a}, clock.Fixed(noon), options...)
}

// wantDecision compares the end of a denial's sentence; empty stands for an
// allowed call.
func wantDecision(t *testing.T, err error, c *api.Caller, r *Request, want string) {
	t.Helper()
	got := ""
	if err != nil {
		var denied *api.Error
		if !errors.As(err, &denied) || denied.Code != "AccessDeniedException" || denied.Status != 400 {
			t.Fatalf("error %#v", err)
		}
		got = denied.Message
	}
	if want != "" {
		want = "User: " + c.ARN + " is not authorized to perform: " + r.Action + " on resource: " + r.Resource + " " + want
	}
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestAPolicyThatCannotBeReadIsNoDenial(t *testing.T) {
	c := userOf(ours)
	c.Name = "unreadable"
	a := authorizerOf(c, Attached{})
	r := &Request{Service: kmsService, Action: decrypt, Resource: ourKey}
	if err := a.Authorize(ctxOf(c), r); err != errDisk {
		t.Errorf("Authorize: %v", err)
	}
	if d, err := a.Decide(ctxOf(c), r); err != errDisk || d.Allowed {
		t.Errorf("Decide: %v %v", d, err)
	}
	if e, err := a.Explain(ctxOf(c), r); err != errDisk || e != nil {
		t.Errorf("Explain: %v %v", e, err)
	}
}

func TestADenialTakesTheFormOfItsService(t *testing.T) {
	c := userOf(ours)
	err := authorizerOf(c, Attached{}).Authorize(ctxOf(c), &Request{Service: s3Service, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"})
	var denied *api.Error
	if !errors.As(err, &denied) || denied.Code != "AccessDenied" || denied.Status != 403 {
		t.Errorf("error %#v", err)
	}
}

func TestAHiddenResourceIsShownInOtherWords(t *testing.T) {
	c := userOf(ours)
	err := authorizerOf(c, Attached{Policies: some(t, mayAll)}).Authorize(ctxOf(c), &Request{
		Service: kmsService, Action: decrypt, Resource: theirKey, Account: foreign, Gate: true, Shown: "the resource associated with this ciphertext",
	})
	const want = "AccessDeniedException: User: arn:aws:iam::111122223333:user/eve is not authorized to perform: kms:Decrypt " +
		"on the resource associated with this ciphertext because the resource does not exist in this Region, " +
		"no resource-based policies allow access, or a resource-based policy explicitly denies access"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestAResourceThatIsBeingMadeIsNotNamed(t *testing.T) {
	c := userOf(ours)
	r := &Request{Service: kmsService, Action: "kms:TagResource", Resource: ourKey, Unnamed: true}
	const want = "AccessDeniedException: User: arn:aws:iam::111122223333:user/eve is not authorized to perform: kms:TagResource " +
		"because no identity-based policy allows the kms:TagResource action"
	if err := authorizerOf(c, Attached{}).Authorize(ctxOf(c), r); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if err := authorizerOf(c, Attached{Policies: some(t, mayAll)}).Authorize(ctxOf(c), r); err != nil {
		t.Errorf("allowed: %v", err)
	}
}

func TestAContextWithoutCallerIsAnonymous(t *testing.T) {
	a := authorizerOf(&api.Caller{}, Attached{})
	r := &Request{Service: s3Service, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Account: ours}
	err := a.Authorize(context.Background(), r)
	if err == nil || err.Error() != "AccessDenied: User: anonymous is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k "+
		"because no resource-based policy allows the s3:GetObject action" {
		t.Errorf("denied with %v", err)
	}
	r.Policy = compile(t, policy.Resource, `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`)
	if err := a.Authorize(context.Background(), r); err != nil {
		t.Errorf("a public object: %v", err)
	}
	r.Local = true
	if a.Authorize(context.Background(), r) == nil {
		t.Error("anonymous callers belong to no account, not to the resource's")
	}
}
