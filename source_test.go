package sealstack_test

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// source is a Go file of the module.
type source struct {
	path string // below the root, with slashes
	text []byte
	*ast.File
	positions *token.FileSet
}

func (s *source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// at is the place of a node, for a message.
func (s *source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, s.positions.Position(n.Pos()).Line)
}

// name returns the name by which the file knows an imported package, "" if it
// does not import it.
func (s *source) name(imported string) string {
	for _, i := range s.Imports {
		if text, _ := strconv.Unquote(i.Path.Value); text == imported {
			if i.Name != nil {
				return i.Name.Name
			}
			return path.Base(imported)
		}
	}
	return ""
}

// sources reads every Go file of the module.
func sources(t *testing.T) (list []*source) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		s := &source{path: filepath.ToSlash(name), positions: token.NewFileSet()}
		if s.text, err = os.ReadFile(name); err == nil {
			s.File, err = parser.ParseFile(s.positions, name, s.text, parser.ParseComments)
		}
		list = append(list, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 100 {
		t.Fatalf("only %d files: this is not the module's root", len(list))
	}
	return list
}

// uses lists the uses of functions of a package in a file.
func (s *source) uses(imported string, functions []string) (list []*ast.SelectorExpr) {
	name := s.name(imported)
	if name == "" {
		return nil
	}
	ast.Inspect(s.File, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && slices.Contains(functions, sel.Sel.Name) {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == name {
				list = append(list, sel)
			}
		}
		return true
	})
	return list
}

// realTime are the functions of package time that follow the machine's clock.
var realTime = []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Sleep"}

// mayFollowRealTime are the uses that are right, with their reasons.
var mayFollowRealTime = map[string]string{
	"clock/clock.go Now":          "it is the clock",
	"clock/sweep.go NewTicker":    "how often the sweeps look is real time; what is due, the clock says",
	"cloudtrail/queue.go Sleep":   "it waits before it tries a failed write again; the records have their times already",
	"storage/bolt/grace.go Sleep": "it waits for transactions of this process, not for anything of AWS's",
	"wire/pause.go Sleep":         "it waits for a client of this machine to find the end of its own request",
}

func TestOnlyTheClockKnowsTheTime(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		if s.name("time") == "." {
			t.Errorf("%s imports time as a dot", s.path)
		}
		for _, sel := range s.uses("time", realTime) {
			use := s.path + " " + sel.Sel.Name
			used[use] = true
			if _, ok := mayFollowRealTime[use]; !ok {
				t.Errorf("%s: time.%s: time is an input, so that a test can move it: take a clock.Clock", s.at(sel), sel.Sel.Name)
			}
		}
	}
	for use := range mayFollowRealTime {
		if !used[use] {
			t.Errorf("%s is no more: take it out of the table", use)
		}
	}
}

func TestRandomnessIsCryptographic(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || strings.HasPrefix(s.path, "storage/storagetest/") { // its histories are drawn from a seed that it prints
			continue
		}
		for _, weak := range []string{"math/rand", "math/rand/v2"} {
			if s.name(weak) != "" || strings.Contains(string(s.text), strconv.Quote(weak)) {
				t.Errorf("%s imports %s: what it draws can be foretold; take crypto/rand", s.path, weak)
			}
		}
	}
}

// The sizes that a reader can hold in the head.
const (
	maxFileLines     = 500
	maxFunctionLines = 80
)

// tables are functions longer than that which are nothing but a table.
var tables = map[string]bool{}

func TestFilesAndFunctionsStayShort(t *testing.T) {
	var lengths []int
	for _, s := range sources(t) {
		if s.test() || ast.IsGenerated(s.File) {
			continue
		}
		if n := bytes.Count(s.text, []byte("\n")); n > maxFileLines {
			t.Errorf("%s has %d lines, more than %d: split it by noun", s.path, n, maxFileLines)
		}
		for _, d := range s.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			n := s.positions.Position(f.End()).Line - s.positions.Position(f.Pos()).Line + 1
			lengths = append(lengths, n)
			if n > maxFunctionLines && !tables[s.path+" "+f.Name.Name] {
				t.Errorf("%s: %s has %d lines, more than %d", s.at(f), f.Name.Name, n, maxFunctionLines)
			}
		}
	}
	slices.Sort(lengths)
	median, nine := lengths[len(lengths)/2], lengths[len(lengths)*9/10]
	t.Logf("%d functions: half of them have at most %d lines, nine in ten %d", len(lengths), median, nine)
	if median > 10 || nine > 40 {
		t.Errorf("half of the functions have up to %d lines, nine in ten up to %d; want 10 and 40", median, nine)
	}
}

// mark begins a comment about a guess.
const mark = "Unverified:"

func TestEveryGuessIsListedInFidelity(t *testing.T) {
	page, err := os.ReadFile("FIDELITY.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]map[string]bool{} // room, file
	room := ""
	for lines := bufio.NewScanner(bytes.NewReader(page)); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "### "); ok {
			room = name
			listed[room] = map[string]bool{}
		} else if rest, ok := strings.CutPrefix(lines.Text(), "- `"); ok && listed[room] != nil {
			file, _, _ := strings.Cut(rest, "`")
			listed[room][file] = true
		}
	}
	guesses := 0
	for _, s := range sources(t) {
		if s.test() || strings.HasPrefix(s.path, "internal/guesses/") || !marked(s.File) {
			continue
		}
		guesses++
		switch room, file := path.Dir(s.path), path.Base(s.path); {
		case listed[room] == nil:
			t.Errorf("%s has a guess about AWS, and FIDELITY.md does not name %s: run go generate", s.path, room)
		case !listed[room][file]:
			t.Errorf("%s has a guess about AWS that FIDELITY.md does not list: run go generate", s.path)
		}
	}
	if guesses == 0 {
		t.Error("no guess was found: the test reads the wrong files")
	}
}

// marked reports whether a comment of the file speaks of a guess.
func marked(f *ast.File) bool {
	return slices.ContainsFunc(f.Comments, func(c *ast.CommentGroup) bool { return strings.Contains(c.Text(), mark) })
}

func TestNothingIsLeftForLater(t *testing.T) {
	for _, s := range sources(t) {
		if s.path == "source_test.go" {
			continue
		}
		for _, c := range s.Comments {
			for _, word := range []string{"TODO", "FIXME", "XXX", "HACK"} {
				if slices.Contains(strings.FieldsFunc(c.Text(), func(r rune) bool { return !('A' <= r && r <= 'Z') }), word) {
					t.Errorf("%s: a comment says %s: do it, or say in FIDELITY.md that it is not done", s.at(c), word)
				}
			}
		}
		if s.test() {
			for _, method := range []string{"Skip", "Skipf", "SkipNow"} {
				if bytes.Contains(s.text, []byte("t."+method+"(")) || bytes.Contains(s.text, []byte("b."+method+"(")) {
					t.Errorf("%s skips a test: one that can't run must fail", s.path)
				}
			}
		}
	}
}
