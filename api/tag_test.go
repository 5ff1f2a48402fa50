package api_test

import (
	"reflect"
	"strings"
	"testing"

	"sealstack/api"
)

func parse(tag string) (api.Tag, error) {
	return api.ParseTag(reflect.StructField{Name: "Field", Tag: reflect.StructTag(tag)})
}

func TestTagsAreReadAsTheGrammarSays(t *testing.T) {
	for _, c := range []struct {
		tag  string
		want api.Tag
	}{
		{"KeyIdType", api.Tag{Shape: "KeyIdType", Name: "Field"}},
		{"KeyIdType,required", api.Tag{Shape: "KeyIdType", Name: "Field", Required: true}},
		{"T,name=logGroupName", api.Tag{Shape: "T", Name: "logGroupName"}},
		{"T,header=x-amz-acl", api.Tag{Shape: "T", Name: "x-amz-acl", Place: api.Header}},
		{"T,headers=x-amz-meta-", api.Tag{Shape: "T", Name: "x-amz-meta-", Place: api.HeaderPrefix}},
		{"T,required,uri=Key", api.Tag{Shape: "T", Name: "Key", Place: api.Label, Required: true}},
		{"T,query=prefix", api.Tag{Shape: "T", Name: "prefix", Place: api.Parameter}},
		{"T,status", api.Tag{Shape: "T", Name: "Field", Place: api.StatusCode}},
		{"T,payload", api.Tag{Shape: "T", Name: "Field", Place: api.Payload}},
		{"T,name=Tagging,payload,ns=http://x/", api.Tag{Shape: "T", Name: "Tagging", Place: api.Payload, Namespace: "http://x/"}},
		{"Type,required,name=xsi:type,attr", api.Tag{Shape: "Type", Name: "xsi:type", Place: api.Attribute, Required: true}},
		{"T,name=Tag,flattened", api.Tag{Shape: "T", Name: "Tag", Flattened: true}},
		{"T,token", api.Tag{Shape: "T", Name: "Field", Token: true}},
	} {
		t.Run(c.tag, func(t *testing.T) {
			got, err := parse(`aws:"` + c.tag + `"`)
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v, expected %+v", got, err, c.want)
			}
		})
	}
}

func TestTagsOutsideTheGrammarFail(t *testing.T) {
	for tag, complaint := range map[string]string{
		``:                        "no aws tag",
		`json:"x"`:                "no aws tag",
		`aws:""`:                  "names no shape",
		`aws:",required"`:         "names no shape",
		`aws:"T,requird"`:         `unknown option "requird"`,
		`aws:"T,"`:                `unknown option ""`,
		`aws:"T,required,"`:       `unknown option ""`,
		`aws:"T,name="`:           `unknown option "name="`,
		`aws:"T,required=yes"`:    `unknown option "required=yes"`,
		`aws:"T,location=header"`: `unknown option "location=header"`,
	} {
		if _, err := parse(tag); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%s: %v, expected %s", tag, err, complaint)
		}
	}
}
