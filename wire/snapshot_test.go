package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/stsapi"
	"sealstack/wire/awsjson"
	"sealstack/wire/awsquery"
	"sealstack/wire/plan"
)

// The SDK for Go ships a request of each operation with every member set, and
// for some services an answer too. They hold the codecs and the generated
// types against what clients really send.

// module returns the directory of a service module of the SDK.
func module(t *testing.T, service string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/"+service).Output()
	if err != nil {
		t.Fatalf("SDK module %s: %v", service, err)
	}
	return strings.TrimSpace(string(out))
}

// snapshots calls check with the operation and body of each snapshot of kind
// whose operation the service has.
func snapshots(t *testing.T, service, kind string, s *api.Service, check func(*testing.T, *api.Operation, []byte)) {
	files, err := filepath.Glob(filepath.Join(module(t, service), kind+"_snapshot", "*.snap"))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, file := range files {
		name, rest, _ := strings.Cut(filepath.Base(file), ".")
		op := s.Operation(name)
		if op == nil || strings.HasPrefix(rest, "error.") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		count++
		t.Run(name, func(t *testing.T) { check(t, op, text) })
	}
	if count == 0 {
		t.Errorf("no %s snapshots of %s", kind, service)
	}
}

func jsonBody(text []byte) []byte {
	_, body, _ := bytes.Cut(text, []byte("{"))
	return append([]byte("{"), body...)
}

// differences lists where two JSON values differ.
func differences(path string, want, got any) []string {
	switch want := want.(type) {
	case map[string]any:
		other, ok := got.(map[string]any)
		if !ok {
			return []string{path}
		}
		keys := maps.Clone(want)
		maps.Copy(keys, other)
		var out []string
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			out = append(out, differences(path+"."+k, want[k], other[k])...)
		}
		return out
	case []any:
		other, ok := got.([]any)
		if !ok || len(want) != len(other) {
			return []string{path}
		}
		var out []string
		for i := range want {
			out = append(out, differences(fmt.Sprintf("%s.%d", path, i), want[i], other[i])...)
		}
		return out
	}
	if !reflect.DeepEqual(want, got) {
		return []string{fmt.Sprintf("%s: want %v, got %v", path, want, got)}
	}
	return nil
}

func TestSDKSnapshotsOfJSONServicesSurviveARoundTrip(t *testing.T) {
	for module, s := range map[string]*api.Service{"kms": kmsapi.Service, "cloudwatchlogs": logsapi.Service} {
		planner := plan.New(s)
		for _, kind := range []string{"request", "response"} {
			t.Run(module+" "+kind, func(t *testing.T) {
				snapshots(t, module, kind, s, func(t *testing.T, op *api.Operation, text []byte) {
					goType := op.Input
					if kind == "response" {
						goType = op.Output
					}
					body := jsonBody(text)
					p := planner.Of(goType)
					v := reflect.New(goType)
					var check plan.Checker
					if err := awsjson.Decode(p, body, v.Interface(), &check); err != nil {
						t.Fatalf("%s: %v", body, err)
					}
					var want, got any
					if err := json.Unmarshal(body, &want); err != nil {
						want = map[string]any{} // an answer without a body
					}
					back := awsjson.Append(nil, p, v.Interface())
					if err := json.Unmarshal(back, &got); err != nil {
						t.Fatalf("%s: %v", back, err)
					}
					for _, d := range differences(op.Name, want, got) {
						t.Error(d)
					}
				})
			})
		}
	}
}

// flat writes a decoded input as query parameters again, so that it can be
// compared with what the SDK sent.
func flat(out url.Values, p *plan.Type, path string, v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch p.Kind {
	case plan.Struct:
		for i := range p.Members {
			if m := &p.Members[i]; !m.Absent(v.Field(m.Field)) {
				flat(out, m.Type, strings.TrimPrefix(path+"."+m.Wire, "."), v.Field(m.Field))
			}
		}
	case plan.List:
		for i := range v.Len() {
			flat(out, p.Elem, fmt.Sprintf("%s.member.%d", path, i+1), v.Index(i))
		}
	default:
		b := awsquery.AppendValue(nil, "x", p, v.Interface())
		out.Set(path, strings.TrimSuffix(strings.TrimPrefix(string(b), "<x>"), "</x>"))
	}
}

func TestSDKSnapshotsOfQueryServicesDecode(t *testing.T) {
	for module, s := range map[string]*api.Service{"iam": iamapi.Service, "sts": stsapi.Service} {
		planner := plan.New(s)
		t.Run(module, func(t *testing.T) {
			snapshots(t, module, "request", s, func(t *testing.T, op *api.Operation, text []byte) {
				body := string(text[bytes.LastIndexByte(bytes.TrimSpace(text), '\n')+1:])
				form, err := url.ParseQuery(strings.TrimSpace(body))
				if err != nil {
					t.Fatal(err)
				}
				v := reflect.New(op.Input)
				var check plan.Checker
				p := planner.Of(op.Input)
				if err := awsquery.Decode(p, form, v.Interface(), &check); err != nil {
					t.Fatalf("%s: %v", body, err)
				}
				got := url.Values{"Action": {op.Name}, "Version": {s.Version}}
				flat(got, p, "", v)
				for name := range form {
					if form.Get(name) != got.Get(name) {
						t.Errorf("%s: sent %q, decoded %q", name, form.Get(name), got.Get(name))
					}
				}
				for name := range got {
					if !form.Has(name) {
						t.Errorf("%s: not sent, but decoded %q", name, got.Get(name))
					}
				}
			})
		})
	}
}
