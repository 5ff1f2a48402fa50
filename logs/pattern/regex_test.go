package pattern

import "testing"

func TestRegexMatchesAsAWSDocuments(t *testing.T) {
	for _, c := range []struct {
		regex   string
		matches []string
		others  []string
	}{
		{`^[hc]at`, []string{"hat", "cats"}, []string{"a hat", "bat"}},
		{`[hc]at$`, []string{"hat", "a cat"}, []string{"hats"}},
		{`colou?r`, []string{"color", "colour"}, []string{"colouur"}},
		{`[abcx-z]`, []string{"a", "y"}, []string{"d", "w"}},
		{`^a{3,5}$`, []string{"aaa", "aaaa", "aaaaa"}, []string{"aa", "aaaaaa"}},
		{`^a{,2}$`, []string{"", "a", "aa"}, []string{"aaa"}},
		{`^a{2,}$`, []string{"aa", "aaaa"}, []string{"a"}},
		{`gray|grey`, []string{"gray", "grey"}, []string{"gry"}},
		{`^starting|^initializing|^shutting down`, []string{"starting x", "shutting down"}, []string{"skipping initializing"}},
		{`abcc|ab[^c]$`, []string{"abcc x", "aba"}, []string{"aac"}},
		{`\[.\]`, []string{"[a]", "[7]", "[]]", "[ ]"}, []string{"[]", "[ab]"}},
		{`10\.10\.0\.1`, []string{"10.10.0.1"}, []string{"10010,051"}},
		{`10.10.0.1`, []string{"10010,051"}, nil},
		{`ab*c`, []string{"ac", "abc", "abbbc"}, []string{"adc"}},
		{`ab[0-9]*`, []string{"ab", "ab0", "ab129"}, []string{"a0"}},
		{`ab+c`, []string{"abc", "abbc"}, []string{"ac"}},
		{`.at`, []string{"hat", "4at", " at"}, []string{"at"}},
		{`^\d$`, []string{"7"}, []string{"x"}},
		{`^\D$`, []string{"x"}, []string{"7"}},
		{`^\s$`, []string{" ", "\t", "\n"}, []string{"x"}},
		{`^\S\w\W$`, []string{"xy-"}, []string{"x--", " y-"}},
		{`\x3A\x28`, []string{"a:(b"}, []string{"x3A"}},
		{`[{,]x`, []string{"{x", ",x"}, []string{"0x"}},
		{`a\{,b`, []string{"a{,b"}, []string{"a{0,b"}},
	} {
		p := mustParse(t, "%"+c.regex+"%")
		if !p.HasRegex() {
			t.Errorf("%s: HasRegex = false", c.regex)
		}
		for _, message := range c.matches {
			if !p.Match(message) {
				t.Errorf("%s does not match %q", c.regex, message)
			}
		}
		for _, message := range c.others {
			if p.Match(message) {
				t.Errorf("%s matches %q", c.regex, message)
			}
		}
	}
}

func TestRegexRefusesWhatAWSHasNot(t *testing.T) {
	for regex, reason := range map[string]string{
		`something!`: `Invalid character(s) in term '!'`,
		`(a)`:        `Invalid character(s) in term '('`,
		`\(a`:        `Invalid character(s) in term '\'`,
		`a"b`:        `Invalid character(s) in term '"'`,
		`größe`:      `Invalid character(s) in term 'ö'`,
		`\bword`:     `Invalid character(s) in term '\'`,
		`\x4`:        `Invalid character(s) in term '\'`,
		`a\`:         `Invalid character(s) in term '\'`,
		`a**`:        InvalidPattern,
		`[a`:         InvalidPattern,
		`a{2000}`:    InvalidPattern,
		`*a`:         InvalidPattern,
		``:           `Invalid character(s) in term '%%'`,
	} {
		wantReason(t, "%"+regex+"%", reason)
		wantReason(t, "[a=%"+regex+"%, b]", reason)
		wantReason(t, "{ $.a = %"+regex+"% }", reason)
	}
}

func TestAPatternHoldsTwoRegexes(t *testing.T) {
	for _, text := range []string{`%a% -%b%`, `[a=%x%, b=%y%]`, `{ $.a = %x% || $.b != %y% }`} {
		mustParse(t, text)
	}
	for _, text := range []string{`%a% %b% %c%`, `[a=%x% && a=%y%, b=%z%]`, `{ $.a = %x% || $.b != %y% || $.c = %z% }`} {
		wantReason(t, text, InvalidPattern)
	}
}
