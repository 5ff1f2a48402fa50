package drift

import (
	"bufio"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
)

// pair is one of our services and the SDK's module of it.
type pair struct {
	*api.Service
	module string
}

var pairs = []pair{
	{kmsapi.Service, "kms"}, {logsapi.Service, "cloudwatchlogs"}, {cloudtrailapi.Service, "cloudtrail"},
	{iamapi.Service, "iam"}, {stsapi.Service, "sts"}, {s3api.Service, "s3"},
}

// drift collects differences, each a line "service operation: what".
type drift map[string]bool

func (d drift) add(s *api.Service, operation string, what ...string) {
	d[s.ID+" "+operation+": "+strings.Join(what, " ")] = true
}

// compare adds what only one of the two sets of places has. A place of ours
// that is marked optional may be missing in the SDK's.
func (d drift) compare(s *api.Service, what string, ours, theirs map[string]place) {
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if _, ok := theirs[name]; !ok && !ours[name].optional {
			d.add(s, what, "only in the model:", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		if our, ok := ours[name]; !ok {
			d.add(s, what, "only in the SDK:", name)
		} else if our.kind != theirs[name].kind {
			d.add(s, what, name, "is", our.kind, "in the model,", theirs[name].kind, "in the SDK")
		}
	}
}

// expectKnown fails for each difference that the section of known.txt does
// not list, and for each listed one that is gone.
func (d drift) expectKnown(t *testing.T, section string) {
	t.Helper()
	known := readKnown(t, section)
	for _, line := range slices.Sorted(maps.Keys(d)) {
		if !known[line] {
			t.Errorf("new drift: %s", line)
		}
	}
	for _, line := range slices.Sorted(maps.Keys(known)) {
		if !d[line] {
			t.Errorf("drift is gone, remove it from testdata/known.txt: %s", line)
		}
	}
}

// readKnown reads a section of known.txt: the lines below "[section]".
func readKnown(t *testing.T, section string) map[string]bool {
	t.Helper()
	file, err := os.Open("testdata/known.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	known, inside := map[string]bool{}, false
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch {
		case strings.HasPrefix(line, "["):
			inside = line == "["+section+"]"
		case inside && line != "" && !strings.HasPrefix(line, "#"):
			known[line] = true
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return known
}

func TestDriftIsSeenInBothDirections(t *testing.T) {
	d := drift{}
	ours := map[string]place{"a": {kind: "string"}, "b": {kind: "string"}, "c": {kind: "string", optional: true}, "e": {kind: "string"}}
	theirs := map[string]place{"a": {kind: "string"}, "d": {kind: "string"}, "e": {kind: "number"}}
	d.compare(kmsapi.Service, "Op", ours, theirs)
	want := []string{
		"kms Op: e is string in the model, number in the SDK",
		"kms Op: only in the SDK: d",
		"kms Op: only in the model: b",
	}
	if got := slices.Sorted(maps.Keys(d)); !slices.Equal(got, want) {
		t.Errorf("got %q, expected %q", got, want)
	}
}
