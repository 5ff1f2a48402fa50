package pattern

import (
	"errors"
	"strings"
	"sync"
	"testing"
)

func wantReason(t *testing.T, text, reason string) {
	t.Helper()
	p, err := Parse(text)
	if err == nil {
		t.Errorf("Parse(%q) = kind %d, want the error %q", text, p.Kind(), reason)
		return
	}
	var e *Error
	if !errors.As(err, &e) || e.Reason != reason {
		t.Errorf("Parse(%q) err = %v, want %q", text, err, reason)
	}
}

func TestParseGivesAWSsReasons(t *testing.T) {
	for text, reason := range map[string]string{
		`{ $.a = 1`:               `If a filter pattern starts with '{' it must end with '}'`,
		`{`:                       `If a filter pattern starts with '{' it must end with '}'`,
		`[time, level=ERROR, msg`: `If a filter pattern starts with '[' it must end with ']'`,
		`[`:                       `If a filter pattern starts with '[' it must end with ']'`,
		`?Status: timeout`:        `Invalid character(s) in term ':'`,
		`level\":\"error`:         `Invalid character(s) in term '\'`,
		`done (3)`:                `Invalid character(s) in term '('`,
		"`ERROR`":                 "Invalid character(s) in term '`'",
		`user@example`:            `Invalid character(s) in term '@'`,
		`""`:                      `Invalid character(s) in term '""'`,
		`{ $."sc-status" = 5* }`:  `Invalid character(s) in term '$."'`,
		`[a="x, b]`:               `Invalid character(s) in term '"'`,
	} {
		wantReason(t, text, reason)
	}
}

func TestParseRefusesWhatIsNoPattern(t *testing.T) {
	for _, text := range []string{
		`"open`, `a "open`, `%open`, `a-b`, `a "b"c`, `?`, `-`, `a -`, `??a`, `--a`, `größe`, `a.b`, `*`, `ERR*`,
		`]`, `}`, `a]`,
	} {
		wantAnyError(t, text)
	}
	for _, text := range []string{
		`[]`, `[ ]`, `[a b]`, `[a=]`, `[a=1 &&]`, `[a=1 && 2]`, `[a=1 && b=2, b]`, `[a=1 || , b]`, `[..., a, ...]`,
		`[a>x]`, `[a>"5"]`, `[a<4*]`, `[a>=%5%]`, `[a==1]`, `[a=!1]`, `[a=1 2]`, `[(a=1), b]`, `[a.b, c]`, `[a='x']`,
		`[a=“x”]`, `[.., a]`, `[...a]`,
	} {
		wantAnyError(t, text)
	}
	for _, text := range []string{
		`{}`, `{ }`, `{ a = 1 }`, `{ $ = 1 }`, `{ $. = 1 }`, `{ $.a }`, `{ $.a = }`, `{ $.a == 1 }`, `{ $.a = 1 && }`,
		`{ ($.a = 1 }`, `{ $.a = 1) }`, `{ () }`, `{ $.a = 1 $.b = 2 }`, `{ $.a > x }`, `{ $.a > "5" }`, `{ $.a > %5% }`,
		`{ $.a IS }`, `{ $.a IS NOT NULL }`, `{ $.a IS null }`, `{ $.a EXISTS }`, `{ NOT EXISTS $.a }`, `{ $.a NOT }`,
		`{ $.a IS NULLX }`, `{ $.a[ = 1 }`, `{ $.a[x] = 1 }`, `{ $.a[0 = 1 }`, `{ $.a[-1] = 1 }`, `{ $.['a = 1 }`,
		`{ $.a[99999999999999999999] = 1 }`, `{ $.a..b = 1 }`, `{ $[0] = 1 }`, `{ $["x"] = 1 }`, `{ $.a = 'x' }`, `{ $.a = x y }`,
		`{ $.a[*].b[*] = 1 }`, `{ $.*.* = 1 }`, `{ $.*.a[*] = 1 }`,
		`{ $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 || $.* = 1 }`, `{ $.größe = 1 }`, `{ !($.a = 1) }`,
	} {
		wantAnyError(t, text)
	}
}

func wantAnyError(t *testing.T, text string) {
	t.Helper()
	var e *Error
	if _, err := Parse(text); !errors.As(err, &e) || e.Reason == "" {
		t.Errorf("Parse(%q) err = %v, want an *Error with a reason", text, err)
	}
}

func TestParseTakes1024Characters(t *testing.T) {
	mustParse(t, strings.Repeat("a", 1024))
	mustParse(t, `"`+strings.Repeat("é", 1022)+`"`)
	wantReason(t, strings.Repeat("a", 1025), InvalidPattern)
	wantReason(t, `"`+strings.Repeat("😀", 512)+`"`, InvalidPattern) // two units each
}

func TestKindsAreToldApart(t *testing.T) {
	for text, want := range map[string]Kind{
		``: Everything, ` `: Everything,
		`a`: Terms, `" "`: Terms, `"[a]"`: Terms, `%a%`: Terms, `-a`: Terms,
		`[a]`: SpaceDelimited, ` [a] `: SpaceDelimited, `[...]`: SpaceDelimited,
		`{$.a=1}`: JSON, "\n{ $.a = 1 }\n": JSON,
	} {
		p := mustParse(t, text)
		if p.Kind() != want || p.String() != text {
			t.Errorf("%q: Kind = %d, String = %q, want kind %d", text, p.Kind(), p.String(), want)
		}
		if p.HasRegex() != strings.Contains(text, "%") {
			t.Errorf("%q: HasRegex = %v", text, p.HasRegex())
		}
	}
}

func TestPatternsWithoutFieldsExtractNothing(t *testing.T) {
	for _, text := range []string{``, `ERROR`, `%E%`} {
		p := mustParse(t, text)
		if got := p.Extract("ERROR 1"); got == nil || len(got) != 0 {
			t.Errorf("%q: Extract = %v, want an empty map", text, got)
		}
	}
}

func TestErrorsTellOurDetailBesideAWSsReason(t *testing.T) {
	_, err := Parse(`[a, ..., b, ...]`)
	if got, want := err.Error(), "Invalid filter pattern (two ellipses)"; got != want {
		t.Errorf("Error = %q, want %q", got, want)
	}
	_, err = Parse(`a:b`)
	if got, want := err.Error(), "Invalid character(s) in term ':'"; got != want {
		t.Errorf("Error = %q, want %q", got, want)
	}
}

func TestOnePatternServesManyGoroutines(t *testing.T) {
	patterns := []*Pattern{
		mustParse(t, `ERROR -%de.ug%`),
		mustParse(t, `[level=ERROR, ..., n>5]`),
		mustParse(t, `{ $.level = "ERR*" && $.n > 5 }`),
	}
	messages := []string{"ERROR x 6", "ERROR x 6 ", `{"level":"ERROR","n":6}`}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 100 {
				for i, p := range patterns {
					if !p.Match(messages[i]) || p.Extract(messages[i]) == nil || p.Match("INFO x 6") {
						t.Errorf("%s fails beside others", p)
						return
					}
				}
			}
		})
	}
	group.Wait()
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		``, `ERROR -"a b" ?c`, `%a{,3}[^b]\x41%`, `[ip, user, ..., status=4* && status!=403 || status > 5e3, bytes=%1%]`,
		`{ ($.a.b[0] = "x*" && $.n >= -1.5e3) || $.['c d'] NOT EXISTS || $.*[1] IS NULL }`, `"\"\\`, `{$.a[*]=%x%}`,
	} {
		f.Add(text, `{"a":{"b":["xy"]},"n":1,"c d":null}`)
		f.Add(text, `127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET / HTTP/1.0" 200 1534`)
	}
	f.Fuzz(func(t *testing.T, text, message string) {
		p, err := Parse(text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Reason == "" {
				t.Fatalf("err = %v, want an *Error with a reason", err)
			}
			return
		}
		matched, values := p.Match(message), p.Extract(message)
		if matched != (values != nil) {
			t.Errorf("%q on %q: Match = %v, Extract = %v", text, message, matched, values)
		}
		if again := mustParse(t, p.String()).Match(message); again != matched {
			t.Errorf("%q parsed again matches differently", text)
		}
	})
}
