package insights

import (
	"reflect"
	"testing"
)

// peeked are messages with what is found in them under "a".
var peeked = []struct {
	message string
	tells   bool // peek can tell
	want    value
}{
	{`{"a":"x"}`, true, textOf("x")},
	{` { "b" : [1, {"c":"}\n"}] , "a" : -1.5e+3 } `, true, value{kind: numeric, num: -1500, text: "-1.5e+3"}},
	{`{"a":1,"a":2}`, true, value{kind: numeric, num: 2, text: "2"}},
	{`{"a":1,"a":null}`, true, value{}},
	{`{"a":true}`, true, boolOf(true)},
	{`{"a":false}`, true, boolOf(false)},
	{`{"a":{"b":1}}`, true, value{}},
	{`{"b":{"a":1}}`, true, value{}},
	{`{}`, true, value{}},
	{`{"a":1e999}`, true, textOf("1e999")},
	{`{"a":"x\"y"}`, false, textOf(`x"y`)},
	{`{"a":"é"}`, false, textOf("é")},
	{`{"\u0061":1}`, false, value{kind: numeric, num: 1, text: "1"}},
	{`{"a":1`, false, value{}},
	{`{"a":1}x`, false, value{}},
	{`{"a":1,}`, false, value{}},
	{`{"a":01}`, false, value{}},
	{`{"a":1.}`, false, value{}},
	{`{"a":"x` + "\n" + `"}`, false, value{}},
	{`{"b":"\x","a":1}`, false, value{}},
	{`[{"a":1}]`, false, value{}},
	{`a`, false, value{}},
	{``, false, value{}},
}

func TestPeekingTellsWhatDecodingTells(t *testing.T) {
	for _, c := range peeked {
		slow := fromJSON(find(decode(c.message), "a"), false)
		if !reflect.DeepEqual(slow, c.want) {
			t.Errorf("%s decodes to %+v, want %+v", c.message, slow, c.want)
		}
		got, ok := peek(c.message, "a")
		if ok != c.tells || ok && !reflect.DeepEqual(got, c.want) {
			t.Errorf("peek(%s) = %+v, %t, want %+v, %t", c.message, got, ok, c.want, c.tells)
		}
	}
}

func TestPeekingLeavesDottedNamesToDecoding(t *testing.T) {
	if _, ok := peek(`{"a":{"b":1}}`, "a.b"); ok {
		t.Error("peek tells what is nested")
	}
	if _, ok := peek(`{"":1}`, ""); ok {
		t.Error("peek finds a field without a name")
	}
}

func FuzzPeekingAgreesWithDecoding(f *testing.F) {
	for _, c := range peeked {
		f.Add(c.message, "a")
	}
	f.Fuzz(func(t *testing.T, message, name string) {
		got, ok := peek(message, name)
		if !ok {
			return
		}
		if want := fromJSON(find(decode(message), name), false); !reflect.DeepEqual(got, want) {
			t.Errorf("peek(%q, %q) = %+v, decoding gives %+v", message, name, got, want)
		}
	})
}
