package wire

import (
	"bytes"
	"encoding/xml"
	"io"
	"math/rand/v2"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/stsapi"
	"sealstack/auth"
	"sealstack/wire/awsjson"
	"sealstack/wire/awsquery"
	"sealstack/wire/plan"
)

// The room auth has what the edge needs.
var _ Authenticator = (*auth.Authenticator)(nil)

// These tests hold for every operation that the models have.

var jsonServices = []*api.Service{kmsapi.Service, logsapi.Service, cloudtrailapi.Service}
var queryServices = []*api.Service{iamapi.Service, stsapi.Service}

// filler fills values at random, each member with even odds or all of them: a
// form has no way to write a structure without members in a list.
type filler struct {
	*rand.Rand
	whole bool
}

var alphabet = []rune("aZ09 _-./\"\\<>&'\n\t\r\u00e9\u2028\U0001F511")

func (f filler) text() string {
	runes := make([]rune, f.IntN(12))
	for i := range runes {
		runes[i] = alphabet[f.IntN(len(alphabet))]
	}
	return string(runes)
}

func (f filler) fill(t *plan.Type, v reflect.Value, depth int) {
	switch t.Kind {
	case plan.String:
		v.SetString(f.text())
	case plan.Blob:
		v.SetBytes([]byte(f.text()))
	case plan.Bool:
		v.SetBool(f.IntN(2) == 0)
	case plan.Int:
		v.SetInt(int64(int32(f.Uint32())))
	case plan.Float:
		v.SetFloat(float64(float32(f.NormFloat64() * 1e6)))
	case plan.Time:
		v.Set(reflect.ValueOf(time.UnixMilli(f.Int64N(4e12)).UTC()))
	case plan.List:
		n := f.IntN(3)
		if f.whole && depth > 1 {
			n = max(n, 1) // a form has no way to write a list without members that is one itself, either
		}
		v.Set(reflect.MakeSlice(v.Type(), n, 3))
		for i := range v.Len() {
			f.fill(t.Elem, v.Index(i), depth+1)
		}
	case plan.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range f.IntN(3) {
			key, value := reflect.New(t.Key.Go).Elem(), reflect.New(t.Elem.Go).Elem()
			f.fill(t.Key, key, depth+1)
			f.fill(t.Elem, value, depth+1)
			v.SetMapIndex(key, value)
		}
	case plan.Struct:
		f.members(t, v, depth)
	}
}

func (f filler) members(t *plan.Type, v reflect.Value, depth int) {
	only := -1
	if t.Union {
		only = f.IntN(len(t.Members))
	}
	for i := range t.Members {
		m := &t.Members[i]
		if m.Type.Kind == plan.Opaque || !m.Required && only != i && (only >= 0 || depth > 6 || !f.whole && f.IntN(2) == 0) {
			continue
		}
		field := v.Field(m.Field)
		if m.Pointer {
			field.Set(reflect.New(m.Type.Go))
			field = field.Elem()
		}
		f.fill(m.Type, field, depth+1)
	}
}

func TestEveryJSONInputAndOutputSurvivesARoundTrip(t *testing.T) {
	f := filler{Rand: rand.New(rand.NewPCG(1, 2))}
	for _, s := range jsonServices {
		planner := plan.New(s)
		for _, op := range s.Operations {
			for _, goType := range []reflect.Type{op.Input, op.Output} {
				p := planner.Of(goType)
				for range 5 {
					want, got := reflect.New(goType), reflect.New(goType)
					f.fill(p, want.Elem(), 0)
					body := awsjson.Append(nil, p, want.Interface())
					if err := awsjson.Decode(p, body, got.Interface(), &plan.Checker{}); err != nil {
						t.Fatalf("%s %s: %v: %s", s.ID, goType, err, body)
					}
					if !reflect.DeepEqual(got.Interface(), want.Interface()) {
						t.Fatalf("%s %s: %s\n got %+v\nwant %+v", s.ID, goType, body, got.Elem(), want.Elem())
					}
				}
			}
		}
	}
}

// asForm writes a value as a client of awsQuery does.
func asForm(form url.Values, p *plan.Type, path string, v reflect.Value) {
	v = reflect.Indirect(v)
	if p.Kind == plan.List && v.Len() == 0 {
		form.Set(path, "")
	}
	flat(form, p, path, v)
}

// plain unescapes what flat takes from XML.
func plain(form url.Values) url.Values {
	out := url.Values{}
	replacer := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#xD;", "\r", "&amp;", "&")
	for name, values := range form {
		out.Set(name, replacer.Replace(values[0]))
	}
	return out
}

func TestEveryQueryInputDecodesToWhatWasSent(t *testing.T) {
	f := filler{rand.New(rand.NewPCG(3, 4)), true}
	for _, s := range queryServices {
		planner := plan.New(s)
		for _, op := range s.Operations {
			p := planner.Of(op.Input)
			for range 5 {
				want, got := reflect.New(op.Input), reflect.New(op.Input)
				f.fill(p, want.Elem(), 0)
				form := url.Values{}
				asForm(form, p, "", want)
				if err := awsquery.Decode(p, plain(form), got.Interface(), &plan.Checker{}); err != nil {
					t.Fatalf("%s %s: %v: %v", s.ID, op.Name, err, form)
				}
				again := url.Values{}
				asForm(again, p, "", got)
				if !reflect.DeepEqual(form, again) {
					t.Fatalf("%s %s:\n got %v\nwant %v", s.ID, op.Name, again, form)
				}
			}
		}
	}
}

func TestEveryQueryOutputIsWellFormedXML(t *testing.T) {
	f := filler{Rand: rand.New(rand.NewPCG(5, 6))}
	for _, s := range queryServices {
		planner := plan.New(s)
		for _, op := range s.Operations {
			p := planner.Of(op.Output)
			out := reflect.New(op.Output)
			f.fill(p, out.Elem(), 0)
			body := awsquery.Answer{Operation: op.Name, Namespace: s.XMLNamespace, RequestID: "id"}.Append(nil, p, out.Interface())
			d := xml.NewDecoder(bytes.NewReader(body))
			for {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("%s %s: %v: %s", s.ID, op.Name, err, body)
				}
			}
		}
	}
}

// required counts the members that an empty input lacks.
func required(p *plan.Type) (names []string) {
	for i := range p.Members {
		if m := &p.Members[i]; m.Required {
			names = append(names, "Value null at '"+m.Name+"' failed to satisfy constraint: Member must not be null")
		}
	}
	return names
}

func TestAnEmptyRequestLacksExactlyWhatIsRequired(t *testing.T) {
	for _, s := range append(jsonServices, queryServices...) {
		planner := plan.New(s)
		for _, op := range s.Operations {
			p := planner.Of(op.Input)
			want := strings.Join(required(p), "; ")
			for name, decode := range map[string]func(any, *plan.Checker) error{
				"json":  func(in any, c *plan.Checker) error { return awsjson.Decode(p, []byte("{}"), in, c) },
				"query": func(in any, c *plan.Checker) error { return awsquery.Decode(p, url.Values{}, in, c) },
			} {
				var check plan.Checker
				if err := decode(reflect.New(op.Input).Interface(), &check); err != nil {
					t.Fatal(err)
				}
				_, got, _ := strings.Cut(check.Message(true), " detected: ")
				if got != want {
					t.Errorf("%s %s over %s:\n got %s\nwant %s", s.ID, op.Name, name, got, want)
				}
			}
		}
	}
}

func TestNoOperationOfTheModelsIsUnreachable(t *testing.T) {
	w := newWorld()
	d := newDirectory(w.doors())
	for _, s := range jsonServices {
		for _, op := range s.Operations {
			if found, name := d.target(s.TargetPrefix + "." + op.Name); found == nil || found.operations[name] == nil {
				t.Errorf("%s.%s", s.TargetPrefix, op.Name)
			}
		}
	}
	for _, s := range queryServices {
		for _, op := range s.Operations {
			if found := d.byVersion[s.Version]; found == nil || found.operations[op.Name] == nil {
				t.Errorf("%s %s", s.Version, op.Name)
			}
		}
	}
}
