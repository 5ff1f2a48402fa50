package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

const sample = `package a

// f does it.
//
// Unverified: the sentence,
// and the code.
//
// More that is known.
func f() {
	_ = 1 // Unverified: one
}

const (
	x = 1
	// Unverified: y < x
	y = 2
)
`

func TestCollectFindsEachGuessWithItsDeclaration(t *testing.T) {
	list, err := collect(fstest.MapFS{
		"room/a.go":        {Data: []byte(sample)},
		"room/a_test.go":   {Data: []byte("package a // Unverified: not this")},
		"testdata/b.go":    {Data: []byte("not Go, Unverified:")},
		"room/generate.go": {Data: []byte("package a")},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []guess{{"room", "a.go", "f", "the sentence, and the code."}, {"room", "a.go", "f", "one"}, {"room", "a.go", "y", "y < x"}}
	if len(list) != len(want) {
		t.Fatalf("collect = %+v, want %+v", list, want)
	}
	for i := range want {
		if list[i] != want[i] {
			t.Errorf("guess %d = %+v, want %+v", i, list[i], want[i])
		}
	}
}

func TestRunRewritesWhatLiesBetweenTheMarkers(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a.go", sample)
	write("FIDELITY.md", "above\n"+begins+"old\n"+ends+"below\n")
	if err := run(dir); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "FIDELITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	got := string(b)
	if !strings.HasPrefix(got, "above\n") || !strings.HasSuffix(got, "below\n") || strings.Contains(got, "old") || !strings.Contains(got, "- `a.go` y: y &lt; x\n") {
		t.Errorf("FIDELITY.md is now\n%s", got)
	}
	write("FIDELITY.md", "no markers")
	if err := run(dir); err == nil {
		t.Error("a page without markers is taken")
	}
}
