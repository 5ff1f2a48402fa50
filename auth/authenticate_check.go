package auth

import (
	"net/http"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/arn"
	"sealstack/auth/sigv4"
)

// failure returns a failure with what is known of the request so far.
func (t *attempt) failure(kind FailureKind) *Failure {
	return &Failure{
		Kind: kind, AccessKeyID: t.auth.AccessKeyID, Presigned: t.auth.Presigned,
		Region: t.auth.Scope.Region, Service: t.auth.Scope.Service,
		RequestDate: t.auth.Date, RequestTime: t.auth.Time,
	}
}

func (t *attempt) sentence(kind FailureKind, detail string) *Failure {
	f := t.failure(kind)
	f.Detail = detail
	return f
}

// s3 reports whether the service is S3, which has its own rules throughout.
func (t *attempt) s3() bool { return t.svc.Protocol == api.RESTXML }

// parse reads the signature.
//
// Unverified: services other than S3 pay no heed to X-Amz-Expires, so that a
// presigned request lives as long as a signed one. That much is known of
// sts:GetCallerIdentity, of which EKS makes its tokens.
func (t *attempt) parse() *sigv4.Error {
	var err error
	if t.auth, err = sigv4.Parse(t.r); err == nil {
		return nil
	}
	problem := err.(*sigv4.Error)
	switch problem.Problem {
	case sigv4.ExpiresNegative, sigv4.ExpiresNotNumber, sigv4.ExpiresTooLong:
		if !t.s3() {
			return nil
		}
	}
	return problem
}

// check does all that needs no secret.
func (t *attempt) check() error {
	for _, step := range [...]func(*attempt) *Failure{(*attempt).checkTime, (*attempt).checkSigned, (*attempt).checkScope} {
		if f := step(t); f != nil {
			return f
		}
	}
	return nil
}

// checkTime compares the signing time with the real time.
func (t *attempt) checkTime() *Failure {
	now := t.o.RealClock.Now().UTC()
	if t.s3() && t.auth.Presigned {
		return t.checkExpiry(now)
	}
	if skew := now.Sub(t.auth.Time); -MaxSkew <= skew && skew <= MaxSkew {
		return nil
	}
	f := t.sentence(Skewed, skewSentence(t.auth.Time, now))
	f.ServerTime, f.MaxSkew = now, MaxSkew
	return f
}

// checkExpiry checks the life of a request that was presigned for S3.
func (t *attempt) checkExpiry(now time.Time) *Failure {
	expires := t.auth.Time.Add(t.auth.Expires)
	var f *Failure
	switch {
	case !t.auth.HasExpires:
		return t.failure(PresignIncomplete)
	case t.auth.Time.After(now.Add(MaxSkew)):
		f = t.failure(PresignNotYet)
	case now.After(expires):
		f = t.failure(PresignExpired)
	default:
		return nil
	}
	f.ServerTime, f.Expires, f.Lifetime = now, expires, t.auth.Expires
	return f
}

// checkSigned checks that what must be signed is: Host, and with S3 every
// x-amz- header that is there.
//
// Unverified: the other services take x-amz- headers that are not signed.
func (t *attempt) checkSigned() *Failure {
	prefix := ""
	if t.s3() {
		prefix = "x-amz-"
	}
	if names := t.auth.Unsigned(t.r, prefix); names != nil {
		f := t.sentence(HeadersNotSigned, hostNotSigned)
		f.Headers = names
		return f
	}
	if name := t.auth.Absent(t.r); name != "" && !t.s3() {
		return t.sentence(Incomplete, "'"+name+"' is named as a SignedHeader, but it does not exist in the HTTP request.")
	}
	return nil
}

// checkScope checks the Region, service, end and day of the credential scope.
// S3 tells of the first fault, the other services of all.
func (t *attempt) checkScope() *Failure {
	scope := &t.auth.Scope
	day := t.auth.Time.Format(sigv4.DateFormat)
	var kinds []FailureKind
	for _, fault := range [...]struct {
		kind  FailureKind
		holds bool
	}{
		{WrongRegion, !arn.ValidRegion(scope.Region)}, {WrongService, scope.Service != t.svc.SigningName},
		{WrongTerminator, scope.Terminator != sigv4.Terminator}, {WrongDate, scope.Date != day},
	} {
		if fault.holds {
			kinds = append(kinds, fault.kind)
		}
	}
	if kinds == nil {
		return nil
	}
	f := t.sentence(kinds[0], t.scopeSentence(kinds))
	switch f.Kind {
	case WrongRegion:
		f.Expected = t.o.DefaultRegion
	case WrongService:
		f.Expected = t.svc.SigningName
	}
	return f
}

// choosePayload finds the last line of the canonical request.
func (t *attempt) choosePayload(body []byte) error {
	if !t.s3() {
		t.payload = sigv4.HashPayload(body)
		return nil
	}
	t.payload = t.r.Header.Get("X-Amz-Content-Sha256")
	switch {
	case t.payload != "":
	case t.auth.Presigned:
		t.payload = presignedPayload(t.r)
	default:
		return t.failure(PayloadHashMissing)
	}
	return nil
}

// presignedPayload returns what a presigned request to S3 says of its body:
// nothing, if the signer did not put it into the query.
func presignedPayload(r *http.Request) string {
	if strings.Contains(r.URL.RawQuery, "X-Amz-Content-Sha256=") {
		return r.URL.Query().Get("X-Amz-Content-Sha256")
	}
	return sigv4.UnsignedPayload
}
