package wire

import (
	"cmp"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/auth"
)

// restRefusals are S3's answers to requests that could not be authenticated,
// by kind: status, code and sentence. Where a kind brings a sentence of its
// own it is left out here.
var restRefusals = map[auth.FailureKind]struct {
	status        int
	code, message string
}{
	auth.MissingToken:         {403, "AccessDenied", "Access Denied"},
	auth.Incomplete:           {400, "AuthorizationHeaderMalformed", ""},
	auth.UnsupportedAlgorithm: {400, "InvalidArgument", "Unsupported Authorization Type"},
	auth.TwoMechanisms:        {400, "InvalidArgument", ""},
	auth.MissingDate:          {403, "AccessDenied", ""},
	auth.UnknownKey:           {403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."},
	auth.InvalidToken:         {400, "InvalidToken", "The provided token is malformed or otherwise invalid."},
	auth.ExpiredToken:         {400, "ExpiredToken", "The provided token has expired."},
	auth.SignatureMismatch:    {403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method."},
	auth.Skewed:               {403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."},
	auth.WrongRegion:          {400, "AuthorizationHeaderMalformed", ""},
	auth.WrongService:         {400, "AuthorizationHeaderMalformed", ""},
	auth.WrongTerminator:      {400, "AuthorizationHeaderMalformed", ""},
	auth.WrongDate:            {400, "AuthorizationHeaderMalformed", ""},
	auth.PresignIncomplete: {400, "AuthorizationQueryParametersError", "Query-string authentication version 4 requires the X-Amz-Algorithm, " +
		"X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."},
	auth.PresignInvalid:     {400, "AuthorizationQueryParametersError", ""},
	auth.PresignExpired:     {403, "AccessDenied", "Request has expired"},
	auth.PresignNotYet:      {403, "AccessDenied", "Request is not yet valid"},
	auth.HeadersNotSigned:   {403, "AccessDenied", "There were headers present in the request which were not signed"},
	auth.PayloadHashMissing: {400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256"},
	auth.PayloadHashInvalid: {400, "InvalidArgument", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, " +
		"STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value."},
	auth.PayloadMismatch:  {400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed."},
	auth.IncompleteBody:   {400, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header"},
	auth.MalformedChunk:   {400, "IncompleteBody", "The request body terminated unexpectedly"},
	auth.ChunkTooSmall:    {403, "InvalidChunkSizeError", "Only the last chunk is allowed to have a size less than 8192 bytes"},
	auth.MalformedTrailer: {400, "MalformedTrailerError", "The request contained trailing data that was not well-formed or did not conform to our published schema."},
	auth.OldHeader:        {400, "InvalidArgument", ""},
	auth.OldQuery:         {403, "AccessDenied", ""},
	auth.MissingLength:    {411, "MissingContentLength", "You must provide the Content-Length HTTP header."},
}

// restFailure returns S3's answer to a failure.
// Unverified: the codes and sentences of bad chunks, of a request that is
// presigned ahead of time, of a bad X-Amz-Content-Sha256 and of an unknown
// algorithm; the fields beside that of SignatureDoesNotMatch and of a presigned
// request that has expired.
func restFailure(f *auth.Failure) *api.Error {
	r := restRefusals[f.Kind]
	e := frontEnd(cmp.Or(r.status, 403), cmp.Or(r.code, "AccessDenied"), cmp.Or(r.message, f.Detail, "Access Denied"))
	if f.Presigned && e.Code == "AuthorizationHeaderMalformed" {
		e.Code, e.Shape = "AuthorizationQueryParametersError", "AuthorizationQueryParametersError"
	}
	for name, value := range failureFields(f) {
		e = e.With(name, value)
	}
	return e
}

// failureFields are the fields of an error document that tell of a failure.
func failureFields(f *auth.Failure) map[string]any {
	switch f.Kind {
	case auth.UnknownKey:
		return map[string]any{"AWSAccessKeyId": f.AccessKeyID}
	case auth.SignatureMismatch:
		return mismatchFields(f)
	case auth.Skewed:
		return map[string]any{
			"RequestTime": f.RequestDate, "ServerTime": seconds(f.ServerTime),
			"MaxAllowedSkewMilliseconds": strconv.FormatInt(f.MaxSkew.Milliseconds(), 10),
		}
	case auth.WrongRegion:
		return map[string]any{"Region": f.Expected}
	case auth.PresignExpired:
		return expiredFields(f)
	case auth.PresignNotYet:
		return map[string]any{"ServerTime": seconds(f.ServerTime)}
	case auth.HeadersNotSigned:
		return map[string]any{"HeadersNotSigned": strings.Join(f.Headers, ", ")}
	case auth.UnsupportedAlgorithm, auth.TwoMechanisms, auth.OldHeader:
		return map[string]any{"ArgumentName": "Authorization"}
	case auth.PayloadHashInvalid:
		return map[string]any{"ArgumentName": "x-amz-content-sha256", "ArgumentValue": f.Detail}
	case auth.PayloadMismatch:
		return map[string]any{"ClientComputedContentSHA256": f.ClientHash, "S3ComputedContentSHA256": f.ServerHash}
	case auth.ChunkTooSmall:
		return map[string]any{"BadChunkSize": f.Detail}
	}
	return nil
}

func expiredFields(f *auth.Failure) map[string]any {
	fields := map[string]any{"Expires": seconds(f.Expires), "ServerTime": seconds(f.ServerTime)}
	if !f.Version2 {
		fields["X-Amz-Expires"] = strconv.FormatInt(int64(f.Lifetime/time.Second), 10)
	}
	return fields
}

func mismatchFields(f *auth.Failure) map[string]any {
	fields := map[string]any{
		"AWSAccessKeyId": f.AccessKeyID, "SignatureProvided": f.SignatureProvided,
		"StringToSign": f.StringToSign, "StringToSignBytes": spacedHex(f.StringToSign),
	}
	if f.CanonicalRequest != "" {
		fields["CanonicalRequest"], fields["CanonicalRequestBytes"] = f.CanonicalRequest, spacedHex(f.CanonicalRequest)
	}
	return fields
}

// spacedHex writes bytes as S3 does to show what was signed: "47 45 54".
func spacedHex(s string) string {
	digits := hex.EncodeToString([]byte(s))
	b := make([]byte, 0, len(s)*3)
	for i := 0; i < len(digits); i += 2 {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, digits[i:i+2]...)
	}
	return string(b)
}

func seconds(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
