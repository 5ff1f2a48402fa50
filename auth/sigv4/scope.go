// Package sigv4 is AWS Signature Version 4: reading a signature from a request
// (Authorization header or presigned query), the canonical request, the string
// to sign, the signing key, and the signed chunks of an S3 upload. Signing and
// verifying share every step, so that one cannot drift from the other.
//
// It is pure: it knows no accounts, no clock and no error codes. Package auth
// imports it to verify, the rooms that call out import it to sign.
//
// AWS documents it in the IAM User Guide, "AWS Signature Version 4 for API
// requests", and for S3 in the API Reference, "Authenticating Requests (AWS
// Signature Version 4)".
package sigv4

import (
	"strings"
	"time"
)

// The words that a signature is made of.
const (
	Algorithm  = "AWS4-HMAC-SHA256"
	Terminator = "aws4_request"

	// TimeFormat is the ISO 8601 basic format of X-Amz-Date, in UTC.
	TimeFormat = "20060102T150405Z"
	// DateFormat is the day in a credential scope.
	DateFormat = "20060102"
)

// Scope restricts a signature to a day, a Region and a service.
type Scope struct {
	Date       string // "20150830"
	Region     string
	Service    string // signing name
	Terminator string // "aws4_request", or whatever the request had
}

// ScopeAt returns the scope of a signature made at the instant at.
func ScopeAt(at time.Time, region, service string) Scope {
	return Scope{Date: at.UTC().Format(DateFormat), Region: region, Service: service, Terminator: Terminator}
}

// String returns the scope as it stands in a string to sign.
func (s Scope) String() string { return string(s.append(nil)) }

func (s Scope) append(dst []byte) []byte {
	dst = append(append(dst, s.Date...), '/')
	dst = append(append(dst, s.Region...), '/')
	dst = append(append(dst, s.Service...), '/')
	return append(dst, s.Terminator...)
}

// parseCredential reads ID/DATE/REGION/SERVICE/TERMINATOR. It reports false
// if there are not exactly five parts.
func parseCredential(s string) (id string, scope Scope, ok bool) {
	if strings.Count(s, "/") != 4 {
		return "", Scope{}, false
	}
	id, s, _ = strings.Cut(s, "/")
	scope.Date, s, _ = strings.Cut(s, "/")
	scope.Region, s, _ = strings.Cut(s, "/")
	scope.Service, scope.Terminator, _ = strings.Cut(s, "/")
	return id, scope, true
}

// isDate reports whether s is a day as DateFormat writes it.
func isDate(s string) bool {
	if len(s) != len(DateFormat) {
		return false
	}
	_, err := time.Parse(DateFormat, s)
	return err == nil
}
