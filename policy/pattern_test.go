package policy

import (
	"strings"
	"testing"

	"sealstack/arn"
)

func TestActionsMatchWithoutRegardToCase(t *testing.T) {
	tests := []struct {
		pattern, action string
		want            bool
	}{
		{"*", "kms:Decrypt", true},
		{"kms:Decrypt", "kms:Decrypt", true},
		{"KMS:decrypt", "kms:Decrypt", true},
		{"kms:De*", "kms:Decrypt", true},
		{"kms:de*", "kms:DescribeKey", true},
		{"kms:*key", "kms:DescribeKey", true},
		{"k?s:Decrypt", "kms:Decrypt", true},
		{"kms:GenerateDataKey*", "kms:GenerateDataKeyWithoutPlaintext", true},
		{"kms:?ecryp?", "kms:Decrypt", true},
		{"kms:*crypt*", "kms:ReEncryptFrom", true},
		{"kms:D*p*t", "kms:Decrypt", true},
		{"kms:Decrypt", "kms:Encrypt", false},
		{"kms:Decrypt", "kms:DecryptX", false},
		{"kms:Decrypt*", "kms:Decryp", false},
		{"kms:?Decrypt", "kms:Decrypt", false},
		{"s3:*", "kms:Decrypt", false},
		{"kms:@ecrypt", "kms:`ecrypt", false}, // 0x40 and 0x60: not letters
	}
	for _, test := range tests {
		p := compilePattern(test.pattern, syntax{wildcards: true}, folded)
		if got := p.match(test.action, nil); got != test.want {
			t.Errorf("%q matches %q = %v", test.pattern, test.action, got)
		}
	}
}

func TestTextPatternsMatchByteForByte(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"**", "anything", true},
		{"abc", "abc", true},
		{"abc", "ABC", false},
		{"a*", "a", true},
		{"a?", "a", false},
		{"?", "é", true},
		{"??", "é", false},
		{"*?", "", false},
		{"*?", "x", true},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c-b", false},
		{"*aab", "aaab", true},
		{"*a?b*", "xa-bx", true},
		{"arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a:b/c", true},
		{"arn:*", "arn:aws:s3:::bucket/a", true}, // not by part
		{"a*", "\xff", false},
		{"?", "\xff", true},
		{"a${b}*", "a${b}c", true}, // no variables in this syntax
	}
	for _, test := range tests {
		p := compilePattern(test.pattern, syntax{wildcards: true}, plain)
		if got := p.match(test.text, nil); got != test.want {
			t.Errorf("%q matches %q = %v", test.pattern, test.text, got)
		}
	}
}

func TestWithoutWildcardsAStarIsAStar(t *testing.T) {
	p := compilePattern("a*?", syntax{}, plain)
	if !p.match("a*?", nil) || p.match("abc", nil) {
		t.Error("a*? is not itself")
	}
}

func TestAPatternTakesLinearlyManyTriesForEachStar(t *testing.T) {
	p := compilePattern(strings.Repeat("*a", 60)+"*b", syntax{wildcards: true}, plain)
	if p.match(strings.Repeat("a", 20_000), nil) {
		t.Error("matched without a b")
	}
}

// FuzzByPartAgainstArnMatch holds the compiled ARN comparison against the one
// of package arn, which takes the ARNs apart.
func FuzzByPartAgainstArnMatch(f *testing.F) {
	f.Add("arn:aws:s3:*:*:b?cket/*", "arn:aws:s3:::bucket/key")
	f.Add("*:*:*:*:*:*:*", "a:b:c:d:e:f:g")
	f.Add("a*b:?:c:d:e:**?x", "aXb:1:c:d:e:yyyx")
	f.Add("a:b:c:d:e", "a:b:c:d:e")
	f.Fuzz(func(t *testing.T, pattern, value string) {
		pattern, value = strings.ToValidUTF8(pattern, "_"), strings.ToValidUTF8(value, "_")
		p := compilePattern(pattern, syntax{wildcards: true}, byPart)
		if got, want := p.match(value, nil), arn.Match(pattern, value); got != want {
			t.Errorf("%q by part on %q = %v, arn.Match = %v", pattern, value, got, want)
		}
	})
}
