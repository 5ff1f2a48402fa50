package plan

import (
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
)

type Letter struct {
	Address string            `aws:"Address,required"`
	Weight  *int32            `aws:"Weight"`
	Colour  *Colour           `aws:"Colour,name=color"`
	Stamps  []Stamp           `aws:"StampList"`
	Lines   []string          `aws:"LineList"`
	Labels  map[string]string `aws:"LabelMap"`
	Seal    []byte            `aws:"Seal"`
	Secret  *string           `aws:"Secret"`
	Secrets []string          `aws:"SecretList"`
	Sent    *time.Time        `aws:"Date"`
	Replies []Letter          `aws:"LetterList"`
	Body    io.ReadCloser     `aws:"Body"`
}

type Stamp struct {
	Value int64 `aws:"Value,required"`
}

type Colour string

var post = &api.Service{ID: "post", Shapes: map[string]api.Shape{
	"Address":    {Min: api.At(2), Max: api.At(5), Pattern: `[a-z\u00E4]+`},
	"Weight":     {Min: api.At(1), Max: api.At(500)},
	"Colour":     {Enum: []string{"RED", "BLUE"}},
	"StampList":  {Elem: "Stamp", Max: api.At(2)},
	"LineList":   {Elem: "Line", Max: api.At(3)},
	"Line":       {Min: api.At(1), Max: api.At(4), Pattern: "[a-z]*"},
	"LabelMap":   {Key: "Label", Elem: "Line", Max: api.At(1)},
	"Label":      {Max: api.At(3), Enum: []string{"to", "from"}},
	"Seal":       {Max: api.At(2)},
	"Secret":     {Max: api.At(2), Sensitive: true},
	"SecretList": {Elem: "Secret"},
	"LetterList": {Elem: "Letter"},
}}

func letter() *Type { return New(post).Of(reflect.TypeFor[Letter]()) }

// checked returns the message for the member called name of a Letter.
func checked(name string, value any) string {
	var c Checker
	for i := range letter().Members {
		if m := &letter().Members[i]; m.Wire == name {
			c.Enter(m)
			c.Value(m.Type, reflect.ValueOf(value), false)
		}
	}
	return c.Message(true)
}

func TestConstraintSentencesAreThoseOfAWS(t *testing.T) {
	for _, test := range []struct {
		member string
		value  any
		want   string
	}{
		{"Address", "hello", ""},
		{"Address", "äää", ""},
		{"Address", "X", "2 validation errors detected: Value 'X' at 'address' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z\\u00E4]+; Value 'X' at 'address' failed to satisfy constraint: Member must have length greater than or equal to 2"},
		{"Address", "abcdef", "1 validation error detected: Value 'abcdef' at 'address' failed to satisfy constraint: Member must have length less than or equal to 5"},
		{"Weight", int32(500), ""},
		{"Weight", int32(0), "1 validation error detected: Value '0' at 'weight' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"Weight", int32(501), "1 validation error detected: Value '501' at 'weight' failed to satisfy constraint: Member must have value less than or equal to 500"},
		{"color", Colour("RED"), ""},
		{"color", Colour("pink"), "1 validation error detected: Value 'pink' at 'color' failed to satisfy constraint: Member must satisfy enum value set: [RED, BLUE]"},
		{"Stamps", []Stamp{{1}, {2}, {3}}, "1 validation error detected: Value '[Stamp(value=1), Stamp(value=2), Stamp(value=3)]' at 'stamps' failed to satisfy constraint: Member must have length less than or equal to 2"},
		{"Lines", []string{"a", "bcde"}, ""},
		{"Lines", []string{"a", "A"}, "1 validation error detected: Value '[a, A]' at 'lines' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 4, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [a-z]*, Member must not be null]"},
		{"Labels", map[string]string{"to": "a"}, ""},
		{"Labels", map[string]string{"over": "a"}, "1 validation error detected: Value '{over=a}' at 'labels' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 3, Member must satisfy enum value set: [from, to]]"},
		{"Labels", map[string]string{"to": ""}, "1 validation error detected: Value '{to=}' at 'labels' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 4, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [a-z]*]"},
		{"Seal", []byte{1, 2, 3}, "1 validation error detected: Value at 'seal' failed to satisfy constraint: Member must have length less than or equal to 2"},
		{"Secret", "abc", "1 validation error detected: Value at 'secret' failed to satisfy constraint: Member must have length less than or equal to 2"},
		{"Secrets", []string{"abc"}, "1 validation error detected: Value at 'secrets' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 2, Member must not be null]"},
	} {
		if got := checked(test.member, test.value); got != test.want {
			t.Errorf("%s %v:\n got %s\nwant %s", test.member, test.value, got, test.want)
		}
	}
}

func TestLengthsAreCountedInUTF16(t *testing.T) {
	for s, want := range map[string]int64{"": 0, "abc": 3, "äöü": 3, "\U0001F511": 2, "a\U0001F511ü": 4, "\uFFFF": 1} {
		if got := utf16Length(s); got != want {
			t.Errorf("%q: %d units, want %d", s, got, want)
		}
	}
	max := &rules{max: api.At(4), maxError: "long"}
	for s, long := range map[string]bool{"\U0001F511\U0001F511": false, "\U0001F511\U0001F511a": true, "äääää": true, "ääää": false} {
		if got := max.brokenString(s) != nil; got != long {
			t.Errorf("%q: too long %v, want %v", s, got, long)
		}
	}
}

func TestIAMPrintsNoValues(t *testing.T) {
	var c Checker
	p := letter()
	c.Enter(&p.Members[1])
	c.Value(p.Members[1].Type, reflect.ValueOf(int32(0)), false)
	c.Leave()
	c.Missing(&p.Members[0])
	want := "2 validation errors detected: Value null at 'address' failed to satisfy constraint: Member must not be null; " +
		"Value at 'weight' failed to satisfy constraint: Member must have value greater than or equal to 1"
	if got := c.Message(false); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestPathsNameListMembersAndMapKeys(t *testing.T) {
	var c Checker
	p := letter()
	replies, stamps := &p.Members[10], &p.Members[3]
	c.Enter(replies)
	c.Index(1)
	c.Enter(stamps)
	c.Index(0)
	c.Missing(&stamps.Type.Elem.Members[0])
	c.Leave()
	c.Leave()
	c.Leave()
	c.Leave()
	c.Enter(replies)
	c.Key("k")
	c.Null()
	want := "2 validation errors detected: Value null at 'replies.k.member' failed to satisfy constraint: Member must not be null; " +
		"Value null at 'replies.2.member.stamps.1.member.value' failed to satisfy constraint: Member must not be null"
	if got := c.Message(true); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestWhatIsForgottenIsNotReported(t *testing.T) {
	var c Checker
	p := letter()
	from := c.Mark()
	c.Missing(&p.Members[0])
	to := c.Mark()
	c.Missing(&p.Members[1])
	c.Forget(from, to)
	if got := c.Message(true); c.OK() || !strings.HasPrefix(got, "1 validation error detected: Value null at 'weight'") {
		t.Error(got)
	}
	c.Forget(to, c.Mark())
	if got := c.Message(true); !c.OK() || got != "" {
		t.Error(got)
	}
}

func TestARequestMadeToHurtIsReportedInPart(t *testing.T) {
	var c Checker
	for range maxFound + 5 {
		c.Missing(&letter().Members[0])
	}
	if got := c.Message(true); !strings.HasPrefix(got, "10000 validation errors detected: ") {
		t.Error(got[:50])
	}
}

func TestEnumsPrintInTheOrderRecordedFromKMS(t *testing.T) {
	// Recorded in 2023, when the model listed these values.
	model := []string{"RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "SYMMETRIC_DEFAULT", "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512"}
	want := "RSA_2048, ECC_NIST_P384, ECC_NIST_P256, ECC_NIST_P521, HMAC_384, RSA_3072, ECC_SECG_P256K1, RSA_4096, SYMMETRIC_DEFAULT, HMAC_256, HMAC_224, HMAC_512"
	if got := strings.Join(EnumOrder(model), ", "); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestPatternsMatchWholeStringsAsJavaDoes(t *testing.T) {
	alias := `^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`
	pairs := `[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*`
	for _, test := range []struct {
		pattern, s string
		want       bool
	}{
		{"[a-z]+", "abc", true},
		{"[a-z]+", "abc1", false},
		{"[a-z]+", "abc\n", false},
		{"^a|b$", "ab", false},
		{"a|bc", "bc", true},
		{`[\u0009\u0020-\u00FF]+`, "Köln", true},
		{`[\u0009\u0020-\u00FF]+`, "日本", false},
		{pairs, "key \U0001F511", true},
		{pairs, "bell \a", false},
		{alias, "my-alias", true},
		{alias, "my--alias", false},
		{alias, "-alias", false},
		{alias, "alias-", false},
		{alias, "ab", false},
		{alias, strings.Repeat("a", 63), true},
		{alias, strings.Repeat("a", 64), false},
		{`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`, "größe 1", true},
		{`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`, "a;b", false},
	} {
		if got := compilePattern(test.pattern)(test.s); got != test.want {
			t.Errorf("%q against %s: %v", test.s, test.pattern, got)
		}
	}
}

func TestAllGeneratedTypesHavePlansAndPatternsThatCompile(t *testing.T) {
	for _, s := range []*api.Service{kmsapi.Service, logsapi.Service, cloudtrailapi.Service, iamapi.Service, stsapi.Service, s3api.Service} {
		p := New(s)
		for _, op := range s.Operations {
			p.Of(op.Input)
			p.Of(op.Output)
		}
		for _, shape := range s.Shapes {
			if shape.Pattern != "" {
				compilePattern(shape.Pattern)("a")
			}
		}
	}
}

func TestAPlanIsMadeOnceEvenForShapesThatHoldThemselves(t *testing.T) {
	planner := New(post)
	p := planner.Of(reflect.TypeFor[*Letter]())
	if p != planner.Of(reflect.TypeFor[Letter]()) || p.Members[10].Type.Elem != p {
		t.Error("two plans of one shape")
	}
}

func TestMembersAreFoundByWireName(t *testing.T) {
	p := letter()
	for name, want := range map[string]int{"Address": 0, "color": 2, "Lines": 4} {
		for expect := range len(p.Members) + 1 {
			if m := p.Member(name, expect); m == nil || m.Index() != want {
				t.Errorf("%s expected at %d: %v", name, expect, m)
			}
		}
	}
	if m := p.Member("Colour", 0); m != nil {
		t.Error("found a member by its Go name")
	}
}

func TestAbsentMembersAreThoseThatHoldNothing(t *testing.T) {
	weight := int32(0)
	full := reflect.ValueOf(Letter{Weight: &weight, Lines: []string{}, Labels: map[string]string{}, Seal: []byte{}})
	empty := reflect.ValueOf(Letter{})
	for i := range letter().Members {
		m := &letter().Members[i]
		switch m.Wire {
		case "Address":
			if m.Absent(empty.Field(i)) {
				t.Error("a required member is never absent")
			}
		case "Weight", "Lines", "Labels", "Seal":
			if m.Absent(full.Field(i)) || !m.Absent(empty.Field(i)) {
				t.Errorf("%s: full %v, empty %v", m.Wire, m.Absent(full.Field(i)), m.Absent(empty.Field(i)))
			}
		}
	}
}

func TestGoTypesThatNoShapeHasPanic(t *testing.T) {
	for name, typ := range map[string]reflect.Type{
		"uint": reflect.TypeFor[struct {
			A uint `aws:"A"`
		}](),
		"no tag": reflect.TypeFor[struct{ A string }](),
		"option": reflect.TypeFor[struct {
			A string `aws:"A,bogus"`
		}](),
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			New(post).Of(typ)
		}()
	}
}
