package drift

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"sealstack/api"
)

var (
	validator = regexp.MustCompile(`^validateOp(\w+)Input\(`)
	required  = regexp.MustCompile(`NewErrParamRequired\("(\w+)"\)`)
)

// sdkRequired returns the required members of inputs, by operation, that the
// SDK's validators ask for.
func sdkRequired(t *testing.T, dir string) map[string]map[string]bool {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(dir, "validators.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]map[string]bool{}
	for _, function := range strings.Split(string(source), "\nfunc ") {
		name := validator.FindStringSubmatch(function)
		if name == nil {
			continue
		}
		found[name[1]] = map[string]bool{}
		for _, member := range required.FindAllStringSubmatch(function, -1) {
			found[name[1]][member[1]] = true
		}
	}
	return found
}

func TestRequiredMembersAreThoseOfTheSDKsValidators(t *testing.T) {
	d := drift{}
	for _, p := range pairs {
		theirs := sdkRequired(t, moduleDir(t, p.module))
		if len(theirs) < 5 {
			t.Errorf("%s: validators for %d operations only", p.ID, len(theirs))
		}
		for _, op := range p.Operations {
			d.required(p.Service, op.Name, op.Input, theirs[op.Name])
		}
	}
	d.expectKnown(t, "required")
}

func (d drift) required(s *api.Service, name string, input reflect.Type, theirs map[string]bool) {
	for i := range input.NumField() {
		f := input.Field(i)
		tag, _ := api.ParseTag(f)
		switch {
		case tag.Required && !theirs[f.Name]:
			d.add(s, name, f.Name, "required in the model only")
		case !tag.Required && theirs[f.Name]:
			d.add(s, name, f.Name, "required in the SDK only")
		}
	}
}
