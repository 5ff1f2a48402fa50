package pattern

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

var documents = []string{
	`{}`, `[]`, ` {} `, `{"a":1}`, `{"a":1,"b":[true,false,null,{"c":"d"}]}`, `[ 1 , -0.5e+7 , "x\"\\\/\b\f\n\r\t\u00e9" ]`,
	`{"a":{"b":{"c":[[[]]]}}}`, `{"a" : "}" , "b" : "]"}`, `{"é":"\ud83d\ude00 \ud800"}`, `{"a":"` + "\xff" + `"}`,
	``, `{`, `}`, `{]`, `[}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `[1,]`, `[,1]`, `[1 2]`, `{a:1}`, `{"a":01}`, `[1.]`, `[.5]`, `[1e]`, `[+1]`, `[-]`,
	`["a]`, `["\x"]`, `["\u12g4"]`, `["\u12`, "[\"\n\"]", "[\"\x00\"]", `[tru]`, `[nul]`, `[truex]`, `{}{}`, `[1]x`, `[NaN]`, `[0x1]`, `[--1]`, `[1e+]`,
}

func TestDocumentsAreJSONObjectsAndArrays(t *testing.T) {
	for _, text := range append(documents, `1`, `"a"`, `null`, `true`) {
		text = trim(text)
		want := json.Valid([]byte(text)) && (text[0] == '{' || text[0] == '[')
		if got := isDocument(text); got != want {
			t.Errorf("isDocument(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestDocumentsMayNestDeep(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	if !isDocument(nested(maxDepth)) || isDocument(nested(maxDepth+1)) || isDocument(strings.Repeat("[", 1<<20)) {
		t.Error("the depth is not limited to maxDepth")
	}
	objects := func(n int) string { return strings.Repeat(`{"a":`, n-1) + "{}" + strings.Repeat("}", n-1) }
	if !isDocument(objects(maxDepth)) || isDocument(objects(maxDepth+1)) {
		t.Error("the depth of objects is not limited to maxDepth")
	}
	if p := mustParse(t, `{ $.a[0][0] NOT EXISTS }`); p.Match(`{"a":` + nested(100) + `}`) {
		t.Error("a deep value is not found")
	}
}

// FuzzDocument holds the walking reader against encoding/json: the same texts
// are documents, and the same members are found in them.
func FuzzDocument(f *testing.F) {
	for _, text := range documents {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = trim(text)
		document := json.Valid([]byte(text)) && (text[0] == '{' || text[0] == '[')
		if isDocument(text) != document {
			t.Fatalf("isDocument(%q) = %v, encoding/json says %v", text, !document, document)
		}
		if !document || !utf8.ValidString(text) { // bytes that are no UTF-8 stay as they are
			return
		}
		var want any
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if got := decode(text); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q reads as %v, want %v", text, got, want)
		}
	})
}

// decode reads a value by the functions under test alone.
func decode(value string) any {
	switch value[0] {
	case '{':
		object := map[string]any{}
		for m := membersOf(value); ; {
			name, member, ok := m.next(true)
			if !ok {
				return object
			}
			object[unquote(name)] = decode(member)
		}
	case '[':
		array := []any{}
		for m := membersOf(value); ; {
			_, element, ok := m.next(false)
			if !ok {
				return array
			}
			array = append(array, decode(element))
		}
	case '"':
		return unquote(value)
	}
	switch value {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	return json.Number(value)
}
