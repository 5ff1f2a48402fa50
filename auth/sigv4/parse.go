package sigv4

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// MaxExpires is the longest life of a presigned request: a week.
const MaxExpires = 7 * 24 * time.Hour

// Authorization is what a request says of its signature.
type Authorization struct {
	AccessKeyID   string
	Scope         Scope
	SignedHeaders string // names in lower case, sorted, joined by ";"
	Signature     string
	Token         string // session token, signed or not; "" if there is none
	Date          string // as sent
	Time          time.Time
	Presigned     bool          // in the query instead of the header
	Expires       time.Duration // of a presigned request that says so
	HasExpires    bool
}

// Parse reads the signature of a request from its Authorization header or its
// query. It checks nothing but the form. Its errors are of type [*Error]; with
// an error the Authorization holds what could be read.
func Parse(r *http.Request) (Authorization, error) {
	header, inQuery := r.Header.Get("Authorization"), signsQuery(r)
	switch {
	case header != "" && inQuery:
		return Authorization{}, &Error{Problem: TwoMechanisms}
	case header != "":
		return parseHeader(header, r.Header)
	case inQuery:
		return parseQuery(r.URL.RawQuery)
	}
	return Authorization{}, &Error{Problem: Unsigned}
}

// signsQuery reports whether the query carries a signature, whole or in part.
func signsQuery(r *http.Request) bool {
	if r.URL == nil || r.URL.RawQuery == "" {
		return false
	}
	for piece := range strings.SplitSeq(r.URL.RawQuery, "&") {
		switch name, _, _ := strings.Cut(piece, "="); name {
		case "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "AWSAccessKeyId", "Signature":
			return true
		}
	}
	return false
}

// parseHeader reads an Authorization header.
func parseHeader(value string, header http.Header) (a Authorization, err error) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	credential, err := a.parsePairs(rest, header)
	if scheme != Algorithm {
		within, _ := err.(*Error)
		return a, &Error{Problem: BadAlgorithm, Value: scheme, Within: within}
	}
	if err != nil {
		return a, err
	}
	if err := a.parseDate(header); err != nil {
		return a, err
	}
	return a, a.setCredential(credential, BadCredential)
}

// parsePairs reads the key=value pairs of an Authorization header, which
// commas or spaces separate.
func (a *Authorization) parsePairs(s string, header http.Header) (credential string, err error) {
	a.Token, a.Date = header.Get("X-Amz-Security-Token"), headerDate(header)
	for s != "" {
		end := strings.IndexAny(s, ", \t")
		if end < 0 {
			end = len(s)
		}
		piece := s[:end]
		s = s[min(end+1, len(s)):]
		if piece == "" {
			continue
		}
		name, value, ok := strings.Cut(piece, "=")
		if !ok {
			return "", &Error{Problem: NotKeyValue, Value: piece}
		}
		switch name {
		case "Credential":
			credential = value
		case "SignedHeaders":
			a.SignedHeaders = canonicalNames(value)
		case "Signature":
			a.Signature = value
		}
	}
	return credential, a.missingPairs(credential)
}

// missingPairs returns the error of an Authorization header without one of
// its three parts, or of a request without a date.
func (a *Authorization) missingPairs(credential string) error {
	var missing []string
	for _, part := range [...]struct{ name, value string }{
		{"Credential", credential}, {"Signature", a.Signature}, {"SignedHeaders", a.SignedHeaders},
	} {
		if part.value == "" {
			missing = append(missing, part.name)
		}
	}
	if missing == nil && a.Date == "" {
		return &Error{Problem: MissingDate}
	}
	if missing == nil {
		return nil
	}
	if a.Date == "" {
		missing = append(missing, "Date")
	}
	return &Error{Problem: MissingParameter, Missing: missing}
}

// headerDate returns X-Amz-Date, which goes before Date.
func headerDate(header http.Header) string {
	if date := header.Get("X-Amz-Date"); date != "" {
		return date
	}
	return header.Get("Date")
}

// parseDate reads the date of the headers: X-Amz-Date in ISO 8601 basic
// format, Date in that or in one of HTTP's formats.
func (a *Authorization) parseDate(header http.Header) (err error) {
	if a.Time, err = time.Parse(TimeFormat, a.Date); err == nil {
		return nil
	}
	if header.Get("X-Amz-Date") == "" {
		if at, err := http.ParseTime(a.Date); err == nil {
			a.Time = at.UTC()
			return nil
		}
	}
	return &Error{Problem: BadDate, Value: a.Date}
}

// setCredential takes the credential apart; problem is BadCredential or
// QueryCredential.
func (a *Authorization) setCredential(credential string, problem Problem) error {
	var ok bool
	a.AccessKeyID, a.Scope, ok = parseCredential(credential)
	noDate, noKey := BadScopeDate, NoAccessKey
	if problem == QueryCredential {
		noDate, noKey = QueryScopeDate, QueryNoAccessKey
	}
	switch {
	case !ok:
		return &Error{Problem: problem, Value: credential}
	case a.AccessKeyID == "":
		return &Error{Problem: noKey}
	case !isDate(a.Scope.Date):
		return &Error{Problem: noDate, Value: a.Scope.Date}
	}
	return nil
}

// presignedNames are the parameters of a presigned request; a service may do
// without X-Amz-Expires.
var presignedNames = [...]string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Expires"}

// parseQuery reads the query of a presigned request.
func parseQuery(query string) (Authorization, error) {
	a := Authorization{Presigned: true}
	got := map[string]string{}
	for piece := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(piece, "=")
		if value, err := url.QueryUnescape(value); err == nil {
			got[name] = value
		}
	}
	a.Token, a.Signature, a.Date = got["X-Amz-Security-Token"], got["X-Amz-Signature"], got["X-Amz-Date"]
	a.SignedHeaders = canonicalNames(got["X-Amz-SignedHeaders"])
	if got["X-Amz-Algorithm"] == "" && got["AWSAccessKeyId"] != "" {
		a.AccessKeyID = got["AWSAccessKeyId"]
		return a, &Error{Problem: SignatureVersionTwo}
	}
	if err := missingParameters(got); err != nil {
		return a, err
	}
	if got["X-Amz-Algorithm"] != Algorithm {
		return a, &Error{Problem: BadAlgorithm, Value: got["X-Amz-Algorithm"]}
	}
	if err := a.setCredential(got["X-Amz-Credential"], QueryCredential); err != nil {
		return a, err
	}
	var err error
	if a.Time, err = time.Parse(TimeFormat, a.Date); err != nil {
		return a, &Error{Problem: QueryDate, Value: a.Date}
	}
	return a, a.parseExpires(got["X-Amz-Expires"])
}

func missingParameters(got map[string]string) error {
	var missing []string
	for _, name := range presignedNames[:len(presignedNames)-1] {
		if got[name] == "" {
			missing = append(missing, name)
		}
	}
	if missing == nil {
		return nil
	}
	return &Error{Problem: QueryIncomplete, Missing: missing}
}

func (a *Authorization) parseExpires(s string) error {
	if s == "" {
		return nil
	}
	seconds, err := strconv.ParseInt(s, 10, 32)
	switch {
	case err != nil:
		return &Error{Problem: ExpiresNotNumber, Value: s}
	case seconds < 0:
		return &Error{Problem: ExpiresNegative, Value: s}
	case seconds > int64(MaxExpires/time.Second):
		return &Error{Problem: ExpiresTooLong, Value: s}
	}
	a.Expires, a.HasExpires = time.Duration(seconds)*time.Second, true
	return nil
}

// Signs reports whether the header, by its lower-case name, is signed.
func (a *Authorization) Signs(name string) bool {
	for rest := a.SignedHeaders; rest != ""; {
		var signed string
		if signed, rest, _ = strings.Cut(rest, ";"); signed == name {
			return true
		}
	}
	return false
}
