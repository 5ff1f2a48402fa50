package kms

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestLayOut(t *testing.T) {
	for name, row := range map[string]struct{ in, want string }{
		"members on lines of their own": {`{"b":1,"a":"x"}`, "{\n  \"b\" : 1,\n  \"a\" : \"x\"\n}"},
		"lists on one line":             {`{"a":[1,"b",true,null]}`, "{\n  \"a\" : [ 1, \"b\", true, null ]\n}"},
		"objects in lists":              {`{"a":[{"b":1},{"c":2}]}`, "{\n  \"a\" : [ {\n    \"b\" : 1\n  }, {\n    \"c\" : 2\n  } ]\n}"},
		"nothing in them":               {`{"a":[ ],"b":{ }}`, "{\n  \"a\" : [ ],\n  \"b\" : { }\n}"},
		"lists in lists":                {`[[1],[]]`, "[ [ 1 ], [ ] ]"},
		"strings as they were":          {`{"a":"\u00e9\"\\: {,}[ ]"}`, "{\n  \"a\" : \"\\u00e9\\\"\\\\: {,}[ ]\"\n}"},
		"numbers as they were":          {`{"a":-1.50E+3}`, "{\n  \"a\" : -1.50E+3\n}"},
		"white space of one's own":      {"\t{\r\n\"a\"  :\n1 }\n", "{\n  \"a\" : 1\n}"},
		"a lone string":                 {`"x"`, `"x"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := layOut(row.in); got != row.want {
				t.Errorf("layOut = %s", got)
			}
			if again := layOut(row.want); again != row.want {
				t.Errorf("laid out again: %s", again)
			}
		})
	}
}

func TestTheDefaultPolicyIsLaidOutAlready(t *testing.T) {
	p := defaultPolicy(region, account)
	if got := layOut(p); got != p {
		t.Errorf("layOut = %s", got)
	}
}

// Whatever the document, it stays the same JSON.
func FuzzLayOutKeepsTheJSON(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, `{"a":[{"b":[]},{}],"c":"\\"}`, defaultPolicy(region, account)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if !json.Valid(in) {
			return
		}
		var want, got bytes.Buffer
		must(t, json.Compact(&want, in))
		must(t, json.Compact(&got, []byte(layOut(string(in)))))
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%s became %s", want.Bytes(), got.Bytes())
		}
	})
}
