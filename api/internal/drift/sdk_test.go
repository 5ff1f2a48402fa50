package drift

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"sealstack/api"
)

// clients are the clients of the SDK by service.
var clients = map[string]reflect.Type{
	"kms": reflect.TypeFor[*kms.Client](), "logs": reflect.TypeFor[*cloudwatchlogs.Client](),
	"cloudtrail": reflect.TypeFor[*cloudtrail.Client](), "iam": reflect.TypeFor[*iam.Client](),
	"sts": reflect.TypeFor[*sts.Client](), "s3": reflect.TypeFor[*s3.Client](),
}

// sdkOperations returns the types of input and output of a client's operations.
func sdkOperations(client reflect.Type) map[string][2]reflect.Type {
	found := map[string][2]reflect.Type{}
	for i := range client.NumMethod() {
		m := client.Method(i)
		if m.Type.NumIn() == 4 && m.Type.NumOut() == 2 && m.Type.In(1) == reflect.TypeFor[context.Context]() {
			found[m.Name] = [2]reflect.Type{m.Type.In(2).Elem(), m.Type.Out(0).Elem()}
		}
	}
	return found
}

// typeDrift holds generated types against the SDK's.
type typeDrift struct {
	drift
	*api.Service
	seen map[[2]reflect.Type]bool
}

func TestTypesHaveTheMembersOfTheSDKsTypes(t *testing.T) {
	atLeast := map[string]int{"kms": 56, "logs": 116, "cloudtrail": 60, "iam": 100, "sts": 11, "s3": 70}
	d := drift{}
	for _, p := range pairs {
		theirs := sdkOperations(clients[p.ID])
		compared := 0
		for _, op := range p.Operations {
			types, ok := theirs[op.Name]
			if !ok {
				d.add(p.Service, op.Name, "only in the model")
				continue
			}
			compared++
			w := typeDrift{d, p.Service, map[[2]reflect.Type]bool{}}
			w.structs(op.Name+" input", op.Input, types[0])
			w.structs(op.Name+" output", op.Output, types[1])
		}
		for name := range theirs {
			if p.Operation(name) == nil && !omitted(p.Service, name) {
				d.add(p.Service, name, "only in the SDK")
			}
		}
		if compared < atLeast[p.ID] {
			t.Errorf("%s: %d operations compared, expected at least %d", p.ID, compared, atLeast[p.ID])
		}
	}
	d.expectKnown(t, "types")
}

// structs compares two structs member by member, each pair once.
func (w typeDrift) structs(path string, ours, theirs reflect.Type) {
	if w.seen[[2]reflect.Type{ours, theirs}] {
		return
	}
	w.seen[[2]reflect.Type{ours, theirs}] = true
	for i := range theirs.NumField() {
		f := theirs.Field(i)
		if _, ok := ours.FieldByName(f.Name); !ok && f.IsExported() && f.Name != "ResultMetadata" {
			w.add(w.Service, path, f.Name, "only in the SDK")
		}
	}
	for i := range ours.NumField() {
		f := ours.Field(i)
		their, ok := theirs.FieldByName(f.Name)
		switch {
		case ok:
			tag, _ := api.ParseTag(f)
			w.values(path+"."+f.Name, f.Type, their.Type, tag.Shape)
		case f.Type.Kind() != reflect.Func: // the SDK hands out streams by a method
			w.add(w.Service, path, f.Name, "only in the model")
		}
	}
}

// values compares the types of two values of a named shape.
func (w typeDrift) values(path string, ours, theirs reflect.Type, shape string) {
	ours, theirs = deref(ours), deref(theirs)
	facts := w.Shapes[shape]
	switch {
	case theirs.Kind() == reflect.Interface: // a union or a body: no members to see
	case ours.Kind() != theirs.Kind():
		w.add(w.Service, path, "is", ours.Kind().String(), "in the model,", theirs.Kind().String(), "in the SDK")
	case ours == reflect.TypeFor[time.Time]():
	case ours.Kind() == reflect.Struct:
		w.structs(path, ours, theirs)
	case ours.Kind() == reflect.Slice, ours.Kind() == reflect.Map:
		w.values(path, ours.Elem(), theirs.Elem(), facts.Elem)
	default:
		w.enums(facts.Enum, theirs, shape)
	}
}

// enums compares the values of an enum.
func (w typeDrift) enums(ours []string, theirs reflect.Type, shape string) {
	var values []string
	if method, ok := theirs.MethodByName("Values"); ok {
		all := method.Func.Call([]reflect.Value{reflect.New(theirs).Elem()})[0]
		for i := range all.Len() {
			values = append(values, all.Index(i).String())
		}
	}
	for _, v := range values {
		if !slices.Contains(ours, v) {
			w.add(w.Service, "enum "+shape, v, "only in the SDK")
		}
	}
	for _, v := range ours {
		if len(values) > 0 && !slices.Contains(values, v) {
			w.add(w.Service, "enum "+shape, v, "only in the model")
		}
	}
	if len(values) == 0 && len(ours) > 0 {
		w.add(w.Service, "enum "+shape, "is no enum in the SDK:", strings.Join(ours, " "))
	}
}
