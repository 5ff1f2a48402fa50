package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// trimTiny trims the tiny model into a fresh folder.
func trimTiny(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	ops, err := os.ReadFile("testdata/models/ops.txt")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, "ops.txt"), ops, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := trimAll([]service{tiny}, "testdata/botocore", to); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestTrimmingKeepsFactsAlone(t *testing.T) {
	to := trimTiny(t)
	for _, name := range []string{"tiny.json", "SOURCE"} {
		got, err := os.ReadFile(filepath.Join(to, name))
		if err != nil {
			t.Fatal(err)
		}
		expectFile(t, filepath.Join("testdata/models", name), got)
	}
	text, _ := os.ReadFile(filepath.Join(to, "tiny.json"))
	for _, gone := range []string{"Text", "documentation", "contextParam", "box", "AnalyzeRequest", "Depth", "senderFault"} {
		if bytes.Contains(text, []byte(gone)) {
			t.Errorf("the trimmed model has %s", gone)
		}
	}
}

func TestEachShapeIsOneLine(t *testing.T) {
	text, err := os.ReadFile("testdata/models/tiny.json")
	if err != nil {
		t.Fatal(err)
	}
	var m model
	if err := decodeStrict(text, &m); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for name := range m.Shapes {
		found := 0
		for _, line := range lines {
			if strings.HasPrefix(line, `"`+name+`":`) {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s begins %d lines", name, found)
		}
	}
}

func TestTrimmedModelsTrimToThemselves(t *testing.T) {
	for _, s := range services {
		text, err := os.ReadFile(filepath.Join("../../models", s.ID+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var m model
		if err := decodeStrict(text, &m); err != nil {
			t.Fatal(err)
		}
		again, err := m.encode()
		if err != nil || !bytes.Equal(again, text) {
			t.Errorf("%s.json is not as awsgen writes it (%v)", s.ID, err)
		}
	}
}

func TestTrimRefusesWhatItDoesNotUnderstand(t *testing.T) {
	for name, c := range map[string]struct{ from, to, complaint string }{
		"a new attribute of a shape":     {`"type": "timestamp",`, `"type": "timestamp", "novel": 1,`, `"novel"`},
		"a new attribute of a member":    {`"streaming": true`, `"streaming": true, "novel": 1`, `"novel"`},
		"a new attribute of a binding":   {`"method": "PUT",`, `"method": "PUT", "novel": 1,`, `"novel"`},
		"members that are no object":     {`"members": {"message": {"shape": "ThingName"}}`, `"members": []`, "not an object"},
		"a carried operation it has not": {`"PutThing": {`, `"PutOther": {`, "no operation PutThing"},
		"an operation of another name":   {`"name": "Ping"`, `"name": "Pong"`, `calls itself "Pong"`},
		"an unusual wrapper":             {`{"shape": "PutThingOutput"}`, `{"shape": "PutThingOutput", "resultWrapper": "X"}`, "wraps its answer in X"},
		"broken JSON":                    {`"version": "2.0",`, `"version": `, "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			from := changedBotocore(t, c.from, c.to)
			_, err := trimService(from, t.TempDir(), "tiny", []string{"PutThing", "Ping", "Watch"})
			if err == nil || !strings.Contains(err.Error(), c.complaint) {
				t.Errorf("%v, expected %s", err, c.complaint)
			}
		})
	}
}

// changedBotocore returns a botocore whose tiny model has been changed, and
// packed as the newer ones are.
func changedBotocore(t *testing.T, from, to string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/botocore/data/tiny/2020-01-01/service-2.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), from) != 1 {
		t.Fatalf("%s is not in the model once", from)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "data/tiny/2021-02-03/service-2.json.gz")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(strings.Replace(string(text), from, to, 1))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPackedModelsAreRead(t *testing.T) {
	from := changedBotocore(t, `"max": 9`, `"max": 10`)
	to := t.TempDir()
	line, err := trimService(from, to, "tiny", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(line, "  data/tiny/2021-02-03/service-2.json.gz\n") || len(strings.Fields(line)[0]) != 64 {
		t.Errorf("SOURCE says %q", line)
	}
	text, err := os.ReadFile(filepath.Join(to, "tiny.json"))
	if err != nil || !bytes.Contains(text, []byte(`"Count":{"type":"long","min":0,"max":10}`)) {
		t.Errorf("%v\n%s", err, text)
	}
	if !bytes.Contains(text, []byte(`"Analyze":`)) || bytes.Contains(text, []byte(`"omitted"`)) {
		t.Error("without a list of operations, one is left out")
	}
}

func TestTrimNeedsAnInstalledBotocore(t *testing.T) {
	models := t.TempDir()
	for from, complaint := range map[string]string{
		"":          "-botocore DIR is missing",
		t.TempDir(): "__init__.py",
	} {
		if err := trimAll([]service{tiny}, from, models); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%q: %v, expected %s", from, err, complaint)
		}
	}
	if _, err := trimService("testdata/botocore", models, "huge", nil); err == nil {
		t.Error("a service without a model was trimmed")
	}
}

func TestOpsAreReadByService(t *testing.T) {
	for text, want := range map[string]string{
		"# nothing\n\n":          "map[]",
		"a X Y # two\nb Z\na W":  "map[a:[X Y W] b:[Z]]",
		"a X\na X":               "error: ops.txt names a X twice",
		"a X\nb X":               "map[a:[X] b:[X]]",
		"   \n\t a\tX  \n#a Y\n": "map[a:[X]]",
	} {
		path := filepath.Join(t.TempDir(), "ops.txt")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := show(readOps(path)); got != want {
			t.Errorf("%q: %s, expected %s", text, got, want)
		}
	}
	if _, err := readOps(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no error without a file")
	}
}
