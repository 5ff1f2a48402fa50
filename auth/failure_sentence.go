package auth

import (
	"net/http"
	"strings"
	"time"

	"sealstack/auth/sigv4"
)

// AWS's sentences, as the services other than S3 say them, are named in the
// IAM User Guide, "Troubleshoot Signature Version 4 signed requests".
const hostNotSigned = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."

// skewSentence tells that a request was signed too long ago or too far ahead.
func skewSentence(signed, now time.Time) string {
	at := func(t time.Time) string { return t.UTC().Format(sigv4.TimeFormat) }
	if signed.Before(now) {
		return "Signature expired: " + at(signed) + " is now earlier than " + at(now.Add(-MaxSkew)) + " (" + at(now) + " - 15 min.)"
	}
	return "Signature not yet current: " + at(signed) + " is still later than " + at(now.Add(MaxSkew)) + " (" + at(now) + " + 15 min.)"
}

// scopeSentence tells what is wrong with a credential scope.
func (t *attempt) scopeSentence(kinds []FailureKind) string {
	if t.s3() {
		return t.malformedPrefix() + t.s3ScopeFault(kinds[0])
	}
	sentences := make([]string, len(kinds))
	for i, kind := range kinds {
		sentences[i] = t.scopeFault(kind)
	}
	return strings.Join(sentences, " ")
}

func (t *attempt) scopeFault(kind FailureKind) string {
	scope := t.auth.Scope
	switch kind {
	case WrongRegion:
		return "Credential should be scoped to a valid region."
	case WrongService:
		return "Credential should be scoped to correct service: '" + t.svc.SigningName + "'."
	case WrongTerminator:
		return "Credential should be scoped with a valid terminator: '" + sigv4.Terminator + "', not '" + scope.Terminator + "'."
	}
	return "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
		scope.Date + "' != '" + t.auth.Time.Format(sigv4.DateFormat) + "', from '" + t.auth.Time.Format(sigv4.TimeFormat) + "'."
}

// malformedPrefix begins S3's sentences about a credential.
func (t *attempt) malformedPrefix() string {
	if t.auth.Presigned {
		return "Error parsing the X-Amz-Credential parameter; "
	}
	return "The authorization header is malformed; "
}

func (t *attempt) s3ScopeFault(kind FailureKind) string {
	scope := t.auth.Scope
	switch kind {
	case WrongRegion:
		return "the region '" + scope.Region + "' is wrong; expecting '" + t.o.DefaultRegion + "'"
	case WrongService:
		return "incorrect service \"" + scope.Service + "\". This endpoint belongs to \"" + t.svc.SigningName + "\"."
	case WrongTerminator:
		return "incorrect terminal \"" + scope.Terminator + "\". This endpoint uses \"" + sigv4.Terminator + "\"."
	}
	return "Invalid credential date \"" + scope.Date + "\". This date is not the same as X-Amz-Date: \"" + t.auth.Time.Format(sigv4.DateFormat) + "\"."
}

// malformed turns a signature that can't be read into the failure of the
// service.
func (t *attempt) malformed(p *sigv4.Error) *Failure {
	if t.s3() {
		return t.malformedForS3(p)
	}
	switch p.Problem {
	case sigv4.Unsigned, sigv4.SignatureVersionTwo:
		return t.failure(MissingToken)
	case sigv4.NoAccessKey, sigv4.QueryNoAccessKey:
		return t.failure(UnknownKey)
	case sigv4.BadScopeDate:
		return t.sentence(WrongDate, t.scopeFault(WrongDate))
	case sigv4.BadAlgorithm:
		if p.Within != nil {
			return t.sentence(Incomplete, incompleteSentence(t.r, p.Within))
		}
	}
	return t.sentence(Incomplete, incompleteSentence(t.r, p))
}

// incompleteSentence tells of a signature that can't be read, in the words of
// the services other than S3.
//
// Unverified: what they say to two signatures at once, to a signed header that
// is absent (see checkSigned), and the order in which faults are looked for.
func incompleteSentence(r *http.Request, p *sigv4.Error) string {
	header := r.Header.Get("Authorization")
	switch p.Problem {
	case sigv4.NotKeyValue:
		return "'" + p.Value + "' not a valid key=value pair (missing equal-sign) in Authorization header: '" + header + "'."
	case sigv4.MissingParameter, sigv4.MissingDate:
		return missingSentence(p.Missing, p.Problem == sigv4.MissingDate) + "Authorization=" + header
	case sigv4.BadCredential, sigv4.QueryCredential:
		return "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + p.Value + "'"
	case sigv4.BadDate, sigv4.QueryDate:
		return "Date must be in ISO-8601 'basic format'. Got '" + p.Value + "'. See http://en.wikipedia.org/wiki/ISO_8601"
	case sigv4.QueryIncomplete:
		var b strings.Builder
		for _, name := range p.Missing {
			b.WriteString("AWS query-string parameters must include '" + name + "'. ")
		}
		return b.String() + "Re-examine the query-string parameters."
	case sigv4.TwoMechanisms:
		return twoMechanisms
	}
	return "Unsupported AWS 'algorithm': '" + p.Value + "'."
}

func missingSentence(missing []string, noDate bool) string {
	var b strings.Builder
	for _, name := range missing {
		if name == "Date" {
			noDate = true
			continue
		}
		b.WriteString("Authorization header requires '" + name + "' parameter. ")
	}
	if noDate {
		b.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	return b.String()
}

// S3's sentences.
//
// Unverified: those on X-Amz-Algorithm, on a scope's service, end and date, and
// on X-Amz-Date and X-Amz-Expires; S3's documentation names only their codes.
const (
	twoMechanisms  = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified"
	threeParts     = "The authorization header is malformed; the authorization header requires three components: Credential, SignedHeaders, and Signature."
	badCredential  = "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."
	noAccessKey    = "a non-empty Access Key (AKID) must be provided in the credential."
	validDate      = "AWS authentication requires a valid Date or x-amz-date header"
	presignedDate  = "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
	expiresNumber  = "X-Amz-Expires should be a number"
	expiresBelow   = "X-Amz-Expires must be non-negative"
	expiresTooLong = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"
	oneAlgorithm   = "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\""
)

// s3Sentences are S3's answers to a signature that can't be read.
var s3Sentences = map[sigv4.Problem]struct {
	kind     FailureKind
	sentence string
}{
	sigv4.TwoMechanisms:    {TwoMechanisms, twoMechanisms},
	sigv4.MissingDate:      {MissingDate, validDate},
	sigv4.BadDate:          {MissingDate, validDate},
	sigv4.NotKeyValue:      {Incomplete, threeParts},
	sigv4.MissingParameter: {Incomplete, threeParts},
	sigv4.QueryIncomplete:  {PresignIncomplete, ""},
	sigv4.QueryDate:        {PresignInvalid, presignedDate},
	sigv4.ExpiresNotNumber: {PresignInvalid, expiresNumber},
	sigv4.ExpiresNegative:  {PresignInvalid, expiresBelow},
	sigv4.ExpiresTooLong:   {PresignInvalid, expiresTooLong},
}

func (t *attempt) malformedForS3(p *sigv4.Error) *Failure {
	if s, ok := s3Sentences[p.Problem]; ok {
		return t.sentence(s.kind, s.sentence)
	}
	kind := Incomplete
	if t.auth.Presigned {
		kind = PresignInvalid
	}
	switch p.Problem {
	case sigv4.BadAlgorithm:
		if t.auth.Presigned {
			return t.sentence(kind, oneAlgorithm)
		}
		return t.sentence(UnsupportedAlgorithm, p.Value)
	case sigv4.NoAccessKey, sigv4.QueryNoAccessKey:
		return t.sentence(kind, t.malformedPrefix()+noAccessKey)
	case sigv4.BadScopeDate, sigv4.QueryScopeDate:
		return t.sentence(kind, t.malformedPrefix()+"incorrect date format \""+p.Value+"\". This date in the credential must be in the format \"yyyyMMdd\".")
	}
	return t.sentence(kind, t.malformedPrefix()+badCredential)
}
