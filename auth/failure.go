package auth

import (
	"fmt"
	"time"
)

// FailureKind says why a request could not be authenticated, in no protocol's
// words: the edge turns it into the code and status of the service's protocol.
type FailureKind uint8

// The kinds of failure. What stands behind a kind tells which fields of the
// [Failure] are set beside AccessKeyID, which is set once it has been read.
const (
	// MissingToken: the request carries no signature where one is needed.
	MissingToken FailureKind = iota + 1
	// Incomplete: the Authorization header can't be read. Detail is AWS's sentence.
	Incomplete
	// UnsupportedAlgorithm: another algorithm than AWS4-HMAC-SHA256. Detail
	// is the algorithm that was sent.
	UnsupportedAlgorithm
	// TwoMechanisms: signed in the header and in the query at once.
	TwoMechanisms
	// UnknownKey: an access key that was never issued, is inactive or deleted.
	UnknownKey
	// InvalidToken: temporary credentials with a wrong session token or none,
	// or a session token beside a long-term key.
	InvalidToken
	// ExpiredToken: temporary credentials past their expiry.
	ExpiredToken
	// SignatureMismatch: the signature is not the one calculated here.
	// StringToSign, SignatureProvided and CanonicalRequest are set
	// (CanonicalRequest is empty where a chunk or trailer does not match).
	SignatureMismatch
	// Skewed: the signing time is more than MaxSkew from the real time.
	// Detail is the sentence of the services other than S3; RequestDate,
	// ServerTime and MaxSkew are set.
	Skewed
	// WrongRegion: the credential scope names no Region that exists, or
	// another one than the service is answered from. Region is the one sent,
	// Expected the right one (empty where any real one would do).
	WrongRegion
	// WrongService: the credential scope names another service. Service is
	// the one sent, Expected the right one.
	WrongService
	// WrongDate: the scope's day is not that of the signing time. Detail is
	// AWS's sentence.
	WrongDate
	// WrongTerminator: the scope does not end in aws4_request. Detail is AWS's
	// sentence.
	WrongTerminator
	// PresignIncomplete: a presigned request lacks one of the six parameters.
	PresignIncomplete
	// PresignMalformedCredential: X-Amz-Credential does not have five parts.
	PresignMalformedCredential
	// PresignInvalid: another parameter has a value that can't be. Detail is
	// S3's sentence.
	PresignInvalid
	// PresignExpired: RequestTime + Lifetime has passed; Lifetime, Expires and
	// ServerTime are set.
	PresignExpired
	// PresignNotYet: the signing time of a presigned request lies too far
	// ahead; RequestDate and ServerTime are set.
	PresignNotYet
	// HeadersNotSigned: headers that must be signed are not among the signed
	// ones. Headers are their names in lower case, sorted. Detail is the
	// sentence of the services other than S3.
	HeadersNotSigned
	// PayloadHashMissing: S3 needs X-Amz-Content-Sha256 and it is absent.
	PayloadHashMissing
	// PayloadHashInvalid: X-Amz-Content-Sha256 is neither a hash nor one of
	// the words that stand for one. Detail is the value that was sent.
	PayloadHashInvalid
	// PayloadMismatch: the body has another SHA-256 than X-Amz-Content-Sha256
	// says. ClientHash and ServerHash are set (hexadecimal).
	PayloadMismatch
	// IncompleteBody: the body ended before the length that was announced.
	IncompleteBody
	// MalformedChunk: an aws-chunked body that does not keep to its form.
	MalformedChunk
	// MalformedTrailer: a trailer that does not keep to its form, or not the
	// one that X-Amz-Trailer announced.
	MalformedTrailer
	// MissingLength: a chunked body without X-Amz-Decoded-Content-Length.
	MissingLength
)

var kindNames = [...]string{
	MissingToken: "missing authentication token", Incomplete: "malformed Authorization header",
	UnsupportedAlgorithm: "unsupported algorithm", TwoMechanisms: "signed in header and query",
	UnknownKey: "unknown access key", InvalidToken: "invalid session token",
	ExpiredToken: "expired session token", SignatureMismatch: "signature does not match",
	Skewed: "request time too skewed", WrongRegion: "wrong Region in credential scope",
	WrongService: "wrong service in credential scope", WrongDate: "wrong date in credential scope",
	WrongTerminator:   "wrong end of credential scope",
	PresignIncomplete: "incomplete presigned request", PresignMalformedCredential: "malformed X-Amz-Credential",
	PresignInvalid: "invalid presigned request", PresignExpired: "presigned request has expired",
	PresignNotYet: "presigned request is not valid yet", HeadersNotSigned: "headers are not signed",
	PayloadHashMissing: "X-Amz-Content-Sha256 is missing", PayloadHashInvalid: "X-Amz-Content-Sha256 is invalid",
	PayloadMismatch: "body does not have its hash", IncompleteBody: "incomplete body",
	MalformedChunk: "malformed chunk", MalformedTrailer: "malformed trailer",
	MissingLength: "decoded length is missing",
}

// String returns the kind in words for a log.
func (k FailureKind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("FailureKind(%d)", uint8(k))
	}
	return kindNames[k]
}

// Failure is a request that could not be authenticated. It holds what AWS's
// error documents tell about it, and never a secret.
type Failure struct {
	Kind   FailureKind
	Detail string // a sentence or value; see the kind

	AccessKeyID       string
	Region            string   // as in the scope
	Service           string   // as in the scope
	Expected          string   // Region or service that would be right
	Headers           []string // that are not signed
	SignatureProvided string
	StringToSign      string
	CanonicalRequest  string
	ClientHash        string // hexadecimal SHA-256, as sent
	ServerHash        string // hexadecimal SHA-256, as calculated

	RequestDate string // as sent: "20150830T123600Z", or a Date header's value
	RequestTime time.Time
	ServerTime  time.Time
	Expires     time.Time     // of a presigned request
	Lifetime    time.Duration // X-Amz-Expires of a presigned request
	MaxSkew     time.Duration // that is allowed
}

// Error returns the kind and its detail for a log.
func (f *Failure) Error() string {
	if f.Detail == "" {
		return "auth: " + f.Kind.String()
	}
	return "auth: " + f.Kind.String() + ": " + f.Detail
}
