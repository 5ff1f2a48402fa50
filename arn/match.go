package arn

import (
	"strings"
	"unicode/utf8"
)

// Match compares as the ArnLike and ArnEquals condition operators do: each of
// the six colon-separated parts by itself, case-sensitively, where * in the
// pattern stands for any run of characters and ? for one character of that
// part. Only in the last part, the resource, may they stand for colons.
//
// A pattern or value with fewer than six parts never matches, with one
// exception: a pattern of nothing but * matches every value.
//
// Unverified: AWS documents the six parts but not a lone "*", which published
// policies use for "any ARN".
func Match(pattern, value string) bool {
	if pattern != "" && strings.Trim(pattern, "*") == "" {
		return true
	}
	for range 5 {
		p, pRest, pMore := strings.Cut(pattern, ":")
		v, vRest, vMore := strings.Cut(value, ":")
		if !pMore || !vMore || !glob(p, v) {
			return false
		}
		pattern, value = pRest, vRest
	}
	return glob(pattern, value)
}

// glob matches * and ? over characters. On a mismatch it only ever lets the
// last * take one character more: an earlier one never needs to, because
// whatever it could take the later one can take as well.
func glob(pattern, s string) bool {
	p, i := 0, 0
	star, resume := -1, 0
	for i < len(s) || p < len(pattern) {
		if p < len(pattern) && pattern[p] == '*' {
			star, resume = p, i
			p++
			continue
		}
		if p < len(pattern) && i < len(s) && (pattern[p] == '?' || pattern[p] == s[i]) {
			i += width(pattern[p], s[i:])
			p++
			continue
		}
		if star < 0 || resume == len(s) {
			return false
		}
		resume += width('?', s[resume:])
		p, i = star+1, resume
	}
	return true
}

// width is how many bytes of s one pattern byte takes: ? takes a whole
// character, any other byte is compared with one byte.
func width(pattern byte, s string) int {
	if pattern != '?' {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}
