package arn

import (
	"regexp"
	"strings"
	"testing"
)

func TestMatchComparesTheSixPartsOneByOne(t *testing.T) {
	const trail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"
	tests := []struct {
		pattern, value string
		want           bool
	}{
		{trail, trail, true},
		{"arn:aws:cloudtrail:*:111122223333:trail/*", trail, true},
		{"arn:aws:cloudtrail:us-east-?:111122223333:trail/m??n", trail, true},
		{"arn:*:*:*:*:*", trail, true},
		{"arn:aws:cloudtrail:us-east-1:*:trail/*n", trail, true},
		{"*", trail, true},
		{"*", "not an arn", true},
		{"arn:aws:s3:::*", "arn:aws:s3:::bucket/key:with:colons", true},
		{"arn:aws:s3:::b*t/?", "arn:aws:s3:::bucket/é", true},
		{"arn:aws:s3:::b*t/??", "arn:aws:s3:::bucket/é", false},
		{"arn:aws:s3:::*é", "arn:aws:s3:::aéé", true},
		{"arn:aws:s3:::a*b*c", "arn:aws:s3:::aXbYbZc", true},
		{"arn:aws:s3:::a*b*c", "arn:aws:s3:::aXbYbZ", false},
		{"arn:aws:s3:::a**", "arn:aws:s3:::a", true},
		{"arn:aws:s3:::a?", "arn:aws:s3:::a", false},
		{"arn:aws:s3:::a", "arn:aws:s3:::ab", false},
		{"arn:aws:CloudTrail:*:*:*", trail, false},
		{"arn:aws:cloudtrail:*:111122223333:trail/other", trail, false},
		{"arn:aws:cloudtrail:*", trail, false},
		{"arn:*", trail, false},
		{"", "", false},
		{"a:b:c", "a:b:c", false},
		{trail, "arn:aws:cloudtrail:us-east-1:111122223333", false},
		// The example of the condition operators page: a * before the fifth
		// colon does not take what lies behind the next colon.
		{"arn:aws:someservice:*:111122223333:finance/*",
			"arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt", false},
	}
	for _, test := range tests {
		if got := Match(test.pattern, test.value); got != test.want {
			t.Errorf("Match(%q, %q) = %v", test.pattern, test.value, got)
		}
	}
}

// slowMatch states the rule as a regular expression.
func slowMatch(pattern, value string) bool {
	parts := strings.SplitN(pattern, ":", 6)
	if pattern != "" && strings.Trim(pattern, "*") == "" {
		return true
	}
	if len(parts) < 6 {
		return false
	}
	for i, part := range parts {
		any := "[^:]"
		if i == 5 {
			any = "."
		}
		part = regexp.QuoteMeta(part)
		part = strings.ReplaceAll(part, `\*`, any+"*")
		parts[i] = strings.ReplaceAll(part, `\?`, any)
	}
	return regexp.MustCompile(`(?s)\A(?:` + strings.Join(parts, ":") + `)\z`).MatchString(value)
}

func FuzzMatchAgainstARegularExpression(f *testing.F) {
	f.Add("arn:aws:s3:*:*:b?cket/*", "arn:aws:s3:::bucket/key")
	f.Add("*:*:*:*:*:*:*", "a:b:c:d:e:f:g")
	f.Add("a*b:?:c:d:e:**?x", "aXb:1:c:d:e:yyyx")
	f.Fuzz(func(t *testing.T, pattern, value string) {
		pattern, value = strings.ToValidUTF8(pattern, "_"), strings.ToValidUTF8(value, "_")
		if got, want := Match(pattern, value), slowMatch(pattern, value); got != want {
			t.Errorf("Match(%q, %q) = %v, the rule says %v", pattern, value, got, want)
		}
	})
}

func FuzzParseGivesBackWhatItRead(f *testing.F) {
	f.Add("arn:aws:s3:::bucket")
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := Parse(s); err == nil && a.String() != s {
			t.Errorf("%q came back as %q", s, a.String())
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Match("arn:aws:logs:*:111122223333:log-group:/app/*", "arn:aws:logs:us-east-1:111122223333:log-group:/app/web")
	}
}
