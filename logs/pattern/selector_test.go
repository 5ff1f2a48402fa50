package pattern

import (
	"slices"
	"testing"
)

func TestSelectorsAreStepsFromTheRoot(t *testing.T) {
	field := func(key string) step { return step{kind: toField, key: key} }
	element := func(at int) step { return step{kind: toElement, at: at} }
	anyField, anyElement := step{kind: toAnyField}, step{kind: toAnyElement}
	for text, want := range map[string][]step{
		`$.a`:               {field("a")},
		`$.a.b`:             {field("a"), field("b")},
		`$.a-b_c.1`:         {field("a-b_c"), field("1")},
		`$.a[0]`:            {field("a"), element(0)},
		`$.a[0][12].b`:      {field("a"), element(0), element(12), field("b")},
		`$.[3]`:             {element(3)},
		`$.['a.b']`:         {field("a.b")},
		`$.a['b c']["d'e"]`: {field("a"), field("b c"), field("d'e")},
		`$.['it\'s']`:       {field("it's")},
		`$.['*']`:           {field("*")},
		`$.['']`:            {field("")},
		`$.*`:               {anyField},
		`$.a.*.b`:           {field("a"), anyField, field("b")},
		`$.a[*]`:            {field("a"), anyElement},
		`$.a.[*].b`:         {field("a"), anyElement, field("b")},
	} {
		got, err := ParseSelector(text)
		if err != nil || !slices.Equal(got.steps, want) {
			t.Errorf("ParseSelector(%s) = %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestBadSelectorsAreShownUpToTheFault(t *testing.T) {
	for text, reason := range map[string]string{
		`a.b`:       `Invalid character(s) in term 'a'`,
		`$a`:        `Invalid character(s) in term '$a'`,
		`$["a"]`:    `Invalid character(s) in term '$['`,
		`$."a"`:     `Invalid character(s) in term '$."'`,
		`$.a.@b`:    `Invalid character(s) in term '$.a.@'`,
		`$.a[x]`:    `Invalid character(s) in term '$.a[x'`,
		`$.a[1x]`:   `Invalid character(s) in term '$.a[1x'`,
		`$.a['b'x]`: `Invalid character(s) in term '$.a['b'x'`,
		`$.日`:       `Invalid character(s) in term '$.日'`,
		`$.a:b`:     `Invalid character(s) in term ':'`,
		`$`:         InvalidPattern,
		`$.`:        InvalidPattern,
		`$.a[`:      InvalidPattern,
		`$.a[1`:     InvalidPattern,
		`$.a[*][*]`: InvalidPattern,
	} {
		_, err := ParseSelector(text)
		if e, ok := err.(*Error); !ok || e.Reason != reason {
			t.Errorf("ParseSelector(%s) err = %v, want %q", text, err, reason)
		}
	}
}

func TestSelectorsStandAlone(t *testing.T) {
	const message = `{"a":{"b":[10,"x",true,null,{}]},"c.d":"e\nf"}`
	for text, want := range map[string]string{
		`$.a.b[0]`: "10", `$.a.b[1]`: "x", `$.a.b[2]`: "true", `$.['c.d']`: "e\nf", `$.a.b[*]`: "10",
		`$.a.b[3]`: "", `$.a.b[4]`: "", `$.a.b[5]`: "", `$.a`: "", `$.z`: "",
	} {
		s, err := ParseSelector(text)
		if err != nil {
			t.Fatalf("ParseSelector(%s) err = %v", text, err)
		}
		got, ok := s.Value(message)
		if got != want || ok != (want != "") || s.String() != text {
			t.Errorf("%s: Value = %q, %v, want %q", s, got, ok, want)
		}
		if got, ok := s.Value("no JSON"); ok {
			t.Errorf("%s: Value of plain text = %q", s, got)
		}
	}
	for _, text := range []string{``, `a`, `$`, `$.`, `$.a `, ` $.a`, `$.a = 1`, `$.a.*.*`, `$a`} {
		if s, err := ParseSelector(text); err == nil {
			t.Errorf("ParseSelector(%q) = %v, want an error", text, s)
		}
	}
}
