package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// trimAll reads the models of the botocore installed at from and writes one
// trimmed model a service, and SOURCE, into the folder to.
func trimAll(services []service, from, to string) error {
	if from == "" {
		return errors.New("trim: -botocore DIR is missing")
	}
	version, err := botocoreVersion(from)
	if err != nil {
		return err
	}
	carried, err := readOps(filepath.Join(to, "ops.txt"))
	if err != nil {
		return err
	}
	source := "botocore " + version + "\n"
	for _, s := range services {
		line, err := trimService(from, to, s.ID, carried[s.ID])
		if err != nil {
			return fmt.Errorf("trim %s: %w", s.ID, err)
		}
		source += line
	}
	return os.WriteFile(filepath.Join(to, "SOURCE"), []byte(source), 0o644)
}

// trimService writes the trimmed model of one service and returns its line of
// SOURCE: hash and path.
func trimService(from, to, id string, carried []string) (string, error) {
	path, data, err := readSource(from, id)
	if err != nil {
		return "", err
	}
	var m model
	if err := decodeStrict(data.model, &m); err != nil {
		return "", err
	}
	if err := m.trim(carried); err != nil {
		return "", err
	}
	text, err := m.encode()
	if err != nil {
		return "", err
	}
	line := fmt.Sprintf("%x  %s\n", sha256.Sum256(data.file), path)
	return line, os.WriteFile(filepath.Join(to, id+".json"), text, 0o644)
}

// source is a model's file and, unpacked if need be, its content.
type source struct{ file, model []byte }

// readSource reads the newest API version of a service's model.
func readSource(from, id string) (path string, s source, err error) {
	found, err := filepath.Glob(filepath.Join(from, "data", id, "*", "service-2.json*"))
	if err != nil || len(found) == 0 {
		return "", s, fmt.Errorf("no model of %s in %s", id, from)
	}
	slices.Sort(found)
	file := found[len(found)-1]
	if s.file, err = os.ReadFile(file); err != nil {
		return "", s, err
	}
	s.model = s.file
	if strings.HasSuffix(file, ".gz") {
		if s.model, err = gunzip(s.file); err != nil {
			return "", s, err
		}
	}
	path, err = filepath.Rel(from, file)
	return filepath.ToSlash(path), s, err
}

func gunzip(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

var versionLine = regexp.MustCompile(`(?m)^__version__ = '([^']+)'`)

func botocoreVersion(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, "__init__.py"))
	if err != nil {
		return "", err
	}
	found := versionLine.FindSubmatch(data)
	if found == nil {
		return "", fmt.Errorf("%s: no version", dir)
	}
	return string(found[1]), nil
}

// trim drops what carries no fact: texts, the operations that are not carried
// (nil carries all; their bindings stay) and the shapes that only those use.
func (m *model) trim(carried []string) error {
	m.Version, m.ClientContextParams, m.ignored = nil, nil, ignored{}
	m.Metadata = m.Metadata.trimmed()
	if err := m.omit(carried); err != nil {
		return err
	}
	for name, op := range m.Operations {
		if err := op.trim(name); err != nil {
			return err
		}
	}
	used := m.used()
	maps.DeleteFunc(m.Shapes, func(name string, _ *shape) bool { return !used[name] })
	for _, s := range m.Shapes {
		s.trim()
	}
	return nil
}

func (d metadata) trimmed() metadata {
	d.ChecksumFormat, d.GlobalEndpoint, d.ServiceAbbreviation, d.UID = nil, nil, nil, nil
	if len(d.Protocols) < 2 {
		d.Protocols = nil
	}
	d.ignored = ignored{}
	return d
}

// omit moves the operations that are not carried out of the way.
func (m *model) omit(carried []string) error {
	if carried == nil {
		return nil
	}
	for _, name := range carried {
		if m.Operations[name] == nil {
			return fmt.Errorf("ops.txt: the model has no operation %s", name)
		}
	}
	m.Omitted = map[string]*operation{}
	for name, op := range m.Operations {
		if !slices.Contains(carried, name) {
			m.Omitted[name] = &operation{HTTP: op.HTTP}
			delete(m.Operations, name)
		}
	}
	return nil
}

func (op *operation) trim(name string) error {
	if op.Name != name {
		return fmt.Errorf("operation %s calls itself %q", name, op.Name)
	}
	op.Name, op.ignored = "", ignored{}
	if c := op.HTTPChecksum; c != nil && c.RequestChecksumRequired {
		op.HTTPChecksum = &checksum{RequestChecksumRequired: true}
	} else {
		op.HTTPChecksum = nil
	}
	for _, b := range []*body{op.Input, op.Output} {
		if b == nil {
			continue
		}
		if b.ResultWrapper != "" && b.ResultWrapper != name+"Result" {
			return fmt.Errorf("operation %s wraps its answer in %s", name, b.ResultWrapper)
		}
		b.ResultWrapper, b.ignored = "", ignored{}
	}
	for _, e := range op.Errors {
		e.ignored = ignored{}
	}
	return nil
}

func (s *shape) trim() {
	s.ignored = ignored{}
	if s.Error != nil {
		s.Error.SenderFault = nil
	}
	for _, r := range s.refs() {
		r.ignored = ignored{}
	}
}

// used returns the shapes that the operations reach.
func (m *model) used() map[string]bool {
	used := map[string]bool{}
	for _, op := range m.Operations {
		for _, name := range op.shapes() {
			m.reach(name, used)
		}
	}
	return used
}

func (m *model) reach(name string, used map[string]bool) {
	if used[name] {
		return
	}
	used[name] = true
	for _, r := range m.Shapes[name].refs() {
		m.reach(r.Shape, used)
	}
}
