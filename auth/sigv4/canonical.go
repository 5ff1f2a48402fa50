package sigv4

import (
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
)

const hexSize = 64

// Rules are where services differ in the canonical request.
type Rules struct {
	// EncodeTwice: the path is encoded as it stands on the wire, so that its
	// percent signs are encoded again. All services but S3.
	EncodeTwice bool
	// Normalize: empty and dot segments of the path are removed. All services
	// but S3, where they are part of an object's key.
	Normalize bool
}

// The rules of all services but S3, and those of S3.
var (
	Standard = Rules{EncodeTwice: true, Normalize: true}
	S3       = Rules{}
)

// message is what a signature covers, apart from the body.
type message struct {
	method, path, query, host string
	header                    http.Header
	request                   *http.Request
}

// messageOf reads the request line as it was received; of a request that is
// yet to be sent, as it will be.
func messageOf(r *http.Request) message {
	m := message{method: r.Method, host: r.Host, header: r.Header, request: r}
	if m.host == "" && r.URL != nil {
		m.host = r.URL.Host
	}
	switch {
	case strings.HasPrefix(r.RequestURI, "/"):
		m.path, m.query, _ = strings.Cut(r.RequestURI, "?")
	default:
		m.path, m.query = r.URL.EscapedPath(), r.URL.RawQuery
	}
	return m
}

// appendCanonical appends the canonical request.
func (m *message) appendCanonical(dst []byte, rules Rules, signed string, presigned bool, payload string) []byte {
	dst = append(append(dst, m.method...), '\n')
	dst = append(rules.appendPath(dst, m.path), '\n')
	dst = append(appendQuery(dst, m.query, presigned), '\n')
	for names := signed; names != ""; {
		var name string
		name, names, _ = strings.Cut(names, ";")
		dst = append(append(dst, name...), ':')
		dst = append(m.appendHeader(dst, name), '\n')
	}
	dst = append(append(append(dst, '\n'), signed...), '\n')
	return append(dst, payload...)
}

// appendHeader appends the value of a header by its lower-case name.
func (m *message) appendHeader(dst []byte, name string) []byte {
	if name == "host" {
		return appendTrimmed(dst, m.host)
	}
	values := headerValues(m.header, name)
	if len(values) == 0 {
		return m.appendTransport(dst, name)
	}
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendTrimmed(dst, v)
	}
	return dst
}

// appendTransport appends a header that net/http takes out of the map.
func (m *message) appendTransport(dst []byte, name string) []byte {
	switch r := m.request; name {
	case "content-length":
		if r.ContentLength >= 0 {
			return strconv.AppendInt(dst, r.ContentLength, 10)
		}
	case "transfer-encoding":
		return append(dst, strings.Join(r.TransferEncoding, ",")...)
	case "trailer":
		names := make([]string, 0, len(r.Trailer))
		for name := range r.Trailer {
			names = append(names, strings.ToLower(name))
		}
		slices.Sort(names)
		return append(dst, strings.Join(names, ",")...)
	}
	return dst
}

// has reports whether the request has the header, which may be one that
// net/http keeps elsewhere.
func (m *message) has(name string) bool {
	switch name {
	case "host", "content-length", "transfer-encoding", "trailer", "connection":
		return true
	}
	return len(headerValues(m.header, name)) > 0
}

// headerValues looks a header up by its lower-case name without allocating.
func headerValues(h http.Header, name string) []string {
	var key [64]byte
	if len(name) > len(key) {
		return h[textproto.CanonicalMIMEHeaderKey(name)]
	}
	upper := true
	for i := range len(name) {
		c := name[i]
		if upper && 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper = c == '-'
		key[i] = c
	}
	return h[string(key[:len(name)])]
}

// appendTrimmed appends a header's value without space around it and with
// runs of spaces inside it made one.
func appendTrimmed(dst []byte, v string) []byte {
	v = strings.Trim(v, " \t\r\n")
	if !strings.Contains(v, "  ") {
		return append(dst, v...)
	}
	for i := range len(v) {
		if v[i] != ' ' || v[i-1] != ' ' {
			dst = append(dst, v[i])
		}
	}
	return dst
}

// canonicalNames returns a list of signed headers in lower case, sorted, as the
// canonical request has it whatever the sender wrote.
func canonicalNames(signed string) string {
	lower := strings.ToLower(signed)
	for rest, last := lower, ""; ; {
		name, more, found := strings.Cut(rest, ";")
		if name < last {
			break
		}
		if !found {
			return lower
		}
		rest, last = more, name
	}
	names := strings.Split(lower, ";")
	slices.Sort(names)
	return strings.Join(names, ";")
}
