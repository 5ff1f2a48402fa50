package auth

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/arn"
	"sealstack/auth/sigv2"
	"sealstack/auth/sigv4"
	"sealstack/clock"
)

// Mode says what an access key id that was never issued means.
type Mode uint8

// The modes.
const (
	// Lenient: an id of 12 digits is the root user of that account, any other
	// the root user of the default account. Their signature can't be checked,
	// only its form.
	Lenient Mode = iota
	// Strict: an id that was never issued is refused; the root user of the
	// default account has the key pair given in [Options].
	Strict
)

// MaxSkew is how far the signing time may be from the real time.
const MaxSkew = 15 * time.Minute

// keyCacheSize bounds the signing keys kept: one for each access key, day,
// Region and service.
const keyCacheSize = 4096

// Options are what an [Authenticator] needs.
type Options struct {
	Mode           Mode
	DefaultAccount string // "000000000000" if empty
	DefaultRegion  string // of unsigned requests; "us-east-1" if empty

	// RootAccessKey and RootSecretKey are the key pair of the root user of
	// the default account in the mode Strict; without them it has none.
	RootAccessKey string
	RootSecretKey string

	Credentials Credentials

	// RealClock is what signing times are compared with: clients sign with
	// real time. EmulatorClock says when temporary credentials expire.
	RealClock     clock.Clock
	EmulatorClock clock.Clock
}

// Authenticator finds out who sent a request. It is safe for concurrent use.
type Authenticator struct {
	o    Options
	keys *sigv4.KeyCache
}

// NewAuthenticator returns an authenticator.
func NewAuthenticator(o Options) *Authenticator {
	o.DefaultAccount = cmp.Or(o.DefaultAccount, "000000000000")
	o.DefaultRegion = cmp.Or(o.DefaultRegion, "us-east-1")
	return &Authenticator{o: o, keys: sigv4.NewKeyCache(keyCacheSize)}
}

// attempt is one request on its way to a caller.
type attempt struct {
	*Authenticator
	r          *http.Request
	svc        *api.Service
	auth       sigv4.Authorization
	credential *Credential // nil where the signature can't be checked
	payload    string      // last line of the canonical request
}

// Authenticate returns who signed a request to svc: with their account, the
// Region of the credential scope (for a global service the home Region of its
// partition; without a scope, in Signature Version 2, that of [Authenticator.Anonymous]) and
// the client's address. RequestID is left to the edge. A
// request to S3 without a signature comes from the anonymous caller.
//
// body is the whole body, or nil with S3, whose bodies stream: then r.Body is
// replaced by a reader of the content which ends in a *Failure instead of
// io.EOF if it does not have its hash, its chunk signatures or its length.
// Nothing of it is to be trusted before. Of an aws-chunked body the trailer is
// then in r.Trailer; r.ContentLength is the length of the content, and
// Content-Encoding no longer names aws-chunked.
//
// The error is a [*Failure], but where [Credentials] fails.
func (a *Authenticator) Authenticate(r *http.Request, body []byte, svc *api.Service) (*api.Caller, error) {
	t := &attempt{Authenticator: a, r: r, svc: svc}
	if problem := t.parse(); problem != nil {
		if t.s3() && problem.Problem != sigv4.TwoMechanisms && sigv2.Signs(r) {
			return t.version2()
		}
		if problem.Problem != sigv4.Unsigned || !t.s3() {
			return nil, t.malformed(problem)
		}
		return t.anonymous()
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	principal, err := t.identify(r.Context())
	if err != nil {
		return nil, err
	}
	if err := t.checkBody(body); err != nil {
		return nil, err
	}
	return t.caller(principal), nil
}

// checkBody verifies the signature, which covers the body.
func (t *attempt) checkBody(body []byte) error {
	if err := t.choosePayload(body); err != nil {
		return err
	}
	if err := t.verify(); err != nil {
		return err
	}
	return t.coverBody(body)
}

// anonymous lets an unsigned request to S3 through: its policies decide.
func (t *attempt) anonymous() (*api.Caller, error) {
	if err := t.anonymousBody(); err != nil {
		return nil, err
	}
	return t.Anonymous(t.r, t.svc), nil
}

// Anonymous returns the anonymous caller of a request, for the operations that
// AWS serves without a signature (sts:AssumeRoleWithWebIdentity,
// sts:AssumeRoleWithSAML). Its Region is that of the credential scope, if the
// request is signed all the same, or of the host name (SERVICE.REGION.), if it
// names one, else the default.
func (a *Authenticator) Anonymous(r *http.Request, svc *api.Service) *api.Caller {
	auth, _ := sigv4.Parse(r)
	return newCaller(r, svc, a.regionOf(r, svc, auth.Scope.Region))
}

// regionOf is the Region of a request whose signature names none that exists.
func (a *Authenticator) regionOf(r *http.Request, svc *api.Service, named string) string {
	_, rest, _ := strings.Cut(r.Host, svc.Endpoint+".")
	label, _, _ := strings.Cut(rest, ".")
	for _, region := range [...]string{named, label} {
		if arn.ValidRegion(region) {
			return region
		}
	}
	return a.o.DefaultRegion
}

// newCaller returns a caller without a principal.
func newCaller(r *http.Request, svc *api.Service, region string) *api.Caller {
	partition := arn.PartitionOf(region)
	if svc.Global {
		region = homeRegion(partition)
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return &api.Caller{
		Partition: partition, Region: region,
		SourceIP: host, UserAgent: r.UserAgent(), Secure: r.TLS != nil, TLSVersion: tlsVersion(r),
	}
}

// tlsVersion is the version in the form of s3:TlsVersion, which is a number.
func tlsVersion(r *http.Request) string {
	if r.TLS == nil {
		return ""
	}
	return strings.TrimPrefix(tls.VersionName(r.TLS.Version), "TLS ")
}

// homeRegion is where a partition answers for its global services. AWS
// documents it in the IAM User Guide, "IAM endpoints".
func homeRegion(partition string) string {
	switch partition {
	case arn.AWSChina:
		return "cn-north-1"
	case arn.AWSGov:
		return "us-gov-west-1"
	}
	return "us-east-1"
}

func (t *attempt) caller(p api.Principal) *api.Caller {
	c := newCaller(t.r, t.svc, t.auth.Scope.Region)
	c.Principal, c.AccessKeyID = p, t.auth.AccessKeyID
	c.SignatureVersion, c.AuthType = sigv4.Algorithm, "REST-HEADER"
	if t.auth.Presigned {
		c.AuthType = "REST-QUERY-STRING"
	}
	c.SignatureAge = max(0, t.o.RealClock.Now().Sub(t.auth.Time))
	c.ContentSHA256 = t.r.Header.Get("X-Amz-Content-Sha256")
	if c.ContentSHA256 == "" && t.auth.Presigned {
		c.ContentSHA256 = presignedPayload(t.r)
	}
	if t.credential != nil {
		c.Session = t.credential.Session
	}
	return c
}

// identify finds the principal of the access key id.
func (t *attempt) identify(ctx context.Context) (api.Principal, error) {
	id := t.auth.AccessKeyID
	found, err := t.o.Credentials.Lookup(ctx, id)
	switch {
	case err == nil:
		return t.issued(&found)
	case !errors.Is(err, ErrUnknownKey):
		return api.Principal{}, err
	case t.o.Mode == Strict && id == t.o.RootAccessKey && t.o.RootSecretKey != "":
		return t.issued(&Credential{Secret: t.o.RootSecretKey, Active: true, Principal: rootOf(t.partition(), t.o.DefaultAccount)})
	case t.o.Mode == Strict:
		return api.Principal{}, t.failure(UnknownKey)
	case arn.ValidAccount(id):
		return rootOf(t.partition(), id), nil
	}
	return rootOf(t.partition(), t.o.DefaultAccount), nil
}

// issued checks an access key that was issued. One of another partition does
// not exist in this one.
//
// Unverified: a session token beside a long-term key is an invalid token.
func (t *attempt) issued(c *Credential) (api.Principal, error) {
	if !c.Active || !strings.HasPrefix(c.Principal.ARN, "arn:"+t.partition()+":") {
		return api.Principal{}, t.failure(UnknownKey)
	}
	if kind := c.checkToken(t.auth.Token, t.o.EmulatorClock.Now()); kind != 0 {
		return api.Principal{}, t.failure(kind)
	}
	t.credential = c
	return c.Principal, nil
}

// rootOf returns the root user of an account.
func rootOf(partition, account string) api.Principal {
	return api.Principal{Type: api.Root, Account: account, ARN: "arn:" + partition + ":iam::" + account + ":root", ID: account}
}

func (t *attempt) partition() string { return arn.PartitionOf(t.auth.Scope.Region) }

// verify checks the signature of a key whose secret is known.
func (t *attempt) verify() error {
	if t.credential == nil {
		return nil
	}
	mismatch := t.auth.Verify(t.r, t.payload, t.rules(), t.key())
	if mismatch == nil {
		return nil
	}
	if bare, ok := t.auth.WithoutToken(t.r); ok && !t.s3() && t.auth.Verify(bare, t.payload, t.rules(), t.key()) == nil {
		return nil
	}
	f := t.failure(SignatureMismatch)
	f.StringToSign, f.CanonicalRequest, f.SignatureProvided = mismatch.StringToSign, mismatch.CanonicalRequest, t.auth.Signature
	return f
}

// key returns the signing key, nil where the secret is not known.
func (t *attempt) key() *sigv4.Key {
	if t.credential == nil {
		return nil
	}
	return t.keys.Key(t.auth.AccessKeyID, t.credential.Secret, t.auth.Scope)
}

func (t *attempt) rules() sigv4.Rules {
	if t.s3() {
		return sigv4.S3
	}
	return sigv4.Standard
}
