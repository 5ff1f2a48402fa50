package plan

import (
	"cmp"
	"slices"
	"unicode/utf16"
)

// EnumOrder returns the values of an enum, given in the model's order, in the
// order in which AWS's sentences print them. That is the order of a Java hash
// set of 32 buckets: by the low five bits of each String.hashCode, and within
// a bucket the value that the model lists later comes first. It agrees with
// the twelve values of KMS's keySpec as recorded in 2023.
// Unverified: other enums. Of keyUsage's three values, recorded in the same
// year, the last two stood the other way round.
func EnumOrder(values []string) []string {
	out := slices.Clone(values)
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(javaHash(a)&31, javaHash(b)&31) })
	return out
}

// javaHash is Java's String.hashCode.
func javaHash(s string) (h uint32) {
	for _, unit := range utf16.Encode([]rune(s)) {
		h = 31*h + uint32(unit)
	}
	return h
}
