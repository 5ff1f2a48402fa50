package auth

import (
	"context"
	"time"

	"sealstack/api"
	"sealstack/auth/sigv2"
	"sealstack/auth/sigv4"
)

// Signature Version 2 is what boto3 presigns with for an endpoint that is not
// AWS's. S3 takes it in its older Regions only, this program in all.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html

type hostBucket struct{}

// WithHostBucket returns a context for a request to S3 whose host name names a
// bucket, which Signature Version 2 signs with the path.
func WithHostBucket(ctx context.Context, bucket string) context.Context {
	return context.WithValue(ctx, hostBucket{}, bucket)
}

// version2 is Authenticate for a request that is signed with Signature
// Version 2. The signature does not cover the body.
func (t *attempt) version2() (*api.Caller, error) {
	old, err := sigv2.Parse(t.r)
	t.takeOver(&old)
	if err != nil {
		return nil, t.malformedVersion2(err.(*sigv2.Error))
	}
	if f := t.checkVersion2Time(); f != nil {
		return nil, f
	}
	principal, err := t.identify(t.r.Context())
	if err != nil {
		return nil, err
	}
	if err := t.verifyVersion2(&old); err != nil {
		return nil, err
	}
	for name, value := range old.QueryHeaders(t.r) {
		if t.r.Header.Get(name) == "" {
			t.r.Header.Set(name, value)
		}
	}
	if err := t.anonymousBody(); err != nil {
		return nil, err
	}
	c := t.caller(principal)
	c.SignatureVersion = sigv2.Scheme
	return c, nil
}

// takeOver puts a signature of version 2 where the checks look for it.
func (t *attempt) takeOver(old *sigv2.Authorization) {
	t.auth = sigv4.Authorization{
		AccessKeyID: old.AccessKeyID, Signature: old.Signature, Token: old.Token, Presigned: old.Presigned, Date: old.Date, Time: old.Time,
		Scope: sigv4.Scope{Region: t.regionOf(t.r, t.svc, "")},
	}
}

func (t *attempt) version2Failure(kind FailureKind, detail string) *Failure {
	f := t.sentence(kind, detail)
	f.Version2 = true
	return f
}

// S3's sentences.
//
// Unverified: that of a malformed header.
const (
	threeOfVersion2 = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
	notSeconds      = "Invalid date (should be seconds since epoch): "
	idAndSignature  = "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature"
)

func (t *attempt) malformedVersion2(p *sigv2.Error) *Failure {
	switch p.Problem {
	case sigv2.Incomplete:
		return t.version2Failure(OldQuery, threeOfVersion2)
	case sigv2.BadExpires:
		return t.version2Failure(OldQuery, notSeconds+p.Value)
	case sigv2.BadDate:
		return t.version2Failure(MissingDate, validDate)
	}
	return t.version2Failure(OldHeader, idAndSignature)
}

// checkVersion2Time compares the time of signing, or of expiry, with the real
// time.
func (t *attempt) checkVersion2Time() *Failure {
	now := t.o.RealClock.Now().UTC()
	var f *Failure
	switch skew := now.Sub(t.auth.Time); {
	case t.auth.Presigned && t.auth.Time.Before(now):
		f = t.version2Failure(PresignExpired, "")
		f.Expires = t.auth.Time
	case !t.auth.Presigned && max(skew, -skew) > MaxSkew:
		f = t.version2Failure(Skewed, "")
		f.MaxSkew = MaxSkew
	default:
		return nil
	}
	f.ServerTime = now.Truncate(time.Second)
	return f
}

// verifyVersion2 checks the signature of a key whose secret is known.
func (t *attempt) verifyVersion2(old *sigv2.Authorization) error {
	if t.credential == nil {
		return nil
	}
	bucket, _ := t.r.Context().Value(hostBucket{}).(string)
	text, ok := old.Matches(t.r, bucket, t.credential.Secret)
	if ok {
		return nil
	}
	f := t.version2Failure(SignatureMismatch, "")
	f.StringToSign, f.SignatureProvided = text, old.Signature
	return f
}
