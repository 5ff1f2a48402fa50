package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAServiceWithoutARoomImplementsNothing(t *testing.T) {
	done, err := implemented(t.TempDir(), "nowhere", "sealstack/api/kmsapi")
	if err != nil || len(done) != 0 {
		t.Errorf("%v, %v", done, err)
	}
}

func TestARoomThatDoesNotCompileIsAnError(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module m\n\ngo 1.26\n", "room/room.go": "package room\n\nvar x int = \"text\"\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := implemented(root, "room", "m/api"); err == nil {
		t.Error("no error")
	}
}

func TestARoomWithoutTheContractImplementsNothing(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	done, err := implemented(root, "api/internal/awsgen/testdata/golden/room", "sealstack/api/kmsapi")
	if err != nil || len(done) != 0 {
		t.Errorf("%v, %v", done, err)
	}
}

func TestCoverageCountsWhatIsImplemented(t *testing.T) {
	m := &model{
		Metadata:   metadata{ServiceFullName: "Amazon Tiny"},
		Operations: map[string]*operation{"Ping": {}, "PutThing": {}},
		Omitted:    map[string]*operation{"Zoom": {}, "Analyze": {}},
	}
	text := string(coverageText([]coverage{{m, "tiny", map[string]bool{"Ping": true}}}))
	for _, line := range []string{
		"| [Amazon Tiny](#tiny) | 1 of 4 |", "| Ping | yes |", "| PutThing | no |",
		"Outside the contract here, by choice: Analyze, Zoom.",
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
}
