package pattern

import "testing"

func TestQuotedStringsEndAtTheirQuote(t *testing.T) {
	for _, c := range []struct {
		text, want, rest string
		ok               bool
	}{
		{`"a" b`, `a`, ` b`, true},
		{`""`, ``, ``, true},
		{`"a\"b"`, `a"b`, ``, true},
		{`"a\\"b`, `a\`, `b`, true},
		{`"a\tb"`, `a\tb`, ``, true},
		{`"日本"`, `日本`, ``, true},
		{`'a"b\''c`, `a"b'`, `c`, true},
		{`"a`, ``, `"a`, false},
		{`"a\"`, ``, `"a\"`, false},
		{`"a\`, ``, `"a\`, false},
		{`"`, ``, `"`, false},
	} {
		s := &scanner{text: c.text}
		got, err := s.quoted(c.text[0])
		if got != c.want || s.rest() != c.rest || (err == nil) != c.ok {
			t.Errorf("quoted %s = %q, %v, rest %q, want %q, rest %q", c.text, got, err, s.rest(), c.want, c.rest)
		}
	}
}

func TestUnexpectedNamesAWholeCharacter(t *testing.T) {
	for text, want := range map[string]string{
		"(x": `Invalid character(s) in term '('`,
		"“x": `Invalid character(s) in term '“'`,
		"日":  `Invalid character(s) in term '日'`,
		"":   `Invalid filter pattern (ends too early)`,
	} {
		if got := (&scanner{text: text}).unexpected().Error(); got != want {
			t.Errorf("unexpected at %q = %q, want %q", text, got, want)
		}
	}
}

func TestTokensAreTakenWithTheirBlanks(t *testing.T) {
	s := &scanner{text: " \t&&\n x"}
	if s.takeToken("||") || !s.takeToken("&&") || s.rest() != "x" {
		t.Errorf("rest = %q, want %q", s.rest(), "x")
	}
	if s.take("xy") || !s.take("x") || !s.done() || s.peek() != 0 {
		t.Error("the end is not the end")
	}
}

func TestTrimTakesBlanksOffTheEnds(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " ": "", " \t\r\n": "", "a": "a", " a b ": "a b", "\u00a0a": "\u00a0a",
	} {
		if got := trim(text); got != want {
			t.Errorf("trim(%q) = %q, want %q", text, got, want)
		}
	}
}
