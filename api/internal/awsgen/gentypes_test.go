package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// generatorOf returns a generator of shapes given as JSON.
func generatorOf(t *testing.T, shapes string) *generator {
	t.Helper()
	g := &generator{model: &model{}}
	if err := json.Unmarshal([]byte(shapes), &g.Shapes); err != nil {
		t.Fatal(err)
	}
	if err := g.claimIdents(); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestMembersHaveTheGoTypeOfTheirShape(t *testing.T) {
	g := generatorOf(t, `{
		"S": {"type": "structure", "required": ["R"], "members": {"X": {"shape": "string"}}},
		"E": {"type": "string", "enum": ["a"]}, "stream": {"type": "structure", "eventstream": true},
		"string": {"type": "string"}, "character": {"type": "character"}, "blob": {"type": "blob"}, "boolean": {"type": "boolean"},
		"integer": {"type": "integer"}, "long": {"type": "long"}, "float": {"type": "float"}, "double": {"type": "double"},
		"timestamp": {"type": "timestamp"},
		"list": {"type": "list", "member": {"shape": "S"}}, "enums": {"type": "list", "member": {"shape": "E"}},
		"map": {"type": "map", "key": {"shape": "E"}, "value": {"shape": "enums"}}
	}`)
	for shape, want := range map[string][2]string{ // optional, required
		"string": {"*string", "string"}, "character": {"*string", "string"}, "E": {"*E", "E"},
		"blob": {"[]byte", "[]byte"}, "boolean": {"*bool", "bool"}, "integer": {"*int32", "int32"}, "long": {"*int64", "int64"},
		"float": {"*float32", "float32"}, "double": {"*float64", "float64"}, "timestamp": {"*time.Time", "time.Time"},
		"S": {"*S", "S"}, "list": {"[]S", "[]S"}, "enums": {"[]E", "[]E"}, "map": {"map[string][]E", "map[string][]E"},
		"stream": {"api.Stream[Stream]", "api.Stream[Stream]"},
	} {
		s := g.Shapes["S"]
		if got := g.fieldType(s, member{"O", ref{Shape: shape}}); got != want[0] {
			t.Errorf("optional %s is %s, expected %s", shape, got, want[0])
		}
		if got := g.fieldType(s, member{"R", ref{Shape: shape}}); got != want[1] {
			t.Errorf("required %s is %s, expected %s", shape, got, want[1])
		}
	}
	if got := g.fieldType(g.Shapes["S"], member{"R", ref{Shape: "blob", Streaming: true}}); got != "io.ReadCloser" {
		t.Errorf("a streaming blob is %s", got)
	}
}

func TestStructuresSayWhatTheyAreFor(t *testing.T) {
	g := generatorOf(t, `{
		"In": {"type": "structure"}, "Both": {"type": "structure"}, "Part": {"type": "structure"},
		"Choice": {"type": "structure", "union": true}, "Events": {"type": "structure", "eventstream": true}
	}`)
	g.Operations = map[string]*operation{
		"Get": {Input: &body{Shape: "In"}, Output: &body{Shape: "Both"}},
		"Put": {Input: &body{Shape: "Both"}},
	}
	for shape, want := range map[string]string{
		"In": "the input of Get", "Both": "the output of Get and the input of Put", "Part": "a structure of the model",
		"Choice": "a union: exactly one member is set", "Events": "an event of a stream: exactly one member is set",
	} {
		if got := g.role(shape); got != want {
			t.Errorf("%s is %q, expected %q", shape, got, want)
		}
	}
}

func TestServicesAreDescribedByTheirMetadata(t *testing.T) {
	for _, c := range []struct {
		service  service
		metadata string
		has, not []string
	}{
		{
			service{ID: "logs"},
			`{"protocol": "json", "endpointPrefix": "logs", "targetPrefix": "Logs_20140328"}`,
			[]string{`Protocol: api.JSON`, `SigningName: "logs"`, `TargetPrefix: "Logs_20140328"`},
			[]string{"Global", "XMLNamespace", "Omitted"},
		},
		{
			service{ID: "iam", Global: true},
			`{"protocol": "query", "endpointPrefix": "iam", "signingName": "other", "xmlNamespace": "http://iam/"}`,
			[]string{`Protocol: api.Query`, `SigningName: "other"`, `XMLNamespace: "http://iam/"`, "Global: true"},
			[]string{"TargetPrefix"},
		},
		{
			service{ID: "s3", Namespace: "http://s3/"},
			`{"protocol": "rest-xml", "endpointPrefix": "s3"}`,
			[]string{`Protocol: api.RESTXML`, `XMLNamespace: "http://s3/"`},
			[]string{"Global", "TargetPrefix"},
		},
	} {
		g := &generator{service: c.service, model: &model{}}
		if err := json.Unmarshal([]byte(c.metadata), &g.Metadata); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		g.describe(&b)
		for _, want := range c.has {
			if !strings.Contains(b.String(), want+",\n") {
				t.Errorf("%s: no %s in\n%s", c.service.ID, want, b.String())
			}
		}
		for _, not := range c.not {
			if strings.Contains(b.String(), not) {
				t.Errorf("%s has %s:\n%s", c.service.ID, not, b.String())
			}
		}
	}
}

func TestBindingsAreWrittenAsLiterals(t *testing.T) {
	for literal, op := range map[string]operation{
		`api.HTTP{Method: "POST", URI: "/"}`:                         {HTTP: binding{"POST", "/", 0}},
		`api.HTTP{Method: "GET", URI: "/{B}?x"}`:                     {HTTP: binding{"GET", "/{B}?x", 200}},
		`api.HTTP{Method: "DELETE", URI: "/", Status: 204}`:          {HTTP: binding{"DELETE", "/", 204}},
		`api.HTTP{Method: "POST", URI: "/", HostPrefix: "stream-"}`:  {HTTP: binding{"POST", "/", 0}, Endpoint: &endpoint{"stream-"}},
		`api.HTTP{Method: "POST", URI: "/", Unsigned: true}`:         {HTTP: binding{"POST", "/", 0}, AuthType: "none"},
		`api.HTTP{Method: "POST", URI: "/", ChecksumRequired: true}`: {HTTP: binding{"POST", "/", 0}, HTTPChecksum: &checksum{RequestChecksumRequired: true}},
		`api.HTTP{Method: "PUT", URI: "/"}`:                          {HTTP: binding{"PUT", "/", 0}, AuthType: "v4-unsigned-body"},
	} {
		if got := op.httpLiteral(); got != literal {
			t.Errorf("got %s, expected %s", got, literal)
		}
	}
}
