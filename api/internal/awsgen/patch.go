package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// patch changes one operation or shape of a model. Its Set is merged into
// what the model has: attributes that it names are overridden, members merged
// one by one (null removes one). What the model does not have is created.
type patch struct {
	Service   string          `json:"service"`
	Operation string          `json:"operation,omitempty"`
	Shape     string          `json:"shape,omitempty"`
	Set       json.RawMessage `json:"set"`
	Why       string          `json:"why"` // the fact, with its source
}

// load reads the committed model of a service and applies the patches.
func load(dir, id string) (*model, error) {
	data, err := os.ReadFile(filepath.Join(dir, id+".json"))
	if err != nil {
		return nil, err
	}
	m := &model{}
	if err := decodeStrict(data, m); err != nil {
		return nil, fmt.Errorf("%s.json: %w", id, err)
	}
	patches, err := readPatches(filepath.Join(dir, "patches.json"))
	if err != nil {
		return nil, err
	}
	for _, p := range patches {
		if p.Service != id {
			continue
		}
		if err := m.apply(p); err != nil {
			return nil, fmt.Errorf("patches.json: %s %s%s: %w", id, p.Operation, p.Shape, err)
		}
	}
	return m, m.check()
}

func readPatches(path string) ([]patch, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var patches []patch
	if err := decodeStrict(data, &patches); err != nil {
		return nil, fmt.Errorf("patches.json: %w", err)
	}
	return patches, nil
}

func (m *model) apply(p patch) error {
	switch {
	case p.Why == "":
		return fmt.Errorf("patch says no why")
	case (p.Operation == "") == (p.Shape == ""):
		return fmt.Errorf("patch must name either an operation or a shape")
	case p.Operation != "":
		if m.Operations[p.Operation] == nil {
			m.Operations[p.Operation] = &operation{}
		}
		return decodeStrict(p.Set, m.Operations[p.Operation])
	}
	if m.Shapes[p.Shape] == nil {
		m.Shapes[p.Shape] = &shape{}
	}
	return decodeStrict(p.Set, m.Shapes[p.Shape])
}

// check reports the first name that the model uses and does not have.
func (m *model) check() error {
	for name, s := range m.Shapes {
		for _, r := range s.refs() {
			if m.Shapes[r.Shape] == nil {
				return fmt.Errorf("shape %s uses %q, which the model does not have", name, r.Shape)
			}
		}
		for _, required := range s.Required {
			if !s.has(required) {
				return fmt.Errorf("shape %s requires %q, which it does not have", name, required)
			}
		}
	}
	for name, op := range m.Operations {
		for _, used := range op.shapes() {
			if m.Shapes[used] == nil {
				return fmt.Errorf("operation %s uses %q, which the model does not have", name, used)
			}
		}
	}
	return nil
}

func (s *shape) has(name string) bool {
	for _, m := range s.Members {
		if m.Name == name {
			return true
		}
	}
	return false
}

// shapes lists input, output and errors.
func (op *operation) shapes() []string {
	var names []string
	for _, b := range []*body{op.Input, op.Output} {
		if b != nil {
			names = append(names, b.Shape)
		}
	}
	for _, e := range op.Errors {
		names = append(names, e.Shape)
	}
	return names
}
