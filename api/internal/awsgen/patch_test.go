package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// show writes a result or its error.
func show(v any, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return fmt.Sprint(v)
}

// loadPatched loads the tiny model with the given patches.
func loadPatched(t *testing.T, patches string) (*model, error) {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile("testdata/models/tiny.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"tiny.json": text, "patches.json": []byte(patches)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return load(dir, "tiny")
}

func TestPatchesMergeIntoTheModel(t *testing.T) {
	for name, c := range map[string]struct{ shape, set, want string }{
		"an attribute is overridden, others stay": {"Count", `{"max":99}`, `{"type":"long","min":0,"max":99}`},
		"an enum is replaced":                     {"kind", `{"enum":["b","c"]}`, `{"type":"string","enum":["b","c"]}`},
		"a member is added at the end":            {"Choice", `{"members":{"New":{"shape":"Flag"}}}`, `{"type":"structure","members":{"Left":{"shape":"Count"},"Right":{"shape":"Flag"},"New":{"shape":"Flag"}},"union":true}`},
		"a member is changed in its place":        {"Choice", `{"members":{"Left":{"shape":"Flag"}}}`, `{"type":"structure","members":{"Left":{"shape":"Flag"},"Right":{"shape":"Flag"}},"union":true}`},
		"a member is removed":                     {"Choice", `{"members":{"Left":null}}`, `{"type":"structure","members":{"Right":{"shape":"Flag"}},"union":true}`},
		"removing what is not there is nothing":   {"Flag", `{"members":{"X":null}}`, `{"type":"boolean"}`},
		"a shape is created":                      {"Fresh", `{"type":"string","max":3}`, `{"type":"string","max":3}`},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := loadPatched(t, fmt.Sprintf(`[{"service":"tiny","shape":%q,"set":%s,"why":"test"}]`, c.shape, c.set))
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := json.Marshal(m.Shapes[c.shape]); string(got) != c.want {
				t.Errorf("got %s, expected %s", got, c.want)
			}
		})
	}
}

func TestPatchesCreateAndChangeOperations(t *testing.T) {
	m, err := loadPatched(t, `[
		{"service":"tiny","operation":"Fresh","set":{"http":{"method":"GET","requestUri":"/"},"input":{"shape":"Owner"}},"why":"test"},
		{"service":"tiny","operation":"Ping","set":{"errors":[{"shape":"Broken"}]},"why":"test"}]`)
	if err != nil {
		t.Fatal(err)
	}
	if op := m.Operations["Fresh"]; op.Input.Shape != "Owner" || op.HTTP.Method != "GET" {
		t.Errorf("Fresh: %+v", op)
	}
	if op := m.Operations["Ping"]; len(op.Errors) != 1 || op.HTTP.Method != "GET" || op.AuthType != "none" {
		t.Errorf("Ping: %+v", op)
	}
}

func TestBadPatchesFail(t *testing.T) {
	for patches, complaint := range map[string]string{
		`[{"service":"tiny","shape":"Flag","set":{}}]`:                                                       "says no why",
		`[{"service":"tiny","set":{},"why":"x"}]`:                                                            "either an operation or a shape",
		`[{"service":"tiny","shape":"A","operation":"B","set":{},"why":"x"}]`:                                "either an operation or a shape",
		`[{"service":"tiny","shape":"Flag","set":{"novel":1},"why":"x"}]`:                                    `"novel"`,
		`[{"service":"tiny","shape":"Flag","set":{},"why":"x","extra":1}]`:                                   `"extra"`,
		`[{"service":"tiny","shape":"Choice","set":{"members":{"N":{"shape":"Nope"}}},"why":"x"}]`:           `uses "Nope"`,
		`[{"service":"tiny","shape":"Choice","set":{"required":["Nope"]},"why":"x"}]`:                        `requires "Nope"`,
		`[{"service":"tiny","operation":"Ping","set":{"output":{"shape":"Nope"}},"why":"x"}]`:                `uses "Nope"`,
		`[{"service":"tiny","shape":"Choice","set":{"members":{"Left":{"shape":"Count","x":1}}},"why":"x"}]`: "member Left",
		`{}`: "patches.json",
	} {
		if _, err := loadPatched(t, patches); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%s: %v, expected %s", patches, err, complaint)
		}
	}
}

func TestEveryCommittedPatchIsOfAServiceAndNeeded(t *testing.T) {
	patches, err := readPatches("../../models/patches.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range patches {
		text, err := os.ReadFile(filepath.Join("../../models", p.Service+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var m model
		if err := decodeStrict(text, &m); err != nil {
			t.Fatal(err)
		}
		before, _ := m.encode()
		if err := m.apply(p); err != nil {
			t.Fatal(err)
		}
		if after, _ := m.encode(); string(after) == string(before) {
			t.Errorf("the model already has the patch %s %s%s", p.Service, p.Operation, p.Shape)
		}
	}
}
