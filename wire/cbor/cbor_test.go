package cbor

import (
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/wire/plan"
)

// Order is an input with a member of every kind.
type Order struct {
	Name   string            `aws:"Name,required"`
	Count  int32             `aws:"Count,required,name=count"`
	Total  *int64            `aws:"Total"`
	Price  *float64          `aws:"Price"`
	Paid   *bool             `aws:"Paid"`
	Data   []byte            `aws:"Data"`
	When   *time.Time        `aws:"When"`
	Tags   []Tag             `aws:"Tags"`
	Notes  []string          `aws:"Notes"`
	Labels map[string]string `aws:"Labels"`
	Parts  map[string]Tag    `aws:"Parts"`
	Child  *Order            `aws:"Order"`
	Choice *Choice           `aws:"Choice"`
}

// Tag is a structure with required members.
type Tag struct {
	Key   string `aws:"TagKey,required,name=TagKey"`
	Value string `aws:"TagValue,required,name=TagValue"`
}

// Choice is a union.
type Choice struct {
	Left  *string `aws:"Left"`
	Right *int32  `aws:"Right"`
}

var orders = plan.New(&api.Service{ID: "shop", Shapes: map[string]api.Shape{
	"Name": {Min: api.At(1), Max: api.At(8)}, "Count": {Max: api.At(100)}, "Choice": {Union: true},
	"Notes": {Elem: "Note"}, "Note": {Max: api.At(4)}, "Tags": {Elem: "Tag"}, "Parts": {Elem: "Tag"},
}}).Of(reflect.TypeFor[Order]())

func ptr[T any](v T) *T { return &v }

// decode decodes a document of plain values, and tells what it breaks.
func decode(tree any) (o Order, broken string, err error) {
	var check plan.Checker
	err = Decode(orders, AppendTree(nil, tree), &o, &check)
	return o, check.Message(true), err
}

type object = map[string]any

func TestEveryKindOfMemberComesThrough(t *testing.T) {
	want := Order{
		Name: "n", Count: 2, Total: ptr(int64(-9007199254740993)), Price: ptr(0.5), Paid: ptr(true), Data: []byte{0, 255},
		When: ptr(time.UnixMilli(1478910250940).UTC()), Tags: []Tag{{"k", "v"}}, Notes: []string{"a", "b"},
		Labels: map[string]string{"x": "y"}, Parts: map[string]Tag{"p": {"k", ""}}, Child: &Order{Name: "c"}, Choice: &Choice{Right: ptr(int32(7))},
	}
	var got Order
	var check plan.Checker
	if err := Decode(orders, Append(nil, orders, &want), &got, &check); err != nil || !check.OK() {
		t.Fatal(err, check.Message(true))
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// The bytes of a document are those that RFC 8949 says.
func TestAnAnswerIsWrittenAsTheRFCSays(t *testing.T) {
	o := Order{Name: "n", Count: 1, Price: ptr(1.5), When: ptr(time.Unix(1, 0))}
	want := "a4" + "644e616d65" + "616e" + "645768656e" + "c101" + "655072696365" + "fb3ff8000000000000" + "65636f756e74" + "01"
	if got := hex.EncodeToString(Append(nil, orders, o)); got != want {
		t.Errorf("written %s, want %s", got, want)
	}
}

func TestWhatIsAbsentIsToldFromWhatIsEmpty(t *testing.T) {
	o, broken, err := decode(object{"Name": "n", "count": 0, "Notes": []any{}, "Labels": nil, "Data": []byte{}})
	if err != nil || broken != "" || o.Notes == nil || o.Labels != nil || o.Data == nil || o.Total != nil {
		t.Errorf("%+v, %s, %v", o, broken, err)
	}
}

func TestNumbersComeInAnyFormThatHoldsThem(t *testing.T) {
	for _, c := range []struct {
		price any
		want  float64
	}{{2, 2}, {-3, -3}, {float32(0.5), 0.5}, {math.Inf(1), math.Inf(1)}} {
		o, _, err := decode(object{"Name": "n", "count": 1.0, "Price": c.price})
		if err != nil || *o.Price != c.want || o.Count != 1 {
			t.Errorf("%v: %+v, %v", c.price, o, err)
		}
	}
	o, _, err := decode(object{"Name": "n", "count": 1, "When": 1.5})
	if err != nil || !o.When.Equal(time.UnixMilli(1500)) {
		t.Errorf("a time without its tag: %v, %v", o.When, err)
	}
}

func TestConstraintsAreToldInAWSsWords(t *testing.T) {
	for name, c := range map[string]struct {
		tree object
		want string
	}{
		"a missing member": {object{"Name": "n"}, "1 validation error detected: Value null at 'count' failed to satisfy constraint: Member must not be null"},
		"a long name":      {object{"Name": "123456789", "count": 1}, "1 validation error detected: Value '123456789' at 'name' failed to satisfy constraint: Member must have length less than or equal to 8"},
		"inside a list":    {object{"Name": "n", "count": 1, "Tags": []any{object{"TagKey": "k"}}}, "1 validation error detected: Value null at 'tags.1.member.tagValue' failed to satisfy constraint: Member must not be null"},
		"null in a list":   {object{"Name": "n", "count": 1, "Tags": []any{nil}}, "1 validation error detected: Value null at 'tags.1.member' failed to satisfy constraint: Member must not be null"},
		"inside a map":     {object{"Name": "n", "count": 1, "Parts": object{"p": object{"TagKey": "k"}}}, "1 validation error detected: Value null at 'parts.p.member.tagValue' failed to satisfy constraint: Member must not be null"},
	} {
		if _, broken, err := decode(c.tree); err != nil || broken != c.want {
			t.Errorf("%s: %q, %v", name, broken, err)
		}
	}
}

func TestDocumentsThatCantBeReadAreErrors(t *testing.T) {
	for name, tree := range map[string]any{
		"a list":                      []any{1},
		"text for a number":           object{"Name": "n", "count": "1"},
		"a number for text":           object{"Name": 1, "count": 1},
		"a fraction for an integer":   object{"Name": "n", "count": 1.5},
		"more than the integer holds": object{"Name": "n", "count": int64(1) << 40},
		"text for bytes":              object{"Name": "n", "count": 1, "Data": "x"},
		"text for a truth value":      object{"Name": "n", "count": 1, "Paid": "true"},
		"text for a time":             object{"Name": "n", "count": 1, "When": "now"},
		"a map for a list":            object{"Name": "n", "count": 1, "Notes": object{}},
		"a list for a map":            object{"Name": "n", "count": 1, "Labels": []any{}},
		"a number in a list of texts": object{"Name": "n", "count": 1, "Notes": []any{1}},
		"a number in a map of texts":  object{"Name": "n", "count": 1, "Labels": object{"a": 1}},
		"both sides of a union":       object{"Name": "n", "count": 1, "Choice": object{"Left": "a", "Right": 1}},
		"no side of a union":          object{"Name": "n", "count": 1, "Choice": object{}},
	} {
		_, _, err := decode(tree)
		if _, ok := errors.AsType[*SyntaxError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"cut off": "a1644e", "behind it more": "a000", "twice the same": "a2" + strings.Repeat("644e616d65616e", 2),
		"too deep": strings.Repeat("81", 40) + "00",
	} {
		document, _ := hex.DecodeString(text)
		var o Order
		err := Decode(orders, document, &o, new(plan.Checker))
		if _, ok := errors.AsType[*SyntaxError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecodeNeverPanics(f *testing.F) {
	f.Add(Append(nil, orders, Order{Name: "n", Tags: []Tag{{"k", "v"}}}))
	f.Add([]byte{0xbf, 0xff})
	f.Fuzz(func(t *testing.T, document []byte) {
		var o Order
		var check plan.Checker
		if err := Decode(orders, document, &o, &check); err != nil || !check.OK() {
			return
		}
		var again Order
		if err := Decode(orders, Append(nil, orders, o), &again, new(plan.Checker)); err != nil {
			t.Errorf("what was written can't be read: %v", err)
		}
	})
}
