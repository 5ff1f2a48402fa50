package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Mismatch holds what was calculated where a signature does not match.
type Mismatch struct {
	StringToSign     string
	CanonicalRequest string
}

// buffers hold canonical requests while they are made and hashed.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }}

// Verify recalculates the signature of a request and returns nil if it is the
// one that a holds. payload is the last line of the canonical request: the
// hexadecimal SHA-256 of the body or a word that stands for it.
func (a *Authorization) Verify(r *http.Request, payload string, rules Rules, key *Key) *Mismatch {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	m := messageOf(r)
	canonical := m.appendCanonical((*buffer)[:0], rules, a.SignedHeaders, a.Presigned, payload)
	*buffer = canonical
	var room [256]byte
	text := a.appendStringToSign(room[:0], canonical)
	if key.Verify(text, a.Signature) {
		return nil
	}
	return &Mismatch{StringToSign: string(text), CanonicalRequest: string(canonical)}
}

// WithoutToken returns the request as it was signed where the session token
// was added to the query of a presigned request after signing, which some
// services ask for. It reports false where the query has no token.
func (a *Authorization) WithoutToken(r *http.Request) (*http.Request, bool) {
	if !a.Presigned || a.Token == "" {
		return r, false
	}
	m := messageOf(r)
	pieces := slices.DeleteFunc(strings.Split(m.query, "&"), func(p string) bool {
		return strings.HasPrefix(p, "X-Amz-Security-Token=")
	})
	bare := *r
	bare.RequestURI = m.path + "?" + strings.Join(pieces, "&")
	return &bare, true
}

// appendStringToSign appends the string to sign of a canonical request.
func (a *Authorization) appendStringToSign(dst, canonical []byte) []byte {
	dst = append(append(dst, Algorithm...), '\n')
	dst = append(a.Time.AppendFormat(dst, TimeFormat), '\n')
	dst = append(a.Scope.append(dst), '\n')
	sum := sha256.Sum256(canonical)
	return hex.AppendEncode(dst, sum[:])
}

// Unsigned returns the names of the headers of a request that are not signed
// although they must be: Host, and those with the prefix (none if it is
// empty). They are in lower case, sorted.
func (a *Authorization) Unsigned(r *http.Request, prefix string) []string {
	var names []string
	if !a.Signs("host") {
		names = append(names, "host")
	}
	if prefix == "" {
		return names
	}
	for key := range r.Header {
		if len(key) < len(prefix) || !strings.EqualFold(key[:len(prefix)], prefix) {
			continue
		}
		if name := strings.ToLower(key); !a.Signs(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Absent returns the first header that is said to be signed and that the
// request does not have, or "".
func (a *Authorization) Absent(r *http.Request) string {
	m := messageOf(r)
	for rest := a.SignedHeaders; rest != ""; {
		var name string
		if name, rest, _ = strings.Cut(rest, ";"); !m.has(name) {
			return name
		}
	}
	return ""
}
