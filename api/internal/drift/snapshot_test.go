package drift

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sealstack/api"
)

// snapshot is one recorded request or answer.
type snapshot struct {
	target string // path and query of a request
	header textproto.MIMEHeader
	body   []byte
}

func readSnapshot(path string) (snapshot, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return snapshot{}, err
	}
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	s := snapshot{}
	if words := strings.Fields(string(first)); len(words) == 2 { // a request: method and target
		s.target = words[1]
		rest = bytes.TrimPrefix(rest, []byte("\n"))
	}
	head, body, _ := bytes.Cut(rest, []byte("\n\n"))
	s.body = bytes.TrimRight(body, "\n")
	lines := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(head, "\n\n"...))))
	s.header, err = lines.ReadMIMEHeader()
	return s, err
}

// moduleDir returns the folder of the SDK's module for a service.
func moduleDir(t *testing.T, name string) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/"+name).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.TrimSpace(string(dir))
}

// snapshots returns the recorded requests or answers by operation or error.
func snapshots(t *testing.T, dir, kind, suffix string) map[string]snapshot {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, kind+"_snapshot", "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]snapshot{}
	for _, file := range files {
		s, err := readSnapshot(file)
		if err != nil {
			t.Fatalf("%s: %v", filepath.Base(file), err)
		}
		found[strings.TrimSuffix(filepath.Base(file), suffix)] = s
	}
	return found
}

// omitted reports whether the service leaves the operation out on purpose.
func omitted(s *api.Service, name string) bool {
	return slices.ContainsFunc(s.Omitted, func(o api.Omission) bool { return o.Name == name })
}

func TestRequestsHaveTheMembersOfTheSDKsSnapshots(t *testing.T) {
	atLeast := map[string]int{"kms": 56, "logs": 116, "iam": 100, "sts": 11, "s3": 70}
	d := drift{}
	for _, p := range pairs {
		found := snapshots(t, moduleDir(t, p.module), "request", ".request.snap")
		compared := 0
		for _, name := range slices.Sorted(maps.Keys(found)) {
			op := p.Operation(name)
			switch {
			case op != nil:
				compared++
				d.compareSnapshot(t, p.Service, op, op.Input, "request", found[name])
			case !omitted(p.Service, name):
				d.add(p.Service, name, "only in the SDK")
			}
		}
		if compared < atLeast[p.ID] {
			t.Errorf("%s: %d requests compared, expected at least %d", p.ID, compared, atLeast[p.ID])
		}
	}
	d.expectKnown(t, "requests")
}

func TestAnswersHaveTheMembersOfTheSDKsSnapshots(t *testing.T) {
	atLeast := map[string]int{"kms": 56, "logs": 114}
	d := drift{}
	for _, p := range pairs {
		found := snapshots(t, moduleDir(t, p.module), "response", ".response.snap")
		if len(found) < atLeast[p.ID] {
			t.Errorf("%s: %d answers, expected at least %d", p.ID, len(found), atLeast[p.ID])
		}
		for _, name := range slices.Sorted(maps.Keys(found)) {
			if op := p.Operation(name); op != nil {
				d.compareSnapshot(t, p.Service, op, op.Output, "answer", found[name])
			} else {
				d.add(p.Service, name, "only in the SDK")
			}
		}
	}
	d.expectKnown(t, "answers")
}

const contentType = "header content-type"

// compareSnapshot holds one snapshot against a generated type.
func (d drift) compareSnapshot(t *testing.T, s *api.Service, op *api.Operation, typ reflect.Type, kind string, snap snapshot) {
	t.Helper()
	theirs, err := snapshotPlaces(s, op, snap)
	if err != nil {
		t.Errorf("%s %s: %v", s.ID, op.Name, err)
		return
	}
	ours := places(s, typ)
	if _, member := ours[contentType]; !member { // set by every SDK that sends a body
		delete(theirs, contentType)
	}
	d.compare(s, op.Name+" "+kind, ours, theirs)
}

func snapshotPlaces(s *api.Service, op *api.Operation, snap snapshot) (map[string]place, error) {
	switch s.Protocol {
	case api.JSON:
		return jsonPlaces(snap.body)
	case api.Query:
		return formPlaces(snap.body)
	case api.RESTXML:
		return httpPlaces(op, snap)
	}
	return nil, fmt.Errorf("protocol %d", s.Protocol)
}

func TestErrorsOfTheSDKsSnapshotsAreDeclared(t *testing.T) {
	d := drift{}
	for _, p := range pairs {
		declared := map[string]bool{}
		for _, op := range p.Operations {
			for _, e := range op.Errors {
				declared[e] = true
			}
		}
		for name := range snapshots(t, moduleDir(t, p.module), "response", ".error.snap") {
			if !declared[name] {
				d.add(p.Service, "error", name, "is declared by no operation of the model")
			}
		}
	}
	d.expectKnown(t, "errors")
}
