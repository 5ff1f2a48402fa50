package sigv2

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Scheme begins an Authorization header.
const Scheme = "AWS"

// Problem says what is wrong with a signature's form.
type Problem uint8

// The problems.
const (
	Incomplete Problem = iota + 1 // of the query: one of its three parameters is missing
	BadExpires                    // Expires is not a number of seconds
	Malformed                     // of the header: not "AWS ID:SIGNATURE"
	BadDate                       // of the header: no date, or none that can be read
)

// Error is a signature that does not keep to its form.
type Error struct {
	Problem Problem
	Value   string // BadExpires: what was sent
}

// Error names the problem for a log.
func (e *Error) Error() string {
	names := [...]string{Incomplete: "incomplete query", BadExpires: "malformed Expires", Malformed: "malformed Authorization header", BadDate: "no valid date"}
	return "sigv2: " + names[e.Problem]
}

// Authorization is what a request says of its signature.
type Authorization struct {
	AccessKeyID string
	Signature   string // base64
	Token       string // session token, "" if there is none
	Presigned   bool   // in the query instead of the header
	Date        string // as sent: Expires of a presigned request
	Time        time.Time
}

// Signs reports whether a request carries a signature of this version: a
// header of this scheme, or an access key id or a signature in the query
// where nothing is of version 4.
func Signs(r *http.Request) bool {
	if header := r.Header.Get("Authorization"); header != "" {
		return header == Scheme || strings.HasPrefix(header, Scheme+" ")
	}
	return inQuery(r.URL.RawQuery)
}

func inQuery(query string) bool {
	found := false
	for piece := range strings.SplitSeq(query, "&") {
		switch name, _, _ := strings.Cut(piece, "="); name {
		case "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature":
			return false
		case "AWSAccessKeyId", "Signature":
			found = true
		}
	}
	return found
}

// Parse reads the signature of a request for which [Signs] holds. It checks
// nothing but the form. Its errors are of type [*Error]; with an error the
// Authorization holds what could be read.
func Parse(r *http.Request) (Authorization, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		return parseHeader(header, r.Header)
	}
	return parseQuery(r)
}

func parseHeader(value string, header http.Header) (Authorization, error) {
	var ok bool
	a := Authorization{Token: header.Get("X-Amz-Security-Token"), Date: header.Get("X-Amz-Date")}
	a.AccessKeyID, a.Signature, ok = strings.Cut(strings.TrimSpace(strings.TrimPrefix(value, Scheme)), ":")
	if !ok || a.AccessKeyID == "" || a.Signature == "" {
		return a, &Error{Problem: Malformed}
	}
	if a.Date == "" {
		a.Date = header.Get("Date")
	}
	for _, layout := range [...]string{time.RFC1123Z, time.RFC1123, "20060102T150405Z", time.RFC850, time.ANSIC} {
		if at, err := time.Parse(layout, a.Date); err == nil {
			a.Time = at.UTC()
			return a, nil
		}
	}
	return a, &Error{Problem: BadDate}
}

func parseQuery(r *http.Request) (Authorization, error) {
	q := r.URL.Query()
	a := Authorization{
		Presigned: true, AccessKeyID: q.Get("AWSAccessKeyId"), Signature: q.Get("Signature"), Date: q.Get("Expires"), Token: token(r, q),
	}
	if a.AccessKeyID == "" || a.Signature == "" || a.Date == "" {
		return a, &Error{Problem: Incomplete}
	}
	seconds, err := strconv.ParseInt(a.Date, 10, 64)
	if err != nil {
		return a, &Error{Problem: BadExpires, Value: a.Date}
	}
	a.Time = time.Unix(seconds, 0).UTC()
	return a, nil
}

// token is the session token, which a presigned request has in its query.
func token(r *http.Request, q url.Values) string {
	if header := r.Header.Get("X-Amz-Security-Token"); header != "" {
		return header
	}
	return q.Get("x-amz-security-token")
}
