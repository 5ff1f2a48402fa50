package sigv2

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Sign returns the signature of a string: its HMAC-SHA1 in base64.
func Sign(secret, text string) string {
	h := hmac.New(sha1.New, []byte(secret))
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Verify reports, in constant time, whether signature is that of the text.
func Verify(secret, text, signature string) bool {
	return subtle.ConstantTimeCompare([]byte(Sign(secret, text)), []byte(signature)) == 1
}

// StringToSign returns what the signature of a request covers. bucket is the
// bucket that the request's host name names, "" where the path names it.
func (a *Authorization) StringToSign(r *http.Request, bucket string) string {
	path, query := target(r)
	return a.stringToSign(r, bucket, path, query)
}

// Matches reports whether a request has the signature of the holder of the
// secret, and returns the string to sign. A path that is a bucket's name alone
// may have been signed with a slash behind it, as boto3 does: it is the same
// bucket.
//
// Unverified: that S3 takes both.
func (a *Authorization) Matches(r *http.Request, bucket, secret string) (text string, ok bool) {
	path, query := target(r)
	text = a.stringToSign(r, bucket, path, query)
	if Verify(secret, text, a.Signature) {
		return text, true
	}
	alone := bucket == "" && len(path) > 1 && strings.Count(path, "/") == 1
	return text, alone && Verify(secret, a.stringToSign(r, bucket, path+"/", query), a.Signature)
}

func (a *Authorization) stringToSign(r *http.Request, bucket, path, query string) string {
	params := parameters(query)
	date := a.Date
	if !a.Presigned && r.Header.Get("X-Amz-Date") != "" {
		date = "" // it is among the headers below
	}
	var b strings.Builder
	for _, line := range [...]string{r.Method, a.named(r, params, "Content-Md5"), a.named(r, params, "Content-Type"), date} {
		b.WriteString(line + "\n")
	}
	a.writeHeaders(&b, r, params)
	if bucket != "" {
		b.WriteString("/" + bucket)
	}
	b.WriteString(path)
	writeSubresources(&b, params)
	return b.String()
}

// target is path and query as they were sent.
func target(r *http.Request) (path, query string) {
	if strings.HasPrefix(r.RequestURI, "/") {
		path, query, _ = strings.Cut(r.RequestURI, "?")
		return path, query
	}
	return r.URL.EscapedPath(), r.URL.RawQuery
}

type parameter struct {
	name, value string
	hasValue    bool
}

// parameters takes a query apart and sorts it by name.
func parameters(query string) (list []parameter) {
	for piece := range strings.SplitSeq(query, "&") {
		var p parameter
		p.name, p.value, p.hasValue = strings.Cut(piece, "=")
		p.name, p.value = decoded(p.name), decoded(p.value)
		list = append(list, p)
	}
	slices.SortStableFunc(list, func(a, b parameter) int { return strings.Compare(a.name, b.name) })
	return list
}

// decoded is a piece of a query without its percent signs, or as it was sent
// if those are wrong.
func decoded(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// named is the value of a header, which the maker of a presigned request may
// have put into the query.
//
// Unverified: that the query stands in for Content-Type and Content-MD5 where
// the request has no such header.
func (a *Authorization) named(r *http.Request, params []parameter, name string) string {
	if values := r.Header.Values(name); len(values) > 0 || !a.Presigned {
		return strings.TrimSpace(strings.Join(values, ","))
	}
	for _, p := range params {
		if strings.EqualFold(p.name, name) {
			return strings.TrimSpace(p.value)
		}
	}
	return ""
}

const amzPrefix = "x-amz-"

// writeHeaders writes the x-amz- headers in lower case, sorted, each on a line.
func (a *Authorization) writeHeaders(b *strings.Builder, r *http.Request, params []parameter) {
	lines := map[string]string{}
	for name, value := range a.queryHeaders(params) {
		lines[name] = value
	}
	for name, values := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, amzPrefix) {
			lines[name] = joined(values)
		}
	}
	names := make([]string, 0, len(lines))
	for name := range lines {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b.WriteString(name + ":" + lines[name] + "\n")
	}
}

// joined is the value of a header that may have come several times, without
// the space around it and unfolded.
func joined(values []string) string {
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.Join(strings.FieldsFunc(v, func(c rune) bool { return c == '\r' || c == '\n' }), " ")
		trimmed[i] = strings.TrimSpace(trimmed[i])
	}
	return strings.Join(trimmed, ",")
}

// queryHeaders are the x-amz- headers that are in the query of a presigned
// request.
func (a *Authorization) queryHeaders(params []parameter) map[string]string {
	found := map[string]string{}
	for _, p := range params {
		if name := strings.ToLower(p.name); a.Presigned && strings.HasPrefix(name, amzPrefix) {
			found[name] = p.value
		}
	}
	return found
}

// QueryHeaders returns the x-amz- headers that a presigned request has in its
// query, and that count as if they had been sent as headers, by their
// lower-case names.
func (a *Authorization) QueryHeaders(r *http.Request) map[string]string {
	_, query := target(r)
	return a.queryHeaders(parameters(query))
}

// subresources are the parameters that the resource includes: those that S3
// documents, and those that AWS's SDKs sign.
var subresources = map[string]bool{
	"accelerate": true, "acl": true, "analytics": true, "cors": true, "defaultObjectAcl": true, "delete": true, "inventory": true,
	"lifecycle": true, "location": true, "logging": true, "metrics": true, "notification": true, "object-lock": true,
	"partNumber": true, "policy": true, "replication": true, "requestPayment": true, "restore": true, "select": true,
	"select-type": true, "storageClass": true, "tagging": true, "torrent": true, "uploadId": true, "uploads": true,
	"versionId": true, "versioning": true, "versions": true, "website": true,
	"response-cache-control": true, "response-content-disposition": true, "response-content-encoding": true,
	"response-content-language": true, "response-content-type": true, "response-expires": true,
}

// writeSubresources writes them by name, their values decoded.
func writeSubresources(b *strings.Builder, params []parameter) {
	separator := "?"
	for _, p := range params {
		if !subresources[p.name] {
			continue
		}
		b.WriteString(separator + p.name)
		if p.hasValue {
			b.WriteString("=" + p.value)
		}
		separator = "&"
	}
}
