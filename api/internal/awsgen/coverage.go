package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// rooms are the folders of the packages that implement the services.
var rooms = map[string]string{
	"kms": "kms", "logs": "logs", "cloudtrail": "cloudtrail", "cloudtrail-data": "cloudtrail", "iam": "iam", "sts": "iam", "s3": "s3sim",
	"organizations": "organizations", "cloudwatch": "metrics",
}

// writeCoverage writes docs/COVERAGE.md from the code of the services.
func writeCoverage(root string) error {
	var all []coverage
	for _, s := range services {
		m, err := load(filepath.Join(root, "api", "models"), s.ID)
		if err != nil {
			return err
		}
		done, err := implemented(root, rooms[s.ID], "sealstack/api/"+s.pkg())
		if err != nil {
			return fmt.Errorf("coverage %s: %w", s.ID, err)
		}
		all = append(all, coverage{m, s.ID, done})
	}
	dir := filepath.Join(root, "docs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "COVERAGE.md"), coverageText(all), 0o644)
}

// coverage is what of a model is implemented.
type coverage struct {
	*model
	id   string
	done map[string]bool
}

// implemented returns the operations of the API interface of the package
// contract that the package in the folder room implements: the methods that
// its type does not have from Unimplemented. Without a room it is empty.
func implemented(root, room, contract string) (map[string]bool, error) {
	found, err := filepath.Glob(filepath.Join(root, room, "*.go"))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	loaded, err := packages.Load(&packages.Config{
		Dir: root,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedTypes | packages.NeedTypesSizes | packages.NeedSyntax | packages.NeedTypesInfo,
	}, "./"+room)
	if err != nil {
		return nil, err
	}
	for _, p := range loaded {
		if len(p.Errors) > 0 {
			return nil, p.Errors[0]
		}
	}
	if len(loaded) != 1 {
		return nil, errors.New(room + " is not one package")
	}
	return best(loaded[0].Types, contract), nil
}

// best returns the operations of the type that implements most of them.
func best(room *types.Package, contract string) map[string]bool {
	var most map[string]bool
	i := slices.IndexFunc(room.Imports(), func(p *types.Package) bool { return p.Path() == contract })
	if i < 0 {
		return nil
	}
	api := room.Imports()[i].Scope().Lookup("API").Type()
	for _, name := range room.Scope().Names() {
		object, ok := room.Scope().Lookup(name).(*types.TypeName)
		if !ok || types.IsInterface(object.Type()) {
			continue
		}
		if own := ownMethods(types.NewPointer(object.Type()), api); len(own) > len(most) {
			most = own
		}
	}
	return most
}

// ownMethods returns the methods of the interface api that t has, if it has
// all of them, but not from the type Unimplemented beside api.
func ownMethods(t types.Type, api types.Type) map[string]bool {
	contract := api.Underlying().(*types.Interface)
	if !types.Implements(t, contract) {
		return nil
	}
	own := map[string]bool{}
	methods := types.NewMethodSet(t)
	for i := range contract.NumMethods() {
		m := contract.Method(i)
		selected := methods.Lookup(m.Pkg(), m.Name()).Obj().(*types.Func)
		receiver := selected.Signature().Recv().Type()
		if p, ok := receiver.(*types.Pointer); ok {
			receiver = p.Elem()
		}
		named, ok := receiver.(*types.Named)
		if !ok || named.Obj().Name() != "Unimplemented" || named.Obj().Pkg() != api.(*types.Named).Obj().Pkg() {
			own[m.Name()] = true
		}
	}
	return own
}

// coverageText writes the document.
func coverageText(all []coverage) []byte {
	var b bytes.Buffer
	b.WriteString("# Coverage\n\n" +
		"Written by `go generate ./api` from the code; do not edit. An operation counts\n" +
		"as implemented when the service's type has its own method for it. One that is not\n" +
		"is answered with status 501 and its name.\n\n" +
		"| service | implemented |\n|---|---|\n")
	for _, c := range all {
		fmt.Fprintf(&b, "| [%s](#%s) | %s |\n", c.Metadata.ServiceFullName, c.id, c.count())
	}
	for _, c := range all {
		c.section(&b)
	}
	return b.Bytes()
}

func (c coverage) count() string {
	return fmt.Sprintf("%d of %d", len(c.done), len(c.Operations)+len(c.Omitted))
}

func (c coverage) section(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n## %s\n\n%s: %s.\n\n| operation | implemented |\n|---|---|\n", c.id, c.Metadata.ServiceFullName, c.count())
	for _, name := range slices.Sorted(maps.Keys(c.Operations)) {
		answer := "no"
		if c.done[name] {
			answer = "yes"
		}
		fmt.Fprintf(b, "| %s | %s |\n", name, answer)
	}
	if len(c.Omitted) > 0 {
		fmt.Fprintf(b, "\nOutside the contract here, by choice: %s.\n", strings.Join(slices.Sorted(maps.Keys(c.Omitted)), ", "))
	}
}
