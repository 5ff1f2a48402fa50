package api_test

import (
	"regexp"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/organizationsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
)

// allServices are all generated services.
var allServices = []*api.Service{
	cloudtrailapi.Service, iamapi.Service, kmsapi.Service, logsapi.Service, organizationsapi.Service,
	s3api.Service, stsapi.Service,
}

// probes are strings that tell patterns apart.
var probes = []string{
	"", "a", "A", "0", "-", "_", "a b", "a\nb", "a\x0bb", "a\rb", "abc\n", "/", "/x/", "//", "é", "ü/ß", "\u2028", "日本", "🔑", "\x7f", "\u0085",
	"alias/key", "AKIAIOSFODNN7EXAMPLE", "111122223333", "us-east-1", "arn:aws:kms:us-east-1:111122223333:key/1234abcd",
	"logs.us-east-1.amazonaws.com", "s3://bucket/prefix", "v1", "12:34", "12:34:56", "a--b", "*", "[x]", "a.b", "key:value=1@x+y", "^/aws", "$",
	strings.Repeat("a", 40), strings.Repeat("a1-", 30),
}

func TestEveryPatternOfTheModelsCompiles(t *testing.T) {
	patterns := 0
	for _, s := range allServices {
		for name, shape := range s.Shapes {
			if shape.Pattern == "" {
				continue
			}
			patterns++
			t.Run(s.ID+"."+name, func(t *testing.T) { api.Compile(shape.Pattern)("x") })
		}
	}
	if patterns < 100 {
		t.Errorf("the models have %d patterns, expected more than 100", patterns)
	}
}

// Where Go's own engine takes the pattern as it is, and it has none of what
// Java reads differently, both must agree on every probe.
func TestPatternsMatchAsGoReadsThem(t *testing.T) {
	different := regexp.MustCompile(`\\u|\\s|\\S|\.`)
	compared := 0
	for _, s := range allServices {
		for name, shape := range s.Shapes {
			plain, err := regexp.Compile(`\A(?:` + shape.Pattern + `)\z`)
			if shape.Pattern == "" || err != nil || different.MatchString(shape.Pattern) {
				continue
			}
			compared++
			match := api.Compile(shape.Pattern)
			for _, probe := range probes {
				if got, want := match(probe), plain.MatchString(probe); got != want {
					t.Errorf("%s.%s: %q on %q is %v, expected %v", s.ID, name, shape.Pattern, probe, got, want)
				}
			}
		}
	}
	if compared < 30 {
		t.Errorf("only %d patterns compared", compared)
	}
}

func TestPatternsMatchAsJavaReadsThem(t *testing.T) {
	for _, c := range []struct {
		name, pattern, text string
		want                bool
	}{
		{"the whole string must match", `[0-9]{2}`, "123", false},
		{"an anchored pattern is the same", `^[0-9]{2}$`, "12", true},
		{"no newline may follow the end", `^[0-9]{2}$`, "12\n", false},
		{"both sides of an alternative are anchored", `^a$|^b$`, "b", true},
		{"unicode escape", `[\u0020-\u00FF]+`, "ÿ ", true},
		{"outside the unicode escape", `[\u0020-\u00FF]+`, "Ā", false},
		{"a tab is below the range", `[\u0020-\u00FF]+`, "\t", false},
		{"unicode escape outside a class", `(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`, "/a b/", false},
		{"an IAM path", `(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`, "/team/", true},
		{"a surrogate pair is one character", `[\uD800\uDC00-\uDBFF\uDFFF]`, "🔑", true},
		{"four digits make an escape, a fifth is a character", `[\u10000]+`, "0\u1000", true},
		{"a dot matches no newline", `.+`, "a\nb", false},
		{"a dot matches no carriage return", `.+`, "a\rb", false},
		{"a dot matches no line separator", `.+`, "a\u2028b", false},
		{"a dot in a class is a dot", `[.]+`, "..", true},
		{"a dot in a class is nothing else", `[.]+`, "a", false},
		{"an escaped dot", `a\.b`, "axb", false},
		{"dot-all", `(?s).*`, "a\nb\r", true},
		{"white space has the vertical tab", `[a\s]+`, "a\x0b", true},
		{"white space outside a class", `a\sb`, "a\x0bb", true},
		{"no-space has no vertical tab", `\S{2,3}`, "a\x0b", false},
		{"no-space", `\S{2,3}`, "ab", true},
		{"letters of all scripts", `^([\p{L}\p{Z}\p{N}_.:/=+\-@]+)$`, "日本 é", true},
		{"a class with plus takes no empty string", `[a-z]+`, "", false},
		{"a class with star does", `[a-z]*`, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := api.Compile(c.pattern)(c.text); got != c.want {
				t.Errorf("%q on %q is %v, expected %v", c.pattern, c.text, got, c.want)
			}
		})
	}
}

func TestAccountAliasMatchesAsItsPatternSays(t *testing.T) {
	match := api.Compile(iamapi.Shapes["accountAliasType"].Pattern)
	for text, want := range map[string]bool{
		"abc": true, "a-b": true, "a-b-c": true, "123": true, strings.Repeat("a", 63): true,
		"": false, "ab": false, "-ab": false, "ab-": false, "a--b": false, "Abc": false, "a_b": false,
		"aéb": false, "abc\n": false, strings.Repeat("a", 64): false,
	} {
		if got := match(text); got != want {
			t.Errorf("%q is %v, expected %v", text, got, want)
		}
	}
}

func TestCompilePanicsOnWhatItCannotExpress(t *testing.T) {
	for _, pattern := range []string{`a(?=b)`, `\u12`, `\uXYZW`, `[`} {
		t.Run(pattern, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			api.Compile(pattern)
		})
	}
}

func BenchmarkLogGroupNamePattern(b *testing.B) {
	match := api.Compile(logsapi.Shapes["LogGroupName"].Pattern)
	for b.Loop() {
		match("/aws/lambda/checkout-service-production")
	}
}
