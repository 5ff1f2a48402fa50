package cloudtrail

import (
	"io"
	"reflect"
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

// secret is what must not be in a record, in clear and in base64.
const (
	secret       = "THE-SECRET"
	secretBase64 = "VEhFLVNFQ1JFVA"
)

// fill sets every member of a struct: blobs, and members whose shape is
// sensitive, to the secret.
func fill(s *api.Service, v reflect.Value, secretly bool, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(s, v.Elem(), secretly, depth)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(secret))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(s, v.Index(0), secretly, depth)
	case reflect.Map:
		elem := reflect.New(v.Type().Elem()).Elem()
		fill(s, elem, secretly, depth)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("k").Convert(v.Type().Key()), elem)
	case reflect.Struct:
		fillStruct(s, v, secretly, depth)
	case reflect.String:
		if v.SetString("shown"); secretly {
			v.SetString(secret)
		}
	case reflect.Interface:
		if v.Type() == reflect.TypeFor[io.ReadCloser]() {
			v.Set(reflect.ValueOf(io.NopCloser(strings.NewReader(secret))))
		}
	}
}

func fillStruct(s *api.Service, v reflect.Value, secretly bool, depth int) {
	if depth == 0 || v.Type() == timeType {
		return
	}
	for i := range v.NumField() {
		tag, err := api.ParseTag(v.Type().Field(i))
		hidden := sensitive(s, tag.Shape)
		fill(s, v.Field(i), secretly || err == nil && hidden, depth-1)
	}
}

func TestNoOperationsRecordHoldsASecret(t *testing.T) {
	for _, s := range services {
		for _, op := range s.Operations {
			in, out := reflect.New(op.Input), reflect.New(op.Output)
			fill(s, in.Elem(), false, 6)
			fill(s, out.Elem(), false, 6)
			call := api.Call{Service: s, Operation: op, In: in.Interface(), Out: out.Interface()}
			k := kindOf(s, op)
			text := string(describe(rootUser(account), &call, k, nil).text())
			if strings.Contains(text, secret) || strings.Contains(text, secretBase64) {
				t.Errorf("%s:%s is recorded as %s", s.ID, op.Name, text)
			}
			if k.readOnly && s != stsapi.Service && !strings.Contains(text, `"responseElements":null`) {
				t.Errorf("%s:%s only reads, and is recorded as %s", s.ID, op.Name, text)
			}
		}
	}
}

func TestReadOnlyOfOperations(t *testing.T) {
	for _, test := range []struct {
		service *api.Service
		name    string
		want    bool
	}{
		{kmsapi.Service, "Encrypt", true}, {kmsapi.Service, "GenerateDataKeyPairWithoutPlaintext", true}, {kmsapi.Service, "Verify", true},
		{kmsapi.Service, "ListKeys", true}, {kmsapi.Service, "CreateGrant", false}, {kmsapi.Service, "RotateKeyOnDemand", false},
		{logsapi.Service, "FilterLogEvents", true}, {logsapi.Service, "PutLogEvents", false}, {logsapi.Service, "TestMetricFilter", true},
		{s3api.Service, "HeadObject", true}, {s3api.Service, "PutObject", false}, {stsapi.Service, "AssumeRole", true},
		{iamapi.Service, "SimulatePrincipalPolicy", true}, {iamapi.Service, "CreateUser", false}, {cloudtrailapi.Service, "LookupEvents", true},
	} {
		if got := kindOf(test.service, test.service.Operation(test.name)).readOnly; got != test.want {
			t.Errorf("%s:%s readOnly is %v", test.service.ID, test.name, got)
		}
	}
}
