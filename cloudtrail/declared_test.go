package cloudtrail

import (
	"reflect"
	"slices"
	"testing"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/cloudtraildataapi"
	"sealstack/api/cloudwatchapi"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/organizationsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
)

// services are all that are here, by id.
var services = func() map[string]*api.Service {
	all := map[string]*api.Service{}
	for _, s := range []*api.Service{
		kmsapi.Service, logsapi.Service, s3api.Service, iamapi.Service, stsapi.Service, cloudtrailapi.Service, cloudtraildataapi.Service,
		organizationsapi.Service, cloudwatchapi.Service,
	} {
		all[s.ID] = s
	}
	return all
}()

// members are the wire names of a struct's members.
func members(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		if tag, err := api.ParseTag(t.Field(i)); err == nil {
			names = append(names, tag.Name)
		}
	}
	return names
}

func TestWhatIsDeclaredIsInTheModels(t *testing.T) {
	for id, d := range declared {
		s := services[id]
		if s == nil {
			t.Errorf("there is no service %s", id)
			continue
		}
		for name, o := range d.operations {
			if s.Operation(name) == nil {
				t.Errorf("%s has no operation %s", s.ID, name)
			}
			if o == (declaration{}) || o.is&reads != 0 && readsOnly(name) {
				t.Errorf("%s:%s is declared to be what its name says", s.ID, name)
			}
		}
		for _, shape := range d.shown {
			if !s.Shapes[shape].Sensitive {
				t.Errorf("%s: %s is not sensitive", s.ID, shape)
			}
		}
		var in, out []string
		for _, op := range s.Operations {
			in, out = append(in, members(op.Input)...), append(out, members(op.Output)...)
		}
		for _, name := range d.hidden {
			if !slices.Contains(in, name) {
				t.Errorf("%s: no request has the member %s", s.ID, name)
			}
		}
		for _, name := range d.secret {
			if !slices.Contains(out, name) {
				t.Errorf("%s: no answer has the member %s", s.ID, name)
			}
		}
	}
}
