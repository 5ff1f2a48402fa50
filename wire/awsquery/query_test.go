package awsquery

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/wire/plan"
)

// Request is an input with a member of every kind.
type Request struct {
	Name    string            `aws:"Name,required"`
	Count   *int32            `aws:"Count"`
	Rate    *float64          `aws:"Rate"`
	Flag    *bool             `aws:"Flag,name=flag"`
	Data    []byte            `aws:"Data"`
	When    *time.Time        `aws:"When"`
	Tags    []Tag             `aws:"Tags"`
	Notes   []string          `aws:"Notes"`
	Flat    []string          `aws:"Flat"`
	Items   []string          `aws:"Items"`
	Labels  map[string]string `aws:"Labels"`
	Named   map[string]Tag    `aws:"Named"`
	Child   *Request          `aws:"Request"`
	Nested  [][]string        `aws:"Nested"`
	Summary map[string]int32  `aws:"Summary"`
}

// Tag is a structure with a required member.
type Tag struct {
	Key   string  `aws:"Key,required"`
	Value *string `aws:"Value"`
}

var bank = &api.Service{ID: "bank", Protocol: api.Query, Shapes: map[string]api.Shape{
	"Name":    {Min: api.At(1)},
	"Count":   {Max: api.At(9)},
	"Key":     {Max: api.At(3)},
	"Tags":    {Elem: "Tag"},
	"Notes":   {Elem: "Note", Max: api.At(2)},
	"Note":    {Max: api.At(3)},
	"Flat":    {Flattened: true},
	"Items":   {ItemName: "item"},
	"Named":   {Flattened: true, KeyName: "Attribute", ValueName: "Setting", Elem: "Tag"},
	"Request": {},
}}

var requests = plan.New(bank).Of(reflect.TypeFor[Request]())

func decode(query string) (Request, string, error) {
	form, err := url.ParseQuery(query)
	if err != nil {
		return Request{}, "", err
	}
	var r Request
	var check plan.Checker
	err = Decode(requests, form, &r, &check)
	return r, check.Message(true), err
}

func ptr[T any](v T) *T { return &v }

func TestDecodeFillsEveryKindOfMember(t *testing.T) {
	for query, want := range map[string]Request{
		"Name=n&Action=Do&Version=1": {Name: "n"},
		"Name=n&Count=-5&Rate=1.5&flag=true&Data=AAE%3D&When=2020-01-02T03%3A04%3A05Z": {Name: "n", Count: ptr(int32(-5)), Rate: ptr(1.5), Flag: ptr(true), Data: []byte{0, 1}, When: ptr(time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC))},
		"Name=n&Tags.member.1.Key=a&Tags.member.1.Value=b&Tags.member.2.Key=c":         {Name: "n", Tags: []Tag{{"a", ptr("b")}, {"c", nil}}},
		"Name=n&Notes.member.10=c&Notes.member.2=b":                                    {Name: "n", Notes: []string{"b", "c"}},
		"Name=n&Notes=": {Name: "n", Notes: []string{}},
		"Name=n&Notes.member.x=a&Notes.member.0=b&Notes.member.01=c&Notes.member.%2B1=d": {Name: "n", Notes: []string{}},
		"Name=n&Flat.1=a&Flat.2=":                                      {Name: "n", Flat: []string{"a", ""}},
		"Name=n&Items.item.1=a":                                        {Name: "n", Items: []string{"a"}},
		"Name=n&Labels.entry.1.key=a&Labels.entry.1.value=b":           {Name: "n", Labels: map[string]string{"a": "b"}},
		"Name=n&Named.1.Attribute=a&Named.1.Setting.Key=k":             {Name: "n", Named: map[string]Tag{"a": {Key: "k"}}},
		"Name=n&Child.Name=c&Child.Child.Name=d":                       {Name: "n", Child: &Request{Name: "c", Child: &Request{Name: "d"}}},
		"Name=n&Nested.member.1.member.1=a&Nested.member.1.member.2=b": {Name: "n", Nested: [][]string{{"a", "b"}}},
		"Name=a&Name=b":              {Name: "b"},
		"Name=n&Name-x=y&Name.x=z":   {Name: "n"},
		"Name=+%2B%C3%BC&flag=FALSE": {Name: " +ü", Flag: ptr(false)},
	} {
		if got, broken, err := decode(query); err != nil || broken != "" || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v %s %v\nwant %+v", query, got, broken, err, want)
		}
	}
}

func TestViolationsNameTheirPath(t *testing.T) {
	for query, want := range map[string]string{
		"":                              "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
		"Name=":                         "1 validation error detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1",
		"Name=n&Count=10":               "1 validation error detected: Value '10' at 'count' failed to satisfy constraint: Member must have value less than or equal to 9",
		"Name=n&Tags.member.2.Key=long": "1 validation error detected: Value 'long' at 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 3",
		"Name=n&Tags.member.1.Value=v":  "1 validation error detected: Value null at 'tags.1.member.key' failed to satisfy constraint: Member must not be null",
		"Name=n&Notes.member.1=long":    "1 validation error detected: Value '[long]' at 'notes' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 3, Member must not be null]",
		"Name=n&Named.1.Attribute=a&Named.1.Setting.Key=long": "1 validation error detected: Value 'long' at 'named.a.member.key' failed to satisfy constraint: Member must have length less than or equal to 3",
	} {
		if _, broken, err := decode(query); err != nil || broken != want {
			t.Errorf("%s:\n got %s %v\nwant %s", query, broken, err, want)
		}
	}
}

func TestWrongTypesAreMalformedInput(t *testing.T) {
	for _, query := range []string{
		"Count=x", "Count=", "Count=1.5", "Count=2147483648", "Rate=x", "flag=yes", "flag=1", "Data=%21", "When=yesterday", "When=1234",
		"Name.x=y", "Count.member.1=2", "Notes.member.1.x=y", "Tags.member.1.Key.x=y", "Labels.entry.1.key=a", "Labels.entry.1.value=a", "Labels.entry.1.key.x=a&Labels.entry.1.value=b",
		"Name=%FF", "Child.Count=x", "Named.1.Attribute=a&Named.1.Setting.Key.x=y", strings.Repeat("a.", maxParts) + "a=b",
	} {
		_, _, err := decode(query)
		if _, ok := errors.AsType[*InputError](err); !ok {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestAnswersAreXML(t *testing.T) {
	a := Answer{Operation: "GetThing", Namespace: "https://bank/doc/", RequestID: "id-1"}
	for _, test := range []struct {
		out  any
		want string
	}{
		{nil, `<GetThingResponse xmlns="https://bank/doc/"><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></GetThingResponse>`},
		{&Request{}, result(`<Name></Name>`)},
		{&Request{Name: "a<b>&\"c\"\r\n\t\x01é\uFFFE", Notes: []string{}}, result("<Name>a&lt;b&gt;&amp;&quot;c&quot;&#xD;\n\t\uFFFDé\uFFFD</Name><Notes></Notes>")},
		{&Request{Tags: []Tag{{"k", ptr("v")}, {"l", nil}}}, result(`<Name></Name><Tags><member><Key>k</Key><Value>v</Value></member><member><Key>l</Key></member></Tags>`)},
		{&Request{Flat: []string{"a", "b"}, Items: []string{"c"}}, result(`<Name></Name><Flat>a</Flat><Flat>b</Flat><Items><item>c</item></Items>`)},
		{&Request{Summary: map[string]int32{"b": 2, "a": 1}}, result(`<Name></Name><Summary><entry><key>a</key><value>1</value></entry><entry><key>b</key><value>2</value></entry></Summary>`)},
		{&Request{Named: map[string]Tag{"x": {Key: "k"}}}, result(`<Name></Name><Named><Attribute>x</Attribute><Setting><Key>k</Key></Setting></Named>`)},
		{&Request{Count: ptr(int32(-1)), Rate: ptr(0.5), Flag: ptr(false), Data: []byte{0}, Child: &Request{Name: "c"}}, result(`<Name></Name><Count>-1</Count><Rate>0.5</Rate><flag>false</flag><Data>AA==</Data><Child><Name>c</Name></Child>`)},
		{&Request{When: ptr(time.Date(2020, 1, 2, 4, 4, 5, 0, time.FixedZone("", 3600)))}, result(`<Name></Name><When>2020-01-02T03:04:05Z</When>`)},
		{&Request{When: ptr(time.UnixMilli(1500).UTC())}, result(`<Name></Name><When>1970-01-01T00:00:01.500Z</When>`)},
		{&Request{Rate: ptr(math.Inf(-1))}, result(`<Name></Name><Rate>-Infinity</Rate>`)},
	} {
		p := requests
		if test.out == nil {
			p = nil
		}
		got := string(a.Append(nil, p, test.out))
		if got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
		wellFormed(t, got)
	}
}

func result(members string) string {
	return `<GetThingResponse xmlns="https://bank/doc/"><GetThingResult>` + members + `</GetThingResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></GetThingResponse>`
}

func wellFormed(t *testing.T, text string) {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
}

// refer decodes as the package does, but looks every name up in the form.
func refer(p *plan.Type, form url.Values, path string, v reflect.Value) (present bool, err error) {
	for name := range form {
		present = present || name == path || strings.HasPrefix(name, path+".")
	}
	if !present && path != "" {
		return false, nil
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(p.Go))
		v = v.Elem()
	}
	switch p.Kind {
	case plan.Struct:
		for _, m := range p.Members {
			if _, err := refer(m.Type, form, strings.TrimPrefix(path+"."+m.Wire, "."), v.Field(m.Field)); err != nil {
				return true, err
			}
		}
	case plan.List:
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		for i := 1; i <= 40; i++ {
			e := reflect.New(p.Elem.Go).Elem()
			item, err := refer(p.Elem, form, path+listPart(p)+strconv.Itoa(i), e)
			if err != nil {
				return true, err
			}
			if item {
				v.Set(reflect.Append(v, e))
			}
		}
	case plan.Map:
		return true, errors.New("not in this reference")
	default:
		return true, referScalar(p, form, path, v)
	}
	return true, nil
}

func listPart(p *plan.Type) string {
	switch {
	case p.Flattened:
		return "."
	case p.ItemName != "":
		return "." + p.ItemName + "."
	}
	return ".member."
}

func referScalar(p *plan.Type, form url.Values, path string, v reflect.Value) error {
	values, ok := form[path]
	if !ok {
		return errors.New("not a scalar")
	}
	return scalar(p, &node{value: values[len(values)-1], set: true}, v)
}

// Listing is an input without maps, for the reference.
type Listing struct {
	Name  string    `aws:"Name"`
	Count *int32    `aws:"Count"`
	Notes []string  `aws:"Notes"`
	Flat  []string  `aws:"Flat"`
	Items []string  `aws:"Items"`
	Tags  []Tag     `aws:"Tags"`
	Child *Listing  `aws:"Listing"`
	Tree  []Listing `aws:"Tree"`
}

func FuzzDecodeAgreesWithTheReference(f *testing.F) {
	listings := plan.New(bank).Of(reflect.TypeFor[Listing]())
	for _, seed := range []string{"", "Name=a&Count=1", "Notes.member.1=a&Notes.member.3=b&Notes.member.2=", "Tags.member.1.Key=k&Tags.member.2.Value=v", "Child.Child.Count=x", "Tree.member.1.Tree.member.1.Flat.2=z&Tree.member.1.Name=y", "Items.item.1=a&Items=", "Name-a=1&Name.a=2&Name=3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		form, err := url.ParseQuery(query)
		if err != nil || manyItems(form) {
			return
		}
		var quick, slow Listing
		err = Decode(listings, form, &quick, &plan.Checker{})
		_, want := refer(listings, form, "", reflect.ValueOf(&slow).Elem())
		if (err == nil) != (want == nil) {
			t.Fatalf("%q: %v, the reference %v", query, err, want)
		}
		if err == nil && !reflect.DeepEqual(quick, slow) {
			t.Fatalf("%q:\n got %+v\nwant %+v", query, quick, slow)
		}
		wellFormed(t, string(Answer{Operation: "A"}.Append(nil, listings, &quick)))
	})
}

// manyItems reports whether a form goes beyond what the reference looks for.
func manyItems(form url.Values) bool {
	for name := range form {
		if strings.Count(name, ".") >= maxParts {
			return true
		}
		for part := range strings.SplitSeq(name, ".") {
			if n, err := strconv.Atoi(part); err == nil && n > 40 {
				return true
			}
		}
	}
	return false
}

func TestBlobsAreBase64(t *testing.T) {
	want := []byte("\x00binary\xff")
	got, _, err := decode("Name=n&Data=" + url.QueryEscape(base64.StdEncoding.EncodeToString(want)))
	if err != nil || string(got.Data) != string(want) {
		t.Error(got.Data, err)
	}
}
