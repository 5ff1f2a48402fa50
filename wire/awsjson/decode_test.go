package awsjson

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sealstack/wire/plan"
)

const must = `"Name":"n","count":1`

func TestDecodeFillsEveryKindOfMember(t *testing.T) {
	got, broken, err := decode(`{"Name":"n","count":2,"Total":-9007199254740993,"Price":0.5,"Ratio":2,"Paid":true,"Data":"AAEC",
		"When":1478910250.94,"State":"OPEN","Tags":[{"TagKey":"k","TagValue":"v"}],"Notes":["a","b"],"Labels":{"x":"y"},
		"Counts":{"OPEN":3},"Grid":[[1,2],[]],"Parts":{"p":{"TagKey":"k","TagValue":""}},"Child":{"Name":"c","count":0},
		"Choice":{"Right":7},"Scores":[1,-2.5e-1],"Blobs":["","/w=="],"Dates":[0],"Lookup":{"l":[1]}}`)
	if err != nil || broken != "" {
		t.Fatal(err, broken)
	}
	want := Order{
		Name: "n", Count: 2, Total: ptr(int64(-9007199254740993)), Price: ptr(0.5), Ratio: ptr(float32(2)), Paid: ptr(true), Data: []byte{0, 1, 2},
		When: ptr(time.UnixMilli(1478910250940).UTC()), State: ptr(State("OPEN")), Tags: []Tag{{"k", "v"}}, Notes: []string{"a", "b"},
		Labels: map[string]string{"x": "y"}, Counts: map[State]int64{"OPEN": 3}, Grid: [][]int32{{1, 2}, {}},
		Parts: map[string]Tag{"p": {"k", ""}}, Child: &Order{Name: "c"}, Choice: &Choice{Right: ptr(int32(7))},
		Scores: []float64{1, -0.25}, Blobs: [][]byte{{}, {255}}, Dates: []time.Time{time.Unix(0, 0).UTC()}, Lookup: map[string][]int64{"l": {1}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestAbsentAndEmptyAreTwoThings(t *testing.T) {
	for body, want := range map[string]Order{
		`{` + must + `}`: {Name: "n", Count: 1},
		`{` + must + `,"Notes":null,"Data":null,"Labels":null,"Child":null,"Total":null}`: {Name: "n", Count: 1},
		`{` + must + `,"Notes":[],"Data":"","Labels":{},"Total":0}`:                       {Name: "n", Count: 1, Notes: []string{}, Data: []byte{}, Labels: map[string]string{}, Total: ptr(int64(0))},
		`{` + must + `,"Labels":{"a":null,"b":"c"}}`:                                      {Name: "n", Count: 1, Labels: map[string]string{"b": "c"}},
	} {
		if got, broken, err := decode(body); err != nil || broken != "" || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v %s %v", body, got, broken, err)
		}
	}
}

func TestAnEmptyBodyIsAnEmptyObject(t *testing.T) {
	for _, body := range []string{"", " \r\n\t", "{}", " { } ", "null"} {
		_, broken, err := decode(body)
		if err != nil || !strings.HasPrefix(broken, "2 validation errors detected: Value null at 'name'") {
			t.Errorf("%q: %s %v", body, broken, err)
		}
	}
}

func TestUnknownMembersAreSkipped(t *testing.T) {
	got, broken, err := decode(`{"x":{"a":[1,{"b":null}],"c":"\u00e9"},` + must + `,"name":false,"NAME":-1.5e9,"Stream":{"a":1}}`)
	if err != nil || broken != "" || !reflect.DeepEqual(got, Order{Name: "n", Count: 1}) {
		t.Error(got, broken, err)
	}
}

func TestOfAMemberSentTwiceTheLastCounts(t *testing.T) {
	for body, want := range map[string]Order{
		`{"Name":"a","count":1,"Name":"b"}`:                                 {Name: "b", Count: 1},
		`{` + must + `,"Notes":["a","b"],"Notes":["c"]}`:                    {Name: "n", Count: 1, Notes: []string{"c"}},
		`{` + must + `,"Total":1,"Total":null}`:                             {Name: "n", Count: 1},
		`{` + must + `,"Labels":{"a":"1"},"Labels":{"b":"2","b":"3"}}`:      {Name: "n", Count: 1, Labels: map[string]string{"b": "3"}},
		`{` + must + `,"State":"BAD","State":"OPEN"}`:                       {Name: "n", Count: 1, State: ptr(State("OPEN"))},
		`{"Name":"","count":1,"Name":"good"}`:                               {Name: "good", Count: 1},
		`{` + must + `,"Child":{"Name":""},"Child":{"Name":"c","count":2}}`: {Name: "n", Count: 1, Child: &Order{Name: "c", Count: 2}},
		`{` + must + `,"\u0054otal":4}`:                                     {Name: "n", Count: 1, Total: ptr(int64(4))},
	} {
		if got, broken, err := decode(body); err != nil || broken != "" || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v %s %v", body, got, broken, err)
		}
	}
	if _, broken, _ := decode(`{"count":1,"Name":"good","Name":""}`); !strings.HasPrefix(broken, "1 validation error detected: Value '' at 'name'") {
		t.Error(broken)
	}
	if _, broken, _ := decode(`{"count":1,"Name":"good","Name":null}`); !strings.HasPrefix(broken, "1 validation error detected: Value null at 'name'") {
		t.Error(broken)
	}
}

func TestStringsKeepTheirText(t *testing.T) {
	for body, want := range map[string]string{
		`"plain"`: "plain", `"äöü €"`: "äöü €", `"a\"b\\c\/d"`: `a"b\c/d`, `"\b\f\n\r\t"`: "\b\f\n\r\t",
		`"\u0041\u00e9\u20AC"`: "Aé€", `"\ud83d\udd11"`: "\U0001F511", `"\ud83d"`: "\uFFFD", `"\ud83dx"`: "\uFFFDx",
		`"\udd11\ud83d"`: "\uFFFD\uFFFD", `"\ud83d\u0041"`: "\uFFFDA", `"\u0000"`: "\x00", `"x\n"`: "x\n", `"\n\n"`: "\n\n", `"\u007f"`: "\x7f",
	} {
		if got, _, err := decode(`{"count":1,"Name":` + body + `}`); err != nil || got.Name != want {
			t.Errorf("%s: %q %v", body, got.Name, err)
		}
	}
}

func TestNumbersKeepTheirValue(t *testing.T) {
	for body, want := range map[string]int64{
		"0": 0, "-0": 0, "-1": -1, "9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63, "1e3": 1000, "1.0": 1, "1.5119732e+12": 1511973200000, "-2.50e1": -25,
	} {
		if got, _, err := decode(`{` + must + `,"Total":` + body + `}`); err != nil || *got.Total != want {
			t.Errorf("%s: %v %v", body, got.Total, err)
		}
	}
}

func TestWrongTypesAreAnsweredInAWSsWords(t *testing.T) {
	for body, want := range map[string]string{
		`{"count":"1"}`:                    "STRING_VALUE can not be converted to an Integer",
		`{"count":true}`:                   "TRUE_VALUE can not be converted to an Integer",
		`{"count":{}}`:                     "Start of structure or map found where not expected.",
		`{"count":[]}`:                     "Start of list found where not expected.",
		`{"count":1.5}`:                    "DECIMAL_VALUE can not be converted to an Integer",
		`{"count":2147483648}`:             "Numeric value (2147483648) out of range of int (-2147483648 - 2147483647)",
		`{"Total":9223372036854775808}`:    "Numeric value (9223372036854775808) out of range of long (-9223372036854775808 - 9223372036854775807)",
		`{"Total":1e99}`:                   "Numeric value (1e99) out of range of long (-9223372036854775808 - 9223372036854775807)",
		`{"Total":1e999}`:                  "Numeric value (1e999) out of range of long (-9223372036854775808 - 9223372036854775807)",
		`{"Total":"x"}`:                    "STRING_VALUE can not be converted to a Long",
		`{"Name":5}`:                       "NUMBER_VALUE can not be converted to a String",
		`{"Name":false}`:                   "FALSE_VALUE can not be converted to a String",
		`{"Name":["a"]}`:                   "Start of list found where not expected.",
		`{"Name":{"S":"a"}}`:               "Start of structure or map found where not expected.",
		`{"Paid":"true"}`:                  "STRING_VALUE can not be converted to a Boolean",
		`{"Paid":1}`:                       "NUMBER_VALUE can not be converted to a Boolean",
		`{"Price":"x"}`:                    "STRING_VALUE can not be converted to a Double",
		`{"Price":1e999}`:                  "Numeric value (1e999) out of range of Double",
		`{"Ratio":true}`:                   "TRUE_VALUE can not be converted to a Float",
		`{"Ratio":1e39}`:                   "Numeric value (1e39) out of range of Float",
		`{"Data":5}`:                       "NUMBER_VALUE can not be converted to a Blob",
		`{"Data":"not base64!"}`:           "Invalid base64 value",
		`{"Data":"AAE"}`:                   "Invalid base64 value",
		`{"When":"2020-01-01T00:00:00Z"}`:  "STRING_VALUE can not be converted to milliseconds since epoch",
		`{"When":1e15}`:                    "Numeric value (1e15) out of range of a timestamp",
		`{"Notes":"a"}`:                    "Expected list or null",
		`{"Notes":{}}`:                     "Expected list or null",
		`{"Notes":[1]}`:                    "NUMBER_VALUE can not be converted to a String",
		`{"Tags":["a"]}`:                   "Unexpected field type",
		`{"Child":[]}`:                     "Unexpected field type",
		`{"Labels":[]}`:                    "Expected map or null",
		`{"Labels":{"a":1}}`:               "NUMBER_VALUE can not be converted to a String",
		`{"Choice":{}}`:                    "Union Choice must have exactly one member set",
		`{"Choice":{"Left":"","Right":1}}`: "Union Choice must have exactly one member set",
		`[]`:                               "Unexpected field type",
		`"a"`:                              "Unexpected field type",
		`7`:                                "Unexpected field type",
	} {
		_, _, err := decode(body)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Message != want {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}

func TestWhatIsNotJSONIsRefused(t *testing.T) {
	for _, body := range []string{
		"{", "}", "{]", "[}", `{"Name"}`, `{"Name":}`, `{"Name":"a",}`, `{,}`, `{"Name":"a"`, `{"Name":"a`, `{"Name":"a\`, `{"Name":"a\u12`, `{"Name":"a\u12x4"}`, `{"Name":"\x41"}`,
		`{Name:"a"}`, `{'Name':"a"}`, `{"Name":'a'}`, `{"Name" "a"}`, `{"count":01}`, `{"count":+1}`, `{"count":1.}`, `{"count":.5}`, `{"count":1e}`, `{"count":-}`, `{"count":0x1}`, `{"count":NaN}`,
		`{"Paid":tru}`, `{"Paid":TRUE}`, `{"Total":nul}`, `{"Notes":["a",]}`, `{"Notes":["a" "b"]}`, `{"Notes":[`, `{"Labels":{"a"}}`,
		`{} x`, `{}{}`, `{},`, `{"Name":"a"} // no`, "\xef\xbb\xbf{}", "{\"Name\":\"a\nb\"}", "{\"Name\":\"\\n\x01\"}", "{\"Name\":\"\xff\"}", "\x00", "{\"Name\":\"a\"}\x00",
		`{"x":{"y":[}}`, `{"Stream":[1,}`, `{"x":tr}`, `{"x":"`, `nul`, `nullx`,
	} {
		if _, _, err := decode(body); err == nil {
			t.Errorf("%q was taken", body)
		} else if _, ok := errors.AsType[*SyntaxError](err); !ok {
			t.Errorf("%q: %T", body, err)
		}
	}
}

func TestDeepNestingIsRefusedAndNotFollowed(t *testing.T) {
	for _, unit := range []string{"[", `{"a":`, `{"Child":`} {
		body := `{"x":` + strings.Repeat(unit, 1<<20)
		if unit == `{"Child":` {
			body = strings.Repeat(unit, 1<<20)
		}
		if _, _, err := decode(body); err == nil || !strings.Contains(err.Error(), "nesting") {
			t.Errorf("%s: %v", unit, err)
		}
	}
	deep := strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1)
	if _, _, err := decode(`{` + must + `,"x":` + deep + `}`); err != nil {
		t.Error(err)
	}
}

func TestViolationsAreFoundWhileDecoding(t *testing.T) {
	for body, want := range map[string]string{
		`{"Name":"n","count":101}`: "1 validation error detected: Value '101' at 'count' failed to satisfy constraint: Member must have value less than or equal to 100",
		`{` + must + `,"Tags":[{"TagKey":"k","TagValue":"v"},{"TagKey":"k","TagValue":"12345"}]}`: "1 validation error detected: Value '12345' at 'tags.2.member.tagValue' failed to satisfy constraint: Member must have length less than or equal to 4",
		`{` + must + `,"Tags":[{"TagValue":"v"}]}`:                                                "1 validation error detected: Value null at 'tags.1.member.tagKey' failed to satisfy constraint: Member must not be null",
		`{` + must + `,"Tags":[null]}`:                                                            "1 validation error detected: Value null at 'tags.1.member' failed to satisfy constraint: Member must not be null",
		`{` + must + `,"Notes":["a",null]}`:                                                       "1 validation error detected: Value '[a, ]' at 'notes' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 8, Member must not be null]",
		`{` + must + `,"Parts":{"x":{"TagKey":"k","TagValue":"12345"}}}`:                          "1 validation error detected: Value '12345' at 'parts.x.member.tagValue' failed to satisfy constraint: Member must have length less than or equal to 4",
		`{"count":1}`: "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
		`{"State":"ÖPEN","count":101,"Name":null}`: "3 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; Value '101' at 'count' failed to satisfy constraint: Member must have value less than or equal to 100; Value 'ÖPEN' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [DONE, OPEN]",
	} {
		if _, broken, err := decode(body); err != nil || broken != want {
			t.Errorf("%s:\n got %s\nwant %s", body, broken, want)
		}
	}
}

func TestStringsOfALargeBodyDoNotKeepIt(t *testing.T) {
	notes := strings.Repeat(`"filler \"text\"",`, 1000)
	got, _, err := decode(`{"Name":"na\u006de","count":1,"Notes":[` + notes + `"last"]}`)
	if err != nil || got.Name != "name" || got.Notes[0] != `filler "text"` || got.Notes[999] != `filler "text"` || got.Notes[1000] != "last" || len(got.Notes) != 1001 {
		t.Fatal(got.Name, len(got.Notes), err)
	}
}

func TestLongListsAreDecodedWhole(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, `{"TagKey":"k%d","TagValue":"v"},`, i)
	}
	got, broken, err := decode(`{` + must + `,"Tags":[` + strings.TrimSuffix(b.String(), ",") + `]}`)
	if err != nil || broken != "" || len(got.Tags) != 5000 || got.Tags[4999].Key != "k4999" {
		t.Error(len(got.Tags), broken, err)
	}
}

func TestDecodingIsAllocatedSparsely(t *testing.T) {
	body := []byte(`{` + must + `,"Tags":[` + strings.Repeat(`{"TagKey":"key","TagValue":"v\n"},`, 999) + `{"TagKey":"k","TagValue":"v"}]}`)
	allocs := testing.AllocsPerRun(10, func() {
		var o Order
		var check plan.Checker
		if err := Decode(orders, body, &o, &check); err != nil {
			t.Error(err)
		}
	})
	if allocs > 20 {
		t.Errorf("%v allocations for a thousand tags", allocs)
	}
}

func TestInvalidUTF8IsRefusedWhereverItStands(t *testing.T) {
	for _, body := range []string{"{\"\xff\":1}", "{\"x\":\"\xc3\x28\"}", "\xff"} {
		if utf8.ValidString(body) {
			t.Fatal("the test is wrong")
		}
		if _, _, err := decode(body); err == nil || err.Error() != "Invalid UTF-8" {
			t.Errorf("%q: %v", body, err)
		}
	}
}
