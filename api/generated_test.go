package api_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
)

// structs calls visit once for each struct type that the inputs and outputs of
// s reach.
func structs(s *api.Service, visit func(reflect.Type)) {
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		if seen[t] || t == reflect.TypeFor[time.Time]() {
			return
		}
		seen[t] = true
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(t.Elem())
		case reflect.Func: // api.Stream: func(yield func(*E, error) bool)
			walk(t.In(0).In(0))
		case reflect.Struct:
			visit(t)
			for i := range t.NumField() {
				walk(t.Field(i).Type)
			}
		}
	}
	for _, op := range s.Operations {
		walk(op.Input)
		walk(op.Output)
	}
}

func TestEveryFieldHasATagOfTheGrammar(t *testing.T) {
	for _, s := range allServices {
		structs(s, func(typ reflect.Type) {
			for i := range typ.NumField() {
				tag, err := api.ParseTag(typ.Field(i))
				if err != nil {
					t.Errorf("%s: %v", typ, err)
				}
				if s.Protocol != api.RESTXML && s.Protocol != api.RESTJSON && tag.Place != api.Body {
					t.Errorf("%s.%s stands outside the body", typ, typ.Field(i).Name)
				}
			}
		})
	}
}

func TestNoTwoMembersShareAPlace(t *testing.T) {
	for _, s := range allServices {
		structs(s, func(typ reflect.Type) {
			taken := map[api.Tag]string{}
			for i := range typ.NumField() {
				tag, _ := api.ParseTag(typ.Field(i))
				at := api.Tag{Name: tag.Name, Place: tag.Place}
				if other := taken[at]; other != "" {
					t.Errorf("%s: %s and %s both stand at %s", typ, other, typ.Field(i).Name, tag.Name)
				}
				taken[at] = typ.Field(i).Name
			}
		})
	}
}

func TestListsAndMapsNameTheirElements(t *testing.T) {
	for _, s := range allServices {
		structs(s, func(typ reflect.Type) {
			for i := range typ.NumField() {
				kind := typ.Field(i).Type.Kind()
				blob := typ.Field(i).Type == reflect.TypeFor[[]byte]()
				if kind != reflect.Map && (kind != reflect.Slice || blob) {
					continue
				}
				tag, _ := api.ParseTag(typ.Field(i))
				if s.Shapes[tag.Shape].Elem == "" || (kind == reflect.Map) != (s.Shapes[tag.Shape].Key != "") {
					t.Errorf("%s.%s: shape %s does not say what it holds", typ, typ.Field(i).Name, tag.Shape)
				}
			}
		})
	}
}

func TestOperationsAreFoundByName(t *testing.T) {
	for _, s := range allServices {
		for _, op := range s.Operations {
			if s.Operation(op.Name) != op {
				t.Errorf("%s: %s is not found", s.ID, op.Name)
			}
		}
		for _, o := range s.Omitted {
			if s.Operation(o.Name) != nil {
				t.Errorf("%s: %s is both carried and omitted", s.ID, o.Name)
			}
		}
		for _, name := range []string{"", "Aaa", "NoSuchOperation", "Zzz"} {
			if s.Operation(name) != nil {
				t.Errorf("%s has %q", s.ID, name)
			}
		}
	}
}

func TestUnimplementedNamesTheOperation(t *testing.T) {
	_, err := kmsapi.Unimplemented{}.Decrypt(context.Background(), nil)
	var e *api.Error
	if !errors.As(err, &e) || e.Status != 501 || !strings.Contains(e.Message, "kms:Decrypt") {
		t.Errorf("%v", err)
	}
}

// answering is a service that knows one operation.
type answering struct{ stsapi.Unimplemented }

func (answering) GetCallerIdentity(ctx context.Context, _ *stsapi.GetCallerIdentityRequest) (*stsapi.GetCallerIdentityResponse, error) {
	return &stsapi.GetCallerIdentityResponse{Account: &api.CallerOf(ctx).Account}, nil
}

// heard records the names of the calls.
type heard []string

func (h *heard) Record(_ context.Context, c api.Call) { *h = append(*h, c.Operation.Name) }

func TestClientAndEdgeEnterByTheSameDoor(t *testing.T) {
	var calls heard
	door := &api.Endpoint[stsapi.API]{Service: stsapi.Service, Impl: answering{}, Recorder: &calls}
	ctx := api.WithCaller(context.Background(), &api.Caller{Principal: api.Principal{Account: "111122223333"}})

	typed, err := stsapi.Client{Endpoint: door}.GetCallerIdentity(ctx, &stsapi.GetCallerIdentityRequest{})
	if err != nil || *typed.Account != "111122223333" {
		t.Errorf("client: %v, %v", typed, err)
	}
	erased, err := door.Call(ctx, stsapi.Service.Operation("GetCallerIdentity"), &stsapi.GetCallerIdentityRequest{})
	if err != nil || *erased.(*stsapi.GetCallerIdentityResponse).Account != "111122223333" {
		t.Errorf("edge: %v, %v", erased, err)
	}
	if out, err := door.Call(ctx, stsapi.OpAssumeRole.Operation, &stsapi.AssumeRoleRequest{}); out != nil || err == nil {
		t.Errorf("an error came with the answer %v", out)
	}
	if want := []string{"GetCallerIdentity", "GetCallerIdentity", "AssumeRole"}; !slices.Equal(calls, want) {
		t.Errorf("recorded %v, expected %v", calls, want)
	}
}

func TestFactsOfTheModelsArrive(t *testing.T) {
	if s := kmsapi.Shapes["PlaintextType"]; *s.Min != 1 || *s.Max != 4096 || !s.Sensitive {
		t.Errorf("PlaintextType: %+v", s)
	}
	if s := s3api.Shapes["Grantee"]; s.Prefix != "xsi" || s.Namespace != "http://www.w3.org/2001/XMLSchema-instance" {
		t.Errorf("Grantee: %+v", s)
	}
	if h := stsapi.OpAssumeRoleWithWebIdentity.HTTP; !h.Unsigned {
		t.Errorf("AssumeRoleWithWebIdentity: %+v", h)
	}
	if h := stsapi.OpAssumeRole.HTTP; h.Unsigned {
		t.Errorf("AssumeRole: %+v", h)
	}
	if h := logsapi.OpStartLiveTail.HTTP; h.HostPrefix != "stream-" {
		t.Errorf("StartLiveTail: %+v", h)
	}
	if h := s3api.OpDeleteObjects.HTTP; !h.ChecksumRequired || h.URI != "/{Bucket}?delete" {
		t.Errorf("DeleteObjects: %+v", h)
	}
	if e := kmsapi.KMSInternalException(""); e.Status != 500 || !e.Fault() {
		t.Errorf("KMSInternalException: %+v", e)
	}
	if e := kmsapi.NotFoundException("Alias %s is not found.", "x"); e.Status != 400 || e.Error() != "NotFoundException: Alias x is not found." {
		t.Errorf("NotFoundException: %+v", e)
	}
}
