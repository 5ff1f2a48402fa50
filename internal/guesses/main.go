// Command guesses lists every comment marked "Unverified:" in FIDELITY.md,
// between the two markers that it finds there, so that no guess about AWS
// stays in the code alone. `go generate ./...` runs it.
package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	mark   = "Unverified:"
	begins = "<!-- guesses: written by internal/guesses -->\n"
	ends   = "<!-- end of guesses -->\n"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: guesses ROOT")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

// run rewrites FIDELITY.md below root.
func run(root string) error {
	list, err := collect(os.DirFS(root))
	if err != nil {
		return err
	}
	path := filepath.Join(root, "FIDELITY.md")
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	page, err = replace(page, table(list))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, page, 0o644)
}

// guess is one marked comment.
type guess struct {
	room string // folder
	file string
	decl string // the declaration that it is about or in
	text string
}

// collect returns the guesses in the Go files of a tree, tests apart, in
// order of file and place.
func collect(tree fs.FS) ([]guess, error) {
	var list []guess
	err := fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "internal/guesses") {
			return nil
		}
		source, err := fs.ReadFile(tree, path)
		if err != nil || !bytes.Contains(source, []byte(mark)) {
			return err
		}
		found, err := inFile(path, source)
		list = append(list, found...)
		return err
	})
	return list, err
}

// inFile returns the guesses of one file.
func inFile(path string, source []byte) ([]guess, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var list []guess
	for _, group := range file.Comments {
		// Only the paragraph that the mark begins is the guess.
		for _, paragraph := range strings.Split(group.Text(), "\n\n") {
			if _, text, ok := strings.Cut(paragraph, mark); ok {
				text = strings.Join(strings.Fields(text), " ")
				list = append(list, guess{filepath.Dir(path), filepath.Base(path), declAt(file, group), text})
			}
		}
	}
	return list, nil
}

// declAt names the declaration that a comment documents or lies in.
func declAt(file *ast.File, group *ast.CommentGroup) string {
	for _, d := range file.Decls {
		if group.Pos() >= d.End() {
			continue
		}
		switch d := d.(type) {
		case *ast.FuncDecl:
			return d.Name.Name
		case *ast.GenDecl:
			return specAt(d, group)
		}
	}
	return ""
}

func specAt(d *ast.GenDecl, group *ast.CommentGroup) string {
	for _, s := range d.Specs {
		if group.Pos() >= s.End() && s != d.Specs[len(d.Specs)-1] {
			continue
		}
		switch s := s.(type) {
		case *ast.TypeSpec:
			return s.Name.Name
		case *ast.ValueSpec:
			return s.Names[0].Name
		}
	}
	return ""
}

// table writes the guesses, a heading a room.
func table(list []guess) []byte {
	slices.SortStableFunc(list, func(a, b guess) int { return strings.Compare(a.room, b.room) })
	var b bytes.Buffer
	room := ""
	for _, g := range list {
		if g.room != room {
			room = g.room
			fmt.Fprintf(&b, "\n### %s\n\n", room)
		}
		fmt.Fprintf(&b, "- `%s` %s: %s\n", g.file, g.decl, strings.ReplaceAll(g.text, "<", "&lt;"))
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// replace puts the table between the markers of a page.
func replace(page, table []byte) ([]byte, error) {
	before, rest, ok := bytes.Cut(page, []byte(begins))
	if !ok {
		return nil, fmt.Errorf("no line %q", strings.TrimSpace(begins))
	}
	_, after, ok := bytes.Cut(rest, []byte(ends))
	if !ok {
		return nil, fmt.Errorf("no line %q", strings.TrimSpace(ends))
	}
	return slices.Concat(before, []byte(begins), table, []byte(ends), after), nil
}
