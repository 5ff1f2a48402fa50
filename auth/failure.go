package auth

import (
	"fmt"
	"time"
)

// FailureKind says why a request could not be authenticated, in no protocol's
// words: the edge turns it into the code and status of the service's protocol.
type FailureKind uint8

// The kinds of failure. What stands behind a kind tells which fields of the
// [Failure] are set beside AccessKeyID and Presigned, which are set once they
// have been read. "Sentence" means that Detail is AWS's message in the words
// of the service that was asked; the messages of the other kinds are fixed.
const (
	// MissingToken: the request carries no signature where one is needed.
	MissingToken FailureKind = iota + 1
	// Incomplete: the signature can't be read. Sentence. S3 has it for the
	// Authorization header only.
	Incomplete
	// UnsupportedAlgorithm, of S3 only: another algorithm than
	// AWS4-HMAC-SHA256 and Signature Version 2. Detail is the scheme that was
	// sent.
	UnsupportedAlgorithm
	// TwoMechanisms, of S3 only: signed in the header and in the query at
	// once. Sentence.
	TwoMechanisms
	// MissingDate, of S3 only: no X-Amz-Date or Date that can be read. Sentence.
	MissingDate
	// UnknownKey: an access key that was never issued, is inactive or deleted,
	// or belongs to another partition.
	UnknownKey
	// InvalidToken: temporary credentials with a wrong session token or none,
	// or a session token beside a long-term key.
	InvalidToken
	// ExpiredToken: temporary credentials past their expiry.
	ExpiredToken
	// SignatureMismatch: the signature is not the one calculated here.
	// StringToSign, SignatureProvided and CanonicalRequest are set
	// (CanonicalRequest is empty where a chunk or trailer does not match, in
	// Signature Version 2 and for forms).
	SignatureMismatch
	// Skewed: the signing time is more than MaxSkew from the real time.
	// Sentence (of the services other than S3). RequestDate, RequestTime,
	// ServerTime and MaxSkew are set.
	Skewed
	// WrongRegion: the credential scope names no Region that exists. Sentence.
	// Region is the one sent, Expected one that S3 would take.
	WrongRegion
	// WrongService: the credential scope names another service. Sentence.
	// Service is the one sent, Expected the right one.
	WrongService
	// WrongTerminator: the scope does not end in aws4_request. Sentence.
	WrongTerminator
	// WrongDate: the scope's day is not that of the signing time. Sentence.
	WrongDate
	// PresignIncomplete, of S3 only: a presigned request lacks one of the six
	// parameters.
	PresignIncomplete
	// PresignInvalid, of S3 only: a parameter of a presigned request has a
	// value that can't be. Sentence.
	PresignInvalid
	// PresignExpired, of S3 only: RequestTime + Lifetime has passed; Lifetime
	// (not with Signature Version 2), Expires and ServerTime are set.
	PresignExpired
	// PresignNotYet, of S3 only: the signing time of a presigned request lies
	// too far ahead; RequestDate and ServerTime are set.
	PresignNotYet
	// HeadersNotSigned: headers that must be signed are not. Headers are their
	// names in lower case, sorted. Sentence of the services other than S3.
	HeadersNotSigned
	// PayloadHashMissing, of S3 only: X-Amz-Content-Sha256 is absent.
	PayloadHashMissing
	// PayloadHashInvalid, of S3 only: X-Amz-Content-Sha256 is neither a hash
	// nor one of the words that stand for one. Detail is the value sent.
	PayloadHashInvalid
	// PayloadMismatch, of S3 only: the body has another SHA-256 than
	// X-Amz-Content-Sha256 says. ClientHash and ServerHash are set.
	PayloadMismatch
	// IncompleteBody, of S3 only: the body is not as long as announced.
	IncompleteBody
	// MalformedChunk, of S3 only: an aws-chunked body out of form.
	MalformedChunk
	// ChunkTooSmall, of S3 only: a chunk before the last has less than 8 KiB.
	// Detail is its size.
	ChunkTooSmall
	// MalformedTrailer, of S3 only: a trailer out of form, or not the one that
	// X-Amz-Trailer announced.
	MalformedTrailer
	// MissingLength, of S3 only: a chunked body without
	// X-Amz-Decoded-Content-Length.
	MissingLength
	// OldHeader, of S3 only: an Authorization header of Signature Version 2 that
	// can't be read. Sentence.
	OldHeader
	// OldQuery, of S3 only: a query of Signature Version 2 that can't be read.
	// Sentence.
	OldQuery
)

var kindNames = [...]string{
	MissingToken: "missing authentication token", Incomplete: "malformed Authorization header",
	UnsupportedAlgorithm: "unsupported algorithm", TwoMechanisms: "signed in header and query",
	MissingDate: "request has no date", UnknownKey: "unknown access key", InvalidToken: "invalid session token",
	ExpiredToken: "expired session token", SignatureMismatch: "signature does not match",
	Skewed: "request time too skewed", WrongRegion: "wrong Region in credential scope",
	WrongService: "wrong service in credential scope", WrongDate: "wrong date in credential scope",
	WrongTerminator:   "wrong end of credential scope",
	PresignIncomplete: "incomplete presigned request",
	PresignInvalid:    "invalid presigned request", PresignExpired: "presigned request has expired",
	PresignNotYet: "presigned request is not valid yet", HeadersNotSigned: "headers are not signed",
	PayloadHashMissing: "X-Amz-Content-Sha256 is missing", PayloadHashInvalid: "X-Amz-Content-Sha256 is invalid",
	PayloadMismatch: "body does not have its hash", IncompleteBody: "incomplete body",
	MalformedChunk: "malformed chunk", ChunkTooSmall: "chunk is too small", MalformedTrailer: "malformed trailer",
	MissingLength: "decoded length is missing", OldHeader: "malformed header of Signature Version 2",
	OldQuery: "malformed query of Signature Version 2",
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
	Presigned         bool     // signed in the query
	Version2          bool     // signed with Signature Version 2
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
