package api

import (
	"context"
	"slices"
	"time"
)

// PrincipalType says what kind of identity makes a call, in the words of the
// global condition key aws:PrincipalType where that has one.
type PrincipalType uint8

// The kinds of principal.
const (
	Anonymous     PrincipalType = iota // no signature
	Root                               // an account's root user
	User                               // an IAM user
	AssumedRole                        // a session of a role
	FederatedUser                      // a session from GetFederationToken
	AWSService                         // a service principal, such as logs.us-east-1.amazonaws.com
)

// Principal is an identity that AWS can name in a policy.
type Principal struct {
	Type    PrincipalType
	Account string // 12 digits; empty for Anonymous and AWSService
	ARN     string // root, user, session or federated-user ARN; empty for Anonymous; AWSService: its name
	ID      string // aws:userid: "AIDA...", "AROA...:session", "ACCOUNT:name", or the account for root
	Name    string // user name, session name or federated name
	// Issuer is the ARN of the role of a session (with its path), or of the
	// user who asked for a federated session; IssuerID its unique id.
	Issuer   string
	IssuerID string
}

// Session is what temporary credentials carry beside the principal.
type Session struct {
	Issued  time.Time
	Expires time.Time
	MFA     bool
	// Policies are the session policies (JSON documents) passed when the
	// session was made; the session may do only what each set allows.
	Policies []string
	// PolicyARNs are managed policies passed as session policies.
	PolicyARNs     []string
	Tags           map[string]string // session tags, aws:PrincipalTag
	SourceIdentity string            // aws:SourceIdentity
	Provider       string            // aws:FederatedProvider
}

// Caller says who makes a call and how it reached the service.
type Caller struct {
	Principal
	AccessKeyID string
	Session     *Session // of temporary credentials, else nil

	// SignatureVersion is how the request was signed, in the words of the
	// condition key s3:signatureversion: "AWS4-HMAC-SHA256", or "AWS" for
	// Signature Version 2, which only S3 takes. AuthType says where, in those of
	// s3:authType: "REST-HEADER", "REST-QUERY-STRING" or "POST". Both are empty
	// without a signature and inside the process.
	SignatureVersion string
	AuthType         string
	// SignatureAge is how long ago the request was signed, zero without a
	// signature. ContentSHA256 is X-Amz-Content-Sha256, the header or the query
	// parameter, as it was sent.
	SignatureAge  time.Duration
	ContentSHA256 string

	Partition string // "aws", "aws-cn", "aws-us-gov"
	Region    string // of the credential scope: where the call is answered
	RequestID string // UUID, one for each call at the edge; S3 writes it in 16 letters and digits
	HostID    string // S3's other name of a request, x-amz-id-2; empty elsewhere and inside the process

	SourceIP  string // client's address without port; empty inside the process
	UserAgent string
	Secure    bool // over TLS
	// TLSVersion is that of s3:TlsVersion: "1.2"; empty without TLS.
	TLSVersion string

	// Via lists the services, as service principals, that pass the user's
	// request on, first caller first (aws:CalledVia, kms:ViaService).
	Via []string
	// SourceARN and SourceAccount name the resource for which an AWSService
	// principal acts (aws:SourceArn, aws:SourceAccount).
	SourceARN     string
	SourceAccount string
}

type callerKey struct{}

// WithCaller returns a context that holds c.
func WithCaller(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf returns the caller that ctx holds. A context without one holds the
// anonymous caller. The caller must not be changed.
func CallerOf(ctx context.Context) *Caller {
	if c, ok := ctx.Value(callerKey{}).(*Caller); ok {
		return c
	}
	return &Caller{}
}

// AsService returns a context in which the service principal calls by itself
// for the resource sourceARN of sourceAccount: CloudWatch Logs calling KMS as
// logs.REGION.amazonaws.com. Region and partition stay those of the call that
// ctx holds.
func AsService(ctx context.Context, principal, sourceARN, sourceAccount string) context.Context {
	was := CallerOf(ctx)
	return WithCaller(ctx, &Caller{
		Principal: Principal{Type: AWSService, ARN: principal, Name: principal},
		Partition: was.Partition, Region: was.Region, RequestID: was.RequestID,
		SourceIP: principal, UserAgent: principal, Secure: true,
		SourceARN: sourceARN, SourceAccount: sourceAccount,
	})
}

// Forward returns a context in which the service passes on the request of the
// caller that ctx holds, as S3 does when it calls KMS for a user. service is
// its service principal, such as s3.amazonaws.com.
func Forward(ctx context.Context, service string) context.Context {
	c := *CallerOf(ctx)
	c.Via = append(slices.Clip(c.Via), service)
	return WithCaller(ctx, &c)
}
