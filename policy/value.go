package policy

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// readNumber reads an integer or decimal number.
//
// Numbers are compared as 64-bit floating point, so integers beyond 2^53 may
// compare as equal to their neighbours.
func readNumber(s string) (float64, bool) {
	if s == "" || strings.Trim(s, "+-.eE0123456789") != "" {
		return 0, false // Inf, NaN, hexadecimal and the like
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// readDate reads a date in one of the W3C's forms of ISO 8601, or in seconds
// since the epoch.
//
// Unverified: four digits are a year, not seconds; a day, month or year stands
// for its first moment in UTC.
func readDate(s string) (time.Time, bool) {
	year := len(s) == len("2006") && strings.Trim(s, "0123456789") == ""
	if seconds, ok := readNumber(s); ok && !year {
		whole := int64(seconds)
		return time.Unix(whole, int64((seconds-float64(whole))*1e9)), true
	}
	t, err := time.Parse(dateLayout(s), s)
	return t, err == nil
}

// dateLayout picks the only layout that s can have.
func dateLayout(s string) string {
	switch {
	case len(s) == len("2006"):
		return "2006"
	case len(s) == len("2006-01"):
		return "2006-01"
	case len(s) == len("2006-01-02"):
		return "2006-01-02"
	case len(s) >= len("2006-01-02T15:04:05") && s[len("2006-01-02T15:04")] == ':':
		return time.RFC3339
	}
	return "2006-01-02T15:04Z07:00"
}

// readBool reads true or false in any case.
func readBool(s string) (value, ok bool) {
	switch {
	case len(s) == len("true") && equalFold(s, "true"):
		return true, true
	case len(s) == len("false") && equalFold(s, "false"):
		return false, true
	}
	return false, false
}

// readAddress reads an IP address; an IPv4 address in IPv6 clothes is IPv4.
func readAddress(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err == nil
}

// readRange reads a CIDR range; a lone address is the range of itself.
func readRange(s string) (netip.Prefix, bool) {
	if a, ok := readAddress(s); ok {
		return netip.PrefixFrom(a, a.BitLen()), a.Zone() == ""
	}
	p, err := netip.ParsePrefix(s)
	return p, err == nil
}

// readBinary reads base64 text.
func readBinary(s string) (string, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	return string(b), err == nil
}
