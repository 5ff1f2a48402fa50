package main

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

var tiny = service{ID: "tiny", Namespace: "http://tiny/", Docs: "https://docs.example.com/API_"}

// expectFile compares got with a committed file, or writes it with -update.
func expectFile(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what is generated now; see the diff after go test -update", path)
	}
}

func TestTheTinyModelBecomesTheGoldenPackage(t *testing.T) {
	files, err := generate("testdata/models", tiny)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		expectFile(t, filepath.Join("testdata/golden/tinyapi", name), text)
	}
	found, err := filepath.Glob("testdata/golden/tinyapi/*.go")
	if err != nil || len(found) != len(files) {
		t.Errorf("%d golden files, %d generated ones (%v)", len(found), len(files), err)
	}
}

// The golden package is a package of the module: that it compiles is tested by
// asking what of it the package beside it implements.
func TestTheGoldenPackageCompiles(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	const here = "api/internal/awsgen/testdata/golden/"
	done, err := implemented(root, here+"room", "sealstack/"+here+"tinyapi")
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(done)); !slices.Equal(got, []string{"Ping", "PutThing"}) {
		t.Errorf("implemented: %v", got)
	}
}

func TestGenerationIsTheSameEveryTime(t *testing.T) {
	for range 5 {
		first, err := generate("../../models", services[0])
		if err != nil {
			t.Fatal(err)
		}
		second, err := generate("../../models", services[0])
		if err != nil {
			t.Fatal(err)
		}
		if !maps.EqualFunc(first, second, bytes.Equal) {
			t.Fatal("two generations differ")
		}
	}
}

func TestCommittedPackagesAreWhatTheModelsGive(t *testing.T) {
	for _, s := range services {
		files, err := generate("../../models", s)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join("../..", s.pkg())
		for name, text := range files {
			committed, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || !bytes.Equal(committed, text) {
				t.Errorf("%s/%s is stale: run go generate ./api (%v)", dir, name, err)
			}
		}
		found, err := filepath.Glob(filepath.Join(dir, "*_gen.go"))
		if err != nil || len(found) != len(files) {
			t.Errorf("%s has %d generated files, expected %d (%v)", dir, len(found), len(files), err)
		}
	}
}

func TestGeneratedFilesReplaceTheOldOnes(t *testing.T) {
	models, out := "testdata/models", t.TempDir()
	old := filepath.Join(out, "tinyapi", "gone_gen.go")
	kept := filepath.Join(out, "tinyapi", "hand.go")
	if err := os.MkdirAll(filepath.Dir(old), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{old, kept} {
		if err := os.WriteFile(path, []byte("package tinyapi\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := generateAll([]service{tiny}, models, out); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("a generated file that is no longer generated stays")
	}
	for _, path := range []string{kept, filepath.Join(out, "tinyapi", "types_gen.go")} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}
