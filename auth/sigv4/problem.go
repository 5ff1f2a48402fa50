package sigv4

import "strings"

// Problem says what is wrong with a signature's form.
type Problem uint8

// The problems. What stands behind one says what [Error.Value] holds.
const (
	Unsigned      Problem = iota + 1 // no signature at all
	TwoMechanisms                    // Authorization header and query together
	BadAlgorithm                     // the algorithm or scheme that was sent

	// In the Authorization header.
	NotKeyValue      // the piece that has no equal-sign
	MissingParameter // Missing holds the names
	BadCredential    // the credential
	BadScopeDate     // the scope's date
	NoAccessKey      // an empty access key id
	MissingDate      // neither X-Amz-Date nor Date
	BadDate          // the date
	AbsentHeader     // a header that is said to be signed and isn't there

	// In the query of a presigned request.
	QueryIncomplete     // Missing holds the names
	QueryCredential     // the credential
	QueryScopeDate      // the scope's date
	QueryNoAccessKey    // an empty access key id
	QueryDate           // the date
	ExpiresNotNumber    // X-Amz-Expires
	ExpiresNegative     // X-Amz-Expires
	ExpiresTooLong      // X-Amz-Expires: more than a week
	SignatureVersionTwo // a query of the older Signature Version 2

	// In X-Amz-Content-Sha256 and in the body.
	BadPayloadHash   // the value
	PayloadMismatch  // the hash that was calculated
	IncompleteBody   // shorter or longer than announced
	MalformedChunk   // not in the form of aws-chunked
	ChunkTooSmall    // the size: only the last chunk may be below 8 KiB
	ChunkMismatch    // the string to sign; Provided is the chunk's signature
	MalformedTrailer // the trailer
	TrailerMismatch  // the string to sign; Provided is the trailer's signature
)

// Error is a signature, or a signed body, that does not keep to its form.
type Error struct {
	Problem  Problem
	Value    string   // see the problem
	Missing  []string // parameters that are absent
	Provided string   // signature of a chunk or trailer
	Within   *Error   // BadAlgorithm: what else is wrong with the header, or nil
}

// Error names the problem for a log.
func (e *Error) Error() string {
	text := "sigv4: " + problemNames[e.Problem]
	if e.Value != "" {
		text += " " + e.Value
	}
	if len(e.Missing) > 0 {
		text += " " + strings.Join(e.Missing, " ")
	}
	return text
}

var problemNames = [...]string{
	0: "no problem", Unsigned: "request is not signed", TwoMechanisms: "signed in header and query",
	BadAlgorithm: "unsupported algorithm", NotKeyValue: "not a key=value pair:",
	MissingParameter: "missing in Authorization:", BadCredential: "malformed credential",
	BadScopeDate: "malformed date in scope", NoAccessKey: "empty access key id",
	MissingDate: "request has no date", BadDate: "malformed date", AbsentHeader: "signed header is absent:",
	QueryIncomplete: "missing in query:", QueryCredential: "malformed X-Amz-Credential",
	QueryScopeDate: "malformed date in X-Amz-Credential", QueryNoAccessKey: "empty access key id in X-Amz-Credential",
	QueryDate: "malformed X-Amz-Date", ExpiresNotNumber: "X-Amz-Expires is not a number:",
	ExpiresNegative: "X-Amz-Expires is negative:", ExpiresTooLong: "X-Amz-Expires is too long:",
	SignatureVersionTwo: "Signature Version 2 in the query", BadPayloadHash: "malformed X-Amz-Content-Sha256",
	PayloadMismatch: "body has another hash:", IncompleteBody: "body does not have its length",
	MalformedChunk: "malformed chunk", ChunkTooSmall: "chunk is too small:",
	ChunkMismatch: "chunk signature does not match", MalformedTrailer: "malformed trailer",
	TrailerMismatch: "trailer signature does not match",
}
