package sigv4

import (
	"cmp"
	"slices"
	"strings"
)

const upperHex = "0123456789ABCDEF"

// unreserved are the bytes that are never encoded (RFC 3986, section 2.3).
var unreserved = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") {
		set[c] = true
	}
	return set
}()

// Encode returns s with every byte but the unreserved ones percent-encoded in
// upper case: AWS's UriEncode.
func Encode(s string) string {
	if plain(s) {
		return s
	}
	return string(appendEncoded(make([]byte, 0, len(s)+16), s, false))
}

func plain(s string) bool {
	for i := range len(s) {
		if !unreserved[s[i]] {
			return false
		}
	}
	return true
}

func appendEncoded(dst []byte, s string, slash bool) []byte {
	for i := range len(s) {
		dst = appendByte(dst, s[i], slash)
	}
	return dst
}

func appendByte(dst []byte, c byte, slash bool) []byte {
	if unreserved[c] || c == '/' && slash {
		return append(dst, c)
	}
	return append(dst, '%', upperHex[c>>4], upperHex[c&15])
}

// appendRecoded appends s decoded and encoded again, so that a byte that the
// sender left plain, or wrote in lower-case digits, reads as AWS encodes it.
// A percent sign without two digits stands for itself.
func appendRecoded(dst []byte, s string, slash, plus bool) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		case c == '+' && plus:
			c = ' '
		}
		dst = appendByte(dst, c, slash)
	}
	return dst
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// appendPath appends the canonical form of a path as it stands on the wire.
func (rules Rules) appendPath(dst []byte, path string) []byte {
	if path == "" || path == "/" {
		return append(dst, '/')
	}
	if rules.Normalize {
		path = normalize(path)
	}
	if rules.EncodeTwice {
		return appendEncoded(dst, path, true)
	}
	return appendRecoded(dst, path, true, false)
}

// normalize removes empty and dot segments (RFC 3986, section 5.2.4) and
// keeps a slash at the end.
func normalize(path string) string {
	if !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	last := ""
	for segment := range strings.SplitSeq(path, "/") {
		last = segment
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		default:
			kept = append(kept, segment)
		}
	}
	path = "/" + strings.Join(kept, "/")
	if len(kept) > 0 && (last == "" || last == "." || last == "..") {
		path += "/"
	}
	return path
}

type parameter struct{ name, value string }

// appendQuery appends the canonical form of a raw query: names and values
// encoded, sorted by name, then value. The signature of a presigned request
// is left out.
func appendQuery(dst []byte, query string, presigned bool) []byte {
	if query == "" {
		return dst
	}
	var room [16]parameter
	params := room[:0]
	for piece := range strings.SplitSeq(query, "&") {
		if piece == "" {
			continue
		}
		name, value, _ := strings.Cut(piece, "=")
		p := parameter{recode(name), recode(value)}
		if !presigned || p.name != "X-Amz-Signature" {
			params = append(params, p)
		}
	}
	slices.SortFunc(params, func(a, b parameter) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	for i, p := range params {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(append(append(dst, p.name...), '='), p.value...)
	}
	return dst
}

// recode returns a part of a query as AWS encodes it. A plus sign is a space,
// as in a form.
//
// Unverified: the plus sign; signers write a space as %20.
func recode(s string) string {
	if plain(s) {
		return s
	}
	return string(appendRecoded(make([]byte, 0, len(s)+8), s, false, true))
}
